//! The words of a rule, without their decoration.
//!
//! Back ticks, asterisks and underscores around words go; what is left keeps its place in the file.

use super::ast::Comparison;
use crate::text::Span;

/// Longer texts are prose that nobody wrote as a rule; they are handed on unread, which also bounds
/// the work that a hostile file can ask for.
pub(super) const LONGEST_READ: usize = 4096;

/// One word, number or sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    /// As written, without decoration; of a quotation or a hole what is inside.
    pub(super) text: &'t str,
    /// Where it stands in the file.
    pub(super) span: Span,
    /// What it is.
    pub(super) kind: Kind,
    /// The code span it stands in: its number in [`Lexed::codes`].
    pub(super) code: Option<usize>,
    /// Whether it can be compared byte by byte: ASCII without a formatter's backslashes.
    is_simple: bool,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word, path or identifier.
    Word,
    /// A number with its group separators and `%` or `k`.
    Number,
    /// `"…"`.
    Quoted,
    /// `<SHA1>`.
    Hole,
    /// `##`.
    Section,
    /// `==`, `<` and their like.
    Compare(Comparison),
    /// `&&`, `&`.
    And,
    /// `||`, `|`.
    Or,
    /// `!`.
    Not,
    /// `+`.
    Plus,
    /// `→`.
    Arrow,
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// `,`.
    Comma,
    /// `;`.
    Semicolon,
    /// `:`.
    Colon,
    /// `.`, `!`, `?` behind a word.
    Stop,
    /// Any other sign.
    Other,
}

impl Token<'_> {
    /// Whether it is the word `word`, which is in lower case.
    pub(super) fn is(&self, word: &str) -> bool {
        if self.is_simple {
            self.text.eq_ignore_ascii_case(word)
        } else {
            self.plain().to_lowercase() == word
        }
    }

    /// Whether its first letter is that of `words`, which are in lower case; a quick way to say no.
    fn may_begin(&self, words: &str) -> bool {
        let first = self.text.as_bytes().first().map(u8::to_ascii_lowercase);
        !self.is_simple || first == words.as_bytes().first().copied()
    }

    /// The text without a formatter's backslashes.
    pub(super) fn plain(&self) -> String {
        self.text.chars().filter(|&c| c != '\\').collect()
    }

    /// The number, in thousandths; saturates.
    pub(super) fn thousandths(&self) -> Option<i64> {
        if self.kind != Kind::Number {
            return None;
        }
        let mut value: i64 = 0;
        let mut decimals: Option<u32> = None;
        let mut factor: i64 = 1;
        for c in self.text.chars() {
            match c {
                '.' => decimals = Some(0),
                'k' | 'K' => factor = 1000,
                _ => {
                    let Some(digit) = c.to_digit(10) else { continue };
                    match &mut decimals {
                        Some(3..) => continue,
                        Some(places) => *places += 1,
                        None => {}
                    }
                    value = value.saturating_mul(10).saturating_add(i64::from(digit));
                }
            }
        }
        let missing = 3 - decimals.unwrap_or(0);
        Some(value.saturating_mul(10_i64.pow(missing)).saturating_mul(factor))
    }

    /// How many, for what is counted: `5 000`, `5.000` and `5k` are five thousand; parts of one and
    /// shares of a hundred are no number of anything.
    pub(super) fn whole(&self) -> Option<u64> {
        if self.kind == Kind::Number && is_grouped_by_dots(self.text) {
            return self.text.replace('.', "").parse().ok();
        }
        let thousandths = self.thousandths()?;
        let is_whole = thousandths % 1000 == 0 && !self.text.ends_with('%');
        if is_whole || thousandths == i64::MAX { u64::try_from(thousandths / 1000).ok() } else { None }
    }
}

/// `5.000`, `1.000.000`: groups of three digits, parted by dots. No rule measures a section in
/// thousandths of a character.
fn is_grouped_by_dots(text: &str) -> bool {
    let mut groups = text.split('.');
    let is_number = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().unwrap_or_default();
    text.contains('.')
        && (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && is_number(first)
        && groups.all(|group| group.len() == 3 && is_number(group))
}

/// A text as tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct Lexed<'t> {
    pub(super) tokens: Vec<Token<'t>>,
    /// The insides of the code spans.
    pub(super) codes: Vec<Span>,
}

/// Reads `span` of `file`; nothing if it is longer than [`LONGEST_READ`].
pub(super) fn lex(file: &str, span: Span) -> Lexed<'_> {
    let mut lexer =
        Lexer { text: span.of(file), base: span.start, at: 0, code: None, lexed: Lexed::default() };
    if span.len() <= LONGEST_READ {
        lexer.lexed.tokens.reserve(span.len() / 5);
        while lexer.at < lexer.text.len() {
            lexer.next();
        }
    }
    lexer.lexed
}

struct Lexer<'t> {
    text: &'t str,
    base: usize,
    at: usize,
    /// Where the code span ends in which `at` lies.
    code: Option<usize>,
    lexed: Lexed<'t>,
}

impl<'t> Lexer<'t> {
    fn next(&mut self) {
        if self.code.is_some_and(|end| self.at >= end) {
            self.code = None;
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start_matches('`').len();
            return;
        }
        let rest = &self.text[self.at..];
        let Some(c) = rest.chars().next() else { return };
        match c {
            '`' => self.code_edge(rest),
            '#' => self.run(rest, '#', Kind::Section),
            '"' => self.quotation('"', '"'),
            '“' => self.quotation('“', '”'),
            '\'' => self.quotation('\'', '\''),
            '0'..='9' => self.number_or_word(),
            '<' if hole(rest).is_some() => {
                let inner = hole(rest).unwrap_or_default();
                self.push(Kind::Hole, 1, inner, inner + 2);
            }
            c if starts_word(rest, c) => self.word(),
            c if c.is_whitespace() || matches!(c, '*' | '_' | '\\') => self.at += c.len_utf8(),
            _ => self.sign(rest, c),
        }
    }

    /// Pushes the token that begins `skip` bytes behind `at` and is `len` long; goes on `advance` bytes.
    fn push(&mut self, kind: Kind, skip: usize, len: usize, advance: usize) {
        let start = self.at + skip;
        let text = &self.text[start..start + len];
        let span = Span::new(self.base + self.at, self.base + self.at + advance);
        let code = self.code.map(|_| self.lexed.codes.len() - 1);
        let is_simple = text.bytes().all(|byte| byte.is_ascii() && byte != b'\\');
        self.lexed.tokens.push(Token { text, span, kind, code, is_simple });
        self.at += advance;
    }

    fn run(&mut self, rest: &str, c: char, kind: Kind) {
        let len = rest.len() - rest.trim_start_matches(c).len();
        self.push(kind, 0, len, len);
    }

    fn code_edge(&mut self, rest: &str) {
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        if self.code.is_none()
            && let Some(inner) = rest[ticks..].find(&rest[..ticks])
            && inner > 0
        {
            let start = self.at + ticks;
            self.lexed.codes.push(Span::new(self.base + start, self.base + start + inner));
            self.code = Some(start + inner);
        }
        self.at += ticks;
    }

    fn quotation(&mut self, open: char, close: char) {
        let rest = &self.text[self.at + open.len_utf8()..];
        let before = self.text[..self.at].chars().next_back();
        let single = open == '\'';
        let end = (!single || !before.is_some_and(char::is_alphanumeric))
            .then(|| rest.find(close))
            .flatten()
            .filter(|&end| {
                let behind = rest[end + close.len_utf8()..].chars().next();
                end > 0 && !(single && behind.is_some_and(char::is_alphanumeric))
            });
        match end {
            Some(end) => {
                let skip = open.len_utf8();
                self.push(Kind::Quoted, skip, end, skip + end + close.len_utf8());
            }
            None => self.at += open.len_utf8(),
        }
    }

    fn number_or_word(&mut self) {
        let rest = &self.text[self.at..];
        let len = number_length(rest);
        let behind = rest[len..].chars().next();
        if behind.is_some_and(|c| {
            c.is_alphanumeric() || c == '_' || (c == '-' && !rest[len + 1..].starts_with('>'))
        }) {
            self.word();
        } else {
            self.push(Kind::Number, 0, len, len);
        }
    }

    /// Whether an asterisk behind the word at `at` stands for what follows it: in code, or where no
    /// other one could open emphasis and a value is compared.
    fn is_prefix(&self) -> bool {
        let compares = || matches!(self.lexed.tokens.last().map(|token| token.kind), Some(Kind::Compare(_)));
        self.code.is_some() || (compares() && self.text.matches('*').nth(1).is_none())
    }

    fn word(&mut self) {
        let rest = &self.text[self.at..];
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let len = word_length(rest).max(first);
        let mut start = rest[..len].len() - rest[..len].trim_start_matches('_').len();
        let mut end = len;
        if rest[len..].starts_with("*") && !rest[len..].starts_with("**") && rest[..len].ends_with('_') {
            self.push(Kind::Word, start, len + 1 - start, len + 1);
            return;
        }
        if rest[len..].starts_with('*') && !rest[len..].starts_with("**") && self.is_prefix() {
            self.push(Kind::Word, start, len + 1 - start, len + 1);
            return;
        }
        if rest[len..].starts_with("\\*") && rest[..len].ends_with('_') {
            self.push(Kind::Word, start, len + 2 - start, len + 2);
            return;
        }
        while end > start && rest[..end].ends_with(['_', '\\']) {
            end -= 1;
        }
        if start >= end {
            start = 0;
            end = len;
        }
        let text = Span::new(self.at + start, self.at + end);
        self.at += start;
        self.push(Kind::Word, 0, text.len(), text.len());
        self.at += len - end;
    }

    fn sign(&mut self, rest: &str, c: char) {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let single = match c {
            '(' => Some(Kind::Open),
            ')' => Some(Kind::Close),
            ',' => Some(Kind::Comma),
            ';' => Some(Kind::Semicolon),
            '.' | '?' => Some(Kind::Stop),
            '+' => Some(Kind::Plus),
            _ => None,
        };
        if let Some(kind) = single {
            return self.push(kind, 0, 1, 1);
        }
        const SIGNS: &[(&str, Kind)] = &[
            ("===", Kind::Compare(Equal)),
            ("!==", Kind::Compare(NotEqual)),
            ("==", Kind::Compare(Equal)),
            ("!=", Kind::Compare(NotEqual)),
            ("=>", Kind::Arrow),
            ("->", Kind::Arrow),
            (">=", Kind::Compare(GreaterOrEqual)),
            ("<=", Kind::Compare(LessOrEqual)),
            (":=", Kind::Compare(Equal)),
            ("&&", Kind::And),
            ("||", Kind::Or),
            ("→", Kind::Arrow),
            ("⇒", Kind::Arrow),
            ("≥", Kind::Compare(GreaterOrEqual)),
            ("≤", Kind::Compare(LessOrEqual)),
            ("≠", Kind::Compare(NotEqual)),
            ("=", Kind::Compare(Equal)),
            (">", Kind::Compare(Greater)),
            ("<", Kind::Compare(Less)),
            ("&", Kind::And),
            ("|", Kind::Or),
            (":", Kind::Colon),
            ("。", Kind::Stop),
            ("，", Kind::Comma),
            ("、", Kind::Comma),
            ("；", Kind::Semicolon),
            ("：", Kind::Colon),
        ];
        if let Some((sign, kind)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            self.push(*kind, 0, sign.len(), sign.len());
        } else if c == '!' {
            let negates = rest[1..].starts_with(|c: char| c == '(' || c.is_alphanumeric());
            self.push(if negates { Kind::Not } else { Kind::Stop }, 0, 1, 1);
        } else {
            self.push(Kind::Other, 0, c.len_utf8(), c.len_utf8());
        }
    }
}

/// The length of what stands between `<` and `>` at the beginning of `rest`, if that is a hole.
fn hole(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('<')?;
    let end = inner.find('>')?;
    (inner.starts_with(char::is_alphabetic) && !inner[..end].contains(['<', '=', '\n', '|', '&']))
        .then_some(end)
}

fn starts_word(rest: &str, c: char) -> bool {
    let next = || rest[c.len_utf8()..].chars().next();
    match c {
        '_' => next().is_some_and(|n| n.is_alphanumeric() || n == '_'),
        '@' | '/' | '$' | '~' => next().is_some_and(|n| n.is_alphanumeric() || n == '/'),
        '.' => next().is_some_and(|n| n.is_alphanumeric() || n == '/' || n == '.'),
        _ => c.is_alphanumeric(),
    }
}

fn word_length(rest: &str) -> usize {
    let plain = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let mut chars = rest[plain..].char_indices().map(|(at, c)| (plain + at, c)).peekable();
    let mut len = plain;
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|&(_, next)| next);
        let inside = match c {
            '_' => true,
            '\\' => next == Some('_'),
            '@' | '$' | '~' => next.is_some_and(|n| n.is_alphanumeric() || n == '/'),
            '.' => next.is_some_and(|n| n.is_alphanumeric() || n == '/' || (n == '.' && at == 0)),
            '/' => {
                next.is_none_or(|n| {
                    n.is_alphanumeric() || n.is_whitespace() || matches!(n, '.' | '_' | '`' | '@')
                }) && (at > 0 || next.is_some_and(|n| !n.is_whitespace()))
            }
            '-' | '\'' | '’' => next.is_some_and(char::is_alphanumeric),
            _ => c.is_alphanumeric(),
        };
        if !inside {
            break;
        }
        len = at + c.len_utf8();
    }
    len
}

/// The length of the number at the beginning: `5 000`, `5,000`, `0.85`, `30%`, `5k`.
fn number_length(rest: &str) -> usize {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut len = digits(rest);
    while let Some(separator) =
        rest[len..].chars().next().filter(|c| matches!(c, ' ' | ',' | '_' | '\u{a0}' | '\u{202f}'))
    {
        let group = len + separator.len_utf8();
        if digits(&rest[group..]) != 3 {
            break;
        }
        len = group + 3;
    }
    if rest[len..].starts_with('.') {
        let decimals = digits(&rest[len + 1..]);
        if decimals > 0 {
            len += 1 + decimals;
        }
        while decimals == 3 && rest[len..].starts_with('.') && digits(&rest[len + 1..]) == 3 {
            len += 4;
        }
    }
    let unit = rest[len..].chars().next().filter(|c| matches!(c, '%' | 'k' | 'K'));
    let behind = rest[len..].chars().nth(1);
    if unit.is_some() && !behind.is_some_and(char::is_alphanumeric) {
        len += 1;
    }
    len
}

/// A place in a row of tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a, 't> {
    pub(super) tokens: &'a [Token<'t>],
    pub(super) at: usize,
}

impl<'a, 't> Cursor<'a, 't> {
    pub(super) fn new(tokens: &'a [Token<'t>]) -> Self {
        Self { tokens, at: 0 }
    }

    /// What is still to be read.
    pub(super) fn rest(&self) -> &'a [Token<'t>] {
        &self.tokens[self.at..]
    }

    pub(super) fn peek(&self) -> Option<&'a Token<'t>> {
        self.tokens.get(self.at)
    }

    pub(super) fn take(&mut self) -> Option<&'a Token<'t>> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        Some(token)
    }

    pub(super) fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Reads the next token if it is of this kind.
    pub(super) fn kind(&mut self, kind: Kind) -> bool {
        let found = self.peek().is_some_and(|token| token.kind == kind);
        self.at += usize::from(found);
        found
    }

    /// Reads these words, given in lower case with single blanks, or nothing.
    pub(super) fn words(&mut self, words: &str) -> bool {
        if !self.peek().is_some_and(|first| first.may_begin(words)) {
            return false;
        }
        let mut ahead = *self;
        let found = words
            .split(' ')
            .all(|word| ahead.take().is_some_and(|token| token.kind == Kind::Word && token.is(word)));
        if found {
            *self = ahead;
        }
        found
    }

    /// Reads the first of these phrases that stands here.
    pub(super) fn one_of(&mut self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.words(phrase))
    }
}

/// The span from the first token to the last, with the quotation marks and code edges they have.
pub(super) fn extent(tokens: &[Token<'_>]) -> Span {
    match tokens {
        [] => Span::default(),
        [first, .., last] => first.span.union(last.span),
        [only] => only.span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        let lexed = lex(input, Span::new(0, input.len()));
        let tokens: Vec<_> = lexed.tokens.iter().map(|token| token.text).collect();
        assert_eq!(tokens.join(" · "), expected, "{input}");
    }

    #[test]
    fn words_lose_their_decoration() {
        check("`Phase == VALIDATE && Status`", "Phase · == · VALIDATE · && · Status");
        check("Clear **## Log**, reset", "Clear · ## · Log · , · reset");
        check("After _every_ *significant* action.", "After · every · significant · action · .");
        check("`BLOCKED_*`, NEEDS\\_\\*", "BLOCKED_* · , · NEEDS\\_\\*");
        check(
            "user_config.json (generated) at ./docs/",
            "user_config.json · ( · generated · ) · at · ./docs/",
        );
        check("INIT→ask task→`ANALYZE,RUNNING`", "INIT · → · ask · task · → · ANALYZE · , · RUNNING");
        check("like \"diff...\" or 'compare'", "like · diff... · or · compare");
        check("C≥4 <7 30d 2nd `git diff <SHA1>`", "C · ≥ · 4 · < · 7 · 30d · 2nd · git · diff · SHA1");
        check("today's date; VALIDATE/COMPLETED", "today's · date · ; · VALIDATE/COMPLETED");
        check("(`@config/update`) @analyze+", "( · @config/update · ) · @analyze · +");
    }

    #[test]
    fn numbers_in_every_grouping() {
        for (input, expected) in [
            ("5 000", 5_000_000),
            ("5,000", 5_000_000),
            ("5_000", 5_000_000),
            ("5\u{a0}000", 5_000_000),
            ("5000", 5_000_000),
            ("5k", 5_000_000),
            ("0.85", 850),
            ("30%", 30_000),
            ("7.12345", 7123),
            ("99999999999999999999", i64::MAX),
        ] {
            let lexed = lex(input, Span::new(0, input.len()));
            assert_eq!(lexed.tokens.len(), 1, "{input}");
            assert_eq!(lexed.tokens[0].thousandths(), Some(expected), "{input}");
        }
    }

    #[test]
    fn code_spans_are_known() {
        let text = "execute `git add .` and ``x ` y``";
        let lexed = lex(text, Span::new(0, text.len()));
        let codes: Vec<_> = lexed.codes.iter().map(|code| code.of(text)).collect();
        assert_eq!(codes, ["git add .", "x ` y"]);
        assert_eq!(lexed.tokens.iter().filter(|token| token.code == Some(0)).count(), 3);
    }

    proptest::proptest! {
        #[test]
        fn every_text_can_be_read(text in "\\PC*|[a-zA-Z0-9 `*_\"'<>=&|(){}\\[\\].,;:→#\\\\%+-]*") {
            let lexed = lex(&text, Span::new(0, text.len()));
            for pair in lexed.tokens.windows(2) {
                proptest::prop_assert!(pair[0].span.end <= pair[1].span.start);
            }
            for token in &lexed.tokens {
                proptest::prop_assert!(token.span.of(&text).contains(token.text));
            }
        }
    }
}
