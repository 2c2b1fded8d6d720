//! Diagnostics as rustc shows them: excerpt, underline, hint.

use super::escape::escape;
use crate::text::{Diagnostic, LineIndex, Severity, Span, is_unsafe_to_print};
use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use std::borrow::Cow;

/// A text, what it is called, and where its lines begin.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    path: Cow<'a, str>,
    text: &'a str,
    index: LineIndex<'a>,
}

/// No excerpt is made of a longer line: laying one out costs time in proportion to the line.
const LONGEST_LINE: usize = 4_000;

impl<'a> Source<'a> {
    /// `text`, to be called `path`.
    pub(crate) fn new(path: &'a str, text: &'a str) -> Self {
        Self { path: escape(path), text, index: LineIndex::new(text) }
    }

    /// The excerpt with what is wrong in it, styled, `width` columns wide.
    pub(crate) fn render(&self, diagnostic: &Diagnostic, width: usize) -> String {
        let diagnostic = &harmless(diagnostic);
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
        let report = [self.places(diagnostic, title)];
        let text = Renderer::styled().term_width(width).render(&report);
        // Of the excerpt the renderer replaces C0 controls and overrides itself, and lets the rest
        // through.
        text.chars()
            .map(|c| if !matches!(c, '\n' | '\x1b') && is_unsafe_to_print(c) { '�' } else { c })
            .collect()
    }

    fn places<'d>(&'d self, diagnostic: &'d Diagnostic, title: annotate_snippets::Title<'d>) -> Group<'d> {
        let primary = self.first_line(diagnostic.span);
        let (same_line, elsewhere): (Vec<_>, Vec<_>) = diagnostic
            .labels
            .iter()
            .map(|label| (self.first_line(label.span), label.message.as_str()))
            .partition(|&(span, _)| self.line(span) == self.line(primary));
        let mut marks = vec![(AnnotationKind::Primary, primary, None)];
        marks.extend(same_line.into_iter().map(|(span, text)| (AnnotationKind::Context, span, Some(text))));
        let mut group = title.element(self.excerpt(&marks));
        for (span, text) in elsewhere {
            group = group.element(self.excerpt(&[(AnnotationKind::Context, span, Some(text))]));
        }
        if let Some(hint) = &diagnostic.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        if let Some(fix) = &diagnostic.fix {
            let text = format!("`rulemark check --fix` mends it: {}", fix.title);
            group = group.element(Level::HELP.message(text));
        }
        group
    }

    /// The line on which `marks` stand, with the marks; only its place when the line is too long.
    fn excerpt<'d>(&'d self, marks: &[(AnnotationKind, Span, Option<&'d str>)]) -> Element<'d> {
        let Some(&(_, first, _)) = marks.first() else {
            return Origin::path(self.path.as_ref()).into();
        };
        let start = self.text[..first.start].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[first.start..].find('\n').map_or(self.text.len(), |at| first.start + at);
        let place = self.index.line_column(first.start);
        if end - start > LONGEST_LINE {
            return Origin::path(self.path.as_ref()).line(place.line).char_column(place.column).into();
        }
        let annotations = marks.iter().map(|(kind, span, label)| -> Annotation<'d> {
            kind.span(span.start - start..span.end - start).label(*label)
        });
        Snippet::source(&self.text[start..end])
            .path(self.path.as_ref())
            .line_start(place.line)
            .annotations(annotations)
            .into()
    }

    fn line(&self, span: Span) -> usize {
        self.index.line_column(span.start).line
    }

    /// What of `span` is underlined: its first line that says something.
    fn first_line(&self, span: Span) -> Span {
        let Some(inside) = self.text.get(span.start..span.end) else {
            return Span::empty(0);
        };
        let text = inside.trim_start();
        let line = text.lines().next().unwrap_or_default().trim_end();
        if line.is_empty() {
            return Span::empty(span.start);
        }
        let start = span.start + (inside.len() - text.len());
        Span::new(start, start + line.len())
    }
}

/// The same finding, with texts that may be printed. They quote names of the file, and the renderer
/// takes some of them for styled.
fn harmless(diagnostic: &Diagnostic) -> Diagnostic {
    let mut told = diagnostic.clone();
    let hint = told.hint.iter_mut().chain(told.fix.iter_mut().map(|fix| &mut fix.title));
    let labels = told.labels.iter_mut().map(|label| &mut label.message);
    for text in [&mut told.message].into_iter().chain(hint).chain(labels) {
        if let Cow::Owned(escaped) = escape(text) {
            *text = escaped;
        }
    }
    told
}
