//! The edits of a state file that people and agents ask for by name, whatever they ask through.

use super::{Documents, Edits, Error, ErrorKind};
use crate::{
    document::{Item, ItemStatus, Items, PlanStep, Role, Section, WorkflowState, plan_steps},
    text::{Draft, nearest},
};
use jiff::civil::DateTime;

/// A state file under construction: each edit sees those before it, and all of them are one patch.
#[derive(Debug)]
pub struct StateDraft<'d> {
    draft: Draft<'d>,
    at: DateTime,
}

/// What becomes of a key that the file does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownKey {
    /// It is refused: most of them are misspelt.
    Refuse,
    /// It is added.
    Add,
}

impl<'d> StateDraft<'d> {
    /// Begins with the state file of `documents`; `at` is the date of entries.
    #[must_use]
    pub fn new(documents: &'d Documents, at: DateTime) -> Self {
        Self { draft: Draft::new(&documents.state.text, documents.state.revision), at }
    }

    /// Writes a State key.
    ///
    /// # Errors
    /// When the value is not one line, or the key is not known and may not be added.
    pub fn set(&mut self, key: &str, value: &str, unknown: UnknownKey) -> Result<(), Error> {
        if value.contains(['\n', '\r']) {
            return Err(Error::Caller {
                kind: ErrorKind::Usage,
                message: format!("`{key}`: a State value is one line"),
                hints: vec!["longer text belongs into Log or Plan".into()],
            });
        }
        let edits = {
            let state = WorkflowState::parse(self.draft.text());
            if state.key(key).is_none() && unknown == UnknownKey::Refuse {
                return Err(unknown_key(key, &state));
            }
            state.set(key, value)
        };
        self.draft.revise(edits);
        Ok(())
    }

    /// Adds an entry to Log.
    ///
    /// # Errors
    /// When it is empty.
    pub fn log(&mut self, text: &str) -> Result<(), Error> {
        if text.trim().is_empty() {
            return Err(Error::usage("the entry is empty"));
        }
        let edits = WorkflowState::parse(self.draft.text()).log(self.at, text);
        self.draft.revise(edits);
        Ok(())
    }

    /// Adds an item.
    ///
    /// # Errors
    /// When it is empty.
    pub fn add_item(&mut self, description: &str) -> Result<(), Error> {
        if description.trim().is_empty() {
            return Err(Error::usage("the item is empty"));
        }
        let edits = WorkflowState::parse(self.draft.text()).items().add(description);
        self.draft.revise(edits);
        Ok(())
    }

    /// Marks an item as done: the one of this id or description, or the current one. One that is done
    /// already stays as it is.
    ///
    /// # Errors
    /// When there is no such item, or the items have no place for a status.
    pub fn complete_item(&mut self, name: Option<&str>) -> Result<(), Error> {
        let edits = {
            let state = WorkflowState::parse(self.draft.text());
            let items = state.items();
            let item = item(&state, &items, name)?;
            if item.state == ItemStatus::Processed {
                return Ok(());
            }
            items.complete(item)
        };
        if edits.is_empty() {
            return Err(Error::Caller {
                kind: ErrorKind::Conflict,
                message: "the items have no place for a status".into(),
                hints: vec!["add a `status` column, or check boxes".into()],
            });
        }
        self.draft.revise(edits);
        Ok(())
    }

    /// Marks an item as done, or else ticks a step of the plan.
    ///
    /// # Errors
    /// When neither is called so.
    pub fn complete(&mut self, name: &str) -> Result<(), Error> {
        let (is_item, is_step) = {
            let state = WorkflowState::parse(self.draft.text());
            let is_item = state.items().matching(name).is_some();
            (is_item, step(&plan_steps(state.outline()), name).is_some())
        };
        if is_step && !is_item { self.tick_plan_step(name) } else { self.complete_item(Some(name)) }
    }

    /// Writes the plan anew. The one before stays in the journal, and a rule may archive it.
    ///
    /// # Errors
    /// When it is empty, or has a heading that would end the section.
    pub fn write_plan(&mut self, plan: &str) -> Result<(), Error> {
        let plan = plan.trim_matches(['\n', '\r']);
        if plan.trim().is_empty() {
            return Err(Error::usage("the plan is empty"));
        }
        let cleared = {
            let state = WorkflowState::parse(self.draft.text());
            let outline = state.outline();
            outline.section(Role::Plan).map(|section| outline.clear(section))
        };
        self.draft.revise(cleared.unwrap_or_default());
        let edits = {
            let state = WorkflowState::parse(self.draft.text());
            let outline = state.outline();
            match outline.section(Role::Plan) {
                Some(section) => outline.append(section, plan),
                None => outline.add_section("Plan", plan),
            }
        };
        let before = sections_beside_plan(self.draft.text());
        self.draft.revise(edits);
        if sections_beside_plan(self.draft.text()) > before {
            return Err(Error::Caller {
                kind: ErrorKind::Usage,
                message: "the plan has headings that would end its section".into(),
                hints: vec!["begin them with `###`, or write a list".into()],
            });
        }
        Ok(())
    }

    /// Ticks a step of the plan: the open one whose text this is, or begins with this.
    ///
    /// # Errors
    /// When the plan has no such step.
    pub fn tick_plan_step(&mut self, text: &str) -> Result<(), Error> {
        let edits = {
            let state = WorkflowState::parse(self.draft.text());
            let steps = plan_steps(state.outline());
            match step(&steps, text) {
                Some(step) if step.is_done => Vec::new(),
                Some(step) => vec![step.tick()],
                None => return Err(unknown_step(text, &steps)),
            }
        };
        self.draft.revise(edits);
        Ok(())
    }

    /// The text as it is now.
    #[must_use]
    pub fn text(&self) -> &str {
        self.draft.text()
    }

    /// All edits, against the file as it was.
    #[must_use]
    pub fn into_edits(self) -> Edits {
        Edits::of_state(self.draft.into_patch().edits().to_vec())
    }
}

/// How many other sections there are that do not lie in the plan.
fn sections_beside_plan(text: &str) -> usize {
    let state = WorkflowState::parse(text);
    let outline = state.outline();
    let Some(plan) = outline.section(Role::Plan) else { return outline.sections().len() };
    let is_beside = |section: &&Section| section.level <= plan.level && section.title != plan.title;
    outline.sections().iter().filter(is_beside).count()
}

fn step<'s>(steps: &'s [PlanStep], text: &str) -> Option<&'s PlanStep> {
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let wanted = folded(text);
    let is_it = |step: &&PlanStep| folded(&step.text) == wanted;
    let begins = |step: &&PlanStep| !wanted.is_empty() && folded(&step.text).starts_with(&wanted);
    let open = || steps.iter().filter(|step| !step.is_done);
    open().find(is_it).or_else(|| steps.iter().find(is_it)).or_else(|| open().find(begins))
}

fn unknown_step(text: &str, steps: &[PlanStep]) -> Error {
    let open: Vec<&str> = steps.iter().filter(|step| !step.is_done).map(|step| step.text.as_str()).collect();
    let shown: String = text.chars().take(80).collect();
    let hint = match open.as_slice() {
        [] => "the plan has no open boxes".to_owned(),
        [first, ..] => format!("the next one is `{first}`"),
    };
    Error::Caller {
        kind: ErrorKind::Usage,
        message: format!("no step of the plan is called `{shown}`"),
        hints: vec![hint],
    }
}

fn item<'i>(state: &WorkflowState<'_>, items: &'i Items<'_>, name: Option<&str>) -> Result<&'i Item, Error> {
    let name = match name {
        Some(name) => name,
        None => state.value("CurrentItem").ok_or_else(|| {
            let message = "no item is current";
            let hints = vec!["`rulemark item done ID` names one; `rulemark item list` shows them".into()];
            Error::Caller { kind: ErrorKind::Usage, message: message.into(), hints }
        })?,
    };
    items.matching(name).ok_or_else(|| {
        let names = items.rows().iter().map(|item| item.id.as_deref().unwrap_or(&item.description));
        let meant = nearest(name, names).map(|name| format!("did you mean `{name}`?"));
        let hints = vec![meant.unwrap_or_else(|| "`rulemark item list` shows them".into())];
        Error::Caller { kind: ErrorKind::Usage, message: format!("no item is called `{name}`"), hints }
    })
}

fn unknown_key(key: &str, state: &WorkflowState<'_>) -> Error {
    let names = state.keys().iter().map(|key| key.name.as_str());
    let meant = nearest(key, names.clone()).map(|name| format!("did you mean `{name}`?"));
    let known: Vec<&str> = names.collect();
    let hint = meant.unwrap_or_else(|| match known.as_slice() {
        [] => "the file has no State keys".into(),
        known => format!("the file has {}", known.join(", ")),
    });
    Error::Caller {
        kind: ErrorKind::Usage,
        message: format!("State has no key `{key}`"),
        hints: vec![hint, format!("`rulemark set --new {key}=…` adds it")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Document;
    use jiff::civil::date;

    const STATE: &str = "## State\nPhase: A\n\n## Plan\n<!-- the plan -->\n\n## Items\n| id | description | status |\n| - | - | - |\n| 1 | one | pending |\n\n## Log\n";

    fn drafted(state: &str, edit: impl FnOnce(&mut StateDraft<'_>) -> Result<(), Error>) -> String {
        let documents = Documents { state: Document::new("s.md".into(), state.into()), config: None };
        let mut draft = StateDraft::new(&documents, date(2026, 1, 2).at(3, 4, 5, 0));
        match edit(&mut draft) {
            Ok(()) => draft.text().to_owned(),
            Err(error) => format!("{error} ({})", error.hints().join("; ")),
        }
    }

    #[test]
    fn edits_build_on_each_other() {
        let text = drafted(STATE, |draft| {
            draft.set("Phase", "B", UnknownKey::Refuse)?;
            draft.add_item("two")?;
            draft.complete_item(Some("2"))?;
            draft.write_plan("- [ ] Write\n- [ ] Test")?;
            draft.tick_plan_step("write")?;
            draft.log("so")
        });
        assert_eq!(
            text,
            "## State\nPhase: B\n\n## Plan\n<!-- the plan -->\n- [x] Write\n- [ ] Test\n\n## Items\n| id | description | status |\n| - | - | - |\n| 1 | one | pending |\n| 2 | two | completed |\n\n## Log\n- [2026-01-02 03:04:05] so\n"
        );
    }

    #[test]
    fn a_plan_is_written_anew() {
        let state = STATE.replace("<!-- the plan -->\n", "<!-- the plan -->\n1. old\n2. older\n");
        let text = drafted(&state, |draft| draft.write_plan("new\n"));
        assert!(text.contains("## Plan\n<!-- the plan -->\nnew\n\n## Items"), "{text}");
        let text = drafted("## State\nPhase: A\n", |draft| draft.write_plan("new"));
        assert_eq!(text, "## State\nPhase: A\n\n## Plan\nnew\n");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let check = |edit: fn(&mut StateDraft<'_>) -> Result<(), Error>, expected: &str| {
            assert_eq!(drafted(STATE, edit), expected);
        };
        check(
            |draft| draft.set("Phas", "B", UnknownKey::Refuse),
            "State has no key `Phas` (did you mean `Phase`?; `rulemark set --new Phas=…` adds it)",
        );
        check(
            |draft| draft.set("Phase", "B\n## Rules", UnknownKey::Refuse),
            "`Phase`: a State value is one line (longer text belongs into Log or Plan)",
        );
        check(|draft| draft.log(" \n"), "the entry is empty ()");
        check(|draft| draft.add_item(""), "the item is empty ()");
        check(
            |draft| draft.complete_item(Some("7")),
            "no item is called `7` (`rulemark item list` shows them)",
        );
        check(
            |draft| draft.tick_plan_step("x"),
            "no step of the plan is called `x` (the plan has no open boxes)",
        );
        check(
            |draft| draft.write_plan("a\n\n## Rules\n### RULE_X\nb"),
            "the plan has headings that would end its section (begin them with `###`, or write a list)",
        );
    }
}
