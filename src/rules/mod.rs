//! The rule language: what stands in the Rules section, and what it means.
//!
//! `rule-language.md`'s promise is kept here: every rule is accounted for. Reading never fails;
//! it answers with rules *and* diagnostics.

mod action;
mod ast;
mod compile;
mod condensed;
mod events;
mod extract;
mod hole;
mod id;
mod label;
mod lex;
mod review;
mod segment;
mod source;
mod step;
mod trigger;
mod vocabulary;
mod wording;

pub use ast::{
    Assignment, Atom, CheckKind, Class, Clause, Command, Comparison, Condition, Constraint, Content,
    EventPattern, FileTest, Guard, LengthUnit, LogText, NewValue, Phase, Position, Rule, RuleForm, RuleSet,
    SectionName, Step, StepKind, Target, Test, Trigger, Value,
};
pub use compile::{compile, compile_phase, compile_runnable, compile_unreviewed};
