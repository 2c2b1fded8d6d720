//! Reading the event from standard input: so much, and not for ever.

use std::{
    io::{self, Read},
    sync::mpsc,
    thread,
    time::Duration,
};

/// The longest event that is read, in bytes: agents send whole files.
const LONGEST: u64 = 32 << 20;

/// How long an agent may take to write it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why there is no event.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It is too long.
    #[error("the event is longer than {} MiB", LONGEST >> 20)]
    TooLong,
    /// It does not end.
    #[error("the event did not come to an end within {} seconds", PATIENCE.as_secs())]
    TooSlow,
    /// The system says no.
    #[error("the event can't be read: {0}")]
    Io(#[from] io::Error),
}

/// Reads an event to its end.
///
/// # Errors
/// When it is too long, does not end, or can't be read.
pub fn read_input(from: impl Read + Send + 'static) -> Result<Vec<u8>, InputError> {
    let (sender, receiver) = mpsc::channel();
    // A reader that nobody writes to can't be interrupted; it ends with the process.
    let reader = thread::Builder::new().name("event".into()).spawn(move || {
        let mut text = Vec::new();
        let read = from.take(LONGEST + 1).read_to_end(&mut text).map(|_| text);
        // Nobody listens when the time is over.
        sender.send(read).ok();
    });
    reader?;
    let text = receiver.recv_timeout(PATIENCE).map_err(|_| InputError::TooSlow)??;
    if text.len() as u64 > LONGEST { Err(InputError::TooLong) } else { Ok(text) }
}
