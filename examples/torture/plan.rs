//! What is tried, and the trying.

use super::{
    Program,
    account::Account,
    foreign::{Foreign, Kind, Ledger},
    ours,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// What is tried.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seconds: f64,
    pub(crate) writers: usize,
    /// Pauses of the writers, dealt out in turn.
    pub(crate) pace: Vec<Duration>,
    pub(crate) ours: usize,
    pub(crate) kill: bool,
    pub(crate) seed: u64,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) folder: Option<PathBuf>,
}

/// The document's frame: whoever reads it whole finds these lines.
pub(crate) const FRAME: [&str; 5] = ["# Workflow", "## State", "## Notes", "## Rules", "## Log"];

const STATE: &str = "# Workflow\n\n## State\nPhase: CONSTRUCT\nStatus: RUNNING\nCurrentItem: null\n\n\
                     ## Notes\nfirst note\n\n## Rules\n\n### RULE_AGAIN_01\nTrigger ▶ `Status == COMPLETED`\n\
                     Action ▶ Set `Status = RUNNING`.\n\n## Log\n";

impl Default for Plan {
    fn default() -> Self {
        Self {
            seconds: 10.0,
            writers: 8,
            pace: vec![Duration::ZERO],
            ours: 2,
            kill: false,
            seed: 1,
            kinds: Kind::ALL.to_vec(),
            folder: None,
        }
    }
}

impl Plan {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut plan = Self::default();
        let mut arguments = arguments.iter();
        while let Some(name) = arguments.next() {
            if name == "--kill" {
                plan.kill = true;
                continue;
            }
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            let bad = |_| format!("{name} {value}: not a number");
            match name.as_str() {
                "--seconds" => plan.seconds = value.parse().map_err(|_| format!("{name} {value}?"))?,
                "--writers" => plan.writers = value.parse().map_err(bad)?,
                "--ours" => plan.ours = value.parse().map_err(bad)?,
                "--seed" => plan.seed = value.parse().map_err(bad)?,
                "--folder" => plan.folder = Some(value.into()),
                "--pace" => {
                    let pauses = value.split(',').map(str::parse).collect::<Result<Vec<u64>, _>>();
                    plan.pace = pauses.map_err(bad)?.into_iter().map(Duration::from_millis).collect();
                }
                "--kinds" => {
                    let kind = |name: &str| {
                        Kind::ALL
                            .into_iter()
                            .find(|kind| kind.name() == name)
                            .ok_or(format!("no kind {name}"))
                    };
                    plan.kinds = value.split(',').map(kind).collect::<Result<_, _>>()?;
                }
                _ => return Err(format!("unknown option {name}; see the head of main.rs")),
            }
        }
        Ok(plan)
    }

    /// Lets everybody write, then counts.
    pub(crate) fn run(&self, rulemark: &Program) -> Account {
        let scratch;
        let folder = match &self.folder {
            Some(folder) => {
                fs::create_dir_all(folder).unwrap();
                scratch = tempfile::tempdir_in(folder).unwrap();
                scratch.path()
            }
            None => {
                scratch = tempfile::tempdir().unwrap();
                scratch.path()
            }
        };
        let root = folder.canonicalize().unwrap().join("project");
        fs::create_dir(&root).unwrap();
        let file = root.join("workflow_state.md");
        fs::write(&file, STATE).unwrap();
        let is_over = AtomicBool::new(false);
        let turn = Mutex::new(());
        let mut account = Account::new(self);
        thread::scope(|scope| {
            let foreign: Vec<_> = (0..self.writers)
                .map(|number| {
                    let writer = Foreign::new(number, self, &file, &turn);
                    let is_over = &is_over;
                    scope.spawn(move || writer.write_until(is_over))
                })
                .collect();
            let ours: Vec<_> = (0..self.ours)
                .map(|number| {
                    let (root, is_over) = (&root, &is_over);
                    scope.spawn(move || ours::log_until(number, self, rulemark, root, is_over))
                })
                .collect();
            let watching = scope.spawn(|| ours::watch_until(self, rulemark, &root, &is_over));
            let reading = scope.spawn(|| read_until(&file, &is_over));
            thread::sleep(Duration::from_secs_f64(self.seconds));
            is_over.store(true, Ordering::Relaxed);
            let ledgers: Vec<Ledger> = foreign.into_iter().map(|writer| writer.join().unwrap()).collect();
            let logged: Vec<_> = ours.into_iter().map(|logger| logger.join().unwrap()).collect();
            account.kills += watching.join().unwrap();
            (account.reads, account.torn) = reading.join().unwrap();
            ours::settle(rulemark, &root);
            account.count(&root, &file, ledgers, logged);
        });
        account
    }
}

/// Reads without a pause; says how often, and how often it found, while nobody was writing, something
/// that is no whole document. Half-written files of the foreign writers themselves don't count: a
/// reader who asks for a lease never meets one.
fn read_until(file: &Path, is_over: &AtomicBool) -> (u64, u64) {
    use rulemark::disk::{LocalFileSystem, Reader};
    let root = file.parent().unwrap();
    let reader = Reader { file_system: &LocalFileSystem, root, limit: 1 << 30, keep_lease: false };
    let (mut reads, mut torn) = (0, 0);
    while !is_over.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_micros(200)); // two cores are few
        let began = Instant::now();
        if let Ok(Some(reading)) = reader.read(file, &|| None)
            && began.elapsed() < Duration::from_millis(30)
        {
            reads += 1;
            let is_whole = FRAME.iter().all(|line| reading.text.lines().any(|it| it == *line))
                && reading.text.ends_with('\n');
            torn += u64::from(!is_whole);
        }
    }
    (reads, torn)
}
