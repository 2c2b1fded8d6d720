//! Filling in the phases that come from a specification's `tasks.md`.

use super::{
    fault::Fault,
    model::{Definition, Gate, Guidance, Next, Phase, Place, Task},
    parts,
    tasks::{SpecPhase, SpecTask, TaskList},
};
use crate::text::RevisionHasher;
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// `[TASK_ID]`, and `[DEPENDENCIES or "None"]`.
static PLACEHOLDER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"\[([A-Z][A-Z0-9_]*)(?: or "[^"\]]*")?\]"#).ok());

impl Definition {
    /// The same workflow with the phases of `spec` behind its own, and no dynamic source any more.
    ///
    /// A phase keeps its number. Where one of the numbers is taken by a phase of the workflow itself,
    /// all are counted on from the workflow's last.
    ///
    /// # Errors
    /// With what is wrong with the specification, when it can't be run.
    pub fn with_spec(&self, spec: &TaskList) -> Result<Self, Vec<Fault>> {
        if !spec.is_usable() {
            return Err(spec.faults.iter().filter(|fault| fault.is_error()).cloned().collect());
        }
        let mut filled = self.clone();
        let Some(source) = filled.dynamic.take() else { return Ok(filled) };
        let own_last = self.phases.iter().map(|phase| phase.number).max();
        let shift = match (own_last, spec.phases.first()) {
            (Some(last), Some(first)) if first.number <= last => last + 1 - first.number,
            _ => 0,
        };
        let templates =
            Templates { phase: source.phase_template.as_deref(), task: source.task_template.as_deref() };
        for (at, phase) in spec.phases.iter().enumerate() {
            let next = spec.phases.get(at + 1).map(|next| next.number + shift);
            filled.phases.push(templates.phase(phase, phase.number + shift, next));
        }
        let mut hasher = RevisionHasher::default();
        hasher.update(format!("{} {}", self.revision, spec.revision));
        filled.revision = hasher.finish();
        Ok(filled)
    }
}

struct Templates<'d> {
    phase: Option<&'d str>,
    task: Option<&'d str>,
}

impl Templates<'_> {
    fn phase(&self, spec: &SpecPhase, number: u32, next: Option<u32>) -> Phase {
        let text = match self.phase {
            Some(template) => filled(template, |name| phase_value(name, spec, number, next)),
            None => spec.text.clone(),
        };
        let tasks = spec.tasks.iter().zip(1..).map(|(task, at)| {
            let text = match self.task {
                Some(template) => filled(template, |name| task_value(name, task, at, spec, number)),
                None => task.text.clone(),
            };
            Task {
                number: at,
                id: task.id.clone(),
                title: task.title.clone(),
                steps: parts::steps(&task.text),
                text,
                estimated_time: task.estimated_time.clone(),
                dependencies: task.dependencies.clone(),
                criteria: task.criteria.clone(),
            }
        });
        Phase {
            number,
            id: None,
            title: spec.title.clone(),
            text,
            is_template: false,
            tasks: tasks.collect(),
            gate: Gate { boxes: spec.gate.clone(), ..Gate::default() },
            when: None,
            next: Next::Following,
            guidance: Guidance::default(),
            place: spec.place.clone(),
        }
    }
}

/// A template with what its placeholders stand for; those that nobody knows stay, they are the author's.
/// What is filled in is not looked at again.
fn filled(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let Some(placeholder) = PLACEHOLDER.as_ref() else { return template.to_owned() };
    let fill = |found: &Captures<'_>| {
        let whole = found.get(0).map_or("", |whole| whole.as_str());
        let name = found.get(1).map_or("", |name| name.as_str());
        value(name).unwrap_or_else(|| whole.to_owned())
    };
    placeholder.replace_all(template, fill).into_owned()
}

fn phase_value(name: &str, spec: &SpecPhase, number: u32, next: Option<u32>) -> Option<String> {
    Some(match name {
        "PHASE_NUMBER" => number.to_string(),
        "PHASE_NAME" => spec.title.clone(),
        "PHASE_DESCRIPTION" => spec.description.clone().unwrap_or_default(),
        "TASK_COUNT" => spec.tasks.len().to_string(),
        "ESTIMATED_DURATION" => spec.duration.clone().unwrap_or_else(not_estimated),
        "NEXT_PHASE_NUMBER" => {
            next.map_or_else(|| "none, this is the last".to_owned(), |next| next.to_string())
        }
        "VALIDATION_GATE" => {
            let boxes = spec.gate.iter().map(|check_box| format!("- [ ] {}", check_box.text));
            or_none(boxes.collect::<Vec<_>>().join("\n"))
        }
        _ => return None,
    })
}

fn task_value(name: &str, task: &SpecTask, at: u32, spec: &SpecPhase, number: u32) -> Option<String> {
    Some(match name {
        "TASK_ID" => task.id.clone(),
        "TASK_NAME" => task.title.clone(),
        "TASK_DESCRIPTION" => task.description.clone(),
        "ESTIMATED_TIME" => task.estimated_time.clone().unwrap_or_else(not_estimated),
        "DEPENDENCIES" => or_none(task.dependencies.join(", ")),
        "ACCEPTANCE_CRITERIA" => {
            let boxes = task.criteria.iter().map(|criterion| {
                let tick = if criterion.done { "x" } else { " " };
                format!("- [{tick}] {}", criterion.text)
            });
            or_none(boxes.collect::<Vec<_>>().join("\n"))
        }
        "NEXT_TASK_NUMBER" if at as usize >= spec.tasks.len() => "none, this is the phase's last".to_owned(),
        "NEXT_TASK_NUMBER" => (at + 1).to_string(),
        _ => return phase_value(name, spec, number, None).filter(|_| name != "NEXT_PHASE_NUMBER"),
    })
}

fn or_none(text: String) -> String {
    if text.is_empty() { "None".to_owned() } else { text }
}

fn not_estimated() -> String {
    "not estimated".to_owned()
}

/// The placeholders of a template that nobody fills in.
pub(super) fn unknown_placeholders(template: &str, file: &str) -> Vec<Fault> {
    const KNOWN: [&str; 13] = [
        "PHASE_NUMBER",
        "PHASE_NAME",
        "PHASE_DESCRIPTION",
        "TASK_COUNT",
        "ESTIMATED_DURATION",
        "NEXT_PHASE_NUMBER",
        "VALIDATION_GATE",
        "TASK_ID",
        "TASK_NAME",
        "TASK_DESCRIPTION",
        "ESTIMATED_TIME",
        "DEPENDENCIES",
        "ACCEPTANCE_CRITERIA",
    ];
    let Some(placeholder) = PLACEHOLDER.as_ref() else { return Vec::new() };
    let mut faults = Vec::new();
    for (line, text) in (1..).zip(template.lines()) {
        for found in placeholder.captures_iter(text) {
            let name = found.get(1).map_or("", |name| name.as_str());
            if KNOWN.contains(&name)
                || name == "NEXT_TASK_NUMBER"
                || text[..found.get(0).map_or(0, |whole| whole.start())].ends_with('!')
            {
                continue;
            }
            let place = Place { file: file.to_owned(), line, column: 0 };
            faults.push(Fault::warning(
                "unknown-placeholder",
                place,
                format!("nobody fills in [{name}]; it is delivered as it stands"),
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::{Bundle, bundle::SourceFile};

    const SPEC: &str = "## Phase 1: Frame\n**Objective:** [PHASE_NAME] stands\n\n### Task 1.1: Cut\n**Estimated Time:** 1 hour\nMARK\n\n**Acceptance Criteria:**\n- [ ] Eight\n- [x] Saw\n\n### Task 1.2: Tie\nDepends on: 1.1\n\n**Validation Gate:**\n- [ ] Folds\n\n## Phase 2: Paper\n### Task 2.1: Glue\n";

    fn definition(own_phase: u32) -> Definition {
        let file =
            |path: &str, text: &str| SourceFile { path: format!("w/spec_run/{path}"), text: text.to_owned() };
        let metadata = format!(
            r#"{{"workflow_type": "spec_run", "version": "1.0.0", "dynamic_phases": true,
                "dynamic_config": {{"source_path_key": "spec_path", "templates": {{"phase": "p.md", "task": "t.md"}}}},
                "phases": [{{"phase_number": {own_phase}, "phase_name": "Read"}}, {{"phase_number": "1-N"}}]}}"#
        );
        let files = vec![
            file("metadata.json", &metadata),
            file(
                "p.md",
                "# [PHASE_NUMBER]: [PHASE_NAME] [ODD]\n[PHASE_DESCRIPTION] [TASK_COUNT] [ESTIMATED_DURATION]\n[VALIDATION_GATE]\nnext [NEXT_PHASE_NUMBER]",
            ),
            file(
                "t.md",
                "[TASK_ID] [TASK_NAME] of [PHASE_NAME]; [ESTIMATED_TIME]; [DEPENDENCIES or \"None\"]\n[TASK_DESCRIPTION]\n[ACCEPTANCE_CRITERIA]\nnext [NEXT_TASK_NUMBER]",
            ),
            file(&format!("phases/{own_phase}/phase.md"), "# Phase: Read"),
        ];
        let reading = Bundle { source: "w/spec_run".to_owned(), files }.read();
        reading.definition.unwrap_or_else(|| panic!("{:?}", reading.faults))
    }

    #[test]
    fn templates_are_filled_once() {
        let spec = TaskList::read("tasks.md", SPEC);
        let filled = definition(0).with_spec(&spec).expect("usable");
        let numbers: Vec<u32> = filled.phases.iter().map(|phase| phase.number).collect();
        assert_eq!(numbers, [0, 1, 2]);
        let phase = filled.phase(1).expect("phase 1");
        assert_eq!(phase.text, "# 1: Frame [ODD]\n[PHASE_NAME] stands 2 not estimated\n- [ ] Folds\nnext 2");
        assert_eq!(
            phase.tasks[0].text,
            "1.1 Cut of Frame; 1 hour; None\n**Estimated Time:** 1 hour\nMARK\n- [ ] Eight\n- [x] Saw\nnext 2"
        );
        assert!(
            phase.tasks[1].text.contains("; 1.1\n")
                && phase.tasks[1].text.ends_with("next none, this is the phase's last")
        );
        assert_eq!(phase.gate.boxes[0].name, "folds");
        assert!(filled.phase(2).expect("phase 2").text.ends_with("next none, this is the last"));
        assert!(filled.dynamic.is_none());
        assert_ne!(filled.revision, definition(0).revision);
    }

    #[test]
    fn numbers_that_are_taken_are_counted_on() {
        let spec = TaskList::read("tasks.md", SPEC);
        let filled = definition(1).with_spec(&spec).expect("usable");
        let numbers: Vec<u32> = filled.phases.iter().map(|phase| phase.number).collect();
        assert_eq!(numbers, [1, 2, 3]);
    }

    #[test]
    fn an_unusable_specification_is_refused() {
        let faults = definition(0).with_spec(&TaskList::read("tasks.md", "nothing")).expect_err("no phases");
        assert_eq!(faults[0].code, "no-phases");
    }

    #[test]
    fn placeholders_that_nobody_fills_in_are_listed() {
        let faults = unknown_placeholders("[TASK_ID]\n[N] [TASK_OWNER]", "t.md");
        let said: Vec<String> =
            faults.iter().map(|fault| format!("{} {}", fault.place.line, fault.message)).collect();
        assert_eq!(said[0], "2 nobody fills in [N]; it is delivered as it stands");
        assert_eq!(said.len(), 2);
    }
}
