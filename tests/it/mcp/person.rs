//! What counts as the person's answer, and what does not.

use super::client::{Client, Era};
use crate::cli::environment::Environment;
use rulemark::trust::agent_around;
use serde_json::{Value, json};

const WAITING: &str = "Phase: BLUEPRINT\nStatus: NEEDS_PLAN_APPROVAL";

/// A project whose plan waits for the person.
fn waiting() -> Environment {
    let environment = Environment::initialised();
    environment.edit("## Plan\n", "## Plan\n- [ ] Print it\n\n");
    environment.edit("Phase: ANALYZE\nStatus: RUNNING", WAITING);
    environment.run(&["apply", "-q"]);
    assert_undecided(&environment);
    environment
}

fn assert_undecided(environment: &Environment) {
    let text = environment.read("workflow_state.md");
    assert!(text.contains(WAITING) && !text.contains("Plan rejected"), "{text}");
}

fn can_ask() -> Value {
    json!({ "elicitation": {} })
}

fn client(environment: &Environment, era: Era) -> Client {
    Client::start(environment, era, &["--tools", "all"], can_ask())
}

fn accepted(is_yes: bool) -> Value {
    json!({ "action": "accept", "content": { "approve": is_yes } })
}

/// What the agent is told of a refusal: what, why, how, and whether to retry.
fn refusal(answer: &Value) -> Value {
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    let told: Value = serde_json::from_str(answer["result"]["content"][0]["text"].as_str().unwrap()).unwrap();
    for part in ["what", "how", "retry"] {
        assert!(told[part].is_string(), "{part} is missing: {told}");
    }
    told
}

/// A call that asks the person, of the era in which the answer comes with another call.
struct Form {
    tool: &'static str,
    arguments: Value,
    /// What the person is shown.
    message: String,
    state: Value,
}

impl Form {
    fn of(client: &mut Client, tool: &'static str, arguments: Value) -> Self {
        let answer = client.request("tools/call", json!({ "name": tool, "arguments": arguments }));
        assert_eq!(answer["result"]["resultType"], "input_required", "{answer}");
        let question = &answer["result"]["inputRequests"]["person"];
        assert!(question.is_object(), "{answer}");
        let message = question["params"]["message"].to_string();
        Self { tool, arguments, message, state: answer["result"]["requestState"].clone() }
    }

    fn next(client: &mut Client) -> Self {
        Self::of(client, "next", json!({}))
    }

    /// Calls again with an answer, which counts for `state`.
    fn answer_with(&self, client: &mut Client, reply: &Value, state: &Value) -> Value {
        let params = json!({
            "name": self.tool, "arguments": self.arguments,
            "inputResponses": { "person": reply }, "requestState": state,
        });
        client.request("tools/call", params)
    }

    fn answer(&self, client: &mut Client, reply: &Value) -> Value {
        self.answer_with(client, reply, &self.state)
    }
}

/// Says yes to what `next` asks, when `change` has happened since it was shown: what was shown, and the answer.
fn yes_after(client: &mut Client, era: Era, change: &dyn Fn()) -> (String, Value) {
    if era == Era::Stateless {
        let form = Form::next(client);
        change();
        let answer = form.answer(client, &accepted(true));
        return (form.message, answer);
    }
    let call = client.begin("tools/call", json!({ "name": "next", "arguments": {} }));
    let (id, form) = client.form();
    change();
    client.send(&json!({ "jsonrpc": "2.0", "id": id, "result": accepted(true) }));
    (form["message"].to_string(), client.answer_of(call))
}

/// Seals that differ in one character each, and what looks like one.
fn forgeries(seal: &str) -> Vec<String> {
    let mut forged: Vec<String> = [seal.len() / 3, seal.len() / 2, seal.len() - 5]
        .map(|at| {
            let other = if &seal[at..=at] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &seal[..at], &seal[at + 1..])
        })
        .to_vec();
    forged.extend(["", "person", "rs1..", "e30"].map(str::to_owned));
    forged.push(seal[..seal.len() - 1].to_owned());
    forged
}

#[test]
fn a_forged_seal_is_refused() {
    let environment = waiting();
    let mut client = client(&environment, Era::Stateless);
    let form = Form::next(&mut client);
    for forged in forgeries(form.state.as_str().unwrap()) {
        let answer = form.answer_with(&mut client, &accepted(true), &json!(forged));
        assert_eq!(refusal(&answer)["what"], "this answers nothing that was asked", "{forged}");
        assert_undecided(&environment);
    }
    let params = json!({ "name": "next", "arguments": {}, "inputResponses": { "person": accepted(true) } });
    refusal(&client.request("tools/call", params));
    assert_undecided(&environment);
    // The question is still open.
    let answer = form.answer(&mut client, &accepted(true));
    assert_eq!(answer["result"]["structuredContent"]["phase"], "CONSTRUCT", "{answer}");
}

#[test]
fn a_seal_counts_once() {
    let environment = waiting();
    let mut client = client(&environment, Era::Stateless);
    let form = Form::next(&mut client);
    let answer = form.answer(&mut client, &json!({ "action": "decline" }));
    assert_eq!(answer["result"]["structuredContent"]["turn"], "person", "{answer}");
    let told = refusal(&form.answer(&mut client, &accepted(true)));
    assert_eq!(told["what"], "this was answered already, or is no longer asked");
    assert_undecided(&environment);
    // Nor after an answer that counted, for the question that follows.
    let form = Form::next(&mut client);
    let answer = form.answer(&mut client, &accepted(false));
    assert_eq!(answer["result"]["structuredContent"]["status"], "RUNNING", "{answer}");
    environment.edit("Status: RUNNING", "Status: NEEDS_PLAN_APPROVAL");
    refusal(&form.answer(&mut client, &accepted(true)));
    assert!(environment.read("workflow_state.md").contains(WAITING));
}

#[test]
fn a_seal_of_another_project_is_refused() {
    let (here, there) = (waiting(), waiting());
    let (mut client_here, mut client_there) = (client(&here, Era::Stateless), client(&there, Era::Stateless));
    let form = Form::next(&mut client_there);
    Form::next(&mut client_here);
    refusal(&form.answer(&mut client_here, &accepted(true)));
    assert_undecided(&here);
    // Nor one that an earlier server of the same project has sealed.
    client_there.leave();
    let mut client_there = client(&there, Era::Stateless);
    Form::next(&mut client_there);
    refusal(&form.answer(&mut client_there, &accepted(true)));
    assert_undecided(&there);
}

#[test]
fn a_seal_belongs_to_one_call() {
    let environment = waiting();
    let mut client = client(&environment, Era::Stateless);
    let Form { state, .. } = Form::next(&mut client);
    let others = [
        ("construct_phase_guidance", json!({ "task_description": "1" })),
        ("next", json!({ "done": "plan" })),
    ];
    for (tool, arguments) in others {
        let other = Form { tool, arguments, message: String::new(), state: Value::Null };
        let told = refusal(&other.answer_with(&mut client, &accepted(true), &state));
        assert_eq!(told["what"], "this answers nothing that was asked", "{tool}");
        assert_undecided(&environment);
    }
    // However its arguments are ordered.
    let arguments = json!({ "action": "build", "task_description": "1" });
    let mut form = Form::of(&mut client, "workflow_guidance", arguments);
    form.arguments = json!({ "task_description": "1", "action": "build" });
    let answer = form.answer(&mut client, &accepted(true));
    assert_eq!(answer["result"]["structuredContent"]["phase"], "CONSTRUCT", "{answer}");
}

#[test]
fn a_call_that_brings_its_seal_without_an_answer_is_asked_again() {
    let environment = waiting();
    let mut client = client(&environment, Era::Stateless);
    let form = Form::next(&mut client);
    let params = json!({ "name": "next", "arguments": {}, "requestState": form.state, "inputResponses": {} });
    let answer = client.request("tools/call", params);
    let again = Form { state: answer["result"]["requestState"].clone(), ..form };
    let answer = again.answer(&mut client, &accepted(true));
    assert_eq!(answer["result"]["structuredContent"]["phase"], "CONSTRUCT", "{answer}");
}

#[test]
fn an_answer_that_does_not_fit_the_form_is_none() {
    let environment = waiting();
    let replies = [
        json!({ "action": "accept" }),
        json!({ "action": "accept", "content": {} }),
        json!({ "action": "accept", "content": { "approve": "yes" } }),
        json!({ "action": "approve", "content": { "approve": true } }),
        json!({ "content": { "approve": true } }),
        json!({ "action": "decline", "content": { "approve": true } }),
        json!({ "action": "cancel", "content": { "approve": true } }),
        json!(true),
    ];
    let mut stateless = client(&environment, Era::Stateless);
    for reply in &replies {
        let form = Form::next(&mut stateless);
        // Either the protocol or the tool has none of it.
        form.answer(&mut stateless, reply);
        assert_undecided(&environment);
    }
    let mut client = client(&environment, Era::Handshake);
    for reply in &replies {
        let call = client.begin("tools/call", json!({ "name": "next", "arguments": {} }));
        let (id, _) = client.form();
        client.send(&json!({ "jsonrpc": "2.0", "id": id, "result": reply }));
        client.answer_of(call);
        assert_undecided(&environment);
    }
}

#[test]
fn what_has_changed_since_it_was_shown_is_not_decided() {
    for era in Era::BOTH {
        let environment = waiting();
        let mut client = client(&environment, era);
        let change = || environment.edit("- [ ] Print it", "- [ ] Print something else");
        let (shown, answer) = yes_after(&mut client, era, &change);
        assert!(shown.contains("- [ ] Print it"), "{shown}");
        let told = refusal(&answer);
        assert_eq!(told["what"], "the plan has changed since it was shown");
        assert_eq!(told["retry"], "now");
        assert_undecided(&environment);
        // It is shown again, and then it counts.
        client.person = Some(json!({ "approve": true }));
        let answer = client.call("next", &json!({}));
        assert!(client.asked[0].contains("Print something else"), "{:?}", client.asked);
        assert_eq!(answer["result"]["structuredContent"]["phase"], "CONSTRUCT", "{answer}");
    }
}

/// A project that a person has to let go on.
fn blocked() -> Environment {
    let environment = Environment::initialised();
    environment.edit("Status: RUNNING", "Status: BLOCKED");
    environment
}

#[test]
fn work_goes_on_only_from_where_the_person_was_asked() {
    for era in Era::BOTH {
        let environment = blocked();
        let mut client = client(&environment, era);
        let change = || environment.edit("Status: BLOCKED", "Status: CANCELLED");
        let (_, answer) = yes_after(&mut client, era, &change);
        assert_eq!(refusal(&answer)["what"], "what was asked about has changed since it was shown");
        let text = environment.read("workflow_state.md");
        assert!(text.contains("Status: CANCELLED") && !text.contains("go on"), "{text}");
    }
}

/// A project with a rule that asks the person.
fn asking() -> Environment {
    let environment = Environment::initialised();
    let rule = "### RULE_ASK_01\nTrigger ▶ `Status == HOLD`\nAction ▶\n1. Ask the user whether the colour is blue.\n\n### RULE_ITERATE_01\n";
    environment.edit("### RULE_ITERATE_01\n", rule);
    environment.run(&["apply", "-q"]);
    environment.edit("Status: RUNNING", "Status: HOLD");
    environment
}

#[test]
fn a_rule_that_asks_something_else_meanwhile_is_not_answered() {
    for era in Era::BOTH {
        let environment = asking();
        let mut client = client(&environment, era);
        let change = || {
            environment.edit("whether the colour is blue", "whether everything may be deleted");
            environment.edit("Status: HOLD", "Status: RUNNING");
            environment.run(&["apply", "-q"]);
            environment.edit("Status: RUNNING", "Status: HOLD");
            environment.run(&["apply", "-q"]);
        };
        let (shown, answer) = yes_after(&mut client, era, &change);
        assert!(shown.contains("colour is blue"), "{shown}");
        // What is asked now is asked, and not answered yet.
        let now = match era {
            Era::Stateless => answer["result"]["inputRequests"]["person"]["params"]["message"].to_string(),
            Era::Handshake => client.asked.pop().unwrap(),
        };
        assert!(now.contains("everything may be deleted"), "{now}");
        let waiting = environment.run(&["next"]);
        assert!(waiting.contains("everything may be deleted"), "{waiting}");
    }
}

#[test]
fn requests_of_the_server_are_answered_once_and_under_their_own_id() {
    let environment = waiting();
    let mut client = client(&environment, Era::Handshake);
    let answer_to = |client: &mut Client, id: &Value, is_yes: bool| {
        client.send(&json!({ "jsonrpc": "2.0", "id": id, "result": accepted(is_yes) }));
    };
    // Before anything is asked.
    (0..4).for_each(|id| answer_to(&mut client, &json!(id), true));
    let call = client.begin("tools/call", json!({ "name": "next", "arguments": {} }));
    let (first, _) = client.form();
    for id in [json!(first.as_i64().unwrap() + 1), json!(1.5), json!(null)] {
        answer_to(&mut client, &id, true);
    }
    client.send(&json!({ "jsonrpc": "2.0", "id": first, "result": { "action": "decline" } }));
    // Once more, and for what is asked next.
    answer_to(&mut client, &first, true);
    loop {
        let message = client.receive().unwrap();
        if message["id"] == json!(call) {
            assert_eq!(message["result"]["structuredContent"]["turn"], "person", "{message}");
            break;
        }
    }
    assert_undecided(&environment);
    let call = client.begin("tools/call", json!({ "name": "next", "arguments": {} }));
    let (second, _) = client.form();
    assert_ne!(first, second);
    answer_to(&mut client, &first, true);
    client.send(&json!({ "jsonrpc": "2.0", "id": second, "result": { "action": "cancel" } }));
    client.answer_of(call);
    assert_undecided(&environment);
}

#[test]
fn a_client_of_an_earlier_revision_brings_no_answers() {
    let environment = waiting();
    let form = Form::next(&mut client(&environment, Era::Stateless));
    let mut client = client(&environment, Era::Handshake);
    for state in [form.state.clone(), json!("forged"), Value::Null] {
        refusal(&form.answer_with(&mut client, &accepted(true), &state));
        assert_undecided(&environment);
    }
}

/// A project where only a person's word approves a plan, and the user's own settings.
fn strict(settings: &str) -> Environment {
    let environment = waiting();
    environment.write("rulemark.toml", "[gates]\napproval = \"person\"\n");
    environment.write("../home/.config/rulemark/config.toml", settings);
    environment
}

/// A client of a server that an agent has started in its shell.
fn client_in_agents_shell(environment: &Environment, era: Era) -> Client {
    let mut command = environment.command(&["mcp", "--tools", "all"]);
    command.env("CLAUDECODE", "1");
    let mut client = Client::of(command, era, can_ask());
    client.person = Some(json!({ "approve": true }));
    client
}

/// What the journal says of the decisions, newest first.
fn decisions(environment: &Environment) -> Vec<Value> {
    let output = environment.output(&["history", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    told.as_array()
        .unwrap()
        .iter()
        .flat_map(|entry| entry["approvals"].as_array().cloned().unwrap_or_default())
        .collect()
}

#[test]
fn in_an_agents_shell_no_client_speaks_for_the_person() {
    for settings in
        ["", "[person]\nclients = false\n", "[person]\nclients = \"yes\"\n", "[person]\nclient = true\n"]
    {
        for era in Era::BOTH {
            let environment = strict(settings);
            let mut client = client_in_agents_shell(&environment, era);
            let answer = client.call("next", &json!({}));
            assert!(client.asked.is_empty(), "{settings}: {:?}", client.asked);
            let commands = &answer["result"]["structuredContent"]["person"]["commands"];
            assert!(commands[0].as_str().unwrap().ends_with(" approve"), "{answer}");
            let params = json!({ "task_description": "1" });
            let told = refusal(&client.call("construct_phase_guidance", &params));
            assert_eq!(told["what"], "the plan is not approved");
            assert!(client.asked.is_empty(), "{settings}: {:?}", client.asked);
            assert_undecided(&environment);
        }
    }
}

#[test]
fn the_user_can_let_clients_speak_for_the_person() {
    for era in Era::BOTH {
        let environment = strict("[person]\nclients = true\n");
        let mut client = client_in_agents_shell(&environment, era);
        let answer = client.call("next", &json!({}));
        assert_eq!(client.asked.len(), 1);
        assert_eq!(answer["result"]["structuredContent"]["phase"], "CONSTRUCT", "{answer}");
        let decided = decisions(&environment);
        assert_eq!((decided.len(), &decided[0]["attested"]), (1, &json!(true)), "{decided:?}");
        assert!(decided[0]["by"].as_str().unwrap().ends_with(", through test-client"), "{decided:?}");
    }
}

#[test]
fn clients_that_speak_for_the_person_are_no_commands_that_do() {
    let environment = strict("[person]\nclients = true\n");
    environment.write("project_config.md", "## Test Commands\n```sh\ntrue\n```\n\n## Changelog\n");
    for arguments in [&["approve"][..], &["reject", "no"], &["trust", "--yes"]] {
        let output = environment.command(arguments).env("CLAUDECODE", "1").output().unwrap();
        let text = environment.normalised(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{arguments:?}: {text}");
    }
    assert_undecided(&environment);
    // The project's own settings have no say in it.
    let environment = strict("");
    environment.write("rulemark.toml", "[gates]\napproval = \"person\"\n[person]\nclients = true\n");
    let mut client = client_in_agents_shell(&environment, Era::Handshake);
    let told = refusal(&client.call("next", &json!({})));
    assert!(told["what"].as_str().unwrap().contains("`person`"), "{told}");
    assert_undecided(&environment);
}

#[test]
fn elsewhere_a_client_may_ask_and_what_it_says_is_recorded_as_such() {
    // By an edit, a plan is approved as well, so that a client may be asked; what it says attests nothing.
    for (settings, attested) in [("", false), ("[person]\nclients = true\n", true)] {
        let environment = strict(settings);
        environment.write("rulemark.toml", "");
        let mut client = client_in_agents_shell(&environment, Era::Stateless);
        client.call("next", &json!({}));
        let decided = decisions(&environment);
        assert_eq!((decided.len(), &decided[0]["attested"]), (1, &json!(attested)), "{decided:?}");
    }
    // Nor does it need a setting where no agent has started the server; these tests may run in one's shell.
    let environment = strict("");
    let mut client = client(&environment, Era::Handshake);
    client.person = Some(json!({ "approve": true }));
    client.call("next", &json!({}));
    let asked = usize::from(agent_around().is_none());
    assert_eq!((client.asked.len(), decisions(&environment).len()), (asked, asked));
}
