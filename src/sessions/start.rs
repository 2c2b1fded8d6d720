//! `start`: a new session, or the one that there is.

use super::{
    Answer, Work,
    call::Call,
    catalogue,
    failure::{Failure, FailureKind},
    index, paths,
    store::Write,
};
use crate::{
    text::nearest,
    workflow::{
        Definition, FieldType, Scope,
        session::{Beginning, Session, SessionId},
    },
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// How often a name is made anew because another session has it.
const SERIALS: u32 = 10_000;

impl Work<'_> {
    /// `start`.
    pub(super) fn start(&mut self, call: &Call<'_>) -> Answer {
        let root = self.store.project.workspace().root().to_owned();
        let workflow = workflow_type(call)?;
        let target = paths::inside(&root, "target_file", call.required_text("target_file")?)?;
        let none = Map::new();
        let options = call.object("options")?.unwrap_or(&none);
        let definition = catalogue::find(self.library(), workflow)?.clone();
        if let Some(session) = self.standing(workflow, target)? {
            return self.resumed(&session);
        }
        let inputs = self.inputs(&definition, options)?;
        let (definition, warnings) = self.whole(definition, &inputs)?;
        let scope = Scope { inputs: inputs.clone(), target: target.to_owned(), ..Scope::default() };
        let first = definition.first_phase(&scope).map_err(|why| {
            Failure::new(FailureKind::Validation, why.to_string(), call.action).fix("mend the workflow")
        })?;
        let Some(phase) = first.map(|phase| phase.number) else {
            let message = format!("workflow {workflow} has no phase to begin with");
            return Err(Failure::new(FailureKind::Validation, message, call.action));
        };
        expect_text(&definition, phase, &scope)?;
        let _lock = self.store.lock(call.action.name())?;
        // Somebody may have started the same since.
        if let Some(session) = self.standing(workflow, target)? {
            return self.resumed(&session);
        }
        self.expect_room()?;
        let pinned = self.store.pin(&definition)?;
        let before = index::folder_time(&self.store);
        let at = self.store.project.now();
        for serial in 1..SERIALS {
            let id = SessionId::made_of(workflow, target, at, serial);
            let beginning =
                Beginning { id: &id, definition: &definition, pinned, target, options: &inputs, phase, at };
            let text = Session::begin(&beginning);
            let detail = format!("{workflow} on {target}");
            let write = Write { text, label: call.action.name(), phase: Some(phase), detail };
            if self.store.create(&id, &write)? {
                let session = self.store.read(&id)?;
                self.note(&session, before);
                let mut answer = self.started(&session, &definition, false)?;
                if !warnings.is_empty() {
                    answer.insert("warnings".into(), warnings.into());
                }
                return Ok(answer);
            }
        }
        Err(Failure::new(FailureKind::Conflict, "there is no name left for another session", call.action))
    }

    /// The session of this workflow and file that is open.
    fn standing(&mut self, workflow: &str, target: &str) -> Result<Option<Session>, Failure> {
        if !self.has_sessions() {
            return Ok(None);
        }
        let names = self.with_index(|index, store| {
            index.refresh(store)?;
            index.open_about(workflow, target)
        })?;
        for name in names {
            let Some(id) = SessionId::read(&name) else { continue };
            let session = self.store.find(&id, false)?.map(|found| found.session);
            if let Some(session) = session.filter(Session::is_open) {
                return Ok(Some(session));
            }
        }
        Ok(None)
    }

    fn resumed(&mut self, session: &Session) -> Answer {
        let definition = self.definition(session)?;
        self.started(session, &definition, true)
    }

    fn started(&mut self, session: &Session, definition: &Arc<Definition>, resumed: bool) -> Answer {
        let mut answer = Map::new();
        let head = &session.head;
        answer.insert("session_id".into(), head.id.as_str().into());
        answer.insert("workflow_type".into(), head.workflow.as_str().into());
        answer.insert("target_file".into(), head.target.as_str().into());
        answer.insert("current_phase".into(), head.phase.into());
        answer.insert("total_phases".into(), head.phases.into());
        answer.insert("revision".into(), head.revision.into());
        answer.insert("resumed".into(), resumed.into());
        if resumed {
            answer.insert("session_status".into(), head.status.as_str().into());
            answer.insert("where".into(), session.statement().into());
        }
        answer.insert("phase_content".into(), self.phase_content(session, definition, head.phase)?);
        Ok(answer)
    }

    fn expect_room(&mut self) -> Result<(), Failure> {
        let limit = self.store.project.settings().sessions.limit;
        let open = self.with_index(|index, _| index.open_count())?;
        if open < limit {
            return Ok(());
        }
        let message = format!("{open} sessions are open, and no more than {limit} may be");
        Err(Failure::new(FailureKind::State, message, super::Action::ListSessions)
            .with_parameter("status", "active")
            .fix("complete or delete one, or raise `limit` under [sessions] in rulemark.toml"))
    }

    /// What the session is started with: the options, and the defaults of inputs that were not given.
    fn inputs(
        &self,
        definition: &Definition,
        options: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Failure> {
        let root = self.store.project.workspace().root();
        let mut inputs = options.clone();
        let mut faults = misspelt(definition, options);
        for input in &definition.inputs {
            match options.get(&input.name).filter(|value| !value.is_null()) {
                Some(value) => {
                    if let (FieldType::Path, Some(path)) = (input.kind, value.as_str()) {
                        paths::inside(root, &input.name, path)?;
                    }
                    faults.extend(input.fault(value).map(|fault| format!("`{}` {fault}", input.name)));
                }
                None => match &input.default {
                    Some(default) => drop(inputs.insert(input.name.clone(), default.clone())),
                    None if input.required => {
                        faults.push(format!("`{}` is missing: {}", input.name, input.description));
                    }
                    None => {}
                },
            }
        }
        if faults.is_empty() {
            return Ok(inputs);
        }
        let message = format!("workflow {} can't start: {}", definition.id, faults.join("; "));
        let example: Map<String, Value> =
            definition.inputs.iter().map(|input| (input.name.clone(), "…".into())).collect();
        Err(Failure::new(FailureKind::Validation, message, super::Action::Start)
            .with_parameter("workflow_type", definition.id.as_str())
            .with_parameter("options", example)
            .fix("give each input in `options`, of its own type"))
    }

    /// The definition with all its phases, and what to know about them.
    fn whole(
        &self,
        definition: Definition,
        inputs: &Map<String, Value>,
    ) -> Result<(Arc<Definition>, Vec<String>), Failure> {
        let Some(source) = &definition.dynamic else { return Ok((Arc::new(definition), Vec::new())) };
        let root = self.store.project.workspace().root();
        let refused = |message: String| {
            Failure::new(FailureKind::Validation, message, super::Action::Start)
                .with_parameter("workflow_type", definition.id.as_str())
                .with_parameter("options", serde_json::json!({ source.option.as_str(): "specs/feature" }))
                .fix(format!(
                    "give `options.{}`: the folder of the specification, or its tasks.md",
                    source.option
                ))
        };
        let Some(given) = inputs.get(&source.option).and_then(Value::as_str) else {
            return Err(refused(format!("workflow {} needs the option `{}`", definition.id, source.option)));
        };
        let path = paths::inside(root, &source.option, given)?;
        let (filled, warnings) =
            super::texts::filled(self.store.project, &definition, path).map_err(refused)?;
        Ok((Arc::new(filled), warnings))
    }
}

/// Refuses a workflow whose first words can't be handed out, before there is a session of it.
fn expect_text(definition: &Definition, phase: u32, scope: &Scope) -> Result<(), Failure> {
    let Some(phase) = definition.phase(phase) else { return Ok(()) };
    phase.text_in(scope).map(drop).map_err(|why| {
        let message = format!("phase {} of workflow {}: {why}", phase.number, definition.id);
        Failure::new(FailureKind::Validation, message, super::Action::ListWorkflows)
            .fix(format!("mend {}", phase.place.file))
    })
}

/// Options that nobody asks for, where they look like an input that was not given. Others are kept for
/// whoever reads the session.
fn misspelt(definition: &Definition, options: &Map<String, Value>) -> Vec<String> {
    let open = || {
        let names = definition.inputs.iter().map(|input| input.name.as_str());
        let source = definition.dynamic.iter().map(|source| source.option.as_str());
        names.chain(source).filter(|name| !options.contains_key(*name))
    };
    let is_known = |name: &str| definition.inputs.iter().any(|input| input.name == name);
    let unknown = options.keys().filter(|name| !is_known(name));
    unknown
        .filter_map(|name| {
            let meant = nearest(name, open())?;
            Some(format!("there is no input `{name}`; did you mean `{meant}`?"))
        })
        .collect()
}

/// The workflow's id, which is no path.
fn workflow_type<'a>(call: &Call<'a>) -> Result<&'a str, Failure> {
    let given = call.required_text("workflow_type")?;
    let is_named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '.');
    if !given.is_empty() && given.len() <= 80 && given.chars().all(is_named) && !given.contains("..") {
        return Ok(given);
    }
    let message = "`workflow_type` is no workflow's id: letters, digits, `-`, `_` and `:`";
    Err(Failure::new(FailureKind::Value, message, super::Action::ListWorkflows)
        .fix("take it from list_workflows"))
}
