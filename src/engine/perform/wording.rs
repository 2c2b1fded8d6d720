//! What steps write and report, in words.

use super::{Progress, Round};
use crate::{
    engine::{
        model::{Event, StepResult},
        working::Write,
    },
    rules::{LogText, SectionName, Step},
    text::{Diagnostic, DocumentId, Revision, Severity, Span},
};

impl Round<'_> {
    pub(super) fn archive_heading(&self, template: Option<&str>, text: &str) -> String {
        let template = template.unwrap_or("### Blueprint [YYYY-MM-DD HH:MM:SS] - ID: [UUID-short]");
        let at = self.event.at;
        let id = &Revision::of(format!("{}\n{text}", self.event.id)).to_string()[..8];
        let heading = template
            .replace("YYYY-MM-DD", &at.strftime("%Y-%m-%d").to_string())
            .replace("HH:MM:SS", &at.strftime("%H:%M:%S").to_string())
            .replace("HH:MM", &at.strftime("%H:%M").to_string())
            .replace("UUID-short", id)
            .replace("UUID", id);
        if heading.starts_with('#') { heading } else { format!("### {heading}") }
    }

    /// What a log step writes, in one line.
    pub(super) fn log_line(&self, progress: &Progress<'_>, text: &LogText) -> String {
        let rule = &progress.rule.id;
        let so_far = &self.performances[progress.performance].done;
        let result = progress.result.as_ref();
        match text {
            LogText::Literal(text) => self.fill(progress, text),
            LogText::Action if so_far.is_empty() => format!("{rule} ran"),
            LogText::Action => format!("{rule}: {}", so_far.join("; ")),
            LogText::Attempt => format!("{rule}: attempted"),
            LogText::Result => match result {
                Some(StepResult { success, text }) => {
                    let verdict = if *success { "succeeded" } else { "failed" };
                    let text =
                        text.as_deref().map(|text| format!(": {}", one_line(text))).unwrap_or_default();
                    format!("{rule}: {verdict}{text}")
                }
                None => format!("{rule}: no result was reported"),
            },
            LogText::PhaseChange => {
                let from = self.memory.settled.as_ref().and_then(|settled| settled.keys.get("phase"));
                let from = from.map_or("null", String::as_str);
                let to = self.writes.iter().rev().find_map(|(_, write)| match write {
                    Write::Set { key, value } if key.eq_ignore_ascii_case("Phase") => Some(value.as_str()),
                    _ => None,
                });
                format!(
                    "phase changed from {from} to {}",
                    to.or(self.view.state.value("Phase")).unwrap_or("null")
                )
            }
            LogText::Reason => {
                let trigger =
                    progress.clause.trigger.as_ref().map_or("called", |trigger| trigger.text.as_str());
                format!("{rule} because: {}", one_line(trigger))
            }
            LogText::Problem => {
                let reported = || result.and_then(|result| result.text.as_deref()).map(one_line);
                match progress.issues.iter().flatten().next().cloned().or_else(reported) {
                    Some(problem) => format!("{rule}: {problem}"),
                    None => format!("{rule}: a problem was reported"),
                }
            }
        }
    }

    /// The value of a State key as the steps of this clause have left it.
    fn value_so_far(&self, progress: &Progress<'_>, key: &str) -> Option<&str> {
        let own = self.writes.iter().rev().filter(|(performance, _)| *performance == progress.performance);
        let written = own.filter_map(|(_, write)| match write {
            Write::Set { key: set, value } if set.eq_ignore_ascii_case(key) => Some(value.as_str()),
            _ => None,
        });
        written.chain(self.view.state.value(key)).next()
    }

    /// Replaces `[State.Key]`, `{State.Key}`, `[CurrentItem]` and `[rule]` by what they stand for.
    pub(super) fn fill(&self, progress: &Progress<'_>, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(open) = rest.find(['[', '{']) {
            let close = if rest[open..].starts_with('[') { ']' } else { '}' };
            let Some(length) = rest[open..].find(close) else { break };
            let name = rest[open + 1..open + length].trim();
            let bare = name.strip_prefix("State.").unwrap_or(name);
            out.push_str(&rest[..open]);
            match self.value_so_far(progress, bare) {
                Some(value) => out.push_str(value),
                None if bare.len() < name.len() || self.view.state.key(bare).is_some() => {
                    out.push_str("null");
                }
                None if bare.eq_ignore_ascii_case("rule") => out.push_str(&progress.rule.id),
                None => out.push_str(&rest[open..=open + length]),
            }
            rest = &rest[open + length + 1..];
        }
        out.push_str(rest);
        out
    }

    pub(super) fn missing_file(&self, step: &Step, path: &str) -> Diagnostic {
        Diagnostic::new(
            Severity::Warning,
            "missing-file",
            step.span,
            format!("this step needs `{path}`, which is not there"),
        )
        .with_hint(format!("create `{path}`, or correct the name in the rule"))
    }

    pub(super) fn missing_section(
        &mut self,
        progress: &Progress<'_>,
        section: &SectionName,
        document: DocumentId,
        span: Span,
    ) {
        let settings = self.view.snapshot.settings;
        let path = match document {
            DocumentId::State => &settings.state_path,
            DocumentId::Config => &settings.config_path,
        };
        let message =
            format!("`{}` needs a section `{}` in {path}, which has none", progress.rule.id, section.0);
        self.diagnostics.push(Diagnostic::new(Severity::Note, "missing-section", span, message).with_hint(
            format!("add a heading `## {}`; what is written to it is added at the end", section.0),
        ));
    }
}

pub(super) fn stamp(event: &Event) -> String {
    event.at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
