//! A case on the stage: its workspace, its servers, what it saved, and its steps.

use super::{
    client::{Client, Outcome},
    disturbance, expect,
    workspace::Workspace,
};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fs, path::Path, process::Command};

/// A case on the stage.
pub(super) struct Play {
    workspace: Workspace,
    servers: BTreeMap<String, Client>,
    saved: BTreeMap<String, Value>,
    /// The furthest phase that an answer may speak of, where later ones have to stay hidden.
    reached: Option<u64>,
}

impl Play {
    /// A stage with the fixtures; `hides_later_phases` looks at every answer for marks (`MARK-PHASE-2`)
    /// of phases that the session has not come to.
    pub(super) fn begin(fixtures: &Path, hides_later_phases: bool) -> Self {
        Self {
            workspace: Workspace::new(fixtures),
            servers: BTreeMap::new(),
            saved: BTreeMap::new(),
            reached: hides_later_phases.then_some(0),
        }
    }

    pub(super) fn steps(&mut self, steps: &Value) -> Result<(), String> {
        for (number, step) in steps.as_array().into_iter().flatten().enumerate() {
            self.step(step).map_err(|fault| format!("step {}, {step}:\n{fault}", number + 1))?;
        }
        Ok(())
    }

    /// A row of a table: what is expected of each, and of this one.
    pub(super) fn row(&mut self, row: &Value, each: &Value) -> Result<(), String> {
        let outcome = self.call("A", &row["call"])?;
        expect::check(&self.filled(each), outcome.answer())?;
        expect::check(&self.filled(&row["expect"]), outcome.answer())
    }

    #[allow(clippy::disallowed_methods, reason = "a test plays the editor")]
    fn step(&mut self, step: &Value) -> Result<(), String> {
        let server = step["server"].as_str().unwrap_or("A").to_owned();
        for (name, part) in step.as_object().unwrap() {
            match name.as_str() {
                "server" | "save" | "expect" | "note" | "arguments" => {}
                "call" => {
                    let outcome = self.call(&server, part)?;
                    expect::check(&self.filled(&step["expect"]), outcome.answer())?;
                    self.save(&step["save"], outcome.answer())?;
                }
                "tool" => self.tool(&server, part.as_str().unwrap(), step)?,
                "cli" => self.command_line(part, &self.filled(&step["expect"]))?,
                "restart" => self.servers.clear(),
                "write" => self.write(&self.filled(part)),
                "edit" => self.edit(&self.filled(part))?,
                "link" => self.link(part),
                "remove" => self.remove(self.filled(part).as_str().unwrap())?,
                "each" => self.each(part)?,
                "set" => {
                    for (name, value) in self.filled(part).as_object().unwrap() {
                        self.saved.insert(name.clone(), value.clone());
                    }
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
                "repeat" => self.repeat(part)?,
                "read_while_writing" => disturbance::read_while_writing(&self.workspace, part)?,
                "kill_loop" => disturbance::kill_loop(&self.workspace, part)?,
                other => return Err(format!("this test does not know `{other}`")),
            }
        }
        Ok(())
    }

    /// Calls the one tool. Whatever the call, what the contract says of every answer must hold.
    pub(super) fn call(&mut self, server: &str, arguments: &Value) -> Result<Outcome, String> {
        let arguments = self.filled(arguments);
        let outcome = self.client(server).call("workflow", &arguments).ok_or("the server is gone")?;
        if let Outcome::Answer(answer) = &outcome {
            let root = self.workspace.root.parent().unwrap().display().to_string();
            let fault = expect::every_answer(answer, &root).and_then(|()| self.hides_later_phases(answer));
            fault.map_err(|fault| format!("{fault}\nanswer: {answer:#}"))?;
        }
        Ok(outcome)
    }

    fn client(&mut self, server: &str) -> &mut Client {
        let workspace = &self.workspace;
        self.servers.entry(server.to_owned()).or_insert_with(|| workspace.serve())
    }

    /// Calls one of the four tools for agents that keep their own state.
    fn tool(&mut self, server: &str, tool: &str, step: &Value) -> Result<(), String> {
        let arguments = self.filled(&step["arguments"]);
        let outcome = self.client(server).call(tool, &arguments).ok_or("the server is gone")?;
        let expected = self.filled(&step["expect"]);
        let wants_error = expected.get("error_code").is_some();
        if wants_error != matches!(outcome, Outcome::Error(_)) {
            return Err(format!("{outcome:?}"));
        }
        expect::check(&expected, outcome.answer())?;
        self.save(&step["save"], outcome.answer())
    }

    fn hides_later_phases(&mut self, answer: &Value) -> Result<(), String> {
        let Some(reached) = self.reached else { return Ok(()) };
        let reached = ["current_phase", "next_phase"]
            .iter()
            .filter_map(|name| answer[*name].as_u64())
            .fold(reached, u64::max);
        self.reached = Some(reached);
        let whole = answer.to_string();
        let mut rest = whole.as_str();
        while let Some((_, after)) = rest.split_once("MARK-") {
            let number: String =
                after.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
            if number.parse::<u64>().is_ok_and(|number| number > reached) {
                let mark: String = after.chars().take(12).collect();
                return Err(format!("phase {reached} is reached, and MARK-{mark} is shown"));
            }
            rest = after;
        }
        Ok(())
    }

    /// A person, or an agent, at the command line.
    fn command_line(&self, arguments: &Value, expected: &Value) -> Result<(), String> {
        let arguments = self.filled(arguments);
        let arguments = arguments.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned());
        #[allow(clippy::disallowed_methods, reason = "a test plays the person at the terminal")]
        let mut command = Command::new(env!("CARGO_BIN_EXE_rulemark"));
        command.env_clear().env("HOME", self.workspace.home()).current_dir(&self.workspace.root);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let output = command.args(arguments).output().unwrap();
        let said = serde_json::json!({
            "exit": output.status.code(),
            "stdout": String::from_utf8_lossy(&output.stdout),
            "stderr": String::from_utf8_lossy(&output.stderr),
        });
        expect::check(expected, &said)
    }

    /// Writes a file of the workspace, or of the user's home, with the folders it needs.
    #[allow(clippy::disallowed_methods, reason = "a test plays the editor")]
    fn write(&self, part: &Value) {
        let path = match part["home"].as_str() {
            Some(path) => self.workspace.home().join(path),
            None => self.workspace.root.join(part["path"].as_str().unwrap()),
        };
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, part["text"].as_str().unwrap()).unwrap();
    }

    /// A person's edit of a session's page.
    #[allow(clippy::disallowed_methods, reason = "a test plays the editor")]
    fn edit(&self, part: &Value) -> Result<(), String> {
        let path = self.workspace.session(part["session"].as_str().unwrap());
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let replaced = part["replace"].as_str().unwrap();
        if !text.contains(replaced) {
            return Err(format!("{replaced:?} is not in the session:\n{text}"));
        }
        fs::write(path, text.replacen(replaced, part["with"].as_str().unwrap(), 1)).unwrap();
        Ok(())
    }

    fn link(&self, part: &Value) {
        let path = self.workspace.root.join(part["path"].as_str().unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(part["to"].as_str().unwrap(), path).unwrap();
    }

    fn remove(&self, path: &str) -> Result<(), String> {
        let path = self.workspace.root.join(path);
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The steps, once for each value: `${it}` is the value, `${i}` its number.
    fn each(&mut self, part: &Value) -> Result<(), String> {
        let values = self.filled(&part["of"]);
        let mut faults = Vec::new();
        for (number, value) in values.as_array().unwrap().iter().enumerate() {
            self.saved.insert("i".into(), number.into());
            self.saved.insert("it".into(), value.clone());
            if let Err(fault) = self.steps(&part["steps"]) {
                faults.push(format!("with {value}: {fault}"));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
    }

    fn repeat(&mut self, part: &Value) -> Result<(), String> {
        let inner: Map<String, Value> = part
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "n")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        for round in 0..part["n"].as_u64().unwrap() {
            self.saved.insert("i".into(), round.into());
            self.step(&inner.clone().into())?;
        }
        Ok(())
    }

    fn save(&mut self, wanted: &Value, answer: &Value) -> Result<(), String> {
        for (name, path) in wanted.as_object().into_iter().flatten() {
            let value = expect::at(answer, path.as_str().unwrap());
            let value = value.ok_or_else(|| format!("{path} is missing: {answer:#}"))?;
            self.saved.insert(name.clone(), value.clone());
        }
        Ok(())
    }

    /// The value with what was saved in the place of `${name}`, and `@fill:N` as N letters. A text that
    /// is nothing but `${name}` becomes the saved value itself, whatever its type.
    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.filled_text(text),
            Value::Array(list) => list.iter().map(|value| self.filled(value)).collect(),
            Value::Object(object) => object
                .iter()
                .map(|(name, value)| (name.clone(), self.filled(value)))
                .collect::<Map<_, _>>()
                .into(),
            value => value.clone(),
        }
    }

    fn filled_text(&self, text: &str) -> Value {
        if let Some(length) = text.strip_prefix("@fill:") {
            return "x".repeat(length.parse().unwrap()).into();
        }
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            filled.push_str(before);
            let Some((path, end)) = after.split_once('}') else { break };
            let (name, inner) = path.split_once('.').map_or((path, None), |(name, path)| (name, Some(path)));
            let saved = self.saved.get(name);
            let saved = inner.map_or(saved, |path| saved.and_then(|saved| expect::at(saved, path)));
            match saved {
                Some(saved) if before.is_empty() && end.is_empty() && rest.len() == text.len() => {
                    return saved.clone();
                }
                Some(saved) => {
                    filled.push_str(&saved.as_str().map_or_else(|| saved.to_string(), str::to_owned));
                    rest = end;
                }
                None => {
                    filled.push_str("${");
                    rest = after;
                }
            }
        }
        filled.push_str(rest);
        filled.into()
    }
}

fn exists(path: &Path, part: &Value) -> Result<(), String> {
    let wanted = part["exists"].as_bool().unwrap();
    match path.exists() == wanted {
        true => Ok(()),
        false => Err(format!("{} {}", path.display(), if wanted { "is missing" } else { "is there" })),
    }
}
