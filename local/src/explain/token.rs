//! What a token says of itself, as far as it helps to mend the configuration. Nothing here decides anything.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// Most of a foreign text that is shown.
const MAX_SHOWN: usize = 200;

/// A token, taken apart as far as it can be. It has no `Debug`: most of it is a person's.
pub(crate) struct Token {
    segments: usize,
    is_strict: bool,
    header: Option<Map<String, Value>>,
    claims: Option<Map<String, Value>>,
}

impl Token {
    pub(crate) fn read(token: &str) -> Self {
        let decoded: Vec<_> = token.split('.').map(|segment| URL_SAFE_NO_PAD.decode(segment).ok()).collect();
        let object = |index: usize| serde_json::from_slice(decoded.get(index)?.as_deref()?).ok();
        Self {
            segments: decoded.len(),
            is_strict: decoded.iter().all(Option::is_some),
            header: object(0),
            claims: object(1),
        }
    }

    /// What is wrong with the form, as far as that can be told.
    pub(crate) fn problem(&self) -> String {
        let (Some(header), Some(claims)) = (&self.header, &self.claims) else {
            return match (self.segments, self.is_strict) {
                (3, true) => "its header or its claims are no JSON object, or say a name twice".to_owned(),
                (3, false) => "a segment is not strict base64url".to_owned(),
                (1, _) => "it has no dots: it is cut off, or no JWT".to_owned(),
                (segments, _) => format!("it has {segments} segments instead of 3: it is cut off, or no signed JWT"),
            };
        };
        if self.segments != 3 {
            return format!("it has {} segments instead of 3", self.segments);
        }
        if !self.is_strict {
            return "its signature is not strict base64url: it was changed or cut off".to_owned();
        }
        if header.contains_key("crit") {
            return "its header has an extension that must be understood (`crit`), and none is".to_owned();
        }
        if self.key_id().is_none_or(str::is_empty) {
            return "its header has no key id (`kid`)".to_owned();
        }
        if let Some(name) =
            ["exp", "nbf", "iat"].into_iter().find(|name| claims.get(*name).is_some_and(|t| !t.is_u64()))
        {
            return format!("its `{name}` is no whole number");
        }
        if !claims.contains_key("exp") {
            return "it has no `exp`: it would never be over".to_owned();
        }
        "its header or its claims say a name twice, or a time in another form than digits".to_owned()
    }

    pub(crate) fn algorithm(&self) -> Option<String> {
        text(self.header.as_ref()?, "alg").map(shown)
    }

    /// Not to be shown.
    pub(crate) fn key_id(&self) -> Option<&str> {
        text(self.header.as_ref()?, "kid")
    }

    /// Not to be shown.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.text("sub")
    }

    /// As it is, for comparing.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.text("iss")
    }

    pub(crate) fn token_use(&self) -> Option<&str> {
        self.text("token_use")
    }

    pub(crate) fn is_access(&self) -> bool {
        self.token_use() == Some("access")
    }

    /// The name of the claim that holds the app client.
    pub(crate) fn client_claim(&self) -> &'static str {
        if self.is_access() { "client_id" } else { "aud" }
    }

    pub(crate) fn client(&self) -> Option<&str> {
        self.text(self.client_claim())
    }

    pub(crate) fn has_scope(&self, wanted: &str) -> bool {
        self.text("scope").is_some_and(|scopes| scopes.split(' ').any(|scope| scope == wanted))
    }

    pub(crate) fn has_group(&self, wanted: &str) -> bool {
        let groups = self.claims.as_ref().and_then(|claims| claims.get("cognito:groups")).and_then(Value::as_array);
        groups.is_some_and(|groups| groups.iter().any(|group| group == wanted))
    }

    /// Whether a claim is a text that is not empty.
    pub(crate) fn has(&self, claim: &str) -> bool {
        self.text(claim).is_some_and(|text| !text.is_empty())
    }

    pub(crate) fn is_machine(&self) -> bool {
        let names_a_user = self.claims.as_ref().is_some_and(|claims| claims.contains_key("username"));
        self.is_access() && !names_a_user && self.subject().is_some() && self.subject() == self.client()
    }

    /// Seconds from now to a time of the token; negative if it is over.
    pub(crate) fn seconds_to(&self, claim: &str) -> Option<i128> {
        let time = self.claims.as_ref()?.get(claim)?.as_u64()?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        Some(i128::from(time) - i128::from(now))
    }

    fn text(&self, claim: &str) -> Option<&str> {
        text(self.claims.as_ref()?, claim)
    }
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// A foreign text as a terminal may get it: no control characters, and not more than a line of it.
pub(crate) fn shown(text: &str) -> String {
    let plain = |c: char| if c.is_control() { '?' } else { c };
    let mut shown: String = text.chars().take(MAX_SHOWN).map(plain).collect();
    if text.chars().count() > MAX_SHOWN {
        shown.push_str("...");
    }
    shown
}

/// A number of seconds in words.
pub(crate) fn in_words(seconds: i128) -> String {
    let seconds = seconds.unsigned_abs();
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_words() {
        for (seconds, words) in
            [(0, "0 seconds"), (-1, "1 second"), (119, "119 seconds"), (-180, "3 minutes"), (7200, "2 hours")]
        {
            assert_eq!(in_words(seconds), words);
        }
        assert_eq!(in_words(-400_000), "4 days");
    }

    #[test]
    fn a_terminal_gets_no_control_characters() {
        assert_eq!(shown("a\u{1b}[31m\nb"), "a?[31m?b");
        assert_eq!(shown(&"x".repeat(300)).len(), MAX_SHOWN + 3);
    }
}
