//! Who may ask: the token, and the names and pages that requests may come by.

use hyper::{
    HeaderMap,
    header::{AUTHORIZATION, HOST, ORIGIN},
};
use sha2::{Digest as _, Sha256};
use std::{fmt, hint::black_box, net::IpAddr};

/// A secret that requests carry as `Authorization: Bearer …`.
///
/// Only its hash is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It can be guessed.
    #[error("a token has at least {} characters; `openssl rand -hex 32` makes a good one", Token::SHORTEST)]
    Short,
    /// It can't stand in a header.
    #[error("a token has no spaces and only printable ASCII characters")]
    Characters,
}

impl Token {
    /// Bytes of the shortest token that is taken.
    pub const SHORTEST: usize = 16;

    /// A token as it stands in a file or a variable; space around it is not part of it.
    ///
    /// # Errors
    /// When it is short, or could not be sent.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        if text.len() < Self::SHORTEST {
            return Err(TokenError::Short);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Characters);
        }
        Ok(Self(hash(text)))
    }

    /// Whether this is the token, in a time that does not tell how much of it is right.
    fn is(&self, text: &str) -> bool {
        let pairs = self.0.iter().zip(hash(text));
        black_box(pairs.fold(0, |difference, (ours, theirs)| black_box(difference | (ours ^ theirs)))) == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// What requests must show.
#[derive(Clone, Debug)]
pub(super) struct Access {
    /// Whether only this machine can connect.
    pub(super) is_loopback: bool,
    pub(super) token: Option<Token>,
    /// Further names of this server, with or without a port.
    pub(super) hosts: Vec<String>,
    /// Pages of other servers that may ask, as `scheme://host[:port]`.
    pub(super) origins: Vec<String>,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// The name it was sent to is not this server's.
    Host(String),
    /// The page that sent it is not this server's.
    Origin(String),
    /// It has no token, or another.
    Token,
}

impl Access {
    /// Whether a request with these headers is let in.
    ///
    /// A browser tells the name it believes to talk to, and the page that does. A page elsewhere that has
    /// its own name point here (DNS rebinding) shows in the first, one that just sends requests here in
    /// the second. What is no browser sends no origin.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Denied> {
        let host = text(headers, HOST.as_str()).unwrap_or_default();
        if !self.is_ours(host) {
            return Err(Denied::Host(host.to_owned()));
        }
        if headers.contains_key(ORIGIN) {
            let origin = text(headers, ORIGIN.as_str()).unwrap_or_default();
            if !self.may_come_from(origin, host) {
                return Err(Denied::Origin(origin.to_owned()));
            }
        }
        let Some(token) = &self.token else { return Ok(()) };
        let shown = text(headers, AUTHORIZATION.as_str()).and_then(|value| value.split_once(' '));
        match shown {
            Some((scheme, shown)) if scheme.eq_ignore_ascii_case("bearer") && token.is(shown.trim()) => {
                Ok(())
            }
            _ => Err(Denied::Token),
        }
    }

    fn is_ours(&self, host: &str) -> bool {
        let name = without_port(host);
        let is_literal = match name.trim_matches(['[', ']']).parse::<IpAddr>() {
            // Nobody can make an address mean another machine.
            Ok(address) => !self.is_loopback || address.is_loopback(),
            Err(_) => name.eq_ignore_ascii_case("localhost"),
        };
        is_literal
            || self
                .hosts
                .iter()
                .any(|ours| ours.eq_ignore_ascii_case(host) || ours.eq_ignore_ascii_case(name))
    }

    fn may_come_from(&self, origin: &str, host: &str) -> bool {
        let own = ["http://", "https://"].iter().find_map(|scheme| origin.strip_prefix(scheme));
        own.is_some_and(|own| own.eq_ignore_ascii_case(host))
            || self.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }
}

/// The one value of a header; one that is there twice says nothing.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{HeaderName, HeaderValue};

    fn access(is_loopback: bool, token: Option<&str>) -> Access {
        Access {
            is_loopback,
            token: token.map(|token| Token::new(token).unwrap()),
            hosts: vec!["rules.example".into(), "port.example:81".into()],
            origins: vec!["https://app.example".into()],
        }
    }

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let parsed = pairs.iter().map(|(name, value)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
        });
        let mut headers = HeaderMap::new();
        parsed.for_each(|(name, value)| {
            headers.append(name, value);
        });
        headers
    }

    #[test]
    fn only_our_own_names_are_answered() {
        let check = |is_loopback, host: &str, expected| {
            let result = access(is_loopback, None).check(&headers(&[("host", host)]));
            assert_eq!(result.is_ok(), expected, "{host}: {result:?}");
        };
        for host in ["localhost:80", "LocalHost", "127.0.0.1:8080", "127.0.0.2", "[::1]:80", "[::1]"] {
            check(true, host, true);
        }
        for host in ["rules.example", "RULES.example:99", "port.example:81"] {
            check(true, host, true);
        }
        for host in
            ["evil.example", "localhost.evil.example", "port.example:82", "10.0.0.1", "", "127.0.0.1.nip.io"]
        {
            check(true, host, false);
        }
        check(false, "10.0.0.1:80", true);
        check(false, "[2001:db8::1]:80", true);
        check(false, "evil.example", false);
        let twice = headers(&[("host", "localhost"), ("host", "evil.example")]);
        assert_eq!(access(true, None).check(&twice), Err(Denied::Host(String::new())));
        assert!(access(true, None).check(&HeaderMap::new()).is_err());
    }

    #[test]
    fn only_our_own_pages_may_ask() {
        let check = |origin: &str, expected| {
            let result = access(true, None).check(&headers(&[("host", "localhost:80"), ("origin", origin)]));
            assert_eq!(result.is_ok(), expected, "{origin}");
        };
        check("http://localhost:80", true);
        check("https://app.example", true);
        check("https://app.example:444", false);
        check("http://localhost:81", false);
        check("http://evil.example", false);
        check("null", false);
        check("", false);
    }

    #[test]
    fn a_token_is_asked_for_where_there_is_one() {
        let secret = "0123456789abcdef";
        let check = |value: &str, expected| {
            let shown = headers(&[("host", "localhost"), ("authorization", value)]);
            assert_eq!(access(true, Some(secret)).check(&shown).is_ok(), expected, "{value}");
        };
        check("Bearer 0123456789abcdef", true);
        check("bearer  0123456789abcdef", true);
        check("Bearer 0123456789abcdeF", false);
        check("Bearer 0123456789abcdef0", false);
        check("Basic 0123456789abcdef", false);
        check("0123456789abcdef", false);
        check("Bearer ", false);
        let none = headers(&[("host", "localhost")]);
        assert_eq!(access(true, Some(secret)).check(&none), Err(Denied::Token));
    }

    #[test]
    fn a_token_that_can_be_guessed_is_none() {
        assert_eq!(Token::new("  0123456789abcdef\n"), Token::new("0123456789abcdef"));
        assert_eq!(Token::new("0123456789abcde"), Err(TokenError::Short));
        assert_eq!(Token::new("0123456789 abcdef"), Err(TokenError::Characters));
        assert_eq!(format!("{:?}", Token::new("0123456789abcdef")), "Ok(Token(…))");
    }
}
