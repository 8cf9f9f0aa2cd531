//! What is said about each check, with the facts: never a token, and of its claims no more than helps to mend the
//! configuration.

use smac_lambda_authorizer::Settings;
use smac_lambda_authorizer::error::{Fault, Forbidden, Refusal, Unauthorized};
use smac_lambda_authorizer::event::{IdentitySource, Request};
use smac_lambda_authorizer::settings::{Automation, Cognito, PREFIX, Pool, Scope};
use smac_lambda_authorizer::telemetry::{Record, Upstream};
use smac_local::checks::{self, Check, Path};

use super::token::{Token, in_words, shown};

/// How much of the world was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The upstreams themselves; whether there are AWS credentials in the settings or the environment.
    Live { has_credentials: bool },
    /// Nobody; whether the signature was checked all the same, by a key in the settings.
    Nobody { has_key: bool },
}

/// All that is known of a decision.
pub(crate) struct Case<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) request: Option<&'a Request<'a>>,
    pub(crate) path: Path,
    pub(crate) token: Option<&'a Token>,
    pub(crate) record: &'a Record,
    pub(crate) asked: Asked,
    /// Whether there was a token alone, and the event was made for it.
    pub(crate) is_event_made: bool,
}

/// What is wrong, and what to change.
pub(crate) struct Told {
    pub(crate) why: String,
    pub(crate) change: String,
}

impl Told {
    fn new(why: impl Into<String>, change: impl Into<String>) -> Self {
        Self { why: why.into(), change: change.into() }
    }
}

/// What is said where nobody was asked.
const NOT_CHECKED: &str = "not checked offline: use --live";

impl<'a> Case<'a> {
    /// The pool that the token's issuer names.
    pub(crate) fn pool(&self) -> Option<&'a Pool> {
        let issuer = self.token?.issuer()?;
        self.settings.cognito.as_ref()?.pools.iter().find(|pool| pool.issuers.iter().any(|other| other == issuer))
    }

    /// Whether a check that held was made at all, or only assumed to hold.
    pub(crate) fn is_assumed(&self, check: Check) -> bool {
        let Asked::Nobody { has_key } = self.asked else {
            return false;
        };
        match check {
            Check::Key | Check::Signature => !has_key,
            Check::UserInfo => self.was_asked(Upstream::UserInfo),
            Check::UserId | Check::Email => self.was_asked(Upstream::UserInfo) && !self.is_user_id_in_token(),
            Check::Secret | Check::ServiceToken => true,
            Check::Event
            | Check::Credential
            | Check::Form
            | Check::Issuer
            | Check::Times
            | Check::Use
            | Check::Client
            | Check::Scopes
            | Check::Groups
            | Check::Revocation
            | Check::ServiceId
            | Check::Resource
            | Check::Answer => false,
        }
    }

    /// What is said of a check that held.
    pub(crate) fn held(&self, check: Check) -> String {
        match check {
            Check::Event => self.event(),
            Check::Credential => self.credential(),
            Check::Form => "three segments, RS256, a key id".to_owned(),
            Check::Issuer => match (self.pool(), self.token.and_then(Token::issuer)) {
                (Some(pool), Some(issuer)) => format!("{issuer}, pool {}", pool.name),
                _ => check.what().to_owned(),
            },
            Check::Key | Check::Signature | Check::UserInfo | Check::UserId | Check::Email
                if self.is_assumed(check) =>
            {
                NOT_CHECKED.to_owned()
            }
            Check::Secret | Check::ServiceToken if self.is_assumed(check) => NOT_CHECKED.to_owned(),
            Check::Key if self.asked == (Asked::Nobody { has_key: true }) => "in the configured key set".to_owned(),
            Check::Key => format!("in the key set of pool {}", self.pool_name()),
            Check::Signature => "holds".to_owned(),
            Check::Times => self.times(),
            Check::Use => format!("{}, which is allowed", self.kind_of_token()),
            Check::Client => format!("`{}`, of pool {}", self.client(), self.pool_name()),
            Check::Scopes => required(self.cognito().map(|rules| &rules.required_scopes), |scope| {
                self.token.is_some_and(|token| token.has_scope(scope))
            }),
            Check::Groups => required(self.cognito().map(|rules| &rules.required_groups), |group| {
                self.token.is_some_and(|token| token.has_group(group))
            }),
            Check::UserInfo if self.was_asked(Upstream::UserInfo) => "takes the token".to_owned(),
            Check::UserInfo => "need not be asked".to_owned(),
            Check::UserId => self.user_id(),
            Check::Email => self.email(),
            Check::Revocation if self.cognito().is_some_and(|rules| rules.check_revocation) => {
                "can be asked about".to_owned()
            }
            Check::Revocation => "is not looked at".to_owned(),
            Check::ServiceId => "can be part of a secret's name".to_owned(),
            Check::Secret => format!("{} is there", self.secret_name()),
            Check::ServiceToken => "is the stored one".to_owned(),
            Check::Resource => match self.settings.answers.scope {
                Scope::Stage => "every method of the stage".to_owned(),
                Scope::Method => "the method".to_owned(),
            },
            Check::Answer => "is small enough for API Gateway".to_owned(),
        }
    }

    fn event(&self) -> String {
        match self.request {
            Some(_) if self.is_event_made => "a REST API's, made for the token".to_owned(),
            Some(request) => {
                let arn = request.arn();
                format!("{}, API {}, stage {}", request.kind().name(), shown(arn.api()), shown(arn.stage()))
            }
            None => Check::Event.what().to_owned(),
        }
    }

    fn credential(&self) -> String {
        match self.path {
            Path::Token => "a JWT".to_owned(),
            Path::Pair => "a service's pair".to_owned(),
            Path::None => "none, and MODE is OPTIONAL".to_owned(),
        }
    }

    fn times(&self) -> String {
        let left = self.token.and_then(|token| token.seconds_to("exp")).unwrap_or_default();
        match (left > 0, self.cognito().is_some_and(|rules| rules.check_expiration)) {
            (true, _) => format!("over in {}", in_words(left)),
            (false, true) => format!("expired {} ago, within the leeway", in_words(left)),
            (false, false) => format!("expired {} ago, and CHECK_EXPIRATION is false", in_words(left)),
        }
    }

    fn user_id(&self) -> String {
        let claim = self.user_id_claim();
        if self.token.is_some_and(Token::is_machine) {
            return "the app client's".to_owned();
        }
        if self.is_user_id_in_token() { format!("in the claim `{claim}`") } else { format!("in userInfo's `{claim}`") }
    }

    fn email(&self) -> String {
        match self.cognito() {
            Some(rules) if rules.user_id != "email" => "is not the user id".to_owned(),
            Some(rules) if !rules.require_verified_email => "may be unverified".to_owned(),
            _ => "is not said to be unverified".to_owned(),
        }
    }

    /// Why it was refused, and what to change.
    pub(crate) fn refused(&self, refusal: Refusal) -> Told {
        match refusal {
            Refusal::Unauthorized(reason) => self.unauthorized(reason),
            Refusal::Forbidden(reason) => self.forbidden(reason),
            Refusal::Fault(reason) => self.fault(reason),
        }
    }

    fn unauthorized(&self, reason: Unauthorized) -> Told {
        match reason {
            Unauthorized::CredentialsMissing => self.credentials_missing(),
            Unauthorized::CredentialsAmbiguous => Told::new(
                format!("there are two values for one credential, or a comma in a token; looked at: {}", self.places()),
                checks::advice(reason.into()),
            ),
            Unauthorized::CacheKeyMismatch => self.cache_key_mismatch(),
            Unauthorized::TokenMalformed => self.token_malformed(),
            Unauthorized::AlgorithmNotAllowed => {
                let algorithm = self.token.and_then(Token::algorithm);
                let says = algorithm.map_or("names no algorithm".to_owned(), |name| format!("says {name}"));
                Told::new(format!("the token {says}, and Cognito signs with RS256 alone"), "send a token of Cognito")
            }
            Unauthorized::KeyUnknown => Told::new(
                format!("the key set of pool {} has no key of the token's key id", self.pool_name()),
                "sign in again: the key was replaced, or the token is a forged or another environment's",
            ),
            Unauthorized::SignatureInvalid => Told::new(
                format!("the key of pool {} that the token names did not sign it", self.pool_name()),
                "send the token as Cognito gave it: it was changed on the way, or forged",
            ),
            Unauthorized::IssuerUnknown => self.issuer_unknown(),
            Unauthorized::TokenExpired => self.token_expired(),
            Unauthorized::TokenNotYetValid => self.token_not_yet_valid(),
            Unauthorized::TokenUseNotAllowed => self.token_use_not_allowed(),
            Unauthorized::ClientNotAllowed => self.client_not_allowed(),
            Unauthorized::UserIdMissing => self.user_id_missing(),
            Unauthorized::UserIdInvalid => Told::new(
                format!("the claim `{}` is over 512 bytes, or has control characters", self.user_id_claim()),
                format!("change it in the pool, or take another claim with {PREFIX}USER_ID"),
            ),
            Unauthorized::EmailNotVerified => Told::new(
                format!("pool {} says that the user's e-mail is not verified", self.pool_name()),
                format!("have the user verify it; for federated pools, set {PREFIX}REQUIRE_VERIFIED_EMAIL=false"),
            ),
            Unauthorized::TokenRevoked => Told::new(
                format!("userInfo refuses the token: {}", self.user_info_url()),
                format!(
                    "sign in again: the user signed out or the token was revoked; or {} is another pool's",
                    self.pool_setting("DOMAIN")
                ),
            ),
            Unauthorized::RevocationUnknown => Told::new(
                "revocation is checked, and the token can't be asked about: its scope has no `openid`",
                format!(
                    "have the client ask for the scope openid, or unset {PREFIX}PROVIDER_COGNITO__CHECK_REVOCATION"
                ),
            ),
            Unauthorized::ServiceIdInvalid => Told::new(
                format!("the value of the header `{}` can't be part of a secret's name", self.id_header()),
                checks::advice(reason.into()),
            ),
            Unauthorized::ServiceUnknown => Told::new(
                format!("Secrets Manager in {} has no secret {}", self.secrets_region(), self.secret_name()),
                format!(
                    "create it, or correct the header, {PREFIX}AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX or \
                     __REGION"
                ),
            ),
            Unauthorized::ServiceTokenMismatch => Told::new(
                format!("the value of the header `{}` is not the token in the secret", self.token_header()),
                format!(
                    "give the service the secret's `token`; for rotations, set \
                     {PREFIX}AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS"
                ),
            ),
        }
    }

    fn credentials_missing(&self) -> Told {
        let has = |name: &str| self.request.is_some_and(|request| request.header(name).any(|value| !value.is_empty()));
        if let Some(headers) = &self.settings.places.automation {
            let (id, token) = (has(&headers.id), has(&headers.token));
            if id != token {
                let (there, missing) = if id { (&headers.id, &headers.token) } else { (&headers.token, &headers.id) };
                let why = format!("of a service's pair only the header `{there}` is there");
                return Told::new(why, format!("send the header `{missing}`, too"));
            }
        } else if has("SMAC-Principal") && has("SMAC-Token") {
            return Told::new(
                "there is a service's pair, and service principals are off",
                format!("set {PREFIX}AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX"),
            );
        }
        let has_token =
            has("Authorization") || self.request.is_some_and(|request| request.authorization_token().is_some());
        if self.settings.places.jwt.is_none() && has_token {
            let why = format!("there is a token, and no token is looked at: {PREFIX}PROVIDER is NONE");
            return Told::new(why, format!("set {PREFIX}PROVIDER=COGNITO and a pool"));
        }
        Told::new(
            format!("there is no credential; looked at: {}", self.places()),
            format!("send one; {PREFIX}MODE=OPTIONAL lets requests without any in"),
        )
    }

    fn cache_key_mismatch(&self) -> Told {
        let shape = match self.request.map(Request::identity_source) {
            Some(IdentitySource::List(values)) => format!("{} values", values.len()),
            _ => "a value".to_owned(),
        };
        Told::new(
            format!(
                "the gateway's cache key (`identitySource`, {shape}) does not hold the credential: the answer could be cached for somebody else"
            ),
            checks::advice(Unauthorized::CacheKeyMismatch.into()),
        )
    }

    fn token_malformed(&self) -> Told {
        match (self.token, &self.settings.places.jwt) {
            (Some(token), _) => Told::new(
                format!("the token has not the form of a signed JWT: {}", token.problem()),
                "send the whole token as Cognito gave it",
            ),
            (None, Some(jwt)) => Told::new(
                format!("the header `{}` is not `{}`", jwt.header, form_of_header(&jwt.prefix)),
                format!("send that; {PREFIX}PROVIDER_COGNITO__JWT_HEADER_PREFIX is the word before the token"),
            ),
            (None, None) => Told::new(Check::Form.what(), checks::advice(Unauthorized::TokenMalformed.into())),
        }
    }

    fn issuer_unknown(&self) -> Told {
        let Some(issuer) = self.token.and_then(Token::issuer) else {
            return Told::new("the token names no issuer", "send a token of Cognito");
        };
        let pools = self.cognito().map(|rules| rules.pools.as_slice()).unwrap_or_default();
        let known: Vec<_> =
            pools.iter().flat_map(|pool| pool.issuers.iter().map(move |of| format!("{of} ({})", pool.name))).collect();
        let why = format!("the token's issuer `{}` is no configured pool's: {}", shown(issuer), known.join(", "));
        let id = issuer.rsplit('/').next().unwrap_or_default();
        let same = pools.iter().find(|pool| pool.issuers.iter().any(|of| of.rsplit('/').next() == Some(id)));
        Told::new(
            why,
            match same {
                Some(pool) if issuer.starts_with("https://issuer-cognito-idp.") => {
                    format!("add UPDATED to {}", setting_of(pool, "ISSUERS"))
                }
                Some(pool) if issuer.starts_with("https://cognito-idp.") && same_but_updated(pool, issuer) => {
                    format!("add ORIGINAL to {}", setting_of(pool, "ISSUERS"))
                }
                Some(pool) => format!(
                    "it is the same pool by another address: correct {} or {}",
                    setting_of(pool, "REGION"),
                    setting_of(pool, "ISSUERS")
                ),
                None => format!(
                    "configure the pool `{}` ({PREFIX}PROVIDER_COGNITO__USERPOOLS__<NAME>__USERPOOL_ID and \
                     __APP_CLIENT_ID), or send a token of a configured pool",
                    shown(id)
                ),
            },
        )
    }

    fn token_expired(&self) -> Told {
        let over = self.token.and_then(|token| token.seconds_to("exp")).unwrap_or_default();
        let leeway = self.cognito().map(|rules| rules.leeway.as_secs()).unwrap_or_default();
        Told::new(
            format!("expired {} ago, and the leeway is {}", in_words(over), in_words(leeway.into())),
            format!("get a new token; where clocks differ, set {PREFIX}PROVIDER_COGNITO__LEEWAY_SECONDS"),
        )
    }

    fn token_not_yet_valid(&self) -> Told {
        let ahead = |claim| self.token.and_then(|token| token.seconds_to(claim)).filter(|seconds| *seconds > 0);
        let when = [("nbf", "begins"), ("iat", "says it will be issued")]
            .into_iter()
            .filter_map(|(claim, verb)| Some(format!("{verb} in {} (`{claim}`)", in_words(ahead(claim)?))));
        let when: Vec<_> = when.collect();
        Told::new(
            format!("the token {}, by this machine's clock", when.join(" and ")),
            format!("compare the clocks; {PREFIX}PROVIDER_COGNITO__LEEWAY_SECONDS allows for a difference"),
        )
    }

    fn token_use_not_allowed(&self) -> Told {
        let variable = format!("{PREFIX}PROVIDER_COGNITO__TOKEN_USE");
        match self.token.and_then(Token::token_use) {
            Some(token_use @ ("id" | "access")) => {
                let (other, this) = if token_use == "id" { ("access", "ID") } else { ("ID", "ACCESS") };
                let why = format!("the token is {}, and {variable} does not allow it", self.kind_of_token());
                Told::new(why, format!("send the {other} token, or add {this} to {variable}"))
            }
            Some(other) => Told::new(
                format!("the token's `token_use` is `{}`, neither id nor access", shown(other)),
                "send an ID or access token",
            ),
            None => Told::new("the token has no `token_use`: it is not Cognito's", "send a token of Cognito"),
        }
    }

    fn client_not_allowed(&self) -> Told {
        let variable = self.pool_setting("APP_CLIENT_ID");
        let claim = self.token.map_or("aud", Token::client_claim);
        let Some(client) = self.token.and_then(Token::client) else {
            let why = format!("the token names no app client (`{claim}`, a text)");
            return Told::new(why, "send a token that Cognito made for an app client");
        };
        let why =
            format!("the token's client `{}` is not among the app clients of pool {}", shown(client), self.pool_name());
        let other = self
            .cognito()
            .and_then(|rules| rules.pools.iter().find(|pool| pool.clients.iter().any(|allowed| allowed == client)));
        match other {
            Some(other) => Told::new(
                format!("{why}; it is one of pool {}", other.name),
                format!("correct {variable}, or send a token of pool {}", other.name),
            ),
            None => {
                Told::new(why, format!("add it to {variable}, if it may use this API; or sign in with another client"))
            }
        }
    }

    fn user_id_missing(&self) -> Told {
        let claim = self.user_id_claim();
        let other = format!("take another claim with {PREFIX}USER_ID");
        let Some(token) = self.token else {
            return Told::new(Check::UserId.what(), checks::advice(Unauthorized::UserIdMissing.into()));
        };
        let has_domain = self.pool().is_some_and(|pool| pool.user_info_url.is_some());
        if token.is_machine() {
            Told::new(
                format!(
                    "the token is the client's own (client credentials), and no user's: client `{}`",
                    self.client()
                ),
                format!("set {PREFIX}PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS=true to take such tokens, as services"),
            )
        } else if self.was_asked(Upstream::UserInfo) {
            Told::new(
                format!("neither the token nor userInfo has a claim `{claim}`"),
                format!("have the client ask for the scope that holds it, let it read the attribute, or {other}"),
            )
        } else if !token.is_access() {
            Told::new(
                format!("the ID token has no claim `{claim}`"),
                format!("let the app client read the attribute, have it ask for the scope that holds it, or {other}"),
            )
        } else if !has_domain {
            Told::new(
                format!("the access token has no claim `{claim}`, and pool {} has no domain to ask", self.pool_name()),
                format!("set {}, send the ID token, or {other}", self.pool_setting("DOMAIN")),
            )
        } else if !token.has_scope("openid") {
            Told::new(
                format!(
                    "the access token has no claim `{claim}`, and its scope no `openid`, so userInfo can't be asked"
                ),
                format!(
                    "have the client ask for the scope openid (tokens of Cognito's SDK sign-in never have it), send the ID \
                     token, or {other}"
                ),
            )
        } else {
            Told::new("the access token has no `sub`", "send a token of Cognito")
        }
    }

    fn forbidden(&self, reason: Forbidden) -> Told {
        match reason {
            Forbidden::ScopeMissing => {
                let variable = format!("{PREFIX}PROVIDER_COGNITO__REQUIRED_SCOPES");
                let scopes = names(self.cognito().map(|rules| rules.required_scopes.as_slice()).unwrap_or_default());
                let change = if self.token.is_some_and(Token::is_access) {
                    format!("have the client ask for one, and the pool grant it; or change {variable}")
                } else {
                    format!("send the access token: ID tokens hold no scopes; or change {variable}")
                };
                Told::new(format!("the token holds none of the required scopes: {scopes}"), change)
            }
            Forbidden::GroupMissing => {
                let groups = names(self.cognito().map(|rules| rules.required_groups.as_slice()).unwrap_or_default());
                Told::new(
                    format!("the token holds none of the required groups: {groups}"),
                    format!(
                        "add the user to one in pool {} and sign in again, or change \
                         {PREFIX}PROVIDER_COGNITO__REQUIRED_GROUPS",
                        self.pool_name()
                    ),
                )
            }
            Forbidden::ResourceUnsafe => Told::new(
                "the path would be read as a pattern in a policy (*, ? or ${), or its ARN is over 512 characters",
                format!("set {PREFIX}POLICY__SCOPE=STAGE, or refuse such paths before the authorizer"),
            ),
        }
    }

    fn fault(&self, reason: Fault) -> Told {
        let advice = checks::advice(reason.into());
        match reason {
            Fault::EventUnsupported => {
                Told::new("this is no event that API Gateway sends to an authorizer, or its ARN names no stage", advice)
            }
            Fault::ConfigEnforced => Told::new(
                "there is neither a pool nor a service principal in the settings, so nobody can get in",
                format!("set {PREFIX}PROVIDER=COGNITO and a pool, or {PREFIX}AUTOMATION_PRINCIPALS__ variables"),
            ),
            Fault::JwksUnavailable => Told::new(
                format!("the key set of pool {} can't be had: {}", self.pool_name(), self.key_set_url()),
                format!(
                    "look at the network, {} and {}: the line above on standard error has the cause",
                    self.pool_setting("USERPOOL_ID"),
                    self.pool_setting("REGION")
                ),
            ),
            Fault::UserInfoUnavailable => Told::new(
                format!("userInfo gave no usable answer: {}", self.user_info_url()),
                format!("look at the network, a firewall, and {}", self.pool_setting("DOMAIN")),
            ),
            Fault::SecretsUnavailable => Told::new(
                format!(
                    "Secrets Manager in {} gave no usable answer about {}",
                    self.secrets_region(),
                    self.secret_name()
                ),
                self.secrets_advice(),
            ),
            Fault::SecretMalformed => {
                Told::new(format!("the secret {} is not a service's", self.secret_name()), advice)
            }
            Fault::ContextTooLarge => Told::new(
                "the answer would be 8,192 bytes or more, and API Gateway takes less",
                format!("ask for fewer or smaller claims in {PREFIX}CONTEXT_CLAIMS"),
            ),
            Fault::Internal => Told::new("the authorizer panicked", advice),
        }
    }

    fn secrets_advice(&self) -> String {
        if self.asked == (Asked::Live { has_credentials: false })
            && self.automation().is_some_and(|automation| automation.profile.is_none())
        {
            return "export AWS credentials, if there are no others: there are none in the environment".to_owned();
        }
        format!(
            "look at the permissions of these credentials (secretsmanager:GetSecretValue, kms:Decrypt), the network, and \
             {PREFIX}AUTOMATION_PRINCIPALS__SECRETS_MANAGER__REGION"
        )
    }

    fn was_asked(&self, upstream: Upstream) -> bool {
        self.record.trace.upstream(upstream).source().is_some()
    }

    fn is_user_id_in_token(&self) -> bool {
        self.token.is_some_and(|token| token.has(self.user_id_claim()))
    }

    fn cognito(&self) -> Option<&'a Cognito> {
        self.settings.cognito.as_ref()
    }

    fn automation(&self) -> Option<&'a Automation> {
        self.settings.automation.as_ref()
    }

    fn user_id_claim(&self) -> &'a str {
        self.cognito().map_or("email", |rules| rules.user_id.as_str())
    }

    fn kind_of_token(&self) -> &'static str {
        if self.token.is_some_and(Token::is_access) { "an access token" } else { "an ID token" }
    }

    fn client(&self) -> String {
        self.token.and_then(Token::client).map(shown).unwrap_or_default()
    }

    fn pool_name(&self) -> &'a str {
        self.pool().map_or("?", |pool| pool.name.as_str())
    }

    fn pool_setting(&self, variable: &str) -> String {
        format!("{PREFIX}PROVIDER_COGNITO__USERPOOLS__{}__{variable}", self.pool_name())
    }

    fn key_set_url(&self) -> String {
        self.pool().map(|pool| pool.key_set_url.to_string()).unwrap_or_default()
    }

    fn user_info_url(&self) -> String {
        self.pool().and_then(|pool| Some(pool.user_info_url.as_ref()?.to_string())).unwrap_or_default()
    }

    fn secrets_region(&self) -> &'a str {
        self.automation().map_or("?", |automation| automation.region.as_str())
    }

    /// The id itself is not shown: whoever mixes up the two headers puts the token there.
    fn secret_name(&self) -> String {
        let prefix = self.automation().map_or("", |automation| automation.common_prefix.trim_end_matches('/'));
        format!("{prefix}/<value of {}>", self.id_header())
    }

    fn id_header(&self) -> &'a str {
        self.settings.places.automation.as_ref().map_or("SMAC-Principal", |headers| headers.id.as_str())
    }

    fn token_header(&self) -> &'a str {
        self.settings.places.automation.as_ref().map_or("SMAC-Token", |headers| headers.token.as_str())
    }

    /// Where credentials are looked for.
    fn places(&self) -> String {
        let mut places = Vec::new();
        if let Some(jwt) = &self.settings.places.jwt {
            places.push(format!("the header `{}: {}`", jwt.header, form_of_header(&jwt.prefix)));
            places.extend(jwt.query_parameter.iter().map(|name| format!("the query parameter `{name}`")));
            places.extend(jwt.cookie.iter().map(|name| format!("the cookie `{name}`")));
        }
        if let Some(headers) = &self.settings.places.automation {
            places.push(format!("the headers `{}` and `{}`", headers.id, headers.token));
        }
        places.join(", ")
    }
}

fn setting_of(pool: &Pool, variable: &str) -> String {
    format!("{PREFIX}PROVIDER_COGNITO__USERPOOLS__{}__{variable}", pool.name)
}

/// Whether the pool is configured by the updated form of this issuer.
fn same_but_updated(pool: &Pool, issuer: &str) -> bool {
    let updated = issuer.replacen("https://cognito-idp.", "https://issuer-cognito-idp.", 1);
    pool.issuers.contains(&updated)
}

fn form_of_header(prefix: &str) -> String {
    if prefix.is_empty() { "<token>".to_owned() } else { format!("{prefix} <token>") }
}

/// The required names of which one is held, in words.
fn required(names: Option<&Vec<String>>, is_held: impl Fn(&str) -> bool) -> String {
    let held: Vec<_> = names.into_iter().flatten().filter(|name| is_held(name)).map(String::as_str).collect();
    if held.is_empty() { "none is required".to_owned() } else { format!("holds {}", held.join(", ")) }
}

fn names(names: &[String]) -> String {
    names.join(", ")
}
