//! The environment that commands see: this process's own, less what its names say is secret.

use std::ffi::{OsStr, OsString};

/// What is secret wherever it stands in a name.
const PARTS: [&str; 8] =
    ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "APIKEY", "PRIVATE_KEY"];

/// What is secret as a word of a name, between `_`.
const WORDS: [&str; 9] = ["KEY", "KEYS", "AUTH", "PASS", "PAT", "PWD", "COOKIE", "SIGNATURE", "DSN"];

/// Names that look like secrets and are none.
const HARMLESS: [&str; 3] = ["PWD", "OLDPWD", "XDG_SESSION_COOKIE"];

/// The variables without those whose names speak of secrets. `keep` are names that stay all the same.
pub fn without_secrets<'k>(
    variables: impl Iterator<Item = (OsString, OsString)> + 'k,
    keep: &'k [String],
) -> impl Iterator<Item = (OsString, OsString)> + 'k {
    variables.filter(|(name, _)| keep.iter().any(|keep| name == OsStr::new(keep)) || !is_secret(name))
}

fn is_secret(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    if HARMLESS.contains(&name.as_str()) {
        return false;
    }
    PARTS.iter().any(|part| name.contains(part))
        || name.split(|c: char| !c.is_ascii_alphabetic()).any(|word| WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_name() {
        let check = |names: &[&str], expected: bool| {
            for name in names {
                assert_eq!(is_secret(OsStr::new(name)), expected, "{name}");
            }
        };
        check(
            &[
                "GITHUB_TOKEN",
                "npm_token",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_ACCESS_KEY_ID",
                "OPENAI_API_KEY",
                "DB_PASSWORD",
                "PGPASSWORD",
                "MYSQL_PWD",
                "GOOGLE_APPLICATION_CREDENTIALS",
                "SSH_AUTH_SOCK",
                "STRIPE_APIKEY",
                "GITHUB_PAT",
                "KEY",
                "MY_KEY2",
                "SENTRY_DSN",
            ],
            true,
        );
        check(
            &[
                "PATH",
                "HOME",
                "PWD",
                "OLDPWD",
                "KEYBOARD",
                "XAUTHORITY",
                "CARGO_HOME",
                "LANG",
                "AUTHOR",
                "CI",
                "MONKEY",
            ],
            false,
        );
    }

    #[test]
    fn what_the_user_keeps_stays() {
        let variables =
            ["A_TOKEN", "B_TOKEN", "PATH"].map(|name| (OsString::from(name), OsString::from("x")));
        let keep = ["B_TOKEN".to_owned()];
        let left: Vec<_> = without_secrets(variables.into_iter(), &keep).map(|(name, _)| name).collect();
        assert_eq!(left, ["B_TOKEN", "PATH"]);
    }
}
