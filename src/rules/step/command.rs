//! Commands: ``execute `git add .` ``, `run test / linter commands`.

use crate::{
    document::destructive_git,
    rules::{
        ast::{CheckKind, Command, StepKind},
        lex::{Cursor, Kind, Lexed},
        wording::is_path,
    },
};

/// Git commands that change nothing but the index, and may run without a person.
const HARMLESS_GIT: &[&str] = &["add", "status", "diff", "log", "show", "rev-parse", "describe"];

/// What the words for a check mean.
const CHECKS: &[(&str, CheckKind)] = &[
    ("test", CheckKind::Test),
    ("tests", CheckKind::Test),
    ("lint", CheckKind::Lint),
    ("linter", CheckKind::Lint),
    ("linters", CheckKind::Lint),
    ("linting", CheckKind::Lint),
    ("typecheck", CheckKind::Lint),
    ("type-check", CheckKind::Lint),
    ("format", CheckKind::Format),
    ("formatter", CheckKind::Format),
    ("formatting", CheckKind::Format),
    ("build", CheckKind::Build),
];

/// Who is told to run something.
const RUNNERS: &[&str] =
    &["instruct cursor terminal to", "instruct cursor to", "instruct the terminal to", "use the terminal to"];

/// What may follow the checks and changes nothing.
const TAILS: &[&str] = &["via terminal", "in terminal", "in the terminal", "via repo scripts", "again"];

/// Reads a command that is to be run.
pub(super) fn read(cursor: &mut Cursor<'_, '_>, lexed: &Lexed<'_>, file: &str) -> Option<Vec<StepKind>> {
    let start = *cursor;
    cursor.one_of(RUNNERS);
    let read = format(cursor).or_else(|| checks(cursor)).or_else(|| {
        *cursor = start;
        lines(cursor, lexed, file)
    });
    if read.is_none() {
        *cursor = start;
    }
    read
}

/// `apply formatter or run format command via terminal`
fn format(cursor: &mut Cursor<'_, '_>) -> Option<Vec<StepKind>> {
    let mut ahead = *cursor;
    if !ahead.one_of(&["apply formatter", "apply the formatter"]) {
        return None;
    }
    if ahead.words("or run format command") {
        ahead.one_of(TAILS);
    }
    *cursor = ahead;
    Some(vec![StepKind::Run(Command::Checks(vec![CheckKind::Format]))])
}

/// `run test / linter commands specified in project_config.md`
fn checks(cursor: &mut Cursor<'_, '_>) -> Option<Vec<StepKind>> {
    let mut ahead = *cursor;
    if !ahead.one_of(&["run", "rerun", "re-run", "execute"]) {
        return None;
    }
    ahead.one_of(&["the full", "full", "the", "all"]);
    let mut kinds = Vec::new();
    loop {
        let token = ahead.take()?;
        let (_, kind) = CHECKS.iter().find(|(word, _)| token.kind == Kind::Word && token.is(word))?;
        if !kinds.contains(kind) {
            kinds.push(*kind);
        }
        let mut further = ahead;
        let comma = further.kind(Kind::Comma);
        let joined = further.one_of(&["and", "or"]) || further.kind(Kind::And);
        let slash = further.peek().is_some_and(|token| token.text == "/");
        further.at += usize::from(slash);
        let goes_on = further.peek().is_some_and(|token| CHECKS.iter().any(|(word, _)| token.is(word)));
        if !((comma || joined || slash) && goes_on) {
            break;
        }
        ahead = further;
    }
    ahead.one_of(&["command", "commands", "suite", "suites"]);
    let mut further = ahead;
    if further.kind(Kind::And) && (further.one_of(&["any e2e checks", "e2e checks", "e2e tests"])) {
        ahead = further;
    }
    let mut further = ahead;
    if further.one_of(&["specified in", "defined in", "listed in", "from"])
        && further.take().is_some_and(is_path)
    {
        ahead = further;
    }
    ahead.one_of(TAILS);
    *cursor = ahead;
    Some(vec![StepKind::Run(Command::Checks(kinds))])
}

/// ``execute the `git add .` and `git commit` commands``
fn lines(cursor: &mut Cursor<'_, '_>, lexed: &Lexed<'_>, file: &str) -> Option<Vec<StepKind>> {
    let mut ahead = *cursor;
    if ahead.words("retrieve") {
        ahead.one_of(&["the new", "the", "new"]);
        if !(ahead.one_of(&["commit sha", "commit hash", "sha"]) && ahead.one_of(&["using", "with", "via"])) {
            return None;
        }
    } else if !ahead.one_of(&["execute", "run"]) {
        return None;
    }
    ahead.words("the");
    let mut commands = Vec::new();
    while let Some(code) = ahead.peek().and_then(|token| token.code) {
        commands.push(lexed.codes.get(code)?.of(file).trim());
        while ahead.peek().is_some_and(|token| token.code == Some(code)) {
            ahead.at += 1;
        }
        let mut further = ahead;
        let comma = further.kind(Kind::Comma);
        let and = further.words("and") || further.kind(Kind::And);
        if !(comma || and) || further.peek().and_then(|token| token.code).is_none() {
            break;
        }
        ahead = further;
    }
    if commands.is_empty() || !commands.iter().all(|line| is_command(line)) {
        return None;
    }
    ahead.one_of(&["commands", "command"]);
    *cursor = ahead;
    // A command that only a person may run takes those beside it along: half of them would be wrong.
    if commands.iter().any(|line| needs_person(line)) {
        return Some(vec![StepKind::Ask]);
    }
    let run = |line: &&str| match *line {
        "git commit" => StepKind::Run(Command::Commit),
        line => StepKind::Run(Command::Line(line.to_owned())),
    };
    Some(commands.iter().map(run).collect())
}

/// Whether it begins like a program's name.
fn is_command(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_lowercase() || c == '.' || c == '/') && !line.contains('\n')
}

/// Destructive git commands, commits with words somebody must choose, and commands with holes.
fn needs_person(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let git = words.next() == Some("git") && line != "git commit";
    let harmless =
        words.next().is_some_and(|word| HARMLESS_GIT.contains(&word)) && !line.contains("--output");
    let chained = line.contains("git ") && line.contains(['&', '|', ';', '$', '`', '>']);
    let hole = line.contains(['<', '[', '{']) || line.contains("...");
    (git && !harmless) || chained || hole || destructive_git(line).is_some()
}
