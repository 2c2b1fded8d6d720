//! Case files; what they look like stands at [the module above](super).

use super::{
    diff,
    input::{Change, Input},
    input_line::{self, Line},
    reaction::{self, Statement},
    scenario::Scenario,
    story::{Step, Story},
};
use crate::{
    engine::{OnViolation, Settings, SummaryMode},
    text::{DocumentId, Patch, Revision, Span, TextEdit},
};

/// A case, ready to be told.
#[derive(Clone, Debug)]
pub struct Case {
    text: String,
    title: String,
    scenario: Scenario,
    opened: Option<Expected>,
    rounds: Vec<Round>,
    /// Where `## opened` would go.
    opened_at: usize,
}

/// What is wrong with a case file, or with what it expects.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct CaseError {
    /// The line of the case file, from 1.
    pub line: usize,
    /// What is wrong there; for an expectation that does not hold, with a diff of the section.
    pub message: String,
}

#[derive(Clone, Debug)]
struct Round {
    input: Input,
    line: usize,
    after: Expected,
}

/// What a section `after` or `opened` says.
#[derive(Clone, Debug, Default)]
struct Expected {
    line: usize,
    /// The section's body in the case file.
    body: Span,
    statements: Vec<Statement>,
    files: Vec<Fence>,
}

/// A fence that holds a document or a diff.
#[derive(Clone, Debug)]
struct Fence {
    document: DocumentId,
    is_diff: bool,
    /// The words behind the file name.
    flags: String,
    /// What it means, flags heeded.
    text: String,
}

impl Case {
    /// Reads a case file.
    ///
    /// # Errors
    /// With the first line that is no part of a case.
    pub fn parse(text: &str) -> Result<Self, CaseError> {
        Reader::new(text).case()
    }

    /// The heading of the file.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Tells the story and holds it against what the case expects.
    ///
    /// # Errors
    /// With every section that does not hold; or with the event that can't happen.
    pub fn check(&self) -> Result<Story, Vec<CaseError>> {
        let (story, found) = self.tell();
        if found.is_empty() { story.ok_or_else(Vec::new) } else { Err(found) }
    }

    /// The text of the case file with every expectation replaced by what happens; a text that is
    /// given whole stays whole.
    ///
    /// # Errors
    /// With the event that can't happen.
    pub fn blessed(&self) -> Result<String, CaseError> {
        let story = self.perform_all()?;
        let mut edits = Vec::new();
        let mut steps = story.steps().iter();
        if let Some(first) = steps.next() {
            match &self.opened {
                Some(opened) => edits.push(TextEdit::replace(opened.body, opened.rewritten(first))),
                None if reaction::is_quiet(first) => {}
                None => {
                    let body = Expected::default().rewritten(first);
                    edits.push(TextEdit::insert(self.opened_at, format!("## opened\n{body}")));
                }
            }
        }
        for (round, step) in self.rounds.iter().zip(steps) {
            edits.push(TextEdit::replace(round.after.body, round.after.rewritten(step)));
        }
        edits.retain(|edit| edit.span.of(&self.text).trim() != edit.new_text.trim());
        let patch = Patch::new(Revision::of(&self.text), edits);
        let text = patch.ok().and_then(|patch| patch.apply(&self.text).ok());
        let mut text = text.unwrap_or_else(|| self.text.clone());
        text.truncate(text.trim_end().len());
        text.push('\n');
        Ok(text)
    }

    fn perform_all(&self) -> Result<Story, CaseError> {
        let mut story = self.open()?;
        for round in &self.rounds {
            round.perform(&mut story)?;
        }
        Ok(story)
    }

    fn open(&self) -> Result<Story, CaseError> {
        let line = self.opened.as_ref().map_or(1, |opened| opened.line);
        self.scenario.clone().try_open().map_err(|error| CaseError { line, message: error.to_string() })
    }

    /// The story as far as it goes, and what was found wrong.
    fn tell(&self) -> (Option<Story>, Vec<CaseError>) {
        let mut story = match self.open() {
            Ok(story) => story,
            Err(error) => return (None, vec![error]),
        };
        let mut found = Vec::new();
        match &self.opened {
            Some(opened) => found.extend(opened.compare(story.last())),
            None if reaction::is_quiet(story.last()) => {}
            None => found.extend(Expected { line: 1, ..Expected::default() }.compare(story.last())),
        }
        for round in &self.rounds {
            if let Err(error) = round.perform(&mut story) {
                found.push(error);
                break;
            }
            found.extend(round.after.compare(story.last()));
        }
        (Some(story), found)
    }
}

impl Round {
    fn perform(&self, story: &mut Story) -> Result<(), CaseError> {
        let done = story.perform(self.input.clone());
        done.map(drop).map_err(|error| CaseError { line: self.line, message: error.to_string() })
    }
}

impl Expected {
    /// The section's body, written anew from what happened.
    fn rewritten(&self, step: &Step) -> String {
        let mut body = String::from("\n");
        // Writing to a string does not fail.
        let _ = reaction::write_statements(&mut body, &reaction::statements(step), false);
        for (document, file) in input_line::FILES {
            let (before, after) = reaction::texts(step, document);
            let whole = self.files.iter().find(|fence| fence.document == document && !fence.is_diff);
            let _ = match whole {
                Some(fence) => {
                    let text = after.replace("\r\n", "\n");
                    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
                    let flags = fence.flags.as_str();
                    body.push('\n');
                    reaction::write_fence(&mut body, &format!("markdown {file}{flags}"), text)
                }
                None if before == after => Ok(()),
                None => {
                    body.push('\n');
                    let diff = diff::unified(before, after);
                    reaction::write_fence(&mut body, &format!("diff {file}"), &diff)
                }
            };
        }
        body.push('\n');
        body
    }

    /// Where the expectation and what happened differ.
    fn compare(&self, step: &Step) -> Option<CaseError> {
        let written = |statements: &[Statement], fences: &[(String, String)]| {
            let mut out = String::new();
            let _ = reaction::write_statements(&mut out, statements, false);
            for (info, body) in fences {
                out.push('\n');
                let _ = reaction::write_fence(&mut out, info, body);
            }
            out
        };
        let mut expected_fences = Vec::new();
        let mut found_fences = Vec::new();
        for (document, file) in input_line::FILES {
            let (before, after) = reaction::texts(step, document);
            let expected = self.files.iter().find(|fence| fence.document == document);
            let (info, found) = match expected {
                Some(fence) if !fence.is_diff => (format!("markdown {file}"), after.to_owned()),
                _ => (format!("diff {file}"), diff::unified(before, after)),
            };
            let expected = expected.map_or("", |fence| fence.text.as_str());
            if !found.is_empty() || !expected.is_empty() {
                expected_fences.push((info.clone(), expected.to_owned()));
                found_fences.push((info, found));
            }
        }
        let expected = written(&self.statements, &expected_fences);
        let found = written(&reaction::statements(step), &found_fences);
        (expected_fences != found_fences || expected != found).then(|| CaseError {
            line: self.line,
            message: format!("expected (-) and found (+) differ\n{}", diff::unified(&expected, &found)),
        })
    }
}

/// Reads a case line by line.
struct Reader<'t> {
    text: &'t str,
    lines: Vec<&'t str>,
    /// Index of the next line.
    next: usize,
    /// Its offset.
    offset: usize,
}

type Read<T> = Result<T, CaseError>;

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, lines: text.split_inclusive('\n').collect(), next: 0, offset: 0 }
    }

    fn case(mut self) -> Read<Case> {
        let mut title = String::new();
        while self.section().is_none() {
            let Some(line) = self.take() else { return self.error("there is no `## before`") };
            if title.is_empty() {
                title = line.strip_prefix("# ").unwrap_or_default().trim().to_owned();
            }
        }
        let scenario = self.before()?;
        let opened_at = self.offset;
        let opened = if self.section() == Some("opened") { Some(self.expected()?) } else { None };
        let mut rounds = Vec::new();
        while let Some(section) = self.section() {
            if section != "event" {
                return self.error(format!("`## {section}` is not expected here; `## event` is"));
            }
            rounds.push(self.round()?);
        }
        if rounds.is_empty() && opened.is_none() {
            return self.error("a case needs an `## event`, or `## opened`");
        }
        Ok(Case { text: self.text.to_owned(), title, scenario, opened, rounds, opened_at })
    }

    fn before(&mut self) -> Read<Scenario> {
        if self.section() != Some("before") {
            return self.error("the first section of a case is `## before`");
        }
        self.take();
        let (mut state, mut config, mut settings) = (None, None, Settings::default());
        while let Some(line) = self.content() {
            if let Some(setting) = line.strip_prefix("- ") {
                set(&mut settings, setting).or_else(|message| self.error(message))?;
                self.take();
                continue;
            }
            let line = self.next;
            let fence = self.fence()?;
            let place = if fence.document == DocumentId::State { &mut state } else { &mut config };
            if place.replace(fence.text).is_some() {
                return Err(CaseError { line: line + 1, message: "this file is there already".into() });
            }
        }
        let Some(state) = state else {
            return self.error("`## before` has no fence ```markdown workflow_state.md");
        };
        let scenario = Scenario::new(state).settings(settings);
        Ok(match config {
            Some(config) => scenario.config(config),
            None => scenario,
        })
    }

    fn round(&mut self) -> Read<Round> {
        let line = self.next + 1;
        self.take();
        let (mut changes, mut other) = (Vec::new(), None);
        while let Some(line) = self.content() {
            if other.is_some() {
                return self.error("this event needs a `## event` of its own");
            }
            let Some(event) = line.strip_prefix("- ") else {
                let Fence { document, text, is_diff: false, .. } = self.fence()? else {
                    return self.error("an event is not a diff; give the whole text");
                };
                changes.push(Change::Save { document, text });
                continue;
            };
            match input_line::parse(event.trim_end()).or_else(|message| self.error(message))? {
                Line::Change(change) => changes.push(change),
                Line::Input(_) if !changes.is_empty() => {
                    return self.error("this event needs a `## event` of its own");
                }
                Line::Input(input) => other = Some(input),
            }
            self.take();
        }
        let input = match other {
            Some(input) => input,
            None if changes.is_empty() => {
                return self.error(format!("nothing happens; {}", input_line::FORMS));
            }
            None => Input::Edit(changes),
        };
        if self.section() != Some("after") {
            return self.error("`## event` is followed by `## after`");
        }
        Ok(Round { input, line, after: self.expected()? })
    }

    fn expected(&mut self) -> Read<Expected> {
        let line = self.next + 1;
        self.take();
        let start = self.offset;
        let mut expected = Expected { line, ..Expected::default() };
        while let Some(line) = self.content() {
            if let Some(head) = line.strip_prefix("- ") {
                let head = head.trim_end().to_owned();
                expected.statements.push(Statement { head, more: Vec::new(), details: Vec::new() });
            } else if let (Some(more), Some(last)) = (line.strip_prefix("  "), expected.statements.last_mut())
            {
                last.more.push(more.trim_end().to_owned());
            } else {
                let fence = self.fence()?;
                expected.files.push(fence);
                continue;
            }
            self.take();
        }
        expected.body = Span::new(start, self.offset);
        Ok(expected)
    }

    /// Reads a fence: ```` ```markdown workflow_state.md crlf ````.
    fn fence(&mut self) -> Read<Fence> {
        let line = self.peek().unwrap_or_default().trim_end();
        let ticks = line.len() - line.trim_start_matches('`').len();
        if ticks < 3 {
            return self.error("neither a list item, a fence nor one of this format's sections");
        }
        let (close, info) = line.split_at(ticks);
        let mut words = info.split_whitespace();
        let (Some(kind), Some(file)) = (words.next(), words.next()) else {
            return self.error(format!("name the file: {close}markdown workflow_state.md"));
        };
        let document = input_line::document(file).or_else(|message| self.error(message))?;
        let flags: Vec<&str> = words.collect();
        if let Some(odd) = flags.iter().find(|flag| !FLAGS.contains(flag)) {
            return self.error(format!("`{odd}` is none of {}", FLAGS.join(", ")));
        }
        let opening = self.next + 1;
        self.take();
        let mut text = String::new();
        loop {
            match self.take() {
                Some(line) if line.trim_end() == close => break,
                Some(line) => text.push_str(line),
                None => {
                    return Err(CaseError { line: opening, message: "this fence is never closed".into() });
                }
            }
        }
        if flags.contains(&"no-final-line-end") {
            text.pop();
        }
        if flags.contains(&"crlf") {
            text = text.replace('\n', "\r\n");
        }
        if flags.contains(&"bom") {
            text.insert(0, '\u{feff}');
        }
        let flags = flags.iter().map(|flag| format!(" {flag}")).collect();
        Ok(Fence { document, is_diff: kind == "diff", flags, text })
    }

    /// The next line that is not blank, unless a section begins there.
    fn content(&mut self) -> Option<&'t str> {
        while self.peek().is_some_and(|line| line.trim().is_empty()) {
            self.take();
        }
        if self.section().is_some() { None } else { self.peek() }
    }

    /// The name of the section that begins at the next line.
    fn section(&self) -> Option<&'t str> {
        self.peek()?.strip_prefix("## ").map(str::trim)
    }

    fn peek(&self) -> Option<&'t str> {
        self.lines.get(self.next).copied()
    }

    fn take(&mut self) -> Option<&'t str> {
        let line = self.peek()?;
        self.next += 1;
        self.offset += line.len();
        Some(line)
    }

    fn error<T>(&self, message: impl Into<String>) -> Read<T> {
        Err(CaseError {
            line: self.next.min(self.lines.len().saturating_sub(1)) + 1,
            message: message.into(),
        })
    }
}

const FLAGS: [&str; 3] = ["crlf", "bom", "no-final-line-end"];

/// What a setting does.
type Apply = fn(&mut Settings);

/// Settings as `key = value`.
const SETTINGS: [(&str, Apply); 6] = [
    ("gates.on_violation = warn", |settings| settings.gates.on_violation = OnViolation::Warn),
    ("gates.on_violation = revert", |settings| settings.gates.on_violation = OnViolation::Revert),
    ("gates.on_violation = off", |settings| settings.gates.on_violation = OnViolation::Off),
    ("summary = extract", |settings| settings.summary = SummaryMode::Extract),
    ("summary = agent", |settings| settings.summary = SummaryMode::Agent),
    ("max_firings = 1", |settings| settings.limits.firings = 1),
];

fn set(settings: &mut Settings, line: &str) -> Result<(), String> {
    let known = SETTINGS.iter().find(|(written, _)| *written == line.trim());
    let Some((_, apply)) = known else {
        let all: Vec<&str> = SETTINGS.iter().map(|(written, _)| *written).collect();
        return Err(format!("`{}` is none of: {}", line.trim(), all.join("; ")));
    };
    apply(settings);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: &str = "# A title\n\nWhy.\n\n## before\n\n- summary = agent\n\n```markdown workflow_state.md\n\
        ## State\n```\n\n## event\n\n- log x\n\n## after\n\n- fires nothing\n";

    #[test]
    fn reads_what_it_describes() {
        let case = Case::parse(CASE).unwrap();
        assert_eq!(case.title(), "A title");
        assert_eq!(case.scenario.state, "## State\n");
        assert_eq!(case.scenario.settings.summary, SummaryMode::Agent);
        assert_eq!(case.rounds[0].input, Input::Edit(vec![Change::Log("x".into())]));
        assert_eq!(case.rounds[0].after.statements[0].head, "fires nothing");
        assert_eq!(case.rounds[0].after.body.of(CASE), "\n- fires nothing\n");
    }

    #[test]
    fn flags_say_how_the_text_differs() {
        let text = CASE.replace("workflow_state.md\n", "workflow_state.md crlf bom no-final-line-end\n");
        let case = Case::parse(&text.replace("## State\n", "## State\nx\n")).unwrap();
        assert_eq!(case.scenario.state, "\u{feff}## State\r\nx");
    }

    #[test]
    fn sections_inside_a_fence_are_text() {
        let text = CASE.replace("```", "````").replace("## State\n", "```\n## event\n```\n## State\n");
        assert_eq!(Case::parse(&text).unwrap().scenario.state, "```\n## event\n```\n## State\n");
    }

    #[test]
    fn says_which_line_is_wrong() {
        let check = |old: &str, new: &str, line, message: &str| {
            let error = Case::parse(&CASE.replacen(old, new, 1)).expect_err(new);
            assert!(error.line == line && error.message.contains(message), "{new}: {error}");
        };
        check("## before", "## Before", 5, "the first section");
        check("summary = agent", "summary = me", 7, "is none of");
        check("workflow_state.md", "state.md", 9, "`state.md` is neither");
        check("workflow_state.md", "workflow_state.md lf", 9, "`lf` is none of crlf");
        check(" workflow_state.md", "", 9, "name the file");
        check("## State\n```", "## State", 9, "never closed");
        check("- log x", "log x", 15, "neither a list item");
        check("- log x", "- logg x", 15, "is no event");
        check("- log x", "- log x\n- restart", 16, "of its own");
        check("- log x", "- restart\n- log x", 16, "of its own");
        check("- log x", "", 17, "nothing happens");
        check("## after", "## then", 17, "followed by `## after`");
        check("- fires nothing", "it fires", 19, "neither a list item");
        check("## event\n\n- log x\n\n## after\n\n- fires nothing\n", "", 12, "needs an `## event`");
    }
}
