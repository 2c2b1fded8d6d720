//! What `doctor` finds in the files of AI coding agents: whether their hooks are there, and hold.

use super::{change::plural, doctor::Checked, error::CommandError};
use crate::{
    hooks::Protocol,
    process,
    runtime::Project,
    setup::{AGENTS, Agent, Change, InstalledHook, InstalledServer, SetupError},
};
use memchr::memmem;
use std::path::Path;

const NAME: &str = "agents";

const ON_PATH: &str = "the agent finds `rulemark` on its PATH; put this version there";

/// A check an agent that is set up here.
pub(super) fn agents(project: &Project) -> Vec<Checked> {
    let checks: Vec<Checked> = AGENTS.iter().filter_map(|agent| check(project, agent)).collect();
    if checks.is_empty() {
        return vec![Checked::ok(NAME, "none is set up; `rulemark init --agent NAME` does it")];
    }
    checks
}

fn check(project: &Project, agent: &Agent) -> Option<Checked> {
    match agent.is_installed(project) {
        Ok(false) => None,
        Ok(true) => Some(examine(project, agent).unwrap_or_else(failed)),
        Err(error) => Some(failed(error)),
    }
}

fn failed(error: SetupError) -> Checked {
    Checked::failed(NAME, &CommandError::from(error))
}

fn examine(project: &Project, agent: &Agent) -> Result<Checked, SetupError> {
    let title = agent.title;
    let renew = format!("`rulemark init --agent {}` writes them anew", agent.name);
    if agent.installed(project)?.iter().any(Change::is_any) {
        return Ok(Checked::warn(
            NAME,
            format!("{title}: its files are not as this version writes them"),
            &renew,
        ));
    }
    let fail = |finding: String| Checked::fail(NAME, format!("{title}: {finding}"), ON_PATH);
    let hooks = if agent.has_hooks() {
        let hooks = agent.hooks(project)?;
        let Some(InstalledHook { protocol, .. }) = hooks.first() else {
            return Ok(Checked::warn(NAME, format!("{title}: no hooks"), &renew));
        };
        let count = hooks.len();
        match tried(protocol, project.workspace().root()) {
            Ok(trials) => format!(
                "{count} {}, {trials} trials: what is forbidden is refused, the rest is not",
                plural(count, "hook")
            ),
            Err(finding) => return Ok(fail(finding)),
        }
    } else {
        "no hooks".to_owned()
    };
    Ok(match server(project, agent)? {
        Ok(server) => Checked::ok(NAME, format!("{title}: {hooks}; {server}")),
        Err(finding) => fail(finding),
    })
}

/// What a client begins with.
const INITIALIZE: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"rulemark doctor","version":"1"}}}
"#;

/// What there is to say of the MCP server; the inner error when the agent could not use it. A server that
/// somebody entered by hand is looked for, but not started.
fn server(project: &Project, agent: &Agent) -> Result<Result<String, String>, SetupError> {
    let Some(InstalledServer { path, program, is_ours }) = agent.server(project)? else {
        return Ok(Ok("no server".into()));
    };
    let root = project.workspace().root();
    if is_ours {
        let call = process::quiet("rulemark", root).args(["-C".as_ref(), root.as_os_str(), "mcp".as_ref()]);
        return Ok(match call.answer_to(INITIALIZE) {
            Ok(answer) if memmem::find(&answer, b"\"serverInfo\"").is_some() => {
                Ok(format!("the server in {path} answers"))
            }
            Ok(_) => Err(format!("the server in {path} does not answer")),
            Err(error) => Err(format!("the server in {path} can't be started: {error}")),
        });
    }
    let is_there = program.as_deref().is_none_or(|program| {
        // A variable of the agent's own can't be followed.
        program.contains('$')
            || if program.contains(['/', '\\']) {
                root.join(program).is_file()
            } else {
                process::is_installed(program)
            }
    });
    Ok(if is_there {
        Ok(format!("the server in {path} was entered by hand"))
    } else {
        let program = program.unwrap_or_default();
        Err(format!("the server in {path}, entered by hand, starts `{program}`, which is not there"))
    })
}

/// Calls the hook as the agent would, with what must be refused and what must not; how often, or what was
/// wrong. It is what this version would write: an agent's settings may name any command, and a stranger's
/// are not run.
fn tried(protocol: &Protocol, root: &Path) -> Result<usize, String> {
    let trials = protocol.trials(root);
    for trial in &trials {
        let hook =
            process::quiet("rulemark", root).args(["hook", protocol.name]).env(protocol.root_variable, root);
        let answer = hook.answer_to(trial.event.as_bytes());
        let answer = answer.map_err(|error| format!("the hook can't be called: {error}"))?;
        match (trial.is_forbidden, protocol.is_refusal(&answer)) {
            (true, false) => return Err(format!("the hook lets {} pass", trial.act)),
            (false, true) => return Err(format!("the hook refuses {}", trial.act)),
            _ => {}
        }
    }
    Ok(trials.len())
}
