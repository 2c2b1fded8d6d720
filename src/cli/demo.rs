//! `rulemark demo`.

use super::{
    args::DemoArgs,
    context::Context,
    error::{CommandError, CommandResult},
};

pub(crate) fn run(context: &mut Context, args: &DemoArgs) -> CommandResult {
    let _ = (context, args);
    Err(CommandError::refused("not built yet"))
}
