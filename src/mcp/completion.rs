//! Completion of the names that stand in resources' URIs.

use super::{answer::Refusal, open_project::OpenProject};
use crate::{document::WorkflowState, rules};
use rmcp::model::{CompleteRequestParams, CompletionInfo, Reference};

/// The names that begin with what was typed, or else have it in them, in the order of the file.
pub(super) fn complete(
    open: &mut OpenProject,
    request: &CompleteRequestParams,
) -> Result<CompletionInfo, Refusal> {
    let template = match &request.r#ref {
        Reference::Resource(resource) => resource.uri.as_str(),
        // Prompts here take no arguments.
        _ => "",
    };
    let known = match (template, request.argument.name.as_str()) {
        ("rulemark://items/{id}", "id") => names(open, item_ids)?,
        ("rulemark://items/status/{status}", "status") => names(open, statuses)?,
        ("rulemark://phases/{phase}", "phase") => names(open, phases)?,
        ("rulemark://rules/{rule}", "rule") => names(open, rule_ids)?,
        ("rulemark://history/{entry}", "entry") => {
            let entries = open.project.history(CompletionInfo::MAX_VALUES)?;
            entries.iter().map(|entry| entry.seq.to_string()).collect()
        }
        _ => Vec::new(),
    };
    Ok(matching(known, &request.argument.value))
}

fn names(
    open: &mut OpenProject,
    read: impl Fn(&WorkflowState<'_>) -> Vec<String>,
) -> Result<Vec<String>, Refusal> {
    Ok(read(&WorkflowState::parse(&open.look()?.documents.state.text)))
}

fn item_ids(state: &WorkflowState<'_>) -> Vec<String> {
    state.items().rows().iter().filter_map(|item| item.id.clone()).collect()
}

fn statuses(state: &WorkflowState<'_>) -> Vec<String> {
    state.items().rows().iter().filter_map(|item| item.status.clone()).collect()
}

fn phases(state: &WorkflowState<'_>) -> Vec<String> {
    rules::compile_unreviewed(state).phases.into_iter().map(|phase| phase.name).collect()
}

fn rule_ids(state: &WorkflowState<'_>) -> Vec<String> {
    rules::compile_unreviewed(state).rules.into_iter().map(|rule| rule.id).collect()
}

fn matching(known: Vec<String>, typed: &str) -> CompletionInfo {
    let typed = typed.to_lowercase();
    let (first, rest): (Vec<String>, Vec<String>) =
        known.into_iter().partition(|name| name.to_lowercase().starts_with(&typed));
    let within = rest.into_iter().filter(|name| name.to_lowercase().contains(&typed));
    let mut found: Vec<String> = Vec::new();
    for name in first.into_iter().chain(within) {
        if !found.contains(&name) {
            found.push(name);
        }
        if found.len() > CompletionInfo::MAX_VALUES {
            break;
        }
    }
    let has_more = found.len() > CompletionInfo::MAX_VALUES;
    found.truncate(CompletionInfo::MAX_VALUES);
    let mut info = CompletionInfo::new(found).unwrap_or_default();
    info.has_more = Some(has_more);
    info
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_come_first() {
        let check = |typed: &str, expected: &[&str]| {
            let known = ["VALIDATE", "ANALYZE", "DATA", "ANALYZE"].map(str::to_owned).into();
            let found = matching(known, typed);
            assert_eq!(
                (found.values.as_slice(), found.has_more),
                (&*expected.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>(), Some(false)),
                "{typed}"
            );
        };
        check("", &["VALIDATE", "ANALYZE", "DATA"]);
        check("da", &["DATA", "VALIDATE"]);
        check("x", &[]);
    }

    #[test]
    fn a_hundred_are_enough() {
        let found = matching((0..150).map(|number| number.to_string()).collect(), "");
        assert_eq!((found.values.len(), found.has_more), (100, Some(true)));
    }
}
