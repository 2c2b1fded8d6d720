//! The actions, in one table: names, parameters, and a call of each that is right.

use serde_json::{Value, json};

/// What can be asked of the one tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Which workflows can be started.
    ListWorkflows,
    /// Begin a session, or go on with the one that there is.
    Start,
    /// The open phase.
    GetPhase,
    /// One task of it.
    GetTask,
    /// Close the open phase with evidence.
    CompletePhase,
    /// All of a session's state.
    GetState,
    /// Which sessions there are.
    ListSessions,
    /// One session with its history by phases.
    GetSession,
    /// Delete a session.
    DeleteSession,
    /// Let it wait.
    Pause,
    /// Go on.
    Resume,
    /// Begin the open phase anew.
    RetryPhase,
    /// Go back.
    Rollback,
    /// What was refused.
    GetErrors,
    /// What happened, from the journal.
    GetHistory,
    /// Time, progress and quality.
    GetMetrics,
}

/// One line of the table.
struct Spec {
    action: Action,
    name: &'static str,
    /// The parameters it takes, those it can't do without first.
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

const SPECS: [Spec; 16] = [
    spec(Action::ListWorkflows, "list_workflows", &[], &["category", "query", "cursor"]),
    spec(Action::Start, "start", &["workflow_type", "target_file"], &["options"]),
    spec(Action::GetPhase, "get_phase", &["session_id"], &["phase"]),
    spec(Action::GetTask, "get_task", &["session_id", "phase", "task_number"], &[]),
    spec(Action::CompletePhase, "complete_phase", &["session_id", "phase", "evidence"], &["revision"]),
    spec(Action::GetState, "get_state", &["session_id"], &[]),
    spec(Action::ListSessions, "list_sessions", &[], &["status", "workflow_type", "cursor"]),
    spec(Action::GetSession, "get_session", &["session_id"], &[]),
    spec(Action::DeleteSession, "delete_session", &["session_id"], &["reason", "revision"]),
    spec(Action::Pause, "pause", &["session_id"], &["checkpoint_note", "revision"]),
    spec(Action::Resume, "resume", &["session_id"], &["checkpoint_note", "revision"]),
    spec(Action::RetryPhase, "retry_phase", &["session_id", "phase"], &["reset_evidence", "revision"]),
    spec(Action::Rollback, "rollback", &["session_id", "to_phase"], &["revision"]),
    spec(Action::GetErrors, "get_errors", &["session_id"], &[]),
    spec(Action::GetHistory, "get_history", &["session_id"], &[]),
    spec(Action::GetMetrics, "get_metrics", &[], &["session_id"]),
];

const fn spec(
    action: Action,
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
) -> Spec {
    Spec { action, name, required, optional }
}

/// How many of the table are told to whoever names none of them; the others are for looking closer.
const TOLD: usize = 14;

impl Action {
    /// The action with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        SPECS.iter().find(|spec| spec.name == name).map(|spec| spec.action)
    }

    /// The names that an unknown one is answered with.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SPECS.iter().take(TOLD).map(|spec| spec.name)
    }

    /// Every name.
    pub(super) fn all_names() -> impl Iterator<Item = &'static str> {
        SPECS.iter().map(|spec| spec.name)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// What it can't do without.
    #[must_use]
    pub fn required(self) -> &'static [&'static str] {
        self.spec().required
    }

    /// Whether it takes this parameter.
    #[must_use]
    pub fn takes(self, parameter: &str) -> bool {
        parameter == "action" || self.parameters().any(|known| known == parameter)
    }

    /// All that it takes, beside `action`.
    pub fn parameters(self) -> impl Iterator<Item = &'static str> {
        let spec = self.spec();
        spec.required.iter().chain(spec.optional).copied()
    }

    /// A call of it that is right.
    #[must_use]
    pub fn example(self) -> Value {
        let mut call = json!({ "action": self.name() });
        for parameter in self.required() {
            call[*parameter] = match *parameter {
                "workflow_type" => json!("bug-fix"),
                "target_file" => json!("src/lib.rs"),
                "phase" | "task_number" => json!(1),
                "to_phase" => json!(0),
                "evidence" => json!({}),
                _ => json!("bug_fix_lib_20261121_161005"),
            };
        }
        call
    }

    fn spec(self) -> &'static Spec {
        // The table is in the order of the enum; a test holds that.
        &SPECS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_its_line() {
        for (index, spec) in SPECS.iter().enumerate() {
            assert_eq!(spec.action as usize, index, "{}", spec.name);
            assert_eq!(Action::named(spec.name), Some(spec.action));
            let example = spec.action.example();
            assert!(spec.required.iter().all(|parameter| example.get(parameter).is_some()), "{example}");
        }
        assert_eq!(Action::names().count(), 14);
        assert_eq!(Action::Pause.example()["action"], "pause");
    }
}
