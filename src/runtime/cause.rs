//! Causes in words, as the journal and the watcher name them.

use crate::engine::Cause;

/// What happened, in a few words on one line.
pub(super) fn describe(cause: &Cause) -> String {
    match cause {
        Cause::FilesChanged => "files changed".into(),
        Cause::SessionStarted => "session started".into(),
        Cause::Command(command) => format!("command {command}"),
        Cause::CycleStarted => "cycle started".into(),
        Cause::ActionDone => "action done".into(),
        Cause::SourceSaved(path) => format!("{path} saved"),
        Cause::TestsRan => "tests ran".into(),
        Cause::ChecksRan(report) => {
            format!("checks {}", if report.is_green() { "green" } else { "red" })
        }
        Cause::UserSaid(words) => format!("said: {}", words.lines().next().unwrap_or_default()),
        Cause::Judged { rule } => format!("judged {rule}"),
        Cause::Done { step, result } if result.success => format!("done {step}"),
        Cause::Done { step, .. } => format!("failed {step}"),
        Cause::Named(name) => format!("event {name}"),
    }
}
