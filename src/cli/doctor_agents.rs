//! What `doctor` finds in the files of AI coding agents: whether their hooks are there, and hold.

use super::{change::plural, doctor::Checked, error::CommandError};
use crate::{
    hooks::Protocol,
    process,
    runtime::Project,
    setup::{AGENTS, Agent, Change, InstalledHook, SetupError},
};
use std::path::Path;

const NAME: &str = "agents";

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
    if !agent.has_hooks() {
        return Ok(Checked::ok(NAME, format!("{title}: instructions, no hooks")));
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
                "{title}: {count} {}, {trials} trials: what is forbidden is refused, the rest is not",
                plural(count, "hook")
            ),
        ),
        Err(finding) => Checked::fail(
            NAME,
            format!("{title}: {finding}"),
            "the agent finds `rulemark` on its PATH; put this version there",
        ),
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
