//! What is said of a refusal, with the facts: what was found, and what to change. Never a token, and of its claims no
//! more than helps to mend the configuration.

mod token;

use smac_lambda_authorizer::tools::{IdentitySource, PREFIX, Request};
use smac_lambda_authorizer::{Fault, Forbidden, Refusal, Unauthorized};
use smac_local::advice::advice;

use super::case::{Asked, Case, USER_INFO_SCOPE};
use super::token::{Token, shown};

/// What was found, and what to change.
pub(super) struct Finding {
    pub(super) why: String,
    pub(super) change: String,
}

impl Finding {
    fn new(why: impl Into<String>, change: impl Into<String>) -> Self {
        Self { why: why.into(), change: change.into() }
    }
}

impl Case<'_> {
    /// Why it was refused, and what to change.
    pub(super) fn refused(&self, refusal: Refusal) -> Finding {
        let found = match refusal {
            Refusal::Unauthorized(reason) => self.unauthorized(reason),
            Refusal::Forbidden(reason) => self.forbidden(reason),
            Refusal::Fault(reason) => self.fault(reason),
        };
        found.unwrap_or_else(|| Finding::new(refusal.meaning(), advice(refusal)))
    }

    fn unauthorized(&self, reason: Unauthorized) -> Option<Finding> {
        let advice = advice(reason.into());
        Some(match reason {
            Unauthorized::CredentialsMissing => self.credentials_missing(),
            Unauthorized::CredentialsAmbiguous => Finding::new(
                format!("there are two values for one credential, or a comma in a token; looked at: {}", self.places()),
                advice,
            ),
            Unauthorized::CacheKeyMismatch => self.cache_key_mismatch(),
            Unauthorized::TokenMalformed => return self.token_malformed(),
            Unauthorized::AlgorithmNotAllowed => {
                let algorithm = self.token.and_then(Token::algorithm);
                let says = algorithm.map_or("names no algorithm".to_owned(), |name| format!("says {}", shown(&name)));
                Finding::new(format!("the token {says}, and Cognito signs with RS256 alone"), "send a token of Cognito")
            }
            Unauthorized::KeyUnknown => Finding::new(
                format!("the key set of pool {} has no key of the token's key id", self.pool_name()),
                "sign in again: the key was replaced, or the token is forged or another environment's",
            ),
            Unauthorized::SignatureInvalid => Finding::new(
                format!("the key of pool {} that the token names did not sign it", self.pool_name()),
                "send the token as Cognito gave it: it was changed on the way, or forged",
            ),
            Unauthorized::IssuerUnknown => self.issuer_unknown(),
            Unauthorized::TokenExpired => self.token_expired(),
            Unauthorized::TokenNotYetValid => self.token_not_yet_valid(),
            Unauthorized::SenderConstraintUnmet => {
                Finding::new("the token has a claim `cnf`: it is bound to a key or certificate", advice)
            }
            Unauthorized::TokenUseNotAllowed => self.token_use_not_allowed(),
            Unauthorized::ClientNotAllowed => self.client_not_allowed(),
            Unauthorized::AudienceNotAllowed => self.audience_not_allowed(),
            Unauthorized::UserIdMissing => self.user_id_missing(),
            Unauthorized::UserIdInvalid => Finding::new(
                format!("the user id in {} is over 512 bytes, or has control characters", self.user_id_names()),
                format!("change it in the pool, or use another claim with {PREFIX}USER_ID"),
            ),
            Unauthorized::UserIdNotVerified => self.user_id_not_verified(),
            Unauthorized::TokenRevoked => Finding::new(
                format!("{} refuses the token: {}", self.attributes_name(), self.attributes_url()),
                format!(
                    "sign in again: the user signed out or the token was revoked; or {} is another pool's",
                    self.pool_setting("DOMAIN")
                ),
            ),
            Unauthorized::RevocationUnknown => Finding::new(
                format!(
                    "revocation is checked, and nobody can be asked about the token: {}",
                    self.why_nobody_is_asked()
                ),
                format!(
                    "have the client ask for the scope {USER_INFO_SCOPE}, or unset \
                     {PREFIX}PROVIDER_COGNITO__CHECK_REVOCATION"
                ),
            ),
            Unauthorized::ServiceIdInvalid => Finding::new(
                format!("the value of the header `{}` can't be part of a secret's name", self.id_header()),
                advice,
            ),
            Unauthorized::ServiceUnknown => Finding::new(
                format!("Secrets Manager in {} has no secret {}", self.secrets_region(), self.secret_name()),
                format!(
                    "create it, or correct the header, {PREFIX}AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX or \
                     __REGION"
                ),
            ),
            Unauthorized::ServiceTokenMismatch => Finding::new(
                format!("the value of the header `{}` is not the token in the secret", self.token_header()),
                format!(
                    "give the service the secret's `token`; for rotations, set \
                     {PREFIX}AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS"
                ),
            ),
            _ => return None,
        })
    }

    fn credentials_missing(&self) -> Finding {
        let has = |name: &str| self.request.is_some_and(|request| request.header(name).any(|value| !value.is_empty()));
        if let Some(services) = self.services() {
            let headers = &services.headers;
            let (id, token) = (has(&headers.id), has(&headers.token));
            if id != token {
                let (there, missing) = if id { (&headers.id, &headers.token) } else { (&headers.token, &headers.id) };
                let why = format!("of a service's pair only the header `{there}` is there");
                return Finding::new(why, format!("send the header `{missing}` too"));
            }
        } else if has(self.id_header()) && has(self.token_header()) {
            return Finding::new(
                "there is a service's pair, and service principals are off",
                format!("set {PREFIX}AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX"),
            );
        }
        let has_token =
            has("Authorization") || self.request.is_some_and(|request| request.authorization_token().is_some());
        if self.tokens().is_none() && has_token {
            let why = format!("there is a token, and no token is looked at: {PREFIX}PROVIDER is NONE");
            return Finding::new(why, format!("set {PREFIX}PROVIDER=COGNITO and a pool"));
        }
        Finding::new(
            format!("there is no credential; looked at: {}", self.places()),
            format!("send one; {PREFIX}MODE=OPTIONAL allows requests without a credential"),
        )
    }

    fn cache_key_mismatch(&self) -> Finding {
        let shape = match self.request.map(Request::identity_source) {
            Some(IdentitySource::List(values)) => format!("{} values", values.len()),
            _ => "a value".to_owned(),
        };
        Finding::new(
            format!(
                "the gateway's cache key (`identitySource`, {shape}) does not hold the credential: the answer could be \
                 cached for somebody else"
            ),
            advice(Unauthorized::CacheKeyMismatch.into()),
        )
    }

    fn forbidden(&self, reason: Forbidden) -> Option<Finding> {
        Some(match reason {
            Forbidden::ScopeMissing => {
                let variable = format!("{PREFIX}PROVIDER_COGNITO__REQUIRED_SCOPES");
                let scopes = self.rules().map(|rules| rules.required_scopes.join(", ")).unwrap_or_default();
                let change = if self.token.is_some_and(Token::is_access) {
                    format!("have the client ask for one, and the pool grant it; or change {variable}")
                } else {
                    format!("send the access token: ID tokens have no scopes; or change {variable}")
                };
                Finding::new(format!("the token has none of the required scopes: {scopes}"), change)
            }
            Forbidden::GroupMissing => {
                let groups = self.rules().map(|rules| rules.required_groups.join(", ")).unwrap_or_default();
                Finding::new(
                    format!("the token has none of the required groups: {groups}"),
                    format!(
                        "add the user to one in pool {} and sign in again, or change \
                         {PREFIX}PROVIDER_COGNITO__REQUIRED_GROUPS",
                        self.pool_name()
                    ),
                )
            }
            Forbidden::ResourceUnsafe => Finding::new(
                "the path would be read as a pattern in a policy (*, ? or ${), or its ARN is over 512 characters",
                format!("set {PREFIX}POLICY__SCOPE=STAGE, or refuse such paths before the authorizer"),
            ),
            _ => return None,
        })
    }

    fn fault(&self, reason: Fault) -> Option<Finding> {
        let advice = advice(reason.into());
        Some(match reason {
            Fault::EventUnsupported => Finding::new(
                "this is not an event that API Gateway sends to an authorizer, or its ARN names no stage",
                advice,
            ),
            Fault::ConfigEnforced => Finding::new(
                "there is neither a pool nor a service principal in the settings, so nobody is allowed",
                format!("set {PREFIX}PROVIDER=COGNITO and a pool, or {PREFIX}AUTOMATION_PRINCIPALS__ variables"),
            ),
            Fault::JwksUnavailable => Finding::new(
                format!("the key set of pool {} could not be fetched: {}", self.pool_name(), self.key_set_url()),
                format!(
                    "look at the network, {} and {}: the line above on standard error has the cause",
                    self.pool_setting("USERPOOL_ID"),
                    self.pool_setting("REGION")
                ),
            ),
            Fault::UserInfoUnavailable => Finding::new(
                format!("{} gave no usable answer: {}", self.attributes_name(), self.attributes_url()),
                format!("look at the network, a firewall, and {}", self.pool_setting("DOMAIN")),
            ),
            Fault::SecretsUnavailable => Finding::new(
                format!(
                    "Secrets Manager in {} gave no usable answer about {}",
                    self.secrets_region(),
                    self.secret_name()
                ),
                self.secrets_advice(),
            ),
            Fault::SecretMalformed => {
                Finding::new(format!("the secret {} is not a service's", self.secret_name()), advice)
            }
            Fault::ContextTooLarge => Finding::new(
                "the answer would be 8,192 bytes or more, and API Gateway accepts less",
                format!("ask for fewer or smaller claims in {PREFIX}CONTEXT_CLAIMS"),
            ),
            Fault::Internal | _ => return None,
        })
    }

    fn secrets_advice(&self) -> String {
        if self.asked == (Asked::Live { has_credentials: false })
            && self.services().is_some_and(|services| services.secrets.profile.is_none())
        {
            return "export AWS credentials, if there are no others: there are none in the environment".to_owned();
        }
        format!(
            "look at the permissions of these credentials (secretsmanager:GetSecretValue, kms:Decrypt), the network, and \
             {PREFIX}AUTOMATION_PRINCIPALS__SECRETS_MANAGER__REGION"
        )
    }
}
