//! The facts behind a refusal, and what to change. Never a token, and of its claims no more than helps to mend the
//! configuration.

mod oidc;
mod unknown;

use smac_lambda_authorizer::tools::{
    self, Algorithm, Carrier, Check, IdentitySource, IssuerConfig, PREFIX, Request, Scope, Upstream,
};
use smac_lambda_authorizer::{Fault, Forbidden, Refusal, Unauthorized};
use smac_local::advice::advice;
use url::Url;

use super::case::{Asked, Case, GET_USER_SCOPE, USER_INFO_SCOPE, form_of_header, pool_rules, quoted};
use super::token::{Token, in_words, shown};

/// The largest leeway that can be set: a token that expired earlier is not a matter of clocks.
const MAX_LEEWAY_SECONDS: i128 = 300;

const OF_COGNITO: &str = "send a token of Cognito";

/// The facts, and what to change where they say more than the advice for the reason.
type Finding = (String, Option<String>);

fn facts(facts: impl Into<String>) -> Finding {
    (facts.into(), None)
}

fn change(facts: impl Into<String>, change: impl Into<String>) -> Finding {
    (facts.into(), Some(change.into()))
}

impl Case<'_> {
    pub(super) fn refused(&self, refusal: Refusal) -> (String, String) {
        let found = match refusal {
            Refusal::Unauthorized(reason) => self.unauthorized(reason),
            Refusal::Forbidden(reason) => self.forbidden(reason),
            Refusal::Fault(reason) => self.fault(reason),
        };
        let (facts, change) = found.unwrap_or_default();
        let why = format!("{} {facts}", refusal.meaning()).trim_end().to_owned();
        (why, change.unwrap_or_else(|| advice(refusal, self.issuer)))
    }

    fn unauthorized(&self, reason: Unauthorized) -> Option<Finding> {
        if let Some(found) = self.oidc().and_then(|rules| self.unauthorized_at_oidc(reason, rules)) {
            return Some(found);
        }
        Some(match reason {
            Unauthorized::CredentialsMissing => self.credentials_missing(),
            Unauthorized::CredentialsAmbiguous => facts(format!("Looked at: {}", self.places())),
            Unauthorized::CacheKeyMismatch => facts(match self.request.map(Request::identity_source) {
                Some(IdentitySource::List(values)) => format!("`identitySource` has {} values", values.len()),
                _ => "`identitySource` has one value".to_owned(),
            }),
            Unauthorized::TokenMalformed => return self.token_malformed(),
            Unauthorized::AlgorithmNotAllowed => match self.token.and_then(Token::algorithm) {
                Some(name) => self.algorithm_not_allowed(&name),
                None => facts("It has none"),
            },
            Unauthorized::KeyUnknown | Unauthorized::SignatureInvalid => {
                facts(format!("The issuer is {}", self.issuer_name()))
            }
            Unauthorized::IssuerUnknown => self.issuer_unknown(),
            Unauthorized::TokenExpired => self.token_expired(),
            Unauthorized::TokenNotYetValid => self.token_not_yet_valid(),
            Unauthorized::TokenUseNotAllowed => self.token_use_not_allowed(),
            Unauthorized::ClientNotAllowed => self.client_not_allowed(),
            Unauthorized::AudienceNotAllowed => self.audience_not_allowed(),
            Unauthorized::UserIdMissing => self.user_id_missing(),
            Unauthorized::UserIdInvalid => facts(format!("It is in {}", self.user_id_names())),
            Unauthorized::UserIdNotVerified => self.user_id_not_verified(),
            Unauthorized::TokenRevoked => facts(format!("Asked: {}", self.attributes_at())),
            Unauthorized::RevocationUnknown => facts(format!("The reason: {}", self.why_nobody_is_asked())),
            Unauthorized::ServiceIdInvalid => facts(format!("It is in the header `{}`", self.pair_headers().0)),
            Unauthorized::ServiceUnknown => facts(format!("Looked for: {}", self.secret())),
            Unauthorized::ServiceTokenMismatch => facts(format!("It is in the header `{}`", self.pair_headers().1)),
            Unauthorized::SenderConstraintUnmet | _ => return None,
        })
    }

    fn forbidden(&self, reason: Forbidden) -> Option<Finding> {
        if let Some(found) = self.oidc().and_then(|rules| self.forbidden_at_oidc(reason, rules)) {
            return Some(found);
        }
        Some(match reason {
            Forbidden::ScopeMissing => {
                let scopes = format!("Required: {}", self.pool()?.required_scopes.join(", "));
                if self.token.is_some_and(Token::is_access) {
                    return Some(facts(scopes));
                }
                let setting = format!("{PREFIX}PROVIDER_COGNITO__REQUIRED_SCOPES");
                change(scopes, format!("send the access token: ID tokens have no scopes; or change {setting}"))
            }
            Forbidden::GroupMissing => facts(format!("Required: {}", self.pool()?.required_groups.join(", "))),
            Forbidden::ResourceUnsafe if self.parts.policy.scope == Scope::Stage => {
                facts("The pattern of a refused route matches its path")
            }
            Forbidden::ResourceUnsafe => facts("Its path has *, ? or ${, or its ARN is longer than 512 characters"),
            Forbidden::RuleMissing | Forbidden::RuleForbids | Forbidden::RuleError | Forbidden::RouteUnknown | _ => {
                return None;
            }
        })
    }

    fn fault(&self, reason: Fault) -> Option<Finding> {
        Some(match reason {
            Fault::JwksUnavailable => {
                let at = self.issuer?.keys.url().map_or("where its discovery document says", Url::as_str);
                facts(format!("It is {}'s: {at}", self.issuer_name()))
            }
            Fault::UserInfoUnavailable => facts(format!("Asked: {}", self.attributes_at())),
            Fault::SecretsUnavailable => {
                let asked = format!("Asked for: {}", self.secret());
                let has_profile = self.parts.services.is_some_and(|services| services.secrets.profile.is_some());
                if self.asked != (Asked::Live { has_credentials: false }) || has_profile {
                    return Some(facts(asked));
                }
                change(asked, "export AWS credentials, if there are no others: there are none in the environment")
            }
            Fault::SecretMalformed => facts(format!("It is {}", self.secret())),
            Fault::ContextTooLarge => facts("It accepts less than 8,192 bytes"),
            Fault::DiscoveryUnavailable => {
                let document = self.issuer?.discovery.as_ref()?;
                facts(format!("It is {}'s: {}", self.issuer_name(), document.url))
            }
            Fault::EventUnsupported | Fault::ConfigEnforced | Fault::Internal | _ => return None,
        })
    }

    fn credentials_missing(&self) -> Finding {
        let has = |name: &str| self.request.is_some_and(|request| request.header(name).any(|value| !value.is_empty()));
        let (id, token) = self.pair_headers();
        match (has(id), has(token), self.parts.services) {
            (true, true, None) => {
                let setting = format!("{PREFIX}AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX");
                return change("There is a service's pair, and service principals are off", format!("set {setting}"));
            }
            (has_id, has_token, Some(_)) if has_id != has_token => {
                let (there, missing) = if has_id { (id, token) } else { (token, id) };
                let found = format!("Of a service's pair only the header `{there}` is there");
                return change(found, format!("send the header `{missing}` too"));
            }
            _ => {}
        }
        let is_bare = self.request.is_some_and(|request| request.authorization_token().is_some());
        if self.parts.tokens.is_none() && (is_bare || has("Authorization")) {
            let found = format!("There is a token, and {PREFIX}PROVIDER is NONE");
            return change(found, format!("set {PREFIX}PROVIDER=COGNITO and a pool, or OIDC and an issuer"));
        }
        facts(format!("Looked at: {}", self.places()))
    }

    fn token_malformed(&self) -> Option<Finding> {
        if let Some(token) = self.token {
            let is_about_times = self.decision.trace().check() == Check::Times;
            return Some(facts(if is_about_times { token.problem_of_times() } else { token.problem() }));
        }
        let request = self.request?;
        self.parts.tokens?.carriers.0.iter().find_map(|carrier| match carrier {
            Carrier::Header { name, prefix, .. } => {
                let mut values = request.header(name).chain(request.authorization_token());
                let found = || facts(format!("The header `{name}` is not `{}`", form_of_header(prefix)));
                values.any(|value| !value.trim().is_empty()).then(found)
            }
            Carrier::WebSocketProtocol(name) => Some(change(
                format!("The sub-protocol `{name}` is offered without a token behind it, or nothing else is offered"),
                format!("offer `{name}`, the token, and nothing that holds the token again"),
            )),
            Carrier::Query(_) | Carrier::Cookie(_) => None,
        })
    }

    fn algorithm_not_allowed(&self, name: &str) -> Finding {
        let found = format!("It is {}", shown(name));
        let Some(issuer) = self.issuer else {
            return facts(found);
        };
        let allowed: Vec<_> = issuer.algorithms.iter().copied().map(Algorithm::name).collect();
        let found = format!("{found}, and {} may use {}", self.issuer_name(), allowed.join(", "));
        let setting = self.setting("ALGORITHMS");
        match self.oidc() {
            Some(_) => change(found, format!("add it to {setting}, if the issuer really uses it")),
            None => change(found, OF_COGNITO),
        }
    }

    fn token_expired(&self) -> Finding {
        let ago = -self.token.and_then(|token| token.seconds_to("exp")).unwrap_or_default();
        let leeway = self.parts.tokens.map(|tokens| tokens.leeway.as_secs()).unwrap_or_default();
        let found = format!("That was {} ago, and the leeway is {}", in_words(ago), in_words(leeway.into()));
        if ago > MAX_LEEWAY_SECONDS {
            return facts(found);
        }
        change(found, format!("get a new token; where clocks differ, set {PREFIX}JWT__LEEWAY_SECONDS"))
    }

    fn token_not_yet_valid(&self) -> Finding {
        let ahead = |claim| {
            let seconds = self.token?.seconds_to(claim).filter(|seconds| *seconds > 0)?;
            Some(format!("`{claim}` is {} ahead of this machine's clock", in_words(seconds)))
        };
        facts(["nbf", "iat"].into_iter().filter_map(ahead).collect::<Vec<_>>().join(", and "))
    }

    fn token_use_not_allowed(&self) -> Finding {
        let other = self.token.and_then(|token| token.string("token_use"));
        match (self.token.and_then(Token::token_use), other) {
            (Some(_), _) => {
                let is_access = self.token.is_some_and(Token::is_access);
                let (other, this) = if is_access { ("ID", "ACCESS") } else { ("access", "ID") };
                let remedy = format!("send the {other} token, or add {this} to {PREFIX}PROVIDER_COGNITO__TOKEN_USE");
                change(format!("It is {}", self.kind_of_token()), remedy)
            }
            (None, Some(other)) => change(format!("It is `{}`", shown(&other)), "send an ID or access token"),
            (None, None) => change("It has none", OF_COGNITO),
        }
    }

    fn client_not_allowed(&self) -> Finding {
        let Some(client) = self.token.and_then(Token::client) else {
            let claim = self.token.map_or("aud", Token::client_claim);
            let remedy = "send a token that Cognito made for an app client";
            return change(format!("The token names none (`{claim}`, a string)"), remedy);
        };
        let found = format!("It is `{}`, and the issuer is {}", shown(&client), self.issuer_name());
        let has_client =
            |pool: &&_| pool_rules(pool).is_some_and(|rules| rules.clients.contains(&client.as_ref().to_owned()));
        let Some(IssuerConfig { name: other, .. }) = self.issuers().iter().find(has_client) else {
            return facts(found);
        };
        let setting = self.setting("APP_CLIENT_ID");
        change(
            format!("{found}; it is one of pool {other}"),
            format!("correct {setting}, or send a token of pool {other}"),
        )
    }

    fn audience_not_allowed(&self) -> Finding {
        let resources = self.token.map(Token::resources).unwrap_or_default();
        let bound = if resources.is_empty() { "none".to_owned() } else { quoted(&resources, ", ") };
        let required = self.pool().map(|rules| rules.resource_audience.join(", ")).unwrap_or_default();
        facts(format!("Its `aud` names {bound}, and {} requires one of: {required}", self.issuer_name()))
    }

    fn user_id_missing(&self) -> Finding {
        if self.decision.trace().check() == Check::Machine {
            let setting = format!("{PREFIX}PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS");
            return change(
                format!("The token is the client's own (client credentials): client `{}`", self.client()),
                format!("set {setting}=true to allow such tokens, as services"),
            );
        }
        let claims = self.user_id_names();
        let other = format!("use another claim with {PREFIX}USER_ID");
        let readable =
            format!("have the client ask for the scope that holds it, let it read the attribute, or {other}");
        if self.was_asked(Upstream::UserInfo) {
            return change(format!("Neither the token nor {} has {claims}", self.attributes_name()), readable);
        }
        if !self.token.is_some_and(Token::is_access) {
            return change(format!("The ID token has no {claims}"), readable);
        }
        let why = self.why_nobody_is_asked();
        let found = format!("The access token has no {claims}, and nobody can be asked: {why}");
        let first = match self.pool().and_then(|rules| rules.user_info_url.as_ref()) {
            _ if self.attributes().is_some() => return change(found, OF_COGNITO),
            Some(_) => format!("have the client ask for the scope {USER_INFO_SCOPE}"),
            None => format!("set {}", self.setting("DOMAIN")),
        };
        change(found, format!("{first}, send the ID token, or {other}"))
    }

    /// Why neither userInfo nor `GetUser` can be asked about the token.
    fn why_nobody_is_asked(&self) -> String {
        if self.attributes().is_some() {
            return "it has no `sub`".to_owned();
        }
        let user_info = match self.pool().and_then(|rules| rules.user_info_url.as_ref()) {
            Some(_) => format!("its scope has no `{USER_INFO_SCOPE}` for userInfo"),
            None => format!("{} has no domain for userInfo", self.issuer_name()),
        };
        let get_user = match self.pool().and_then(|rules| rules.get_user_url.as_ref()) {
            Some(_) => format!("its scope has no `{GET_USER_SCOPE}` for GetUser"),
            None => format!("{PREFIX}PROVIDER_COGNITO__GET_USER is false"),
        };
        format!("{user_info}, and {get_user}")
    }

    fn user_id_not_verified(&self) -> Finding {
        let claim = self.verified_claim().unwrap_or("email");
        let flag = tools::verified_by(claim).unwrap_or_default();
        let asked = self.attributes_name();
        let says = match (self.claim_in_token(), self.was_asked(Upstream::UserInfo)) {
            (None, _) => format!("{asked} does not say"),
            (Some(_), _) if !self.token.is_some_and(|token| token.has(flag)) => "The token does not say".to_owned(),
            (Some(_), false) => "The token denies".to_owned(),
            (Some(_), true) => format!("The token or {asked} denies"),
        };
        facts(format!("{says} that `{claim}` is verified (`{flag}`)"))
    }
}
