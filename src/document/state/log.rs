//! Entries of the Log.
use crate::{
    document::{Outline, Role},
    text::TextEdit,
};
use jiff::civil::DateTime;

pub(super) fn log(outline: &Outline<'_>, at: DateTime, text: &str) -> Vec<TextEdit> {
    let entry = format!("- [{}] {text}", at.strftime("%Y-%m-%d %H:%M:%S"));
    match outline.section(Role::Log) {
        Some(section) => outline.append(section, &entry),
        None => outline.add_section("Log", &entry),
    }
}
