//! Terminal sessions written in Markdown, run as they stand.
//!
//! A block marked `sh` holds `$ command` lines, each followed by what it prints. Commands run one
//! after the other, by `sh`, in one scratch folder, with `rulemark` on the path and a home of their
//! own. In the expected lines `…` stands for any text, and a line of nothing else for any lines.
//!
//! A block marked `sh background` starts its one command and goes on; what the command prints must
//! come to match the block. Each later block marked `text background` must come to match what it has
//! printed since.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long a background command may take to print what is expected.
const PATIENCE: Duration = Duration::from_secs(20);

/// A fenced block of a Markdown file.
#[derive(Debug)]
pub(crate) struct Fenced {
    /// The info string: `sh background`.
    pub(crate) info: String,
    /// The lines between the fences.
    pub(crate) body: String,
    /// The line of its opening fence, from 1.
    pub(crate) line: usize,
}

/// The fenced blocks that begin at a line's first column, in order.
pub(crate) fn fenced_blocks(markdown: &str) -> Vec<Fenced> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, Fenced)> = None;
    for (index, line) in markdown.lines().enumerate() {
        let fence = &line[..line.len() - line.trim_start_matches('`').len()];
        open = match open {
            None if fence.len() >= 3 => {
                let info = line[fence.len()..].trim().to_owned();
                Some((fence, Fenced { info, body: String::new(), line: index + 1 }))
            }
            None => None,
            Some((opening, block)) if line == opening => {
                blocks.push(block);
                None
            }
            Some((opening, mut block)) => {
                block.body.push_str(line);
                block.body.push('\n');
                Some((opening, block))
            }
        };
    }
    assert!(open.is_none(), "not closed: {open:?}");
    blocks
}

/// A shell in a scratch folder.
pub(crate) struct Session {
    scratch: TempDir,
    folder: PathBuf,
    background: Option<Background>,
}

struct Background {
    process: Child,
    output: PathBuf,
    /// How many bytes of the output earlier blocks have matched.
    seen: usize,
}

impl Session {
    /// A session in a copy of `project`, or in an empty folder.
    pub(crate) fn new(project: Option<&Path>) -> Self {
        let scratch = TempDir::new().unwrap();
        let folder = scratch.path().join("project");
        fs::create_dir(&folder).unwrap();
        fs::create_dir(scratch.path().join("home")).unwrap();
        for entry in project.into_iter().flat_map(|project| fs::read_dir(project).unwrap()) {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
        Self { scratch, folder, background: None }
    }

    /// Where the commands run.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs a block if it belongs to a session; `Err` says what differs.
    pub(crate) fn run(&mut self, block: &Fenced) -> Result<(), String> {
        match block.info.as_str() {
            "sh" => steps(&block.body).into_iter().try_for_each(|(command, expected)| {
                let printed = self.print(command);
                compare(&expected, &printed).map_err(|difference| format!("$ {command}\n{difference}"))
            }),
            "sh background" => match steps(&block.body).as_slice() {
                [(command, expected)] => {
                    self.start(command);
                    self.await_background(expected)
                }
                steps => Err(format!("one command goes to the background, not {}", steps.len())),
            },
            "text background" => self.await_background(&block.body),
            _ => Ok(()),
        }
    }

    fn command(&self, line: &str) -> Command {
        let binaries = Path::new(env!("CARGO_BIN_EXE_rulemark")).parent().unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path =
            std::env::join_paths(std::iter::once(binaries.to_owned()).chain(std::env::split_paths(&path)));
        #[allow(clippy::disallowed_methods, reason = "a session is run by a shell, and starts in one place")]
        let mut command = Command::new("sh");
        command.args(["-c", &format!("exec 2>&1\n{line}")]).current_dir(&self.folder).stdin(Stdio::null());
        command.env_clear().env("PATH", path.unwrap()).env("HOME", self.scratch.path().join("home"));
        command.env("LANG", "C.UTF-8").env("COLUMNS", "100");
        command
    }

    /// What a command prints.
    pub(crate) fn print(&mut self, line: &str) -> String {
        let output = self.command(line).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn start(&mut self, line: &str) {
        assert!(self.background.is_none(), "there is one background command in a session");
        let output = self.scratch.path().join("background");
        let process =
            self.command(&format!("exec {line}")).stdout(File::create(&output).unwrap()).spawn().unwrap();
        self.background = Some(Background { process, output, seen: 0 });
    }

    fn await_background(&mut self, expected: &str) -> Result<(), String> {
        let background = self.background.as_mut().ok_or("nothing runs in the background")?;
        let started = Instant::now();
        loop {
            let printed = fs::read_to_string(&background.output).unwrap();
            let difference = match compare(expected, &printed[background.seen..]) {
                Ok(()) => {
                    background.seen = printed.len();
                    return Ok(());
                }
                Err(difference) => difference,
            };
            if started.elapsed() > PATIENCE {
                return Err(format!("in the background:\n{difference}"));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(background) = &mut self.background {
            drop((background.process.kill(), background.process.wait()));
        }
    }
}

/// The commands of a session and what each is expected to print.
pub(crate) fn steps(body: &str) -> Vec<(&str, String)> {
    let mut steps: Vec<(&str, String)> = Vec::new();
    for line in body.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push((command, String::new())),
            (None, Some((_, expected))) => {
                expected.push_str(line);
                expected.push('\n');
            }
            (None, None) => panic!("a session begins with `$ `, not with {line:?}"),
        }
    }
    steps
}

fn compare(expected: &str, printed: &str) -> Result<(), String> {
    let lines =
        |text: &str| text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    if matches_lines(&lines(expected), &lines(printed)) {
        return Ok(());
    }
    let indented = |text: &str| text.lines().map(|line| format!("  | {line}\n")).collect::<String>();
    Err(format!("expected:\n{}printed:\n{}", indented(expected), indented(printed)))
}

fn matches_lines(expected: &[String], printed: &[String]) -> bool {
    match expected.split_first() {
        None => printed.is_empty(),
        Some((line, rest)) if line.trim() == "…" => {
            (0..=printed.len()).any(|skipped| matches_lines(rest, &printed[skipped..]))
        }
        Some((line, rest)) => printed
            .split_first()
            .is_some_and(|(first, others)| matches_line(line, first) && matches_lines(rest, others)),
    }
}

fn matches_line(expected: &str, printed: &str) -> bool {
    match expected.split_once('…') {
        None => expected == printed,
        Some((head, tail)) => printed.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|skipped| matches_line(tail, &rest[skipped..]))
        }),
    }
}

#[test]
fn expected_lines_match_what_they_say() {
    let check = |expected, printed, matches: bool| {
        assert_eq!(compare(expected, printed).is_ok(), matches, "{expected:?} against {printed:?}");
    };
    check("", "", true);
    check("", "something\n", false);
    check("one\ntwo\n", "one\ntwo\n", true);
    check("one\ntwo\n", "two\none\n", false);
    check("at …:…, done\n", "at 10:31, done\n", true);
    check("at …, done\n", "at 10:31, failed\n", false);
    check("one\n…\nfour\n", "one\ntwo\nthree\nfour\n", true);
    check("one\n…\nfour\n", "one\nfour\n", true);
    check("one\n…\n", "two\n", false);
}

#[test]
fn a_session_runs_its_commands_and_notices_a_difference() {
    let mut session = Session::new(None);
    let mut run = |body: &str| session.run(&Fenced { info: "sh".to_owned(), body: body.to_owned(), line: 1 });
    assert_eq!(run("$ printf 'a\\nb\\n' > file\n$ cat file\na\nb\n"), Ok(()));
    assert_eq!(run("$ cat missing\ncat: missing: …\n"), Ok(()));
    assert!(run("$ cat file\na\n").is_err());
    assert!(run("$ true\nsomething\n").is_err());
}
