//! Patterns of paths: `*.md`, `docs/**`.

/// Whether `pattern` matches the path `path`, relative and with `/` between its parts. `*` is anything
/// without a `/`, `**` anything, `?` one letter; a pattern without a `/` matches the file's name.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let text = if pattern.contains('/') { path } else { name };
    let text: Vec<char> = text.chars().collect();
    // Which beginnings of the text the pattern so far matches.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    let mut rest = pattern.strip_prefix("./").unwrap_or(pattern);
    while let Some(c) = rest.chars().next() {
        let before = std::mem::replace(&mut reached, vec![false; text.len() + 1]);
        let is_deep = rest.starts_with("**");
        rest = &rest[if is_deep { 2 } else { c.len_utf8() }..];
        if is_deep && rest.starts_with('/') {
            // `a/**/b` is also `a/b`.
            for at in 0..=text.len() {
                reached[at] |= before[at] && (at == 0 || text[at - 1] == '/');
            }
            rest = &rest[1..];
            let mut has_begun = false;
            for at in 1..=text.len() {
                has_begun |= before[at - 1];
                reached[at] |= has_begun && text[at - 1] == '/';
            }
            continue;
        }
        for at in 0..=text.len() {
            reached[at] |= c == '*' && before[at];
            if at > 0 {
                let goes_on = c == '*' && reached[at - 1] && (is_deep || text[at - 1] != '/');
                let is_same = before[at - 1] && (c == text[at - 1] || c == '?' && text[at - 1] != '/');
                reached[at] |= goes_on || c != '*' && is_same;
            }
        }
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let check =
            |pattern, path, expected| assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        check("*.md", "README.md", true);
        check("*.md", "docs/a.md", true);
        check("*.md", "a.mdx", false);
        check("docs/**", "docs/a/b.rs", true);
        check("docs/**", "src/docs/a", false);
        check("docs/*", "docs/a/b", false);
        check("docs/*", "docs/a", true);
        check("**/docs/**", "src/docs/a", true);
        check("**/docs/**", "docs/a", true);
        check("a/**/b", "a/b", true);
        check("a/**/b", "a/x/y/b", true);
        check("a/**/b", "a/xb", false);
        check("?.rs", "a.rs", true);
        check("a?b/x", "a/b/x", false);
        check("", "", true);
        check("*", "", true);
        check("./src/*.rs", "src/a.rs", true);
        check("ä*", "äb", true);
    }
}
