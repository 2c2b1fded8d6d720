//! What the engine may ask about runs of the checks: answered from the journal and the work tree.

use super::{Documents, Project, circumstances::AskedChecks};
use crate::{
    document::WorkflowState,
    engine::{self, Evidence, NamedCommand, Standing, Verdict},
    evidence::TreeState,
    journal::{ApprovalRecord, Attested, CheckRecord},
    rules,
    text::Revision,
    trust::{self, Trust, UserFolders},
};
use std::{cell::OnceCell, fmt};

/// The evidence there is for these documents. Nothing is looked up before it is asked for.
pub(super) struct Facts<'p> {
    project: &'p Project,
    documents: &'p Documents,
    /// What does not stand in the journal yet.
    fresh: &'p [Attested],
    checks: OnceCell<AskedChecks>,
}

impl<'p> Facts<'p> {
    pub(super) fn new(project: &'p Project, documents: &'p Documents) -> Self {
        Self::with(project, documents, &[])
    }

    /// The same, with what does not stand in the journal yet.
    pub(super) fn with(project: &'p Project, documents: &'p Documents, fresh: &'p [Attested]) -> Self {
        Self { project, documents, fresh, checks: OnceCell::new() }
    }

    /// The checks as they stood when they were asked for; `None` if nobody has.
    pub(super) fn into_asked_checks(self) -> Option<AskedChecks> {
        self.checks.into_inner()
    }
}

/// How the checks among `commands` stand on the files as they are now; `fresh` does not stand in the journal
/// yet.
pub(super) fn standing(project: &Project, commands: &[NamedCommand], fresh: &[Attested]) -> Standing {
    look(project, commands, fresh).unwrap_or_else(Standing::Unknown)
}

fn look(project: &Project, commands: &[NamedCommand], fresh: &[Attested]) -> Result<Standing, String> {
    let checks: Vec<&NamedCommand> =
        commands.iter().filter(|command| command.is_check() && command.destructive().is_none()).collect();
    if checks.is_empty() {
        return Ok(Standing::NoneNamed);
    }
    // A journal that came with the files may say anything; what the user has trusted did not.
    if !is_trusted(project, commands) {
        return Ok(Standing::Untrusted);
    }
    let told = |error: &dyn fmt::Display| error.to_string();
    let journal = project.journal().map_err(|error| told(&error))?;
    let mut runs = Vec::with_capacity(checks.len());
    for check in &checks {
        let fresh = fresh.iter().rev().find_map(|record| match record {
            Attested::Check(run) if run.result.line == check.line => Some(run.clone()),
            _ => None,
        });
        let kept = || journal.as_ref().map(|journal| journal.latest_check(&check.line)).transpose();
        let run = match fresh {
            Some(run) => Some(run),
            None => kept().map_err(|error| told(&error))?.flatten(),
        };
        match run {
            Some(run) => runs.push(run),
            None => return Ok(Standing::Missing { line: check.line.clone() }),
        }
    }
    let tree = TreeState::of(project.workspace()).map_err(|error| told(&error))?;
    let is_of_these_files = |run: &CheckRecord| run.tree == tree.as_str() && run.tree_after == run.tree;
    if let Some(red) = runs.iter().find(|run| is_of_these_files(run) && !run.result.end.is_green()) {
        return Ok(Standing::Red(red.result.clone()));
    }
    Ok(match runs.into_iter().find(|run| !is_of_these_files(run)) {
        Some(run) => Standing::Stale { moving: run.tree != run.tree_after, line: run.result.line },
        None => Standing::Green,
    })
}

fn is_trusted(project: &Project, commands: &[NamedCommand]) -> bool {
    let root = project.workspace().root();
    UserFolders::of_environment().is_ok_and(|folders| {
        matches!(Trust::new(&folders).standing(root, commands), Ok(trust::Standing::Trusted))
    })
}

/// What the newest decision means for a plan.
pub(super) fn verdict(decision: &ApprovalRecord, plan: Revision) -> Verdict {
    let by = decision.by.clone();
    match (decision.plan == plan, decision.is_yes) {
        (true, true) => Verdict::Approved { by, attested: decision.is_attested },
        (true, false) => Verdict::Rejected { by },
        (false, true) => Verdict::OfAnother { by },
        (false, false) => Verdict::Open,
    }
}

/// The commands that the documents name.
pub(super) fn named(documents: &Documents) -> Vec<NamedCommand> {
    let state = WorkflowState::parse(&documents.state.text);
    let config = documents.config.as_ref().map(|config| config.text.as_str());
    engine::commands(&state, &rules::compile_unreviewed(&state), config)
}

impl fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts").field("checks", &self.checks).finish_non_exhaustive()
    }
}

impl Evidence for Facts<'_> {
    fn checks(&self) -> Standing {
        let asked = self.checks.get_or_init(|| {
            let commands = named(self.documents);
            let standing = standing(self.project, &commands, self.fresh);
            AskedChecks { commands, standing }
        });
        asked.standing.clone()
    }

    fn verdict(&self, plan: Revision) -> Verdict {
        let fresh = self.fresh.iter().rev().find_map(|record| match record {
            Attested::Approval(approval) => Some(approval.clone()),
            Attested::Check(_) | Attested::DroppedConflict(_) | Attested::Session(_) | Attested::Phase(_) => {
                None
            }
        });
        match fresh {
            Some(approval) => verdict(&approval, plan),
            None => self.project.approval().map_or(Verdict::Open, |approval| verdict(&approval, plan)),
        }
    }

    fn state_at(&self, revision: Revision) -> Option<String> {
        let journal = self.project.journal();
        let version = journal.and_then(|journal| journal.map(|it| it.version(revision)).transpose());
        version
            .inspect_err(|error| tracing::debug!(%error, "the rules as they were are not known"))
            .ok()??
    }
}
