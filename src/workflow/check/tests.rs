use super::*;
use serde_json::json;

/// The value passes, or it fails with words that contain `fault`.
#[track_caller]
fn check_type(kind: FieldType, value: &Value, fault: &str) {
    let found = type_fault(kind, value).unwrap_or_default();
    assert!(
        if fault.is_empty() { found.is_empty() } else { found.contains(fault) },
        "{kind:?} {value}: {found:?}"
    );
}

#[track_caller]
fn check(check: Check, value: impl Into<Value>, fault: &str) {
    let (check, value) = (FieldCheck { check, message: None }, value.into());
    match (apply(&check, &value, &Facts::default()), fault) {
        (Outcome::Holds, "") => {}
        (Outcome::Fails(found), fault) if !fault.is_empty() => {
            assert!(found.contains(fault), "{check:?}: {found}");
        }
        (outcome, _) => panic!("{check:?} {value}: {outcome:?}, expected {fault:?}"),
    }
}

#[test]
fn types_do_not_coerce() {
    check_type(FieldType::Integer, &json!(3), "");
    check_type(FieldType::Integer, &json!(-3), "");
    check_type(FieldType::Integer, &json!(u64::MAX), "");
    check_type(FieldType::Integer, &json!(true), "an integer, not the boolean true");
    check_type(FieldType::Integer, &json!("3"), "an integer, not the text \"3\"");
    check_type(FieldType::Integer, &json!(2.5), "an integer, not 2.5");
    check_type(FieldType::Integer, &json!(2.0), "an integer, not 2.0");
    check_type(FieldType::Integer, &json!(null), "not nothing");
    check_type(FieldType::Number, &json!(2.5), "");
    check_type(FieldType::Number, &json!(false), "a number");
    check_type(FieldType::Boolean, &json!(false), "");
    check_type(FieldType::Boolean, &json!(1), "a boolean");
    check_type(FieldType::Boolean, &json!("true"), "a boolean");
    check_type(FieldType::String, &json!(1), "text");
    check_type(FieldType::List, &json!("a"), "a list");
    check_type(FieldType::Object, &json!([]), "an object, not a list of 0");
    check_type(FieldType::Any, &json!(null), "");
    check_type(FieldType::Commit, &json!("0123abc"), "");
    check_type(FieldType::Commit, &json!("HEAD"), "hex digits");
    check_type(FieldType::Url, &json!("https://example.com/a?b#c"), "");
    for bad in ["", "example.com", "ftp://a", "https://", "https:///a", "http://a b", "javascript:x"] {
        check_type(FieldType::Url, &json!(bad), "http");
    }
}

#[test]
fn paths_stay_in_the_workspace() {
    for good in ["a.md", "docs/a.md", "./a", "a..b", "é/▶.md", "docs/"] {
        check_type(FieldType::Path, &json!(good), "");
    }
    for bad in [
        "",
        " ",
        "/etc/passwd",
        "../a",
        "a/../../b",
        "a\\..\\b",
        "~/a",
        "C:\\a",
        "c:a",
        "a\0b",
        "a\nb",
        "\\\\host",
    ] {
        assert!(type_fault(FieldType::Path, &json!(bad)).is_some(), "{bad:?}");
    }
    check_type(FieldType::Path, &json!(7), "a path");
}

#[test]
fn named_checks() {
    let number = |text: &str| serde_json::from_str::<Number>(text).expect("a number");
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    check(Check::NonEmpty, json!("a"), "");
    check(Check::NonEmpty, json!(" \n"), "empty");
    check(Check::NonEmpty, json!([]), "empty");
    check(Check::NonEmpty, json!({}), "empty");
    check(Check::NonEmpty, json!(0), "");
    check(Check::ContainsAny(words(&["ok", "Fine"])), json!("all is fine"), "");
    check(Check::ContainsAny(words(&["ok"])), json!("no"), "one of \"ok\"");
    check(Check::MatchesPattern("^v\\d+$".to_owned()), json!("v12"), "");
    check(Check::MatchesPattern("^v\\d+$".to_owned()), json!("v"), "`^v\\d+$`");
    check(Check::MatchesPattern("(".to_owned()), json!("v"), "can't be checked");
    check(Check::MinLength(3), json!("▶▶▶"), "");
    check(Check::MinLength(3), json!("ab"), "at least 3 characters, not 2");
    check(Check::MinLength(3), json!(" a \n\t"), "at least 3 characters, not 1");
    check(Check::MaxLength(3), json!(" a  "), "more than 3 characters, and has 4");
    check(Check::MinLength(1), json!(3), "text, a list or an object");
    check(Check::MaxLength(2), json!(["a", "b", "c"]), "more than 2 items, and has 3");
    check(Check::Positive, json!(1), "");
    check(Check::Positive, json!(0), "above 0, not 0");
    check(Check::Positive, json!(0.1), "");
    check(Check::Positive, json!(true), "a number, not the boolean true");
    check(Check::NonNegative, json!(0), "");
    check(Check::NonNegative, json!(-1), "0 or above");
    check(Check::Negative, json!(-0.5), "");
    check(Check::Negative, json!(0), "below 0");
    check(Check::InRange(number("1"), number("5")), json!(5), "");
    check(Check::InRange(number("1"), number("5")), json!(9), "from 1 to 5, not 9");
    check(Check::InRange(number("1"), number("5")), json!("3"), "a number, not the text");
    check(Check::GreaterThan(number("9007199254740992")), json!(9_007_199_254_740_993_u64), "");
    check(Check::GreaterThan(number("1")), json!(1), "above 1");
    check(Check::LessThan(number("0.5")), json!(0.4), "");
    check(Check::LessThan(number("0")), json!(u64::MAX), "below 0");
    check(Check::Between(number("0"), number("1")), json!(0.5), "");
    check(Check::Between(number("0"), number("1")), json!(1), "above 0 and below 1");
    check(Check::Equals(json!(1)), json!(1.0), "");
    check(Check::Equals(json!(1)), json!(true), "has to be 1");
    check(Check::Equals(json!("3")), json!(3), "has to be \"3\"");
    check(Check::NotEquals(json!("x")), json!("y"), "");
    check(Check::NotEquals(json!("x")), json!("x"), "must not be");
    check(Check::HasFields(words(&["a", "b"])), json!({"a": 1, "b": 2, "c": 3}), "");
    check(Check::HasFields(words(&["a", "b"])), json!({"a": 1}), "lacks the field `b`");
    check(Check::HasFields(words(&["a"])), json!("a"), "an object");
    let structure = || Check::ValidStructure(vec![("a".to_owned(), FieldType::Integer)]);
    check(structure(), json!({"a": 1}), "");
    check(structure(), json!({"a": true}), "field `a` that has to be an integer");
    check(Check::JsonParseable, json!("{\"a\": [1]}"), "");
    check(Check::JsonParseable, json!("{a: 1}"), "JSON");
    check(Check::YamlParseable, json!("a: [1, 2]\nb: no\n"), "");
    check(Check::YamlParseable, json!("a: [1\nb: 2"), "YAML");
    check(Check::ContainsText("test result: ok".to_owned()), json!("test result: ok. 4 passed"), "");
    check(Check::ContainsText("a".to_owned()), json!("b"), "contain \"a\"");
    check(Check::NotContainsText("TODO".to_owned()), json!("a TODO"), "must not contain \"TODO\"");
    check(Check::ListNotEmpty, json!(["a"]), "");
    check(Check::ListNotEmpty, json!([]), "empty");
    check(Check::ListNotEmpty, json!("abc"), "a list, not the text");
    check(Check::ListMinLength(2), json!(["a"]), "at least 2 items, not 1");
    check(Check::AllItemsType(FieldType::Integer), json!([1, 2]), "");
    check(Check::AllItemsType(FieldType::Integer), json!([1, true]), "item 2 that has to be an integer");
}

#[test]
fn success_and_errors_are_told_from_words() {
    for good in ["4 passed", "OK", "Build succeeded.", "completed", "it is clean"] {
        check(Check::ContainsSuccess, json!(good), "");
    }
    for bad in [
        "",
        "it works, trust me",
        "tokens",
        "bypassing",
        "failed",
        "1 passed; 2 failed",
        "Tests: 1 failed, 4 passed",
        "ok, 3 tests failed",
        "12 passing, 1 failing",
        "OK (failures=2)",
    ] {
        check(Check::ContainsSuccess, json!(bad), "success");
    }
    for good in
        ["", "0 errors", "no errors found", "0 failed; 4 passed", "errors: 0", "without any error", "terror"]
    {
        check(Check::NoErrors, json!(good), "");
    }
    for bad in
        ["error[E0308]", "1 failed", "10 errors", "thread panicked", "Traceback (most recent", "FAILED"]
    {
        check(Check::NoErrors, json!(bad), "error");
    }
}

#[test]
fn combined_checks() {
    let contains = |word: &str, message: Option<&str>| FieldCheck {
        check: Check::ContainsText(word.to_owned()),
        message: message.map(str::to_owned),
    };
    let both = || Check::All(vec![contains("a", None), contains("b", Some("say b"))]);
    check(both(), json!("a b"), "");
    check(both(), json!("a"), "say b");
    let either = || Check::Any(vec![contains("a", Some("say a")), contains("b", Some("or b"))]);
    check(either(), json!("b"), "");
    check(either(), json!("c"), "say a; or or b");
    let not = || Check::Not(Box::new(contains("TODO", Some("no TODO left"))));
    check(not(), json!("done"), "");
    check(not(), json!("TODO"), "no TODO left");
}

#[test]
fn what_the_shell_knows_is_asked_for() {
    let run = |check: Check, value: Value, facts: &Facts| {
        apply(&FieldCheck { check, message: None }, &value, facts)
    };
    let exists = |path: &str| Question::Exists(path.to_owned());
    let hash = |path: &str| Question::Sha256(path.to_owned());
    let nothing = Facts::default();
    assert_eq!(run(Check::Exists, json!("a"), &nothing), Outcome::Asks(vec![exists("a")]));
    assert_eq!(
        run(Check::Exists, json!(["a", "b"]), &nothing),
        Outcome::Asks(vec![exists("a"), exists("b")])
    );
    assert!(matches!(run(Check::Exists, json!("../a"), &nothing), Outcome::Fails(_)), "never asked");
    assert!(matches!(run(Check::Exists, json!(1), &nothing), Outcome::Fails(_)));
    let facts: Facts = [
        (exists("a"), Answer::Yes),
        (exists("b"), Answer::No),
        (exists("c"), Answer::Refused("it leads out of the workspace".to_owned())),
        (hash("a"), Answer::Hash("aa".to_owned())),
        (hash("b"), Answer::No),
    ]
    .into_iter()
    .collect();
    assert_eq!(run(Check::Exists, json!("a"), &facts), Outcome::Holds);
    assert_eq!(
        run(Check::Exists, json!(["a", "b"]), &facts),
        Outcome::Fails("names \"b\", which is not there".to_owned())
    );
    assert_eq!(
        run(Check::Exists, json!("c"), &facts),
        Outcome::Fails("names \"c\": it leads out of the workspace".to_owned())
    );
    assert_eq!(run(Check::Sha256(None), json!("a"), &facts), Outcome::Holds);
    assert_eq!(run(Check::Sha256(Some("AA".to_owned())), json!("a"), &facts), Outcome::Holds);
    assert!(matches!(run(Check::Sha256(Some("bb".to_owned())), json!("a"), &facts), Outcome::Fails(_)));
    assert!(matches!(run(Check::Sha256(None), json!("b"), &facts), Outcome::Fails(_)));
}

#[test]
fn patterns_are_bounded() {
    assert_eq!(pattern("(a{500}){500}").expect_err("too big"), "the pattern is too big");
    assert!(pattern("(").expect_err("open").contains("unclosed"));
}
