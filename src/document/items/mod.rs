//! Items in every shape: tables, check boxes, lists.

mod read;
mod results;
mod words;
mod write;

use super::{Outline, inline};
use crate::text::{Span, TextEdit};

/// The items of a state file.
#[derive(Clone, Debug)]
pub struct Items<'t> {
    outline: &'t Outline<'t>,
    rows: Vec<Item>,
    shape: Option<read::Shape>,
}

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its id, if it has one.
    pub id: Option<String>,
    /// Its description, undecorated, cells unescaped.
    pub description: String,
    /// Its status as written, undecorated, if the shape has a place for it.
    pub status: Option<String>,
    /// What that means.
    pub state: ItemStatus,
    /// The row or line.
    pub span: Span,
    /// The cell or box of the status.
    mark: Option<read::Mark>,
}

/// What an item's status means (`rule-language.md`, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemStatus {
    /// Pending, todo, open, in progress, an unticked box, empty; or a shape without a status whose
    /// results section does not name the row.
    Unprocessed,
    /// Anything else.
    Processed,
}

impl<'t> Items<'t> {
    /// Reads the Items section of `outline`; none without one.
    #[must_use]
    pub fn read(outline: &'t Outline<'t>) -> Self {
        let (rows, shape) = read::read(outline);
        Self { outline, rows, shape }
    }

    /// The items, in the order of the file.
    #[must_use]
    pub fn rows(&self) -> &[Item] {
        &self.rows
    }

    /// The item that `CurrentItem`'s value means: by id, by description, or by a sentence that
    /// begins with either; in that order.
    #[must_use]
    pub fn matching(&self, current: &str) -> Option<&Item> {
        let wanted = comparable(current);
        if wanted.is_empty() {
            return None;
        }
        let is_id = |item: &&Item| item.id.as_ref().is_some_and(|id| comparable(id) == wanted);
        let is_description = |item: &&Item| comparable(&item.description) == wanted;
        let by_id = self.rows.iter().find(is_id);
        by_id.or_else(|| self.rows.iter().find(is_description)).or_else(|| self.begun_by(&wanted))
    }

    /// The item whose id or description `sentence` begins with.
    fn begun_by(&self, sentence: &str) -> Option<&Item> {
        let numbered = ["item ", "task ", "#"].iter().find_map(|word| sentence.strip_prefix(word));
        let begins_with_id = |item: &&Item| {
            let Some(id) = item.id.as_deref().map(comparable).filter(|id| !id.is_empty()) else {
                return false;
            };
            let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
            [Some(sentence), numbered].into_iter().flatten().any(|sentence| {
                sentence.strip_prefix(&*id).is_some_and(|rest| {
                    let rest_trimmed = rest.trim_start();
                    let sets_off = rest_trimmed.is_empty()
                        || rest_trimmed.starts_with([':', '.', ')', '-', '–', '—', ',', ';', '(']);
                    // `3 bugs` is not item 3, `T-3 bugs` is item T-3.
                    (sets_off || !is_number) && !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
                })
            })
        };
        let length = |item: &&Item| {
            let description = comparable(&item.description);
            let begins = !description.is_empty() && sentence.starts_with(&*description);
            if begins { description.len() } else { 0 }
        };
        let by_description = || self.rows.iter().rev().max_by_key(length).filter(|item| length(item) > 0);
        self.rows.iter().find(begins_with_id).or_else(by_description)
    }

    /// Marks an item as completed, in the spelling the other rows use; ticks a box. No edits when
    /// the shape has no place for a status.
    #[must_use]
    pub fn complete(&self, item: &Item) -> Vec<TextEdit> {
        write::complete(self, item)
    }

    /// Adds an unprocessed item at the end, in the shape the section has, with the next free id;
    /// pipes and line ends in `description` are escaped or folded. Makes the section if there is
    /// none.
    #[must_use]
    pub fn add(&self, description: &str) -> Vec<TextEdit> {
        write::add(self, description)
    }
}

fn comparable(text: &str) -> String {
    let plain = inline::plain(&inline::one_line(text)).to_lowercase();
    plain.trim_end_matches(['.', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::edited;

    /// `id: description (status)`, `!` in front of what is unprocessed.
    fn rows(text: &str) -> Vec<String> {
        let outline = Outline::parse(text);
        let items = Items::read(&outline);
        let show = |item: &Item| {
            let open = if item.state == ItemStatus::Unprocessed { "!" } else { "" };
            let id = item.id.as_deref().map(|id| format!("{id}: ")).unwrap_or_default();
            let status = item.status.as_deref().map(|status| format!(" ({status})")).unwrap_or_default();
            format!("{open}{id}{}{status}", item.description)
        };
        items.rows().iter().map(show).collect()
    }

    #[track_caller]
    fn check(body: &str, expected: &[&str]) {
        let text = format!("# T\n\n## Items\n{body}\n## Log\n- [ ] no\n");
        assert_eq!(rows(&text), expected, "{body}");
    }

    #[test]
    fn tables() {
        check(
            "| id | description | status |\n|---|---|---|\n| 1 | **Add** `x` | done |\n| 2 | b \\| c | pending |\n| 3 | d |\n",
            &["1: Add x (done)", "!2: b | c (pending)", "!3: d ()"],
        );
        check("| id | description | status |\n| 1 | a | IN_PROGRESS |\n", &["!1: a (IN_PROGRESS)"]);
        check("| id | description | status |\n", &[]);
        check(
            "|ID|작업|상태|비고|\n|-|-|-|-|\n|1|가|완료| |\n|2|나|대기| |\n",
            &["1: 가 (완료)", "!2: 나 (대기)"],
        );
        check(
            "| id | desc | stat |\n|-|-|-|\n| 1 | `a | b` c | blocked |\n",
            &["1: `a | b` c (blocked)".replace('`', "").as_str()],
        );
        check("*placeholder*\n\n| id | desc | status |\n|-|-|-|\n| | | |\n", &[]);
    }

    #[test]
    fn hidden_tables_are_processed_when_results_name_them() {
        let text = "## Items\n*   `| Item ID | Text to Tokenize |`\n*   `|---|---|`\n*   `| item1 | First. |`\n\
                    *   `| item2 | Second. |`\n\n## TokenizationResults\n| Item ID | Summary |\n|---|---|\n\
                    | item1 | x |\n";
        assert_eq!(rows(text), ["item1: First.", "!item2: Second."]);
    }

    #[test]
    fn lists() {
        check("- [x] a\n  - [ ] sub\n- [ ] 2. b\n- note\n", &["a ([x])", "!2: b ([ ])"]);
        check("- [ ] **T-03: c**\n- [X] **001**: d\n", &["!T-03: c ([ ])", "001: d ([X])"]);
        check("1. a\n   - sub\n2. b\n", &["!1: a", "!2: b"]);
        check("* a\n* ~~b~~\n", &["!a", "b"]);
        check("1. [DONE] INIT_1: a\n2. [TODO] INIT_2: b\n", &["INIT_1: a (DONE)", "!INIT_2: b (TODO)"]);
        check("1. ✅ a\n2. 🚀 b\n", &["1: a (✅)", "!2: b"]);
        check("[ ] a\n[x] b\n", &["!a ([ ])", "b ([x])"]);
        check("### High\n- [ ] a\n\n### Low\n- [ ] b\n", &["!a ([ ])", "!b ([ ])"]);
        check("<!-- none -->\n", &[]);
        check("- None (all done)\n- （无）\n", &[]);
    }

    #[test]
    fn the_item_that_is_meant() {
        let text = "## Items\n| id | description | status |\n|-|-|-|\n| 1 | Add sync | pending |\n| 2 | Add sync (again) | pending |\n| T-3 | 1 | done |\n";
        let outline = Outline::parse(text);
        let items = Items::read(&outline);
        let check = |current: &str, expected: Option<&str>| {
            assert_eq!(items.matching(current).and_then(|item| item.id.as_deref()), expected, "{current}");
        };
        check("1", Some("1"));
        check("t-3", Some("T-3"));
        check("**Add sync**", Some("1"));
        check("Add sync (again).", Some("2"));
        check("Add sync (again) and more", Some("2"));
        check("2: whatever", Some("2"));
        check("Item 2 - whatever", Some("2"));
        check("T-3 whatever", Some("T-3"));
        check("2 bugs", None);
        check("", None);
        check("other", None);
    }

    #[track_caller]
    fn check_edit(body: &str, edit: impl Fn(&Items<'_>) -> Vec<TextEdit>, expected: &str) {
        for end in ["\n", "\r\n"] {
            let text = format!("## Items\n{body}\n## Log\n").replace('\n', end);
            let outline = Outline::parse(&text);
            let after = edited(&text, edit(&Items::read(&outline)));
            assert_eq!(after, format!("## Items\n{expected}\n## Log\n").replace('\n', end), "{body}");
        }
    }

    #[test]
    fn completing() {
        let first = |items: &Items<'_>| {
            items.complete(
                items.rows().iter().find(|item| item.state == ItemStatus::Unprocessed).expect("one is open"),
            )
        };
        let head = "| id | description | status |\n|----|----|----|\n";
        for (row, expected) in [
            ("| 1 | a | pending |\n", "| 1 | a | completed |\n"),
            ("| 1 | a | PENDING |\n", "| 1 | a | COMPLETED |\n"),
            ("| 1 | a | pending     |\n", "| 1 | a | completed   |\n"),
            ("| 1 | a | |\n", "| 1 | a | completed |\n"),
            ("| 1 | a |  |\n", "| 1 | a | completed |\n"),
            ("| 1 | a | **Pending** |\n", "| 1 | a | **Completed** |\n"),
            ("| 1 | a | 대기 |\n", "| 1 | a | 완료 |\n"),
            ("| 1 | a | ⬜ TODO |\n", "| 1 | a | ✅ DONE |\n"),
            ("| 1 | a | ✅ Done |\n| 2 | b | todo |\n", "| 1 | a | ✅ Done |\n| 2 | b | ✅ Done |\n"),
        ] {
            check_edit(&format!("{head}{row}"), first, &format!("{head}{expected}"));
        }
        check_edit("- [X] a\n- [ ] b\n", first, "- [X] a\n- [X] b\n");
        check_edit("- [] b\n", first, "- [x] b\n");
        check_edit("1. [TODO] a\n", first, "1. [DONE] a\n");
        check_edit("1. a\n", first, "1. a\n");
    }

    #[test]
    fn adding() {
        let add = |items: &Items<'_>| items.add("new |\n one");
        for (before, row) in [
            (
                "| id | description | status |\n|---|---|---|\n| 14 | a | pending |\n",
                "| 15 | new \\| one | pending |\n",
            ),
            ("| id | description | status |\n", "| 1 | new \\| one | pending |\n"),
            ("| id | status |\n|---|---|\n", "| new \\| one | pending |\n"),
            ("|id|desc|status|files|\n|-|-|-|-|\n|T-09|a|DONE|x|\n", "|T-10|new \\| one|PENDING||\n"),
            ("| Item ID | Text |\n|---|---|\n| item5 | a     |\n", "| item6 | new \\| one |\n"),
            (
                "| ID | Prio | Task | Status |\n|--|--|--|--|\n| 1 | x | a | 완료 |\n",
                "| 2 |  | new \\| one | 대기 |\n",
            ),
            ("- [x] 1. a\n- [ ] 2. b\n  - sub\n", "- [ ] 3. new | one\n"),
            ("* a\n", "* new | one\n"),
            ("3. a\n", "4. new | one\n"),
            ("- [ ] TASK-001: a\n", "- [ ] TASK-002: new | one\n"),
            ("1. [DONE] A_1: a\n", "2. [PENDING] A_2: new | one\n"),
            (
                "*   `| Item ID | Text |`\n*   `|---|---|`\n*   `| item2 | a |`\n",
                "*   `| item3 | new \\| one |`\n",
            ),
            (
                "",
                "| id | description | status |\n|----|-------------|--------|\n| 1 | new \\| one | pending |\n",
            ),
            (
                "| id | description | status |\n|----|-------------|--------|\n",
                "| 1  | new \\| one  | pending |\n",
            ),
        ] {
            check_edit(before, add, &format!("{before}{row}"));
        }
    }

    #[test]
    fn adding_to_a_file_without_items() {
        let text = "# T\n\n## State\n\nPhase: A";
        let outline = Outline::parse(text);
        let after = edited(text, Items::read(&outline).add("a"));
        assert!(after.starts_with("# T\n\n## State\n\nPhase: A\n\n## Items\n\n| id |"), "{after}");
        let outline = Outline::parse(&after);
        assert_eq!(Items::read(&outline).rows().len(), 1);
    }
}
