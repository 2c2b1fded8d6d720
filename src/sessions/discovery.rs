//! Which workflows can be started.

use super::{
    Answer, Work,
    call::Call,
    catalogue::{Catalogue, Layer, Offered},
    failure::{Failure, FailureKind},
};
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
        let catalogue = Catalogue::of(self.store.project);
        let matches = |offered: &Offered| {
            category.is_none_or(|category| offered.category.as_deref() == Some(category))
                && query.as_ref().is_none_or(|query| offered.mentions(query))
        };
        let all: Vec<Offered> = catalogue.offered().filter(matches).collect();
        let mut page: Vec<Value> = Vec::new();
        let mut size = 0;
        let mut layer: Option<Layer> = None;
        for offered in all.iter().skip(start) {
            let entry = entry(offered);
            size += entry.to_string().len() + 1;
            let is_further = layer.is_some_and(|layer| layer != offered.layer);
            if is_further || (size > PAGE && !page.is_empty()) {
                break;
            }
            layer = Some(offered.layer);
            page.push(entry);
        }
        let mut answer = Map::new();
        let end = start + page.len();
        answer.insert("count".into(), page.len().into());
        answer.insert("workflows".into(), page.into());
        if end < all.len() {
            answer.insert("next_cursor".into(), end.to_string().into());
        }
        let broken: Vec<Value> = catalogue
            .broken()
            .iter()
            .take(5)
            .map(|broken| json!({ "file": broken.source, "problem": broken.problem }))
            .collect();
        if start == 0 && category.is_none() && !broken.is_empty() {
            answer.insert("unreadable".into(), broken.into());
        }
        Ok(answer)
    }
}

fn entry(offered: &Offered) -> Value {
    let mut entry = Map::new();
    entry.insert("workflow_type".into(), offered.id.as_str().into());
    entry.insert("name".into(), offered.name.as_str().into());
    let description: String = offered.description.chars().take(DESCRIPTION).collect();
    entry.insert("description".into(), description.into());
    entry.insert("category".into(), offered.category.clone().unwrap_or_else(|| "general".into()).into());
    entry.insert("version".into(), offered.version.as_str().into());
    entry.insert("phases".into(), offered.phases.map_or_else(|| "dynamic".into(), Value::from));
    if let Some(duration) = &offered.estimated_duration {
        entry.insert("estimated_duration".into(), duration.as_str().into());
    }
    if !offered.tags.is_empty() {
        entry.insert("tags".into(), offered.tags.clone().into());
    }
    if offered.layer != Layer::Project {
        entry.insert("from".into(), offered.layer.name().into());
    }
    entry.into()
}
