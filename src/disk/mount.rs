//! What kind of file system a path lies on.

use std::{fs::File, path::Path};

/// The kinds where files may be changed and this machine's kernel does not see it: FUSE (sshfs, bind
/// mounts), NFS, SMB, 9p (shared folders of virtual machines). There are no events there, and a lease
/// means nothing.
#[cfg(target_os = "linux")]
const REMOTE: [u32; 6] = [0x6573_5546, 0x6969, 0xff53_4d42, 0xfe53_4d42, 0x517b, 0x0102_1997];

/// Whether `path` lies on such a file system.
#[cfg(target_os = "linux")]
pub(super) fn is_remote(path: &Path) -> bool {
    rustix::fs::statfs(path).is_ok_and(|found| is_remote_kind(&found))
}

/// Whether an open file lies on such a file system.
#[cfg(target_os = "linux")]
pub(super) fn holds_remote(file: &File) -> bool {
    rustix::fs::fstatfs(file).is_ok_and(|found| is_remote_kind(&found))
}

#[cfg(target_os = "linux")]
fn is_remote_kind(found: &rustix::fs::StatFs) -> bool {
    u32::try_from(found.f_type & 0xffff_ffff).is_ok_and(|kind| REMOTE.contains(&kind))
}

/// Whether the file at `path` is mounted on its own (`docker run -v file:file`), so that nothing can
/// take its place.
#[cfg(target_os = "linux")]
pub(super) fn is_mounted_alone(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
    let mount = |path: &Path| {
        let found = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::MNT_ID).ok()?;
        StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::MNT_ID).then_some(found.stx_mnt_id)
    };
    let Some(folder) = path.parent() else { return false };
    matches!((mount(path), mount(folder)), (Some(file), Some(folder)) if file != folder)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_mounted_alone(_: &Path) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_remote(_: &Path) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub(super) fn holds_remote(_: &File) -> bool {
    false
}
