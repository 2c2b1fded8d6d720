//! The date of the last change.
use super::WorkflowState;
use crate::text::TextEdit;
use jiff::civil::Date;

pub(super) fn touch(state: &WorkflowState<'_>, today: Date) -> Vec<TextEdit> {
    let _ = (state, today);
    Vec::new()
}
