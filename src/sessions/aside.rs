//! What sessions refer to by its hash: long evidence, and the definitions that they keep to.

use super::{
    Action,
    failure::{Failure, FailureKind},
    store::Store,
};
use crate::{
    disk::{create_file, read_text},
    text::Revision,
    workflow::{Definition, session::Kept},
};
use serde_json::Value;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The longest text that stands in the session itself, in bytes.
const INLINE: usize = 4 << 10;

/// The largest evidence of one call, in bytes of JSON.
pub(super) const EVIDENCE_SIZE: usize = 10 << 20;

/// The largest file that is read here, in bytes.
const SIZE: u64 = 64 << 20;

/// How much of a long text is shown where it is only mentioned, in characters.
const EXCERPT: usize = 200;

/// The hash that a file is called by, if it is one of those here.
pub(super) fn is_aside(path: &Path) -> Option<Revision> {
    Revision::from_hex(path.file_stem()?.to_str()?)
}

impl Store<'_> {
    /// Where long evidence lies.
    pub(super) fn texts(&self) -> PathBuf {
        self.folder().join("texts")
    }

    /// Where definitions lie that sessions keep to.
    pub(super) fn definitions(&self) -> PathBuf {
        self.folder().join("definitions")
    }

    /// A value as the session is to keep it; a long one is put into its file.
    pub(super) fn keep(&self, value: &Value) -> Result<Kept, Failure> {
        let (text, is_text) = match value {
            Value::String(text) if text.len() > INLINE => (text.clone(), true),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {
                return Ok(Kept::Inline(value.clone()));
            }
            value => {
                let json = value.to_string();
                if json.len() <= INLINE {
                    return Ok(Kept::Inline(value.clone()));
                }
                (json, false)
            }
        };
        let revision = self.put_aside(&self.texts(), &text, "")?;
        Ok(Kept::Aside { text: revision, bytes: text.len() as u64, is_text })
    }

    /// A value as it was given.
    pub(super) fn restore_value(&self, kept: &Kept) -> Result<Value, Failure> {
        match kept {
            Kept::Inline(value) => Ok(value.clone()),
            Kept::Aside { text, is_text, .. } => {
                let found = self.aside(&self.texts(), *text, "")?;
                Ok(if *is_text {
                    Value::String(found)
                } else {
                    serde_json::from_str(&found).unwrap_or_default()
                })
            }
        }
    }

    /// A value as answers show it: a long one by its hash, its length, and how it begins.
    pub(super) fn shown(&self, kept: &Kept) -> Value {
        let Kept::Aside { text, bytes, .. } = kept else {
            return self.restore_value(kept).unwrap_or_default();
        };
        let mut shown = serde_json::json!({ "sha256": text.to_string(), "bytes": bytes });
        if let Ok(begins) = self.beginning(*text, EXCERPT as u64 * 4) {
            shown["excerpt"] = begins.chars().take(EXCERPT).collect::<String>().into();
        }
        shown
    }

    /// How a long text begins, at most this many bytes of it.
    pub(super) fn beginning(&self, revision: Revision, bytes: u64) -> io::Result<String> {
        let file = fs::File::open(self.texts().join(revision.to_string()))?;
        let bytes = self.project.file_system().read(&file, bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Keeps the definition that a session begins with; says under which hash.
    pub(super) fn pin(&self, definition: &Definition) -> Result<Revision, Failure> {
        let json = serde_json::to_string(definition).map_err(|error| {
            Failure::new(
                FailureKind::Internal,
                format!("the definition can't be kept: {error}"),
                Action::Start,
            )
        })?;
        self.put_aside(&self.definitions(), &json, ".json")
    }

    /// The definition that is kept under this hash.
    pub(super) fn pinned(&self, revision: Revision) -> Result<Definition, Failure> {
        let json = self.aside(&self.definitions(), revision, ".json")?;
        serde_json::from_str(&json).map_err(|error| {
            let message = format!("the definition {} is from another version: {error}", revision.short());
            Failure::new(FailureKind::State, message, Action::ListWorkflows).fix("start a new session")
        })
    }

    fn put_aside(&self, folder: &Path, text: &str, suffix: &str) -> Result<Revision, Failure> {
        let revision = Revision::of(text);
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                let message = format!("cannot make {}: {error}", folder.display());
                return Err(Failure::new(FailureKind::Internal, message, Action::ListSessions));
            }
            _ => {}
        }
        // The same text under the same name: whoever was first has written the same.
        create_file(self.project.file_system(), &folder.join(format!("{revision}{suffix}")), text)?;
        Ok(revision)
    }

    fn aside(&self, folder: &Path, revision: Revision, suffix: &str) -> Result<String, Failure> {
        let path = folder.join(format!("{revision}{suffix}"));
        let text = read_text(&path, self.project.workspace().root(), SIZE)?;
        let text = text.filter(|text| Revision::of(text) == revision);
        text.ok_or_else(|| {
            let message = format!("{} is missing, or not what was written", path.display());
            Failure::new(FailureKind::State, message, Action::ListSessions)
                .fix("restore the file from version control, or delete the session")
        })
    }
}
