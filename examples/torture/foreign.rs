//! Writers that know nothing of Rulemark. They take turns among themselves, so that whatever is lost
//! was lost by Rulemark.

use super::{plan::Plan, random::Random};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// How a writer saves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Opens for appending, writes one line, closes.
    Append,
    /// The same, and keeps the descriptor for eight lines, a turn long: another foreign writer that
    /// renamed the file meanwhile would be the one who loses the rest.
    Held,
    /// Writes the whole text over the old one, then cuts what is left.
    InPlace,
    /// Empties the file, thinks, writes in two halves.
    Truncate,
    /// Writes beside and renames.
    Rename,
    /// Moves the file away, writes a new one, removes the old.
    Vim,
    /// Maps the file into memory, closes it, and writes through the mapping.
    Mmap,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] =
        [Self::Append, Self::Held, Self::InPlace, Self::Truncate, Self::Rename, Self::Vim, Self::Mmap];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Held => "held",
            Self::InPlace => "in-place",
            Self::Truncate => "truncate",
            Self::Rename => "rename",
            Self::Vim => "vim",
            Self::Mmap => "mmap",
        }
    }
}

/// What a writer did, line by line.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    pub(crate) kind: Kind,
    /// Lines that must be there.
    pub(crate) written: Vec<String>,
    /// Lines that it took out again.
    pub(crate) deleted: Vec<String>,
}

/// One foreign writer.
pub(crate) struct Foreign<'a> {
    number: usize,
    pace: Duration,
    file: &'a Path,
    turn: &'a Mutex<()>,
    random: Random,
    ledger: Ledger,
    lines: usize,
    /// What it read and wrote last, to go back.
    last: Option<(String, String, String)>,
}

impl<'a> Foreign<'a> {
    pub(crate) fn new(number: usize, plan: &Plan, file: &'a Path, turn: &'a Mutex<()>) -> Self {
        let kind = plan.kinds[number % plan.kinds.len()];
        Self {
            number,
            pace: plan.pace[number % plan.pace.len()],
            file,
            turn,
            random: Random::new(plan.seed * 1_000 + number as u64),
            ledger: Ledger { kind, written: Vec::new(), deleted: Vec::new() },
            lines: 0,
            last: None,
        }
    }

    pub(crate) fn write_until(mut self, is_over: &AtomicBool) -> Ledger {
        while !is_over.load(Ordering::Relaxed) {
            {
                let _turn = self.turn.lock().unwrap();
                self.edit().unwrap_or_else(|error| panic!("{:?}: {error}", self.ledger.kind));
            }
            thread::sleep(self.pace);
        }
        self.ledger
    }

    fn edit(&mut self) -> io::Result<()> {
        let line = self.next_line();
        match self.ledger.kind {
            Kind::Append => {
                thread::sleep(Duration::from_micros(self.random.below(2_000)));
                append(&mut self.open(OpenOptions::new().append(true))?, &line)?;
            }
            Kind::Held => {
                let mut file = self.open(OpenOptions::new().append(true))?;
                for _ in 0..8 {
                    let line = self.next_line();
                    append(&mut file, &line)?;
                    self.ledger.written.push(line);
                    thread::sleep(Duration::from_micros(self.random.below(2_000)));
                }
                append(&mut file, &line)?;
            }
            _ => {
                let text = self.read()?;
                match self.random.below(100) {
                    0..4 if self.go_back(&text)? => return Ok(()),
                    0..10 if self.delete(&text)? => return Ok(()),
                    _ => {}
                }
                self.think();
                let edited = insert(&text, &line, &mut self.random);
                self.save(&edited)?;
                self.last = Some((text, edited, line.clone()));
            }
        }
        self.ledger.written.push(line);
        Ok(())
    }

    fn next_line(&mut self) -> String {
        self.lines += 1;
        format!("w{}-{:06}", self.number, self.lines)
    }

    /// Most think for an instant, a few for long: their copy is stale by then.
    fn think(&mut self) {
        let micros = if self.random.below(50) == 0 { 30_000 } else { self.random.below(2_000) };
        thread::sleep(Duration::from_micros(micros));
    }

    /// Takes its last edit back, as an editor's undo does, if nobody has written since.
    fn go_back(&mut self, text: &str) -> io::Result<bool> {
        match self.last.take() {
            Some((before, after, line)) if after == text => {
                self.save(&before)?;
                self.ledger.written.retain(|it| *it != line);
                self.ledger.deleted.push(line);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Takes out one of its older lines, and writes another one with it.
    fn delete(&mut self, text: &str) -> io::Result<bool> {
        if self.ledger.written.is_empty() {
            return Ok(false);
        }
        let at = usize::try_from(self.random.below(self.ledger.written.len() as u64)).unwrap();
        let line = self.ledger.written[at].clone();
        if !text.lines().any(|it| it == line) {
            return Ok(false);
        }
        self.think();
        let without: String = text.split_inclusive('\n').filter(|it| it.trim_end() != line).collect();
        self.save(&without)?;
        self.ledger.written.swap_remove(at);
        self.ledger.deleted.push(line);
        Ok(true)
    }

    /// The text as any editor reads it. The other foreign writers wait for their turn, so it is whole.
    fn read(&self) -> io::Result<String> {
        let mut text = String::new();
        self.open(OpenOptions::new().read(true))?.read_to_string(&mut text)?;
        Ok(text)
    }

    fn open(&self, options: &OpenOptions) -> io::Result<File> {
        options.open(self.file)
    }

    fn beside(&self) -> PathBuf {
        self.file.with_file_name(format!("foreign-{}", self.number))
    }

    fn save(&mut self, text: &str) -> io::Result<()> {
        match self.ledger.kind {
            Kind::Append | Kind::Held => unreachable!("they only append"),
            Kind::InPlace => {
                let mut file = self.open(OpenOptions::new().write(true))?;
                file.write_all(text.as_bytes())?;
                file.set_len(text.len() as u64)
            }
            Kind::Truncate => {
                let mut file = self.open(OpenOptions::new().write(true).truncate(true))?;
                let (first, second) = text.as_bytes().split_at(text.len() / 2);
                thread::sleep(Duration::from_micros(self.random.below(500)));
                file.write_all(first)?;
                thread::sleep(Duration::from_micros(self.random.below(500)));
                file.write_all(second)
            }
            Kind::Rename => {
                fs::write(self.beside(), text)?;
                fs::rename(self.beside(), self.file)
            }
            Kind::Vim => {
                fs::rename(self.file, self.beside())?;
                let mut file = self.open(OpenOptions::new().write(true).create(true).truncate(true))?;
                file.write_all(text.as_bytes())?;
                file.sync_all()?;
                fs::remove_file(self.beside())
            }
            Kind::Mmap => write_mapped(&self.open(OpenOptions::new().read(true).write(true))?, text),
        }
    }
}

fn append(file: &mut File, line: &str) -> io::Result<()> {
    file.write_all(format!("{line}\n").as_bytes())
}

/// Puts the line somewhere among the notes.
fn insert(text: &str, line: &str, random: &mut Random) -> String {
    let begin = text.find("## Notes\n").map_or(text.len(), |at| at + "## Notes\n".len());
    let end = text[begin..].find("\n\n").map_or(text.len(), |at| begin + at + 1);
    let places: Vec<usize> = text[begin..end].match_indices('\n').map(|(at, _)| begin + at + 1).collect();
    let at = usize::try_from(random.below(places.len() as u64)).unwrap();
    let at = places.get(at).copied().unwrap_or(begin);
    format!("{}{line}\n{}", &text[..at], &text[at..])
}

/// Writes through a shared mapping, after the file is closed.
#[cfg(unix)]
#[expect(unsafe_code, reason = "mapping a file is unsafe; this is what a foreign writer may do")]
fn write_mapped(mut file: &File, text: &str) -> io::Result<()> {
    use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
    if text.is_empty() {
        return file.set_len(0);
    }
    file.rewind()?;
    file.set_len(text.len() as u64)?;
    // SAFETY: the mapping is as long as the file, is used only here and is unmapped below. Should
    // Rulemark cut the file meanwhile, which it never does, the bench would die of it.
    unsafe {
        let address = mmap(
            std::ptr::null_mut(),
            text.len(),
            ProtFlags::READ | ProtFlags::WRITE,
            MapFlags::SHARED,
            file,
            0,
        )?;
        std::ptr::copy_nonoverlapping(text.as_ptr(), address.cast(), text.len());
        munmap(address, text.len())?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn write_mapped(mut file: &File, text: &str) -> io::Result<()> {
    file.rewind()?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}
