//! Writing keys.
use super::WorkflowState;
use crate::text::TextEdit;

pub(super) fn set(state: &WorkflowState<'_>, name: &str, value: &str) -> Vec<TextEdit> {
    let Some(key) = state.key(name) else { return Vec::new() };
    vec![TextEdit::replace(key.value_span, value)]
}
