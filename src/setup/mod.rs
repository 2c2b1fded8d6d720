//! Setting an AI coding agent up: what is written into its files, and taken out again.
//!
//! Those files are others': settings with comments, rules a team has written. So a [`Change`] holds the
//! whole text before and after, nothing in between is formatted anew, a copy of what was there is kept in
//! `.rulemark/backup/`, and what is taken out is exactly what was put in.

mod block;
mod json_text;

use crate::{
    disk::{ReadError, read_text},
    hooks::{PROTOCOLS, Protocol},
    runtime::Project,
};
use serde_json::{Map, Value, json};
use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// An agent that can be set up.
#[derive(Debug)]
pub struct Agent {
    /// What `--agent` calls it.
    pub name: &'static str,
    /// Its name.
    pub title: &'static str,
    parts: &'static [Part],
}

/// A part of a set-up.
#[derive(Debug)]
enum Part {
    /// Hooks, in a JSON file.
    Hooks { path: &'static str, protocol: usize, shape: Shape },
    /// Instructions, in a file that the agent reads at the beginning.
    Instructions {
        path: &'static str,
        /// What the file begins with when it is made.
        preamble: &'static str,
    },
}

/// How an agent writes its hooks down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Groups with a matcher, each with a list of commands.
    Groups,
    /// A list of commands with a matcher each, and a version of the file.
    Flat,
}

/// The agents. Where one has no hooks, or speaks none that are answered, it gets instructions only.
pub const AGENTS: [Agent; 6] = [
    Agent {
        name: "claude-code",
        title: "Claude Code",
        parts: &[
            Part::Hooks { path: ".claude/settings.json", protocol: 0, shape: Shape::Groups },
            Part::Instructions { path: "CLAUDE.md", preamble: "" },
        ],
    },
    Agent {
        name: "cursor",
        title: "Cursor",
        parts: &[
            Part::Hooks { path: ".cursor/hooks.json", protocol: 1, shape: Shape::Flat },
            Part::Instructions {
                path: ".cursor/rules/rulemark.mdc",
                preamble: "---\ndescription: How work goes on in this project\nalwaysApply: true\n---\n",
            },
        ],
    },
    Agent {
        name: "vscode",
        title: "VS Code",
        parts: &[Part::Instructions { path: ".github/copilot-instructions.md", preamble: "" }],
    },
    Agent { name: "codex", title: "Codex", parts: &[Part::Instructions { path: "AGENTS.md", preamble: "" }] },
    Agent {
        name: "gemini",
        title: "Gemini CLI",
        parts: &[Part::Instructions { path: "GEMINI.md", preamble: "" }],
    },
    Agent {
        name: "opencode",
        title: "opencode",
        parts: &[Part::Instructions { path: "AGENTS.md", preamble: "" }],
    },
];

/// The instructions, with the names of the documents left open.
const INSTRUCTIONS: &str = include_str!("../../templates/agents/instructions.md");

/// The largest file of an agent that is read, in bytes.
const SIZE: u64 = 1 << 20;

/// How long an agent waits for a hook, in seconds: longer than a run waits for the project's lock.
const TIMEOUT: u64 = 15;

/// Why an agent can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The file can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is no JSON, or holds something else where hooks belong.
    #[error("{path}:{problem}")]
    NoJson {
        /// The file, from the project's folder.
        path: String,
        /// Line, column and what was expected.
        problem: String,
    },
    /// One of the marks of the block is missing.
    #[error("{0} has one mark of Rulemark's block without the other")]
    HalfBlock(String),
    /// The file leads out of the project.
    #[error("{0} leads out of the project")]
    Outside(String),
    /// Somebody wrote the file meanwhile.
    #[error("{0} has changed meanwhile")]
    Changed(String),
    /// The file can't be written.
    #[error("cannot write {path}: {source}")]
    Io {
        /// The file, from the project's folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The file, from the project's folder.
    pub path: String,
    /// Its text; `None` when it is not there.
    pub before: Option<String>,
    /// The text it gets; `None` when it goes.
    pub after: Option<String>,
}

impl Change {
    /// Whether anything changes.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.before != self.after
    }
}

impl Agent {
    /// The agent that `--agent` calls so.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        AGENTS.iter().find(|agent| agent.name == name)
    }

    /// Its files as they are when it is set up.
    ///
    /// # Errors
    /// When one can't be read, or is not what it should be.
    pub fn installed(&self, project: &Project) -> Result<Vec<Change>, SetupError> {
        self.changes(project, |part, before| part.with(self, project, before))
    }

    /// Its files as they are when all that was put in is taken out. A file that then has nothing left in
    /// it goes.
    ///
    /// # Errors
    /// As [`Agent::installed`].
    pub fn removed(&self, project: &Project) -> Result<Vec<Change>, SetupError> {
        self.changes(project, |part, before| {
            let Some(text) = before else { return Ok(None) };
            let left = part.without(self, project, text)?;
            if left == *text {
                return Ok(Some(left));
            }
            // Nothing else has changed since: then what was there comes back to the last byte.
            let kept = read(project, &backup_path(part.path()))?;
            if let Some(kept) =
                kept.filter(|kept| part.with(self, project, Some(kept)).ok().flatten().as_ref() == Some(text))
            {
                return Ok(Some(kept));
            }
            Ok(Some(left).filter(|left| !part.is_empty(left)))
        })
    }

    fn changes(
        &self,
        project: &Project,
        after: impl Fn(&Part, Option<&String>) -> Result<Option<String>, SetupError>,
    ) -> Result<Vec<Change>, SetupError> {
        let change = |part: &Part| {
            let before = read(project, part.path())?;
            let after = after(part, before.as_ref())?;
            Ok(Change { path: part.path().to_owned(), before, after })
        };
        self.parts.iter().map(change).collect()
    }

    /// Whether any of it is set up.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn is_installed(&self, project: &Project) -> Result<bool, SetupError> {
        for part in self.parts {
            if let Some(text) = read(project, part.path())?
                && part.is_in(self, &text)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Its hooks: the file they stand in, the protocol they speak, and the commands that are called.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn hooks(&self, project: &Project) -> Result<Vec<InstalledHook>, SetupError> {
        let mut found = Vec::new();
        for part in self.parts {
            let Part::Hooks { path, protocol, .. } = part else { continue };
            let Some(text) = read(project, path)? else { continue };
            let protocol = PROTOCOLS[*protocol];
            for (event, is_gate) in protocol.registrations().map(|it| (it.event, it.is_gate)) {
                let elements = json_text::elements(&text, &["hooks", event], "command");
                for (_, commands) in elements.map_err(|error| part.no_json(&error))? {
                    let commands = commands.into_iter().filter(|command| is_ours(command, protocol));
                    found.extend(commands.map(|command| InstalledHook { protocol, event, is_gate, command }));
                }
            }
        }
        Ok(found)
    }

    /// Whether the agent has hooks that are answered.
    #[must_use]
    pub fn has_hooks(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Hooks { .. }))
    }
}

/// A hook as it stands in an agent's settings.
#[derive(Clone, Debug)]
pub struct InstalledHook {
    /// How it is spoken to.
    pub protocol: &'static Protocol,
    /// For which event.
    pub event: &'static str,
    /// Whether it can refuse.
    pub is_gate: bool,
    /// The command line that the agent runs.
    pub command: String,
}

impl Part {
    fn path(&self) -> &'static str {
        match self {
            Self::Hooks { path, .. } | Self::Instructions { path, .. } => path,
        }
    }

    fn no_json(&self, error: &json_text::NoJson) -> SetupError {
        SetupError::NoJson { path: self.path().to_owned(), problem: error.to_string() }
    }

    /// The text of the file with this part in it.
    fn with(
        &self,
        agent: &Agent,
        project: &Project,
        before: Option<&String>,
    ) -> Result<Option<String>, SetupError> {
        match self {
            Self::Hooks { protocol, shape, .. } => {
                let text = before.map_or("", String::as_str);
                with_hooks(text, PROTOCOLS[*protocol], *shape).map(Some).map_err(|error| self.no_json(&error))
            }
            Self::Instructions { path, preamble } => {
                let text = before.map_or(*preamble, String::as_str);
                let text = block::with_block(text, agent.name, &instructions(project));
                text.map(Some).ok_or_else(|| SetupError::HalfBlock((*path).to_owned()))
            }
        }
    }

    fn without(&self, agent: &Agent, project: &Project, text: &str) -> Result<String, SetupError> {
        match self {
            Self::Hooks { protocol, .. } => {
                without_hooks(text, PROTOCOLS[*protocol]).map_err(|error| self.no_json(&error))
            }
            Self::Instructions { path, .. } => block::without_block(text, agent.name, &instructions(project))
                .ok_or_else(|| SetupError::HalfBlock((*path).to_owned())),
        }
    }

    fn is_in(&self, agent: &Agent, text: &str) -> bool {
        match self {
            Self::Hooks { protocol, .. } => {
                let protocol = PROTOCOLS[*protocol];
                without_hooks(text, protocol).is_ok_and(|without| without != text)
            }
            Self::Instructions { .. } => block::has_block(text, agent.name),
        }
    }

    /// Whether a text is no more than what a file that was made begins with.
    fn is_empty(&self, text: &str) -> bool {
        match self {
            Self::Hooks { .. } => {
                matches!(serde_json::from_str(text), Ok(Value::Object(left)) if left.keys().all(|key| key == "version"))
            }
            Self::Instructions { preamble, .. } => text.trim() == preamble.trim(),
        }
    }
}

fn with_hooks(text: &str, protocol: &Protocol, shape: Shape) -> Result<String, json_text::NoJson> {
    let text = if text.trim().is_empty() { "{}\n" } else { text };
    let wanted = |event: &str| {
        let found = json_text::elements(text, &["hooks", event], "command")?;
        let ours: Vec<_> = found
            .into_iter()
            .filter(|(_, commands)| commands.iter().any(|it| is_ours(it, protocol)))
            .collect();
        Ok::<_, json_text::NoJson>(ours)
    };
    let mut is_current = true;
    for registration in protocol.registrations() {
        let entry = entry(&registration, protocol, shape);
        is_current &= matches!(wanted(registration.event)?.as_slice(), [(Some(one), _)] if *one == entry);
    }
    if is_current {
        return Ok(text.to_owned());
    }
    let mut text = without_hooks(text, protocol)?;
    if shape == Shape::Flat {
        text = json_text::set_missing(&text, "version", &json!(1))?;
    }
    for registration in protocol.registrations() {
        let entry = entry(&registration, protocol, shape);
        text = json_text::push(&text, &["hooks", registration.event], &entry)?;
    }
    Ok(text)
}

fn without_hooks(text: &str, protocol: &Protocol) -> Result<String, json_text::NoJson> {
    if text.trim().is_empty() {
        return Ok(text.to_owned());
    }
    let mut text = text.to_owned();
    for event in json_text::keys(&text, &["hooks"])? {
        let path = ["hooks", &event];
        let found = json_text::elements(&text, &path, "command")?;
        let ours = |at: usize| found[at].1.iter().any(|command| is_ours(command, protocol));
        if (0..found.len()).any(ours) {
            text = json_text::remove(&text, &path, &ours)?;
        }
    }
    Ok(text)
}

fn entry(registration: &crate::hooks::Registration, protocol: &Protocol, shape: Shape) -> Value {
    let command = format!("rulemark hook {}", protocol.name);
    let mut entry = Map::new();
    match shape {
        Shape::Groups => {
            entry.extend(registration.matcher.map(|matcher| ("matcher".to_owned(), json!(matcher))));
            let hook = json!({ "type": "command", "command": command, "timeout": TIMEOUT });
            entry.insert("hooks".into(), json!([hook]));
        }
        Shape::Flat => {
            entry.insert("command".into(), json!(command));
            entry.extend(registration.matcher.map(|matcher| ("matcher".to_owned(), json!(matcher))));
            entry.insert("timeout".into(), json!(TIMEOUT));
            if registration.is_gate {
                entry.insert("failClosed".into(), json!(true));
            }
        }
    }
    Value::Object(entry)
}

/// Whether a command line calls the hook of this protocol, wherever the program is.
fn is_ours(command: &str, protocol: &Protocol) -> bool {
    let mut words = command.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    let name =
        |word: &str| word.rsplit(['/', '\\']).next().unwrap_or(word).trim_end_matches(".exe") == "rulemark";
    words.next().is_some_and(name) && words.next() == Some("hook") && words.next() == Some(protocol.name)
}

fn instructions(project: &Project) -> String {
    let paths = &project.settings().engine;
    INSTRUCTIONS.replace("{state}", &paths.state_path).replace("{config}", &paths.config_path)
}

fn read(project: &Project, path: &str) -> Result<Option<String>, SetupError> {
    let root = project.workspace().root();
    Ok(read_text(&root.join(path), root, SIZE)?)
}

/// Where the text of a file is kept that was there before the first set-up.
fn backup_path(path: &str) -> String {
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
            if is_clean(before) && !backup.exists() {
                write(&backup, before).map_err(failed)?;
            }
            write(&target, after).map_err(failed)?;
        }
        (None, Some(after)) => write(&target, after).map_err(failed)?,
        (_, None) => fs::remove_file(&target).map_err(failed)?,
    }
    if change.after.as_deref().is_none_or(is_clean) {
        // What is taken out needs no copy any more; without one it is taken out all the same.
        fs::remove_file(&backup).ok();
    }
    Ok(())
}

/// Whether nothing of ours is in a text.
fn is_clean(text: &str) -> bool {
    !text.contains("rulemark hook ") && !text.contains("rulemark:begin")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_commands_are_known_wherever_the_program_is() {
        let check = |command, expected| assert_eq!(is_ours(command, PROTOCOLS[0]), expected, "{command}");
        check("rulemark hook claude-code", true);
        check("\"/opt/my/rulemark.exe\" hook claude-code", true);
        check("/usr/local/bin/rulemark hook claude-code --quiet", true);
        check("rulemark hook cursor", false);
        check("echo rulemark hook claude-code", false);
        check("my-rulemark hook claude-code", false);
    }

    #[test]
    fn hooks_come_once_and_go_whole() {
        for (protocol, shape) in [(PROTOCOLS[0], Shape::Groups), (PROTOCOLS[1], Shape::Flat)] {
            let theirs = "{\n  // mine\n  \"version\": 1,\n  \"hooks\": {\n    \"Stop\": [\n      { \"hooks\": [{ \"command\": \"say done\" }] }\n    ]\n  }\n}\n";
            let with = with_hooks(theirs, protocol, shape).unwrap();
            assert_ne!(with, theirs);
            assert_eq!(with_hooks(&with, protocol, shape).unwrap(), with);
            assert_eq!(without_hooks(&with, protocol).unwrap(), theirs);
            let old = with.replace("\"timeout\": 15", "\"timeout\": 1");
            assert_eq!(with_hooks(&old, protocol, shape).unwrap(), with);
        }
    }
}
