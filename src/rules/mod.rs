//! The rule language: what stands in the Rules section, and what it means.
//!
//! `rule-language.md`'s promise is kept here: every rule is accounted for. Reading never fails;
//! it answers with rules *and* diagnostics.

mod ast;

pub use ast::{
    Assignment, Atom, CheckKind, Class, Clause, Command, Comparison, Condition, Constraint, Content,
    EventPattern, FileTest, Guard, LengthUnit, NewValue, Phase, Position, Rule, RuleForm, RuleSet,
    SectionName, Step, StepKind, Target, Test, Trigger, Value,
};
