//! The log on standard error, made as harmless as everything else.

use super::escape::{escape, escape_json};
use std::io::{self, Write};
use tracing_subscriber::{EnvFilter, fmt};

/// What the log's lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogLines {
    /// Text for people.
    Text,
    /// One JSON object each.
    Json,
}

/// Starts logging; does nothing when it has been started before.
pub(crate) fn start_log(filter: EnvFilter, lines: LogLines) {
    // Without colours: among what the fields hold, our own codes could not be told from others'.
    let builder = fmt().with_env_filter(filter).with_ansi(false);
    let started = match lines {
        LogLines::Text => builder.with_writer(move || Escaped(io::stderr(), lines)).try_init(),
        LogLines::Json => builder.json().with_writer(move || Escaped(io::stderr(), lines)).try_init(),
    };
    started.ok();
}

/// Takes one event a write, as `tracing-subscriber` does it.
struct Escaped<W>(W, LogLines);

impl<W: Write> Write for Escaped<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let safe = match self.1 {
            LogLines::Text => escape(line),
            LogLines::Json => escape_json(line),
        };
        self.0.write_all(format!("{safe}\n").as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_harmless_line() {
        let check = |lines, event: &str, expected: &str| {
            let mut out = Vec::new();
            Escaped(&mut out, lines).write_all(event.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check(
            LogLines::Text,
            "opened root=a\n\x1b[31mb\u{202e}\n",
            "opened root=a\\u{a}\\u{1b}[31mb\\u{202e}\n",
        );
        check(LogLines::Json, "{\"root\":\"a\\n\u{202e}\"}\n", "{\"root\":\"a\\n\\u202e\"}\n");
    }
}
