//! How a server begins and ends, finds its project, and what it survives.

use super::client::{Client, Era};
use crate::cli::environment::Environment;
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _},
};

#[test]
fn it_ends_when_its_client_goes() {
    for era in Era::BOTH {
        let environment = Environment::initialised();
        let mut client = Client::start(&environment, era, &[], json!({}));
        client.call("next", &json!({}));
        assert!(client.leave().success());
        // Without a word, too.
        assert!(Client::start(&environment, era, &[], json!({})).leave().success());
    }
}

/// A project whose one check says that it runs and goes on for ever; what it says it with is also held
/// by what it has started.
struct Busy {
    environment: Environment,
    client: Client,
    call: u64,
    check: BufReader<File>,
}

impl Busy {
    fn start() -> Self {
        Self::with(Era::Handshake, json!({}))
    }

    /// With a client that has these capabilities.
    fn with(era: Era, capabilities: Value) -> Self {
        let environment = Environment::initialised();
        let script = "exec 3> pipe\nsleep 1000 &\necho running >&3\nwait\n";
        environment.write("check.sh", script);
        environment.write("project_config.md", "## Test Commands\n```sh\nsh check.sh\n```\n\n## Changelog\n");
        environment.edit("Phase: ANALYZE", "Phase: VALIDATE");
        let settings = environment.root().join("../home/.config/rulemark/config.toml");
        fs::create_dir_all(settings.parent().unwrap()).unwrap();
        environment.write(settings.to_str().unwrap(), "[person]\nunattended = true\n");
        environment.run(&["apply", "-q"]);
        assert!(environment.output(&["trust", "--yes"]).status.success());
        let pipe = environment.root().join("pipe");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let mut client = Client::start(&environment, era, &[], capabilities);
        let params = json!({
            "name": "next", "arguments": { "done": "checks" }, "_meta": { "progressToken": "p" },
        });
        let call = client.begin("tools/call", params);
        let mut check = BufReader::new(File::open(&pipe).unwrap());
        let mut line = String::new();
        check.read_line(&mut line).unwrap();
        assert_eq!(line, "running\n");
        Self { environment, client, call, check }
    }

    /// Waits until nothing of the check is left.
    fn check_has_ended(mut self) -> (Environment, Client) {
        self.check.read_to_end(&mut Vec::new()).unwrap();
        (self.environment, self.client)
    }

    /// The server goes on, and what was stopped counts for nothing.
    fn goes_on_without_the_check(self) {
        let (environment, mut client) = self.check_has_ended();
        let answer = client.call("next", &json!({}));
        assert_eq!(answer["result"]["structuredContent"]["phase"], "VALIDATE", "{answer}");
        let log = environment.read("workflow_state.md");
        assert!(!log.contains("check.sh"), "a run that was stopped does not count: {log}");
        assert!(client.leave().success());
    }
}

#[test]
fn a_check_ends_with_the_client() {
    let busy = Busy::start();
    let Busy { environment, client, check, call } = busy;
    client.leave();
    let client = Client::start(&environment, Era::Handshake, &[], json!({}));
    Busy { environment, client, check, call }.goes_on_without_the_check();
}

#[test]
fn a_check_ends_with_the_server() {
    let Busy { environment, client, check, call } = Busy::start();
    let server = rustix::process::Pid::from_raw(client.process().cast_signed()).unwrap();
    rustix::process::kill_process(server, rustix::process::Signal::TERM).unwrap();
    assert!(client.wait().success());
    let client = Client::start(&environment, Era::Handshake, &[], json!({}));
    Busy { environment, client, check, call }.check_has_ended();
}

#[test]
fn a_check_ends_when_its_call_is_cancelled() {
    for era in Era::BOTH {
        let mut busy = Busy::with(era, json!({}));
        let progress = busy.client.receive().unwrap();
        assert_eq!(progress["params"]["message"], "sh check.sh", "{progress}");
        assert_eq!(progress["params"]["progressToken"], "p");
        let params = json!({ "requestId": busy.call });
        let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params });
        busy.client.send(&cancel);
        // A cancelled call has no answer; the next one has.
        busy.goes_on_without_the_check();
    }
}

/// A client that looks after calls as tasks.
fn with_tasks() -> Value {
    json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } })
}

/// A task, once it no longer works.
fn ended(client: &mut Client, task: &Value) -> Value {
    loop {
        let answer = client.request("tasks/get", task.clone());
        if answer["result"]["status"] != "working" {
            return answer["result"].clone();
        }
    }
}

#[test]
fn a_check_ends_when_its_task_is_cancelled() {
    for era in Era::BOTH {
        let mut busy = Busy::with(era, with_tasks());
        let answer = busy.client.answer_of(busy.call);
        assert_eq!(answer["result"]["resultType"], "task", "{era:?}: {answer}");
        let task = json!({ "taskId": answer["result"]["taskId"] });
        let working = busy.client.request("tasks/get", task.clone());
        assert_eq!(working["result"]["status"], "working", "{working}");
        let unknown = busy.client.request("tasks/cancel", json!({ "taskId": "nope" }));
        assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
        let taken = busy.client.request("tasks/cancel", task.clone());
        assert!(taken["error"].is_null(), "{taken}");
        let cancelled = ended(&mut busy.client, &task);
        assert_eq!(cancelled["status"], "cancelled", "{cancelled}");
        // To cancel it once more changes nothing.
        busy.client.request("tasks/cancel", task.clone());
        assert_eq!(ended(&mut busy.client, &task)["status"], "cancelled");
        busy.goes_on_without_the_check();
    }
}

#[test]
fn the_tasks_of_2025_11_25_are_answered_as_calls() {
    // The server does not say that it has them, so a call is answered as if they had not been asked for.
    let environment = Environment::initialised();
    let mut client = Client::start(&environment, Era::Handshake, &[], json!({ "tasks": { "cancel": {} } }));
    let params = json!({ "name": "next", "arguments": {}, "task": { "ttl": 60_000 } });
    let answer = client.request("tools/call", params);
    assert_eq!(answer["result"]["structuredContent"]["phase"], "ANALYZE", "{answer}");
    assert_eq!(client.request("tasks/list", json!({}))["error"]["code"], -32601);
    let refused = client.request("tasks/cancel", json!({ "taskId": "nope" }));
    let needed = &refused["error"]["data"]["requiredCapabilities"]["extensions"];
    assert!(needed["io.modelcontextprotocol/tasks"].is_object(), "{refused}");
}

#[test]
fn checks_that_nobody_trusts_are_for_the_person() {
    let environment = Environment::initialised();
    environment.write("project_config.md", "## Test Commands\n```sh\ntrue\n```\n\n## Changelog\n");
    environment.edit("Phase: ANALYZE", "Phase: VALIDATE");
    let mut client = Client::start(&environment, Era::Handshake, &[], json!({}));
    let answer = client.call("next", &json!({ "done": "checks" }));
    let told = told(&answer);
    assert_eq!(told["what"], "nobody has trusted the commands of this project, so none was run");
    assert!(told["how"].as_str().unwrap().contains(" trust` shows them and asks"), "{told}");
}

#[test]
fn checks_are_tasks_for_clients_that_have_them() {
    let environment = Environment::initialised();
    environment.write("project_config.md", "## Test Commands\n```sh\ntrue\n```\n\n## Changelog\n");
    environment.edit("Phase: ANALYZE", "Phase: CONSTRUCT");
    environment.write("../home/.config/rulemark/config.toml", "[person]\nunattended = true\n");
    environment.run(&["apply", "-q"]);
    assert!(environment.output(&["trust", "--yes"]).status.success());
    let mut client = Client::start(&environment, Era::Stateless, &[], with_tasks());
    let answer = client.call("next", &json!({ "done": "checks" }));
    assert_eq!(answer["result"]["resultType"], "task", "{answer}");
    let task = json!({ "taskId": answer["result"]["taskId"] });
    let done = ended(&mut client, &task);
    assert_eq!(done["status"], "completed", "{done}");
    let told = &done["result"]["structuredContent"];
    assert!(told["did"][0].as_str().unwrap().starts_with("`true`: ok"), "{told}");
    assert!(told["needs"].is_null(), "{told}");
}

/// What a tool said, whether it refused or not.
fn told(answer: &Value) -> Value {
    serde_json::from_str(answer["result"]["content"][0]["text"].as_str().unwrap()).unwrap()
}

fn project_of(environment: &Environment, arguments: &[&str], capabilities: Value) -> String {
    project_by(environment, arguments, "", capabilities)
}

/// The project that a server says it took; `variable` is what `RULEMARK_PROJECT` holds.
fn project_by(environment: &Environment, arguments: &[&str], variable: &str, capabilities: Value) -> String {
    let arguments: Vec<&str> = ["mcp"].iter().chain(arguments).copied().collect();
    let mut command = environment.command(&arguments);
    if !variable.is_empty() {
        command.env("RULEMARK_PROJECT", variable);
    }
    let mut client = Client::of(command, Era::Handshake, capabilities);
    let answer = client.call("state", &json!({}));
    let told = told(&answer);
    let told = told["project"].as_str().or(told["what"].as_str()).unwrap();
    environment.normalised(told.as_bytes())
}

#[test]
fn it_says_which_project_it_took() {
    let environment = Environment::empty();
    for folder in ["a", "b", "c"] {
        environment.write(&format!("{folder}/workflow_state.md"), "## State\nPhase: A\n");
    }
    let root = environment.root().canonicalize().unwrap();
    let none = "no workflow_state.md, rulemark.toml, .rulemark/ or workflows/ in [PROJECT] or above";
    assert_eq!(project_of(&environment, &[], json!({})), none);
    let roots = json!({ "roots": { "test": [
        { "uri": "file:///nowhere" }, { "uri": format!("file://{}", root.join("b").display()) },
    ] } });
    assert_eq!(project_of(&environment, &[], roots.clone()), "[PROJECT]/b (by the client's roots)");
    let by_variable =
        |arguments: &[&str], variable: &str| project_by(&environment, arguments, variable, roots.clone());
    assert_eq!(by_variable(&[], "c"), "[PROJECT]/c (by RULEMARK_PROJECT)");
    assert_eq!(by_variable(&["-C", "a"], "c"), "[PROJECT]/a (by --project)");
    assert_eq!(by_variable(&["-C", "a"], "/nowhere"), "[PROJECT]/a (by --project)");
    // What was named is meant: nothing else is taken in its place.
    let nowhere = "cannot open /nowhere: No such file or directory (os error 2)";
    assert_eq!(by_variable(&[], "/nowhere"), nowhere);
    assert_eq!(by_variable(&["-C", "/nowhere"], "c"), nowhere);
    assert_eq!(project_of(&environment, &["-C", "a"], roots), "[PROJECT]/a (by --project)");
    environment.write("workflow_state.md", "## State\nPhase: A\n");
    assert_eq!(project_of(&environment, &[], json!({})), "[PROJECT] (by the working directory)");
}

#[test]
fn a_folder_without_a_project_is_refused_with_the_command_that_makes_one() {
    let environment = Environment::empty();
    let mut client = Client::start(&environment, Era::Stateless, &[], json!({}));
    let answer = client.call("next", &json!({}));
    assert_eq!(answer["result"]["isError"], true);
    let told_how = told(&answer);
    let how = environment.normalised(told_how["how"].as_str().unwrap().as_bytes());
    assert!(how.contains("`rulemark init [PROJECT]` makes one there"), "{how}");
    // It is looked for again.
    environment.run(&["init", "-q"]);
    let answer = client.call("next", &json!({}));
    assert_eq!(answer["result"]["structuredContent"]["phase"], "INIT");
    environment.write("rulemark.toml", "[gates]\napproval = \"nobody\"\n");
    let answer = client.call("next", &json!({}));
    let told_what = told(&answer);
    let what = told_what["what"].as_str().unwrap();
    assert!(what.contains("rulemark.toml:2:12: `approval`: expected"), "{what}");
    environment.write("rulemark.toml", "");
    assert_eq!(client.call("next", &json!({}))["result"]["isError"], false);
}

#[test]
fn wherever_it_was_told_to_look_it_says_how_a_project_is_made_there() {
    let environment = Environment::empty();
    for folder in ["flag", "variable", "root", "project"] {
        environment.write(&format!("{folder}/README.md"), "no project\n");
    }
    let root = environment.root().canonicalize().unwrap();
    let roots =
        json!({ "roots": { "test": [{ "uri": format!("file://{}", root.join("root").display()) }] } });
    let check = |arguments: &[&str], variable: Option<&str>, can: &Value, folder: &str| {
        let mut command = environment.command(&[&["mcp"], arguments].concat());
        command.envs(variable.map(|folder| ("RULEMARK_PROJECT", folder)));
        let mut client = Client::of(command, Era::Handshake, can.clone());
        for tool in ["next", "state"] {
            let answer = client.call(tool, &json!({}));
            assert_eq!(answer["result"]["isError"], true, "{answer}");
            let told = told(&answer);
            let how = environment.normalised(told["how"].as_str().unwrap_or_default().as_bytes());
            assert!(how.contains(&format!("`rulemark init {folder}` makes one there")), "{folder}: {how}");
            assert_eq!(told["retry"], "after_fix", "{told}");
        }
        assert!(client.leave().success());
    };
    check(&["-C", "flag"], Some("variable"), &roots, "[PROJECT]/flag");
    check(&[], Some("variable"), &roots, "[PROJECT]/variable");
    check(&[], None, &roots, "[PROJECT]/root");
    check(&[], None, &json!({}), "[PROJECT]");
    // And then it is there.
    let words: Vec<&str> = "init flag -q".split(' ').collect();
    assert!(environment.output(&words).status.success());
    let mut client = Client::start(&environment, Era::Stateless, &["-C", "flag"], json!({}));
    assert_eq!(client.call("next", &json!({}))["result"]["structuredContent"]["phase"], "INIT");
}

#[test]
fn whatever_others_write_is_seen_at_once() {
    let environment = Environment::initialised();
    let mut client = Client::start(&environment, Era::Handshake, &[], json!({}));
    for status in ["ONE", "TWO", "SIX"] {
        client.call("next", &json!({}));
        let text = environment.read("workflow_state.md");
        let start = text.find("Status: ").unwrap();
        let end = start + text[start..].find('\n').unwrap();
        environment.write("workflow_state.md", format!("{}Status: {status}{}", &text[..start], &text[end..]));
        let answer = client.call("state", &json!({}));
        assert_eq!(answer["result"]["structuredContent"]["status"], status);
    }
}

#[test]
fn changes_are_told_in_both_eras() {
    for era in Era::BOTH {
        let environment = Environment::initialised();
        let mut client = Client::start(&environment, era, &[], json!({}));
        if era == Era::Handshake {
            client.request("resources/subscribe", json!({ "uri": "rulemark://log" }));
        } else {
            let wanted = json!({ "notifications": { "resourceSubscriptions": ["rulemark://log"] } });
            client.begin("subscriptions/listen", wanted);
            assert_eq!(client.receive().unwrap()["method"], "notifications/subscriptions/acknowledged");
        }
        environment.run(&["log", "by somebody else", "-q"]);
        let told = client.receive().unwrap();
        assert_eq!(told["method"], "notifications/resources/updated", "{told}");
        assert_eq!(told["params"]["uri"], "rulemark://log");
    }
}

#[test]
fn changes_are_told_of_a_project_that_was_made_later() {
    let environment = Environment::empty();
    let mut client = Client::start(&environment, Era::Handshake, &["--tools", "classic"], json!({}));
    client.request("resources/subscribe", json!({ "uri": "rulemark://log" }));
    let task = json!({ "task_description": "Add: a greeting" });
    client.call("create_workflow_state_file_guidance", &task);
    environment.run(&["log", "by somebody else", "-q"]);
    let told = client.receive().unwrap();
    assert_eq!(told["method"], "notifications/resources/updated", "{told}");
    assert_eq!(told["params"]["uri"], "rulemark://log");
}

#[test]
fn requests_that_make_no_sense_are_answered() {
    let environment = Environment::initialised();
    let mut client = Client::start(&environment, Era::Handshake, &[], json!({}));
    let mut code = |method: &str, params: Value| client.request(method, params)["error"]["code"].clone();
    assert_eq!(code("tools/call", json!({ "name": "nope" })), -32602);
    assert_eq!(code("tools/call", json!({ "name": 7 })), -32602);
    assert_eq!(code("tools/call", json!({})), -32602);
    assert_eq!(code("resources/read", json!({ "uri": "rulemark://nope" })), -32002);
    assert_eq!(code("resources/read", json!({ "uri": "file:///etc/passwd" })), -32002);
    assert_eq!(code("prompts/get", json!({ "name": "nope" })), -32602);
    assert_eq!(code("no/such", json!({})), -32601);
    let answer = client.call("state", &json!({ "log": "word ".repeat(2_000) }));
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    assert!(client.call("state", &json!({ "get": "log" })).to_string().len() < 32_768);
    assert!(client.leave().success());
}
