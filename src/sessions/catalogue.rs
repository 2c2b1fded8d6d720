//! The workflows that can be started from here.

use super::{
    Action, Work,
    failure::{Failure, FailureKind},
};
use crate::{
    library::{Entry, Library},
    workflow::Definition,
};

impl Work<'_> {
    /// The library as it is now: what has changed on the disk is read again.
    pub(super) fn library(&mut self) -> &Library {
        let root = self.store.project.workspace().root();
        let library = self.sessions.library.get_or_insert_with(|| Library::of(Some(root)));
        library.refresh();
        library
    }
}

/// The definition with this id; none when there is no such file any longer.
///
/// # Errors
/// When it can't be read: it is not replaced by one that lies further away.
pub(super) fn current<'l>(library: &'l Library, id: &str) -> Result<Option<&'l Definition>, Failure> {
    let Some(entry) = library.find(id) else { return Ok(None) };
    match entry.definition() {
        Some(definition) => Ok(Some(definition)),
        None => Err(unreadable(entry)),
    }
}

/// The definition to start.
pub(super) fn find<'l>(library: &'l Library, id: &str) -> Result<&'l Definition, Failure> {
    if let Some(definition) = current(library, id)? {
        return Ok(definition);
    }
    let shown: String = id.chars().take(80).collect();
    let message = format!("there is no workflow `{shown}`");
    let failure = Failure::new(FailureKind::NotFound, message, Action::ListWorkflows);
    Err(match library.nearest(id) {
        Some(meant) => failure.fix(format!("did you mean `{meant}`?")),
        None => failure,
    })
}

/// What is wrong with a definition, in a sentence; of many faults no more than `told`.
pub(super) fn problem(entry: &Entry, told: usize) -> String {
    let mut faults: Vec<String> = entry.errors().take(told).map(ToString::to_string).collect();
    let more = entry.errors().count().saturating_sub(told);
    if more > 0 {
        faults.push(format!("and {more} more, which `rulemark workflow check {}` lists", entry.source));
    }
    faults.join("; ")
}

fn unreadable(entry: &Entry) -> Failure {
    let message = format!("workflow {} can't be read: {}", entry.id, problem(entry, 12));
    Failure::new(FailureKind::Validation, message, Action::ListWorkflows)
        .fix(format!("mend {}", entry.source))
}
