//! The names of sessions.

use jiff::civil::DateTime;
use std::fmt;

/// The name of a session: `^[a-z0-9_]+$`, at most 64 characters. It is its file's name as well, so
/// nothing else is ever made a path of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(String);

/// The longest name, in characters.
const LONGEST: usize = 64;

/// How much of the workflow's and the target's name goes into one.
const PART: usize = 18;

impl SessionId {
    /// Reads a name; `None` for anything that is not one.
    #[must_use]
    pub fn read(name: &str) -> Option<Self> {
        let is_named = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let fits = !name.is_empty() && name.len() <= LONGEST && name.bytes().all(is_named);
        fits.then(|| Self(name.to_owned()))
    }

    /// A name made of the workflow, the target and the time. `serial` tells those apart that would be
    /// the same: 1 for the first.
    #[must_use]
    pub fn made_of(workflow: &str, target: &str, at: DateTime, serial: u32) -> Self {
        let file = target.rsplit('/').next().unwrap_or(target);
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let parts = [part(workflow), part(stem), at.strftime("%Y%m%d_%H%M%S").to_string()];
        let mut name = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
        if serial > 1 {
            name.push_str(&format!("_{serial}"));
        }
        Self(name)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Letters and digits of a name, in lower case, with one `_` for whatever is between.
fn part(name: &str) -> String {
    let mut part = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            part.push(c.to_ascii_lowercase());
        } else if !part.is_empty() && !part.ends_with('_') {
            part.push('_');
        }
    }
    part.truncate(PART);
    part.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn names_say_what_they_are_about() {
        let at = date(2026, 11, 21).at(16, 10, 5, 0);
        for (workflow, target, serial, expected) in [
            ("bug-fix", "src/parser.rs", 1, "bug_fix_parser_20261121_161005"),
            ("lamp_v1", "a.md", 2, "lamp_v1_a_20261121_161005_2"),
            ("team:Spec", "docs/Über uns.md", 1, "team_spec_ber_uns_20261121_161005"),
            ("w", "▶", 1, "w_20261121_161005"),
        ] {
            assert_eq!(SessionId::made_of(workflow, target, at, serial).as_str(), expected);
        }
    }

    #[test]
    fn what_is_no_name_is_none() {
        let long = "a".repeat(65);
        for bad in ["", "../../etc/passwd", "a; rm -rf /", "A", "a\n", "a.md", "------", "a\0", &long] {
            assert_eq!(SessionId::read(bad), None, "{bad:?}");
        }
        assert!(SessionId::read(&long[..64]).is_some());
    }

    proptest! {
        #[test]
        fn every_name_that_is_made_is_one(workflow in ".{0,80}", target in ".{0,80}", serial in 1..u32::MAX) {
            let made = SessionId::made_of(&workflow, &target, date(2026, 1, 1).at(0, 0, 0, 0), serial);
            prop_assert_eq!(SessionId::read(made.as_str()), Some(made));
        }
    }
}
