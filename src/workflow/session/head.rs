//! The front matter of a session: all that a listing needs.

use super::{
    id::SessionId,
    read::{Flaw, Flaws},
};
use crate::text::{Revision, Span};
use jiff::civil::DateTime;
use serde_json::Value;
use std::{collections::BTreeMap, fmt, str::FromStr};

/// What stands in the front matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its own name.
    pub id: SessionId,
    /// The id of the workflow.
    pub workflow: String,
    /// Its version when the session began.
    pub version: String,
    /// The hash of the definition that the session keeps to.
    pub definition: Revision,
    /// The file that it is about, relative to the workspace.
    pub target: String,
    /// The number of the phase that is open; of the last one when it is completed.
    pub phase: u32,
    /// How many phases there are.
    pub phases: u32,
    /// Where it is in its life.
    pub status: SessionStatus,
    /// When it began, in local time.
    pub created: DateTime,
    /// When it was last written.
    pub updated: DateTime,
    /// How often it was written.
    pub revision: u64,
}

/// Where a session is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SessionStatus {
    /// Work goes on.
    Active,
    /// It waits until it is resumed.
    Paused,
    /// The last gate has passed.
    Completed,
}

impl SessionStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Active, Self::Paused, Self::Completed];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Completed => "completed",
        }
    }

    /// The status with this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl fmt::Display for SessionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The keys that change in the course of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Phase,
    Status,
    Updated,
    Revision,
}

impl Key {
    const ALL: [Self; 4] = [Self::Phase, Self::Status, Self::Updated, Self::Revision];

    fn name(self) -> &'static str {
        match self {
            Self::Phase => "phase",
            Self::Status => "status",
            Self::Updated => "updated",
            Self::Revision => "revision",
        }
    }
}

/// Where the values stand that change.
pub(super) type Values = BTreeMap<Key, Span>;

impl Head {
    /// Reads the lines between the two `---`, which begin at `start` of `text`.
    pub(super) fn read(text: &str, lines: &[Span]) -> Result<(Self, Values), Flaws> {
        let mut found: BTreeMap<&str, (Span, usize)> = BTreeMap::new();
        let mut flaws = Vec::new();
        for (index, span) in lines.iter().enumerate() {
            let line = index + 2;
            let Some((key, value)) = span.of(text).split_once(':') else {
                if !span.of(text).trim().is_empty() {
                    flaws.push(Flaw::new(line, "expected `key: value`"));
                }
                continue;
            };
            let start = span.start + key.len() + 1;
            let value = Span::new(start, start + value.len()).trimmed(text);
            if found.insert(key.trim(), (value, line)).is_some() {
                flaws.push(Flaw::new(line, format!("`{}` stands here a second time", key.trim())));
            }
        }
        let values = Key::ALL.iter().filter_map(|key| Some((*key, found.get(key.name())?.0))).collect();
        let mut fields = Fields { text, found, flaws };
        let head = fields.head();
        match (head, fields.flaws) {
            (Some(head), flaws) if flaws.is_empty() => Ok((head, values)),
            (_, flaws) => Err(Flaws(flaws)),
        }
    }

    /// The front matter, both `---` with it.
    pub(super) fn to_text(&self) -> String {
        format!(
            "---\nsession: {}\nworkflow: {}\nversion: {}\ndefinition: {}\ntarget: {}\nphase: {}\nphases: {}\n\
             status: {}\ncreated: {}\nupdated: {}\nrevision: {}\n---\n",
            self.id,
            scalar(&self.workflow),
            scalar(&self.version),
            self.definition,
            scalar(&self.target),
            self.phase,
            self.phases,
            self.status,
            self.created,
            self.updated,
            self.revision,
        )
    }
}

/// The fields of a front matter, and what is wrong with them.
struct Fields<'t> {
    text: &'t str,
    found: BTreeMap<&'t str, (Span, usize)>,
    flaws: Vec<Flaw>,
}

impl Fields<'_> {
    fn head(&mut self) -> Option<Head> {
        // Each is read, so that all that is wrong is told at once.
        let id = self.field("session", "a name of `a-z`, `0-9` and `_`", SessionId::read);
        let workflow = self.field("workflow", "a workflow's id", unquoted);
        let version = self.field("version", "a version", unquoted);
        let definition = self.field("definition", "64 hex digits", Revision::from_hex);
        let target = self.field("target", "a path", unquoted);
        let phase = self.field("phase", "a number", number);
        let phases = self.field("phases", "a number", number);
        let status = self.field("status", "active, paused or completed", SessionStatus::named);
        let created = self.field("created", "a time: 2026-11-21T16:10:05", number);
        let updated = self.field("updated", "a time: 2026-11-21T16:10:05", number);
        let revision = self.field("revision", "a number", number);
        Some(Head {
            id: id?,
            workflow: workflow?,
            version: version?,
            definition: definition?,
            target: target?,
            phase: phase?,
            phases: phases?,
            status: status?,
            created: created?,
            updated: updated?,
            revision: revision?,
        })
    }

    fn field<T>(&mut self, name: &str, expected: &str, read: fn(&str) -> Option<T>) -> Option<T> {
        let Some((span, line)) = self.found.get(name) else {
            self.flaws.push(Flaw::new(1, format!("the front matter has no `{name}`")));
            return None;
        };
        let value = read(span.of(self.text));
        if value.is_none() {
            self.flaws.push(Flaw::new(*line, format!("`{name}` should be {expected}")));
        }
        value
    }
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// A value as YAML has it: plain where that is unmistakable, otherwise quoted as in JSON.
fn scalar(value: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+');
    let begins_well = value.starts_with(|c: char| c.is_alphabetic() || c == '.' || c == '_');
    let is_word = matches!(value, "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    let is_version = value.starts_with(|c: char| c.is_ascii_digit()) && value.matches('.').count() >= 2;
    if (begins_well || is_version) && !is_word && value.chars().all(is_plain) {
        return value.to_owned();
    }
    Value::from(value).to_string()
}

fn unquoted(text: &str) -> Option<String> {
    if text.starts_with('"') {
        return serde_json::from_str(text).ok();
    }
    (!text.is_empty()).then(|| text.to_owned())
}
