//! Whether a person is at the other end.

use super::UserSettings;
use std::{
    ffi::{OsStr, OsString},
    fs,
    io::{self, IsTerminal as _},
};

/// Variables that agents set for the commands they run, and the agent that does. An editor's variables
/// that stand in its terminals for people as well are none.
const MARKERS: [(&str, &str); 22] = [
    ("AI_AGENT", "an agent"),
    ("CLAUDECODE", "Claude Code"),
    ("CLAUDE_CODE", "Claude Code"),
    ("CLAUDE_CODE_ENTRYPOINT", "Claude Code"),
    ("CLAUDE_CODE_SESSION_ID", "Claude Code"),
    ("CURSOR_AGENT", "Cursor"),
    ("CODEX_CI", "Codex"),
    ("CODEX_SANDBOX", "Codex"),
    ("CODEX_SANDBOX_NETWORK_DISABLED", "Codex"),
    ("CODEX_THREAD_ID", "Codex"),
    ("GEMINI_CLI", "Gemini CLI"),
    ("OPENCODE", "opencode"),
    ("OPENCODE_CALLER", "opencode"),
    ("OPENCODE_CLIENT", "opencode"),
    ("OPENCODE_PID", "opencode"),
    ("COPILOT_CLI", "GitHub Copilot"),
    ("AUGMENT_AGENT", "Augment"),
    ("ANTIGRAVITY_AGENT", "Antigravity"),
    ("CLINE_ACTIVE", "Cline"),
    ("GOOSE_TERMINAL", "Goose"),
    ("AMP_THREAD_ID", "Amp"),
    ("KIRO_AGENT", "Kiro"),
];

/// How many processes are looked at, from this one upwards.
const ANCESTORS: usize = 64;

/// Who asks for something that only a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// Somebody at a terminal that no agent has started.
    AtTerminal,
    /// Whoever it is: the user's own settings allow it.
    Vouched,
    /// This agent, by what it leaves in the environment.
    Agent(&'static str),
    /// Nobody who could be asked: there is no terminal.
    NoTerminal,
}

impl Person {
    /// Looks around this process.
    #[must_use]
    pub fn around(settings: &UserSettings) -> Self {
        if settings.person.unattended {
            return Self::Vouched;
        }
        match agent_around() {
            Some(agent) => Self::Agent(agent),
            None if io::stdin().is_terminal() && io::stderr().is_terminal() => Self::AtTerminal,
            None => Self::NoTerminal,
        }
    }
}

/// The agent that has started this process, or one of those above it; `None` when none shows.
#[must_use]
pub fn agent_around() -> Option<&'static str> {
    marked(std::env::vars_os()).or_else(|| ancestors().find_map(agent_of_process))
}

/// Whether an answer that an agent's client sends is a person's, as far as that can be told from here.
///
/// A model writes the arguments of calls; forms are shown by its client, and the client sends what was
/// entered. So the answer is a person's, unless the agent plays the client: in its shell it could start a
/// server and answer the form itself. What an agent starts in its shell bears its marks; then the answer
/// counts only if the user's own settings say so.
#[must_use]
pub fn is_person_behind_client(settings: &UserSettings) -> bool {
    settings.person.unattended || settings.person.clients || agent_around().is_none()
}

/// The name of the user, as the environment has it.
#[must_use]
pub fn user_name() -> String {
    let named = ["USER", "LOGNAME", "USERNAME"].iter().find_map(std::env::var_os);
    let name = named.map(|name| name.to_string_lossy().split_whitespace().collect::<Vec<_>>().join(" "));
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "somebody".into())
}

fn marked(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Option<&'static str> {
    variables.into_iter().find_map(|(name, value)| {
        let agent = MARKERS.iter().find(|(marker, _)| name == OsStr::new(marker)).map(|(_, agent)| *agent);
        agent.filter(|_| !value.is_empty() && value != "0" && value != "false")
    })
}

/// The numbers of the processes above this one. Only Linux tells; elsewhere this process's own
/// environment must do.
fn ancestors() -> impl Iterator<Item = u32> {
    let parent = |process: u32| {
        let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // `pid (name) state parent …`; the name may hold anything.
        let behind = text.rsplit_once(')')?.1;
        behind.split_whitespace().nth(1)?.parse().ok().filter(|&parent: &u32| parent > 1)
    };
    std::iter::successors(parent(std::process::id()), move |&process| parent(process)).take(ANCESTORS)
}

/// The agent that a process was started by: a clean environment further down does not hide it.
fn agent_of_process(process: u32) -> Option<&'static str> {
    let environment = fs::read(format!("/proc/{process}/environ")).ok()?;
    let variables = environment.split(|&byte| byte == 0).filter_map(|variable| {
        let (name, value) = std::str::from_utf8(variable).ok()?.split_once('=')?;
        Some((OsString::from(name), OsString::from(value)))
    });
    marked(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_known_by_what_they_set() {
        let check = |name: &str, value: &str, expected: Option<&str>| {
            let variables = [(OsString::from("PATH"), OsString::from("/bin")), (name.into(), value.into())];
            assert_eq!(marked(variables), expected, "{name}={value}");
        };
        check("CLAUDECODE", "1", Some("Claude Code"));
        check("CURSOR_AGENT", "1", Some("Cursor"));
        check("CODEX_SANDBOX", "seatbelt", Some("Codex"));
        check("GEMINI_CLI", "1", Some("Gemini CLI"));
        check("OPENCODE", "1", Some("opencode"));
        check("COPILOT_CLI", "1", Some("GitHub Copilot"));
        check("AI_AGENT", "new-one", Some("an agent"));
        check("CURSOR_TRACE_ID", "abc", None);
        check("TERM_PROGRAM", "vscode", None);
        check("CLAUDECODE", "", None);
        check("CLAUDECODE", "0", None);
    }

    #[test]
    fn whoever_the_user_vouches_for_is_believed() {
        let mut settings = UserSettings::default();
        settings.person.unattended = true;
        assert_eq!(Person::around(&settings), Person::Vouched);
    }
}
