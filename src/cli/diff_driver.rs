//! `rulemark diff-driver`: what git calls to show a document's change.

use super::{
    args::DiffDriverArgs,
    context::Context,
    diff,
    error::{CommandError, CommandResult, Exit},
    render::{Ink, Line, told},
};
use crate::document;
use similar::TextDiff;
use std::path::Path;

/// What git gives for a side that has no such file.
const NO_FILE: &str = "/dev/null";

/// One side of the comparison.
struct Version<'a> {
    file: &'a str,
    mode: &'a str,
}

/// Tells the change in words, and prints the patch behind them: what is in front of a patch, `git apply`
/// leaves aside, so that `git diff >file` stays what it was.
pub(crate) fn run(context: &mut Context, args: &DiffDriverArgs) -> CommandResult {
    let versions: Vec<&str> = args.versions.iter().map(String::as_str).collect();
    let (old, new, rest) = match *versions {
        [old, _, old_mode, new, _, new_mode, ref rest @ ..] => {
            (Version { file: old, mode: old_mode }, Version { file: new, mode: new_mode }, rest)
        }
        [] => {
            context.terminal.line(format!("{} is not merged yet", args.path))?;
            return Ok(Exit::Ok);
        }
        _ => return Err(CommandError::usage("git's diff driver gets a path, and two versions")),
    };
    let text = |version: &Version<'_>| match version.file {
        NO_FILE => Ok(String::new()),
        file => diff::text(Path::new(file)),
    };
    let (before, after) = (text(&old)?, text(&new)?);
    let new_path = rest.first().copied().unwrap_or(&args.path);
    let terminal = &mut context.terminal;
    terminal.line(Line::new().ink(Ink::Strong, new_path))?;
    terminal.lines(told(&document::changes(&before, &after), 2))?;
    terminal.line("")?;
    terminal.flush()?;
    terminal.document(&patch((&args.path, &old), (new_path, &new), &before, &after))?;
    Ok(Exit::Ok)
}

/// The change as git itself writes it.
fn patch(
    (old_path, old): (&str, &Version<'_>),
    (new_path, new): (&str, &Version<'_>),
    before: &str,
    after: &str,
) -> String {
    let mut out = format!("diff --git a/{old_path} b/{new_path}\n");
    match (old.file, new.file) {
        (NO_FILE, _) => out.push_str(&format!("new file mode {}\n", new.mode)),
        (_, NO_FILE) => out.push_str(&format!("deleted file mode {}\n", old.mode)),
        _ if old.mode != new.mode => {
            out.push_str(&format!("old mode {}\nnew mode {}\n", old.mode, new.mode));
        }
        _ => {}
    }
    if old_path != new_path {
        out.push_str(&format!("rename from {old_path}\nrename to {new_path}\n"));
    }
    // Lines as git has them: a lone carriage return ends none.
    let (lines, others): (Vec<&str>, Vec<&str>) =
        (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let name = |version: &Version<'_>, prefix: &str, path: &str| match version.file {
        NO_FILE => NO_FILE.to_owned(),
        _ => format!("{prefix}/{path}"),
    };
    let diff = TextDiff::configure().newline_terminated(true).diff_slices(&lines, &others);
    let mut unified = diff.unified_diff();
    unified.context_radius(3).header(&name(old, "a", old_path), &name(new, "b", new_path));
    out.push_str(&unified.to_string());
    out
}
