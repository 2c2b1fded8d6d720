//! Reading and writing the agents' files.

use super::{Change, SetupError};
use crate::{disk::read_text, runtime::Project};
use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// The largest file of an agent that is read, in bytes.
const SIZE: u64 = 1 << 20;

pub(super) fn read(project: &Project, path: &str) -> Result<Option<String>, SetupError> {
    let root = project.workspace().root();
    Ok(read_text(&root.join(path), root, SIZE)?)
}

/// Where the text of a file is kept that was there before the first set-up.
pub(super) fn backup_path(path: &str) -> String {
    format!(".rulemark/backup/{path}")
}

/// Carries changes out: all were computed before the first is written.
///
/// # Errors
/// When a file has changed meanwhile, leads out of the project, or can't be written.
pub fn apply(project: &Project, changes: &[Change]) -> Result<(), SetupError> {
    changes.iter().filter(|change| change.is_any()).try_for_each(|change| apply_one(project, change))
}

fn apply_one(project: &Project, change: &Change) -> Result<(), SetupError> {
    let root = project.workspace().root();
    let path = &change.path;
    if read(project, path)? != change.before {
        return Err(SetupError::Changed(path.clone()));
    }
    // A link is followed: what it leads to is the file.
    let target = root.join(path).canonicalize().unwrap_or_else(|_| root.join(path));
    if !target.starts_with(root) {
        return Err(SetupError::Outside(path.clone()));
    }
    let failed = |source| SetupError::Io { path: path.clone(), source };
    let backup = root.join(backup_path(path));
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => {
            if change.was_clean && !backup.exists() {
                write(&backup, before).map_err(failed)?;
            }
            write(&target, after).map_err(failed)?;
        }
        (None, Some(after)) => write(&target, after).map_err(failed)?,
        (_, None) => {
            fs::remove_file(&target).map_err(failed)?;
            remove_empty_folders(root, &target);
        }
    }
    if change.is_clean {
        // What is taken out needs no copy any more; without one it is taken out all the same.
        fs::remove_file(&backup).ok();
    }
    Ok(())
}

/// Removes the folders a file stood in, as far as nothing is left in them.
fn remove_empty_folders(root: &Path, file: &Path) {
    let within = file.ancestors().skip(1).take_while(|folder| *folder != root && folder.starts_with(root));
    // The first that has something in it can't be removed, and ends it.
    within.map(fs::remove_dir).take_while(Result::is_ok).for_each(drop);
}

/// Writes a whole file beside the old one, with its permissions, and exchanges them.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
    fs::create_dir_all(&folder)?;
    let mut file = tempfile::NamedTempFile::new_in(&folder)?;
    file.write_all(text.as_bytes())?;
    let permissions = match fs::metadata(path) {
        Ok(metadata) => Some(metadata.permissions()),
        Err(_) => default_permissions(),
    };
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// What others may do with a new file; temporary ones are their owner's alone.
#[cfg(unix)]
fn default_permissions() -> Option<fs::Permissions> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn default_permissions() -> Option<fs::Permissions> {
    None
}
