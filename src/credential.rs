//! The credential that a [`Request`] carries, if any, before anything of it is verified.
//!
//! Exactly one credential is judged. Whatever could be read in two ways (a repeated header with two values,
//! different tokens in two places) is refused, since the gateway, this function and the backend might each
//! read another one of them.

use std::fmt;

use crate::error::Unauthorized;
use crate::event::{IdentitySource, Request};
use crate::settings::{AutomationHeaders, JwtCarriers};

/// What the caller presents. Nothing of it is verified.
#[derive(Debug, PartialEq, Eq)]
pub enum Credential<'r> {
    /// The pair of automation headers.
    Automation(UnverifiedPair<'r>),
    /// A token.
    Bearer(UnverifiedToken<'r>),
    /// Nothing.
    None,
}

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
pub struct UnverifiedToken<'r>(pub &'r str);

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

/// Where credentials are looked for.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The two automation headers, if automation is on.
    pub automation: Option<AutomationHeaders>,
    /// Where a JWT may be, if a provider is on.
    pub jwt: Option<JwtCarriers>,
}

impl<'r> Credential<'r> {
    /// Finds the credential of a request: the automation pair before a JWT before none.
    ///
    /// # Errors
    /// [`Unauthorized::CredentialsAmbiguous`] for two different values of one credential,
    /// [`Unauthorized::TokenMalformed`] for a JWT header of another form, and
    /// [`Unauthorized::CacheKeyMismatch`] if the gateway would cache the answer under another key.
    pub fn of(request: &'r Request<'_>, places: &Places) -> Result<Self, Unauthorized> {
        if let Some(headers) = &places.automation
            && let Some(pair) = automation_pair(request, headers)?
        {
            return Ok(Self::Automation(pair));
        }
        if let Some(carriers) = &places.jwt
            && let Some(token) = jwt(request, carriers)?
        {
            return Ok(Self::Bearer(token));
        }
        Ok(Self::None)
    }
}

/// The automation pair; one header alone counts as none.
fn automation_pair<'r>(
    request: &'r Request<'_>,
    names: &AutomationHeaders,
) -> Result<Option<UnverifiedPair<'r>>, Unauthorized> {
    let is_there = |name| request.header(name).any(|value| !value.is_empty());
    if !is_there(&names.id) || !is_there(&names.token) {
        return Ok(None);
    }
    let (Some(id), Some(token)) = (single(request.header(&names.id))?, single(request.header(&names.token))?) else {
        return Ok(None);
    };
    if !is_in_cache_key(request.identity_source(), token) {
        return Err(Unauthorized::CacheKeyMismatch);
    }
    Ok(Some(UnverifiedPair { id, token }))
}

/// The JWT, from whichever of its places; the same one may be in several.
fn jwt<'r>(request: &'r Request<'_>, carriers: &JwtCarriers) -> Result<Option<UnverifiedToken<'r>>, Unauthorized> {
    let header = single(request.header(&carriers.header).chain(request.authorization_token()))?;
    let query = match &carriers.query_parameter {
        Some(name) => single(request.query_parameter(name).filter(|value| !value.is_empty()))?,
        None => None,
    };
    let cookie = match &carriers.cookie {
        Some(name) => single(cookies(request, name).filter(|value| !value.is_empty()))?,
        None => None,
    };

    // HTTP 2.0 joins what was repeated with commas, and no JWT has one.
    if [header, query].into_iter().flatten().any(|value| value.contains(',')) {
        return Err(Unauthorized::CredentialsAmbiguous);
    }
    let from_header = match header.map(trim_blanks).filter(|value| !value.is_empty()) {
        Some(value) => Some(strip_prefix(value, &carriers.prefix).ok_or(Unauthorized::TokenMalformed)?),
        None => None,
    };
    let Some(token) = single([from_header, query, cookie].into_iter().flatten())? else {
        return Ok(None);
    };

    // The key holds this token if it holds the whole value of any place that carries it.
    let key = request.identity_source();
    let is_keyed = matches!(key, IdentitySource::None)
        || from_header.and(header).is_some_and(|value| is_in_cache_key(key, value))
        || query.is_some_and(|value| is_in_cache_key(key, value))
        || cookie.is_some_and(|value| is_in_cache_key(key, value) || is_cookie_header_in_cache_key(request));
    if !is_keyed {
        return Err(Unauthorized::CacheKeyMismatch);
    }
    Ok(Some(UnverifiedToken(token)))
}

/// The one value there is, however often it comes.
fn single<'r>(mut values: impl Iterator<Item = &'r str>) -> Result<Option<&'r str>, Unauthorized> {
    let Some(first) = values.next() else {
        return Ok(None);
    };
    if values.any(|value| value != first) {
        return Err(Unauthorized::CredentialsAmbiguous);
    }
    Ok(Some(first))
}

/// The token behind the prefix: `<prefix> <token>` (RFC 6750, section 2.1), the prefix in any case, or the whole
/// value where no prefix is configured.
fn strip_prefix<'r>(value: &'r str, prefix: &str) -> Option<&'r str> {
    let token = if prefix.is_empty() {
        value
    } else {
        let (scheme, rest) = value.split_at_checked(prefix.len())?;
        if !scheme.eq_ignore_ascii_case(prefix) || !rest.starts_with(BLANKS) {
            return None;
        }
        trim_blanks(rest)
    };
    // One blank after the other: each is found many bytes at a time. Other white space is no base64url.
    let is_one_word = BLANKS.into_iter().all(|blank| !token.contains(blank));
    (!token.is_empty() && is_one_word).then_some(token)
}

const BLANKS: [char; 2] = [' ', '\t'];

fn trim_blanks(value: &str) -> &str {
    value.trim_matches(BLANKS)
}

/// The values of one cookie (RFC 6265, section 4.2), not unquoted and not decoded.
fn cookies<'r>(request: &'r Request<'_>, name: &str) -> impl Iterator<Item = &'r str> {
    request
        .cookie_texts()
        .flat_map(|text| text.split(';'))
        .filter_map(move |pair| pair.split_once('=').filter(|(key, _)| trim_blanks(key) == name))
        .map(|(_, value)| trim_blanks(value))
}

fn is_in_cache_key(key: &IdentitySource<'_>, value: &str) -> bool {
    match key {
        IdentitySource::None => true,
        IdentitySource::List(values) => values.iter().any(|part| part == value),
        IdentitySource::Joined(text) => text.contains(value),
    }
}

/// Whether the cache key holds the whole cookie header, which the event may show only as a list of its cookies.
fn is_cookie_header_in_cache_key(request: &Request<'_>) -> bool {
    let key = request.identity_source();
    let list = request.cookie_list();
    request.header("cookie").any(|value| is_in_cache_key(key, value))
        || !list.is_empty() && ["; ", ";"].into_iter().any(|separator| is_in_cache_key(key, &list.join(separator)))
}
