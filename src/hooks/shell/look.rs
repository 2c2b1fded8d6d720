//! Which files a command line would write.

mod scripts;

use super::{
    Own, Sight, Write,
    arguments::{assignment, behind_prefix, has_option, is_option, without_script},
    lex::{Event, Simple, lex},
    programs::{self, Git, Writes, base_name},
    word::{Pattern, Piece, Variables, Word},
};
use std::path::Path;

/// Where a command line would run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings<'s> {
    /// The folder it begins in, from the root.
    pub(crate) folder: &'s Path,
    /// The user's home.
    pub(crate) home: Option<&'s Path>,
    /// The project's folder.
    pub(crate) root: &'s Path,
}

/// Command lines in command lines: `sh -c "sh -c …"`.
const DEEPEST: usize = 8;

/// What `line` would do.
pub(crate) fn look(line: &str, surroundings: Surroundings<'_>) -> Sight {
    let mut variables = Variables::default();
    let path = |path: &Path| Some(Pattern::exactly(&path.to_string_lossy()));
    variables.replace("HOME", surroundings.home.and_then(path));
    variables.replace("CLAUDE_PROJECT_DIR", path(surroundings.root));
    variables.replace("CURSOR_PROJECT_DIR", path(surroundings.root));
    let mut look = Look { sight: Sight::default(), variables, folders: Vec::new() };
    look.enter(path(surroundings.folder).unwrap_or_default());
    look.line(line, 0);
    look.sight
}

struct Look {
    sight: Sight,
    variables: Variables,
    /// The folder at hand, and those of the shells around it.
    folders: Vec<Pattern>,
}

impl Look {
    fn folder(&self) -> Pattern {
        self.folders.last().cloned().unwrap_or_else(Pattern::anything)
    }

    fn enter(&mut self, folder: Pattern) {
        self.variables.replace("PWD", Some(folder.clone()));
        self.folders.pop();
        self.folders.push(folder);
    }

    fn line(&mut self, line: &str, depth: usize) {
        let Some(events) = lex(line).filter(|_| depth < DEEPEST) else {
            self.sight.is_unreadable = true;
            return;
        };
        for event in &events {
            match event {
                Event::Open => self.folders.push(self.folder()),
                Event::Close => {
                    self.folders.pop();
                }
                Event::Command(command) => self.command(command, depth),
            }
        }
    }

    fn command(&mut self, command: &Simple, depth: usize) {
        for word in &command.writes {
            let path = self.variables.expand(word);
            self.write(&path, ">");
        }
        let assignments = command.words.iter().take_while(|word| assignment(word).is_some()).count();
        let words = &command.words[assignments..];
        if words.is_empty() || words[0].literal() == Some("export") {
            let all = if words.is_empty() { &command.words[..] } else { &words[1..] };
            return all.iter().filter_map(assignment).for_each(|(name, value)| self.assign(name, &value));
        }
        let words: Vec<Pattern> = words.iter().map(|word| self.variables.expand(word)).collect();
        self.program(&words, command.input.as_deref(), depth);
    }

    fn assign(&mut self, name: &str, value: &Word) {
        let value = self.variables.expand(value);
        self.variables.set(name, value.exact().is_some().then_some(value));
    }

    /// A program with its arguments.
    fn program(&mut self, words: &[Pattern], input: Option<&str>, depth: usize) {
        let Some((program, arguments)) = words.split_first() else { return };
        let Some(name) = program.exact().map(base_name) else { return };
        if let Some(own) = programs::prefix(name) {
            let mut words = behind_prefix(arguments, own).to_vec();
            // What they read from their input are more arguments.
            words.extend(matches!(name, "xargs" | "parallel").then(Pattern::anything));
            return self.program(&words, input, depth);
        }
        match name {
            "cd" | "pushd" => {
                let to = arguments.iter().find(|it| !is_option(it)).cloned();
                let home = Word(vec![Piece::Home]);
                let to = to.unwrap_or_else(|| self.variables.expand(&home)).below(&self.folder());
                self.enter(to);
            }
            "popd" => self.enter(Pattern::anything()),
            "for" | "read" | "mapfile" | "readarray" => {
                arguments.iter().filter_map(Pattern::exact).for_each(|it| self.variables.replace(it, None));
            }
            "find" | "fd" => self.find(arguments, depth),
            "script" | "expect" | "tmux" | "screen" => self.terminal(arguments, depth),
            "git" => self.git(arguments),
            "rulemark" => self.own(arguments),
            _ => self.other(name, arguments, input, depth),
        }
    }

    fn other(&mut self, name: &str, arguments: &[Pattern], input: Option<&str>, depth: usize) {
        if let Some((options, language)) = programs::interpreter(name) {
            self.interpreter((name, arguments), options, language, input, depth);
        }
        let option =
            |options: &[&str]| options.iter().find(|it| has_option(arguments, it)).map(|it| (*it).to_owned());
        match programs::writes(name) {
            Some(Writes::All) => self.all(name, arguments),
            Some(Writes::InPlace(options)) => {
                if let Some(option) = option(options) {
                    self.all(&format!("{name} {option}"), &without_script(arguments));
                }
            }
            Some(Writes::AllWith(options)) => {
                if let Some(option) = option(options) {
                    self.all(&format!("{name} {option}"), arguments);
                }
            }
            Some(Writes::Output(options)) => {
                let at = arguments.iter().position(|it| it.exact().is_some_and(|it| options.contains(&it)));
                if let Some(file) = at.and_then(|at| arguments.get(at + 1)) {
                    self.write(file, name);
                }
            }
            Some(Writes::Last) => self.last(name, arguments),
            Some(Writes::Move) => {
                self.last(name, arguments);
                let files: Vec<Pattern> = arguments.iter().filter(|it| !is_option(it)).cloned().collect();
                self.all(name, files.split_last().map_or(&[], |(_, sources)| sources));
            }
            Some(Writes::Assigned) => {
                let files = arguments.iter().filter_map(|it| it.strip_prefix("of="));
                files.for_each(|file| self.write(&file, name));
            }
            Some(Writes::First) => {
                if let Some(file) = arguments.iter().find(|it| !is_option(it)) {
                    self.write(file, name);
                }
            }
            Some(Writes::Anything { unless }) if option(unless).is_none() => {
                self.write(&Pattern::anything(), name);
            }
            Some(Writes::Unpacked { with, folder }) => {
                let is_packed =
                    arguments.first().and_then(Pattern::exact).is_some_and(|it| it.starts_with('x'));
                if with.is_empty() && option(&["-l", "-t", "-p", "-v", "-Z"]).is_none()
                    || !with.is_empty() && (is_packed || option(with).is_some())
                {
                    self.unpack(name, arguments, folder);
                }
            }
            Some(Writes::Anything { .. }) | None => {}
        }
        if matches!(name, "awk" | "gawk" | "mawk" | "nawk") {
            self.awk(name, arguments);
        }
    }

    fn all(&mut self, by: &str, arguments: &[Pattern]) {
        let is_number = |it: &Pattern| it.exact().is_some_and(|it| it.chars().all(|c| c.is_ascii_digit()));
        let files = arguments.iter().filter(|it| !is_option(it) && !is_number(it));
        files.for_each(|it| self.write(it, by));
    }

    /// What goes to the last argument, or to the folder behind `-t`.
    fn last(&mut self, by: &str, arguments: &[Pattern]) {
        let behind = |option: &str| {
            let at = arguments.iter().position(|it| it.exact() == Some(option))?;
            arguments.get(at + 1)
        };
        let equals = || arguments.iter().find_map(|it| it.strip_prefix("--target-directory="));
        let target = behind("-t").or_else(|| behind("--target-directory")).cloned().or_else(equals);
        let files: Vec<&Pattern> = arguments.iter().filter(|it| !is_option(it)).collect();
        let Some(to) = target.as_ref().or(files.last().copied()) else { return };
        let whole = to.below(&self.folder());
        let is_folder = target.is_some()
            || files.len() > 2
            || whole.ending().ends_with('/')
            || whole.exact().is_none_or(|path| Path::new(path).is_dir());
        if !is_folder {
            return self.write(to, by);
        }
        for file in files.iter().filter(|it| **it != to) {
            let name = file.file_name();
            let is_content = matches!(name.exact(), Some("" | "." | ".."));
            self.write(&if is_content { to.clone() } else { name.below(to) }, by);
        }
    }

    fn find(&mut self, arguments: &[Pattern], depth: usize) {
        let is = |it: &Pattern, wanted: &[&str]| it.exact().is_some_and(|it| wanted.contains(&it));
        for (at, argument) in arguments.iter().enumerate() {
            if is(argument, &["-delete", "-fprint", "-fprintf", "-fls"]) {
                let start = arguments.first().filter(|it| !is_option(it)).cloned().unwrap_or_default();
                self.write(&Pattern::anything().below(&start), "find");
            }
            if is(argument, &["-exec", "-execdir", "-ok", "-okdir", "-x", "-X"]) {
                let command = arguments[at + 1..].iter().take_while(|it| !is(it, &[";", "+"]));
                let words: Vec<Pattern> = command
                    .map(|it| if it.exact() == Some("{}") { Pattern::anything() } else { it.clone() })
                    .collect();
                self.program(&words, None, depth);
            }
        }
    }

    fn git(&mut self, arguments: &[Pattern]) {
        let mut folder = None;
        let at = arguments.iter().position(|it| it.exact() == Some("-C"));
        if let Some(to) = at.and_then(|at| arguments.get(at + 1)) {
            folder = Some(to.below(&self.folder()));
        }
        self.folders.push(folder.unwrap_or_else(|| self.folder()));
        match programs::git(arguments) {
            Git::Harmless => {}
            Git::Paths(paths) => paths.into_iter().for_each(|path| self.write(&path, "git")),
            Git::Existing(names) => {
                let folder = self.folder();
                let is_branch = |name: &Pattern| {
                    name.below(&folder)
                        .exact()
                        .is_some_and(|path| Path::new(path).symlink_metadata().is_err())
                };
                names.into_iter().filter(|name| !is_branch(name)).for_each(|it| self.write(&it, "git"));
            }
            Git::Everything => self.write(&Pattern::exactly("."), "git"),
        }
        self.folders.pop();
    }

    fn own(&mut self, arguments: &[Pattern]) {
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.exact() {
                Some("-C" | "--project" | "--log-format" | "--color" | "--now") => _ = words.next(),
                Some(option) if option.starts_with('-') => {}
                subcommand => {
                    let known = |it: &Pattern| it.exact().unwrap_or("…").to_owned();
                    let subcommand = subcommand.unwrap_or("…").to_owned();
                    self.sight.own.push(Own { subcommand, arguments: words.map(known).collect() });
                    return;
                }
            }
        }
    }

    fn write(&mut self, path: &Pattern, by: &str) {
        let path = path.below(&self.folder());
        self.sight.writes.push(Write { path, by: by.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(line: &str) -> String {
        let home = Path::new("/home/u");
        let root = Path::new("/p");
        let sight = look(line, Surroundings { folder: root, home: Some(home), root });
        let mut told: Vec<String> =
            sight.writes.iter().map(|it| format!("{}: {}", it.by, it.path.shown())).collect();
        told.extend(
            sight.own.iter().map(|it| format!("rulemark {} {}", it.subcommand, it.arguments.join(" "))),
        );
        told.extend(sight.is_unreadable.then(|| "unreadable".to_owned()));
        told.join(", ")
    }

    #[test]
    fn writes_are_seen() {
        let check = |line: &str, expected: &str| assert_eq!(seen(line), expected, "{line}");
        for (line, expected) in [
            ("ls -la src", ""),
            ("cargo test 2>&1 | tail -5", ""),
            ("grep -i x src/a.rs > /dev/null", ">: /dev/null"),
            ("echo hi > src/a.rs", ">: /p/src/a.rs"),
            ("echo hi >> \"$HOME/x\"", ">: /home/u/x"),
            ("cat <<'EOF' > src/a.rs\nfn main() {}\nEOF", ">: /p/src/a.rs"),
            ("echo x | tee -a a b", "tee: /p/a, tee: /p/b"),
            ("sed -i 's/a/b/' src/a.rs", "sed -i: /p/src/a.rs"),
            ("sed -i.bak -e s/a/b/ x", "sed -i: /p/x"),
            ("sed -n 's/a/b/p' x", ""),
            ("perl -pi -e 's/a/b/' x", "perl -i: /p/x"),
            ("cp a b", "cp: /p/b"),
            ("cp a b c/", "cp: /p/c/a, cp: /p/c/b"),
            ("cp -t d a", "cp: /p/d/a"),
            ("mv a b", "mv: /p/b, mv: /p/a"),
            ("dd if=x of=y", "dd: /p/y"),
            ("cd sub && rm x; cd /tmp; rm y", "rm: /p/sub/x, rm: /tmp/y"),
            ("(cd sub; rm x); rm y", "rm: /p/sub/x, rm: /p/y"),
            ("F=src/a.rs; echo x > $F", ">: /p/src/a.rs"),
            ("echo x > $F", ">: /p/…"),
            ("for f in *.rs; do sed -i s/a/b/ $f; done", "sed -i: /p/…"),
            ("find . -name '*.rs' -exec sed -i s/a/b/ {} +", "sed -i: /p/…"),
            ("find src -delete", "find: /p/src/…"),
            ("ls | xargs rm -f", "rm: /p/…"),
            ("sudo -n timeout 5 env A=b rm x", "rm: /p/x"),
            ("timeout 5 tee x", "tee: /p/x"),
            ("timeout -s KILL 5 nice -n 5 tee x", "tee: /p/x"),
            ("awk '{ print > \"x\" }' y", "awk: /p/x"),
            ("awk '{ print $1 >> out }' y", "awk: /p/…"),
            ("awk '$3 > 5 { print \"a\" }' y", ""),
            ("curl -s http://x | sh", "sh: /p/…"),
            ("echo 'rm x' | bash -s", "bash: /p/…"),
            ("cat x | python3 -", "python3: /p/…"),
            ("bash --version; python3 -V; node -v; bash x.sh < y", ""),
            ("patch -p1 < x.patch", "patch: /p/…"),
            ("patch --dry-run -p1 < x.patch", ""),
            ("patch a.rs x.patch", "patch: /p/…"),
            ("tar xf a.tar", "tar: /p/…"),
            ("tar -xzf a.tar -C /tmp/x", "tar: /tmp/x/…"),
            ("tar tf a.tar; tar czf /tmp/a.tgz src", ""),
            ("unzip -q a.zip -d /tmp/x", "unzip: /tmp/x/…"),
            ("unzip -l a.zip", ""),
            ("sqlite3 .rulemark/journal.db 'delete from entry'", "sqlite3: /p/.rulemark/journal.db"),
            ("bash -c 'echo x > y'", ">: /p/y"),
            ("bash -lc \"rm x\"", "rm: /p/x"),
            ("bash <<'EOF'\nrm x\nEOF", "rm: /p/x"),
            ("eval \"rm x\"", "rm: /p/x"),
            ("bash -c \"$X\"", "bash: /p/…"),
            ("python3 -c \"open('src/a.rs','w').write('x')\"", "python3: /p/src/a.rs"),
            ("python3 -c 'print(1)'", ""),
            (
                "python3 - <<'EOF'\nfrom pathlib import Path\nPath('x.py').write_text('a')\nEOF",
                "python3: /p/x.py",
            ),
            ("node -e \"require('fs').writeFileSync(p, 'a')\"", "node: /p/…"),
            ("git status && git commit -m 'x > y'", ""),
            ("git checkout -b x", ""),
            ("git checkout -- src/a.rs", "git: /p/src/a.rs"),
            ("git restore src/a.rs", "git: /p/src/a.rs"),
            ("git restore --staged src/a.rs", ""),
            ("git reset --hard", "git: /p/."),
            ("git -C /q reset --hard HEAD~1", "git: /q/."),
            ("git checkout .", "git: /p/."),
            ("git stash", "git: /p/."),
            ("git clean -fdx", "git: /p/."),
        ] {
            check(line, expected);
        }
        assert_eq!(seen(&"bash -c ".repeat(3)), "bash: /p/…");
        assert_eq!(seen(&"$(".repeat(1_000)), "unreadable");
    }

    #[test]
    fn calls_of_rulemark_are_seen() {
        for (line, expected) in [
            ("rulemark -C x approve", "rulemark approve "),
            ("env -u CLAUDECODE ./target/debug/rulemark trust --yes", "rulemark trust --yes"),
            ("env -i PATH=\"$PATH\" rulemark approve", "rulemark approve "),
            ("command rulemark set Phase=X", "rulemark set Phase=X"),
            ("script -qc 'rulemark approve' /dev/null", "rulemark approve "),
            ("script -q /dev/null rulemark approve", "rulemark approve "),
            ("expect -c 'spawn rulemark approve; interact'", "rulemark approve interact"),
            ("tmux new -d 'cd x && rulemark trust --yes'", "rulemark trust --yes"),
            ("tmux send-keys 'rulemark approve' Enter", "rulemark approve "),
            ("python3 -c \"import pty; pty.spawn(['rulemark', 'approve'])\"", "rulemark approve "),
            ("python3 -c \"print('see', 'rulemark')\"; git commit -m 'rulemark approve'", ""),
        ] {
            assert_eq!(seen(line), expected, "{line}");
        }
    }
}
