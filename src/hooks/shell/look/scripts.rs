//! Programs that are given as text: to an interpreter, to a terminal, to `awk`.

use super::Look;
use crate::hooks::shell::{
    Own,
    arguments::{is_option, is_or_has},
    programs::{self, Language, base_name},
    word::Pattern,
};

impl Look {
    pub(super) fn interpreter(
        &mut self,
        (name, arguments): (&str, &[Pattern]),
        options: &[&str],
        language: Language,
        input: Option<&str>,
        depth: usize,
    ) {
        let mut scripts: Vec<String> = Vec::new();
        let mut is_unknown = false;
        if options.is_empty() {
            let words: Vec<&str> = arguments.iter().filter_map(Pattern::exact).collect();
            is_unknown = words.len() < arguments.len();
            scripts.push(words.join(" "));
        }
        let at = arguments
            .iter()
            .position(|it| it.exact().is_some_and(|it| options.iter().any(|option| is_or_has(it, option))));
        if let Some(script) = at.and_then(|at| arguments.get(at + 1)) {
            match script.exact() {
                Some(script) => scripts.push(script.to_owned()),
                None => is_unknown = true,
            }
        } else if arguments.iter().all(|it| is_option(it) || it.exact() == Some("-")) {
            scripts.extend(input.map(str::to_owned));
            // What comes through a pipe is known only when it comes.
            is_unknown |= input.is_none() && reads_input(arguments);
        }
        for script in scripts {
            match language {
                Language::Shell => self.line(&script, depth + 1),
                Language::Other => self.script(name, &script),
            }
        }
        if is_unknown {
            self.write(&Pattern::anything(), name);
        }
    }

    /// A program's text that seems to write: whatever it names could be what it writes.
    fn script(&mut self, name: &str, script: &str) {
        self.sight.own.extend(own_calls(script));
        if !programs::seems_to_write(script) {
            return;
        }
        let paths = programs::quoted_paths(script);
        if paths.is_empty() {
            self.write(&Pattern::anything(), name);
        }
        paths.iter().for_each(|path| self.write(&Pattern::exactly(path), name));
    }

    /// A program that runs others on a terminal of its own: each of its words may be a command line, or the
    /// rest a command.
    pub(super) fn terminal(&mut self, arguments: &[Pattern], depth: usize) {
        for (at, argument) in arguments.iter().enumerate() {
            let Some(text) = argument.exact() else { continue };
            if base_name(text) == "rulemark" {
                self.own(&arguments[at + 1..]);
            } else if text.contains(char::is_whitespace) {
                let known = self.sight.own.len();
                self.line(text, depth + 1);
                // `expect` has words of its own in front of a command.
                if self.sight.own.len() == known {
                    self.sight.own.extend(own_calls(text));
                }
            }
        }
    }

    /// `awk`: what its program prints to.
    pub(super) fn awk(&mut self, name: &str, arguments: &[Pattern]) {
        let printing = arguments.iter().filter_map(Pattern::exact).filter(|it| it.contains("print"));
        for target in printing.flat_map(awk_targets).collect::<Vec<_>>() {
            self.write(&target, name);
        }
    }

    /// `tar` and `unzip`: what they unpack goes below a folder.
    pub(super) fn unpack(&mut self, name: &str, arguments: &[Pattern], folder_option: &str) {
        let at = arguments.iter().position(|it| it.exact() == Some(folder_option));
        let folder = at.and_then(|at| arguments.get(at + 1)).cloned().unwrap_or_default();
        self.write(&Pattern::anything().below(&folder.below(&self.folder())), name);
    }
}

/// Whether an interpreter with these arguments, and no others, runs what it reads.
fn reads_input(arguments: &[Pattern]) -> bool {
    arguments.is_empty() || arguments.iter().any(|it| matches!(it.exact(), Some("-" | "-s")))
}

/// Calls of `rulemark` in a text, whatever the language.
fn own_calls(script: &str) -> Vec<Own> {
    let is_letter = |c: char| c.is_alphanumeric() || "-_./\\".contains(c);
    let words = script.split(|c| !is_letter(c)).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.collect();
    let calls = words.iter().enumerate().filter(|(_, word)| base_name(word) == "rulemark");
    calls
        .filter_map(|(at, _)| {
            let mut rest =
                words[at + 1..].iter().skip_while(|word| word.starts_with('-')).map(|it| (*it).to_owned());
            Some(Own { subcommand: rest.next()?, arguments: rest.take(4).collect() })
        })
        .collect()
}

/// What an `awk` program prints to: the texts behind `>` and `>>` in a statement that prints.
fn awk_targets(program: &str) -> Vec<Pattern> {
    let mut found = Vec::new();
    for statement in program.split([';', '}', '\n']) {
        let Some((_, mut rest)) = statement.split_once("print") else { continue };
        while let Some(at) = rest.find(['"', '>']) {
            let is_target = rest.as_bytes()[at] == b'>';
            let behind = rest[at + 1..].trim_start_matches(['>', ' ', '\t']);
            let quoted = if is_target { behind.strip_prefix('"') } else { Some(&rest[at + 1..]) };
            let text = quoted.and_then(|quoted| quoted.split_once('"'));
            match text {
                Some((path, _)) if is_target => found.push(Pattern::exactly(path)),
                None if is_target => found.push(Pattern::anything()),
                _ => {}
            }
            rest = text.map_or("", |(_, rest)| rest);
        }
    }
    found
}
