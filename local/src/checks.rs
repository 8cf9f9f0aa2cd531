//! The checks in the order in which the authorizer makes them, and the one that each reason belongs to.
//!
//! The order is that of `authorizer.rs`, `token.rs` and `service.rs`. Every reason is matched by name, so that a new
//! one does not compile until it is put here.

use smac_lambda_authorizer::credential::Credential;
use smac_lambda_authorizer::error::{Fault, Forbidden, Refusal, Unauthorized};
use smac_lambda_authorizer::telemetry::{Outcome, Record, Upstream};

/// The way that a credential takes through the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    /// A JWT.
    Token,
    /// A service's id and token.
    Pair,
    /// No credential, or none that could be told.
    None,
}

impl Path {
    /// The way of a request, as far as [`Credential::of`] can tell.
    #[must_use]
    pub fn of(credential: &Result<Credential<'_>, Unauthorized>) -> Self {
        match credential {
            // The one refusal there that is about the form of a token.
            Ok(Credential::Bearer(_)) | Err(Unauthorized::TokenMalformed) => Self::Token,
            Ok(Credential::Automation(_)) => Self::Pair,
            Ok(Credential::None) | Err(_) => Self::None,
        }
    }

    /// Its checks, in order.
    #[must_use]
    pub const fn checks(self) -> &'static [Check] {
        match self {
            Self::Token => &[
                Check::Event,
                Check::Credential,
                Check::Form,
                Check::Issuer,
                Check::Key,
                Check::Signature,
                Check::Times,
                Check::Use,
                Check::Client,
                Check::Scopes,
                Check::Groups,
                Check::UserInfo,
                Check::UserId,
                Check::Email,
                Check::Revocation,
                Check::Resource,
                Check::Answer,
            ],
            Self::Pair => &[
                Check::Event,
                Check::Credential,
                Check::ServiceId,
                Check::Secret,
                Check::ServiceToken,
                Check::Resource,
                Check::Answer,
            ],
            Self::None => &[Check::Event, Check::Credential, Check::Resource, Check::Answer],
        }
    }
}

/// One check. A setting can make it hold for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// The event can be read.
    Event,
    /// There is one credential.
    Credential,
    /// The token can be read, and says RS256.
    Form,
    /// Its issuer is a configured pool.
    Issuer,
    /// The pool has its key.
    Key,
    /// The signature holds.
    Signature,
    /// It is valid now.
    Times,
    /// ID or access.
    Use,
    /// It was made for one of the pool's app clients.
    Client,
    /// It holds a required scope.
    Scopes,
    /// It holds a required group.
    Groups,
    /// Cognito's userInfo takes it, where that must be asked. It is asked for a missing user id before the user id is
    /// checked, and for revocation alone after it; the list has it at the first place.
    UserInfo,
    /// There is a user id.
    UserId,
    /// The e-mail is not known to be unverified.
    Email,
    /// Revocation, where it is checked, can be asked about.
    Revocation,
    /// The service's id can be a secret's name.
    ServiceId,
    /// There is a usable secret of that name.
    Secret,
    /// The service's token is the stored one.
    ServiceToken,
    /// A policy can name what is asked for.
    Resource,
    /// API Gateway can take the answer.
    Answer,
}

impl Check {
    /// A short name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Credential => "credential",
            Self::Form => "form",
            Self::Issuer => "issuer",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Times => "times",
            Self::Use => "token use",
            Self::Client => "app client",
            Self::Scopes => "scopes",
            Self::Groups => "groups",
            Self::UserInfo => "userInfo",
            Self::UserId => "user id",
            Self::Email => "e-mail",
            Self::Revocation => "revocation",
            Self::ServiceId => "service id",
            Self::Secret => "secret",
            Self::ServiceToken => "service token",
            Self::Resource => "resource",
            Self::Answer => "answer",
        }
    }

    /// What must hold.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Event => "API Gateway's event is of a known kind and names a method",
            Self::Credential => {
                "there is exactly one credential, and the gateway's cache key, where it shows, holds it"
            }
            Self::Form => "three segments of base64url, two JSON objects, RS256, a key id, no extensions",
            Self::Issuer => "a configured user pool issued it",
            Self::Key => "the pool's key set has the key that the token names",
            Self::Signature => "that key signed it",
            Self::Times => "it is not over, and has begun",
            Self::Use => "it is an ID or access token, whichever is allowed",
            Self::Client => "it was made for one of the pool's app clients",
            Self::Scopes => "it holds one of the required scopes, if any is required",
            Self::Groups => "it holds one of the required groups, if any is required",
            Self::UserInfo => "Cognito's userInfo takes it, if that must be asked",
            Self::UserId => "the token or userInfo has a sound user id",
            Self::Email => "an e-mail that is the user id is not unverified",
            Self::Revocation => "if revocation is checked, this token allows to ask about it",
            Self::ServiceId => "the service's id can be part of a secret's name",
            Self::Secret => "Secrets Manager has a usable secret of that name",
            Self::ServiceToken => "the service's token is the stored one",
            Self::Resource => "the policy can name what is asked for, and nothing else",
            Self::Answer => "the answer is no larger than API Gateway takes",
        }
    }
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It held.
    Passed,
    /// It did not hold, or could not be made.
    Failed,
    /// Something before it failed.
    NotReached,
}

impl State {
    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotReached => "not reached",
        }
    }
}

/// The checks of a decision, in order, and what became of each.
#[must_use]
pub fn outcomes(path: Path, record: &Record) -> Vec<(Check, State)> {
    let checks = path.checks();
    let failed = match record.outcome {
        Outcome::Allowed(_) => return checks.iter().map(|check| (*check, State::Passed)).collect(),
        Outcome::Refused(refusal) => failed_check(refusal, record),
    };
    let position = failed.and_then(|failed| checks.iter().position(|check| *check == failed));
    let state = |index: usize| match position {
        Some(position) if index < position => State::Passed,
        Some(position) if index == position => State::Failed,
        _ => State::NotReached,
    };
    checks.iter().enumerate().map(|(index, check)| (*check, state(index))).collect()
}

/// A time that is no whole number makes a token malformed, too, but only behind the signature.
fn failed_check(refusal: Refusal, record: &Record) -> Option<Check> {
    let is_behind_the_key = record.trace.upstream(Upstream::KeySet).source().is_some();
    match check_of(refusal) {
        Some(Check::Form) if is_behind_the_key => Some(Check::Times),
        check => check,
    }
}

/// The check that fails with this reason; none for a defect of ours, which can be anywhere.
#[must_use]
pub const fn check_of(refusal: Refusal) -> Option<Check> {
    Some(match refusal {
        Refusal::Unauthorized(reason) => match reason {
            Unauthorized::CredentialsMissing | Unauthorized::CredentialsAmbiguous | Unauthorized::CacheKeyMismatch => {
                Check::Credential
            }
            Unauthorized::TokenMalformed | Unauthorized::AlgorithmNotAllowed => Check::Form,
            Unauthorized::IssuerUnknown => Check::Issuer,
            Unauthorized::KeyUnknown => Check::Key,
            Unauthorized::SignatureInvalid => Check::Signature,
            Unauthorized::TokenExpired | Unauthorized::TokenNotYetValid => Check::Times,
            Unauthorized::TokenUseNotAllowed => Check::Use,
            Unauthorized::ClientNotAllowed => Check::Client,
            Unauthorized::UserIdMissing | Unauthorized::UserIdInvalid => Check::UserId,
            Unauthorized::EmailNotVerified => Check::Email,
            Unauthorized::TokenRevoked => Check::UserInfo,
            Unauthorized::RevocationUnknown => Check::Revocation,
            Unauthorized::ServiceIdInvalid => Check::ServiceId,
            Unauthorized::ServiceUnknown => Check::Secret,
            Unauthorized::ServiceTokenMismatch => Check::ServiceToken,
        },
        Refusal::Forbidden(reason) => match reason {
            Forbidden::ScopeMissing => Check::Scopes,
            Forbidden::GroupMissing => Check::Groups,
            Forbidden::ResourceUnsafe => Check::Resource,
        },
        Refusal::Fault(reason) => match reason {
            Fault::EventUnsupported => Check::Event,
            Fault::ConfigEnforced => Check::Credential,
            Fault::JwksUnavailable => Check::Key,
            Fault::UserInfoUnavailable => Check::UserInfo,
            Fault::SecretsUnavailable | Fault::SecretMalformed => Check::Secret,
            Fault::ContextTooLarge => Check::Answer,
            Fault::Internal => return None,
        },
    })
}

/// What to look at, or to change, when a request is refused for this reason. Settings are named without their
/// `SMAC__AUTH__`.
#[must_use]
pub const fn advice(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Unauthorized(reason) => match reason {
            Unauthorized::CredentialsMissing => {
                "send a token in the JWT header (Authorization), or both headers of a service's pair; MODE=OPTIONAL \
                 lets requests without any in"
            }
            Unauthorized::CredentialsAmbiguous => {
                "send each credential once: no header twice, no other token in the query or the cookie, no comma"
            }
            Unauthorized::CacheKeyMismatch => {
                "make the header that carries the credential an identity source, or switch the gateway's caching off"
            }
            Unauthorized::TokenMalformed => {
                "send `Bearer`, a blank and the whole token, unchanged; \
                 PROVIDER_COGNITO__JWT_HEADER_PREFIX is the word before it"
            }
            Unauthorized::AlgorithmNotAllowed => "send a token that Cognito signed: those are RS256",
            Unauthorized::KeyUnknown => {
                "the pool has no such key: the token is another environment's, or the key was replaced; sign in again"
            }
            Unauthorized::SignatureInvalid => "the token was changed or forged; sign in again",
            Unauthorized::IssuerUnknown => {
                "configure the pool that issued it (PROVIDER_COGNITO__USERPOOLS__<NAME>__USERPOOL_ID and __REGION, or \
                 __ISSUERS), or send a token of a configured pool"
            }
            Unauthorized::TokenExpired => "get a new token; for clocks that differ, PROVIDER_COGNITO__LEEWAY_SECONDS",
            Unauthorized::TokenNotYetValid => {
                "it begins in the future: compare the clocks; PROVIDER_COGNITO__LEEWAY_SECONDS"
            }
            Unauthorized::TokenUseNotAllowed => {
                "send the other kind of token, or allow this one with PROVIDER_COGNITO__TOKEN_USE"
            }
            Unauthorized::ClientNotAllowed => {
                "add the token's app client to PROVIDER_COGNITO__USERPOOLS__<NAME>__APP_CLIENT_ID, if it may use this API"
            }
            Unauthorized::UserIdMissing => {
                "the claim named by USER_ID is not there: access tokens need the scope openid and the pool's DOMAIN, \
                 client-credentials tokens PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS"
            }
            Unauthorized::UserIdInvalid => "the user id is over 512 bytes or has control characters; see USER_ID",
            Unauthorized::EmailNotVerified => {
                "the user must verify the e-mail; for federated pools, REQUIRE_VERIFIED_EMAIL=false"
            }
            Unauthorized::TokenRevoked => "the user signed out or the token was revoked; sign in again",
            Unauthorized::RevocationUnknown => {
                "with PROVIDER_COGNITO__CHECK_REVOCATION, access tokens need the scope openid"
            }
            Unauthorized::ServiceIdInvalid => {
                "a service's id has at most 128 letters, digits and /_+=.@-; its secret's name at most 512"
            }
            Unauthorized::ServiceUnknown => {
                "create the secret <prefix>/<id>, or correct the id or \
                 AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX"
            }
            Unauthorized::ServiceTokenMismatch => {
                "give the service the stored token; for rotations, AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS"
            }
        },
        Refusal::Forbidden(reason) => match reason {
            Forbidden::ScopeMissing => {
                "the client must ask for one of PROVIDER_COGNITO__REQUIRED_SCOPES, and the pool grant it"
            }
            Forbidden::GroupMissing => "add the user to one of PROVIDER_COGNITO__REQUIRED_GROUPS, if the user may",
            Forbidden::ResourceUnsafe => {
                "with POLICY__SCOPE=METHOD a path has no *, ? or ${ and its ARN at most 512 characters; STAGE has no \
                 such limit"
            }
        },
        Refusal::Fault(reason) => match reason {
            Fault::EventUnsupported => "attach the function to API Gateway as an authorizer; nothing else may call it",
            Fault::ConfigEnforced => "set PROVIDER=COGNITO and a pool, or the settings of AUTOMATION_PRINCIPALS",
            Fault::JwksUnavailable => {
                "the pool's key set could not be fetched: look at the region, the pool id, the network"
            }
            Fault::UserInfoUnavailable => "userInfo gave no answer: look at the pool's DOMAIN, a firewall, the network",
            Fault::SecretsUnavailable => {
                "Secrets Manager gave no answer: look at the function's permissions, the key's, the region, the network"
            }
            Fault::SecretMalformed => "the secret must be JSON: {\"token\": \"...\", \"id\": \"...\"}",
            Fault::ContextTooLarge => "ask for fewer or smaller claims in CONTEXT_CLAIMS",
            Fault::Internal => "a defect of the authorizer: please report it, with the log lines around it",
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn refusals() -> impl Iterator<Item = Refusal> {
        let unauthorized = Unauthorized::ALL.iter().copied().map(Refusal::from);
        let forbidden = Forbidden::ALL.iter().copied().map(Refusal::from);
        unauthorized.chain(forbidden).chain(Fault::ALL.iter().copied().map(Refusal::from))
    }

    #[test]
    fn each_reason_belongs_to_a_check_of_some_path_and_each_check_has_a_reason() {
        let checks: HashSet<_> = refusals().filter_map(check_of).collect();
        assert_eq!(refusals().filter(|refusal| check_of(*refusal).is_none()).count(), 1, "internal_error alone");
        let on_paths: HashSet<_> =
            [Path::Token, Path::Pair, Path::None].iter().flat_map(|path| path.checks()).copied().collect();
        assert_eq!(checks, on_paths);
    }

    #[test]
    fn no_check_comes_twice_and_all_have_words() {
        for path in [Path::Token, Path::Pair, Path::None] {
            let distinct: HashSet<_> = path.checks().iter().map(|check| check.name()).collect();
            assert_eq!(distinct.len(), path.checks().len());
        }
        assert!(refusals().all(|refusal| !advice(refusal).is_empty()));
    }
}
