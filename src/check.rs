//! The checks of the authorizer, in the order in which it makes them. This is the one place that states the order.
//!
//! The pipeline notes each check in its [`crate::trace::Trace`] before it makes it, so the check that refused a request
//! is the one that was reached last.

/// One check. A setting can switch a check off: then every request passes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The event can be read.
    Event,
    /// There is exactly one credential.
    Credential,
    /// The token has the form of a JWT.
    Form,
    /// A configured issuer may use its algorithm.
    Algorithm,
    /// A configured issuer issued it.
    Issuer,
    /// The issuer has its key.
    Key,
    /// Its signature is valid.
    Signature,
    /// It is valid now.
    Times,
    /// It is not bound to a key or certificate.
    SenderConstraint,
    /// It is of a kind that is allowed.
    Type,
    /// It was issued to an allowed client.
    Client,
    /// It is for an allowed audience.
    Audience,
    /// Its claims have the required values.
    Claims,
    /// It has a required scope.
    Scopes,
    /// It has a required group.
    Groups,
    /// It names a user, or an allowed machine.
    Machine,
    /// There is a user id.
    UserId,
    /// The user id is verified.
    Verification,
    /// The token is not revoked.
    Revocation,
    /// The service's id can be part of a secret's name.
    ServiceId,
    /// There is a usable secret of that name.
    Secret,
    /// The service's token is the stored one.
    ServiceToken,
    /// The access rules permit the requested route.
    Rules,
    /// A policy can name the requested resource.
    Resource,
    /// API Gateway accepts the answer.
    Answer,
}

/// Which checks a request goes through: it depends on the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    /// A JWT.
    Token,
    /// A service's id and token.
    Pair,
    /// No credential, or more than one.
    None,
}

impl Path {
    /// Its checks, in order.
    #[must_use]
    pub const fn checks(self) -> &'static [Check] {
        match self {
            Self::Token => &[
                Check::Event,
                Check::Credential,
                Check::Form,
                Check::Algorithm,
                Check::Issuer,
                Check::Key,
                Check::Signature,
                Check::Times,
                Check::SenderConstraint,
                Check::Type,
                Check::Client,
                Check::Audience,
                Check::Claims,
                Check::Scopes,
                Check::Groups,
                Check::Machine,
                Check::UserId,
                Check::Verification,
                Check::Revocation,
                Check::Rules,
                Check::Resource,
                Check::Answer,
            ],
            Self::Pair => &[
                Check::Event,
                Check::Credential,
                Check::ServiceId,
                Check::Secret,
                Check::ServiceToken,
                Check::Rules,
                Check::Resource,
                Check::Answer,
            ],
            Self::None => &[Check::Event, Check::Credential, Check::Rules, Check::Resource, Check::Answer],
        }
    }
}

impl Check {
    /// A short name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Credential => "credential",
            Self::Form => "form",
            Self::Algorithm => "algorithm",
            Self::Issuer => "issuer",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Times => "times",
            Self::SenderConstraint => "sender constraint",
            Self::Type => "token type",
            Self::Client => "client",
            Self::Audience => "audience",
            Self::Claims => "required claims",
            Self::Scopes => "scopes",
            Self::Groups => "groups",
            Self::Machine => "machine token",
            Self::UserId => "user id",
            Self::Verification => "verification",
            Self::Revocation => "revocation",
            Self::ServiceId => "service id",
            Self::Secret => "secret",
            Self::ServiceToken => "service token",
            Self::Rules => "access rules",
            Self::Resource => "resource",
            Self::Answer => "answer",
        }
    }

    /// What must be true.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Event => "the event is of a kind that API Gateway sends, and names a method",
            Self::Credential => {
                "there is exactly one credential, and the gateway's cache key, where the event shows it, holds it"
            }
            Self::Form => "three segments of base64url, two JSON objects, a key id, no critical extensions",
            Self::Algorithm => "its issuer may use this algorithm",
            Self::Issuer => "a configured issuer issued it",
            Self::Key => "the issuer's key set has the key that the token names",
            Self::Signature => "that key signed it",
            Self::Times => "it has not expired, and is valid already",
            Self::SenderConstraint => "it is a bearer token, not bound to a key or certificate",
            Self::Type => "it is of a kind that its issuer's settings allow: an ID or access token, or a `typ`",
            Self::Client => "it was issued to one of the issuer's clients, if any is required",
            Self::Audience => "it is for one of the issuer's audiences, if any is required",
            Self::Claims => "its claims have the required values, if any are required",
            Self::Scopes => "it has one of the required scopes, if any is required",
            Self::Groups => "it has one of the required groups, if any is required",
            Self::Machine => "it names a user, or machine tokens are allowed",
            Self::UserId => "the token, or the user's attributes, hold a valid user id",
            Self::Verification => "an email or phone number that is the user id is verified",
            Self::Revocation => "where revocation is checked, the issuer still accepts the token",
            Self::ServiceId => "the service's id can be part of a secret's name",
            Self::Secret => "Secrets Manager has a usable secret of that name",
            Self::ServiceToken => "the service's token is the stored one",
            Self::Rules => "the access rules permit the requested route, where there are any",
            Self::Resource => "the policy can name the requested resource, and nothing else",
            Self::Answer => "the answer is no larger than API Gateway accepts",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_path_begins_with_the_event_and_ends_with_the_answer() {
        for path in [Path::Token, Path::Pair, Path::None] {
            let checks = path.checks();
            assert_eq!((checks.first(), checks.last()), (Some(&Check::Event), Some(&Check::Answer)));
            assert!(checks.is_sorted(), "{path:?} is in the order of the declaration");
        }
    }

    #[test]
    fn names_are_distinct() {
        let checks: BTreeSet<_> =
            [Path::Token, Path::Pair, Path::None].into_iter().flat_map(|path| path.checks().iter().copied()).collect();
        let names: BTreeSet<_> = checks.iter().map(|check| check.name()).collect();
        assert_eq!(names.len(), checks.len());
    }
}
