//! What is allowed and deserves a second look. Each warning is a short, stable string behind its variable's name.

mod about;
mod oidc;

use std::time::Duration;

use url::Url;

use super::declared::{
    ALLOW_MACHINE_TOKENS, CACHE_STALE_SECONDS, CACHE_TTL_SECONDS, CONTEXT_CLAIMS, JWT_CHECK_EXPIRATION,
    JWT_KEY_SET_TTL_SECONDS, JWT_LEEWAY_SECONDS, JWT_QUERY_PARAMETER, LOG_CLIENT, LOG_PRINCIPAL, MODE, OIDC_ISSUER,
    POLICY_EXPIRE_WITH_TOKEN, POLICY_SCOPE, POOL_CLIENTS, POOL_DOMAIN, POOL_ID, POOL_ISSUERS, PROVIDER,
    REQUIRE_VERIFIED_USER_ID, REQUIRED_GROUPS, REQUIRED_SCOPES, ROTATION_GRACE_SECONDS, SECRETS_COMMON_PREFIX,
    TOKEN_USE, USER_ID,
};
use super::pools;
use super::setting::AUTOMATION;
use super::variables::Variables;
use crate::claims::ClaimPath;
use crate::http;
use crate::issuer::Rules;
use crate::issuer::cognito::{self, TokenUse};
use crate::policy::Scope;
use crate::principal::Mode;
pub(super) use about::About;
use about::VERIFIED_ATTRIBUTES;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Claims that name a user within one pool alone.
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html>
const UNIQUE_WITHIN_A_POOL: [&str; 3] = ["sub", "username", "cognito:username"];

/// Cognito's standard attributes that users can write unless the app client forbids it, and that nobody verifies.
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html>
const WRITTEN_BY_USERS: [&str; 15] = [
    "address",
    "birthdate",
    "family_name",
    "gender",
    "given_name",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "picture",
    "preferred_username",
    "profile",
    "updated_at",
    "website",
    "zoneinfo",
];

/// Claims that an ID token never has.
const NEVER_IN_ID_TOKENS: [&str; 4] = ["username", "client_id", "scope", "version"];

/// Claims that neither an access token nor the attributes of its user ever have.
const NEVER_IN_ACCESS_TOKENS: [&str; 5] =
    ["cognito:username", "cognito:roles", "cognito:preferred_role", "identities", "at_hash"];

/// Collects the warnings about settings that are read.
pub(super) fn collect(variables: &mut Variables, settings: &About<'_>) {
    about_who_is_allowed(variables, settings);
    about_memory(variables, settings);
    about_answers(variables, settings);
    about_tokens(variables, settings);
    let pools = pools(settings);
    if let Some((_, rules)) = pools.first() {
        about_users(variables, rules, pools.len());
        about_tokens_of_pools(variables, rules);
        about_pools(variables, &pools);
    }
    oidc::collect(variables, settings);
    about_what_has_no_effect(variables, settings);
}

/// The pools by name. All share the rules that are not their own.
fn pools<'a>(settings: &About<'a>) -> Vec<(&'a str, &'a cognito::Rules)> {
    let issuers = settings.tokens.map(|tokens| tokens.issuers.as_slice()).unwrap_or_default();
    issuers
        .iter()
        .filter_map(|issuer| match &issuer.rules {
            Rules::Pool(rules) => Some((issuer.name.as_ref(), rules)),
            Rules::Oidc(_) => None,
        })
        .collect()
}

fn about_who_is_allowed(variables: &mut Variables, settings: &About<'_>) {
    if settings.mode == Mode::Optional {
        variables.warn(&MODE, "a request without a credential is allowed, as anonymous");
    }
    let Some(services) = settings.services else {
        return;
    };
    if services.rotation_grace > DAY {
        variables.warn(&ROTATION_GRACE_SECONDS, "a replaced token works for more than a day");
    }
    if services.common_prefix.is_empty() {
        let text = "is not set: a caller's id names any secret that begins with `/`, and IAM alone bounds it";
        variables.warn(&SECRETS_COMMON_PREFIX, text);
    }
}

/// What is remembered for longer than a revocation or a rotation should take.
fn about_memory(variables: &mut Variables, settings: &About<'_>) {
    let pools = pools(settings);
    let is_revocable = settings.services.is_some() || pools.iter().any(|(_, rules)| rules.check_revocation);
    if is_revocable && settings.lookup.fresh > 5 * MINUTE {
        variables.warn(&CACHE_TTL_SECONDS, "a revoked credential works for more than 5 minutes");
    }
    if is_revocable && settings.lookup.stale > HOUR {
        let text = "a revoked credential works for more than an hour while its upstream is down";
        variables.warn(&CACHE_STALE_SECONDS, text);
    }
    let issuers = settings.tokens.map(|tokens| tokens.issuers.as_slice()).unwrap_or_default();
    if issuers.iter().any(|issuer| issuer.keys.fresh().is_some_and(|fresh| fresh > DAY)) {
        variables.warn(&JWT_KEY_SET_TTL_SECONDS, "a key that its issuer withdrew is trusted for more than a day");
    }
}

fn about_answers(variables: &mut Variables, settings: &About<'_>) {
    if settings.policy.scope == Scope::Method {
        let text = "a cached policy for one method refuses the next one: the gateway's caching must be off";
        variables.warn(&POLICY_SCOPE, text);
    }
    if settings.policy.expire_with_token {
        let text = "AWS does not document that API Gateway honours the condition: do not rely on it untested";
        variables.warn(&POLICY_EXPIRE_WITH_TOKEN, text);
    }
    if settings.context.claims.iter().any(|claim| claim.claim.starts_with("custom:")) {
        let text = "passes on `custom:` claims, which users can write unless the app client forbids it: not for roles";
        variables.warn(&CONTEXT_CLAIMS, text);
    }
    if settings.record.names_principal {
        variables.warn(&LOG_PRINCIPAL, "the log names people: its readers and its retention must fit that");
    }
    if settings.record.names_client {
        variables.warn(&LOG_CLIENT, "the log holds callers' addresses: its readers and its retention must fit that");
    }
}

fn about_users(variables: &mut Variables, rules: &cognito::Rules, pools: usize) {
    let claims: Vec<&str> = rules.user_id.claims.iter().map(ClaimPath::as_str).collect();
    let has_any = |names: &[&str]| claims.iter().any(|claim| names.contains(claim));
    if has_any(&VERIFIED_ATTRIBUTES) && !rules.user_id.requires_verification {
        variables.warn(&REQUIRE_VERIFIED_USER_ID, "an unverified email or phone number is accepted as the user id");
    }
    if pools > 1 && has_any(&UNIQUE_WITHIN_A_POOL) {
        let text = "is unique within one pool only, and there are several: two users can have one id";
        variables.warn(&USER_ID, text);
    }
    if has_any(&WRITTEN_BY_USERS) || claims.iter().any(|claim| claim.starts_with("custom:")) {
        variables.warn(&USER_ID, "is an attribute that users can write: one can take another's id");
    }
    let all_are = |names: &[&str]| claims.iter().all(|claim| names.contains(claim));
    if rules.token_uses.contain(TokenUse::Id) && all_are(&NEVER_IN_ID_TOKENS) {
        variables.warn(&USER_ID, "is never in an ID token, and ID tokens are allowed: each is refused");
    }
    if rules.token_uses.contain(TokenUse::Access) && all_are(&NEVER_IN_ACCESS_TOKENS) {
        variables.warn(&USER_ID, "is never in an access token, and access tokens are allowed: each is refused");
    }
}

fn about_tokens(variables: &mut Variables, settings: &About<'_>) {
    let Some(tokens) = settings.tokens else {
        return;
    };
    if !tokens.check_expiration {
        variables.warn(&JWT_CHECK_EXPIRATION, "expired tokens are accepted");
    }
    if tokens.leeway > MINUTE {
        variables.warn(&JWT_LEEWAY_SECONDS, "an expired token works for more than a minute");
    }
    if variables.optional(&JWT_QUERY_PARAMETER).is_some() {
        variables.warn(&JWT_QUERY_PARAMETER, "a token in a URL ends up in access logs and histories");
    }
}

fn about_tokens_of_pools(variables: &mut Variables, rules: &cognito::Rules) {
    if rules.allow_machine_tokens {
        let text = "client-credentials tokens are accepted: whoever has the secret of an app client is a service";
        variables.warn(&ALLOW_MACHINE_TOKENS, text);
        if !rules.required_groups.is_empty() {
            let text = "client-credentials tokens have no groups, so each is forbidden although they are allowed";
            variables.warn(&REQUIRED_GROUPS, text);
        }
    }
    if rules.token_uses.contain(TokenUse::Id) && !rules.required_scopes.is_empty() {
        let text = "ID tokens have no scopes, so each is forbidden: TOKEN_USE=ACCESS makes that explicit";
        variables.warn(&REQUIRED_SCOPES, text);
    }
}

fn about_pools(variables: &mut Variables, pools: &[(&str, &cognito::Rules)]) {
    let has_domains = pools.iter().any(|(_, rules)| rules.user_info_url.is_some());
    let wants_access_tokens = variables.optional(&TOKEN_USE).is_some() || has_domains;
    for (name, rules) in pools {
        if !rules.clients.iter().all(|client| is_client_id(client)) {
            let text = "has an entry that does not look like an app client's id: no token will match it";
            variables.warn(POOL_CLIENTS.of(name), text);
        }
        // A pool with ID tokens alone needs none, and says nothing about it.
        let lacks_domain =
            rules.user_info_url.is_none() && rules.token_uses.contain(TokenUse::Access) && wants_access_tokens;
        if lacks_domain && rules.user_id.claims.iter().any(|claim| claim.top_level() == Some("email")) {
            let text = match rules.get_user_url {
                Some(_) => "is not set: only access tokens of SDK sign-in can be asked about for their email",
                None => "is not set: access tokens have no email, and nobody can be asked for it",
            };
            variables.warn(POOL_DOMAIN.of(name), text);
        }
        about_addresses(variables, name, rules);
    }
}

fn about_addresses(variables: &mut Variables, name: &str, rules: &cognito::Rules) {
    let is_open = |url: &Url| url.scheme() == "http" && !http::is_loopback(url);
    if rules.user_info_url.as_ref().is_some_and(is_open) {
        variables.warn(POOL_DOMAIN.of(name), "tokens go unencrypted over the network");
    }
    let issuers = variables.optional(POOL_ISSUERS.of(name));
    if issuers.as_deref().is_some_and(|issuers| issuers.contains("http://")) {
        variables.warn(POOL_ISSUERS.of(name), "names an issuer without encryption: for local endpoints only");
    }
    let id = variables.optional(POOL_ID.of(name)).unwrap_or_default();
    if !pools::has_documented_addresses(&id) && !issuers.is_some_and(|issuers| issuers.contains("://")) {
        let text = "is in a partition whose addresses are hardly documented: state them with ISSUERS and a full DOMAIN";
        variables.warn(POOL_ID.of(name), text);
    }
}

fn about_what_has_no_effect(variables: &mut Variables, settings: &About<'_>) {
    let has = |kind: fn(&Rules) -> bool| {
        settings.tokens.is_some_and(|tokens| tokens.issuers.iter().any(|issuer| kind(&issuer.rules)))
    };
    // The template sets a pool's other variables to their defaults, also where there is none.
    if !has(|rules| matches!(rules, Rules::Pool(_))) && variables.any_section_has(&POOL_ID) {
        variables.warn(&PROVIDER, "does not have COGNITO: the user pools have no effect");
    }
    if !has(|rules| matches!(rules, Rules::Oidc(_))) && variables.any_section_has(&OIDC_ISSUER) {
        variables.warn(&PROVIDER, "does not have OIDC: the OIDC issuers have no effect");
    }
    if settings.tokens.is_none() && !variables.any_below(AUTOMATION) && settings.mode == Mode::Enforce {
        variables.warn(&PROVIDER, "is NONE, and there are no service principals: every request is a 500");
    }
}

/// Letters, digits, `_` and `+`, at most 128 of them.
/// <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolClientType.html>
fn is_client_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'+')
}
