//! The standard streams, without a thread for each where the system can do without.

use rustix::fs::FileType;
use std::{
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
};
use tokio::io::{AsyncRead, AsyncWrite};

/// Where messages come from.
pub type Input = Box<dyn AsyncRead + Send + Unpin>;

/// Where messages go to.
pub type Output = Box<dyn AsyncWrite + Send + Unpin>;

/// Standard input and output of this process.
///
/// Clients start a server with pipes (Python) or with sockets (Node.js); both are read and written
/// without blocking. Anything else, a terminal or a file, takes a thread.
///
/// # Errors
/// When a socket can't be made non-blocking.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn standard_streams() -> io::Result<(Input, Output)> {
    let (input, output) = (io::stdin(), io::stdout());
    if is_socket(&input) && is_socket(&output) {
        let input = socket(input.as_fd().try_clone_to_owned()?)?;
        let output = socket(output.as_fd().try_clone_to_owned()?)?;
        return Ok((Box::new(input), Box::new(output)));
    }
    let (input, output) = rmcp::transport::stdio_pipes();
    Ok((Box::new(input), Box::new(output)))
}

fn is_socket(stream: impl AsFd) -> bool {
    rustix::fs::fstat(stream).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Socket)
}

/// The end of the socket is this process's own, so no other is surprised that it no longer blocks.
fn socket(end: OwnedFd) -> io::Result<tokio::net::UnixStream> {
    let stream = UnixStream::from(end);
    stream.set_nonblocking(true)?;
    tokio::net::UnixStream::from_std(stream)
}
