//! Deciding at a gate.

use super::{
    check::{self, Outcome},
    condition,
    evidence::{Answer, Basis, Evidence, Facts, Failure, Finding, Missing, Question, Verdict},
    model::{Check, CheckBox, Command, Condition, Field, FieldType, Gate, Place, Rule},
    scope::Scope,
};
use crate::text::nearest;
use serde_json::{Map, Value};

impl Gate {
    /// What the gate says to `evidence`.
    ///
    /// It goes in steps, so that nothing is looked up for nothing: the evidence by itself; then what
    /// is asked about files and commits; then commands; then a person. [`Verdict::needs`] has the
    /// questions of the first step that lacks answers; ask again when they are in `facts`.
    #[must_use]
    pub fn evaluate(&self, evidence: &Evidence, scope: &Scope, facts: &Facts) -> Verdict {
        if let Some(broken) = &self.broken {
            let message = format!("this gate can't be read, so it stays shut: {}", broken.message);
            let failure = Failure { subject: "gate".to_owned(), message, place: broken.place.clone() };
            return Verdict { errors: vec![failure], ..Verdict::default() };
        }
        let mut verdict = Verdict::default();
        if self.is_open() {
            verdict.warnings.push("the phase has no gate: nothing was checked".to_owned());
            return verdict;
        }
        let mut hearing = Hearing { gate: self, evidence, facts, verdict, unjudged: Vec::new() };
        hearing.hear_fields();
        hearing.hear_boxes();
        let (early, late): (Vec<&Rule>, Vec<&Rule>) =
            self.rules.iter().partition(|rule| !self.needs_output(rule));
        hearing.hear_rules(&early, scope, &Map::new());
        if hearing.must_stop() {
            return hearing.verdict;
        }
        let captured = hearing.hear_commands();
        if hearing.must_stop() {
            return hearing.verdict;
        }
        hearing.hear_rules(&late, scope, &captured);
        hearing.verdict.counted = captured;
        if !hearing.must_stop() {
            hearing.hear_approval();
        }
        hearing.verdict
    }

    /// What its evidence can have in it: fields, check boxes and numbers that are counted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let fields = self.fields.iter().map(|field| field.name.as_str());
        let boxes = self.boxes.iter().map(|check_box| check_box.name.as_str());
        let captures = self.commands.iter().flat_map(|command| &command.captures);
        fields.chain(boxes).chain(captures.map(|capture| capture.name.as_str()))
    }

    /// Whether the rule speaks of a number that is read out of a command's output.
    fn needs_output(&self, rule: &Rule) -> bool {
        let captures = self.commands.iter().flat_map(|command| &command.captures);
        captures.into_iter().any(|capture| rule.condition.source.contains(&capture.name))
    }
}

/// One evaluation.
struct Hearing<'g> {
    gate: &'g Gate,
    evidence: &'g Evidence,
    facts: &'g Facts,
    verdict: Verdict,
    /// Fields that are missing or of the wrong type: rules about them say nothing more.
    unjudged: Vec<&'g str>,
}

impl<'g> Hearing<'g> {
    fn must_stop(&self) -> bool {
        !self.verdict.passes()
    }

    fn hear_fields(&mut self) {
        for field in &self.gate.fields {
            match self.evidence.get(&field.name) {
                None | Some(Value::Null) if field.optional => {}
                None | Some(Value::Null) => {
                    self.unjudged.push(&field.name);
                    self.miss(missing_field(field, self.evidence));
                }
                Some(value) => self.hear_field(field, value),
            }
        }
    }

    fn hear_field(&mut self, field: &'g Field, value: &Value) {
        if let Some(fault) = check::type_fault(field.kind, value) {
            self.unjudged.push(&field.name);
            return self.fail(&field.name, format!("`{}` {fault}", field.name), &field.place);
        }
        let commit = match (field.kind, value.as_str()) {
            (FieldType::Commit, Some(commit)) => {
                vec![check::asked(Question::Commit(commit.to_owned()), self.facts)]
            }
            _ => Vec::new(),
        };
        let checks = field.checks.iter().map(|check| check::apply(check, value, self.facts));
        for outcome in commit.into_iter().chain(checks) {
            match outcome {
                Outcome::Holds => {}
                Outcome::Fails(fault) => {
                    let own_words = field.checks.iter().any(|check| check.message.as_ref() == Some(&fault));
                    let message = if own_words { fault } else { format!("`{}` {fault}", field.name) };
                    self.fail(&field.name, message, &field.place);
                }
                Outcome::Asks(questions) => self.ask(questions),
            }
        }
        let checks = field.checks.iter();
        let mut seen: Vec<String> =
            checks.filter_map(|check| seen_by(&check.check, value, self.facts)).collect();
        if field.kind == FieldType::Commit {
            seen.push("is in the repository".to_owned());
        }
        let basis = if seen.is_empty() { Basis::Reported } else { Basis::Checked };
        self.find(&field.name, basis, seen.join(", "));
    }

    fn hear_boxes(&mut self) {
        for check_box in &self.gate.boxes {
            let value = self.evidence.get(&check_box.name).or_else(|| self.evidence.get(&check_box.text));
            match value {
                Some(value) if shows(value) => self.find(&check_box.name, Basis::Reported, String::new()),
                None | Some(Value::Null | Value::Bool(false)) => self.miss(missing_box(check_box)),
                Some(other) => {
                    let message = format!(
                        "`{}` has to be true, or words that show it, not {}: {}",
                        check_box.name,
                        check::shown(other),
                        check_box.text
                    );
                    self.fail(&check_box.name, message, &check_box.place);
                }
            }
        }
    }

    fn hear_rules(&mut self, rules: &[&Rule], scope: &Scope, captured: &Map<String, Value>) {
        let sources: Vec<&str> = rules.iter().map(|rule| rule.condition.source.as_str()).collect();
        let names = condition::names_in(&sources);
        let evidence = self.evidence;
        let answers = condition::evaluate(&sources, &|name| variable(name, evidence, captured, scope));
        for ((rule, names), answer) in rules.iter().zip(names).zip(answers) {
            let about = names.unwrap_or_default().into_iter().filter_map(|path| field_named(&path));
            let unjudged = about.into_iter().find(|name| self.unjudged.contains(&name.as_str()));
            match (answer, unjudged) {
                (_, Some(name)) if self.gate.lenient => {
                    let condition = &rule.condition.source;
                    self.verdict
                        .warnings
                        .push(format!("rule `{condition}` was not judged: `{name}` is missing"));
                }
                (_, Some(_)) | (Ok(true), None) => {}
                (Ok(false), None) => self.fail_rule(rule, None),
                (Err(error), None) => self.fail_rule(rule, Some(error.to_string())),
            }
        }
    }

    /// Judges the commands; the numbers read out of their outputs.
    fn hear_commands(&mut self) -> Map<String, Value> {
        let mut captured = Map::new();
        for command in &self.gate.commands {
            let question = Question::Command(command.command.clone());
            match self.facts.get(&question) {
                None => self.ask(vec![question]),
                Some(Answer::Ran { code, output }) if *code == Some(command.exit_code) => {
                    self.find(&command.command, Basis::Checked, format!("exited with {}", command.exit_code));
                    self.capture(command, output, &mut captured);
                }
                Some(answer) => self.fail(&command.command, command_fault(command, answer), &command.place),
            }
        }
        captured
    }

    fn capture(&mut self, command: &'g Command, output: &str, captured: &mut Map<String, Value>) {
        for capture in &command.captures {
            match count(&capture.pattern, output) {
                Ok(number) => {
                    self.find(&capture.name, Basis::Checked, format!("counted {number}"));
                    captured.insert(capture.name.clone(), number.into());
                }
                Err(why) => {
                    let message = format!(
                        "`{}` can't be counted in the output of `{}`: {why}",
                        capture.name, command.command
                    );
                    self.fail(&capture.name, message, &command.place);
                }
            }
        }
    }

    fn hear_approval(&mut self) {
        let Some(approval) = &self.gate.approval else { return };
        let question = Question::Approval(approval.question.clone());
        match self.facts.get(&question) {
            None => self.ask(vec![question]),
            Some(Answer::Yes) => self.find("approval", Basis::Checked, "a person approved".to_owned()),
            Some(Answer::Refused(why)) => self.fail("approval", why.clone(), &approval.place),
            Some(_) => {
                self.fail("approval", "a person has not approved this phase".to_owned(), &approval.place);
            }
        }
    }

    fn miss(&mut self, missing: Missing) {
        if self.gate.lenient {
            self.verdict.warnings.push(format!("`{}` is missing: {}", missing.name, missing.what));
        } else {
            self.verdict.missing.push(missing);
        }
    }

    fn fail(&mut self, subject: &str, message: String, place: &Place) {
        self.verdict.errors.push(Failure { subject: subject.to_owned(), message, place: place.clone() });
        self.verdict.needs.clear();
    }

    fn fail_rule(&mut self, rule: &Rule, why: Option<String>) {
        let Condition { source, place } = &rule.condition;
        let message = match (&rule.message, why) {
            (Some(message), None) => message.clone(),
            (Some(message), Some(why)) => format!("{message} (rule `{source}`: {why})"),
            (None, None) => format!("the rule `{source}` does not hold"),
            (None, Some(why)) => format!("the rule `{source}` does not hold: {why}"),
        };
        self.fail(source, message, place);
    }

    fn ask(&mut self, questions: Vec<Question>) {
        if self.verdict.errors.is_empty() {
            let new = questions.into_iter().filter(|question| !self.verdict.needs.contains(question));
            self.verdict.needs.extend(new.collect::<Vec<_>>());
        }
    }

    fn find(&mut self, subject: &str, basis: Basis, seen: String) {
        self.verdict.findings.push(Finding { subject: subject.to_owned(), basis, seen });
    }
}

/// What a rule sees under a name: a field of the evidence, what was counted before what was reported;
/// or a part of the scope.
fn variable(name: &str, evidence: &Evidence, captured: &Map<String, Value>, scope: &Scope) -> Option<Value> {
    if name == Scope::EVIDENCE {
        let mut all = evidence.clone();
        all.extend(captured.clone());
        return Some(Value::Object(all));
    }
    scope.variable(name).or_else(|| captured.get(name).or_else(|| evidence.get(name)).cloned())
}

/// The evidence field that a name in a rule means: `goals`, or `evidence.goals`.
fn field_named(path: &[String]) -> Option<String> {
    match path {
        [root, field, ..] if root == Scope::EVIDENCE => Some(field.clone()),
        [root, ..] if root == Scope::EVIDENCE => None,
        [root, ..] => Some(root.clone()),
        [] => None,
    }
}

/// Whether a value says that a box is done: `true`, or something that shows it.
fn shows(value: &Value) -> bool {
    match value {
        Value::Bool(done) => *done,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Null | Value::Number(_) => false,
    }
}

fn missing_field(field: &Field, evidence: &Evidence) -> Missing {
    let mut what = check::article(field.kind).to_owned();
    if !field.description.is_empty() {
        what = format!("{what}: {}", field.description);
    }
    let others = evidence.keys().map(String::as_str).filter(|name| *name != field.name);
    if let Some(given) = nearest(&field.name, others) {
        what = format!("{what} (`{given}` is given, which is not the same)");
    }
    Missing { name: field.name.clone(), what }
}

fn missing_box(check_box: &CheckBox) -> Missing {
    Missing { name: check_box.name.clone(), what: check_box.text.clone() }
}

/// What the shell has seen of a value by this check.
fn seen_by(check: &Check, value: &Value, facts: &Facts) -> Option<String> {
    let answer = |question| facts.get(&question);
    match (check, value) {
        (Check::Exists, Value::String(path)) => {
            answer(Question::Exists(path.clone())).map(|_| "exists".to_owned())
        }
        (Check::Exists, Value::Array(paths)) => {
            let first = paths.first()?.as_str()?;
            answer(Question::Exists(first.to_owned())).map(|_| "all of them exist".to_owned())
        }
        (Check::Sha256(_), Value::String(path)) => match answer(Question::Sha256(path.clone()))? {
            Answer::Hash(hash) => Some(format!("sha256 {hash}")),
            _ => None,
        },
        _ => None,
    }
}

fn command_fault(command: &Command, answer: &Answer) -> String {
    let Command { command, exit_code, .. } = command;
    match answer {
        Answer::Refused(why) => format!("`{command}` was not run: {why}"),
        Answer::Void(why) => format!("`{command}` ran, but its run doesn't count: {why}"),
        Answer::Ran { code: Some(code), output } => {
            let mut message = format!("`{command}` exited with {code}, not with {exit_code}");
            if let Some(last) = output.lines().rev().find(|line| !line.trim().is_empty()) {
                message = format!("{message}; its last line: {}", check::quoted(last.trim()));
            }
            message
        }
        Answer::Ran { code: None, .. } => format!("`{command}` was ended by a signal or the time limit"),
        _ => format!("`{command}` has not been run"),
    }
}

/// The sum of the numbers that a pattern's first group finds.
fn count(pattern: &str, output: &str) -> Result<u64, String> {
    let regex = check::pattern(pattern)?;
    let mut sum: Option<u64> = None;
    for found in regex.captures_iter(output) {
        let digits = found.get(1).map_or("", |group| group.as_str());
        let number: u64 = digits.parse().map_err(|_| format!("{} is no number", check::quoted(digits)))?;
        sum = Some(sum.unwrap_or(0).saturating_add(number));
    }
    sum.ok_or_else(|| format!("the pattern `{pattern}` matches nothing in it"))
}

#[cfg(test)]
mod tests;
