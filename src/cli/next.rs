//! `rulemark next`.

use super::{
    args::NextArgs,
    context::Context,
    error::{CommandError, CommandResult},
};

pub(crate) fn run(context: &mut Context, args: &NextArgs) -> CommandResult {
    let _ = (context, args);
    Err(CommandError::refused("not built yet"))
}
