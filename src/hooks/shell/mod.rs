//! What a shell command would write, as far as the command line shows.
//!
//! `lex` reads the line as simple commands, `word` says what a word may come to, `programs` which
//! arguments of a program are files it writes, and [`look()`] puts it together. A script, a build or a
//! formatter may write anything; that is not seen here, and the gates look at the state file again
//! when it is saved.

mod arguments;
mod lex;
mod look;
mod programs;
mod word;

pub(super) use look::{Surroundings, look};
pub(super) use word::Pattern;

/// What a command line would do that the gates care about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sight {
    /// What it would write, move or delete.
    pub(super) writes: Vec<Write>,
    /// The `rulemark` subcommands in it.
    pub(super) own: Vec<Own>,
    /// Whether it is nested deeper than can be read.
    pub(super) is_unreadable: bool,
}

/// A file or folder that would be written, moved or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Write {
    /// Its path, from the root.
    pub(super) path: Pattern,
    /// What would do it, in a word or two: `>`, `sed -i`.
    pub(super) by: String,
}

/// A call of `rulemark` itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Own {
    /// The subcommand.
    pub(super) subcommand: String,
    /// Its arguments, as far as they are known.
    pub(super) arguments: Vec<String>,
}
