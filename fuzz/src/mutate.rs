//! The targets without coverage: seeds, mutated at random, for so many seconds. It needs nothing but
//! a stable compiler, and shares the project's build. `scripts/fuzz` is guided by coverage.
//!
//! usage: mutate TARGET SECONDS [SEED]

use rulemark_fuzz::{SEPARATOR, TARGETS, Target};
use std::{
    env, fs, panic,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

/// Pieces that mean something somewhere.
const PIECES: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    "\0",
    "\t",
    " ",
    "\u{feff}",
    "\u{200b}",
    "\u{202e}",
    "\u{a0}",
    "▶",
    "→",
    "é",
    "# ",
    "## ",
    "### ",
    "##",
    "```\n",
    "~~~\n",
    "<!-- ",
    "-->",
    "---\n",
    "===\n",
    "> ",
    "- ",
    "* ",
    "1. ",
    "- [ ] ",
    "- [x] ",
    "| ",
    "|---|---|\n",
    "`",
    "**",
    "_",
    "\\",
    "[",
    "](",
    "{",
    "}",
    "<x>",
    "\"",
    "(",
    ")",
    ",",
    ";",
    ":",
    "=",
    "==",
    "!=",
    "&&",
    "||",
    " and ",
    " or ",
    "not ",
    "State",
    "Plan",
    "Rules",
    "Items",
    "Log",
    "ArchiveLog",
    "Changelog",
    "Phase: ",
    "Status: ",
    "CurrentItem: ",
    "Phase == ",
    "INIT",
    "ANALYZE",
    "COMPLETED",
    "null",
    "RULE_A_01",
    "[PHASE: ANALYZE]",
    "Trigger ▶ ",
    "Action ▶ ",
    "Set `",
    "clear ## Log",
    "Log \"x\"",
    "If ",
    ", else ",
    "length(## Log) > 5 chars",
    "Items contains unprocessed rows",
    "2025-01-01",
    "[2025-01-01 10:00:00] ",
    "<!-- DYNAMIC:LOG:START -->\n",
    "<!-- DYNAMIC:LOG:END -->\n",
    "set Phase=VALIDATE\n",
    "log x\n",
    SEPARATOR,
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let target = arguments.first().and_then(|name| TARGETS.iter().find(|(known, _)| known == name));
    let seconds = arguments.get(1).and_then(|seconds| seconds.parse().ok());
    let seed = arguments.get(2).map_or(Some(1), |seed| seed.parse().ok());
    let (Some(&(name, run)), Some(seconds), Some(seed)) = (target, seconds, seed) else {
        let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
        eprintln!("usage: mutate {} SECONDS [SEED]", names.join("|"));
        return ExitCode::from(2);
    };
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seeds = seeds(&home.join("seeds").join(name));
    let mut random = Random(seed);
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut runs = 0_u64;
    for input in &seeds {
        if let Err(code) = try_one(name, run, input) {
            return code;
        }
    }
    while Instant::now() < until {
        let input = mutated(&seeds, &mut random);
        if let Err(code) = try_one(name, run, &input) {
            return code;
        }
        runs += 1;
    }
    println!("{name}: {runs} inputs from {} seeds in {seconds} s, seed {seed}", seeds.len());
    ExitCode::SUCCESS
}

fn seeds(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no seeds", folder.display());
    paths.iter().map(|path| fs::read(path).expect("seeds can be read")).collect()
}

/// Runs one input; keeps it where it fails.
#[expect(clippy::disallowed_methods, reason = "what is written is no document")]
fn try_one(name: &str, run: Target, input: &[u8]) -> Result<(), ExitCode> {
    if panic::catch_unwind(|| run(input)).is_ok() {
        return Ok(());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("artifacts").join(name);
    let file = folder.join(format!("crash-{}", rulemark::text::Revision::of(input).short()));
    fs::create_dir_all(&folder).expect("the folder can be made");
    fs::write(&file, input).expect("the input can be kept");
    eprintln!("{name} failed; the input is {}", file.display());
    Err(ExitCode::FAILURE)
}

/// A seed with some changes: pieces put in, runs taken out, doubled or moved, bytes altered, another
/// seed joined on.
fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = random.pick(seeds).clone();
    for _ in 0..=random.below(8) {
        let at = random.below(input.len() + 1);
        let end = (at + random.below(48)).min(input.len());
        match random.below(8) {
            0..=2 => drop(input.splice(at..at, random.pick(PIECES).bytes())),
            3 => drop(input.splice(at..end, [])),
            4 => {
                let run = input[at..end].to_vec();
                let to = random.below(input.len() + 1);
                drop(input.splice(to..to, run));
            }
            5 => drop(input.splice(at..end, random.pick(PIECES).bytes())),
            6 if at < input.len() => input[at] = u8::try_from(random.below(128)).unwrap_or_default(),
            _ => {
                let other = random.pick(seeds);
                let from = random.below(other.len() + 1);
                let length = random.below(200).min(other.len() - from);
                drop(input.splice(at..at, other[from..from + length].iter().copied()));
            }
        }
    }
    input
}

/// A small generator of random numbers (xorshift64*): the same seed gives the same inputs.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.max(1);
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap_or_default() % limit.max(1)
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}
