//! A part of a set-up: what is put into one file.

use super::{
    Agent, SetupError, block,
    hook_entry::{self, Shape},
    json_text,
    server_entry::{Dialect, Found},
};
use crate::{
    hooks::{PROTOCOLS, Protocol},
    runtime::Project,
};
use serde_json::Value;

/// A part of a set-up.
#[derive(Debug)]
pub(super) enum Part {
    /// Hooks, in a JSON file.
    Hooks { path: &'static str, protocol: usize, shape: Shape },
    /// The MCP server, in a file of settings.
    Server { path: &'static str, dialect: Dialect },
    /// Instructions, in a file that the agent reads at the beginning.
    Instructions {
        path: &'static str,
        /// What the file begins with when it is made.
        preamble: &'static str,
    },
}

/// The instructions, with the names of the documents left open.
const INSTRUCTIONS: &str = include_str!("../../templates/agents/instructions.md");

impl Part {
    pub(super) fn path(&self) -> &'static str {
        match self {
            Self::Hooks { path, .. } | Self::Server { path, .. } | Self::Instructions { path, .. } => path,
        }
    }

    pub(super) fn no_json(&self, error: &json_text::NoJson) -> SetupError {
        SetupError::NoJson { path: self.path().to_owned(), problem: error.to_string() }
    }

    /// The text of the file with this part in it.
    pub(super) fn with(
        &self,
        agent: &Agent,
        project: &Project,
        before: Option<&String>,
    ) -> Result<Option<String>, SetupError> {
        let text = before.map_or("", String::as_str);
        match self {
            Self::Hooks { protocol, shape, .. } => {
                let with = hook_entry::with_hooks(text, PROTOCOLS[*protocol], *shape);
                with.map(Some).map_err(|error| self.no_json(&error))
            }
            Self::Server { path, dialect } => dialect.with(path, text).map(Some),
            Self::Instructions { path, preamble } => {
                let text = before.map_or(*preamble, String::as_str);
                let text = block::with_block(text, agent.name, &instructions(project));
                text.map(Some).ok_or_else(|| SetupError::HalfBlock((*path).to_owned()))
            }
        }
    }

    /// The text of the file without this part.
    pub(super) fn without(&self, agent: &Agent, project: &Project, text: &str) -> Result<String, SetupError> {
        match self {
            Self::Hooks { .. } => self.without_hooks(text),
            Self::Server { path, dialect } => dialect.without(path, text),
            Self::Instructions { path, .. } => block::without_block(text, agent.name, &instructions(project))
                .ok_or_else(|| SetupError::HalfBlock((*path).to_owned())),
        }
    }

    fn without_hooks(&self, text: &str) -> Result<String, SetupError> {
        let Some(protocol) = self.protocol() else { return Ok(text.to_owned()) };
        hook_entry::without_hooks(text, protocol).map_err(|error| self.no_json(&error))
    }

    /// The protocol of its hooks.
    pub(super) fn protocol(&self) -> Option<&'static Protocol> {
        match self {
            Self::Hooks { protocol, .. } => Some(PROTOCOLS[*protocol]),
            Self::Server { .. } | Self::Instructions { .. } => None,
        }
    }

    /// Whether a text has this part for `agent`.
    pub(super) fn is_in(&self, agent: &Agent, text: &str) -> bool {
        match self {
            Self::Instructions { .. } => block::has_block(text, agent.name),
            _ => !self.is_clean(text),
        }
    }

    /// Whether nothing of ours is in a text, for whichever agent.
    pub(super) fn is_clean(&self, text: &str) -> bool {
        match self {
            Self::Hooks { .. } => self.without_hooks(text).is_ok_and(|without| without == text),
            Self::Server { path, dialect } => !matches!(dialect.find(path, text), Ok(Found::Ours(_))),
            Self::Instructions { .. } => !block::has_any_block(text),
        }
    }

    /// What is in the file already and is left as it is, in words.
    pub(super) fn left_alone(&self, text: &str) -> Option<&'static str> {
        match self {
            Self::Server { path, dialect } if matches!(dialect.find(path, text), Ok(Found::Theirs(_))) => {
                Some("it has a server `rulemark` of somebody's own, which stays as it is")
            }
            _ => None,
        }
    }

    /// Whether a text is no more than what a file that was made begins with.
    pub(super) fn is_empty(&self, text: &str) -> bool {
        match self {
            Self::Hooks { .. } => {
                matches!(serde_json::from_str(text), Ok(Value::Object(left)) if left.keys().all(|key| key == "version"))
            }
            Self::Server { dialect, .. } => dialect.is_empty(text),
            Self::Instructions { preamble, .. } => text.trim() == preamble.trim(),
        }
    }
}

fn instructions(project: &Project) -> String {
    let paths = &project.settings().engine;
    INSTRUCTIONS.replace("{state}", &paths.state_path).replace("{config}", &paths.config_path)
}
