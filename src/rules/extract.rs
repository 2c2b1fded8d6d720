//! Where rules and phases stand, before anybody asks what they mean.

use super::{
    id::{self, RuleId},
    label::{self, Label},
    source::{self, RuleLine, RuleLineKind},
    vocabulary::is_common_phase,
};
use crate::{
    document::{Outline, Role},
    text::Span,
};
use std::ops::Range;

/// A rule as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawRule {
    pub(super) id: RuleId,
    pub(super) opening: Opening,
    /// What stands behind the id on its line.
    pub(super) head: Span,
    /// The lines below, without blank ones at the end.
    pub(super) lines: Vec<RuleLine>,
    pub(super) span: Span,
}

/// How a rule begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// With a heading of this level.
    Heading(u8),
    /// With a line of text, so far indented.
    Text(usize),
    /// With a list item, so far indented.
    Item(usize),
}

impl Opening {
    fn indent(self) -> usize {
        match self {
            Self::Heading(_) => 0,
            Self::Text(indent) | Self::Item(indent) => indent,
        }
    }
}

/// A phase block as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawPhase {
    pub(super) name: Span,
    pub(super) lines: Vec<RuleLine>,
    pub(super) span: Span,
}

/// What Rules sections hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Extract {
    pub(super) rules: Vec<RawRule>,
    pub(super) phases: Vec<RawPhase>,
    pub(super) unnamed: Vec<Unnamed>,
}

/// Something with a Trigger or an Action that has no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unnamed {
    /// What it is called; its first label if it has no name at all.
    pub(super) head: Span,
    pub(super) kind: RuleLineKind,
}

/// Finds the rules and phases of all Rules sections.
pub(super) fn extract(outline: &Outline<'_>) -> Extract {
    let mut found = Extract::default();
    let mut read_up_to = 0;
    for section in outline.sections().iter().filter(|section| section.role == Role::Rules) {
        if section.body.start < read_up_to {
            continue;
        }
        read_up_to = section.body.end;
        let lines = source::lines(outline, section.body);
        let bare_phases = lines.iter().filter(|line| is_bare_phase(outline.text(), line)).count() > 1;
        Reader { file: outline.text(), lines: &lines, bare_phases, found: &mut found }.read();
    }
    found
}

struct Reader<'a> {
    file: &'a str,
    lines: &'a [RuleLine],
    /// Whether headings such as `### ANALYZE` open phases.
    bare_phases: bool,
    found: &'a mut Extract,
}

/// What the line at hand belongs to.
#[derive(Clone, Copy)]
enum Current {
    Nothing,
    Rule { opening: Opening, labelled: bool },
    Phase { level: u8 },
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut current = Current::Nothing;
        let mut start = 0;
        let mut name = Name::default();
        for at in 0..self.lines.len() {
            let line = self.lines[at];
            if let Some((rule, opening)) = self.rule(&line, current) {
                self.close(current, start..at);
                start = at;
                current = Current::Rule { opening, labelled: label::find(self.file, rule.1).is_some() };
                let span = line.span;
                self.found.rules.push(RawRule { id: rule.0, opening, head: rule.1, lines: Vec::new(), span });
            } else if let Some((name, level)) = self.phase(&line) {
                self.close(current, start..at);
                start = at;
                current = Current::Phase { level };
                self.found.phases.push(RawPhase { name, lines: Vec::new(), span: line.span });
            } else if self.ends(current, at) {
                self.close(current, start..at);
                current = Current::Nothing;
            } else if let Current::Rule { labelled, .. } = &mut current {
                *labelled |= label::read(self.file, line.body).is_some();
            }
            match current {
                Current::Nothing => self.found.unnamed.extend(name.read(self.file, &line)),
                _ => name = Name::default(),
            }
        }
        self.close(current, start..self.lines.len());
    }

    fn close(&mut self, current: Current, mut range: Range<usize>) {
        while range.len() > 1
            && matches!(self.lines[range.end - 1].kind, RuleLineKind::Blank | RuleLineKind::Aside)
        {
            range.end -= 1;
        }
        let Some(last) = self.lines[range.clone()].last() else { return };
        let lines = self.lines[range.start + 1..range.end].to_vec();
        let end = last.span.start + last.span.of(self.file).trim_end().len();
        match current {
            Current::Nothing => {}
            Current::Rule { .. } => {
                if let Some(rule) = self.found.rules.last_mut() {
                    rule.lines = lines;
                    rule.span = Span::new(rule.span.start, end).trimmed(self.file);
                }
            }
            Current::Phase { .. } => {
                if let Some(phase) = self.found.phases.last_mut() {
                    phase.lines = lines;
                    phase.span = Span::new(phase.span.start, end).trimmed(self.file);
                }
            }
        }
    }

    /// The rule that `line` defines: its id and what follows.
    fn rule(&self, line: &RuleLine, current: Current) -> Option<((RuleId, Span), Opening)> {
        let opening = match line.kind {
            RuleLineKind::Heading(level) => Opening::Heading(level),
            RuleLineKind::Item => Opening::Item(line.indent),
            RuleLineKind::Text => Opening::Text(line.indent),
            _ => return None,
        };
        let is_heading = matches!(opening, Opening::Heading(_));
        let body = line.body.of(self.file);
        let at = if is_heading {
            heading_id(body)?
        } else {
            body.len() - body.trim_start_matches(DECORATION).len()
        };
        let id = id::read(self.file, line.body.start + at)?;
        let head = self.head(&id, line.body.end, is_heading)?;
        // A step nested in a rule with labels may begin with the rule it is about.
        if let (Current::Rule { opening: own, labelled: true }, Opening::Item(deep)) = (current, opening)
            && deep > own.indent() + 1
            && !id.is_damaged(self.file)
        {
            return None;
        }
        Some(((id, head), opening))
    }

    /// What stands behind an id that is defined here and not only named.
    fn head(&self, id: &RuleId, end: usize, is_heading: bool) -> Option<Span> {
        let behind = Span::new(id.span.end, end).of(self.file);
        let plain = behind.trim_start_matches(['*', '_', '`', ']', '\\', '"', ' ', '\u{fe0f}']);
        let rest = plain.strip_prefix([':', '：', '-', '–', '—', '▶', '►', '#', '|']);
        let is_note = plain.starts_with('(') || plain.starts_with('→') || plain.starts_with("->");
        let rest = match rest {
            Some(rest) => rest.trim_start_matches(['*', '_']),
            None if plain.is_empty() || is_heading || is_note => plain,
            None => {
                let labelled = label::read(self.file, Span::new(end - plain.len(), end)).is_some();
                if !labelled {
                    return None;
                }
                plain
            }
        };
        // `RULE_X: # Triggered by …` is a comment.
        let rest = if rest.trim_start().starts_with("# ") || plain.starts_with('#') { "" } else { rest };
        Some(Span::new(end - rest.len(), end).trimmed(self.file))
    }

    /// The phase that `line` opens: its name and the level of its heading.
    fn phase(&self, line: &RuleLine) -> Option<(Span, u8)> {
        let body = line.body.of(self.file);
        let level = match line.kind {
            RuleLineKind::Heading(level) => level,
            RuleLineKind::Text if body.starts_with("**") || body.starts_with('[') => 6,
            _ => return None,
        };
        let plain = body.trim_start_matches(|c: char| !c.is_alphanumeric());
        let start = line.body.start + (body.len() - plain.len());
        if plain.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("phase")) {
            let behind = plain[5..].trim_start();
            let name = behind.trim_start_matches([' ', '*', '_', '`', '[', ':']);
            let len =
                name.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '\\')).unwrap_or(name.len());
            let in_capitals = !name[..len].contains(char::is_lowercase);
            let is_name =
                name[..len].starts_with(char::is_alphabetic) && (in_capitals || behind.starts_with(':'));
            let at = start + (plain.len() - name.len());
            return (is_name && closes(body, &name[len..])).then(|| (Span::new(at, at + len), level));
        }
        if self.bare_phases && is_bare_phase(self.file, line) {
            let len = plain.find(|c: char| !(c.is_ascii_uppercase() || c == '_')).unwrap_or(plain.len());
            return Some((Span::new(start, start + len), level));
        }
        None
    }

    /// Whether the line at `at`, which opens nothing, ends `current`.
    fn ends(&self, current: Current, at: usize) -> bool {
        let line = self.lines[at];
        let after_blank = at > 0 && self.lines[at - 1].kind == RuleLineKind::Blank;
        match (current, line.kind) {
            (Current::Nothing, _) | (_, RuleLineKind::Blank | RuleLineKind::Fence | RuleLineKind::Aside) => {
                false
            }
            (_, RuleLineKind::Break) => true,
            (
                Current::Phase { level } | Current::Rule { opening: Opening::Heading(level), .. },
                RuleLineKind::Heading(own),
            ) => own <= level,
            (Current::Rule { .. }, RuleLineKind::Heading(_)) => true,
            (Current::Rule { opening: Opening::Item(own), labelled }, RuleLineKind::Item) => {
                line.indent <= own && !(labelled && label::read(self.file, line.body).is_some())
            }
            (Current::Rule { opening: Opening::Item(own), .. }, RuleLineKind::Text) => {
                line.indent <= own && after_blank
            }
            (Current::Rule { opening: Opening::Text(own), labelled: true }, RuleLineKind::Text) => {
                line.indent <= own && after_blank && label::read(self.file, line.body).is_none()
            }
            _ => false,
        }
    }
}

/// What the lines outside of rules and phases would belong to.
#[derive(Clone, Copy, Debug, Default)]
struct Name {
    head: Option<Unnamed>,
    is_reported: bool,
}

impl Name {
    /// What has no id, when `line` is the first to show that it is meant as a rule.
    fn read(&mut self, file: &str, line: &RuleLine) -> Option<Unnamed> {
        let is_heading = matches!(line.kind, RuleLineKind::Heading(_));
        if line.kind == RuleLineKind::Break {
            *self = Self::default();
        }
        if !is_heading && !matches!(line.kind, RuleLineKind::Text | RuleLineKind::Item) {
            return None;
        }
        let own = Unnamed { head: line.body, kind: line.kind };
        let labelled = label::read(file, line.body).map(|found| found.label);
        let below_heading =
            self.head.is_some_and(|head| matches!(head.kind, RuleLineKind::Heading(_))) && !self.is_reported;
        let opens = line.body.of(file).trim_end_matches(DECORATION).ends_with(':');
        if is_heading || (opens && labelled.is_none() && !below_heading) {
            *self = Self { head: Some(own), is_reported: false };
        }
        let is_whole = is_heading
            && label::find(file, line.body).is_some_and(|(_, found)| found.label == Label::Trigger);
        let is_part = match labelled {
            Some(Label::Trigger) => true,
            // Without any name it may as well be what is done in a phase.
            Some(Label::Action) => self.head.is_some(),
            _ => false,
        };
        if self.is_reported || !(is_part || is_whole) {
            return None;
        }
        self.is_reported = true;
        Some(self.head.unwrap_or(own))
    }
}

const DECORATION: &[char] = &['*', '_', '`', '[', '"', '\\'];

/// Whether a heading's text begins with a rule's id.
pub(super) fn names_rule(file: &str, title: Span) -> bool {
    heading_id(title.of(file)).is_some_and(|at| id::read(file, title.start + at).is_some())
}

/// Where the id stands in a heading: `📌 RULE_X`, `1. RULE_X`, `Rule: RULE_X`.
fn heading_id(text: &str) -> Option<usize> {
    let at = text.find("RULE")?;
    let before = text[..at].trim_matches(|c: char| !c.is_alphabetic());
    (before.is_empty() || before.eq_ignore_ascii_case("rule")).then_some(at)
}

/// Whether `**Phase: X**` or `[PHASE: X]` is closed, so that it is not a sentence that begins like it.
fn closes(body: &str, behind: &str) -> bool {
    let is_marked = body.starts_with("**") || body.starts_with('[');
    !is_marked || behind.starts_with([']', '*', ':', ' ', ')'])
}

/// A heading that is nothing but a phase everybody knows: `### ANALYZE`, `### 🔍 ANALYZE Phase`.
fn is_bare_phase(file: &str, line: &RuleLine) -> bool {
    if !matches!(line.kind, RuleLineKind::Heading(_)) {
        return false;
    }
    let plain = line.body.of(file).trim_matches(|c: char| !c.is_alphanumeric());
    let name = plain.strip_suffix(" Phase").or_else(|| plain.strip_suffix(" PHASE")).unwrap_or(plain);
    name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') && is_common_phase(name)
}
