//! Writing keys: in the place and decoration they have, or in the syntax of their neighbours.

use super::{
    StateKey, WorkflowState, names,
    read::{Form, Place},
    value,
};
use crate::{
    document::{Role, Section, body::insert_lines, inline, table, title},
    markdown::LineKind,
    text::{Patch, Revision, Span, TextEdit},
};

pub(super) fn set(state: &WorkflowState<'_>, name: &str, value: &str) -> Vec<TextEdit> {
    let value = inline::one_line(value);
    if let Some(key) = state.key(name) {
        return if key.value == value { Vec::new() } else { replace(state, key, &value) };
    }
    let name = name.trim();
    match state.keys.iter().rev().find(|key| same_source(state, key)) {
        Some(neighbour) => add(state, neighbour, name, &value),
        None => add_first(state, name, &value),
    }
}

/// Whether a key stands where the first one does; duplicates further down are no neighbours.
fn same_source(state: &WorkflowState<'_>, key: &StateKey) -> bool {
    let source = |key: &StateKey| {
        let line = key.place.line;
        let holds = |section: &&Section| section.heading == line || section.body.covers(line);
        state.outline.sections().iter().rev().find(holds).map(|section| section.heading)
    };
    let is_below = |key: &StateKey| matches!(key.place.form, Form::Body);
    state.keys.first().is_some_and(|first| source(first) == source(key) || (is_below(first) && is_below(key)))
}

/// Replaces a value inside its decoration; where that would not be read back as it was meant,
/// without the decoration, or in quotes.
fn replace(state: &WorkflowState<'_>, key: &StateKey, new: &str) -> Vec<TextEdit> {
    let text = state.outline.text();
    let Place { form, line, from, whole, prose } = key.place;
    let is_cell = matches!(form, Form::Row | Form::Column(_));
    let encode = |value: String| if is_cell { value.replace('|', "\\|") } else { value };
    let gap = if whole.is_empty() && !text[from..whole.start].contains(' ') && !is_cell { " " } else { "" };
    // A comment, or another key, right behind nothing.
    let is_followed = text[whole.end..line.end].starts_with(|c: char| c == '#' || c.is_alphanumeric());
    let tail = if whole.is_empty() && is_followed { " " } else { "" };
    let shared_run = form == Form::Shared && text[..whole.start].ends_with([':', '：']);
    let gap = if shared_run { "" } else { gap };
    let inside = |said: String| {
        let mut edits = vec![TextEdit::replace(key.value_span, format!("{gap}{}{tail}", encode(said)))];
        edits.extend((!prose.is_empty()).then(|| TextEdit::delete(prose)));
        edits
    };
    let outside = |said: String| vec![TextEdit::replace(whole, format!("{gap}{}{tail}", encode(said)))];
    let is_quoted = whole.start < key.value_span.start
        && text[..key.value_span.start].ends_with(['"', '\''])
        && text[key.value_span.end..].starts_with(['"', '\'']);
    let candidates: [&dyn Fn() -> Vec<TextEdit>; 4] = [
        &|| if is_quoted { inside(value::escape(new)) } else { inside(new.to_owned()) },
        &|| if is_quoted { outside(value::quote(new)) } else { inside(value::quote(new)) },
        &|| outside(new.to_owned()),
        &|| outside(value::quote(new)),
    ];
    let read_back = |edits: &[TextEdit]| probe(text, form, line, edits, &key.name, new);
    let fits = candidates.iter().map(|candidate| candidate()).find(|edits| read_back(edits));
    let edits = fits.unwrap_or_else(|| outside(value::quote(new)));
    match form {
        Form::Boxed => keep_width(text, line, edits),
        Form::Row | Form::Column(_) if whole.is_empty() || edits.len() == 1 => pad_cell(text, edits),
        _ => edits,
    }
}

/// Whether `line` after `edits` says `name: value` in a file of its own.
fn probe(text: &str, form: Form, line: Span, edits: &[TextEdit], name: &str, value: &str) -> bool {
    let shifted = edits.iter().map(|edit| {
        let span = Span::new(edit.span.start - line.start, edit.span.end - line.start);
        TextEdit::replace(span, edit.new_text.clone())
    });
    let old = line.of(text);
    let new = Patch::new(Revision::of(old), shifted.collect()).ok().and_then(|patch| patch.apply(old).ok());
    new.is_some_and(|new| {
        let other = if let Form::Column(header) = form { Some(header.of(text)) } else { None };
        says(form, &new, other, name, value)
    })
}

/// Whether a line in this syntax says `name: value`.
fn says(form: Form, line: &str, header: Option<&str>, name: &str, value: &str) -> bool {
    let line = line.trim_end_matches(['\r', '\n']);
    let known = if names::same(name, names::PHASE) { "Status" } else { "Phase" };
    let sample = match form {
        Form::Line | Form::Shared => format!("## State\n{}\n", line.trim_start()),
        Form::Code | Form::Boxed => format!("## State\n~~~~~~~~yaml\n{}\n~~~~~~~~\n", line.trim_start()),
        Form::FrontMatter => format!("---\n{}\n{known}: X\n---\n", line.trim_start()),
        Form::Row => format!("## State\n| k | v |\n|---|---|\n{line}\n| {known} | X |\n"),
        Form::Column(_) => format!("## State\n{}\n{line}\n", header.unwrap_or_default().trim_end()),
        Form::Heading => format!("{line}\n"),
        Form::Body => format!("## {name}\n\n{line}\n"),
    };
    let state = WorkflowState::parse(&sample);
    match state.key(name) {
        Some(_) if value::is_null(value) => state.value(name).is_none(),
        Some(key) => key.value == value,
        None => false,
    }
}

/// Takes from or gives to the white space in front of a drawn box's right side.
fn keep_width(text: &str, line: Span, mut edits: Vec<TextEdit>) -> Vec<TextEdit> {
    let Some(last) = edits.last_mut() else { return edits };
    let behind = &text[last.span.end..line.end];
    let padding = behind.len() - behind.trim_start_matches(' ').len();
    if behind[padding..].starts_with(super::line::is_box) && padding > 0 {
        let width = last.span.of(text).chars().count() + padding;
        let room = width.saturating_sub(1);
        last.new_text = format!("{:<room$} ", last.new_text.trim_end());
        last.span.end += padding;
    }
    edits
}

fn pad_cell(text: &str, edits: Vec<TextEdit>) -> Vec<TextEdit> {
    let padded = edits.into_iter().map(|edit| table::replace_cell(text, edit.span, &edit.new_text));
    padded.collect()
}

/// Adds a key behind `neighbour`, in its syntax.
fn add(state: &WorkflowState<'_>, neighbour: &StateKey, name: &str, new: &str) -> Vec<TextEdit> {
    let text = state.outline.text();
    let end = inline::line_end(text);
    let Place { form, line, .. } = neighbour.place;
    let written = in_case_of(state, name);
    match form {
        Form::Shared => add_shared(text, neighbour, &written, new),
        Form::Row => {
            let cells = |said: &str| {
                let name = like_decorated(text, neighbour, &written);
                table::row(line.of(text), &[name, said.replace('|', "\\|")])
            };
            let row = verified(form, name, new, cells);
            vec![insert_lines(text, line.end, &[row], end)]
        }
        Form::Heading if is_own(name) => {
            let level = text[line.start..].trim_start().chars().take_while(|&c| c == '#').count().max(2);
            let heading =
                verified(form, name, new, |said| format!("{} {written}: {said}", "#".repeat(level)));
            vec![insert_lines(text, line.end, &[heading], end)]
        }
        Form::Body if is_own(name) => add_below_heading(state, neighbour, &written, new),
        Form::Column(_) => {
            let rows = state.outline.markdown().lines(Span::new(line.start, text.len()));
            let at =
                rows.take_while(|row| row.kind == LineKind::Row).last().map_or(line.end, |row| row.span.end);
            let below = verified(Form::Line, name, new, |said| format!("- {written}: {said}"));
            vec![insert_lines(text, at, &[String::new(), below], end)]
        }
        Form::Heading | Form::Body => add_first(state, name, new),
        Form::Line | Form::Code | Form::FrontMatter | Form::Boxed => {
            let new_line = verified(form, name, new, |said| line_like(text, neighbour, &written, said));
            let at = if form == Form::Line { behind_children(state, line) } else { line.end };
            vec![insert_lines(text, at, &[new_line], end)]
        }
    }
}

/// The line that `write` makes of the value, in quotes where it would not be read back otherwise.
fn verified(form: Form, name: &str, new: &str, write: impl Fn(&str) -> String) -> String {
    let plain = write(new);
    if says(form, &plain, None, name, new) { plain } else { write(&value::quote(new)) }
}

/// A line in the decoration of `neighbour`'s.
fn line_like(text: &str, neighbour: &StateKey, name: &str, said: &str) -> String {
    let Place { form, line, from, whole, .. } = neighbour.place;
    let before = &text[line.start..neighbour.name_span.start];
    let before = without_pictures(before);
    let mut between = text[neighbour.name_span.end..from].to_owned();
    between.push_str(text[from..whole.start].get(..1).unwrap_or(" "));
    if !between.ends_with(char::is_whitespace) {
        between.push(' ');
    }
    let opened: String = before.chars().rev().take_while(|c| matches!(c, '*' | '_' | '`')).collect();
    let behind = text[whole.end..line.end].trim_end_matches(['\r', '\n']);
    let closed = !opened.is_empty() && !between.contains(&*opened) && behind.starts_with(&*opened);
    let hard_break = if behind.ends_with("  ") { "  " } else { "" };
    let mut new = format!("{before}{name}{between}{said}");
    if form == Form::Boxed {
        let width = text[line.start..whole.end].chars().count() + behind.trim_end().chars().count();
        let side: String = behind.trim().chars().filter(|&c| super::line::is_box(c)).collect();
        let room = width.saturating_sub(side.chars().count());
        return format!("{new:<room$}{side}");
    }
    if closed {
        new.push_str(&opened);
    }
    new.push_str(hard_break);
    new
}

/// What stands in front of a key, without a picture that is the key's own.
fn without_pictures(before: &str) -> String {
    let Some(start) = before.find(inline::is_picture) else { return before.to_owned() };
    let rest = before[start..].trim_start_matches(|c: char| inline::is_picture(c) || c == ' ');
    format!("{}{rest}", &before[..start])
}

/// Behind the lines that are indented below `line`.
fn behind_children(state: &WorkflowState<'_>, line: Span) -> usize {
    let lines = state.outline.markdown().lines(Span::new(line.start, state.outline.text().len()));
    let mut lines = lines.peekable();
    let Some(own) = lines.next() else { return line.end };
    if !matches!(own.kind, LineKind::Item { .. }) {
        return line.end;
    }
    let children = lines.take_while(|below| {
        below.indent > own.indent && !matches!(below.kind, LineKind::Blank | LineKind::Heading)
    });
    children.last().map_or(line.end, |last| last.span.end)
}

/// `Phase:X Status:Y` gets ` Name:value` behind the last pair.
fn add_shared(text: &str, neighbour: &StateKey, name: &str, new: &str) -> Vec<TextEdit> {
    let Place { line, from, whole, .. } = neighbour.place;
    let is_run = from == whole.start && !text[neighbour.name_span.end..].starts_with(['*', ' ']);
    let at = whole.end.max(from);
    let separator = if is_run { " " } else { separator_before(text, line, neighbour) };
    let between = &text[neighbour.name_span.end..whole.start.max(from)];
    let opened: String = text[..neighbour.name_span.start]
        .chars()
        .rev()
        .take_while(|c| matches!(c, '*' | '_' | '`'))
        .collect();
    let mut new_text = format!("{separator}{opened}{name}{between}");
    let plain = format!("{new_text}{new}");
    let says_so = |addition: &str| {
        let mut line_text = line.of(text).to_owned();
        line_text.insert_str(at - line.start, addition);
        says(Form::Shared, &line_text, None, name, new)
    };
    if says_so(&plain) {
        return vec![TextEdit::insert(at, plain)];
    }
    new_text.push_str(&value::quote(new));
    vec![TextEdit::insert(at, new_text)]
}

/// What stands between the last two pairs of a line.
fn separator_before(text: &str, line: Span, neighbour: &StateKey) -> &'static str {
    let before = text[line.start..neighbour.name_span.start].trim_end_matches(['*', '_', '`']);
    [" | ", " · ", ", ", "; "].into_iter().find(|separator| before.ends_with(separator)).unwrap_or(", ")
}

/// A heading of the neighbour's level behind its section, with the value below.
fn add_below_heading(
    state: &WorkflowState<'_>,
    neighbour: &StateKey,
    name: &str,
    new: &str,
) -> Vec<TextEdit> {
    let text = state.outline.text();
    let sections = state.outline.sections();
    let Some(section) = sections.iter().rev().find(|section| section.body.covers(neighbour.place.line))
    else {
        return add_first(state, name, new);
    };
    let said = verified(Form::Body, name, new, str::to_owned);
    let heading = format!("{} {name}", "#".repeat(section.level.into()));
    let body = section.body.of(text);
    let used = section.body.start + body.trim_end().len();
    let has_gap = body.starts_with(['\n', '\r']);
    let mut lines = vec![String::new(), heading];
    lines.extend(has_gap.then(String::new));
    lines.push(said);
    let at = neighbour.place.line.end.max(used);
    let at = text[at..]
        .find('\n')
        .map_or(text.len(), |end| if text[..at].ends_with('\n') { at } else { at + end + 1 });
    vec![insert_lines(text, at, &lines, inline::line_end(text))]
}

/// The first key of a file without any, or whose syntax takes no other.
fn add_first(state: &WorkflowState<'_>, name: &str, new: &str) -> Vec<TextEdit> {
    let outline = &state.outline;
    let text = outline.text();
    let line = verified(Form::Line, name, new, |said| format!("- {name}: {said}"));
    let is_state = |section: &&Section| is_own(name) || title::role(section.title.of(text)).1 == 0;
    if let Some(section) = outline.section(Role::State).filter(is_state) {
        // Not into a section below it.
        let below = outline.sections().iter().map(|inner| inner.heading.start);
        let next = below.filter(|&start| start >= section.body.start).min();
        let mut own = section.clone();
        own.body.end = next.unwrap_or(own.body.end).min(own.body.end);
        let edits = outline.append(&own, &line);
        if is_read(text, &edits, name, new) {
            return edits;
        }
        // What stands there takes no key: a table of something else, say.
        let at = section.body.start;
        return vec![insert_lines(text, at, &[line, String::new()], inline::line_end(text))];
    }
    let first = outline.sections().iter().find(|section| section.level > 1);
    let Some(first) = first else { return outline.add_section("State", &line) };
    let lines = [format!("{} State", "#".repeat(first.level.into())), line, String::new()];
    vec![insert_lines(text, first.heading.start, &lines, inline::line_end(text))]
}

/// Whether the edits give the key its value.
fn is_read(text: &str, edits: &[TextEdit], name: &str, new: &str) -> bool {
    let patch = Patch::new(Revision::of(text), edits.to_vec());
    let after = patch.ok().and_then(|patch| patch.apply(text).ok());
    after.is_some_and(|after| WorkflowState::parse(&after).key(name).is_some_and(|key| key.value == new))
}

fn is_own(name: &str) -> bool {
    names::canonical(name).is_some_and(|name| name != names::LAST_UPDATED)
}

/// `name` as the file would spell it: `current_item` among lower-case keys.
fn in_case_of(state: &WorkflowState<'_>, name: &str) -> String {
    let text = state.outline.text();
    let mut written = state.keys.iter().map(|key| key.name_span.of(text)).peekable();
    let is_lower =
        written.peek().is_some() && written.all(|name| !name.contains(char::is_uppercase) && name.is_ascii());
    if !is_lower {
        return name.to_owned();
    }
    let mut lower = String::with_capacity(name.len() + 2);
    let mut previous = '_';
    for c in name.chars() {
        if c.is_uppercase() && previous.is_lowercase() {
            lower.push('_');
        }
        lower.extend(if c == ' ' { '_' } else { c }.to_lowercase());
        previous = c;
    }
    lower
}

/// `name` in the decoration that the neighbour's cell has.
fn like_decorated(text: &str, neighbour: &StateKey, name: &str) -> String {
    let span = neighbour.name_span;
    let opened: String =
        text[..span.start].chars().rev().take_while(|c| matches!(c, '*' | '_' | '`')).collect();
    let closed: String = text[span.end..].chars().take_while(|c| matches!(c, '*' | '_' | '`')).collect();
    format!("{opened}{name}{closed}")
}
