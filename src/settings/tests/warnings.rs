//! Warnings: what is allowed and deserves a second look.

use smac_local::deployment::Pool;

use super::super::Settings;
use super::{pools, read_file, with};

/// The warnings, each as `NAME: text`.
fn warnings(changes: &[(&str, &str)]) -> Vec<String> {
    let settings = with(changes).unwrap();
    let name = |name: &str| name.strip_prefix("SMAC__AUTH__").unwrap_or(name).to_owned();
    settings.warnings().iter().map(|warning| format!("{}: {}", name(&warning.variable), warning.text)).collect()
}

const SERVICES: (&str, &str) = ("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX", "x");
const ACCESS: (&str, &str) = ("PROVIDER_COGNITO__TOKEN_USE", "ACCESS");
const DOMAIN: (&str, &str) = ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN", "x");
const SECOND_ID: (&str, &str) = ("PROVIDER_COGNITO__USERPOOLS__SECOND__USERPOOL_ID", "eu-west-1_Other");
const SECOND_CLIENT: (&str, &str) = ("PROVIDER_COGNITO__USERPOOLS__SECOND__APP_CLIENT_ID", "a");
const REVOCATION: (&str, &str) = ("PROVIDER_COGNITO__CHECK_REVOCATION", "true");
const ONLY_ID: (&str, &str) = ("PROVIDER_COGNITO__TOKEN_USE", "ID");
const LOCALSTACK: (&str, &str) = ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://127.0.0.1:4566");
const NO_GET_USER: (&str, &str) = ("PROVIDER_COGNITO__GET_USER", "false");
const RULES: (&str, &str) = ("RULES__POLICIES", "/rules.cedar");
const ROUTES: (&str, &str) = ("RULES__ROUTES", "/routes.json");
const NO_RULES: &str = "has no effect: RULES__POLICIES is not set, so there are no access rules";
pub(super) type Changes = &'static [(&'static str, &'static str)];

/// Each of the first settings has a warning, under its last variable and with these words; none of the second is.
pub(super) const WARNED_ABOUT: &[(Changes, &str, &[Changes])] = &[
    (&[("PROVIDER_COGNITO__CHECK_EXPIRATION", "false")], "expired tokens are accepted", &[&[]]),
    (
        &[("REQUIRE_VERIFIED_USER_ID", "false")],
        "an unverified email or phone number is accepted as the user id",
        &[&[("REQUIRE_VERIFIED_USER_ID", "false"), ("USER_ID", "sub")]],
    ),
    (
        &[("PROVIDER_COGNITO__USERPOOLS__PRIMARY__REGION", "us-east-1")],
        "is not the region in the pool's id",
        &[&[("PROVIDER_COGNITO__USERPOOLS__PRIMARY__REGION", "eu-west-1")]],
    ),
    (&[("MODE", "OPTIONAL")], "a request without a credential is allowed, as anonymous", &[&[("MODE", "ENFORCE")]]),
    (
        &[SERVICES, ("AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS", "86401")],
        "a replaced token works for more than a day",
        &[&[SERVICES, ("AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS", "86400")]],
    ),
    (
        &[
            ("AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS", "0"),
            ("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX", ""),
        ],
        "is not set: a caller's id names any secret that begins with `/`, and IAM alone bounds it",
        &[&[SERVICES]],
    ),
    (
        &[SERVICES, ("CACHE__TTL_SECONDS", "301")],
        "a revoked credential works for more than 5 minutes",
        &[&[SERVICES, ("CACHE__TTL_SECONDS", "300")], &[("CACHE__TTL_SECONDS", "301")]],
    ),
    (
        &[REVOCATION, ACCESS, DOMAIN, ("CACHE__TTL_SECONDS", "301")],
        "a revoked credential works for more than 5 minutes",
        &[&[REVOCATION, ACCESS, DOMAIN], &[ACCESS, DOMAIN, ("CACHE__TTL_SECONDS", "301")]],
    ),
    (
        &[SERVICES, ("CACHE__STALE_SECONDS", "3601")],
        "a revoked credential works for more than an hour while its upstream is down",
        &[&[SERVICES, ("CACHE__STALE_SECONDS", "3600")], &[("CACHE__STALE_SECONDS", "3601")]],
    ),
    (
        &[("JWT__KEY_SET_TTL_SECONDS", "86401")],
        "a key that its issuer withdrew is trusted for more than a day",
        &[&[("JWT__KEY_SET_TTL_SECONDS", "86400")]],
    ),
    (
        &[("POLICY__SCOPE", "METHOD")],
        "a cached policy for one method refuses the next one: the gateway's caching must be off",
        &[&[("POLICY__SCOPE", "STAGE")]],
    ),
    (
        &[("POLICY__EXPIRE_WITH_TOKEN", "true")],
        "AWS does not document that API Gateway honours the condition: do not rely on it untested",
        &[&[("POLICY__EXPIRE_WITH_TOKEN", "false")]],
    ),
    (
        &[("LOG_PRINCIPAL", "true")],
        "the log names people: its readers and its retention must fit that",
        &[&[("LOG_PRINCIPAL", "false")]],
    ),
    (
        &[("AWS_ENDPOINT_URL", "http://emulator:1")],
        "keys, tokens and secrets go unencrypted over the network",
        &[&[("AWS_ENDPOINT_URL", "https://emulator:1")], &[("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]],
    ),
    (
        &[("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://emulator:1")],
        "keys, tokens and secrets go unencrypted over the network",
        &[&[("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://localhost:1")]],
    ),
    (
        &[("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://emulator:1")],
        "keys, tokens and secrets go unencrypted over the network",
        &[&[("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://[::1]:1")]],
    ),
    (
        &[SECOND_ID, SECOND_CLIENT, ("USER_ID", "sub")],
        "is unique within one pool only, and there are several: two users can have one id",
        &[&[("USER_ID", "sub")], &[SECOND_ID, SECOND_CLIENT]],
    ),
    (
        &[("USER_ID", "preferred_username")],
        "is an attribute that users can write: one can take another's id",
        &[&[("USER_ID", "email")], &[("USER_ID", "phone_number,sub")]],
    ),
    (&[("USER_ID", "sub,custom:id")], "is an attribute that users can write: one can take another's id", &[]),
    (&[("USER_ID", "zoneinfo")], "is an attribute that users can write: one can take another's id", &[]),
    (
        &[("USER_ID", "username")],
        "is never in an ID token, and ID tokens are allowed: each is refused",
        &[&[("USER_ID", "username,email")], &[("USER_ID", "username"), ACCESS, DOMAIN]],
    ),
    (
        &[("USER_ID", "cognito:username")],
        "is never in an access token, and access tokens are allowed: each is refused",
        &[&[("USER_ID", "cognito:username,username")], &[("USER_ID", "cognito:username"), ONLY_ID]],
    ),
    (
        &[("CONTEXT_CLAIMS", "sub,custom:role=role")],
        "passes on `custom:` claims, which users can write unless the app client forbids it: not for roles",
        &[&[("CONTEXT_CLAIMS", "sub=custom:role")]],
    ),
    (
        &[("LOG_CLIENT", "true")],
        "the log holds callers' addresses: its readers and its retention must fit that",
        &[&[("LOG_CLIENT", "false")]],
    ),
    (
        &[
            ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__REGION", ""),
            ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID", "eusc-de-east-1_Abc"),
        ],
        "is in a partition whose addresses are hardly documented: state them with ISSUERS and a full DOMAIN",
        &[&[
            ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID", "eusc-de-east-1_Abc"),
            ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__ISSUERS", "https://cognito-idp.eusc-de-east-1.amazonaws.eu/x"),
        ]],
    ),
    (
        &[LOCALSTACK, ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__ISSUERS", "http://localstack:4566/x")],
        "names an issuer without encryption: for local endpoints only",
        &[],
    ),
    (
        &[("JWT__LEEWAY_SECONDS", "61")],
        "an expired token works for more than a minute",
        &[&[("JWT__LEEWAY_SECONDS", "60")]],
    ),
    (
        &[("PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS", "true")],
        "client-credentials tokens are accepted: whoever has the secret of an app client is a service",
        &[&[("PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS", "false")]],
    ),
    (
        &[("PROVIDER_COGNITO__REQUIRED_SCOPES", "pets")],
        "ID tokens have no scopes, so each is forbidden: TOKEN_USE=ACCESS makes that explicit",
        &[&[("PROVIDER_COGNITO__REQUIRED_SCOPES", "pets"), ACCESS, DOMAIN]],
    ),
    (
        &[("JWT__QUERY_PARAMETER", "token")],
        "a token in a URL ends up in access logs and histories",
        &[&[("JWT__COOKIE_NAME", "token")]],
    ),
    (
        &[("PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID", "abc, d e")],
        "has an entry that does not look like an app client's id: no token will match it",
        &[&[("PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID", "abc, d_e+f")]],
    ),
    (
        &[ACCESS, NO_GET_USER, ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN", "")],
        "is not set: access tokens have no email, and nobody can be asked for it",
        &[&[NO_GET_USER], &[NO_GET_USER, ACCESS, DOMAIN], &[NO_GET_USER, ACCESS, ("USER_ID", "sub")]],
    ),
    (
        &[ACCESS, ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN", "")],
        "is not set: only access tokens of SDK sign-in can be asked about for their email",
        &[&[], &[ACCESS, DOMAIN], &[ACCESS, ("USER_ID", "sub")], &[("PROVIDER_COGNITO__TOKEN_USE", "ID")]],
    ),
    (
        &[DOMAIN, SECOND_ID, SECOND_CLIENT, ("PROVIDER_COGNITO__USERPOOLS__SECOND__DOMAIN", "")],
        "is not set: only access tokens of SDK sign-in can be asked about for their email",
        &[&[DOMAIN, SECOND_ID, SECOND_CLIENT, ("PROVIDER_COGNITO__USERPOOLS__SECOND__DOMAIN", "y")]],
    ),
    (
        &[SERVICES, ("PROVIDER", "NONE")],
        "does not have COGNITO: the user pools have no effect",
        &[&[SERVICES], &[SERVICES, ("PROVIDER", "NONE"), ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID", "")]],
    ),
    (
        &[ROUTES, ("RULES__POLICIES", "/looks.cedar")],
        "look at the request (path, query, address): the gateway's caching must be off (a TTL of 0)",
        &[&[ROUTES, ("RULES__POLICIES", "/rules.cedar")]],
    ),
    (
        &[ROUTES, ("RULES__POLICIES", "/looks.cedar"), ("RULES__MODE", "LOG")],
        "the access rules refuse nothing: they are evaluated and logged alone",
        &[&[ROUTES, ("RULES__POLICIES", "/rules.cedar"), ("RULES__MODE", "enforce")], &[("RULES__MODE", "ENFORCE")]],
    ),
    (&[ROUTES], NO_RULES, &[&[("RULES__ROUTES", " ")]]),
    (&[("RULES__NAMESPACE", "Pets")], NO_RULES, &[&[ROUTES, RULES, ("RULES__NAMESPACE", "Pets")]]),
];

const PROVIDERS: (&str, &str) = ("PROVIDER", "COGNITO,OIDC");
const ISSUER: (&str, &str) = ("PROVIDER_OIDC__ISSUERS__ONE__ISSUER", "https://one.example.com");
const GITHUB: (&str, &str) = ("PROVIDER_OIDC__ISSUERS__ONE__ISSUER", "https://token.actions.githubusercontent.com");
const AUDIENCE: (&str, &str) = ("PROVIDER_OIDC__ISSUERS__ONE__AUDIENCE", "api");
const PREFIX: (&str, &str) = ("PROVIDER_OIDC__ISSUERS__ONE__USER_ID_PREFIX", "one:");
const CLIENT: (&str, &str) = ("PROVIDER_OIDC__ISSUERS__ONE__CLIENT_ID", "a");
const MACHINES: (&str, &str) = ("PROVIDER_OIDC__ISSUERS__ONE__ALLOW_MACHINE_TOKENS", "true");
const GROUPS: (&str, &str) = ("PROVIDER_OIDC__ISSUERS__ONE__REQUIRED_GROUPS", "a");
const BY_EMAIL: (&str, &str) = ("PROVIDER_OIDC__ISSUERS__ONE__USER_ID", "email");
const TWO: (&str, &str) = ("PROVIDER_OIDC__ISSUERS__TWO__ISSUER", "https://two.example.com");
const TWO_AUDIENCE: (&str, &str) = ("PROVIDER_OIDC__ISSUERS__TWO__AUDIENCE", "api");

/// The same about OIDC issuers.
pub(super) const WARNED_ABOUT_OIDC: &[(Changes, &str, &[Changes])] = &[
    (
        &[
            PROVIDERS,
            AUDIENCE,
            PREFIX,
            ("PROVIDER_OIDC__ISSUERS__ONE__ISSUER", "https://login.microsoftonline.com/common/v2.0"),
        ],
        "names no tenant: no token has this issuer",
        &[
            &[PROVIDERS, ISSUER, AUDIENCE, PREFIX],
            &[
                PROVIDERS,
                AUDIENCE,
                PREFIX,
                (
                    "PROVIDER_OIDC__ISSUERS__ONE__ISSUER",
                    "https://login.microsoftonline.com/2f4a9838-26b7-47ee-be60-ccc1fdec5953/v2.0",
                ),
            ],
        ],
    ),
    (
        &[PROVIDERS, GITHUB, AUDIENCE, PREFIX, ("PROVIDER_OIDC__ISSUERS__ONE__REQUIRED_CLAIMS", "")],
        "is not set, and everybody at this issuer gets tokens for any audience: name an owner",
        &[&[PROVIDERS, GITHUB, AUDIENCE, PREFIX, ("PROVIDER_OIDC__ISSUERS__ONE__REQUIRED_CLAIMS", r#"{"a":"b"}"#)]],
    ),
    (
        &[PROVIDERS, ISSUER, AUDIENCE, PREFIX, ("PROVIDER_OIDC__ISSUERS__ONE__JWKS", "/var/task/keys.json")],
        "is never refreshed: a new key of the issuer needs a deployment",
        &[&[
            PROVIDERS,
            ISSUER,
            AUDIENCE,
            PREFIX,
            ("PROVIDER_OIDC__ISSUERS__ONE__JWKS", "/var/task/keys.json"),
            ("PROVIDER_OIDC__ISSUERS__ONE__JWKS_URI", "https://keys.example.com"),
        ]],
    ),
    (
        &[PROVIDERS, ISSUER, AUDIENCE, PREFIX, ("PROVIDER_OIDC__ISSUERS__ONE__USER_ID", "oid,upn")],
        "is a claim that can be changed to what another user has: one can take another's id",
        &[&[PROVIDERS, ISSUER, AUDIENCE, PREFIX, ("PROVIDER_OIDC__ISSUERS__ONE__USER_ID", "oid,/a/upn")]],
    ),
    (
        &[PROVIDERS, ISSUER, AUDIENCE, PREFIX, CLIENT, MACHINES, GROUPS],
        "tokens of a client itself seldom have groups, so they are forbidden although they are allowed",
        &[
            &[PROVIDERS, ISSUER, AUDIENCE, PREFIX, CLIENT, MACHINES],
            &[
                PROVIDERS,
                ISSUER,
                AUDIENCE,
                PREFIX,
                CLIENT,
                MACHINES,
                GROUPS,
                ("PROVIDER_OIDC__ISSUERS__ONE__PRINCIPAL_TYPE", "SERVICE"),
            ],
        ],
    ),
    (
        &[PROVIDERS, ISSUER, AUDIENCE, PREFIX, MACHINES],
        "without CLIENT_ID, any client of the issuer that gets a token for the audience is a service",
        &[&[PROVIDERS, ISSUER, AUDIENCE, PREFIX, MACHINES, CLIENT]],
    ),
    (
        &[PROVIDERS, ISSUER, AUDIENCE, PREFIX, ("PROVIDER_OIDC__ISSUERS__ONE__USER_INFO", "true")],
        "has no effect: every token has `sub`, so nobody is asked",
        &[&[PROVIDERS, ISSUER, AUDIENCE, PREFIX, BY_EMAIL, ("PROVIDER_OIDC__ISSUERS__ONE__USER_INFO", "true")]],
    ),
    (
        &[PROVIDERS, ISSUER, AUDIENCE, BY_EMAIL, ("PROVIDER_OIDC__ISSUERS__ONE__USER_ID_PREFIX", "")],
        "is that of another issuer: both name the owner of a verified email, as one user",
        &[&[PROVIDERS, ISSUER, AUDIENCE, BY_EMAIL, PREFIX]],
    ),
    (
        &[
            PROVIDERS,
            ISSUER,
            AUDIENCE,
            PREFIX,
            TWO,
            TWO_AUDIENCE,
            ("PROVIDER_OIDC__ISSUERS__TWO__USER_ID_PREFIX", "one:two:"),
        ],
        "begins with another issuer's prefix: an id there could read like one here",
        &[&[
            PROVIDERS,
            ISSUER,
            AUDIENCE,
            PREFIX,
            TWO,
            TWO_AUDIENCE,
            ("PROVIDER_OIDC__ISSUERS__TWO__USER_ID_PREFIX", "two:"),
        ]],
    ),
    (
        &[ISSUER, ("PROVIDER", "COGNITO")],
        "does not have OIDC: the OIDC issuers have no effect",
        &[&[AUDIENCE, ("PROVIDER", "COGNITO")]],
    ),
];

#[test]
fn an_issuer_with_the_name_of_a_pool() {
    let text = "is of a section whose name a user pool has too: the log cannot tell them apart";
    let named = |name: &str| {
        let settings = [("ISSUER", "https://one.example.com"), ("AUDIENCE", "api"), ("USER_ID_PREFIX", "one:")]
            .map(|(setting, value)| (format!("PROVIDER_OIDC__ISSUERS__{name}__{setting}"), value));
        let settings = settings.iter().map(|(setting, value)| (setting.as_str(), *value)).chain([PROVIDERS]);
        warnings(&settings.collect::<Vec<_>>())
    };
    assert_eq!(named("PRIMARY"), [format!("PROVIDER_OIDC__ISSUERS__PRIMARY__ISSUER: {text}")]);
    assert_eq!(named("OTHER"), [""; 0]);
}

#[test]
fn an_unverified_email_of_an_oidc_issuer() {
    let text = "REQUIRE_VERIFIED_USER_ID: an unverified email or phone number is accepted as the user id";
    let others = [PROVIDERS, ISSUER, AUDIENCE, PREFIX, ("USER_ID", "sub"), ("REQUIRE_VERIFIED_USER_ID", "false")];
    assert_eq!(warnings(&[others.as_slice(), &[BY_EMAIL]].concat()), [text]);
    assert_eq!(warnings(&others), [""; 0]);
}

#[test]
fn what_deserves_a_second_look() {
    for (warned_about, text, fine) in WARNED_ABOUT.iter().chain(WARNED_ABOUT_OIDC) {
        let (variable, _) = warned_about.last().unwrap();
        assert_eq!(warnings(warned_about), [format!("{variable}: {text}")]);
        for changes in *fine {
            assert_eq!(warnings(changes), [""; 0], "{changes:?}");
        }
    }
}

/// Machine tokens have a warning of their own, so this is never the only warning.
pub(super) const WARNED_ABOUT_WITH_MACHINE_TOKENS: &str = "PROVIDER_COGNITO__REQUIRED_GROUPS";

#[test]
fn groups_forbid_the_machine_tokens_that_are_allowed() {
    let text = "client-credentials tokens have no groups, so each is forbidden although they are allowed";
    let warning = format!("{WARNED_ABOUT_WITH_MACHINE_TOKENS}: {text}");
    let machines = ("PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS", "true");
    let groups = (WARNED_ABOUT_WITH_MACHINE_TOKENS, "admins");
    assert!(warnings(&[machines, groups]).contains(&warning));
    assert!(!warnings(&[machines]).contains(&warning));
    assert!(!warnings(&[groups]).contains(&warning));
}

#[test]
fn nothing_that_lets_anybody_in() {
    let text = "is NONE, and there are no service principals: every request is a 500";
    let found = |variables: &[(&str, &str)]| {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::check(variables, read_file).warnings.iter().map(|warning| warning.text).collect::<Vec<_>>()
    };
    assert_eq!(found(&[]), [text]);
    assert_eq!(found(&[("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID", " ")]), [text]);
    assert!(!found(&[("SMAC__AUTH__MODE", "OPTIONAL")]).contains(&text));
}

#[test]
fn the_development_deployment_is_sound() {
    let variables = smac_local::deployment::environment("http://127.0.0.1:1");
    let settings = Settings::from_variables(variables, read_file).unwrap();
    let warned: Vec<_> = settings.warnings().iter().map(|warning| warning.variable.as_str()).collect();
    // The one place where a browser can put the token of a WebSocket, beside a cookie.
    assert_eq!(warned, ["SMAC__AUTH__JWT__QUERY_PARAMETER"]);
    assert_eq!(pools(&settings).len(), Pool::ALL.len());
    assert!(settings.services.is_some());
}
