//! Setting agents up: what is written into their files, that it comes once, and that it goes whole.

use super::environment::Environment;
use std::{collections::BTreeMap, fs, path::Path};

const AGENTS: [&str; 6] = ["claude-code", "cursor", "vscode", "codex", "gemini", "opencode"];

/// Files of a team that has its own rules and hooks, with everything that a careless writer would lose.
const THEIRS: [(&str, &str); 12] = [
    ("CLAUDE.md", "# House rules\r\n\r\nBe brief.  \r\n"),
    ("AGENTS.md", "No last line end"),
    ("GEMINI.md", ""),
    (".github/copilot-instructions.md", "\n\n# Ours\n\n\n"),
    (
        ".claude/settings.json",
        "{\n\t\"model\": \"opus\", // the dear one\n\t\"permissions\": { \"allow\": [ \"Bash(ls:*)\" ] },\n\t\"hooks\": {\n\t\t\
         \"Stop\": [\n\t\t\t{ \"hooks\": [ { \"type\": \"command\", \"command\": \"say done\" } ] },\n\t\t]\n\t}\n}\n",
    ),
    (".cursor/hooks.json", "{\"version\": 1, \"hooks\": {}}"),
    (
        ".mcp.json",
        "{\n  // of the team\n  \"mcpServers\": {\n    \"docs\": { \"command\": \"docs\", \"args\": [], }, // keep\n  },\n}\n",
    ),
    (".cursor/mcp.json", "{\"mcpServers\": {}}"),
    (
        ".vscode/mcp.json",
        "{\r\n\t\"inputs\": [ ],\r\n\t\"servers\": { \"docs\": { \"type\": \"http\" } }\r\n}",
    ),
    (
        ".codex/config.toml",
        "model = \"o\" # the dear one\r\n\r\n[mcp_servers.docs] # ours\r\ncommand = 'docs'",
    ),
    ("opencode.json", "{\n    \"$schema\": \"https://opencode.ai/config.json\", /* theirs */\n}\n"),
    (".cursor/rules/rulemark.mdc", "---\nalwaysApply: false\n---\nold\n"),
];

/// All files of a project but Rulemark's own.
fn files(environment: &Environment) -> BTreeMap<String, String> {
    fn collect(folder: &Path, root: &Path, into: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with(".rulemark") {
                continue;
            }
            if path.is_dir() {
                collect(&path, root, into);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                into.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(&environment.root(), &environment.root(), &mut found);
    found
}

fn initialised(theirs: bool) -> Environment {
    let environment = Environment::empty();
    environment.run(&["init", "-q"]);
    for (path, text) in THEIRS.iter().filter(|_| theirs) {
        environment.write(path, text);
    }
    environment
}

#[test]
fn what_is_set_up_comes_once_and_goes_whole() {
    for theirs in [false, true] {
        for agent in AGENTS {
            let environment = initialised(theirs);
            let before = files(&environment);
            let dry = environment.run(&["init", "--agent", agent, "--dry-run"]);
            assert!(dry.contains("would "), "{dry}");
            assert_eq!(files(&environment), before, "{agent}: a dry run writes nothing");
            environment.run(&["init", "--agent", agent]);
            let after = files(&environment);
            assert_ne!(after, before, "{agent}");
            for (path, text) in &before {
                let kept = text.lines().all(|line| {
                    let line = line.trim_end_matches([',', ' ', '}', ']', '{']);
                    after[path].contains(line)
                });
                assert!(kept, "{agent}: a line of {path} is gone\n{}", after[path]);
            }
            let again = environment.run(&["init", "--agent", agent]);
            assert!(!again.contains("made") && !again.contains("changed"), "{again}");
            assert_eq!(files(&environment), after, "{agent}: a second time");
            let dry = environment.run(&["uninit", "--dry-run"]);
            assert!(dry.contains("would "), "{dry}");
            assert_eq!(files(&environment), after);
            environment.run(&["uninit"]);
            assert_eq!(files(&environment), before, "{agent}");
            let none = environment.run(&["uninit", "--agent", agent]);
            assert!(none.contains("nothing of Rulemark"), "{none}");
        }
    }
}

#[test]
fn all_agents_at_once_and_one_by_one() {
    let environment = initialised(true);
    let before = files(&environment);
    for agent in AGENTS {
        environment.run(&["init", "--agent", agent]);
    }
    assert_eq!(files(&environment)["AGENTS.md"].matches("rulemark:begin").count(), 1, "two agents read it");
    for agent in AGENTS {
        environment.run(&["uninit", "--agent", agent]);
    }
    assert_eq!(files(&environment), before);
}

#[test]
fn what_others_add_meanwhile_stays() {
    let environment = initialised(false);
    environment.run(&["init", "--agent", "claude-code"]);
    let settings = environment.read(".claude/settings.json");
    let settings = settings.replacen('{', "{\n  \"model\": \"sonnet\",", 1);
    environment.write(".claude/settings.json", settings);
    environment.write("CLAUDE.md", format!("# Ours\n\n{}\n## More\n", environment.read("CLAUDE.md")));
    environment.run(&["uninit"]);
    let after = files(&environment);
    assert_eq!(after[".claude/settings.json"], "{\n  \"model\": \"sonnet\"\n}\n");
    assert_eq!(after["CLAUDE.md"], "# Ours\n\n\n## More\n");
}

#[test]
fn what_is_not_as_it_should_be_is_left_alone() {
    let check = |path: &str, text: &str, expected: &str| {
        let environment = initialised(false);
        environment.write(path, text);
        let before = files(&environment);
        let told = environment.run(&["init", "--agent", "claude-code"]);
        assert!(told.contains(expected), "{told}");
        assert_eq!(files(&environment), before);
    };
    check(".mcp.json", "{\"mcpServers\": ", "error: .mcp.json:1:16: expected a value");
    check(".mcp.json", "{\"mcpServers\": []}", "error: .mcp.json:1:16: expected an object");
    check(".claude/settings.json", "{\"hooks\": ", "error: .claude/settings.json:1:11: expected a value");
    check(
        ".claude/settings.json",
        "{\"hooks\": []}",
        "error: .claude/settings.json:1:11: expected an object",
    );
    check(
        "CLAUDE.md",
        "<!-- rulemark:end -->\n",
        "error: CLAUDE.md has one mark of Rulemark's block without the other",
    );
    let environment = initialised(false);
    environment.write("../outside.md", "theirs\n");
    std::os::unix::fs::symlink("../outside.md", environment.root().join("CLAUDE.md")).unwrap();
    let told = environment.run(&["init", "--agent", "claude-code"]);
    assert!(told.contains("-- exit code 3"), "{told}");
    assert_eq!(environment.read("../outside.md"), "theirs\n");
}

#[test]
fn a_table_that_has_no_room_is_said() {
    let environment = initialised(false);
    environment.write(".codex/config.toml", "mcp_servers = { docs = { command = \"docs\" } }\n");
    let before = files(&environment);
    let told = environment.run(&["init", "--agent", "codex"]);
    assert!(told.contains(".codex/config.toml:2:1: `mcp_servers.rulemark` can't be added"), "{told}");
    assert!(told.contains("add the server there by hand"), "{told}");
    assert_eq!(files(&environment), before);
}

#[test]
fn a_server_of_the_same_name_stays_and_is_said() {
    let environment = initialised(false);
    let theirs = [
        ("claude-code", ".mcp.json", "{\"mcpServers\": {\"rulemark\": {\"command\": \"./mine\"}}}"),
        ("vscode", ".vscode/mcp.json", "{\"servers\": {\"rulemark\": {\"type\": \"http\"}}}"),
        (
            "codex",
            ".codex/config.toml",
            "[mcp_servers.rulemark]\ncommand = \"rulemark\" # mine\nargs = [\"mcp\", \"-v\"]\n",
        ),
    ];
    for (agent, path, text) in theirs {
        environment.write(path, text);
        let told = environment.run(&["init", "--agent", agent]);
        let expected =
            format!("kept {path}: it has a server `rulemark` of somebody's own, which stays as it is");
        assert!(told.contains(&expected), "{told}");
        assert_eq!(environment.read(path), text);
    }
    environment.run(&["uninit"]);
    for (_, path, text) in theirs {
        assert_eq!(environment.read(path), text);
    }
}

#[test]
fn folders_that_were_made_go_with_what_was_in_them() {
    let environment = initialised(false);
    environment.write(".vscode/settings.json", "{}\n");
    for agent in AGENTS {
        environment.run(&["init", "--agent", agent]);
    }
    environment.run(&["uninit"]);
    let folder = |name: &str| environment.root().join(name).exists();
    assert!([".claude", ".cursor", ".codex", ".gemini", ".github"].into_iter().all(|name| !folder(name)));
    assert_eq!(environment.read(".vscode/settings.json"), "{}\n");
}

#[test]
fn doctor_tries_the_hooks_that_are_set_up() {
    let environment = initialised(false);
    let path = Path::new(env!("CARGO_BIN_EXE_rulemark")).parent().unwrap().to_owned();
    let doctor = |path: &Path| {
        let output = environment.command(&["doctor"]).env("PATH", path).output().unwrap();
        let text = environment.normalised(&output.stdout);
        let lines = text.lines().skip_while(|line| !line.contains("agents"));
        (output.status.code().unwrap(), lines.collect::<Vec<_>>().join("\n"))
    };
    let (_, told) = doctor(&path);
    assert!(told.contains("none is set up"), "{told}");
    for agent in AGENTS {
        environment.run(&["init", "--agent", agent]);
    }
    let (code, told) = doctor(&path);
    assert_eq!(code, 0, "{told}");
    assert!(
        told.contains("Claude Code: 5 hooks, 2 trials: what is forbidden is refused, the rest is not"),
        "{told}"
    );
    assert!(told.contains("Cursor: 6 hooks, 4 trials"), "{told}");
    assert!(told.contains("Gemini CLI: no hooks; the server in .gemini/settings.json answers"), "{told}");
    // Where the agent would not find the program, it is not guarded.
    let (code, told) = doctor(&environment.root());
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("Codex: the server in .codex/config.toml can't be started: "), "{told}");
    environment
        .write(".mcp.json", "{\"mcpServers\": {\"rulemark\": {\"type\": \"http\", \"url\": \"http://x\"}}}");
    let (_, told) = doctor(&environment.root());
    assert!(told.contains("Claude Code: the hook can't be called"), "{told}");
    environment.write(".vscode/mcp.json", "{\"servers\": {\"rulemark\": {\"command\": \"./mine\"}}}");
    let (_, told) = doctor(&path);
    assert!(
        told.contains("VS Code: the server in .vscode/mcp.json, entered by hand, starts `./mine`"),
        "{told}"
    );
    // A program that lets everything pass is no gate.
    environment.write("bin/rulemark", "#!/bin/sh\necho '{}'\n");
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(environment.root().join("bin/rulemark"), fs::Permissions::from_mode(0o755)).unwrap();
    let (code, told) = doctor(&environment.root().join("bin"));
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("the hook lets an edit of the settings pass"), "{told}");
    assert!(told.contains("Codex: the server in .codex/config.toml does not answer"), "{told}");
    let settings = environment.read(".claude/settings.json").replace("\"Stop\"", "\"Halt\"");
    environment.write(".claude/settings.json", settings);
    let (_, told) = doctor(&path);
    assert!(told.contains("Claude Code: its files are not as this version writes them"), "{told}");
}
