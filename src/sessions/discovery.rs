//! Which workflows can be started.

use super::{
    Answer, Work,
    call::Call,
    catalogue::problem,
    failure::{Failure, FailureKind},
};
use crate::{library::Layer, workflow::Definition};
use serde_json::{Map, Value, json};

/// The largest page, in bytes of JSON; the frame of the answer comes on top.
const PAGE: usize = 3_600;

/// The longest description in a list, in characters.
const DESCRIPTION: usize = 200;

impl Work<'_> {
    /// `list_workflows`: the project's own come first; a page ends where those from further away begin.
    pub(super) fn list_workflows(&mut self, call: &Call<'_>) -> Answer {
        let (category, query) = (call.text("category")?, call.text("query")?.map(str::to_lowercase));
        let start = match call.text("cursor")? {
            None => 0,
            Some(cursor) => cursor.parse().map_err(|_| {
                Failure::new(FailureKind::Value, "`cursor` is none of ours", call.action)
                    .fix("take it from `next_cursor`, or leave it out")
            })?,
        };
        let library = self.library();
        let matches = |(_, definition): &(Layer, &Definition)| {
            category.is_none_or(|category| category_of(definition) == category)
                && query.as_ref().is_none_or(|query| mentions(definition, query))
        };
        let standing = library.entries().iter().filter(|entry| entry.shadowed_by.is_none());
        let all: Vec<(Layer, &Definition)> =
            standing.filter_map(|entry| Some((entry.layer, entry.definition()?))).filter(matches).collect();
        let mut page: Vec<Value> = Vec::new();
        let mut size = 0;
        let mut layer: Option<Layer> = None;
        for (from, definition) in all.iter().skip(start) {
            let entry = entry(*from, definition);
            size += entry.to_string().len() + 1;
            let is_further = layer.is_some_and(|layer| layer != *from);
            if is_further || (size > PAGE && !page.is_empty()) {
                break;
            }
            layer = Some(*from);
            page.push(entry);
        }
        let mut answer = Map::new();
        let end = start + page.len();
        answer.insert("count".into(), page.len().into());
        answer.insert("workflows".into(), page.into());
        if end < all.len() {
            answer.insert("next_cursor".into(), end.to_string().into());
        }
        let broken: Vec<Value> = library
            .entries()
            .iter()
            .filter(|entry| entry.definition().is_none())
            .take(5)
            .map(|entry| json!({ "file": entry.source, "problem": problem(entry, 2) }))
            .collect();
        if start == 0 && category.is_none() && !broken.is_empty() {
            answer.insert("unreadable".into(), broken.into());
        }
        Ok(answer)
    }
}

fn entry(layer: Layer, definition: &Definition) -> Value {
    let mut entry = Map::new();
    entry.insert("workflow_type".into(), definition.id.as_str().into());
    entry.insert("name".into(), definition.name.as_str().into());
    let description: String = definition.description.chars().take(DESCRIPTION).collect();
    entry.insert("description".into(), description.into());
    entry.insert("category".into(), category_of(definition).into());
    entry.insert("version".into(), definition.version.as_str().into());
    let phases = match definition.dynamic {
        Some(_) => "dynamic".into(),
        None => Value::from(definition.phases.len()),
    };
    entry.insert("phases".into(), phases);
    if let Some(duration) = &definition.estimated_duration {
        entry.insert("estimated_duration".into(), duration.as_str().into());
    }
    if !definition.tags.is_empty() {
        entry.insert("tags".into(), definition.tags.clone().into());
    }
    if layer != Layer::Project {
        entry.insert("from".into(), layer.to_string().into());
    }
    entry.into()
}

fn category_of(definition: &Definition) -> &str {
    definition.category.as_deref().unwrap_or("general")
}

/// Whether the words, in lower case, occur in what a list shows.
fn mentions(definition: &Definition, words: &str) -> bool {
    let texts = [definition.id.as_str(), &definition.name, &definition.description].into_iter();
    let mut texts = texts.chain(definition.tags.iter().map(String::as_str));
    texts.any(|text| text.to_lowercase().contains(words))
}
