//! From an edit saved to the rules applied on disk, against a bare notify event and an fsynced rename.

use crate::{
    interleaved, print_row, print_title,
    project::{self, RULEMARK},
    readable,
};
use notify::{RecursiveMode, Watcher as _};
use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};
use tempfile::{NamedTempFile, TempDir};

const RULES: &str = "## State\nPhase: VALIDATE\nStatus: READY\n\n## Rules\n\n### RULE_AGAIN_01\n\
                     Trigger ▶ `Status == COMPLETED`\nAction ▶ Set `Status = READY`.\n\n## Log\n";

pub(crate) fn measure() {
    print_title(
        "watch: edit saved -> rules applied on disk, against a bare notify event and an fsynced rename",
    );
    let bare = Bare::start();
    let leased = Watched::start(None);
    let windowed = Watched::start(Some(75));
    let [base, leased, windowed] = interleaved(
        101,
        [&mut || round(&bare.file), &mut || round(&leased.file), &mut || round(&windowed.file)],
    );
    let baseline = ("notify + fsynced rename", base);
    print_row("as soon as nobody writes (default)", leased, baseline);
    println!("  beyond it                          {:>10}", readable(leased.saturating_sub(base)));
    print_row("a quiet window of 75 ms", windowed, baseline);
    println!("  seen by a look at the file every 50 µs; the bare side took {}", readable(base));
}

/// Saves the edit in place, as many editors do, and waits until the answer stands on disk.
fn round(file: &Path) -> Duration {
    let edited = fs::read_to_string(file).unwrap().replace("Status: READY", "Status: COMPLETED");
    let started = Instant::now();
    fs::write(file, edited).unwrap();
    while !fs::read_to_string(file).unwrap().contains("Status: READY") {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "nobody answered the edit of {}",
            file.display()
        );
        thread::sleep(Duration::from_micros(50));
    }
    started.elapsed()
}

/// The least that any watcher must do.
struct Bare {
    file: PathBuf,
    _watcher: notify::RecommendedWatcher,
    _folder: TempDir,
}

impl Bare {
    fn start() -> Self {
        let folder = project::with_state(RULES);
        let file = folder.path().join("workflow_state.md");
        let (sender, events) = mpsc::channel();
        let mut watcher = notify::recommended_watcher(sender).unwrap();
        watcher.watch(folder.path(), RecursiveMode::NonRecursive).unwrap();
        let answered = file.clone();
        thread::spawn(move || {
            for event in events {
                if event.is_ok_and(|event| !event.kind.is_access()) {
                    answer(&answered);
                }
            }
        });
        Self { file, _watcher: watcher, _folder: folder }
    }
}

fn answer(file: &Path) {
    let text = fs::read_to_string(file).unwrap();
    if text.contains("Status: COMPLETED") {
        let folder = file.parent().unwrap();
        let mut temporary = NamedTempFile::new_in(folder).unwrap();
        temporary.write_all(text.replace("Status: COMPLETED", "Status: READY").as_bytes()).unwrap();
        temporary.as_file().sync_all().unwrap();
        temporary.persist(file).unwrap();
        File::open(folder).unwrap().sync_all().unwrap();
    }
}

/// `rulemark watch` on a project of its own.
struct Watched {
    file: PathBuf,
    watcher: Child,
    _folder: TempDir,
}

impl Watched {
    fn start(quiet: Option<u64>) -> Self {
        let folder = project::with_state(RULES);
        if let Some(quiet) = quiet {
            fs::write(folder.path().join("rulemark.toml"), format!("[watch]\nquiet_ms = {quiet}\n")).unwrap();
        }
        let mut watcher = project::command(Path::new(RULEMARK), folder.path())
            .arg("watch")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(watcher.stdout.take().unwrap());
        said.read_line(&mut String::new()).unwrap();
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { file: folder.path().join("workflow_state.md"), watcher, _folder: folder }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.watcher.kill().unwrap();
        self.watcher.wait().unwrap();
    }
}
