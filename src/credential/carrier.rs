//! One place where a JWT may be.

use super::cache_key::{is_cookie_in_cache_key, is_in_cache_key};
use super::presented::{SPACES, UnverifiedToken, cookies_in, single, trim_spaces};
use crate::error::Unauthorized;
use crate::event::Request;
use crate::kind::Kind;

/// The header in which a browser offers sub-protocols (RFC 6455, section 11.3.4).
const WEB_SOCKET_PROTOCOL: &str = "Sec-WebSocket-Protocol";

/// One place where a JWT may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A header: `<prefix> <token>` (RFC 6750, section 2.1).
    Header {
        /// The header's name.
        name: String,
        /// What is before the token, in any case; empty: the header is the token alone.
        prefix: String,
        /// Whether the token alone is accepted beside the prefixed form.
        allows_bare: bool,
    },
    /// A query parameter of this name.
    Query(String),
    /// A cookie of this name.
    Cookie(String),
    /// A WebSocket sub-protocol: `<name>, <token>` or `<name>.<token>`.
    WebSocketProtocol(String),
}

/// A token, and whether the gateway's cache key holds the whole value that carries it.
pub(super) struct Carried<'r> {
    pub(super) token: UnverifiedToken<'r>,
    pub(super) is_keyed: bool,
}

impl Carrier {
    /// The token that is in this place, if there is one.
    pub(super) fn find<'r>(&self, request: &'r Request<'_>) -> Result<Option<Carried<'r>>, Unauthorized> {
        let carried =
            |token, is_keyed| Some(Carried { token: UnverifiedToken { token, web_socket_protocol: None }, is_keyed });
        Ok(match self {
            Self::Header { name, prefix, allows_bare } => {
                match single(request.header(name).chain(request.authorization_token()))? {
                    Some(value) => in_header(value, prefix, *allows_bare)?
                        .and_then(|token| carried(token, is_in_cache_key(request.identity_source(), value))),
                    None => None,
                }
            }
            Self::Query(name) => match single(request.query_parameter(name).filter(|value| !value.is_empty()))? {
                // HTTP 2.0 joins repeated values with commas, and no JWT has one.
                Some(value) if value.contains(',') => return Err(Unauthorized::CredentialsAmbiguous),
                Some(value) => carried(value, is_in_cache_key(request.identity_source(), value)),
                None => None,
            },
            Self::Cookie(name) => {
                let values = request.cookie_texts().flat_map(|text| cookies_in(text, name));
                single(values.filter(|value| !value.is_empty()))?
                    .and_then(|value| carried(value, is_cookie_in_cache_key(request, name, value)))
            }
            Self::WebSocketProtocol(name) => match request.kind() {
                Kind::WebSocket => in_protocols(request, name)?.map(|token| Carried { token, is_keyed: true }),
                Kind::RestToken | Kind::RestRequest | Kind::HttpV1 | Kind::HttpV2 => None,
            },
        })
    }
}

/// The token in a header's value; a value without anything in it carries none.
fn in_header<'r>(value: &'r str, prefix: &str, allows_bare: bool) -> Result<Option<&'r str>, Unauthorized> {
    let value = trim_spaces(value);
    if value.is_empty() {
        return Ok(None);
    }
    // The scheme is judged before commas are: other schemes have commas of their own.
    let token = match behind_prefix(value, prefix) {
        Some(rest) if rest.contains(',') => return Err(Unauthorized::CredentialsAmbiguous),
        Some(rest) => rest,
        None if allows_bare => value,
        None => return Err(Unauthorized::TokenMalformed),
    };
    // One character after the other: each is found many bytes at a time. Other whitespace is not base64url.
    let is_one_word = SPACES.into_iter().all(|space| !token.contains(space));
    if token.is_empty() || !is_one_word {
        return Err(Unauthorized::TokenMalformed);
    }
    Ok(Some(token))
}

/// What is behind the prefix, if the value begins with it, in any case.
fn behind_prefix<'r>(value: &'r str, prefix: &str) -> Option<&'r str> {
    if prefix.is_empty() {
        return Some(value);
    }
    let (scheme, rest) = value.split_at_checked(prefix.len())?;
    let is_prefixed = scheme.eq_ignore_ascii_case(prefix) && (rest.is_empty() || rest.starts_with(SPACES));
    is_prefixed.then(|| trim_spaces(rest))
}

/// The token among the offered sub-protocols. The browser closes the connection unless one of them is accepted, and the
/// token itself must not be: an answer would show it.
fn in_protocols<'r>(request: &'r Request<'_>, name: &str) -> Result<Option<UnverifiedToken<'r>>, Unauthorized> {
    let offered = offered_protocols(request);
    let mut tokens = Vec::new();
    for (index, entry) in offered.iter().enumerate() {
        if *entry == name {
            tokens.push(*offered.get(index + 1).ok_or(Unauthorized::TokenMalformed)?);
        } else if let Some(token) = entry.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) {
            tokens.push(token);
        }
    }
    let Some(token) = single(tokens.into_iter())? else {
        return Ok(None);
    };
    let accepted = offered.iter().copied().find(|entry| !entry.is_empty() && !entry.contains(token));
    match accepted.filter(|_| !token.is_empty()) {
        Some(accepted) => Ok(Some(UnverifiedToken { token, web_socket_protocol: Some(accepted) })),
        None => Err(Unauthorized::TokenMalformed),
    }
}

/// The entries of all headers as one list. The event has each header in two maps, of which one may hold the last value
/// alone.
fn offered_protocols<'r>(request: &'r Request<'_>) -> Vec<&'r str> {
    let mut values: Vec<&str> = Vec::new();
    for value in request.all_values_first(WEB_SOCKET_PROTOCOL) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values.into_iter().flat_map(|value| value.split(',')).map(trim_spaces).collect()
}
