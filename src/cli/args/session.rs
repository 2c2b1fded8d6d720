//! What can be typed behind `session`.

use super::JsonArgs;
use clap::{Args as ClapArgs, Subcommand};

/// `session`.
#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// List the sessions, newest first
    List(SessionListArgs),
    /// Begin a session, or go on with the one that there is
    Start(SessionStartArgs),
    /// Print a session as it stands in its file
    Show(SessionNameArgs),
    /// Print the open phase: what to do, and what closes it
    Phase(SessionNameArgs),
    /// Print one task
    Task(SessionTaskArgs),
    /// Close the open phase with evidence
    Complete(SessionCompleteArgs),
    /// Let a session wait
    Pause(SessionNoteArgs),
    /// Go on with a session that waits
    Resume(SessionNoteArgs),
    /// Begin the open phase anew
    Retry(SessionRetryArgs),
    /// Go back to an earlier phase
    Rollback(SessionPhaseArgs),
    /// Delete a session; the journal keeps its text
    Delete(SessionDeleteArgs),
    /// List what was refused
    Errors(SessionNameArgs),
    /// List what happened, from the journal
    History(SessionNameArgs),
    /// Print figures: time, progress, quality
    Metrics(SessionMetricsArgs),
    /// Find sessions by words in their texts, logs and evidence
    Search(SessionSearchArgs),
    /// Archive old sessions, and remove what none refers to
    Gc(SessionGcArgs),
    /// Show a damaged session beside the last text that was whole, or put that back
    Repair(SessionRepairArgs),
}

/// A session.
#[derive(Debug, ClapArgs)]
pub struct SessionNameArgs {
    /// The session, or enough of its beginning
    #[arg(value_name = "SESSION")]
    pub session: String,
    /// Print JSON
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `session list`.
#[derive(Debug, ClapArgs)]
pub struct SessionListArgs {
    /// Only those: active, paused, completed, failed, archived
    #[arg(long, value_name = "STATUS")]
    pub status: Option<String>,
    /// Only those of this workflow
    #[arg(long, value_name = "ID")]
    pub workflow: Option<String>,
    /// Go on behind the last page
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
    /// Print JSON
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `session start`.
#[derive(Debug, ClapArgs)]
pub struct SessionStartArgs {
    /// The workflow, as `rulemark workflow list` names it
    #[arg(value_name = "WORKFLOW")]
    pub workflow: String,
    /// The file it is about, relative to the project
    #[arg(value_name = "FILE")]
    pub target: String,
    /// Inputs of the workflow; values are text where text is wanted, else JSON, or else text
    #[arg(value_name = "NAME=VALUE")]
    pub options: Vec<String>,
    /// Print JSON
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `session task`.
#[derive(Debug, ClapArgs)]
pub struct SessionTaskArgs {
    /// The session, or enough of its beginning
    #[arg(value_name = "SESSION")]
    pub session: String,
    /// The phase
    #[arg(value_name = "PHASE")]
    pub phase: u32,
    /// The task's number in it
    #[arg(value_name = "TASK")]
    pub task: u32,
    /// Print JSON
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `session complete`.
#[derive(Debug, ClapArgs)]
pub struct SessionCompleteArgs {
    /// The session, or enough of its beginning
    #[arg(value_name = "SESSION")]
    pub session: String,
    /// The phase
    #[arg(value_name = "PHASE")]
    pub phase: u32,
    /// The evidence; values are text where text is wanted, else JSON, or else text; @FILE is what stands
    /// in the file, as text
    #[arg(value_name = "NAME=VALUE")]
    pub evidence: Vec<String>,
    /// More evidence, as a JSON object in a file; - is standard input
    #[arg(long, value_name = "FILE")]
    pub from: Option<String>,
    /// Print JSON
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `session pause` and `session resume`.
#[derive(Debug, ClapArgs)]
pub struct SessionNoteArgs {
    /// The session, or enough of its beginning
    #[arg(value_name = "SESSION")]
    pub session: String,
    /// Why, or what to go on with
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Print JSON
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `session retry`.
#[derive(Debug, ClapArgs)]
pub struct SessionRetryArgs {
    /// The session, or enough of its beginning
    #[arg(value_name = "SESSION")]
    pub session: String,
    /// The phase
    #[arg(value_name = "PHASE")]
    pub phase: u32,
    /// What was said for the phase no longer counts
    #[arg(long)]
    pub reset: bool,
    /// Print JSON
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `session rollback`.
#[derive(Debug, ClapArgs)]
pub struct SessionPhaseArgs {
    /// The session, or enough of its beginning
    #[arg(value_name = "SESSION")]
    pub session: String,
    /// The phase to go back to
    #[arg(value_name = "PHASE")]
    pub phase: u32,
    /// Print JSON
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `session delete`.
#[derive(Debug, ClapArgs)]
pub struct SessionDeleteArgs {
    /// The session, or enough of its beginning
    #[arg(value_name = "SESSION")]
    pub session: String,
    /// Why; goes to the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Print JSON
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `session metrics`.
#[derive(Debug, ClapArgs)]
pub struct SessionMetricsArgs {
    /// The session; by default all of them together
    #[arg(value_name = "SESSION")]
    pub session: Option<String>,
    /// Print JSON
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `session search`.
#[derive(Debug, ClapArgs)]
pub struct SessionSearchArgs {
    /// All of these words; `'"an exact phrase"'` between double quotes
    #[arg(required = true, value_name = "WORD")]
    pub words: Vec<String>,
    /// How many at most
    #[arg(short = 'n', long, default_value_t = 20, value_name = "COUNT")]
    pub limit: usize,
    /// Print JSON
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `session gc`.
#[derive(Debug, ClapArgs)]
pub struct SessionGcArgs {
    /// Archive completed sessions that were last written so many days ago [default: `keep_days` under
    /// `[sessions]` in rulemark.toml]
    #[arg(long, value_name = "DAYS")]
    pub days: Option<u64>,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `session repair`.
#[derive(Debug, ClapArgs)]
pub struct SessionRepairArgs {
    /// The session, or enough of its beginning
    #[arg(value_name = "SESSION")]
    pub session: String,
    /// Put the last text in place that was whole
    #[arg(long)]
    pub restore: bool,
}
