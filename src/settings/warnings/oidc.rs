//! What deserves a second look in the settings of OIDC issuers.

use std::collections::HashSet;

use super::about::{About, VERIFIED_ATTRIBUTES};
use crate::claims::ClaimPath;
use crate::identity::PrincipalType;
use crate::issuer::{self, Rules, oidc};
use crate::keys;
use crate::settings::declared::{
    OIDC_ALLOW_MACHINE_TOKENS, OIDC_ISSUER, OIDC_JWKS, OIDC_REQUIRED_CLAIMS, OIDC_REQUIRED_GROUPS, OIDC_USER_ID,
    OIDC_USER_ID_PREFIX, OIDC_USER_INFO, REQUIRE_VERIFIED_USER_ID,
};
use crate::settings::setting::Section;
use crate::settings::variables::Variables;

/// Claims that a user, or somebody who manages users, can change to what another user has.
/// <https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference#use-claims-to-reliably-identify-a-user>,
/// <https://openid.net/specs/openid-connect-core-1_0.html#ClaimStability>
const CHANGEABLE: [&str; 9] =
    ["name", "given_name", "family_name", "nickname", "preferred_username", "unique_name", "upn", "website", "profile"];

/// Issuers whose tokens anybody can have, for any audience that they ask for.
/// <https://docs.github.com/en/actions/reference/security/oidc>
const OPEN_TO_ALL: [&str; 1] = ["https://token.actions.githubusercontent.com"];

/// What Entra ID's documentation has in the place of a tenant: no token has such an issuer.
const NOT_TENANTS: [&str; 4] = ["/{tenantid}", "/common", "/organizations", "/consumers"];

pub(super) fn collect(variables: &mut Variables, settings: &About<'_>) {
    let issuers = settings.tokens.map(|tokens| tokens.issuers.as_slice()).unwrap_or_default();
    // Most functions have none, and the names of the pools take time.
    if issuers.iter().all(|issuer| matches!(issuer.rules, Rules::Pool(_))) {
        return;
    }
    let pools = variables.sections(Section::Pool);
    for issuer in issuers {
        if let Rules::Oidc(rules) = &issuer.rules {
            about_issuer(variables, issuer, rules);
            if pools.contains(issuer.name.as_ref()) {
                let text = "is of a section whose name a user pool has too: the log cannot tell them apart";
                variables.warn(OIDC_ISSUER.of(&issuer.name), text);
            }
        }
    }
    about_prefixes(variables, issuers);
}

fn about_issuer(variables: &mut Variables, issuer: &issuer::Config, rules: &oidc::Rules) {
    let name = &issuer.name;
    let identifier = issuer.identifiers.first().map(String::as_str).unwrap_or_default();
    if OPEN_TO_ALL.contains(&identifier) && rules.required_claims.is_empty() {
        let text = "is not set, and everybody at this issuer gets tokens for any audience: name an owner";
        variables.warn(OIDC_REQUIRED_CLAIMS.of(name), text);
    }
    if identifier.starts_with("https://login.microsoftonline.com/")
        && NOT_TENANTS.iter().any(|segment| identifier.contains(segment))
    {
        variables.warn(OIDC_ISSUER.of(name), "names no tenant: no token has this issuer");
    }
    if let keys::Config::Fixed(_) = issuer.keys {
        variables.warn(OIDC_JWKS.of(name), "is never refreshed: a new key of the issuer needs a deployment");
    }
    let is_named = |names: &[&str]| {
        rules.user_id.claims.iter().filter_map(ClaimPath::top_level).any(|claim| names.contains(&claim))
    };
    if is_named(&CHANGEABLE) {
        let text = "is a claim that can be changed to what another user has: one can take another's id";
        variables.warn(OIDC_USER_ID.of(name), text);
    }
    if is_named(&VERIFIED_ATTRIBUTES) && !rules.user_id.requires_verification {
        variables.warn(&REQUIRE_VERIFIED_USER_ID, "an unverified email or phone number is accepted as the user id");
    }
    if rules.allow_machine_tokens && rules.principal_type == PrincipalType::User && !rules.required_groups.is_empty() {
        let text = "tokens of a client itself seldom have groups, so they are forbidden although they are allowed";
        variables.warn(OIDC_REQUIRED_GROUPS.of(name), text);
    }
    if rules.allow_machine_tokens && rules.clients.is_empty() {
        let text = "without CLIENT_ID, any client of the issuer that gets a token for the audience is a service";
        variables.warn(OIDC_ALLOW_MACHINE_TOKENS.of(name), text);
    }
    let is_in_every_token = rules.user_id.claims.iter().any(|claim| claim.top_level() == Some("sub"));
    if rules.asks_user_info && is_in_every_token {
        variables.warn(OIDC_USER_INFO.of(name), "has no effect: every token has `sub`, so nobody is asked");
    }
}

/// An id with one prefix could begin like one with a longer prefix.
fn about_prefixes(variables: &mut Variables, issuers: &[issuer::Config]) {
    let prefixes: Vec<_> = issuers
        .iter()
        .filter_map(|issuer| match &issuer.rules {
            Rules::Oidc(rules) => Some((&issuer.name, rules.user_id.prefix.as_str())),
            Rules::Pool(_) => None,
        })
        .filter(|(_, prefix)| !prefix.is_empty())
        .collect();
    let all: HashSet<&str> = prefixes.iter().map(|(_, prefix)| *prefix).collect();
    for (name, prefix) in prefixes {
        let beginnings = prefix.char_indices().skip(1).filter_map(|(end, _)| prefix.get(..end));
        if beginnings.into_iter().any(|beginning| all.contains(beginning)) {
            let text = "begins with another issuer's prefix: an id there could read like one here";
            variables.warn(OIDC_USER_ID_PREFIX.of(name), text);
        }
    }
}
