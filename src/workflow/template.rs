//! Filling `{{ … }}` in an author's text, when a phase is handed out.
//!
//! Templates see values and nothing else: no files, no functions, a handful of filters. A name that has no
//! value is an error, not an empty place.

use super::{
    model::{Phase, Task},
    scope::Scope,
};
use minijinja::{
    Environment, UndefinedBehavior,
    syntax::SyntaxConfig,
    value::{Serde, Value as TemplateValue},
};
use serde_json::json;
use std::fmt;

/// Instructions that one text may take. A page of text with a loop over a hundred files takes 2,000.
const FUEL: u64 = 50_000;

/// The longest `{{ … }}` or `{% … %}`, in bytes.
const LONGEST_TAG: usize = 512;

/// Why a text can't be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Line in the text, from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the text can't be filled in: {}", self.line, self.message)
    }
}

impl std::error::Error for TemplateError {}

impl Phase {
    /// The text as it is handed out.
    ///
    /// # Errors
    /// When it names something that has no value.
    pub fn text_in(&self, scope: &Scope) -> Result<String, TemplateError> {
        if self.is_template { render(&self.text, scope) } else { Ok(self.text.clone()) }
    }

    /// The text of one of its tasks as it is handed out.
    ///
    /// # Errors
    /// When it names something that has no value.
    pub fn task_text_in(&self, task: &Task, scope: &Scope) -> Result<String, TemplateError> {
        if self.is_template { render(&task.text, scope) } else { Ok(task.text.clone()) }
    }
}

fn render(text: &str, scope: &Scope) -> Result<String, TemplateError> {
    bounded(text)?;
    let environment = environment();
    let template = environment.template_from_str(text).map_err(|error| fault(&error))?;
    let values = json!({ "inputs": scope.inputs, "earlier": scope.earlier, "target": scope.target });
    template.render(TemplateValue::from(Serde(values))).map_err(|error| fault(&error))
}

/// The names that a text uses, with their fields: `inputs.issue`.
///
/// # Errors
/// When it is no template.
pub(super) fn names_in(text: &str) -> Result<Vec<Vec<String>>, TemplateError> {
    bounded(text)?;
    let environment = environment();
    let template = environment.template_from_str(text).map_err(|error| fault(&error))?;
    let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
    names.sort();
    Ok(names.iter().map(|name| name.split('.').map(str::to_owned).collect()).collect())
}

/// Refuses tags that are so long that reading what is in them could take a deep stack.
fn bounded(text: &str) -> Result<(), TemplateError> {
    let mut at = 0;
    while let Some(open) =
        text[at..].find("{{").into_iter().chain(text[at..].find("{%")).min().map(|found| at + found)
    {
        let close = if text[open..].starts_with("{{") { "}}" } else { "%}" };
        let end = text[open..].find(close).map_or(text.len(), |length| open + length + 2);
        if end - open > LONGEST_TAG {
            let line = u32::try_from(text[..open].matches('\n').count() + 1).unwrap_or(u32::MAX);
            let message = format!("what stands between `{{{{` and `}}}}` is longer than {LONGEST_TAG} bytes");
            return Err(TemplateError { line, message });
        }
        at = end;
    }
    Ok(())
}

/// The text so that nothing in it is filled in.
pub(super) fn escaped(text: &str) -> String {
    text.replace("{{", "{{ \"{{\" }}").replace("{%", "{{ \"{%\" }}").replace("{#", "{{ \"{#\" }}")
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(32);
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    environment.add_filter("default", minijinja::filters::default);
    environment.add_filter("join", minijinja::filters::join);
    environment.add_filter("length", minijinja::filters::length);
    environment.add_filter("lower", minijinja::filters::lower);
    environment.add_filter("upper", minijinja::filters::upper);
    environment.add_filter("trim", minijinja::filters::trim);
    environment.add_test("defined", minijinja::tests::is_defined);
    environment
}

fn fault(error: &minijinja::Error) -> TemplateError {
    let message = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    let line = error.line().and_then(|line| u32::try_from(line).ok()).unwrap_or(1);
    TemplateError { line, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn scope() -> Scope {
        let Value::Object(inputs) =
            json!({"issue": "it {{ breaks }}", "files": ["a", "b"], "deep": {"x": 1}})
        else {
            panic!("an object")
        };
        Scope { inputs, target: "src/a.rs".to_owned(), ..Scope::default() }
    }

    #[test]
    fn texts_are_filled_once_and_strictly() {
        let check = |text: &str, expected: &str| {
            let found = render(text, &scope()).unwrap_or_else(|error| error.to_string());
            assert!(
                found.contains(expected) && (found == expected || found.starts_with("line")),
                "{text}: {found}"
            );
        };
        check("fix {{ inputs.issue }} in {{ target }}\n", "fix it {{ breaks }} in src/a.rs\n");
        check("{% for f in inputs.files %}{{ f }};{% endfor %}", "a;b;");
        check("{{ inputs.colour | default('red') }} {{ inputs.files | join(', ') }}", "red a, b");
        check("{% if inputs.colour is defined %}x{% endif %}.", ".");
        check("{% raw %}${{ github.ref }}{% endraw %}", "${{ github.ref }}");
        check("a\n{{ inputs.isue }}", "line 2");
        check("{{ nothing }}", "undefined");
        check("{{ inputs.issue", "line 1");
        check("{% include 'x' %}", "line 1");
        check("{{ range(3) }}", "line 1");
        check(&escaped("a {{ b }} {% c %} {# d #}"), "a {{ b }} {% c %} {# d #}");
    }

    #[test]
    fn names_are_listed() {
        let names = names_in("{{ inputs.deep.x }} {% for f in inputs.files %}{{ f.y }}{% endfor %} {{ z }}")
            .expect("a template");
        let names: Vec<String> = names.iter().map(|path| path.join(".")).collect();
        assert_eq!(names, ["inputs.deep.x", "inputs.files", "z"]);
    }

    #[test]
    fn hostile_texts_are_bounded() {
        let nested = format!("{}{}", "{% for a in inputs.files %}".repeat(40), "{% endfor %}".repeat(40));
        for text in [
            nested,
            "{{ 'x' * 1000000000 }}".to_owned(),
            "{{ [1] * 1000000000 }}".to_owned(),
            format!("{{{{ {}1{} }}}}", "(".repeat(10_000), ")".repeat(10_000)),
            format!("{{{{ {}1 }}}}", "not ".repeat(10_000)),
            format!("{{{{ 1{} }}}}", "+1".repeat(10_000)),
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}".to_owned(),
        ] {
            // An answer of any kind, and soon.
            assert!(render(&text, &scope()).map_or(true, |found| found.len() < 1_000_000), "{}", &text[..20]);
        }
    }
}
