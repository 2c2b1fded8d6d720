//! A project, a home of its own, and the binary run in them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// A folder with a project in it, and nothing of the machine's own settings.
pub(crate) struct Environment {
    folder: TempDir,
}

/// The time it is in every test.
const NOW: &str = "2026-01-02T03:04:05";

impl Environment {
    /// An empty project folder.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        fs::create_dir(folder.path().join("project")).unwrap();
        Self { folder }
    }

    /// A project with this state file, and no config.
    pub(crate) fn with_state(state: &str) -> Self {
        let environment = Self::empty();
        environment.write("workflow_state.md", state);
        environment
    }

    /// A project as `init` makes it, with two items.
    pub(crate) fn initialised() -> Self {
        let environment = Self::empty();
        environment.run(&["init", "-q"]);
        environment.run(&["item", "add", "Add a greeting", "-q"]);
        environment.run(&["item", "add", "Write the guide", "-q"]);
        environment
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        #[allow(clippy::disallowed_methods, reason = "a test plays the editor")]
        fs::write(path, text).unwrap();
    }

    /// Replaces text in the state file, as an editor would.
    pub(crate) fn edit(&self, old: &str, new: &str) {
        let text = self.read("workflow_state.md");
        assert!(text.contains(old), "{old} is not in the state file:\n{text}");
        self.write("workflow_state.md", text.replacen(old, new, 1));
    }

    /// The binary, to be run in the project.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        #[allow(clippy::disallowed_methods, reason = "this is the one place where tests start processes")]
        let mut command = Command::new(env!("CARGO_BIN_EXE_rulemark"));
        command.env_clear().env("HOME", self.folder.path().join("home")).env("TZ", "UTC");
        // For `git`.
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.current_dir(self.root()).args(arguments).args(["--now", NOW]).stdin(Stdio::null());
        command
    }

    /// The binary, to be run in the project by another program.
    pub(crate) fn command_by(&self, program: &str, options: &[&str], arguments: &[&str]) -> Command {
        let plain = self.command(arguments);
        #[allow(clippy::disallowed_methods, reason = "as above")]
        let mut command = Command::new(program);
        command.args(options).arg(plain.get_program()).args(plain.get_args()).env_clear();
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(self.root()).stdin(Stdio::null());
        command
    }

    /// Runs the binary.
    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs the binary; the command line, what it printed, and its exit code unless that is 0.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let mut text = format!("$ rulemark {}\n", arguments.join(" "));
        text.push_str(&self.normalised(&output.stdout));
        let errors = self.normalised(&output.stderr);
        if !errors.is_empty() {
            text.push_str(&format!("-- standard error\n{errors}"));
        }
        match output.status.code() {
            Some(0) => {}
            code => text
                .push_str(&format!("-- exit code {}\n", code.map_or("none".into(), |code| code.to_string()))),
        }
        text
    }

    /// Several invocations, one below the other.
    pub(crate) fn story(&self, invocations: &[&[&str]]) -> String {
        let told: Vec<String> = invocations.iter().map(|arguments| self.run(arguments)).collect();
        told.join("\n")
    }

    /// What was printed, without what depends on the folder's name or on every byte of a template.
    pub(crate) fn normalised(&self, printed: &[u8]) -> String {
        let text = String::from_utf8(printed.to_vec()).unwrap();
        let root = self.root();
        let resolved = root.canonicalize().unwrap_or_else(|_| root.clone());
        let text = text.replace(&*resolved.to_string_lossy(), "[PROJECT]");
        let text = text.replace(&*root.to_string_lossy(), "[PROJECT]");
        regex::Regex::new("[0-9a-f]{64}").unwrap().replace_all(&text, "[HASH]").into_owned()
    }
}

/// Whether this process may do what permissions forbid, so that no test of them means anything.
pub(crate) fn is_above_permissions(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let probe = folder.join("probe");
    fs::create_dir(&probe).unwrap();
    fs::set_permissions(&probe, fs::Permissions::from_mode(0o000)).unwrap();
    let is_above = fs::read_dir(&probe).is_ok();
    fs::set_permissions(&probe, fs::Permissions::from_mode(0o700)).unwrap();
    fs::remove_dir(&probe).unwrap();
    is_above
}
