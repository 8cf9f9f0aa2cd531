//! What is said of the checks that an OIDC issuer's rules make.

use smac_lambda_authorizer::PrincipalType;
use smac_lambda_authorizer::tools::{self, Check, OidcRules};

use super::super::case::Case;
use super::super::token::{Token, shown};

impl Case<'_> {
    /// What there is to say beyond what holds for the tokens of every issuer.
    pub(super) fn passed_at_oidc(&self, check: Check, rules: &OidcRules) -> Option<String> {
        let token = self.token?;
        let claims = token.claims()?;
        let said = match check {
            Check::Type => format!("{}, which is allowed", self.type_of_token()),
            Check::Client => match tools::oidc_client(claims) {
                Some((claim, Some(_))) if rules.clients.is_empty() => {
                    format!("any is allowed: `{}` (`{claim}`)", self.client())
                }
                Some((claim, Some(_))) => format!("`{}` (`{claim}`), of {}", self.client(), self.issuer_name()),
                Some((_, None)) | None => "any is allowed, and the token names none".to_owned(),
            },
            Check::Audience => {
                let audience = token.resources();
                held(&rules.audience, |name| audience.iter().any(|one| one == name))
            }
            Check::Claims => {
                let names: Vec<_> = rules.required_claims.iter().map(|required| required.claim.as_str()).collect();
                if names.is_empty() { "none is required".to_owned() } else { format!("has {}", names.join(", ")) }
            }
            Check::Scopes => held(&rules.required_scopes, |name| tools::oidc_has_scope(rules, claims, name)),
            Check::Groups => held(&rules.required_groups, |name| tools::oidc_has_group(rules, claims, name)),
            Check::Machine if self.is_machine() => "a token of the client itself, which is allowed".to_owned(),
            Check::Machine if rules.principal_type == PrincipalType::Service => {
                "it is a service's: PRINCIPAL_TYPE says so".to_owned()
            }
            Check::UserId if self.is_machine() => "the client's".to_owned(),
            Check::Event
            | Check::Credential
            | Check::Form
            | Check::Algorithm
            | Check::Issuer
            | Check::Key
            | Check::Signature
            | Check::Times
            | Check::SenderConstraint
            | Check::Machine
            | Check::UserId
            | Check::Verification
            | Check::Revocation
            | Check::ServiceId
            | Check::Secret
            | Check::ServiceToken
            | Check::Rules
            | Check::Resource
            | Check::Answer => return None,
        };
        Some(said)
    }

    /// What the header says that the token is.
    pub(in super::super) fn type_of_token(&self) -> String {
        match self.token.and_then(Token::kind) {
            Some(kind) => format!("its `typ` is `{}`", shown(&kind)),
            None => "it has no `typ`".to_owned(),
        }
    }
}

/// The required names of which the token has one, in words.
fn held(names: &[String], has: impl Fn(&str) -> bool) -> String {
    let held: Vec<_> = names.iter().map(String::as_str).filter(|name| has(name)).collect();
    if held.is_empty() { "none is required".to_owned() } else { format!("has {}", held.join(", ")) }
}
