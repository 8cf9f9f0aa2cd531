//! The environment becomes typed, range-checked [`Settings`]; every mistake is reported at once, by name.
//!
//! The variables are those of the Python package `smac-fastapi-auth`, and some of our own, all under `SMAC__AUTH__`. No
//! message ever holds a variable's value.

mod access_rules;
mod aws;
mod common;
mod declared;
mod file;
mod issuers;
mod named_files;
mod oidc;
mod pools;
mod problems;
mod setting;
#[cfg(test)]
mod tests;
#[cfg_attr(not(feature = "rules"), path = "settings/unparsed/none.rs")]
mod unparsed;
mod variables;
mod warnings;

use std::path::Path;
use std::time::Duration;

use crate::answer::{self, HttpApiResponse, UnauthorizedAs};
use crate::context::{self, ContextClaim, RESERVED_KEYS};
use crate::credential::{Carrier, Carriers, PairHeaders};
use crate::lookup::Limit;
use crate::policy::{self, Scope};
use crate::principal::Mode;
use crate::{http, lookup, record, rules, service, token};
use aws::Aws;
use common::Providers;
use declared::{
    CACHE_CAPACITY, CACHE_NEGATIVE_TTL_SECONDS, CACHE_STALE_SECONDS, CACHE_TTL_SECONDS, CONTEXT_CLAIMS,
    HTTP_API_RESPONSE, ID_HEADER_NAME, JWT_ALLOW_BARE, JWT_CHECK_EXPIRATION, JWT_COOKIE_NAME, JWT_HEADER_NAME,
    JWT_HEADER_PREFIX, JWT_LEEWAY_SECONDS, JWT_QUERY_PARAMETER, JWT_WEBSOCKET_PROTOCOL, LOG_CLIENT, LOG_PRINCIPAL,
    METRICS, MODE, POLICY_EXPIRE_WITH_TOKEN, POLICY_SCOPE, ROTATION_GRACE_SECONDS, SECRETS_COMMON_PREFIX,
    SECRETS_PROFILE, SECRETS_REGION, TOKEN_HEADER_NAME, UNAUTHORIZED_AS, UPSTREAM_TIMEOUT_MS,
};
use variables::Variables;
use warnings::About;

#[cfg(any(test, feature = "tools"))]
pub use declared::SETTINGS;
pub use problems::{Findings, Mistake, Mistakes, Warning};
#[cfg(feature = "tools")]
pub use setting::{Accepts, Default, PREFIX, Section, Setting};
pub(crate) use unparsed::Unparsed;

/// Lookups that find nothing, where callers choose the keys: a flood of invented ids must not become the upstream's.
const MISSES: Limit = Limit::per_minute(10_000, 600);

/// Lookups that one user can cause, whose tokens are all valid.
const PER_USER: Limit = Limit::per_minute(1000, 600);

/// All that is configured, read from variables and checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whose tokens are accepted; absent with `PROVIDER=NONE`.
    pub(crate) tokens: Option<token::Config>,
    /// Service principals; absent where no such variable is set.
    pub(crate) services: Option<service::Config>,
    /// What a request without any credential gets.
    pub(crate) mode: Mode,
    /// Access rules; absent where they are off.
    pub(crate) rules: Option<rules::Config>,
    /// What an Allow covers.
    pub(crate) policy: policy::Config,
    /// Which claims the backend sees.
    pub(crate) context: context::Config,
    /// How answers look.
    pub(crate) answer: answer::Config,
    /// How long what was looked up is used.
    pub(crate) lookup: lookup::Config,
    /// How upstreams are called.
    pub(crate) http: http::Config,
    /// What the log line of a decision holds.
    pub(crate) record: record::Config,
    warnings: Vec<Warning>,
}

impl Settings {
    /// Reads the settings from variables: pairs of a name and a value. The process's environment is not read; pass its
    /// variables, all of them, if they are what counts.
    ///
    /// Names that begin with `SMAC__AUTH__` are ours, in any case; `docs/configuration.md` explains each. Of AWS's own
    /// variables some matter, such as `AWS_REGION`; where its credentials are not among them, the SDK looks for them as it
    /// does elsewhere. All others are ignored.
    ///
    /// `read_file` gives a file's content. It is called here and not later, for the files that variables name: key sets,
    /// access rules, a settings file, and the bundle of `AWS_CA_BUNDLE`. A relative path starts at `LAMBDA_TASK_ROOT`, if
    /// that is set, but for the bundle's.
    ///
    /// # Errors
    /// Every [`Mistake`] that there is, in one go: values that are malformed or out of range, what is missing, what
    /// contradicts another variable, and unknown names under `SMAC__AUTH__`.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
        read_file: impl Fn(&Path) -> std::io::Result<String>,
    ) -> Result<Self, Mistakes> {
        let Draft { mut settings, rules } = Self::draft(variables, read_file)?;
        if let Some(rules) = rules {
            let (rules, warnings) = rules.parse()?;
            settings.rules = Some(rules);
            settings.warnings.extend(warnings);
            settings.warnings.sort();
        }
        Ok(settings)
    }

    /// The same but for access rules, whose files are read and not parsed.
    ///
    /// # Errors
    /// Every [`Mistake`] that there is. Where there is none but in access rules, that is said when these are parsed.
    pub(crate) fn draft(
        variables: impl IntoIterator<Item = (String, String)>,
        read_file: impl Fn(&Path) -> std::io::Result<String>,
    ) -> Result<Draft, Mistakes> {
        let (Draft { settings, rules }, Findings { mistakes, warnings }) = Self::read_all(variables, &read_file);
        if mistakes.is_empty() {
            return Ok(Draft { settings: Self { warnings, ..settings }, rules });
        }
        let of_rules = rules.and_then(|rules| rules.parse().err());
        Err(Mistakes::sorted(mistakes.into_iter().chain(of_rules.into_iter().flat_map(|of_rules| of_rules.0))))
    }

    /// All mistakes and all warnings that there are, for variables that need not be valid. The arguments are those of
    /// [`Settings::from_variables`].
    pub fn check(
        variables: impl IntoIterator<Item = (String, String)>,
        read_file: impl Fn(&Path) -> std::io::Result<String>,
    ) -> Findings {
        let (Draft { rules, .. }, Findings { mut mistakes, mut warnings }) = Self::read_all(variables, &read_file);
        match rules.map(Unparsed::parse) {
            Some(Ok((_, of_rules))) => warnings.extend(of_rules),
            Some(Err(of_rules)) => mistakes.extend(of_rules.0),
            None => {}
        }
        warnings.sort();
        Findings { mistakes: Mistakes::sorted(mistakes).0, warnings }
    }

    /// What is allowed and deserves a second look, sorted by variable: for the log, when the program starts.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The settings are only valid if there are no mistakes.
    fn read_all(
        variables: impl IntoIterator<Item = (String, String)>,
        read_file: aws::ReadFile<'_>,
    ) -> (Draft, Findings) {
        let mut variables = Variables::new(variables);
        let aws = Aws::read(&mut variables, read_file);
        file::read(&mut variables, &aws);
        let draft = Self::read(&mut variables, aws);
        variables.report_unknown();
        warnings::collect(&mut variables, &draft.settings.about());
        (draft, variables.into_findings())
    }

    fn about(&self) -> About<'_> {
        About {
            tokens: self.tokens.as_ref(),
            services: self.services.as_ref(),
            mode: self.mode,
            policy: self.policy,
            context: &self.context,
            lookup: self.lookup,
            record: &self.record,
        }
    }

    fn read(variables: &mut Variables, aws: Aws<'_>) -> Draft {
        let scope = variables.either(&POLICY_SCOPE, [("STAGE", Scope::Stage), ("METHOD", Scope::Method)]);
        let rules = access_rules::read(variables, &aws, scope);
        let serves_rules = rules.is_some();
        let settings = Self {
            tokens: read_tokens(variables, &aws, serves_rules),
            services: read_services(variables, &aws, serves_rules),
            rules: None,
            mode: variables.either(&MODE, [("ENFORCE", Mode::Enforce), ("OPTIONAL", Mode::Optional)]),
            policy: policy::Config { scope, expire_with_token: variables.boolean(&POLICY_EXPIRE_WITH_TOKEN) },
            context: read_context(variables),
            answer: answer::Config {
                unauthorized_as: variables
                    .either(&UNAUTHORIZED_AS, [("ERROR", UnauthorizedAs::Error), ("DENY", UnauthorizedAs::Deny)]),
                http_api: variables
                    .either(&HTTP_API_RESPONSE, [("IAM", HttpApiResponse::Iam), ("SIMPLE", HttpApiResponse::Simple)]),
            },
            lookup: lookup::Config {
                fresh: variables.seconds(&CACHE_TTL_SECONDS),
                stale: variables.seconds(&CACHE_STALE_SECONDS),
                negative: variables.seconds(&CACHE_NEGATIVE_TTL_SECONDS),
                capacity: usize::try_from(variables.number(&CACHE_CAPACITY)).unwrap_or(usize::MAX),
                misses: MISSES,
                per_caller: PER_USER,
            },
            http: http::Config {
                timeout: Duration::from_millis(variables.number(&UPSTREAM_TIMEOUT_MS)),
                roots: aws.roots,
                proxy: aws.proxy,
            },
            record: record::Config {
                function_name: aws.function_name,
                has_metrics: variables.either(&METRICS, [("EMF", true), ("NONE", false)]),
                names_principal: variables.boolean(&LOG_PRINCIPAL),
                names_client: variables.boolean(&LOG_CLIENT),
            },
            warnings: Vec::new(),
        };
        Draft { settings, rules }
    }
}

/// Settings without their access rules, and those rules as they are before they are parsed.
pub(crate) struct Draft {
    pub(crate) settings: Settings,
    pub(crate) rules: Option<Unparsed>,
}

fn read_tokens(variables: &mut Variables, aws: &Aws<'_>, serves_rules: bool) -> Option<token::Config> {
    let providers = Providers::read(variables);
    let header = Carrier::Header {
        name: variables.header_name(&JWT_HEADER_NAME),
        prefix: read_prefix(variables),
        allows_bare: variables.boolean(&JWT_ALLOW_BARE),
    };
    let query = variables.optional(&JWT_QUERY_PARAMETER).map(Carrier::Query);
    let cookie = variables.optional(&JWT_COOKIE_NAME).map(Carrier::Cookie);
    let protocol = read_protocol(variables).map(Carrier::WebSocketProtocol);
    let issuers = issuers::read(variables, aws, providers);
    if serves_rules {
        access_rules::check_issuers(variables, &issuers);
    }
    let config = token::Config {
        carriers: Carriers([Some(header), query, cookie, protocol].into_iter().flatten().collect()),
        issuers,
        check_expiration: variables.boolean(&JWT_CHECK_EXPIRATION),
        leeway: variables.seconds(&JWT_LEEWAY_SECONDS),
        serves_rules,
    };
    (providers.cognito || providers.oidc).then_some(config)
}

/// An empty prefix means no prefix; an absent one is the default.
fn read_prefix(variables: &mut Variables) -> String {
    let prefix = variables.raw(&JWT_HEADER_PREFIX).map(|prefix| prefix.trim().to_owned());
    let prefix = prefix.unwrap_or_else(|| variables.string(&JWT_HEADER_PREFIX));
    if prefix.contains(char::is_whitespace) || prefix.contains(',') {
        variables.mistake(&JWT_HEADER_PREFIX, "must not contain whitespace or commas");
    }
    prefix
}

/// A sub-protocol is a token as in RFC 9110, section 5.6.2, so it has no comma.
fn read_protocol(variables: &mut Variables) -> Option<String> {
    let protocol = variables.optional(&JWT_WEBSOCKET_PROTOCOL)?;
    if protocol.contains(|c: char| c == ',' || c.is_whitespace() || c.is_control()) {
        variables.mistake(&JWT_WEBSOCKET_PROTOCOL, "must not contain whitespace or commas");
    }
    Some(protocol)
}

fn read_context(variables: &mut Variables) -> context::Config {
    let mut claims: Vec<ContextClaim> = Vec::new();
    for entry in variables.list(&CONTEXT_CLAIMS) {
        let (claim, key) =
            entry.split_once('=').map_or((entry.as_str(), entry.as_str()), |(claim, key)| (claim.trim(), key.trim()));
        if claim.is_empty() || key.is_empty() {
            variables.mistake(&CONTEXT_CLAIMS, "must be a list of `claim` or `claim=key`");
        } else if RESERVED_KEYS.contains(&key) {
            variables.mistake(&CONTEXT_CLAIMS, format!("must not use the keys {}", RESERVED_KEYS.join(", ")));
        } else if claims.iter().any(|other| other.key == key) {
            variables.mistake(&CONTEXT_CLAIMS, "uses one key twice");
        } else {
            claims.push(ContextClaim { claim: claim.to_owned(), key: key.to_owned() });
        }
    }
    context::Config { claims }
}

fn read_services(variables: &mut Variables, aws: &Aws<'_>, serves_rules: bool) -> Option<service::Config> {
    let is_on = variables.any_below(setting::AUTOMATION);
    let region = variables.optional_region(&SECRETS_REGION);
    let profile = variables.optional(&SECRETS_PROFILE);
    let common_prefix = variables.string(&SECRETS_COMMON_PREFIX);
    let headers =
        PairHeaders { id: variables.header_name(&ID_HEADER_NAME), token: variables.header_name(&TOKEN_HEADER_NAME) };
    let rotation_grace = variables.seconds(&ROTATION_GRACE_SECONDS);
    if !is_on {
        return None;
    }
    if headers.id.eq_ignore_ascii_case(&headers.token) {
        variables.mistake(&TOKEN_HEADER_NAME, "is the same header as the id's");
    }
    let Some(region) = region.or_else(|| aws.region.clone()) else {
        variables.mistake(&SECRETS_REGION, "is required where AWS_REGION is not set");
        return None;
    };
    let Some(secrets) = secrets(region, profile, aws) else {
        variables.mistake(&SECRETS_REGION, "cannot be used: this build has no Secrets Manager");
        return None;
    };
    Some(service::Config { headers, secrets, common_prefix, rotation_grace, serves_rules })
}

#[cfg(feature = "secrets-manager")]
fn secrets(region: String, profile: Option<String>, aws: &Aws<'_>) -> Option<crate::aws::Config> {
    let (endpoint, credentials) = (aws.secrets_endpoint.clone(), aws.credentials.clone());
    Some(crate::aws::Config { region, endpoint, profile, credentials })
}

#[cfg(not(feature = "secrets-manager"))]
fn secrets(_: String, _: Option<String>, _: &Aws<'_>) -> Option<crate::aws::Config> {
    None
}
