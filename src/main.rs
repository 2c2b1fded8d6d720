//! The `rulemark` command.

fn main() {}
