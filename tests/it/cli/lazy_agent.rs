//! A whole item with an agent that walks around every rule it can, through the hooks, on a real project.
//!
//! What is tried and what it is told is the story that `examples/lazy-agent/README.md` tells.

use super::{environment::Environment, hooks};
use crate::session::fenced_blocks;
use serde_json::{Value, json};
use std::{fs, path::Path};

/// Files of the example that are copied; the rest is made by the story.
const FILES: [&str; 6] =
    ["Cargo.toml", "Cargo.lock", "src/lib.rs", "project_config.md", "workflow_state.md", "rulemark.toml"];

const BY_NAME: &str = "pub fn greeting(name: &str) -> String {\n    format!(\"Hello {name}!\")\n}";
const EVERYBODY: &str = "pub fn greeting() -> String {\n    \"Hello!\".to_owned()\n}";

/// Somebody's story, as it is told.
struct Story {
    project: Environment,
    told: String,
}

impl Story {
    fn new(example: &Path) -> Self {
        let project = Environment::empty();
        for path in FILES {
            project.write(path, fs::read(example.join(path)).unwrap());
        }
        // The script plays the person as well, so the user's settings let it.
        project.write("../home/.config/rulemark/config.toml", "[person]\nunattended = true\n");
        Self { project, told: String::new() }
    }

    fn tell(&mut self, line: &str, answer: &str) {
        self.told.push_str(&format!("{line}\n"));
        let answer = regex::Regex::new(r"\d+ ms|\d+\.\d s").unwrap().replace_all(answer, "… ms").into_owned();
        answer
            .lines()
            .filter(|line| !line.trim().is_empty())
            .for_each(|line| self.told.push_str(&format!("    {}\n", line.trim_end())));
    }

    /// The person runs a command.
    fn person(&mut self, arguments: &[&str]) -> String {
        let printed = self.run(arguments);
        self.tell(&format!("person: rulemark {}", quoted(arguments)), &printed);
        printed
    }

    fn run(&self, arguments: &[&str]) -> String {
        let cargo = std::env::var_os("CARGO").unwrap();
        let tools = Path::new(&cargo).parent().unwrap().to_owned();
        let path = std::env::join_paths([tools.as_path(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
        let mut command = self.project.command(arguments);
        command.env("PATH", path).env("USER", "ada").env("CARGO_TERM_COLOR", "never");
        let output = command.output().unwrap();
        let printed = self.project.normalised(&output.stdout) + &self.project.normalised(&output.stderr);
        // What the compiler has to say is its own affair.
        let lines = if arguments[0] == "test" { 1 } else { usize::MAX };
        printed.lines().take(lines).map(|line| format!("{line}\n")).collect()
    }

    fn ask(&self, event: &str, more: &Value) -> Value {
        let root = self.project.root().canonicalize().unwrap();
        let mut all = json!({ "session_id": "lazy", "cwd": root, "hook_event_name": event, "permission_mode": "acceptEdits" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let output = hooks::call(&self.project, "claude-code", &all.to_string());
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The agent wants to use a tool. What is not refused is done; answers what it was told.
    fn agent(
        &mut self,
        intent: &str,
        tool: &str,
        input: &Value,
        act: &dyn Fn(&Self) -> String,
    ) -> Option<String> {
        let text = |answer: &Value, name: &str| {
            answer["hookSpecificOutput"][name].as_str().map(str::to_owned).unwrap_or_default()
        };
        let using = json!({ "tool_name": tool, "tool_input": input });
        let before = self.ask("PreToolUse", &using);
        let refusal = text(&before, "permissionDecisionReason");
        if !refusal.is_empty() {
            self.tell(&format!("agent:  {intent}"), &format!("refused: {refusal}"));
            return Some(refusal);
        }
        let printed = act(self);
        let after = text(&self.ask("PostToolUse", &using), "additionalContext");
        self.tell(&format!("agent:  {intent}"), &format!("{printed}{after}"));
        None
    }

    fn edits(&mut self, intent: &str, path: &str, old: &str, new: &str) -> Option<String> {
        let whole = self.project.root().canonicalize().unwrap().join(path);
        let input = json!({ "file_path": whole, "old_string": old, "new_string": new });
        let act = |story: &Self| {
            let text = story.project.read(path);
            assert!(text.contains(old), "{old:?} is not in\n{text}");
            story.project.write(path, text.replacen(old, new, 1));
            String::new()
        };
        self.agent(intent, "Edit", &input, &act)
    }

    fn types(&mut self, arguments: &[&str]) -> Option<String> {
        let line = format!("rulemark {}", quoted(arguments));
        self.agent(&line, "Bash", &json!({ "command": line }), &|story| story.run(arguments))
    }

    fn stops(&mut self) -> Option<String> {
        let answer = self.ask("Stop", &json!({ "stop_hook_active": false }));
        let reason = answer["reason"].as_str().map(str::to_owned);
        self.tell("agent:  stops", reason.as_deref().unwrap_or("and may"));
        reason
    }

    fn state(&self) -> String {
        self.project.read("workflow_state.md").lines().skip(3).take(2).collect::<Vec<_>>().join(", ")
    }
}

fn quoted(arguments: &[&str]) -> String {
    let word = |word: &&str| if word.contains(' ') { format!("\"{word}\"") } else { (*word).to_owned() };
    arguments.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_lazy_agent_is_stopped_at_each_corner() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/lazy-agent");
    let mut story = Story::new(&example);
    story.person(&["init", "-q", "--agent", "claude-code"]);
    story.person(&["trust", "-q", "--yes"]);
    story.run(&["apply", "-q"]);
    begins_with_the_code(&mut story);
    approves_its_own_plan(&mut story);
    changes_the_plan_behind_the_approval(&mut story);
    claims_tests(&mut story);
    finishes(&mut story);
    let readme = example.join("README.md");
    let text = fs::read_to_string(&readme).unwrap();
    let told = fenced_blocks(&text).into_iter().find(|block| block.info == "text story").unwrap().body;
    if std::env::var_os("RULEMARK_BLESS").is_some() {
        let (before, behind) = text.split_once("```text story\n").unwrap();
        let (_, behind) = behind.split_at(told.len());
        #[allow(clippy::disallowed_methods, reason = "an example's page is no state file")]
        fs::write(readme, format!("{before}```text story\n{}{behind}", story.told)).unwrap();
        return;
    }
    let pattern: Vec<String> = told.trim_end().split('…').map(regex::escape).collect();
    let is_told = regex::Regex::new(&format!("(?s)^{}$", pattern.join(".*"))).unwrap();
    assert!(
        is_told.is_match(story.told.trim_end()),
        "examples/lazy-agent/README.md tells another story than:\n{}",
        story.told
    );
}

fn begins_with_the_code(story: &mut Story) {
    let refused = story.edits("edits src/lib.rs at once", "src/lib.rs", EVERYBODY, BY_NAME);
    assert!(refused.is_some_and(|it| it.contains("only in CONSTRUCT")));
    let line = "sed -i 's/Hello!/Hi!/' src/lib.rs";
    let refused = story.agent(line, "Bash", &json!({ "command": line }), &|_| unreachable!());
    assert!(refused.is_some_and(|it| it.contains("only in CONSTRUCT")));
    let refused =
        story.edits("sets Phase: CONSTRUCT", "workflow_state.md", "Phase: ANALYZE", "Phase: CONSTRUCT");
    assert!(refused.is_some_and(|it| it.contains("skipped BLUEPRINT")));
    assert_eq!(story.types(&["set", "Phase=CONSTRUCT"]), None, "the command has gates of its own");
    assert_eq!(story.state(), "Phase: ANALYZE, Status: RUNNING");
    let rule = "Follow the approved **## Plan** exactly.";
    let refused = story.edits("rewrites a rule", "workflow_state.md", rule, "Do as you like.");
    assert!(refused.is_some_and(|it| it.contains("Rules section")));
    assert!(story.stops().is_some_and(|it| it.contains("rulemark set Phase=BLUEPRINT")));
}

fn approves_its_own_plan(story: &mut Story) {
    assert_eq!(story.types(&["log", "Decision: greeting() takes the name"]), None);
    assert_eq!(story.types(&["set", "-q", "Phase=BLUEPRINT", "Status=RUNNING"]), None);
    let plan = "## Plan\n- [ ] Let greeting() take a name\n";
    assert_eq!(story.edits("writes a plan", "workflow_state.md", "## Plan\n", plan), None);
    assert_eq!(story.types(&["set", "-q", "Status=NEEDS_PLAN_APPROVAL"]), None);
    let refused = story.types(&["approve"]);
    assert!(refused.is_some_and(|it| it.contains("a person's decision")));
    let refused =
        story.edits("sets Phase: CONSTRUCT", "workflow_state.md", "Phase: BLUEPRINT", "Phase: CONSTRUCT");
    assert!(refused.is_some_and(|it| it.contains("approved")));
    assert_eq!(story.stops(), None, "it is the person's turn");
    story.person(&["approve"]);
    assert_eq!(story.state(), "Phase: CONSTRUCT, Status: RUNNING");
}

fn changes_the_plan_behind_the_approval(story: &mut Story) {
    let (plan, other) = ("- [ ] Let greeting() take a name", "- [ ] Rewrite the library");
    assert_eq!(story.edits("changes the approved plan", "workflow_state.md", plan, other), None);
    let refused = story.edits("edits src/lib.rs", "src/lib.rs", EVERYBODY, BY_NAME);
    assert!(refused.is_some_and(|it| it.contains("not the one that ada has approved")));
    assert_eq!(story.stops(), None, "the person is asked");
    assert_eq!(story.edits("puts the plan back", "workflow_state.md", other, plan), None);
}

fn claims_tests(story: &mut Story) {
    assert_eq!(story.edits("edits src/lib.rs", "src/lib.rs", EVERYBODY, BY_NAME), None);
    assert_eq!(story.edits("ticks the step", "workflow_state.md", "- [ ] Let", "- [x] Let"), None);
    assert_eq!(story.types(&["log", "All tests passed."]), None);
    let refused =
        story.edits("sets Phase: VALIDATE", "workflow_state.md", "Phase: CONSTRUCT", "Phase: VALIDATE");
    assert!(refused.is_some_and(|it| it.contains("was not run")));
    let status = story.person(&["status"]);
    assert!(status.contains("claimed"), "{status}");
    // The test still calls greeting() without a name.
    assert_eq!(story.types(&["test", "-q"]), None);
    let refused =
        story.edits("sets Phase: VALIDATE", "workflow_state.md", "Phase: CONSTRUCT", "Phase: VALIDATE");
    assert!(refused.is_some_and(|it| it.contains("red")), "{}", story.told);
    assert!(story.stops().is_some());
}

fn finishes(story: &mut Story) {
    let (old, new) = (
        "assert_eq!(super::greeting(), \"Hello!\");",
        "assert_eq!(super::greeting(\"Ada\"), \"Hello Ada!\");",
    );
    assert_eq!(story.edits("mends the test in src/lib.rs", "src/lib.rs", old, new), None);
    assert_eq!(story.types(&["test", "-q"]), None);
    assert_eq!(story.state(), "Phase: VALIDATE, Status: RUNNING", "green, and every box is ticked");
    assert_eq!(story.types(&["test", "-q"]), None);
    let config = story.project.read("project_config.md");
    assert!(
        config.contains("- Added names to greetings\n"),
        "{config}\n{}",
        story.project.read("workflow_state.md")
    );
    assert!(story.project.read("workflow_state.md").contains("| 1 | Add names to greetings | completed |"));
    assert_eq!(story.stops(), None, "all items are done");
}
