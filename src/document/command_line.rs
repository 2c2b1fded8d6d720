//! Command lines as text: what takes a shell, and what only a person may run.

/// How a command line is to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Launch {
    /// As a program with its arguments.
    Direct(Vec<String>),
    /// By a shell: something in it only a shell can do.
    Shell {
        /// Whether it takes more than a POSIX shell, or is a pipeline whose first failure must count.
        bash: bool,
    },
}

/// What begins a command only a shell has, or a statement.
const SHELL_WORDS: &[&str] = &[
    "!", ".", ":", "[[", "alias", "case", "cd", "eval", "exec", "exit", "export", "for", "function", "if",
    "popd", "pushd", "set", "shopt", "source", "trap", "ulimit", "umask", "unset", "until", "wait", "while",
];

/// Git commands that throw work away, or reach others (`rule-language.md`, section 6).
const DESTRUCTIVE_GIT: &[&str] = &[
    "checkout",
    "clean",
    "filter-branch",
    "filter-repo",
    "gc",
    "prune",
    "push",
    "rebase",
    "reflog",
    "reset",
    "restore",
    "rm",
    "send-pack",
    "stash",
    "switch",
    "update-ref",
];

/// Options of git that take the next word as their value.
const GIT_OPTIONS: &[&str] =
    &["-C", "-c", "--git-dir", "--work-tree", "--namespace", "--config-env", "--exec-path"];

impl Launch {
    /// Decides how `line` is to be started.
    #[must_use]
    pub fn of(line: &str) -> Self {
        match words(line) {
            Some(words) => Self::Direct(words),
            None => {
                let is_pipeline = line.replace("||", "").contains('|');
                let has_bash_words =
                    tokens(line).any(|word| matches!(word, "source" | "[[" | "pipefail" | "shopt"));
                Self::Shell { bash: is_pipeline || has_bash_words || line.contains("<(") }
            }
        }
    }
}

/// The words of a line that says the same with and without a shell; `None` when it does not.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '$' | '`' | '!' => return None,
                        '\\' => match chars.next()? {
                            c @ ('"' | '\\' | '$' | '`') => word.push(c),
                            c => word.extend(['\\', c]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            '|' | '&' | ';' | '<' | '>' | '(' | ')' | '$' | '`' | '*' | '?' | '[' | '{' => return None,
            '~' | '#' if word.is_none() => return None,
            c if c.is_control() => return None,
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let first = words.first()?;
    let is_for_shell = SHELL_WORDS.contains(&first.as_str()) || first.contains('=');
    (!is_for_shell).then_some(words)
}

/// The destructive git command that `line` would run, in a word or two (`git push`), however it is
/// wrapped: behind `&&`, in `sh -c '…'`, by `env` or `xargs`, with options of git in between.
///
/// What no text shows (a script, a variable, a git alias that the machine has) it can't see; git
/// with a command that only the shell will know counts as destructive.
#[must_use]
pub fn destructive_git(line: &str) -> Option<String> {
    let is_quote = |c| matches!(c, '\'' | '"' | '\\');
    let apart = line.replace(is_quote, " ");
    let joined: String = line.chars().filter(|&c| !is_quote(c)).collect();
    [apart, joined].iter().find_map(|line| {
        let tokens: Vec<&str> = tokens(line).collect();
        (0..tokens.len()).find_map(|at| {
            let program = tokens[at].rsplit('/').next().unwrap_or_default();
            let is_git = program.eq_ignore_ascii_case("git") || program.eq_ignore_ascii_case("git.exe");
            let dashed = program.strip_prefix("git-").filter(|command| DESTRUCTIVE_GIT.contains(command));
            match dashed {
                Some(command) => Some(format!("git {command}")),
                None => is_git.then(|| destructive_command(&tokens[at + 1..])).flatten(),
            }
        })
    })
}

/// The destructive command among the words behind `git`.
fn destructive_command(behind: &[&str]) -> Option<String> {
    let mut behind = behind.iter();
    while let Some(&word) = behind.next() {
        if GIT_OPTIONS.contains(&word) {
            let value = behind.next().copied().unwrap_or_default();
            if value.to_ascii_lowercase().starts_with("alias.") || word == "--config-env" {
                return Some(format!("git {word} {value}"));
            }
        } else if !word.starts_with('-') {
            let is_hidden = word.starts_with('$') || word.starts_with('{');
            return (is_hidden || DESTRUCTIVE_GIT.contains(&word)).then(|| format!("git {word}"));
        }
    }
    None
}

fn tokens(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')' | '`' | '<' | '>'))
        .filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_is_used_only_where_one_is_needed() {
        let direct = |line: &str, expected: &[&str]| {
            let expected = expected.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(Launch::of(line), Launch::Direct(expected), "{line}");
        };
        direct("cargo test", &["cargo", "test"]);
        direct("  pytest -k 'a and b'  -q ", &["pytest", "-k", "a and b", "-q"]);
        direct(r#"echo "a \"b\" \n" '' c\ d"#, &["echo", r#"a "b" \n"#, "", "c d"]);
        direct("make CFLAGS=-O2 a#b x~", &["make", "CFLAGS=-O2", "a#b", "x~"]);
        let shell = |line: &str, bash| assert_eq!(Launch::of(line), Launch::Shell { bash }, "{line}");
        for line in [
            "cd api && npm test",
            "CI=1 npm test",
            "pytest tests/*.py",
            "npm test; npm run lint",
            "echo $HOME",
            "a || b",
            "echo `date`",
            "cat <in",
            "x >out",
            "ls ~",
            "echo 'open",
            "",
            "echo \"$A\"",
            "a # b",
            "find . {a,b}",
            ". env/bin/activate",
            "exit 1",
        ] {
            shell(line, false);
        }
        for line in [
            "cargo test | tee log",
            "source .venv/bin/activate && pytest",
            "diff <(a) <(b)",
            "set -o pipefail; x",
        ] {
            shell(line, true);
        }
    }

    #[test]
    fn destructive_git_is_seen_through_wrapping() {
        for line in [
            "git push",
            "git push --force origin main",
            "/usr/bin/git push",
            "git -C api push",
            "git --no-pager push",
            "cargo test && git push",
            "cargo test&&git reset --hard",
            "sh -c 'git push'",
            "bash -c \"git clean -fdx\"",
            "sh -c 'cd x && git checkout .'",
            "env -i git checkout main",
            "xargs git checkout",
            "$(git push)",
            "`git push`",
            "A=1 git push",
            "\"git\" push",
            "g\\it push",
            "g'it' pu\"sh\"",
            "git $COMMAND",
            "git -c alias.x=push x",
            "git-push",
            "/usr/lib/git-core/git-push",
            "GIT push",
            "(git stash)",
            "git -c user.name=a push",
            "echo a | git clean",
            "git restore .",
        ] {
            assert!(destructive_git(line).is_some(), "{line}");
        }
        for line in [
            "cargo test",
            "git status",
            "git diff --exit-code",
            "git ls-files | xargs shellcheck",
            "npm run push",
            "git add . && git commit",
            "echo push",
            "digit push",
            "git log --grep push",
            "git",
            "make clean",
        ] {
            assert_eq!(destructive_git(line), None, "{line}");
        }
    }
}
