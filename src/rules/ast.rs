//! What rules mean once they are read: the values that extraction produces and the engine runs.
//!
//! Every value keeps the text it was read from, word for word, and where it stands.

use crate::text::{Diagnostic, Span};

/// Everything the Rules section of a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleSet {
    /// The rules, in the order of the file.
    pub rules: Vec<Rule>,
    /// The `[PHASE: X]` blocks, in the order of the file; their order is the order of phases.
    pub phases: Vec<Phase>,
    /// What was found wrong while reading, by position.
    pub diagnostics: Vec<Diagnostic>,
}

impl RuleSet {
    /// The first rule with this id, compared without case.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id.eq_ignore_ascii_case(id))
    }

    /// The steps of the phase with this name, compared without case.
    #[must_use]
    pub fn phase(&self, name: &str) -> Option<&Phase> {
        self.phases.iter().find(|phase| phase.name.eq_ignore_ascii_case(name))
    }
}

/// One rule of the file. It holds clauses, constraints, or both; a rule with neither carries a
/// diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The id as it was meant: `RULE_INIT_01`, undamaged.
    pub id: String,
    /// Where the id stands.
    pub id_span: Span,
    /// The whole definition, heading included.
    pub span: Span,
    /// The words behind the id on its own line, if they are a title.
    pub title: Option<String>,
    /// In which of the written forms it stands.
    pub form: RuleForm,
    /// Trigger and action; condensed rules hold several, joined by `;` or as bullets.
    pub clauses: Vec<Clause>,
    /// What the agent must heed and no one executes, word for word.
    pub constraints: Vec<Constraint>,
}

/// The written forms of `rule-language.md`, section 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RuleForm {
    /// `### RULE_X`, then `Trigger ▶ …` and `Action ▶ …`.
    Heading,
    /// `RULE_X:`, then indented `**Trigger:** …` and `**Action:** …`.
    Label,
    /// `RULE_X: Trigger: … Action: …` on one line.
    OneLine,
    /// `- **RULE_X:** On …, do …`.
    Bullet,
    /// `cond → action`, below a heading or behind the id.
    Arrow,
    /// Only constraints.
    Constraint,
}

/// One "when this, do that".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// When it fires; `None` for an action that only `Trigger RULE_X` or a person starts.
    pub trigger: Option<Trigger>,
    /// What it does, in order.
    pub steps: Vec<Step>,
    /// Where trigger and action stand.
    pub span: Span,
}

/// A text that is shown to the agent and not executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// The text, word for word, without its label.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// The `[PHASE: X]` block: what the agent does in a phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// The name as written: `ANALYZE`.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// The whole block, heading included.
    pub span: Span,
    /// Its steps, in order. The engine does not perform them: they guide the agent, and tell which
    /// State edit closes the phase.
    pub steps: Vec<Step>,
}

/// When a clause fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// The condition it was read as.
    pub condition: Condition,
    /// The text, word for word.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A condition over atoms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// All of these hold.
    All(Vec<Condition>),
    /// At least one of these holds.
    Any(Vec<Condition>),
    /// This does not hold.
    Not(Box<Condition>),
    /// One test.
    Atom(Atom),
}

impl Condition {
    /// The atoms, from left to right.
    #[must_use]
    pub fn atoms(&self) -> Vec<&Atom> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::atoms).collect(),
            Self::Not(inner) => inner.atoms(),
            Self::Atom(atom) => vec![atom],
        }
    }

    /// What it takes to decide it: the weakest class among its atoms.
    #[must_use]
    pub fn class(&self) -> Class {
        self.atoms().iter().map(|atom| atom.class()).max().unwrap_or(Class::State)
    }
}

/// What it takes to decide an atom. Ordered from the strongest to the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Decidable from the files.
    State,
    /// Something the runner sees or is told.
    Event,
    /// Anything else: false until somebody reports it.
    Judgement,
}

/// One test of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Atom {
    /// What is tested.
    pub test: Test,
    /// The text, word for word.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

impl Atom {
    /// What it takes to decide it.
    #[must_use]
    pub fn class(&self) -> Class {
        match self.test {
            Test::Compare { .. }
            | Test::Is(_)
            | Test::Length { .. }
            | Test::Items { .. }
            | Test::File { .. } => Class::State,
            Test::Event(_) => Class::Event,
            Test::Judgement => Class::Judgement,
        }
    }
}

/// The tests of `rule-language.md`, section 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// `Phase == VALIDATE`, `Confidence < 7`, `CurrentItem == null`, `Status == BLOCKED_*`.
    Compare {
        /// The State key, without `State.`.
        key: String,
        /// How the two are compared.
        op: Comparison,
        /// What it is compared with.
        value: Value,
    },
    /// A bare word, `VALIDATE` or `COMPLETED`: the phase or the status is this.
    Is(String),
    /// `length(## Log) > 5 000 chars`, `Log > 3000 chars`.
    Length {
        /// Which section is measured.
        section: SectionName,
        /// How it is compared.
        op: Comparison,
        /// With how many.
        limit: u64,
        /// Of what.
        unit: LengthUnit,
    },
    /// `Items contains unprocessed rows`, `Items left` (`left: true`), `no unprocessed rows`.
    Items {
        /// Whether there must be one, or none.
        left: bool,
    },
    /// `project_config.md is missing or empty`.
    File {
        /// The path as written, without decoration.
        path: String,
        /// What must hold.
        test: FileTest,
    },
    /// Something that happens.
    Event(EventPattern),
    /// Anything else: a question for the agent or the person.
    Judgement,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `==`, `=`, `is`.
    Equal,
    /// `!=`, `is not`.
    NotEqual,
    /// `>`.
    Greater,
    /// `>=`, `≥`.
    GreaterOrEqual,
    /// `<`.
    Less,
    /// `<=`, `≤`.
    LessOrEqual,
}

/// What a State key is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`, `none`: the key is missing, empty or says so.
    Null,
    /// A word or quoted text, compared without case.
    Text(String),
    /// `BLOCKED_*`: a word that begins like this.
    Prefix(String),
    /// A number, in thousandths: `0.85` is 850, `30%` is 30 000.
    Number(i64),
}

/// What a section's length counts (`rule-language.md`, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LengthUnit {
    /// Unicode scalar values of the body.
    Characters,
    /// Lines of the body.
    Lines,
}

/// What is asked of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileTest {
    /// It is there.
    Exists,
    /// It is not there.
    Missing,
    /// It is not there, or holds nothing but white space.
    MissingOrEmpty,
}

/// The name of a section, as a rule writes it: `Log`, `ArchiveLog`, `Blueprint History`; without
/// `##`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SectionName(pub String);

/// What a trigger waits for. The names that `rulemark emit` takes stand in `engine::events`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventPattern {
    /// A session or conversation begins.
    SessionStarted,
    /// One of these commands is given: `@analyze`, `@config/update`; with `@`, in lower case.
    Command(Vec<String>),
    /// This phase is entered; any phase for `None`.
    PhaseEntered(Option<String>),
    /// This phase is left (its end, its completion); any phase for `None`.
    PhaseLeft(Option<String>),
    /// A new task begins or a phase is entered.
    TaskStarted,
    /// The agent is about to decide or act.
    CycleStarted,
    /// The agent has done something or learnt something.
    ActionDone,
    /// One of these files was changed.
    FileUpdated(Vec<String>),
    /// A source file was saved, in this phase if one is named.
    SourceSaved {
        /// The phase, as written.
        during: Option<String>,
    },
    /// The checks ran.
    TestsRan,
    /// The named rule looked for a next item and found none.
    ItemsExhausted {
        /// The rule that looks.
        rule: String,
    },
    /// The plan is replaced by another one.
    PlanOverwritten,
    /// The person said something that begins like one of these; with none given, whatever the
    /// trigger's text describes.
    UserSaid(Vec<String>),
    /// Any other listed event, by its name: `on deploy`.
    Named(String),
}

/// One step of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// The text, word for word, without its list marker.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of `rule-language.md`, section 3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Writes State keys.
    Set(Vec<Assignment>),
    /// Empties a section's body, keeping its placeholder comment.
    Clear(SectionName),
    /// Adds text to a section.
    Insert {
        /// Where to.
        target: Target,
        /// At which end.
        position: Position,
        /// What.
        content: Content,
    },
    /// Copies a section under a dated heading of another one.
    Archive {
        /// What is kept.
        from: SectionName,
        /// Where.
        into: SectionName,
        /// The heading's template, `### Blueprint [YYYY-MM-DD HH:MM:SS] - ID: [UUID-short]`.
        heading: Option<String>,
    },
    /// Quotes the best findings of a section in another one.
    Summarise {
        /// How many, at most.
        count: usize,
        /// From where.
        from: SectionName,
        /// Where to.
        into: SectionName,
    },
    /// Appends one dated line to Log.
    Log(LogText),
    /// Needs a file.
    Read {
        /// Its path as written.
        path: String,
    },
    /// Needs a heading in a file; `None` is the state file.
    Find {
        /// The section looked for.
        section: SectionName,
        /// The file looked in.
        path: Option<String>,
    },
    /// Runs the check `rulemark check` makes; what follows may ask for [`Guard::Issues`].
    CheckConsistency,
    /// Runs another rule's action now, its trigger permitting.
    Call {
        /// The other rule's id.
        rule: String,
    },
    /// Guards steps.
    If {
        /// What is asked.
        guard: Guard,
        /// What is done then.
        then: Vec<Step>,
        /// What is done otherwise.
        otherwise: Vec<Step>,
    },
    /// Runs commands of the project.
    Run(Command),
    /// Waits for a person.
    Ask,
    /// Tells the person, and goes on.
    Tell,
    /// Waits for the agent.
    Delegate,
    /// Says how another step is to be done, and needs nothing itself.
    Describe,
}

impl StepKind {
    /// What this kind of step is called, in a word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Set(_) => "set",
            Self::Clear(_) => "clear",
            Self::Insert { .. } => "insert",
            Self::Archive { .. } => "archive",
            Self::Summarise { .. } => "summarise",
            Self::Log(_) => "log",
            Self::Read { .. } => "read",
            Self::Find { .. } => "find",
            Self::CheckConsistency => "check",
            Self::Call { .. } => "call",
            Self::If { .. } => "if",
            Self::Run(_) => "run",
            Self::Ask => "ask",
            Self::Tell => "tell",
            Self::Delegate => "delegate",
            Self::Describe => "describe",
        }
    }
}

/// What a log step writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogText {
    /// These words; `[State.CurrentItem]` in them stands for the key's value.
    Literal(String),
    /// What the rule has done so far: `Log action.`
    Action,
    /// That a command was started: `Log attempt.`
    Attempt,
    /// How the step before went: `log result`, `capture tool output in ## Log`.
    Result,
    /// From which phase to which: `Log phase change.`
    PhaseChange,
    /// Why the rule fired: `Log the reason.`
    Reason,
    /// What went wrong: `Log error/situation`, or what the consistency check found.
    Problem,
}

/// One State key and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The key, without `State.`.
    pub key: String,
    /// What it becomes.
    pub value: NewValue,
}

/// What a State key becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewValue {
    /// These words.
    Literal(String),
    /// The next unprocessed item.
    NextItem,
    /// What it was, and so much more: `CycleCount + 1`.
    Plus(i64),
    /// The phase in which work on an item begins: the first `[PHASE: X]` of the file other than
    /// INIT, or ANALYZE.
    FirstPhase,
    /// What the event names: `@construct` → `CONSTRUCT`.
    FromEvent,
}

/// A section of one of the two documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The file as written; `None` is the state file, or the config for `Changelog`.
    pub path: Option<String>,
    /// The section.
    pub section: SectionName,
}

/// At which end of a section text goes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Position {
    /// Before the first entry.
    First,
    /// Behind the last entry.
    Last,
}

/// What an insertion brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// One line about the finished item (`rule-language.md`, section 5).
    WorkSummary {
        /// Whether the rule asks for a date.
        dated: bool,
    },
    /// These words.
    Literal(String),
    /// Hash and message of the commit that the clause has made ([`Command::Commit`]).
    Commit,
}

/// What a project's command is for, or the command itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The commands of these kinds in `project_config.md`.
    Checks(Vec<CheckKind>),
    /// This command line. Never a destructive git command, nor one with a hole (`<SHA>`) in it:
    /// those are [`StepKind::Ask`].
    Line(String),
    /// `git commit` without a message: commits what is staged, with a message made from the finished
    /// item, since no editor can be opened.
    Commit,
}

/// The kinds of commands a project names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CheckKind {
    /// Tests.
    Test,
    /// Linters and type checks.
    Lint,
    /// Formatters.
    Format,
    /// Builds.
    Build,
}

/// What a step inside an action depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// A condition over the state.
    Holds(Condition),
    /// A next item was found, or none.
    ItemsLeft(bool),
    /// What was looked for was found, or not.
    Found(bool),
    /// What ran or was done before succeeded, or not.
    Succeeded(bool),
    /// The consistency check found something, or nothing.
    Issues(bool),
    /// The person said yes.
    Confirmed,
    /// The section holds more than a placeholder.
    HasContent(SectionName),
}
