//! Which claim is the user id, and when it identifies somebody.

use std::borrow::Cow;

use std::sync::Arc;

use super::subject::Identified;
use crate::check::Check;
use crate::claims::{ClaimPath, Claims};
use crate::error::{Refusal, Unauthorized};
use crate::identity::{PrincipalType, UserId};
use crate::trace::Trace;

/// Claims that users can change to somebody else's, with the claim that says whether the value is verified.
/// OpenID Connect Core 1.0, section 5.1.
const VERIFIED_BY: [(&str, &str); 2] = [("email", "email_verified"), ("phone_number", "phone_number_verified")];

/// Which claim holds the user id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserIdRule {
    /// The claims, the first of which that is a non-empty string counts; at least one.
    pub claims: Vec<ClaimPath>,
    /// What is put before the id; empty for nothing.
    pub prefix: String,
    /// Whether the id is lower-cased.
    pub case: Case,
    /// Whether an email or a phone number must be verified.
    pub requires_verification: bool,
}

/// Whether spelling matters in a user id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// The id is the claim as it is.
    Keep,
    /// The id is the claim in lower case.
    Lower,
}

/// The claim that is the user id.
pub(crate) struct Found<'c> {
    pub(crate) claim: &'c ClaimPath,
    value: Cow<'c, str>,
    is_verified: bool,
}

impl UserIdRule {
    /// The user id in these claims, if there is one.
    pub(crate) fn find<'c>(&'c self, claims: &'c Claims) -> Option<Found<'c>> {
        let found = self.claims.iter().find_map(|claim| Some((claim, claims.non_empty_at(claim)?)));
        let (claim, value) = found?;
        let is_verified = verified_by(claim).is_none_or(|flag| is_true(claims.json(flag)));
        Some(Found { claim, value, is_verified })
    }

    /// The user id, if it has the form of one.
    ///
    /// # Errors
    /// [`Unauthorized::UserIdInvalid`]
    pub(crate) fn read(&self, found: &Found<'_>) -> Result<UserId, Unauthorized> {
        let id = match self.case {
            Case::Keep => found.value.as_ref().to_owned(),
            Case::Lower => found.value.to_lowercase(),
        };
        self.prefixed(id)
    }

    /// The id of a machine: its client's.
    ///
    /// # Errors
    /// [`Unauthorized::UserIdInvalid`]
    pub(crate) fn machine(&self, client: &str) -> Result<UserId, Unauthorized> {
        self.prefixed(client.to_owned())
    }

    fn prefixed(&self, id: String) -> Result<UserId, Unauthorized> {
        let id = if self.prefix.is_empty() { id } else { format!("{}{id}", self.prefix) };
        UserId::parse(id).map_err(|_| Unauthorized::UserIdInvalid)
    }

    /// Whom a token identifies, by what was found in its claims and by what its issuer said about the user, where it was
    /// asked.
    ///
    /// # Errors
    /// The first rule that is broken. That the issuer gave no answer matters only where the answer was needed: where the
    /// token has no user id, or where the issuer must still accept the token (`checks_revocation`).
    pub(crate) fn identify(
        &self,
        in_token: Option<Found<'_>>,
        token: &Claims,
        asked: Option<Result<Arc<Claims>, Refusal>>,
        checks_revocation: bool,
        trace: &mut Trace,
    ) -> Result<Identified, Refusal> {
        let attributes = match (&asked, &in_token) {
            (Some(Ok(attributes)), _) => Some(attributes.as_ref()),
            (Some(Err(refusal)), None) => return Err(*refusal),
            (Some(Err(_)), Some(_)) | (None, _) => None,
        };
        let in_attributes = || attributes.and_then(|attributes| self.find(attributes));
        let found = in_token.or_else(in_attributes).ok_or(Unauthorized::UserIdMissing)?;
        let id = self.read(&found)?;
        trace.reach(Check::Verification);
        self.verify(&found, [Some(token), attributes].into_iter().flatten())?;
        trace.reach(Check::Revocation);
        if checks_revocation && asked.is_none() {
            return Err(Unauthorized::RevocationUnknown.into());
        }
        Ok(Identified { id, principal_type: PrincipalType::User, attributes: asked.transpose()? })
    }

    /// Checks that the id is verified where it was found, and that no other source that was asked says the contrary.
    ///
    /// # Errors
    /// [`Unauthorized::UserIdNotVerified`]
    pub(crate) fn verify<'c>(
        &self,
        found: &Found<'_>,
        sources: impl IntoIterator<Item = &'c Claims>,
    ) -> Result<(), Unauthorized> {
        let Some(flag) = verified_by(found.claim).filter(|_| self.requires_verification) else {
            return Ok(());
        };
        let is_contradicted =
            sources.into_iter().any(|claims| claims.json(flag).is_some_and(|json| !is_true(Some(json))));
        if found.is_verified && !is_contradicted { Ok(()) } else { Err(Unauthorized::UserIdNotVerified) }
    }
}

pub(crate) fn verified_by(claim: &ClaimPath) -> Option<&'static str> {
    let claim = claim.top_level()?;
    VERIFIED_BY.into_iter().find(|(name, _)| *name == claim).map(|(_, flag)| flag)
}

/// ID tokens have a boolean, userInfo and `GetUser` a string.
fn is_true(json: Option<&str>) -> bool {
    matches!(json, Some("true" | "\"true\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(json: &str) -> Claims {
        Claims::parse(json.as_bytes().to_vec()).unwrap()
    }

    fn rule(claims: &[&str]) -> UserIdRule {
        let claims = claims.iter().map(|claim| ClaimPath::parse(claim).unwrap()).collect();
        UserIdRule { claims, prefix: String::new(), case: Case::Keep, requires_verification: true }
    }

    fn id(rule: &UserIdRule, json: &str) -> Result<String, Unauthorized> {
        let claims = claims(json);
        let found = rule.find(&claims).ok_or(Unauthorized::UserIdMissing)?;
        let id = rule.read(&found)?;
        rule.verify(&found, [&claims])?;
        Ok(id.as_str().to_owned())
    }

    #[test]
    fn the_first_claim_that_is_a_non_empty_string_counts() {
        let rule = rule(&["a", "b"]);
        for (json, expected) in [
            (r#"{"a":"1","b":"2"}"#, Ok("1")),
            (r#"{"a":"","b":"2"}"#, Ok("2")),
            (r#"{"a":1,"b":"2"}"#, Ok("2")),
            (r#"{"b":"2"}"#, Ok("2")),
            (r#"{"a":null,"b":["2"]}"#, Err(Unauthorized::UserIdMissing)),
            (r#"{"a":"a\nb","b":"2"}"#, Err(Unauthorized::UserIdInvalid)),
        ] {
            assert_eq!(id(&rule, json), expected.map(str::to_owned), "{json}");
        }
    }

    #[test]
    fn an_email_or_phone_number_must_be_verified() {
        for (claim, flag) in VERIFIED_BY {
            let rule = rule(&[claim]);
            for (value, expected) in [
                ("true", Ok(())),
                ("\"true\"", Ok(())),
                ("false", Err(Unauthorized::UserIdNotVerified)),
                ("\"false\"", Err(Unauthorized::UserIdNotVerified)),
                ("1", Err(Unauthorized::UserIdNotVerified)),
                ("null", Err(Unauthorized::UserIdNotVerified)),
                ("\"TRUE\"", Err(Unauthorized::UserIdNotVerified)),
            ] {
                let json = format!(r#"{{"{claim}":"x","{flag}":{value}}}"#);
                assert_eq!(id(&rule, &json).map(|_| ()), expected, "{json}");
            }
            let absent = format!(r#"{{"{claim}":"x"}}"#);
            assert_eq!(id(&rule, &absent), Err(Unauthorized::UserIdNotVerified));
            let lenient = UserIdRule { requires_verification: false, ..rule };
            assert_eq!(id(&lenient, &absent).as_deref(), Ok("x"));
        }
        assert_eq!(id(&rule(&["sub"]), r#"{"sub":"x","email":"y","email_verified":false}"#).as_deref(), Ok("x"));
    }

    #[test]
    fn another_source_can_only_contradict() {
        let rule = rule(&["email"]);
        let token = claims(r#"{"email":"x","email_verified":true}"#);
        let found = rule.find(&token).unwrap();
        for (json, expected) in [
            ("{}", Ok(())),
            (r#"{"email_verified":"true"}"#, Ok(())),
            (r#"{"email_verified":"false"}"#, Err(Unauthorized::UserIdNotVerified)),
        ] {
            assert_eq!(rule.verify(&found, [&token, &claims(json)]), expected, "{json}");
        }
        let unverified = claims(r#"{"email":"x"}"#);
        let found = rule.find(&unverified).unwrap();
        let other = claims(r#"{"email_verified":"true"}"#);
        assert_eq!(rule.verify(&found, [&unverified, &other]), Err(Unauthorized::UserIdNotVerified));
    }

    #[test]
    fn two_spellings_are_one_id_where_that_is_wanted() {
        let rule = UserIdRule { case: Case::Lower, ..rule(&["sub"]) };
        assert_eq!(id(&rule, r#"{"sub":"JÄNE@Example.com"}"#).as_deref(), Ok("jäne@example.com"));
    }
}
