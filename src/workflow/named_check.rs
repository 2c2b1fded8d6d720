//! The names of the checks, and their parameters: by position in our own forms (`in_range 1 5`), by name
//! in others' (`{min_val: 1, max_val: 5}`).

use super::{
    check::pattern,
    model::{Check, FieldType},
};
use crate::text::nearest;
use serde_json::{Number, Value};

/// Every name that a check goes by, with what it takes.
pub const NAMED_CHECKS: [(&str, &str); 29] = [
    ("non_empty", ""),
    ("contains_any", "TEXT …"),
    ("matches_pattern", "PATTERN"),
    ("matches", "PATTERN"),
    ("min_length", "N"),
    ("max_length", "N"),
    ("positive", ""),
    ("non_negative", ""),
    ("negative", ""),
    ("in_range", "LEAST MOST"),
    ("equals", "VALUE"),
    ("not_equals", "VALUE"),
    ("has_fields", "NAME …"),
    ("valid_structure", "NAME:TYPE …"),
    ("yaml_parseable", ""),
    ("json_parseable", ""),
    ("contains_success", ""),
    ("no_errors", ""),
    ("contains_text", "TEXT"),
    ("contains", "TEXT"),
    ("not_contains_text", "TEXT"),
    ("list_not_empty", ""),
    ("list_min_length", "N"),
    ("all_items_type", "TYPE"),
    ("greater_than", "NUMBER"),
    ("less_than", "NUMBER"),
    ("between", "NUMBER NUMBER"),
    ("exists", ""),
    ("sha256", "[HASH]"),
];

/// The parameters of a check, in the order they were written, some with a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parameters(pub(super) Vec<(Option<String>, Value)>);

/// Why a check can't be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnreadableCheck {
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// The check of this name with these parameters.
pub(super) fn named_check(name: &str, mut parameters: Parameters) -> Result<Check, UnreadableCheck> {
    let Some((_, takes)) = NAMED_CHECKS.iter().find(|(known, _)| *known == name) else {
        let known = NAMED_CHECKS.iter().map(|(known, _)| *known);
        let near = nearest(name, known.chain(["optional"]));
        let hint = near.map_or_else(
            || format!("the named checks are {}", NAMED_CHECKS.map(|(known, _)| known).join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(UnreadableCheck {
            message: format!("there is no check named `{name}`"),
            hint: Some(hint),
        });
    };
    let unreadable = |message: String| {
        let hint = if takes.is_empty() {
            format!("`{name}` takes no parameters")
        } else {
            format!("write `{name} {takes}`")
        };
        UnreadableCheck { message, hint: Some(hint) }
    };
    let check =
        build(name, &mut parameters).map_err(|what| unreadable(format!("the check `{name}` {what}")))?;
    match parameters.0.first() {
        None => Ok(check),
        Some((Some(extra), _)) => Err(unreadable(format!("the check `{name}` has no parameter `{extra}`"))),
        Some((None, extra)) => {
            Err(unreadable(format!("the check `{name}` takes no further parameter, as {extra}")))
        }
    }
}

/// Why a check can never hold for a value of this type: its name, and what it looks at.
pub(super) fn mismatch(check: &Check, kind: FieldType) -> Option<(&'static str, &'static str)> {
    use FieldType as Type;
    let is_text = matches!(kind, Type::String | Type::Path | Type::Commit | Type::Url);
    let (name, looks_at, fits) = match check {
        Check::MinLength(_) | Check::MaxLength(_) => {
            let fits = is_text || matches!(kind, Type::List | Type::Object);
            let name = if matches!(check, Check::MinLength(_)) { "min_length" } else { "max_length" };
            (name, "text, lists and objects", fits)
        }
        Check::ListNotEmpty => ("list_not_empty", "lists", kind == Type::List),
        Check::ListMinLength(_) => ("list_min_length", "lists", kind == Type::List),
        Check::AllItemsType(_) => ("all_items_type", "lists", kind == Type::List),
        Check::HasFields(_) => ("has_fields", "objects", kind == Type::Object),
        Check::ValidStructure(_) => ("valid_structure", "objects", kind == Type::Object),
        Check::Exists => ("exists", "paths and lists of them", is_text || kind == Type::List),
        Check::Sha256(_) => ("sha256", "paths and lists of them", is_text || kind == Type::List),
        Check::Equals(value) => ("equals", "values of the same type", kind.fault(value).is_none()),
        _ => match number_check(check) {
            Some(name) => (name, "numbers", matches!(kind, Type::Integer | Type::Number)),
            None => (text_check(check)?, "text", is_text),
        },
    };
    (!fits && kind != Type::Any).then_some((name, looks_at))
}

fn number_check(check: &Check) -> Option<&'static str> {
    Some(match check {
        Check::Positive => "positive",
        Check::NonNegative => "non_negative",
        Check::Negative => "negative",
        Check::InRange(..) => "in_range",
        Check::GreaterThan(_) => "greater_than",
        Check::LessThan(_) => "less_than",
        Check::Between(..) => "between",
        _ => return None,
    })
}

fn text_check(check: &Check) -> Option<&'static str> {
    Some(match check {
        Check::ContainsAny(_) => "contains_any",
        Check::MatchesPattern(_) => "matches_pattern",
        Check::YamlParseable => "yaml_parseable",
        Check::JsonParseable => "json_parseable",
        Check::ContainsSuccess => "contains_success",
        Check::NoErrors => "no_errors",
        Check::ContainsText(_) => "contains_text",
        Check::NotContainsText(_) => "not_contains_text",
        _ => return None,
    })
}

/// A type by its name; with the names that others use.
pub(super) fn field_type(name: &str) -> Option<FieldType> {
    Some(match name {
        "string" | "str" | "text" => FieldType::String,
        "integer" | "int" => FieldType::Integer,
        "number" | "float" => FieldType::Number,
        "boolean" | "bool" => FieldType::Boolean,
        "list" | "array" => FieldType::List,
        "object" | "dict" => FieldType::Object,
        "path" => FieldType::Path,
        "commit" => FieldType::Commit,
        "url" => FieldType::Url,
        "any" => FieldType::Any,
        _ => return None,
    })
}

/// The names of the types, as our own forms write them.
pub const FIELD_TYPES: [&str; 10] =
    ["string", "integer", "number", "boolean", "list", "object", "path", "commit", "url", "any"];

fn build(name: &str, parameters: &mut Parameters) -> Result<Check, String> {
    Ok(match name {
        "non_empty" => Check::NonEmpty,
        "contains_any" => Check::ContainsAny(parameters.texts(&[
            "values",
            "keywords",
            "substrings",
            "words",
            "options",
            "texts",
        ])?),
        "matches_pattern" | "matches" => Check::MatchesPattern(parameters.pattern()?),
        "min_length" => {
            Check::MinLength(parameters.count(&["min_len", "min_length", "length", "min", "n"])?)
        }
        "max_length" => {
            Check::MaxLength(parameters.count(&["max_len", "max_length", "length", "max", "n"])?)
        }
        "positive" => Check::Positive,
        "non_negative" => Check::NonNegative,
        "negative" => Check::Negative,
        "in_range" => {
            let (least, most) = parameters.bounds()?;
            Check::InRange(least, most)
        }
        "between" => {
            let (least, most) = parameters.bounds()?;
            Check::Between(least, most)
        }
        "equals" => Check::Equals(parameters.take(&["value", "expected"])?),
        "not_equals" => Check::NotEquals(parameters.take(&["value", "expected", "forbidden"])?),
        "has_fields" => {
            Check::HasFields(parameters.texts(&["fields", "required_fields", "required_keys", "keys"])?)
        }
        "valid_structure" => Check::ValidStructure(parameters.structure()?),
        "yaml_parseable" => Check::YamlParseable,
        "json_parseable" => Check::JsonParseable,
        "contains_success" => Check::ContainsSuccess,
        "no_errors" => Check::NoErrors,
        "contains_text" | "contains" => {
            Check::ContainsText(parameters.text(&["text", "value", "substring"])?)
        }
        "not_contains_text" => Check::NotContainsText(parameters.text(&["text", "value", "substring"])?),
        "list_not_empty" => Check::ListNotEmpty,
        "list_min_length" => Check::ListMinLength(parameters.count(&[
            "min_len",
            "min_length",
            "length",
            "min",
            "min_items",
            "n",
        ])?),
        "all_items_type" => {
            Check::AllItemsType(parameters.of_type(&["item_type", "type", "expected_type"])?)
        }
        "greater_than" => Check::GreaterThan(parameters.number(&["value", "threshold", "min_val", "min"])?),
        "less_than" => Check::LessThan(parameters.number(&["value", "threshold", "max_val", "max"])?),
        "exists" => Check::Exists,
        "sha256" => Check::Sha256(parameters.hash()?),
        _ => return Err("is not built".to_owned()),
    })
}

impl Parameters {
    /// The parameter of one of these names, or else the first without a name.
    fn take(&mut self, names: &[&str]) -> Result<Value, String> {
        let by_name = |(given, _): &(Option<String>, Value)| {
            given.as_deref().is_some_and(|given| names.contains(&given))
        };
        let place =
            self.0.iter().position(by_name).or_else(|| self.0.iter().position(|(given, _)| given.is_none()));
        match place {
            Some(place) => Ok(self.0.remove(place).1),
            None => Err(format!("lacks its parameter ({})", names[0])),
        }
    }

    fn text(&mut self, names: &[&str]) -> Result<String, String> {
        match self.take(names)? {
            Value::String(text) => Ok(text),
            other => Err(format!("takes text, not {other}")),
        }
    }

    fn number(&mut self, names: &[&str]) -> Result<Number, String> {
        match self.take(names)? {
            Value::Number(number) => Ok(number),
            other => Err(format!("takes a number, not {other}")),
        }
    }

    fn count(&mut self, names: &[&str]) -> Result<u64, String> {
        let number = self.number(names)?;
        number.as_u64().ok_or_else(|| format!("takes a whole number of 0 or more, not {number}"))
    }

    fn bounds(&mut self) -> Result<(Number, Number), String> {
        let least = self.number(&["min_val", "min", "least", "lower", "low"])?;
        let most = self.number(&["max_val", "max", "most", "upper", "high"])?;
        if least.as_f64() > most.as_f64() {
            return Err(format!("can't hold for any number: {least} is above {most}"));
        }
        Ok((least, most))
    }

    /// A list under one of these names, or all that have no name.
    fn texts(&mut self, names: &[&str]) -> Result<Vec<String>, String> {
        let mut values = Vec::new();
        while let Ok(value) = self.take(names) {
            match value {
                Value::Array(items) => values.extend(items),
                other => values.push(other),
            }
        }
        if values.is_empty() {
            return Err(format!("lacks its parameters ({})", names[0]));
        }
        let text = |value: Value| match value {
            Value::String(text) => Ok(text),
            other => Err(format!("takes texts, not {other}")),
        };
        values.into_iter().map(text).collect()
    }

    fn pattern(&mut self) -> Result<String, String> {
        let source = self.text(&["pattern", "regex"])?;
        pattern(&source).map(|_| ()).map_err(|why| format!("has a pattern that can't be read: {why}"))?;
        Ok(source)
    }

    fn of_type(&mut self, names: &[&str]) -> Result<FieldType, String> {
        let name = self.text(names)?;
        field_type(&name).ok_or_else(|| format!("takes a type, not `{name}`"))
    }

    fn hash(&mut self) -> Result<Option<String>, String> {
        let Ok(hash) = self.text(&["hash", "value", "expected"]) else { return Ok(None) };
        if hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Some(hash.to_ascii_lowercase()))
        } else {
            Err("takes 64 hex digits".to_owned())
        }
    }

    /// `a:integer b:string`, or a map of names and types.
    fn structure(&mut self) -> Result<Vec<(String, FieldType)>, String> {
        const NAMES: [&str; 4] = ["structure", "schema", "fields", "expected"];
        let mut fields = Vec::new();
        let mut add = |name: &str, kind: &str| {
            let kind =
                field_type(kind).ok_or_else(|| format!("takes names with types, and `{kind}` is no type"))?;
            fields.push((name.to_owned(), kind));
            Ok::<(), String>(())
        };
        while let Ok(value) = self.take(&NAMES) {
            match value {
                Value::Object(map) => {
                    map.iter().try_for_each(|(name, kind)| add(name, kind.as_str().unwrap_or_default()))?;
                }
                Value::String(text) => {
                    let (name, kind) = text.split_once(':').unwrap_or((&text, "any"));
                    add(name, kind)?;
                }
                other => return Err(format!("takes names with types, not {other}")),
            }
        }
        if fields.is_empty() { Err("lacks its parameters (name:type)".to_owned()) } else { Ok(fields) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(name: &str, parameters: &Value, expected: &str) {
        let parameters = match parameters {
            Value::Object(map) => {
                map.iter().map(|(name, value)| (Some(name.clone()), value.clone())).collect()
            }
            Value::Array(items) => items.iter().map(|value| (None, value.clone())).collect(),
            _ => Vec::new(),
        };
        let found = match named_check(name, Parameters(parameters)) {
            Ok(check) => format!("{check:?}"),
            Err(error) => format!("{}; {}", error.message, error.hint.unwrap_or_default()),
        };
        assert_eq!(found, expected, "{name}");
    }

    #[test]
    fn parameters_come_by_position_or_by_name() {
        check("in_range", &json!([1, 5]), "InRange(Number(1), Number(5))");
        check("in_range", &json!({"max_val": 5, "min_val": 1}), "InRange(Number(1), Number(5))");
        check("contains_text", &json!({"text": "ok"}), "ContainsText(\"ok\")");
        check("contains_any", &json!(["a", "b"]), "ContainsAny([\"a\", \"b\"])");
        check("contains_any", &json!({"keywords": ["a", "b"]}), "ContainsAny([\"a\", \"b\"])");
        check(
            "valid_structure",
            &json!(["a:integer", "b"]),
            "ValidStructure([(\"a\", Integer), (\"b\", Any)])",
        );
        check("equals", &json!([true]), "Equals(Bool(true))");
        check("sha256", &json!([]), "Sha256(None)");
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        check("positve", &json!([]), "there is no check named `positve`; did you mean `positive`?");
        check(
            "positive",
            &json!([3]),
            "the check `positive` takes no further parameter, as 3; `positive` takes no parameters",
        );
        check(
            "in_range",
            &json!([1]),
            "the check `in_range` lacks its parameter (min_val); write `in_range LEAST MOST`"
                .replace("(min_val)", "(max_val)")
                .as_str(),
        );
        check(
            "in_range",
            &json!([5, 1]),
            "the check `in_range` can't hold for any number: 5 is above 1; write `in_range LEAST MOST`",
        );
        check(
            "min_length",
            &json!([-1]),
            "the check `min_length` takes a whole number of 0 or more, not -1; write `min_length N`",
        );
        check("contains", &json!([1]), "the check `contains` takes text, not 1; write `contains TEXT`");
        check(
            "in_range",
            &json!({"min_val": 1, "max_val": 2, "step": 1}),
            "the check `in_range` has no parameter `step`; write `in_range LEAST MOST`",
        );
        check(
            "matches",
            &json!(["("]),
            "the check `matches` has a pattern that can't be read: unclosed group; write `matches PATTERN`",
        );
        check("sha256", &json!(["abc"]), "the check `sha256` takes 64 hex digits; write `sha256 [HASH]`");
    }

    #[test]
    fn a_check_that_can_never_hold_is_told_by_the_type() {
        let check = |name: &str, parameters: &[Value], kind: FieldType| {
            let parameters = parameters.iter().map(|value| (None, value.clone())).collect();
            mismatch(&named_check(name, Parameters(parameters)).expect(name), kind)
        };
        assert_eq!(check("positive", &[], FieldType::String), Some(("positive", "numbers")));
        assert_eq!(check("positive", &[], FieldType::Integer), None);
        assert_eq!(check("positive", &[], FieldType::Any), None);
        assert_eq!(check("no_errors", &[], FieldType::List), Some(("no_errors", "text")));
        assert_eq!(check("exists", &[], FieldType::List), None);
        assert_eq!(check("exists", &[], FieldType::Boolean), Some(("exists", "paths and lists of them")));
        assert_eq!(
            check("equals", &[json!(3)], FieldType::String),
            Some(("equals", "values of the same type"))
        );
        assert_eq!(check("not_equals", &[json!(3)], FieldType::String), None);
        assert_eq!(check("non_empty", &[], FieldType::Boolean), None);
    }

    #[test]
    fn every_name_can_be_built() {
        for (name, takes) in NAMED_CHECKS {
            let parameters = match takes {
                "" | "[HASH]" => vec![],
                "N" => vec![json!(1)],
                "NUMBER" => vec![json!(1)],
                "LEAST MOST" | "NUMBER NUMBER" => vec![json!(1), json!(2)],
                "TYPE" => vec![json!("string")],
                _ => vec![json!("a")],
            };
            let parameters = Parameters(parameters.into_iter().map(|value| (None, value)).collect());
            assert!(named_check(name, parameters).is_ok(), "{name}");
        }
    }
}
