//! Content hashes.

use sha2::{Digest as _, Sha256};
use std::fmt;

/// Names one content: the SHA-256 of its bytes. Equal revisions mean equal bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision([u8; 32]);

impl Revision {
    /// The revision of `bytes`.
    #[must_use]
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(bytes.as_ref()).into())
    }

    /// Reads the 64 hex digits that [`fmt::Display`] writes; `None` for anything else.
    #[must_use]
    pub fn from_hex(hex: &str) -> Option<Self> {
        let digits = hex.as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The first 12 hex digits: enough for people.
    #[must_use]
    pub fn short(&self) -> String {
        let mut hex = self.to_string();
        hex.truncate(12);
        hex
    }
}

/// Makes the revision of a content that comes in pieces.
#[derive(Clone, Debug, Default)]
pub struct RevisionHasher(Sha256);

impl RevisionHasher {
    /// Takes the next piece.
    pub fn update(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.update(bytes);
    }

    /// The revision of all pieces together.
    #[must_use]
    pub fn finish(self) -> Revision {
        Revision(self.0.finalize().into())
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Revision({})", self.short())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_the_same_revision() {
        let mut hasher = RevisionHasher::default();
        ["a", "", "bc"].iter().for_each(|piece| hasher.update(piece));
        assert_eq!(hasher.finish(), Revision::of("abc"));
    }

    #[test]
    fn hex_round_trip() {
        let revision = Revision::of("a");
        assert_eq!(Revision::from_hex(&revision.to_string()), Some(revision));
        for bad in ["", "zz", &"g".repeat(64), &"0".repeat(63)] {
            assert_eq!(Revision::from_hex(bad), None, "{bad}");
        }
    }
}
