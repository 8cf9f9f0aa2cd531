//! The settings of the user pools become the configurations of their issuers.

use std::sync::Arc;

use url::Url;

use super::aws::Aws;
use super::common::{self, Common};
use super::declared::{
    ALLOW_MACHINE_TOKENS, CHECK_REVOCATION, GET_USER, POOL_CLIENTS, POOL_DOMAIN, POOL_ID, POOL_ISSUERS, POOL_JWKS,
    POOL_REGION, POOL_RESOURCE_AUDIENCE, REQUIRED_GROUPS, REQUIRED_SCOPES, TOKEN_USE, USER_ID,
};
use super::setting::Section;
use super::variables::{self, Key, Variables};
use crate::aws::{dns_suffix, is_region};
use crate::claims::ClaimPath;
use crate::http;
use crate::issuer::cognito::{self, TokenUses};
use crate::issuer::user_id::UserIdRule;
use crate::issuer::{self, Rules};
use crate::keys::{self, Algorithm, KeySet, Location};

/// What Cognito signs with.
const ALGORITHMS: [Algorithm; 1] = [Algorithm::Rs256];

/// The pool that must be there.
const PRIMARY: &str = "PRIMARY";

/// Reads the settings of all pools, and makes issuers of them if the provider is on and nothing essential is missing.
pub(super) fn read(variables: &mut Variables, aws: &Aws<'_>, common: &Common, is_on: bool) -> Vec<issuer::Config> {
    let rules = cognito::Rules {
        token_uses: read_token_uses(variables),
        clients: Vec::new(),
        resource_audience: Vec::new(),
        required_scopes: variables.list(&REQUIRED_SCOPES),
        required_groups: variables.list(&REQUIRED_GROUPS),
        allow_machine_tokens: variables.boolean(&ALLOW_MACHINE_TOKENS),
        check_revocation: variables.boolean(&CHECK_REVOCATION),
        user_id: UserIdRule {
            claims: variables.list(&USER_ID).iter().map(|claim| ClaimPath::name(claim)).collect(),
            prefix: String::new(),
            case: common.case,
            requires_verification: common.requires_verification,
        },
        user_info_url: None,
        get_user_url: None,
    };
    let calls_get_user = variables.boolean(&GET_USER);
    let mut names = variables.sections(Section::Pool);
    names.remove(PRIMARY);
    let pools: Vec<_> = std::iter::once(PRIMARY.to_owned())
        .chain(names)
        .filter_map(|name| {
            let pool = read_pool(variables, aws, is_on, &name)?;
            let rules = cognito::Rules {
                clients: pool.clients,
                resource_audience: pool.resource_audience,
                user_info_url: pool.user_info_url,
                get_user_url: pool.get_user_url.filter(|_| calls_get_user),
                ..rules.clone()
            };
            Some(issuer::Config {
                name: name.into(),
                realm: pool.id,
                identifiers: pool.identifiers,
                algorithms: ALGORITHMS.to_vec(),
                discovery: None,
                keys: keys::Config::LookedUp {
                    at: Location::Url(pool.key_set_url),
                    configured: pool.key_set,
                    fresh: common.fresh,
                },
                rules: Rules::Pool(rules),
            })
        })
        .collect();
    check_revocation(variables, &rules, &pools);
    pools
}

/// Somebody must be there to be asked about every token.
fn check_revocation(variables: &mut Variables, rules: &cognito::Rules, pools: &[issuer::Config]) {
    if !rules.check_revocation || pools.is_empty() {
        return;
    }
    if rules.token_uses != TokenUses::Access {
        variables.mistake(&CHECK_REVOCATION, "requires TOKEN_USE=ACCESS: nobody can be asked about an ID token");
    }
    for pool in pools {
        if let Rules::Pool(rules) = &pool.rules
            && rules.user_info_url.is_none()
            && rules.get_user_url.is_none()
        {
            variables.mistake(POOL_DOMAIN.of(&pool.name), "or GET_USER is required with CHECK_REVOCATION");
        }
    }
}

fn read_token_uses(variables: &mut Variables) -> TokenUses {
    let list = variables.words(&TOKEN_USE);
    match (list.contains(&"ID"), list.contains(&"ACCESS")) {
        (true, false) => TokenUses::Id,
        (false, true) => TokenUses::Access,
        (true, true) | (false, false) => TokenUses::Both,
    }
}

/// What is configured of one pool.
struct Pool {
    id: Arc<str>,
    identifiers: Vec<String>,
    clients: Vec<String>,
    resource_audience: Vec<String>,
    key_set_url: Url,
    key_set: Option<Arc<KeySet>>,
    user_info_url: Option<Url>,
    get_user_url: Option<Url>,
}

fn read_pool(variables: &mut Variables, aws: &Aws<'_>, is_on: bool, name: &str) -> Option<Pool> {
    let id = variables.optional(POOL_ID.of(name));
    let region = variables.optional_region(POOL_REGION.of(name));
    let clients = variables.list(POOL_CLIENTS.of(name));
    let domain = variables.optional(POOL_DOMAIN.of(name));
    let issuers = variables.list(POOL_ISSUERS.of(name));
    let resource_audience = variables.list(POOL_RESOURCE_AUDIENCE.of(name));
    let key_set = common::read_key_set(variables, aws, POOL_JWKS.of(name), &ALGORITHMS);
    if !is_on {
        return None;
    }

    if clients.is_empty() {
        variables.mistake(POOL_CLIENTS.of(name), "is required");
    }
    let Some(id) = id else {
        variables.mistake(POOL_ID.of(name), "is required");
        return None;
    };
    let Some(id_region) = region_of(&id) else {
        variables.mistake(POOL_ID.of(name), "is not the id of a user pool, such as eu-west-1_Example");
        return None;
    };
    if region.as_deref().is_some_and(|region| region != id_region) {
        variables.warn(POOL_REGION.of(name), "is not the region in the pool's id");
    }
    let region = region.unwrap_or_else(|| id_region.to_owned());

    let identifiers = read_identifiers(variables, aws, POOL_ISSUERS.of(name), &issuers, &region, &id)?;
    let key_set_url = match &aws.cognito_endpoint {
        Some(endpoint) => variables::join(endpoint, &format!("{id}/.well-known/jwks.json")),
        None => variables::join(&Url::parse(identifiers.first()?).ok()?, ".well-known/jwks.json"),
    };
    let user_info_url = match domain.map(|domain| read_domain(aws, &domain, &region)) {
        Some(Ok(url)) => Some(variables::join(&url, "oauth2/userInfo")),
        Some(Err(problem)) => {
            variables.mistake(POOL_DOMAIN.of(name), problem);
            None
        }
        None => None,
    };
    let get_user_url = match &aws.cognito_endpoint {
        Some(endpoint) => Some(variables::join(endpoint, "")),
        None => Url::parse(&format!("https://cognito-idp.{region}.{}/", dns_suffix(&region))).ok(),
    };
    Some(Pool {
        id: id.into(),
        identifiers,
        clients,
        resource_audience,
        key_set_url,
        key_set,
        user_info_url,
        get_user_url,
    })
}

/// The region in a pool's id, if it is one.
fn region_of(id: &str) -> Option<&str> {
    let (region, suffix) = id.split_once('_')?;
    let is_suffix = !suffix.is_empty() && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_suffix && is_region(region)).then_some(region)
}

/// Whether AWS documents the addresses of Cognito in this region's partition.
pub(super) fn has_documented_addresses(region: &str) -> bool {
    !["cn-", "eusc-", "us-iso", "eu-iso"].into_iter().any(|prefix| region.starts_with(prefix))
}

fn read_identifiers(
    variables: &mut Variables,
    aws: &Aws<'_>,
    key: Key<'_>,
    configured: &[String],
    region: &str,
    id: &str,
) -> Option<Vec<String>> {
    let suffix = dns_suffix(region);
    let mut identifiers = Vec::new();
    for entry in configured {
        let identifier = if entry.eq_ignore_ascii_case("ORIGINAL") {
            format!("https://cognito-idp.{region}.{suffix}/{id}")
        } else if entry.eq_ignore_ascii_case("UPDATED") {
            format!("https://issuer-cognito-idp.{region}.{suffix}/{id}")
        } else {
            // With an endpoint of Cognito's the address is only compared: no key is fetched from there.
            let is_allowed =
                |url: Url| url.scheme() == "https" || http::is_loopback(&url) || aws.cognito_endpoint.is_some();
            if !variables::parse_url(entry).is_some_and(is_allowed) {
                variables.mistake(key, "must be a list of ORIGINAL, UPDATED and https URLs");
                return None;
            }
            entry.clone()
        };
        if !identifiers.contains(&identifier) {
            identifiers.push(identifier);
        }
    }
    Some(identifiers)
}

/// A URL, a host, or the prefix of a Cognito domain.
fn read_domain(aws: &Aws<'_>, domain: &str, region: &str) -> Result<Url, &'static str> {
    let text = if domain.contains("://") {
        domain.to_owned()
    } else if domain.contains(['.', ':', '/']) {
        format!("https://{domain}")
    } else if region.starts_with("eusc-") {
        format!("https://{domain}.auth.cognito-idp.{region}.on.amazonwebservices.eu")
    } else {
        // https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-cog.html
        let auth = if region.starts_with("us-gov-") { "auth-fips" } else { "auth" };
        format!("https://{domain}.{auth}.{region}.amazoncognito.com")
    };
    let url = variables::parse_url(&text).ok_or("is not a URL, a host or the prefix of a Cognito domain")?;
    if url.scheme() == "https" || aws.allows_plain_http(&url) { Ok(url) } else { Err("must be https") }
}
