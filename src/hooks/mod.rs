//! The hooks of AI coding agents: what an agent is about to do, judged before it does it.
//!
//! An agent starts one process an event, writes the event as JSON to its standard input and reads an
//! answer. [`answer`] is all of it: `protocol` and the table of each agent read the event as an
//! `Occasion` and write a `Reply` in the agent's words; between them nothing knows which agent asks.
//!
//! | when | what is done |
//! | --- | --- |
//! | before an edit, a command | `guard`: refused, remarked upon, or left alone; nothing is written |
//! | after it | `after`: the rules run, and what fired is told in a few lines |
//! | a conversation begins, or was compacted | `statement`: where the project is, at most 1 KB |
//! | the agent wants to stop | `stop`: what is left, a limited number of times |
//!
//! What goes wrong inside refuses what a gate would have judged, and says why; everywhere else the agent
//! goes on as if there were no hook. No answer ever *allows*: that would spare the agent the question its
//! own settings ask the person.
//!
//! Text of the project's files reaches an agent only as what it is, the project's plan and rules, a line
//! each, without control characters and cut to size.

mod after;
mod claude_code;
mod cursor;
mod glob;
mod guard;
mod input;
mod occasion;
mod place;
mod protocol;
mod shell;
mod statement;
mod stop;
mod trial;
mod wording;

pub use input::{InputError, read_input};
pub use protocol::{Answer, Caller, Protocol, Registration};
pub use trial::Trial;

use crate::runtime::{Error, FixedClock, Project};
use occasion::{Occasion, Reply};
use protocol::Heard;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The agents whose hooks are spoken.
pub const PROTOCOLS: [&Protocol; 2] = [&claude_code::PROTOCOL, &cursor::PROTOCOL];

/// What `protocol`'s agent is answered to the event `input`.
#[must_use]
pub fn answer(protocol: &Protocol, input: &[u8], caller: &Caller<'_>) -> Answer {
    let heard = match protocol.hear(input) {
        Ok(heard) => heard,
        Err(message) => return protocol.unreadable(input, &message),
    };
    // A bug must not open a gate.
    let replied = catch_unwind(AssertUnwindSafe(|| reply(&heard, caller)));
    let failure = match replied {
        Ok(Ok(reply)) => return protocol.say(&heard, &reply),
        Ok(Err(error)) => wording::failure(&error),
        Err(_) => "there is a bug in rulemark; the message above says where".to_owned(),
    };
    if heard.occasion.is_gate() {
        protocol.say(&heard, &Reply::Refuse(wording::fails_closed(&failure)))
    } else {
        protocol.fails_open(&failure)
    }
}

fn reply(heard: &Heard, caller: &Caller<'_>) -> Result<Reply, Error> {
    if heard.occasion == Occasion::Other {
        return Ok(Reply::Nothing);
    }
    let Some(mut project) = project(heard, caller)? else { return Ok(Reply::Nothing) };
    match answered(heard, caller, &mut project) {
        // Whoever has it before them is to know; an agent that wants to stop is let go.
        Err(error @ Error::Unmerged { .. }) if heard.occasion.takes_remarks() => {
            Ok(Reply::Remark(wording::failure(&error)))
        }
        replied => replied,
    }
}

fn answered(heard: &Heard, caller: &Caller<'_>, project: &mut Project) -> Result<Reply, Error> {
    match &heard.occasion {
        Occasion::BeforeEdit(edit) => guard::edit(project, heard, edit),
        Occasion::BeforeCommand { line } => guard::command(project, heard, caller, line),
        Occasion::AfterEdit { path } => after::edit(project, heard, path),
        Occasion::AfterCommand => after::command(project),
        Occasion::SessionStarted { is_new } => statement::at_start(project, heard, *is_new),
        Occasion::Prompted => stop::prompted(project, heard).map(|()| Reply::Nothing),
        Occasion::Stopping { is_repeated } => stop::stopping(project, heard, *is_repeated),
        Occasion::Other => Ok(Reply::Nothing),
    }
}

/// The project that the event is about: the one the agent works in, else the one of the file it edits.
fn project(heard: &Heard, caller: &Caller<'_>) -> Result<Option<Project>, Error> {
    let edited = match &heard.occasion {
        Occasion::BeforeEdit(edit) => edit.path.parent(),
        Occasion::AfterEdit { path } => path.parent(),
        _ => None,
    };
    let places = [caller.root, heard.root.as_deref(), heard.folder.as_deref(), Some(caller.folder), edited];
    for place in places.into_iter().flatten() {
        match Project::discover(place) {
            // Where only workflows are run, no rules of a state file hold anybody to anything.
            Ok(project) if project.never_had_state()? => {}
            Ok(project) => return Ok(Some(at(project, caller))),
            Err(error) if error.is_no_project() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn at(project: Project, caller: &Caller<'_>) -> Project {
    match caller.now {
        Some(now) => project.with_clock(Box::new(FixedClock(now))),
        None => project,
    }
}
