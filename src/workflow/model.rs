//! The model that every form of a definition is read into.
//!
//! The types serialise so that a session can keep the very definition it started with; what an author
//! writes as YAML or JSON is another, stricter shape that is converted into this one; only the names of
//! types are the same in both.

use crate::text::Revision;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use std::fmt;

/// A workflow: what it is called, and its phases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// `bug-fix`; `^[a-z0-9-]+(:[a-z0-9-]+)?$` in our own forms, underscores too in others' (`lamp_v1`).
    pub id: String,
    /// A semantic version. Others' definitions may have none; then `0.0.0`.
    pub version: String,
    /// For people: `Fix a bug`.
    pub name: String,
    /// One or two sentences; may be empty.
    pub description: String,
    /// For filtering: `debugging`.
    pub category: Option<String>,
    /// For searching.
    pub tags: Vec<String>,
    /// The author's words: `2-4 hours`.
    pub estimated_duration: Option<String>,
    /// What a session is started with, in the author's order.
    pub inputs: Vec<Input>,
    /// What it leaves behind, in the author's words: `brief.md`.
    pub outputs: Vec<String>,
    /// What must be so before it starts, in the author's words (`WorkRail`).
    pub preconditions: Vec<String>,
    /// What to ask the person before it starts (`WorkRail`).
    pub clarifications: Vec<String>,
    /// What holds in every phase; goes with each phase's text (`WorkRail`'s `metaGuidance`).
    pub standing_guidance: Vec<String>,
    /// The phases in their order. Numbers rise; they start where the author starts them (0 or 1).
    /// Those of a [`DynamicSource`] are not among them until they have been filled in.
    pub phases: Vec<Phase>,
    /// Where further phases come from.
    pub dynamic: Option<DynamicSource>,
    /// The hash of all files it was read from.
    #[serde(with = "hex")]
    pub revision: Revision,
    /// How it was written.
    pub form: Form,
    /// The file, or folder, it was read from, as it is shown to people: `workflows/bug-fix.md`.
    pub source: String,
}

/// The forms that definitions are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Markdown with front matter.
    Markdown,
    /// YAML of the published model.
    Yaml,
    /// JSON of the published model.
    Json,
    /// A folder with `metadata.json`, `phases/N/phase.md` and `gate-definition.yaml`.
    Praxis,
    /// YAML with a `workflow.tree` of nodes.
    Accordo,
    /// JSON with `steps[]`.
    WorkRail,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Markdown => "markdown",
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Praxis => "praxis",
            Self::Accordo => "accordo",
            Self::WorkRail => "workrail",
        })
    }
}

/// Something that a session is started with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// As in `{{ inputs.issue }}`.
    pub name: String,
    /// What its value has to be.
    pub kind: FieldType,
    /// Whether a session can't start without it.
    pub required: bool,
    /// What it is when nobody gives it.
    pub default: Option<Value>,
    /// The author's words; may be empty.
    pub description: String,
}

/// One phase: what to do, and the gate that closes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// The author's number; for forms without numbers counted from 1.
    pub number: u32,
    /// The author's name for it, where the form has one: a step's or node's id.
    pub id: Option<String>,
    /// Its title without `Phase 1:`.
    pub title: String,
    /// The author's words to the agent, as they stand. In our own forms they hold `{{ … }}` to fill in
    /// ([`Phase::is_template`]).
    pub text: String,
    /// Whether [`Phase::text`] and the texts of the tasks are templates.
    pub is_template: bool,
    /// Its tasks, numbered from 1.
    pub tasks: Vec<Task>,
    /// What closes it. A phase without a gate is closed by any call.
    pub gate: Gate,
    /// It is skipped when this does not hold.
    pub when: Option<Condition>,
    /// Where it goes on.
    pub next: Next,
    /// How it is to be worked on.
    pub guidance: Guidance,
    /// Where it stands.
    pub place: Place,
}

/// Where a workflow goes on behind a phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// At the phase below, or at the end.
    Following,
    /// At one of these phases, by number; the agent says which, in the evidence field
    /// [`Next::FIELD`], when there are several. One of them may be an earlier phase.
    OneOf(Vec<u32>),
    /// Nowhere: the workflow is complete.
    End,
}

impl Next {
    /// The evidence field that says which of several next phases it is to be: a phase's id or number.
    pub const FIELD: &'static str = "next_phase";
}

/// How a phase is to be worked on; hints, nothing that gates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guidance {
    /// The kind of model that suits: `model-with-strong-reasoning`.
    pub model_hint: Option<String>,
    /// The agent should ask the person before it begins.
    pub requires_confirmation: bool,
    /// The agent should ask for files first (`WorkRail`'s `askForFiles`).
    pub ask_for_files: bool,
    /// What the author calls the phase's criteria, for reading.
    pub criteria: Vec<String>,
    /// Further words to the agent (`WorkRail`'s `guidance`).
    pub notes: Vec<String>,
}

/// One task of a phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// From 1, in the order of the phase: what `get_task` takes.
    pub number: u32,
    /// The author's name for it: `1.2`, `write-brief`.
    pub id: String,
    /// Its title without `Task 1.2:`.
    pub title: String,
    /// The author's words, as they stand, code and all.
    pub text: String,
    /// The steps of its numbered list, or of the one headed "Steps", in the author's words.
    pub steps: Vec<String>,
    /// The author's estimate: `2 hours`.
    pub estimated_time: Option<String>,
    /// The ids of the tasks that come before it.
    pub dependencies: Vec<String>,
    /// What makes it done; for reading, the gate is the phase's.
    pub criteria: Vec<Criterion>,
}

/// One acceptance criterion of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    /// The author's words.
    pub text: String,
    /// Whether the box was ticked where it was read.
    pub done: bool,
}

/// Phases that come from a specification's `tasks.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DynamicSource {
    /// The name of the session option that holds the path: `spec_path`. A folder means its `tasks.md`.
    pub option: String,
    /// The text of each phase, with `[PLACEHOLDER]`s; the phase's own text when there is none.
    pub phase_template: Option<String>,
    /// The text of each task, with `[PLACEHOLDER]`s; the task's own text when there is none.
    pub task_template: Option<String>,
}

/// What closes a phase. Everything in it must hold; see [`Gate::evaluate`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// Whether a missing field passes with a warning. A broken gate never passes.
    pub lenient: bool,
    /// Why it can't be read. Such a gate stays shut.
    pub broken: Option<Broken>,
    /// Things that the agent says it has seen to.
    pub boxes: Vec<CheckBox>,
    /// The evidence it asks for.
    pub fields: Vec<Field>,
    /// Commands that have to exit with the right code.
    pub commands: Vec<Command>,
    /// Conditions over the evidence.
    pub rules: Vec<Rule>,
    /// Whose approval it needs.
    pub approval: Option<Approval>,
}

/// A gate that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// Where it went wrong first.
    pub place: Place,
    /// What is wrong, and what to do.
    pub message: String,
}

/// `- [ ] Frame folds`: done when the evidence says so, under its name or its text, with `true` or with
/// words that show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckBox {
    /// Made of the text, unique in its gate: `frame_folds`.
    pub name: String,
    /// The author's words.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// A field of the evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// What the evidence calls it.
    pub name: String,
    /// What its value has to be. Nothing is converted.
    pub kind: FieldType,
    /// Whether the gate can do without it.
    pub optional: bool,
    /// What must hold for its value, all of them.
    pub checks: Vec<FieldCheck>,
    /// The author's words; may be empty.
    pub description: String,
    /// Where it stands.
    pub place: Place,
}

/// A check of one field, with the author's own words for its failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldCheck {
    /// What must hold.
    pub check: Check,
    /// What is said when it does not; in our words when there is none.
    pub message: Option<String>,
}

/// The types of evidence and inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Type")]
pub enum FieldType {
    /// Text.
    String,
    /// A whole number; neither `2.5` nor `"3"` nor `true`.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list.
    List,
    /// Names with values.
    Object,
    /// A path in the workspace.
    Path,
    /// A commit of the repository, by its hash.
    Commit,
    /// An http or https address.
    Url,
    /// Anything.
    Any,
}

/// The named checks, with their parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Text, list or object with something in it; white space is nothing.
    NonEmpty,
    /// Text that contains one of these, whatever the case.
    ContainsAny(Vec<String>),
    /// Text in which this regular expression matches.
    MatchesPattern(String),
    /// At least so many characters or items.
    MinLength(u64),
    /// At most so many characters or items.
    MaxLength(u64),
    /// A number above 0.
    Positive,
    /// A number that is 0 or above.
    NonNegative,
    /// A number below 0.
    Negative,
    /// A number from the first to the second, both included.
    InRange(Number, Number),
    /// The very same value.
    Equals(Value),
    /// Any other value.
    NotEquals(Value),
    /// An object with these names.
    HasFields(Vec<String>),
    /// An object with these names, each of its type.
    ValidStructure(Vec<(String, FieldType)>),
    /// Text that is YAML.
    YamlParseable,
    /// Text that is JSON.
    JsonParseable,
    /// Text that tells of success.
    ContainsSuccess,
    /// Text that tells of no error.
    NoErrors,
    /// Text that contains this.
    ContainsText(String),
    /// Text that does not contain this.
    NotContainsText(String),
    /// A list with something in it.
    ListNotEmpty,
    /// A list of at least so many items.
    ListMinLength(u64),
    /// A list whose items are all of this type.
    AllItemsType(FieldType),
    /// A number above this one.
    GreaterThan(Number),
    /// A number below this one.
    LessThan(Number),
    /// A number between these, neither included.
    Between(Number, Number),
    /// A path at which there is something. Rulemark looks.
    Exists,
    /// A path at which there is a file, with this hash where one is given. Rulemark computes it.
    Sha256(Option<String>),
    /// All of these (`WorkRail`'s `and`).
    All(Vec<FieldCheck>),
    /// One of these at least (`WorkRail`'s `or`).
    Any(Vec<FieldCheck>),
    /// Not this (`WorkRail`'s `not`).
    Not(Box<FieldCheck>),
}

/// ``check: `cargo test` exits with 101``: run by the shell, when trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The command line.
    pub command: String,
    /// The exit code it has to have.
    pub exit_code: i32,
    /// Numbers that are read out of what it printed.
    pub captures: Vec<Capture>,
    /// Where it stands.
    pub place: Place,
}

/// A number counted in a command's output. It is a *checked* field of the evidence, and overrules what
/// the agent says of the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// The field's name.
    pub name: String,
    /// A regular expression whose first group is the number; several matches are added up.
    pub pattern: String,
}

/// ``rule: `fixed <= total` or "more fixed than there are"``.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// What must hold, in CEL, over the evidence.
    pub condition: Condition,
    /// What is said when it does not; in our words when there is none.
    pub message: Option<String>,
}

/// A condition in CEL, at most 4 KB of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// The author's text.
    pub source: String,
    /// Where it stands.
    pub place: Place,
}

/// `approval: person`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// What is to be approved, in the author's words; may be empty.
    pub question: String,
    /// Where it stands.
    pub place: Place,
}

/// Where something stands, for people. Lines and columns count from 1, columns in characters; line 0
/// means the file as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The file as it is shown: `workflows/bug-fix.md`, never an absolute path.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => f.write_str(&self.file),
            (line, 0) => write!(f, "{}:{line}", self.file),
            (line, column) => write!(f, "{}:{line}:{column}", self.file),
        }
    }
}

impl Definition {
    /// The phase with this number.
    #[must_use]
    pub fn phase(&self, number: u32) -> Option<&Phase> {
        self.phases.iter().find(|phase| phase.number == number)
    }

    /// Its phase with this id.
    #[must_use]
    pub fn phase_by_id(&self, id: &str) -> Option<&Phase> {
        self.phases.iter().find(|phase| phase.id.as_deref() == Some(id))
    }
}

impl Phase {
    /// Its task with this number.
    #[must_use]
    pub fn task(&self, number: u32) -> Option<&Task> {
        self.tasks.iter().find(|task| task.number == number)
    }
}

impl FieldType {
    /// Whether its values are text.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::String | Self::Path | Self::Commit | Self::Url)
    }
}

impl Gate {
    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.broken.is_none()
            && self.boxes.is_empty()
            && self.fields.is_empty()
            && self.commands.is_empty()
            && self.rules.is_empty()
            && self.approval.is_none()
    }
}

/// A revision as its hex digits.
mod hex {
    use crate::text::Revision;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(revision: &Revision, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(revision)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Revision, D::Error> {
        let text = String::deserialize(from)?;
        Revision::from_hex(&text).ok_or_else(|| D::Error::custom("not a revision: 64 hex digits"))
    }
}
