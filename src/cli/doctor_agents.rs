//! What `doctor` finds in the files of AI coding agents: whether their hooks are there, and hold.

use super::{change::plural, doctor::Checked, error::CommandError};
use crate::{
    hooks::Protocol,
    process,
    runtime::Project,
    setup::{AGENTS, Agent, Change, InstalledHook, InstalledServer, SetupError},
};
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
    let server = match server(project, agent)? {
        Ok(told) => told,
        Err(finding) => {
            return Ok(Checked::fail(NAME, format!("{title}: {finding}"), ON_PATH));
        }
    };
    if !agent.has_hooks() {
        return Ok(Checked::ok(NAME, format!("{title}: {server}, instructions, no hooks")));
    }
    let hooks = agent.hooks(project)?;
    let Some(InstalledHook { protocol, .. }) = hooks.first() else {
        return Ok(Checked::warn(NAME, format!("{title}: no hooks"), &renew));
    };
    let count = hooks.len();
    Ok(match tried(protocol, project.workspace().root()) {
        Ok(trials) => Checked::ok(
            NAME,
            format!(
                "{title}: {server}; {count} {}, {trials} trials: what is forbidden is refused, the rest is not",
                plural(count, "hook")
            ),
        ),
        Err(finding) => Checked::fail(NAME, format!("{title}: {finding}"), ON_PATH),
    })
}

/// What there is to say of the entry of the MCP server; the inner error when it can't be started.
fn server(project: &Project, agent: &Agent) -> Result<Result<String, String>, SetupError> {
    let Some(InstalledServer { path, program, is_ours }) = agent.server(project)? else {
        return Ok(Ok("no server".into()));
    };
    let whose = if is_ours { "" } else { " (written by hand)" };
    let is_found = program.as_deref().is_none_or(|program| {
        // A variable of the agent's own can't be followed.
        program.contains('$')
            || if program.contains(['/', '\\']) {
                project.workspace().root().join(program).is_file()
            } else {
                process::is_installed(program)
            }
    });
    Ok(if is_found {
        Ok(format!("server in {path}{whose}"))
    } else {
        let program = program.unwrap_or_default();
        Err(format!("the server in {path}{whose} starts `{program}`, which is not there"))
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
