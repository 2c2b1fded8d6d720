//! Taking the side of a conflict that had to give way.

use super::{
    Conflict, Side, fields,
    lines::{Line, Version},
    names::are_alike,
};

/// `text` with what ours said in the place of a conflict that theirs won; `None` when nothing has to
/// be done, because ours stands there, or nothing can, because the place is not there any more.
///
/// The place is where theirs stands, once, or the one line that was merged of both: then only the
/// values that ours had changed are taken.
#[must_use]
pub fn take_ours(text: &str, conflict: &Conflict) -> Option<String> {
    let Conflict { base, ours, theirs, .. } = conflict;
    if theirs.trim().is_empty() || ours == theirs || (!ours.is_empty() && find(text, ours).is_some()) {
        return None;
    }
    if let Some(taken) = in_one_line(text, [base, ours, theirs]) {
        return Some(taken).filter(|taken| taken != text);
    }
    let at = find(text, theirs)?;
    let is_at_end = at + theirs.len() == text.len() && !text.ends_with(['\n', '\r']);
    let ours = if is_at_end { ours.trim_end_matches(['\n', '\r']) } else { ours };
    Some([&text[..at], ours, &text[at + theirs.len()..]].concat())
}

/// Where `lines` stand as whole lines, if that is one place.
fn find(text: &str, lines: &str) -> Option<usize> {
    let mut found = text.match_indices(lines).map(|(at, _)| at).filter(|&at| {
        let end = at + lines.len();
        let begins = at == 0 || text[..at].ends_with(['\n', '\r']);
        begins
            && (lines.ends_with(['\n', '\r'])
                || text[end..].is_empty()
                || text[end..].starts_with(['\n', '\r']))
    });
    found.next().filter(|_| found.next().is_none())
}

/// Takes the values that ours changed in the one line that all versions are.
fn in_one_line(text: &str, versions: [&str; 3]) -> Option<String> {
    let [base, ours, theirs] = versions.map(Version::read);
    let ([base], [ours], [theirs]) = (&*base.lines, &*ours.lines, &*theirs.lines) else { return None };
    let document = Version::read(text);
    let single = |is_it: &dyn Fn(&Line<'_>) -> bool| {
        let mut found = document.lines.iter().filter(|line| is_it(line));
        found.next().filter(|_| found.next().is_none())
    };
    let line = single(&|line| line.content == theirs.content)
        .or_else(|| single(&|line| line.shape == theirs.shape && are_alike(line.content, theirs.content)))?;
    let merged = fields::merged([base, ours, line], Side::Ours).content;
    let at = line.content.as_ptr() as usize - text.as_ptr() as usize;
    Some([&text[..at], &*merged, &text[at + line.content.len()..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::merge::merge;

    #[track_caller]
    fn check(base: &str, ours: &str, theirs: &str, expected: Option<&str>) {
        let merged = merge(base, ours, theirs, Side::Theirs);
        let [conflict] = &*merged.conflicts else { panic!("{merged:?}") };
        let taken = take_ours(&merged.text, conflict);
        assert_eq!(taken.as_deref(), expected, "{merged:?}");
        if let Some(taken) = taken {
            assert_eq!(take_ours(&taken, conflict), None);
        }
    }

    #[test]
    fn ours_takes_its_place() {
        check(
            "## State\nPhase: A\n",
            "## State\nPhase: B\n",
            "## State\nPhase: C\n",
            Some("## State\nPhase: B\n"),
        );
        check("a\nb\nc\n", "a\none\nc\n", "a\ntwo\nmore\nc\n", Some("a\none\nc\n"));
        check("a\nb", "a\none", "a\ntwo", Some("a\none"));
        // What stays is what was changed; taking a deletion deletes it.
        check("a\nb\nc\n", "a\nc\n", "a\nB\nc\n", Some("a\nc\n"));
        check("a\nb\nc\n", "a\nB\nc\n", "a\nc\n", None);
        // Merged cell by cell: theirs keeps what only theirs changed.
        let row = |description, status| {
            format!(
                "## Items\n| id | description | status |\n|---|---|---|\n| 1 | {description} | {status} |\n"
            )
        };
        check(
            &row("first item", "pending"),
            &row("first item", "doing"),
            &row("first items", "done"),
            Some(&row("first items", "doing")),
        );
    }

    #[test]
    fn a_place_that_is_gone_is_left_alone() {
        let merged = merge("a\nb\nc\n", "a\none\nc\n", "a\ntwo\nc\n", Side::Theirs);
        assert_eq!(take_ours("a\nsomething else\nc\n", &merged.conflicts[0]), None);
        assert_eq!(take_ours("a\none\nc\n", &merged.conflicts[0]), None);
    }
}
