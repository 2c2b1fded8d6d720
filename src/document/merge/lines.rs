//! A version of the document as lines, and lines as a document again.

use super::sections::{self, Part};
use crate::{
    document::{Items, WorkflowState, inline, state::StateKey, table},
    markdown::{Line as MarkdownLine, LineKind},
    text::Span,
};
use std::{borrow::Cow, collections::HashMap, ops::Range};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// One line of a version.
#[derive(Clone, Debug)]
pub(in crate::document) struct Line<'t> {
    /// Without its line end.
    pub(in crate::document) content: &'t str,
    /// Its line end; empty at the end of a file without one.
    pub(in crate::document) end: &'t str,
    pub(in crate::document) shape: Shape,
    /// White space in front, in columns.
    pub(in crate::document) indent: usize,
    /// What the line is called, whatever else it says: a key's name, a row's id.
    pub(in crate::document) name: Option<Name<'t>>,
    /// The parts of `content` that are values by themselves: a key's value, a row's cells, a box.
    pub(in crate::document) fields: Vec<Range<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::document) enum Shape {
    Blank,
    Heading,
    /// A list item's first line.
    Item,
    Row,
    /// Opens or closes a fence.
    Fence,
    /// Inside a fence.
    Code,
    Other,
}

/// What a line is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::document) enum Name<'t> {
    /// The State keys in the line.
    Keys(String),
    /// An item: its id and its description.
    Item(String, String),
    /// A row of another table, by its first cell.
    Row(&'t str),
    /// A list item, by its text behind marker and box.
    Text(&'t str),
}

/// One version of the document.
pub(in crate::document) struct Version<'t> {
    pub(in crate::document) lines: Vec<Line<'t>>,
    pub(in crate::document) parts: Vec<Part<'t>>,
    pub(in crate::document) has_mark: bool,
    /// The line end it uses; `None` with no line end at all.
    pub(in crate::document) line_end: Option<&'static str>,
    /// Whether its last line has a line end.
    pub(in crate::document) is_ended: bool,
}

impl<'t> Version<'t> {
    pub(in crate::document) fn read(text: &'t str) -> Self {
        let state = WorkflowState::parse(text);
        let outline = state.outline();
        let mut named = names(&state);
        let whole = Span::new(0, text.len());
        let mut starts = Vec::new();
        let mut lines: Vec<Line<'t>> = Vec::new();
        for line in outline.markdown().lines(whole) {
            starts.push(line.span.start);
            lines.push(read_line(text, line, named.remove(&line.span.start)));
        }
        let has_mark = text.starts_with(BYTE_ORDER_MARK);
        let is_ended = lines.last().is_none_or(|line| !line.end.is_empty());
        let parts = sections::parts(text, outline, &starts);
        let line_end = text.contains(['\n', '\r']).then(|| inline::line_end(text));
        Self { lines, parts, has_mark, line_end, is_ended }
    }
}

/// Names and fields of lines, by where the line begins.
type Named<'t> = HashMap<usize, (Name<'t>, Vec<Span>)>;

fn names<'t>(state: &WorkflowState<'t>) -> Named<'t> {
    let mut named = Named::new();
    for key in state.keys() {
        name_key(&mut named, key);
    }
    for item in Items::read(state.outline()).rows() {
        let id = item.id.clone().unwrap_or_default();
        named
            .entry(item.span.start)
            .or_insert_with(|| (Name::Item(id, item.description.clone()), Vec::new()));
    }
    named
}

fn name_key(named: &mut Named<'_>, key: &StateKey) {
    let start = key.line().start;
    let (name, fields) = named.entry(start).or_insert_with(|| (Name::Keys(String::new()), Vec::new()));
    if let Name::Keys(name) = name {
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(&key.name);
        fields.push(key.value_span);
    }
}

fn read_line<'t>(text: &'t str, line: MarkdownLine, named: Option<(Name<'t>, Vec<Span>)>) -> Line<'t> {
    let whole = line.span.of(text);
    let content = whole.trim_end_matches(['\n', '\r']);
    let end = &whole[content.len()..];
    let (mut shape, mut fields, mut name) = (Shape::Other, Vec::new(), None);
    match line.kind {
        LineKind::Blank => shape = Shape::Blank,
        LineKind::Heading => shape = Shape::Heading,
        LineKind::FenceEdge => shape = Shape::Fence,
        LineKind::Code => shape = Shape::Code,
        LineKind::Item { check, body, .. } => {
            shape = Shape::Item;
            fields.extend(check.map(|check| check.span));
            fields.push(body);
            name = Some(Name::Text(body.of(text)));
        }
        LineKind::Row => {
            shape = Shape::Row;
            fields = table::cells(text, line.content, None);
            let first = fields.first().map(|cell| cell.of(text)).filter(|cell| !cell.is_empty());
            name = first.filter(|_| !table::is_delimiter(line.content.of(text))).map(Name::Row);
        }
        _ => {}
    }
    if let Some((own_name, spans)) = named {
        name = Some(own_name);
        if !spans.is_empty() {
            fields = spans;
        }
    }
    fields.sort_unstable_by_key(|field| field.start);
    let inside = Span::new(line.span.start, line.span.start + content.len());
    let fits = fields.iter().all(|&field| inside.covers(field))
        && fields.windows(2).all(|pair| pair[0].end <= pair[1].start);
    let start = line.span.start;
    let fields = if fits { fields } else { Vec::new() };
    let fields = fields.into_iter().map(|field| field.start - start..field.end - start).collect();
    Line { content, end, shape, indent: line.indent, name, fields }
}

/// A line of the result.
#[derive(Clone, Debug)]
pub(in crate::document) struct Written<'t> {
    pub(in crate::document) content: Cow<'t, str>,
    pub(in crate::document) end: &'t str,
}

/// What the side says that changed it; ours if both did.
pub(in crate::document) fn changed<T: PartialEq + Copy>(base: T, ours: T, theirs: T) -> T {
    if ours == base { theirs } else { ours }
}

/// How the result ends its lines.
pub(in crate::document) struct Ending {
    has_mark: bool,
    is_ended: bool,
    line_end: Option<&'static str>,
}

impl Ending {
    pub(in crate::document) fn of([base, ours, theirs]: [&Version<'_>; 3]) -> Self {
        let known = |version: &Version<'_>| version.line_end.or(base.line_end);
        Self {
            has_mark: changed(base.has_mark, ours.has_mark, theirs.has_mark),
            is_ended: changed(base.is_ended, ours.is_ended, theirs.is_ended),
            line_end: changed(base.line_end, known(ours), known(theirs)),
        }
    }

    /// The line end for a line that only `version` has: its own, unless the result as a whole uses
    /// another than that version does.
    pub(in crate::document) fn for_line<'t>(&self, version: &Version<'_>, end: &'t str) -> &'t str {
        match self.line_end {
            Some(line_end) if version.line_end == Some(end) => line_end,
            _ => end,
        }
    }

    /// The document.
    pub(in crate::document) fn write(&self, lines: &[Written<'_>]) -> String {
        let length: usize = lines.iter().map(|line| line.content.len() + 2).sum();
        let mut text = String::with_capacity(length + 3);
        if self.has_mark {
            text.push(BYTE_ORDER_MARK);
        }
        let mut line_end = self.line_end.unwrap_or("\n");
        for (index, line) in lines.iter().enumerate() {
            text.push_str(&line.content);
            if !line.end.is_empty() {
                line_end = line.end;
            }
            let is_last = index + 1 == lines.len();
            if !is_last || self.is_ended {
                text.push_str(line_end);
            }
        }
        text
    }
}
