//! The entry of Rulemark's MCP server in an agent's settings.

use super::{SetupError, json_text, toml_text};
use serde_json::{Value, json};

/// What the server is called in the settings.
const NAME: &str = "rulemark";

/// How an agent writes down which servers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `mcpServers` in a JSON file, begun in the project's folder.
    Plain,
    /// The same, begun anywhere, with the project's folder as a variable.
    Placed,
    /// `servers` in a JSON file, with a type.
    Typed,
    /// `mcp` in a JSON file, the command and its arguments in one list.
    Listed,
    /// `mcp_servers` in a TOML file.
    Tables,
}

/// The table of [`Dialect::Tables`].
const TABLE: &str = "[mcp_servers.rulemark]\ncommand = \"rulemark\"\nargs = [\"mcp\"]\n";
const TABLE_PATH: [&str; 2] = ["mcp_servers", NAME];

/// Whose entry a text has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nobody's.
    Nothing,
    /// The one that is written here.
    Ours(Value),
    /// One of the same name that somebody wrote otherwise.
    Theirs(Value),
}

impl Dialect {
    fn entry(self) -> Value {
        match self {
            Self::Plain | Self::Tables => json!({ "command": "rulemark", "args": ["mcp"] }),
            Self::Placed => json!({ "command": "rulemark", "args": ["-C", "${workspaceFolder}", "mcp"] }),
            Self::Typed => json!({ "type": "stdio", "command": "rulemark", "args": ["mcp"] }),
            Self::Listed => json!({ "type": "local", "command": ["rulemark", "mcp"] }),
        }
    }

    /// The way to the entry in a JSON file.
    fn path(self, text: &str) -> Result<Vec<&'static str>, json_text::NoJson> {
        Ok(match self {
            Self::Typed => vec!["servers", NAME],
            // Its second version has them one level deeper, and still reads the form of the first.
            Self::Listed => match json_text::value(text, &["mcp", "servers"])? {
                Some(Value::Object(servers)) if !servers.contains_key("type") => vec!["mcp", "servers", NAME],
                _ => vec!["mcp", NAME],
            },
            Self::Plain | Self::Placed | Self::Tables => vec!["mcpServers", NAME],
        })
    }

    /// Whose entry stands in the file at `path`, which says `text`.
    pub(super) fn find(self, path: &str, text: &str) -> Result<Found, SetupError> {
        let found = match self {
            _ if text.trim().is_empty() => None,
            Self::Tables => toml_text::value(text, &TABLE_PATH).map_err(|error| no_toml(path, &error))?,
            _ => self
                .path(text)
                .and_then(|keys| json_text::value(text, &keys))
                .map_err(|error| no_json(path, &error))?,
        };
        Ok(match found {
            None => Found::Nothing,
            Some(entry) if entry == self.entry() => Found::Ours(entry),
            Some(entry) => Found::Theirs(entry),
        })
    }

    /// `text` with the entry in it; as it is where one of that name is there.
    pub(super) fn with(self, path: &str, text: &str) -> Result<String, SetupError> {
        if self.find(path, text)? != Found::Nothing {
            return Ok(text.to_owned());
        }
        if self == Self::Tables {
            return toml_text::with_table(text, &TABLE_PATH, TABLE).map_err(|error| no_toml(path, &error));
        }
        let text = if text.trim().is_empty() { "{}\n" } else { text };
        let keys = self.path(text).map_err(|error| no_json(path, &error))?;
        json_text::set_missing(text, &keys, &self.entry()).map_err(|error| no_json(path, &error))
    }

    /// `text` without the entry; as it is where the entry is somebody else's.
    pub(super) fn without(self, path: &str, text: &str) -> Result<String, SetupError> {
        let Found::Ours(_) = self.find(path, text)? else { return Ok(text.to_owned()) };
        if self == Self::Tables {
            return toml_text::without_table(text, &TABLE_PATH, TABLE).map_err(|error| no_toml(path, &error));
        }
        let keys = self.path(text).map_err(|error| no_json(path, &error))?;
        json_text::remove_member(text, &keys).map_err(|error| no_json(path, &error))
    }

    /// Whether nothing is left in a text.
    pub(super) fn is_empty(self, text: &str) -> bool {
        match self {
            Self::Tables => text.trim().is_empty(),
            _ => matches!(serde_json::from_str(text), Ok(Value::Object(left)) if left.is_empty()),
        }
    }
}

/// The program that an entry starts; `None` when it starts none, as that of a server elsewhere.
pub(super) fn program(entry: &Value) -> Option<String> {
    let command = entry.get("command")?;
    let program = command.as_str().or_else(|| command.get(0).and_then(Value::as_str));
    program.map(str::to_owned)
}

fn no_json(path: &str, error: &json_text::NoJson) -> SetupError {
    SetupError::NoJson { path: path.to_owned(), problem: error.to_string() }
}

fn no_toml(path: &str, error: &toml_text::NoToml) -> SetupError {
    SetupError::NoToml { path: path.to_owned(), problem: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALECTS: [Dialect; 5] =
        [Dialect::Plain, Dialect::Placed, Dialect::Typed, Dialect::Listed, Dialect::Tables];

    #[test]
    fn an_entry_comes_once_and_goes_whole() {
        for dialect in DIALECTS {
            let theirs = match dialect {
                Dialect::Tables => "# mine\n[mcp_servers.other]\ncommand = \"x\" # dear\n",
                Dialect::Typed => {
                    "{\n  // mine\n  \"servers\": {\n    \"other\": {\"command\": \"x\"},\n  }\n}\n"
                }
                Dialect::Listed => {
                    "{\n  // mine\n  \"mcp\": {\n    \"other\": {\"type\": \"local\"}, // dear\n  },\n}\n"
                }
                _ => {
                    "{\n  // mine\n  \"mcpServers\": {\n    \"other\": {\"command\": \"x\"} // dear\n  }\n}\n"
                }
            };
            for before in [theirs, ""] {
                let with = dialect.with("f", before).unwrap();
                assert!(matches!(dialect.find("f", &with).unwrap(), Found::Ours(_)), "{with}");
                assert_eq!(dialect.with("f", &with).unwrap(), with);
                let without = dialect.without("f", &with).unwrap();
                assert!(without == before || before.is_empty() && dialect.is_empty(&without), "{without}");
            }
        }
    }

    #[test]
    fn an_entry_of_somebody_else_stays() {
        for dialect in DIALECTS {
            let ours = dialect.with("f", "").unwrap();
            let theirs = ours
                .replace("\"rulemark\"", "\"/opt/rulemark\"")
                .replace("\"/opt/rulemark\": {", "\"rulemark\": {");
            let Found::Theirs(entry) = dialect.find("f", &theirs).unwrap() else { panic!("{theirs}") };
            assert_eq!(program(&entry).as_deref(), Some("/opt/rulemark"));
            assert_eq!(dialect.with("f", &theirs).unwrap(), theirs);
            assert_eq!(dialect.without("f", &theirs).unwrap(), theirs);
        }
    }

    #[test]
    fn the_second_version_of_opencode_has_them_deeper() {
        let text = "{\"mcp\": {\"servers\": {}}}";
        let with = Dialect::Listed.with("f", text).unwrap();
        let expected =
            json!({"mcp": {"servers": {"rulemark": {"type": "local", "command": ["rulemark", "mcp"]}}}});
        assert_eq!(serde_json::from_str::<Value>(&with).unwrap(), expected);
        let server = "{\"mcp\": {\"servers\": {\"type\": \"local\", \"command\": [\"x\"]}}}";
        assert!(Dialect::Listed.with("f", server).unwrap().contains("\"rulemark\": {\"type\""));
    }

    #[test]
    fn a_server_elsewhere_starts_no_program() {
        assert_eq!(program(&json!({"type": "http", "url": "https://example.com"})), None);
        assert_eq!(program(&json!({"command": ["a", "b"]})).as_deref(), Some("a"));
    }
}
