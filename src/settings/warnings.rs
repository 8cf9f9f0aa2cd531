//! What is allowed and deserves a second look. Each warning is a short, stable text behind its variable's name.

use std::time::Duration;

use url::Url;

use super::cognito::{self, Cognito, POOL_CLIENTS, POOL_DOMAIN};
use super::values::{self, Variables};
use super::{Mode, Scope, Settings};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Claims that name a user within one pool alone.
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html>
const UNIQUE_WITHIN_A_POOL: [&str; 3] = ["sub", "username", "cognito:username"];

/// Claims that users can change by default, and that nobody verifies.
const CHANGED_BY_USERS: [&str; 8] =
    ["name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "website"];

/// Collects the warnings about settings that are read.
pub(super) fn collect(variables: &mut Variables, settings: &Settings) {
    about_who_gets_in(variables, settings);
    about_memory(variables, settings);
    about_answers(variables, settings);
    about_the_network(variables);
    match &settings.cognito {
        Some(cognito) => {
            about_users(variables, cognito);
            about_tokens(variables, cognito);
            about_pools(variables, cognito);
        }
        None => about_no_users(variables, settings),
    }
}

fn about_who_gets_in(variables: &mut Variables, settings: &Settings) {
    if settings.mode == Mode::Optional {
        variables.warn(super::MODE, "a request without a credential is allowed, as anonymous");
    }
    let Some(automation) = &settings.automation else {
        return;
    };
    if automation.rotation_grace > DAY {
        variables.warn(super::ROTATION_GRACE_SECONDS, "a replaced token works for more than a day");
    }
    if automation.common_prefix.is_empty() {
        let text = "is not set: a caller's id names any secret that begins with `/`, and IAM alone bounds it";
        variables.warn(super::SECRETS_COMMON_PREFIX, text);
    }
}

/// What is remembered for longer than a revocation or a rotation should take.
fn about_memory(variables: &mut Variables, settings: &Settings) {
    let cognito = settings.cognito.as_ref();
    let is_revocable = settings.automation.is_some() || cognito.is_some_and(|cognito| cognito.check_revocation);
    if is_revocable && settings.cache.ttl > 5 * MINUTE {
        variables.warn(super::CACHE_TTL_SECONDS, "a revoked credential works for more than 5 minutes");
    }
    if is_revocable && settings.cache.stale > HOUR {
        let text = "a revoked credential works for more than an hour while its upstream is down";
        variables.warn(super::CACHE_STALE_SECONDS, text);
    }
    if cognito.is_some_and(|cognito| cognito.jwks_ttl > DAY) {
        variables.warn(cognito::JWKS_TTL_SECONDS, "a key that Cognito withdrew is trusted for more than a day");
    }
}

fn about_answers(variables: &mut Variables, settings: &Settings) {
    if settings.answers.scope == Scope::Method {
        let text = "a cached policy for one method refuses the next one: the gateway's caching must be off";
        variables.warn(super::POLICY_SCOPE, text);
    }
    if settings.answers.expire_with_token {
        let text = "AWS does not document that API Gateway honours the condition: do not rely on it untested";
        variables.warn(super::POLICY_EXPIRE_WITH_TOKEN, text);
    }
    if settings.log.principal {
        variables.warn(super::LOG_PRINCIPAL, "the log names people: its readers and its retention must fit that");
    }
}

fn about_the_network(variables: &mut Variables) {
    let is_open = |url: &Url| url.scheme() == "http" && !values::is_loopback(url);
    for name in [super::AWS_ENDPOINT_URL, super::AWS_ENDPOINT_URL_COGNITO, super::AWS_ENDPOINT_URL_SECRETS] {
        if variables.foreign(name).and_then(|url| values::parse_url(&url)).is_some_and(|url| is_open(&url)) {
            variables.foreign_warning(name, "keys, tokens and secrets go unencrypted over the network");
        }
    }
}

fn about_users(variables: &mut Variables, cognito: &Cognito) {
    let user_id = cognito.user_id.as_str();
    if user_id == "email" && !cognito.require_verified_email {
        variables.warn(super::REQUIRE_VERIFIED_EMAIL, "an unverified e-mail is accepted as the user id");
    }
    if cognito.pools.len() > 1 && UNIQUE_WITHIN_A_POOL.contains(&user_id) {
        let text = "is unique within one pool only, and there are several: two users can have one id";
        variables.warn(super::USER_ID, text);
    }
    if CHANGED_BY_USERS.contains(&user_id) {
        variables.warn(super::USER_ID, "is a claim that users can change: one can take another's id");
    }
}

fn about_tokens(variables: &mut Variables, cognito: &Cognito) {
    if !cognito.check_expiration {
        variables.warn(cognito::CHECK_EXPIRATION, "expired tokens are accepted");
    }
    if cognito.leeway > MINUTE {
        variables.warn(cognito::LEEWAY_SECONDS, "an expired token works for more than a minute");
    }
    if cognito.allow_machine_tokens {
        let text = "client-credentials tokens are accepted: whoever has the secret of an app client is a service";
        variables.warn(cognito::ALLOW_MACHINE_TOKENS, text);
    }
    if cognito.token_use.id && !cognito.required_scopes.is_empty() {
        let text = "ID tokens hold no scopes, so each is forbidden: TOKEN_USE=ACCESS says so";
        variables.warn(cognito::REQUIRED_SCOPES, text);
    }
    if variables.optional(cognito::JWT_QUERY_PARAMETER).is_some() {
        variables.warn(cognito::JWT_QUERY_PARAMETER, "a token in a URL ends up in access logs and histories");
    }
}

fn about_pools(variables: &mut Variables, cognito: &Cognito) {
    let has_domains = cognito.pools.iter().any(|pool| pool.user_info_url.is_some());
    let wants_access_tokens = variables.optional(cognito::TOKEN_USE).is_some() || has_domains;
    for pool in &cognito.pools {
        if !pool.clients.iter().all(|client| is_client_id(client)) {
            let name = cognito::pool_variable(&pool.name, POOL_CLIENTS);
            variables.warn(&name, "has an entry that no app client's id looks like: no token will match it");
        }
        // A pool with ID tokens alone needs none, and says nothing about it.
        let lacks_domain = pool.user_info_url.is_none() && cognito.token_use.access && wants_access_tokens;
        if lacks_domain && cognito.user_id == "email" {
            let name = cognito::pool_variable(&pool.name, POOL_DOMAIN);
            variables.warn(&name, "is not set: access tokens have no e-mail, and without it nobody can be asked");
        }
    }
}

fn about_no_users(variables: &mut Variables, settings: &Settings) {
    // The template sets a pool's other variables to their defaults, also where there is none.
    if variables.any(|key| key.starts_with(cognito::POOLS) && key.ends_with(cognito::POOL_ID)) {
        variables.warn(super::PROVIDER, "is NONE: the user pools have no effect, and no token is looked at");
    }
    if !variables.any_below(super::AUTOMATION) && settings.mode == Mode::Enforce {
        variables.warn(super::PROVIDER, "is NONE, and there are no service principals: every request is a 500");
    }
}

/// Letters, digits, `_` and `+`, at most 128 of them.
/// <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolClientType.html>
fn is_client_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'+')
}
