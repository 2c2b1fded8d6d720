//! What the README shows is what happens.

use crate::session::{Fenced, Session, fenced_blocks, steps};
use rulemark::{
    document::WorkflowState,
    rules::{self, Class, RuleSet},
    runtime::Settings,
};
use std::{fs, path::Path};

const README: &str = include_str!("../../README.md");

/// How a reader in a fresh clone starts the command.
const FROM_CLONE: &str = "cargo run --release -- ";

#[test]
fn sessions_print_what_they_show() {
    let mut session = Session::new(None);
    for block in readme_blocks()
        .iter()
        .filter(|block| block.body.starts_with("$ ") || block.info.contains("background"))
    {
        if let Err(difference) = session.run(block) {
            panic!("README.md, line {}: {difference}", block.line);
        }
    }
}

#[test]
fn the_two_commands_are_real() {
    let plain: Vec<Fenced> = readme_blocks()
        .into_iter()
        .filter(|block| block.info == "sh" && !block.body.starts_with("$ "))
        .collect();
    let commands: Vec<&str> = plain.iter().flat_map(|block| block.body.lines()).collect();
    assert_eq!(commands[..2], ["cargo run --release -- demo", "cargo test"]);
    let mut session = Session::new(None);
    for command in commands.iter().filter_map(|command| command.strip_prefix(FROM_CLONE)) {
        // The demo is run by a test of its own; here it is enough that it is there.
        let body = format!("$ rulemark {command} --help > help && grep -c Usage help\n1\n");
        assert_eq!(session.run(&Fenced { info: "sh".into(), body, line: 1 }), Ok(()), "{command}");
    }
}

#[test]
fn the_settings_shown_are_the_defaults() {
    let blocks: Vec<Fenced> = readme_blocks().into_iter().filter(|block| block.info == "toml").collect();
    assert!(!blocks.is_empty(), "the README shows no rulemark.toml");
    for block in blocks {
        let settings = Settings::parse(&block.body, Path::new("rulemark.toml"));
        assert_eq!(settings, Ok(Settings::default()), "README.md, line {}", block.line);
    }
}

/// Configurations carry the file they belong to behind the language.
#[test]
fn the_configurations_shown_are_what_init_writes() {
    let mut shown = 0;
    for (agent, path) in [
        ("claude-code", ".mcp.json"),
        ("cursor", ".cursor/mcp.json"),
        ("vscode", ".vscode/mcp.json"),
        ("codex", ".codex/config.toml"),
    ] {
        let ending = format!(" {path}");
        for block in readme_blocks().iter().filter(|block| block.info.ends_with(&ending)) {
            let mut session = Session::new(None);
            let body = format!("$ rulemark init -q --agent {agent} && cat {path}\n{}", block.body);
            let result = session.run(&Fenced { info: "sh".into(), body, line: block.line });
            assert_eq!(result, Ok(()), "README.md, line {}", block.line);
            shown += 1;
        }
    }
    assert_eq!(shown, 4);
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test plays the editor")]
fn rules_are_understood() {
    let blocks: Vec<Fenced> = readme_blocks().into_iter().filter(|block| block.info == "markdown").collect();
    assert!(!blocks.is_empty(), "the README shows no rules");
    for block in blocks {
        let mut session = Session::new(None);
        let state = format!(
            "## State\nPhase: ANALYZE\nStatus: READY\nCurrentItem: null\n\n## Plan\n\n## Rules\n\n{}\n## Items\n\n## Log\n\n## ArchiveLog\n\n## Blueprint History\n",
            block.body
        );
        fs::write(session.folder().join("workflow_state.md"), state).unwrap();
        fs::write(session.folder().join("project_config.md"), "## Changelog\n").unwrap();
        let body = "$ rulemark check > found; echo $?; cat found\n0\n…\n".to_owned();
        let result = session.run(&Fenced { info: "sh".into(), body, line: block.line });
        assert_eq!(result, Ok(()), "README.md, line {}", block.line);
    }
}

#[test]
fn triggers_have_the_class_shown() {
    let rows = table("| trigger | class |");
    assert!(rows.len() > 5, "{rows:?}");
    for (samples, class) in rows {
        for sample in samples {
            let rules = compiled(&format!("Trigger ▶ {sample}\nAction ▶ Log \"so\"."));
            let trigger = rules.rules[0].clauses[0].trigger.as_ref().unwrap();
            let found = match trigger.condition.class() {
                Class::State => "state",
                Class::Event => "event",
                Class::Judgement => "judgement",
            };
            assert_eq!(found, class, "{sample}");
            assert_eq!(rules.diagnostics, [], "{sample}");
        }
    }
}

#[test]
fn steps_have_the_kind_shown() {
    let rows = table("| step | kind |");
    assert!(rows.len() > 10, "{rows:?}");
    for (samples, kinds) in rows {
        for sample in samples {
            let rules = compiled(&format!("Trigger ▶ `Phase == ANALYZE`\nAction ▶ {sample}."));
            let found: Vec<&str> =
                rules.rules[0].clauses[0].steps.iter().map(|step| step.kind.name()).collect();
            let is_shown =
                !found.is_empty() && found.iter().all(|kind| kinds.split(", ").any(|shown| shown == *kind));
            assert!(is_shown, "{sample}: shown as {kinds}, read as {found:?}");
        }
    }
}

/// The first two columns of the README's table that begins with `head`: the code spans of the first,
/// and the second.
fn table(head: &str) -> Vec<(Vec<&'static str>, &'static str)> {
    let (_, behind) = README.split_once(head).expect(head);
    let rows = behind.lines().skip(2).take_while(|line| line.starts_with("| "));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        (cells[1].split('`').skip(1).step_by(2).collect(), cells[2])
    })
    .collect()
}

/// A file with the phases and sections that samples speak of, and one rule.
fn compiled(rule: &str) -> RuleSet {
    let state = format!(
        "## State\nPhase: ANALYZE\nStatus: READY\nAttempts: 0\nConfidence: 9\nCurrentItem: null\n\n## Plan\n\n## Rules\n\n### RULE_ITERATE_01\n{rule}\n\n\
         ## Items\n\n## Log\n\n## ArchiveLog\n\n## Blueprint History\n"
    );
    rules::compile(&WorkflowState::parse(&state))
}

#[test]
fn every_command_and_exit_code_is_listed() {
    let mut session = Session::new(None);
    let help = session.print("rulemark --help");
    let (commands, _) = help.split_once("\nOptions:").unwrap();
    let (_, commands) = commands.split_once("Commands:\n").unwrap();
    let (_, listed) = README.split_once("### Commands\n").unwrap();
    let (listed, _) = listed.split_once("\n### ").unwrap();
    let words: Vec<&str> = listed.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').collect();
    for command in commands.lines().filter_map(|line| line.split_whitespace().next()) {
        assert!(command == "help" || words.contains(&command), "`{command}` is not in the README");
    }
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    for line in codes.lines().take_while(|line| !line.is_empty()) {
        let (code, meaning) = line.trim().split_once("  ").unwrap();
        let row = format!("| {code} | {meaning} |");
        assert!(listed.contains(&row), "the README does not say: {row}");
    }
}

#[test]
fn links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for target in README.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        let path = target.split('#').next().unwrap_or(target);
        let exists = path.is_empty() || path.starts_with("http") || root.join(path).exists();
        assert!(exists, "README.md links to {target}");
    }
}

fn readme_blocks() -> Vec<Fenced> {
    let blocks = fenced_blocks(README);
    for block in &blocks {
        if block.info.starts_with("sh") && block.body.starts_with("$ ") {
            assert!(!steps(&block.body).is_empty());
        }
    }
    blocks
}
