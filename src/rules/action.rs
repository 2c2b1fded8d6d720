//! Actions: the lines of a rule or phase to steps.

use super::{
    ast::{Content, Guard, Step, StepKind},
    lex::{Kind, lex},
    segment::sentences,
    source::{RuleLine, RuleLineKind},
    step::{Context, OpenGuard, is_condition, is_negation, open_guard, sentence},
};
use crate::text::Span;

/// Lists nested deeper than this are read as text of the item around them.
const DEEPEST: usize = 8;

/// A list item or line, with what is nested below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its own text, without marker.
    pub(super) own: Span,
    indent: usize,
    is_item: bool,
    pub(super) children: Vec<Piece>,
}

impl Piece {
    /// Whether it is a list item.
    pub(super) fn is_item(&self) -> bool {
        self.is_item
    }

    /// From its own text to the end of what is nested below.
    pub(super) fn whole(&self) -> Span {
        let last = self.children.last().map_or(self.own, Piece::whole);
        self.own.union(last)
    }
}

/// The pieces that `lines` are made of; `first` is what stands before them on the label's line.
pub(super) fn pieces(file: &str, first: Option<Span>, lines: &[RuleLine]) -> Vec<Piece> {
    let mut open: Vec<Piece> = Vec::new();
    let mut done: Vec<Piece> = Vec::new();
    if let Some(own) = first.filter(|own| !own.is_empty()) {
        done.push(Piece { own, indent: 0, is_item: false, children: Vec::new() });
    }
    let mut after_blank = false;
    for line in lines {
        let line = lettered(file, line);
        match line.kind {
            RuleLineKind::Blank => after_blank = true,
            RuleLineKind::Aside | RuleLineKind::Break => {}
            RuleLineKind::Item => {
                while open.last().is_some_and(|top| top.indent + 1 >= line.indent || open.len() >= DEEPEST) {
                    fold(&mut open, &mut done);
                }
                open.push(Piece { own: line.body, indent: line.indent, is_item: true, children: Vec::new() });
                after_blank = false;
            }
            RuleLineKind::Fence | RuleLineKind::Text | RuleLineKind::Heading(_) => {
                let is_fence = line.kind == RuleLineKind::Fence;
                let around = open.last_mut().or(done.last_mut());
                if let Some(around) = around
                    && around.children.is_empty()
                    && (is_fence || continues(file, around, &line, after_blank))
                {
                    around.own.end = line.body.end;
                    continue;
                }
                fold_all(&mut open, &mut done);
                done.push(Piece {
                    own: line.body,
                    indent: line.indent,
                    is_item: false,
                    children: Vec::new(),
                });
                after_blank = false;
            }
        }
    }
    fold_all(&mut open, &mut done);
    done
}

/// `a. Log "x"`, `b) …`, `(c) …`: an item as people write it, though Markdown knows no such lists.
fn lettered(file: &str, line: &RuleLine) -> RuleLine {
    let text = line.body.of(file);
    let width = match text.as_bytes() {
        [b'(', letter, b')', b' ', ..] if letter.is_ascii_alphabetic() => 4,
        [letter, b'.' | b')', b' ', ..] if letter.is_ascii_alphabetic() => 3,
        _ => return *line,
    };
    let body = Span::new(line.body.start + width, line.body.end).trimmed(file);
    if line.kind != RuleLineKind::Text || body.is_empty() {
        return *line;
    }
    RuleLine { kind: RuleLineKind::Item, body, ..*line }
}

/// Moves the innermost open piece into the one around it.
fn fold(open: &mut Vec<Piece>, done: &mut Vec<Piece>) {
    let Some(piece) = open.pop() else { return };
    match open.last_mut() {
        Some(parent) => parent.children.push(piece),
        None => done.push(piece),
    }
}

fn fold_all(open: &mut Vec<Piece>, done: &mut Vec<Piece>) {
    while !open.is_empty() {
        fold(open, done);
    }
}

/// Whether `line` belongs to the text of the piece before it.
fn continues(file: &str, piece: &Piece, line: &RuleLine, after_blank: bool) -> bool {
    let is_inside = piece.is_item && line.indent > piece.indent;
    is_inside || (!after_blank && goes_on(file, piece.whole(), line.body))
}

/// Whether `next` is the rest of a line that was wrapped.
fn goes_on(file: &str, before: Span, next: Span) -> bool {
    let ends = before.of(file).trim_end_matches(['*', '_', '`']).ends_with(['.', ':', ';', '!', '?', ')']);
    let hard_break = file[before.end..].starts_with("  ");
    !ends && !hard_break && next.of(file).starts_with(char::is_lowercase)
}

/// The steps of an action.
pub(super) fn steps(context: Context<'_, '_>, pieces: &[Piece]) -> Vec<Step> {
    let mut steps = list(context, pieces);
    fill_in(context.file, &mut steps);
    steps
}

fn list(context: Context<'_, '_>, pieces: &[Piece]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = pieces;
    while let Some((piece, behind)) = rest.split_first() {
        rest = behind;
        match open_guard(context, piece.own) {
            Some(OpenGuard::If(guard)) => {
                let (mut step, behind) = guarded(context, guard, piece, behind);
                rest = otherwise(context, &mut step, behind);
                steps.push(step);
            }
            Some(OpenGuard::Otherwise) => rest = unanswered(context, piece, behind, &mut steps),
            None if piece.children.is_empty()
                && announces(context.file, piece.own)
                && is_condition(context, piece.own) =>
            {
                rest = unanswered(context, piece, behind, &mut steps);
            }
            None => one(context, piece, &mut steps),
        }
    }
    steps
}

/// The step of an item that is only a guard, and the pieces behind what it guards: what is nested
/// below it, or the items up to the next guard.
fn guarded<'a>(
    context: Context<'_, '_>,
    guard: Guard,
    piece: &Piece,
    behind: &'a [Piece],
) -> (Step, &'a [Piece]) {
    let (then, whole, rest) = body(context, piece, behind);
    let text = whole.of(context.file).to_owned();
    (Step { kind: StepKind::If { guard, then, otherwise: Vec::new() }, text, span: whole }, rest)
}

/// Hands on a condition that is not understood with all that it guards.
fn unanswered<'a>(
    context: Context<'_, '_>,
    piece: &Piece,
    behind: &'a [Piece],
    steps: &mut Vec<Step>,
) -> &'a [Piece] {
    let (_, whole, rest) = body(context, piece, behind);
    steps.push(delegate(context.file, whole));
    rest
}

fn announces(file: &str, own: Span) -> bool {
    own.of(file).trim_end_matches(['*', '_', ' ']).ends_with(':')
}

fn body<'a>(context: Context<'_, '_>, piece: &Piece, behind: &'a [Piece]) -> (Vec<Step>, Span, &'a [Piece]) {
    if !piece.children.is_empty() {
        return (list(context, &piece.children), piece.whole(), behind);
    }
    let is_guard = |next: &Piece| begins_guard(context, next.own);
    let count = behind.iter().position(is_guard).unwrap_or(behind.len());
    let (inside, rest) = behind.split_at(count);
    let whole = inside.last().map_or(piece.own, |last| piece.own.union(last.whole()));
    (list(context, inside), whole, rest)
}

/// Puts an `Otherwise:` or the opposite guard that follows directly into `step`.
fn otherwise<'a>(context: Context<'_, '_>, step: &mut Step, behind: &'a [Piece]) -> &'a [Piece] {
    let Some((next, further)) = behind.split_first() else { return behind };
    let StepKind::If { guard, otherwise, .. } = &mut step.kind else { return behind };
    let opposite = match open_guard(context, next.own) {
        Some(OpenGuard::Otherwise) => true,
        Some(OpenGuard::If(other)) => is_negation(guard, &other),
        None => false,
    };
    if !opposite {
        return behind;
    }
    let (steps, whole, rest) = body(context, next, further);
    *otherwise = steps;
    step.span = step.span.union(whole);
    step.span.of(context.file).clone_into(&mut step.text);
    rest
}

fn begins_guard(context: Context<'_, '_>, own: Span) -> bool {
    let lexed = lex(context.file, own);
    lexed.tokens.first().is_some_and(|first| ["if", "otherwise", "else"].iter().any(|word| first.is(word)))
}

/// The steps of one piece. What is nested below an item belongs to it: unless its own text is
/// understood, the item is handed on whole.
fn one(context: Context<'_, '_>, piece: &Piece, steps: &mut Vec<Step>) {
    let mut own = Vec::new();
    for span in sentences(context.file, piece.own) {
        sentence(context, span, &mut own);
    }
    let understood = own.iter().all(|step| step.kind != StepKind::Delegate);
    if !piece.children.is_empty() {
        let below = list(context, &piece.children);
        let waits = announces(context.file, piece.own) || is_condition(context, piece.own);
        let all_understood = understood && !waits && below.iter().all(|step| step.kind != StepKind::Delegate);
        if !all_understood {
            steps.push(delegate(context.file, piece.whole()));
            return;
        }
        own.extend(below);
    } else if own.is_empty() || (piece.is_item && own.iter().all(|step| step.kind == StepKind::Delegate)) {
        own = vec![delegate(context.file, piece.own)];
    }
    steps.append(&mut own);
}

fn delegate(file: &str, span: Span) -> Step {
    Step { kind: StepKind::Delegate, text: span.of(file).to_owned(), span }
}

/// What one step says about another: the heading's template behind `Format:`, the date in the
/// template of a changelog line.
fn fill_in(file: &str, steps: &mut [Step]) {
    let mut template = None;
    let mut dated = false;
    for step in steps.iter().filter(|step| step.kind == StepKind::Describe) {
        let lexed = lex(file, step.span);
        let says = |word: &str| lexed.tokens.iter().any(|token| token.kind == Kind::Word && token.is(word));
        if says("format") {
            template = lexed.codes.first().map(|code| code.of(file).to_owned());
        }
        dated |=
            says("changelog") && (says("date") || step.text.contains("YYYY") || step.text.contains("DATE"));
    }
    fill_list(&template, dated, steps);
}

fn fill_list(template: &Option<String>, is_dated: bool, steps: &mut [Step]) {
    for step in steps {
        match &mut step.kind {
            StepKind::Archive { heading, .. } if heading.is_none() => heading.clone_from(template),
            StepKind::Insert { content: Content::WorkSummary { dated }, .. } => *dated |= is_dated,
            StepKind::If { then, otherwise, .. } => {
                fill_list(template, is_dated, then);
                fill_list(template, is_dated, otherwise);
            }
            _ => {}
        }
    }
}
