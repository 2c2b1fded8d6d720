//! What can be typed. The doc comments here are the one table that feeds `--help`, `man` and the
//! completions; what an invocation *means* is worked out in [`super::context`].

mod deferred;
mod session;

pub(super) use deferred::Deferred;
pub(crate) use session::{
    SessionCommand, SessionCompleteArgs, SessionGcArgs, SessionListArgs, SessionRepairArgs,
    SessionSearchArgs, SessionStartArgs,
};

use crate::{
    hooks::{self, Protocol},
    runtime::ToolSet,
    setup::{AGENTS, Agent},
};
use clap::{
    Args as ClapArgs, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
    builder::PossibleValue,
};
use jiff::civil::DateTime;
use std::{ffi::OsString, path::PathBuf};

/// The widest that help is printed, in columns.
const WIDTH: usize = 100;

/// Runs the workflow rules written in `workflow_state.md`, in place.
#[derive(Debug, Parser)]
#[command(name = "rulemark", version, max_term_width = WIDTH, propagate_version = false)]
#[command(arg_required_else_help = true, subcommand_required = true)]
#[command(after_long_help = exit_codes(), after_help = "Start with `rulemark init` or `rulemark demo`. \
    Exit codes and more: `rulemark --help`")]
pub struct Args {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Args {
    /// Reads what was typed; it begins with the program's name.
    ///
    /// Where a subcommand comes first, clap is told of no other: it would give each of the forty its own
    /// copies of all global options, which took a third of the time of a start.
    ///
    /// # Errors
    /// What clap has to say: help and the version, too.
    pub(super) fn read(typed: impl Iterator<Item = OsString>) -> Result<Self, clap::Error> {
        let typed: Vec<OsString> = typed.collect();
        let whole = Self::command();
        let first = typed.get(1).and_then(|word| word.to_str());
        let mut command = match first.and_then(|word| whole.find_subcommand(word)) {
            Some(only) => {
                let root = clap::Command::new("rulemark").max_term_width(WIDTH).subcommand_required(true);
                GlobalArgs::augment_args(root).subcommand(only.clone())
            }
            None => whole,
        };
        let mut matches = command.try_get_matches_from_mut(typed)?;
        Self::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
    }
}

/// Options of every command.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Folder of the project [default: the nearest one above with a state file]
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    pub project: Option<PathBuf>,
    /// Log what happens to standard error (-vv: more); `RUST_LOG` says it in detail
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Print answers and errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Form of the log on standard error
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORM", hide_short_help = true)]
    pub log_format: LogFormat,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", hide_short_help = true)]
    pub color: Color,
    /// The time it is, for tests
    #[arg(long, global = true, hide = true, value_name = "TIME")]
    pub now: Option<DateTime>,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The subcommands, in the order of `--help`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the two files of a project from templates; never over existing ones
    Init(Deferred<InitArgs>),
    /// Take out of agents' files what `init --agent` put in
    Uninit(Deferred<UninitArgs>),
    /// Show in a scratch project how rules run: a whole item in a few seconds
    Demo(Deferred<DemoArgs>),
    /// Say where the project is: phase, item, what waits
    Status(Deferred<JsonArgs>),
    /// Say what the agent or the person should do now, and which command closes it
    Next(Deferred<NextArgs>),
    /// List the rules of the file with what will happen to each
    Rules(Deferred<RulesArgs>),
    /// Find what is wrong in the two files
    #[command(long_about = "Find what is wrong in the two files.\n\nExits with 1 when there are errors or \
        warnings; notes do not count")]
    Check(Deferred<CheckArgs>),
    /// Run the rules whenever one of the files is saved, until Ctrl-C
    Watch,
    /// Run the rules once
    Apply(Deferred<ApplyArgs>),
    /// Write State keys, and run the rules
    Set(Deferred<SetArgs>),
    /// Add an entry to Log, or print it
    Log(Deferred<LogArgs>),
    /// Add, finish and list items
    #[command(subcommand)]
    Item(Deferred<ItemCommand>),
    /// List, show, check and make definitions of workflows
    #[command(subcommand)]
    Workflow(Deferred<WorkflowCommand>),
    /// Print a JSON Schema
    Schema(Deferred<SchemaArgs>),
    /// Close a step that waits; the rest of its rule is carried out
    Done(Deferred<DoneArgs>),
    /// Approve the plan as it stands; only a person can
    #[command(
        long_about = "Approve the plan as it stands; only a person can.\n\nThe decision is written down with \
        the plan's hash: a plan that changes needs a new one. It is refused in a shell that an agent has started, and \
        without a terminal"
    )]
    Approve(Deferred<ApproveArgs>),
    /// Reject the plan, and tell the agent why; only a person can
    Reject(Deferred<RejectArgs>),
    /// Show the commands that the project names, and allow them to run
    #[command(
        long_about = "Show the commands that the project names, and allow them to run.\n\nNothing that \
        a project's files name runs before. The decision is kept outside the project and holds for exactly \
        these commands: any change asks again. Only a person can give it, at a terminal"
    )]
    Trust(Deferred<TrustArgs>),
    /// Run the project's tests and checks
    #[command(
        long_about = "Run the project's tests and checks.\n\nExits with 1 when one fails, and with 4 when \
        the commands are not trusted"
    )]
    Test(Deferred<TestArgs>),
    /// Run workflows in sessions, phase by phase
    #[command(subcommand)]
    Session(Deferred<SessionCommand>),
    /// Report an event that rules wait for
    #[command(after_help = event_names())]
    Emit(Deferred<EmitArgs>),
    /// List the runs: when, why, which rules, what changed
    History(Deferred<HistoryArgs>),
    /// Show what a run changed, or what the files changed since
    Diff(Deferred<DiffArgs>),
    /// Take a run back
    Undo(Deferred<EntryArgs>),
    /// Apply again what was undone last
    Redo,
    /// Show where somebody else overruled a change; put it in place, or drop it
    Conflicts(Deferred<ConflictsArgs>),
    /// Write the project as one HTML page
    Export(Deferred<ExportArgs>),
    /// Answer an agent's hook: the event on standard input, the answer on standard output
    #[command(
        long_about = "Answer an agent's hook: the event as JSON on standard input, the answer as JSON on \
        standard output.\n\nAgents call this, once an event; `rulemark doctor` does it by way of trial"
    )]
    Hook(Deferred<HookArgs>),
    /// Serve an agent over the Model Context Protocol
    #[command(
        long_about = "Serve an agent over the Model Context Protocol, on standard input and output.\n\n\
        The project is the one that --project names, else the variable RULEMARK_PROJECT, else the folders that the \
        client works in, else the current folder. The server ends when its client goes away"
    )]
    Mcp(Deferred<McpArgs>),
    /// Check that everything Rulemark needs is there
    Doctor(Deferred<JsonArgs>),
    /// Merge three versions of a document, as git's merge driver
    #[command(hide = true)]
    MergeDriver(Deferred<MergeDriverArgs>),
    /// Show a document's change, as git's diff driver
    #[command(hide = true)]
    DiffDriver(Deferred<DiffDriverArgs>),
    /// Run the Markdown test cases of a folder against their rules
    TestRules(Deferred<TestRulesArgs>),
    /// Print a completion script for a shell
    Completions(Deferred<CompletionsArgs>),
    /// Print the manual page, or write all of them
    Man(Deferred<ManArgs>),
}

/// Only `--json`.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub struct JsonArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `init`.
#[derive(Debug, ClapArgs)]
pub struct InitArgs {
    /// Where; by default here
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Only say what would be made
    #[arg(long)]
    pub dry_run: bool,
    /// Let git merge and show the project's documents with Rulemark, in this clone
    #[arg(long)]
    pub git: bool,
    /// Set this agent up: hooks where it has them, and instructions in its own rule file
    #[arg(long, value_enum, value_name = "AGENT")]
    pub agent: Option<SetupAgent>,
}

/// `uninit`.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub struct UninitArgs {
    /// Only of this agent
    #[arg(long, value_enum, value_name = "AGENT")]
    pub agent: Option<SetupAgent>,
    /// Only say what would change
    #[arg(long)]
    pub dry_run: bool,
}

/// An agent that can be set up.
#[derive(Clone, Copy, Debug)]
pub struct SetupAgent(usize);

impl SetupAgent {
    const ALL: [Self; AGENTS.len()] = [Self(0), Self(1), Self(2), Self(3), Self(4), Self(5)];

    /// Which.
    #[must_use]
    pub fn agent(self) -> &'static Agent {
        &AGENTS[self.0]
    }
}

impl ValueEnum for SetupAgent {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.agent().name))
    }
}

/// `merge-driver`, as git calls it.
#[derive(Debug, ClapArgs)]
pub struct MergeDriverArgs {
    /// The file before both branches changed it (%O)
    #[arg(value_name = "BASE")]
    pub base: PathBuf,
    /// The current branch's file, and where the result goes (%A)
    #[arg(value_name = "OURS")]
    pub ours: PathBuf,
    /// The other branch's file (%B)
    #[arg(value_name = "THEIRS")]
    pub theirs: PathBuf,
    /// Size of conflict markers, of which there are none (%L)
    #[arg(value_name = "SIZE")]
    pub marker_size: Option<String>,
    /// What the file is called in the repository (%P)
    #[arg(value_name = "PATH")]
    pub path: Option<String>,
}

/// `demo`.
#[derive(Debug, ClapArgs)]
pub struct DemoArgs {
    /// Without pauses for the reader
    #[arg(long)]
    pub fast: bool,
    /// Keep the scratch project, and say where it is
    #[arg(long)]
    pub keep: bool,
}

/// `next`.
#[derive(Debug, ClapArgs)]
pub struct NextArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Exit with 4 when a person has to decide first
    #[arg(long)]
    pub exit_code: bool,
}

/// `rules`.
#[derive(Debug, ClapArgs)]
pub struct RulesArgs {
    /// Show one rule in detail
    #[arg(value_name = "RULE_ID")]
    pub rule: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `check`.
#[derive(Debug, ClapArgs)]
pub struct CheckArgs {
    /// Mend what can be mended without asking
    #[arg(long, conflicts_with = "json")]
    pub fix: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `apply`.
#[derive(Debug, ClapArgs)]
pub struct ApplyArgs {
    /// Show what would change, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `set`.
#[derive(Debug, ClapArgs)]
pub struct SetArgs {
    /// Keys and their new values, all written at once
    #[arg(required = true, value_name = "KEY=VALUE", value_parser = assignment)]
    pub assignments: Vec<(String, String)>,
    /// Allow keys that the file does not have yet
    #[arg(long)]
    pub new: bool,
}

/// `log`.
#[derive(Debug, ClapArgs)]
pub struct LogArgs {
    /// What to add; without it, the log is printed
    #[arg(value_name = "TEXT")]
    pub text: Vec<String>,
    /// Print what rules have cleared from the log, from the journal
    #[arg(long, conflicts_with = "text")]
    pub archived: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "text")]
    pub json: bool,
}

/// `item …`.
#[derive(Debug, Subcommand)]
pub enum ItemCommand {
    /// Add an item at the end
    Add {
        /// What is to be done
        #[arg(required = true, value_name = "TEXT")]
        text: Vec<String>,
    },
    /// Mark an item as completed
    Done {
        /// Its id or description; by default the current item
        #[arg(value_name = "ID")]
        id: Option<String>,
    },
    /// List the items
    List(JsonArgs),
}

/// `workflow …`.
#[derive(Debug, Subcommand)]
pub enum WorkflowCommand {
    /// List what can be started: the project's, your own, and the library's
    List {
        /// Only of this category
        #[arg(long, value_name = "NAME")]
        category: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one: its phases, and what each gate asks for
    Show {
        /// Its id
        #[arg(value_name = "ID")]
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Find what is wrong in definitions
    Check {
        /// Files or folders [default: all of the project's and your own]
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a definition in `workflows/`, never over an existing one
    New {
        /// Its id: letters a to z, digits and `-`
        #[arg(value_name = "ID")]
        id: String,
        /// Begin with this one of the library
        #[arg(long, value_name = "ID")]
        from: Option<String>,
    },
    /// Print the JSON Schema (Draft 7) of definitions in YAML and JSON
    Schema,
    /// Say what of another tool's definition is lost, and take it over as it is
    Import {
        /// A praxis folder, an accordo YAML file or a WorkRail JSON file
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// Say it only
        #[arg(long)]
        dry_run: bool,
    },
    /// Draw its phases and where they lead
    Graph {
        /// Its id
        #[arg(value_name = "ID")]
        id: String,
        /// Form of the picture
        #[arg(long, value_enum, default_value_t, value_name = "FORM")]
        form: GraphForm,
    },
}

/// Form of a graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphForm {
    /// For Markdown.
    #[default]
    Mermaid,
    /// A picture.
    Svg,
}

/// `schema`.
#[derive(Debug, ClapArgs)]
pub struct SchemaArgs {
    /// Of what
    #[arg(value_enum, value_name = "WHAT")]
    pub of: SchemaName,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// A definition of a workflow in YAML or JSON.
    Workflow,
}

/// `done`.
#[derive(Debug, ClapArgs)]
pub struct DoneArgs {
    /// The step, as `rulemark next` names it
    #[arg(value_name = "ID")]
    pub id: String,
    /// It failed, or the person said no
    #[arg(long)]
    pub failed: bool,
    /// What was answered or reported
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// `approve`.
#[derive(Debug, ClapArgs)]
pub struct ApproveArgs {
    /// Decide about the open phase of this session instead
    #[arg(long, value_name = "SESSION")]
    pub session: Option<String>,
}

/// `reject`.
#[derive(Debug, ClapArgs)]
pub struct RejectArgs {
    /// Decide about the open phase of this session instead
    #[arg(long, value_name = "SESSION")]
    pub session: Option<String>,
    /// What is wrong with it
    #[arg(required = true, value_name = "FEEDBACK")]
    pub feedback: Vec<String>,
}

/// `trust`.
#[derive(Debug, ClapArgs)]
pub struct TrustArgs {
    /// List all projects whose commands are trusted
    #[arg(long)]
    pub list: bool,
    /// Take it back
    #[arg(long, conflicts_with = "list")]
    pub revoke: bool,
    /// The commands that the gates of this workflow run, instead of the project's own
    #[arg(long, value_name = "ID", conflicts_with = "list")]
    pub workflow: Option<String>,
    /// Don't ask
    #[arg(short, long, conflicts_with_all = ["list", "revoke"])]
    pub yes: bool,
    /// Print JSON, and ask nothing
    #[arg(long, conflicts_with_all = ["yes", "revoke"])]
    pub json: bool,
}

/// `test`.
#[derive(Debug, ClapArgs)]
pub struct TestArgs {
    /// A command, by its label or as it is written, or a kind: test, lint, check, format, build; by
    /// default all tests, linters and checks
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `emit`.
#[derive(Debug, ClapArgs)]
pub struct EmitArgs {
    /// The event: a name of the list below, an `@command`, or a name the project's rules use
    #[arg(value_name = "EVENT")]
    pub event: String,
    /// What the event is about: a path, a rule, what was said
    #[arg(value_name = "ARG")]
    pub argument: Vec<String>,
}

/// `history`.
#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HistoryArgs {
    /// Something else than the list.
    #[command(subcommand)]
    pub command: Option<HistoryCommand>,
    /// How many runs, newest first
    #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
    pub limit: usize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `history …`.
#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Check that no entry of the journal was changed or removed
    Verify(JsonArgs),
}

/// `diff`.
#[derive(Debug, ClapArgs)]
pub struct DiffArgs {
    /// A run, as `rulemark history` numbers it (by default the last one), a range of runs (`3..7`), or
    /// two files
    #[arg(value_name = "ENTRY | FILE", num_args = 0..=2)]
    pub what: Vec<String>,
    /// What the files hold now, compared with what the last run left
    #[arg(long, conflicts_with_all = ["what", "git"])]
    pub working: bool,
    /// What the files hold now, compared with a revision of the git repository
    #[arg(long, value_name = "REVISION", num_args = 0..=1, default_missing_value = "HEAD", conflicts_with = "what")]
    pub git: Option<String>,
    /// Show lines with their numbers
    #[arg(long, conflicts_with = "json")]
    pub lines: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `diff-driver`, as git calls it.
#[derive(Debug, ClapArgs)]
pub struct DiffDriverArgs {
    /// What the file is called in the repository
    #[arg(value_name = "PATH")]
    pub path: String,
    /// The old version, its hash and its mode, the new one with the same; nothing of a file that is
    /// not merged; a new name and what git says about it behind them
    #[arg(value_name = "VERSION", num_args = 0..)]
    pub versions: Vec<String>,
}

/// `undo`.
#[derive(Debug, ClapArgs)]
pub struct EntryArgs {
    /// The run, as `rulemark history` numbers it; by default the last one
    #[arg(value_name = "ENTRY")]
    pub entry: Option<u64>,
}

/// `conflicts`.
#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ConflictsArgs {
    /// Something else than the list.
    #[command(subcommand)]
    pub command: Option<ConflictsCommand>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `conflicts …`.
#[derive(Debug, Subcommand)]
pub enum ConflictsCommand {
    /// Put what Rulemark had written in the place of what stands there
    Take {
        /// The conflict, as the list names it
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Keep what stands there, and list the conflict no more
    Drop {
        /// The conflict, as the list names it
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// `export`.
#[derive(Debug, ClapArgs)]
pub struct ExportArgs {
    /// Write HTML
    #[arg(long, required = true)]
    pub html: bool,
    /// Where to; by default to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace FILE even if it is no earlier export; never one of the project's own files
    #[arg(long, requires = "output")]
    pub force: bool,
}

/// `hook`.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub struct HookArgs {
    /// The agent
    #[arg(value_enum)]
    pub agent: HookAgent,
}

/// An agent with hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HookAgent {
    /// Claude Code.
    ClaudeCode,
    /// Cursor.
    Cursor,
}

impl HookAgent {
    /// How it speaks.
    #[must_use]
    pub fn protocol(self) -> &'static Protocol {
        match self {
            Self::ClaudeCode => hooks::PROTOCOLS[0],
            Self::Cursor => hooks::PROTOCOLS[1],
        }
    }
}

/// `mcp`.
#[derive(Clone, Debug, ClapArgs)]
pub struct McpArgs {
    /// Which tools to offer [default: what rulemark.toml says, else `default`]
    #[arg(long, value_enum, value_name = "SET")]
    pub tools: Option<McpTools>,
    /// Serve over HTTP at this port or IP:PORT, not over standard input and output
    #[arg(long, value_name = "ADDR")]
    pub http: Option<String>,
    /// The options of `--http`.
    #[command(flatten)]
    pub http_options: McpHttpArgs,
}

/// `mcp --http`.
#[derive(Clone, Debug, ClapArgs)]
#[group(requires = "http", multiple = true)]
pub struct McpHttpArgs {
    /// A file with the token that requests must carry (else the variable RULEMARK_MCP_TOKEN, if it is set)
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// A further name by which clients reach the server
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<String>,
    /// A web page's origin, as `https://app.example`, that may use the server
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// Seconds after which a session that nobody uses is ended
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    pub session_idle: u32,
    /// Requests a second that one address may make in the long run, and ten times as many at once [default: 1000]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: Option<u32>,
}

/// Tools that are offered together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum McpTools {
    /// `next`, `state` and `workflow`: they do everything.
    Default,
    /// The guidance tools, a call a step.
    Classic,
    /// Both.
    All,
}

impl From<McpTools> for ToolSet {
    fn from(tools: McpTools) -> Self {
        match tools {
            McpTools::Default => Self::Default,
            McpTools::Classic => Self::Classic,
            McpTools::All => Self::All,
        }
    }
}

/// `test-rules`.
#[derive(Debug, ClapArgs)]
pub struct TestRulesArgs {
    /// The folder with the cases
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Write what happens into the files as what is expected
    #[arg(long)]
    pub bless: bool,
}

/// `completions`.
#[derive(Debug, ClapArgs)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `man`.
#[derive(Debug, ClapArgs)]
pub struct ManArgs {
    /// Write a page for every command into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    let (key, value) = (key.trim(), value.trim());
    if key.is_empty() {
        return Err("the key is missing before `=`".into());
    }
    if text.contains(['\n', '\r']) {
        return Err("a State value is one line".into());
    }
    Ok((key.to_owned(), value.to_owned()))
}

fn event_names() -> String {
    let mut text = String::from("Events:\n");
    for event in crate::engine::EVENTS {
        let usage = format!("{} {}", event.name, event.argument.unwrap_or_default());
        text.push_str(&format!("  {usage:<20} {}\n", event.meaning));
    }
    text.push_str("  @COMMAND             a command that a rule waits for was given\n");
    text.push_str("  NAME                 any other event that a rule waits for");
    text
}

fn exit_codes() -> String {
    let mut text = String::from("Exit codes:\n");
    for (exit, meaning) in super::error::Exit::ALL {
        text.push_str(&format!("  {:>2}  {meaning}\n", exit.code()));
    }
    text.push_str("\nStart with `rulemark init` or `rulemark demo`.");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn an_assignment_is_split_at_the_first_sign() {
        let check = |text, expected: Option<(&str, &str)>| {
            let found = assignment(text).ok();
            let found = found.as_ref().map(|(key, value)| (key.as_str(), value.as_str()));
            assert_eq!(found, expected, "{text}");
        };
        check("Phase=ANALYZE", Some(("Phase", "ANALYZE")));
        check("State.Phase = A=B", Some(("State.Phase", "A=B")));
        check("CurrentItem=", Some(("CurrentItem", "")));
        check("Phase", None);
        check("=x", None);
        check("a=b\nc", None);
    }
}
