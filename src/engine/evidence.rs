//! Runs of the project's checks as facts: what the shell reports of them, and what they allow.

use crate::text::Revision;
use std::fmt;

/// What the shell knows of the checks and of the plan's approval. Asked only where an answer decides
/// something: to tell the state of a large work tree takes a while.
pub trait Evidence: fmt::Debug {
    /// How the project's checks stand on the files as they are now.
    fn checks(&self) -> Standing;

    /// What was decided about the plan with this [revision](super::plan_revision).
    fn verdict(&self, plan: Revision) -> Verdict;

    /// The state file as it was at this revision, where that is still known.
    fn state_at(&self, revision: Revision) -> Option<String>;
}

/// Nothing is known: no check is named, and nobody has decided anything.
impl Evidence for () {
    fn checks(&self) -> Standing {
        Standing::NoneNamed
    }

    fn verdict(&self, _: Revision) -> Verdict {
        Verdict::Open
    }

    fn state_at(&self, _: Revision) -> Option<String> {
        None
    }
}

/// How the project's checks stand on the files as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The project names no checks, so none can be asked for.
    NoneNamed,
    /// Every check was run on exactly these files and was content.
    Green,
    /// One was run on exactly these files and was not.
    Red(CheckResult),
    /// None may be run, and what runs there were may be anybody's.
    Untrusted,
    /// One has never been run.
    Missing {
        /// Its command line.
        line: String,
    },
    /// One was run last on other files than these.
    Stale {
        /// Its command line.
        line: String,
        /// Whether the files changed while it ran.
        moving: bool,
    },
    /// That can't be found out.
    Unknown(String),
}

impl Standing {
    /// Why a phase that asks for the checks can't be left; `None` when it can.
    #[must_use]
    pub fn objection(&self) -> Option<String> {
        Some(match self {
            Self::NoneNamed | Self::Green => return None,
            Self::Red(result) => format!("the checks are red: {}", result.brief()),
            Self::Missing { line } => format!("the checks are missing: `{line}` was not run"),
            Self::Untrusted => "the checks are missing: nobody has trusted the commands as they are".into(),
            Self::Stale { line, moving: false } => {
                format!("the checks are stale: files have changed since `{line}` was run")
            }
            Self::Stale { line, moving: true } => {
                format!("the checks are stale: files changed while `{line}` ran")
            }
            Self::Unknown(why) => format!("the checks can't be told: {why}"),
        })
    }

    /// What to do about an objection.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Untrusted => "a person allows the commands with `rulemark trust`; then `rulemark test`",
            Self::Stale { moving: true, .. } => {
                "run `rulemark test` again; what the checks make themselves is for .gitignore"
            }
            Self::Red(_) => "mend it, then run `rulemark test`",
            _ => "run `rulemark test`",
        }
    }
}

/// How one check went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// Its command line.
    pub line: String,
    /// How it ended.
    pub end: CheckEnd,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// The last lines it printed.
    pub tail: String,
    /// Where all it printed is kept, from the project's folder.
    pub output: String,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckEnd {
    /// By itself, with this code; 0 is content.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// It took too long.
    TimedOut,
    /// It could not be started.
    NotStarted,
}

impl CheckEnd {
    /// Whether the check is content.
    #[must_use]
    pub fn is_green(self) -> bool {
        self == Self::Exited(0)
    }
}

impl fmt::Display for CheckEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(0) => f.write_str("ok"),
            Self::Exited(code) => write!(f, "exit {code}"),
            Self::Signalled(signal) => write!(f, "signal {signal}"),
            Self::TimedOut => f.write_str("timed out"),
            Self::NotStarted => f.write_str("not started"),
        }
    }
}

/// Characters of a failed check's output that a Log entry quotes.
const QUOTED: usize = 240;

impl CheckResult {
    /// `` `cargo test` exit 101 in 3.2 s ``.
    #[must_use]
    pub fn brief(&self) -> String {
        format!("`{}` {} in {}", harmless(&self.line), self.end, duration(self.millis))
    }

    /// The end of what it printed, on one line.
    fn quote(&self) -> String {
        let tail = harmless(&self.tail);
        let from = tail.char_indices().rev().nth(QUOTED).map_or(0, |(at, _)| at);
        let cut = &tail[from..];
        // A word that was cut says nothing.
        if from == 0 {
            cut.to_owned()
        } else {
            format!("…{}", cut.split_once(' ').map_or(cut, |(_, rest)| rest))
        }
    }
}

/// One run of checks, together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChecksReport {
    /// Each that was run, in order.
    pub results: Vec<CheckResult>,
    /// How all checks of the project stand after it.
    pub standing: Standing,
}

impl ChecksReport {
    /// What Log says of it, in one entry; nothing where nothing was run and there is nothing to say.
    #[must_use]
    pub fn entry(&self) -> Option<String> {
        match (self.results.is_empty(), &self.standing) {
            (false, _) => Some(entry_of(&self.results)),
            (true, Standing::Green) => {
                Some("Checks green already: all were run on exactly these files".into())
            }
            (true, _) => None,
        }
    }

    /// Whether all that were run are content.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.results.iter().all(|result| result.end.is_green())
    }
}

/// What Log says of checks that were run together.
fn entry_of(results: &[CheckResult]) -> String {
    let is_green = results.iter().all(|result| result.end.is_green());
    format!("Checks {}: {}", if is_green { "green" } else { "red" }, runs_in_words(results))
}

/// How commands went that were run together, on one line: `` `cargo test` exit 1 in 1.2 s; it ended with … ``.
#[must_use]
pub fn runs_in_words(results: &[CheckResult]) -> String {
    let briefs: Vec<String> = results.iter().map(CheckResult::brief).collect();
    let mut told = briefs.join(", ");
    for result in results.iter().filter(|result| !result.end.is_green()) {
        let quote = result.quote();
        if !quote.is_empty() {
            told.push_str(&format!("; it ended with: {quote}"));
        }
        told.push_str(&format!(" (all of it in {})", harmless(&result.output)));
    }
    told
}

/// What was decided last about a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Open,
    /// Yes.
    Approved {
        /// Who said so.
        by: String,
        /// Whether that was a person, or may have been anybody who edits the file.
        attested: bool,
    },
    /// No.
    Rejected {
        /// Who said so.
        by: String,
    },
    /// Yes, to another plan than this one.
    OfAnother {
        /// Who said so.
        by: String,
    },
}

impl Verdict {
    /// Why work on the plan can't go on where only a person's yes counts; `None` when it can.
    #[must_use]
    pub fn objection(&self) -> Option<String> {
        Some(match self {
            Self::Approved { attested: true, .. } => return None,
            Self::Approved { attested: false, .. } | Self::Open => "no person has approved this plan".into(),
            Self::Rejected { by } => format!("{by} has rejected this plan"),
            Self::OfAnother { by } => format!("the plan is not the one that {by} has approved"),
        })
    }

    /// What to do about an objection.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Rejected { .. } => "change the plan as Log says; then a person decides about it anew",
            _ => "a person decides: `rulemark approve` or `rulemark reject \"…\"`",
        }
    }
}

/// Text for one line of Log: no line ends, nothing a terminal or Markdown would act on.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !out.is_empty() {
            out.push_str(" · ");
        }
        out.extend(line.chars().map(|c| match c {
            '`' => '\'',
            '|' => '¦',
            '<' => '‹',
            '>' => '›',
            c if c.is_control() => ' ',
            c => c,
        }));
    }
    out
}

/// A duration for people: `7 ms`, `1.2 s`, `62 min 3 s`.
#[must_use]
pub fn duration(millis: u64) -> String {
    match millis / 1_000 {
        0 => format!("{millis} ms"),
        seconds @ 1..100 => format!("{seconds}.{} s", millis % 1_000 / 100),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(line: &str, end: CheckEnd, tail: &str) -> CheckResult {
        CheckResult {
            line: line.into(),
            end,
            millis: 1_234,
            tail: tail.into(),
            output: ".rulemark/output/1.log".into(),
        }
    }

    #[test]
    fn an_entry_is_one_harmless_line() {
        let report =
            |results: Vec<CheckResult>| ChecksReport { results, standing: Standing::Green }.entry().unwrap();
        assert_eq!(
            report(vec![
                result("cargo test", CheckEnd::Exited(0), "x"),
                result("a | b", CheckEnd::Exited(0), "")
            ]),
            "Checks green: `cargo test` ok in 1.2 s, `a ¦ b` ok in 1.2 s"
        );
        assert_eq!(
            report(vec![result(
                "make",
                CheckEnd::TimedOut,
                "\n## Rules\r\n### RULE_EVIL `x`\n<!-- \u{1b}[31m\n"
            )]),
            "Checks red: `make` timed out in 1.2 s; it ended with: ## Rules · ### RULE_EVIL 'x' · ‹!--  [31m \
             (all of it in .rulemark/output/1.log)"
        );
        let long = report(vec![result("make", CheckEnd::Exited(2), &"word ".repeat(500))]);
        assert!(long.chars().count() < QUOTED + 150 && long.contains("it ended with: …word "), "{long}");
    }

    #[test]
    fn durations_for_people() {
        for (millis, expected) in
            [(7, "7 ms"), (999, "999 ms"), (1_250, "1.2 s"), (61_000, "61.0 s"), (3_723_000, "62 min 3 s")]
        {
            assert_eq!(duration(millis), expected);
        }
    }
}
