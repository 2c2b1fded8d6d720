//! Lines of bounded length.

use crate::mcp::message::MessageIdScan;
use rmcp::model::RequestId;
use std::{io, mem};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

/// Reads lines, and never keeps more of one than the limit.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    limit: usize,
    /// What has been read of the current line.
    line: Vec<u8>,
    /// Set once the current line is past the limit.
    oversized: Option<MessageIdScan>,
}

/// What stood on one line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The line, without its end.
    Whole(Vec<u8>),
    /// More than the limit, which was dropped; the request it held, if it did.
    Oversized(Option<RequestId>),
    /// There are no more.
    End,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Reads from `reader` lines of up to `limit` bytes.
    pub(super) fn new(reader: R, limit: usize) -> Self {
        Self { reader: BufReader::new(reader), limit, line: Vec::new(), oversized: None }
    }

    /// The next line. Loses nothing when it is dropped half-way: what was read is kept in `self`.
    ///
    /// # Errors
    /// When reading fails.
    pub(super) async fn next(&mut self) -> io::Result<Line> {
        loop {
            let available = self.reader.fill_buf().await?;
            if available.is_empty() {
                // A last line needs no end.
                return Ok(self.end_line().unwrap_or(Line::End));
            }
            let newline = memchr::memchr(b'\n', available);
            let piece = newline.map_or(available, |at| &available[..at]);
            let consumed = newline.map_or(available.len(), |at| at + 1);
            if let Some(scan) = &mut self.oversized {
                scan.push(piece);
            } else if self.line.len() + piece.len() > self.limit {
                let mut scan = MessageIdScan::of(&mem::take(&mut self.line));
                scan.push(piece);
                self.oversized = Some(scan);
            } else {
                self.line.extend_from_slice(piece);
            }
            self.reader.consume(consumed);
            if newline.is_some()
                && let Some(line) = self.end_line()
            {
                return Ok(line);
            }
        }
    }

    /// The line that is complete now; none for an empty one.
    fn end_line(&mut self) -> Option<Line> {
        if let Some(scan) = self.oversized.take() {
            return Some(Line::Oversized(scan.request().cloned()));
        }
        let line = mem::take(&mut self.line);
        (!line.trim_ascii().is_empty()).then_some(Line::Whole(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &[u8], limit: usize) -> Vec<Line> {
        let mut lines = Lines::new(text, limit);
        let mut read = Vec::new();
        loop {
            match lines.next().await.unwrap() {
                Line::End => return read,
                line => read.push(line),
            }
        }
    }

    #[tokio::test]
    async fn lines_end_at_newlines_and_at_the_end() {
        let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
        assert_eq!(
            read(b"one\n\n \r\ntwo\r\nthree", 10).await,
            [whole("one"), whole("two\r"), whole("three")]
        );
        assert_eq!(read(b"", 10).await, []);
    }

    #[tokio::test]
    async fn a_line_past_the_limit_is_dropped_and_the_next_one_read() {
        let long = format!("{{\"method\":\"{}\",\"id\":3}}\nnext\n", "a".repeat(100_000));
        let expected = [Line::Oversized(Some(RequestId::Number(3))), Line::Whole(b"next".to_vec())];
        assert_eq!(read(long.as_bytes(), 64).await, expected);
        assert_eq!(read(&[b'a'; 65], 64).await, [Line::Oversized(None)]);
        assert_eq!(read(&[b'a'; 64], 64).await, [Line::Whole(vec![b'a'; 64])]);
    }

    #[tokio::test]
    async fn nothing_is_kept_of_an_oversized_line() {
        let text = [b'a'; 50_000];
        let mut lines = Lines::new(&text[..], 1_000);
        assert_eq!(lines.next().await.unwrap(), Line::Oversized(None));
        assert_eq!(lines.line.capacity(), 0);
    }
}
