//! The context of an Allow: which claims the backend sees, under which key, as which scalar.

use std::borrow::Cow;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::principal::Principal;
use crate::token::VerifiedClaims;

/// The keys that are not a claim's to take.
pub const RESERVED_KEYS: [&str; 5] = ["claims", "userId", "principalType", "reason", WEB_SOCKET_PROTOCOL];

/// The key of the sub-protocol that a WebSocket's `$connect` integration has to accept.
const WEB_SOCKET_PROTOCOL: &str = "webSocketProtocol";

/// Which claims the backend sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The claims, in the order in which they appear.
    pub claims: Vec<ContextClaim>,
}

/// A claim that the backend sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextClaim {
    /// The claim.
    pub claim: String,
    /// The context's key for it.
    pub key: String,
}

/// What the backend gets to know about a principal.
pub(crate) struct Context<'a> {
    principal: &'a Principal,
    claims: Vec<(&'a str, Value<'a>)>,
}

/// A value that API Gateway accepts in a context: nothing nested, and never `null`.
#[derive(Debug)]
enum Value<'a> {
    /// A string.
    String(Cow<'a, str>),
    /// A number or a boolean, as the JSON that it arrived as.
    Scalar(&'a RawValue),
}

impl<'a> Context<'a> {
    /// The principal's id and type, and of its claims those that are configured.
    pub(crate) fn new(principal: &'a Principal, config: &'a Config) -> Self {
        let claims = config
            .claims
            .iter()
            .filter_map(|ContextClaim { claim, key }| Some((key.as_str(), value(principal.claims()?.json(claim)?)?)));
        Self { principal, claims: claims.collect() }
    }
}

impl Serialize for Context<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("userId", self.principal.id().as_str())?;
        map.serialize_entry("principalType", self.principal.principal_type().name())?;
        if let Some(protocol) = self.principal.claims().and_then(VerifiedClaims::web_socket_protocol) {
            map.serialize_entry(WEB_SOCKET_PROTOCOL, protocol)?;
        }
        for (key, value) in &self.claims {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::String(string) => serializer.serialize_str(string),
            Self::Scalar(json) => json.serialize(serializer),
        }
    }
}

/// A claim as a context can hold it: a list of words joined with spaces, other nested values as compact JSON.
fn value(json: &str) -> Option<Value<'_>> {
    match json.bytes().next()? {
        b'n' => None,
        b'"' => serde_json::from_str(json).ok().map(Value::String),
        b'[' => Some(Value::String(words(json).unwrap_or_else(|| compact(json)).into())),
        b'{' => Some(Value::String(compact(json).into())),
        _ => serde_json::from_str(json).ok().map(Value::Scalar),
    }
}

/// A list of words: what is joined with spaces can be split again.
fn words(json: &str) -> Option<String> {
    let words: Vec<Cow<'_, str>> = serde_json::from_str(json).ok()?;
    let is_word = |word: &Cow<'_, str>| !word.is_empty() && !word.contains(char::is_whitespace);
    words.iter().all(is_word).then(|| words.join(" "))
}

/// The same JSON without whitespace between its parts, however deep it is nested.
fn compact(json: &str) -> String {
    let mut is_in_string = false;
    let mut is_escaped = false;
    let is_kept = |character: &char| {
        if is_in_string {
            is_in_string = *character != '"' || is_escaped;
            is_escaped = *character == '\\' && !is_escaped;
            return true;
        }
        is_in_string = *character == '"';
        !character.is_ascii_whitespace()
    };
    json.chars().filter(is_kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value as it goes into the answer.
    fn in_answer(json: &str) -> Option<serde_json::Value> {
        let value = value(json)?;
        Some(serde_json::from_str(&serde_json::to_string(&value).unwrap()).unwrap())
    }

    fn text(text: &str) -> Option<serde_json::Value> {
        Some(text.into())
    }

    #[test]
    fn claims_become_what_a_context_can_hold() {
        assert_eq!(in_answer("null"), None);
        assert_eq!(in_answer(r#""a\u0062""#), text("ab"));
        // API Gateway could not read half of a surrogate pair.
        assert_eq!(in_answer(r#""\ud800""#), None);
        assert_eq!(in_answer("true"), Some(true.into()));
        assert_eq!(in_answer("-1.5"), Some((-1.5).into()));
        assert_eq!(in_answer(r#"["a", "b"]"#), text("a b"));
        assert_eq!(in_answer(r#"["a", "b c"]"#), text(r#"["a","b c"]"#));
        assert_eq!(in_answer(r#"["a", ""]"#), text(r#"["a",""]"#));
        assert_eq!(in_answer(r#"["a\u00a0b"]"#), text(r#"["a\u00a0b"]"#));
        assert_eq!(in_answer("[]"), text(""));
        assert_eq!(in_answer(r#"["a", 1]"#), text(r#"["a",1]"#));
        assert_eq!(in_answer(r#"{ "a" : [ 1 , " b \" \\" ] , "c": null }"#), text(r#"{"a":[1," b \" \\"],"c":null}"#));
    }

    #[test]
    fn numbers_are_passed_on_as_they_are() {
        let number = "12345678901234567890.123456789e99";
        assert_eq!(serde_json::to_string(&value(number).unwrap()).unwrap(), number);
    }

    #[test]
    fn deep_nesting_is_no_recursion() {
        let json = format!("{}{}", "[ ".repeat(100_000), "]".repeat(100_000));
        assert_eq!(in_answer(&json), text(&json.replace(' ', "")));
    }
}
