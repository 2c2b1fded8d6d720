//! Merges as a reader would check them, and what holds for all of them.

use super::*;
use proptest::prelude::*;

/// Merges with both line ends, checks that swapping the sides gives the same but for their order,
/// and that nothing conflicts.
#[track_caller]
fn clean(base: &str, ours: &str, theirs: &str, expected: &str) {
    for end in ["\n", "\r\n"] {
        let [base, ours, theirs, expected] =
            [base, ours, theirs, expected].map(|text| text.replace('\n', end));
        let merged = merge(&base, &ours, &theirs, Side::Ours);
        assert_eq!((&*merged.text, &*merged.conflicts), (&*expected, &[] as &[Conflict]));
        let swapped = merge(&base, &theirs, &ours, Side::Theirs);
        assert_eq!(sorted(&swapped.text), sorted(&expected));
        assert_eq!(swapped.conflicts, []);
    }
}

/// Its lines without their order, and without blank ones, which go with the order.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.sort_unstable();
    lines
}

/// `place: base | ours | theirs` of each conflict, and the text.
#[track_caller]
fn contested(base: &str, ours: &str, theirs: &str, conflicts: &[&str], expected: &str) {
    let merged = merge(base, ours, theirs, Side::Ours);
    let shown: Vec<String> = merged
        .conflicts
        .iter()
        .map(|Conflict { place, base, ours, theirs }| format!("{place}: {base:?} | {ours:?} | {theirs:?}"))
        .collect();
    assert_eq!(shown, conflicts);
    assert_eq!(merged.text, expected);
    let swapped = merge(base, theirs, ours, Side::Theirs);
    assert_eq!(swapped.conflicts.len(), conflicts.len());
    assert_eq!(sorted(&swapped.text), sorted(expected));
}

const STATE: &str = "# workflow_state.md\n\n## State\nPhase: A\nStatus: READY\nCurrentItem: 1\n\n## Plan\n- [ ] one\n- [ ] two\n\n## Items\n| id | description | status |\n|---|---|---|\n| 1 | first | pending |\n| 2 | second | pending |\n| 3 | third | pending |\n\n## Log\n- [2025-01-01 10:00:00] begun\n\n## Changelog\n- zero\n";

/// `STATE` with each of the pairs' first text replaced by its second.
fn state(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(STATE.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replacen(old, new, 1)
    })
}

#[test]
fn two_agents_finish_an_item_each() {
    clean(
        STATE,
        &state(&[
            ("| 1 | first | pending |", "| 1 | first | completed |"),
            ("begun\n", "begun\n- [2025-01-02 10:00:00] ours\n"),
            ("- zero", "- first done\n- zero"),
            ("- [ ] one", "- [x] one"),
        ]),
        &state(&[
            ("| 2 | second | pending |", "| 2 | second | completed |"),
            ("begun\n", "begun\n- [2025-01-01 12:00:00] theirs\n"),
            ("- zero", "- second done\n- zero"),
            ("- [ ] two", "- [x] two\n- [ ] three"),
        ]),
        &state(&[
            (
                "| 1 | first | pending |\n| 2 | second | pending |",
                "| 1 | first | completed |\n| 2 | second | completed |",
            ),
            ("begun\n", "begun\n- [2025-01-01 12:00:00] theirs\n- [2025-01-02 10:00:00] ours\n"),
            ("- zero", "- first done\n- second done\n- zero"),
            ("- [ ] one\n- [ ] two", "- [x] one\n- [x] two\n- [ ] three"),
        ]),
    );
}

#[test]
fn keys_by_name() {
    clean(
        STATE,
        &state(&[("Phase: A\nStatus: READY", "Phase: B\nStatus: READY\nOwner: me")]),
        &state(&[("Status: READY\nCurrentItem: 1", "Status: RUNNING\nCurrentItem: 2")]),
        &state(&[(
            "Phase: A\nStatus: READY\nCurrentItem: 1",
            "Phase: B\nStatus: RUNNING\nOwner: me\nCurrentItem: 2",
        )]),
    );
    contested(
        STATE,
        &state(&[("Phase: A", "Phase: B")]),
        &state(&[("Phase: A", "Phase: C"), ("READY", "RUNNING")]),
        &["State: Phase: \"Phase: A\\n\" | \"Phase: B\\n\" | \"Phase: C\\n\""],
        &state(&[("Phase: A", "Phase: B"), ("READY", "RUNNING")]),
    );
    contested(
        STATE,
        &state(&[("Phase: A", "Phase: A\nOwner: me\nMood: good")]),
        &state(&[("Phase: A", "Phase: A\nOwner: you\nTeam: red")]),
        &["State: Owner: \"\" | \"Owner: me\\n\" | \"Owner: you\\n\""],
        &state(&[("Phase: A", "Phase: A\nOwner: me\nMood: good\nTeam: red")]),
    );
    let shared = "## State\nPhase:A Status:B Item:null  \n";
    clean(
        shared,
        "## State\nPhase:X Status:B Item:null  \n",
        "## State\nPhase:A Status:Y Item:3  \n",
        "## State\nPhase:X Status:Y Item:3  \n",
    );
    clean(
        "## Phase: A\n\n## Status: B\n\n## Log\n- a\n",
        "## Phase: X\n\n## Status: B\n\n## Log\n- a\n",
        "## Phase: A\n\n## Status: Y\n\n## Log\n- a\n- b\n",
        "## Phase: X\n\n## Status: Y\n\n## Log\n- a\n- b\n",
    );
}

#[test]
fn items_by_id_and_cell() {
    let row = "| 2 | second | pending |";
    clean(
        STATE,
        &state(&[(row, "| 2 | second | completed |")]),
        &state(&[(row, "| 2 | second one | pending |")]),
        &state(&[(row, "| 2 | second one | completed |")]),
    );
    clean(
        STATE,
        &state(&[(&format!("{row}\n"), "")]),
        &state(&[("third", "3rd")]),
        &state(&[(&format!("{row}\n"), ""), ("third", "3rd")]),
    );
    contested(
        STATE,
        &state(&[(&format!("{row}\n"), "")]),
        &state(&[(row, "| 2 | second | completed |")]),
        &["Items 2: \"| 2 | second | pending |\\n\" | \"\" | \"| 2 | second | completed |\\n\""],
        &state(&[(row, "| 2 | second | completed |")]),
    );
    contested(
        STATE,
        &state(&[(row, "| 2 | second | completed |")]),
        &state(&[(row, "| 2 | 2nd | dropped |")]),
        &[
            "Items 2: \"| 2 | second | pending |\\n\" | \"| 2 | second | completed |\\n\" | \"| 2 | 2nd | dropped |\\n\"",
        ],
        &state(&[(row, "| 2 | second | completed |")]),
    );
    // What was done to an item does not happen to another one that got its id.
    contested(
        STATE,
        &state(&[(row, "| 2 | something else | pending |")]),
        &state(&[(row, "| 2 | second | completed |")]),
        &[
            "Items 2: \"| 2 | second | pending |\\n\" | \"| 2 | something else | pending |\\n\" | \"| 2 | second | completed |\\n\"",
        ],
        &state(&[(row, "| 2 | something else | pending |")]),
    );
    // Items numbered anew keep their status.
    clean(
        STATE,
        &state(&[
            ("| 3 | third", "| 4 | third"),
            ("| 2 | second", "| 3 | second"),
            ("| 1 | first", "| 2 | first"),
            ("|---|---|---|\n", "|---|---|---|\n| 1 | zeroth | pending |\n"),
        ]),
        &state(&[("| 1 | first | pending |", "| 1 | first | completed |")]),
        &state(&[
            ("| 3 | third", "| 4 | third"),
            ("| 2 | second", "| 3 | second"),
            ("| 1 | first | pending |", "| 2 | first | completed |"),
            ("|---|---|---|\n", "|---|---|---|\n| 1 | zeroth | pending |\n"),
        ]),
    );
    clean(
        "## Items\n- [ ] a\n- [ ] b\n  - note\n",
        "## Items\n- [x] a\n- [ ] b\n  - note\n  - of ours\n",
        "## Items\n- [ ] a\n- [x] b\n  - note\n  - of theirs\n- [ ] c\n",
        "## Items\n- [x] a\n- [x] b\n  - note\n  - of ours\n  - of theirs\n- [ ] c\n",
    );
}

#[test]
fn logs_by_entry() {
    let log = |entries: &str| format!("## Log\n{entries}\n## Notes\nx\n");
    // Cleared by one, written by the other.
    clean(&log("- a\n- b\n"), &log(""), &log("- a\n- b\n- c\n"), &log("- c\n"));
    // Newest first.
    clean(
        &log("- 2025-01-02: b\n- 2025-01-01: a\n"),
        &log("- 2025-01-03: ours\n- 2025-01-02: b\n- 2025-01-01: a\n"),
        &log("- 2025-01-04: theirs\n- 2025-01-02: b\n- 2025-01-01: a\n"),
        &log("- 2025-01-04: theirs\n- 2025-01-03: ours\n- 2025-01-02: b\n- 2025-01-01: a\n"),
    );
    // A heading a day.
    clean(
        &log("### 2025-01-01\n- a\n"),
        &log("### 2025-01-01\n- a\n\n### 2025-01-02\n- ours\n"),
        &log("### 2025-01-01\n- a\n\n### 2025-01-02\n- theirs\n"),
        &log("### 2025-01-01\n- a\n\n### 2025-01-02\n- ours\n- theirs\n"),
    );
    // Without dates, with what belongs to an entry.
    clean(
        &log("- a\n"),
        &log("- a\n- ours\n  ```\n  x\n  ```\n"),
        &log("- a\n- theirs\n  more\n"),
        &log("- a\n- ours\n  ```\n  x\n  ```\n- theirs\n  more\n"),
    );
    // Rewritten by both: both stay.
    clean(&log("- a\n"), &log("- one\n"), &log("- two\n"), &log("- one\n- two\n"));
    // What both wrote at different places stands once.
    let dated = "- [2025-01-03 10:00:00] same\n";
    clean(
        &log("- a\n- b\n"),
        &log(&format!("- a\n- b\n{dated}")),
        &log(&format!("{dated}- a\n- b\n")),
        &log(&format!("- a\n- b\n{dated}")),
    );
}

#[test]
fn the_changelog_says_nothing_twice() {
    clean(
        "## Changelog\n- a\n",
        "## Changelog\n- both\n- ours\n- a\n",
        "## Changelog\n- theirs\n- both\n- a\n",
        "## Changelog\n- both\n- ours\n- theirs\n- a\n",
    );
}

#[test]
fn prose_by_lines() {
    clean("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n");
    clean("a\nb\n", "A\nb\n", "a\nB\n", "A\nB\n");
    clean("a\n", "a\nours\n", "a\ntheirs\n", "a\nours\ntheirs\n");
    clean("a\n", "a\n\nours\n", "a\n\ntheirs\n", "a\n\nours\n\ntheirs\n");
    clean("a\nb\nc\n", "a\n", "a\nb\nc\nd\n", "a\nd\n");
    contested(
        "a\n",
        "ours\n",
        "theirs\n",
        &["top of the file: \"a\\n\" | \"ours\\n\" | \"theirs\\n\""],
        "ours\n",
    );
    contested("a\nb\n", "a\n", "a\nB\n", &["top of the file: \"b\\n\" | \"\" | \"B\\n\""], "a\nB\n");
    // Two fences are two.
    clean(
        "a\n",
        "a\n```sh\nours\n```\n",
        "a\n```sh\ntheirs\n```\n",
        "a\n```sh\nours\n```\n```sh\ntheirs\n```\n",
    );
}

#[test]
fn sections_come_and_go() {
    let file = |sections: &[&str]| format!("# T\n\n{}", sections.concat());
    let (a, b, c) = ("## A\na\n\n", "## B\nb\n\n", "## C\nc\n\n");
    clean(&file(&[a, b]), &file(&[a, c, b]), &file(&[b]), &file(&[c, b]));
    clean(&file(&[a]), &file(&[a, b]), &file(&[a, c]), &file(&[a, b, c]));
    clean(
        &file(&[a]),
        &file(&[a, "## L\n- x\n"]),
        &file(&[a, "## L\n- y\n"]),
        &file(&[a, "## L\n- x\n- y\n"]),
    );
    // Renamed by one, written by the other.
    clean(
        &file(&[a, b]),
        &file(&["## Z\na\n\n", b]),
        &file(&["## A\na\nmore\n\n", b]),
        &file(&["## Z\na\nmore\n\n", b]),
    );
    clean("## Log\n- a\n", "## Work Log\n- a\n", "## Log\n- a\n- b\n", "## Work Log\n- a\n- b\n");
    contested(
        &file(&[a, b]),
        &file(&[b]),
        &file(&["## A\na\nmore\n\n", b]),
        &["A: \"## A\\na\\n\\n\" | \"\" | \"## A\\na\\nmore\\n\\n\""],
        &file(&["## A\na\nmore\n\n", b]),
    );
}

#[test]
fn bytes_that_are_no_lines() {
    let check = |base: &str, ours: &str, theirs: &str, expected: &str| {
        assert_eq!(merge(base, ours, theirs, Side::Ours).text, expected);
        assert_eq!(merge(base, theirs, ours, Side::Theirs).text, expected);
    };
    check("a\nb\n", "\u{feff}a\nb\n", "a\nb\nc\n", "\u{feff}a\nb\nc\n");
    check("\u{feff}a\nb\n", "a\nb\n", "\u{feff}a\nb\nc\n", "a\nb\nc\n");
    check("a\nb", "A\nb", "a\nb\nc", "A\nb\nc");
    check("a\nb", "a\nb\n", "A\nb", "A\nb\n");
    check("a\nb\n", "a\nb", "A\nb\n", "A\nb");
    // Converted as a whole by one side.
    check("a\nb\nc\n", "a\r\nb\r\nc\r\n", "a\nx\nb\nc\n", "a\r\nx\r\nb\r\nc\r\n");
    // Mixed line ends stay as they are.
    check("a\r\nb\nc\r\n", "A\r\nb\nc\r\n", "a\r\nb\nc\r\nd\n", "A\r\nb\nc\r\nd\n");
    assert_eq!(merge("", "a\n", "b", Side::Ours).text, "a\nb");
}

#[test]
fn files_that_both_added() {
    let file = |phase: &str, log: &str| format!("## State\nPhase: {phase}\nStatus: READY\n\n## Log\n{log}");
    contested(
        "",
        &file("A", "- ours\n"),
        &file("B", "- theirs\n"),
        &["State: Phase: \"\" | \"Phase: A\\n\" | \"Phase: B\\n\""],
        &file("A", "- ours\n- theirs\n"),
    );
}

#[test]
fn an_unchanged_side_changes_nothing() {
    let other = state(&[("Phase: A", "Phase: B")]);
    for (base, ours, theirs, expected) in [
        (STATE, STATE, &*other, &*other),
        (STATE, &*other, STATE, &*other),
        (STATE, &*other, &*other, &*other),
    ] {
        let merged = merge(base, ours, theirs, Side::Ours);
        assert_eq!((&*merged.text, merged.conflicts.len()), (expected, 0));
    }
}

/// The merged text, and `kept: ours | theirs` of the position.
#[track_caller]
fn branches(ours: &[(&str, &str)], theirs: &[(&str, &str)], merged: &[(&str, &str)], position: Option<&str>) {
    let found = merge_branches(STATE, &state(ours), &state(theirs));
    assert_eq!((&*found.merged.text, &*found.merged.conflicts), (&*state(merged), &[] as &[Conflict]));
    let told =
        found.position.map(|it| format!("{:?}, {:?}: {} | {}", it.kept, it.current, it.ours, it.theirs));
    assert_eq!(told.as_deref(), position);
}

#[test]
fn branches_are_at_one_place() {
    let first = ("| 1 | first | pending |", "| 1 | first | completed |");
    let second = ("| 2 | second | pending |", "| 2 | second | completed |");
    let third = ("| 3 | third | pending |", "| 3 | third | completed |");
    let at = |text| ("Phase: A\nStatus: READY\nCurrentItem: 1", text);
    let (at_2, at_3) =
        ("Phase: B\nStatus: RUNNING\nCurrentItem: 2", "Phase: C\nStatus: READY\nCurrentItem: 3");
    // Both moved, both to something open: the current branch stays where it is.
    branches(
        &[at(at_2)],
        &[at(at_3)],
        &[at(at_2)],
        Some(
            "Ours, Open: Phase: B, Status: RUNNING, CurrentItem: 2 | Phase: C, Status: READY, CurrentItem: 3",
        ),
    );
    // Ours went on to what theirs had finished.
    branches(
        &[first, at(at_2)],
        &[second, at(at_3)],
        &[first, second, at(at_3)],
        Some(
            "Theirs, Open: Phase: B, Status: RUNNING, CurrentItem: 2 | Phase: C, Status: READY, CurrentItem: 3",
        ),
    );
    // Only one moved, to something open.
    branches(&[first], &[first, at(at_2)], &[first, at(at_2)], None);
    branches(&[first, at(at_2)], &[third], &[first, third, at(at_2)], None);
    // Each has finished the other's next one.
    branches(
        &[first, third, at(at_2)],
        &[first, second, at(at_3)],
        &[first, second, third, at(at_2)],
        Some(
            "Ours, Finished: Phase: B, Status: RUNNING, CurrentItem: 2 | Phase: C, Status: READY, CurrentItem: 3",
        ),
    );
    // The same, and both at the beginning.
    let (begun_2, begun_3) =
        ("Phase: A\nStatus: READY\nCurrentItem: 2", "Phase: A\nStatus: READY\nCurrentItem: 3");
    branches(
        &[second, at(begun_3)],
        &[third, at(begun_2)],
        &[second, third],
        Some("Ours, Next(\"1\"): CurrentItem: 3 | CurrentItem: 2"),
    );
    // Everything is done.
    let done = at("Phase: A\nStatus: COMPLETED\nCurrentItem: null");
    branches(
        &[first, second, at(at_3)],
        &[first, third, done],
        &[first, second, third, done],
        Some(
            "Theirs, Open: Phase: C, Status: READY, CurrentItem: 3 | Phase: A, Status: COMPLETED, CurrentItem: null",
        ),
    );
}

#[test]
fn both_branches_added_an_item() {
    let ours = state(&[("| 3 | third | pending |\n", "| 3 | third | pending |\n| 4 | ours | pending |\n")]);
    let theirs =
        state(&[("| 3 | third | pending |\n", "| 3 | third | pending |\n| 4 | theirs | pending |\n")]);
    let found = merge_branches(STATE, &ours, &theirs);
    assert_eq!(found.shared_ids, ["4"]);
    assert!(found.merged.text.contains("| 4 | ours | pending |\n| 4 | theirs | pending |\n"));
    assert_eq!(found.merged.conflicts, []);
}

/// Numbers that follow from their seed (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("a small number")
    }

    /// A line of a kind that real files are made of, with a word in it that no other line has.
    fn line(&mut self, word: &mut usize) -> String {
        *word += 1;
        let word = *word;
        match self.below(12) {
            0 => format!("- [ ] w{word}"),
            1 => format!("  - w{word}"),
            2 => format!("| {word} | description w{word} | pending |"),
            3 => format!("- [2025-01-{:02} 10:00:00] w{word}", self.below(28) + 1),
            4 => format!("Key{word}: w{word}"),
            5 => format!("### w{word}"),
            6 => format!("### 2025-01-{:02} w{word}", self.below(28) + 1),
            7 => format!("{}. w{word}", self.below(9)),
            8 => format!("  - [ ] w{word}"),
            _ => format!("w{word}"),
        }
    }

    /// A file of `length` lines.
    fn file(&mut self, length: usize, word: &mut usize) -> Vec<String> {
        const MARKS: [&str; 10] =
            ["", "", "## State", "## Items", "## Log", "## Plan", "## Changelog", "## Notes", "```", "---"];
        (0..length)
            .map(|_| if self.below(3) == 0 { MARKS[self.below(10)].to_owned() } else { self.line(word) })
            .collect()
    }

    /// What a side makes of a file: lines inserted, deleted, rewritten, ticked.
    fn edit(&mut self, base: &[String], word: &mut usize) -> Vec<String> {
        let mut lines = base.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(lines.len() + 1);
            match self.below(4) {
                0 if at < lines.len() => drop(lines.remove(at)),
                1 if at < lines.len() => lines[at] = self.line(word),
                2 if at < lines.len() => {
                    lines[at] = lines[at].replace("[ ]", "[x]").replace("pending", "completed");
                }
                _ => lines.insert(at, self.line(word)),
            }
        }
        lines
    }
}

/// The words `w1`, `w2` in a text.
fn words(text: &str) -> Vec<&str> {
    let all = text.split(|c: char| !c.is_ascii_alphanumeric());
    all.filter(|word| {
        word.starts_with('w') && word.len() > 1 && word[1..].bytes().all(|b| b.is_ascii_digit())
    })
    .collect()
}

fn line_of<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    text.lines().find(|line| words(line).contains(&word))
}

/// What must hold for any merge of lines whose words are all different.
#[track_caller]
fn nothing_is_lost(base: &str, ours: &str, theirs: &str) {
    let merged = merge(base, ours, theirs, Side::Ours);
    let told = |word: &str| {
        merged.conflicts.iter().any(|conflict| {
            [&conflict.base, &conflict.ours, &conflict.theirs].iter().any(|text| words(text).contains(&word))
        })
    };
    let found = words(&merged.text);
    let case = || {
        format!(
            "--- base\n{base}\n--- ours\n{ours}\n--- theirs\n{theirs}\n--- merged\n{merged:#?}\n{}",
            merged.text
        )
    };
    let mut once = found.clone();
    once.sort_unstable();
    // A fence that is never closed swallows what follows, headings too; a side that closes or opens one
    // has another document, and of two fences that differ both stay.
    let is_open = |text: &str| text.lines().filter(|line| *line == "```").count() % 2 == 1;
    if ![base, ours, theirs].into_iter().any(is_open) {
        assert!(once.windows(2).all(|pair| pair[0] != pair[1]), "twice\n{}", case());
    }
    for (side, other) in [(ours, theirs), (theirs, ours)] {
        for word in words(side) {
            let is_kept = found.contains(&word);
            let is_deleted = line_of(base, word).is_some() && line_of(other, word).is_none();
            assert!(is_kept || is_deleted || told(word), "{word} is lost\n{}", case());
            if is_deleted && line_of(side, word) == line_of(base, word) {
                assert!(!is_kept || told(word), "{word} is back\n{}", case());
            }
        }
    }
    let swapped = merge(base, theirs, ours, Side::Theirs);
    assert_eq!(sorted(&swapped.text), sorted(&merged.text), "not symmetric\n{}", case());
    assert_eq!(swapped.conflicts.len(), merged.conflicts.len(), "not symmetric\n{}", case());
}

/// Cases that the many merges below have found.
#[test]
fn nothing_is_lost_in_what_was_found() {
    nothing_is_lost(
        "## Plan\nw1\n---\n\n- [ ] w2\n```\n## Plan\n",
        "  - [ ] w3\nw1\n---\n\n- [ ] w2\n## Plan\n",
        "## Plan\nw1\n---\n\n- [ ] w2\n```\n",
    );
    nothing_is_lost(
        "## Changelog\n  - [ ] w3\n```\nw4\n### 2025-01-27 w5\n## Notes\n## Changelog\n### 2025-01-11 w6\n",
        "  - [ ] w3\n- [ ] w7\nw4\n### 2025-01-27 w5\n## Notes\n## Changelog\n### 2025-01-11 w6\n",
        "## Changelog\n  - [ ] w3\n```\nw4\nKey9: w9\n## Notes\n### 2025-01-11 w6\n",
    );
    nothing_is_lost(
        "## Changelog\n```\n| 6 | description w6 | pending |\n  - w7\n",
        "## Changelog\n```\n| 6 | description w6 | completed |\n  - w7\n",
        "## Changelog\n```\n| 6 | description w6 | completed |\nw9\n",
    );
    nothing_is_lost(
        "## State\n| 4 | description w4 | pending |\n---\nw5\n",
        "## State\n| 4 | description w4 | completed |\n---\nw5\n",
        "## State\n### 2025-01-20 w8\n| 4 | description w4 | completed |\n---\nw5\n",
    );
}

/// 200,000 merges in a release build, fewer in a debug build, where one takes some forty times as
/// long.
#[test]
fn nothing_is_lost_in_many_merges() {
    let cases = if cfg!(debug_assertions) { 4_000 } else { 200_000 };
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for _ in 0..cases {
        let mut word = 0;
        let length = numbers.below(16);
        let base = numbers.file(length, &mut word);
        let (ours, theirs) = (numbers.edit(&base, &mut word), numbers.edit(&base, &mut word));
        let [base, ours, theirs] = [base, ours, theirs]
            .map(|lines| lines.iter().map(|line| format!("{line}\n")).collect::<String>());
        nothing_is_lost(&base, &ours, &theirs);
    }
}

proptest! {
    #[test]
    fn anything_is_merged(base in "[#\\-`|: \r\n\tax\\[\\]\u{feff}0-2]{0,60}", ours in "[#\\-`|: \r\n\tax0-2]{0,60}|\\PC{0,40}", theirs in "[#\\-`|: \r\n\tax0-2]{0,60}") {
        prop_assert!(merge(&base, &ours, &theirs, Side::Ours).text.len() <= base.len() + 2 * (ours.len() + theirs.len()) + 2);
        prop_assert_eq!(&merge(&base, &base, &theirs, Side::Ours).text, &theirs);
        prop_assert_eq!(&merge(&base, &theirs, &base, Side::Ours).text, &theirs);
    }
}
