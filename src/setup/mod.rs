//! Setting an AI coding agent up: what is written into its files, and taken out again.
//!
//! Those files are others': settings with comments, rules a team has written. So a [`Change`] holds the
//! whole text before and after, nothing in between is formatted anew, a copy of what was there is kept in
//! `.rulemark/backup/`, and what is taken out is exactly what was put in.

mod block;
mod files;
mod hook_entry;
mod json_text;
mod part;
mod server_entry;
mod toml_text;

pub use files::apply;

use crate::{disk::ReadError, hooks::Protocol, runtime::Project};
use files::{backup_path, read};
use hook_entry::Shape;
use part::Part;
use server_entry::{Dialect, Found};
use std::io;

/// An agent that can be set up.
#[derive(Debug)]
pub struct Agent {
    /// What `--agent` calls it.
    pub name: &'static str,
    /// Its name.
    pub title: &'static str,
    parts: &'static [Part],
    /// What the person has to know about its settings.
    pub hint: Option<&'static str>,
}

/// The agents. Where one has no hooks, or speaks none that are answered, it gets the server and the
/// instructions only.
pub const AGENTS: [Agent; 6] = [
    Agent {
        name: "claude-code",
        title: "Claude Code",
        parts: &[
            Part::Server { path: ".mcp.json", dialect: Dialect::Plain },
            Part::Hooks { path: ".claude/settings.json", protocol: 0, shape: Shape::Groups },
            Part::Instructions { path: "CLAUDE.md", preamble: "" },
        ],
        hint: None,
    },
    Agent {
        name: "cursor",
        title: "Cursor",
        parts: &[
            Part::Server { path: ".cursor/mcp.json", dialect: Dialect::Placed },
            Part::Hooks { path: ".cursor/hooks.json", protocol: 1, shape: Shape::Flat },
            Part::Instructions {
                path: ".cursor/rules/rulemark.mdc",
                preamble: "---\ndescription: How work goes on in this project\nalwaysApply: true\n---\n",
            },
        ],
        hint: None,
    },
    Agent {
        name: "vscode",
        title: "VS Code",
        parts: &[
            Part::Server { path: ".vscode/mcp.json", dialect: Dialect::Typed },
            Part::Instructions { path: ".github/copilot-instructions.md", preamble: "" },
        ],
        hint: None,
    },
    Agent {
        name: "codex",
        title: "Codex",
        parts: &[
            Part::Server { path: ".codex/config.toml", dialect: Dialect::Tables },
            Part::Instructions { path: "AGENTS.md", preamble: "" },
        ],
        hint: Some("Codex reads .codex/config.toml in projects that you have told it to trust"),
    },
    Agent {
        name: "gemini",
        title: "Gemini CLI",
        parts: &[
            Part::Server { path: ".gemini/settings.json", dialect: Dialect::Plain },
            Part::Instructions { path: "GEMINI.md", preamble: "" },
        ],
        hint: None,
    },
    Agent {
        name: "opencode",
        title: "opencode",
        parts: &[
            Part::Server { path: "opencode.json", dialect: Dialect::Listed },
            Part::Instructions { path: "AGENTS.md", preamble: "" },
        ],
        hint: None,
    },
];

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
    /// The file is no TOML, or has no room for a table.
    #[error("{path}:{problem}")]
    NoToml {
        /// The file, from the project's folder.
        path: String,
        /// Line, column and what is wrong.
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
    /// What is in it already and is left as it is, in words.
    pub left_alone: Option<&'static str>,
    /// Whether nothing of ours was in it before.
    was_clean: bool,
    /// Whether nothing of ours is left in it.
    is_clean: bool,
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
            let is_clean = |text: Option<&String>| text.is_none_or(|text| part.is_clean(text));
            Ok(Change {
                path: part.path().to_owned(),
                left_alone: before.as_deref().and_then(|text| part.left_alone(text)),
                was_clean: is_clean(before.as_ref()),
                is_clean: is_clean(after.as_ref()),
                before,
                after,
            })
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
            let Some(protocol) = part.protocol() else { continue };
            let Some(text) = read(project, part.path())? else { continue };
            for (event, is_gate) in protocol.registrations().map(|it| (it.event, it.is_gate)) {
                let elements = json_text::elements(&text, &["hooks", event], "command");
                for (_, commands) in elements.map_err(|error| part.no_json(&error))? {
                    let commands = commands.into_iter();
                    let ours = commands.filter(|command| hook_entry::is_ours(command, protocol));
                    found.extend(ours.map(|command| InstalledHook { protocol, event, is_gate, command }));
                }
            }
        }
        Ok(found)
    }

    /// Its entry of the MCP server, ours or a hand-written one; `None` when there is none.
    ///
    /// # Errors
    /// When the file can't be read, or is not what it should be.
    pub fn server(&self, project: &Project) -> Result<Option<InstalledServer>, SetupError> {
        for part in self.parts {
            let Part::Server { path, dialect } = part else { continue };
            let Some(text) = read(project, path)? else { continue };
            let (entry, is_ours) = match dialect.find(path, &text)? {
                Found::Nothing => continue,
                Found::Ours(entry) => (entry, true),
                Found::Theirs(entry) => (entry, false),
            };
            return Ok(Some(InstalledServer { path, program: server_entry::program(&entry), is_ours }));
        }
        Ok(None)
    }

    /// Whether the agent has hooks that are answered.
    #[must_use]
    pub fn has_hooks(&self) -> bool {
        self.parts.iter().any(|part| part.protocol().is_some())
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

/// The entry of the MCP server in an agent's settings.
#[derive(Clone, Debug)]
pub struct InstalledServer {
    /// The file it stands in, from the project's folder.
    pub path: &'static str,
    /// The program it starts; `None` when it starts none.
    pub program: Option<String>,
    /// Whether it is as it is written here.
    pub is_ours: bool,
}
