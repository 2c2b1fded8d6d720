//! The server as an agent's client meets it: the real binary, a message a line.

mod client;
mod dialogues;
mod life;
mod person;
mod tools;
