//! The commands a project names for testing, linting, formatting, building and checking.

use super::{
    CommandKind, ProjectCommand,
    words::{EXCLUDED, FOREIGN, RUNNERS, TOOLS_BY_KIND, WORDS},
};
use crate::{
    document::{Outline, Section, inline, table},
    markdown::{BlockKind, Line, LineKind},
    text::Span,
};

pub(super) fn read(outline: &Outline<'_>) -> Vec<ProjectCommand> {
    let mut reader = Reader { outline, commands: Vec::new() };
    let sections = outline.sections();
    let before = sections.first().map_or(outline.text().len(), |section| section.heading.start);
    reader.region(Span::new(0, before), None);
    let mut titles: Vec<&Section> = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        titles.retain(|title| title.level < section.level);
        titles.push(section);
        let end = sections.get(index + 1).map_or(section.body.end, |next| next.heading.start);
        let own = Span::new(section.body.start, end.clamp(section.body.start, section.body.end));
        // A section speaks for those below it, unless they are about something that is never run.
        let speaking = titles.iter().rev().find_map(|title| {
            let name = inline::plain(title.title.of(outline.text()));
            kind_of(&name).map(|kind| (kind, name))
        });
        let own_name = section.title.of(outline.text()).to_lowercase();
        let is_excluded = words(&own_name).any(|word| EXCLUDED.contains(&word) || word.starts_with("deploy"));
        let speaking = speaking.filter(|_| !is_excluded && section.level > 1);
        reader.region(own, speaking.as_ref().map(|(kind, name)| (*kind, &**name)));
    }
    reader.commands
}

struct Reader<'o, 't> {
    outline: &'o Outline<'t>,
    commands: Vec<ProjectCommand>,
}

impl Reader<'_, '_> {
    /// The commands of a region; `speaking` is what its heading says it is about.
    fn region(&mut self, span: Span, speaking: Option<(CommandKind, &str)>) {
        let text = self.outline.text();
        for block in self.outline.markdown().blocks_in(span) {
            match &block.kind {
                BlockKind::Fence { info, body, .. } => {
                    if let Some(speaking) = speaking.filter(|_| is_shell(info.of(text))) {
                        self.fence(*body, speaking);
                    } else if matches!(info.of(text).trim(), "json" | "jsonc" | "json5") {
                        self.scripts(*body);
                    }
                }
                BlockKind::List | BlockKind::Paragraph | BlockKind::Table => {
                    for line in self.outline.markdown().lines(block.span) {
                        self.line(line, speaking.map(|(kind, _)| kind));
                    }
                }
                _ => {}
            }
        }
    }

    /// One command a line; a comment above is its label, `cd` and its like hold for all below.
    fn fence(&mut self, body: Span, (kind, title): (CommandKind, &str)) {
        let text = self.outline.text();
        let mut label: Option<String> = None;
        let mut prefix = String::new();
        let mut joined = String::new();
        let mut joined_span: Option<Span> = None;
        for line in self.outline.markdown().lines(body) {
            let content = line.content.of(text);
            let content = content.strip_prefix("$ ").unwrap_or(content);
            if content.is_empty() {
                label = None;
                continue;
            }
            if let Some(comment) = content.strip_prefix('#') {
                label = Some(comment.trim_start_matches(['#', '!']).trim().trim_end_matches(':').to_owned());
                continue;
            }
            let span = joined_span.map_or(line.content, |before| before.union(line.content));
            if let Some(head) = content.strip_suffix('\\') {
                joined.push_str(head.trim_end());
                joined.push(' ');
                joined_span = Some(span);
                continue;
            }
            joined.push_str(content);
            joined_span = None;
            let whole = std::mem::take(&mut joined);
            // What goes over lines by shell syntax is no list of commands any more.
            if is_compound(&whole) {
                return;
            }
            if is_setup(&whole) {
                prefix.push_str(&whole);
                prefix.push_str(" && ");
                continue;
            }
            if is_assignment(&whole) || is_excluded(&whole) {
                continue;
            }
            let said = label.take().filter(|label| !label.is_empty());
            let kind = kind_of_line(&whole).or_else(|| said.as_deref().and_then(kind_of)).unwrap_or(kind);
            let label = said.unwrap_or_else(|| title.to_owned());
            self.commands.push(ProjectCommand { kind, label, line: format!("{prefix}{whole}"), span });
        }
    }

    /// Code spans with a label in a line of their own.
    fn line(&mut self, line: Line, speaking: Option<CommandKind>) {
        let text = self.outline.text();
        let body = match line.kind {
            LineKind::Item { body, .. } => body,
            LineKind::Text => line.content,
            LineKind::Row => return self.row(line, speaking),
            _ => return,
        };
        let content = body.of(text);
        let at = |(start, end)| Span::new(body.start + start, body.start + end);
        match labelled(content) {
            Some((label, spans)) => spans.into_iter().for_each(|span| self.push(&label, at(span), speaking)),
            None => told_to_run(content).into_iter().for_each(|span| self.told(content, at(span))),
        }
    }

    /// A command of a sentence: only one that says itself what it is for.
    fn told(&mut self, sentence: &str, span: Span) {
        let line = span.of(self.outline.text()).trim();
        if kind_of_line(line).is_some() {
            self.push(&inline::plain(sentence), span, kind_of_line(line));
        }
    }

    /// The excerpt of a `package.json`: scripts that say by their names what they are for.
    fn scripts(&mut self, body: Span) {
        let text = self.outline.text();
        let lines = self.outline.markdown().lines(body);
        let inside = lines.skip_while(|line| !line.content.of(text).starts_with("\"scripts\"")).skip(1);
        for line in inside.take_while(|line| !line.content.of(text).starts_with('}')) {
            let Some((name, script)) = member(line.content.of(text)) else { continue };
            let Some(kind) = kind_of_line(name).filter(|_| !is_excluded(name) && !is_excluded(script)) else {
                continue;
            };
            let manager = ["pnpm", "yarn", "bun"].into_iter().find(|manager| text.contains(manager));
            let whole = format!("{} run {name}", manager.unwrap_or("npm"));
            let command = ProjectCommand { kind, label: name.to_owned(), line: whole, span: line.content };
            self.commands.push(command);
        }
    }

    /// `| Unit tests | `npm test` |`.
    fn row(&mut self, line: Line, speaking: Option<CommandKind>) {
        let text = self.outline.text();
        let cells = table::cells(text, line.content, None);
        let Some((label, rest)) = cells.split_first() else { return };
        for cell in rest {
            let inside = cell.of(text).strip_prefix('`').and_then(|cell| cell.strip_suffix('`'));
            if inside.is_some_and(|inside| !inside.contains('`')) {
                self.push(&inline::plain(label.of(text)), Span::new(cell.start + 1, cell.end - 1), speaking);
            }
        }
    }

    fn push(&mut self, label: &str, span: Span, speaking: Option<CommandKind>) {
        let line = span.of(self.outline.text()).trim();
        let Some(kind) = kind_of(label).or(speaking) else { return };
        if is_command(line) && !is_excluded(line) && !is_compound(line) && !is_excluded_label(label) {
            let kind = kind_of_line(line).unwrap_or(kind);
            self.commands.push(ProjectCommand { kind, label: label.to_owned(), line: line.to_owned(), span });
        }
    }
}

/// `Label: `code`, `code` …` or `` `code`: label ``: the label, and where the code is.
fn labelled(content: &str) -> Option<(String, Vec<(usize, usize)>)> {
    let first = content.find('`')?;
    let close = first + 1 + content[first + 1..].find('`')?;
    let clean = |label: &str| {
        let label = inline::plain(label);
        label
            .trim_matches(|c: char| {
                matches!(c, ':' | '：' | '-' | '–' | '—' | '*' | '→') || c.is_whitespace()
            })
            .to_owned()
    };
    let before = content[..first].trim_end().trim_end_matches('*').trim_end();
    if before.trim_matches('*').is_empty() {
        let behind = content[close + 1..].trim_start_matches('*').trim_start();
        let label = behind
            .strip_prefix([':', '：'])
            .or_else(|| ["- ", "– ", "— ", "→ "].iter().find_map(|dash| behind.strip_prefix(dash)))?;
        let label = clean(label);
        return (!label.is_empty()).then(|| (label, vec![(first + 1, close)]));
    }
    if !before.ends_with([':', '：', '–', '—', '→']) && !before.ends_with(" -") {
        return None;
    }
    let mut spans = vec![(first + 1, close)];
    let mut at = close + 1;
    // `a`, `b` and `c`: what follows a comma directly belongs to the same label.
    while let Some(rest) =
        [", `", " && `", " and `", " / `"].iter().find_map(|join| content[at..].strip_prefix(join))
    {
        let start = content.len() - rest.len();
        let Some(length) = rest.find('`') else { break };
        spans.push((start, start + length));
        at = start + length + 1;
    }
    let label = clean(before);
    (!label.is_empty()).then_some((label, spans))
}

/// ``Run `pnpm lint` and `pnpm test` before commits``: where the code is that one is told to run.
fn told_to_run(content: &str) -> Vec<(usize, usize)> {
    const JOINTS: [&str; 6] = [",", "and", ", and", "then", "and then", "&&"];
    const REFUSALS: [&str; 5] = ["not", "never", "don't", "dont", "avoid"];
    let mut spans: Vec<(usize, usize)> = Vec::new();
    let mut from = 0;
    while let Some(open) = content[from..].find('`').map(|at| from + at) {
        let Some(close) = content[open + 1..].find('`').map(|at| open + 1 + at) else { break };
        let before = content[from..open].trim().to_lowercase();
        let mut said = words(&before).rev();
        let is_told = said.next() == Some("run") && !said.any(|word| REFUSALS.contains(&word));
        let goes_on = spans.last().is_some_and(|&(_, end)| end + 1 == from) && JOINTS.contains(&&*before);
        if is_told || goes_on {
            spans.push((open + 1, close));
        }
        from = close + 1;
    }
    spans
}

/// `"name": "value",` of a JSON object.
fn member(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix('"')?.split_once('"')?;
    let value = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let value = value.trim_end().trim_end_matches(',').strip_suffix('"')?;
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.'));
    (is_plain && name.starts_with(|c: char| c.is_ascii_alphanumeric())).then_some((name, value))
}

fn words(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '-')).filter(|word| !word.is_empty())
}

/// What a label or heading speaks of.
fn kind_of(label: &str) -> Option<CommandKind> {
    let lower = label.to_lowercase();
    let says = |word: &str| {
        if !word.is_ascii() && !word.contains(char::is_lowercase) {
            return lower.contains(word);
        }
        lower.match_indices(word).any(|(at, _)| {
            let edge = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
            edge(lower[..at].chars().next_back()) && edge(lower[at + word.len()..].chars().next())
        })
    };
    let found = WORDS.iter().find(|(_, words)| words.iter().any(|word| says(word)));
    found.map(|&(kind, _)| kind)
}

/// What a command line says by its own words.
fn kind_of_line(line: &str) -> Option<CommandKind> {
    let tokens = || line.split(|c: char| c.is_whitespace() || matches!(c, ':' | '/' | '='));
    let found = TOOLS_BY_KIND.iter().find(|(_, tools)| tokens().any(|token| tools.contains(&token)));
    found.map(|&(kind, _)| kind)
}

/// Whether a code span is a command line: it says what it does, or begins with a program that runs
/// what the project defines.
fn is_command(line: &str) -> bool {
    let mut tokens = line.split_whitespace().skip_while(|token| is_assignment(token));
    let Some(program) = tokens.next() else { return false };
    let plain =
        program.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+'));
    let starts = program.starts_with(|c: char| c.is_ascii_alphanumeric());
    let is_script = program.starts_with("./") || program.starts_with("scripts/");
    let says = tokens.next().is_some() && kind_of_line(line).is_some();
    plain && (RUNNERS.contains(&program) || is_script || (starts && says && !program.contains('.')))
}

fn is_excluded(line: &str) -> bool {
    let tokens = line.split(|c: char| c.is_whitespace() || matches!(c, ':' | ';' | '&' | '|'));
    let program = line.split_whitespace().find(|token| !is_assignment(token));
    program.is_some_and(|program| FOREIGN.contains(&program))
        || tokens.into_iter().any(|token| EXCLUDED.contains(&token))
}

fn is_excluded_label(label: &str) -> bool {
    let lower = label.to_lowercase();
    words(&lower).any(|word| matches!(word, "deploy" | "deployment" | "publish" | "release"))
}

fn is_shell(info: &str) -> bool {
    let language = info.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    matches!(&*language, "sh" | "bash" | "shell" | "zsh" | "console" | "shell-session")
}

fn is_assignment(line: &str) -> bool {
    line.split_once('=').is_some_and(|(name, value)| {
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        is_name && !value.contains(char::is_whitespace)
    })
}

/// `cd x`, `source x`, `export x`: lines that only make sense in front of others.
fn is_setup(line: &str) -> bool {
    let alone = !line.contains("&&") && !line.contains(';');
    alone && ["cd ", "source ", ". ", "export "].iter().any(|word| line.starts_with(word))
}

/// Shell syntax that goes over lines: loops, functions, here documents, open quotes.
fn is_compound(line: &str) -> bool {
    const WORDS: &[&str] = &["if ", "for ", "while ", "until ", "case ", "function ", "then", "do", "{"];
    let open_quote = |mark: char| line.chars().filter(|&c| c == mark).count() % 2 == 1;
    WORDS.iter().any(|word| line.starts_with(word) && (word.ends_with(' ') || line.len() == word.len()))
        || line.contains("<<")
        || line.ends_with(['{', '(', '|'])
        || line.ends_with("&&")
        || open_quote('"')
        || open_quote('\'')
        || line.contains(['\n', '\r'])
        || line.contains('<') && line.contains('>')
}
