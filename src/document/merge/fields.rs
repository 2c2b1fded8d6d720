//! One line that stands in all three versions, field by field.

use super::{
    Side,
    lines::{Line, Name, changed},
    names::are_alike,
};
use std::borrow::Cow;

/// The line, and what in it had to win over something else.
pub(super) struct MergedLine<'t> {
    pub(super) content: Cow<'t, str>,
    pub(super) conflict: Option<Contest>,
}

/// What both sides changed differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contest {
    /// Values only.
    Values,
    /// Something else in the line, or all of it.
    Rest,
}

/// Merges three versions of one line. Fields that only one side changed are taken from it; of a
/// field that both changed, of a line that has not the same fields everywhere, and of an item that one
/// side put another in the place of, `prefer` wins.
pub(super) fn merged<'t>([base, ours, theirs]: [&Line<'t>; 3], prefer: Side) -> MergedLine<'t> {
    let whole = |content: &'t str| MergedLine { content: Cow::Borrowed(content), conflict: None };
    if ours.content == base.content || ours.content == theirs.content {
        return whole(theirs.content);
    }
    if theirs.content == base.content {
        return whole(ours.content);
    }
    let preferred = if prefer == Side::Ours { ours } else { theirs };
    let count = base.fields.len();
    let is_another = is_another_item(base, ours) || is_another_item(base, theirs);
    if is_another || count == 0 || ours.fields.len() != count || theirs.fields.len() != count {
        return MergedLine { content: Cow::Borrowed(preferred.content), conflict: Some(Contest::Rest) };
    }
    let (mut content, mut conflict) = (String::new(), None);
    for index in 0..=count {
        let [before, own, others] = [base, ours, theirs].map(|line| between(line, index));
        let (text, clash) = either(before, own, others, prefer);
        content.push_str(text);
        // Padding, pipes and numbers of lists follow from the rest.
        if clash && [before, own, others].iter().any(|text| text.contains(char::is_alphabetic)) {
            conflict = Some(Contest::Rest);
        }
        if index < count {
            let [before, own, others] = [base, ours, theirs].map(|line| field(line, index));
            let (text, clash) = either(before, own, others, prefer);
            content.push_str(text);
            if clash {
                conflict = conflict.or(Some(Contest::Values));
            }
        }
    }
    MergedLine { content: Cow::Owned(content), conflict }
}

/// Whether an item got a description that has nothing to do with the one it had: ids are given anew
/// when a list is, and what the other side did to the old item must not happen to the new one.
fn is_another_item(before: &Line<'_>, after: &Line<'_>) -> bool {
    match (&before.name, &after.name) {
        (Some(Name::Item(_, old)), Some(Name::Item(_, new))) => !are_alike(old, new),
        _ => false,
    }
}

/// What wins, and whether it had to.
fn either<'t>(base: &'t str, ours: &'t str, theirs: &'t str, prefer: Side) -> (&'t str, bool) {
    if ours == base || theirs == base || ours == theirs {
        return (changed(base, ours, theirs), false);
    }
    (if prefer == Side::Ours { ours } else { theirs }, true)
}

fn field<'t>(line: &Line<'t>, index: usize) -> &'t str {
    &line.content[line.fields[index].clone()]
}

/// What stands in front of the field with this index, from the one before on.
fn between<'t>(line: &Line<'t>, index: usize) -> &'t str {
    let start = index.checked_sub(1).map_or(0, |before| line.fields[before].end);
    let end = line.fields.get(index).map_or(line.content.len(), |field| field.start);
    &line.content[start..end]
}
