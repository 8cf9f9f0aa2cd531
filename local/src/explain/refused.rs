//! What is said of a refusal, with the facts: what was found, and what to change. Never a token, and of its claims no
//! more than helps to mend the configuration.

mod token;

use smac_lambda_authorizer::tools::{IdentitySource, PREFIX, Request};
use smac_lambda_authorizer::{Fault, Forbidden, Refusal, Unauthorized};
use smac_local::advice::advice;

use super::case::{Asked, Case};
use super::token::Token;

/// What was found. What to change is the advice for the reason, unless the facts say more.
pub(super) struct Finding {
    why: String,
    change: Option<String>,
}

impl Finding {
    fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), change: None }
    }

    fn but_change(self, change: impl Into<String>) -> Self {
        Self { change: Some(change.into()), ..self }
    }
}

impl Case<'_> {
    /// Why it was refused, and what to change.
    pub(super) fn refused(&self, refusal: Refusal) -> (String, String) {
        let found = match refusal {
            Refusal::Unauthorized(reason) => self.unauthorized(reason),
            Refusal::Forbidden(reason) => self.forbidden(reason),
            Refusal::Fault(reason) => self.fault(reason),
        };
        let found = found.unwrap_or_else(|| Finding::new(refusal.meaning()));
        let pool = self.issuer().map(|issuer| issuer.name.as_ref());
        (found.why, found.change.unwrap_or_else(|| advice(refusal, pool)))
    }

    fn unauthorized(&self, reason: Unauthorized) -> Option<Finding> {
        Some(match reason {
            Unauthorized::CredentialsMissing => self.credentials_missing(),
            Unauthorized::CredentialsAmbiguous => Finding::new(format!(
                "there are two values for one credential, or a comma in a token; looked at: {}",
                self.places()
            )),
            Unauthorized::CacheKeyMismatch => self.cache_key_mismatch(),
            Unauthorized::TokenMalformed => return self.token_malformed(),
            Unauthorized::AlgorithmNotAllowed => self.algorithm_not_allowed(),
            Unauthorized::KeyUnknown => {
                Finding::new(format!("the key set of pool {} has no key of the token's key id", self.pool_name()))
            }
            Unauthorized::SignatureInvalid => {
                Finding::new(format!("the key of pool {} that the token names did not sign it", self.pool_name()))
            }
            Unauthorized::IssuerUnknown => self.issuer_unknown(),
            Unauthorized::TokenExpired => self.token_expired(),
            Unauthorized::TokenNotYetValid => self.token_not_yet_valid(),
            Unauthorized::SenderConstraintUnmet => {
                Finding::new("the token has a claim `cnf`: it is bound to a key or certificate")
            }
            Unauthorized::TokenUseNotAllowed => self.token_use_not_allowed(),
            Unauthorized::ClientNotAllowed => self.client_not_allowed(),
            Unauthorized::AudienceNotAllowed => self.audience_not_allowed(),
            Unauthorized::UserIdMissing => self.user_id_missing(),
            Unauthorized::UserIdInvalid => Finding::new(format!(
                "the user id in {} is over 512 bytes, or has control characters",
                self.user_id_names()
            )),
            Unauthorized::UserIdNotVerified => self.user_id_not_verified(),
            Unauthorized::TokenRevoked => {
                Finding::new(format!("{} refuses the token: {}", self.attributes_name(), self.attributes_url()))
            }
            Unauthorized::RevocationUnknown => Finding::new(format!(
                "revocation is checked, and nobody can be asked about the token: {}",
                self.why_nobody_is_asked()
            )),
            Unauthorized::ServiceIdInvalid => {
                Finding::new(format!("the value of the header `{}` can't be part of a secret's name", self.id_header()))
            }
            Unauthorized::ServiceUnknown => Finding::new(format!(
                "Secrets Manager in {} has no secret {}",
                self.secrets_region(),
                self.secret_name()
            )),
            Unauthorized::ServiceTokenMismatch => Finding::new(format!(
                "the value of the header `{}` is not the token in the secret",
                self.token_header()
            )),
            _ => return None,
        })
    }

    fn credentials_missing(&self) -> Finding {
        let has = |name: &str| self.request.is_some_and(|request| request.header(name).any(|value| !value.is_empty()));
        let (id, token) = (self.id_header(), self.token_header());
        match (has(id), has(token), self.services()) {
            (true, true, None) => {
                return Finding::new("there is a service's pair, and service principals are off")
                    .but_change(format!("set {PREFIX}AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX"));
            }
            (has_id, has_token, Some(_)) if has_id != has_token => {
                let (there, missing) = if has_id { (id, token) } else { (token, id) };
                return Finding::new(format!("of a service's pair only the header `{there}` is there"))
                    .but_change(format!("send the header `{missing}` too"));
            }
            _ => {}
        }
        let has_token =
            has("Authorization") || self.request.is_some_and(|request| request.authorization_token().is_some());
        if self.tokens().is_none() && has_token {
            return Finding::new(format!("there is a token, and no token is looked at: {PREFIX}PROVIDER is NONE"))
                .but_change(format!("set {PREFIX}PROVIDER=COGNITO and a pool"));
        }
        Finding::new(format!("there is no credential; looked at: {}", self.places()))
    }

    fn cache_key_mismatch(&self) -> Finding {
        let shape = match self.request.map(Request::identity_source) {
            Some(IdentitySource::List(values)) => format!("{} values", values.len()),
            _ => "a value".to_owned(),
        };
        Finding::new(format!(
            "the gateway's cache key (`identitySource`, {shape}) does not hold the credential: the answer could be cached \
             for somebody else"
        ))
    }

    fn forbidden(&self, reason: Forbidden) -> Option<Finding> {
        Some(match reason {
            Forbidden::ScopeMissing => {
                let scopes = self.rules().map(|rules| rules.required_scopes.join(", ")).unwrap_or_default();
                let found = Finding::new(format!("the token has none of the required scopes: {scopes}"));
                if self.token.is_some_and(Token::is_access) {
                    return Some(found);
                }
                found.but_change(format!(
                    "send the access token: ID tokens have no scopes; or change \
                     {PREFIX}PROVIDER_COGNITO__REQUIRED_SCOPES"
                ))
            }
            Forbidden::GroupMissing => {
                let groups = self.rules().map(|rules| rules.required_groups.join(", ")).unwrap_or_default();
                Finding::new(format!("the token has none of the required groups: {groups}"))
            }
            Forbidden::ResourceUnsafe => Finding::new(
                "the path would be read as a pattern in a policy (*, ? or ${), or its ARN is over 512 characters",
            ),
            _ => return None,
        })
    }

    fn fault(&self, reason: Fault) -> Option<Finding> {
        Some(match reason {
            Fault::EventUnsupported => {
                Finding::new("this is not an event that API Gateway sends to an authorizer, or its ARN names no stage")
            }
            Fault::ConfigEnforced => {
                Finding::new("there is neither a pool nor a service principal in the settings, so nobody is allowed")
            }
            Fault::JwksUnavailable => Finding::new(format!(
                "the key set of pool {} could not be fetched: {}",
                self.pool_name(),
                self.key_set_url()
            )),
            Fault::UserInfoUnavailable => {
                Finding::new(format!("{} gave no usable answer: {}", self.attributes_name(), self.attributes_url()))
            }
            Fault::SecretsUnavailable => {
                let found = Finding::new(format!(
                    "Secrets Manager in {} gave no usable answer about {}",
                    self.secrets_region(),
                    self.secret_name()
                ));
                if self.asked != (Asked::Live { has_credentials: false })
                    || self.services().is_some_and(|services| services.secrets.profile.is_some())
                {
                    return Some(found);
                }
                found.but_change("export AWS credentials, if there are no others: there are none in the environment")
            }
            Fault::SecretMalformed => Finding::new(format!("the secret {} is not a service's", self.secret_name())),
            Fault::ContextTooLarge => {
                Finding::new("the answer would be 8,192 bytes or more, and API Gateway accepts less")
            }
            _ => return None,
        })
    }
}
