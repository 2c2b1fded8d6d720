//! The `rulemark` command: collects the arguments, calls the library, exits.

use std::process::ExitCode;

fn main() -> ExitCode {
    rulemark::cli::run(std::env::args_os()).into()
}
