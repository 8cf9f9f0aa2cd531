//! What identifies a caller: a checked id, and what kind of caller it is.

use std::fmt;

use zeroize::Zeroize;

/// The longest id of a user or a service, in bytes.
const MAX_USER_ID_BYTES: usize = 512;

/// The id of a user or a service: 1 to 512 bytes without control characters, since it goes into logs and headers of
/// others.
#[derive(Clone, PartialEq, Eq)]
pub struct UserId(String);

/// The string cannot be a [`UserId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidUserId;

impl UserId {
    /// Checks an id.
    ///
    /// # Errors
    /// [`InvalidUserId`] if it is empty, over 512 bytes, or holds a control character.
    pub fn parse(id: impl Into<String>) -> Result<Self, InvalidUserId> {
        let id = id.into();
        let is_valid = !id.is_empty() && id.len() <= MAX_USER_ID_BYTES && !id.chars().any(char::is_control);
        if is_valid { Ok(Self(id)) } else { Err(InvalidUserId) }
    }

    /// The id as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn anonymous() -> Self {
        Self(PrincipalType::Anonymous.name().to_owned())
    }
}

/// It identifies a person, so it is not shown.
impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserId(redacted)")
    }
}

impl Zeroize for UserId {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Display for InvalidUserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a user id has 1 to 512 bytes and no control characters")
    }
}

impl std::error::Error for InvalidUserId {}

/// What kind of caller was allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PrincipalType {
    /// A person, identified by a token.
    User,
    /// A program: a service with a stored token, or an app client with a token of its own.
    Service,
    /// A caller without a credential, where `MODE=OPTIONAL` allows it.
    Anonymous,
}

impl PrincipalType {
    /// The name in the answer's context and in the log line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
            Self::Anonymous => "anonymous",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_has_1_to_512_bytes_and_no_control_characters() {
        for id in ["a", "jane@example.com", "é", &"x".repeat(512)] {
            assert_eq!(UserId::parse(id).unwrap().as_str(), id);
        }
        for id in ["", &"x".repeat(513), &"é".repeat(257), "a\nb", "a\u{0}", "a\u{7f}", "a\u{85}"] {
            assert_eq!(UserId::parse(id), Err(InvalidUserId), "{id:?}");
        }
    }

    #[test]
    fn a_user_id_is_not_shown_and_can_be_wiped() {
        let mut id = UserId::parse("jane@example.com").unwrap();
        assert_eq!(format!("{id:?}"), "UserId(redacted)");
        id.zeroize();
        assert_eq!(id.as_str(), "");
    }
}
