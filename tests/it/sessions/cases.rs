//! The acceptance cases: YAML files that drive the real server.
//!
//! Those of `tests/data/sessions` always run. `RULEMARK_CASES` names another folder with `cases/` and
//! `fixtures/` of the same form.

use super::{disturbance, play::Play};
use rulemark::workflow::tasks::TaskList;
use serde_json::{Map, Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

#[test]
fn the_cases_of_the_repository_hold() {
    run_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions"));
}

#[test]
fn the_cases_of_another_folder_hold() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/sessions");
    let folder = std::env::var_os("RULEMARK_CASES").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        run_all(&folder);
    } else {
        println!("skipped: no cases at {}; set RULEMARK_CASES", folder.display());
    }
}

fn run_all(folder: &Path) {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder.join("cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut run, mut failed) = (0, Vec::new());
    let wanted = std::env::var_os("RULEMARK_CASE").and_then(|id| id.into_string().ok());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let cases: Vec<Value> =
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        for case in cases {
            let id = case["id"].as_str().unwrap().to_owned();
            if wanted.as_ref().is_some_and(|wanted| !id.starts_with(wanted.as_str())) {
                continue;
            }
            run += 1;
            if let Err(fault) = (Run { fixtures: &folder.join("fixtures"), case: &case }).run() {
                failed.push(format!("{id} ({}): {fault}", case["title"].as_str().unwrap_or_default()));
            }
        }
    }
    assert!(run > 0, "no case was found");
    assert!(failed.is_empty(), "{} of {run} cases fail:\n\n{}", failed.len(), failed.join("\n\n"));
}

struct Run<'c> {
    fixtures: &'c Path,
    case: &'c Value,
}

impl Run<'_> {
    fn run(&self) -> Result<(), String> {
        for (name, part) in self.case.as_object().unwrap() {
            match name.as_str() {
                "id" | "title" | "from" | "setup" | "steps" | "table" | "expect_each" | "after"
                | "expect_parse" | "note" | "hides_later_phases" => {}
                "parse" => self.parse(part.as_str().unwrap())?,
                "parse_each" => parse_each(part)?,
                "validate" => disturbance::validate(self.fixtures, part)?,
                "wos" => disturbance::orchestration(self.fixtures, part)?,
                other => return Err(format!("this test does not know `{other}`")),
            }
        }
        if self.case.get("steps").is_none() && self.case.get("table").is_none() {
            return Ok(());
        }
        let mut play = Play::begin(self.fixtures, self.case["hides_later_phases"] == true);
        play.steps(&self.case["setup"])?;
        play.steps(&self.case["steps"])?;
        let each = &self.case["expect_each"];
        let mut faults = Vec::new();
        for (row, step) in self.case["table"].as_array().into_iter().flatten().enumerate() {
            if let Err(fault) = play.row(step, each) {
                faults.push(format!("row {}, {}:\n{fault}", row + 1, step["call"]));
            }
        }
        if !faults.is_empty() {
            return Err(faults.join("\n"));
        }
        play.steps(&self.case["after"])
    }

    /// Reads a specification alone.
    fn parse(&self, path: &str) -> Result<(), String> {
        let file = format!("{path}/tasks.md");
        let text = fs::read_to_string(self.fixtures.join(&file)).unwrap();
        hold_parse(&TaskList::read(&file, &text), &self.case["expect_parse"])
    }
}

/// Specifications that stand in the case itself.
fn parse_each(rows: &Value) -> Result<(), String> {
    for (row, spec) in rows.as_array().unwrap().iter().enumerate() {
        let list = TaskList::read("tasks.md", spec["text"].as_str().unwrap());
        hold_parse(&list, &spec["expect_parse"])
            .map_err(|fault| format!("row {}, {}:\n{fault}", row + 1, spec["note"]))?;
    }
    Ok(())
}

fn hold_parse(list: &TaskList, expected: &Value) -> Result<(), String> {
    let found = summary(list);
    let mut faults = Vec::new();
    for (name, wanted) in expected.as_object().unwrap() {
        let found = found.get(name).ok_or_else(|| format!("this test does not know `{name}`"))?;
        // Only what a case names is compared.
        let is_same = match (wanted, found) {
            (Value::Object(wanted), Value::Object(found)) => {
                wanted.iter().all(|(key, value)| found.get(key).unwrap_or(&Value::Null) == value)
            }
            (wanted, found) => wanted == found,
        };
        if !is_same {
            faults.push(format!("{name} is {found}, not {wanted}"));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// What cases expect of a specification.
fn summary(list: &TaskList) -> Value {
    let by_phase = |value: &dyn Fn(&rulemark::workflow::tasks::SpecPhase) -> Value| -> Value {
        list.phases.iter().map(|phase| (phase.number.to_string(), value(phase))).collect::<Map<_, _>>().into()
    };
    let by_task = |value: &dyn Fn(&rulemark::workflow::tasks::SpecTask) -> Value| -> Value {
        let tasks = list.phases.iter().flat_map(|phase| &phase.tasks);
        tasks.map(|task| (task.id.clone(), value(task))).collect::<Map<_, _>>().into()
    };
    json!({
        "phases": list.phases.iter().map(|phase| phase.number).collect::<Vec<_>>(),
        "names": by_phase(&|phase| phase.title.as_str().into()),
        "descriptions": by_phase(&|phase| phase.description.clone().into()),
        "durations": by_phase(&|phase| phase.duration.clone().into()),
        "tasks": by_phase(&|phase| phase.tasks.iter().map(|task| task.id.as_str()).collect()),
        "times": by_task(&|task| task.estimated_time.clone().into()),
        "dependencies": by_task(&|task| task.dependencies.clone().into()),
        "criteria_count": by_task(&|task| task.criteria.len().into()),
        "done_criteria": by_task(&|task| {
            task.criteria.iter().filter(|criterion| criterion.done).map(|criterion| criterion.text.as_str()).collect()
        }),
        "gate_count": by_phase(&|phase| phase.gate.len().into()),
    })
}
