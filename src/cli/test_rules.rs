//! `rulemark test-rules`.

use super::{
    args::TestRulesArgs,
    change::plural,
    context::Context,
    error::{CommandError, CommandResult, Exit},
    render::{Ink, Line},
};
use crate::testing::{self, CaseResult, Verdict};

pub(crate) fn run(context: &mut Context, args: &TestRulesArgs) -> CommandResult {
    let report = testing::run_cases(&args.dir, args.bless).map_err(|error| {
        let hint = match error {
            testing::Error::NoCases(_) => {
                Some("a case is a Markdown file: before, events, after; see the README")
            }
            testing::Error::Io { .. } => None,
        };
        let told = CommandError::usage(error.to_string()).because(error);
        match hint {
            Some(hint) => told.with_hint(hint),
            None => told,
        }
    })?;
    for case in &report.cases {
        tell(context, case)?;
    }
    let (all, failed) = (report.total(), report.failures());
    let summary = Line::from(format!("{all} {}: ", plural(all, "case")));
    context.terminal.line(if failed == 0 {
        summary.ink(Ink::Good, "all hold")
    } else {
        summary.ink(Ink::Bad, format!("{failed} failed"))
    })?;
    if failed > 0 {
        context.terminal.remark("when the new behaviour is right, `--bless` writes it into the files")?;
    }
    Ok(if failed == 0 { Exit::Ok } else { Exit::Findings })
}

fn tell(context: &mut Context, case: &CaseResult) -> Result<(), CommandError> {
    let (ink, word) = match &case.verdict {
        Verdict::Passed => (Ink::Good, "ok     "),
        Verdict::Blessed => (Ink::Caution, "blessed"),
        Verdict::Skipped => (Ink::Faint, "skipped"),
        Verdict::Failed(_) => (Ink::Bad, "failed "),
    };
    let path = case.path.display().to_string();
    let line =
        Line::new().ink(ink, word).text(format!("  {path}")).ink(Ink::Faint, format!("  {}", case.title));
    let line = if case.is_skipped() { line.ink(Ink::Faint, "no case: it has no `## before`") } else { line };
    context.terminal.line(line)?;
    if let Verdict::Failed(errors) = &case.verdict {
        for error in errors {
            for (at, text) in error.to_string().lines().enumerate() {
                let indent = if at == 0 { 4 } else { 6 };
                context.terminal.line(Line::indented(indent).text(text))?;
            }
        }
    }
    Ok(())
}
