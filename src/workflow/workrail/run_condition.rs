//! `runCondition` as CEL. A name that has no value makes a comparison false, as it does there.

use serde_json::{Map, Value};

/// The deepest nesting of `and`, `or` and `not`.
const DEEPEST: usize = 16;

/// The same condition in CEL, over `inputs`.
pub(super) fn to_cel(condition: &Value) -> Result<String, String> {
    cel(condition, 0)
}

fn cel(condition: &Value, depth: usize) -> Result<String, String> {
    let Value::Object(fields) = condition else { return Err(format!("it is no object: {condition}")) };
    if depth > DEEPEST {
        return Err(format!("it nests deeper than {DEEPEST} levels"));
    }
    let joined = |items: &Value, operator: &str| -> Result<String, String> {
        let Value::Array(items) = items else { return Err("`and` and `or` take lists".to_owned()) };
        let parts: Result<Vec<String>, String> = items.iter().map(|item| cel(item, depth + 1)).collect();
        let parts = parts?;
        if parts.is_empty() {
            Err("`and` and `or` take lists with something in them".to_owned())
        } else {
            Ok(format!("({})", parts.join(operator)))
        }
    };
    match (fields.get("and"), fields.get("or"), fields.get("not"), fields.get("var")) {
        (Some(items), None, None, None) if fields.len() == 1 => joined(items, " && "),
        (None, Some(items), None, None) if fields.len() == 1 => joined(items, " || "),
        (None, None, Some(inner), None) if fields.len() == 1 => Ok(format!("!{}", cel(inner, depth + 1)?)),
        (None, None, None, Some(Value::String(name))) => comparison(name, fields),
        _ => Err(format!("this is not understood: {condition}")),
    }
}

fn comparison(name: &str, fields: &Map<String, Value>) -> Result<String, String> {
    let mut known = Vec::new();
    let mut variable = "inputs".to_owned();
    for part in name.split('.') {
        let part = literal(&Value::String(part.to_owned()));
        known.push(format!("{part} in {variable}"));
        variable = format!("{variable}[{part}]");
    }
    let known = known.join(" && ");
    let operators: Vec<(&String, &Value)> = fields.iter().filter(|(name, _)| *name != "var").collect();
    let Some((operator, value)) = operators.first() else {
        return Ok(format!("({known} && {variable} == true)"));
    };
    if operators.len() > 1 {
        return Err(format!("`{name}` is compared in more than one way at once"));
    }
    let value = literal(value);
    let test = match operator.as_str() {
        "equals" => format!("{variable} == {value}"),
        "not_equals" => return Ok(format!("!({known} && {variable} == {value})")),
        "gt" => format!("{variable} > {value}"),
        "gte" => format!("{variable} >= {value}"),
        "lt" => format!("{variable} < {value}"),
        "lte" => format!("{variable} <= {value}"),
        "contains" => format!("{variable}.contains({value})"),
        "startsWith" | "starts_with" => format!("{variable}.startsWith({value})"),
        "endsWith" | "ends_with" => format!("{variable}.endsWith({value})"),
        "matches" => format!("{variable}.matches({value})"),
        "in" => format!("{variable} in {value}"),
        other => return Err(format!("the comparison `{other}` is not known")),
    };
    Ok(format!("({known} && {test})"))
}

/// A value in CEL; JSON but for characters that CEL writes otherwise.
fn literal(value: &Value) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::condition::evaluate;
    use serde_json::json;

    #[test]
    fn conditions_hold_as_they_do_there() {
        let holds = |condition: &Value| {
            let source = to_cel(condition).expect("it can be carried over");
            let inputs = json!({"size": "large", "n": 3, "flag": true, "a": {"b": 1}, "t": "xyz"});
            evaluate(&[&source], &|name| (name == "inputs").then(|| inputs.clone())).remove(0)
        };
        for (condition, expected) in [
            (json!({"var": "size", "equals": "large"}), true),
            (json!({"var": "size", "equals": 3}), false),
            (json!({"var": "none", "equals": "large"}), false),
            (json!({"var": "none", "not_equals": "large"}), true),
            (json!({"var": "size", "not_equals": "large"}), false),
            (json!({"var": "n", "gte": 3}), true),
            (json!({"var": "n", "gt": 3}), false),
            (json!({"var": "flag"}), true),
            (json!({"var": "a.b", "equals": 1}), true),
            (json!({"var": "t", "contains": "y"}), true),
            (json!({"and": [{"var": "n", "lt": 4}, {"not": {"var": "flag", "equals": false}}]}), true),
            (json!({"or": [{"var": "none"}, {"var": "size", "equals": "large"}]}), true),
        ] {
            assert_eq!(holds(&condition), Ok(expected), "{condition}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let deep = (0..30).fold(json!({"var": "a"}), |inner, _| json!({"not": inner}));
        for condition in [
            json!("x"),
            json!({}),
            json!({"and": []}),
            json!({"var": 1, "equals": 1}),
            json!({"var": "a", "like": 1}),
            json!({"var": "a", "gt": 1, "lt": 3}),
            json!({"and": [{"var": "a"}], "var": "b"}),
            deep,
        ] {
            assert!(to_cel(&condition).is_err(), "{condition}");
        }
    }
}
