//! No text makes the work grow faster than itself: every text that could be thought of to be slow is
//! made in two sizes, and what is done with it is timed.

use rulemark::{
    document::{
        ProjectConfig, WorkflowState, doubled_section,
        merge::{Side, merge},
    },
    engine::{self, Cause, Event, Memory, Settings, Snapshot},
    text::{Patch, Revision, rebase},
};
use std::{collections::BTreeMap, hint::black_box, time::Duration};

/// Makes a text of about so many bytes.
type Make = fn(usize) -> String;

fn repeat(unit: &str, bytes: usize) -> String {
    unit.repeat(bytes / unit.len() + 1)
}

fn numbered(bytes: usize, unit: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for number in 0.. {
        text.push_str(&unit(number));
        if text.len() >= bytes {
            break;
        }
    }
    text
}

const STATE: &str = "## State\nPhase: ANALYZE\nStatus: READY\nCurrentItem: null\n\n## Log\n- x\n\n";

fn below(heading: &str, body: &str) -> String {
    format!("{STATE}{heading}\n{body}\n")
}

/// The body of one rule's trigger.
fn trigger(text: &str) -> String {
    below("## Rules", &format!("### RULE_A\nTrigger ▶ {text}\nAction ▶ Set `Status = DONE`."))
}

fn action(text: &str) -> String {
    below("## Rules", &format!("### RULE_A\nTrigger ▶ Phase == ANALYZE\nAction ▶ {text}"))
}

fn distinct(number: usize) -> String {
    let mut word = String::new();
    let mut rest = number;
    for _ in 0..5 {
        word.push(char::from(b'a' + u8::try_from(rest % 26).unwrap()));
        rest /= 26;
    }
    word
}

/// Texts made to be slow, by what they hold.
const TEXTS: &[(&str, Make)] = &[
    // The shapes that Markdown parsers are known to have choked on.
    ("nested quotes", |n| repeat("> ", n)),
    ("nested lists", |n| repeat("- ", n)),
    ("nested lists, then blank lines", |n| format!("{}a{}", repeat("- ", n / 2), repeat("\n", n / 2))),
    ("nested lists, then lines", |n| format!("{}a\n{}", repeat("- ", n / 2), repeat("x\n", n / 2))),
    ("nested quotes, then lines", |n| format!("{}a\n{}", repeat("> ", n / 2), repeat("x\n", n / 2))),
    ("nested quotes, then fences", |n| format!("{}a\n{}", repeat("> ", n / 2), repeat("```\n", n / 2))),
    ("nested quotes and lists", |n| repeat("> - ", n)),
    ("staircase of lists", |n| {
        let mut text = String::new();
        let mut depth = 0;
        while text.len() < n {
            text.push_str(&" ".repeat(2 * depth));
            text.push_str("- a\n");
            depth += 1;
        }
        text
    }),
    ("unclosed brackets", |n| repeat("[", n)),
    ("unclosed links", |n| repeat("[a](", n)),
    ("nested brackets", |n| format!("{}a{}", repeat("[", n / 2), repeat("]", n / 2))),
    ("unclosed emphasis", |n| repeat("*a ", n)),
    ("emphasis of two kinds", |n| repeat("*a_ ", n)),
    ("links and emphasis", |n| repeat("[ a_", n)),
    ("long runs of stars", |n| repeat("a**b", n)),
    ("backticks of growing width", |n| {
        let mut text = String::new();
        let mut width = 1;
        while text.len() < n {
            text.push_str(&"`".repeat(width));
            text.push('e');
            width += 1;
        }
        text
    }),
    ("unclosed comments", |n| repeat("<!--\n", n)),
    ("comments half closed", |n| repeat("a <!-- ", n)),
    ("processing instructions", |n| repeat("<?", n)),
    ("cdata", |n| repeat("a <![CDATA[ ", n)),
    ("declarations", |n| repeat("a <!A ", n)),
    ("many references", |n| numbered(n, |at| format!("[r{at}]: x\n"))),
    ("references used", |n| format!("[a]: x\n\n{}", repeat("[a] ", n))),
    ("entities", |n| repeat("&#x41;", n)),
    ("backslashes", |n| repeat("\\", n)),
    ("pipes", |n| format!("|{}\n|{}\n", repeat("a|", n / 2), repeat("-|", n / 2))),
    ("short rows of a wide table", |n| {
        format!("|{}\n|{}\n{}", repeat("a|", n / 3), repeat("-|", n / 3), repeat("|b|\n", n / 3))
    }),
    ("nul bytes", |n| repeat("\0", n)),
    ("blank lines", |n| repeat("\n", n)),
    ("carriage returns", |n| repeat("\r", n)),
    ("spaces", |n| repeat(" ", n)),
    ("tabs and text", |n| repeat("\ta\n", n)),
    ("setext lines", |n| repeat("a\n-\n", n)),
    ("a long setext heading", |n| format!("{}===\n", repeat("a\n", n))),
    ("breaks", |n| repeat("---\n", n)),
    ("front matter without end", |n| format!("---\n{}", repeat("a: b\n", n))),
    ("a fence without end", |n| format!("```\n{}", repeat("x\n", n))),
    ("fences", |n| repeat("```\n", n)),
    ("fences in lists", |n| repeat("- ```\n  x\n  ```\n", n)),
    ("a whole-file fence", |n| format!("```markdown\n# A\n{}", repeat("```sh\nx\n```\n", n))),
    ("one long line", |n| repeat("word ", n)),
    ("one long word", |n| repeat("w", n)),
    // Documents.
    ("headings", |n| repeat("# a\n", n)),
    ("headings of six levels", |n| numbered(n, |at| format!("{} a\n", "#".repeat(1 + at % 6)))),
    ("different headings", |n| numbered(n, |at| format!("## Section {}\n", distinct(at)))),
    ("state sections", |n| repeat("## State\nPhase: A\n", n)),
    ("empty state sections", |n| repeat("## State\n\n", n)),
    ("empty item sections", |n| repeat("## Items\n\n", n)),
    ("log sections", |n| repeat("## Log\n- a\n", n)),
    ("nested log sections", |n| format!("# Log\n{}", repeat("## Log\n- a\n", n))),
    ("rules sections", |n| repeat("## Rules\n### RULE_A\nTrigger: x\nAction: Log action.\n", n)),
    ("opening markers", |n| repeat("<!-- DYNAMIC:LOG:START -->\n", n)),
    ("markers of different names", |n| numbered(n, |at| format!("<!-- DYNAMIC:M{at}:START -->\n"))),
    ("marker pairs", |n| repeat("<!-- DYNAMIC:LOG:START -->\n<!-- DYNAMIC:LOG:END -->\n", n)),
    ("a long heading", |n| format!("## {}\n", repeat("Log & ", n))),
    ("a heading of brackets", |n| format!("## {}\n", repeat("(", n))),
    ("a shouted heading", |n| format!("## {}\n", repeat("RULES AND ", n))),
    ("a heading that speaks of rules", |n| format!("## x{}\n", repeat(" xrules", n))),
    ("state keys", |n| {
        below("", &numbered(n, |at| format!("- {}: x\n", distinct(at)))).replacen("## Log", "## x", 1)
    }),
    ("keys in state", |n| format!("## State\n{}", numbered(n, |at| format!("Key{at}: x\n")))),
    ("one key often", |n| format!("## State\n{}", repeat("Phase: A\n", n))),
    ("keys on one line", |n| format!("## State\n{}", repeat("Phase:A ", n))),
    ("keys on one line with bars", |n| format!("## State\n{}", repeat("**Phase**: A | ", n))),
    ("a table of keys", |n| {
        format!("## State\n| Key | Value |\n|---|---|\n{}", numbered(n, |at| format!("| K{at} | v |\n")))
    }),
    ("a long value", |n| format!("## State\nPhase: {}\n", repeat("a (b) # ", n))),
    ("a value of backticks", |n| format!("## State\nPhase: {}\n", repeat("`", n))),
    ("a value of brackets", |n| format!("## State\nPhase: {}\n", repeat("[", n))),
    ("a value of stars", |n| format!("## State\nPhase: {}\n", repeat("**a", n))),
    ("items in a table", |n| {
        below(
            "## Items",
            &format!(
                "| id | description | status |\n|---|---|---|\n{}",
                numbered(n, |at| format!("| {at} | Add {at} | pending |\n"))
            ),
        )
    }),
    ("items with one id", |n| {
        below(
            "## Items",
            &format!(
                "| id | description | status |\n|---|---|---|\n{}",
                repeat("| 1 | Add | pending |\n", n)
            ),
        )
    }),
    ("items in a list", |n| below("## Items", &numbered(n, |at| format!("- [ ] {at}. Add\n")))),
    ("processed items", |n| below("## Items", &numbered(n, |at| format!("1. Add {at}\n")))),
    ("results", |n| {
        below(
            "## Items",
            &format!(
                "| Item ID | Text |\n|---|---|\n{}\n## TokenizationResults\n| Item ID | Summary |\n|---|---|\n{}",
                numbered(n / 2, |at| format!("| i{at} | x |\n")),
                numbered(n / 2, |at| format!("| i{at} | x |\n"))
            ),
        )
    }),
    ("an item of pipes", |n| {
        below("## Items", &format!("| id | description | status |\n|---|---|---|\n|{}\n", repeat("\\|", n)))
    }),
    ("a log", |n| {
        below(
            "## ArchiveLog",
            &format!(
                "\n## Log\n{}",
                numbered(n, |at| format!("- [2025-01-01 10:{:02}:00] did {at}\n", at % 60))
            ),
        )
    }),
    ("a log with sub-headings", |n| {
        format!("{STATE}{}", numbered(n, |at| format!("### 2025-01-{:02}\n- a\n", at % 28 + 1)))
    }),
    ("a log in time order reversed", |n| {
        format!("## Log\n{}", numbered(n, |at| format!("- 20{:02}-01-01: a\n", 99 - at % 100)))
    }),
    ("a log of comments", |n| format!("## Log\n{}", repeat("- a\n<!-- c -->\n", n))),
    ("a plan", |n| below("## Plan", &numbered(n, |at| format!("{at}. step\n")))),
    // Rules.
    ("rules", |n| {
        below(
            "## Rules",
            &numbered(n, |at| {
                format!("### RULE_{at}\nTrigger ▶ Phase == P{at}\nAction ▶ Set `Status = S{at}`.\n")
            }),
        )
    }),
    ("rules that hold", |n| {
        below(
            "## Rules",
            &numbered(n, |at| {
                format!("### RULE_{at}\nTrigger ▶ Phase == ANALYZE\nAction ▶ Log \"a{at}\".\n")
            }),
        )
    }),
    ("rules that clash", |n| {
        below(
            "## Rules",
            &numbered(n, |at| {
                format!("### RULE_{at}\nTrigger ▶ Phase == ANALYZE\nAction ▶ Set `Status = S{at}`.\n")
            }),
        )
    }),
    ("rules of one id", |n| {
        below("## Rules", &repeat("### RULE_A\nTrigger ▶ Phase == P\nAction ▶ Set `Status = S`.\n", n))
    }),
    ("condensed rules", |n| {
        below(
            "## Rules",
            &numbered(n, |at| format!("RULE_{at}: Status == S{at} → clear Log; Phase = P{at}\n")),
        )
    }),
    ("rules without ids", |n| {
        below("## Rules", &numbered(n, |at| format!("### When {at}\nTrigger ▶ x\nAction ▶ y\n")))
    }),
    ("rules without actions", |n| {
        below("## Rules", &numbered(n, |at| format!("### RULE_{at}\nTrigger ▶ Phase == X\n")))
    }),
    ("empty rules", |n| below("## Rules", &numbered(n, |at| format!("### RULE_{at}\n")))),
    ("calls", |n| {
        below(
            "## Rules",
            &numbered(n, |at| {
                format!("### RULE_{at}\nTrigger ▶ Phase == ANALYZE\nAction ▶ Trigger RULE_{}.\n", at + 1)
            }),
        )
    }),
    ("calls of unknown rules", |n| {
        below(
            "## Rules",
            &format!(
                "### RULE_A\nTrigger ▶ x\nAction ▶\n{}",
                numbered(n, |at| format!("- Trigger RULE_{}.\n", distinct(at)))
            ),
        )
    }),
    ("rules outside", |n| numbered(n, |at| format!("### RULE_{at}\nTrigger ▶ x\nAction ▶ y\n"))),
    ("phases", |n| below("## Rules", &numbered(n, |at| format!("### [PHASE: P{at}]\n1. do it\n")))),
    ("almost phases", |n| {
        below(
            "## Rules",
            &format!(
                "{}{}",
                numbered(n / 2, |at| format!("### [PHASE: {}]\n1. x\n", distinct(at))),
                numbered(n / 2, |at| format!(
                    "### RULE_{at}\nTrigger ▶ Phase == {}x\nAction ▶ Log action.\n",
                    distinct(at)
                ))
            ),
        )
    }),
    ("almost keys", |n| {
        format!(
            "## State\n{}\n## Rules\n{}",
            numbered(n / 2, |at| format!("{}: x\n", distinct(at))),
            numbered(n / 2, |at| format!(
                "### RULE_{at}\nTrigger ▶ `{}x == 1`\nAction ▶ Set `{}y = 2`.\n",
                distinct(at),
                distinct(at)
            ))
        )
    }),
    ("almost sections", |n| {
        below(
            "## Rules",
            &numbered(n, |at| {
                format!(
                    "### RULE_{at}\nTrigger ▶ length(## {}) > 3\nAction ▶ clear ## {}x.\n",
                    distinct(at),
                    distinct(at)
                )
            }),
        )
    }),
    ("almost words", |n| {
        below(
            "## Rules",
            &numbered(n, |at| {
                format!(
                    "### RULE_{at}\nTrigger ▶ Items contians unprocesed rosw {at}\nAction ▶ Claer Lgo {at}.\n"
                )
            }),
        )
    }),
    ("almost labels", |n| {
        below("## Rules", &numbered(n, |at| format!("### RULE_{at}\n**Triger**: x\n**Actoin**: y\n")))
    }),
    ("long names", |n| {
        below(
            "## Rules",
            &format!(
                "### [PHASE: {0}]\n### RULE_A\nTrigger ▶ Phase == {0}x\nAction ▶ Set `{0} = 2`.",
                repeat("p", n / 3)
            ),
        )
    }),
    ("clauses of one rule", |n| {
        below(
            "## Rules",
            &format!(
                "### RULE_A\n{}",
                numbered(n, |at| format!("Trigger ▶ Phase == P{at}\nAction ▶ Log \"x\".\n"))
            ),
        )
    }),
    ("actions of one rule", |n| {
        below("## Rules", &format!("### RULE_A\nTrigger ▶ x\n{}", repeat("Action ▶ Log \"x\".\n", n)))
    }),
    ("labels on one line", |n| {
        below("## Rules", &format!("### RULE_A\n{}", repeat("Trigger: x Action: y ", n)))
    }),
    ("steps of one action", |n| action(&format!("\n{}", repeat("1. Set `Status = A`.\n", n)))),
    ("sentences of one action", |n| action(&repeat("Log \"x\". ", n))),
    ("sentences nobody understands", |n| action(&repeat("Ponder it well. ", n))),
    ("an action of commas", |n| action(&repeat("clear Log, ", n))),
    ("an action of assignments", |n| action(&format!("Set `{}`.", repeat("Status = A, ", n)))),
    ("an action of arrows", |n| action(&repeat("Log \"x\" → ", n))),
    ("an action of ifs", |n| action(&repeat("If Phase == A, then ", n))),
    ("an action of elses", |n| action(&format!("If Phase == A, clear Log{}", repeat(", else clear Log", n)))),
    ("an action of quotes", |n| action(&repeat("\"", n))),
    ("an action of brackets", |n| action(&repeat("(", n))),
    ("an action of holes", |n| action(&format!("Log \"{}\".", repeat("{Phase} ", n)))),
    ("an action of unclosed holes", |n| action(&format!("Log \"{}\".", repeat("{", n)))),
    ("an action of angles", |n| action(&format!("Log \"{}\".", repeat("<x> ", n)))),
    ("an action of backticks", |n| action(&repeat("`", n))),
    ("an action of code spans", |n| action(&repeat("`a` ", n))),
    ("nested steps", |n| {
        let mut text = String::new();
        let mut depth = 1;
        while text.len() < n {
            text.push_str(&" ".repeat(2 * depth));
            text.push_str("- clear Log\n");
            depth += 1;
        }
        action(&format!("\n{text}"))
    }),
    ("a trigger of ands", |n| trigger(&repeat("Phase == A and ", n))),
    ("a trigger of mixed joins", |n| trigger(&repeat("Phase == A and Status == B or ", n))),
    ("a trigger of symbols", |n| trigger(&repeat("Phase == A && Status == B || ", n))),
    ("a trigger of brackets", |n| trigger(&repeat("(", n))),
    ("a trigger of closed brackets", |n| {
        trigger(&format!("{}Phase == A{}", repeat("(", n / 2), repeat(")", n / 2)))
    }),
    ("a trigger of nots", |n| trigger(&repeat("not ", n))),
    ("a trigger of marks", |n| trigger(&repeat("!", n))),
    ("a trigger of commas", |n| trigger(&repeat("Phase == A, ", n))),
    ("a trigger of bare commas", |n| trigger(&repeat(",", n))),
    ("a trigger of values", |n| trigger(&format!("Phase in {}", repeat("A, ", n)))),
    ("a trigger of backticks", |n| trigger(&repeat("`", n))),
    ("a trigger of code spans", |n| trigger(&repeat("`Phase == A` ", n))),
    ("a trigger of quotes", |n| trigger(&repeat("\"", n))),
    ("a trigger of equals", |n| trigger(&repeat("=", n))),
    ("a trigger of whens", |n| trigger(&repeat("when Phase == A ", n))),
    ("a trigger of files", |n| trigger(&repeat("a.md is missing or ", n))),
    ("a trigger of words", |n| trigger(&repeat("the phase is changed ", n))),
    ("a trigger of parentheses", |n| trigger(&repeat("Phase == A (or so) ", n))),
    ("a condensed rule of arrows", |n| below("## Rules", &format!("RULE_A: {}", repeat("Phase == A → ", n)))),
    ("a condensed rule of semicolons", |n| {
        below("## Rules", &format!("RULE_A: Phase == A → {}", repeat("clear Log; ", n)))
    }),
    ("rules that ask for items", |n| {
        let items = numbered(n / 2, |at| format!("- [x] {at}. Add\n"));
        let rules = numbered(n / 2, |at| {
            format!("### RULE_{at}\nTrigger ▶ Items contains unprocessed rows\nAction ▶ Log action.\n")
        });
        below("## Items", &format!("{items}\n## Rules\n{rules}"))
    }),
    ("rules that measure the log", |n| {
        let log = numbered(n / 2, |at| format!("- did {at}\n"));
        let rules = numbered(n / 2, |at| {
            format!("### RULE_{at}\nTrigger ▶ `length(## Log) > 9999999 chars`\nAction ▶ clear Log.\n")
        });
        format!("## State\nPhase: A\n\n## Log\n{log}\n## Rules\n{rules}")
    }),
    ("almost log headings", |n| repeat("##\u{200b} Log\n", n)),
    ("almost log headings in quotes", |n| repeat("> ## Log\n", n)),
    ("odd headings", |n| repeat("## Lоg\n", n)),
    ("an odd heading", |n| format!("## L{}og\n", repeat("\u{200b}о", n))),
    ("odd words", |n| format!("## {}\n", repeat("оx ", n))),
    ("odd keys", |n| format!("## State\n{}", numbered(n, |at| format!("K\u{200b}{at}: x\n")))),
    ("odd ids", |n| below("## Rules", &repeat("RULE_\u{200b}A: x → y\n", n))),
    ("markers in sections", |n| repeat("## a\n<!-- DYNAMIC:LOG:START -->\n", n)),
    ("a fence that hides headings", |n| format!("```\n{}", repeat("## Log\n", n))),
    ("a line of a file that a rule names", |n| trigger(&format!("`{}.md` is missing", repeat("a/", n)))),
    ("state assignments", |n| repeat("State.Phase = A\n\n", n)),
    ("assignments in rules", |n| format!("## Rules\n{}", repeat("State.Phase = A\n\n## Rules\n", n))),
    ("alternating kinds", |n| {
        let units = [
            "- a\n",
            "> b\n",
            "| c |\n",
            "```\nd\n```\n",
            "## Log\n",
            "Phase: A\n",
            "<!-- e -->\n",
            "1. f\n",
        ];
        numbered(n, |at| units[at % units.len()].to_owned())
    }),
];

fn event() -> Event {
    Event { cause: Cause::FilesChanged, at: jiff::civil::date(2026, 1, 2).at(3, 4, 5, 0), id: 1 }
}

/// Limits so wide that none of the texts is refused for its rules, items or lines; few firings, which
/// are bounded anyway.
fn settings() -> Settings {
    let mut settings = Settings::default();
    for limit in engine::LIMITS {
        *(limit.of)(&mut settings.limits) = limit.most;
    }
    settings.limits.firings = 4;
    settings
}

/// What `check` does.
fn check(text: &str) {
    black_box(engine::inspect(&WorkflowState::parse(text), &settings()));
    black_box(ProjectConfig::parse(text).review());
}

/// A first run, what `next` says, and a run after an edit by somebody else.
fn run(text: &str) {
    let (memory, settings, files) = (Memory::default(), settings(), BTreeMap::new());
    let snapshot = Snapshot {
        state: text,
        config: Some(text),
        memory: &memory,
        settings: &settings,
        files: &files,
        evidence: &(),
    };
    let memory = engine::advance(&snapshot, &event()).memory;
    black_box(engine::guidance(&Snapshot { memory: &memory, ..snapshot }));
    let edited = format!("{text}\n## State\nPhase: OTHER\n");
    black_box(engine::advance(&Snapshot { state: &edited, memory: &memory, ..snapshot }, &event()));
}

/// What commands write, and what is asked of the config file.
fn edit(text: &str) {
    let state = WorkflowState::parse(text);
    let config = ProjectConfig::parse(text);
    let at = event().at;
    let all = [
        state.set("Status", "X"),
        state.set("New", "X"),
        state.log(at, "x"),
        state.touch(at),
        state.items().add("x"),
        config.add_change(at.date(), "x", true),
    ];
    for edits in all {
        let patch = Patch::new(Revision::of(text), edits).unwrap();
        black_box(doubled_section(text, &patch));
        black_box(patch.apply(text).unwrap());
    }
    black_box((config.commands().len(), config.says_already("x")));
}

/// Three-way merges: by what the lines are, and of a patch with a newer text.
fn merges(text: &str) {
    let half = (0..=text.len() / 2).rev().find(|&at| text.is_char_boundary(at)).unwrap();
    let theirs = format!("x\n{}y\n{}", &text[..half], &text[half..]);
    let ours = format!("{text}\nz\n");
    black_box(merge(text, &ours, &theirs, Side::Theirs));
    black_box(rebase(&Patch::between(text, &ours), text, &theirs).ok());
}

/// Processor time of this thread, in seconds. What other threads and processes do at the same time
/// counts only by the caches they spoil.
fn spent(work: impl FnOnce()) -> f64 {
    let now = || {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.try_into().unwrap()).as_secs_f64()
    };
    let began = now();
    work();
    now() - began
}

/// Bytes of the small text. The large one has [`FACTOR`] times as many.
const SMALL: usize = 3_000;

/// What is linear takes so many times as long for the large text, what is quadratic the square of it:
/// 8 and 64. The gap is so wide that noise does not bridge it, so no instructions need to be counted.
const FACTOR: usize = 8;

/// Between the two: what grows with the power 1.5 still passes.
const MOST: f64 = 24.0;

/// Less than so many seconds says nothing about growth.
const FLOOR: f64 = 0.000_3;

/// How often a suspect is measured anew before it is believed.
const TRIES: usize = 4;

fn growth(work: fn(&str), make: Make) -> f64 {
    let (small, large) = (make(SMALL), make(FACTOR * SMALL));
    let ratio = || {
        let base = (0..2).map(|_| spent(|| work(&small))).fold(f64::MAX, f64::min);
        spent(|| work(&large)) / base.max(FLOOR)
    };
    let mut least = f64::MAX;
    for _ in 0..TRIES {
        least = least.min(ratio());
        if least <= MOST {
            break;
        }
    }
    least
}

fn grows_no_faster_than_the_text(work: fn(&str)) {
    let measured = TEXTS.iter().map(|(name, make)| (*name, growth(work, *make)));
    let faster: Vec<_> = measured.filter(|(_, growth)| *growth > MOST).collect();
    assert!(faster.is_empty(), "{FACTOR} times the text took so many times as long: {faster:#.0?}");
}

#[test]
fn checking_is_linear() {
    grows_no_faster_than_the_text(check);
}

#[test]
fn running_is_linear() {
    grows_no_faster_than_the_text(run);
}

#[test]
fn editing_is_linear() {
    grows_no_faster_than_the_text(edit);
}

#[test]
fn merging_is_linear() {
    grows_no_faster_than_the_text(merges);
}

/// The measure tells what is linear from what is not.
#[test]
fn what_is_quadratic_is_noticed() {
    let linear: fn(&str) = |text| {
        black_box((0..50).map(|_| text.bytes().filter(|byte| *byte == b'x').count()).sum::<usize>());
    };
    let quadratic: fn(&str) = |text| {
        let from = |at: usize| text.as_bytes()[at..].iter().filter(|byte| **byte == b'x').count();
        black_box((0..text.len()).step_by(64).map(from).sum::<usize>());
    };
    let make: Make = |bytes| repeat("x\n", bytes);
    assert!(growth(linear, make) <= MOST);
    assert!(growth(quadratic, make) > MOST);
}
