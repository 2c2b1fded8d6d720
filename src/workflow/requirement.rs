//! What a check wants, in a few words: nobody has to be refused to find out.

use super::model::{Check, FieldCheck, FieldType};
use std::fmt::Display;

impl FieldCheck {
    /// What must hold, to be read behind the name of the field.
    #[must_use]
    pub fn requirement(&self) -> String {
        self.message.clone().unwrap_or_else(|| requirement(&self.check))
    }
}

fn requirement(check: &Check) -> String {
    match check {
        Check::NonEmpty => "not empty".to_owned(),
        Check::ContainsAny(texts) => format!("contains one of {}", listed(texts)),
        Check::MatchesPattern(pattern) => format!("matches /{pattern}/"),
        Check::MinLength(least) => format!("at least {least} long"),
        Check::MaxLength(most) => format!("at most {most} long"),
        Check::Positive => "above 0".to_owned(),
        Check::NonNegative => "0 or above".to_owned(),
        Check::Negative => "below 0".to_owned(),
        Check::InRange(from, to) => format!("from {from} to {to}"),
        Check::Equals(value) => format!("equals {value}"),
        Check::NotEquals(value) => format!("is not {value}"),
        Check::HasFields(names) => format!("has {}", listed(names)),
        Check::ValidStructure(fields) => {
            let typed = fields.iter().map(|(name, kind)| format!("{name}: {}", kind_name(*kind)));
            format!("has {}", typed.collect::<Vec<_>>().join(", "))
        }
        Check::YamlParseable => "is YAML".to_owned(),
        Check::JsonParseable => "is JSON".to_owned(),
        Check::ContainsSuccess => "tells of success".to_owned(),
        Check::NoErrors => "tells of no error".to_owned(),
        Check::ContainsText(text) => format!("contains \"{text}\""),
        Check::NotContainsText(text) => format!("does not contain \"{text}\""),
        Check::ListNotEmpty => "has an item".to_owned(),
        Check::ListMinLength(least) => format!("has at least {least} items"),
        Check::AllItemsType(kind) => format!("every item is of type {}", kind_name(*kind)),
        Check::GreaterThan(number) => format!("above {number}"),
        Check::LessThan(number) => format!("below {number}"),
        Check::Between(low, high) => format!("above {low} and below {high}"),
        Check::Exists => "exists".to_owned(),
        Check::Sha256(None) => "is a file, whose hash is kept".to_owned(),
        Check::Sha256(Some(hash)) => format!("is a file with the SHA-256 {hash}"),
        Check::All(checks) => joined(checks, " and "),
        Check::Any(checks) => joined(checks, " or "),
        Check::Not(check) => format!("not: {}", check.requirement()),
    }
}

fn listed(texts: &[impl Display]) -> String {
    texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(", ")
}

fn joined(checks: &[FieldCheck], word: &str) -> String {
    checks.iter().map(FieldCheck::requirement).collect::<Vec<_>>().join(word)
}

fn kind_name(kind: FieldType) -> String {
    format!("{kind:?}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_say_what_they_want() {
        let of = |check| FieldCheck { check, message: None };
        for (check, expected) in [
            (Check::MinLength(40), "at least 40 long"),
            (Check::ContainsAny(vec!["a".into(), "b".into()]), "contains one of \"a\", \"b\""),
            (Check::InRange(1.into(), 5.into()), "from 1 to 5"),
            (Check::Equals("yes".into()), "equals \"yes\""),
            (Check::ValidStructure(vec![("n".into(), FieldType::Integer)]), "has n: integer"),
            (Check::Any(vec![of(Check::Positive), of(Check::Negative)]), "above 0 or below 0"),
            (Check::Not(Box::new(of(Check::NonEmpty))), "not: not empty"),
        ] {
            assert_eq!(of(check).requirement(), expected);
        }
        let own = FieldCheck { check: Check::NonEmpty, message: Some("say why".into()) };
        assert_eq!(own.requirement(), "say why");
    }
}
