//! The credential that a [`Request`] carries, if any, before anything of it is verified.
//!
//! Exactly one credential is judged. Whatever could be read in two ways (a repeated header with two values, different
//! tokens in two places) is refused, since the gateway, this function and the backend might each read another one.

mod cache_key;
mod carrier;
mod presented;

use crate::error::Unauthorized;
use crate::event::Request;
use cache_key::is_in_cache_key;
use presented::single;

pub use carrier::Carrier;
pub use presented::{UnverifiedPair, UnverifiedToken};

/// The names of the two headers of a service's pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairHeaders {
    /// The header with the id.
    pub id: String,
    /// The header with the token.
    pub token: String,
}

/// How much of a service's pair a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair<'r> {
    /// Both headers.
    Complete(UnverifiedPair<'r>),
    /// One header, or an empty one: no credential, and not an anonymous caller either.
    Incomplete,
    /// Neither header.
    Absent,
}

impl PairHeaders {
    /// The pair that a request carries.
    ///
    /// # Errors
    /// [`Unauthorized::CredentialsAmbiguous`] for two different values of one header, and
    /// [`Unauthorized::CacheKeyMismatch`] if the gateway would cache the answer under another key.
    pub fn find<'r>(&self, request: &'r Request<'_>) -> Result<Pair<'r>, Unauthorized> {
        let is_present = |name| request.header(name).next().is_some();
        if !is_present(&self.id) && !is_present(&self.token) {
            return Ok(Pair::Absent);
        }
        let is_filled = |name| request.header(name).any(|value| !value.is_empty());
        if !is_filled(&self.id) || !is_filled(&self.token) {
            return Ok(Pair::Incomplete);
        }
        let (Some(id), Some(token)) = (single(request.header(&self.id))?, single(request.header(&self.token))?) else {
            return Ok(Pair::Incomplete);
        };
        if !is_in_cache_key(request.identity_source(), token) {
            return Err(Unauthorized::CacheKeyMismatch);
        }
        Ok(Pair::Complete(UnverifiedPair { id, token }))
    }
}

/// Every place where a JWT may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carriers(pub Vec<Carrier>);

impl Carriers {
    /// The token that a request carries; the same one may be in several places.
    ///
    /// # Errors
    /// [`Unauthorized::CredentialsAmbiguous`] for two different tokens, [`Unauthorized::TokenMalformed`] for a place of
    /// another form, and [`Unauthorized::CacheKeyMismatch`] if the gateway would cache the answer under another key.
    pub fn find<'r>(&self, request: &'r Request<'_>) -> Result<Option<UnverifiedToken<'r>>, Unauthorized> {
        let mut found: Option<UnverifiedToken<'r>> = None;
        let mut is_keyed = request.identity_source().is_none();
        for carrier in &self.0 {
            let Some(carried) = carrier.find(request)? else {
                continue;
            };
            let first = found.get_or_insert(carried.token);
            if first.token != carried.token.token {
                return Err(Unauthorized::CredentialsAmbiguous);
            }
            first.web_socket_protocol = first.web_socket_protocol.or(carried.token.web_socket_protocol);
            // The key holds this token if it holds the whole value of any place that carries it.
            is_keyed |= carried.is_keyed;
        }
        if found.is_some() && !is_keyed {
            return Err(Unauthorized::CacheKeyMismatch);
        }
        Ok(found)
    }
}
