//! The words of a command: what is an option, an assignment, a command of its own.

use super::{
    programs,
    word::{Pattern, Piece, Word},
};

/// The name and value of a word that assigns.
pub(super) fn assignment(word: &Word) -> Option<(&str, Word)> {
    let (name, value) = word.beginning().split_once('=')?;
    let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
    let is_valid =
        !name.is_empty() && name.chars().all(is_name) && !name.starts_with(|c: char| c.is_ascii_digit());
    is_valid.then(|| {
        let mut pieces = vec![Piece::Text(value.to_owned())];
        pieces.extend(word.0[1..].iter().cloned());
        (name, Word(pieces))
    })
}

/// The command that a program in front of it runs: behind its options, assignments and own words.
pub(super) fn behind_prefix(arguments: &[Pattern], own: usize) -> &[Pattern] {
    let (mut at, mut left) = (0, own);
    while let Some(word) = arguments.get(at) {
        let text = word.exact().unwrap_or_default();
        let is_assignment = word.beginning().contains('=') && !word.beginning().starts_with('/');
        if programs::PREFIX_OPTIONS.contains(&text) {
            at += 1;
        } else if !(is_option(word) || is_assignment) {
            // A number that is none of its own words belongs to an option.
            let is_number = text.starts_with(|c: char| c.is_ascii_digit());
            if left == 0 && !is_number {
                break;
            }
            left = left.saturating_sub(1);
        }
        at += 1;
    }
    arguments.get(at..).unwrap_or_default()
}

/// The arguments of an editor of streams without its script.
pub(super) fn without_script(arguments: &[Pattern]) -> Vec<Pattern> {
    let introduces = |it: &Pattern| {
        let short = |it: &str| !it.starts_with("--") && it.starts_with('-') && it.ends_with(['e', 'f', 'E']);
        it.exact().is_some_and(|it| short(it) || it == "--expression" || it == "--file")
    };
    let mut is_script = !arguments.iter().any(introduces);
    let mut files = Vec::new();
    for argument in arguments {
        let is_next = introduces(argument);
        if !is_option(argument)
            && !std::mem::replace(&mut is_script, false)
            && argument.exact() != Some("inplace")
        {
            files.push(argument.clone());
        }
        is_script |= is_next;
    }
    files
}

pub(super) fn is_option(word: &Pattern) -> bool {
    word.beginning().starts_with('-') && word.exact() != Some("-")
}

/// Whether `option` is among the arguments: alone, with its value, or as the letter of a bundle.
pub(super) fn has_option(arguments: &[Pattern], option: &str) -> bool {
    arguments.iter().map(Pattern::beginning).any(|it| {
        it == option
            || option.starts_with("--") && it.strip_prefix(option).is_some_and(|rest| rest.starts_with('='))
            || is_or_has(it, option)
            || !option.starts_with("--") && option.len() == 2 && it.starts_with(option)
    })
}

/// Whether `it` is `option`, or a bundle of letters that has its letter in it.
pub(super) fn is_or_has(it: &str, option: &str) -> bool {
    let letter = option.strip_prefix('-').filter(|letter| letter.len() == 1).and_then(|it| it.chars().next());
    it == option || letter.is_some_and(|letter| programs::is_bundle_with(it, letter))
}
