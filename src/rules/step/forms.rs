//! The one table of what steps say and what that means.

use super::Context;
use crate::{
    document::Role,
    rules::{
        ast::{Content, LogText, Position, SectionName, Step, StepKind, Target},
        hole::has_hole,
        lex::{Cursor, Kind, Token},
        wording::{Found, Slot, Table},
    },
};
use std::sync::LazyLock;

type Make = fn(&Found<'_, '_>, Context<'_, '_>, &[Step]) -> Option<Vec<StepKind>>;

/// Wordings of steps. The first that fits up to a comma, `and` or the end counts.
const FORMS: &[(&str, Make)] = &[
    // Log and its sections.
    ("clear|empty [the] [current] {section}", |found, _, _| Some(vec![StepKind::Clear(found.section(0)?)])),
    ("clear", |_, context, before| Some(vec![StepKind::Clear(subject(context, before)?)])),
    (
        "summarise|summarize|archive|copy [the] top {number} [findings|points|lines|entries|items] [from|of {section}] into|to|in {section}",
        summarise,
    ),
    (
        "[the] top {number} findings|points|lines|entries|items [from|of {section}] into|to|in {section}",
        summarise,
    ),
    ("archive|summarise|summarize [the] top {number} [findings|points|lines|entries|items]", summarise),
    ("log|record {quoted} [and continue]", log_literal),
    ("log|record {quoted} to|in [the] {section}", log_literal),
    ("log [the] phase change|transition [to|in {section}]", |found, _, _| log(found, LogText::PhaseChange)),
    ("log [the] action|actions [to|in {section}]", |found, _, _| log(found, LogText::Action)),
    ("log [the] attempt|attempts [to|in {section}]", |found, _, _| log(found, LogText::Attempt)),
    ("log [the] result|results|outcome|output [to|in {section}]", |found, _, _| log(found, LogText::Result)),
    ("capture [the] tool output in|to {section}", |found, _, _| log(found, LogText::Result)),
    ("log [the] reason [to|in {section}]", |found, _, _| log(found, LogText::Reason)),
    (
        "log [the] error/situation|error|errors|situation|issue|issues|problem|problems [to|in {section}]",
        |found, _, _| log(found, LogText::Problem),
    ),
    ("log", log_bare),
    // The plan and its history.
    (
        "archive [the] [it|plan|blueprint] to|in|into|under {section} [with timestamp|time+id|date [and [unique] id]]",
        archive,
    ),
    (
        "archive [the] old|current|existing|previous plan|blueprint [to|in|into|under {section}] [with timestamp|date [and [unique] id]]",
        archive,
    ),
    (
        "archive|save|copy [the] {section} to|in|into|under {section} [with timestamp|date [and [unique] id]]",
        archive,
    ),
    ("archive|save", archive_bare),
    ("save to {section} with time|timestamp|date + id", archive_bare),
    ("save to {section} [with timestamp|date [and [unique] id]]", archive_bare),
    // The changelog.
    (
        "append|prepend|add|insert [a|an|the] [new] one-liner|one-sentence|one-line|summary|changelog|line|entry [summary|line|entry] \
         [of [the] completed|finished|done work|item|task] [with today's|the|a date] to|under|in|into {section} [in {paths}]",
        changelog,
    ),
    (
        "append|prepend|add|insert [a|an|the] [new] one-liner|one-sentence|one-line|summary|changelog|line|entry [summary|line|entry] \
         [of [the] completed|finished|done work|item|task] [with today's|the|a date] to|in|into {paths} [under] [{section}]",
        changelog,
    ),
    (
        "insert|add|append|prepend [the|a] [new] [changelog] line|entry [:] [{code}] [immediately|directly] after|below|under|to [the] {section} [in {paths}] [and its following newline] [( making {tail}]",
        changelog,
    ),
    ("changelog", |_, _, _| Some(vec![work_summary(None, false)])),
    ("append|add|prepend|insert {quoted} to|under|in|into {section} [in {paths}]", insert_literal),
    ("prepend [the] sha and [commit] message to {section}", commit_line),
    // What must be there.
    ("read [the] [existing|current] {paths} [( prompt user if missing )] [template file]", read_files),
    ("create {paths} with default structure", read_files),
    ("find [the] {section} [in {paths}]", |found, _, _| {
        Some(vec![StepKind::Find { section: found.section(0)?, path: found.list(Slot::Paths).pop() }])
    }),
    ("check [the] {section} for more|unprocessed|remaining items|rows", |found, _, _| {
        Some(vec![StepKind::Find { section: found.section(0)?, path: None }])
    }),
    ("perform [an] [internal] consistency check", |_, _, _| Some(vec![StepKind::CheckConsistency])),
    ("check [internal] consistency", |_, _, _| Some(vec![StepKind::CheckConsistency])),
    // Other rules.
    ("trigger|auto-trigger|invoke|call|run|execute|apply|follow {rules} [when|if applicable]", call),
    ("proceed|continue|go|return to|with {rules}", call),
    ("trigger|invoke|call|run|execute {rules} to {tail}", call),
    ("apply [the] fix via {rules}", call),
    ("re-run|rerun [the] [failed] [lint|tests|test|suite] via {rules}", call),
    ("re-run failed test ( s ) or suite via {rules}", call),
    // Parts of other steps.
    ("proceed|continue with [the] next action [based on loaded state and rules]", describe),
    (
        "[immediately] update|updates relevant sections ( {section} , {section} , {section} ) in {paths} and save",
        describe,
    ),
    ("construct|write|compose [the] new changelog line|entry [: {quoted}] [: {tail}]", describe),
    ("format : {tail}", describe),
    ("append [the] archived blueprint|plan content under [the] timestamped|dated heading", describe),
    ("proceed with updating {section} with [the] new blueprint|plan", describe),
    ("before overwriting {section} , check if|whether it contains|has [existing] content", describe),
    ("check if|whether {section} contains|has [existing] content", describe),
    ("parse [the] output", describe),
    ("continue", describe),
    // The person: which commit is meant is not guessed, and what destroys work is not run.
    ("checkout [the] specified|given|requested sha|commit", |_, _, _| Some(vec![StepKind::Ask])),
    ("search {section} for [the] sha|commit corresponding to [the] description", |_, _, _| {
        Some(vec![StepKind::Ask])
    }),
    (
        "find [the] [two] shas|sha|commits|commit from|in {section} based on [the] description|descriptions",
        |_, _, _| Some(vec![StepKind::Ask]),
    ),
    ("check status : handle {tail}", |_, _, _| Some(vec![StepKind::Tell])),
    ("check state.status : handle {tail}", |_, _, _| Some(vec![StepKind::Tell])),
];

/// Verbs that wait for a person.
const ASK: &[&str] = &["ask", "prompt", "await", "request", "wait"];

/// Verbs that tell a person something.
const TELL: &[&str] =
    &["report", "inform", "notify", "display", "show", "provide", "suggest", "tell", "list", "alert", "warn"];

/// Verbs of other modules that begin a phrase.
const OTHER_VERBS: &[&str] = &[
    "log",
    "add",
    "set",
    "reset",
    "update",
    "increment",
    "execute",
    "run",
    "rerun",
    "re-run",
    "retrieve",
    "instruct",
    "switch",
    "propose",
    "generate",
];

static TABLE: LazyLock<Table<Make>> = LazyLock::new(|| Table::new(FORMS));

/// Reads one step of the table, or one that needs a person.
pub(super) fn read(
    cursor: &mut Cursor<'_, '_>,
    context: Context<'_, '_>,
    before: &[Step],
) -> Option<Vec<StepKind>> {
    let known =
        TABLE.find(
            cursor,
            context.vocabulary,
            |make, found, ahead| {
                if ends(ahead) { make(found, context, before) } else { None }
            },
        );
    known.or_else(|| {
        let mut ahead = *cursor;
        let kinds = person(&mut ahead)?;
        *cursor = ahead;
        Some(kinds)
    })
}

/// Whether the whole sentence says how another step is done.
pub(super) fn describes(tokens: &[Token<'_>], context: Context<'_, '_>) -> bool {
    let mut cursor = Cursor::new(tokens);
    read(&mut cursor, context, &[]).is_some_and(|kinds| kinds == [StepKind::Describe]) && cursor.at_end()
}

/// Whether `token` begins a phrase.
pub(in crate::rules) fn is_verb(token: &Token<'_>) -> bool {
    let verbs = || ASK.iter().chain(TELL).chain(OTHER_VERBS).any(|verb| token.is(verb));
    token.kind == Kind::Word && (verbs() || TABLE.begins_with(token))
}

/// Whether a phrase may end at `cursor`: a comma, `and`, a guard, the end.
fn ends(cursor: &Cursor<'_, '_>) -> bool {
    cursor.peek().is_none_or(|token| {
        matches!(token.kind, Kind::Comma | Kind::Semicolon | Kind::And | Kind::Arrow)
            || ["and", "then", "if", "on", "upon"].iter().any(|word| token.is(word))
    })
}

/// `Ask user for …`, `report to user`: up to a comma or `and` behind which another phrase begins.
fn person(cursor: &mut Cursor<'_, '_>) -> Option<Vec<StepKind>> {
    let first = cursor.take()?;
    let kind = if ASK.iter().any(|verb| first.is(verb)) {
        StepKind::Ask
    } else if TELL.iter().any(|verb| first.is(verb)) {
        StepKind::Tell
    } else {
        return None;
    };
    let mut depth = 0_usize;
    while let Some(token) = cursor.peek() {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            // `prompt|auto-commit` leaves a choice to whoever reads it.
            Kind::Or | Kind::Arrow => return None,
            Kind::Word if depth == 0 && token.is("or") && cursor.rest().get(1).is_some_and(is_verb) => {
                return None;
            }
            Kind::Comma | Kind::Word | Kind::And if depth == 0 && phrase_follows(cursor) => break,
            _ => {}
        }
        cursor.at += 1;
    }
    Some(vec![kind])
}

fn phrase_follows(cursor: &Cursor<'_, '_>) -> bool {
    let mut ahead = *cursor;
    let comma = ahead.kind(Kind::Comma);
    let and = ahead.words("and") || ahead.kind(Kind::And);
    (comma || and) && ahead.peek().is_some_and(is_verb)
}

fn describe(_: &Found<'_, '_>, _: Context<'_, '_>, _: &[Step]) -> Option<Vec<StepKind>> {
    Some(vec![StepKind::Describe])
}

fn call(found: &Found<'_, '_>, _: Context<'_, '_>, _: &[Step]) -> Option<Vec<StepKind>> {
    Some(found.list(Slot::Rules).into_iter().map(|rule| StepKind::Call { rule }).collect())
}

fn read_files(found: &Found<'_, '_>, _: Context<'_, '_>, _: &[Step]) -> Option<Vec<StepKind>> {
    Some(found.list(Slot::Paths).into_iter().map(|path| StepKind::Read { path }).collect())
}

/// Only Log takes log lines.
fn log(found: &Found<'_, '_>, text: LogText) -> Option<Vec<StepKind>> {
    let elsewhere = found.section(0).is_some_and(|section| !section.0.eq_ignore_ascii_case("log"));
    (!elsewhere).then(|| vec![StepKind::Log(text)])
}

fn log_literal(found: &Found<'_, '_>, context: Context<'_, '_>, _: &[Step]) -> Option<Vec<StepKind>> {
    log(found, LogText::Literal(words(found, context)?))
}

/// The quotation that is written, if nobody has to complete it first.
fn words(found: &Found<'_, '_>, context: Context<'_, '_>) -> Option<String> {
    found.word(Slot::Quoted).filter(|words| !has_hole(words, context.vocabulary))
}

/// `If issues found, log and …`; `test → log → VALIDATE`.
fn log_bare(_: &Found<'_, '_>, _: Context<'_, '_>, _: &[Step]) -> Option<Vec<StepKind>> {
    Some(vec![StepKind::Log(LogText::Action)])
}

/// The section that a bare `clear` means: the one summarised before it, or the rule's own.
fn subject(context: Context<'_, '_>, before: &[Step]) -> Option<SectionName> {
    let summarised = before.iter().rev().find_map(|step| match &step.kind {
        StepKind::Summarise { from, .. } => Some(from.clone()),
        _ => None,
    });
    summarised.or_else(|| context.subject.cloned())
}

fn summarise(found: &Found<'_, '_>, context: Context<'_, '_>, _: &[Step]) -> Option<Vec<StepKind>> {
    let number = found.slot(Slot::Number, 0)?.first()?.thousandths()? / 1000;
    let first = found.section(0);
    let second = found.section(1);
    let log = || context.subject.cloned().unwrap_or_else(|| SectionName("Log".into()));
    let archive = || SectionName("ArchiveLog".into());
    let (from, into) = match (first, second) {
        (Some(from), Some(into)) => (from, into),
        (Some(into), None) => (log(), into),
        (None, _) => (log(), archive()),
    };
    let count = usize::try_from(number).ok().filter(|count| (1..=100).contains(count))?;
    (from != into).then(|| vec![StepKind::Summarise { count, from, into }])
}

fn archive(found: &Found<'_, '_>, _: Context<'_, '_>, _: &[Step]) -> Option<Vec<StepKind>> {
    let plan = || SectionName("Plan".into());
    let history = || SectionName("Blueprint History".into());
    let (from, into) = match (found.section(0), found.section(1)) {
        (Some(from), Some(into)) => (from, into),
        (Some(into), None) => (plan(), into),
        _ => (plan(), history()),
    };
    (from != into && is_plan(&from)).then(|| vec![StepKind::Archive { from, into, heading: None }])
}

/// `save to Blueprint History` of a rule that waits for the plan to be overwritten.
fn archive_bare(found: &Found<'_, '_>, context: Context<'_, '_>, before: &[Step]) -> Option<Vec<StepKind>> {
    if !context.keeps_plan {
        return None;
    }
    archive(found, context, before)
}

fn is_plan(section: &SectionName) -> bool {
    ["plan", "blueprint"].iter().any(|name| section.0.eq_ignore_ascii_case(name))
}

fn changelog(found: &Found<'_, '_>, _: Context<'_, '_>, _: &[Step]) -> Option<Vec<StepKind>> {
    let section = found.section(0).unwrap_or_else(|| SectionName("Changelog".into()));
    if Role::named(&section.0) != Some(Role::Changelog) {
        return None;
    }
    let template = found.slot(Slot::Code, 0).unwrap_or_default();
    let has_date = |token: &Token<'_>| ["YYYY", "date"].iter().any(|date| token.text.contains(date));
    let dated = found.says("date") || template.iter().any(has_date);
    let path = found.list(Slot::Paths).pop();
    Some(vec![StepKind::Insert {
        target: Target { path, section },
        position: Position::First,
        content: Content::WorkSummary { dated },
    }])
}

fn work_summary(path: Option<String>, dated: bool) -> StepKind {
    let target = Target { path, section: SectionName("Changelog".into()) };
    StepKind::Insert { target, position: Position::First, content: Content::WorkSummary { dated } }
}

fn commit_line(found: &Found<'_, '_>, _: Context<'_, '_>, _: &[Step]) -> Option<Vec<StepKind>> {
    let target = Target { path: None, section: found.section(0)? };
    Some(vec![StepKind::Insert { target, position: Position::First, content: Content::Commit }])
}

fn insert_literal(found: &Found<'_, '_>, context: Context<'_, '_>, _: &[Step]) -> Option<Vec<StepKind>> {
    let target = Target { path: found.list(Slot::Paths).pop(), section: found.section(0)? };
    let position =
        if found.says("prepend") || found.says("insert") { Position::First } else { Position::Last };
    Some(vec![StepKind::Insert { target, position, content: Content::Literal(words(found, context)?) }])
}
