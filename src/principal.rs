//! Who the caller is: made only from something verified, or from the mode that allows callers without a credential.

use crate::identity::{PrincipalType, UserId};
use crate::service::VerifiedService;
use crate::token::{VerifiedClaims, VerifiedToken};

/// What a request without any credential gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is refused.
    Enforce,
    /// It is allowed, as `anonymous`.
    Optional,
}

/// The caller, verified.
#[derive(Debug)]
pub(crate) struct Principal {
    id: UserId,
    principal_type: PrincipalType,
    claims: Option<VerifiedClaims>,
    service_groups: Vec<String>,
}

impl Principal {
    /// The caller without a credential, where the mode allows it.
    pub(crate) fn anonymous() -> Self {
        Self {
            id: UserId::anonymous(),
            principal_type: PrincipalType::Anonymous,
            claims: None,
            service_groups: Vec::new(),
        }
    }

    /// The user id.
    #[must_use]
    pub(crate) fn id(&self) -> &UserId {
        &self.id
    }

    /// What kind of caller it is.
    #[must_use]
    pub(crate) fn principal_type(&self) -> PrincipalType {
        self.principal_type
    }

    /// The groups of a service with a stored token, where access rules need them.
    pub(crate) fn service_groups(&self) -> &[String] {
        &self.service_groups
    }

    /// What the token says, for callers with one.
    pub(crate) fn claims(&self) -> Option<&VerifiedClaims> {
        self.claims.as_ref()
    }
}

impl From<VerifiedToken> for Principal {
    fn from(token: VerifiedToken) -> Self {
        let (id, principal_type, claims) = token.into_parts();
        Self { id, principal_type, claims: Some(claims), service_groups: Vec::new() }
    }
}

impl From<VerifiedService> for Principal {
    fn from(service: VerifiedService) -> Self {
        let (id, service_groups) = service.into_parts();
        Self { id, principal_type: PrincipalType::Service, claims: None, service_groups }
    }
}
