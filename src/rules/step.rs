//! Steps: one sentence of an action to what it does.
//!
//! A sentence is understood wholly or handed on wholly, word for word.

mod assign;
mod command;
mod forms;
mod guard;

use super::{
    ast::{Condition, EventPattern, Guard, LogText, SectionName, Step, StepKind, Test},
    lex::{Cursor, Kind, Lexed, Token, extent, lex},
    trigger::without_stop,
    vocabulary::Vocabulary,
};
use crate::text::Span;

pub(super) use forms::is_verb;
pub(super) use guard::{OpenGuard, is_condition, is_negation, open_guard};

/// What a sentence is read in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a, 't> {
    pub(super) file: &'t str,
    pub(super) vocabulary: &'a Vocabulary,
    /// The section that the rule is about: the one whose length its trigger measures.
    pub(super) subject: Option<&'a SectionName>,
    /// Whether the rule waits for the plan to be overwritten.
    pub(super) keeps_plan: bool,
}

impl<'a, 't> Context<'a, 't> {
    /// What the steps behind `condition` are read in.
    pub(super) fn new(file: &'t str, vocabulary: &'a Vocabulary, condition: Option<&'a Condition>) -> Self {
        let atoms = condition.map(Condition::atoms).unwrap_or_default();
        let subject = atoms.iter().find_map(|atom| match &atom.test {
            Test::Length { section, .. } => Some(section),
            _ => None,
        });
        let keeps_plan = atoms.iter().any(|atom| atom.test == Test::Event(EventPattern::PlanOverwritten));
        Self { file, vocabulary, subject, keeps_plan }
    }
}

/// Reads the sentence at `span` and puts its steps behind `steps`.
pub(super) fn sentence(context: Context<'_, '_>, span: Span, steps: &mut Vec<Step>) {
    let lexed = lex(context.file, span);
    let tokens = without_stop(&lexed.tokens);
    let reader = Reader { context, lexed: &lexed };
    if tokens.is_empty() {
        steps.push(reader.delegate(span));
        return;
    }
    if continues_guard(context, span, tokens, steps) {
        return;
    }
    if let Some(rest) = otherwise(tokens)
        && let Some(Step { kind: StepKind::If { otherwise, .. }, span: whole, text, .. }) = steps.last_mut()
        && otherwise.is_empty()
    {
        *otherwise = reader.parts(rest);
        *whole = whole.union(span);
        whole.of(context.file).clone_into(text);
        return;
    }
    if let Some((guard, rest)) = guard::read(context, tokens) {
        let (mut then, otherwise) = reader.guarded(rest, span);
        if matches!(guard, Some(Guard::Issues(true) | Guard::Succeeded(false))) {
            name_problem(&mut then);
        }
        let step = match guard {
            Some(guard) => vec![reader.step(StepKind::If { guard, then, otherwise }, span)],
            None => then,
        };
        steps.extend(step);
        return;
    }
    if (otherwise(tokens).is_some() || guard::is_conditional(tokens)) && !forms::describes(tokens, context) {
        steps.push(reader.delegate(span));
        return;
    }
    let mut parts = reader.parts(tokens);
    if let [only] = parts.as_mut_slice() {
        only.span = span;
        span.of(context.file).clone_into(&mut only.text);
    }
    steps.append(&mut parts);
}

/// Puts a sentence that stands behind the semicolon of a guarded one under its guard: in `If X: log
/// "a"; clear ## Log` both depend on X, also when X is not understood. Behind `If X:` a full stop does
/// not end what the colon announces either.
fn continues_guard(context: Context<'_, '_>, span: Span, tokens: &[Token<'_>], steps: &mut [Step]) -> bool {
    let Some(last) = steps.last_mut() else { return false };
    let begins_anew = otherwise(tokens).is_some() || guard::opens(tokens);
    if begins_anew || last.span.end > span.start {
        return false;
    }
    let guarding = lex(context.file, last.span);
    let semicolon = context.file[last.span.end..span.start].contains([';', '；']);
    let joined = semicolon || guard::announces(&guarding.tokens);
    let conditional = otherwise(&guarding.tokens).is_some() || guard::is_conditional(&guarding.tokens);
    if !joined || !conditional {
        return false;
    }
    match &mut last.kind {
        StepKind::Delegate => {}
        StepKind::If { then, otherwise, .. } => {
            let guarded = if otherwise.is_empty() { then } else { otherwise };
            if !continues_delegated(context, span, guarded) {
                sentence(context, span, guarded);
            }
        }
        _ => return false,
    }
    last.span = last.span.union(span);
    last.span.of(context.file).clone_into(&mut last.text);
    true
}

/// Whether `steps` end with a condition that waits for the agent; then so does what it guards.
fn continues_delegated(context: Context<'_, '_>, span: Span, steps: &mut [Step]) -> bool {
    let Some(last) = steps.last_mut().filter(|last| last.kind == StepKind::Delegate) else { return false };
    let is_conditional = guard::is_conditional(&lex(context.file, last.span).tokens);
    if is_conditional {
        last.span = last.span.union(span);
        last.span.of(context.file).clone_into(&mut last.text);
    }
    is_conditional
}

/// `If issues found, log and …` logs the issues.
fn name_problem(steps: &mut [Step]) {
    for step in steps {
        if step.text.eq_ignore_ascii_case("log") {
            step.kind = StepKind::Log(LogText::Problem);
        }
    }
}

fn otherwise<'a, 't>(tokens: &'a [Token<'t>]) -> Option<&'a [Token<'t>]> {
    let mut cursor = Cursor::new(tokens);
    if !cursor.one_of(&["otherwise", "else"]) {
        return None;
    }
    let _separated = cursor.kind(Kind::Comma) || cursor.kind(Kind::Colon) || cursor.kind(Kind::Arrow);
    (!cursor.at_end()).then(|| cursor.rest())
}

#[derive(Clone, Copy)]
struct Reader<'a, 't> {
    context: Context<'a, 't>,
    lexed: &'a Lexed<'t>,
}

impl<'a, 't> Reader<'a, 't> {
    fn step(&self, kind: StepKind, span: Span) -> Step {
        Step { kind, text: span.of(self.context.file).to_owned(), span }
    }

    fn delegate(&self, span: Span) -> Step {
        self.step(StepKind::Delegate, span)
    }

    /// What is done when a guard holds, and what otherwise. A sentence that is not understood behind
    /// its guard waits as a whole.
    fn guarded(&self, tokens: &'a [Token<'t>], sentence: Span) -> (Vec<Step>, Vec<Step>) {
        let (then, rest) = match guard::alternative(tokens) {
            Some(at) => {
                let end = at - usize::from(tokens[at - 1].kind == Kind::Comma);
                (&tokens[..end], otherwise(&tokens[at..]))
            }
            None => (tokens, None),
        };
        let read = |tokens: &'a [Token<'t>]| {
            let steps = self.parts(tokens);
            (!steps.iter().any(|step| step.kind == StepKind::Delegate)).then_some(steps)
        };
        let both = read(then).zip(rest.map_or(Some(Vec::new()), read));
        both.unwrap_or_else(|| (vec![self.delegate(sentence)], Vec::new()))
    }

    /// Parts joined by `→` or `, then`: each is understood or delegated by itself. A bare word behind
    /// an arrow is a value only in the company of parts that are understood, or as code: `CODE → TEST`
    /// may be anything.
    fn parts(&self, tokens: &'a [Token<'t>]) -> Vec<Step> {
        let steps = self.each_part(tokens);
        let delegates = steps.iter().any(|step| step.kind == StepKind::Delegate);
        let is_doubtful =
            |step: &Step| matches!(step.kind, StepKind::Set(_)) && !step.text.contains(['`', '=']);
        let has_arrow = tokens.iter().any(|token| token.kind == Kind::Arrow);
        if has_arrow && delegates && steps.iter().any(is_doubtful) {
            return vec![self.delegate(widened(self.context.file, extent(tokens)))];
        }
        steps
    }

    fn each_part(&self, tokens: &'a [Token<'t>]) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut start = 0;
        let mut at = 0;
        while at <= tokens.len() {
            let (ends, width) = match tokens.get(at) {
                None => (true, 1),
                Some(token) if token.kind == Kind::Arrow => (true, 1),
                Some(token)
                    if token.kind == Kind::Comma
                        && tokens.get(at + 1).is_some_and(|next| next.is("then")) =>
                {
                    (true, 2)
                }
                Some(_) => (false, 1),
            };
            if ends {
                self.part(&tokens[start..at.min(tokens.len())], &mut steps);
                start = at + width;
            }
            at += width;
        }
        steps
    }

    fn part(&self, tokens: &'a [Token<'t>], steps: &mut Vec<Step>) {
        let tokens = without_stop(tokens);
        if tokens.is_empty() {
            return;
        }
        match self.phrases(tokens).or_else(|| self.talk(tokens)) {
            Some(read) => steps.extend(read),
            None => {
                let span = extent(tokens);
                steps.push(self.delegate(widened(self.context.file, span)));
            }
        }
    }

    /// Phrases joined by commas and `and`: `clear ## Log, reset Phase = ANALYZE`; all or none.
    fn phrases(&self, tokens: &'a [Token<'t>]) -> Option<Vec<Step>> {
        let mut cursor = Cursor::new(tokens);
        let mut steps: Vec<Step> = Vec::new();
        loop {
            cursor.one_of(FILLERS);
            let start = cursor.at;
            let kinds = self.phrase(&mut cursor, &steps)?;
            let span = widened(self.context.file, extent(&tokens[start..cursor.at]));
            let guard = guard::behind(&mut cursor);
            let read = kinds.into_iter().map(|kind| self.step(kind, span)).collect();
            match guard {
                Some(guard) => {
                    let whole = widened(self.context.file, extent(&tokens[start..cursor.at]));
                    steps.push(self.step(StepKind::If { guard, then: read, otherwise: Vec::new() }, whole));
                }
                None => steps.extend(read),
            }
            if cursor.at_end() {
                return Some(steps);
            }
            let comma = cursor.kind(Kind::Comma) || cursor.kind(Kind::Semicolon);
            let and = cursor.one_of(&["and then", "and", "then"]) || cursor.kind(Kind::And);
            if !(comma || and) || cursor.at_end() {
                return None;
            }
        }
    }

    /// `prompt user to commit, suggest branch, log SHA`: phrases of which those that only talk to the
    /// person are understood. The others wait for the agent, each by itself.
    fn talk(&self, tokens: &'a [Token<'t>]) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        let mut start = 0;
        for at in 1..=tokens.len() {
            let ends = at == tokens.len()
                || (tokens[at].kind == Kind::Comma && tokens.get(at + 1).is_some_and(is_verb));
            if !ends {
                continue;
            }
            let phrase = &tokens[start..at];
            let read = self.phrases(phrase);
            let talks = |read: &Vec<Step>| {
                read.iter().all(|step| matches!(step.kind, StepKind::Ask | StepKind::Tell))
            };
            match read {
                Some(read) if talks(&read) => steps.extend(read),
                Some(_) => return None,
                None if phrase.first().is_some_and(is_verb) => {
                    steps.push(self.delegate(widened(self.context.file, extent(phrase))));
                }
                None => return None,
            }
            start = at + 1;
        }
        (steps.len() > 1).then_some(steps)
    }

    /// One phrase at `cursor`; `before` are the steps of the same sentence.
    fn phrase(&self, cursor: &mut Cursor<'a, 't>, before: &[Step]) -> Option<Vec<StepKind>> {
        let vocabulary = self.context.vocabulary;
        assign::read(cursor, vocabulary, before)
            .or_else(|| forms::read(cursor, self.context, before))
            .or_else(|| command::read(cursor, self.lexed, self.context.file))
    }
}

/// Words at the beginning of a phrase that say nothing.
const FILLERS: &[&str] = &["then", "immediately", "also", "next ,", "finally", "now"];

/// The span with the code edges, quotation marks and emphasis that hug it.
pub(super) fn widened(file: &str, span: Span) -> Span {
    let before = &file[..span.start];
    let hugging = |c: char| matches!(c, '`' | '*' | '_');
    let start = before.len() - before.trim_end_matches(hugging).len();
    let behind = &file[span.end..];
    let end = behind.len() - behind.trim_start_matches(hugging).len();
    Span::new(span.start - start, span.end + end)
}

#[cfg(test)]
mod tests;
