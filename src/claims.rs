//! The members of a JSON object from outside: a token's header or claims, or an answer about a user.
//!
//! A type says where the object came from: [`crate::jws::SignedClaims`] holds claims whose signature was valid. This one
//! only knows that it is one JSON object in which no name occurs twice.

mod members;
mod path;

use std::borrow::Cow;
use std::fmt;

use members::Member;

pub use path::ClaimPath;

/// A JSON object: its text, and where each member is in it.
pub(crate) struct Claims {
    json: String,
    members: Vec<Member>,
}

/// The claim is there and has another type than it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrongType;

impl Claims {
    /// Reads a JSON object in UTF-8, and nothing else. A name that occurs twice is refused: two readers could each see
    /// another value (RFC 8259, section 4).
    pub(crate) fn parse(json: Vec<u8>) -> Option<Self> {
        let json = String::from_utf8(json).ok()?;
        let members = members::of(&json)?;
        Some(Self { json, members })
    }

    /// The claim's JSON.
    pub(crate) fn json(&self, name: &str) -> Option<&str> {
        let member = self.members.iter().find(|member| member.is_named(&self.json, name))?;
        self.json.get(member.value.clone())
    }

    /// The claim, if it is a string.
    pub(crate) fn string(&self, name: &str) -> Option<Cow<'_, str>> {
        string(self.json(name)?)
    }

    /// The claim, if it is a string and not empty.
    pub(crate) fn non_empty(&self, name: &str) -> Option<Cow<'_, str>> {
        self.string(name).filter(|value| !value.is_empty())
    }

    /// The claim, if it is an array of strings.
    pub(crate) fn strings(&self, name: &str) -> Option<Vec<Cow<'_, str>>> {
        serde_json::from_str(self.json(name)?).ok()
    }

    /// The JSON of the claim that is there.
    pub(crate) fn at(&self, path: &ClaimPath) -> Option<&str> {
        path.rest().iter().try_fold(self.json(path.first())?, |json, segment| path::child(json, segment))
    }

    /// The claim that is there, if it is a string and not empty.
    pub(crate) fn non_empty_at(&self, path: &ClaimPath) -> Option<Cow<'_, str>> {
        string(self.at(path)?).filter(|value| !value.is_empty())
    }

    /// The words of the claim that is there: a string split at spaces (RFC 6749, section 3.3), or a list of strings. None
    /// if it is of another type.
    pub(crate) fn words_at(&self, path: &ClaimPath) -> Vec<Cow<'_, str>> {
        let words = |json| match string(json) {
            Some(Cow::Borrowed(words)) => Some(words.split(' ').map(Cow::Borrowed).collect()),
            Some(Cow::Owned(words)) => Some(words.split(' ').map(|word| Cow::Owned(word.to_owned())).collect()),
            None => serde_json::from_str(json).ok(),
        };
        self.at(path).and_then(words).unwrap_or_default()
    }

    /// Whether the claim is one of these strings, or a list of strings that has one of them: what `aud` may be (RFC 7519,
    /// section 4.1.3).
    pub(crate) fn has_one_of(&self, name: &str, allowed: &[String]) -> bool {
        let is_allowed = |value: &str| allowed.iter().any(|allowed| allowed == value);
        self.string(name).is_some_and(|value| is_allowed(&value))
            || self.strings(name).is_some_and(|list| list.iter().any(|value| is_allowed(value)))
    }

    /// The claim as a time in seconds since 1970: a whole number from 0 to 2^64 - 1, in digits alone.
    pub(crate) fn seconds(&self, name: &str) -> Result<Option<u64>, WrongType> {
        let Some(json) = self.json(name) else {
            return Ok(None);
        };
        let digits = Some(json).filter(|json| json.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).map(Some).ok_or(WrongType)
    }

    /// The names and the JSON of all members, in their order.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members.iter().filter_map(|member| Some((member.name(&self.json), self.json.get(member.value.clone())?)))
    }
}

/// A JSON string's content.
fn string(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(json).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

/// They are a person's, so nothing of them is shown.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claims({} redacted)", self.members.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(json: &str) -> Option<Claims> {
        Claims::parse(json.as_bytes().to_vec())
    }

    #[test]
    fn members_are_the_json_that_they_were_written_as() {
        let claims = claims(r#" { "a" : "x" , "b\u0062" : [ 1 , {} ] , "c":null } "#).unwrap();
        let members: Vec<_> = claims.members().collect();
        assert_eq!(members, [("a", "\"x\""), ("bb", "[ 1 , {} ]"), ("c", "null")]);
        assert_eq!(claims.json("bb"), Some("[ 1 , {} ]"));
        assert_eq!(claims.json("b"), None);
    }

    #[test]
    fn a_name_occurs_once_however_it_is_spelled() {
        assert!(claims(r#"{"a":1,"a":1}"#).is_none());
        assert!(claims(r#"{"a":1,"\u0061":1}"#).is_none());
        let many = |last: &str| {
            let names: Vec<_> = (0..100).map(|n| format!(r#""n{n}":{n}"#)).collect();
            format!("{{{},{last}}}", names.join(","))
        };
        assert!(claims(&many(r#""n100":1"#)).is_some());
        for repeated in ["n0", "n47", "n48", "n99", r"n\u0039\u0039"] {
            assert!(claims(&many(&format!("\"{repeated}\":1"))).is_none(), "{repeated}");
        }
    }

    #[test]
    fn an_object_and_nothing_else() {
        for json in ["", "[]", "[[\"a\",1]]", "null", "1", "{} {}", "{\"a\":1", "{\"a\":1,}", "\u{feff}{}"] {
            assert!(claims(json).is_none(), "{json}");
        }
        assert!(Claims::parse(b"{\"a\":\"\xff\"}".to_vec()).is_none());
        assert!(claims("{}").is_some());
    }

    #[test]
    fn strings_are_unescaped_and_other_types_are_none() {
        let claims =
            claims(r#"{"plain":"a","escaped":"\u0061\n","half":"\ud800","number":1,"empty":"","list":["a","b"]}"#)
                .unwrap();
        assert_eq!(claims.string("plain").as_deref(), Some("a"));
        assert_eq!(claims.string("escaped").as_deref(), Some("a\n"));
        assert_eq!(claims.string("half"), None);
        assert_eq!(claims.string("number"), None);
        assert_eq!(claims.string("empty").as_deref(), Some(""));
        assert_eq!(claims.non_empty("empty"), None);
        assert_eq!(claims.strings("list").unwrap(), ["a", "b"]);
        assert_eq!(claims.strings("plain"), None);
    }

    #[test]
    fn times_are_whole_numbers_in_digits() {
        let seconds = |json: &str| claims(&format!("{{\"exp\":{json}}}")).unwrap().seconds("exp");
        assert_eq!(seconds("0"), Ok(Some(0)));
        assert_eq!(seconds("18446744073709551615"), Ok(Some(u64::MAX)));
        for json in ["18446744073709551616", "-1", "1.0", "1e3", "\"1\"", "null", "true", "[]"] {
            assert_eq!(seconds(json), Err(WrongType), "{json}");
        }
        assert_eq!(claims("{}").unwrap().seconds("exp"), Ok(None));
    }

    #[test]
    fn claims_are_not_shown() {
        assert_eq!(format!("{:?}", claims(r#"{"email":"jane@example.com"}"#).unwrap()), "Claims(1 redacted)");
    }
}
