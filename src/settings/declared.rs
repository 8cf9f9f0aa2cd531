//! Every setting, declared once: its name, what it accepts, its default, and what it is for. The reader, the documents,
//! the template and the tools all use this list.

/// What every variable's name begins with.
pub const PREFIX: &str = "SMAC__AUTH__";

/// What is before the name of a user pool.
pub(super) const POOLS: &str = "PROVIDER_COGNITO__USERPOOLS__";

/// What the variables of service principals begin with: they are on when any of them is set.
pub(super) const AUTOMATION: &str = "AUTOMATION_PRINCIPALS__";

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The name, without [`PREFIX`]; a pool's setting is named behind its pool.
    pub name: &'static str,
    /// Whether there is one of it, or one for each pool.
    pub section: Section,
    /// What it accepts.
    pub accepts: Accepts,
    /// What it is when it is not set.
    pub default: Default,
    /// What it is for, in a sentence.
    pub help: &'static str,
    /// The name in smac-fastapi-auth, where it has another one there.
    pub alias: Option<&'static str>,
}

/// Where a setting belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// There is one.
    Global,
    /// There is one for each user pool.
    Pool,
}

/// What a setting accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// `true` or `false`, in one of their spellings.
    Boolean,
    /// One of these words, in any case.
    OneOf(&'static [&'static str]),
    /// A list of these words, in any case.
    ListOf(&'static [&'static str]),
    /// A list.
    List,
    /// A whole number in this range.
    Number {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A string.
    String,
    /// The name of a header.
    Header,
    /// The name of an AWS region.
    Region,
}

/// What a setting is when it is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// This value.
    Value(&'static str),
    /// What these words say.
    Words(&'static str),
    /// It must be set.
    Required,
}

impl Default {
    /// As the documents show it.
    #[must_use]
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Value(value) | Self::Words(value) => value,
            Self::Required => "required",
        }
    }
}

impl Setting {
    const fn new(name: &'static str, accepts: Accepts, default: Default, help: &'static str) -> Self {
        Self { name, section: Section::Global, accepts, default, help, alias: None }
    }

    const fn of_pools(self) -> Self {
        Self { section: Section::Pool, ..self }
    }

    const fn with_alias(self, alias: &'static str) -> Self {
        Self { alias: Some(alias), ..self }
    }

    /// The whole name without [`PREFIX`], with this in the place of a pool's name.
    #[must_use]
    pub fn full_name(&self, section: &str) -> String {
        match self.section {
            Section::Global => self.name.to_owned(),
            Section::Pool => format!("{POOLS}{section}__{}", self.name),
        }
    }
}

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
    PROVIDER = Setting::new("PROVIDER", Accepts::OneOf(&["NONE", "COGNITO"]), Default::Value("NONE"),
        "Whose tokens are accepted.");
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
    POOL_JWKS = Setting::new("JWKS", Accepts::String, NONE,
        "The pool's key set, as JSON or as a file: used until it is fetched.").of_pools();
    POOL_RESOURCE_AUDIENCE = Setting::new("RESOURCE_AUDIENCE", Accepts::List, NONE,
        "An access token's `aud` must hold one of these resources.").of_pools();
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
    METRICS = Setting::new("METRICS", Accepts::OneOf(&["EMF", "NONE"]), Default::Value("EMF"),
        "Whether the log line is an embedded metric document too.");
    LOG_PRINCIPAL = Setting::new("LOG_PRINCIPAL", Accepts::Boolean, Default::Value("false"),
        "Whether the log line names the principal.");
    LOG_CLIENT = Setting::new("LOG_CLIENT", Accepts::Boolean, Default::Value("false"),
        "Whether the log line names the app client and the caller's address.");
}

/// The setting of this name (without [`PREFIX`]), and the pool that the name holds, if it is a pool's.
pub(super) fn find(name: &str) -> Option<(&'static Setting, Option<&str>)> {
    if let Some(setting) = SETTINGS.iter().find(|setting| setting.section == Section::Global && setting.name == name) {
        return Some((setting, None));
    }
    let (pool, rest) = name.strip_prefix(POOLS)?.split_once("__")?;
    let setting = SETTINGS.iter().find(|setting| setting.section == Section::Pool && setting.name == rest)?;
    (!pool.is_empty()).then_some((*setting, Some(pool)))
}

/// Whether this is the name of a setting (without [`PREFIX`]), or another name for one.
pub(super) fn is_known(name: &str) -> bool {
    find(name).is_some() || SETTINGS.iter().any(|setting| setting.alias == Some(name))
}

/// The known name that is nearest to this one, if any is near.
pub(super) fn nearest(name: &str) -> Option<String> {
    let pool = name.strip_prefix(POOLS).and_then(|rest| rest.split_once("__")).map(|(pool, _)| pool);
    let pool = pool.filter(|pool| !pool.is_empty()).unwrap_or("PRIMARY");
    let length = name.chars().count();
    SETTINGS
        .iter()
        .flat_map(|setting| [Some(setting.full_name(pool)), setting.alias.map(str::to_owned)])
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
