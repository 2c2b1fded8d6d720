//! Overwriting a document that can't be replaced.

use super::{
    FileSystem, LeaseKind, Leasing, Reading, Staged, Swapped, WriteError,
    file_system::uninterrupted,
    staging::write_all,
    swap::{Displaced, has_bytes, open_own},
};
use std::{fs::File, io};

/// Overwrites the document under a lease that keeps everybody out. The staged file holds the text
/// meanwhile, so that a crash in the middle can be mended.
pub(super) fn overwrite(
    file_system: &dyn FileSystem,
    staged: &Staged,
    reading: Reading,
    reason: &'static str,
) -> Result<Swapped, WriteError> {
    let Reading { text: old, target, file, .. } = reading;
    drop(file); // our own eyes would keep the lease away
    let refused = |source| WriteError::Io { action: "overwrite", path: target.clone(), source };
    let mut document = uninterrupted(|| file_system.open_for_writing(&target)).map_err(refused)?;
    match uninterrupted(|| file_system.lease(&document, LeaseKind::Write)).map_err(refused)? {
        Leasing::Granted => {}
        Leasing::InUse => return Ok(Swapped::Overtaken),
        Leasing::Unavailable => return Err(WriteError::OnlyInPlace { path: target, reason }),
    }
    if !has_bytes(file_system, &document, &old).map_err(refused)? {
        return Ok(Swapped::Overtaken);
    }
    let new = open_own(file_system, &staged.place)
        .and_then(|staged| uninterrupted(|| file_system.read(&staged, u64::MAX)))
        .map_err(refused)?;
    if let Err(source) = fill(file_system, &mut document, &new) {
        return Err(match fill(file_system, &mut document, old.as_bytes()) {
            Ok(()) => refused(source),
            Err(_) => WriteError::HalfWritten { path: target, source },
        });
    }
    Ok(Swapped::Done(Displaced::Nothing))
}

/// The least that a disk writes at once, in bytes.
const BLOCK: usize = 512;

/// Whether `found` is what a crash leaves while `old` is overwritten by `new`: each of its blocks is old,
/// new, new up to some byte and old behind it, or was never written.
#[must_use]
pub fn is_half_overwritten(found: &str, old: &str, new: &str) -> bool {
    let lengths = old.len().min(new.len())..=old.len().max(new.len());
    found != old
        && lengths.contains(&found.len())
        && found.as_bytes().chunks(BLOCK).enumerate().all(|(number, found)| {
            let start = number * BLOCK;
            let [old, new] = [old, new].map(|text| {
                let behind = text.as_bytes().get(start..).unwrap_or_default();
                &behind[..behind.len().min(found.len())]
            });
            is_partly_written(found, old, new)
        })
}

fn is_partly_written(found: &[u8], old: &[u8], new: &[u8]) -> bool {
    let written = found.iter().zip(new).take_while(|(found, new)| found == new).count();
    let rest = &found[written..];
    Some(rest) == old.get(written..) || rest.iter().all(|byte| *byte == 0)
}

fn fill(file_system: &dyn FileSystem, file: &mut File, bytes: &[u8]) -> io::Result<()> {
    io::Seek::rewind(file)?;
    write_all(file_system, file, bytes)?;
    uninterrupted(|| file_system.truncate(file, bytes.len() as u64))?;
    uninterrupted(|| file_system.sync(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crash_leaves_is_told_from_what_others_write() {
        let old: String = (0..90).map(|line| format!("line {line} as it was\n")).collect();
        let new: String = (0..95).map(|line| format!("line {line} as it is\n")).collect();
        assert!(old.len() > 3 * BLOCK && new.len() > 3 * BLOCK);
        let check = |found: &str, expected: bool| {
            assert_eq!(is_half_overwritten(found, &old, &new), expected, "{found}");
        };
        for written in 0..new.len() {
            let found = format!("{}{}", &new[..written], old.get(written..).unwrap_or_default());
            check(&found, found != old);
        }
        check(&format!("{}{}", &old[..2 * BLOCK], &new[2 * BLOCK..]), true);
        check(&format!("{}{}{}", &old[..BLOCK], &new[BLOCK..2 * BLOCK], &old[2 * BLOCK..]), true);
        check(&format!("{}{}", &new[..3 * BLOCK], "\0".repeat(old.len() - 3 * BLOCK)), true);
        check(&old, false);
        check("", false);
        check(&old.replace("line 40 as it was", "line 40 as I had it"), false);
        check(&new.replace("line 40 as it is", "line 40 as I had it"), false);
        check(&format!("{old}one more\n"), false);
        check(&format!("{new}one more\n"), false);
    }
}
