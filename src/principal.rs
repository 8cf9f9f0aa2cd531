//! Who the caller is: made only from something verified, or from the mode that lets anybody in.

use serde_json::value::RawValue;

use crate::service::VerifiedService;
use crate::token::VerifiedToken;

/// The longest id of a user or a service, in bytes.
const MAX_USER_ID_BYTES: usize = 512;

/// What a principal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalType {
    /// A user of a pool.
    User,
    /// A service with a stored token, or with a token of its own app client.
    Service,
    /// Anybody.
    Anonymous,
}

impl PrincipalType {
    /// The name in the context and in the log line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
            Self::Anonymous => "anonymous",
        }
    }
}

/// The caller, verified.
#[derive(Debug)]
pub struct Principal {
    id: String,
    principal_type: PrincipalType,
    claims: Vec<(String, Box<RawValue>)>,
    expires_at: Option<u64>,
}

impl Principal {
    /// The caller without a credential, where the mode lets anybody in.
    pub(crate) fn anonymous() -> Self {
        let principal_type = PrincipalType::Anonymous;
        Self { id: principal_type.name().to_owned(), principal_type, claims: Vec::new(), expires_at: None }
    }

    /// The user id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it is.
    #[must_use]
    pub fn principal_type(&self) -> PrincipalType {
        self.principal_type
    }

    /// The claims that were asked for, as far as the token has them; each is JSON.
    #[must_use]
    pub fn claims(&self) -> &[(String, Box<RawValue>)] {
        &self.claims
    }

    /// The token's `exp`, in seconds since 1970.
    #[must_use]
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }
}

impl From<VerifiedToken> for Principal {
    fn from(token: VerifiedToken) -> Self {
        let (id, principal_type, claims, expires_at) = token.into_parts();
        Self { id, principal_type, claims, expires_at: Some(expires_at) }
    }
}

impl From<VerifiedService> for Principal {
    fn from(service: VerifiedService) -> Self {
        let id = service.into_id();
        Self { id, principal_type: PrincipalType::Service, claims: Vec::new(), expires_at: None }
    }
}

/// Whether this can be the id of a user or a service: neither empty nor over 512 bytes, and free of control
/// characters, since it goes into logs and headers of others.
pub(crate) fn is_user_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= MAX_USER_ID_BYTES && !id.chars().any(char::is_control)
}
