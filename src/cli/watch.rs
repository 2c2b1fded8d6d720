//! `rulemark watch`.

use super::{
    args::WatchArgs,
    context::Context,
    error::{CommandError, CommandResult},
};

pub(crate) fn run(context: &mut Context, args: &WatchArgs) -> CommandResult {
    let _ = (context, args);
    Err(CommandError::refused("not built yet"))
}
