//! `rulemark rules`: how each rule is understood, and what will happen to it.

use super::{
    args::RulesArgs,
    change::plural,
    compiled,
    context::Context,
    error::{CommandError, CommandResult, Exit},
    render::{Ink, Line, Table, Terminal},
};
use crate::{
    rules::{Clause, Rule, RuleForm, Step, StepKind, Test, Trigger},
    text::{LineIndex, nearest},
};
use serde::Serialize;

mod fate;

/// One rule.
#[derive(Debug, Serialize)]
struct RuleJson {
    id: String,
    title: Option<String>,
    /// How it is written: `heading`, `label`, `one-line`, `bullet`, `arrow`, `constraint`.
    form: &'static str,
    line: usize,
    /// What will happen to it, in words.
    fate: String,
    clauses: Vec<ClauseJson>,
    constraints: Vec<String>,
}

/// One "when this, do that".
#[derive(Debug, Serialize)]
struct ClauseJson {
    /// The trigger, word for word.
    trigger: Option<String>,
    /// `state`, `event`, `judgement`, or `call` for an action without a trigger.
    class: &'static str,
    atoms: Vec<AtomJson>,
    fate: String,
    /// Commands that report what the trigger waits for.
    reports: Vec<String>,
    steps: Vec<StepJson>,
}

/// One test of a trigger.
#[derive(Debug, Serialize)]
struct AtomJson {
    text: String,
    class: &'static str,
}

/// One step.
#[derive(Debug, Serialize)]
struct StepJson {
    kind: &'static str,
    text: String,
    /// What is done when the step's condition holds, and otherwise.
    then: Vec<StepJson>,
    otherwise: Vec<StepJson>,
}

pub(crate) fn run(context: &mut Context, args: &RulesArgs) -> CommandResult {
    let documents = context.project()?.read()?;
    let set = compiled::rules(&documents);
    let index = LineIndex::new(&documents.state.text);
    let terminal = &mut context.terminal;
    if let Some(id) = &args.rule {
        let Some(rule) = set.rule(id) else {
            let known = set.rules.iter().map(|rule| rule.id.as_str());
            let hint = nearest(id, known).map(|it| format!("did you mean `{it}`?"));
            return Err(CommandError::usage(format!("no rule is called `{id}`"))
                .with_hint(hint.unwrap_or_else(|| "`rulemark rules` lists them".into())));
        };
        let rule = RuleJson::new(rule, &index);
        if args.json {
            terminal.json(&rule)?;
        } else {
            detail(terminal, &rule)?;
        }
        return Ok(Exit::Ok);
    }
    let rules: Vec<RuleJson> = set.rules.iter().map(|rule| RuleJson::new(rule, &index)).collect();
    if args.json {
        terminal.json(&rules)?;
    } else {
        list(terminal, &rules)?;
    }
    Ok(Exit::Ok)
}

impl RuleJson {
    fn new(rule: &Rule, index: &LineIndex<'_>) -> Self {
        let clauses: Vec<ClauseJson> = rule.clauses.iter().map(|it| ClauseJson::new(&rule.id, it)).collect();
        let constraints: Vec<String> = rule.constraints.iter().map(|it| it.text.clone()).collect();
        let mut fates: Vec<&str> = Vec::new();
        for clause in &clauses {
            if !fates.contains(&clause.fate.as_str()) {
                fates.push(&clause.fate);
            }
        }
        if !constraints.is_empty() {
            fates.push("shown to the agent");
        }
        let fate = if fates.is_empty() { "nothing: see `rulemark check`".into() } else { fates.join("; ") };
        Self {
            id: rule.id.clone(),
            title: rule.title.clone(),
            form: form(rule.form),
            line: index.line_column(rule.id_span.start).line,
            fate,
            clauses,
            constraints,
        }
    }
}

impl ClauseJson {
    fn new(rule: &str, clause: &Clause) -> Self {
        let atoms = clause.trigger.as_ref().map_or_else(Vec::new, |trigger| {
            let atoms = trigger.condition.atoms();
            atoms
                .into_iter()
                .map(|atom| AtomJson { text: atom.text.clone(), class: class(&atom.test) })
                .collect()
        });
        Self {
            trigger: clause.trigger.as_ref().map(|trigger| trigger.text.clone()),
            class: clause.trigger.as_ref().map_or("call", trigger_class),
            atoms,
            fate: fate::of(clause),
            reports: fate::reports(rule, clause),
            steps: clause.steps.iter().map(StepJson::new).collect(),
        }
    }
}

impl StepJson {
    fn new(step: &Step) -> Self {
        let (then, otherwise) = match &step.kind {
            StepKind::If { then, otherwise, .. } => (then.as_slice(), otherwise.as_slice()),
            _ => (&[][..], &[][..]),
        };
        Self {
            kind: step.kind.name(),
            text: step.text.clone(),
            then: then.iter().map(Self::new).collect(),
            otherwise: otherwise.iter().map(Self::new).collect(),
        }
    }
}

fn list(terminal: &mut Terminal, rules: &[RuleJson]) -> Result<(), CommandError> {
    if rules.is_empty() {
        return terminal.remark("the file has no rules");
    }
    let mut table = Table::new(3);
    for rule in rules {
        let mut classes: Vec<&str> = Vec::new();
        for clause in &rule.clauses {
            if !classes.contains(&clause.class) {
                classes.push(clause.class);
            }
        }
        let fate_ink =
            if rule.clauses.is_empty() && rule.constraints.is_empty() { Ink::Bad } else { Ink::Plain };
        table.row(vec![
            Line::new().ink(Ink::Faint, format!("{:>4}", rule.line)),
            Line::new().ink(Ink::Accent, &rule.id),
            Line::new()
                .ink(Ink::Faint, if classes.is_empty() { rule.form.into() } else { classes.join(", ") }),
            Line::new().ink(fate_ink, &rule.fate),
        ]);
    }
    terminal.table(table)?;
    let alone = rules
        .iter()
        .filter(|rule| rule.fate.starts_with(fate::ALONE) && !rule.fate.contains(fate::WAITS))
        .count();
    let (all, run) =
        (plural(rules.len(), "rule"), if alone == 1 { "runs on its own" } else { "run on their own" });
    let summary =
        format!("{} {all}, {alone} {run}; `rulemark rules RULE_ID` shows one in detail", rules.len());
    terminal.remark("")?;
    terminal.remark(Line::new().ink(Ink::Faint, summary))
}

fn detail(terminal: &mut Terminal, rule: &RuleJson) -> Result<(), CommandError> {
    let title = rule.title.as_ref().map_or_else(String::new, |title| format!("  {title}"));
    let place = format!("  line {}, written as {}", rule.line, rule.form);
    terminal.prose(Line::new().ink(Ink::Accent, &rule.id).text(title).ink(Ink::Faint, place), 2)?;
    for clause in &rule.clauses {
        terminal.line("")?;
        field(terminal, "when", &Line::from(clause.trigger.as_deref().unwrap_or("another rule calls it")))?;
        if clause.atoms.len() > 1 || clause.class != "state" {
            for atom in &clause.atoms {
                let line = Line::new().ink(Ink::Faint, format!("{:<10} ", atom.class)).text(&atom.text);
                field(terminal, "", &line)?;
            }
        }
        for (at, step) in clause.steps.iter().enumerate() {
            show_step(terminal, if at == 0 { "do" } else { "" }, step, 0)?;
        }
        field(terminal, "fate", &Line::from(clause.fate.as_str()))?;
        for report in &clause.reports {
            field(terminal, "", &Line::new().ink(Ink::Accent, report))?;
        }
    }
    for constraint in &rule.constraints {
        terminal.line("")?;
        field(terminal, "heed", &Line::from(constraint.as_str()))?;
    }
    Ok(())
}

fn show_step(terminal: &mut Terminal, name: &str, step: &StepJson, depth: usize) -> Result<(), CommandError> {
    let indent = "  ".repeat(depth);
    let line = Line::new().text(&indent).ink(Ink::Strong, format!("{:<10} ", step.kind)).text(&step.text);
    field(terminal, name, &line)?;
    for inner in &step.then {
        show_step(terminal, "", inner, depth + 1)?;
    }
    if !step.otherwise.is_empty() {
        field(terminal, "", &Line::new().text(&indent).ink(Ink::Strong, "otherwise"))?;
    }
    for inner in &step.otherwise {
        show_step(terminal, "", inner, depth + 1)?;
    }
    Ok(())
}

fn field(terminal: &mut Terminal, name: &str, value: &Line) -> Result<(), CommandError> {
    terminal.prose(Line::indented(2).ink(Ink::Faint, format!("{name:<6}")).join(value.clone()), 6)
}

fn trigger_class(trigger: &Trigger) -> &'static str {
    match trigger.condition.class() {
        crate::rules::Class::State => "state",
        crate::rules::Class::Event => "event",
        crate::rules::Class::Judgement => "judgement",
    }
}

fn class(test: &Test) -> &'static str {
    match test {
        Test::Event(_) => "event",
        Test::Judgement => "judgement",
        _ => "state",
    }
}

fn form(form: RuleForm) -> &'static str {
    match form {
        RuleForm::Heading => "heading",
        RuleForm::Label => "label",
        RuleForm::OneLine => "one-line",
        RuleForm::Bullet => "bullet",
        RuleForm::Arrow => "arrow",
        RuleForm::Constraint => "constraint",
    }
}
