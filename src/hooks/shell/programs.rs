//! Programs that write files, and which of their arguments name them.

use super::word::Pattern;

/// How a program's arguments name what it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writes {
    /// Every argument that is no option and no number.
    All,
    /// With one of these options: every argument but its script, which stands first or behind `-e`.
    InPlace(&'static [&'static str]),
    /// With one of these options: every argument.
    AllWith(&'static [&'static str]),
    /// What stands behind one of these options.
    Output(&'static [&'static str]),
    /// The last one, or what `-t` names; it may be a folder that the others go into.
    Last,
    /// The same, and the others go away.
    Move,
    /// What stands behind `of=`.
    Assigned,
    /// The first argument.
    First,
    /// What only running it would tell, without one of these options.
    Anything {
        /// The options.
        unless: &'static [&'static str],
    },
    /// What is in an archive, below the folder that an option names.
    Unpacked {
        /// The options with which it is unpacked; none where it is always.
        with: &'static [&'static str],
        /// The option that names the folder.
        folder: &'static str,
    },
}

/// The programs. Those that edit a file as a person would are for an agent only another way to write.
const PROGRAMS: [(&str, Writes); 42] = [
    ("tee", Writes::All),
    ("sponge", Writes::All),
    ("truncate", Writes::All),
    ("rm", Writes::All),
    ("rmdir", Writes::All),
    ("unlink", Writes::All),
    ("shred", Writes::All),
    ("touch", Writes::All),
    ("ln", Writes::All),
    ("ed", Writes::All),
    ("ex", Writes::All),
    ("vi", Writes::All),
    ("vim", Writes::All),
    ("nvim", Writes::All),
    ("nano", Writes::All),
    ("emacs", Writes::All),
    ("dos2unix", Writes::All),
    ("unix2dos", Writes::All),
    ("patch", Writes::Anything { unless: &["--dry-run"] }),
    ("sqlite3", Writes::First),
    ("tar", Writes::Unpacked { with: &["-x", "--extract", "--get"], folder: "-C" }),
    ("bsdtar", Writes::Unpacked { with: &["-x", "--extract"], folder: "-C" }),
    ("unzip", Writes::Unpacked { with: &[], folder: "-d" }),
    ("rename", Writes::All),
    ("sed", Writes::InPlace(&["-i", "--in-place"])),
    ("gsed", Writes::InPlace(&["-i", "--in-place"])),
    ("perl", Writes::InPlace(&["-i"])),
    ("ruby", Writes::InPlace(&["-i"])),
    ("awk", Writes::InPlace(&["inplace"])),
    ("gawk", Writes::InPlace(&["inplace"])),
    ("yq", Writes::InPlace(&["-i", "--inplace"])),
    ("prettier", Writes::AllWith(&["--write", "-w"])),
    ("sort", Writes::Output(&["-o", "--output"])),
    ("curl", Writes::Output(&["-o", "--output"])),
    ("wget", Writes::Output(&["-O", "--output-document"])),
    ("cp", Writes::Last),
    ("gcp", Writes::Last),
    ("install", Writes::Last),
    ("rsync", Writes::Last),
    ("scp", Writes::Last),
    ("mv", Writes::Move),
    ("dd", Writes::Assigned),
];

/// Programs that run the command that follows them, and how many arguments of their own stand between,
/// options left out.
const PREFIXES: [(&str, usize); 19] = [
    ("sudo", 0),
    ("doas", 0),
    ("env", 0),
    ("nohup", 0),
    ("time", 0),
    ("timeout", 1),
    ("nice", 0),
    ("ionice", 0),
    ("stdbuf", 0),
    ("command", 0),
    ("builtin", 0),
    ("exec", 0),
    ("setsid", 0),
    ("unbuffer", 0),
    ("xargs", 0),
    ("parallel", 0),
    ("watch", 0),
    ("strace", 0),
    ("npx", 0),
];

/// Options of these programs that take a word of their own.
pub(super) const PREFIX_OPTIONS: [&str; 12] =
    ["-u", "-g", "-C", "-D", "-I", "-J", "-k", "-s", "-S", "-o", "-a", "--unset"];

/// Words of the shell that stand in front of a command.
const KEYWORDS: [&str; 9] = ["!", "{", "do", "if", "then", "else", "elif", "while", "until"];

/// Programs that run a text as a program, the option behind which it stands, and whether it is a shell's.
const INTERPRETERS: [(&str, &[&str], Language); 17] = [
    ("sh", &["-c"], Language::Shell),
    ("bash", &["-c"], Language::Shell),
    ("zsh", &["-c"], Language::Shell),
    ("dash", &["-c"], Language::Shell),
    ("ksh", &["-c"], Language::Shell),
    ("fish", &["-c"], Language::Shell),
    ("eval", &[], Language::Shell),
    ("su", &["-c", "--command"], Language::Shell),
    ("python", &["-c"], Language::Other),
    ("python2", &["-c"], Language::Other),
    ("python3", &["-c"], Language::Other),
    ("node", &["-e", "--eval", "-p"], Language::Other),
    ("deno", &["eval"], Language::Other),
    ("bun", &["-e"], Language::Other),
    ("perl", &["-e", "-E"], Language::Other),
    ("ruby", &["-e"], Language::Other),
    ("php", &["-r"], Language::Other),
];

/// What in a program's text writes to a file, whatever the language. Opening one for writing is another
/// way.
const WRITING: [&str; 19] = [
    ".write",
    "write_text",
    "write_bytes",
    "writefile",
    "appendfile",
    "createwritestream",
    "file_put_contents",
    "fputs",
    "fwrite",
    "unlink",
    "os.remove",
    "os.replace",
    "rename",
    "rmsync",
    "rmtree",
    "shutil.",
    "copyfile",
    "cpsync",
    "truncate",
];

/// What an interpreter is given to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// A shell's own.
    Shell,
    /// Another one's.
    Other,
}

/// The name of a program without its folder.
pub(super) fn base_name(program: &str) -> &str {
    program.rsplit(['/', '\\']).next().unwrap_or(program).trim_end_matches(".exe")
}

/// How `program` writes files; `None` when it is none that is known to.
pub(super) fn writes(program: &str) -> Option<Writes> {
    PROGRAMS.iter().find(|(name, _)| *name == program).map(|(_, writes)| *writes)
}

/// How many words of its own a program that runs others has; `None` when it is none.
pub(super) fn prefix(program: &str) -> Option<usize> {
    let keyword = KEYWORDS.contains(&program).then_some(0);
    keyword.or_else(|| PREFIXES.iter().find(|(name, _)| *name == program).map(|(_, own)| *own))
}

/// What `program` runs when it is given a text, and the options in front of the text.
pub(super) fn interpreter(program: &str) -> Option<(&'static [&'static str], Language)> {
    let versioned = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let is = |name: &str| name == program || (name == "python" && versioned == "python");
    INTERPRETERS.iter().find(|(name, ..)| is(name)).map(|(_, options, language)| (*options, *language))
}

/// Whether the text of a program seems to write files.
pub(super) fn seems_to_write(script: &str) -> bool {
    let script = script.to_lowercase().replace("stdout.write", "").replace("stderr.write", "");
    let is_mode = |text: &str| {
        (1..=3).contains(&text.len())
            && text.chars().all(|c| "rwaxbt+".contains(c))
            && text.contains(['w', 'a', 'x', '+'])
    };
    WRITING.iter().any(|word| script.contains(word))
        || script.contains("open") && script.split(['\'', '"']).any(is_mode)
}

/// The quoted texts of a program that could be paths.
pub(super) fn quoted_paths(script: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = script;
    while let Some(at) = rest.find(['\'', '"', '`']) {
        let quote = rest.as_bytes()[at];
        let behind = &rest[at + 1..];
        let Some(end) = behind.bytes().position(|byte| byte == quote) else { break };
        let text = &behind[..end];
        let is_path = !text.is_empty()
            && text.len() < 256
            && text.contains(['.', '/'])
            && !text.contains(|c: char| c.is_whitespace() || "(){}<>,;\\".contains(c));
        found.extend(is_path.then(|| text.to_owned()));
        rest = &behind[end + 1..];
    }
    found
}

/// What `git` with these arguments does to the work tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Git {
    /// Nothing, or no more than an agent's edits would do one by one.
    Harmless,
    /// It writes these.
    Paths(Vec<Pattern>),
    /// It writes those of these that are files; the others are branches.
    Existing(Vec<Pattern>),
    /// It takes the whole work tree back.
    Everything,
}

/// What a call of git changes in the work tree.
pub(super) fn git(arguments: &[Pattern]) -> Git {
    let mut rest = arguments;
    // Options of git itself, some with a word of their own.
    while let [first, behind @ ..] = rest {
        match first.exact() {
            Some("-C" | "-c" | "--git-dir" | "--work-tree") => rest = behind.get(1..).unwrap_or_default(),
            Some(option) if option.starts_with('-') => rest = behind,
            _ => break,
        }
    }
    let Some((subcommand, arguments)) = rest.split_first() else { return Git::Harmless };
    let exact = || arguments.iter().filter_map(Pattern::exact);
    let has = |wanted: &[&str]| exact().any(|it| wanted.contains(&it));
    let is_forced = exact().any(|it| it == "--force" || is_bundle_with(it, 'f'));
    let behind_dashes =
        arguments.iter().position(|it| it.exact() == Some("--")).map(|at| arguments[at + 1..].to_vec());
    let is_option = |it: &&Pattern| it.exact().is_some_and(|it| it.starts_with('-'));
    let others = || arguments.iter().filter(|it| !is_option(it)).cloned().collect::<Vec<_>>();
    match subcommand.exact().unwrap_or_default() {
        "checkout" if has(&["-b", "-B", "--orphan", "--detach"]) => Git::Harmless,
        "checkout" => {
            behind_dashes.map_or_else(|| named(others(), Git::Existing), |it| named(it, Git::Paths))
        }
        "restore" if has(&["--staged", "-S"]) && !has(&["--worktree", "-W"]) => Git::Harmless,
        "restore" | "rm" | "mv" => named(others(), Git::Paths),
        "reset" if has(&["--hard", "--merge", "--keep"]) => Git::Everything,
        "clean" if is_forced => Git::Everything,
        "stash" if has(&["list", "show", "drop"]) => Git::Harmless,
        "stash" => behind_dashes.map_or(Git::Everything, |it| named(it, Git::Paths)),
        "apply" | "am" if !has(&["--check", "--stat", "--cached", "--abort"]) => {
            Git::Paths(vec![Pattern::anything()])
        }
        _ => Git::Harmless,
    }
}

fn named(paths: Vec<Pattern>, wrap: fn(Vec<Pattern>) -> Git) -> Git {
    let is_all = |it: &Pattern| matches!(it.exact(), Some("." | "./" | ":/" | ":"));
    if paths.iter().any(is_all) { Git::Everything } else { wrap(paths) }
}

/// Whether `it` is letters behind one dash, `letter` among them.
pub(super) fn is_bundle_with(it: &str, letter: char) -> bool {
    let letters = it.strip_prefix('-').filter(|it| it.chars().all(char::is_alphabetic));
    letters.is_some_and(|letters| letters.contains(letter))
}
