//! The acceptance cases: YAML files that drive the real server.
//!
//! Those of `tests/data/sessions` always run. `RULEMARK_CASES` names another folder with `cases/` and
//! `fixtures/` of the same form.

use super::{
    client::{Client, Outcome},
    disturbance, expect,
    workspace::Workspace,
};
use rulemark::workflow::tasks::TaskList;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
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
            if wanted.as_ref().is_some_and(|wanted| *wanted != id) {
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
                | "expect_parse" | "note" => {}
                "parse" => self.parse(part.as_str().unwrap())?,
                "validate" => disturbance::validate(self.fixtures, part)?,
                "wos" => disturbance::orchestration(self.fixtures, part)?,
                other => return Err(format!("this test does not know `{other}`")),
            }
        }
        if self.case.get("steps").is_none() && self.case.get("table").is_none() {
            return Ok(());
        }
        let mut play = Play::begin(self.fixtures);
        play.steps(&self.case["setup"])?;
        play.steps(&self.case["steps"])?;
        let each = &self.case["expect_each"];
        for (row, step) in self.case["table"].as_array().into_iter().flatten().enumerate() {
            let outcome = play.call("A", &step["call"]).ok_or("the server is gone")?;
            expect::check(each, outcome.answer()).map_err(|fault| format!("row {}: {fault}", row + 1))?;
        }
        play.steps(&self.case["after"])
    }

    /// Reads a specification alone.
    fn parse(&self, path: &str) -> Result<(), String> {
        let file = format!("{path}/tasks.md");
        let text = fs::read_to_string(self.fixtures.join(&file)).unwrap();
        let list = TaskList::read(&file, &text);
        let found = summary(&list);
        let mut faults = Vec::new();
        for (name, wanted) in self.case["expect_parse"].as_object().unwrap() {
            let found = &found[name];
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

/// A case on the stage.
struct Play {
    workspace: Workspace,
    servers: BTreeMap<String, Client>,
    saved: BTreeMap<String, Value>,
}

impl Play {
    fn begin(fixtures: &Path) -> Self {
        Self { workspace: Workspace::new(fixtures), servers: BTreeMap::new(), saved: BTreeMap::new() }
    }

    fn steps(&mut self, steps: &Value) -> Result<(), String> {
        for (number, step) in steps.as_array().into_iter().flatten().enumerate() {
            self.step(step).map_err(|fault| format!("step {}, {step}:\n{fault}", number + 1))?;
        }
        Ok(())
    }

    #[allow(clippy::disallowed_methods, reason = "a test plays the editor")]
    fn step(&mut self, step: &Value) -> Result<(), String> {
        let server = step["server"].as_str().unwrap_or("A").to_owned();
        for (name, part) in step.as_object().unwrap() {
            match name.as_str() {
                "server" | "save" | "expect" | "note" => {}
                "call" => {
                    let outcome = self.call(&server, part).ok_or("the server is gone")?;
                    expect::check(&self.filled(&step["expect"]), outcome.answer())?;
                    self.save(&step["save"], outcome.answer())?;
                }
                "restart" => self.servers.clear(),
                "write" => {
                    let path = self.workspace.root.join(part["path"].as_str().unwrap());
                    fs::write(path, part["text"].as_str().unwrap()).unwrap();
                }
                "file" => {
                    let path = self.workspace.root.join(part["path"].as_str().unwrap());
                    exists(&path, part)?;
                }
                "state_file" => {
                    let id = self.filled(&part["session"]);
                    exists(&self.workspace.session(id.as_str().unwrap()), part)?;
                }
                "truncate_state" => {
                    let id = self.filled(&part["session"]);
                    let path = self.workspace.session(id.as_str().unwrap());
                    let text = fs::read(&path).unwrap();
                    let kept = (text.len() as f64 * part["keep"].as_f64().unwrap()) as usize;
                    fs::write(&path, &text[..kept]).unwrap();
                }
                "repeat" => {
                    for round in 0..part["n"].as_u64().unwrap() {
                        self.saved.insert("i".into(), round.into());
                        let inner: Map<String, Value> = part
                            .as_object()
                            .unwrap()
                            .iter()
                            .filter(|(name, _)| *name != "n")
                            .map(|(name, value)| (name.clone(), value.clone()))
                            .collect();
                        self.step(&inner.into())?;
                    }
                }
                "read_while_writing" => disturbance::read_while_writing(&self.workspace, part)?,
                "kill_loop" => disturbance::kill_loop(&self.workspace, part)?,
                other => return Err(format!("this test does not know `{other}`")),
            }
        }
        Ok(())
    }

    fn call(&mut self, server: &str, arguments: &Value) -> Option<Outcome> {
        let arguments = self.filled(arguments);
        let workspace = &self.workspace;
        self.servers
            .entry(server.to_owned())
            .or_insert_with(|| workspace.serve())
            .call("workflow", &arguments)
    }

    fn save(&mut self, wanted: &Value, answer: &Value) -> Result<(), String> {
        for (name, path) in wanted.as_object().into_iter().flatten() {
            let value = expect::at(answer, path.as_str().unwrap());
            let value = value.ok_or_else(|| format!("{path} is missing: {answer:#}"))?;
            self.saved.insert(name.clone(), value.clone());
        }
        Ok(())
    }

    /// The value with what was saved in the place of `${name}`, and `@fill:N` as N letters.
    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                if let Some(length) = text.strip_prefix("@fill:") {
                    return "x".repeat(length.parse().unwrap()).into();
                }
                let mut text = text.clone();
                for (name, saved) in &self.saved {
                    let saved = saved.as_str().map_or_else(|| saved.to_string(), str::to_owned);
                    text = text.replace(&format!("${{{name}}}"), &saved);
                }
                text.into()
            }
            Value::Array(list) => list.iter().map(|value| self.filled(value)).collect(),
            Value::Object(object) => object
                .iter()
                .map(|(name, value)| (name.clone(), self.filled(value)))
                .collect::<Map<_, _>>()
                .into(),
            value => value.clone(),
        }
    }
}

fn exists(path: &Path, part: &Value) -> Result<(), String> {
    let wanted = part["exists"].as_bool().unwrap();
    match path.exists() == wanted {
        true => Ok(()),
        false => Err(format!("{} {}", path.display(), if wanted { "is missing" } else { "is there" })),
    }
}
