//! `validationCriteria`: what a step's output has to have in it. It becomes one field, [`OUTPUT`].

use crate::workflow::{
    check::pattern,
    fault::Fault,
    model::{Check, Field, FieldCheck, FieldType},
    shape,
    tree::{Node, Tree},
};

/// The evidence field that holds a step's output.
pub(super) const OUTPUT: &str = "output";

/// The deepest nesting of `and`, `or` and `not`.
const DEEPEST: usize = 16;

/// The field that the criteria ask for; none without criteria.
pub(super) fn fields(criteria: Option<&Node>, file: &str) -> (Vec<Field>, Vec<Fault>) {
    let Some(node) = criteria else { return (Vec::new(), Vec::new()) };
    let mut reader = Reader { file, faults: Vec::new() };
    let checks = match &node.tree {
        Tree::List(items) => items.iter().filter_map(|item| reader.check(item, 0)).collect(),
        _ => reader.check(node, 0).into_iter().collect(),
    };
    let field = Field {
        name: OUTPUT.to_owned(),
        kind: FieldType::String,
        optional: false,
        checks,
        description: "what the step came to".to_owned(),
        place: shape::place(file, node),
    };
    (vec![field], reader.faults)
}

struct Reader<'f> {
    file: &'f str,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn check(&mut self, node: &Node, depth: usize) -> Option<FieldCheck> {
        if depth > DEEPEST {
            return self.refuse(node, &format!("the criteria nest deeper than {DEEPEST} levels"));
        }
        let mut all = |name: &str| {
            let items = node.get(name)?.items();
            Some(items.iter().filter_map(|item| self.check(item, depth + 1)).collect::<Vec<_>>())
        };
        if let Some(checks) = all("and") {
            return Some(FieldCheck { check: Check::All(checks), message: None });
        }
        if let Some(checks) = all("or") {
            return Some(FieldCheck { check: Check::Any(checks), message: None });
        }
        if let Some(inner) = node.get("not") {
            let inner = self.check(inner, depth + 1)?;
            return Some(FieldCheck { check: Check::Not(Box::new(inner)), message: None });
        }
        if node.get("condition").is_some() {
            let place = shape::place(self.file, node);
            self.faults.push(Fault::warning(
                "not-carried-over",
                place,
                "the `condition` of a criterion is not carried over: it always holds",
            ));
        }
        let message = node.get("message").and_then(Node::as_str).map(str::to_owned);
        let check = self.simple(node)?;
        Some(FieldCheck { check, message })
    }

    fn simple(&mut self, node: &Node) -> Option<Check> {
        let text = |name: &str| node.get(name).and_then(Node::as_str).map(str::to_owned);
        let number = |name: &str| match &node.get(name)?.tree {
            Tree::Number(number) => number.as_u64(),
            _ => None,
        };
        match text("type").as_deref() {
            Some("contains") => match text("value") {
                Some(value) => Some(Check::ContainsText(value)),
                None => self.refuse(node, "a criterion `contains` lacks its `value`"),
            },
            Some("regex") => {
                let Some(source) = text("pattern") else {
                    return self.refuse(node, "a criterion `regex` lacks its `pattern`");
                };
                let flags: String =
                    text("flags").unwrap_or_default().chars().filter(|flag| "ims".contains(*flag)).collect();
                let source = if flags.is_empty() { source } else { format!("(?{flags}){source}") };
                match pattern(&source) {
                    Ok(_) => Some(Check::MatchesPattern(source)),
                    Err(why) => self.refuse(node, &format!("the pattern `{source}` can't be read: {why}")),
                }
            }
            Some("length") => {
                let least = number("min").map(Check::MinLength);
                let most = number("max").map(Check::MaxLength);
                let parts: Vec<FieldCheck> =
                    least.into_iter().chain(most).map(|check| FieldCheck { check, message: None }).collect();
                if parts.is_empty() {
                    self.refuse(node, "a criterion `length` lacks `min` and `max`")
                } else {
                    Some(Check::All(parts))
                }
            }
            Some(other) => self.refuse(node, &format!("a criterion of type `{other}` can't be checked here")),
            None => self.refuse(node, "a criterion lacks its `type`: contains, regex or length"),
        }
    }

    fn refuse<T>(&mut self, node: &Node, message: &str) -> Option<T> {
        self.faults.push(Fault::error("bad-criterion", shape::place(self.file, node), message));
        None
    }
}
