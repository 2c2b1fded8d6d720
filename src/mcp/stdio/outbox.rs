//! What is still to be written to the client.

use std::{
    io, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt as _},
    sync::{Notify, watch},
    time::timeout,
};

/// A queue of lines that a task of its own writes. Cheap to clone; all clones are the same queue.
#[derive(Clone, Debug)]
pub(super) struct Outbox(Arc<Queue>);

#[derive(Debug)]
struct Queue {
    /// Above this many bytes there is no room.
    limit: usize,
    unsent: Mutex<Vec<u8>>,
    filled: Notify,
    level: watch::Sender<Level>,
}

/// How full the queue is.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// Bytes that the client has not taken.
    bytes: usize,
    /// Nothing more comes in.
    is_finishing: bool,
    /// Nothing more goes out.
    is_closed: bool,
}

impl Outbox {
    /// A queue that has room below `limit` bytes and gives a client up that takes none of them for
    /// `patience`.
    pub(super) fn new<W>(writer: W, limit: usize, patience: Duration) -> Self
    where
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let queue = Queue {
            limit,
            unsent: Mutex::default(),
            filled: Notify::new(),
            level: watch::Sender::new(Level::default()),
        };
        let outbox = Self(Arc::new(queue));
        let queue = outbox.0.clone();
        tokio::spawn(async move {
            if let Err(error) = queue.write_to(writer, patience).await {
                tracing::warn!(%error, "the client takes no answers; the connection ends");
            }
            queue.level.send_modify(|level| level.is_closed = true);
        });
        outbox
    }

    /// Queues one message, which must not hold a newline.
    ///
    /// # Errors
    /// When the connection has ended.
    pub(super) fn push(&self, message: &[u8]) -> io::Result<()> {
        if self.0.level.borrow().is_closed {
            return Err(closed());
        }
        // Before the bytes are there: whoever writes them takes them off again.
        self.0.level.send_modify(|level| level.bytes += message.len() + 1);
        let mut unsent = self.0.unsent();
        unsent.extend_from_slice(message);
        unsent.push(b'\n');
        drop(unsent);
        self.0.filled.notify_one();
        Ok(())
    }

    /// Waits until the client has taken enough that more may be queued.
    ///
    /// # Errors
    /// When the connection has ended.
    pub(super) async fn room(&self) -> io::Result<()> {
        let has_room = |level: &Level| level.is_closed || level.bytes <= self.0.limit;
        match self.0.level.subscribe().wait_for(has_room).await {
            Ok(level) if !level.is_closed => Ok(()),
            _ => Err(closed()),
        }
    }

    /// Waits until nothing can be written any more.
    pub(super) async fn closed(&self) {
        // The sender is in `self`.
        self.0.level.subscribe().wait_for(|level| level.is_closed).await.ok();
    }

    /// Waits until everything is written, at most for `patience`; nothing is written after that.
    pub(super) async fn finish(&self, patience: Duration) {
        self.0.level.send_modify(|level| level.is_finishing = true);
        self.0.filled.notify_one();
        if timeout(patience, self.closed()).await.is_err() {
            self.0.level.send_modify(|level| level.is_closed = true);
        }
    }
}

impl Queue {
    async fn write_to<W: AsyncWrite + Unpin>(&self, mut writer: W, patience: Duration) -> io::Result<()> {
        loop {
            let batch = mem::take(&mut *self.unsent());
            let Level { is_finishing, is_closed, .. } = *self.level.borrow();
            if is_closed || batch.is_empty() && is_finishing {
                return Ok(());
            }
            if batch.is_empty() {
                self.filled.notified().await;
                continue;
            }
            let mut rest = &batch[..];
            while !rest.is_empty() {
                let written = in_time(patience, writer.write(rest)).await?;
                if written == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                rest = &rest[written..];
                self.level.send_modify(|level| level.bytes -= written);
            }
            in_time(patience, writer.flush()).await?;
        }
    }

    /// The bytes are whole lines between any two statements that hold the lock.
    fn unsent(&self) -> MutexGuard<'_, Vec<u8>> {
        self.unsent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn in_time<T>(patience: Duration, future: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let stalled = || io::Error::new(io::ErrorKind::TimedOut, format!("nothing was read for {patience:?}"));
    timeout(patience, future).await.unwrap_or_else(|_elapsed| Err(stalled()))
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the connection to the client has ended")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, duplex};

    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_client_that_stops_reading_is_given_up() {
        let (writer, client) = duplex(16);
        let outbox = Outbox::new(writer, 100, PATIENCE);
        outbox.push(&[b'a'; 200]).unwrap();
        assert!(outbox.room().await.is_err());
        assert!(outbox.push(b"more").is_err());
        drop(client);
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_room_again_once_the_client_reads() {
        let (writer, mut client) = duplex(16);
        let outbox = Outbox::new(writer, 100, PATIENCE);
        outbox.push(&[b'a'; 200]).unwrap();
        let mut read = [0; 201];
        let (room, _) = tokio::join!(outbox.room(), client.read_exact(&mut read));
        room.unwrap();
        assert_eq!(read[199..], *b"a\n");
    }

    #[tokio::test(start_paused = true)]
    async fn finishing_writes_what_is_queued_and_closes() {
        let (writer, mut client) = duplex(16);
        let outbox = Outbox::new(writer, 100, PATIENCE);
        outbox.push(b"one").unwrap();
        outbox.push(&[b'a'; 50]).unwrap();
        let mut read = String::new();
        let ((), result) = tokio::join!(outbox.finish(PATIENCE), client.read_to_string(&mut read));
        result.unwrap();
        assert_eq!(read, format!("one\n{}\n", "a".repeat(50)));
        assert!(outbox.push(b"late").is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn finishing_does_not_wait_for_ever() {
        let (writer, client) = duplex(16);
        let outbox = Outbox::new(writer, 100, PATIENCE);
        outbox.push(&[b'a'; 50]).unwrap();
        outbox.finish(Duration::from_secs(1)).await;
        assert!(outbox.push(b"late").is_err());
        drop(client);
    }

    #[tokio::test]
    async fn a_client_that_is_gone_is_noticed() {
        let (writer, client) = duplex(16);
        let outbox = Outbox::new(writer, 100, PATIENCE);
        drop(client);
        outbox.push(b"anyone there").unwrap();
        outbox.closed().await;
    }
}
