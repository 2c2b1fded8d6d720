//! The hooks in an agent's settings.

use super::json_text;
use crate::hooks::{Protocol, Registration};
use serde_json::{Map, Value, json};

/// How long an agent waits for a hook, in seconds: longer than a run waits for the project's lock.
const TIMEOUT: u64 = 15;

/// How an agent writes its hooks down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Groups with a matcher, each with a list of commands.
    Groups,
    /// A list of commands with a matcher each, and a version of the file.
    Flat,
}

/// `text` with the hooks of `protocol` in it.
pub(super) fn with_hooks(text: &str, protocol: &Protocol, shape: Shape) -> Result<String, json_text::NoJson> {
    let text = if text.trim().is_empty() { "{}\n" } else { text };
    let wanted = |event: &str| {
        let found = json_text::elements(text, &["hooks", event], "command")?;
        let ours: Vec<_> = found
            .into_iter()
            .filter(|(_, commands)| commands.iter().any(|it| is_ours(it, protocol)))
            .collect();
        Ok::<_, json_text::NoJson>(ours)
    };
    let mut is_current = true;
    for registration in protocol.registrations() {
        let entry = entry(&registration, protocol, shape);
        is_current &= matches!(wanted(registration.event)?.as_slice(), [(Some(one), _)] if *one == entry);
    }
    if is_current {
        return Ok(text.to_owned());
    }
    let mut text = without_hooks(text, protocol)?;
    if shape == Shape::Flat {
        text = json_text::set_missing(&text, &["version"], &json!(1))?;
    }
    for registration in protocol.registrations() {
        let entry = entry(&registration, protocol, shape);
        text = json_text::push(&text, &["hooks", registration.event], &entry)?;
    }
    Ok(text)
}

/// `text` without them.
pub(super) fn without_hooks(text: &str, protocol: &Protocol) -> Result<String, json_text::NoJson> {
    if text.trim().is_empty() {
        return Ok(text.to_owned());
    }
    let mut text = text.to_owned();
    for event in json_text::keys(&text, &["hooks"])? {
        let path = ["hooks", &event];
        let found = json_text::elements(&text, &path, "command")?;
        let ours = |at: usize| found[at].1.iter().any(|command| is_ours(command, protocol));
        if (0..found.len()).any(ours) {
            text = json_text::remove(&text, &path, &ours)?;
        }
    }
    Ok(text)
}

fn entry(registration: &Registration, protocol: &Protocol, shape: Shape) -> Value {
    let command = format!("rulemark hook {}", protocol.name);
    let mut entry = Map::new();
    match shape {
        Shape::Groups => {
            entry.extend(registration.matcher.map(|matcher| ("matcher".to_owned(), json!(matcher))));
            let hook = json!({ "type": "command", "command": command, "timeout": TIMEOUT });
            entry.insert("hooks".into(), json!([hook]));
        }
        Shape::Flat => {
            entry.insert("command".into(), json!(command));
            entry.extend(registration.matcher.map(|matcher| ("matcher".to_owned(), json!(matcher))));
            entry.insert("timeout".into(), json!(TIMEOUT));
            if registration.is_gate {
                entry.insert("failClosed".into(), json!(true));
            }
        }
    }
    Value::Object(entry)
}

/// Whether a command line calls the hook of this protocol, wherever the program is.
pub(super) fn is_ours(command: &str, protocol: &Protocol) -> bool {
    let mut words = command.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    let name =
        |word: &str| word.rsplit(['/', '\\']).next().unwrap_or(word).trim_end_matches(".exe") == "rulemark";
    words.next().is_some_and(name) && words.next() == Some("hook") && words.next() == Some(protocol.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::PROTOCOLS;

    #[test]
    fn our_commands_are_known_wherever_the_program_is() {
        let check = |command, expected| assert_eq!(is_ours(command, PROTOCOLS[0]), expected, "{command}");
        check("rulemark hook claude-code", true);
        check("\"/opt/my/rulemark.exe\" hook claude-code", true);
        check("/usr/local/bin/rulemark hook claude-code --quiet", true);
        check("rulemark hook cursor", false);
        check("echo rulemark hook claude-code", false);
        check("my-rulemark hook claude-code", false);
    }

    #[test]
    fn hooks_come_once_and_go_whole() {
        for (protocol, shape) in [(PROTOCOLS[0], Shape::Groups), (PROTOCOLS[1], Shape::Flat)] {
            let theirs = "{\n  // mine\n  \"version\": 1,\n  \"hooks\": {\n    \"Stop\": [\n      { \"hooks\": [{ \"command\": \"say done\" }] }\n    ]\n  }\n}\n";
            let with = with_hooks(theirs, protocol, shape).unwrap();
            assert_ne!(with, theirs);
            assert_eq!(with_hooks(&with, protocol, shape).unwrap(), with);
            assert_eq!(without_hooks(&with, protocol).unwrap(), theirs);
            let old = with.replace("\"timeout\": 15", "\"timeout\": 1");
            assert_eq!(with_hooks(&old, protocol, shape).unwrap(), with);
        }
    }
}
