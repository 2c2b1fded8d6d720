//! `rulemark.toml`.

use crate::{
    disk::is_inner,
    engine::{self, ApprovalMode, LIMITS, OnViolation, SummaryMode},
    text::LineIndex,
};
use std::{
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};
use toml::{Spanned, de::DeTable, de::DeValue};

/// Everything that `rulemark.toml` decides; [`Default`] is what holds without one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// What the rules depend on.
    pub engine: engine::Settings,
    /// How the watcher settles.
    pub watch: WatchSettings,
    /// How the project's commands are run.
    pub commands: CommandSettings,
    /// What the hooks of agents let pass.
    pub hooks: HookSettings,
    /// How many sessions there may be, and for how long.
    pub sessions: SessionSettings,
    /// What agents are offered over MCP.
    pub mcp: McpSettings,
}

/// `[mcp]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct McpSettings {
    /// Which tools to offer where the command line does not say.
    pub tools: ToolSet,
}

/// Tools for agents that are offered together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ToolSet {
    /// The few tools that do everything.
    #[default]
    Default,
    /// The guidance tools that agents know by name and parameters, a call a step.
    Classic,
    /// Those of the Workflow Orchestration System: listed with all, and answered in every set.
    Orchestration,
    /// Both.
    All,
}

impl ToolSet {
    /// All of them by the names that users write.
    pub const NAMES: [(&'static str, Self); 3] =
        [("default", Self::Default), ("classic", Self::Classic), ("all", Self::All)];
}

/// `[sessions]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionSettings {
    /// How many may be open at the same time.
    pub limit: u64,
    /// For how many days `session gc` leaves a completed one where it is.
    pub keep_days: u64,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self { limit: 100, keep_days: 30 }
    }
}

/// `[hooks]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookSettings {
    /// The phases in which sources may be changed; `None` leaves it to the words of the state file.
    pub edit_phases: Option<Vec<String>>,
    /// Patterns of the files that are documents and may be changed in every phase.
    pub documents: Vec<String>,
    /// How often an agent that wants to stop is told what is left, while nothing moves.
    pub stop_limit: u64,
}

impl Default for HookSettings {
    fn default() -> Self {
        let documents = ["*.md", "*.mdx", "*.markdown", "*.rst", "*.adoc", "docs/**"];
        Self { edit_phases: None, documents: documents.map(str::to_owned).into(), stop_limit: 3 }
    }
}

/// `[watch]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchSettings {
    /// A burst of changes is over when nothing happened for so long. `None`: at once where it is known
    /// when nobody is writing (leases), after 75 ms elsewhere.
    pub quiet: Option<Duration>,
    /// A burst that never ends is looked at after so long.
    pub longest: Duration,
    /// Ask the disk from time to time, where it does not tell.
    pub poll: bool,
}

/// `[commands]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandSettings {
    /// How long one of the project's commands may take.
    pub timeout: Duration,
}

impl Default for CommandSettings {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(600) }
    }
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self { quiet: None, longest: Duration::from_secs(1), poll: false }
    }
}

/// What is wrong with a `rulemark.toml`, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}:{column}: {message}", .path.display())]
pub struct SettingsError {
    /// The file.
    pub path: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Settings {
    /// Reads the text of a settings file; `path` is for messages.
    ///
    /// # Errors
    /// When it is no TOML, or has a key or a value that is not known.
    pub fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        read(text).map_err(|flaw| {
            let place = LineIndex::new(text).line_column(flaw.span.start);
            SettingsError {
                path: path.to_owned(),
                line: place.line,
                column: place.column,
                message: flaw.message,
                hint: flaw.hint,
            }
        })
    }
}

/// One setting.
struct Key {
    /// Its table; empty for the top level.
    section: &'static str,
    name: &'static str,
    /// Writes a value; says what it should have been.
    apply: fn(&mut Settings, &DeValue<'_>) -> Result<(), String>,
}

/// The table whose settings are the engine's [`LIMITS`].
const LIMITS_SECTION: &str = "limits";

/// All settings there are, but the limits.
const KEYS: [Key; 15] = [
    Key { section: "", name: "summary", apply: |to, value| one_of(value, &SUMMARY, &mut to.engine.summary) },
    Key { section: "paths", name: "state", apply: |to, value| inner_path(value, &mut to.engine.state_path) },
    Key {
        section: "paths",
        name: "config",
        apply: |to, value| inner_path(value, &mut to.engine.config_path),
    },
    Key {
        section: "gates",
        name: "on_violation",
        apply: |to, value| one_of(value, &ON_VIOLATION, &mut to.engine.gates.on_violation),
    },
    Key {
        section: "gates",
        name: "approval",
        apply: |to, value| one_of(value, &APPROVAL, &mut to.engine.gates.approval),
    },
    Key {
        section: "commands",
        name: "timeout",
        apply: |to, value| {
            to.commands.timeout = Duration::from_secs(number(value, 1..=86_400)?);
            Ok(())
        },
    },
    Key {
        section: "hooks",
        name: "edit_phases",
        apply: |to, value| {
            to.hooks.edit_phases = Some(words(value)?);
            Ok(())
        },
    },
    Key {
        section: "hooks",
        name: "documents",
        apply: |to, value| {
            to.hooks.documents = words(value)?;
            Ok(())
        },
    },
    Key {
        section: "hooks",
        name: "stop_limit",
        apply: |to, value| {
            to.hooks.stop_limit = number(value, 0..=100)?;
            Ok(())
        },
    },
    Key {
        section: "sessions",
        name: "limit",
        apply: |to, value| {
            to.sessions.limit = number(value, 1..=1_000_000)?;
            Ok(())
        },
    },
    Key {
        section: "sessions",
        name: "keep_days",
        apply: |to, value| {
            to.sessions.keep_days = number(value, 0..=36_500)?;
            Ok(())
        },
    },
    Key {
        section: "mcp",
        name: "tools",
        apply: |to, value| one_of(value, &ToolSet::NAMES, &mut to.mcp.tools),
    },
    Key {
        section: "watch",
        name: "quiet_ms",
        apply: |to, value| {
            let number = || number(value, 0..=60_000).map_err(|error| format!("{error}, or \"auto\""));
            let is_auto = value.as_str() == Some("auto");
            to.watch.quiet = if is_auto { None } else { Some(Duration::from_millis(number()?)) };
            Ok(())
        },
    },
    Key {
        section: "watch",
        name: "max_ms",
        apply: |to, value| {
            to.watch.longest = Duration::from_millis(number(value, 0..=60_000)?);
            Ok(())
        },
    },
    Key {
        section: "watch",
        name: "poll",
        apply: |to, value| {
            to.watch.poll = value.as_bool().ok_or("expected true or false")?;
            Ok(())
        },
    },
];

const SUMMARY: [(&str, SummaryMode); 2] = [("extract", SummaryMode::Extract), ("agent", SummaryMode::Agent)];
const APPROVAL: [(&str, ApprovalMode); 2] = [("file", ApprovalMode::File), ("person", ApprovalMode::Person)];
const ON_VIOLATION: [(&str, OnViolation); 3] =
    [("warn", OnViolation::Warn), ("revert", OnViolation::Revert), ("off", OnViolation::Off)];

/// A longer name is nobody's slip, in bytes.
const LONGEST_NAME: usize = 64;

/// The longest pattern or phase of a list, in bytes.
const LONGEST_WORD: usize = 256;

/// What is wrong, before lines are counted.
struct Flaw {
    span: Range<usize>,
    message: String,
    hint: Option<String>,
}

fn read(text: &str) -> Result<Settings, Flaw> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let offset = text.len() - body.len();
    let shifted = |span: Range<usize>| span.start + offset..span.end + offset;
    let document = DeTable::parse(body).map_err(|error| Flaw {
        span: shifted(error.span().unwrap_or_default()),
        message: error.message().to_owned(),
        hint: None,
    })?;
    let mut settings = Settings::default();
    let mut apply = |section, key: &Spanned<_>, value| {
        apply_one(&mut settings, section, key, value)
            .map_err(|flaw: Flaw| Flaw { span: shifted(flaw.span), ..flaw })
    };
    for (key, value) in document.get_ref() {
        match value.get_ref().as_table() {
            Some(table) if names().any(|(section, _)| section == key.get_ref().as_ref()) => {
                for (inner, value) in table {
                    apply(key.get_ref().as_ref(), inner, value)?;
                }
            }
            _ => apply("", key, value)?,
        }
    }
    Ok(settings)
}

fn apply_one<K: AsRef<str>>(
    settings: &mut Settings,
    section: &str,
    key: &Spanned<K>,
    value: &Spanned<DeValue<'_>>,
) -> Result<(), Flaw> {
    let name = key.get_ref().as_ref();
    let known = KEYS.iter().find(|known| known.section == section && known.name == name);
    let limit = LIMITS.iter().find(|limit| section == LIMITS_SECTION && limit.name == name);
    let applied = match (known, limit) {
        (Some(known), _) => (known.apply)(settings, value.get_ref()),
        (None, Some(limit)) => number(value.get_ref(), 1..=limit.most as u64)
            .map(|number| *(limit.of)(&mut settings.engine.limits) = number.try_into().unwrap_or(limit.most)),
        (None, None) => return Err(unknown(section, name, key.span())),
    };
    applied.map_err(|message| Flaw {
        span: value.span(),
        message: format!("`{name}`: {message}"),
        hint: None,
    })
}

/// The table and the name of every setting.
fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    let keys = KEYS.iter().map(|known| (known.section, known.name));
    keys.chain(LIMITS.iter().map(|limit| (LIMITS_SECTION, limit.name)))
}

fn unknown(section: &str, name: &str, span: Range<usize>) -> Flaw {
    let here = names().filter(|(known, _)| *known == section);
    let mut candidates: Vec<&str> = here.map(|(_, name)| name).collect();
    if section.is_empty() {
        candidates.extend(names().map(|(section, _)| section).filter(|section| !section.is_empty()));
        candidates.dedup();
    }
    let elsewhere = names().find(|(_, known)| *known == name);
    // What a file calls a setting may be as long as the file.
    let close = if name.len() > LONGEST_NAME {
        Vec::new()
    } else {
        similar::get_close_matches(name, &candidates, 1, 0.6)
    };
    let hint = match (elsewhere, close.first()) {
        (Some(("", _)), _) => format!("`{name}` stands above all tables"),
        (Some((section, _)), _) => format!("`{name}` belongs under [{section}]"),
        (None, Some(close)) => format!("did you mean `{close}`?"),
        (None, None) => format!("known here: {}", candidates.join(", ")),
    };
    let place = if section.is_empty() { String::new() } else { format!(" under [{section}]") };
    Flaw { span, message: format!("unknown setting `{name}`{place}"), hint: Some(hint) }
}

fn one_of<T: Copy>(value: &DeValue<'_>, choices: &[(&str, T)], to: &mut T) -> Result<(), String> {
    let chosen = value.as_str().and_then(|word| choices.iter().find(|(name, _)| *name == word));
    let Some((_, chosen)) = chosen else {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        return Err(format!("expected {}", names.join(" or ")));
    };
    *to = *chosen;
    Ok(())
}

fn inner_path(value: &DeValue<'_>, to: &mut String) -> Result<(), String> {
    let is_file = |path: &&str| is_inner(Path::new(path)) && !path.ends_with(['/', '\\', '.']);
    let path = value.as_str().filter(is_file);
    let path = path.ok_or("expected a path of a file inside the project, relative to rulemark.toml")?;
    if path.contains(char::is_control) {
        return Err("expected a path without control characters".into());
    }
    *to = path.to_owned();
    Ok(())
}

fn words(value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let is_word = |word: &&str| (1..=LONGEST_WORD).contains(&word.len()) && !word.contains(char::is_control);
    let word = |value: &Spanned<DeValue<'_>>| value.get_ref().as_str().filter(is_word).map(str::to_owned);
    let words = value.as_array().and_then(|array| array.iter().map(word).collect());
    words.ok_or_else(|| format!("expected a list of words of at most {LONGEST_WORD} letters"))
}

fn number(value: &DeValue<'_>, range: std::ops::RangeInclusive<u64>) -> Result<u64, String> {
    let number = value.as_integer().and_then(|n| u64::from_str_radix(n.as_str(), n.radix()).ok());
    number
        .filter(|number| range.contains(number))
        .ok_or_else(|| format!("expected a number from {} to {}", range.start(), range.end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Limits;

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(Settings::parse("", Path::new("t")), Ok(Settings::default()));
        assert_eq!(Settings::parse("\u{feff}# nothing\n", Path::new("t")), Ok(Settings::default()));
    }

    #[test]
    fn every_setting_is_read() {
        let text = r#"
            summary = "agent"
            paths = { state = "docs/state.md", config = "docs/config.md" }
            [gates]
            on_violation = "revert"
            approval = "person"
            [limits]
            file_size = 1_000_000
            line_length = 1_000
            nesting = 8
            rules = 20
            items = 30
            firings = 0x10
            [commands]
            timeout = 30
            [hooks]
            edit_phases = ["CONSTRUCT", "VALIDATE"]
            documents = ["*.md"]
            stop_limit = 0
            [sessions]
            limit = 7
            keep_days = 0
            [mcp]
            tools = "classic"
            [watch]
            quiet_ms = 10
            max_ms = 20
            poll = true
        "#;
        let settings = Settings::parse(text, Path::new("t")).unwrap();
        let expected = Settings {
            engine: engine::Settings {
                state_path: "docs/state.md".into(),
                config_path: "docs/config.md".into(),
                gates: engine::GateSettings {
                    on_violation: OnViolation::Revert,
                    approval: ApprovalMode::Person,
                },
                summary: SummaryMode::Agent,
                limits: Limits {
                    file_size: 1_000_000,
                    line_length: 1_000,
                    nesting: 8,
                    rules: 20,
                    items: 30,
                    firings: 16,
                },
            },
            watch: WatchSettings {
                quiet: Some(Duration::from_millis(10)),
                longest: Duration::from_millis(20),
                poll: true,
            },
            commands: CommandSettings { timeout: Duration::from_secs(30) },
            hooks: HookSettings {
                edit_phases: Some(vec!["CONSTRUCT".into(), "VALIDATE".into()]),
                documents: vec!["*.md".into()],
                stop_limit: 0,
            },
            sessions: SessionSettings { limit: 7, keep_days: 0 },
            mcp: McpSettings { tools: ToolSet::Classic },
        };
        assert_eq!(settings, expected);
        let written = text.lines().filter(|line| line.contains('=')).count() + 1;
        assert_eq!(written, names().count(), "paths stands on one line");
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let check = |text: &str, expected: &str| {
            let error = Settings::parse(text, Path::new("t")).unwrap_err();
            let hint = error.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            assert_eq!(format!("{error}{hint}"), expected);
        };
        check(
            "[gates]\non_violence = \"warn\"",
            "t:2:1: unknown setting `on_violence` under [gates] (did you mean `on_violation`?)",
        );
        check("[gates]\napproval = \"agent\"", "t:2:12: `approval`: expected \"file\" or \"person\"");
        check("[gate]\napproval = \"file\"", "t:1:2: unknown setting `gate` (did you mean `gates`?)");
        check("\u{feff}quiet_ms = 3", "t:1:2: unknown setting `quiet_ms` (`quiet_ms` belongs under [watch])");
        check(
            "[watch]\nsummary = 3",
            "t:2:1: unknown setting `summary` under [watch] (`summary` stands above all tables)",
        );
        check(
            "[watch]\nzzz = 3",
            "t:2:1: unknown setting `zzz` under [watch] (known here: quiet_ms, max_ms, poll)",
        );
        check("summary = \"ai\"", "t:1:11: `summary`: expected \"extract\" or \"agent\"");
        check("[watch]\npoll = 1", "t:2:8: `poll`: expected true or false");
        check("[watch]\nquiet_ms = -1", "t:2:12: `quiet_ms`: expected a number from 0 to 60000, or \"auto\"");
        check("[hooks]\nstop_limit = 101", "t:2:14: `stop_limit`: expected a number from 0 to 100");
        check(
            "[hooks]\ndocuments = \"*.md\"",
            "t:2:13: `documents`: expected a list of words of at most 256 letters",
        );
        check("[limits]\nnesting = 61", "t:2:11: `nesting`: expected a number from 1 to 60");
        check("[limits]\nrules = 0", "t:2:9: `rules`: expected a number from 1 to 100000");
        check("[limits]\nitem = 9", "t:2:1: unknown setting `item` under [limits] (did you mean `items`?)");
        check("items = 9", "t:1:1: unknown setting `items` (`items` belongs under [limits])");
        check(
            "[paths]\nstate = \"a\\u001b[31m.md\"",
            "t:2:9: `state`: expected a path without control characters",
        );
        for path in ["/etc/passwd", "../x.md", "", "a/../../x", "docs/", "."] {
            check(
                &format!("[paths]\nstate = \"{path}\""),
                "t:2:9: `state`: expected a path of a file inside the project, relative to rulemark.toml",
            );
        }
        assert!(Settings::parse("summary = ", Path::new("t")).unwrap_err().to_string().starts_with("t:1:"));
    }
}
