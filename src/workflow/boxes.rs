//! Names for the boxes of a gate.

use super::model::{CheckBox, Place};
use std::collections::HashSet;

/// Gives each box a name that is made of its text and unique among them: `Frame folds` is
/// `frame_folds`, and a second one `frame_folds_2`.
pub(super) fn named_boxes(texts: Vec<(String, Place)>) -> Vec<CheckBox> {
    let mut taken = HashSet::new();
    let named = |(text, place): (String, Place)| {
        let base = name(&text);
        let mut name = base.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{base}_{number}");
            number += 1;
        }
        CheckBox { name, text, place }
    };
    texts.into_iter().map(named).collect()
}

/// The words of a text, joined and lower-case, and not all of them when they are many.
fn name(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut name = String::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !name.is_empty() && name.chars().count() + word.chars().count() >= LONGEST {
            break;
        }
        if !name.is_empty() {
            name.push('_');
        }
        name.extend(word.to_lowercase().chars().take(LONGEST));
    }
    match name.chars().next() {
        None => "item".to_owned(),
        Some(first) if first.is_numeric() => format!("item_{name}"),
        Some(_) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let names = |texts: &[&str]| -> Vec<String> {
            let texts = texts.iter().map(|text| ((*text).to_owned(), Place::default())).collect();
            named_boxes(texts).into_iter().map(|check_box| check_box.name).collect()
        };
        assert_eq!(
            names(&["Frame folds", "frame folds!", "`cargo test` (all)"]),
            ["frame_folds", "frame_folds_2", "cargo_test_all"]
        );
        assert_eq!(names(&["▶", "3 tests", ""]), ["item", "item_3_tests", "item_2"]);
        let long = names(&["All unit tests passing (>= 15 tests) and then some more of them"]);
        assert_eq!(long, ["all_unit_tests_passing_15_tests_and_then"]);
    }
}
