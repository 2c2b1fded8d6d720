//! What the agent or the person should do now.
//!
//! Everything here stands in the snapshot; nothing is guessed. The answer is small: an agent pays
//! for every byte of it.

use super::{
    evaluate::{Asker, View, finished_item, is_open, same_word},
    evidence::Verdict,
    model::{ApprovalMode, Memory, PendingKind, PendingStep, Snapshot},
    plan::{lack, objectionable, plan_gate},
    wishes::CheckedPhase,
};
use crate::{
    document::{Item, WorkflowState},
    rules::{self, NewValue, Phase, Rule, RuleSet, Step, StepKind},
    text::Revision,
};

/// What is to be done now, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guidance {
    /// Whose turn it is.
    pub turn: Turn,
    /// The phase, as the file writes it.
    pub phase: Option<String>,
    /// The status, as the file writes it.
    pub status: Option<String>,
    /// The current item: its description if it is one of the items, else what the file says.
    pub item: Option<String>,
    /// The id of the current item, if it has one.
    pub item_id: Option<String>,
    /// How many items are processed.
    pub done: usize,
    /// How many are not.
    pub left: usize,
    /// The first item that is not processed, when none is current.
    pub upcoming: Option<String>,
    /// Whether the rules have not run on these files yet: what follows may change when they do.
    pub is_unsettled: bool,
    /// Whether there is no item to work on, and one has to be added.
    pub needs_item: bool,
    /// The phase's steps, word for word, a line each.
    pub steps: Vec<String>,
    /// Steps of rules that wait for somebody.
    pub pending: Vec<PendingStep>,
    /// What only somebody who looks can tell.
    pub questions: Vec<Question>,
    /// What to heed, from rules that are not executed.
    pub constraints: Vec<Heed>,
    /// The State edits that close the phase, or take it further; usually one.
    pub closings: Vec<Closing>,
    /// What the phase's checks lack; nothing where it asks for none, or they are green.
    pub checks: Option<Lack>,
    /// What the plan lacks where only a person's yes counts.
    pub approval: Option<Lack>,
    /// The plan waits for a person's decision, and this is what approves it.
    pub decision: Option<ApprovalMode>,
}

/// What stands in the way of leaving the phase, and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// What is missing, or wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// The agent's.
    Agent,
    /// A person's: to answer, or to approve.
    Person,
    /// Nobody's: all items are done.
    Nobody,
}

/// A judgement that a rule waits for; everything else in its trigger holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The rule.
    pub rule: String,
    /// What is asked, word for word.
    pub text: String,
}

/// A constraint and the rule it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heed {
    /// The rule.
    pub rule: String,
    /// What it says, word for word.
    pub text: String,
}

/// State keys to be set together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The keys and their new values.
    pub assignments: Vec<(String, String)>,
    /// Who is to decide it.
    pub by: Turn,
    /// When: the phase's step that says so, word for word; `None` where the order of phases does.
    pub when: Option<String>,
}

impl Closing {
    /// The subcommand that does it, as a shell takes it: `set Phase=BLUEPRINT`.
    #[must_use]
    pub fn command(&self) -> String {
        let words = self.assignments.iter().map(|(key, value)| {
            let word = format!("{key}={value}");
            let is_plain =
                word.chars().all(|c| c.is_alphanumeric() || matches!(c, '=' | '_' | '-' | '.' | '/'));
            if is_plain { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
        });
        format!("set {}", words.collect::<Vec<_>>().join(" "))
    }
}

/// Beginnings of a status that says that a person has to act: `NEEDS_PLAN_APPROVAL`, `BLOCKED_…`.
const WAITS_FOR_PERSON: [&str; 5] = ["NEEDS_", "AWAITING", "WAITING", "BLOCKED", "PENDING_APPROVAL"];

/// What a snapshot asks of whom.
#[must_use]
pub fn guidance(snapshot: &Snapshot<'_>) -> Guidance {
    let state = WorkflowState::parse(snapshot.state);
    let rules = rules::compile_unreviewed(&state);
    let items = state.items();
    let current = state.value("CurrentItem");
    let item = current.and_then(|current| items.matching(current));
    let upcoming = items.rows().iter().find(|item| is_open(item, snapshot.memory));
    let is_finished = state.value("Status").is_some_and(|status| same_word(status, "COMPLETED"));
    let Progress { done, left } = progress(&state, snapshot.memory);
    let phase = state.value("Phase").and_then(|name| rules.phase(name));
    let verdict = objectionable(&state, &rules, snapshot.settings, snapshot.evidence);
    let mut guidance = Guidance {
        turn: Turn::Agent,
        phase: state.value("Phase").map(str::to_owned),
        status: state.value("Status").map(str::to_owned),
        item: item.map(|item| item.description.clone()).or_else(|| current.map(str::to_owned)),
        item_id: item.and_then(|item| item.id.clone()),
        done,
        left,
        upcoming: upcoming.filter(|_| current.is_none()).map(|item| item.description.clone()),
        is_unsettled: !rules.rules.is_empty() && !is_settled(snapshot),
        needs_item: current.is_none() && left == 0 && !is_finished && is_before_work(&state),
        steps: phase.map_or_else(Vec::new, |phase| steps(phase, snapshot.state)),
        pending: snapshot.memory.pending.clone(),
        questions: questions(snapshot, &state, &rules),
        constraints: constraints(&state, &rules),
        closings: Vec::new(),
        checks: CheckedPhase::current(&rules, &state).and_then(|_| checks(snapshot)),
        approval: verdict.as_ref().and_then(lack),
        decision: None,
    };
    let is_over = is_finished && left == 0 && guidance.pending.is_empty();
    if is_over {
        guidance.turn = Turn::Nobody;
        guidance.steps.clear();
        return guidance;
    }
    let approval = awaits_person(&state);
    if guidance.pending.is_empty() && !guidance.needs_item {
        guidance.closings = closings(&state, &rules, phase, approval);
    }
    let asks = |kind| guidance.pending.iter().any(|step| step.kind == kind);
    let for_agent = asks(PendingKind::Delegate) || asks(PendingKind::Run);
    if asks(PendingKind::Ask) && !for_agent || guidance.pending.is_empty() && approval {
        guidance.turn = Turn::Person;
        let gate = plan_gate(&state, &rules).filter(|gate| gate.is_waiting && approval);
        guidance.decision = gate.map(|_| snapshot.settings.gates.approval);
    }
    // A rejected plan is the agent's to change; any other waits for the person, and so does the work.
    if verdict.is_some_and(|verdict| !matches!(verdict, Verdict::Rejected { .. })) && !for_agent {
        guidance.turn = Turn::Person;
        guidance.closings.clear();
    }
    guidance
}

fn checks(snapshot: &Snapshot<'_>) -> Option<Lack> {
    let standing = snapshot.evidence.checks();
    Some(Lack { what: standing.objection()?, remedy: standing.remedy().to_owned() })
}

/// How far the items are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many are processed.
    pub done: usize,
    /// How many are not.
    pub left: usize,
}

/// How far the items are. The current one counts as done when the status says `COMPLETED`, marked or
/// not.
#[must_use]
pub fn progress(state: &WorkflowState<'_>, memory: &Memory) -> Progress {
    let items = state.items();
    let finished = finished_item(state).and_then(|item| items.matching(item));
    let is_left =
        |item: &&Item| is_open(item, memory) && finished.is_none_or(|finished| finished.span != item.span);
    let left = items.rows().iter().filter(is_left).count();
    Progress { done: items.rows().len() - left, left }
}

/// Whether the status says that a person has to act.
pub(super) fn awaits_person(state: &WorkflowState<'_>) -> bool {
    state.value("Status").is_some_and(|status| {
        let status = status.to_uppercase().replace([' ', '-'], "_");
        WAITS_FOR_PERSON.iter().any(|beginning| status.starts_with(beginning))
    })
}

/// Whether the last run ended with these texts.
fn is_settled(snapshot: &Snapshot<'_>) -> bool {
    snapshot.memory.settled.as_ref().is_some_and(|settled| {
        settled.state == Revision::of(snapshot.state) && settled.config == snapshot.config.map(Revision::of)
    })
}

/// Whether no phase has begun.
fn is_before_work(state: &WorkflowState<'_>) -> bool {
    state.value("Phase").is_none_or(|phase| same_word(phase, "INIT"))
}

/// The lines of a phase's block behind its heading, without blank ones.
fn steps(phase: &Phase, text: &str) -> Vec<String> {
    let block = phase.span.of(text);
    let behind = text[phase.name_span.end.min(phase.span.end)..phase.span.end].find('\n');
    let Some(behind) = behind else { return Vec::new() };
    let body = &block[phase.name_span.end - phase.span.start + behind..];
    let is_decoration = |line: &str| line.chars().all(|c| matches!(c, '-' | '*' | '_' | '>' | ' '));
    let lines = body.lines().map(str::trim_end).filter(|line| !is_decoration(line));
    lines.map(str::to_owned).collect()
}

/// The judgements whose rules would otherwise fire, a question a rule.
fn questions(snapshot: &Snapshot<'_>, state: &WorkflowState<'_>, rules: &RuleSet) -> Vec<Question> {
    let view = View::new(snapshot, state, &[]);
    let mut questions = Vec::new();
    for rule in &rules.rules {
        let asker = Asker { rule: &rule.id, called: false };
        let triggers = rule.clauses.iter().filter_map(|clause| clause.trigger.as_ref());
        let open = triggers.filter(|trigger| view.decide(&trigger.condition, asker).is_none());
        let texts: Vec<&str> = open
            .flat_map(|trigger| trigger.condition.atoms())
            .filter(|atom| atom.test == rules::Test::Judgement)
            .map(|atom| atom.text.as_str())
            .collect();
        if !texts.is_empty() {
            questions.push(Question { rule: rule.id.clone(), text: texts.join(" · ") });
        }
    }
    questions
}

/// Each rule's id is compared with so many phases; no file that people work with has more.
const MOST_PHASES: usize = 128;

/// The constraints of the current phase (`RULE_WF_PHASE_CONSTRUCT`), and those of no phase.
fn constraints(state: &WorkflowState<'_>, rules: &RuleSet) -> Vec<Heed> {
    let phase = state.value("Phase").map(word);
    let phases = rules.phases.iter().take(MOST_PHASES).map(|phase| word(&phase.name));
    let phases: Vec<String> = phases.collect();
    let applies = |rule: &&Rule| {
        let id = format!("_{}_", rule.id.to_uppercase());
        let names = |phase: &String| id.contains(&format!("_{phase}_"));
        phase.as_ref().is_some_and(names) || !(phases.iter().any(names) || id.contains("_PHASE_"))
    };
    rules
        .rules
        .iter()
        .filter(applies)
        .flat_map(|rule| {
            rule.constraints.iter().map(|it| Heed { rule: rule.id.clone(), text: it.text.clone() })
        })
        .collect()
}

/// A phase's name as it stands in a rule's id.
fn word(phase: &str) -> String {
    phase.to_uppercase().replace([' ', '-'], "_")
}

/// What takes the phase further: the State edits its own steps name, else the order of phases.
fn closings(
    state: &WorkflowState<'_>,
    rules: &RuleSet,
    phase: Option<&Phase>,
    approval: bool,
) -> Vec<Closing> {
    let mut named = Vec::new();
    if let Some(phase) = phase {
        collect_closings(&phase.steps, None, &mut named);
    }
    let is_so = |(key, value): &(String, String)| state.value(key).is_some_and(|is| same_word(is, value));
    named.retain(|closing| !closing.assignments.iter().all(is_so));
    if approval {
        // The step that asks for the approval is done; what is open is the approval itself.
        return following(state, rules).map_or_else(Vec::new, |next| {
            let assignments = vec![("Phase".into(), next.to_owned()), ("Status".into(), "RUNNING".into())];
            vec![Closing { assignments, by: Turn::Person, when: None }]
        });
    }
    if named.is_empty() {
        let assignment = match following(state, rules) {
            Some(next) => ("Phase".into(), next.to_owned()),
            None => ("Status".into(), "COMPLETED".into()),
        };
        named.push(Closing { assignments: vec![assignment], by: Turn::Agent, when: None });
    }
    named
}

/// The phase behind the current one; the first for INIT and for a file that names none.
fn following<'r>(state: &WorkflowState<'_>, rules: &'r RuleSet) -> Option<&'r str> {
    let at = rules
        .phases
        .iter()
        .position(|phase| state.value("Phase").is_some_and(|is| same_word(is, &phase.name)));
    let next = match at {
        Some(at) => at + 1,
        None if state.value("Phase").is_none_or(|is| same_word(is, "INIT")) => 0,
        None => return None,
    };
    rules.phases.get(next).map(|phase| phase.name.as_str())
}

/// The State edits with known values that steps name, each with the words that say when.
fn collect_closings(steps: &[Step], within: Option<&str>, into: &mut Vec<Closing>) {
    for step in steps {
        let when = within.unwrap_or(&step.text);
        match &step.kind {
            StepKind::Set(assignments) => {
                let known = assignments.iter().filter_map(|it| match &it.value {
                    NewValue::Literal(value) => Some((it.key.clone(), value.clone())),
                    _ => None,
                });
                let assignments: Vec<(String, String)> = known.collect();
                if !assignments.is_empty() {
                    into.push(Closing { assignments, by: Turn::Agent, when: Some(when.to_owned()) });
                }
            }
            StepKind::If { then, otherwise, .. } => {
                collect_closings(then, Some(when), into);
                collect_closings(otherwise, Some(when), into);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{ClauseId, Settings};
    use std::collections::BTreeMap;

    const RULES: &str = "\n## Rules\n### [PHASE: ANALYZE]\n1. Read the code.  \n   - all of it\n\n\
        ### [PHASE: BLUEPRINT]\n1. Write **## Plan**.\n2. Set `Status = NEEDS_PLAN_APPROVAL` and await user \
        confirmation.\n\n### [PHASE: CONSTRUCT]\n1. Build.\n2. On success of all steps, set `Phase = VALIDATE`.\n\n\
        ### [PHASE: VALIDATE]\n1. If clean, set `Status = COMPLETED`.\n\n---\n\n\
        ### RULE_STUCK_01\nTrigger ▶ `Phase == CONSTRUCT` and AI determines the plan can't work\n\
        Action ▶ Set `Status = STUCK`.\n\n\
        ### RULE_WF_PHASE_CONSTRUCT\n**Constraint:** NEVER change the plan.\n\n\
        ### RULE_WF_PHASE_ANALYZE\n**Constraint:** NEVER write code.\n\n\
        ### RULE_TONE_01\n**Constraint:** Must be brief.\n\n\
        ## Items\n| id | description | status |\n|----|----|----|\n| 1 | Read | completed |\n| 2 | Greet | pending |\n";

    fn guide(state: &str, pending: Vec<PendingStep>) -> Guidance {
        let memory = Memory { pending, ..Memory::default() };
        guidance(&Snapshot {
            state: &format!("## State\n{state}\n{RULES}"),
            config: None,
            memory: &memory,
            settings: &Settings::default(),
            files: &BTreeMap::new(),
            evidence: &(),
        })
    }

    fn closings(guidance: &Guidance) -> String {
        let told = guidance.closings.iter().map(|closing| {
            let keys: Vec<String> =
                closing.assignments.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("{:?} {}", closing.by, keys.join(" "))
        });
        told.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn what_closes_a_phase() {
        let check = |state: &str, turn: Turn, expected: &str| {
            let guidance = guide(state, Vec::new());
            assert_eq!((guidance.turn, closings(&guidance).as_str()), (turn, expected), "{state}");
        };
        let item = "CurrentItem: Greet";
        check(&format!("Phase: INIT\n{item}"), Turn::Agent, "Agent Phase=ANALYZE");
        check(&format!("Phase: ANALYZE\nStatus: RUNNING\n{item}"), Turn::Agent, "Agent Phase=BLUEPRINT");
        check(
            &format!("Phase: BLUEPRINT\nStatus: RUNNING\n{item}"),
            Turn::Agent,
            "Agent Status=NEEDS_PLAN_APPROVAL",
        );
        check(
            &format!("Phase: BLUEPRINT\nStatus: NEEDS_PLAN_APPROVAL\n{item}"),
            Turn::Person,
            "Person Phase=CONSTRUCT Status=RUNNING",
        );
        check(&format!("Phase: CONSTRUCT\nStatus: RUNNING\n{item}"), Turn::Agent, "Agent Phase=VALIDATE");
        check(&format!("Phase: VALIDATE\nStatus: RUNNING\n{item}"), Turn::Agent, "Agent Status=COMPLETED");
    }

    #[test]
    fn steps_are_word_for_word() {
        let guidance = guide("Phase: ANALYZE\nStatus: RUNNING", Vec::new());
        assert_eq!(guidance.steps, ["1. Read the code.", "   - all of it"]);
        assert_eq!(guidance.upcoming.as_deref(), Some("Greet"));
    }

    #[test]
    fn questions_and_constraints_of_the_phase() {
        let texts = |heeds: &[Heed]| heeds.iter().map(|heed| heed.rule.clone()).collect::<Vec<_>>();
        let construct = guide("Phase: CONSTRUCT\nStatus: RUNNING\nCurrentItem: Greet", Vec::new());
        assert_eq!(texts(&construct.constraints), ["RULE_WF_PHASE_CONSTRUCT", "RULE_TONE_01"]);
        let asked: Vec<&str> = construct.questions.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(asked, ["AI determines the plan can't work"]);
        let analyze = guide("Phase: ANALYZE\nStatus: RUNNING\nCurrentItem: Greet", Vec::new());
        assert_eq!(texts(&analyze.constraints), ["RULE_WF_PHASE_ANALYZE", "RULE_TONE_01"]);
        assert!(analyze.questions.is_empty(), "{:?}", analyze.questions);
    }

    #[test]
    fn pending_steps_say_whose_turn_it_is() {
        let step = |kind| PendingStep {
            id: "p1".into(),
            clause: ClauseId { rule: "RULE_STUCK_01".into(), clause: 0 },
            path: vec![0],
            kind,
            text: "do it".into(),
            steps: 1,
            lapses: false,
            since: jiff::civil::datetime(2026, 1, 2, 3, 4, 5, 0),
            item: None,
        };
        let check = |kinds: &[PendingKind], expected| {
            let guidance =
                guide("Phase: CONSTRUCT\nStatus: RUNNING", kinds.iter().map(|&kind| step(kind)).collect());
            assert_eq!((guidance.turn, guidance.closings.len()), (expected, 0), "{kinds:?}");
        };
        check(&[PendingKind::Ask], Turn::Person);
        check(&[PendingKind::Delegate], Turn::Agent);
        check(&[PendingKind::Ask, PendingKind::Run], Turn::Agent);
    }

    #[test]
    fn nothing_left_is_nobodys_turn() {
        let done = RULES.replace("pending", "completed");
        let memory = Memory::default();
        let mut snapshot = Snapshot {
            state: &format!("## State\nPhase: VALIDATE\nStatus: COMPLETED\nCurrentItem: Greet\n{done}"),
            config: None,
            memory: &memory,
            settings: &Settings::default(),
            files: &BTreeMap::new(),
            evidence: &(),
        };
        assert_eq!(guidance(&snapshot).turn, Turn::Nobody);
        let fresh = format!("## State\nPhase: INIT\nStatus: READY\n{done}");
        snapshot.state = &fresh;
        let guidance = guidance(&snapshot);
        assert_eq!((guidance.turn, guidance.needs_item), (Turn::Agent, true));
        assert!(guidance.is_unsettled);
        let settled = crate::engine::settle(&snapshot);
        assert!(!super::guidance(&Snapshot { memory: &settled, ..snapshot }).is_unsettled);
    }
}
