//! What holds after every event, whatever the rules say.

use crate::{
    engine::{self, Cause, Event, Memory, Outcome, Snapshot},
    markdown::Markdown,
    text::{Patch, Revision, Severity},
};

/// A promise of the engine that an event broke: a bug in Rulemark, never in the rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A patch does not fit the text it was computed from.
    #[error("the edits of {0} do not fit its text: {1}")]
    PatchDoesNotFit(String, String),
    /// A byte outside the edits changed.
    #[error("{0} changed outside the edits that were reported")]
    ChangedElsewhere(String),
    /// The blocks of a text are not the text.
    #[error("the blocks of {0} do not make up its text")]
    BlocksDoNotTile(String),
    /// The same event on the same files had two outcomes.
    #[error("the same event on the same files had two outcomes")]
    NotDeterministic,
    /// What is remembered as settled is not what the files hold.
    #[error("what is remembered as settled is not what {0} holds")]
    SettledElsewhere(String),
    /// A second pass, with nothing changed, did something.
    #[error("a second pass, with nothing changed, {0}")]
    NotSettled(String),
    /// Two waiting steps have one id.
    #[error("two waiting steps have the id {0}")]
    DuplicateId(String),
}

/// The texts of the two documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Texts {
    pub(super) state: String,
    pub(super) config: Option<String>,
}

/// Advances, applies the outcome, and checks what must hold. Answers with the outcome and the texts
/// it leads to.
pub(super) fn advance_checked(snapshot: &Snapshot<'_>, event: &Event) -> Result<(Outcome, Texts), Violation> {
    let outcome = engine::advance(snapshot, event);
    if engine::advance(snapshot, event) != outcome {
        return Err(Violation::NotDeterministic);
    }
    let settings = snapshot.settings;
    let state = applied(&settings.state_path, snapshot.state, &outcome.state)?;
    let config = match (snapshot.config, &outcome.config) {
        (Some(before), Some(patch)) => Some(applied(&settings.config_path, before, patch)?),
        (before, _) => before.map(str::to_owned),
    };
    let texts = Texts { state, config };
    if is_refused(snapshot, &outcome) {
        return Ok((outcome, texts));
    }
    check_memory(snapshot, &outcome.memory, &texts)?;
    check_second_pass(snapshot, event, &outcome.memory, &texts)?;
    Ok((outcome, texts))
}

/// Whether the file was beyond a limit, so that nothing was done, settled or forgotten.
fn is_refused(snapshot: &Snapshot<'_>, outcome: &Outcome) -> bool {
    let is_told = outcome.diagnostics.iter().any(|found| found.severity == Severity::Error);
    is_told
        && *outcome == Outcome { diagnostics: outcome.diagnostics.clone(), ..Outcome::unchanged(snapshot) }
}

/// Applies a patch; looks at the result without trusting how it was made.
fn applied(name: &str, before: &str, patch: &Patch) -> Result<String, Violation> {
    let after = patch
        .apply(before)
        .map_err(|error| Violation::PatchDoesNotFit(name.to_owned(), error.to_string()))?;
    let (mut old, mut new) = (0, 0);
    for edit in patch.edits() {
        let kept = edit.span.start - old;
        let same = before.as_bytes()[old..old + kept] == after.as_bytes()[new..new + kept];
        if !same || !after[new + kept..].starts_with(&edit.new_text) {
            return Err(Violation::ChangedElsewhere(name.to_owned()));
        }
        old = edit.span.end;
        new += kept + edit.new_text.len();
    }
    if before[old..] != after[new..] {
        return Err(Violation::ChangedElsewhere(name.to_owned()));
    }
    for text in [before, &after] {
        let blocks = Markdown::parse(text);
        let tiled: usize = blocks
            .blocks()
            .iter()
            .try_fold(0, |at, block| {
                (block.span.start == at && block.span.end >= at).then_some(block.span.end)
            })
            .unwrap_or(usize::MAX);
        if tiled != text.len() {
            return Err(Violation::BlocksDoNotTile(name.to_owned()));
        }
    }
    Ok(after)
}

fn check_memory(snapshot: &Snapshot<'_>, memory: &Memory, texts: &Texts) -> Result<(), Violation> {
    for (at, step) in memory.pending.iter().enumerate() {
        if memory.pending[..at].iter().any(|other| other.id == step.id) {
            return Err(Violation::DuplicateId(step.id.clone()));
        }
    }
    let settled = memory.settled.as_ref();
    if settled.map(|settled| settled.state) != Some(Revision::of(&texts.state)) {
        return Err(Violation::SettledElsewhere(snapshot.settings.state_path.clone()));
    }
    if settled.and_then(|settled| settled.config) != texts.config.as_ref().map(Revision::of) {
        return Err(Violation::SettledElsewhere(snapshot.settings.config_path.clone()));
    }
    Ok(())
}

fn check_second_pass(
    snapshot: &Snapshot<'_>,
    event: &Event,
    memory: &Memory,
    texts: &Texts,
) -> Result<(), Violation> {
    let again = Snapshot { state: &texts.state, config: texts.config.as_deref(), memory, ..*snapshot };
    let event = Event { cause: Cause::FilesChanged, at: event.at, id: event.id + 1 };
    let second = engine::advance(&again, &event);
    let fired: Vec<&str> = second.firings.iter().map(|firing| firing.clause.rule.as_str()).collect();
    if !fired.is_empty() {
        return Err(Violation::NotSettled(format!("fired {}", fired.join(", "))));
    }
    if second.writes() {
        return Err(Violation::NotSettled("changed a file".into()));
    }
    if second.memory.pending != memory.pending {
        return Err(Violation::NotSettled("changed what waits".into()));
    }
    Ok(())
}
