//! Edits, and the patches they make together.

use super::{Revision, Span};
use similar::{DiffTag, TextDiff};

/// One replacement: the bytes of `span` become `new_text`. As in LSP, an empty span inserts and an
/// empty `new_text` deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    /// What goes.
    pub span: Span,
    /// What comes in its place.
    pub new_text: String,
}

impl TextEdit {
    /// Replaces `span` by `new_text`.
    #[must_use]
    pub fn replace(span: Span, new_text: impl Into<String>) -> Self {
        Self { span, new_text: new_text.into() }
    }

    /// Inserts `new_text` before the byte at `at`.
    #[must_use]
    pub fn insert(at: usize, new_text: impl Into<String>) -> Self {
        Self::replace(Span::empty(at), new_text)
    }

    /// Deletes `span`.
    #[must_use]
    pub fn delete(span: Span) -> Self {
        Self::replace(span, "")
    }
}

/// Edits of one text that can be applied together.
///
/// Invariant: the edits are sorted by position and disjoint, every span lies inside the text whose
/// [`Revision`] is `base`, and insertions at one place keep the order in which they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    base: Revision,
    edits: Vec<TextEdit>,
}

/// Two edits want the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("edits overlap: bytes {}..{} and {}..{}", .first.start, .first.end, .second.start, .second.end)]
pub struct OverlapError {
    /// The edit that begins first.
    pub first: Span,
    /// The edit that begins inside it.
    pub second: Span,
}

/// Why a patch does not fit a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The text is not the one the patch was computed from.
    #[error("the text has changed since the patch was computed (expected {}, found {})", .expected.short(), .found.short())]
    Stale {
        /// The revision the patch was computed from.
        expected: Revision,
        /// The revision of the text at hand.
        found: Revision,
    },
    /// An edit lies outside the text or between the bytes of a character.
    #[error("edit {}..{} does not fit the text", .0.start, .0.end)]
    OutOfBounds(Span),
}

impl Patch {
    /// A patch of `edits` against the text with revision `base`, in any order.
    ///
    /// # Errors
    /// When two edits overlap.
    pub fn new(base: Revision, mut edits: Vec<TextEdit>) -> Result<Self, OverlapError> {
        edits.retain(|edit| !(edit.span.is_empty() && edit.new_text.is_empty()));
        // Stable, and by end as well: an insertion before the bytes that another edit replaces is
        // no overlap.
        edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        for pair in edits.windows(2) {
            if pair[1].span.start < pair[0].span.end {
                return Err(OverlapError { first: pair[0].span, second: pair[1].span });
            }
        }
        Ok(Self { base, edits })
    }

    /// The patch that changes nothing in `text`.
    #[must_use]
    pub fn empty(base: Revision) -> Self {
        Self { base, edits: Vec::new() }
    }

    /// The line edits that lead from `before` to `after`.
    #[must_use]
    pub fn between(before: &str, after: &str) -> Self {
        let diff = TextDiff::from_lines(before, after);
        // `similar` also splits at a lone carriage return, so its own slices give the offsets.
        let starts = |slices: &mut dyn Iterator<Item = usize>| {
            let mut at = 0;
            let mut starts = vec![0];
            starts.extend(slices.map(|length| {
                at += length;
                at
            }));
            starts
        };
        let old_starts = starts(&mut (0..diff.old_len()).filter_map(|i| diff.old_slice(i)).map(str::len));
        let new_starts = starts(&mut (0..diff.new_len()).filter_map(|i| diff.new_slice(i)).map(str::len));
        let edits = diff
            .ops()
            .iter()
            .filter(|op| op.tag() != DiffTag::Equal)
            .map(|op| {
                let (old, new) = (op.old_range(), op.new_range());
                let span = Span::new(old_starts[old.start], old_starts[old.end]);
                TextEdit::replace(span, &after[new_starts[new.start]..new_starts[new.end]])
            })
            .collect();
        Self { base: Revision::of(before), edits }
    }

    /// The revision of the text the edits belong to.
    #[must_use]
    pub fn base(&self) -> Revision {
        self.base
    }

    /// The edits, sorted and disjoint.
    #[must_use]
    pub fn edits(&self) -> &[TextEdit] {
        &self.edits
    }

    /// Whether applying it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The text after the edits.
    ///
    /// # Errors
    /// When `text` is not the text the patch was computed from, or an edit does not fit it.
    pub fn apply(&self, text: &str) -> Result<String, PatchError> {
        let found = Revision::of(text);
        if found != self.base {
            return Err(PatchError::Stale { expected: self.base, found });
        }
        splice(text, &self.edits)
    }

    /// The patch that leads back: `invert(before).apply(after) == before`.
    ///
    /// # Errors
    /// As [`Patch::apply`]; `before` is the text the patch was computed from.
    pub fn invert(&self, before: &str) -> Result<Self, PatchError> {
        let after = self.apply(before)?;
        let mut shift: isize = 0;
        let edits = self
            .edits
            .iter()
            .map(|edit| {
                let start = edit.span.start.checked_add_signed(shift).unwrap_or_default();
                shift += edit.new_text.len().cast_signed() - edit.span.len().cast_signed();
                TextEdit::replace(Span::new(start, start + edit.new_text.len()), edit.span.of(before))
            })
            .collect();
        Ok(Self { base: Revision::of(after), edits })
    }

    /// One patch that does what `self` and then `next` do; `before` is the text of `self`.
    ///
    /// # Errors
    /// When `next` was not computed from the text that `self` leads to, or either does not fit.
    pub fn then(&self, next: &Self, before: &str) -> Result<Self, PatchError> {
        let middle = self.apply(before)?;
        next.apply(&middle)?;
        let whole = vec![Piece::Kept(Span::new(0, before.len()))];
        let pieces = revise(revise(whole, &self.edits), &next.edits);
        let mut edits = Vec::new();
        let (mut at, mut inserted) = (0, String::new());
        for piece in pieces.into_iter().chain([Piece::Kept(Span::empty(before.len()))]) {
            match piece {
                Piece::Inserted(text) => inserted.push_str(text),
                Piece::Kept(span) => {
                    let gap = Span::new(at, span.start);
                    if gap.of(before) == inserted {
                        inserted.clear();
                    } else {
                        edits.push(TextEdit::replace(gap, std::mem::take(&mut inserted)));
                    }
                    at = span.end;
                }
            }
        }
        Ok(Self { base: self.base, edits })
    }
}

/// Applies sorted, disjoint edits.
fn splice(text: &str, edits: &[TextEdit]) -> Result<String, PatchError> {
    let grown: usize = edits.iter().map(|edit| edit.new_text.len()).sum();
    let mut out = String::with_capacity(text.len() + grown);
    let mut at = 0;
    for edit in edits {
        let (kept, known) = (text.get(at..edit.span.start), text.get(edit.span.start..edit.span.end));
        let (Some(kept), Some(_)) = (kept, known) else {
            return Err(PatchError::OutOfBounds(edit.span));
        };
        out.push_str(kept);
        out.push_str(&edit.new_text);
        at = edit.span.end;
    }
    out.push_str(&text[at..]);
    Ok(out)
}

/// A run of a text under revision: bytes of the original, or bytes that an edit brought.
enum Piece<'a> {
    Kept(Span),
    Inserted(&'a str),
}

impl<'a> Piece<'a> {
    fn len(&self) -> usize {
        match self {
            Self::Kept(span) => span.len(),
            Self::Inserted(text) => text.len(),
        }
    }

    /// The first `at` bytes and the rest.
    fn split(self, at: usize) -> (Self, Self) {
        match self {
            Self::Kept(Span { start, end }) => {
                (Self::Kept(Span::new(start, start + at)), Self::Kept(Span::new(start + at, end)))
            }
            Self::Inserted(text) => {
                let (head, tail) = text.split_at(at);
                (Self::Inserted(head), Self::Inserted(tail))
            }
        }
    }
}

/// Applies sorted, disjoint edits to a text made of pieces.
fn revise<'a>(pieces: Vec<Piece<'a>>, edits: &'a [TextEdit]) -> Vec<Piece<'a>> {
    let mut queue: std::collections::VecDeque<Piece<'a>> = pieces.into();
    let mut out = Vec::with_capacity(queue.len() + 2 * edits.len());
    let mut at = 0;
    let mut take = |count: usize, mut keep: Option<&mut Vec<Piece<'a>>>| {
        let mut left = count;
        while left > 0 {
            let Some(piece) = queue.pop_front() else { break };
            let length = piece.len();
            let (head, tail) = if length > left { piece.split(left) } else { (piece, Piece::Inserted("")) };
            left -= head.len();
            if tail.len() > 0 {
                queue.push_front(tail);
            }
            if let Some(out) = keep.as_deref_mut() {
                out.push(head);
            }
        }
    };
    for edit in edits {
        take(edit.span.start - at, Some(&mut out));
        take(edit.span.len(), None);
        out.push(Piece::Inserted(&edit.new_text));
        at = edit.span.end;
    }
    take(usize::MAX, Some(&mut out));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn patch(text: &str, edits: &[(usize, usize, &str)]) -> Patch {
        let edits = edits.iter().map(|&(start, end, new)| TextEdit::replace(Span::new(start, end), new));
        Patch::new(Revision::of(text), edits.collect()).expect("test edits are disjoint")
    }

    #[test]
    fn insertions_at_one_place_keep_their_order() {
        let patch = patch("ab", &[(1, 1, "x"), (1, 2, "B"), (1, 1, "y")]);
        assert_eq!(patch.apply("ab").as_deref(), Ok("axyB"));
    }

    #[test]
    fn overlap_is_refused() {
        let edits = vec![TextEdit::delete(Span::new(0, 2)), TextEdit::delete(Span::new(1, 3))];
        assert!(Patch::new(Revision::of("abc"), edits).is_err());
    }

    #[test]
    fn another_text_is_refused() {
        let patch = patch("ab", &[(0, 1, "x")]);
        assert!(matches!(patch.apply("abc"), Err(PatchError::Stale { .. })));
    }

    #[test]
    fn an_edit_inside_a_character_is_refused() {
        let patch = patch("▶", &[(1, 2, "x")]);
        assert_eq!(patch.apply("▶"), Err(PatchError::OutOfBounds(Span::new(1, 2))));
    }

    /// A text and a patch of it, cut at character boundaries.
    fn text_and_cuts() -> impl Strategy<Value = (String, Vec<(usize, usize, String)>)> {
        ("[ab▶\n\r]{0,40}", proptest::collection::vec((0..40usize, 0..6usize, "[xy\n]{0,4}"), 0..5))
    }

    fn cut(text: &str, cuts: Vec<(usize, usize, String)>) -> Patch {
        let boundary =
            |at: usize| (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
        let mut edits: Vec<TextEdit> = Vec::new();
        for (start, length, new) in cuts {
            let span = Span::new(boundary(start), boundary(start + length));
            let mut with = edits.clone();
            with.push(TextEdit::replace(span, new));
            if Patch::new(Revision::of(text), with.clone()).is_ok() {
                edits = with;
            }
        }
        Patch::new(Revision::of(text), edits).expect("checked above")
    }

    proptest! {
        #[test]
        fn inverting_leads_back((text, cuts) in text_and_cuts()) {
            let patch = cut(&text, cuts);
            let after = patch.apply(&text).expect("fits");
            let back = patch.invert(&text).expect("fits");
            prop_assert_eq!(back.apply(&after).expect("fits"), text);
        }

        #[test]
        fn one_patch_for_two((text, first) in text_and_cuts(), (_, second) in text_and_cuts()) {
            let first = cut(&text, first);
            let middle = first.apply(&text).expect("fits");
            let second = cut(&middle, second);
            let both = first.then(&second, &text).expect("fits");
            prop_assert_eq!(both.apply(&text).expect("fits"), second.apply(&middle).expect("fits"));
        }

        #[test]
        fn a_diff_is_a_patch(before in "[ab\n\r]{0,30}", after in "[ab\n\r]{0,30}") {
            prop_assert_eq!(Patch::between(&before, &after).apply(&before).expect("fits"), after);
        }
    }
}
