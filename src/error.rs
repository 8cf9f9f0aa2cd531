//! Why a request is refused, and the one mapping of that to the outside.
//!
//! Three kinds that never mix: [`Unauthorized`] (the caller is not known: 401), [`Forbidden`] (the caller is known and
//! not allowed to: 403) and [`Fault`] (the authorizer could not tell: 500). An outage is always a fault, so that nobody
//! signs in again because a server was down. Each reason has a stable code that holds nothing secret.

use std::fmt;

/// Defines an enumeration of reasons with their stable codes. A variant's documentation is also its meaning.
macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($(#[doc = $meaning:literal])+ $variant:ident => $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[doc = $meaning])+ $variant,)+ }

        impl $name {
            /// Every reason of this kind, in the order of its declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code. For the log: see [`Refusal::code`].
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// What the reason means, in a sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($meaning),+).trim_ascii(),)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.code())
            }
        }

        impl std::error::Error for $name {}
    };
}

reasons! {
    /// The caller is not known: 401.
    Unauthorized {
        /// The request carries no credential.
        CredentialsMissing => "credentials_missing",
        /// Two different values were given for one credential.
        CredentialsAmbiguous => "credentials_ambiguous",
        /// The gateway would cache the answer under a key that does not hold the credential.
        CacheKeyMismatch => "cache_key_mismatch",
        /// The token, or the header that carries it, does not have the form that it must have.
        TokenMalformed => "token_malformed",
        /// The token's `alg` is not one that its issuer may use.
        AlgorithmNotAllowed => "algorithm_not_allowed",
        /// The issuer's key set has no key of the token's `kid`.
        KeyUnknown => "key_unknown",
        /// The signature is not valid.
        SignatureInvalid => "signature_invalid",
        /// The token's issuer is not configured.
        IssuerUnknown => "issuer_unknown",
        /// The token has expired.
        TokenExpired => "token_expired",
        /// The token's `nbf` or `iat` is in the future.
        TokenNotYetValid => "token_not_yet_valid",
        /// The token's `token_use` is neither `id` nor `access`, or not allowed here.
        TokenUseNotAllowed => "token_use_not_allowed",
        /// The token's `typ` is not one that its issuer's tokens may have.
        TokenTypeNotAllowed => "token_type_not_allowed",
        /// The token was issued to a client that is not configured.
        ClientNotAllowed => "client_not_allowed",
        /// The token is for another audience.
        AudienceNotAllowed => "audience_not_allowed",
        /// A claim of the token does not have a required value.
        ClaimNotAllowed => "claim_not_allowed",
        /// The token is bound to a key or certificate, and nothing here proves that the caller has it.
        SenderConstraintUnmet => "sender_constraint_unmet",
        /// No claim holds the user id.
        UserIdMissing => "user_id_missing",
        /// The user id is longer than 512 bytes or has control characters.
        UserIdInvalid => "user_id_invalid",
        /// The user id is an email or a phone number that is not verified.
        UserIdNotVerified => "user_id_not_verified",
        /// The issuer no longer accepts the token.
        TokenRevoked => "token_revoked",
        /// Revocation must be checked and nobody can be asked about this token.
        RevocationUnknown => "revocation_unknown",
        /// The service's id has characters or a length that no secret's name has here.
        ServiceIdInvalid => "service_id_invalid",
        /// There is no secret for this service.
        ServiceUnknown => "service_unknown",
        /// The service's token is not the stored one.
        ServiceTokenMismatch => "service_token_mismatch",
    }
}

reasons! {
    /// The caller is known and not allowed to: 403.
    Forbidden {
        /// The token has none of the required scopes.
        ScopeMissing => "scope_missing",
        /// The token has none of the required groups.
        GroupMissing => "group_missing",
        /// A policy cannot name the requested resource without covering others.
        ResourceUnsafe => "resource_unsafe",
        /// No access rule permits it.
        RuleMissing => "rule_missing",
        /// An access rule forbids it.
        RuleForbids => "rule_forbids",
        /// An access rule that may forbid it could not be evaluated.
        RuleError => "rule_error",
        /// The list of routes does not have the requested route.
        RouteUnknown => "route_unknown",
    }
}

reasons! {
    /// The authorizer could not tell: 500.
    Fault {
        /// The event is not an authorizer event of API Gateway, or its ARN cannot be parsed.
        EventUnsupported => "event_unsupported",
        /// No kind of credential is configured.
        ConfigEnforced => "CONFIG_ENFORCED_001",
        /// The key set could not be fetched.
        JwksUnavailable => "jwks_unavailable",
        /// The issuer's discovery document could not be fetched, or is another issuer's.
        DiscoveryUnavailable => "discovery_unavailable",
        /// The user's attributes could not be fetched.
        UserInfoUnavailable => "user_info_unavailable",
        /// Secrets Manager gave no usable answer.
        SecretsUnavailable => "secrets_unavailable",
        /// The stored secret does not have the form of a service's secret.
        SecretMalformed => "secret_malformed",
        /// The answer would be larger than API Gateway accepts.
        ContextTooLarge => "context_too_large",
        /// The authorizer panicked: a defect of its own.
        Internal => "internal_error",
    }
}

/// Why a request is not allowed. Its `Display` is its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "401, 403 or 500: a caller must handle each, and there is no fourth")]
pub enum Refusal {
    /// The caller is not known: 401.
    Unauthorized(Unauthorized),
    /// The caller is known and not allowed to: 403.
    Forbidden(Forbidden),
    /// The authorizer could not tell: 500.
    Fault(Fault),
}

impl Refusal {
    /// The stable code of the reason, as the log line has it.
    ///
    /// Don't show it to clients: `service_unknown` and `service_token_mismatch` would tell them which services exist. The
    /// [`Answer`](crate::Answer) has what they may see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unauthorized(reason) => reason.code(),
            Self::Forbidden(reason) => reason.code(),
            Self::Fault(reason) => reason.code(),
        }
    }
}

impl Refusal {
    /// The code that clients may see. Which services exist is not theirs to know.
    pub(crate) const fn code_for_clients(self) -> &'static str {
        match self {
            Self::Unauthorized(Unauthorized::ServiceUnknown | Unauthorized::ServiceTokenMismatch) => "service_refused",
            Self::Unauthorized(_) | Self::Forbidden(_) | Self::Fault(_) => self.code(),
        }
    }

    /// What the reason means, in a sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Unauthorized(reason) => reason.meaning(),
            Self::Forbidden(reason) => reason.meaning(),
            Self::Fault(reason) => reason.meaning(),
        }
    }

    /// Every reason of the three kinds, in the order of their declaration.
    pub fn all() -> impl Iterator<Item = Self> {
        let unauthorized = Unauthorized::ALL.iter().map(|reason| Self::Unauthorized(*reason));
        let forbidden = Forbidden::ALL.iter().map(|reason| Self::Forbidden(*reason));
        unauthorized.chain(forbidden).chain(Fault::ALL.iter().map(|reason| Self::Fault(*reason)))
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
        let codes: Vec<_> = Refusal::all().map(Refusal::code).collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
        for code in codes {
            assert!(code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{code}");
        }
    }

    #[test]
    fn a_meaning_is_a_sentence() {
        for reason in Refusal::all() {
            let meaning = reason.meaning();
            assert!(meaning.starts_with(|c: char| c.is_uppercase()) && meaning.ends_with('.'), "{reason}: {meaning}");
        }
    }

    #[test]
    fn a_refusal_is_shown_as_its_code() {
        assert_eq!(Refusal::from(Unauthorized::TokenExpired).to_string(), "token_expired");
    }
}
