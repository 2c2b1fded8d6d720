//! Paths that come with a call: they stay in the workspace, also when links are followed.

use super::{
    Action,
    failure::{Failure, FailureKind},
};
use crate::disk::is_inner;
use std::path::{Path, PathBuf};

/// The longest path, in bytes.
const LONGEST: usize = 1024;

/// A path in the workspace, as it was given but for a leading `./`. It need not exist; as far as it does,
/// links are followed.
///
/// # Errors
/// When it leads out of `root`, by itself, by its encoded forms, or by a link.
pub(super) fn inside<'p>(root: &Path, parameter: &str, given: &'p str) -> Result<&'p str, Failure> {
    let refused = |why: &str| {
        let message = format!("`{parameter}` {why}");
        Failure::new(FailureKind::Permission, message, Action::Start)
            .fix(format!("give `{parameter}` as a path relative to the workspace: src/lib.rs"))
    };
    let path = given.trim_start_matches("./");
    if path.trim().is_empty() || path.len() > LONGEST {
        return Err(refused("is empty or too long to be a path"));
    }
    if path.chars().any(char::is_control) {
        return Err(refused("has control characters"));
    }
    for form in forms(path) {
        let is_elsewhere = form.starts_with(['/', '\\', '~'])
            || form.contains('\\')
            || form.as_bytes().get(1) == Some(&b':')
            || form.contains("://")
            || form.contains('\0')
            || !is_inner(Path::new(&form));
        if is_elsewhere {
            return Err(refused("leads out of the workspace (directory traversal)"));
        }
    }
    match deepest(root, Path::new(path)).canonicalize() {
        Ok(found) if found.starts_with(root) => Ok(path),
        Ok(_) => Err(refused("leads out of the workspace, by a link")),
        Err(_) => Err(refused("goes by a link that leads nowhere")),
    }
}

/// As much of `path` as is there. A link is there whether or not it leads anywhere: whoever makes the file
/// that is named writes where the link says.
fn deepest(root: &Path, path: &Path) -> PathBuf {
    let is_there = |part: &PathBuf| part.symlink_metadata().is_ok();
    path.ancestors().map(|part| root.join(part)).find(is_there).unwrap_or_else(|| root.to_owned())
}

/// The path, and what is left when percent signs are taken for what they may mean to others.
fn forms(path: &str) -> Vec<String> {
    let mut forms = vec![path.to_owned()];
    // Encoded twice is the most that anybody decodes.
    for _ in 0..3 {
        let Some(last) = forms.last() else { break };
        match decoded(last) {
            Some(next) => forms.push(next),
            None => break,
        }
    }
    forms
}

/// The text without its percent encoding; `None` when it has none.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    let mut is_encoded = false;
    while let Some((first, behind)) = rest.split_first() {
        let hex = behind.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = hex.filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
                is_encoded = true;
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    is_encoded.then(|| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write as a foreign editor would")]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn paths_stay_inside() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("project");
        fs::create_dir_all(root.join("docs")).unwrap();
        fs::write(root.with_file_name("secret"), "s").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink("..", root.join("up")).unwrap();
            symlink("docs", root.join("inner")).unwrap();
            symlink("/nowhere/at/all", root.join("dangling")).unwrap();
            symlink("loop", root.join("loop")).unwrap();
            symlink("later.md", root.join("docs/soon.md")).unwrap();
        }
        for good in ["a.md", "./docs/new/deep.md", "100%.md", "a b/ü.md", "docs", "a..b", "50%25"] {
            assert_eq!(inside(&root, "p", good).ok(), Some(good.trim_start_matches("./")), "{good}");
        }
        for bad in [
            "",
            " ",
            "../../../etc/passwd",
            "/etc/passwd",
            "..%2f..%2fetc%2fpasswd",
            "%2e%2e/x",
            "%252e%252e%252fx",
            "%2fetc",
            "C:\\Windows\\system32",
            "c:x",
            "a\0.md",
            "a%00.md",
            "docs/../../up.md",
            "docs/../a.md",
            "~/x",
            "..",
            "..\\x",
            "file:///etc/passwd",
            "a\nb",
        ] {
            assert!(inside(&root, "p", bad).is_err(), "{bad:?}");
        }
        #[cfg(unix)]
        {
            assert!(inside(&root, "p", "inner/x.md").is_ok());
            assert!(inside(&root, "p", "up/secret").is_err());
            assert!(inside(&root, "p", "up/none/at/all").is_err());
            for link in ["dangling", "dangling/x", "loop", "loop/x.md", "docs/soon.md"] {
                let refused = inside(&root, "p", link).expect_err(link);
                assert!(refused.message.contains("leads nowhere"), "{link}: {}", refused.message);
            }
        }
    }
}
