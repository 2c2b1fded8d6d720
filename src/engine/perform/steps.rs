//! What each kind of step does (`rule-language.md`, section 3).

use super::{Flow, Progress, Round, wording::one_line};
use crate::{
    document::{ProjectConfig, Role},
    engine::{
        evaluate::{Asker, Occurrence, document_called, finished_item, is_open, same_word},
        gates::PhaseOrder,
        model::{FileFact, PendingKind, SummaryMode},
        summary,
        working::{Write, home_of, is_changelog},
    },
    rules::{
        Assignment, Atom, Condition, Content, EventPattern, NewValue, Position, SectionName, Step, Target,
        Test, Trigger, Value,
    },
    text::{Diagnostic, DocumentId, Severity, Span},
};

/// How deep rules may call rules.
const MAX_CALLS: usize = 16;

impl<'a> Round<'a> {
    pub(super) fn assign(
        &mut self,
        progress: &Progress<'a>,
        at: usize,
        step: &Step,
        assignments: &[Assignment],
    ) -> Flow {
        let mut values = Vec::new();
        for assignment in assignments {
            let current = self.view.state.value(&assignment.key);
            let value = match &assignment.value {
                NewValue::Literal(text) => self.fill(progress, text),
                NewValue::NextItem => match self.next_item() {
                    Some(next) => next,
                    None => return self.no_item_left(progress, at, step),
                },
                NewValue::Plus(amount) => {
                    let Some(number) = current.unwrap_or("0").trim().parse::<i64>().ok() else {
                        return self.wait(progress, PendingKind::Delegate, at, 1, step.text.clone());
                    };
                    number.saturating_add(*amount).to_string()
                }
                NewValue::FirstPhase => PhaseOrder::first_working(self.rules).to_owned(),
                NewValue::FromEvent => match self.phase_in_event() {
                    Some(phase) => phase,
                    None => return self.wait(progress, PendingKind::Delegate, at, 1, step.text.clone()),
                },
            };
            values.push((assignment.key.clone(), value));
        }
        for (key, value) in values {
            let is_item = key.eq_ignore_ascii_case("CurrentItem");
            if is_item {
                self.complete_item(progress, &value);
            }
            self.note(progress, format!("{key} = {value}"));
            self.write(progress, Write::Set { key, value });
        }
        Flow::Done
    }

    /// Marks the finished item, where the file has a place for that, when another becomes current.
    fn complete_item(&mut self, progress: &Progress<'a>, next: &str) {
        let Some(finished) = finished_item(self.view.state).filter(|finished| *finished != next) else {
            return;
        };
        let items = self.view.state.items();
        match items.matching(finished) {
            Some(item) if !items.complete(item).is_empty() => {
                self.note(progress, format!("marked as completed: {finished}"));
                self.write(progress, Write::Complete { current: finished.to_owned() });
            }
            Some(item) if item.status.is_none() => {
                self.note(progress, format!("remembered as completed: {finished}"));
                self.memory.processed.insert(item.description.clone());
            }
            Some(_) => {}
            None if items.rows().is_empty() => {}
            None => {
                let span = self.view.state.key("CurrentItem").map_or(Span::default(), |key| key.value_span);
                let message = format!("no item is called `{finished}`, so none is marked as completed");
                let diagnostic = Diagnostic::new(Severity::Warning, "unknown-item", span, message);
                self.diagnostics.push(diagnostic.with_hint("mark it by hand, or `rulemark item done ID`"));
            }
        }
    }

    /// There is no next item: another rule says what then, or a person must add one before the step
    /// can be done.
    fn no_item_left(&mut self, progress: &Progress<'a>, at: usize, step: &Step) -> Flow {
        let listens = |atom: &&Atom| matches!(&atom.test, Test::Event(EventPattern::ItemsExhausted { rule }) if *rule == progress.rule.id);
        let clauses = self.rules.rules.iter().flat_map(|rule| &rule.clauses);
        let mut conditions = clauses.filter_map(|clause| Some(&clause.trigger.as_ref()?.condition));
        if conditions.any(|condition| condition.atoms().iter().any(listens)) {
            self.raise_exhausted(progress);
            self.note(progress, "no item is left".into());
            return Flow::Ends;
        }
        let text = format!("{} (no unprocessed item is left: add one first)", one_line(&step.text));
        self.wait(progress, PendingKind::Ask, at, 0, text)
    }

    /// The next item, in the form in which the file names the current one.
    pub(super) fn next_item(&self) -> Option<String> {
        let items = self.view.state.items();
        let current = self.view.state.value("CurrentItem");
        let left = current.and_then(|current| items.matching(current));
        // One that is current and not finished is the next one if there is no other.
        let unfinished =
            left.filter(|item| is_open(item, self.memory) && finished_item(self.view.state).is_none());
        let next = self.view.next_item(&items, left).or(unfinished)?;
        let by_id = next.id.clone().filter(|_| {
            next.description.is_empty()
                || left.zip(current).is_some_and(|(left, current)| left.id.as_deref() == Some(current.trim()))
        });
        Some(by_id.unwrap_or_else(|| next.description.clone()))
    }

    /// The phase that a command names, as the file spells it.
    pub(super) fn phase_in_event(&self) -> Option<String> {
        let command = self.view.occurrences.iter().find_map(|occurrence| match occurrence {
            Occurrence::Command(command) => Some(command.trim_start_matches('@')),
            _ => None,
        })?;
        let known = self.rules.phase(command).map(|phase| phase.name.clone());
        Some(known.unwrap_or_else(|| command.to_uppercase()))
    }

    pub(super) fn clear(&mut self, progress: &Progress<'a>, section: &SectionName) {
        let outline = self.view.state.outline();
        match outline.named(&section.0) {
            Some(found) => {
                let length = outline.characters(found);
                if length > 0 {
                    self.note(progress, format!("cleared {} ({length} characters)", section.0));
                }
                self.write(progress, Write::Clear(section.clone()));
            }
            None => self.missing_section(progress, section, DocumentId::State, progress.clause.span),
        }
    }

    /// The write that an insertion comes to; `None` when it can't be worked out here.
    pub(super) fn insertion(
        &mut self,
        progress: &Progress<'a>,
        step: &Step,
        target: &Target,
        position: Position,
        content: &Content,
    ) -> Option<Vec<Write>> {
        let document = match &target.path {
            Some(path) => document_called(path, self.view.snapshot.settings)?,
            None => home_of(&target.section, self.view.state),
        };
        if document == DocumentId::Config && self.view.snapshot.config.is_none() {
            self.fail(progress, self.missing_file(step, &self.view.snapshot.settings.config_path));
            return Some(Vec::new());
        }
        if is_changelog(&target.section) {
            return self.changelog_line(progress, target, document, content);
        }
        let text = match content {
            Content::WorkSummary { .. } => self.work_summaries(progress).into_iter().next()?,
            Content::Literal(text) => self.fill(progress, text),
            Content::Commit => self.commit_line(progress)?,
        };
        self.note(progress, format!("added to {}: {}", target.section.0, one_line(&text)));
        Some(vec![Write::Insert { document, section: target.section.clone(), position, text }])
    }

    /// The Changelog's new line: the first of the sentences about the work that it does not say
    /// already. A `Summary:` that stands in Log from an earlier item is one that it does.
    fn changelog_line(
        &mut self,
        progress: &Progress<'a>,
        target: &Target,
        document: DocumentId,
        content: &Content,
    ) -> Option<Vec<Write>> {
        let (sentences, dated) = match content {
            Content::WorkSummary { dated } => (self.work_summaries(progress), *dated),
            Content::Literal(text) => (vec![self.fill(progress, text)], false),
            Content::Commit => (vec![self.commit_line(progress)?], false),
        };
        let first = sentences.first()?.clone();
        let new = sentences.into_iter().find(|sentence| !self.says_already(document, sentence));
        let Some(sentence) = new else {
            self.note(progress, format!("{} says so already: {first}", target.section.0));
            return Some(Vec::new());
        };
        self.note(progress, format!("{}: {sentence}", target.section.0));
        Some(vec![Write::Change { document, sentence, dated }])
    }

    pub(super) fn says_already(&self, document: DocumentId, sentence: &str) -> bool {
        let text = match document {
            DocumentId::State => Some(self.view.snapshot.state),
            DocumentId::Config => self.view.snapshot.config,
        };
        text.is_some_and(|text| ProjectConfig::parse(text).says_already(sentence))
    }

    /// Sentences about the finished item, the best first; none when neither Log, item nor plan name
    /// it.
    fn work_summaries(&self, progress: &Progress<'a>) -> Vec<String> {
        let state = self.view.state;
        let outline = state.outline();
        let log = outline.section(Role::Log).map(|section| outline.content(section)).unwrap_or_default();
        let logged = summary::logged_summary(&log).map(str::to_owned);
        let described = match progress.item.as_deref().or(state.value("CurrentItem")) {
            Some(current) => {
                let items = state.items();
                let item = items.matching(current).map(|item| item.description.as_str());
                Some(item.filter(|text| !text.is_empty()).unwrap_or(current).to_owned())
            }
            None => self.plan_title(),
        };
        logged.into_iter().chain(described.map(|text| summary::sentence_about(&text))).collect()
    }

    /// The plan's first heading.
    fn plan_title(&self) -> Option<String> {
        let outline = self.view.state.outline();
        let plan = outline.content(outline.section(Role::Plan)?);
        plan.lines().find_map(|line| {
            let heading =
                line.trim_start().strip_prefix('#')?.trim_start_matches('#').trim().trim_matches('*');
            (!heading.is_empty()).then(|| heading.to_owned())
        })
    }

    /// Hash and message of the commit that was reported; a bare hash gets the message that the commit
    /// was to have.
    fn commit_line(&self, progress: &Progress<'a>) -> Option<String> {
        let reported = one_line(progress.result.as_ref()?.text.as_deref()?);
        let is_bare = reported.len() >= 7 && reported.bytes().all(|byte| byte.is_ascii_hexdigit());
        let message = self.work_summaries(progress).into_iter().next().filter(|_| is_bare);
        Some(message.map(|message| format!("{reported} {message}")).unwrap_or(reported))
    }

    pub(super) fn archive(
        &mut self,
        progress: &Progress<'a>,
        from: &SectionName,
        into: &SectionName,
        heading: Option<&str>,
    ) {
        let outline = self.view.state.outline();
        // A rule that waits for a new plan sees it when the old one has been overwritten already: what
        // it keeps is the last one the journal holds (`rule-language.md`, section 4).
        let text = match outline.named(&from.0) {
            Some(section) if section.role == Role::Plan && waits_for_new_plan(progress) => {
                self.memory.replaced_plan.take()
            }
            Some(section) => Some(outline.content(section)),
            None => None,
        };
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            self.note(progress, format!("nothing of {} to archive", from.0));
            return;
        };
        let heading = self.archive_heading(heading, &text);
        let block = format!("{heading}\n\n{}\n", text.trim_matches(['\n', '\r']));
        self.note(progress, format!("archived {} to {}", from.0, into.0));
        self.write(progress, Write::append(into.clone(), block));
    }

    pub(super) fn summarise(
        &mut self,
        progress: &Progress<'a>,
        at: usize,
        step: &Step,
        count: usize,
        from: &SectionName,
        into: &SectionName,
    ) -> Flow {
        let outline = self.view.state.outline();
        let Some(section) = outline.named(&from.0) else {
            self.missing_section(progress, from, DocumentId::State, step.span);
            return Flow::Done;
        };
        let text = outline.content(section);
        if self.view.snapshot.settings.summary == SummaryMode::Agent
            && limit_of(progress.clause.trigger.as_ref()).is_none_or(|limit| length_of(&text) <= 2 * limit)
        {
            return self.wait(progress, PendingKind::Delegate, at, 1, step.text.clone());
        }
        let findings = summary::extract(&text, count);
        if findings.is_empty() {
            self.note(progress, format!("nothing in {} to summarise", from.0));
            return Flow::Done;
        }
        let of = summary::candidate_count(&text);
        let mut block = format!(
            "**{}** – {} of {of} from {}\n\n",
            super::wording::stamp(self.event),
            findings.len(),
            from.0
        );
        for finding in &findings {
            block.push_str("- ");
            block.push_str(finding);
            block.push('\n');
        }
        self.note(
            progress,
            format!("summarised {} of {of} entries of {} into {}", findings.len(), from.0, into.0),
        );
        self.write(progress, Write::append(into.clone(), block));
        Flow::Done
    }

    pub(super) fn read(&mut self, progress: &mut Progress<'a>, step: &Step, path: &str) {
        let there = self.view.fact_about(path).is_some_and(|fact| fact != FileFact::Missing);
        progress.found = Some(there);
        if !there {
            let missing = self.missing_file(step, path);
            self.diagnostics.push(missing);
        }
    }

    pub(super) fn find(
        &mut self,
        progress: &mut Progress<'a>,
        step: &Step,
        section: &SectionName,
        path: Option<&str>,
    ) {
        let document = match path {
            Some(path) => document_called(path, self.view.snapshot.settings),
            None => Some(home_of(section, self.view.state)),
        };
        let found = match document {
            Some(DocumentId::State) => self.view.state.outline().named(&section.0).is_some(),
            Some(DocumentId::Config) => self
                .view
                .snapshot
                .config
                .is_some_and(|config| ProjectConfig::parse(config).outline().named(&section.0).is_some()),
            None => false,
        };
        progress.found = Some(found);
        if !found {
            self.missing_section(progress, section, document.unwrap_or(DocumentId::State), step.span);
        }
    }

    pub(super) fn call(&mut self, progress: &Progress<'a>, step: &Step, id: &str) {
        let Some(rule) = self.rules.rule(id) else {
            let message = format!("`{}` calls `{id}`, which is not defined in this file", progress.rule.id);
            self.diagnostics.push(Diagnostic::new(Severity::Warning, "unknown-rule", step.span, message));
            return;
        };
        if self.depth >= MAX_CALLS {
            let message =
                format!("`{}` and `{id}` call each other more than {MAX_CALLS} deep", progress.rule.id);
            self.diagnostics.push(Diagnostic::new(Severity::Error, "call-depth", step.span, message));
            return;
        }
        let asker = Asker { rule: &rule.id, called: true };
        let permitted = |condition: &Condition| self.view.decide(condition, asker) == Some(true);
        let callable: Vec<usize> = (0..rule.clauses.len())
            .filter(|&number| {
                rule.clauses[number].trigger.as_ref().is_none_or(|trigger| permitted(&trigger.condition))
            })
            .collect();
        if callable.is_empty() {
            self.note(progress, format!("{} does not apply now", rule.id));
        }
        self.depth += 1;
        for number in callable {
            self.fire(rule, number);
        }
        self.depth -= 1;
    }
}

/// Whether a clause fires when a plan has been written, and so means the one before it.
fn waits_for_new_plan(progress: &Progress<'_>) -> bool {
    let Some(trigger) = &progress.clause.trigger else { return true };
    trigger.condition.atoms().into_iter().any(|atom| match &atom.test {
        Test::Event(EventPattern::PlanOverwritten) => true,
        Test::Compare { value: Value::Text(status), .. } | Test::Is(status) => {
            same_word(status, "NEEDS_PLAN_APPROVAL")
        }
        _ => false,
    })
}

/// The limit that a trigger's length test names, in characters.
fn limit_of(trigger: Option<&Trigger>) -> Option<u64> {
    trigger?.condition.atoms().iter().find_map(|atom| match atom.test {
        Test::Length { limit, .. } => Some(limit),
        _ => None,
    })
}

fn length_of(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}
