//! Rulemark runs the workflow rules written in `workflow_state.md`, in place.
//!
//! An agent and a person keep where they are in two Markdown files. Rulemark sees an edit, applies
//! the rules that stand in the file, and touches only the bytes that must change. This page is the
//! guided tour; each module's own page goes on from here.
//!
//! # How a change travels
//!
//! ```text
//! bytes ── disk ──▶ text ── markdown ──▶ blocks ── document ──▶ State · Items · Plan · Log · Rules
//!                                                                      │ rules::compile
//!  Event (an edit, a command, a closed step)                           ▼
//!    └──────▶ engine::advance(&Snapshot, &Event) ──▶ Outcome { edits, effects, diagnostics, memory }
//!                                                       │
//!            runtime: merge, journal, swap ◀───────────┘
//! ```
//!
//! # Modules, in reading order
//!
//! The core. Values in, values out:
//!
//! * [`text`]: spans, edits, patches, revisions, diagnostics. The one function that makes a new text
//!   from an old one is [`text::Patch::apply`].
//! * [`markdown`]: blocks that tile the file, and lines. Knows no workflow.
//! * [`document`]: the two files as views: sections by role, State keys, items, log, changelog. What
//!   changes a document is asked of a view and comes back as edits. [`document::merge`] makes one of
//!   two versions that go back to a third.
//! * [`rules`]: the rule language. [`rules::compile`] turns the Rules sections into a
//!   [`rules::RuleSet`].
//! * [`engine`]: what fires on a snapshot, to a fixed point; gates; pending steps; summaries.
//! * [`workflow`]: reusable workflows: definitions in our form and in others', and gates that ask for
//!   evidence. [`workflow::Gate::evaluate`] decides, and asks the shell for what only it can find out.
//!
//! The shell. Knows the operating system:
//!
//! * [`disk`]: reading while nobody writes, the swap, locks, the watcher, the workspace. Its `lease` module is
//!   the only one with `unsafe` code.
//! * [`library`]: where definitions of workflows lie: project, user, binary; the nearer one wins.
//! * [`journal`]: the append-only record in SQLite; undo, history, the engine's memory.
//! * [`trust`]: which commands a person has allowed, and whether it is a person who asks.
//! * [`git`]: the repository a project lies in.
//! * [`evidence`]: the state of the work tree, which a run of the checks speaks of.
//! * [`process`]: running a command: group, time limit, output, environment.
//! * [`runtime`]: the one loop that owns the state.
//! * [`sessions`]: runs of workflows on the disk, and the one tool that agents drive them with.
//! * [`hooks`]: what AI coding agents ask before and after they act, and what they are answered.
//! * [`mcp`]: the server that agents speak to over the Model Context Protocol. What carries the
//!   protocol in it knows nothing of Rulemark.
//! * [`setup`]: what is written into the agents' own files, and taken out again.
//! * [`cli`]: one file per subcommand; `cli::render` is the only place that prints.
//!
//! Beside both: [`testing`] turns rules into stories that a snapshot test can hold.
//!
//! # Where to add …
//!
//! | what | where |
//! | --- | --- |
//! | a syntax for State keys | `document/state/line.rs` and `read.rs`; its writing in `write.rs` |
//! | a heading alias | `document/section_names.rs`; a status word: `document/items` |
//! | a trigger, an event | `rules/trigger.rs`, `rules/events.rs`; its test in `engine/evaluate.rs`; its name in `engine/events.rs` |
//! | a rule step | a [`rules::StepKind`], its wording in `rules/step/forms.rs`, its doing in `engine/perform/steps.rs` |
//! | an agent's hooks | its table in `hooks/`, named in `hooks/mod.rs`; what is said in them: `hooks/guard.rs` and its neighbours |
//! | a tool for agents | its function in `mcp/tools/`, its line in [`mcp::tools::TOOLS`] |
//! | a named check | its name in `workflow/named_check.rs`, its doing in `workflow/check.rs` |
//! | a form of definitions | a reader beside `workflow/praxis.rs`, told apart in `workflow/read.rs` |
//! | a workflow of the library | a file in `templates/workflows/`, named in `library/built_in.rs`, with its story in `tests/data/library/` |
//! | a subcommand | a file in `cli/`, its line in `cli/args.rs` |
//!
//! # Invariants
//!
//! `tests/it/architecture.rs` checks what can be checked by reading the source:
//!
//! * Arrows: text ← markdown ← document ← rules ← engine ← workflow ← shell. Nothing points back.
//! * The core never reads a clock, a file or the environment, starts no thread or process, prints
//!   nothing and serialises nothing. Time and ids come in with the [`engine::Event`]. [`workflow`] alone
//!   knows serde, because definitions are YAML and JSON as well as Markdown and reading them is its work.
//! * The core never fails on what a user wrote: it answers with values *and* diagnostics.
//! * Blocks concatenate to the text they were read from; bytes outside a patch's edits never change.
//! * The same files and the same event give the same bytes.
//! * The Markdown is the state: deleting `.rulemark/` loses history, never state; sessions are Markdown, too,
//!   and lie in it.

pub mod cli;
pub mod disk;
pub mod document;
pub mod engine;
pub mod evidence;
pub mod git;
pub mod hooks;
pub mod journal;
pub mod library;
pub mod markdown;
pub mod mcp;
pub mod process;
pub mod rules;
pub mod runtime;
pub mod sessions;
pub mod setup;
pub mod testing;
pub mod text;
pub mod trust;
pub mod workflow;
