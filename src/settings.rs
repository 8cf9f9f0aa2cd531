//! The environment becomes typed, range-checked [`Settings`]; every mistake is reported at once, by name.
//!
//! The variables are those of the Python package `smac-fastapi-auth`, and some of our own, all under
//! `SMAC__AUTH__`. No message ever holds a variable's value.

mod cognito;
mod values;
mod warnings;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use url::Url;

use crate::credential::Places;
use crate::http::{BadRoots, Roots};
pub use cognito::{Cognito, Pool, TokenUse};
use values::Variables;

/// What every variable's name begins with.
pub const PREFIX: &str = "SMAC__AUTH__";

/// Each variable that is not a pool's, without the prefix, and its default as the README shows it.
pub const VARIABLES: &[(&str, &str)] = &[
    (USER_ID, "email"),
    (PROVIDER, "NONE"),
    (MODE, "ENFORCE"),
    (UNAUTHORIZED_AS, "ERROR"),
    (HTTP_API_RESPONSE, "IAM"),
    (POLICY_SCOPE, "STAGE"),
    (POLICY_EXPIRE_WITH_TOKEN, "false"),
    (REQUIRE_VERIFIED_EMAIL, "true"),
    (CONTEXT_CLAIMS, "none"),
    (cognito::CHECK_EXPIRATION, "true"),
    (cognito::JWT_HEADER_PREFIX, "Bearer"),
    (cognito::JWT_HEADER_NAME, "Authorization"),
    (cognito::JWT_QUERY_PARAMETER, "off"),
    (cognito::JWT_COOKIE_NAME, "off"),
    (cognito::TOKEN_USE, "ID,ACCESS"),
    (cognito::REQUIRED_SCOPES, "none"),
    (cognito::REQUIRED_GROUPS, "none"),
    (cognito::LEEWAY_SECONDS, "0"),
    (cognito::ALLOW_MACHINE_TOKENS, "false"),
    (cognito::CHECK_REVOCATION, "false"),
    (cognito::JWKS_TTL_SECONDS, "3600"),
    (SECRETS_REGION, "the function's region"),
    (SECRETS_PROFILE, "none"),
    (SECRETS_COMMON_PREFIX, "empty"),
    (ID_HEADER_NAME, "SMAC-Principal"),
    (TOKEN_HEADER_NAME, "SMAC-Token"),
    (ROTATION_GRACE_SECONDS, "0"),
    (CACHE_TTL_SECONDS, "60"),
    (CACHE_NEGATIVE_TTL_SECONDS, "30"),
    (CACHE_STALE_SECONDS, "300"),
    (CACHE_CAPACITY, "1000"),
    (UPSTREAM_TIMEOUT_MS, "2000"),
    (METRICS, "EMF"),
    (LOG_PRINCIPAL, "false"),
];

/// Each variable of a pool, behind `PROVIDER_COGNITO__USERPOOLS__<NAME>__`, and its default.
pub const POOL_VARIABLES: &[(&str, &str)] = cognito::POOL_VARIABLES;

const USER_ID: &str = "USER_ID";
const PROVIDER: &str = "PROVIDER";
const MODE: &str = "MODE";
const UNAUTHORIZED_AS: &str = "UNAUTHORIZED_AS";
const HTTP_API_RESPONSE: &str = "HTTP_API_RESPONSE";
const POLICY_SCOPE: &str = "POLICY__SCOPE";
const POLICY_EXPIRE_WITH_TOKEN: &str = "POLICY__EXPIRE_WITH_TOKEN";
const REQUIRE_VERIFIED_EMAIL: &str = "REQUIRE_VERIFIED_EMAIL";
const CONTEXT_CLAIMS: &str = "CONTEXT_CLAIMS";
const AUTOMATION: &str = "AUTOMATION_PRINCIPALS__";
const SECRETS_REGION: &str = "AUTOMATION_PRINCIPALS__SECRETS_MANAGER__REGION";
const SECRETS_PROFILE: &str = "AUTOMATION_PRINCIPALS__SECRETS_MANAGER__PROFILE";
const SECRETS_COMMON_PREFIX: &str = "AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX";
const ID_HEADER_NAME: &str = "AUTOMATION_PRINCIPALS__ID_HEADER_NAME";
const TOKEN_HEADER_NAME: &str = "AUTOMATION_PRINCIPALS__TOKEN_HEADER_NAME";
const ROTATION_GRACE_SECONDS: &str = "AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS";
const CACHE_TTL_SECONDS: &str = "CACHE__TTL_SECONDS";
const CACHE_NEGATIVE_TTL_SECONDS: &str = "CACHE__NEGATIVE_TTL_SECONDS";
const CACHE_STALE_SECONDS: &str = "CACHE__STALE_SECONDS";
const CACHE_CAPACITY: &str = "CACHE__CAPACITY";
const UPSTREAM_TIMEOUT_MS: &str = "UPSTREAM_TIMEOUT_MS";
const METRICS: &str = "METRICS";
const LOG_PRINCIPAL: &str = "LOG_PRINCIPAL";

const AWS_REGION: &str = "AWS_REGION";
const AWS_ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";
const AWS_ENDPOINT_URL_COGNITO: &str = "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER";
const AWS_ENDPOINT_URL_SECRETS: &str = "AWS_ENDPOINT_URL_SECRETS_MANAGER";
const AWS_CA_BUNDLE: &str = "AWS_CA_BUNDLE";
const LAMBDA_TASK_ROOT: &str = "LAMBDA_TASK_ROOT";

/// Names in the answer's context that a claim must not take.
const RESERVED_CONTEXT: [&str; 4] = ["claims", "userId", "principalType", "reason"];

/// All that is configured.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where credentials are looked for.
    pub places: Places,
    /// The pools and the rules for their tokens; absent with `PROVIDER=NONE`.
    pub cognito: Option<Cognito>,
    /// Service principals; absent where no such variable is set.
    pub automation: Option<Automation>,
    /// What a request without any credential gets.
    pub mode: Mode,
    /// How decisions are told to API Gateway.
    pub answers: Answers,
    /// How long what was looked up is used.
    pub cache: Cache,
    /// The most that one upstream call may take, its retry included.
    pub upstream_timeout: Duration,
    /// The certificates that are trusted instead of the compiled-in ones.
    pub roots: Option<Roots>,
    /// What the log line of a decision holds.
    pub log: Log,
    /// What is allowed and deserves a second look; to be logged at the start.
    pub warnings: Vec<Warning>,
}

/// What a request without any credential gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Refused.
    Enforce,
    /// Allowed as `anonymous`.
    Optional,
}

/// How decisions are told to API Gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// How "unauthorized" is told.
    pub unauthorized_as: UnauthorizedAs,
    /// The form of answers to HTTP APIs with payload format 2.0.
    pub http_api: HttpApiResponse,
    /// What an Allow covers.
    pub scope: Scope,
    /// Whether an Allow ends with its token.
    pub expire_with_token: bool,
    /// The claims that are passed on in the context.
    pub context_claims: Vec<String>,
}

/// How "unauthorized" is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnauthorizedAs {
    /// As the function error `Unauthorized`: 401.
    Error,
    /// As a Deny: 403.
    Deny,
}

/// The form of answers to HTTP APIs with payload format 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpApiResponse {
    /// A policy.
    Iam,
    /// `isAuthorized`.
    Simple,
}

/// What an Allow covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every method of the stage.
    Stage,
    /// The method that was asked for.
    Method,
}

/// Service principals: a pair of headers, checked against Secrets Manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Automation {
    /// Secrets Manager's region.
    pub region: String,
    /// Another address of Secrets Manager.
    pub endpoint: Option<Url>,
    /// The profile in the AWS configuration files that gives the credentials; for local runs.
    pub profile: Option<String>,
    /// What the names of the secrets begin with.
    pub common_prefix: String,
    /// How long after a rotation the previous token still works; zero is off.
    pub rotation_grace: Duration,
}

/// The names of the pair of headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutomationHeaders {
    /// The header with the id.
    pub id: String,
    /// The header with the token.
    pub token: String,
}

/// Where a JWT may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtCarriers {
    /// The header's name.
    pub header: String,
    /// What is before the token in the header; may be empty.
    pub prefix: String,
    /// The query parameter's name.
    pub query_parameter: Option<String>,
    /// The cookie's name.
    pub cookie: Option<String>,
}

/// How long what was looked up is used. Zero switches a period off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cache {
    /// Fresh.
    pub ttl: Duration,
    /// How long a definite "no" is remembered.
    pub negative_ttl: Duration,
    /// How much longer an old value serves while its look-up fails.
    pub stale: Duration,
    /// Entries at most, for each upstream.
    pub capacity: u64,
}

/// What the log line of a decision holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// Whether the line is an embedded metric document, too.
    pub metrics: bool,
    /// Whether it names the principal.
    pub principal: bool,
}

/// All that there is to say about an environment, by variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What is wrong; with any of these the function does not start.
    pub mistakes: Vec<Mistake>,
    /// What is allowed and deserves a second look.
    pub warnings: Vec<Warning>,
}

/// What is allowed and deserves a second look. Holds no value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// The variable.
    pub variable: String,
    /// What it does.
    pub text: &'static str,
}

/// Everything that is wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

/// One thing that is wrong with the configuration. Holds no value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The variable's name.
    pub variable: String,
    /// What is wrong, in words.
    pub problem: String,
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Mistake { variable, problem }) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{variable}: {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

impl Settings {
    /// Reads the settings from environment variables, all of them; others than ours and AWS's are ignored.
    ///
    /// `read_file` gives a file's content: a key set in a file is read when the function starts.
    ///
    /// # Errors
    /// Every [`Mistake`] there is.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
        read_file: impl Fn(&Path) -> std::io::Result<String>,
    ) -> Result<Self, Mistakes> {
        let (settings, Findings { mistakes, warnings }) = Self::read_all(variables, &read_file);
        if mistakes.is_empty() { Ok(Self { warnings, ..settings }) } else { Err(Mistakes(mistakes)) }
    }

    /// All mistakes and all warnings that there are, whether or not the function would start.
    pub fn check(
        variables: impl IntoIterator<Item = (String, String)>,
        read_file: impl Fn(&Path) -> std::io::Result<String>,
    ) -> Findings {
        Self::read_all(variables, &read_file).1
    }

    /// The settings are only good if there are no mistakes.
    fn read_all(
        variables: impl IntoIterator<Item = (String, String)>,
        read_file: &dyn Fn(&Path) -> std::io::Result<String>,
    ) -> (Self, Findings) {
        let mut variables = Variables::new(variables);
        let aws = Aws::read(&mut variables);
        let settings = Self::read(&mut variables, &aws, read_file);
        variables.report_unknown();
        warnings::collect(&mut variables, &settings);
        (settings, variables.into_findings())
    }

    fn read(variables: &mut Variables, aws: &Aws, read_file: &dyn Fn(&Path) -> std::io::Result<String>) -> Self {
        let user_id = variables.text(USER_ID, "email");
        let provider = variables.choice(PROVIDER, &[("NONE", false), ("COGNITO", true)], false);
        let require_verified_email = variables.boolean(REQUIRE_VERIFIED_EMAIL, true);
        let cognito = cognito::read(variables, aws, provider, user_id, require_verified_email, read_file);
        let (automation, automation_headers) = read_automation(variables, aws);
        let (cognito, jwt) = cognito.unzip();
        Self {
            places: Places { automation: automation_headers, jwt },
            cognito,
            automation,
            mode: variables.choice(MODE, &[("ENFORCE", Mode::Enforce), ("OPTIONAL", Mode::Optional)], Mode::Enforce),
            answers: read_answers(variables),
            cache: Cache {
                ttl: variables.seconds(CACHE_TTL_SECONDS, 60),
                negative_ttl: variables.seconds(CACHE_NEGATIVE_TTL_SECONDS, 30),
                stale: variables.seconds(CACHE_STALE_SECONDS, 300),
                capacity: variables.number(CACHE_CAPACITY, 1000, 1..=u64::from(u32::MAX)),
            },
            upstream_timeout: Duration::from_millis(variables.number(UPSTREAM_TIMEOUT_MS, 2000, 100..=10_000)),
            roots: read_roots(variables, read_file),
            log: Log {
                metrics: variables.choice(METRICS, &[("EMF", true), ("NONE", false)], true),
                principal: variables.boolean(LOG_PRINCIPAL, false),
            },
            warnings: Vec::new(),
        }
    }
}

fn read_roots(variables: &mut Variables, read_file: &dyn Fn(&Path) -> std::io::Result<String>) -> Option<Roots> {
    let path = variables.foreign(AWS_CA_BUNDLE)?;
    match read_file(Path::new(&path)) {
        Ok(pem) => match Roots::parse(pem.as_bytes()) {
            Ok(roots) => return Some(roots),
            Err(BadRoots) => variables.foreign_mistake(AWS_CA_BUNDLE, "holds no usable certificates"),
        },
        Err(error) => variables.foreign_mistake(AWS_CA_BUNDLE, format!("can't be read ({})", error.kind())),
    }
    None
}

fn read_answers(variables: &mut Variables) -> Answers {
    let context_claims = variables.list(CONTEXT_CLAIMS);
    if context_claims.iter().any(|claim| RESERVED_CONTEXT.contains(&claim.as_str())) {
        variables.mistake(CONTEXT_CLAIMS, "must not name `claims`, `userId`, `principalType` or `reason`");
    }
    Answers {
        unauthorized_as: variables.choice(
            UNAUTHORIZED_AS,
            &[("ERROR", UnauthorizedAs::Error), ("DENY", UnauthorizedAs::Deny)],
            UnauthorizedAs::Error,
        ),
        http_api: variables.choice(
            HTTP_API_RESPONSE,
            &[("IAM", HttpApiResponse::Iam), ("SIMPLE", HttpApiResponse::Simple)],
            HttpApiResponse::Iam,
        ),
        scope: variables.choice(POLICY_SCOPE, &[("STAGE", Scope::Stage), ("METHOD", Scope::Method)], Scope::Stage),
        expire_with_token: variables.boolean(POLICY_EXPIRE_WITH_TOKEN, false),
        context_claims,
    }
}

fn read_automation(variables: &mut Variables, aws: &Aws) -> (Option<Automation>, Option<AutomationHeaders>) {
    let is_on = variables.any_below(AUTOMATION);
    let region = variables.optional_region(SECRETS_REGION);
    let profile = variables.optional(SECRETS_PROFILE);
    let common_prefix = variables.text(SECRETS_COMMON_PREFIX, "");
    let id = variables.header_name(ID_HEADER_NAME, "SMAC-Principal");
    let token = variables.header_name(TOKEN_HEADER_NAME, "SMAC-Token");
    let rotation_grace = variables.seconds(ROTATION_GRACE_SECONDS, 0);
    if !is_on {
        return (None, None);
    }
    if id.eq_ignore_ascii_case(&token) {
        variables.mistake(TOKEN_HEADER_NAME, "is the same header as the id's");
    }
    let Some(region) = region.or_else(|| aws.region.clone()) else {
        variables.mistake(SECRETS_REGION, "is required where AWS_REGION is not set");
        return (None, None);
    };
    let endpoint = aws.secrets_endpoint.clone();
    let automation = Automation { region, endpoint, profile, common_prefix, rotation_grace };
    (Some(automation), Some(AutomationHeaders { id, token }))
}

/// AWS's own variables, as far as they matter here.
struct Aws {
    region: Option<String>,
    cognito_endpoint: Option<Url>,
    secrets_endpoint: Option<Url>,
    task_root: Option<String>,
}

impl Aws {
    fn read(variables: &mut Variables) -> Self {
        let general = variables.foreign_url(AWS_ENDPOINT_URL);
        Self {
            region: variables.foreign(AWS_REGION),
            cognito_endpoint: variables.foreign_url(AWS_ENDPOINT_URL_COGNITO).or_else(|| general.clone()),
            secrets_endpoint: variables.foreign_url(AWS_ENDPOINT_URL_SECRETS).or(general),
            task_root: variables.foreign(LAMBDA_TASK_ROOT),
        }
    }

    /// Whether requests to this address may go unencrypted: on this machine, or where an operator says so.
    fn allows_plain_http(&self, url: &Url) -> bool {
        values::is_loopback(url)
            || [&self.cognito_endpoint, &self.secrets_endpoint]
                .into_iter()
                .flatten()
                .any(|endpoint| endpoint.scheme() == "http" && endpoint.origin() == url.origin())
    }
}
