//! A command line as simple commands: quotes, separators, subshells, substitutions, here-documents.
//!
//! This is no shell. It reads what a shell would read far enough to see which commands would run with
//! which words; what it can't know is a piece that says so.

mod quoting;

use super::word::{Piece, Word};

/// What a command line is made of, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A subshell or substitution begins.
    Open,
    /// It ends.
    Close,
    /// A command would run.
    Command(Simple),
}

/// One command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    /// Assignments, name and arguments.
    pub(super) words: Vec<Word>,
    /// Files its output would be written to.
    pub(super) writes: Vec<Word>,
    /// Its here-document or here-string.
    pub(super) input: Option<String>,
}

/// Substitutions in substitutions; nobody writes more by hand.
const DEEPEST: usize = 24;

/// Reads a command line; `None` when it is nested deeper than anybody writes.
pub(super) fn lex(line: &str) -> Option<Vec<Event>> {
    let mut events = Vec::new();
    lex_into(line, 0, &mut events).then_some(events)
}

fn lex_into(line: &str, depth: usize, events: &mut Vec<Event>) -> bool {
    let characters: Vec<char> = line.chars().collect();
    let mut lexer = Lexer { text: &characters, at: 0, depth, is_too_deep: depth > DEEPEST, events };
    if !lexer.is_too_deep {
        lexer.list(false);
    }
    !lexer.is_too_deep
}

struct Lexer<'l> {
    text: &'l [char],
    at: usize,
    depth: usize,
    is_too_deep: bool,
    events: &'l mut Vec<Event>,
}

/// What the next word is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Argument,
    /// A file that is written.
    Write,
    /// A file that is read, or a number of an open one.
    Nothing,
    /// What ends a here-document, or the text of a here-string.
    HereDocument,
    HereString,
}

/// A list of commands being read.
struct List {
    command: Simple,
    word: Option<Word>,
    is_quoted: bool,
    /// Whether it is inside `[[ … ]]`, where `<` and `>` compare.
    in_test: bool,
    next: Use,
    /// Here-documents that begin behind this line: which command's, what ends them, whether the ending
    /// was quoted.
    awaited: Vec<Awaited>,
}

struct Awaited {
    /// Position among the events, or the command at hand.
    command: Option<usize>,
    ending: String,
    is_literal: bool,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.at += 1;
        Some(c)
    }

    /// Reads commands, up to the end or to the parenthesis that closes.
    fn list(&mut self, is_inner: bool) {
        let mut list = List {
            command: Simple::default(),
            word: None,
            is_quoted: false,
            in_test: false,
            next: Use::Argument,
            awaited: Vec::new(),
        };
        while !self.is_too_deep {
            let Some(c) = self.next() else { break };
            match c {
                ' ' | '\t' | '\r' => self.end_word(&mut list),
                '\n' => {
                    self.end_command(&mut list);
                    self.here_documents(&mut list);
                }
                '#' if list.word.is_none() => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                '&' if self.peek(0) == Some('>') => {
                    self.end_word(&mut list);
                    self.at += 1;
                    self.skip_if(&['>']);
                    list.next = Use::Write;
                }
                ';' | '&' | '|' => self.end_command(&mut list),
                '(' => self.parenthesis(&mut list),
                ')' => {
                    self.end_command(&mut list);
                    if is_inner {
                        break;
                    }
                }
                '<' | '>' if !list.in_test => self.redirection(&mut list, c),
                _ => self.in_word(&mut list, c),
            }
        }
        self.end_command(&mut list);
        self.here_documents(&mut list);
    }

    fn skip_if(&mut self, wanted: &[char]) -> bool {
        let is_there = self.peek(0).is_some_and(|c| wanted.contains(&c));
        self.at += usize::from(is_there);
        is_there
    }

    fn end_word(&mut self, list: &mut List) {
        let Some(word) = list.word.take() else { return };
        let is_quoted = std::mem::take(&mut list.is_quoted);
        match std::mem::replace(&mut list.next, Use::Argument) {
            Use::Argument => {
                match word.literal() {
                    Some("[[") => list.in_test = true,
                    Some("]]") => list.in_test = false,
                    _ => {}
                }
                list.command.words.push(word);
            }
            Use::Write => list.command.writes.push(word),
            Use::Nothing => {}
            Use::HereString => list.command.input = Some(word.literal().unwrap_or_default().to_owned()),
            Use::HereDocument => list.awaited.push(Awaited {
                command: None,
                ending: word.literal().unwrap_or_default().to_owned(),
                is_literal: is_quoted,
            }),
        }
    }

    fn end_command(&mut self, list: &mut List) {
        self.end_word(list);
        list.next = Use::Argument;
        list.in_test = false;
        let at = self.events.len();
        list.awaited.iter_mut().for_each(|it| _ = it.command.get_or_insert(at));
        if list.command != Simple::default() || list.awaited.iter().any(|it| it.command == Some(at)) {
            self.events.push(Event::Command(std::mem::take(&mut list.command)));
        }
    }

    /// Reads the here-documents that begin on this line.
    fn here_documents(&mut self, list: &mut List) {
        for awaited in std::mem::take(&mut list.awaited) {
            let mut body = String::new();
            while self.at < self.text.len() {
                let rest = &self.text[self.at..];
                let end = rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
                let line: String = rest[..end].iter().collect();
                self.at += (end + 1).min(rest.len());
                if line.trim_start_matches('\t').trim_end_matches('\r') == awaited.ending {
                    break;
                }
                body.push_str(&line);
                body.push('\n');
            }
            if !awaited.is_literal {
                self.substitutions(&body);
            }
            if let Some(Event::Command(command)) = awaited.command.and_then(|at| self.events.get_mut(at)) {
                command.input = Some(body);
            }
        }
    }

    fn parenthesis(&mut self, list: &mut List) {
        let is_array = list.word.as_ref().is_some_and(|word| word.beginning().ends_with('='));
        if list.word.is_none() && self.is_arithmetic() {
            self.at += 1;
            return self.arithmetic();
        }
        if is_array {
            // The words of an array are no command.
            let before = self.events.len();
            self.inner();
            self.events.truncate(before);
            list.word.get_or_insert_default().0.push(Piece::Unknown);
            return;
        }
        self.end_command(list);
        self.inner();
    }

    /// Whether a second parenthesis stands here, and the two close together: `((rm x); rm y)` is none.
    fn is_arithmetic(&self) -> bool {
        let mut open = 1_usize;
        let mut inner = None;
        for (at, c) in self.text[self.at..].iter().enumerate() {
            open += usize::from(*c == '(');
            open -= usize::from(*c == ')');
            match open {
                0 => return inner.is_some_and(|inner: usize| inner + 1 == at),
                1 if *c == ')' => inner = Some(at),
                1 if at == 0 => return false,
                _ => {}
            }
        }
        false
    }

    /// Behind `((` or `$((`: up to the two parentheses that close.
    fn arithmetic(&mut self) {
        let mut open = 1_usize;
        while let Some(c) = self.next() {
            open += usize::from(c == '(');
            open -= usize::from(c == ')');
            if open == 0 {
                // The outer one.
                self.skip_if(&[')']);
                return;
            }
            if c == '`' || c == '$' && self.peek(0) == Some('(') && self.peek(1) != Some('(') {
                self.at -= usize::from(c == '`');
                self.at += usize::from(c == '$');
                if c == '$' { self.inner() } else { self.backticks() }
            }
        }
    }

    /// A list of commands of its own, up to its parenthesis.
    fn inner(&mut self) {
        self.depth += 1;
        self.is_too_deep |= self.depth > DEEPEST;
        self.events.push(Event::Open);
        self.list(true);
        self.events.push(Event::Close);
        self.depth -= 1;
    }

    fn redirection(&mut self, list: &mut List, c: char) {
        // The number of an open file in front of it is no argument.
        let is_number = |word: &Word| word.literal().is_some_and(|it| it.chars().all(|c| c.is_ascii_digit()));
        if list.word.as_ref().is_some_and(is_number) && !list.is_quoted {
            list.word = None;
        }
        self.end_word(list);
        if self.peek(0) == Some('(') {
            self.at += 1;
            self.inner();
            list.word.get_or_insert_default().0.push(Piece::Unknown);
            return;
        }
        list.next = match (c, self.peek(0), self.peek(1)) {
            ('<', Some('<'), Some('<')) => {
                self.at += 2;
                Use::HereString
            }
            ('<', Some('<'), _) => {
                self.at += 1;
                self.skip_if(&['-']);
                Use::HereDocument
            }
            ('<', Some('>'), _) => {
                self.at += 1;
                Use::Write
            }
            ('<', _, _) => {
                self.skip_if(&['&']);
                Use::Nothing
            }
            (_, Some('&'), behind) => {
                self.at += 1;
                let is_number = behind.is_some_and(|c| c.is_ascii_digit() || c == '-');
                if is_number { Use::Nothing } else { Use::Write }
            }
            _ => {
                self.skip_if(&['>', '|']);
                Use::Write
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The events in brief: words with `·` between, `>` in front of what is written, `<` of input.
    fn told(line: &str) -> String {
        let word = |word: &Word| -> String {
            let pieces = word.0.iter().map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Variable(name) => format!("${name}"),
                Piece::Unknown => "‽".into(),
                Piece::Star => "∗".into(),
                Piece::One => "∙".into(),
                Piece::Home => "⌂".into(),
            });
            pieces.collect()
        };
        let events = lex(line).unwrap();
        let told = events.iter().map(|event| match event {
            Event::Open => "(".to_owned(),
            Event::Close => ")".to_owned(),
            Event::Command(command) => {
                let mut parts: Vec<String> = command.words.iter().map(word).collect();
                parts.extend(command.writes.iter().map(|it| format!(">{}", word(it))));
                parts.extend(command.input.iter().map(|it| format!("<{}", it.replace('\n', "⏎"))));
                parts.join("·")
            }
        });
        told.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn lines_are_read_as_a_shell_would() {
        let check = |line: &str, expected: &str| assert_eq!(told(line), expected, "{line}");
        check("", "");
        check("echo a b", "echo·a·b");
        check("a && b || c; d & e | f", "a b c d e f");
        check("echo 'a > b' \"c > d\" e\\>f", "echo·a > b·c > d·e>f");
        check("echo a >b 2>&1 >>c &>d >|e 2>f <g <>h", "echo·a·>b·>c·>d·>e·>f·>h");
        check("echo a2>b", "echo·a2·>b");
        check("(cd x && rm y)", "( cd·x rm·y )");
        check("echo $(rm x) `rm y` \"$(rm z)\"", "( rm·x ) ( rm·y ) ( rm·z ) echo·‽·‽·‽");
        check("echo ${A} $B ${C:-$(rm x)} \"$D\"e", "( rm·x ) echo·$A·$B·‽·$De");
        check("rm *.md a?c x[12] {a,b}.rs {} ~/x ~bob/x", "rm·∗.md·a∙c·x∙·‽.rs·{}·⌂/x·‽bob/x");
        check("echo a # > b\nrm c", "echo·a rm·c");
        check("cat <<EOF > x\na $(rm y)\nEOF\nrm z", "cat·>x·<a $(rm y)⏎ ( rm·y ) rm·z");
        check("cat <<'EOF' > x\na $(rm y)\nEOF\n", "cat·>x·<a $(rm y)⏎");
        check("cat <<-A <<B\n\ta\n\tA\nb\nB\nrm z", "cat·<b⏎ rm·z");
        check("bash <<< 'rm x'", "bash·<rm x");
        check("if [[ a > b ]]; then rm x; fi", "if·[[·a·>·b·]] then·rm·x fi");
        check("if [[ a ]]; then echo > x; fi", "if·[[·a·]] then·echo·>x fi");
        check("(( a > 5 )); echo $((1 > 2)) > x", "echo·‽·>x");
        check("((rm x); rm y)", "( ( rm·x ) rm·y )");
        check("diff <(rm x) >(tee y)", "( rm·x ) ( tee·y ) diff·‽·‽");
        check("a=(1 2 3) rm x", "a=‽·rm·x");
        check("echo $'a\\tb' $'\\x61'", "echo·a\tb·‽61");
        check("for f in *; do rm \"$f\"; done", "for·f·in·∗ do·rm·$f done");
        check("case $x in a) rm y;; esac", "case·$x·in·a rm·y esac");
        check("echo a\\\nb", "echo·ab");
        check("echo 'open", "echo·open");
        check("echo \u{1}x", "echo·‽x");
    }

    #[test]
    fn nesting_has_an_end() {
        assert!(lex(&"$(".repeat(DEEPEST)).is_some());
        assert_eq!(lex(&"$(".repeat(DEEPEST + 1)), None);
        assert_eq!(lex(&"( ".repeat(100_000)), None);
        assert_eq!(lex(&"\"$(".repeat(100_000)), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(line in "[a-z$(){}`'\"\\\\<>&|; \\n#*?\\[\\]~=]{0,60}") {
            drop(lex(&line));
        }
    }
}
