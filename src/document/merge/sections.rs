//! A version as parts that follow each other: what stands in front of the first heading, and
//! sections.

use crate::document::{Outline, Role, Section, title};
use std::{collections::HashMap, ops::Range};

/// Lines that are merged together.
#[derive(Clone, Debug)]
pub(in crate::document) struct Part<'t> {
    pub(in crate::document) role: Role,
    /// How it is called for a person; empty for the top of the file.
    pub(in crate::document) title: &'t str,
    /// Its own title and those above it, without decoration and case, outermost first.
    pub(in crate::document) path: Vec<String>,
    pub(in crate::document) kind: Kind,
    pub(in crate::document) lines: Range<usize>,
}

/// How the lines of a part belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::document) enum Kind {
    /// Each line says something about the others: where both sides changed the same, one has to win.
    Lines,
    /// Entries that stand for themselves: both sides' are kept.
    Entries,
    /// Entries of which no two say the same.
    Set,
}

/// The parts of a version; `starts` are the offsets its lines begin at.
pub(in crate::document) fn parts<'t>(
    text: &'t str,
    outline: &Outline<'_>,
    starts: &[usize],
) -> Vec<Part<'t>> {
    let line_of = |offset: usize| starts.partition_point(|&start| start < offset);
    let top = Part { role: Role::Other, title: "", path: Vec::new(), kind: Kind::Lines, lines: 0..0 };
    let mut parts = vec![top];
    // Levels and titles of the sections that are open.
    let mut above: Vec<(u8, String)> = Vec::new();
    let mut whole_until = 0;
    for section in outline.sections() {
        if section.heading.start < whole_until {
            continue;
        }
        if is_whole(section.role) {
            whole_until = section.body.end;
        }
        let title = section.title.of(text).trim();
        above.retain(|&(level, _)| level < section.level);
        above.push((section.level, bounded(title)));
        let first = line_of(section.heading.start);
        if let Some(last) = parts.last_mut() {
            last.lines.end = first;
        }
        let path = above.iter().map(|(_, title)| title.clone()).collect();
        parts.push(Part { role: section.role, title, path, kind: kind(section), lines: first..first });
    }
    if let Some(last) = parts.last_mut() {
        last.lines.end = starts.len();
    }
    parts
}

/// A title for comparing. Longer ones are told apart by their beginning, so that a path stays short.
fn bounded(text: &str) -> String {
    const LONGEST: usize = 200;
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(end, _)| end);
    title::normal(&text[..end])
}

/// Whether the sections below it are part of it.
fn is_whole(role: Role) -> bool {
    !matches!(role, Role::Plan | Role::Rules | Role::Other)
}

fn kind(section: &Section) -> Kind {
    match section.role {
        Role::Log | Role::ArchiveLog | Role::BlueprintHistory | Role::WorkflowHistory | Role::Results => {
            Kind::Entries
        }
        Role::Changelog => Kind::Set,
        Role::State | Role::Plan | Role::Rules | Role::Items | Role::Other => Kind::Lines,
    }
}

/// A number for each part of each version: the same for parts that are the same section, different
/// for all others. A role names its section if each version has it once, otherwise the titles do;
/// sections that stand twice in a version are nobody's counterpart.
pub(in crate::document) fn identities(versions: [&[Part<'_>]; 3]) -> [Vec<u32>; 3] {
    let mut roles: HashMap<Role, [u32; 3]> = HashMap::new();
    let mut paths: HashMap<(&[String], Role), [u32; 3]> = HashMap::new();
    for (index, parts) in versions.into_iter().enumerate() {
        for part in parts {
            roles.entry(part.role).or_default()[index] += 1;
            paths.entry((&part.path, part.role)).or_default()[index] += 1;
        }
    }
    let is_single = |counts: &[u32; 3]| counts.iter().all(|&count| count <= 1);
    let mut numbers: HashMap<(Option<Role>, &[String]), u32> = HashMap::new();
    let mut next = 0;
    versions.map(|parts| {
        let identity = |part| {
            let Part { role, path, .. }: &Part<'_> = part;
            let key = if *role != Role::Other && is_single(&roles[role]) {
                Some((Some(*role), &[] as &[String]))
            } else {
                is_single(&paths[&(&**path, *role)]).then_some((None, &**path))
            };
            next += 1;
            key.map_or(next, |key| *numbers.entry(key).or_insert(next))
        };
        parts.iter().map(identity).collect()
    })
}
