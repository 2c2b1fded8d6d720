//! Conditions: the one module that knows CEL, the Common Expression Language.
//!
//! CEL is strictly typed (`true` is not `1`, `"3"` is not `3`), and has no loops and no side effects.
//! What is left to bound is done here. Sources are at most [`LONGEST`] bytes. The parser, the evaluator and
//! the dropping of its trees recurse, so all of it happens on a thread of its own with a stack that
//! is deep enough for any source of that length; a panic in there is an answer, not the end. Macros
//! over lists inside macros over lists are costly, so what may be compared is bounded by [`MOST_WORK`].

use crate::text::nearest;
use cel::{
    Context, Env, Value as CelValue,
    common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue},
    objects::{Key, Map as CelMap},
    parser::PrattParser,
};
use serde_json::Value;
use std::{collections::HashMap, fmt, sync::Arc, thread};

/// The longest source, in bytes.
pub const LONGEST: usize = 4096;

/// The most work that one condition may ask for: the size of what it sees (values, and text by the
/// quarter kilobyte), to the power of how deep its macros nest.
pub const MOST_WORK: u64 = 100_000_000;

/// The deepest nesting that is evaluated; `1 + 1 + …` nests with each `+`.
pub const DEEPEST: usize = 512;

/// The deepest nesting that is parsed; what `&&`, `+` and the like join does not count.
const PARSED: u16 = 256;

/// Deep enough to read 4 KB of any nesting and to evaluate [`DEEPEST`], in debug builds too, where the
/// evaluator takes some 8 KB a level.
const STACK: usize = 16 << 20;

/// Why a condition can't be read or doesn't come to true or false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConditionError {
    /// Longer than [`LONGEST`]; its length in bytes.
    TooLong(usize),
    /// Not CEL.
    Syntax {
        /// Line in the source, from 1.
        line: u32,
        /// Column in the line, in characters, from 1.
        column: u32,
        /// What the parser says.
        message: String,
    },
    /// It comes to something that is neither true nor false; of what type.
    NotBoolean(String),
    /// It calls a function that there is not.
    UnknownFunction(String),
    /// It nests deeper than [`DEEPEST`].
    TooDeep,
    /// It compares more than [`MOST_WORK`] allows.
    TooCostly,
    /// It can't be evaluated: a name without a value, types that don't go together.
    Failed(String),
}

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(length) => {
                write!(f, "the condition is {length} bytes long; {LONGEST} are the most")
            }
            Self::Syntax { message, .. } => write!(f, "the condition can't be read: {message}"),
            Self::NotBoolean(kind) => {
                write!(f, "the condition comes to a value of type {kind}, not to true or false")
            }
            Self::UnknownFunction(name) => {
                write!(f, "there is no function `{name}` in a condition")?;
                match nearest(name, FUNCTIONS) {
                    Some(near) => write!(f, "; did you mean `{near}`?"),
                    None => write!(f, "; known are {}", FUNCTIONS.join(", ")),
                }
            }
            Self::TooCostly => {
                f.write_str("the condition compares too much: give it shorter lists, or nest fewer macros")
            }
            Self::TooDeep => write!(f, "the condition nests deeper than {DEEPEST} levels"),
            Self::Failed(why) => write!(f, "the condition can't be evaluated: {why}"),
        }
    }
}

impl std::error::Error for ConditionError {}

/// A name that a condition uses, with the fields that are taken of it: `inputs.issue` is `inputs`,
/// `issue`.
pub type NamePath = Vec<String>;

/// The functions that a condition can call, beside the macros `has`, `all`, `exists`, `exists_one`, `map`
/// and `filter`.
pub const FUNCTIONS: [&str; 16] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "string",
    "int",
    "uint",
    "double",
    "bool",
    "bytes",
    "type",
    "dyn",
    "hasValue",
    "orValue",
    "or",
];

/// Reads conditions without evaluating them; answers with the names that each one uses. What could never
/// come to true or false, whatever the values, is an error already here.
#[must_use]
pub fn names_in(sources: &[&str]) -> Vec<Result<Vec<NamePath>, ConditionError>> {
    on_deep_stack(sources, |source| {
        let expression = parse(source)?;
        let survey = Survey::of(&expression)?;
        if let Some(unknown) = survey.functions.into_iter().find(|name| !FUNCTIONS.contains(&name.as_str())) {
            return Err(ConditionError::UnknownFunction(unknown));
        }
        match never_boolean(&expression) {
            Some(kind) => Err(ConditionError::NotBoolean(kind.to_owned())),
            None => Ok(survey.names),
        }
    })
}

/// Evaluates conditions over `variables`, which is asked for the names that they use and no others.
#[must_use]
pub fn evaluate(
    sources: &[&str],
    variables: &(dyn Fn(&str) -> Option<Value> + Sync),
) -> Vec<Result<bool, ConditionError>> {
    on_deep_stack(sources, |source| {
        let expression = parse(source)?;
        let survey = Survey::of(&expression)?;
        let mut context = Context::with_env(Arc::new(Env::stdlib()));
        let mut size = source.len() as u64;
        for name in survey.roots() {
            if let Some(value) = variables(name) {
                size += weight(&value);
                context.add_variable_from_value(name, to_cel(&value));
            }
        }
        if size.checked_pow(survey.power).is_none_or(|work| work > MOST_WORK) {
            return Err(ConditionError::TooCostly);
        }
        match CelValue::resolve(&expression, &context) {
            Ok(CelValue::Bool(holds)) => Ok(holds),
            Ok(other) => Err(ConditionError::NotBoolean(other.type_of().to_string())),
            Err(error) => Err(ConditionError::Failed(shortened(&error.to_string()))),
        }
    })
}

/// Whether `name` can stand in a condition as it is.
#[must_use]
pub fn is_name(name: &str) -> bool {
    const RESERVED: [&str; 4] = ["true", "false", "null", "in"];
    name.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic())
        && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
        && !RESERVED.contains(&name)
}

/// Does `work` for each source, on a thread with a deep stack.
fn on_deep_stack<T: Send>(
    sources: &[&str],
    work: impl Fn(&str) -> Result<T, ConditionError> + Sync,
) -> Vec<Result<T, ConditionError>> {
    let failed = |why: &str| sources.iter().map(|_| Err(ConditionError::Failed(why.to_owned()))).collect();
    if sources.is_empty() {
        return Vec::new();
    }
    thread::scope(|scope| {
        let all = || sources.iter().map(|source| work(source)).collect();
        match thread::Builder::new().stack_size(STACK).spawn_scoped(scope, all) {
            Ok(thread) => thread.join().unwrap_or_else(|_| failed("the evaluator gave up")),
            Err(_) => failed("the system starts no thread"),
        }
    })
}

/// Of the crate's two parsers the one that is written by hand. The other is generated: before its first
/// expression it builds tables for 12 ms, and it is a quarter of what the system has to relocate at each start.
fn parse(source: &str) -> Result<IdedExpr, ConditionError> {
    if source.len() > LONGEST {
        return Err(ConditionError::TooLong(source.len()));
    }
    PrattParser::default().max_recursion_depth(PARSED).parse(source).map_err(|errors| {
        let first = errors.errors.first();
        let (line, column) = first.map_or((1, 1), |error| error.pos);
        let at_least_one = |number: isize| u32::try_from(number).unwrap_or(1).max(1);
        ConditionError::Syntax {
            line: at_least_one(line),
            column: at_least_one(column),
            message: first.map_or_else(String::new, |error| in_few_words(&error.msg)),
        }
    })
}

/// What the parser found, without the list of all that it would rather have found.
fn in_few_words(message: &str) -> String {
    let words = message.trim_start_matches("Syntax error: ");
    let words = words.split_once(" expecting ").map_or(words, |(found, _)| found);
    match words.strip_prefix("mismatched input ") {
        Some("<EOF>" | "'<EOF>'") => "it ends too early".to_owned(),
        Some(found) => shortened(&format!("unexpected {found}")),
        None => shortened(words),
    }
}

/// The first line, and not all of that when it is long: values show up in messages.
fn shortened(message: &str) -> String {
    const MOST: usize = 200;
    let line = message.lines().next().unwrap_or_default();
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

/// Of what type an expression is that is neither true nor false with any values at all.
fn never_boolean(expression: &IdedExpr) -> Option<&'static str> {
    match &expression.expr {
        Expr::Literal(LiteralValue::Boolean(_)) => None,
        Expr::Literal(LiteralValue::String(_)) | Expr::Struct(_) => Some("string"),
        Expr::Literal(LiteralValue::Null) => Some("null"),
        Expr::Literal(_) => Some("number"),
        Expr::List(_) => Some("list"),
        Expr::Map(_) => Some("map"),
        Expr::Call(call) => match call.func_name.as_str() {
            "_+_" | "_-_" | "_*_" | "_/_" | "_%_" | "-_" | "size" | "int" | "uint" | "double" => {
                Some("number")
            }
            "string" => Some("string"),
            _ => None,
        },
        _ => None,
    }
}

/// Which names an expression uses, how deep it nests, and how its work grows with what it sees.
#[derive(Default)]
struct Survey {
    names: Vec<NamePath>,
    /// The functions that it calls by a name, operators left out.
    functions: Vec<String>,
    /// 1 for an expression that looks at each value once.
    power: u32,
    /// The variables of the macros around.
    bound: Vec<String>,
    level: usize,
    deepest: usize,
}

impl Survey {
    fn of(expression: &IdedExpr) -> Result<Self, ConditionError> {
        let mut survey = Self { power: 1, ..Self::default() };
        survey.visit(expression, 0);
        if survey.deepest > DEEPEST { Err(ConditionError::TooDeep) } else { Ok(survey) }
    }

    fn roots(&self) -> Vec<&str> {
        let mut roots: Vec<&str> = self.names.iter().map(|path| path[0].as_str()).collect();
        roots.sort_unstable();
        roots.dedup();
        roots
    }

    fn visit(&mut self, expression: &IdedExpr, loops: u32) {
        self.power = self.power.max(loops);
        self.level += 1;
        self.deepest = self.deepest.max(self.level);
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) => {}
            Expr::Ident(_) | Expr::Select(_) => self.visit_name(expression, loops),
            Expr::Call(call) => {
                if is_name(&call.func_name) {
                    self.functions.push(call.func_name.clone());
                }
                let target = call.target.iter().map(AsRef::as_ref);
                target.chain(&call.args).for_each(|part| self.visit(part, loops));
            }
            Expr::List(list) => list.elements.iter().for_each(|part| self.visit(part, loops)),
            Expr::Map(map) => self.visit_entries(map.entries.iter().map(|entry| &entry.expr), loops),
            Expr::Struct(fields) => self.visit_entries(fields.entries.iter().map(|entry| &entry.expr), loops),
            Expr::Comprehension(comprehension) => self.visit_comprehension(comprehension, loops),
        }
        self.level -= 1;
    }

    fn visit_entries<'e>(&mut self, entries: impl Iterator<Item = &'e EntryExpr>, loops: u32) {
        for entry in entries {
            match entry {
                EntryExpr::StructField(field) => self.visit(&field.value, loops),
                EntryExpr::MapEntry(entry) => {
                    self.visit(&entry.key, loops);
                    self.visit(&entry.value, loops);
                }
            }
        }
    }

    /// `inputs.issue.title`, or a field of something that is no name.
    fn visit_name(&mut self, expression: &IdedExpr, loops: u32) {
        let mut fields = Vec::new();
        let mut at = expression;
        while let Expr::Select(select) = &at.expr {
            fields.push(select.field.clone());
            at = &select.operand;
        }
        self.deepest = self.deepest.max(self.level + fields.len());
        let Expr::Ident(name) = &at.expr else { return self.visit(at, loops) };
        if !self.bound.contains(name) && !name.starts_with('@') {
            // Inside a macro, what comes from outside is looked at once for each turn.
            self.power = self.power.max(loops + 1);
            let root = std::iter::once(name.trim_start_matches('.').to_owned());
            self.names.push(root.chain(fields.into_iter().rev()).collect());
        }
    }

    fn visit_comprehension(&mut self, comprehension: &ComprehensionExpr, loops: u32) {
        self.visit(&comprehension.iter_range, loops);
        self.visit(&comprehension.accu_init, loops);
        let before = self.bound.len();
        self.bound.push(comprehension.accu_var.clone());
        self.bound.push(comprehension.iter_var.clone());
        self.bound.extend(comprehension.iter_var2.clone());
        self.visit(&comprehension.loop_cond, loops + 1);
        self.visit(&comprehension.loop_step, loops + 1);
        self.visit(&comprehension.result, loops);
        self.bound.truncate(before);
    }
}

/// How much there is to look at in a value.
fn weight(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => 1 + text.len() as u64 / 256,
        Value::Array(items) => 1 + items.iter().map(weight).sum::<u64>(),
        Value::Object(fields) => 1 + fields.values().map(|value| 1 + weight(value)).sum::<u64>(),
    }
}

/// Numbers that are written as integers are `int`, whatever their sign; only what is too great for that
/// is `uint`.
fn to_cel(value: &Value) -> CelValue {
    match value {
        Value::Null => CelValue::Null,
        Value::Bool(value) => CelValue::Bool(*value),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => CelValue::Int(integer),
            (None, Some(integer)) => CelValue::UInt(integer),
            (None, None) => CelValue::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => CelValue::String(Arc::new(text.clone())),
        Value::Array(items) => CelValue::List(Arc::new(items.iter().map(to_cel).collect())),
        Value::Object(fields) => {
            let entries: HashMap<Key, CelValue> = fields
                .iter()
                .map(|(name, value)| (Key::String(Arc::new(name.clone())), to_cel(value)))
                .collect();
            CelValue::Map(CelMap { map: Arc::new(entries) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(source: &str, expected: Result<bool, &str>) {
        let variables = json!({
            "failed": 1, "total": 4, "rate": 0.5, "big": u64::MAX, "name": "lamp", "done": true,
            "tags": ["a", "b"], "inputs": {"size": "large"}, "evidence": {"x-y": 2}, "nothing": null,
        });
        let Value::Object(variables) = variables else { panic!("an object") };
        let found = evaluate(&[source], &|name| variables.get(name).cloned()).remove(0);
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{source}"),
            (Err(found), Err(expected)) => {
                assert!(found.to_string().contains(expected), "{source}: {found}");
            }
            (found, expected) => panic!("{source}: {found:?} for {expected:?}"),
        }
    }

    #[test]
    fn conditions_are_strict() {
        check("failed <= total", Ok(true));
        check("failed == 1 && rate < 1.0", Ok(true));
        check("name == 'lamp' && name.contains('am') && name.matches('^l')", Ok(true));
        check("tags.all(t, t.size() == 1)", Ok(true));
        check("'a' in tags && !('c' in tags)", Ok(true));
        check("inputs.size == \"large\"", Ok(true));
        check("has(inputs.size) && !has(inputs.colour)", Ok(true));
        check("evidence[\"x-y\"] == 2", Ok(true));
        check("done == 1", Ok(false));
        check("name == 1", Ok(false));
        check("big > 0u", Ok(true));
        check("'3' > 2", Err("can't be evaluated"));
        check("done > 0", Err("can't be evaluated"));
        check("nothing <= 3", Err("can't be evaluated"));
        check("failed", Err("type int"));
        check("fialed == 1", Err("fialed"));
        check("failed ==", Err("can't be read"));
        check("1 / 0 == 1", Err("zero"));
    }

    #[test]
    fn names_are_found_where_macros_do_not_bind_them() {
        let names = |source: &str| -> Vec<String> {
            let names = names_in(&[source]).remove(0).expect("it can be read");
            names.iter().map(|path| path.join(".")).collect()
        };
        assert_eq!(names("a.b.c + size(d) > e[f.g] ? true : !h"), ["a.b.c", "d", "e", "f.g", "h"]);
        assert_eq!(names("a.all(x, x > y && b.exists(z, z == x))"), ["a", "y", "b"]);
        assert_eq!(names("has(a.b) || {'k': v}.k == 1"), ["a.b", "v"]);
    }

    #[test]
    fn what_can_never_hold_is_an_error_before_it_is_evaluated() {
        let error = |source: &str| match names_in(&[source]).remove(0) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        assert!(error("system('ls') == 0").contains("no function `system`"));
        assert!(error("a.startWith('b')").contains("did you mean `startsWith`?"));
        assert!(error("l.all(x, exec(x))").contains("no function `exec`"));
        for source in ["a + 1", "size(a)", "'yes'", "1", "[true]", "-a"] {
            assert!(error(source).contains("not to true or false"), "{source}: {}", error(source));
        }
        for source in ["a", "a.b", "a[0]", "true", "a ? b : c", "!a", "a in b", "dyn(a)"] {
            assert_eq!(error(source), "", "{source}");
        }
    }

    #[test]
    fn every_function_that_is_offered_is_there() {
        for source in [
            "size(name) == 4",
            "name.contains('a')",
            "name.startsWith('l')",
            "name.endsWith('p')",
            "name.matches('^l')",
            "string(failed) == '1'",
            "int('3') == 3",
            "uint(3) == 3u",
            "double(3) == 3.0",
            "bool('true')",
            "bytes('a') == b'a'",
            "type(failed) == int",
            "dyn(done)",
            "optional.of(failed).hasValue()",
            "optional.of(failed).orValue(2) == 1",
            "optional.of(failed).or(optional.of(2)).hasValue()",
        ] {
            check(source, Ok(true));
            assert!(FUNCTIONS.iter().any(|name| source.contains(&format!("{name}("))), "{source}");
        }
    }

    #[test]
    fn syntax_errors_have_a_place() {
        let error = names_in(&["a &&\n  b b"]).remove(0).expect_err("not CEL");
        assert!(matches!(error, ConditionError::Syntax { line: 2, column: 5, .. }), "{error:?}");
    }

    #[test]
    fn hostile_sources_are_answered() {
        let deep = |open: &str, close: &str| {
            let depth = (LONGEST - 4) / (open.len() + close.len());
            format!("{}true{}", open.repeat(depth), close.repeat(depth))
        };
        let many = |part: &str| format!("{}true", part.repeat((LONGEST - 4) / part.len()));
        let nested = (0..40).fold("true".to_owned(), |inner, _| format!("[1,2,3,4,5,6,7,8].all(x, {inner})"));
        for source in [
            deep("(", ")"),
            deep("[", "]"),
            deep("{1:", "}"),
            deep("!(", ")"),
            many("!"),
            many("true&&"),
            many("true||"),
            many("true?true:"),
            many("x."),
            many("1+"),
            deep("size(", ")"),
            nested,
            "\0".to_owned(),
            "a\u{feff}".to_owned(),
        ] {
            // What it comes to is CEL's affair; that it comes to something is ours.
            let answers = evaluate(&[&source, "true"], &|_| None);
            assert_eq!(answers.len(), 2);
            assert_eq!(
                answers[1],
                Ok(true),
                "the next one is not harmed: {}",
                &source[..20.min(source.len())]
            );
        }
        let long = "1".repeat(LONGEST + 1);
        assert_eq!(evaluate(&[&long], &|_| None), [Err(ConditionError::TooLong(LONGEST + 1))]);
    }

    #[test]
    fn costly_conditions_are_refused_before_they_run() {
        let list: Vec<u32> = (0..100_000).collect();
        let Value::Object(variables) = json!({"l": list, "t": "x".repeat(8 << 20)}) else {
            panic!("an object")
        };
        let holds = |source: &str| evaluate(&[source], &|name| variables.get(name).cloned()).remove(0);
        assert_eq!(holds("l.all(x, x >= 0) && t.contains('x')"), Ok(true));
        assert_eq!(holds("l.map(x, x + 1).size() == 100000"), Ok(true));
        assert_eq!(holds("l.all(x, l.all(y, x <= y))"), Err(ConditionError::TooCostly));
        assert_eq!(holds("l.all(x, t.contains('y'))"), Err(ConditionError::TooCostly));
        assert_eq!(
            holds("[1,2].all(a, [1,2].all(b, [1,2].all(c, l.all(d, true))))"),
            Err(ConditionError::TooCostly)
        );
    }
}
