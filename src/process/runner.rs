//! One command from its start to its end.

use super::{
    output::{Capture, Captured},
    program,
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid},
};
use std::{
    ffi::OsString,
    fs::File,
    io::{self, PipeReader, Read as _},
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Child, ExitStatus},
    time::{Duration, Instant},
};

/// How long the end of the command, its time limit and a stop may go unnoticed while it is silent.
const TICK: Duration = Duration::from_millis(20);

/// How long a group that is asked to end may take.
const GRACE: Duration = Duration::from_secs(2);

/// How long a silent pipe is still listened to once the command has ended: something has left its
/// group and kept the pipe …
const SILENCE: Duration = Duration::from_millis(200);

/// … and how long one that is not silent.
const DRAIN: Duration = Duration::from_secs(2);

/// A command to be run.
#[derive(Debug)]
pub struct Job<'j> {
    /// The command line.
    pub line: &'j str,
    /// Where it runs.
    pub folder: &'j Path,
    /// All variables it sees.
    pub environment: Vec<(OsString, OsString)>,
    /// How long it may take.
    pub limit: Duration,
    /// Where its output goes.
    pub output: Option<&'j mut File>,
}

/// Who looks on while a command runs.
pub trait Watch {
    /// It printed something.
    fn printed(&mut self, bytes: &[u8]);

    /// Called some fifty times a second; answers whether the command is to be ended.
    fn goes_on(&mut self, elapsed: Duration) -> bool;
}

/// How a command went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    /// How it ended.
    pub end: End,
    /// How long it took.
    pub duration: Duration,
    /// What it printed, standard output and standard error as they came.
    pub output: Captured,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal that did not come from here.
    Signalled(i32),
    /// It took too long and was ended.
    TimedOut,
    /// It was ended because somebody asked for it.
    Stopped,
    /// It could not be started; what it printed says why.
    NotStarted,
}

impl End {
    /// Whether the command says that all is well.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Exited(0)
    }
}

impl Conclusion {
    /// What a command comes to that could not be started.
    #[must_use]
    pub fn of_failure(error: &StartError) -> Self {
        let mut capture = Capture::new(None);
        capture.take(error.to_string().as_bytes());
        Self { end: End::NotStarted, duration: Duration::ZERO, output: capture.finish() }
    }
}

/// A command could not be started.
#[derive(Debug, thiserror::Error)]
#[error("can't start `{line}`: {source}")]
pub struct StartError {
    /// The command line.
    pub line: String,
    /// What the system said.
    pub source: io::Error,
}

/// Runs a command to its end. When it ends, what is left of its process group is ended with it.
///
/// # Errors
/// When it can't be started.
pub fn run(job: Job<'_>, watch: &mut dyn Watch) -> Result<Conclusion, StartError> {
    let began = Instant::now();
    let (mut group, pipe) =
        Group::start(&job).map_err(|source| StartError { line: job.line.to_owned(), source })?;
    let mut capture = Capture::new(job.output);
    let mut pipe = Some(pipe);
    let mut buffer = vec![0; 64 * 1024];
    let mut listen = |patience: Duration, watch: &mut dyn Watch| -> Chunk {
        let Some(open) = &mut pipe else { return Chunk::End };
        let chunk = next_chunk(open, &mut buffer, patience);
        match chunk {
            Chunk::Some(length) => {
                capture.take(&buffer[..length]);
                watch.printed(&buffer[..length]);
            }
            Chunk::None => {}
            Chunk::End => pipe = None,
        }
        chunk
    };
    let mut ending: Option<(End, Instant)> = None;
    while !group.has_ended() {
        let elapsed = began.elapsed();
        match ending {
            None if elapsed >= job.limit => ending = Some((End::TimedOut, group.ask_to_end())),
            None if !watch.goes_on(elapsed) => ending = Some((End::Stopped, group.ask_to_end())),
            Some((_, asked)) if asked.elapsed() >= GRACE => group.kill(),
            _ => {}
        }
        if listen(TICK, watch) == Chunk::End {
            std::thread::sleep(TICK / 4);
        }
    }
    let duration = began.elapsed();
    group.kill();
    let status = group.reap();
    while began.elapsed() < duration + DRAIN && matches!(listen(SILENCE, watch), Chunk::Some(_)) {}
    let end = match (ending, status) {
        (Some((end, _)), _) => end,
        (None, Ok(status)) => ended(status),
        (None, Err(source)) => return Err(StartError { line: job.line.to_owned(), source }),
    };
    Ok(Conclusion { end, duration, output: capture.finish() })
}

fn ended(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exited(code),
        (None, signal) => End::Signalled(signal.unwrap_or_default()),
    }
}

/// A command and everything it has started and that has not left its process group. Dropped, it is
/// ended.
struct Group {
    leader: Child,
    id: Pid,
    is_reaped: bool,
}

impl Group {
    fn start(job: &Job<'_>) -> io::Result<(Self, PipeReader)> {
        // One pipe for both streams: what was printed in turn is read in turn.
        let (reader, writer) = io::pipe()?;
        let mut command = program::of_line(job.line, job.folder);
        command.env_clear().envs(job.environment.iter().map(|(name, value)| (name, value)));
        command.stdout(writer.try_clone()?).stderr(writer);
        let leader = command.spawn()?;
        let id = Pid::from_child(&leader);
        Ok((Self { leader, id, is_reaped: false }, reader))
    }

    /// Whether the leader has ended. It is left unreaped: as long as it is, no other process can get
    /// its number, and the group of that number is ours to end.
    fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(self.id), options), Ok(None) | Err(rustix::io::Errno::INTR))
    }

    /// Asks the group to end, and says since when.
    fn ask_to_end(&self) -> Instant {
        self.signal(Signal::TERM);
        Instant::now()
    }

    fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if let Err(error) = kill_process_group(self.id, signal) {
            // Nobody of the group is left.
            tracing::trace!(%error, "no process group to signal");
        }
    }

    fn reap(&mut self) -> io::Result<ExitStatus> {
        let status = self.leader.wait()?;
        self.is_reaped = true;
        Ok(status)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.is_reaped {
            self.kill();
            self.leader.wait().ok();
        }
    }
}

/// What came out of a pipe.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chunk {
    Some(usize),
    /// Nothing for so long.
    None,
    /// Nobody writes any more.
    End,
}

/// The next piece of output, if one comes within `patience`, which is less than a second.
fn next_chunk(pipe: &mut PipeReader, buffer: &mut [u8], patience: Duration) -> Chunk {
    let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(patience.subsec_nanos()) };
    let mut waiting = [PollFd::new(&*pipe, PollFlags::IN)];
    match poll(&mut waiting, Some(&timeout)) {
        Ok(0) | Err(rustix::io::Errno::INTR) => Chunk::None,
        Ok(_) => match pipe.read(buffer) {
            Ok(0) => Chunk::End,
            Ok(length) => Chunk::Some(length),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Chunk::None,
            Err(_) => Chunk::End,
        },
        Err(_) => Chunk::End,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{env, fs};

    /// Stops the command once it has printed something.
    struct UntilPrinted {
        stops: bool,
        printed: Vec<u8>,
    }

    impl Watch for UntilPrinted {
        fn printed(&mut self, bytes: &[u8]) {
            self.printed.extend_from_slice(bytes);
        }

        fn goes_on(&mut self, _: Duration) -> bool {
            !self.stops || self.printed.is_empty()
        }
    }

    fn job<'j>(line: &'j str, folder: &'j Path, limit: Duration) -> Job<'j> {
        let path = env::var_os("PATH").into_iter().map(|path| ("PATH".into(), path));
        Job { line, folder, environment: path.collect(), limit, output: None }
    }

    fn run_in(folder: &Path, line: &str, limit: Duration, stops: bool) -> Conclusion {
        run(job(line, folder, limit), &mut UntilPrinted { stops, printed: Vec::new() }).unwrap()
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn how_commands_end() {
        let folder = tempfile::tempdir().unwrap();
        let check = |line: &str, end: End, tail: &str| {
            let found = run_in(folder.path(), line, LONG, false);
            assert_eq!((found.end, found.output.tail.as_str()), (end, tail), "{line}");
        };
        check("true", End::Exited(0), "");
        check("sh -c 'echo all passed; exit 1'", End::Exited(1), "all passed\n");
        check("echo out; echo err >&2; echo again", End::Exited(0), "out\nerr\nagain\n");
        check("kill -9 $$", End::Signalled(9), "");
        check("echo failed | cat && false", End::Exited(1), "failed\n");
        check("false | cat", End::Exited(1), "");
        check("cat", End::Exited(0), "");
        check("env", End::Exited(0), &format!("PATH={}\n", env::var_os("PATH").unwrap().display()));
    }

    #[test]
    fn what_is_not_there_can_t_be_started() {
        let folder = tempfile::tempdir().unwrap();
        let watch = &mut UntilPrinted { stops: false, printed: Vec::new() };
        let error = run(job("no-such-program --now", folder.path(), LONG), watch).unwrap_err();
        assert!(error.to_string().starts_with("can't start `no-such-program --now`: "), "{error}");
    }

    #[test]
    fn children_end_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let pids = folder.path().join("pids");
        let read = |pids: &Path| -> Vec<i32> {
            let text = fs::read_to_string(pids).unwrap();
            text.lines().map(|line| line.parse().unwrap()).collect()
        };
        // The leader ignores what it is asked, and so does its child.
        let stubborn =
            "trap '' TERM; sh -c 'trap \"\" TERM; echo $$ >>pids; sleep 600' & echo $$ >>pids; echo on; wait";
        let line = format!("sh -c '{}'", stubborn.replace('\'', "'\\''"));
        let found = run_in(folder.path(), &line, LONG, true);
        assert_eq!(found.end, End::Stopped);
        for pid in read(&pids) {
            let gone = rustix::process::test_kill_process(Pid::from_raw(pid).unwrap()).is_err();
            assert!(gone || is_zombie(pid), "{pid} is still there");
        }
    }

    /// Ended, and not yet collected by whoever inherited it.
    fn is_zombie(pid: i32) -> bool {
        let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        status.rsplit(')').next().is_none_or(|rest| rest.trim_start().starts_with('Z'))
    }

    #[test]
    fn what_takes_too_long_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let found = run_in(folder.path(), "echo begun; sleep 600", Duration::from_millis(50), false);
        assert_eq!((found.end, found.output.tail.as_str()), (End::TimedOut, "begun\n"));
        assert!(found.duration < Duration::from_secs(30));
    }

    #[test]
    fn a_grandchild_that_keeps_the_pipe_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let found = run_in(folder.path(), "setsid sh -c 'sleep 30' & echo done", LONG, false);
        assert_eq!((found.end, found.output.tail.as_str()), (End::Exited(0), "done\n"));
        assert!(found.duration < Duration::from_secs(20));
    }

    #[test]
    fn much_output_is_kept_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.log");
        let mut file = File::create(&path).unwrap();
        let mut job = job("head -c 5000000 /dev/zero", folder.path(), LONG);
        job.output = Some(&mut file);
        let found = run(job, &mut UntilPrinted { stops: false, printed: Vec::new() }).unwrap();
        assert_eq!((found.end, found.output.bytes), (End::Exited(0), 5_000_000));
        assert!(found.output.is_whole && found.output.tail.len() <= 16 * 1024);
        assert_eq!(fs::metadata(path).unwrap().len(), 5_000_000);
    }
}
