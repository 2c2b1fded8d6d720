//! Rules without labels: `cond → action`, `On …, do …`, chains of arrows, prohibitions.

use super::{
    action::{self, Piece},
    ast::{Class, Clause, Condition, Constraint, Guard, Step, StepKind, Trigger},
    lex::{Kind, Token, extent, lex},
    segment::sentences,
    step::{self, Context, is_verb, widened},
    trigger,
    vocabulary::Vocabulary,
};
use crate::text::Span;

/// Words that a condition begins with.
const OPENINGS: &[&str] =
    &["if", "on", "when", "whenever", "before", "after", "upon", "once", "in", "during", "for"];

/// Words that say how often, and are a condition by themselves.
const FREQUENCIES: &[&str] = &["hourly", "daily", "weekly", "monthly", "periodically"];

/// What a condensed rule says.
#[derive(Clone, Debug, Default)]
pub(super) struct Condensed {
    pub(super) clauses: Vec<Clause>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) title: Option<String>,
    pub(super) has_arrow: bool,
}

/// Reads the statements of a rule without labels: `head` is what stands behind its id.
pub(super) fn read(
    file: &str,
    head: Span,
    body: &[Piece],
    vocabulary: &Vocabulary,
    about_log: bool,
) -> Condensed {
    let mut reader = Reader { file, vocabulary, about_log, found: Condensed::default() };
    if !head.is_empty() {
        let is_title = !body.is_empty() && !reader.is_statement(head);
        if is_title {
            reader.found.title = Some(head.of(file).to_owned());
        } else if !body.is_empty() && reader.announces(head) {
            let whole = body.last().map_or(head, |last| head.union(last.whole()));
            reader.announced(head, body, whole);
            return reader.found;
        } else {
            reader.statement(head);
        }
    }
    reader.pieces(body);
    reader.found
}

/// What the last clause of a line takes from the parts behind it that say nothing by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// No clause stands before them.
    Nothing,
    /// Steps that are understood.
    Steps,
    /// Also what else is joined to it by a semicolon: it is understood, so that is work, not prose.
    Understood,
    /// Everything: its condition stands first.
    Condition,
}

impl Open {
    fn of(clause: &Clause, opens: bool) -> Self {
        let class = clause.trigger.as_ref().map(|trigger| trigger.condition.class());
        if opens {
            Self::Condition
        } else if class != Some(Class::Judgement)
            && clause.steps.iter().all(|step| step.kind != StepKind::Delegate)
        {
            Self::Understood
        } else {
            Self::Steps
        }
    }
}

struct Reader<'a> {
    file: &'a str,
    vocabulary: &'a Vocabulary,
    about_log: bool,
    found: Condensed,
}

impl Reader<'_> {
    fn pieces(&mut self, pieces: &[Piece]) {
        let mut rest = pieces;
        while let Some((piece, behind)) = rest.split_first() {
            rest = behind;
            if self.opens_list(piece.own) {
                // Items below a line of text are not nested in it, but belong to it.
                let count = if piece.children.is_empty() {
                    behind.iter().take_while(|next| next.is_item()).count()
                } else {
                    0
                };
                let (items, further) = behind.split_at(count);
                let below = if count > 0 { items } else { &piece.children };
                if !below.is_empty() {
                    let whole = below.last().map_or(piece.own, |last| piece.own.union(last.whole()));
                    if self.announces(piece.own) {
                        self.announced(piece.own, below, whole);
                    } else {
                        self.constraint(whole);
                    }
                    rest = further;
                    continue;
                }
            }
            if piece.children.is_empty() {
                self.statement(piece.own);
            } else {
                self.constraint(piece.whole());
            }
        }
    }

    /// One line: sentences and parts between semicolons, each with its arrow or condition, or with
    /// more of what the clause before it does. A line without any is a constraint as a whole.
    fn statement(&mut self, span: Span) {
        let constraints = self.found.constraints.len();
        let mut happens = false;
        let mut open = Open::Nothing;
        if !self.is_order_of_phases(span) {
            let mut end = span.start;
            for part in sentences(self.file, span) {
                let is_joined = Span::new(end, part.start).of(self.file).contains([';', '；']);
                end = part.end;
                let lexed = lex(self.file, part);
                let opens = begins_with(&lexed.tokens, OPENINGS);
                let before = self.found.clauses.len();
                let said = self.arrow(part, &lexed.tokens)
                    || (open != Open::Nothing && self.goes_on(part, opens))
                    || (opens && self.opening(part, &lexed.tokens))
                    || self.behind(part, &lexed.tokens);
                if said {
                    happens = true;
                    if let Some(clause) = self.found.clauses[before..].last() {
                        open = Open::of(clause, opens);
                    }
                } else if open == Open::Condition || (open == Open::Understood && is_joined) {
                    // `On INIT, load it. Enable it.`: the condition holds for the second sentence too.
                    self.go_on(part);
                } else {
                    self.constraint(part);
                }
            }
        }
        if !happens {
            self.found.constraints.truncate(constraints);
            self.constraint(span);
        }
    }

    /// `A → set X; clear Log`: whether `part` is understood as more of what the last clause does, to
    /// which it is added then. A condition of its own, other than on how that went, begins another
    /// clause.
    fn goes_on(&mut self, part: Span, opens: bool) -> bool {
        let Some(clause) = self.found.clauses.last_mut() else { return false };
        let condition = clause.trigger.as_ref().map(|trigger| &trigger.condition);
        let mut steps = Vec::new();
        step::sentence(Context::new(self.file, self.vocabulary, condition), part, &mut steps);
        let is_own_condition = |step: &Step| {
            opens && !matches!(&step.kind, StepKind::If { guard, .. } if !matches!(guard, Guard::Holds(_)))
        };
        if steps.iter().all(|step| step.kind == StepKind::Delegate) || steps.iter().any(is_own_condition) {
            return false;
        }
        clause.steps.append(&mut steps);
        clause.span = clause.span.union(part);
        true
    }

    fn constraint(&mut self, span: Span) {
        let span = span.trimmed(self.file);
        self.found.constraints.push(Constraint { text: span.of(self.file).to_owned(), span });
    }

    fn go_on(&mut self, part: Span) {
        if let Some(clause) = self.found.clauses.last_mut() {
            let condition = clause.trigger.as_ref().map(|trigger| &trigger.condition);
            let context = Context::new(self.file, self.vocabulary, condition);
            step::sentence(context, part, &mut clause.steps);
            clause.span = clause.span.union(part);
        }
    }

    fn clause(&mut self, condition: Span, actions: &[Span], whole: Span) {
        let trigger = self.trigger(condition);
        let steps = self.steps(&trigger, |context| {
            let mut steps = Vec::new();
            for span in actions {
                step::sentence(context, *span, &mut steps);
            }
            steps
        });
        self.found.clauses.push(Clause { trigger: Some(trigger), steps, span: whole });
    }

    fn trigger(&self, span: Span) -> Trigger {
        let mut trigger = trigger::parse(self.file, span, self.vocabulary);
        if self.about_log
            && let Some(condition) = trigger::bare_length(self.file, trigger.span)
        {
            trigger.condition = condition;
        }
        trigger
    }

    fn steps(&self, trigger: &Trigger, read: impl Fn(Context<'_, '_>) -> Vec<Step>) -> Vec<Step> {
        read(Context::new(self.file, self.vocabulary, Some(&trigger.condition)))
    }

    /// `cond → action → action`
    fn arrow(&mut self, part: Span, tokens: &[Token<'_>]) -> bool {
        let Some(first) = tokens.iter().position(|token| token.kind == Kind::Arrow).filter(|&at| at > 0)
        else {
            return false;
        };
        let condition = Span::new(part.start, tokens[first].span.start).trimmed(self.file);
        let actions = Span::new(tokens[first].span.end, part.end).trimmed(self.file);
        if actions.is_empty() {
            return false;
        }
        self.found.has_arrow = true;
        if self.is_transition(&tokens[..first], &tokens[first + 1..]) {
            self.constraint(part);
            return true;
        }
        let spans: Vec<Span> = tokens[first..]
            .split(|token| token.kind == Kind::Arrow)
            .filter(|tokens| !tokens.is_empty())
            .map(|tokens| widened(self.file, extent(tokens)))
            .collect();
        self.clause(condition, &spans, part);
        true
    }

    /// `On `Phase == INIT`, prompt user …`
    fn opening(&mut self, part: Span, tokens: &[Token<'_>]) -> bool {
        let Some(comma) = comma_before_action(tokens) else { return false };
        let condition = Span::new(part.start, tokens[comma].span.start).trimmed(self.file);
        let action = Span::new(tokens[comma].span.end, part.end).trimmed(self.file);
        self.clause(condition, &[action], part);
        true
    }

    /// `restore on request`, `Archive before overwrite`: the condition stands behind, and is known.
    fn behind(&mut self, part: Span, tokens: &[Token<'_>]) -> bool {
        let Some((at, condition)) = self.condition_behind(part, tokens) else { return false };
        let action = widened(self.file, extent(&tokens[..at]));
        self.clause(condition, &[action], part);
        true
    }

    /// Where a condition begins that stands behind what is to be done.
    fn condition_behind(&self, part: Span, tokens: &[Token<'_>]) -> Option<(usize, Span)> {
        let tokens = trigger::without_stop(tokens);
        let joint = tokens
            .iter()
            .rposition(|token| ["on", "before", "after", "when", "if"].iter().any(|word| token.is(word)));
        let at = joint.filter(|&at| at > 0 && at + 1 < tokens.len())?;
        let condition = Span::new(tokens[at].span.start, part.end).trimmed(self.file);
        let class = trigger::parse(self.file, condition, self.vocabulary).condition.class();
        (class != Class::Judgement).then_some((at, condition))
    }

    /// Whether `span` is a condition for the items below it: `On failure:`, `Weekly:`.
    fn announces(&self, span: Span) -> bool {
        self.opens_list(span) && (self.begins_with(span, OPENINGS) || self.begins_with(span, FREQUENCIES))
    }

    fn opens_list(&self, span: Span) -> bool {
        span.of(self.file).trim_end_matches(['*', '_', ' ']).ends_with(':')
    }

    /// The items below a condition: conditions of their own, or its steps.
    fn announced(&mut self, head: Span, below: &[Piece], whole: Span) {
        let outer = self.trigger(head);
        let nested = below
            .iter()
            .filter(|piece| self.begins_with(piece.own, OPENINGS) && self.is_statement(piece.own))
            .count();
        if nested == 0 {
            let steps = self.steps(&outer, |context| action::steps(context, below));
            self.found.clauses.push(Clause { trigger: Some(outer), steps, span: whole });
            return;
        }
        let from = self.found.clauses.len();
        self.pieces(below);
        for clause in &mut self.found.clauses[from..] {
            if let Some(inner) = &mut clause.trigger {
                let condition = inner.condition.clone();
                inner.condition = Condition::All(vec![outer.condition.clone(), condition]);
            }
        }
    }

    fn begins_with(&self, span: Span, words: &[&str]) -> bool {
        begins_with(&lex(self.file, span).tokens, words)
    }

    /// Whether something happens in `span`: an arrow, or a condition before or behind.
    fn is_statement(&self, span: Span) -> bool {
        let lexed = lex(self.file, span);
        let tokens = trigger::without_stop(&lexed.tokens);
        let arrow = tokens.iter().skip(1).any(|token| token.kind == Kind::Arrow);
        let opens =
            begins_with(tokens, OPENINGS) && (comma_before_action(tokens).is_some() || self.announces(span));
        let behind = |part: &Span| self.condition_behind(*part, &lex(self.file, *part).tokens).is_some();
        arrow || opens || sentences(self.file, span).iter().any(behind)
    }

    /// `INIT→ANALYZE→…→COMPLETED|ROLLBACK` draws the order of phases; nothing is to be done.
    fn is_order_of_phases(&self, span: Span) -> bool {
        if !span.of(self.file).contains(['→', '>', '⇒']) {
            return false;
        }
        let lexed = lex(self.file, span);
        let tokens = trigger::without_stop(&lexed.tokens);
        let arrows = tokens.iter().filter(|token| token.kind == Kind::Arrow).count();
        let is_name = |token: &Token<'_>| {
            token.kind == Kind::Arrow
                || token.kind == Kind::Or
                || (token.kind == Kind::Word && self.vocabulary.is_bare_value(token.text))
        };
        arrows > 1 && tokens.iter().all(is_name)
    }

    /// `ANALYZE → BLUEPRINT: when …` says when the agent may move on; it does not move it.
    fn is_transition(&self, left: &[Token<'_>], right: &[Token<'_>]) -> bool {
        let is_phase =
            |token: &Token<'_>| token.kind == Kind::Word && self.vocabulary.knows_phase(token.text);
        let [only] = left else { return false };
        is_phase(only)
            && right.first().is_some_and(is_phase)
            && right.get(1).is_some_and(|next| next.kind == Kind::Colon)
    }
}

fn begins_with(tokens: &[Token<'_>], words: &[&str]) -> bool {
    tokens.first().is_some_and(|first| words.iter().any(|word| first.is(word)))
}

/// The comma between a condition and what is to be done: the first with a verb behind it, else the
/// first.
fn comma_before_action(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut first = None;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Comma if depth == 0 => {
                let next = tokens.get(at + 1)?;
                if is_verb(next) {
                    return Some(at);
                }
                first = first.or(Some(at));
            }
            _ => {}
        }
    }
    first
}
