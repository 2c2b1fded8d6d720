//! Coverage: how much of the rules in real files is understood, and how.

use rulemark::{
    document::WorkflowState,
    rules::{self, Class, Clause, Rule, RuleForm, RuleSet, Step, StepKind},
    text::{LineIndex, Span},
};
use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// What was measured.
#[derive(Default)]
pub(crate) struct Coverage {
    /// Rule ids that a scan without any knowledge of rules finds, and how many are accounted for.
    pub(crate) ids: Share,
    /// Triggers of Appendix B, by the class that the report gives them.
    pub(crate) triggers: BTreeMap<char, Share>,
    /// Actions of Appendix C, by the class that the report gives them: those without a delegated step.
    pub(crate) actions: BTreeMap<char, Share>,
    /// Actions of the classes 4 and 5, and how many of them do something before or beside delegating.
    pub(crate) mechanical: Share,
    /// The rules that matter, by id: those that need no agent.
    pub(crate) shipped: BTreeMap<&'static str, Share>,
    /// Clauses of rules without labels, by the class of their condition: those without a delegated step.
    pub(crate) condensed: BTreeMap<Class, Share>,
    /// Rules that are nothing but constraints.
    pub(crate) constraints: usize,
    /// What was missed, with file and line.
    pub(crate) misses: Vec<String>,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) hits: usize,
    pub(crate) of: usize,
}

impl Share {
    fn count(&mut self, hit: bool) {
        self.hits += usize::from(hit);
        self.of += 1;
    }

    /// In per cent; 100 of nothing.
    pub(crate) fn percent(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts of a few thousand")]
        let ratio = |hits: usize, of: usize| hits as f64 / of as f64 * 100.0;
        if self.of == 0 { 100.0 } else { ratio(self.hits, self.of) }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5} of {:>5}   {:>5.1} %", self.hits, self.of, self.percent())
    }
}

/// The six rules that ship with the files.
const SHIPPED: [&str; 6] = [
    "RULE_INIT_01",
    "RULE_ITERATE_01",
    "RULE_LOG_ROTATE_01",
    "RULE_SUMMARY_01",
    "RULE_GIT_COMMIT_01",
    "RULE_BLUEPRINT_ARCHIVE_01",
];

/// Measures the state files in `corpus/state` against the appendices of `corpus/REPORT.md`.
pub(crate) fn measure(corpus: &Path) -> io::Result<Coverage> {
    let report = Report::read(&fs::read_to_string(corpus.join("REPORT.md"))?);
    let mut coverage = Coverage::default();
    for path in files(&corpus.join("state"))? {
        let text = fs::read_to_string(&path)?;
        let state = WorkflowState::parse(&text);
        let set = rules::compile(&state);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        File { name: &name, text: &text, lines: LineIndex::new(&text), report: &report }
            .measure(&set, &mut coverage);
    }
    Ok(coverage)
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.sort();
    Ok(paths)
}

/// The appendices that say what real texts are.
struct Report {
    triggers: Vec<(String, char)>,
    actions: Vec<(String, char)>,
}

impl Report {
    fn read(text: &str) -> Self {
        Self { triggers: entries(text, "## Appendix B"), actions: entries(text, "## Appendix C") }
    }

    fn trigger(&self, text: &str) -> Option<char> {
        let class = find(&self.triggers, text)?;
        // rule-language.md, section 2, makes the call of one rule by another an event.
        Some(if text.contains("determines no more items") { 'E' } else { class })
    }

    fn action(&self, text: &str) -> Option<char> {
        find(&self.actions, text)
    }
}

/// The texts of an appendix and their classes: ``- 21/16 **D** `Phase == INIT` — RULE_X``.
fn entries(report: &str, heading: &str) -> Vec<(String, char)> {
    let section = report.split(heading).nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let entry = |line: &str| {
        let (_, behind) = line.strip_prefix("- ")?.split_once(" **")?;
        let (class, text) = behind.split_once("** ")?;
        let text = text.rsplit_once(" — RULE_").map_or(text, |(text, _)| text);
        Some((collapsed(text), class.chars().next()?))
    };
    section.lines().filter_map(entry).collect()
}

fn find(entries: &[(String, char)], text: &str) -> Option<char> {
    let fits = |entry: &str| match entry.strip_suffix('…') {
        Some(start) => text.starts_with(start.trim_end()),
        None => text == entry,
    };
    entries.iter().find(|(entry, _)| fits(entry)).map(|(_, class)| *class)
}

fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct File<'a> {
    name: &'a str,
    text: &'a str,
    lines: LineIndex<'a>,
    report: &'a Report,
}

impl File<'_> {
    fn measure(&self, set: &RuleSet, coverage: &mut Coverage) {
        self.ids(set, coverage);
        for rule in &set.rules {
            for clause in &rule.clauses {
                self.trigger(rule, clause, coverage);
                if matches!(rule.form, RuleForm::Arrow | RuleForm::Bullet) {
                    self.condensed(rule, clause, coverage);
                } else {
                    self.action(rule, clause, coverage);
                }
            }
            coverage.constraints += usize::from(rule.clauses.is_empty());
            self.shipped(rule, coverage);
        }
    }

    fn miss(&self, span: Span, what: &str) -> String {
        let line = self.lines.line_column(span.start).line;
        format!("{}:{line}: {what}", self.name)
    }

    /// Ids at the beginning of a line below a heading that speaks of rules, by a scan of its own.
    fn ids(&self, set: &RuleSet, coverage: &mut Coverage) {
        let mut in_rules = false;
        let mut at = 0;
        for line in self.text.split_inclusive('\n') {
            let start = at;
            at += line.len();
            let is_section = (line.starts_with("# ") || line.starts_with("## "))
                && !line.contains("RULE_")
                && !line.contains("---");
            if is_section {
                in_rules = line.to_lowercase().contains("rule") && !line.starts_with("# ");
            }
            let bare = line.trim_start_matches(|c: char| " #*-_[`.".contains(c) || c.is_ascii_digit());
            let Some(id) = bare.strip_prefix("RULE_") else { continue };
            let len = id
                .find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
                .unwrap_or(id.len());
            let behind = id[len..].trim_start_matches(['*', '`', ']', ' ']).trim_end();
            let defines = behind.is_empty() || behind.starts_with([':', '(', '-']) || line.starts_with("###");
            if !(in_rules && defines) {
                continue;
            }
            let span = Span::new(start, at);
            let accounted = set.rules.iter().any(|rule| {
                span.contains(rule.id_span.start)
                    && (!rule.clauses.is_empty() || !rule.constraints.is_empty() || is_diagnosed(set, rule))
            });
            coverage.ids.count(accounted);
            if !accounted {
                coverage.misses.push(self.miss(span, &format!("RULE_{} is not accounted for", &id[..len])));
            }
        }
    }

    fn trigger(&self, rule: &Rule, clause: &Clause, coverage: &mut Coverage) {
        let Some(trigger) = &clause.trigger else { return };
        let Some(class) = self.report.trigger(&collapsed(&trigger.text)) else { return };
        let got = trigger.condition.class();
        let hit = match class {
            'D' => got == Class::State,
            'E' => got == Class::Event,
            _ => got == Class::Judgement,
        };
        coverage.triggers.entry(class).or_default().count(hit);
        if !hit {
            let what = format!("{}: trigger is {class}, read as {got:?}: {}", rule.id, trigger.text);
            coverage.misses.push(self.miss(trigger.span, &what));
        }
    }

    fn action(&self, rule: &Rule, clause: &Clause, coverage: &mut Coverage) {
        let Some(text) = self.action_text(rule, clause) else { return };
        let Some(class) = self.report.action(&text) else {
            coverage.misses.push(self.miss(clause.span, &format!("{}: not in Appendix C: {text}", rule.id)));
            return;
        };
        let delegated = delegated(&clause.steps);
        coverage.actions.entry(class).or_default().count(delegated.is_empty());
        if matches!(class, '4' | '5') {
            coverage.mechanical.count(clause.steps.iter().any(|step| step.kind != StepKind::Delegate));
        } else {
            for step in delegated {
                let what =
                    format!("{}: action is {class}, but delegated: {}", rule.id, collapsed(&step.text));
                coverage.misses.push(self.miss(step.span, &what));
            }
        }
    }

    /// The words between the Action label and the end of the clause.
    fn action_text(&self, rule: &Rule, clause: &Clause) -> Option<String> {
        let first = clause.steps.first()?.span.start;
        let before = &self.text[rule.span.start..first];
        let label = before.rfind("Action")? + rule.span.start;
        let text = &self.text[label..clause.span.end];
        let text = text.trim_start_matches("Action").trim_start_matches(['s', '*', ':', '▶', '►', ' ']);
        Some(collapsed(text))
    }

    fn condensed(&self, rule: &Rule, clause: &Clause, coverage: &mut Coverage) {
        let Some(trigger) = &clause.trigger else { return };
        let class = trigger.condition.class();
        let delegated = delegated(&clause.steps);
        coverage.condensed.entry(class).or_default().count(delegated.is_empty());
        for step in delegated {
            let what = format!(
                "{}: {class:?} `{}`, delegated: {}",
                rule.id,
                collapsed(&trigger.text),
                collapsed(&step.text)
            );
            coverage.misses.push(self.miss(step.span, &what));
        }
    }

    fn shipped(&self, rule: &Rule, coverage: &mut Coverage) {
        let Some(id) = SHIPPED.into_iter().find(|id| *id == rule.id) else { return };
        let english =
            self.text[rule.span.start..rule.span.end].chars().all(|c| !c.is_alphabetic() || c < '\u{250}');
        if !english {
            return;
        }
        let decided = |clause: &Clause| {
            clause.trigger.as_ref().is_some_and(|trigger| trigger.condition.class() != Class::Judgement)
        };
        let whole = !rule.clauses.is_empty()
            && rule.clauses.iter().all(|clause| decided(clause) && delegated(&clause.steps).is_empty());
        coverage.shipped.entry(id).or_default().count(whole);
        if !whole {
            coverage.misses.push(self.miss(rule.id_span, &format!("{id} needs the agent")));
        }
    }
}

fn is_diagnosed(set: &RuleSet, rule: &Rule) -> bool {
    set.diagnostics.iter().any(|diagnostic| rule.span.covers(diagnostic.span))
}

/// The delegated steps, those inside guards included.
fn delegated(steps: &[Step]) -> Vec<&Step> {
    let mut found = Vec::new();
    for step in steps {
        match &step.kind {
            StepKind::Delegate => found.push(step),
            StepKind::If { then, otherwise, .. } => {
                found.extend(delegated(then));
                found.extend(delegated(otherwise));
            }
            _ => {}
        }
    }
    found
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "rules of real files")?;
        writeln!(f, "  {:<52}{}", "rule ids accounted for", self.ids)?;
        for (class, share) in &self.triggers {
            let name = match class {
                'D' => "triggers decidable from the files (D)",
                'E' => "triggers that are events (E)",
                'P' => "triggers with a question in one arm (P)",
                _ => "triggers that stay questions (J)",
            };
            writeln!(f, "  {name:<52}{share}")?;
        }
        for (class, share) in &self.actions {
            let name = match class {
                '1' => "actions: deterministic (1), in full",
                '2' => "actions: commands and summaries (2), in full",
                '3' => "actions: a person is asked (3), in full",
                '4' => "actions: partly the agent's (4), in full",
                _ => "actions: the agent's (5), in full",
            };
            writeln!(f, "  {name:<52}{share}")?;
        }
        writeln!(f, "  {:<52}{}", "actions 4 and 5: mechanical steps are done", self.mechanical)?;
        for (id, share) in &self.shipped {
            writeln!(f, "  {:<52}{share}", format!("{id}, without the agent"))?;
        }
        for (class, share) in &self.condensed {
            writeln!(f, "  {:<52}{share}", format!("condensed clauses, {class:?}, without the agent"))?;
        }
        writeln!(f, "  {:<52}{:>5}", "rules that are constraints", self.constraints)
    }
}
