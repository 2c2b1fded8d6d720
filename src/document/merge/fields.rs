//! One line that stands in all three versions, field by field.

use super::{
    Side,
    lines::{Line, changed},
};
use std::borrow::Cow;

/// The line, and whether something in it had to win over something else.
pub(super) struct MergedLine<'t> {
    pub(super) content: Cow<'t, str>,
    pub(super) is_conflict: bool,
}

/// Merges three versions of one line. Fields that only one side changed are taken from it; of a
/// field that both changed, or a line that has not the same fields everywhere, `prefer` wins.
pub(super) fn merged<'t>([base, ours, theirs]: [&Line<'t>; 3], prefer: Side) -> MergedLine<'t> {
    let whole = |content: &'t str| MergedLine { content: Cow::Borrowed(content), is_conflict: false };
    if ours.content == base.content || ours.content == theirs.content {
        return whole(theirs.content);
    }
    if theirs.content == base.content {
        return whole(ours.content);
    }
    let preferred = if prefer == Side::Ours { ours } else { theirs };
    let count = base.fields.len();
    if count == 0 || ours.fields.len() != count || theirs.fields.len() != count {
        return MergedLine { content: Cow::Borrowed(preferred.content), is_conflict: true };
    }
    let (mut content, mut is_conflict) = (String::new(), false);
    for index in 0..=count {
        let [before, own, others] = [base, ours, theirs].map(|line| between(line, index));
        let (text, clash) = either(before, own, others, prefer);
        content.push_str(text);
        // Padding, pipes and numbers of lists follow from the rest.
        is_conflict |= clash && text.contains(char::is_alphabetic);
        if index < count {
            let [before, own, others] = [base, ours, theirs].map(|line| field(line, index));
            let (text, clash) = either(before, own, others, prefer);
            content.push_str(text);
            is_conflict |= clash;
        }
    }
    MergedLine { content: Cow::Owned(content), is_conflict }
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
