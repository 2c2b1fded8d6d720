//! Reading a session.

use super::{
    attempt,
    change::{Layout, Part},
    head::Head,
    line::read_name,
    model::{Attempt, ErrorRecord, Pause, PhaseLine, Session},
};
use crate::{
    markdown::{BlockKind, Line, LineKind, Markdown},
    text::{LineIndex, Span},
};
use serde_json::{Map, Value};
use std::fmt;

/// Something in a session that can't be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// Everything in a session that can't be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaws(pub Vec<Flaw>);

impl Flaw {
    pub(super) fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl fmt::Display for Flaws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, flaw) in self.0.iter().enumerate() {
            write!(f, "{}{flaw}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl Session {
    /// Reads the text of a session's file.
    ///
    /// # Errors
    /// All that is wrong, when it is no whole session: then nothing in it can be relied on.
    pub fn parse(text: String) -> Result<Self, Flaws> {
        let markdown = Markdown::parse(&text);
        let (head, values) = Head::read(&text, &front_matter(&markdown)?)?;
        let mut reader = Reader {
            markdown: &markdown,
            lines: LineIndex::new(&text),
            flaws: Vec::new(),
            layout: Layout { head: values, ..Layout::default() },
        };
        let sections = reader.sections();
        let mut found = Contents::default();
        for (part, span) in sections {
            reader.note_end(part, span);
            match part {
                Part::State => reader.state(span, &mut found),
                Part::Phases => found.phases = reader.phases(span),
                Part::Evidence => found.attempts = reader.attempts(span),
                Part::Errors => found.errors = reader.errors(span),
                Part::Log => found.log = reader.log(span),
            }
        }
        let Reader { mut flaws, layout, .. } = reader;
        if !found.phases.iter().any(|phase| phase.number == head.phase) {
            flaws.push(Flaw::new(1, format!("phase {} is not in the check list", head.phase)));
        }
        if !flaws.is_empty() {
            flaws.sort_by_key(|flaw| flaw.line);
            return Err(Flaws(flaws));
        }
        let Contents { options, pause, phases, attempts, errors, log } = found;
        Ok(Self { head, options, pause, phases, attempts, errors, log, text, layout })
    }
}

impl Head {
    /// Reads the front matter of a session alone; `text` may end behind it.
    ///
    /// # Errors
    /// As [`Session::parse`].
    pub fn parse(text: &str) -> Result<Self, Flaws> {
        let behind = text.get(3..).and_then(|rest| rest.find("\n---"));
        let end = behind.map_or(text.len(), |at| (3 + at + 5).min(text.len()));
        let end = (end..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
        let text = &text[..end];
        let markdown = Markdown::parse(text);
        Ok(Self::read(text, &front_matter(&markdown)?)?.0)
    }
}

/// The lines of the front matter, without the two `---`.
fn front_matter(markdown: &Markdown<'_>) -> Result<Vec<Span>, Flaws> {
    let block = markdown.blocks().iter().find(|block| block.kind != BlockKind::Blank);
    let Some(block) = block.filter(|block| block.kind == BlockKind::FrontMatter) else {
        return Err(Flaws(vec![Flaw::new(
            1,
            "there is no front matter: the file is cut short, or no session",
        )]));
    };
    let lines = markdown.lines(block.span).filter(|line| line.kind == LineKind::Code);
    Ok(lines.map(|line| line.content).collect())
}

#[derive(Default)]
struct Contents {
    options: Map<String, Value>,
    pause: Option<Pause>,
    phases: Vec<PhaseLine>,
    attempts: Vec<Attempt>,
    errors: Vec<ErrorRecord>,
    log: Vec<String>,
}

struct Reader<'m> {
    markdown: &'m Markdown<'m>,
    lines: LineIndex<'m>,
    flaws: Vec<Flaw>,
    layout: Layout,
}

impl Reader<'_> {
    fn text(&self, span: Span) -> &str {
        span.of(self.markdown.text())
    }

    fn number(&self, at: usize) -> usize {
        self.lines.line_column(at).line
    }

    fn flaw(&mut self, at: usize, message: impl Into<String>) {
        self.flaws.push(Flaw::new(self.number(at), message));
    }

    /// The sections, each from behind its heading. People's own are left alone.
    fn sections(&mut self) -> Vec<(Part, Span)> {
        let length = self.markdown.text().len();
        let headings: Vec<(Span, Span)> = self
            .markdown
            .headings()
            .filter(|(_, heading)| heading.level <= 2)
            .map(|(span, heading)| (span, heading.text))
            .collect();
        let mut found: Vec<(Part, Span)> = Vec::new();
        for (index, (span, title)) in headings.iter().enumerate() {
            let end = headings.get(index + 1).map_or(length, |(next, _)| next.start);
            let part = Part::ALL.into_iter().find(|part| part.title() == self.text(*title));
            let Some(part) = part else { continue };
            if found.iter().any(|(known, _)| *known == part) {
                self.flaw(span.start, format!("a second `## {}`", part.title()));
            } else {
                found.push((part, Span::new(span.end, end)));
            }
        }
        for part in Part::ALL {
            if !found.iter().any(|(known, _)| *known == part) {
                let last = self.number(length.saturating_sub(1));
                let message = format!("`## {}` is missing: the file is cut short", part.title());
                self.flaws.push(Flaw::new(last, message));
            }
        }
        found
    }

    fn note_end(&mut self, part: Part, span: Span) {
        let kept = self.text(span).trim_end();
        let is_empty = kept.trim().is_empty();
        let mut end = if is_empty { span.start } else { span.start + kept.len() };
        if !is_empty {
            let rest = &self.markdown.text()[end..span.end];
            end += rest.find('\n').map_or(rest.len(), |at| at + 1);
        } else {
            self.layout.empty.push(part);
        }
        self.layout.ends.insert(part, end);
    }

    /// The first lines of list items at the left margin, with their bodies.
    fn items(&self, span: Span) -> Vec<(Line, Span)> {
        let items = self.markdown.lines(span).filter_map(|line| match line.kind {
            LineKind::Item { body, .. } if line.indent == 0 => Some((line, body)),
            _ => None,
        });
        items.collect()
    }

    fn state(&mut self, span: Span, found: &mut Contents) {
        for (line, body) in self.items(span) {
            let body = self.text(body).trim_end().to_owned();
            if let Some(rest) = body.strip_prefix("Option ") {
                let option = read_name(rest).and_then(|(name, value)| {
                    Some((name, serde_json::from_str(value.strip_prefix(": ")?).ok()?))
                });
                match option {
                    Some((name, value)) => drop(found.options.insert(name, value)),
                    None => self.flaw(line.span.start, "this option can't be read"),
                }
            } else if let Some(rest) = body.strip_prefix("Paused at ") {
                let (at, note) = rest.split_once(": ").unwrap_or((rest, ""));
                match at.parse() {
                    Ok(at) => {
                        found.pause = Some(Pause { at, note: note.to_owned() });
                        self.layout.pause = Some(line.span);
                    }
                    Err(_) => self.flaw(line.span.start, "this pause has no time"),
                }
            }
        }
    }

    fn phases(&mut self, span: Span) -> Vec<PhaseLine> {
        let mut phases = Vec::new();
        for (line, body) in self.items(span) {
            let LineKind::Item { check: Some(check), .. } = line.kind else { continue };
            let phase =
                self.text(body).trim_end().strip_prefix("Phase ").and_then(|rest| rest.split_once(':'));
            let Some((number, title)) = phase else { continue };
            let Ok(number) = number.parse() else {
                self.flaw(line.span.start, "this phase has no number");
                continue;
            };
            let title = title.trim().to_owned();
            let tick = Span::new(check.span.start + 1, check.span.end - 1);
            let at = self.number(line.span.start);
            phases.push(PhaseLine { number, title, is_ticked: check.ticked, line: at, tick });
        }
        if phases.is_empty() {
            self.flaw(span.start, "there are no phases here");
        }
        phases
    }

    fn attempts(&mut self, span: Span) -> Vec<Attempt> {
        let mut attempts: Vec<Attempt> = Vec::new();
        let mut is_inside = false;
        for line in self.markdown.lines(span).collect::<Vec<_>>() {
            let number = self.number(line.span.start);
            match line.kind {
                LineKind::Heading => {
                    let words = self.text(line.content).trim_start_matches('#').trim();
                    is_inside = words.starts_with(attempt::HEADING);
                    if !is_inside {
                        continue;
                    }
                    match Attempt::read_heading(words, number, line.content.end) {
                        Some(attempt) => attempts.push(attempt),
                        None => self.flaw(line.span.start, "this attempt's heading can't be read"),
                    }
                }
                LineKind::Item { body, .. } if is_inside && line.indent == 0 => {
                    let body = self.text(body).trim_end().to_owned();
                    if let Some(attempt) = attempts.last_mut()
                        && let Err(flaw) = attempt.read_line(&body, number)
                    {
                        self.flaws.push(flaw);
                    }
                }
                _ => {}
            }
        }
        attempts
    }

    fn errors(&mut self, span: Span) -> Vec<ErrorRecord> {
        let mut errors: Vec<ErrorRecord> = Vec::new();
        for line in self.markdown.lines(span).collect::<Vec<_>>() {
            let LineKind::Item { body, .. } = line.kind else { continue };
            let body = self.text(body).trim_end();
            if line.indent > 0 {
                if let (Some(remedy), Some(last)) = (body.strip_prefix("do: "), errors.last_mut()) {
                    remedy.clone_into(&mut last.remedy);
                }
                continue;
            }
            errors.extend(ErrorRecord::read(body));
        }
        errors
    }

    fn log(&self, span: Span) -> Vec<String> {
        self.items(span).iter().map(|(_, body)| self.text(*body).trim_end().to_owned()).collect()
    }
}

impl ErrorRecord {
    /// Reads `2026-11-21T16:10:05, phase 1, attempt 2: what was wrong`.
    fn read(body: &str) -> Option<Self> {
        let (place, message) = body.split_once(": ")?;
        let mut parts = place.split(", ");
        let at = parts.next()?.parse().ok()?;
        let phase = parts.next()?.strip_prefix("phase ")?.parse().ok()?;
        let attempt = parts.next()?.strip_prefix("attempt ")?.parse().ok()?;
        Some(Self { phase, attempt, at, message: message.to_owned(), remedy: String::new() })
    }
}
