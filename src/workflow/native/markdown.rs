//! The Markdown form: front matter, then `## Phase 1: Title` with its text, `### Task 1.1: Title`, and
//! `### Gate` with a list.

use super::convert;
use crate::{
    markdown::{BlockKind, Heading, Line, LineKind, Markdown},
    text::{LineIndex, Span, nearest},
    workflow::{
        boxes::named_boxes,
        bundle::{Bundle, SourceFile},
        fault::Fault,
        gate_line::{self, GateLine},
        model::{Condition, Definition, Field, FieldType, Form, Gate, Guidance, Next, Phase, Place, Task},
        parts,
        published::Document,
        shape::{self, UnknownNames},
        tree::{self, LARGEST, Node},
    },
};

/// Reads a file; the definition when there is enough of it to be judged further.
pub(super) fn read(bundle: &Bundle, file: &SourceFile) -> (Option<Definition>, Vec<Fault>) {
    let whole = Place { file: file.path.clone(), line: 0, column: 0 };
    if file.text.len() > LARGEST {
        let message = format!("it has {} bytes; {LARGEST} are the most", file.text.len());
        return (None, vec![Fault::error("too-large", whole, message)]);
    }
    if file.text.contains('\0') {
        return (None, vec![Fault::error("not-text", whole, "it has NUL bytes in it")]);
    }
    let markdown = Markdown::parse(&file.text);
    let mut reader = Reader::new(file, &markdown);
    let head = reader.front_matter();
    let phases = reader.phases();
    let mut faults = reader.faults;
    let Some((document, node, more)) = head else { return (None, faults) };
    faults.extend(more);
    let head = match document {
        Some(document) => {
            faults.extend(convert::input_faults(&document, &node, &file.path));
            convert::head(&document, &node, bundle, Form::Markdown)
        }
        // What is wrong below the front matter is said as well.
        None => convert::rough_head(&node, bundle, Form::Markdown),
    };
    (Some(Definition { phases, ..head }), faults)
}

/// A heading and what stands under it, up to the next one that matters.
struct Section {
    kind: SectionKind,
    heading: Heading,
    body: Span,
}

enum SectionKind {
    Phase(u32, String),
    Task(String),
    Gate,
}

struct Reader<'t> {
    file: &'t SourceFile,
    markdown: &'t Markdown<'t>,
    index: LineIndex<'t>,
    faults: Vec<Fault>,
}

impl<'t> Reader<'t> {
    fn new(file: &'t SourceFile, markdown: &'t Markdown<'t>) -> Self {
        Self { file, markdown, index: LineIndex::new(&file.text), faults: Vec::new() }
    }

    /// What the front matter says; the document when nothing is wrong with it.
    fn front_matter(&mut self) -> Option<(Option<Document>, Node, Vec<Fault>)> {
        let text = &self.file.text;
        let block = self.markdown.blocks().iter().find(|block| block.kind == BlockKind::FrontMatter);
        let Some(block) = block.filter(|block| text[block.span.start..].starts_with("---")) else {
            let fault = Fault::error("no-front-matter", self.place(0), "it does not begin with front matter");
            self.faults.push(
                fault.with_hint(
                    "write `id:`, `version:`, `name:` and `description:` between two lines of `---`",
                ),
            );
            return None;
        };
        // The fences become comments, so that lines are counted as in the file.
        let inner = block.span.of(text).trim_end();
        let yaml = inner
            .strip_prefix("---")
            .and_then(|inner| inner.strip_suffix("---").or_else(|| inner.strip_suffix("...")));
        let before = "\n".repeat(text[..block.span.start].matches('\n').count());
        match tree::read_yaml(&format!("{before}#{}", yaml.unwrap_or_default())) {
            Ok(node) => {
                let (document, mut faults) =
                    shape::decode::<Document>(&node, &self.file.path, UnknownNames::Refused);
                if let Some(phases) = node.get("phases") {
                    let place = shape::place(&self.file.path, phases);
                    let fault = Fault::error(
                        "phases-twice",
                        place,
                        "the phases of a Markdown definition are its headings",
                    );
                    faults.push(fault.with_hint("write `## Phase 1: Title` below the front matter"));
                }
                Some((document, node, faults))
            }
            Err(error) => {
                self.faults.push(shape::syntax_fault("not-yaml", &self.file.path, "YAML", &error));
                None
            }
        }
    }

    fn phases(&mut self) -> Vec<Phase> {
        let mut phases: Vec<Phase> = Vec::new();
        for section in self.sections() {
            match section.kind {
                SectionKind::Phase(number, ref title) => {
                    let phase = self.phase(number, title, &section);
                    phases.push(phase);
                }
                SectionKind::Task(ref title) => {
                    let text = trimmed(section.body.of(&self.file.text));
                    let Some(phase) = phases.last_mut() else { continue };
                    let number = u32::try_from(phase.tasks.len() + 1).unwrap_or(u32::MAX);
                    phase.tasks.push(Task {
                        number,
                        id: format!("{}.{number}", phase.number),
                        title: title.clone(),
                        text: text.to_owned(),
                        steps: parts::steps(text),
                        estimated_time: None,
                        dependencies: Vec::new(),
                        criteria: Vec::new(),
                    });
                }
                SectionKind::Gate => {
                    let gate = self.gate(section.body);
                    let is_second = phases.last().is_some_and(|phase| !phase.gate.is_open());
                    if is_second {
                        self.error(
                            section.heading.text.start,
                            "duplicate-gate",
                            "this phase has a gate already",
                        );
                    } else if let Some(phase) = phases.last_mut() {
                        phase.gate = gate;
                    }
                }
            }
        }
        phases
    }

    /// The headings that structure the file. Others are part of the author's text.
    fn sections(&mut self) -> Vec<Section> {
        let text = &self.file.text;
        let headings: Vec<(Span, Heading)> = self.markdown.headings().collect();
        let mut sections: Vec<Section> = Vec::new();
        let mut phase_level = None;
        for (span, heading) in headings {
            let words = parts::plain(heading.text.of(text));
            let kind = self.kind_of(&words, heading, phase_level);
            let Some(kind) = kind else {
                self.gate_goes_on(sections.last(), heading, &words);
                continue;
            };
            if matches!(kind, SectionKind::Phase(..)) {
                phase_level.get_or_insert(heading.level);
            }
            if let Some(last) = sections.last_mut() {
                last.body.end = span.start;
            }
            sections.push(Section { kind, heading, body: Span::new(span.end, text.len()) });
        }
        sections
    }

    fn kind_of(&mut self, words: &str, heading: Heading, phase_level: Option<u8>) -> Option<SectionKind> {
        let at = heading.text.start;
        let first = words.split_whitespace().next().unwrap_or_default();
        if let Some((number, title)) = parts::numbered_phase(words) {
            return Some(SectionKind::Phase(number, title));
        }
        let Some(phase_level) = phase_level else {
            // Before the first phase stands what is for people: a title, an introduction.
            if nearest(first, ["Phase"]).is_some() {
                self.misspelt(at, words, "## Phase 1: Title");
            }
            return None;
        };
        if heading.level <= phase_level {
            self.misspelt(at, words, "## Phase 1: Title");
            return None;
        }
        if words.eq_ignore_ascii_case("gate") {
            return Some(SectionKind::Gate);
        }
        if let Some((_, title)) = parts::numbered_task(words) {
            return Some(SectionKind::Task(title));
        }
        let is_short = words.split_whitespace().count() == 1;
        if is_short && nearest(words, ["Gate"]).is_some() || words.eq_ignore_ascii_case("gates") {
            self.misspelt(at, words, "### Gate");
        } else if nearest(first, ["Task"]).is_some() && words.contains(|c: char| c.is_ascii_digit()) {
            self.misspelt(at, words, "### Task 1.1: Title");
        }
        None
    }

    /// Text under another heading behind the gate would be lost.
    fn gate_goes_on(&mut self, last: Option<&Section>, heading: Heading, words: &str) {
        if last.is_some_and(|section| matches!(section.kind, SectionKind::Gate)) {
            let message = format!("\"{words}\" stands behind the gate, where nothing is delivered");
            self.error(heading.text.start, "text-behind-gate", &message);
        }
    }

    fn misspelt(&mut self, at: usize, words: &str, form: &str) {
        let place = self.place(at);
        let message = format!("the heading \"{words}\" is no phase, task or gate");
        self.faults
            .push(Fault::error("unknown-heading", place, message).with_hint(format!("write `{form}`")));
    }

    fn phase(&mut self, number: u32, title: &str, section: &Section) -> Phase {
        let (when, next, start) = self.attributes(section.body);
        let text = trimmed(&self.file.text[start..section.body.end]).to_owned();
        Phase {
            number,
            id: None,
            title: title.to_owned(),
            text,
            is_template: true,
            tasks: Vec::new(),
            gate: Gate::default(),
            when,
            next,
            guidance: Guidance::default(),
            place: self.place(section.heading.text.start),
        }
    }

    /// ``When: `condition` `` and `Next: 2, 4` right below the heading of a phase; where its text begins.
    fn attributes(&mut self, body: Span) -> (Option<Condition>, Next, usize) {
        let text = &self.file.text;
        let (mut when, mut next, mut start) = (None, Next::Following, body.start);
        for line in self.markdown.lines(body) {
            let content = line.content.of(text);
            let (name, value) = content.split_once(':').unwrap_or((content, ""));
            let value = value.trim();
            match (line.kind, name) {
                (LineKind::Blank, _) => continue,
                (LineKind::Text, "When") if value.starts_with('`') => {
                    let source = value.trim_matches('`').trim();
                    let at = line.content.start + content.find(source).unwrap_or(0);
                    when = Some(Condition { source: source.to_owned(), place: self.place(at) });
                }
                (LineKind::Text, "Next") => match next_of(value) {
                    Some(found) => next = found,
                    // A sentence that begins with "Next:" is the author's.
                    None => {
                        if is_meant_as_next(value) {
                            let place = self.place(line.content.start);
                            let message =
                                format!("`{content}` is no way to other phases, so it is read as text");
                            let fault = Fault::warning("bad-next", place, message);
                            self.faults.push(fault.with_hint(
                                "write the numbers of phases, `Next: 2, 4`, or `Next: end` alone",
                            ));
                        }
                        break;
                    }
                },
                _ => break,
            }
            start = line.span.end;
        }
        (when, next, start)
    }

    fn gate(&mut self, body: Span) -> Gate {
        let mut gate = Gate::default();
        let mut boxes = Vec::new();
        for (at, line, has_box) in self.gate_lines(body) {
            let place = self.place(at);
            match gate_line::read(&line, &place) {
                Ok(GateLine::Field(field)) => gate.fields.push(field),
                Ok(GateLine::Command(command)) => gate.commands.push(command),
                Ok(GateLine::Rule(rule)) => gate.rules.push(rule),
                Ok(GateLine::Approval(approval)) => gate.approval = Some(approval),
                Ok(GateLine::Lenient(lenient)) => gate.lenient = lenient,
                Ok(GateLine::Box) if has_box => boxes.push((line, place)),
                Ok(GateLine::Box) => {
                    let fault =
                        Fault::error("bad-gate-line", place, "this line of the gate is not understood");
                    self.faults.push(fault.with_hint("write `- [ ]` before a thing to see to"));
                }
                Err(error) => {
                    // What speaks of the field elsewhere is not wrong as well.
                    gate.fields.extend(gate_line::field_name(&line).map(|name| any_field(name, &place)));
                    let place = gate_line::shifted(&place, &line, error.at);
                    let fault = Fault::error(error.code, place, error.message);
                    self.faults.push(fault.with_optional_hint(error.hint));
                }
            }
        }
        gate.boxes = named_boxes(boxes);
        gate
    }

    /// The items of a gate, wrapped lines joined: where each begins, its words, whether it has a box.
    fn gate_lines(&mut self, body: Span) -> Vec<(usize, String, bool)> {
        let text = &self.file.text;
        let mut items: Vec<(usize, String, bool)> = Vec::new();
        let mut stray: Vec<Line> = Vec::new();
        for line in self.markdown.lines(body) {
            match line.kind {
                LineKind::Blank | LineKind::Comment | LineKind::Break => {}
                LineKind::Item { body, check, .. } => {
                    items.push((body.start, body.of(text).to_owned(), check.is_some()));
                }
                LineKind::Text if line.indent > 0 && !items.is_empty() => {
                    if let Some((_, words, _)) = items.last_mut() {
                        words.push(' ');
                        words.push_str(line.content.of(text));
                    }
                }
                _ => stray.push(line),
            }
        }
        for line in stray.iter().take(20) {
            let place = self.place(line.content.start);
            let fault = Fault::error("bad-gate-line", place, "a gate is a list, and this is no item of it");
            self.faults.push(fault.with_hint("write it as `- [ ] …`, or put it into the phase's text"));
        }
        items
    }

    fn place(&self, at: usize) -> Place {
        let found = self.index.line_column(at);
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place { file: self.file.path.clone(), line: narrow(found.line), column: narrow(found.column) }
    }

    fn error(&mut self, at: usize, code: &'static str, message: &str) {
        let place = self.place(at);
        self.faults.push(Fault::error(code, place, message));
    }
}

/// A field of a definition that is refused anyway.
fn any_field(name: &str, place: &Place) -> Field {
    Field {
        name: name.to_owned(),
        kind: FieldType::Any,
        optional: false,
        checks: Vec::new(),
        description: String::new(),
        place: place.clone(),
    }
}

/// `2`, `2, 4`, `end`.
fn next_of(value: &str) -> Option<Next> {
    if value.eq_ignore_ascii_case("end") {
        return Some(Next::End);
    }
    let numbers: Option<Vec<u32>> = value.split(',').map(|number| number.trim().parse().ok()).collect();
    numbers.map(Next::OneOf)
}

/// Whether an author who wrote this behind `Next:` probably meant phases.
fn is_meant_as_next(value: &str) -> bool {
    let first = value.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    first.eq_ignore_ascii_case("end") || (!first.is_empty() && first.bytes().all(|b| b.is_ascii_digit()))
}

/// Without blank lines at both ends, and with the line end of the last one.
fn trimmed(text: &str) -> &str {
    let text = text.trim_end();
    let start = text.len() - text.trim_start().len();
    // The indentation of the first line is the author's.
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    &text[line..]
}
