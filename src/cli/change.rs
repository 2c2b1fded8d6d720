//! What an edit was about, in a phrase.

use crate::document::{Outline, Role, WorkflowState};
use crate::runtime::Documents;

/// What changed between two readings of the documents, a phrase a file: "Phase ANALYZE → BLUEPRINT,
/// Log +2 lines".
pub(crate) fn describe(before: &Documents, after: &Documents) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if before.state.revision != after.state.revision {
        found.push((super::report::name(&after.state), state_change(&before.state.text, &after.state.text)));
    }
    match (&before.config, &after.config) {
        (Some(old), Some(new)) if old.revision != new.revision => {
            let (old, new_outline) = (Outline::parse(&old.text), Outline::parse(&new.text));
            found.push((super::report::name(new), phrase(sections(&old, &new_outline))));
        }
        (None, Some(new)) => found.push((super::report::name(new), "created".into())),
        (Some(old), None) => found.push((super::report::name(old), "deleted".into())),
        _ => {}
    }
    found
}

fn state_change(before: &str, after: &str) -> String {
    let (old, new) = (WorkflowState::parse(before), WorkflowState::parse(after));
    let mut parts = Vec::new();
    for key in new.keys() {
        let was = old.key(&key.name).map_or("", |it| it.value.as_str());
        if was != key.value {
            let shown = |value: &str| if value.is_empty() { "nothing".to_owned() } else { shorten(value) };
            parts.push(format!("{} {} → {}", key.name, shown(was), shown(&key.value)));
        }
    }
    parts.extend(sections(old.outline(), new.outline()));
    phrase(parts)
}

/// The sections whose own text differs, State left out: its keys say more.
fn sections(old: &Outline<'_>, new: &Outline<'_>) -> Vec<String> {
    let mut parts = Vec::new();
    for section in new.sections().iter().filter(|it| it.role != Role::State && it.level <= 2) {
        let title = section.title.of(new.text()).trim_matches(['*', '_', '`', ' ']);
        let lines = |text: &str| text.lines().filter(|line| !line.trim().is_empty()).count();
        let body = section.body.of(new.text());
        let was = old
            .sections()
            .iter()
            .find(|it| it.level == section.level && it.title.of(old.text()) == section.title.of(new.text()));
        match was.map(|it| it.body.of(old.text())) {
            None => parts.push(format!("{title} added")),
            Some(was) if was.trim() != body.trim() && section.level == 2 => {
                let (was, is) = (lines(was), lines(body));
                parts.push(match is.checked_sub(was) {
                    Some(0) => format!("{title} edited"),
                    Some(more) => format!("{title} +{more} {}", plural(more, "line")),
                    None => format!("{title} −{} {}", was - is, plural(was - is, "line")),
                });
            }
            Some(_) => {}
        }
    }
    parts
}

fn phrase(mut parts: Vec<String>) -> String {
    const SHOWN: usize = 4;
    if parts.is_empty() {
        return "edited".into();
    }
    if parts.len() > SHOWN {
        let rest = parts.len() - SHOWN;
        parts.truncate(SHOWN);
        parts.push(format!("{rest} more"));
    }
    parts.join(", ")
}

/// `word`, in the plural unless there is one.
pub(crate) fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

/// A value cut to what fits into a phrase.
pub(crate) fn shorten(value: &str) -> String {
    const LONGEST: usize = 48;
    match value.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", value[..at].trim_end()),
        None => value.to_owned(),
    }
}
