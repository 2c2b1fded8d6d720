//! `rulemark doctor`.

use super::{
    args::JsonArgs,
    context::Context,
    error::{CommandError, CommandResult},
};

pub(crate) fn run(context: &mut Context, args: JsonArgs) -> CommandResult {
    let _ = (context, args);
    Err(CommandError::refused("not built yet"))
}
