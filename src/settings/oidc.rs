//! The settings of the OIDC issuers become their configurations.

use serde_json::Value;
use url::Url;

use super::aws::Aws;
use super::common::{self, Common};
use super::declared::{
    OIDC_ALGORITHMS, OIDC_ALLOW_MACHINE_TOKENS, OIDC_AUDIENCE, OIDC_CLIENT_ID, OIDC_DISCOVERY_URL, OIDC_GROUPS_CLAIM,
    OIDC_ISSUER, OIDC_JWKS, OIDC_JWKS_URI, OIDC_PRINCIPAL_TYPE, OIDC_REQUIRED_CLAIMS, OIDC_REQUIRED_GROUPS,
    OIDC_REQUIRED_SCOPES, OIDC_SCOPE_CLAIM, OIDC_TOKEN_TYPE, OIDC_USER_ID, OIDC_USER_ID_PREFIX, OIDC_USER_INFO,
    PROVIDER,
};
use super::setting::Section;
use super::variables::{self, Key, Variables};
use crate::claims::{ClaimPath, Claims};
use crate::identity::PrincipalType;
use crate::issuer::oidc::{self, RequiredClaim};
use crate::issuer::user_id::UserIdRule;
use crate::issuer::{self, Rules};
use crate::keys::{self, Algorithm, Location};
use crate::{discovery, http};

/// Where the discovery document is, behind an issuer (OpenID Connect Discovery 1.0, section 4).
const WELL_KNOWN: &str = ".well-known/openid-configuration";

/// Reads the settings of all OIDC issuers, and makes issuers of them if the provider is on and nothing essential is
/// missing.
pub(super) fn read(variables: &mut Variables, aws: &Aws<'_>, common: &Common, is_on: bool) -> Vec<issuer::Config> {
    let names = variables.sections(Section::Issuer);
    if is_on && names.is_empty() {
        variables.mistake(&PROVIDER, "has OIDC, and no issuer is set: PROVIDER_OIDC__ISSUERS__<NAME>__ISSUER");
    }
    names.iter().filter_map(|name| read_issuer(variables, aws, common, is_on, name)).collect()
}

fn read_issuer(
    variables: &mut Variables,
    aws: &Aws<'_>,
    common: &Common,
    is_on: bool,
    name: &str,
) -> Option<issuer::Config> {
    let identifier = variables.optional(OIDC_ISSUER.of(name));
    let algorithms = read_algorithms(variables, name);
    let jwks_uri = variables.endpoint(OIDC_JWKS_URI.of(name));
    let discovery_url = variables.endpoint(OIDC_DISCOVERY_URL.of(name));
    let key_set = common::read_key_set(variables, aws, OIDC_JWKS.of(name), &algorithms);
    let rules = read_rules(variables, common, name);
    if !is_on {
        return None;
    }

    if rules.audience.is_empty() {
        variables.mistake(OIDC_AUDIENCE.of(name), "is required");
    }
    let Some(identifier) = identifier else {
        variables.mistake(OIDC_ISSUER.of(name), "is required");
        return None;
    };
    let is_allowed = |url: &Url| url.scheme() == "https" || http::is_loopback(url);
    let Some(url) = variables::parse_url(&identifier).filter(is_allowed) else {
        variables.mistake(OIDC_ISSUER.of(name), "must be an https URL without a user, a query and a fragment");
        return None;
    };

    let has_discovery_url = discovery_url.is_some();
    let discovery_url = discovery_url.unwrap_or_else(|| variables::join(&url, WELL_KNOWN));
    let keys = match (jwks_uri, key_set) {
        (None, Some(keys)) if !has_discovery_url => keys::Config::Fixed(keys),
        (jwks_uri, configured) => {
            let at = jwks_uri.map_or(Location::Discovered, Location::Url);
            keys::Config::LookedUp { at, configured, fresh: common.fresh }
        }
    };
    let has_discovered_keys = matches!(&keys, keys::Config::LookedUp { at: Location::Discovered, .. });
    let discovery = discovery::Config { url: discovery_url, issuer: identifier.clone() };
    Some(issuer::Config {
        name: name.into(),
        realm: name.to_ascii_uppercase().into(),
        identifiers: vec![identifier],
        algorithms,
        discovery: Some(discovery).filter(|_| has_discovered_keys || rules.asks_user_info),
        keys,
        rules: Rules::Oidc(rules),
    })
}

fn read_algorithms(variables: &mut Variables, name: &str) -> Vec<Algorithm> {
    let names = variables.words(OIDC_ALGORITHMS.of(name));
    names.into_iter().filter_map(Algorithm::by_name).collect()
}

fn read_rules(variables: &mut Variables, common: &Common, name: &str) -> oidc::Rules {
    oidc::Rules {
        audience: variables.list(OIDC_AUDIENCE.of(name)),
        clients: variables.list(OIDC_CLIENT_ID.of(name)),
        requires_access_token: variables.either(OIDC_TOKEN_TYPE.of(name), [("ANY", false), ("AT_JWT", true)]),
        required_claims: read_required_claims(variables, OIDC_REQUIRED_CLAIMS.of(name)),
        scope_claim: read_claim(variables, OIDC_SCOPE_CLAIM.of(name)),
        groups_claim: read_claim(variables, OIDC_GROUPS_CLAIM.of(name)).unwrap_or_else(|| ClaimPath::name("groups")),
        required_scopes: variables.list(OIDC_REQUIRED_SCOPES.of(name)),
        required_groups: variables.list(OIDC_REQUIRED_GROUPS.of(name)),
        principal_type: variables
            .either(OIDC_PRINCIPAL_TYPE.of(name), [("USER", PrincipalType::User), ("SERVICE", PrincipalType::Service)]),
        allow_machine_tokens: variables.boolean(OIDC_ALLOW_MACHINE_TOKENS.of(name)),
        user_id: UserIdRule {
            claims: read_claims(variables, OIDC_USER_ID.of(name)),
            prefix: variables.string(OIDC_USER_ID_PREFIX.of(name)),
            case: common.case,
            requires_verification: common.requires_verification,
        },
        asks_user_info: variables.boolean(OIDC_USER_INFO.of(name)),
    }
}

/// A list of claims or JSON pointers.
fn read_claims(variables: &mut Variables, key: Key<'_>) -> Vec<ClaimPath> {
    let list = variables.list(key);
    match list.iter().map(|entry| ClaimPath::parse(entry)).collect() {
        Ok(claims) => claims,
        Err(_) => {
            variables.mistake(key, "must be a list of claims or JSON pointers");
            Vec::new()
        }
    }
}

fn read_claim(variables: &mut Variables, key: Key<'_>) -> Option<ClaimPath> {
    let value = variables.optional(key)?;
    let claim = ClaimPath::parse(&value).ok();
    if claim.is_none() {
        variables.mistake(key, "must be a claim or a JSON pointer");
    }
    claim
}

/// An object of claims, and the value or values that each may have.
fn read_required_claims(variables: &mut Variables, key: Key<'_>) -> Vec<RequiredClaim> {
    let Some(value) = variables.optional(key) else {
        return Vec::new();
    };
    let Some(object) = Claims::parse(value.into_bytes()) else {
        variables.mistake(key, "must be a JSON object in which no name occurs twice");
        return Vec::new();
    };
    match object.members().map(|(claim, json)| required_claim(claim, json)).collect() {
        Some(claims) if !Vec::is_empty(&claims) => claims,
        Some(_) | None => {
            let problem = "must hold a string, a number, a boolean or a list of them for each claim or JSON pointer";
            variables.mistake(key, problem);
            Vec::new()
        }
    }
}

fn required_claim(claim: &str, json: &str) -> Option<RequiredClaim> {
    let values = match serde_json::from_str(json).ok()? {
        Value::Array(list) => list,
        value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => vec![value],
    };
    let are_scalars = values.iter().all(|value| value.is_string() || value.is_number() || value.is_boolean());
    let claim = ClaimPath::parse(claim).ok()?;
    (are_scalars && !values.is_empty()).then_some(RequiredClaim { claim, values })
}
