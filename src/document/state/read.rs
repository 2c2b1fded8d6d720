//! Where State keys may stand, and which of them counts.

use super::{
    StateKey,
    line::{self, Pair},
    names, value,
};
use crate::{
    document::{Outline, Role, Section, table, title},
    markdown::{Block, BlockKind, Line, LineKind},
    text::Span,
};
use std::collections::HashSet;

/// The syntax a key stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `Phase: X`, in whatever decoration, in a line of its own.
    Line,
    /// The same inside a fence.
    Code,
    /// The same in front matter.
    FrontMatter,
    /// Inside a drawn box: `│ Phase : X │`.
    Boxed,
    /// One of several in a line: `Phase:X Status:Y`.
    Shared,
    /// A table row: `| Phase | X |`.
    Row,
    /// A table column; the span is the header's row.
    Column(Span),
    /// A heading with the value in it: `## Phase: X`.
    Heading,
    /// A heading with the value below it.
    Body,
}

/// Where a key stands, for whoever writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) form: Form,
    /// The line of the value, with its line end.
    pub(super) line: Span,
    /// Behind the separator.
    pub(super) from: usize,
    /// The value with decoration and prose.
    pub(super) whole: Span,
    /// Prose behind the value that goes with it.
    pub(super) prose: Span,
}

/// The keys of a file: those of the State section first. The other places count only as long as
/// Phase and Status are not both found.
pub(super) fn keys<'o, 't>(outline: &'o Outline<'t>) -> Vec<StateKey> {
    let mut reader = Reader { outline, keys: Vec::new(), visited: HashSet::new(), pairs: Vec::new() };
    let sources: [fn(&mut Reader<'o, 't>); 6] = [
        Reader::state_section,
        Reader::top,
        Reader::headings,
        Reader::other_states,
        Reader::first_section,
        Reader::assignments,
    ];
    for source in sources {
        if reader.is_complete() {
            break;
        }
        source(&mut reader);
    }
    reader.keys
}

struct Reader<'o, 't> {
    outline: &'o Outline<'t>,
    keys: Vec<StateKey>,
    /// Where the regions and headings begin that have been read.
    visited: HashSet<usize>,
    /// Kept to be used again.
    pairs: Vec<Pair>,
}

impl Reader<'_, '_> {
    fn is_complete(&self) -> bool {
        let has = |name| self.keys.iter().any(|key| key.name == name && !key.value.is_empty());
        has(names::PHASE) && has(names::STATUS)
    }

    fn state_section(&mut self) {
        let Some(state) = self.outline.section(Role::State) else { return };
        let Some(index) = self.outline.sections().iter().position(|section| section == state) else { return };
        let is_sure = title::role(state.title.of(self.outline.text())).1 == 0;
        if !is_sure {
            self.heading(index);
        }
        self.region(self.own_body(index), is_sure);
        for inner in self.open_sections() {
            if inner != index && state.body.covers(self.outline.sections()[inner].heading) {
                self.heading(inner);
                self.region(self.own_body(inner), false);
            }
        }
    }

    /// Front matter, and what stands in front of the first heading or directly below the title.
    fn top(&mut self) {
        let sections = self.outline.sections();
        let first = sections.first();
        let before = first.map_or(self.outline.text().len(), |section| section.heading.start);
        self.region(Span::new(0, before), false);
        if first.is_some_and(|section| section.level == 1 && section.role == Role::Other) {
            self.region(self.own_body(0), false);
        }
    }

    fn headings(&mut self) {
        for index in self.open_sections() {
            self.heading(index);
        }
    }

    fn other_states(&mut self) {
        for index in self.open_sections() {
            if self.outline.sections()[index].role == Role::State {
                self.region(self.own_body(index), false);
            }
        }
    }

    /// The first section below the title, when it is nothing special.
    fn first_section(&mut self) {
        let sections = self.outline.sections();
        let first = sections.iter().position(|section| section.level > 1);
        if let Some(index) = first.filter(|&index| sections[index].role == Role::Other) {
            self.region(self.own_body(index), false);
        }
    }

    /// `State.Status = X` in a paragraph of its own, as agents append it; the last one counts.
    fn assignments(&mut self) {
        let rules = |span: Span| {
            let sections = self.outline.sections().iter();
            sections.filter(|section| section.role == Role::Rules).any(|section| section.body.covers(span))
        };
        let blocks = self.outline.markdown().blocks().iter().rev();
        let paragraphs = blocks.filter(|block| block.kind == BlockKind::Paragraph);
        let text = self.outline.text();
        let is_assignment = |block: &&Block| {
            let start = block.span.of(text).trim_start_matches(['*', '`', ' ']);
            start.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("state."))
        };
        let found = paragraphs.filter(is_assignment).find(|block| !rules(block.span)).map(|block| block.span);
        if let Some(span) = found {
            for line in self.outline.markdown().lines(span) {
                self.line(line, Form::Line);
            }
        }
    }

    /// Indices of sections that are neither Plan, Log, Rules and so on nor inside one.
    fn open_sections(&self) -> Vec<usize> {
        let mut closed_until = 0;
        let sections = self.outline.sections().iter().enumerate();
        let open = sections.filter(|(_, section)| {
            if section.heading.start >= closed_until && !is_open(section) {
                closed_until = section.body.end;
            }
            section.heading.start >= closed_until && is_open(section)
        });
        open.map(|(index, _)| index).collect()
    }

    /// The body of a section without the sections below it.
    fn own_body(&self, index: usize) -> Span {
        let sections = self.outline.sections();
        let body = sections[index].body;
        let next = sections.get(index + 1).map_or(body.end, |next| next.heading.start);
        Span::new(body.start, next.clamp(body.start, body.end))
    }

    /// Notes a place; `false` when it was read before.
    fn visit(&mut self, start: usize) -> bool {
        self.visited.insert(start)
    }

    /// The pairs of a region. Outside of what is surely the State section, a block counts only when
    /// one of the workflow's own keys is in it.
    fn region(&mut self, span: Span, is_state: bool) {
        if !self.visit(span.start) {
            return;
        }
        for block in self.outline.markdown().blocks_in(span) {
            let first = self.keys.len();
            match &block.kind {
                BlockKind::Paragraph | BlockKind::List | BlockKind::Quote | BlockKind::IndentedCode => {
                    self.lines(block.span, Form::Line);
                }
                BlockKind::FrontMatter => self.lines(block.span, Form::FrontMatter),
                BlockKind::Fence { info, body, .. } if is_data(info.of(self.outline.text())) => {
                    self.lines(*body, Form::Code);
                }
                BlockKind::Table => self.rows(block.span),
                _ => {}
            }
            let needs_known = !is_state || block.kind == BlockKind::Table;
            if needs_known && !self.keys[first..].iter().any(|key| is_own(&key.name)) {
                self.keys.truncate(first);
            }
        }
    }

    fn lines(&mut self, span: Span, form: Form) {
        let mut level: Option<usize> = None;
        let mut opens_level = false;
        let mut rows = Vec::new();
        for line in self.outline.markdown().lines(span) {
            match line.kind {
                LineKind::Blank | LineKind::Comment | LineKind::FenceEdge => continue,
                LineKind::Code if form == Form::Line => continue,
                LineKind::Row if form == Form::Line => {
                    rows.push(line);
                    continue;
                }
                _ => {}
            }
            if opens_level {
                level = Some(line.indent);
            }
            opens_level = false;
            if level.is_some_and(|level| line.indent > level) {
                continue;
            }
            let first = self.keys.len();
            self.line(line, form);
            if let [key] = &self.keys[first..] {
                opens_level = key.value.is_empty() && is_header(&key.name);
                if opens_level {
                    self.keys.truncate(first);
                }
                level.get_or_insert(line.indent);
            }
        }
        if !rows.is_empty() {
            self.table(&rows);
        }
    }

    fn line(&mut self, line: Line, form: Form) {
        let text = self.outline.text();
        let content = match line.kind {
            LineKind::Item { body, .. } => body,
            LineKind::Code => match crate::markdown::list_marker(line.content.of(text)) {
                Some(marker) => Span::new(line.content.start + marker, line.content.end).trimmed(text),
                None => line.content,
            },
            _ => line.content,
        };
        let is_boxed = content.of(text).starts_with(line::is_box);
        let mut pairs = std::mem::take(&mut self.pairs);
        line::pairs(text, content, &mut pairs);
        for pair in pairs.drain(..) {
            let form = match form {
                _ if pair.shares_line => Form::Shared,
                _ if is_boxed => Form::Boxed,
                form => form,
            };
            self.push(pair, form, line.span);
        }
        self.pairs = pairs;
    }

    fn rows(&mut self, span: Span) {
        let rows: Vec<Line> = self.outline.markdown().lines(span).collect();
        self.table(&rows);
    }

    fn table(&mut self, rows: &[Line]) {
        let text = self.outline.text();
        let Some(header) = rows.first() else { return };
        let names = table::cells(text, header.content, None);
        let has_delimiter = rows.get(1).is_some_and(|row| table::is_delimiter(row.content.of(text)));
        let data = &rows[if has_delimiter { 2 } else { 0 }..];
        let known = names.iter().filter(|name| names::canonical(name.of(text)).is_some()).count();
        if known > 1 {
            let data = if has_delimiter { data } else { &rows[1..] };
            let Some(row) = data.first() else { return };
            let cells = table::cells(text, row.content, Some(names.len()));
            for (name, cell) in names.into_iter().zip(cells) {
                self.cell(name, cell, Form::Column(header.span), row.span);
            }
            return;
        }
        for row in data {
            if let [name, cell, ..] = table::cells(text, row.content, Some(names.len().max(2)))[..] {
                self.cell(name, cell, Form::Row, row.span);
            }
        }
    }

    fn cell(&mut self, name: Span, cell: Span, form: Form, line: Span) {
        let text = self.outline.text();
        let name = crate::document::inline::bare(text, name);
        if name.is_empty() {
            return;
        }
        let pair = Pair { name, from: cell.start, raw: cell, shares_line: false, is_qualified: false };
        self.push(pair, form, line);
        // What the cell says is read again once its pipes are unescaped.
        if cell.of(text).contains("\\|")
            && let Some(key) = self.keys.last_mut()
        {
            let said = table::unescape(cell.of(text));
            let is_word = matches!(&*key.name, names::PHASE | names::STATUS);
            key.value = value::read(&said, Span::new(0, said.len()), is_word).text;
        }
    }

    /// A heading that names a key, with the value in it or below it.
    fn heading(&mut self, index: usize) {
        let section = &self.outline.sections()[index];
        if !self.visit(section.title.start) {
            return;
        }
        let text = self.outline.text();
        let numbered =
            section.title.of(text).trim_start_matches(|c: char| c.is_ascii_digit() || ".) ".contains(c));
        let title = Span::new(section.title.end - numbered.len(), section.title.end);
        let mut pairs = Vec::new();
        line::pairs(text, title, &mut pairs);
        if let [pair] = pairs[..]
            && names::canonical(pair.name.of(text)).is_some()
            && !pair.raw.is_empty()
        {
            self.push(pair, Form::Heading, section.heading);
        } else if title.len() < 80 && names::canonical(title.of(text)).is_some_and(is_own) {
            self.value_below(index, title);
        }
    }

    /// The one line below a heading; or a line `Current: X`.
    fn value_below(&mut self, index: usize, title: Span) {
        const LONGEST: usize = 80;
        let text = self.outline.text();
        let mut pairs = Vec::new();
        let lines = self.outline.markdown().lines(self.own_body(index));
        let mut lines = lines.filter(|line| !matches!(line.kind, LineKind::Comment));
        let mut lines = lines.by_ref().skip_while(|line| line.kind == LineKind::Blank).take(6).peekable();
        let push = |reader: &mut Self, line: Line, raw: Span| {
            let pair = Pair { name: title, from: raw.start, raw, shares_line: false, is_qualified: false };
            reader.push(pair, Form::Body, line.span);
        };
        if let Some(line) = lines.next() {
            let raw = match line.kind {
                LineKind::Item { body, .. } => Some(body),
                LineKind::Text => Some(line.content),
                _ => None,
            };
            let is_alone = lines.peek().is_none_or(|next| {
                matches!(next.kind, LineKind::Blank | LineKind::Break) || next.indent > line.indent
            });
            if let Some(raw) = raw.filter(|raw| is_alone && raw.len() <= LONGEST) {
                line::pairs(text, raw, &mut pairs);
                if pairs.is_empty() {
                    push(self, line, raw);
                    if self.keys.last().is_some_and(|key| !key.value.is_empty()) {
                        return;
                    }
                }
            }
        }
        for line in lines {
            line::pairs(text, line.content, &mut pairs);
            if let Some(pair) = pairs.pop().filter(|pair| pair.name.of(text).eq_ignore_ascii_case("current"))
            {
                self.push(Pair { name: title, ..pair }, Form::Body, line.span);
                return;
            }
        }
    }

    fn push(&mut self, pair: Pair, form: Form, line: Span) {
        let text = self.outline.text();
        let written = pair.name.of(text);
        let canonical = names::canonical(written);
        let is_word = canonical.is_some_and(|name| matches!(name, names::PHASE | names::STATUS));
        let mut read = value::read(text, pair.raw, is_word);
        if pair.raw.is_empty() {
            let gap = usize::from(text[pair.from..line.end.max(pair.from)].starts_with(' '));
            read.span = Span::empty(if form == Form::Row { pair.raw.start } else { pair.from + gap });
            read.whole = read.span;
            read.prose = read.span;
        }
        self.keys.push(StateKey {
            name: canonical.map_or_else(|| crate::document::inline::plain(written), str::to_owned),
            value: read.text,
            value_span: read.span,
            name_span: pair.name,
            place: Place { form, line, from: pair.from, whole: read.whole, prose: read.prose },
        });
    }
}

fn is_open(section: &Section) -> bool {
    matches!(section.role, Role::State | Role::Other)
}

/// Whether a fence may hold keys.
fn is_data(info: &str) -> bool {
    let language = info.split([' ', '{', ',']).next().unwrap_or_default().to_ascii_lowercase();
    matches!(
        &*language,
        "" | "yaml" | "yml" | "text" | "txt" | "plaintext" | "plain" | "ini" | "properties" | "toml"
    )
}

/// Phase, Status or CurrentItem.
fn is_own(name: &str) -> bool {
    matches!(name, names::PHASE | names::STATUS | names::CURRENT_ITEM)
}

/// `State:` with the keys indented below.
fn is_header(name: &str) -> bool {
    let plain = title::normal(name);
    matches!(title::exact(&plain), Some((Role::State, 0)))
        || matches!(&*plain, "workflow" | "current" | "session")
}
