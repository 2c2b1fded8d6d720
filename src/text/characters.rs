//! Characters that a reader does not see, or takes for others.

use super::Span;
use std::borrow::Cow;

/// Why a character is odd in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Oddity {
    /// A control character, NUL among them.
    Control,
    /// It turns the direction of what follows (CVE-2021-42574).
    Direction,
    /// It takes no room.
    Invisible,
    /// A space, but not the one that separates words.
    Space,
    /// A letter of another script that looks like this one, in a word of ASCII letters.
    Lookalike(char),
}

/// What the character is whatever stands around it. Line ends, tabs and the spaces that scripts of
/// their own use are not odd.
fn alone(c: char) -> Option<Oddity> {
    Some(match c {
        '\t' | '\n' | '\r' => return None,
        c if c.is_control() => Oddity::Control,
        '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Oddity::Direction
        }
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e00ff}' => Oddity::Invisible,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => Oddity::Space,
        c => Oddity::Lookalike(lookalike(c)?),
    })
}

/// Whether `c` must not reach a terminal as it is: a terminal could act on it, or a reader be misled
/// by it. The two joiners are let through: emoji and several scripts are made of them.
#[must_use]
pub fn is_unsafe_to_print(c: char) -> bool {
    let joins = matches!(c, '\u{200c}' | '\u{200d}');
    c.is_control()
        || !joins && matches!(alone(c), Some(Oddity::Control | Oddity::Direction | Oddity::Invisible))
}

/// The ASCII letter that `c` looks like in most fonts.
fn lookalike(c: char) -> Option<char> {
    const LETTERS: [(&str, &str); 4] = [
        ("АВЕЅІЈКМНОРСТХУаеѕіјорсхуԁһԛԝӏ", "ABESIJKMHOPCTXYaesijopcxydhqwl"),
        ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEZHIKMNOPTYXo"),
        ("օɑɡ", "oag"),
        ("＿", "_"),
    ];
    if c.is_ascii() {
        return None;
    }
    if let 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '０'..='９' = c {
        return u8::try_from(u32::from(c) - 0xfee0).ok().map(char::from);
    }
    LETTERS.iter().find_map(|(foreign, ascii)| {
        let at = foreign.chars().position(|letter| letter == c)?;
        ascii.chars().nth(at)
    })
}

/// The odd characters of a name, in order. A joiner is one only behind ASCII, a mark of direction only
/// where nothing is written from right to left, a look-alike only in a word of ASCII letters and
/// look-alikes: other languages have good reason for each.
#[must_use]
pub fn oddities(text: &str, span: Span) -> Vec<(Span, Oddity)> {
    let name = span.of(text);
    if name.is_ascii() && !name.contains(|c: char| c.is_control()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let has_right_to_left = name.chars().any(is_right_to_left);
    let mut previous = ' ';
    let mut words = Words::of(name);
    for (at, c) in name.char_indices() {
        let is_odd = match alone(c) {
            Some(Oddity::Lookalike(_)) => words.is_mixed(at),
            Some(Oddity::Invisible) if matches!(c, '\u{200c}' | '\u{200d}') => {
                previous.is_ascii_alphanumeric() || previous == '_'
            }
            Some(Oddity::Direction) if matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}') => {
                !has_right_to_left
            }
            other => other.is_some(),
        };
        if let Some(oddity) = alone(c).filter(|_| is_odd) {
            let start = span.start + at;
            found.push((Span::new(start, start + c.len_utf8()), oddity));
        }
        previous = c;
    }
    found
}

/// `text` as a reader takes it: without what is not seen, other spaces as spaces, look-alikes as the
/// letters they look like. For comparing, and for a name to put in the place of an odd one.
#[must_use]
pub fn as_it_looks(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| alone(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let looks = |c: char| match alone(c) {
        Some(Oddity::Control | Oddity::Direction | Oddity::Invisible) => None,
        Some(Oddity::Space) => Some(' '),
        Some(Oddity::Lookalike(letter)) => Some(letter),
        None => Some(c),
    };
    Cow::Owned(text.chars().filter_map(looks).collect())
}

/// The words of a name, asked for in order: which of them mix scripts that look alike.
struct Words<'t> {
    name: &'t str,
    /// Behind the last word that was looked at.
    end: usize,
    is_mixed: bool,
}

impl<'t> Words<'t> {
    fn of(name: &'t str) -> Self {
        Self { name, end: 0, is_mixed: false }
    }

    /// Whether the word at `at` has ASCII letters, look-alikes, and nothing else.
    fn is_mixed(&mut self, at: usize) -> bool {
        if at < self.end {
            return self.is_mixed;
        }
        let is_letter =
            |c: char| c.is_alphanumeric() || c == '_' || matches!(alone(c), Some(Oddity::Invisible));
        let start = self.name[..at].char_indices().rev().take_while(|&(_, c)| is_letter(c)).last();
        let start = start.map_or(at, |(start, _)| start);
        let length = self.name[start..].find(|c| !is_letter(c)).unwrap_or(self.name.len() - start);
        let word = &self.name[start..start + length];
        let has_ascii = word.contains(|c: char| c.is_ascii_alphabetic());
        self.is_mixed = has_ascii && word.chars().all(|c| c.is_ascii() || alone(c).is_some());
        self.end = start + length;
        self.is_mixed
    }
}

fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
        && c.is_alphabetic()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: &[(char, Oddity)], looks: &str) {
        let text = format!("## {name}!");
        let found = oddities(&text, Span::new(3, 3 + name.len()));
        let found: Vec<_> =
            found.iter().map(|(span, oddity)| (span.of(&text).chars().next().unwrap(), *oddity)).collect();
        assert_eq!(found, expected, "{name:?}");
        assert_eq!(as_it_looks(name), looks, "{name:?}");
    }

    #[test]
    fn what_misleads() {
        use Oddity::{Control, Direction, Invisible, Lookalike, Space};
        check("L\u{200b}og", &[('\u{200b}', Invisible)], "Log");
        check("Log\u{200d}", &[('\u{200d}', Invisible)], "Log");
        check("\u{feff}Log", &[('\u{feff}', Invisible)], "Log");
        check("Lo\u{ad}g", &[('\u{ad}', Invisible)], "Log");
        check("Log\u{e0041}", &[('\u{e0041}', Invisible)], "Log");
        check("\u{202e}goL", &[('\u{202e}', Direction)], "goL");
        check("Log\u{200f}", &[('\u{200f}', Direction)], "Log");
        check("L\0og\x1b", &[('\0', Control), ('\x1b', Control)], "Log");
        check("Log\u{c}", &[('\u{c}', Control)], "Log");
        check("Archive\u{a0}Log", &[('\u{a0}', Space)], "Archive Log");
        check("Lоg", &[('о', Lookalike('o'))], "Log");
        check("ＲULE_А_01", &[('Ｒ', Lookalike('R')), ('А', Lookalike('A'))], "RULE_A_01");
        check(
            "Phаse and Ѕtаtus",
            &[('а', Lookalike('a')), ('Ѕ', Lookalike('S')), ('а', Lookalike('a'))],
            "Phase and Status",
        );
        check("P\u{200b}hаse", &[('\u{200b}', Invisible), ('а', Lookalike('a'))], "Phase");
    }

    #[test]
    fn what_languages_need() {
        for name in [
            "Log",
            "👩‍💻 Log ✅️",
            "현재 상태",
            "状態　ステート（State）",
            "می‌خواهم",
            "שלום\u{200f} Log",
            "क्‍ष",
            "Änderungsprotokoll\tx",
        ] {
            check(name, &[], &as_it_looks(name));
        }
        // Letters that only look like ASCII ones make no word odd that is of another script.
        for name in ["Состояние", "Журнал", "Ρόδος", "API-ответ", "RESTный", "5 μm"]
        {
            assert_eq!(oddities(name, Span::new(0, name.len())), [], "{name}");
        }
    }

    #[test]
    fn what_may_be_printed() {
        for c in "aé▶ 日\u{a0}\u{fe0f}\u{200d}\u{200c}а🚀".chars() {
            assert!(!is_unsafe_to_print(c), "{c:?}");
        }
        for c in "\0\x07\t\n\r\x1b\x7f\u{9b}\u{85}\u{200b}\u{200e}\u{202e}\u{2066}\u{2028}\u{feff}\u{e0001}"
            .chars()
        {
            assert!(is_unsafe_to_print(c), "{c:?}");
        }
    }
}
