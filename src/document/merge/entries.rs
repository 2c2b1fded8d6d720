//! What both sides added at one place.

use super::lines::{Line, Shape};
use crate::document::stamp::EntryForm;
use jiff::civil::DateTime;
use std::collections::HashMap;

/// A line of one side, by its number in that version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Added {
    pub(super) is_ours: bool,
    pub(super) line: usize,
}

/// Lines of both versions.
#[derive(Clone, Copy)]
pub(super) struct Sides<'m, 't> {
    pub(super) ours: &'m [Line<'t>],
    pub(super) theirs: &'m [Line<'t>],
}

impl<'m, 't> Sides<'m, 't> {
    pub(super) fn line(&self, added: Added) -> &'m Line<'t> {
        if added.is_ours { &self.ours[added.line] } else { &self.theirs[added.line] }
    }

    fn content(&self, added: Added) -> &'t str {
        self.line(added).content
    }
}

/// The lines that `ours` and `theirs` added at the same place, as one: what both added stands once,
/// the same heading or item begins what both wrote below it, and entries with dates come in the
/// order that `is_descending` says; everything else of theirs follows ours.
pub(super) fn combined(
    sides: Sides<'_, '_>,
    ours: &[Added],
    theirs: &[Added],
    is_descending: bool,
) -> Vec<Added> {
    if ours.is_empty() || theirs.is_empty() {
        return [ours, theirs].concat();
    }
    if are_same(sides, ours, theirs) {
        return ours.to_vec();
    }
    let is_heading = |line: &Added| sides.line(*line).shape == Shape::Heading;
    let split = |lines| {
        let lines: &[Added] = lines;
        lines.split_at(lines.iter().position(is_heading).unwrap_or(lines.len()))
    };
    let ((above, own), (above_others, others)) = (split(ours), split(theirs));
    let mut out = bodies(sides, above, above_others, is_descending);
    let (own, others) = (below_headings(sides, own), below_headings(sides, others));
    let join =
        |sides: Sides<'_, '_>, ours: &[Added], theirs: &[Added]| bodies(sides, ours, theirs, is_descending);
    let mut chapters = union(sides, own, others, join);
    in_order(sides, &mut chapters, is_descending);
    out.extend(chapters.concat());
    out
}

fn are_same(sides: Sides<'_, '_>, ours: &[Added], theirs: &[Added]) -> bool {
    let same = |(one, other): (&Added, &Added)| sides.content(*one) == sides.content(*other);
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(same)
}

/// Lists of lines with the heading each begins with.
fn below_headings(sides: Sides<'_, '_>, lines: &[Added]) -> Vec<Vec<Added>> {
    let mut chapters: Vec<Vec<Added>> = Vec::new();
    for &line in lines {
        if chapters.is_empty() || sides.line(line).shape == Shape::Heading {
            chapters.push(Vec::new());
        }
        if let Some(last) = chapters.last_mut() {
            last.push(line);
        }
    }
    chapters
}

/// What both sides wrote below the same heading.
fn bodies(sides: Sides<'_, '_>, ours: &[Added], theirs: &[Added], is_descending: bool) -> Vec<Added> {
    if ours.is_empty() || theirs.is_empty() {
        return [ours, theirs].concat();
    }
    let is_blank = |line: &&Added| sides.line(**line).shape == Shape::Blank;
    let lead = |lines: &[Added]| lines.iter().take_while(is_blank).count();
    let trail =
        |lines: &[Added]| lines.iter().rev().take_while(is_blank).count().min(lines.len() - lead(lines));
    let inner = |lines: &[Added]| lines[lead(lines)..lines.len() - trail(lines)].to_vec();
    let (own, others) = (entries(sides, &inner(ours)), entries(sides, &inner(theirs)));
    let is_loose = own.iter().chain(&others).any(|entry| !is_listed(sides, entry));
    let seam = own.len();
    let mut all = union(sides, own, others, nested);
    let is_ordered = in_order(sides, &mut all, is_descending);
    let mut out = if lead(ours) >= lead(theirs) {
        ours[..lead(ours)].to_vec()
    } else {
        theirs[..lead(theirs)].to_vec()
    };
    // Paragraphs of the two sides stay apart when either set its own apart.
    let gap = ours[ours.len() - trail(ours)..].first().or_else(|| theirs[..lead(theirs)].first());
    for (index, entry) in all.iter().enumerate() {
        if index == seam && is_loose && !is_ordered {
            out.extend(gap);
        }
        out.extend(entry);
    }
    let end = if trail(ours) >= trail(theirs) { (ours, trail(ours)) } else { (theirs, trail(theirs)) };
    out.extend(&end.0[end.0.len() - end.1..]);
    out
}

pub(super) fn is_listed(sides: Sides<'_, '_>, entry: &[Added]) -> bool {
    entry.first().is_some_and(|&first| {
        let line = sides.line(first);
        matches!(line.shape, Shape::Item | Shape::Row)
            || (line.shape == Shape::Other && stamp(line).is_some())
    })
}

/// Lines that belong together: an item with what is indented below it, a fence, any other line with
/// the blank ones behind it.
pub(super) fn entries(sides: Sides<'_, '_>, lines: &[Added]) -> Vec<Vec<Added>> {
    let mut entries: Vec<Vec<Added>> = Vec::new();
    // The indentation of the item that the last entry is.
    let mut item: Option<usize> = None;
    let mut is_fenced = false;
    for &added in lines {
        let line = sides.line(added);
        let is_below = item.is_some_and(|indent| line.indent > indent);
        let goes_on = line.shape == Shape::Blank || is_fenced || is_below;
        if line.shape == Shape::Fence {
            is_fenced = !is_fenced;
        }
        match entries.last_mut() {
            Some(last) if goes_on => last.push(added),
            _ => {
                entries.push(vec![added]);
                item = (line.shape == Shape::Item).then_some(line.indent);
            }
        }
    }
    entries
}

/// What both sides wrote below the same item: the lines of theirs that ours do not have follow ours.
fn nested(sides: Sides<'_, '_>, ours: &[Added], theirs: &[Added]) -> Vec<Added> {
    let is_fence = |line: &Added| sides.line(*line).shape == Shape::Fence;
    if ours.iter().chain(theirs).any(is_fence) {
        return [ours, theirs].concat();
    }
    let one_each = |lines: &[Added]| lines.iter().map(|&line| vec![line]).collect();
    union(sides, one_each(ours), one_each(theirs), |_, _, _| Vec::new()).concat()
}

/// `ours` and what `theirs` has more; what begins with the same line is joined by `join`, which gets
/// the lines behind the first.
fn union(
    sides: Sides<'_, '_>,
    mut ours: Vec<Vec<Added>>,
    theirs: Vec<Vec<Added>>,
    join: impl Fn(Sides<'_, '_>, &[Added], &[Added]) -> Vec<Added>,
) -> Vec<Vec<Added>> {
    let mut known: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, list) in ours.iter().enumerate().rev() {
        if let Some(&head) = list.first() {
            known.entry(sides.content(head)).or_default().push(index);
        }
    }
    let mut more = Vec::new();
    for list in theirs {
        let Some(&head) = list.first() else { continue };
        let indices = known.get_mut(sides.content(head));
        let Some((index, indices)) = indices.and_then(|indices| Some((*indices.last()?, indices))) else {
            more.push(list);
            continue;
        };
        let own = &mut ours[index];
        if are_same(sides, own, &list) {
            indices.pop();
        } else if sides.line(head).shape == Shape::Fence {
            // A fence is one thing; two that differ stand side by side.
            more.push(list);
        } else {
            indices.pop();
            let tail = join(sides, &own[1..], &list[1..]);
            own.truncate(1);
            own.extend(tail);
        }
    }
    ours.extend(more);
    ours
}

/// Sorts what has dates throughout; `false` when something has none.
fn in_order(sides: Sides<'_, '_>, lists: &mut [Vec<Added>], is_descending: bool) -> bool {
    let dates: Option<Vec<DateTime>> = lists.iter().map(|list| stamp(sides.line(*list.first()?))).collect();
    let Some(dates) = dates else { return false };
    let mut order: Vec<usize> = (0..lists.len()).collect();
    if is_descending {
        order.sort_by_key(|&index| std::cmp::Reverse(dates[index]));
    } else {
        order.sort_by_key(|&index| dates[index]);
    }
    let sorted: Vec<Vec<Added>> = order.into_iter().map(|index| std::mem::take(&mut lists[index])).collect();
    lists.clone_from_slice(&sorted);
    true
}

/// The date an entry begins with.
pub(super) fn stamp(line: &Line<'_>) -> Option<DateTime> {
    let text = line.content.trim_start();
    let text = match line.shape {
        Shape::Heading => text.trim_start_matches('#').trim_start(),
        Shape::Item => line.fields.last().map_or(text, |body| &line.content[body.clone()]),
        _ => text,
    };
    EntryForm::of(text).map(|form| form.stamp.at)
}
