//! What can only be seen on a whole definition: names that mean nothing, phases that nobody reaches.

use super::{
    condition::{self, ConditionError},
    fault::Fault,
    model::{Condition, Definition, Form, Next, Phase, Place},
    named_check::mismatch,
    scope::Scope,
    template,
};
use crate::{document::destructive_git, text::nearest};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is wrong with a definition of our own, which was read from `source`.
pub(super) fn review(definition: &Definition, source: &str) -> Vec<Fault> {
    let mut review = Review { definition, source, faults: Vec::new() };
    review.numbers();
    for fault in routes(definition) {
        review.route(fault);
    }
    review.inputs();
    let mut earlier = BTreeSet::new();
    for phase in &definition.phases {
        review.gate_names(phase);
        review.conditions(phase, &earlier);
        review.texts(phase, &earlier);
        earlier.extend(phase.gate.names());
    }
    review.faults
}

struct Review<'d> {
    definition: &'d Definition,
    source: &'d str,
    faults: Vec<Fault>,
}

impl<'d> Review<'d> {
    fn numbers(&mut self) {
        let phases = &self.definition.phases;
        if phases.is_empty() && self.definition.dynamic.is_none() {
            let place = Place { file: self.definition.source.clone(), line: 1, column: 1 };
            let fault = Fault::error("no-phases", place, "there is no phase in it");
            let hint = match self.definition.form {
                Form::Markdown => "write `## Phase 1: Title`",
                _ => "give `phases` with at least one in it: `{number: 1, title: …, text: …}`",
            };
            self.faults.push(fault.with_hint(hint));
        }
        let mut seen: BTreeMap<u32, &Place> = BTreeMap::new();
        for phase in phases {
            let number = phase.number;
            if let Some(first) = seen.get(&number) {
                let message = format!("there is a phase {number} already, in line {}", first.line);
                self.error("duplicate-phase", &phase.place, message);
                continue;
            }
            let expected = seen.keys().next_back().map_or_else(|| number.min(1), |last| last + 1);
            if number != expected {
                let message = match seen.is_empty() {
                    true => format!("the first phase is {number}; it has to be 0 or 1"),
                    false => format!("phase {expected} is missing before phase {number}"),
                };
                self.error("missing-phase", &phase.place, message);
            }
            seen.insert(number, &phase.place);
        }
    }

    /// A fault of where phases lead, at the line that says so.
    fn route(&mut self, mut fault: Fault) {
        if fault.code == "unknown-phase" {
            let words = if self.definition.form == Form::Markdown { "Next:" } else { "next" };
            fault.place = self.place_below(&fault.place, words);
        }
        self.faults.push(fault);
    }

    fn inputs(&mut self) {
        for input in &self.definition.inputs {
            if !condition::is_name(&input.name) {
                let place = Place { file: self.definition.source.clone(), line: 0, column: 0 };
                let message = format!(
                    "the input `{}` can't be named so: a name has letters, digits and `_`",
                    input.name
                );
                self.error("bad-name", &place, message);
            }
        }
    }

    fn gate_names(&mut self, phase: &'d Phase) {
        let gate = &phase.gate;
        let fields = gate.fields.iter().map(|field| (field.name.as_str(), &field.place));
        let captures = gate.commands.iter().flat_map(|command| {
            command.captures.iter().map(|capture| (capture.name.as_str(), &command.place))
        });
        let mut seen = BTreeSet::new();
        for (name, place) in fields.chain(captures) {
            if !condition::is_name(name) {
                let message = format!("`{name}` is no name: it has to be of letters, digits and `_`");
                self.error("bad-name", place, message);
            } else if Scope::NAMES.contains(&name) || name == Next::FIELD {
                self.error(
                    "reserved-name",
                    place,
                    format!("`{name}` has a meaning of its own; call the field otherwise"),
                );
            } else if !seen.insert(name) {
                self.error("duplicate-field", place, format!("this gate asks for `{name}` already"));
            }
        }
        for field in &gate.fields {
            for check in &field.checks {
                if let Some((name, looks_at)) = mismatch(&check.check, field.kind) {
                    let message = format!(
                        "the check `{name}` can never hold: it looks at {looks_at}, and `{}` is {}",
                        field.name,
                        super::check::article(field.kind)
                    );
                    self.error("bad-check", &field.place, message);
                }
            }
        }
        for command in &gate.commands {
            if let Some(what) = destructive_git(&command.command) {
                let message = format!(
                    "this gate never opens: `{}` runs `{what}`, which is left to a person, whoever trusts it",
                    command.command
                );
                let fault = Fault::warning("destructive-command", command.place.clone(), message);
                self.faults
                    .push(fault.with_hint("ask for `approval: person`, and for evidence that it was done"));
            }
            for capture in &command.captures {
                if let Err(why) = super::check::pattern(&capture.pattern) {
                    let message = format!("the pattern `{}` can't be read: {why}", capture.pattern);
                    self.error("bad-pattern", &command.place, message);
                }
            }
        }
    }

    fn conditions(&mut self, phase: &'d Phase, earlier: &BTreeSet<&str>) {
        let own: Vec<&str> = phase.gate.names().collect();
        let rules = phase.gate.rules.iter().map(|rule| (&rule.condition, own.as_slice()));
        let when = phase.when.iter().map(|condition| (condition, [].as_slice()));
        let all: Vec<(&Condition, &[&str])> = rules.chain(when).collect();
        let sources: Vec<&str> = all.iter().map(|(condition, _)| condition.source.as_str()).collect();
        for ((condition, own), names) in all.into_iter().zip(condition::names_in(&sources)) {
            match names {
                Ok(names) => {
                    for name in names {
                        self.name(&name, Some(own), earlier, &condition.place);
                    }
                }
                Err(error) => {
                    let place = match error {
                        ConditionError::Syntax { line: 1, column, .. } => {
                            Place { column: condition.place.column + column - 1, ..condition.place.clone() }
                        }
                        _ => condition.place.clone(),
                    };
                    self.error("bad-condition", &place, error.to_string());
                }
            }
        }
    }

    fn texts(&mut self, phase: &'d Phase, earlier: &BTreeSet<&str>) {
        let tasks = phase.tasks.iter().map(|task| task.text.as_str());
        for text in std::iter::once(phase.text.as_str()).chain(tasks) {
            match template::names_in(text) {
                Ok(names) => {
                    for name in names {
                        let place = self.place_below(&phase.place, &name.join("."));
                        self.name(&name, None, earlier, &place);
                    }
                }
                Err(error) => {
                    let line = text.lines().nth(error.line.saturating_sub(1) as usize).unwrap_or_default();
                    let place = self.place_below(&phase.place, line.trim());
                    let fault = Fault::error(
                        "bad-text",
                        place,
                        format!("the text can't be filled in: {}", error.message),
                    );
                    let hint =
                        "text with `{{` or `{%` of its own goes between `{% raw %}` and `{% endraw %}`";
                    self.faults.push(fault.with_hint(hint));
                }
            }
        }
    }

    /// Where `words` stand first below the heading of a phase; the heading when they don't stand there.
    fn place_below(&self, heading: &Place, words: &str) -> Place {
        let lines = self.source.lines().zip(1..).skip(heading.line.saturating_sub(1) as usize);
        let found = lines
            .filter(|_| !words.is_empty())
            .find_map(|(text, line)| Some((text, line, text.find(words)?)));
        found.map_or_else(
            || heading.clone(),
            |(text, line, at)| {
                let column = u32::try_from(text[..at].chars().count() + 1).unwrap_or(u32::MAX);
                Place { file: heading.file.clone(), line, column }
            },
        )
    }

    /// A name that a condition or text uses: it has to mean something here. `own` is what the gate asks
    /// for; texts are delivered before that.
    fn name(&mut self, path: &[String], own: Option<&[&str]>, earlier: &BTreeSet<&str>, place: &Place) {
        let (is_text, own) = (own.is_none(), own.unwrap_or_default());
        let inputs: Vec<&str> = self.definition.inputs.iter().map(|input| input.name.as_str()).collect();
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let (message, known): (String, Vec<&str>) = match parts.as_slice() {
            ["target", ..] | ["inputs" | "earlier"] => return,
            ["evidence"] if !own.is_empty() => return,
            ["inputs", name, ..] => (format!("there is no input `{name}`"), inputs),
            ["earlier", name, ..] => {
                (format!("no earlier phase asks for `{name}`"), earlier.iter().copied().collect())
            }
            ["evidence", name, ..] => (format!("this gate does not ask for `{name}`"), own.to_vec()),
            [name, ..] => {
                let scope =
                    Scope::NAMES.iter().copied().filter(|name| !own.is_empty() || *name != Scope::EVIDENCE);
                (format!("`{name}` means nothing here"), own.iter().copied().chain(scope).collect())
            }
            [] => return,
        };
        let wanted = if parts.len() > 1 && Scope::NAMES.contains(&parts[0]) { parts[1] } else { parts[0] };
        if known.contains(&wanted) {
            return;
        }
        let near = nearest(wanted, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        let is_foreign = is_text && !Scope::NAMES.contains(&parts[0]);
        let hint = near.or_else(|| match (known.is_empty(), is_foreign) {
            (_, true) => Some(format!(
                "known are {}; other text with `{{{{` goes between `{{% raw %}}` and `{{% endraw %}}`",
                known.join(", ")
            )),
            (false, false) => Some(format!("known are {}", known.join(", "))),
            (true, false) => None,
        });
        let fault = Fault::error("undefined-name", place.clone(), message).with_optional_hint(hint);
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    fn error(&mut self, code: &'static str, place: &Place, message: String) {
        self.faults.push(Fault::error(code, place.clone(), message));
    }
}

/// The most phases that a workflow may have. The longest one known has 25.
const MOST_PHASES: usize = 500;

/// Whether every phase can be reached, and from every phase the end.
pub(super) fn routes(definition: &Definition) -> Vec<Fault> {
    let mut faults = Vec::new();
    let error = |code, phase: &Phase, message: String| Fault::error(code, phase.place.clone(), message);
    let known: BTreeSet<u32> = definition.phases.iter().map(|phase| phase.number).collect();
    for phase in &definition.phases {
        if let Next::OneOf(numbers) = &phase.next {
            for number in numbers.iter().filter(|number| !known.contains(number)) {
                let message = format!("phase {} goes on at phase {number}, which is not there", phase.number);
                faults.push(error("unknown-phase", phase, message));
            }
        }
    }
    // Where a number stands twice, nobody can say which phase leads where.
    let is_clear = faults.is_empty() && known.len() == definition.phases.len();
    let Some(first) = definition.phases.first().filter(|_| is_clear) else { return faults };
    if definition.phases.len() > MOST_PHASES {
        let message = format!("there are {} phases; {MOST_PHASES} are the most", definition.phases.len());
        faults.push(Fault::error("too-many-phases", first.place.clone(), message));
        return faults;
    }
    let reached = closure([first.number], |number| nexts(definition, number));
    let ends = definition
        .phases
        .iter()
        .map(|phase| phase.number)
        .filter(|number| nexts(definition, *number).is_empty());
    let before = |number: u32| {
        let leads =
            definition.phases.iter().filter(move |phase| nexts(definition, phase.number).contains(&number));
        leads.map(|phase| phase.number).collect()
    };
    let ending = closure(ends, before);
    for phase in &definition.phases {
        if !reached.contains(&phase.number) {
            let message = format!("phase {} can't be reached from phase {}", phase.number, first.number);
            faults.push(error("unreachable-phase", phase, message));
        } else if !ending.contains(&phase.number) {
            let message =
                format!("from phase {} the workflow goes round in a circle and never ends", phase.number);
            faults.push(error("endless", phase, message));
        }
    }
    faults
}

/// The phases that may come right behind `number`, skipped ones included.
fn nexts(definition: &Definition, number: u32) -> Vec<u32> {
    let Some(at) = definition.phases.iter().position(|phase| phase.number == number) else {
        return Vec::new();
    };
    match &definition.phases[at].next {
        Next::Following => definition.phases.get(at + 1).map(|phase| phase.number).into_iter().collect(),
        Next::OneOf(numbers) => numbers.clone(),
        Next::End => Vec::new(),
    }
}

/// What can be reached from these, themselves included.
fn closure(starts: impl IntoIterator<Item = u32>, nexts: impl Fn(u32) -> Vec<u32>) -> BTreeSet<u32> {
    let mut open: Vec<u32> = starts.into_iter().collect();
    let mut reached: BTreeSet<u32> = open.iter().copied().collect();
    while let Some(number) = open.pop() {
        open.extend(nexts(number).into_iter().filter(|next| reached.insert(*next)));
    }
    reached
}
