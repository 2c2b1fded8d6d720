//! `rulemark test-rules`.

use super::{
    args::TestRulesArgs,
    context::Context,
    error::{CommandError, CommandResult},
};

pub(crate) fn run(context: &mut Context, args: &TestRulesArgs) -> CommandResult {
    let _ = (context, args);
    Err(CommandError::refused("not built yet"))
}
