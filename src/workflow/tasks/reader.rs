//! From lines to phases and tasks.

use super::{
    SpecPhase, SpecTask,
    sign::{self, Key, Sign, sign},
};
use crate::{
    markdown::{Line, LineKind, Markdown},
    text::{LineIndex, Span},
    workflow::{
        boxes::named_boxes,
        fault::Fault,
        model::{Criterion, Place},
        parts::{bare_task, plain},
    },
};
use std::collections::{BTreeMap, HashSet};

/// Reads all phases, in the order of their numbers, and what was not understood.
pub(super) fn read(file: &str, text: &str) -> (Vec<SpecPhase>, Vec<Fault>) {
    let markdown = Markdown::parse(text);
    let lines: Vec<Signed> = markdown
        .lines(Span::new(0, text.len()))
        .map(|line| Signed { sign: sign(&line, text), level: 0, line })
        .collect();
    let mut reader = Reader::new(file, text, lines);
    for (span, heading) in markdown.headings() {
        let first = reader.lines.partition_point(|signed| signed.line.span.start < span.start);
        if let Some(signed) = reader.lines.get_mut(first) {
            signed.level = heading.level;
        }
    }
    reader.run();
    reader.finish()
}

struct Signed {
    line: Line,
    sign: Sign,
    /// Of a heading; 0 for other lines.
    level: u8,
}

/// What the lines at hand belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// The words of a phase or task.
    Words,
    /// Below "Acceptance Criteria".
    Criteria,
    /// Below "Dependencies", when the line itself named none.
    Dependencies,
    /// Below another label.
    Other,
    /// Below the heading of a gate.
    Gate,
}

struct OpenTask {
    task: SpecTask,
    span: Span,
    /// Where its words begin, behind the title.
    words: usize,
    level: u8,
    indent: usize,
    /// What is left out of its description: its criteria, which are delivered by themselves.
    cuts: Vec<Span>,
    /// Items below "Acceptance Criteria" that have no box; criteria when none has.
    unboxed: Vec<Criterion>,
}

struct OpenPhase {
    phase: SpecPhase,
    level: u8,
    text: Span,
    gate: Vec<(String, Place)>,
}

struct Reader<'t> {
    file: &'t str,
    text: &'t str,
    index: LineIndex<'t>,
    lines: Vec<Signed>,
    /// Ids of tasks that have a heading: what names them elsewhere is only a mention.
    headed: HashSet<String>,
    has_headed_phases: bool,
    phases: Vec<OpenPhase>,
    /// Whether the lines at hand belong to the last phase.
    in_phase: bool,
    task: Option<OpenTask>,
    mode: Mode,
    seen: HashSet<String>,
    in_fence: bool,
    faults: Vec<Fault>,
}

impl<'t> Reader<'t> {
    fn new(file: &'t str, text: &'t str, lines: Vec<Signed>) -> Self {
        let is_heading = |signed: &&Signed| signed.line.kind == LineKind::Heading;
        let headed = lines.iter().filter(is_heading).filter_map(|signed| match &signed.sign {
            Sign::Task(id, _) => Some(id.clone()),
            _ => None,
        });
        let has_headed_phases =
            lines.iter().filter(is_heading).any(|signed| matches!(signed.sign, Sign::Phase(..)));
        Self {
            file,
            text,
            index: LineIndex::new(text),
            headed: headed.collect(),
            has_headed_phases,
            lines,
            phases: Vec::new(),
            in_phase: false,
            task: None,
            mode: Mode::Words,
            seen: HashSet::new(),
            in_fence: false,
            faults: Vec::new(),
        }
    }

    fn run(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        for signed in &lines {
            self.end_list_task(signed);
            match &signed.sign {
                Sign::Phase(number, title) if self.is_phase(signed) => {
                    self.begin_phase(*number, title, signed);
                }
                Sign::Task(id, title) if self.is_task(id, signed) => self.begin_task(id, title, signed),
                Sign::Gate(number) => self.begin_gate(*number, signed),
                Sign::Key(key, value) => self.key(*key, value, signed),
                Sign::Label => self.leave_mode(signed, Mode::Other),
                Sign::Heading(words) => self.heading(words, signed),
                _ => match self.bare_task(signed) {
                    Some((id, title)) => self.begin_task(&id, &title, signed),
                    None => self.item(signed),
                },
            }
        }
        self.end_task(self.text.len());
        self.end_phase_text(self.text.len());
    }

    fn is_phase(&self, signed: &Signed) -> bool {
        signed.line.kind == LineKind::Heading || !self.has_headed_phases
    }

    fn is_task(&self, id: &str, signed: &Signed) -> bool {
        let is_heading = signed.line.kind == LineKind::Heading;
        self.mode != Mode::Dependencies && (is_heading || !self.headed.contains(id))
    }

    /// `- [ ] 1.2 Title` right in phase 1 is a task without the word.
    fn bare_task(&self, signed: &Signed) -> Option<(String, String)> {
        let LineKind::Item { check: Some(_), body, .. } = signed.line.kind else { return None };
        let is_beside_tasks = self.task.is_none() && matches!(self.mode, Mode::Words | Mode::Other);
        let open = self.phases.last().filter(|_| self.in_phase && is_beside_tasks)?;
        let task = bare_task(&plain(body.of(self.text)), open.phase.number);
        task.filter(|(id, _)| !self.headed.contains(id))
    }

    fn begin_phase(&mut self, number: u32, title: &str, signed: &Signed) {
        self.end_task(signed.line.span.start);
        self.end_phase_text(signed.line.span.start);
        let phase = SpecPhase {
            number,
            title: title.to_owned(),
            description: None,
            duration: None,
            text: String::new(),
            tasks: Vec::new(),
            gate: Vec::new(),
            place: self.place(signed),
        };
        // A phase that is no heading ends where any heading begins.
        let level = if signed.level == 0 { 6 } else { signed.level };
        let text = Span::empty(signed.line.span.end);
        self.phases.push(OpenPhase { phase, level, text, gate: Vec::new() });
        self.in_phase = true;
        self.mode = Mode::Words;
    }

    fn begin_task(&mut self, id: &str, title: &str, signed: &Signed) {
        self.end_task(signed.line.span.start);
        self.end_phase_text(signed.line.span.start);
        if !self.in_phase {
            return self.warn(
                "task-outside",
                signed,
                format!("task {id} stands in no phase; it is not read"),
            );
        }
        if !self.seen.insert(id.to_owned()) {
            return self.warn(
                "duplicate-task",
                signed,
                format!("there is a task {id} already; this one is not read"),
            );
        }
        let task = SpecTask {
            id: id.to_owned(),
            title: title.to_owned(),
            text: String::new(),
            description: String::new(),
            estimated_time: None,
            dependencies: Vec::new(),
            criteria: Vec::new(),
            place: self.place(signed),
        };
        self.task = Some(OpenTask {
            task,
            span: Span::empty(signed.line.span.start),
            words: signed.line.span.end,
            level: signed.level,
            indent: signed.line.indent,
            cuts: Vec::new(),
            unboxed: Vec::new(),
        });
        self.mode = Mode::Words;
    }

    /// A task that is a list item ends where another item of its list, or text beside it, begins.
    fn end_list_task(&mut self, signed: &Signed) {
        let Some(task) = &self.task else { return };
        let is_beside = match signed.line.kind {
            LineKind::Item { .. } | LineKind::Text => signed.line.indent <= task.indent,
            _ => false,
        };
        let is_list_task = task.level == 0 && self.lines_item(task);
        if is_list_task && is_beside && signed.line.span.start > task.span.start {
            self.end_task(signed.line.span.start);
        }
    }

    /// Whether the task began as a list item.
    fn lines_item(&self, task: &OpenTask) -> bool {
        let rest = self.text[task.span.start..].trim_start();
        crate::markdown::list_marker(rest.lines().next().unwrap_or_default()).is_some()
    }

    fn begin_gate(&mut self, number: Option<u32>, signed: &Signed) {
        self.end_task(signed.line.span.start);
        self.end_phase_text(signed.line.span.start);
        let own = self.phases.last().map(|open| open.phase.number);
        let known = number.is_none_or(|number| self.phases.iter().any(|open| open.phase.number == number));
        if own.is_none() || !known || (!self.in_phase && number.is_none()) {
            self.warn("gate-outside", signed, "this gate belongs to no phase; it is not read".to_owned());
            return self.mode = Mode::Other;
        }
        if let Some(number) = number.filter(|number| Some(*number) != own) {
            // A gate that names its phase may stand elsewhere: go on as if that phase were open.
            let at = self.phases.iter().position(|open| open.phase.number == number);
            if let Some(at) = at {
                let phase = self.phases.remove(at);
                self.phases.push(phase);
            }
        }
        self.mode = Mode::Gate;
    }

    fn key(&mut self, key: Key, value: &str, signed: &Signed) {
        let value_or_none = (!value.is_empty()).then(|| value.to_owned());
        self.leave_mode(signed, Mode::Words);
        if let Some(task) = &mut self.task {
            match key {
                Key::Time => task.task.estimated_time = task.task.estimated_time.take().or(value_or_none),
                Key::Dependencies if value.is_empty() => self.mode = Mode::Dependencies,
                Key::Dependencies => task.task.dependencies.extend(sign::dependencies(value)),
                Key::Criteria => {
                    task.cuts.push(Span::empty(signed.line.span.start));
                    self.mode = Mode::Criteria;
                }
                Key::Description => {}
            }
        } else if self.in_phase
            && let Some(open) = self.phases.last_mut()
        {
            let phase = &mut open.phase;
            match key {
                Key::Description => phase.description = phase.description.take().or(value_or_none),
                Key::Time => phase.duration = phase.duration.take().or(value_or_none),
                Key::Dependencies | Key::Criteria => {}
            }
        }
    }

    /// Goes on in another mode; what was cut out of a task's description ends here.
    fn leave_mode(&mut self, signed: &Signed, next: Mode) {
        self.close_cut(signed.line.span.start);
        self.mode = next;
    }

    fn close_cut(&mut self, at: usize) {
        if self.mode == Mode::Criteria
            && let Some(cut) = self.task.as_mut().and_then(|task| task.cuts.last_mut())
        {
            cut.end = at;
        }
    }

    fn heading(&mut self, words: &str, signed: &Signed) {
        let phase_level = self.phases.last().map_or(0, |open| open.level);
        let ends_phase = self.in_phase && signed.level <= phase_level;
        let ends_task = self.task.as_ref().is_some_and(|task| task.level == 0 || signed.level <= task.level);
        if ends_phase || ends_task {
            self.end_task(signed.line.span.start);
            self.end_phase_text(signed.line.span.start);
        }
        self.leave_mode(signed, Mode::Other);
        if ends_phase {
            self.in_phase = false;
        }
        if self.task.is_none() && !self.phases.is_empty() {
            self.note(
                signed,
                format!("the heading \"{words}\" is no phase, task or gate; what is below it is not read"),
            );
        }
    }

    fn item(&mut self, signed: &Signed) {
        let LineKind::Item { check, body, .. } = signed.line.kind else { return self.other(signed) };
        let text = body.of(self.text).to_owned();
        let done = check.is_some_and(|check| check.ticked);
        match (self.mode, &mut self.task) {
            (Mode::Gate, _) if check.is_some() => {
                let place = self.place(signed);
                if let Some(open) = self.phases.last_mut() {
                    open.gate.push((text, place));
                }
            }
            (Mode::Dependencies, Some(task)) => task.task.dependencies.extend(sign::dependencies(&text)),
            (Mode::Criteria | Mode::Words, Some(task)) if check.is_some() => {
                task.task.criteria.push(Criterion { text, done });
            }
            (Mode::Criteria, Some(task)) => task.unboxed.push(Criterion { text, done }),
            (_, None) if check.is_some() => {
                let message = format!("the box \"{text}\" belongs to no task and no gate; it is not read");
                self.note(signed, message);
            }
            _ => {}
        }
    }

    /// Code among the criteria goes with neither them nor the description.
    fn other(&mut self, signed: &Signed) {
        if signed.line.kind != LineKind::FenceEdge {
            return;
        }
        self.in_fence = !self.in_fence;
        if self.in_fence && self.mode == Mode::Criteria && self.task.is_some() {
            self.note(signed, "the code among the acceptance criteria is no criterion".to_owned());
        }
    }

    fn end_task(&mut self, at: usize) {
        self.close_cut(at);
        let Some(mut open) = self.task.take() else { return };
        self.mode = Mode::Other;
        open.span.end = at;
        let words = Span::new(open.words.min(at), at);
        let mut task = open.task;
        if task.criteria.is_empty() {
            task.criteria = open.unboxed;
        }
        task.text = trimmed(open.span.of(self.text)).to_owned();
        let mut description = String::new();
        let mut from = words.start;
        for cut in open.cuts {
            description.push_str(&self.text[from.min(cut.start)..cut.start]);
            from = cut.end.max(cut.start);
        }
        description.push_str(&self.text[from.min(at)..at]);
        trimmed(&description).clone_into(&mut task.description);
        if let Some(phase) = self.phases.last_mut() {
            phase.phase.tasks.push(task);
        }
    }

    fn end_phase_text(&mut self, at: usize) {
        let Some(open) = self.phases.last_mut().filter(|open| open.text.is_empty()) else { return };
        open.text.end = at.max(open.text.start);
        trimmed(open.text.of(self.text)).clone_into(&mut open.phase.text);
    }

    /// Brings phases of one number together, and resolves dependencies on whole phases.
    fn finish(mut self) -> (Vec<SpecPhase>, Vec<Fault>) {
        let mut by_number: BTreeMap<u32, SpecPhase> = BTreeMap::new();
        for open in std::mem::take(&mut self.phases) {
            let mut phase = open.phase;
            phase.gate = named_boxes(open.gate);
            let number = phase.number;
            let Some(other) = by_number.remove(&number) else {
                by_number.insert(number, phase);
                continue;
            };
            let (kept, dropped) =
                if phase.tasks.len() > other.tasks.len() { (phase, other) } else { (other, phase) };
            let message = format!("there are two phases {number}; this one is not read");
            self.faults.push(Fault::warning("duplicate-phase", dropped.place, message));
            by_number.insert(number, kept);
        }
        let mut phases: Vec<SpecPhase> = by_number.into_values().collect();
        let ids: BTreeMap<u32, Vec<String>> = phases
            .iter()
            .map(|phase| (phase.number, phase.tasks.iter().map(|task| task.id.clone()).collect()))
            .collect();
        for task in phases.iter_mut().flat_map(|phase| &mut phase.tasks) {
            task.dependencies = resolved(&task.dependencies, &ids);
        }
        self.faults.sort_by_key(|fault| fault.place.line);
        (phases, self.faults)
    }

    fn place(&self, signed: &Signed) -> Place {
        let at = self.index.line_column(signed.line.content.start);
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place { file: self.file.to_owned(), line: narrow(at.line), column: narrow(at.column) }
    }

    fn warn(&mut self, code: &'static str, signed: &Signed, message: String) {
        let place = self.place(signed);
        self.faults.push(Fault::warning(code, place, message));
    }

    fn note(&mut self, signed: &Signed, message: String) {
        let place = self.place(signed);
        self.faults.push(Fault::note("not-read", place, message));
    }
}

/// Dependencies with `2.*` as the tasks of phase 2; the first of them when they are far too many.
fn resolved(dependencies: &[String], ids: &BTreeMap<u32, Vec<String>>) -> Vec<String> {
    const MOST: usize = 1_000;
    let mut all = Vec::new();
    for id in dependencies.iter().take(MOST) {
        let of_phase = id.strip_suffix(".*").and_then(|number| ids.get(&number.parse().ok()?));
        let whole = id.ends_with(".*");
        match of_phase {
            Some(tasks) => all.extend(tasks.iter().cloned()),
            None if whole => {}
            None => all.push(id.clone()),
        }
    }
    let mut seen = HashSet::new();
    all.retain(|id| seen.insert(id.clone()));
    all.truncate(MOST);
    all
}

/// Without blank lines and breaks at the ends.
fn trimmed(text: &str) -> &str {
    let mut text = text.trim_matches(['\n', '\r']).trim_end();
    while let Some(rest) = text.strip_suffix("---").or_else(|| text.strip_suffix("***")) {
        if !rest.is_empty() && !rest.ends_with('\n') {
            break;
        }
        text = rest.trim_end();
    }
    text
}
