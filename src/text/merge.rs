//! Carrying a patch over to a text that has moved on.

use super::{Patch, Revision, Span, TextEdit};

/// The patch and the newer edits want the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("both sides changed bytes {}..{}", .ours.start, .ours.end)]
pub struct MergeConflict {
    /// The bytes that the patch wants, in the base text.
    pub ours: Span,
    /// The bytes that the newer text changed, in the base text.
    pub theirs: Span,
}

/// The same edits against `current`, a later version of the `base` that `patch` was computed from.
///
/// Edits of places that `current` left alone move along with their text. This is the three-way
/// merge of disjoint changes; what it can't place it refuses.
///
/// # Errors
/// When an edit of the patch touches bytes that differ between `base` and `current`.
pub fn rebase(patch: &Patch, base: &str, current: &str) -> Result<Patch, MergeConflict> {
    let theirs = Patch::between(base, current);
    let mut edits = Vec::with_capacity(patch.edits().len());
    for edit in patch.edits() {
        let mut shift: isize = 0;
        for other in theirs.edits() {
            if other.span.end <= edit.span.start
                && !(other.span.is_empty() && other.span.start == edit.span.start)
            {
                shift += other.new_text.len().cast_signed() - other.span.len().cast_signed();
            } else if other.span.start < edit.span.end || other.span.start == edit.span.start {
                return Err(MergeConflict { ours: edit.span, theirs: other.span });
            }
        }
        let moved = |at: usize| at.checked_add_signed(shift).unwrap_or_default();
        edits.push(TextEdit::replace(
            Span::new(moved(edit.span.start), moved(edit.span.end)),
            edit.new_text.clone(),
        ));
    }
    Patch::new(Revision::of(current), edits)
        .map_err(|overlap| MergeConflict { ours: overlap.first, theirs: overlap.second })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replace(base: &str, old: &str, new: &str) -> Patch {
        let start = base.find(old).expect("the test text holds it");
        let edits = vec![TextEdit::replace(Span::new(start, start + old.len()), new)];
        Patch::new(Revision::of(base), edits).expect("one edit")
    }

    #[test]
    fn moves_with_its_text() {
        let base = "a\nb\nc\n";
        let current = "new\na\nb\nc\nd\n";
        let moved = rebase(&replace(base, "b", "B"), base, current).expect("disjoint");
        assert_eq!(moved.apply(current).as_deref(), Ok("new\na\nB\nc\nd\n"));
    }

    #[test]
    fn refuses_the_same_place() {
        let base = "a\nb\nc\n";
        assert!(rebase(&replace(base, "b", "B"), base, "a\nx\nc\n").is_err());
    }
}
