//! What stands in URIs.

use std::path::PathBuf;

/// The folder that a `file:` URI names; `None` for other URIs, and other machines' files.
pub(super) fn folder_of_uri(uri: &str) -> Option<PathBuf> {
    let path = uri.strip_prefix("file://")?;
    let path = path.strip_prefix("localhost").unwrap_or(path);
    if !path.starts_with('/') {
        return None;
    }
    Some(PathBuf::from(decoded(path)?))
}

/// `text` with `%41` as `A`; `None` when it is no text then.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        (rest, _) = match (first, behind) {
            (b'%', [high, low, behind @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).ok()?;
                (behind, bytes.push(u8::from_str_radix(digits, 16).ok()?))
            }
            _ => (behind, bytes.push(*first)),
        };
    }
    String::from_utf8(bytes).ok().filter(|path| !path.contains('\0'))
}

/// `text` as a segment of a URI.
pub(super) fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let encode =
        |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_name_folders() {
        let check = |uri: &str, expected: Option<&str>| {
            assert_eq!(folder_of_uri(uri), expected.map(PathBuf::from), "{uri}");
        };
        check("file:///home/a%20b/%C3%A4", Some("/home/a b/ä"));
        check("file://localhost/x", Some("/x"));
        check("file://other/x", None);
        check("https://x/y", None);
        check("file:///%ff", None);
        check("file:///a%00b", None);
        check("file:///a%4", Some("/a%4"));
    }

    #[test]
    fn segments_come_back() {
        for text in ["1", "T-3", "a b/c", "ä%", ""] {
            assert!(encoded(text).bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/'));
            assert_eq!(decoded(&encoded(text)).as_deref(), Some(text));
        }
    }
}
