//! The library of workflows: each one is walked to its end, and each rule in it catches somebody cheating.

mod case;
mod play;
mod world;

use case::{Case, Step, files};
use play::Play;
use rulemark::{
    library::{BUILT_IN, built_in},
    workflow::{Facts, Gate, Phase},
};
use std::collections::BTreeSet;
use world::{World, assert_refused, complaints};

/// The longest text of a phase, without its tasks and gate: an agent pays for it each time it is asked for.
const LONGEST_TEXT: usize = 1_500;

#[test]
fn every_workflow_has_its_story_and_every_story_its_workflow() {
    let sorted = |folder, extension| files(folder, extension).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(sorted("templates/workflows", "md"), sorted("tests/data/library", "yaml"));
}

#[test]
fn all_are_read_without_any_finding() {
    for case in Case::all() {
        let faults: Vec<String> = case.reading.faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(case.definition().id, case.id, "a file is named by the id in it");
    }
}

#[test]
fn texts_are_short_filled_in_and_speak_of_what_the_gate_asks() {
    for case in Case::all() {
        let definition = case.definition();
        assert!((3..=6).contains(&definition.phases.len()), "{}: 3 to 6 phases", case.id);
        for phase in &definition.phases {
            let about = format!("{}, phase {}", case.id, phase.number);
            let (world, _) = World::before(case, phase.number);
            let text = phase.text_in(&world.scope).unwrap_or_else(|error| panic!("{about}: {error}"));
            let tasks = phase.tasks.iter().map(|task| phase.task_text_in(task, &world.scope));
            let tasks: String =
                tasks.map(|text| text.unwrap_or_else(|error| panic!("{about}: {error}"))).collect();
            assert!(text.len() <= LONGEST_TEXT, "{about}: {} bytes", text.len());
            for field in &phase.gate.fields {
                let named = format!("`{}`", field.name);
                let is_told =
                    !field.description.is_empty() || text.contains(&named) || tasks.contains(&named);
                assert!(is_told, "{about}: nothing says what {named} is");
            }
            for rule in &phase.gate.rules {
                assert!(rule.message.is_some(), "{about}: `{}` has no message", rule.condition.source);
            }
        }
    }
}

#[test]
fn every_input_is_used() {
    for case in Case::all() {
        let definition = case.definition();
        for input in &definition.inputs {
            let name = format!("inputs.{}", input.name);
            let in_text = |phase: &Phase| {
                let rules = phase.gate.rules.iter().map(|rule| &rule.condition.source);
                let tasks = phase.tasks.iter().map(|task| &task.text);
                rules.chain(tasks).chain([&phase.text]).any(|text| text.contains(&name))
            };
            assert!(definition.phases.iter().any(in_text), "{}: nothing speaks of {name}", case.id);
            assert!(!input.description.is_empty(), "{}: nothing says what {name} is", case.id);
        }
    }
}

#[test]
fn honest_work_comes_to_the_end() {
    for case in Case::all() {
        let mut walked = Vec::new();
        for step in &case.story.walk {
            let Step::Phase { phase: number, .. } = step else { continue };
            let (world, evidence) = World::before(case, *number);
            let phase = case.definition().phase(*number).unwrap();
            let verdict = world.settle(&phase.gate, &evidence);
            assert_eq!(complaints(&verdict), Vec::<String>::new(), "{}, phase {number}", case.id);
            walked.push(*number);
        }
        let phases: Vec<u32> = case.definition().phases.iter().map(|phase| phase.number).collect();
        assert_eq!(walked, phases, "{}: the walk goes through each phase once", case.id);
    }
}

#[test]
fn cheats_are_refused_for_what_they_are() {
    for case in Case::all() {
        for cheat in &case.story.cheats {
            let about = format!("{}, phase {}: {}", case.id, cheat.phase, cheat.title);
            assert_refused(&complaints(&World::cheated(case, cheat)), &cheat.refused, &about);
        }
    }
}

/// A rule that no cheat trips over may be one that always holds.
#[test]
fn every_rule_and_command_has_a_cheat_that_it_stops() {
    for case in Case::all() {
        let mut stopped: BTreeSet<(u32, String)> = BTreeSet::new();
        for cheat in &case.story.cheats {
            let verdict = World::cheated(case, cheat);
            stopped.extend(verdict.errors.into_iter().map(|failure| (cheat.phase, failure.subject)));
        }
        let idle: Vec<String> = case
            .definition()
            .phases
            .iter()
            .flat_map(|phase| subjects(&phase.gate).map(|subject| (phase.number, subject)))
            .filter(|asked| !stopped.contains(asked))
            .map(|(phase, subject)| format!("phase {phase}: {subject}"))
            .collect();
        assert_eq!(idle, Vec::<String>::new(), "{}: no cheat in its story is stopped by these", case.id);
    }
}

fn subjects(gate: &Gate) -> impl Iterator<Item = String> {
    let rules = gate.rules.iter().map(|rule| rule.condition.source.clone());
    rules.chain(gate.commands.iter().map(|command| command.command.clone()))
}

#[test]
fn nothing_that_is_asked_for_can_be_left_out() {
    for case in Case::all() {
        for phase in &case.definition().phases {
            let (mut world, honest) = World::before(case, phase.number);
            for field in phase.gate.fields.iter().filter(|field| !field.optional) {
                let mut evidence = honest.clone();
                evidence.remove(&field.name);
                let verdict = phase.gate.evaluate(&evidence, &world.scope, &Facts::default());
                let missing: Vec<&str> =
                    verdict.missing.iter().map(|missing| missing.name.as_str()).collect();
                assert_eq!(missing, [field.name.as_str()], "{}, phase {}", case.id, phase.number);
            }
            if phase.gate.approval.is_some() {
                world.is_refused_by_person = true;
                let expected = ["a person has not approved".to_owned()];
                assert_refused(&complaints(&world.settle(&phase.gate, &honest)), &expected, &case.id);
            }
        }
    }
}

#[test]
fn the_readme_lists_them_as_they_are() {
    let rows = Case::all().iter().map(|case| {
        let definition = case.definition();
        let phases: Vec<&str> = definition.phases.iter().map(|phase| phase.title.as_str()).collect();
        format!("| `{}` | {} | {} |\n", case.id, definition.description, phases.join(" · "))
    });
    let table = format!("| id | what for | phases |\n| --- | --- | --- |\n{}", rows.collect::<String>());
    let readme = include_str!("../../../README.md");
    assert!(readme.contains(&table), "README.md has to have this table:\n\n{table}");
}

#[test]
fn all_are_in_the_binary() {
    let ids: Vec<&str> = Case::all().iter().map(|case| case.id.as_str()).collect();
    assert_eq!(BUILT_IN.map(|known| known.id).to_vec(), ids);
    for case in Case::all() {
        let found = built_in(&case.id).unwrap();
        assert_eq!(found.revision, case.definition().revision, "{}", case.id);
    }
}

/// The same stories before the real server, with real files, commits, commands, and a person.
#[test]
fn sessions_go_the_same_way() {
    for case in Case::all() {
        let mut play = Play::begin(case);
        for step in &case.story.walk {
            match step {
                Step::Commit { commit, files } => play.commit(commit, files),
                Step::Phase { phase, evidence } => play.phase(*phase, evidence),
            }
        }
        play.assert_completed();
    }
}

#[test]
fn the_projects_own_definition_stands_before_the_built_in_one() {
    let own = "---\nid: release\nversion: 9.0.0\nname: Ours\ndescription: Our way.\n---\n## Phase 1: Ship\n\nShip.\n";
    let cases = [(own, "Ship"), (&own[..20], "workflow release can't be read")];
    for (text, expected) in cases {
        let answer = play::started_beside(&[("workflows/release.md", text)], "release");
        assert!(answer.contains(expected), "{answer}");
    }
}
