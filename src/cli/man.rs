//! `rulemark man`.

use super::{
    args::{Args, ManArgs},
    context::Context,
    error::{CommandError, CommandResult, Exit},
};
use clap::CommandFactory as _;

pub(crate) fn run(context: &mut Context, args: &ManArgs) -> CommandResult {
    let mut command = Args::command();
    // Builds the subcommands' own names (`rulemark-item-add`) and the global options into each.
    command.build();
    let Some(folder) = &args.out else {
        let page = page(&command).map_err(CommandError::output)?;
        context.terminal.document(&page)?;
        return Ok(Exit::Ok);
    };
    let failed = |error: std::io::Error| {
        CommandError::refused(format!("can't write manual pages into {}", folder.display())).because(error)
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut left = vec![command];
    while let Some(command) = left.pop() {
        let name = format!("{}.1", command.get_display_name().unwrap_or(command.get_name()));
        super::export::replace_file(&folder.join(name), &page(&command).map_err(failed)?)?;
        left.extend(
            command.get_subcommands().filter(|it| !it.is_hide_set() && it.get_name() != "help").cloned(),
        );
    }
    context.terminal.remark(format!("wrote the manual pages into {}", folder.display()))?;
    Ok(Exit::Ok)
}

fn page(command: &clap::Command) -> std::io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
