//! What a request presents, before anything of it is verified.

use std::fmt;

use crate::error::Unauthorized;

/// A service's id and token, as presented.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UnverifiedPair<'r> {
    /// The value of the id header.
    pub id: &'r str,
    /// The value of the token header.
    pub token: &'r str,
}

/// A JWT, as presented.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UnverifiedToken<'r> {
    /// The compact token.
    pub token: &'r str,
    /// The WebSocket sub-protocol to accept, where the token was offered as one.
    pub web_socket_protocol: Option<&'r str>,
}

impl fmt::Debug for UnverifiedPair<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedPair(redacted)")
    }
}

impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedToken(redacted)")
    }
}

/// The one value there is, however often it occurs.
pub(super) fn single<'r>(mut values: impl Iterator<Item = &'r str>) -> Result<Option<&'r str>, Unauthorized> {
    let Some(first) = values.next() else {
        return Ok(None);
    };
    if values.any(|value| value != first) {
        return Err(Unauthorized::CredentialsAmbiguous);
    }
    Ok(Some(first))
}

/// Optional whitespace (RFC 9110, section 5.6.3).
pub(super) const SPACES: [char; 2] = [' ', '\t'];

pub(super) fn trim_spaces(value: &str) -> &str {
    value.trim_matches(SPACES)
}

/// The values of one cookie in a string of cookies (RFC 6265, section 4.2), neither unquoted nor decoded.
pub(super) fn cookies_in<'t>(text: &'t str, name: &str) -> impl Iterator<Item = &'t str> {
    text.split(';')
        .filter_map(move |pair| pair.split_once('=').filter(|(key, _)| trim_spaces(key) == name))
        .map(|(_, value)| trim_spaces(value))
}
