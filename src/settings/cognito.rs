//! The settings of the Cognito user pools and of the rules for their tokens.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::values::{self, Variables};
use super::{Aws, JwtCarriers};
use crate::keys::KeySet;

pub(super) const CHECK_EXPIRATION: &str = "PROVIDER_COGNITO__CHECK_EXPIRATION";
pub(super) const JWT_HEADER_PREFIX: &str = "PROVIDER_COGNITO__JWT_HEADER_PREFIX";
pub(super) const JWT_HEADER_NAME: &str = "PROVIDER_COGNITO__JWT_HEADER_NAME";
pub(super) const JWT_QUERY_PARAMETER: &str = "PROVIDER_COGNITO__JWT_QUERY_PARAMETER";
pub(super) const JWT_COOKIE_NAME: &str = "PROVIDER_COGNITO__JWT_COOKIE_NAME";
pub(super) const TOKEN_USE: &str = "PROVIDER_COGNITO__TOKEN_USE";
pub(super) const REQUIRED_SCOPES: &str = "PROVIDER_COGNITO__REQUIRED_SCOPES";
pub(super) const REQUIRED_GROUPS: &str = "PROVIDER_COGNITO__REQUIRED_GROUPS";
pub(super) const LEEWAY_SECONDS: &str = "PROVIDER_COGNITO__LEEWAY_SECONDS";
pub(super) const ALLOW_MACHINE_TOKENS: &str = "PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS";
pub(super) const CHECK_REVOCATION: &str = "PROVIDER_COGNITO__CHECK_REVOCATION";
pub(super) const JWKS_TTL_SECONDS: &str = "PROVIDER_COGNITO__JWKS_TTL_SECONDS";
pub(super) const POOLS: &str = "PROVIDER_COGNITO__USERPOOLS__";

pub(super) const POOL_ID: &str = "USERPOOL_ID";
pub(super) const POOL_CLIENTS: &str = "APP_CLIENT_ID";
const POOL_REGION: &str = "REGION";
pub(super) const POOL_DOMAIN: &str = "DOMAIN";
const POOL_ISSUERS: &str = "ISSUERS";
const POOL_JWKS: &str = "JWKS";

pub(super) const POOL_VARIABLES: &[(&str, &str)] = &[
    (POOL_REGION, "the pool id's"),
    (POOL_ID, "required"),
    (POOL_CLIENTS, "required"),
    (POOL_DOMAIN, "none"),
    (POOL_ISSUERS, "ORIGINAL"),
    (POOL_JWKS, "none"),
];

/// The pool that must be there.
const PRIMARY: &str = "PRIMARY";

/// The user pools and the rules for their tokens.
#[derive(Clone, Debug)]
pub struct Cognito {
    /// At least one; no two share an issuer.
    pub pools: Vec<Pool>,
    /// The claim that holds the user id.
    pub user_id: String,
    /// Whether an e-mail that is the user id must not be unverified.
    pub require_verified_email: bool,
    /// Whether `exp` is compared.
    pub check_expiration: bool,
    /// How much the clocks may differ.
    pub leeway: Duration,
    /// The kinds of tokens that are taken.
    pub token_use: TokenUse,
    /// Any one of these is enough; empty: none is needed.
    pub required_scopes: Vec<String>,
    /// Any one of these is enough; empty: none is needed.
    pub required_groups: Vec<String>,
    /// Whether client credentials' tokens are taken.
    pub allow_machine_tokens: bool,
    /// Whether userInfo is asked about every access token of a user.
    pub check_revocation: bool,
    /// How long a key set is fresh.
    pub jwks_ttl: Duration,
}

/// The kinds of tokens that are taken; at least one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenUse {
    /// ID tokens.
    pub id: bool,
    /// Access tokens.
    pub access: bool,
}

/// One user pool.
#[derive(Clone, Debug)]
pub struct Pool {
    /// The name in the settings.
    pub name: String,
    /// The issuers whose tokens this pool judges; at least one.
    pub issuers: Vec<String>,
    /// The app clients whose tokens are taken; at least one.
    pub clients: Vec<String>,
    /// Where the key set is.
    pub key_set_url: Url,
    /// Where userInfo is asked, if the pool has a domain.
    pub user_info_url: Option<Url>,
    /// The keys that are used before any are fetched.
    pub key_set: Option<Arc<KeySet>>,
}

/// Reads all variables, and makes something of them if the provider is on and nothing essential is missing.
pub(super) fn read(
    variables: &mut Variables,
    aws: &Aws,
    is_on: bool,
    user_id: String,
    require_verified_email: bool,
    read_file: &dyn Fn(&Path) -> std::io::Result<String>,
) -> Option<(Cognito, JwtCarriers)> {
    let jwt = JwtCarriers {
        header: variables.header_name(JWT_HEADER_NAME, "Authorization"),
        prefix: read_prefix(variables),
        query_parameter: variables.optional(JWT_QUERY_PARAMETER),
        cookie: variables.optional(JWT_COOKIE_NAME),
    };
    let pools = read_pools(variables, aws, is_on, read_file);
    let cognito = Cognito {
        pools,
        user_id,
        require_verified_email,
        check_expiration: variables.boolean(CHECK_EXPIRATION, true),
        leeway: Duration::from_secs(variables.number(LEEWAY_SECONDS, 0, 0..=300)),
        token_use: read_token_use(variables),
        required_scopes: variables.list(REQUIRED_SCOPES),
        required_groups: variables.list(REQUIRED_GROUPS),
        allow_machine_tokens: variables.boolean(ALLOW_MACHINE_TOKENS, false),
        check_revocation: variables.boolean(CHECK_REVOCATION, false),
        jwks_ttl: variables.seconds(JWKS_TTL_SECONDS, 3600),
    };
    if !is_on {
        return None;
    }
    check_together(variables, &cognito);
    Some((cognito, jwt))
}

/// Rules that hold between settings.
fn check_together(variables: &mut Variables, cognito: &Cognito) {
    if cognito.check_revocation {
        if cognito.token_use != (TokenUse { id: false, access: true }) {
            variables.mistake(CHECK_REVOCATION, "needs TOKEN_USE=ACCESS: an ID token can't be asked about");
        }
        for pool in cognito.pools.iter().filter(|pool| pool.user_info_url.is_none()) {
            let name = pool_variable(&pool.name, POOL_DOMAIN);
            variables.mistake(&name, "is required with CHECK_REVOCATION");
        }
    }
    for (index, pool) in cognito.pools.iter().enumerate() {
        for other in cognito.pools.iter().skip(index + 1) {
            if pool.issuers.iter().any(|issuer| other.issuers.contains(issuer)) {
                let name = pool_variable(&other.name, POOL_ID);
                variables.mistake(&name, format!("has an issuer of the pool {}", pool.name));
            }
        }
    }
}

/// A variable of a pool, without the prefix of all.
pub(super) fn pool_variable(pool: &str, variable: &str) -> String {
    format!("{POOLS}{pool}__{variable}")
}

/// A blank prefix is none; an absent one is the default.
fn read_prefix(variables: &mut Variables) -> String {
    let prefix = variables.raw(JWT_HEADER_PREFIX).unwrap_or_else(|| "Bearer".to_owned());
    let prefix = prefix.trim();
    if prefix.contains(char::is_whitespace) || prefix.contains(',') {
        variables.mistake(JWT_HEADER_PREFIX, "must have no blanks or commas in it");
    }
    prefix.to_owned()
}

fn read_token_use(variables: &mut Variables) -> TokenUse {
    let list = variables.list(TOKEN_USE);
    if list.is_empty() {
        return TokenUse { id: true, access: true };
    }
    let has = |name: &str| list.iter().any(|entry| entry.eq_ignore_ascii_case(name));
    let token_use = TokenUse { id: has("ID"), access: has("ACCESS") };
    if list.iter().any(|entry| !["ID", "ACCESS"].into_iter().any(|name| entry.eq_ignore_ascii_case(name))) {
        variables.mistake(TOKEN_USE, "must be a list of ID, ACCESS");
    }
    token_use
}

fn read_pools(
    variables: &mut Variables,
    aws: &Aws,
    is_on: bool,
    read_file: &dyn Fn(&Path) -> std::io::Result<String>,
) -> Vec<Pool> {
    let mut names: Vec<String> = variables
        .names_below(POOLS)
        .iter()
        .filter_map(|key| key.strip_prefix(POOLS)?.split_once("__"))
        .filter(|(name, variable)| !name.is_empty() && POOL_VARIABLES.iter().any(|(known, _)| known == variable))
        .map(|(name, _)| name.to_owned())
        .collect();
    // `PRIMARY` is the first, and must be there.
    names.push(PRIMARY.to_owned());
    names.sort_by_key(|name| (name != PRIMARY, name.clone()));
    names.dedup();
    names.iter().filter_map(|name| read_pool(variables, aws, is_on, name, read_file)).collect()
}

fn read_pool(
    variables: &mut Variables,
    aws: &Aws,
    is_on: bool,
    name: &str,
    read_file: &dyn Fn(&Path) -> std::io::Result<String>,
) -> Option<Pool> {
    let key = |variable: &str| pool_variable(name, variable);
    let is_set = variables.any_below(&key(""));
    let id = variables.optional(&key(POOL_ID));
    let region = variables.optional_region(&key(POOL_REGION));
    let clients = variables.list(&key(POOL_CLIENTS));
    let domain = variables.optional(&key(POOL_DOMAIN));
    let issuers = variables.list(&key(POOL_ISSUERS));
    let key_set = read_key_set(variables, aws, &key(POOL_JWKS), read_file);
    // A further pool whose variables are all blank is not there.
    if !is_on || (!is_set && name != PRIMARY) {
        return None;
    }

    if clients.is_empty() {
        variables.mistake(&key(POOL_CLIENTS), "is required");
    }
    let Some(id) = id else {
        variables.mistake(&key(POOL_ID), "is required");
        return None;
    };
    let id_region = id.split_once('_').filter(|(_, id)| is_pool_suffix(id)).map(|(region, _)| region);
    let Some(id_region) = id_region.filter(|region| values::is_region(region)) else {
        variables.mistake(&key(POOL_ID), "is not the id of a user pool, such as eu-west-1_Example");
        return None;
    };
    let region = match region {
        Some(region) => {
            if region != id_region {
                variables.warn(&key(POOL_REGION), "is not the region in the pool's id");
            }
            region
        }
        None => id_region.to_owned(),
    };

    let issuers = read_issuers(variables, aws, &key(POOL_ISSUERS), &issuers, &region, &id)?;
    let first = issuers.first()?;
    let key_set_url = match &aws.cognito_endpoint {
        Some(endpoint) => values::join(endpoint, &format!("{id}/.well-known/jwks.json")),
        None => values::join(&Url::parse(first).ok()?, ".well-known/jwks.json"),
    }?;
    let user_info_url = match domain {
        Some(domain) => match read_domain(aws, &domain, &region) {
            Ok(url) => values::join(&url, "oauth2/userInfo"),
            Err(problem) => {
                variables.mistake(&key(POOL_DOMAIN), problem);
                None
            }
        },
        None => None,
    };
    Some(Pool { name: name.to_owned(), issuers, clients, key_set_url, user_info_url, key_set })
}

fn is_pool_suffix(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The domain in which a region's AWS services are.
fn dns_suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

fn read_issuers(
    variables: &mut Variables,
    aws: &Aws,
    key: &str,
    configured: &[String],
    region: &str,
    id: &str,
) -> Option<Vec<String>> {
    let suffix = dns_suffix(region);
    let original = format!("https://cognito-idp.{region}.{suffix}/{id}");
    if configured.is_empty() {
        return Some(vec![original]);
    }
    let mut issuers = Vec::new();
    for entry in configured {
        let issuer = if entry.eq_ignore_ascii_case("ORIGINAL") {
            original.clone()
        } else if entry.eq_ignore_ascii_case("UPDATED") {
            format!("https://issuer-cognito-idp.{region}.{suffix}/{id}")
        } else {
            let url = values::parse_url(entry);
            if !url.is_some_and(|url| url.scheme() == "https" || aws.allows_plain_http(&url)) {
                variables.mistake(key, "must be a list of ORIGINAL, UPDATED and https URLs");
                return None;
            }
            entry.clone()
        };
        if !issuers.contains(&issuer) {
            issuers.push(issuer);
        }
    }
    Some(issuers)
}

/// A URL, a host, or the prefix of a Cognito domain.
fn read_domain(aws: &Aws, domain: &str, region: &str) -> Result<Url, &'static str> {
    let text = if domain.contains("://") {
        domain.to_owned()
    } else if domain.contains(['.', ':', '/']) {
        format!("https://{domain}")
    } else {
        // https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-cog.html
        let auth = if region.starts_with("us-gov-") { "auth-fips" } else { "auth" };
        format!("https://{domain}.{auth}.{region}.amazoncognito.com")
    };
    let url = values::parse_url(&text).ok_or("is not a URL, a host or the prefix of a Cognito domain")?;
    if url.scheme() == "https" || aws.allows_plain_http(&url) { Ok(url) } else { Err("must be https") }
}

/// A key set as JSON, or in a file.
fn read_key_set(
    variables: &mut Variables,
    aws: &Aws,
    key: &str,
    read_file: &dyn Fn(&Path) -> std::io::Result<String>,
) -> Option<Arc<KeySet>> {
    let value = variables.optional(key)?;
    let json = if value.starts_with('{') {
        value
    } else {
        let root = aws.task_root.as_deref().map_or_else(PathBuf::new, PathBuf::from);
        match read_file(&root.join(&value)) {
            Ok(json) => json,
            Err(error) => {
                variables.mistake(key, format!("is neither JSON nor a file that can be read ({})", error.kind()));
                return None;
            }
        }
    };
    match KeySet::parse(json.as_bytes()) {
        Ok(key_set) => Some(Arc::new(key_set)),
        Err(problem) => {
            variables.mistake(key, problem.to_string());
            None
        }
    }
}
