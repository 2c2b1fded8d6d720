//! Workflow definitions: what an agent goes through phase by phase, and what closes each phase.
//!
//! A [`Definition`] is read from Markdown, YAML or JSON, or from the files of another tool, and is plain
//! data from then on: nothing in it runs. [`Gate::evaluate`] decides from the evidence and from
//! [`Facts`] that the shell has gathered; what it still has to be told it asks for, and asks nobody itself.
//!
//! This is the one part of the core that knows serde: definitions *are* documents in serialised forms.

mod accordo;
mod boxes;
pub mod bundle;
mod check;
pub mod condition;
mod dynamic;
pub mod evidence;
pub mod fault;
mod gate;
mod gate_line;
mod graph;
pub mod model;
pub mod named_check;
mod native;
mod parts;
mod praxis;
pub mod published;
mod read;
mod requirement;
mod review;
mod route;
mod scope;
pub mod session;
pub mod shape;
pub mod tasks;
mod template;
pub mod tree;
mod workrail;

pub(crate) use check::shown;

pub use bundle::{Bundle, Reading, SourceFile};
pub use evidence::{Answer, Basis, Evidence, Facts, Failure, Finding, Missing, Question, Verdict};
pub use fault::Fault;
pub use model::{
    Approval, Broken, Capture, Check, CheckBox, Command, Condition, Criterion, Definition, DynamicSource,
    Field, FieldCheck, FieldType, Form, Gate, Guidance, Input, Next, Phase, Place, Rule, Task,
};
pub use published::published_schema;
pub use route::RouteError;
pub use scope::Scope;
pub use template::TemplateError;
