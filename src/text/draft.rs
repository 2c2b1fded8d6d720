//! A text under change.

use super::{Patch, Revision, TextEdit};
use std::borrow::Cow;

/// A text to which edits are made one after the other, and the one patch that does what all of them
/// did.
#[derive(Clone, Debug)]
pub struct Draft<'t> {
    original: &'t str,
    text: Cow<'t, str>,
    patch: Patch,
}

impl<'t> Draft<'t> {
    /// Begins with `original`, whose revision is known already.
    #[must_use]
    pub fn new(original: &'t str, revision: Revision) -> Self {
        Self { original, text: Cow::Borrowed(original), patch: Patch::empty(revision) }
    }

    /// The text as it is now; borrowed as long as nothing has changed.
    #[must_use]
    pub fn text(&self) -> &Cow<'t, str> {
        &self.text
    }

    /// The revision of the text as it is now.
    #[must_use]
    pub fn revision(&self) -> Revision {
        match &self.text {
            Cow::Borrowed(_) => self.patch.base(),
            Cow::Owned(text) => Revision::of(text),
        }
    }

    /// What leads from the original to the text as it is now.
    #[must_use]
    pub fn patch(&self) -> &Patch {
        &self.patch
    }

    /// The patch alone.
    #[must_use]
    pub fn into_patch(self) -> Patch {
        self.patch
    }

    /// Applies edits of the text as it is now; answers whether it is another text then. Edits that
    /// overlap or do not fit are a fault of whoever made them: they are left out rather than half
    /// applied.
    pub fn revise(&mut self, edits: Vec<TextEdit>) -> bool {
        if edits.is_empty() {
            return false;
        }
        let step = Patch::new(self.revision(), edits);
        debug_assert!(step.is_ok(), "overlapping edits: {step:?}");
        let applied = step.ok().and_then(|step| step.apply(&self.text).ok().map(|text| (step, text)));
        let Some((step, text)) = applied.filter(|(_, text)| *text != *self.text) else { return false };
        let Ok(patch) = self.patch.then(&step, self.original) else { return false };
        self.patch = patch;
        self.text = Cow::Owned(text);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    #[test]
    fn edits_follow_each_other() {
        let original = "one two";
        let mut draft = Draft::new(original, Revision::of(original));
        assert!(!draft.revise(Vec::new()));
        assert!(!draft.revise(vec![TextEdit::replace(Span::new(0, 3), "one")]), "the same text");
        assert!(matches!(draft.text(), Cow::Borrowed(_)));
        assert!(draft.revise(vec![TextEdit::replace(Span::new(0, 3), "1 and")]));
        assert!(draft.revise(vec![TextEdit::replace(Span::new(0, 1), "One")]));
        assert_eq!(draft.text().as_ref(), "One and two");
        assert_eq!(draft.patch().apply(original).as_deref(), Ok("One and two"));
        assert_eq!(draft.revision(), Revision::of("One and two"));
    }
}
