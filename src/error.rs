//! Why a request is refused, and the one mapping of that to the outside.
//!
//! Three kinds that never mix: [`Unauthorized`] (we do not know the caller: 401), [`Forbidden`] (we know the
//! caller, who may not: 403) and [`Fault`] (we could not tell: 500). An outage is always a fault, so that
//! nobody signs in again because a server was down. Each reason has a stable code that holds nothing secret.

use std::fmt;

/// Defines an enumeration of reasons with their stable codes.
macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every reason of this kind, in the order of its declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code: what the log line, the metrics and the answers say.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }
    };
}

reasons! {
    /// The caller is not known.
    Unauthorized {
        /// There is no credential at all.
        CredentialsMissing => "credentials_missing",
        /// Two different values were given for one credential.
        CredentialsAmbiguous => "credentials_ambiguous",
        /// The gateway would cache the answer under a key that does not hold the credential.
        CacheKeyMismatch => "cache_key_mismatch",
        /// The token, or the header that carries it, is not of the form that it must have.
        TokenMalformed => "token_malformed",
        /// The token's `alg` is not RS256.
        AlgorithmNotAllowed => "algorithm_not_allowed",
        /// The pool has no key of that `kid`.
        KeyUnknown => "key_unknown",
        /// The signature does not hold.
        SignatureInvalid => "signature_invalid",
        /// The issuer is not one of the configured pools.
        IssuerUnknown => "issuer_unknown",
        /// `exp` is over.
        TokenExpired => "token_expired",
        /// `nbf` or `iat` is ahead.
        TokenNotYetValid => "token_not_yet_valid",
        /// `token_use` is neither `id` nor `access`, or not allowed here.
        TokenUseNotAllowed => "token_use_not_allowed",
        /// The token was made for another app client.
        ClientNotAllowed => "client_not_allowed",
        /// No claim holds the user id.
        UserIdMissing => "user_id_missing",
        /// The user id is too long or has control characters.
        UserIdInvalid => "user_id_invalid",
        /// The e-mail is the user id and is not verified.
        EmailNotVerified => "email_not_verified",
        /// Cognito's userInfo no longer takes the token.
        TokenRevoked => "token_revoked",
        /// Revocation must be checked and this token does not allow to ask.
        RevocationUnknown => "revocation_unknown",
        /// The id of the service has characters or a length that no secret's name has here.
        ServiceIdInvalid => "service_id_invalid",
        /// There is no secret of that name.
        ServiceUnknown => "service_unknown",
        /// The service's token is not the stored one.
        ServiceTokenMismatch => "service_token_mismatch",
    }
}

reasons! {
    /// The caller is known and may not.
    Forbidden {
        /// The token holds none of the required scopes.
        ScopeMissing => "scope_missing",
        /// The token holds none of the required groups.
        GroupMissing => "group_missing",
        /// The requested resource can't be named in a policy without covering others.
        ResourceUnsafe => "resource_unsafe",
    }
}

reasons! {
    /// We could not tell.
    Fault {
        /// Not an authorizer event of API Gateway, or one whose ARN can't be taken apart.
        EventUnsupported => "event_unsupported",
        /// Nothing is configured that could let anybody in.
        ConfigEnforced => "CONFIG_ENFORCED_001",
        /// The key set could not be had.
        JwksUnavailable => "jwks_unavailable",
        /// Cognito's userInfo gave no usable answer.
        UserInfoUnavailable => "user_info_unavailable",
        /// Secrets Manager gave no usable answer.
        SecretsUnavailable => "secrets_unavailable",
        /// The stored secret is not what a service's secret must be.
        SecretMalformed => "secret_malformed",
        /// The answer would be larger than API Gateway takes.
        ContextTooLarge => "context_too_large",
        /// A defect of ours: the handler panicked.
        Internal => "internal_error",
    }
}

/// Why a request is not allowed: the caller, or us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The caller is not known: 401.
    Unauthorized(Unauthorized),
    /// The caller is known and may not: 403.
    Forbidden(Forbidden),
    /// We could not tell: 500.
    Fault(Fault),
}

impl Refusal {
    /// The stable code of the reason.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unauthorized(reason) => reason.code(),
            Self::Forbidden(reason) => reason.code(),
            Self::Fault(reason) => reason.code(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Refusal {}

impl From<Unauthorized> for Refusal {
    fn from(reason: Unauthorized) -> Self {
        Self::Unauthorized(reason)
    }
}

impl From<Forbidden> for Refusal {
    fn from(reason: Forbidden) -> Self {
        Self::Forbidden(reason)
    }
}

impl From<Fault> for Refusal {
    fn from(reason: Fault) -> Self {
        Self::Fault(reason)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_plain() {
        let codes: Vec<_> = Unauthorized::ALL
            .iter()
            .map(|reason| reason.code())
            .chain(Forbidden::ALL.iter().map(|reason| reason.code()))
            .chain(Fault::ALL.iter().map(|reason| reason.code()))
            .collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
        for code in codes {
            assert!(code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{code}");
        }
    }

    #[test]
    fn a_refusal_is_shown_as_its_code() {
        assert_eq!(Refusal::from(Unauthorized::TokenExpired).to_string(), "token_expired");
    }
}
