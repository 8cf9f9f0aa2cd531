//! Every setting, declared once: its name, what it accepts, its default, and what it is for. The reader, the documents,
//! the template and the tools all use this list.

use super::setting::{Accepts, Default, Section, Setting};

/// The names of the algorithms, as the settings have them.
const ALGORITHMS: [&str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

const NONE: Default = Default::Words("none");
const SECONDS: Accepts = Accepts::Number { min: 0, max: u32::MAX as u64 };

/// Defines the settings and the list of them.
macro_rules! settings {
    ($($id:ident = $setting:expr;)+) => {
        $(pub(super) static $id: Setting = $setting;)+

        /// Every setting.
        pub static SETTINGS: &[&Setting] = &[$(&$id,)+];
    };
}

settings! {
    SETTINGS_FILE = Setting::new("SETTINGS_FILE", Accepts::String, NONE,
        "A JSON file with further settings, or the JSON itself; a variable of the environment wins.");
    PROVIDER = Setting::new("PROVIDER", Accepts::ListOf(&["COGNITO", "OIDC", "NONE"]), Default::Value("NONE"),
        "Whose tokens are accepted: `COGNITO`, `OIDC` or both, or `NONE`.");
    USER_ID = Setting::new("USER_ID", Accepts::List, Default::Value("email"),
        "The claims that can be the user id: the first one that a token has.");
    USER_ID_CASE = Setting::new("USER_ID_CASE", Accepts::OneOf(&["KEEP", "LOWER"]), Default::Value("KEEP"),
        "Whether the user id is lower-cased.");
    REQUIRE_VERIFIED_USER_ID = Setting::new("REQUIRE_VERIFIED_USER_ID", Accepts::Boolean, Default::Value("true"),
        "Whether an email or phone number that is the user id must be verified.");
    MODE = Setting::new("MODE", Accepts::OneOf(&["ENFORCE", "OPTIONAL"]), Default::Value("ENFORCE"),
        "Whether a request without a credential is refused, or allowed as anonymous.");
    UNAUTHORIZED_AS = Setting::new("UNAUTHORIZED_AS", Accepts::OneOf(&["ERROR", "DENY"]), Default::Value("ERROR"),
        "Whether \"unauthorized\" is answered with the error that becomes a 401, or with a Deny (403).");
    HTTP_API_RESPONSE = Setting::new("HTTP_API_RESPONSE", Accepts::OneOf(&["IAM", "SIMPLE"]), Default::Value("IAM"),
        "The form of answers to HTTP APIs with payload 2.0; must match the API's `EnableSimpleResponses`.");
    POLICY_SCOPE = Setting::new("POLICY__SCOPE", Accepts::OneOf(&["STAGE", "METHOD"]), Default::Value("STAGE"),
        "What an Allow covers: every method of the stage, or the requested one.");
    POLICY_EXPIRE_WITH_TOKEN = Setting::new("POLICY__EXPIRE_WITH_TOKEN", Accepts::Boolean, Default::Value("false"),
        "Whether an Allow ends with its token.");
    CONTEXT_CLAIMS = Setting::new("CONTEXT_CLAIMS", Accepts::List, NONE,
        "The claims that the backend sees: `claim`, or `claim=key` under another key.");
    JWT_HEADER_NAME = Setting::new("JWT__HEADER_NAME", Accepts::Header, Default::Value("Authorization"),
        "The header that carries a token.").with_alias("PROVIDER_COGNITO__JWT_HEADER_NAME");
    JWT_HEADER_PREFIX = Setting::new("JWT__HEADER_PREFIX", Accepts::String, Default::Value("Bearer"),
        "The word before the token in the header; empty for the token alone.")
        .with_alias("PROVIDER_COGNITO__JWT_HEADER_PREFIX");
    JWT_ALLOW_BARE = Setting::new("JWT__ALLOW_BARE", Accepts::Boolean, Default::Value("false"),
        "Whether the header may hold the token alone beside the prefixed form.");
    JWT_QUERY_PARAMETER = Setting::new("JWT__QUERY_PARAMETER", Accepts::String, Default::Words("off"),
        "The query parameter that may carry a token.");
    JWT_COOKIE_NAME = Setting::new("JWT__COOKIE_NAME", Accepts::String, Default::Words("off"),
        "The cookie that may carry a token.");
    JWT_WEBSOCKET_PROTOCOL = Setting::new("JWT__WEBSOCKET_PROTOCOL", Accepts::String, Default::Words("off"),
        "The sub-protocol beside which a WebSocket's client may offer a token.");
    JWT_CHECK_EXPIRATION = Setting::new("JWT__CHECK_EXPIRATION", Accepts::Boolean, Default::Value("true"),
        "Whether expired tokens are refused.").with_alias("PROVIDER_COGNITO__CHECK_EXPIRATION");
    JWT_LEEWAY_SECONDS = Setting::new("JWT__LEEWAY_SECONDS", Accepts::Number { min: 0, max: 300 }, Default::Value("0"),
        "How far the clocks may differ.");
    JWT_KEY_SET_TTL_SECONDS = Setting::new("JWT__KEY_SET_TTL_SECONDS", SECONDS, Default::Value("3600"),
        "How long a key set is used before it is fetched again.");
    TOKEN_USE = Setting::new("PROVIDER_COGNITO__TOKEN_USE", Accepts::ListOf(&["ID", "ACCESS"]),
        Default::Value("ID,ACCESS"), "The kinds of Cognito tokens that are allowed.");
    REQUIRED_SCOPES = Setting::new("PROVIDER_COGNITO__REQUIRED_SCOPES", Accepts::List, NONE,
        "A token must have one of these scopes.");
    REQUIRED_GROUPS = Setting::new("PROVIDER_COGNITO__REQUIRED_GROUPS", Accepts::List, NONE,
        "A token must have one of these groups.");
    ALLOW_MACHINE_TOKENS = Setting::new("PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS", Accepts::Boolean,
        Default::Value("false"), "Whether client-credentials tokens are allowed, as services.");
    CHECK_REVOCATION = Setting::new("PROVIDER_COGNITO__CHECK_REVOCATION", Accepts::Boolean, Default::Value("false"),
        "Whether Cognito is asked about every user's access token.");
    GET_USER = Setting::new("PROVIDER_COGNITO__GET_USER", Accepts::Boolean, Default::Value("true"),
        "Whether `GetUser` is asked about access tokens that userInfo cannot be asked about.");
    POOL_ID = Setting::new("USERPOOL_ID", Accepts::String, Default::Required,
        "The pool's id, such as eu-west-1_Example.").of_pools();
    POOL_CLIENTS = Setting::new("APP_CLIENT_ID", Accepts::List, Default::Required,
        "The app clients whose tokens are allowed.").of_pools();
    POOL_REGION = Setting::new("REGION", Accepts::Region, Default::Words("the pool id's"),
        "The pool's region.").of_pools();
    POOL_DOMAIN = Setting::new("DOMAIN", Accepts::String, NONE,
        "The pool's domain, for userInfo: a URL, a host, or the prefix of a Cognito domain.").of_pools();
    POOL_ISSUERS = Setting::new("ISSUERS", Accepts::List, Default::Value("ORIGINAL"),
        "The `iss` values of the pool's tokens: `ORIGINAL`, `UPDATED`, or URLs.").of_pools();
    POOL_JWKS = Setting::new("JWKS", Accepts::KeySet, NONE,
        "The pool's key set, as JSON or as a file: used until it is fetched.").of_pools();
    POOL_RESOURCE_AUDIENCE = Setting::new("RESOURCE_AUDIENCE", Accepts::List, NONE,
        "An access token's `aud` must hold one of these resources.").of_pools();
    OIDC_ISSUER = Setting::new("ISSUER", Accepts::Url, Default::Required,
        "The `iss` of the issuer's tokens, byte for byte.").of_issuers();
    OIDC_AUDIENCE = Setting::new("AUDIENCE", Accepts::List, Default::Required,
        "A token's `aud` must hold one of these.").of_issuers();
    OIDC_ALGORITHMS = Setting::new("ALGORITHMS", Accepts::ListOf(&ALGORITHMS), Default::Value("RS256"),
        "The signature algorithms that the issuer may use.").of_issuers();
    OIDC_JWKS_URI = Setting::new("JWKS_URI", Accepts::Url, Default::Words("the discovery document's"),
        "The address of the key set.").of_issuers();
    OIDC_JWKS = Setting::new("JWKS", Accepts::KeySet, NONE,
        "The key set, as JSON or as a file; alone it is never fetched.").of_issuers();
    OIDC_DISCOVERY_URL = Setting::new("DISCOVERY_URL", Accepts::Url,
        Default::Words("the issuer's well-known one"),
        "The address of the discovery document.").of_issuers();
    OIDC_CLIENT_ID = Setting::new("CLIENT_ID", Accepts::List, NONE,
        "The clients whose tokens are allowed: `azp`, `client_id`, `cid` or `appid`.").of_issuers();
    OIDC_TOKEN_TYPE = Setting::new("TOKEN_TYPE", Accepts::OneOf(&["ANY", "AT_JWT"]), Default::Value("ANY"),
        "Whether a token's `typ` must be `at+jwt`.").of_issuers();
    OIDC_USER_ID = Setting::new("USER_ID", Accepts::List, Default::Value("sub"),
        "The claims or JSON pointers that can be the user id: the first one that a token has.").of_issuers();
    OIDC_USER_ID_PREFIX = Setting::new("USER_ID_PREFIX", Accepts::String, NONE,
        "What is put before the user id, so that no other issuer's user has the same.").of_issuers();
    OIDC_SCOPE_CLAIM = Setting::new("SCOPE_CLAIM", Accepts::String, Default::Words("scope, then scp"),
        "The claim or JSON pointer with the scopes.").of_issuers();
    OIDC_GROUPS_CLAIM = Setting::new("GROUPS_CLAIM", Accepts::String, Default::Value("groups"),
        "The claim or JSON pointer with the groups.").of_issuers();
    OIDC_REQUIRED_SCOPES = Setting::new("REQUIRED_SCOPES", Accepts::List, NONE,
        "A token must have one of these scopes.").of_issuers();
    OIDC_REQUIRED_GROUPS = Setting::new("REQUIRED_GROUPS", Accepts::List, NONE,
        "A token must have one of these groups.").of_issuers();
    OIDC_REQUIRED_CLAIMS = Setting::new("REQUIRED_CLAIMS", Accepts::Json, NONE,
        "A JSON object of claims or JSON pointers, and the value or list of values that each may have.").of_issuers();
    OIDC_PRINCIPAL_TYPE = Setting::new("PRINCIPAL_TYPE", Accepts::OneOf(&["USER", "SERVICE"]), Default::Value("USER"),
        "Whether the issuer's tokens are those of users or of services.").of_issuers();
    OIDC_ALLOW_MACHINE_TOKENS = Setting::new("ALLOW_MACHINE_TOKENS", Accepts::Boolean, Default::Value("false"),
        "Whether tokens of a client itself are allowed, as services.").of_issuers();
    OIDC_USER_INFO = Setting::new("USER_INFO", Accepts::Boolean, Default::Value("false"),
        "Whether userInfo is asked for the user id that an access token lacks.").of_issuers();
    SECRETS_REGION = Setting::new("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__REGION", Accepts::Region,
        Default::Words("the function's region"), "The region of Secrets Manager.");
    SECRETS_PROFILE = Setting::new("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__PROFILE", Accepts::String, NONE,
        "The profile in the AWS configuration files, for local runs.");
    SECRETS_COMMON_PREFIX = Setting::new("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX", Accepts::String,
        Default::Words("empty"), "What the names of the secrets begin with.");
    ID_HEADER_NAME = Setting::new("AUTOMATION_PRINCIPALS__ID_HEADER_NAME", Accepts::Header,
        Default::Value("SMAC-Principal"), "The header with a service's id.");
    TOKEN_HEADER_NAME = Setting::new("AUTOMATION_PRINCIPALS__TOKEN_HEADER_NAME", Accepts::Header,
        Default::Value("SMAC-Token"), "The header with a service's token.");
    ROTATION_GRACE_SECONDS = Setting::new("AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS", SECONDS,
        Default::Value("0"), "How long a replaced token still works.");
    CACHE_TTL_SECONDS = Setting::new("CACHE__TTL_SECONDS", SECONDS, Default::Value("60"),
        "How long attributes and secrets are used before they are looked up again.");
    CACHE_NEGATIVE_TTL_SECONDS = Setting::new("CACHE__NEGATIVE_TTL_SECONDS", SECONDS, Default::Value("30"),
        "How long a negative answer is remembered.");
    CACHE_STALE_SECONDS = Setting::new("CACHE__STALE_SECONDS", SECONDS, Default::Value("300"),
        "How much longer an old value serves while its lookup fails.");
    CACHE_CAPACITY = Setting::new("CACHE__CAPACITY", Accepts::Number { min: 1, max: u32::MAX as u64 },
        Default::Value("1000"), "How many attributes, and how many secrets, are remembered at most.");
    UPSTREAM_TIMEOUT_MS = Setting::new("UPSTREAM_TIMEOUT_MS", Accepts::Number { min: 100, max: 10_000 },
        Default::Value("2000"), "How long an upstream call may take, its retry included.");
    RULES_POLICIES = Setting::new("RULES__POLICIES", Accepts::String, Default::Words("off"),
        "The access rules in Cedar: a file, or a directory of `*.cedar` files.");
    RULES_ROUTES = Setting::new("RULES__ROUTES", Accepts::String, NONE,
        "The API's routes: an OpenAPI 3 document or a Cedar schema, as a JSON file.");
    RULES_NAMESPACE = Setting::new("RULES__NAMESPACE", Accepts::String, Default::Words("the schema's only one"),
        "The namespace of the rules' entities and actions.");
    RULES_MODE = Setting::new("RULES__MODE", Accepts::OneOf(&["ENFORCE", "LOG"]), Default::Value("ENFORCE"),
        "Whether the access rules refuse requests, or are logged alone.");
    METRICS = Setting::new("METRICS", Accepts::OneOf(&["EMF", "NONE"]), Default::Value("EMF"),
        "Whether the log line is an embedded metric document too.");
    LOG_PRINCIPAL = Setting::new("LOG_PRINCIPAL", Accepts::Boolean, Default::Value("false"),
        "Whether the log line names the principal.");
    LOG_CLIENT = Setting::new("LOG_CLIENT", Accepts::Boolean, Default::Value("false"),
        "Whether the log line names the app client and the caller's address.");
}

/// The setting of this name (without [`PREFIX`]), and the pool or issuer that the name holds, if it is one's.
pub(super) fn find(name: &str) -> Option<(&'static Setting, Option<&str>)> {
    for section in [Section::Pool, Section::Issuer] {
        if let Some((own, rest)) = split(name, section) {
            return named(section, rest).map(|setting| (setting, Some(own)));
        }
    }
    named(Section::Global, name).map(|setting| (setting, None))
}

/// The section's own name, and what is behind it.
fn split(name: &str, section: Section) -> Option<(&str, &str)> {
    let (own, rest) = name.strip_prefix(section.start()?)?.split_once("__")?;
    (!own.is_empty()).then_some((own, rest))
}

fn named(section: Section, name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name && setting.section == section).copied()
}

/// The setting that has this name (without [`PREFIX`]) in smac-fastapi-auth.
pub(super) fn by_alias(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.alias == Some(name)).copied()
}

/// Whether this is the name of a setting (without [`PREFIX`]), or another name for one.
pub(super) fn is_known(name: &str) -> bool {
    find(name).is_some() || by_alias(name).is_some()
}

/// The known name that is nearest to this one, if any is near.
pub(super) fn nearest(name: &str) -> Option<String> {
    let own = |section| split(name, section).map_or("", |(own, _)| own);
    let (pool, issuer) = (own(Section::Pool), own(Section::Issuer));
    let length = name.chars().count();
    SETTINGS
        .iter()
        .flat_map(|setting| {
            let own = match setting.section {
                Section::Global => "",
                Section::Pool => Some(pool).filter(|pool| !pool.is_empty()).unwrap_or("PRIMARY"),
                Section::Issuer => Some(issuer).filter(|issuer| !issuer.is_empty()).unwrap_or("NAME"),
            };
            [Some(setting.full_name(own)), setting.alias.map(str::to_owned)]
        })
        .flatten()
        // Names are no nearer than their lengths, and a comparison takes the product of these.
        .filter(|known| known.len().abs_diff(length) <= known.len() / 2)
        // A name without its unit is near, however long the unit is.
        .map(|known| (if known.starts_with(name) { 1 } else { strsim::damerau_levenshtein(name, &known) }, known))
        .min()
        .filter(|(distance, known)| *distance <= known.len() / 2)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_setting_is_declared_once_and_explained() {
        let names: BTreeSet<_> = SETTINGS
            .iter()
            .flat_map(|setting| [Some(setting.full_name("X")), setting.alias.map(str::to_owned)])
            .flatten()
            .collect();
        let aliases = SETTINGS.iter().filter(|setting| setting.alias.is_some()).count();
        assert_eq!(names.len(), SETTINGS.len() + aliases);
        for setting in SETTINGS {
            assert!(setting.help.ends_with('.') && setting.help.len() < 120, "{}: {}", setting.name, setting.help);
            assert_eq!(find(&setting.full_name("X")).map(|(found, _)| found), Some(*setting));
        }
    }

    #[test]
    fn a_mistyped_name_is_near_the_right_one() {
        for (name, expected) in [
            ("MODES", Some("MODE")),
            ("PROVIDER_COGNITO__USERPOOLS__MAIN__USERPOOLID", Some("PROVIDER_COGNITO__USERPOOLS__MAIN__USERPOOL_ID")),
            ("JWT__LEEWAY", Some("JWT__LEEWAY_SECONDS")),
            ("SOMETHING_ENTIRELY_DIFFERENT_FROM_ALL_OF_THEM_AND_MUCH_LONGER_THAN_ANY_OTHER_NAME_HERE_IS_IN_FACT", None),
        ] {
            assert_eq!(nearest(name).as_deref(), expected, "{name}");
        }
    }
}
