//! The fuzz targets' way to the parsers of foreign bytes that are not public. Only `cargo fuzz` builds it.

use zeroize::Zeroizing;

use crate::aws::SecretVersion;
use crate::service::StoredPair;
use crate::token::{Claims, Decoded};

/// The three segments of a compact token, decoded.
#[must_use]
pub fn segments(token: &str) -> Option<[Vec<u8>; 3]> {
    Decoded::parse(token).ok().map(|decoded| [decoded.header, decoded.claims, decoded.signature])
}

/// The members of an object: name, value as JSON, and the value as a text if it is one.
#[must_use]
pub fn members(json: &[u8]) -> Option<Vec<(String, String, Option<String>)>> {
    let claims = Claims::parse(json)?;
    let member = |name: &str, value: &str| {
        (name.to_owned(), value.to_owned(), claims.text(name).map(std::borrow::Cow::into_owned))
    };
    Some(claims.0.iter().map(|(name, value)| member(name, value.get())).collect())
}

/// The id in a stored pair.
#[must_use]
pub fn stored_id(text: &str) -> Option<String> {
    let version = SecretVersion { text: Zeroizing::new(text.to_owned()), created: None };
    StoredPair::parse(&version).map(|pair| pair.id.as_str().to_owned())
}
