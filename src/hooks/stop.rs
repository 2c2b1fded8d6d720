//! An agent that wants to stop while there is work for it.
//!
//! It is told what is left, but never for ever: so often in a row while nothing moves, and so often in
//! all until the person says something. How often is kept in `.rulemark/stops`, a line a conversation.

use super::{occasion::Reply, protocol::Heard, statement, wording};
use crate::{
    document::WorkflowState,
    engine::{PendingKind, Turn},
    runtime::{Documents, Error, Project},
    text::Revision,
};
use std::{fs, io, path::PathBuf};

/// How many conversations are remembered.
const SESSIONS: usize = 16;

/// How many times as often as without progress an agent is told in all.
const IN_ALL: u64 = 10;

/// The longest file of counts that is read, in bytes.
const LONGEST: u64 = 16 << 10;

/// The longest message, in bytes.
const BYTES: usize = 1_024;

/// How often one conversation was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Count {
    session: String,
    /// What the state was when it was told last.
    progress: String,
    /// While it was that.
    in_a_row: u64,
    in_all: u64,
}

/// The person has said something, or a conversation begins: counting begins anew.
pub(super) fn prompted(project: &Project, heard: &Heard) -> Result<(), Error> {
    let file = Counts::of(project);
    let mut counts = file.read();
    let before = counts.len();
    let session = name(&heard.session);
    counts.retain(|count| count.session != session);
    if counts.len() < before {
        // A count that can't be taken back only makes the agent stop sooner.
        file.write(&counts).ok();
    }
    Ok(())
}

/// Whether the agent may stop, or is told what is left.
pub(super) fn stopping(project: &Project, heard: &Heard, is_repeated: bool) -> Result<Reply, Error> {
    let limit = project.settings().hooks.stop_limit;
    if limit == 0 {
        return Ok(Reply::Nothing);
    }
    let documents = project.read()?;
    let guidance = project.guidance(&documents)?;
    let asks = guidance.pending.iter().any(|step| step.kind == PendingKind::Ask);
    if guidance.turn != Turn::Agent
        || guidance.needs_item
        || asks
        || guidance.left == 0 && guidance.pending.is_empty()
    {
        return Ok(Reply::Nothing);
    }
    let file = Counts::of(project);
    let mut counts = file.read();
    let session = name(&heard.session);
    let earlier = counts.iter().position(|count| count.session == session).map(|at| counts.remove(at));
    let progress = progress(&documents);
    let has_moved = earlier.as_ref().is_none_or(|count| count.progress != progress);
    let earlier = earlier.unwrap_or_default();
    let in_a_row = if has_moved { 0 } else { earlier.in_a_row };
    // An agent that only goes on because it was told to, and has done nothing since, is let go.
    if in_a_row >= limit || earlier.in_all >= limit * IN_ALL || is_repeated && !has_moved {
        return Ok(Reply::Nothing);
    }
    counts.push(Count { session, progress, in_a_row: in_a_row + 1, in_all: earlier.in_all + 1 });
    let excess = counts.len().saturating_sub(SESSIONS);
    counts.drain(..excess);
    if file.write(&counts).is_err() {
        // What can't be counted could go on for ever.
        return Ok(Reply::Nothing);
    }
    let mut lines = vec![format!("There is work left. {}", statement::position(&guidance))];
    lines.extend(statement::plan(&documents.state.text).map(|plan| plan.line()));
    lines.extend(statement::next(&guidance));
    lines.push("If you can't go on, say why in Log (`rulemark log \"…\"`) and ask the person.".into());
    Ok(Reply::GoOn(wording::within(&lines.join("\n"), BYTES)))
}

/// What counts as having moved on: the State keys, and how many items and steps of the plan are done.
fn progress(documents: &Documents) -> String {
    let state = WorkflowState::parse(&documents.state.text);
    let value = |name: &str| state.value(name).unwrap_or_default().to_owned();
    let items =
        state.items().rows().iter().map(|item| item.status.clone().unwrap_or_default()).collect::<Vec<_>>();
    let plan = statement::plan(&documents.state.text).map(|plan| plan.line()).unwrap_or_default();
    let all = [value("Phase"), value("Status"), value("CurrentItem"), items.join("|"), plan];
    Revision::of(all.join("\n")).to_string()
}

/// A conversation's name as it is kept: whatever an agent calls it.
fn name(session: &str) -> String {
    Revision::of(session).to_string()
}

/// The file of counts.
struct Counts(PathBuf);

impl Counts {
    fn of(project: &Project) -> Self {
        Self(project.workspace().internal().join("stops"))
    }

    /// What is kept; whatever is no count is none.
    fn read(&self) -> Vec<Count> {
        let is_small = fs::symlink_metadata(&self.0).is_ok_and(|it| it.is_file() && it.len() <= LONGEST);
        let text = is_small.then(|| fs::read_to_string(&self.0).ok()).flatten().unwrap_or_default();
        let count = |line: &str| {
            let mut words = line.split(' ');
            let mut next = || words.next();
            Some(Count {
                session: next()?.to_owned(),
                progress: next()?.to_owned(),
                in_a_row: next()?.parse().ok()?,
                in_all: next()?.parse().ok()?,
            })
        };
        text.lines().filter_map(count).collect()
    }

    /// Keeps them. Of two conversations that do so at once one may be forgotten; it is told once more.
    fn write(&self, counts: &[Count]) -> io::Result<()> {
        let folder = self.0.parent().unwrap_or(&self.0);
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        for count in counts {
            let Count { session, progress, in_a_row, in_all } = count;
            io::Write::write_fmt(&mut file, format_args!("{session} {progress} {in_a_row} {in_all}\n"))?;
        }
        file.persist(&self.0)?;
        Ok(())
    }
}
