//! Dates and times as people write them in entries.

use super::inline;
use jiff::civil::{Date, DateTime, Time};

/// How a date, and the time behind it if there is one, is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Where it begins and ends in the text it was found in.
    pub(super) start: usize,
    pub(super) end: usize,
    /// What it says.
    pub(super) at: DateTime,
    separator: char,
    time: Option<TimeForm>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TimeForm {
    between: char,
    has_seconds: bool,
}

impl Stamp {
    /// The first date in `text`.
    pub(super) fn find(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at + 10 <= bytes.len() {
            let free = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
            if free
                && bytes[at].is_ascii_digit()
                && let Some(stamp) = Self::read(text, at)
            {
                return Some(stamp);
            }
            at += 1;
        }
        None
    }

    /// Reads `YYYY-MM-DD`, `YYYY/MM/DD` or `YYYY.MM.DD`, and `HH:MM` or `HH:MM:SS` behind it.
    fn read(text: &str, start: usize) -> Option<Self> {
        let bytes = text.as_bytes();
        let number = |at: usize, length: usize| -> Option<i16> {
            let digits = bytes.get(at..at + length)?;
            let all = digits.iter().all(u8::is_ascii_digit);
            all.then(|| digits.iter().fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0')))
        };
        let separator = *bytes.get(start + 4)? as char;
        if !matches!(separator, '-' | '/' | '.') || *bytes.get(start + 7)? as char != separator {
            return None;
        }
        let small = |at: usize| number(at, 2).and_then(|value| i8::try_from(value).ok());
        let date = Date::new(number(start, 4)?, small(start + 5)?, small(start + 8)?).ok()?;
        let mut end = start + 10;
        if bytes.get(end).is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let mut time = None;
        let mut clock = Time::midnight();
        if let (Some(&between @ (b' ' | b'T')), Some(b':')) = (bytes.get(end), bytes.get(end + 3))
            && let (Some(hour), Some(minute)) = (small(end + 1), small(end + 4))
        {
            let second = (bytes.get(end + 6) == Some(&b':')).then(|| small(end + 7)).flatten();
            if let Ok(read) = Time::new(hour, minute, second.unwrap_or(0), 0) {
                clock = read;
                time = Some(TimeForm { between: between as char, has_seconds: second.is_some() });
                end += if second.is_some() { 9 } else { 6 };
                // The zone is not known to whoever writes the next one.
                for zone in ["Z", " UTC", " GMT", "+00:00"] {
                    if text[end..].starts_with(zone) {
                        end += zone.len();
                        break;
                    }
                }
            }
        }
        Some(Self { start, end, at: date.to_datetime(clock), separator, time })
    }

    /// `at` in this form.
    pub(super) fn write(&self, at: DateTime) -> String {
        let separator = self.separator;
        let (year, month, day) = (at.year(), at.month(), at.day());
        let date = format!("{year:04}{separator}{month:02}{separator}{day:02}");
        match self.time {
            None => date,
            Some(TimeForm { between, has_seconds }) => {
                let seconds = if has_seconds { format!(":{:02}", at.second()) } else { String::new() };
                format!("{date}{between}{:02}:{:02}{seconds}", at.hour(), at.minute())
            }
        }
    }
}

/// How dated entries are written: `**2025-01-02** - text`, `` `[2025-01-02 10:00:00] text` ``.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EntryForm {
    before: String,
    pub(super) stamp: Stamp,
    between: String,
    behind: String,
}

impl EntryForm {
    /// Reads an entry that begins with a date, list marker left out.
    pub(super) fn of(entry: &str) -> Option<Self> {
        /// Marks and a picture in front.
        const FARTHEST: usize = 12;
        let stamp = Stamp::find(entry)?;
        let before = &entry[..stamp.start];
        let is_lead = before.len() <= FARTHEST && !before.contains(char::is_alphanumeric);
        if !is_lead {
            return None;
        }
        let rest = &entry[stamp.end..];
        let length =
            rest.find(|c: char| c.is_alphanumeric() || !(c.is_ascii_punctuation() || "–—： ".contains(c)));
        let mut between = rest[..length.unwrap_or(rest.len())].to_owned();
        // Marks that belong to the text: `] **Bold**`.
        if let Some(space) = between.rfind(' ')
            && between[space + 1..].starts_with(['*', '`', '_', '[', '(', '"'])
        {
            between.truncate(space + 1);
        }
        let is_code = before.ends_with('`') || before.ends_with("`[");
        let behind = if is_code && !between.contains('`') { "`" } else { "" };
        if !between.contains(|c: char| !c.is_whitespace()) && !before.is_empty() {
            between = " ".to_owned();
        }
        if between.trim().is_empty() {
            between = if before.is_empty() { ": ".to_owned() } else { " ".to_owned() };
        }
        if !between.ends_with([' ', '：']) {
            between.push(' ');
        }
        let before = before.trim_start_matches(|c: char| inline::is_picture(c) || c == ' ').to_owned();
        Some(Self { before, stamp, between, behind: behind.to_owned() })
    }

    /// An entry in this form.
    pub(super) fn write(&self, at: DateTime, text: &str) -> String {
        let Self { before, stamp, between, behind } = self;
        let text = if behind.is_empty() { text.to_owned() } else { inline::one_line(text).replace('`', "'") };
        format!("{before}{}{between}{text}{behind}", stamp.write(at))
    }
}

/// An entry without list marker and date.
pub(super) fn undated(entry: &str) -> &str {
    match EntryForm::of(entry) {
        Some(form) => {
            let rest = &entry[form.stamp.end..];
            rest.trim_start_matches([']', '*', '`', '_', ')', ':', '：', '-', '–', '—', ' '])
                .trim_end_matches(['`', ' '])
        }
        None => entry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn entries_in_the_form_of_others() {
        let at = date(2026, 1, 2).at(3, 4, 5, 0);
        for (like, expected) in [
            ("[2025-03-26 17:55:00] Started", "[2026-01-02 03:04:05] x"),
            ("`[2025-03-26 17:55:00] Started.`", "`[2026-01-02 03:04:05] x`"),
            ("2025-07-26: Done", "2026-01-02: x"),
            ("**2024-12-19 17:30** - Done", "**2026-01-02 03:04** - x"),
            ("**2024-12-19**: Done", "**2026-01-02**: x"),
            ("**[2024/12/19]** **Done**", "**[2026/01/02]** x"),
            ("2025-07-26T10:00:00Z – Done", "2026-01-02T03:04:05 – x"),
            ("2025-07-26 Done", "2026-01-02: x"),
            ("✅ 2025.07.26 - Done", "2026.01.02 - x"),
            ("(2025-07-26) Done", "(2026-01-02) x"),
        ] {
            assert_eq!(
                EntryForm::of(like).map(|form| form.write(at, "x")).as_deref(),
                Some(expected),
                "{like}"
            );
        }
        for like in ["Done", "Done on 2025-07-26", "1.2.3", "2025-13-01: x", "20250726", ""] {
            assert_eq!(EntryForm::of(like), None, "{like}");
        }
    }

    #[test]
    fn entries_without_their_date() {
        assert_eq!(undated("**2024-12-19** - Added `x`"), "Added `x");
        assert_eq!(undated("[2024-12-19 10:00] Added"), "Added");
        assert_eq!(undated("Added"), "Added");
    }
}
