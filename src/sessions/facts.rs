//! What gates ask about, looked up: files of the workspace, commits, trusted commands, people.

use super::{complete::evidence_hash, gate_commands::GateRuns};
use crate::{
    disk::{FileSystem as _, LocalFileSystem, Refusal},
    engine::{FileFact, Files as _, NamedCommand, Purpose},
    git::Repository,
    runtime::{self, Checks, Project},
    text::{DocumentId, Revision, RevisionHasher},
    trust::{TrustError, UserFolders},
    workflow::{Answer, Definition, Evidence, Question, session::Session},
};
use std::{
    io::Read as _,
    path::{Component, Path},
};

/// Who asks.
pub(super) struct Asked<'a> {
    pub(super) session: &'a Session,
    pub(super) phase: u32,
    pub(super) evidence: &'a Evidence,
    /// How the commands went that the gate has asked for; none before they have run.
    pub(super) ran: Option<&'a GateRuns>,
}

/// The largest file that is hashed.
const HASHED: u64 = 1 << 30;

/// The answer to a question, as things are now.
pub(super) fn answer(project: &mut Project, asked: &Asked<'_>, question: &Question) -> Answer {
    match question {
        Question::Command(line) => match asked.ran {
            Some(ran) => ran.answer(project.workspace(), line),
            None => Answer::Refused("nobody has run it".into()),
        },
        Question::Exists(path) => exists(project, path),
        Question::Sha256(path) => hash(project, path),
        Question::Commit(commit) => is_commit(project, commit),
        Question::Approval(words) => approval(project, asked, words),
    }
}

fn exists(project: &Project, path: &str) -> Answer {
    if is_own(project, path) {
        return Answer::Refused(
            "Rulemark's own files and the folder as a whole show nothing of the work; name the file"
                .to_owned(),
        );
    }
    match project.workspace().fact(path) {
        Some(FileFact::Present | FileFact::Empty) => Answer::Yes,
        _ => Answer::No,
    }
}

/// Whether it is there whatever anybody has done: the workspace itself, or what Rulemark keeps in it.
fn is_own(project: &Project, path: &str) -> bool {
    let workspace = project.workspace();
    let mut parts = Path::new(path).components().filter(|part| *part != Component::CurDir);
    match parts.next() {
        None => true,
        Some(first) => Some(first.as_os_str()) == workspace.internal().file_name(),
    }
}

fn hash(project: &Project, path: &str) -> Answer {
    let root = project.workspace().root();
    match exists(project, path) {
        Answer::Yes => {}
        other => return other,
    }
    let file = match LocalFileSystem.open(root, &root.join(path)) {
        Ok(file) => file,
        Err(Refusal::Outside(_)) => return Answer::No,
        Err(Refusal::Io(error)) => return Answer::Refused(format!("{path} can't be read: {error}")),
    };
    match file.metadata() {
        Ok(found) if !found.is_file() => return Answer::No,
        Ok(found) if found.len() > HASHED => {
            return Answer::Refused(format!("{path} is larger than {HASHED} bytes"));
        }
        _ => {}
    }
    let mut hasher = RevisionHasher::default();
    let mut file = file.take(HASHED);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Answer::Hash(hasher.finish().to_string()),
            Ok(length) => hasher.update(&buffer[..length]),
            Err(error) => return Answer::Refused(format!("{path} can't be read: {error}")),
        }
    }
}

fn is_commit(project: &Project, commit: &str) -> Answer {
    match Repository::of(project.workspace().root()).map(|repository| repository.has_commit(commit)) {
        Ok(true) => Answer::Yes,
        Ok(false) => Answer::No,
        Err(error) => Answer::Refused(format!("git can't say: {error}")),
    }
}

/// The commands of a definition's gates, which a person trusts all together.
pub(crate) fn commands_of(definition: &Definition) -> Vec<NamedCommand> {
    let mut commands: Vec<NamedCommand> = Vec::new();
    for phase in &definition.phases {
        for command in &phase.gate.commands {
            if commands.iter().all(|known| known.line != command.command) {
                commands.push(NamedCommand {
                    purpose: Purpose::Step(definition.id.clone()),
                    label: format!("gate of phase {}", phase.number),
                    line: command.command.clone(),
                    document: DocumentId::State,
                    at: command.place.line as usize,
                });
            }
        }
    }
    commands
}

/// What can run the commands of a definition; why nothing may.
pub(super) fn checks(project: &Project, definition: &Definition) -> Result<Checks, String> {
    let workflow = &definition.id;
    let looked = || {
        let folders = UserFolders::of_environment().map_err(TrustError::from)?;
        let checks = project.workflow_checks(workflow, commands_of(definition), &folders)?;
        checks.require_trust()?;
        Ok(checks)
    };
    looked().map_err(|error: runtime::Error| match error {
        runtime::Error::Untrusted { .. } => format!(
            "nobody has trusted the commands of workflow {workflow} as they are: a person decides with `rulemark \
             trust --workflow {workflow}`"
        ),
        error => error.to_string(),
    })
}

/// What a person is asked about a phase: these words, about this evidence. Other evidence is another
/// question, so nothing is handed in that the person has not seen.
pub(crate) fn question(session: &Session, phase: u32, evidence: Revision, words: &str) -> Revision {
    // An approval that was given before a rollback was about other work.
    let undone = session.attempts.iter().filter(|attempt| attempt.undone.is_some()).count();
    Revision::of(format!("{}\n{phase}\n{undone}\n{evidence}\n{words}", session.head.id))
}

fn approval(project: &mut Project, asked: &Asked<'_>, words: &str) -> Answer {
    let id = asked.session.head.id.as_str();
    let question = question(asked.session, asked.phase, evidence_hash(asked.evidence), words);
    let Ok(Some(journal)) = project.existing_journal() else {
        return Answer::Refused("decisions stand in the journal, and there is none that can be read".into());
    };
    match journal.latest_phase_approval(id, asked.phase) {
        Ok(Some(decision)) if decision.question == question => {
            if decision.is_yes {
                Answer::Yes
            } else {
                Answer::No
            }
        }
        Ok(_) => Answer::Refused(format!(
            "a person has to approve this evidence, at a terminal: `rulemark approve --session {id}`"
        )),
        Err(error) => Answer::Refused(error.to_string()),
    }
}
