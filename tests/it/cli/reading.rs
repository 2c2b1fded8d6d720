//! The commands that only read.

use super::environment::Environment;
use insta::assert_snapshot;

/// State, items, log and rules, with something to find in each.
const STATE: &str = "\
# State of things

## State
Phase: CONSTRUCT
Status: RUNNING
CurrentItem: Add a greeting

## Plan
1. Add the greeting

## Rules
### [PHASE: ANALYZE]
1. Read the code. *No planning.*

### [PHASE: CONSTRUCT]
1. Follow the approved **## Plan** exactly.
2. After each change:
   - run the tests
3. On success of all steps, set `Phase = VALIDATE`.

### [PHASE: VALIDATE]
1. If clean, set `Status = COMPLETED`.

### RULE_LOG_ROTATE_01
Trigger ▶ `length(## Log) > 5 000 chars`
Action ▶ Summarise the top 5 findings from **## Log** into **## ArchiveLog**, then clear **## Log**.

### RULE_STUCK_01
Trigger ▶ `Phase == CONSTRUCT` and AI determines the plan can't work
Action ▶ Ask the user how to go on.

### RULE_DEPLOY_01
Trigger ▶ user command `@deploy`
Action ▶ Deploy to the test server.

### RULE_WF_PHASE_CONSTRUCT
**Constraint:** NEVER change the plan while building.

### RULE_NOTHING_01

## Items
| id | description | status |
|----|-------------|--------|
| 1 | Read the code | completed |
| 2 | Add a greeting | pending |
| 3 | 書くこと | pending |

## Log
- [2026-01-01 10:00:00] began
";

#[test]
fn for_people() {
    let environment = Environment::with_state(STATE);
    assert_snapshot!(environment.story(&[
        &["status"],
        &["next"],
        &["rules"],
        &["rules", "RULE_LOG_ROTATE_01"],
        &["rules", "RULE_STUCK_01"],
        &["item", "list"],
        &["log"],
        &["log", "--archived"],
        &["history"],
        &["history", "verify"],
    ]));
    assert_eq!(environment.read("workflow_state.md"), STATE, "reading changed the file");
}

#[test]
fn status_and_next_count_alike() {
    let environment = Environment::with_state(STATE);
    environment.edit("Status: RUNNING", "Status: COMPLETED");
    assert!(environment.run(&["status"]).contains("2 done, 1 left"));
    assert!(environment.run(&["next"]).contains("2 of 3 done"));
    environment.run(&["apply"]);
    let verified = environment.run(&["history", "verify"]);
    assert!(verified.contains("\n1 entry and "), "{verified}");
}

#[test]
fn for_programs() {
    let environment = Environment::with_state(STATE);
    assert_snapshot!(environment.story(&[
        &["status", "--json"],
        &["next", "--json"],
        &["rules", "RULE_STUCK_01", "--json"],
        &["item", "list", "--json"],
        &["log", "--json"],
        &["history", "--json"],
        &["history", "verify", "--json"],
    ]));
}

#[test]
fn findings_have_a_place_and_an_exit_code() {
    let environment = Environment::with_state(STATE);
    assert_snapshot!(environment.story(&[&["check"], &["check", "--json"]]));
}

#[test]
fn doctor_says_what_to_do() {
    let environment = Environment::with_state(STATE);
    assert_snapshot!(environment.story(&[&["doctor"], &["doctor", "--json"]]));
}

#[test]
fn reading_leaves_no_trace() {
    let environment = Environment::with_state(STATE);
    for arguments in [
        &["status"][..],
        &["next"],
        &["rules"],
        &["check"],
        &["item", "list"],
        &["history"],
        &["apply", "--dry-run"],
    ] {
        environment.run(arguments);
        assert!(!environment.root().join(".rulemark").exists(), "{arguments:?} made .rulemark");
    }
}

#[test]
fn no_control_character_of_a_file_reaches_the_terminal() {
    let hostile = "\u{1b}[2J\u{9b}31m\u{202e}\u{7f}";
    let environment = Environment::with_state(&format!(
        "## State\nPhase: X{hostile}\nStatus: {hostile}\nCurrentItem: a{hostile}\n\n## Rules\n\
         ### [PHASE: X{hostile}]\n1. {hostile}\n### RULE_A_01\nTrigger ▶ {hostile} && `Phase == {hostile}`\n\
         Action ▶ Set `{hostile}`, {hostile}\n### RULE_B_01\nAction ▶ {hostile}\n\
         ## Items\n- [ ] {hostile}\n\n## Log\n- {hostile}\n"
    ));
    for arguments in [
        &["status"][..],
        &["next"],
        &["rules"],
        &["rules", "RULE_A_01"],
        &["check"],
        &["item", "list"],
        &["log"],
        &["doctor"],
        &["apply", "--dry-run"],
        &["status", "--json"],
        &["check", "--json"],
        &["item", "list", "--json"],
        &["set", "Phase\u{1b}[2J=x"],
    ] {
        let output = environment.output(arguments);
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let foreign = printed.chars().find(|&c| c != '\n' && (c.is_control() || c == '\u{202e}'));
        assert_eq!(foreign, None, "{arguments:?} printed {printed:?}");
        assert_ne!(printed, "", "{arguments:?} printed nothing");
    }
}

#[test]
fn colour_only_where_it_is_wanted() {
    let environment = Environment::with_state(STATE);
    let has_colour = |arguments: &[&str]| environment.output(arguments).stdout.contains(&0x1b);
    assert!(!has_colour(&["status"]), "a pipe is no terminal");
    assert!(has_colour(&["status", "--color", "always"]));
    assert!(!has_colour(&["status", "--color", "never"]));
}

#[test]
fn help_manual_and_completions_name_every_command() {
    let environment = Environment::empty();
    let help = environment.run(&["--help"]);
    assert_snapshot!("help", environment.run(&["-h"]));
    assert!(help.contains("Exit codes:"), "{help}");
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .map_while(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() > 20, "{commands:?}");
    environment.run(&["man", "--out", "man"]);
    for page in std::fs::read_dir(environment.root().join("man")).unwrap() {
        let page = page.unwrap().file_name().into_string().unwrap();
        assert!(!page.contains("-help"), "{page}");
    }
    let bash = environment.run(&["completions", "bash"]);
    for command in commands.into_iter().filter(|command| *command != "help") {
        assert!(environment.read(&format!("man/rulemark-{command}.1")).contains(command));
        assert!(bash.contains(command), "{command}");
    }
}

#[test]
fn the_log_goes_to_standard_error() {
    let environment = Environment::with_state(STATE);
    let output = environment.output(&["status", "-vv", "--log-format", "json"]);
    assert_eq!(output.stdout, environment.output(&["status"]).stdout);
    for line in String::from_utf8(output.stderr).unwrap().lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}
