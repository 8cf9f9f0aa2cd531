//! What the rules of an issuer are given, and what they find.

use std::sync::Arc;

use crate::claims::Claims;
use crate::identity::{PrincipalType, UserId};
use crate::jws::SignedClaims;

/// A token's claims, with what is needed to ask about its user.
pub(crate) struct Subject<'a> {
    /// The issuer's name in the settings.
    pub(crate) issuer: &'a str,
    /// What identifies the issuer: its first `iss`.
    pub(crate) identifier: &'a str,
    pub(crate) claims: &'a SignedClaims,
    /// The compact token.
    pub(crate) token: &'a str,
    /// When it ends, in seconds since 1970.
    pub(crate) ends_at: u64,
}

/// Whom a token identifies.
#[derive(Debug)]
pub(crate) struct Identified {
    pub(crate) id: UserId,
    pub(crate) principal_type: PrincipalType,
    /// What the issuer said about the user, where it was asked.
    pub(crate) attributes: Option<Arc<Claims>>,
}
