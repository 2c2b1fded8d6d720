//! Which lines of three versions are meant to be the same, though they may say something else.

use super::lines::{Line, Name, Shape};
use std::collections::{HashMap, HashSet};

/// A number for each line of each version, the same for lines that are versions of one another.
/// A line is known by its name if the name stands at most once in each version, otherwise by its
/// content.
pub(in crate::document) fn identities(versions: [&[Line<'_>]; 3]) -> [Vec<u32>; 3] {
    let item_by = item_key(versions);
    // The same line may have a name in one version and, inside a fence or below another heading, none
    // or another in the next.
    let mut keys: HashMap<&str, Key<'_>> = HashMap::new();
    for line in versions.into_iter().flatten() {
        if let Some(key) = named(line, item_by) {
            keys.entry(line.content).and_modify(|known| *known = key.min(*known)).or_insert(key);
        }
    }
    let mut counts: HashMap<Key<'_>, [u32; 3]> = HashMap::new();
    for (index, lines) in versions.into_iter().enumerate() {
        for key in lines.iter().filter_map(|line| keys.get(line.content)) {
            counts.entry(*key).or_default()[index] += 1;
        }
    }
    let mut numbers: HashMap<Key<'_>, u32> = HashMap::new();
    versions.map(|lines| {
        let identity = |line| {
            let Line { content, .. }: &Line<'_> = line;
            let own = Key::Content(content);
            let key = keys.get(content).filter(|key| counts[key].iter().all(|&count| count <= 1));
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(key.copied().unwrap_or(own)).or_insert(next)
        };
        lines.iter().map(identity).collect()
    })
}

/// Those that say more come first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key<'m> {
    Keys(&'m str),
    Item(&'m str),
    Text(&'m str),
    Row(&'m str),
    Content(&'m str),
}

fn named<'m>(line: &'m Line<'_>, item_by: ItemKey) -> Option<Key<'m>> {
    match line.name.as_ref()? {
        Name::Keys(name) => Some(Key::Keys(name)),
        Name::Item(id, _) if item_by == ItemKey::Id && !id.is_empty() => Some(Key::Item(id)),
        Name::Item(_, description) => Some(Key::Text(description)).filter(|_| !description.is_empty()),
        Name::Row(cell) => Some(Key::Row(cell)),
        Name::Text(body) => Some(Key::Text(body)).filter(|_| !body.is_empty()),
    }
}

/// What an item is known by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ItemKey {
    Id,
    Description,
}

/// Ids, unless a side numbered the items anew: then the same id is another item.
fn item_key([base, ours, theirs]: [&[Line<'_>]; 3]) -> ItemKey {
    let described: HashMap<&str, &str> = items(base).map(|(id, description)| (description, id)).collect();
    let is_renumbered = |side| {
        let ids: HashSet<&str> = items(side).map(|(id, _)| id).collect();
        items(side).any(|(id, description)| {
            described.get(description).is_some_and(|&before| before != id && ids.contains(before))
        })
    };
    if is_renumbered(ours) || is_renumbered(theirs) { ItemKey::Description } else { ItemKey::Id }
}

fn items<'m>(lines: &'m [Line<'_>]) -> impl Iterator<Item = (&'m str, &'m str)> {
    lines.iter().filter_map(|line| match &line.name {
        Some(Name::Item(id, description)) => Some((&**id, &**description)),
        _ => None,
    })
}

/// Whether a line that took another's place looks like that line reworded.
pub(in crate::document) fn is_reworded(before: &Line<'_>, after: &Line<'_>) -> bool {
    let is_listed = matches!(before.shape, Shape::Item | Shape::Row) && before.shape == after.shape;
    if !is_listed || before.fields.len() != after.fields.len() {
        return false;
    }
    are_alike(before.content.trim(), after.content.trim())
}

/// Whether at least half of the longer text stands at the same end of the other.
pub(in crate::document) fn are_alike(old: &str, new: &str) -> bool {
    let front = old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count();
    let (old_length, new_length) = (old.chars().count(), new.chars().count());
    let most = old_length.min(new_length) - front;
    let back =
        old.chars().rev().zip(new.chars().rev()).take(most).take_while(|(old, new)| old == new).count();
    (front + back) * 2 >= old_length.max(new_length)
}
