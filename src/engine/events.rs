//! The names of events: what `rulemark emit`, case files and servers call a [`Cause`].

use super::model::Cause;
use crate::rules::{EventPattern, RuleSet};

/// An event that can be reported by name.
#[derive(Clone, Copy, Debug)]
pub struct EventName {
    /// What is typed: `session-start`.
    pub name: &'static str,
    /// What has to follow the name, in a word; `None` for nothing.
    pub argument: Option<&'static str>,
    /// What has happened, for people.
    pub meaning: &'static str,
    make: fn(String) -> Cause,
}

impl EventName {
    /// The cause of this name; `argument` is ignored where none is taken.
    #[must_use]
    pub fn cause(&self, argument: impl Into<String>) -> Cause {
        (self.make)(argument.into())
    }

    /// The event with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        EVENTS.iter().find(|event| event.name.eq_ignore_ascii_case(name))
    }
}

/// Every event that has a name of its own. Commands begin with `@`; other names are the project's.
pub const EVENTS: [EventName; 9] = [
    EventName {
        name: "session-start",
        argument: None,
        meaning: "a session or conversation begins",
        make: |_| Cause::SessionStarted,
    },
    EventName {
        name: "cycle-start",
        argument: None,
        meaning: "the agent is about to decide or act",
        make: |_| Cause::CycleStarted,
    },
    EventName {
        name: "action-done",
        argument: None,
        meaning: "the agent has done or learnt something",
        make: |_| Cause::ActionDone,
    },
    EventName { name: "tests-ran", argument: None, meaning: "the checks ran", make: |_| Cause::TestsRan },
    EventName {
        name: "files-changed",
        argument: None,
        meaning: "one of the two files may have changed",
        make: |_| Cause::FilesChanged,
    },
    EventName {
        name: "source-saved",
        argument: Some("PATH"),
        meaning: "a source file was saved",
        make: Cause::SourceSaved,
    },
    EventName {
        name: "said",
        argument: Some("TEXT"),
        meaning: "the person said this",
        make: Cause::UserSaid,
    },
    EventName {
        name: "command",
        argument: Some("@COMMAND"),
        meaning: "this command was given; `emit @COMMAND` is short for it",
        make: Cause::Command,
    },
    EventName {
        name: "judge",
        argument: Some("RULE_ID"),
        meaning: "what this rule's trigger asks for is so",
        make: |rule| Cause::Judged { rule },
    },
];

/// The commands (`@analyze`) and names of their own that the rules wait for, each once, in order.
#[must_use]
pub fn awaited_names(rules: &RuleSet) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    let conditions = rules.rules.iter().flat_map(|rule| &rule.clauses).filter_map(|it| it.trigger.as_ref());
    for atom in conditions.flat_map(|trigger| trigger.condition.atoms()) {
        let own: &[String] = match &atom.test {
            crate::rules::Test::Event(EventPattern::Command(commands)) => commands,
            crate::rules::Test::Event(EventPattern::Named(name)) => std::slice::from_ref(name),
            _ => &[],
        };
        for name in own {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_their_causes() {
        let check = |name: &str, argument: &str, expected: Cause| {
            assert_eq!(EventName::find(name).map(|event| event.cause(argument)), Some(expected), "{name}");
        };
        check("session-start", "", Cause::SessionStarted);
        check("Source-Saved", "src/a.rs", Cause::SourceSaved("src/a.rs".into()));
        check("judge", "RULE_X", Cause::Judged { rule: "RULE_X".into() });
        assert!(EventName::find("deploy").is_none());
    }
}
