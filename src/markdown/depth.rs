//! Keeping lists and quotes from nesting so deep that reading them is no longer linear.

use memchr::memchr2_iter;
use std::borrow::Cow;

/// The lists and quotes that one line may open.
pub(super) const MOST_MARKERS: usize = 64;

/// How far in, in columns, a line may open one. A list takes two columns at least.
const MOST_COLUMNS: usize = 256;

/// `text` with the marks of lists and quotes blotted out that stand behind too many others or too far
/// in; every byte keeps its place. What is nested that deep is no document's structure any more: it is
/// read as words of the paragraph or code around it.
///
/// For every line, CommonMark looks at every list and quote that is open, so a line of a thousand
/// marks makes each of the lines below it cost a thousand times as much: 64 KB of `- - - …` and bare
/// lines took pulldown-cmark 0.13 as long as 20 MB of prose. As each mark opens at most one, bounding
/// the line bounds them.
pub(super) fn bounded(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut blotted: Option<Vec<u8>> = None;
    let mut start = 0;
    for end in memchr2_iter(b'\n', b'\r', bytes).chain([bytes.len()]) {
        let line = &bytes[start..end];
        if let Some(first) = too_deep(line) {
            let copy = blotted.get_or_insert_with(|| bytes.to_vec());
            for at in marks(line).filter(|&(at, _)| at >= first).map(|(at, _)| start + at) {
                copy[at] = b'x';
            }
        }
        start = end + 1;
    }
    // Only ASCII was replaced, by ASCII.
    blotted.and_then(|copy| String::from_utf8(copy).ok()).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The first mark of a line that stands too deep.
fn too_deep(line: &[u8]) -> Option<usize> {
    let is_deep =
        |&(count, (_, column)): &(usize, (usize, usize))| count >= MOST_MARKERS || column >= MOST_COLUMNS;
    let (_, (first, _)) = marks(line).enumerate().find(is_deep)?;
    (!is_break(&line[first..])).then_some(first)
}

/// The marks that a line begins with: where each stands, and in which column.
fn marks(line: &[u8]) -> impl Iterator<Item = (usize, usize)> + '_ {
    let (mut at, mut column) = (0, 0);
    std::iter::from_fn(move || {
        loop {
            let byte = *line.get(at)?;
            let (place, column_before) = (at, column);
            at += 1;
            column += if byte == b'\t' { 4 - column % 4 } else { 1 };
            let is_set_off = matches!(line.get(at), None | Some(b' ' | b'\t'));
            match byte {
                b' ' | b'\t' | b'0'..=b'9' => {}
                b'>' => return Some((place, column_before)),
                b'-' | b'+' | b'*' if is_set_off => return Some((place, column_before)),
                b'.' | b')' if is_set_off && place > 0 && line[place - 1].is_ascii_digit() => {
                    return Some((place, column_before));
                }
                _ => {
                    at = line.len();
                    return None;
                }
            }
        }
    })
}

/// `- - - -` to the end of the line, which is a break and opens no list.
fn is_break(rest: &[u8]) -> bool {
    let mark = rest.first();
    matches!(mark, Some(b'-' | b'*'))
        && rest.iter().all(|byte| matches!(byte, b' ' | b'\t') || Some(byte) == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_left_alone() {
        for text in [
            "",
            "- a\n  - b\n    1. c\n> > d\n",
            "> - > 1. a\r> b\r\n",
            &"  ".repeat(999),
            &"-".repeat(999),
            &"- ".repeat(999),
            &"* ".repeat(999),
            &"+ ".repeat(MOST_MARKERS),
            &"=".repeat(999),
            &"1.".repeat(999),
            &format!("{}- far in\n", " ".repeat(MOST_COLUMNS - 1)),
            &format!("{}word - word\n", " ".repeat(9_999)),
        ] {
            assert!(matches!(bounded(text), Cow::Borrowed(same) if same == text), "{text:?}");
        }
    }

    #[test]
    fn marks_that_stand_too_deep_are_blotted_out() {
        let check = |text: &str, expected: &str| assert_eq!(bounded(text), expected);
        let deep = "- ".repeat(MOST_MARKERS);
        check(&format!("a\n{deep}- ▶ - b\nb"), &format!("a\n{deep}x ▶ - b\nb"));
        check(&format!("{deep}> + 1) b"), &format!("{deep}x x 1x b"));
        check(&">".repeat(MOST_MARKERS + 3), &format!("{}xxx", ">".repeat(MOST_MARKERS)));
        check(&format!("{}1. a", "\t".repeat(64)), &format!("{}1x a", "\t".repeat(64)));
        check(&format!("{}- a - b\n- c\n", " ".repeat(256)), &format!("{}x a - b\n- c\n", " ".repeat(256)));
    }
}
