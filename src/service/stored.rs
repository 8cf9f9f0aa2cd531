//! The pair in a secret: `{"token": "...", "id": "..."}`.

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Digest, SHA256, digest};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use zeroize::{Zeroize as _, Zeroizing};

use crate::aws::SecretVersion;
use crate::identity::UserId;
use crate::object::{Object, without_byte_order_mark};

/// A stored pair. Of the token only its hash is kept; the id is wiped when it is dropped.
pub(crate) struct StoredPair {
    pub(crate) id: Zeroizing<UserId>,
    pub(crate) groups: Vec<String>,
    token: Digest,
    pub(crate) created: Option<SystemTime>,
}

/// What is wrong with a secret. Holds nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretError {
    NotAnObject,
    Token,
    TokenUnpresentable,
    Id,
    Groups,
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnObject => "is not one JSON object in which each name occurs once",
            Self::Token => "its token is not a non-empty string",
            Self::TokenUnpresentable => {
                "its token begins or ends with whitespace or holds a control character: no header can carry it"
            }
            Self::Id => "its id is not a string of 1 to 512 bytes without control characters",
            Self::Groups => "its groups are not a list of strings",
        })
    }
}

impl std::error::Error for SecretError {}

impl StoredPair {
    /// Reads a secret, with its groups where they are needed; other members are ignored. An object without a `token` is another program's secret: not a service's.
    ///
    /// # Errors
    /// [`SecretError`] if it was meant to be a service's secret and cannot be one.
    pub(crate) fn parse(version: &SecretVersion, serves_rules: bool) -> Result<Option<Self>, SecretError> {
        #[derive(Deserialize)]
        struct Any {
            #[serde(default, deserialize_with = "is_present")]
            token: bool,
        }
        #[derive(Deserialize)]
        struct Token<'a> {
            #[serde(borrow)]
            token: Cow<'a, str>,
        }
        #[derive(Deserialize)]
        struct Id {
            id: String,
        }
        #[derive(Deserialize)]
        struct Groups {
            #[serde(default)]
            groups: Vec<String>,
        }
        let json = without_byte_order_mark(version.text.as_bytes());
        let Object(any): Object<Any> = serde_json::from_slice(json).map_err(|_| SecretError::NotAnObject)?;
        if !any.token {
            return Ok(None);
        }
        let token: Token<'_> = serde_json::from_slice(json).map_err(|_| SecretError::Token)?;
        let is_empty = token.token.is_empty();
        let is_presentable = token.token.trim() == token.token && !token.token.contains(char::is_control);
        let hash = digest(&SHA256, token.token.as_bytes());
        if let Cow::Owned(mut token) = token.token {
            token.zeroize();
        }
        if is_empty {
            return Err(SecretError::Token);
        }
        if !is_presentable {
            return Err(SecretError::TokenUnpresentable);
        }
        let id: Id = serde_json::from_slice(json).map_err(|_| SecretError::Id)?;
        let id = UserId::parse(id.id).map_err(|_| SecretError::Id)?;
        let groups = match serves_rules {
            true => serde_json::from_slice::<Groups>(json).map_err(|_| SecretError::Groups)?.groups,
            false => Vec::new(),
        };
        Ok(Some(Self { id: Zeroizing::new(id), groups, token: hash, created: version.created }))
    }

    /// In constant time. Of two hashes, so that not even the length of the stored token shows.
    pub(crate) fn matches(&self, presented: &Digest) -> bool {
        verify_slices_are_equal(self.token.as_ref(), presented.as_ref()).is_ok()
    }

    /// The hash of the token.
    pub(crate) fn token(&self) -> &Digest {
        &self.token
    }
}

/// For a member whose value does not matter, not even if it is null.
fn is_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl fmt::Debug for StoredPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredPair(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<String>, SecretError> {
        Ok(pair(text, false)?.map(|pair| pair.id.as_str().to_owned()))
    }

    fn pair(text: &str, serves_rules: bool) -> Result<Option<StoredPair>, SecretError> {
        let version = SecretVersion { text: Zeroizing::new(text.to_owned()), created: None };
        StoredPair::parse(&version, serves_rules)
    }

    #[test]
    fn groups_are_read_where_they_are_needed() {
        let with = |groups: &str| format!(r#"{{"token":"t","id":"i","groups":{groups}}}"#);
        let groups = |text: &str| pair(text, true).map(|pair| pair.unwrap().groups);
        assert_eq!(groups(r#"{"token":"t","id":"i"}"#), Ok(Vec::new()));
        assert_eq!(groups(&with("[]")), Ok(Vec::new()));
        assert_eq!(groups(&with(r#"["a", "b"]"#)), Ok(vec!["a".to_owned(), "b".to_owned()]));
        for wrong in ["null", "\"a\"", "{}", "[1]", "[null]"] {
            assert_eq!(groups(&with(wrong)), Err(SecretError::Groups), "{wrong}");
            assert_eq!(parse(&with(wrong)), Ok(Some("i".to_owned())), "{wrong}");
        }
    }

    #[test]
    fn a_secret_holds_a_token_and_an_id() {
        assert_eq!(parse(r#"{"token":"t","id":"i"}"#), Ok(Some("i".to_owned())));
        assert_eq!(parse("\u{feff}{\"id\":\"i\",\"other\":[1],\"token\":\"a b,c\"}"), Ok(Some("i".to_owned())));
    }

    #[test]
    fn an_object_without_a_token_is_somebody_elses_secret() {
        for text in ["{}", r#"{"id":"i"}"#, r#"{"username":"u","password":"p"}"#] {
            assert_eq!(parse(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, error) in [
            ("", SecretError::NotAnObject),
            ("plain", SecretError::NotAnObject),
            (r#"["t","i"]"#, SecretError::NotAnObject),
            (r#"{"token":"t","id":"i"} x"#, SecretError::NotAnObject),
            (r#"{"token":"","id":"i"}"#, SecretError::Token),
            (r#"{"token":1,"id":"i"}"#, SecretError::Token),
            (r#"{"token":null,"id":"i"}"#, SecretError::Token),
            (r#"{"token":"t","token":"u","id":"i"}"#, SecretError::NotAnObject),
            (r#"{"token":"t\n","id":"i"}"#, SecretError::TokenUnpresentable),
            (r#"{"token":" t","id":"i"}"#, SecretError::TokenUnpresentable),
            (r#"{"token":"a\u0000b","id":"i"}"#, SecretError::TokenUnpresentable),
            (r#"{"token":"t"}"#, SecretError::Id),
            (r#"{"token":"t","id":""}"#, SecretError::Id),
            (r#"{"token":"t","id":1}"#, SecretError::Id),
            (r#"{"token":"t","id":"a\nb"}"#, SecretError::Id),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }
}
