use super::*;
use crate::mcp::{
    HubLimits,
    dialogue::{Dialogue, call, request},
};
use serde_json::{Value, json};

fn with(limits: StdioLimits) -> Dialogue {
    Dialogue::with_limits(limits, HubLimits::default())
}

/// The id and the error code of an answer, and its message.
fn refusal(answer: &Value) -> (Value, i64, &str) {
    let error = &answer["error"];
    (
        answer["id"].clone(),
        error["code"].as_i64().unwrap_or_default(),
        error["message"].as_str().unwrap_or_default(),
    )
}

#[tokio::test(start_paused = true)]
async fn every_line_that_is_no_message_is_answered_and_survived() {
    let mut dialogue = Dialogue::initialized().await;
    let cases = [
        ("not json", json!(null), -32700, "not JSON"),
        ("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",", json!(7), -32700, "not JSON"),
        ("\u{0}\u{1}", json!(null), -32700, "not JSON"),
        (
            "[{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}]",
            json!(null),
            -32600,
            "this client has agreed on 2025-11-25",
        ),
        ("{\"foo\":\"bar\"}", json!(null), -32600, "no JSON-RPC 2.0 message"),
        ("7", json!(null), -32600, "no JSON-RPC 2.0 message"),
        ("{\"jsonrpc\":\"1.0\",\"id\":7,\"method\":\"ping\"}", json!(7), -32600, "\"jsonrpc\": \"2.0\""),
        ("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", json!(null), -32600, "a whole number"),
        ("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", json!(null), -32600, "a whole number"),
        ("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":5}", json!(7), -32600, "no JSON-RPC 2.0 message"),
        ("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"no/such\"}", json!(7), -32601, "no/such"),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":5}}",
            json!(7),
            -32602,
            "the parameters of tools/call",
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"none\"}}",
            json!(7),
            -32602,
            "no tool none",
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\
             \"capabilities\":{},\"clientInfo\":{\"name\":\"a\",\"version\":\"1\"}}}",
            json!(7),
            -32600,
            "initialized already",
        ),
    ];
    for (line, id, code, message) in cases {
        dialogue.send_text(&format!("{line}\n")).await;
        let answer = dialogue.read().await;
        let (answered, with, why) = refusal(&answer);
        assert_eq!((&answered, with), (&id, code), "{line}: {answer}");
        assert!(why.contains(message), "{line}: {answer}");
    }
    assert_eq!(dialogue.call(8, "echo").await["result"]["content"][0]["text"], "echo");
}

#[tokio::test(start_paused = true)]
async fn lines_that_want_no_answer_get_none() {
    let mut dialogue = Dialogue::initialized().await;
    dialogue.send_text("\n   \n\r\n").await;
    dialogue.send_text("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/unheard\",\"params\":{}}\n").await;
    dialogue.send_text("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":5}\n").await;
    dialogue.send_text("{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}\n").await;
    dialogue.send_text(&format!("\u{feff}{}\r\n", call(1, "echo"))).await;
    assert_eq!(dialogue.read().await["id"], 1);
}

#[tokio::test(start_paused = true)]
async fn what_comes_before_the_first_request_does_no_harm() {
    let mut dialogue = Dialogue::start();
    dialogue.send_text("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n").await;
    dialogue.send_text("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n").await;
    dialogue.send_text("garbage\n").await;
    assert_eq!(refusal(&dialogue.read().await).1, -32700);
    // Told what is missing, and the handshake is still possible.
    assert_eq!(dialogue.call(1, "echo").await["error"]["code"], -32602);
    dialogue.initialize().await;
    assert_eq!(dialogue.call(2, "echo").await["result"]["isError"], false);
}

#[tokio::test(start_paused = true)]
async fn a_line_past_the_limit_is_refused_by_its_id() {
    let mut dialogue = with(StdioLimits { message: 1 << 20, ..StdioLimits::default() });
    dialogue.initialize().await;
    let long = json!({
        "params": {"name": "echo", "arguments": {"text": "a".repeat(16 << 20)}},
        "method": "tools/call", "jsonrpc": "2.0", "id": 5,
    });
    dialogue.send(&long).await;
    let answer = dialogue.read().await;
    let (id, code, message) = refusal(&answer);
    assert_eq!((id, code), (json!(5), -32600));
    assert!(message.contains("1048576 bytes"), "{message}");
    assert_eq!(dialogue.call(6, "echo").await["id"], 6);
}

#[tokio::test(start_paused = true)]
async fn an_id_in_use_is_refused() {
    let mut dialogue = Dialogue::initialized().await;
    dialogue.send(&call(1, "wait")).await;
    let answer = dialogue.call(1, "echo").await;
    assert!(refusal(&answer).2.contains("the id 1 belongs to a request"), "{answer}");
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}});
    dialogue.send(&cancel).await;
    // rmcp would answer it with what the cancelled one returns.
    let answer = dialogue.call(1, "echo").await;
    assert!(refusal(&answer).2.contains("the id 1 belongs to a request"), "{answer}");
    assert_eq!(dialogue.call(2, "echo").await["result"]["content"][0]["text"], "echo");
    assert_eq!(dialogue.call(2, "echo").await["result"]["content"][0]["text"], "echo");
}

/// A client of the one revision that has batches.
async fn with_batches() -> Dialogue {
    let mut dialogue = Dialogue::start();
    dialogue.initialize_as("2025-03-26").await;
    dialogue
}

fn ids(answers: &Value) -> Vec<Value> {
    let answers = answers.as_array().unwrap_or_else(|| panic!("no batch: {answers}"));
    let mut ids: Vec<Value> = answers.iter().map(|answer| answer["id"].clone()).collect();
    ids.sort_by_key(Value::to_string);
    ids
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_answered_as_one() {
    let mut dialogue = with_batches().await;
    let note = json!({"jsonrpc": "2.0", "method": "notifications/unheard"});
    dialogue.send(&json!([call(1, "slow"), note, call(2, "echo"), request(3, "ping", json!({}))])).await;
    // What comes by itself does not wait for it.
    assert_eq!(dialogue.call(4, "echo").await["id"], 4);
    let answers = dialogue.read().await;
    assert_eq!(ids(&answers), [1, 2, 3]);
    let slow = answers.as_array().unwrap().iter().find(|answer| answer["id"] == 1).unwrap();
    assert_eq!(slow["result"]["content"][0]["text"], "slow");
    // The ids are free again; a batch may have spaces, and one element.
    dialogue.send_text(&format!("\u{feff} [ {} ]\n", call(1, "echo"))).await;
    assert_eq!(ids(&dialogue.read().await), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_wants_no_answer_gets_none() {
    let mut dialogue = with_batches().await;
    let note = json!({"jsonrpc": "2.0", "method": "notifications/unheard"});
    dialogue.send(&json!([note, {"jsonrpc": "2.0", "id": 99, "result": {}}, note])).await;
    dialogue.send_text("[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":5}]\n").await;
    assert_eq!(dialogue.call(1, "echo").await["id"], 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_in_a_batch_is_answered_in_it() {
    let mut dialogue = with_batches().await;
    dialogue.send(&call(9, "wait")).await;
    let initialize = request(3, "initialize", crate::mcp::dialogue::initialize_params());
    let batch = json!([1, call(1, "echo"), {"foo": 1}, call(1, "echo"), call(9, "echo"), initialize, call(2, "none")]);
    dialogue.send(&batch).await;
    let answers = dialogue.read().await;
    assert_eq!(ids(&answers), [json!(1), json!(1), json!(2), json!(3), json!(9), json!(null), json!(null)]);
    let codes: Vec<i64> = answers.as_array().unwrap().iter().map(|it| refusal(it).1).collect();
    assert_eq!(codes, [-32600, -32600, -32600, -32600, -32600, 0, -32602], "{answers}");
    // All of it wrong is a batch still; what is none has one answer.
    dialogue.send_text("[1]\n").await;
    assert_eq!(ids(&dialogue.read().await), [Value::Null]);
    for (text, code) in [("[]\n", -32600), ("[1,\n", -32700)] {
        dialogue.send_text(text).await;
        assert_eq!(refusal(&dialogue.read().await).1, code);
    }
    let long = Value::from(vec![request(5, "ping", json!({})); batch::LONGEST + 1]);
    dialogue.send(&long).await;
    assert!(refusal(&dialogue.read().await).2.contains("at most 100 messages"));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_request_of_a_batch_is_not_waited_for() {
    let mut dialogue = with_batches().await;
    let cancel =
        |id: i64| json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}});
    dialogue.send(&json!([call(1, "wait"), call(2, "echo")])).await;
    dialogue.send(&cancel(1)).await;
    assert_eq!(ids(&dialogue.read().await), [2]);
    // By the same batch, and all of it.
    dialogue.send(&json!([call(3, "wait"), cancel(3), call(4, "echo")])).await;
    assert_eq!(ids(&dialogue.read().await), [4]);
    dialogue.send(&json!([call(5, "wait")])).await;
    dialogue.send(&cancel(5)).await;
    assert_eq!(dialogue.call(6, "echo").await["id"], 6);
}

#[tokio::test(start_paused = true)]
async fn batches_are_for_clients_whose_revision_has_them() {
    for revision in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let mut dialogue = Dialogue::start();
        dialogue.send(&json!([request(0, "initialize", json!({}))])).await;
        assert!(refusal(&dialogue.read().await).2.contains("`initialize` does by itself"));
        dialogue.initialize_as(revision).await;
        dialogue.send(&json!([call(1, "echo")])).await;
        let answer = dialogue.read().await;
        let (id, code, why) = refusal(&answer);
        assert_eq!((id, code), (Value::Null, -32600), "{answer}");
        assert!(why.contains(revision) && why.contains("send each message by itself"), "{why}");
        assert_eq!(dialogue.call(1, "echo").await["id"], 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_input_answers_a_batch_that_is_under_way() {
    let mut dialogue = with_batches().await;
    dialogue.send(&json!([call(1, "echo"), call(2, "wait")])).await;
    let (last, result) = dialogue.hang_up().await;
    result.unwrap();
    assert_eq!(last.len(), 1, "{last:?}");
    assert!(ids(&last[0]).contains(&json!(1)), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn more_requests_at_once_than_the_limit_are_refused() {
    let mut dialogue = with(StdioLimits { requests: 2, ..StdioLimits::default() });
    dialogue.initialize().await;
    dialogue.send(&call(1, "wait")).await;
    dialogue.send(&call(2, "wait")).await;
    let answer = dialogue.call(3, "echo").await;
    assert!(refusal(&answer).2.contains("2 requests have no answer yet"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_answered_and_the_server_goes_on() {
    let mut dialogue = Dialogue::initialized().await;
    let answer = dialogue.call(1, "panic").await;
    let (id, code, message) = refusal(&answer);
    assert_eq!((id, code), (json!(1), -32603));
    assert!(message.contains("a bug in the server"), "{message}");
    assert_eq!(dialogue.call(2, "echo").await["id"], 2);
}

/// The wire holds 1 KiB and the queue 4 KiB; each answer has 100 KB.
#[tokio::test(start_paused = true)]
async fn a_client_that_stops_reading_is_no_longer_read_and_then_given_up() {
    let mut dialogue = with(StdioLimits { queue: 4096, ..StdioLimits::default() });
    dialogue.initialize().await;
    let mut sent = 0;
    // With a clock that only moves when everything waits, the server gives up before this does.
    let write = async {
        for id in 1.. {
            dialogue.send(&call(id, "large")).await;
            sent = id;
        }
    };
    tokio::time::timeout(StdioLimits::default().patience / 2, write).await.unwrap_err();
    assert!(sent < 100, "{sent} requests were taken from a client that reads no answers");
    dialogue.ended().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_input_ends_the_server_after_its_last_answers() {
    let mut dialogue = Dialogue::initialized().await;
    dialogue.send(&call(1, "echo")).await;
    // The last line needs no end.
    dialogue.send_text(&call(2, "echo").to_string()).await;
    let (last, result) = dialogue.hang_up().await;
    assert_eq!(last.iter().map(|answer| answer["id"].clone()).collect::<Vec<_>>(), [1, 2]);
    result.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_before_the_handshake_is_no_error() {
    let (last, result) = Dialogue::start().hang_up().await;
    assert_eq!(last, Vec::<Value>::new());
    result.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_open_subscription_does_not_delay_the_end() {
    let mut dialogue = Dialogue::start();
    let params = json!({
        "_meta": crate::mcp::dialogue::modern_meta(),
        "notifications": {"toolsListChanged": true},
    });
    dialogue.send(&request(1, "subscriptions/listen", params)).await;
    assert_eq!(dialogue.read().await["method"], "notifications/subscriptions/acknowledged");
    let before = tokio::time::Instant::now();
    let (_, result) = dialogue.hang_up().await;
    result.unwrap();
    assert_eq!(before.elapsed(), Duration::ZERO);
}
