//! What an edit may touch: whether the phase is one for sources, and what of the state file belongs to
//! the person.
//!
//! Which phases change sources is what `hooks.edit_phases` says, or else what the file's own words say:
//! a phase by its name, and one whose name says nothing by its steps. A file none of whose phases
//! speaks of building anything guards no sources.

use super::{evaluate::same_word, gates::PhaseOrder};
use crate::{
    document::{Outline, Role, WorkflowState},
    rules::{self, Phase, RuleSet},
    text::Revision,
};

/// Words of a phase's name that say that sources change in it …
const BUILDING: [&str; 14] = [
    "CONSTRUCT",
    "IMPLEMENT",
    "BUILD",
    "CODE",
    "CODING",
    "DEVELOP",
    "EXECUTE",
    "FIX",
    "REFACTOR",
    "ROLLBACK",
    "MIGRATE",
    "WRITE",
    "DRAFT",
    "INTEGRATE",
];

/// … and that they don't.
const THINKING: [&str; 18] = [
    "INIT",
    "ANALYZE",
    "ANALYSE",
    "ANALYSIS",
    "BLUEPRINT",
    "PLAN",
    "PREPARE",
    "DESIGN",
    "RESEARCH",
    "DISCOVER",
    "EXPLORE",
    "SPECIFY",
    "REQUIREMENT",
    "VALIDATE",
    "VERIFY",
    "TEST",
    "REVIEW",
    "COMPLETED",
];

/// What a step says that is done to sources …
const DEEDS: [&str; 7] =
    ["construct", "implement", "refactor", "write code", "write the code", "modify code", "change the code"];

/// … unless it says that it is not, or speaks of the plan.
const HEDGES: [&str; 9] =
    ["no ", "not ", "n't ", "never", "without", "plan", "outline", "pseudo", "implementation detail"];

/// Why sources can't be changed now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedSources {
    /// The phase the state names, as the file writes it.
    pub phase: Option<String>,
    /// Whether the file defines this phase.
    pub is_known: bool,
    /// The phases in which they can.
    pub open: Vec<String>,
    /// The last of these that lies behind: one may go back to it.
    pub back: Option<String>,
}

/// Why the sources of a project with this state file can't be changed now; `None` when they can. `named`
/// are the phases of `hooks.edit_phases`; `None` leaves it to the words of the file.
#[must_use]
pub fn closed_sources(state: &str, named: Option<&[String]>) -> Option<ClosedSources> {
    let state = WorkflowState::parse(state);
    let rules = rules::compile_unreviewed(&state);
    let open = match named {
        Some(named) => named.to_vec(),
        None => open_phases(&state, &rules),
    };
    // A file without phases guards nothing, unless the person has said which there are.
    if open.is_empty() && named.is_none() {
        return None;
    }
    let phase = state.value("Phase");
    if phase.is_some_and(|phase| open.iter().any(|open| same_word(open, phase))) {
        return None;
    }
    let order = PhaseOrder::of(&rules);
    let position = |name: &str| order.as_ref().and_then(|order| order.position(name));
    let now = phase.and_then(position);
    let lies_behind = |name: &&String| position(name).zip(now).is_some_and(|(at, now)| at < now);
    Some(ClosedSources {
        phase: phase.map(str::to_owned),
        is_known: now.is_some() || order.is_none() && phase.is_some(),
        back: open.iter().filter(lies_behind).max_by_key(|name| position(name)).cloned(),
        open,
    })
}

/// The phases in which sources change, by the words of the file.
fn open_phases(state: &WorkflowState<'_>, rules: &RuleSet) -> Vec<String> {
    let text = state.outline().text();
    let is_open = |phase: &&Phase| by_name(&phase.name).unwrap_or_else(|| by_steps(phase, text));
    rules.phases.iter().filter(is_open).map(|phase| phase.name.clone()).collect()
}

/// What a phase's name says; the last word that says anything counts: a BUILD_REVIEW is a review.
fn by_name(name: &str) -> Option<bool> {
    let name = name.to_uppercase();
    let words = name.split(|c: char| !c.is_alphanumeric());
    let says = |word: &str| {
        let begins = |stems: &[&str]| stems.iter().any(|stem| word.starts_with(stem));
        if begins(&THINKING) { Some(false) } else { begins(&BUILDING).then_some(true) }
    };
    words.filter_map(says).next_back()
}

fn by_steps(phase: &Phase, text: &str) -> bool {
    let block = phase.span.of(text).to_lowercase();
    block.lines().skip(1).any(|line| {
        DEEDS.iter().any(|deed| line.contains(deed)) && !HEDGES.iter().any(|hedge| line.contains(hedge))
    })
}

/// Whether the Rules sections of `before` stand in `after`, letter for letter, no fewer and no more.
/// Blank lines around a section are nobody's.
#[must_use]
pub fn keeps_rules(before: &Outline<'_>, after: &Outline<'_>) -> bool {
    rules_of(before) == rules_of(after)
}

/// Names the text of the Rules sections.
pub(super) fn rules_revision(outline: &Outline<'_>) -> Revision {
    Revision::of(rules_of(outline).join("\n"))
}

/// The Rules sections of a document, those inside others left out.
fn rules_of<'t>(outline: &Outline<'t>) -> Vec<&'t str> {
    let mut found = Vec::new();
    let mut end = 0;
    for section in outline.sections().iter().filter(|section| section.role == Role::Rules) {
        if section.heading.start >= end {
            end = section.body.end;
            found.push(section.heading.union(section.body).of(outline.text()).trim());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "\n## Rules\n### [PHASE: ANALYZE]\n1. Read. No code.\n### [PHASE: BLUEPRINT]\n1. Plan the \
        implementation.\n### [PHASE: CONSTRUCT]\n1. Build.\n### [PHASE: VALIDATE]\n1. Test.\n";

    fn closed(phase: &str, rules: &str, named: Option<&[&str]>) -> Option<String> {
        let named: Option<Vec<String>> = named.map(|named| named.iter().map(|&it| it.into()).collect());
        let state = format!("## State\n{phase}\n{rules}");
        closed_sources(&state, named.as_deref()).map(|closed| closed.open.join(", "))
    }

    #[test]
    fn sources_change_in_the_phases_that_build() {
        let check = |phase: &str, rules: &str, named: Option<&[&str]>, expected: Option<&str>| {
            assert_eq!(closed(phase, rules, named).as_deref(), expected, "{phase} {named:?}\n{rules}");
        };
        check("Phase: ANALYZE", RULES, None, Some("CONSTRUCT"));
        check("Phase: BLUEPRINT", RULES, None, Some("CONSTRUCT"));
        check("Phase: construct", RULES, None, None);
        check("Phase: VALIDATE", RULES, None, Some("CONSTRUCT"));
        check("Phase: INIT", RULES, None, Some("CONSTRUCT"));
        // A name nobody has defined, and no name at all, are no way around.
        check("Phase: WHATEVER", RULES, None, Some("CONSTRUCT"));
        check("Status: RUNNING", RULES, None, Some("CONSTRUCT"));
        // What the person says counts, whatever the words are.
        check("Phase: VALIDATE", RULES, Some(&["CONSTRUCT", "VALIDATE"]), None);
        check("Phase: CONSTRUCT", RULES, Some(&["VALIDATE"]), Some("VALIDATE"));
        check("Phase: CONSTRUCT", RULES, Some(&[]), Some(""));
        // Custom phases: by their names, else by their steps.
        let custom = "\n## Rules\n### [PHASE: PREPARE]\n- Map tests to code\n### [PHASE: MODEL]\n- Implement the \
            training loop\n### [PHASE: DATA]\n- Collect; do not implement anything\n";
        check("Phase: MODEL", custom, None, None);
        check("Phase: PREPARE", custom, None, Some("MODEL"));
        check("Phase: DATA", custom, None, Some("MODEL"));
        let back =
            |phase: &str| closed_sources(&format!("## State\nPhase: {phase}\n{RULES}"), None).unwrap().back;
        assert_eq!((back("VALIDATE").as_deref(), back("BLUEPRINT")), (Some("CONSTRUCT"), None));
        // Nothing is built, or there are no phases: nothing is guarded.
        check("Phase: DATA", "\n## Rules\n### [PHASE: DATA]\n- Collect\n", None, None);
        check("Phase: ANALYZE", "\n## Rules\n", None, None);
    }

    #[test]
    fn names_say_what_is_done() {
        let check = |name, expected| assert_eq!(by_name(name), expected, "{name}");
        check("CONSTRUCT", Some(true));
        check("Implementation", Some(true));
        check("Build Review", Some(false));
        check("PLAN_AND_BUILD", Some(true));
        check("DATA", None);
        check("PREFIX", None);
    }

    #[test]
    fn rules_are_kept_letter_for_letter() {
        let keeps_rules =
            |before: &str, after: &str| keeps_rules(&Outline::parse(before), &Outline::parse(after));
        let before = format!("## State\nPhase: ANALYZE\n{RULES}\n## Log\n- a\n");
        let check = |old: &str, new: &str, expected: bool| {
            assert!(before.contains(old), "{old}");
            assert_eq!(keeps_rules(&before, &before.replacen(old, new, 1)), expected, "{old:?} → {new:?}");
        };
        check("- a\n", "- a\n- b\n", true);
        check("Phase: ANALYZE", "Phase: BLUEPRINT", true);
        check("\n## Log", "\n\n\n## Log", true);
        check("1. Build.", "1. Build!", false);
        check("## Rules", "## Rules of old", false);
        check("## Rules", "<!--\n## Rules", false);
        check("## Rules", "```\n## Rules", false);
        check("## Rules\n", "", false);
        check("## Log", "### RULE_X\nTrigger ▶ `Phase == X`\n\n## Log", false);
        check("- a\n", "## Rules\n### RULE_X\n", false);
        assert!(!keeps_rules("## State\nPhase: INIT\n", "## State\nPhase: INIT\n## Rules\n- x\n"));
    }
}
