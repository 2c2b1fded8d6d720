//! What a case expects of an answer.

use serde_json::Value;

/// Holds an answer to what is expected of it; says all that differs.
pub(super) fn check(expected: &Value, answer: &Value) -> Result<(), String> {
    let mut faults = Vec::new();
    let whole = answer.to_string();
    for (kind, wanted) in expected.as_object().into_iter().flatten() {
        match kind.as_str() {
            "equals" => each(wanted, |path, value| match at(answer, path) {
                Some(found) if found == value => None,
                found => Some(format!("{path} is {}, not {value}", shown(found))),
            }),
            "has" => list(wanted, |path| at(answer, path).is_none().then(|| format!("{path} is missing"))),
            "absent" => list(wanted, |path| at(answer, path).map(|found| format!("{path} is {found}"))),
            "contains" => each(wanted, |path, part| {
                let found = at(answer, path);
                let is_in = found.is_some_and(|found| contains(found, part));
                (!is_in).then(|| format!("{path} does not contain {part}: {}", shown(found)))
            }),
            "len" => each(wanted, |path, length| {
                let found = at(answer, path).and_then(length_of);
                (found != length.as_u64()).then(|| format!("{path} has {found:?} items, not {length}"))
            }),
            "text_contains" => {
                list(wanted, |part| (!whole.contains(part)).then(|| format!("{part:?} is not said")))
            }
            "text_lacks" => list(wanted, |part| whole.contains(part).then(|| format!("{part:?} is said"))),
            "max_bytes" => {
                let most = wanted.as_u64().unwrap_or_default();
                if whole.len() as u64 > most { vec![format!("{} bytes", whole.len())] } else { Vec::new() }
            }
            // A hint for a benchmark.
            "max_ms" => Vec::new(),
            "error_code" => match answer["code"] == *wanted {
                true => Vec::new(),
                false => vec![format!("the code is {}, not {wanted}", answer["code"])],
            },
            other => vec![format!("this test does not know how to expect `{other}`")],
        }
        .into_iter()
        .for_each(|fault| faults.push(fault));
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(format!("{}\nanswer: {answer:#}", faults.join("\n"))),
    }
}

/// What the contract says of every answer of the one tool, whatever was asked.
pub(super) fn every_answer(answer: &Value, outside: &str) -> Result<(), String> {
    const TYPES: [&str; 7] = [
        "ValueError",
        "ValidationError",
        "NotFoundError",
        "StateError",
        "PermissionError",
        "ConflictError",
        "InternalError",
    ];
    if answer["action"].is_null() {
        return Err("the action is not repeated".into());
    }
    if answer.to_string().contains(outside) {
        return Err("it names a folder outside the workspace".into());
    }
    match answer["status"].as_str() {
        Some("success") => return Ok(()),
        Some("error") => {}
        _ => return Err("neither success nor error".into()),
    }
    if !TYPES.iter().any(|kind| answer["error_type"] == *kind) || answer["error_type"] == "InternalError" {
        return Err(format!("the error type is {}", answer["error_type"]));
    }
    if !["no", "now", "after_fix"].iter().any(|retry| answer["retry"] == *retry) {
        return Err(format!("retry is {}", answer["retry"]));
    }
    for name in ["error", "remediation"] {
        if answer[name].as_str().is_none_or(str::is_empty) {
            return Err(format!("{name} says nothing"));
        }
    }
    Ok(())
}

/// The value at a path: `a.b[0].c`.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, step| {
        let (name, index) = match step.split_once('[') {
            Some((name, index)) => (name, Some(index.trim_end_matches(']').parse::<usize>().ok()?)),
            None => (step, None),
        };
        let value = if name.is_empty() { value } else { value.get(name)? };
        match index {
            Some(index) => value.get(index),
            None => Some(value),
        }
    })
}

fn each(wanted: &Value, check: impl Fn(&str, &Value) -> Option<String>) -> Vec<String> {
    wanted.as_object().into_iter().flatten().filter_map(|(path, value)| check(path, value)).collect()
}

fn list(wanted: &Value, check: impl Fn(&str) -> Option<String>) -> Vec<String> {
    // `MARK-1` in YAML may be a number to whoever writes it.
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    wanted.as_array().into_iter().flatten().filter_map(|value| check(&text(value))).collect()
}

fn contains(found: &Value, part: &Value) -> bool {
    let text = part.as_str().map_or_else(|| part.to_string(), str::to_owned);
    match found {
        Value::String(found) => found.contains(&text),
        Value::Array(list) => list.contains(part),
        Value::Object(object) => object.contains_key(&text),
        _ => false,
    }
}

fn length_of(value: &Value) -> Option<u64> {
    match value {
        Value::Array(list) => Some(list.len() as u64),
        Value::Object(object) => Some(object.len() as u64),
        Value::String(text) => Some(text.chars().count() as u64),
        _ => None,
    }
}

fn shown(found: Option<&Value>) -> String {
    found.map_or_else(|| "missing".to_owned(), Value::to_string)
}

#[test]
fn expectations_can_fail() {
    let answer = serde_json::json!({ "a": { "b": [{ "c": 1 }] }, "s": "text", "code": -32001 });
    for (expected, holds) in [
        (r#"{"equals": {"a.b[0].c": 1}}"#, true),
        (r#"{"equals": {"a.b[1].c": 1}}"#, false),
        (r#"{"equals": {"a.b[0].c": 2}}"#, false),
        (r#"{"has": ["a.b", "s"]}"#, true),
        (r#"{"has": ["x"]}"#, false),
        (r#"{"absent": ["x"]}"#, true),
        (r#"{"absent": ["s"]}"#, false),
        (r#"{"contains": {"s": "ex"}}"#, true),
        (r#"{"contains": {"s": "y"}}"#, false),
        (r#"{"len": {"a.b": 1}}"#, true),
        (r#"{"len": {"a.b": 2}}"#, false),
        (r#"{"text_contains": ["text"]}"#, true),
        (r#"{"text_contains": ["none"]}"#, false),
        (r#"{"text_lacks": ["text"]}"#, false),
        (r#"{"max_bytes": 4}"#, false),
        (r#"{"error_code": -32001}"#, true),
        (r#"{"error_code": -32002}"#, false),
        (r#"{"equal": {}}"#, false),
    ] {
        let found = check(&serde_json::from_str(expected).unwrap(), &answer);
        assert_eq!(found.is_ok(), holds, "{expected}: {found:?}");
    }
}
