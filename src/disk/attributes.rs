//! What a file has beside its content: owner, mode, access list, extended attributes.

use std::{
    fs::{File, Metadata},
    io,
};

/// Gives `file` the owner, the attributes and the mode of `model`.
///
/// # Errors
/// When the owner or the access list can't be kept.
#[cfg(unix)]
pub(super) fn copy(model: &File, found: &Metadata, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let own = file.metadata()?;
    let uid = (own.uid() != found.uid()).then_some(found.uid());
    let gid = (own.gid() != found.gid()).then_some(found.gid());
    if uid.is_some() || gid.is_some() {
        fchown(file, uid, gid).map_err(|error| {
            io::Error::new(error.kind(), "the file belongs to another user or group, which can't be kept")
        })?;
    }
    copy_extended(model, file)?;
    // Last: a change of the owner clears the set-id bits, and an access list changes the mode.
    file.set_permissions(found.permissions())
}

/// Gives `file` the mode of `model`.
///
/// # Errors
/// When the system refuses.
#[cfg(not(unix))]
pub(super) fn copy(_: &File, found: &Metadata, file: &File) -> io::Result<()> {
    file.set_permissions(found.permissions())
}

/// Access lists decide who may read; the rest (a label of the system, a note of a file manager) is kept
/// where it can be.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn copy_extended(model: &File, file: &File) -> io::Result<()> {
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};
    // No file system stores larger ones.
    let mut names = vec![0; 1 << 16];
    let Ok(length) = flistxattr(model, &mut names[..]) else { return Ok(()) };
    if length == 0 {
        return Ok(());
    }
    let mut value = vec![0; 1 << 16];
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let Ok(length) = fgetxattr(model, name, &mut value[..]) else { continue };
        if let Err(error) = fsetxattr(file, name, &value[..length], XattrFlags::empty()) {
            if name.starts_with(b"system.posix_acl") {
                return Err(io::Error::new(io::Error::from(error).kind(), "its access list can't be kept"));
            }
            tracing::debug!(%error, name = %String::from_utf8_lossy(name), "an attribute can't be kept");
        }
    }
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
#[cfg(unix)]
fn copy_extended(_: &File, _: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write as a foreign editor would")]
mod tests {
    use super::*;
    use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};
    use std::{fs, os::unix::fs::PermissionsExt as _};

    #[test]
    fn mode_and_attributes_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        fs::write(&one, "").unwrap();
        let (model, file) = (File::open(&one).unwrap(), File::create(&other).unwrap());
        model.set_permissions(fs::Permissions::from_mode(0o640)).unwrap();
        if fsetxattr(&model, c"user.note", b"kept", XattrFlags::empty()).is_err() {
            eprintln!("skipped: no extended attributes where temporary files are");
            return;
        }
        // A list that lets user 4711 read: version 2, then (tag, permissions, id) in turn.
        let mut list = vec![2, 0, 0, 0];
        for (tag, permissions, id) in [(1, 6, !0), (2, 4, 4711), (4, 0, !0), (16, 4, !0), (32, 0, !0u32)] {
            list.extend(u16::to_le_bytes(tag));
            list.extend(u16::to_le_bytes(permissions));
            list.extend(id.to_le_bytes());
        }
        let has_lists = fsetxattr(&model, c"system.posix_acl_access", &list, XattrFlags::empty()).is_ok();
        copy(&model, &model.metadata().unwrap(), &file).unwrap();
        let mut value = [0; 64];
        assert_eq!(fgetxattr(&file, c"user.note", &mut value[..]), Ok(4));
        assert_eq!(&value[..4], b"kept");
        assert_eq!(file.metadata().unwrap().permissions(), model.metadata().unwrap().permissions());
        if has_lists {
            let length = fgetxattr(&file, c"system.posix_acl_access", &mut value[..]).unwrap();
            assert_eq!(value[..length], list);
        }
    }
}
