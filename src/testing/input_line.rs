//! Inputs as lines of a case file: `set Status = COMPLETED`, `emit session-start`, `done RULE_X`.
//!
//! Reading and writing are inverse to each other; a test holds them together.

use super::input::{Change, Input};
use crate::{
    engine::{Cause, EVENTS, EventName, FileFact, StepResult},
    text::DocumentId,
};
use std::fmt::{self, Display as _};

/// The file names of the case language.
pub(super) const FILES: [(DocumentId, &str); 2] =
    [(DocumentId::State, "workflow_state.md"), (DocumentId::Config, "project_config.md")];

const FACTS: [(&str, FileFact); 3] =
    [("missing", FileFact::Missing), ("empty", FileFact::Empty), ("present", FileFact::Present)];

/// One line: a change, of which several are saved together, or any other input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Change(Change),
    Input(Input),
}

/// What every line may be, for messages.
pub(super) const FORMS: &str = "an event is one of: set KEY = VALUE, replace \"OLD\" with \"NEW\" \
    [in FILE], log TEXT, add item TEXT, emit NAME [TEXT], done STEP [: TEXT], failed STEP [: TEXT], \
    file PATH missing|empty|present, restart, forget";

/// Reads a line without its list marker.
pub(super) fn parse(line: &str) -> Result<Line, String> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim();
    match verb {
        "set" => {
            let (key, value) = rest.split_once('=').ok_or("write set KEY = VALUE")?;
            Ok(Line::Change(Change::Set { key: key.trim().into(), value: text(value)? }))
        }
        "replace" => replace(rest).map(Line::Change),
        "log" => Ok(Line::Change(Change::Log(text(rest)?))),
        "add" => {
            let description = rest.strip_prefix("item ").ok_or("write add item TEXT")?;
            Ok(Line::Change(Change::AddItem(text(description)?)))
        }
        "emit" => emit(rest).map(|cause| Line::Input(Input::Emit(cause))),
        "done" | "failed" => {
            let (step, report) = match rest.split_once(':') {
                Some((step, report)) => (step.trim(), Some(text(report)?)),
                None => (rest, None),
            };
            if step.is_empty() {
                return Err(format!("write {verb} STEP, with the step's id or its rule's"));
            }
            let result = StepResult { success: verb == "done", text: report };
            Ok(Line::Input(Input::Close { step: step.into(), result }))
        }
        "file" => {
            let (path, fact) = rest.rsplit_once(' ').ok_or("write file PATH missing|empty|present")?;
            let known = FACTS.iter().find(|(name, _)| *name == fact);
            let (_, fact) = known.ok_or_else(|| format!("`{fact}` is not missing, empty or present"))?;
            Ok(Line::Input(Input::File { path: path.trim().into(), fact: *fact }))
        }
        "restart" if rest.is_empty() => Ok(Line::Input(Input::Restart)),
        "forget" if rest.is_empty() => Ok(Line::Input(Input::Forget)),
        _ => Err(format!("`{line}` is no event; {FORMS}")),
    }
}

fn replace(rest: &str) -> Result<Change, String> {
    let usage = "write replace \"OLD\" with \"NEW\", and in FILE behind it if it is not the state file";
    let (old, rest) = quoted(rest).ok_or(usage)?;
    let rest = rest.trim_start().strip_prefix("with").ok_or(usage)?;
    let (new, rest) = quoted(rest.trim_start()).ok_or(usage)?;
    let document = match rest.trim().strip_prefix("in ") {
        None if rest.trim().is_empty() => DocumentId::State,
        None => return Err(usage.into()),
        Some(file) => document(file.trim())?,
    };
    Ok(Change::Replace { document, old, new })
}

fn emit(rest: &str) -> Result<Cause, String> {
    let (name, parameter) = rest.split_once(' ').unwrap_or((rest, ""));
    let parameter = text(parameter)?;
    if let Some(event) = EventName::find(name) {
        return match event.argument {
            None if parameter.is_empty() => Ok(event.cause("")),
            Some(_) if !parameter.is_empty() => Ok(event.cause(parameter)),
            Some(_) => Err(format!("emit {name} needs something behind it")),
            None => Err(format!("emit {name} takes nothing behind it")),
        };
    }
    // What the project calls its own events may be several words.
    if rest.is_empty() { Err("emit needs a name".into()) } else { Ok(Cause::Named(text(rest)?)) }
}

/// The document with this file name.
pub(super) fn document(file: &str) -> Result<DocumentId, String> {
    let known = FILES.iter().find(|(_, name)| *name == file);
    known
        .map(|(document, _)| *document)
        .ok_or_else(|| format!("`{file}` is neither {} nor {}", FILES[0].1, FILES[1].1))
}

/// The file name of a document.
pub(super) fn file_name(document: DocumentId) -> &'static str {
    FILES.iter().find(|(known, _)| *known == document).map_or("", |(_, name)| name)
}

/// Words to the end of the line, or a quoted text.
fn text(words: &str) -> Result<String, String> {
    let words = words.trim();
    if !words.starts_with('"') {
        return Ok(words.to_owned());
    }
    match quoted(words) {
        Some((text, "")) => Ok(text),
        _ => Err(format!("{words} is not one quoted text")),
    }
}

const ESCAPES: [(char, char); 6] =
    [('n', '\n'), ('r', '\r'), ('t', '\t'), ('0', '\0'), ('"', '"'), ('\\', '\\')];

/// A text in double quotes at the beginning of `words`, and what follows it.
fn quoted(words: &str) -> Option<(String, &str)> {
    let body = words.strip_prefix('"')?;
    let mut out = String::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, &body[at + 1..])),
            '\\' => {
                let (_, escape) = chars.next()?;
                out.push(ESCAPES.iter().find(|(written, _)| *written == escape)?.1);
            }
            other => out.push(other),
        }
    }
    None
}

/// Writes a text in double quotes.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match ESCAPES.iter().find(|(_, meant)| *meant == c) {
                Some((written, _)) => write!(f, "\\{written}")?,
                None => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

/// Writes a text as it is, quoted only where it would be read differently.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.0.trim() == self.0 && !self.0.starts_with('"') && !self.0.contains(['\n', '\r']);
        if plain { f.write_str(self.0) } else { Quoted(self.0).fmt(f) }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { key, value } => write!(f, "set {key} = {}", Text(value)),
            Self::Replace { document, old, new } => {
                write!(f, "replace {} with {}", Quoted(old), Quoted(new))?;
                match document {
                    DocumentId::State => Ok(()),
                    DocumentId::Config => write!(f, " in {}", file_name(*document)),
                }
            }
            Self::Save { document, .. } => write!(f, "save {}", file_name(*document)),
            Self::Log(text) => write!(f, "log {}", Text(text)),
            Self::AddItem(description) => write!(f, "add item {}", Text(description)),
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edit(changes) => {
                let changes: Vec<String> = changes.iter().map(Change::to_string).collect();
                f.write_str(&changes.join("; "))
            }
            Self::Emit(cause) => write_cause(f, cause),
            Self::Close { step, result } => {
                write!(f, "{} {step}", if result.success { "done" } else { "failed" })?;
                result.text.iter().try_for_each(|text| write!(f, ": {}", Text(text)))
            }
            Self::Restart => f.write_str("restart"),
            Self::Forget => f.write_str("forget"),
            Self::File { path, fact } => {
                let fact = FACTS.iter().find(|(_, known)| known == fact).map_or("", |(name, _)| name);
                write!(f, "file {path} {fact}")
            }
        }
    }
}

fn write_cause(f: &mut fmt::Formatter<'_>, cause: &Cause) -> fmt::Result {
    match cause {
        Cause::Command(text) => write!(f, "emit command {}", Text(text)),
        Cause::SourceSaved(path) => write!(f, "emit source-saved {}", Text(path)),
        Cause::UserSaid(text) => write!(f, "emit said {}", Text(text)),
        Cause::Judged { rule } => write!(f, "emit judge {rule}"),
        Cause::Named(name) => write!(f, "emit {}", Text(name)),
        Cause::Done { step, result } => Input::Close { step: step.clone(), result: result.clone() }.fmt(f),
        plain => {
            let mut plain_events = EVENTS.iter().filter(|event| event.argument.is_none());
            let name = plain_events.find(|event| event.cause("") == *plain).map_or("", |event| event.name);
            write!(f, "emit {name}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_was_read() {
        for line in [
            "set Phase = VALIDATE",
            "set CurrentItem = \"a\\nb\"",
            "set Status = ",
            "replace \"| pending |\" with \"\"",
            "replace \"say \\\"x\\\" \\\\\" with \"\\t\\r\\n\\0\" in project_config.md",
            "log Found two bugs: a and b",
            "add item Fix the parser | and more",
            "emit session-start",
            "emit files-changed",
            "emit command @analyze",
            "emit source-saved src/a b.rs",
            "emit said approve the plan",
            "emit judge RULE_X_01",
            "emit on deploy",
            "done RULE_INIT_01: Write the parser",
            "done 7-1",
            "failed 7-1: it: broke",
            "file docs/a.md missing",
            "restart",
            "forget",
        ] {
            let written = match parse(line) {
                Ok(Line::Change(change)) => change.to_string(),
                Ok(Line::Input(input)) => input.to_string(),
                Err(error) => error,
            };
            assert_eq!(written, line);
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_line() {
        let check = |line, expected: &str| {
            let error = parse(line).expect_err(line);
            assert!(error.contains(expected), "{line}: {error}");
        };
        check("", "is no event");
        check("sett A = b", "is no event");
        check("restart now", "is no event");
        check("set Phase VALIDATE", "set KEY = VALUE");
        check("set A = \"x\" y", "not one quoted text");
        check("replace a with b", "replace \"OLD\" with \"NEW\"");
        check("replace \"a\" with \"b", "replace \"OLD\" with \"NEW\"");
        check("replace \"a\" with \"b\" in README.md", "neither workflow_state.md nor");
        check("replace \"a\\q\" with \"b\"", "replace \"OLD\" with \"NEW\"");
        check("add task x", "add item TEXT");
        check("emit", "needs a name");
        check("emit judge", "needs something behind it");
        check("done", "write done STEP");
        check("file a.md gone", "`gone` is not missing");
    }
}
