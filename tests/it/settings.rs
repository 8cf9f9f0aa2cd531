//! Section 7 of the contract: the environment.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::time::Duration;

use smac_lambda_authorizer::Settings;
use smac_lambda_authorizer::settings::{
    HttpApiResponse, Mistakes, Mode, POOL_VARIABLES, Scope, TokenUse, UnauthorizedAs, VARIABLES,
};
use smac_local::deployment::{Pool, REGION};
use smac_local::keys::Key;

use crate::support;

const POOL: &str = "PROVIDER_COGNITO__USERPOOLS__PRIMARY__";

/// One pool and nothing else.
fn minimal() -> Vec<(String, String)> {
    [
        ("SMAC__AUTH__PROVIDER", "COGNITO"),
        ("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID", "eu-west-1_Abc123"),
        ("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID", "client"),
        ("AWS_REGION", REGION),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn read_file(path: &Path) -> io::Result<String> {
    match path.to_str().unwrap() {
        "/var/task/keys.json" => Ok(Key::Primary.key_set().to_string()),
        "/broken.pem" => Ok("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n".to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn with(changes: &[(&str, &str)]) -> Result<Settings, Mistakes> {
    let mut variables = minimal();
    for (name, value) in changes {
        let is_foreign = name.starts_with("AWS_") || name.starts_with("LAMBDA_");
        let name = if is_foreign { (*name).to_owned() } else { format!("SMAC__AUTH__{name}") };
        variables.retain(|(other, _)| *other != name);
        variables.push((name, (*value).to_owned()));
    }
    Settings::from_variables(variables, read_file)
}

/// The mistakes, each as `NAME: problem`.
fn mistakes(changes: &[(&str, &str)]) -> Vec<String> {
    let Err(Mistakes(mistakes)) = with(changes) else {
        return Vec::new();
    };
    let name = |name: &str| name.strip_prefix("SMAC__AUTH__").unwrap_or(name).to_owned();
    mistakes.iter().map(|mistake| format!("{}: {}", name(&mistake.variable), mistake.problem)).collect()
}

fn is_mistake(name: &str, value: &str) -> bool {
    mistakes(&[(name, value)]).iter().any(|mistake| mistake.starts_with(name))
}

#[test]
fn the_defaults() {
    let settings = with(&[]).unwrap();
    let cognito = settings.cognito.unwrap();
    let jwt = settings.places.jwt.unwrap();
    assert_eq!((jwt.header.as_str(), jwt.prefix.as_str()), ("Authorization", "Bearer"));
    assert_eq!((jwt.query_parameter, jwt.cookie), (None, None));
    assert_eq!(
        (cognito.user_id.as_str(), cognito.require_verified_email, cognito.check_expiration),
        ("email", true, true)
    );
    assert_eq!((cognito.leeway, cognito.token_use), (Duration::ZERO, TokenUse { id: true, access: true }));
    assert_eq!((cognito.allow_machine_tokens, cognito.check_revocation), (false, false));
    assert_eq!(cognito.jwks_ttl, Duration::from_secs(3600));
    assert!(cognito.required_scopes.is_empty() && cognito.required_groups.is_empty());
    let pool = &cognito.pools[0];
    assert_eq!((pool.name.as_str(), pool.clients.as_slice()), ("PRIMARY", ["client".to_owned()].as_slice()));
    assert_eq!(pool.issuers, ["https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123"]);
    assert_eq!(pool.key_set_url.as_str(), format!("{}/.well-known/jwks.json", pool.issuers[0]));
    assert!(pool.user_info_url.is_none() && pool.key_set.is_none());
    assert!(settings.automation.is_none() && settings.places.automation.is_none() && settings.roots.is_none());
    assert_eq!(settings.mode, Mode::Enforce);
    let answers = settings.answers;
    assert_eq!((answers.unauthorized_as, answers.http_api), (UnauthorizedAs::Error, HttpApiResponse::Iam));
    assert_eq!((answers.scope, answers.expire_with_token, answers.context_claims.len()), (Scope::Stage, false, 0));
    let cache = settings.cache;
    assert_eq!([cache.ttl, cache.negative_ttl, cache.stale].map(|period| period.as_secs()), [60, 30, 300]);
    assert_eq!((cache.capacity, settings.upstream_timeout), (1000, Duration::from_secs(2)));
    assert_eq!((settings.log.metrics, settings.log.principal, settings.warnings.len()), (true, false, 0));
    let nothing = Settings::from_variables([], read_file).unwrap();
    assert!(nothing.cognito.is_none() && nothing.automation.is_none());
}

#[test]
fn automation_is_on_when_any_of_its_variables_is_set() {
    let automation = "AUTOMATION_PRINCIPALS__";
    for (name, value) in [
        ("SECRETS_MANAGER__COMMON_PREFIX", "x"),
        ("SECRETS_MANAGER__PROFILE", "x"),
        ("SECRETS_MANAGER__REGION", "us-east-2"),
        ("ID_HEADER_NAME", "X-Id"),
        ("TOKEN_HEADER_NAME", "X-Token"),
        ("ROTATION_GRACE_SECONDS", "0"),
    ] {
        let settings = with(&[(&format!("{automation}{name}"), value)]).unwrap();
        assert!(settings.automation.is_some() && settings.places.automation.is_some(), "{name}");
        assert!(with(&[(&format!("{automation}{name}"), " ")]).unwrap().automation.is_none(), "{name}");
    }
    let region = format!("{automation}SECRETS_MANAGER__REGION");
    let prefix = format!("{automation}SECRETS_MANAGER__COMMON_PREFIX");
    assert_eq!(with(&[(&prefix, "x")]).unwrap().automation.unwrap().region, REGION);
    assert_eq!(with(&[(&region, "us-east-2")]).unwrap().automation.unwrap().region, "us-east-2");
    assert_eq!(
        mistakes(&[(&prefix, "x"), ("AWS_REGION", "")]),
        [format!("{region}: is required where AWS_REGION is not set")]
    );
    let same = mistakes(&[(&format!("{automation}ID_HEADER_NAME"), "smac-TOKEN")]);
    assert_eq!(same, [format!("{automation}TOKEN_HEADER_NAME: is the same header as the id's")]);
}

#[test]
fn names_and_enumerations_in_any_case_and_blank_is_unset() {
    let mut variables = minimal();
    variables.push(("smac__auth__Mode".to_owned(), " optional ".to_owned()));
    assert_eq!(Settings::from_variables(variables.clone(), read_file).unwrap().mode, Mode::Optional);
    variables.push(("SMAC__AUTH__MODE".to_owned(), "ENFORCE".to_owned()));
    let two = Settings::from_variables(variables, read_file).unwrap_err();
    assert_eq!(two.to_string(), "SMAC__AUTH__MODE: is there in two spellings");
    for (name, _) in VARIABLES.iter().filter(|(name, _)| *name != "PROVIDER") {
        assert!(with(&[(name, "")]).is_ok() && with(&[(name, " \t")]).is_ok(), "{name}");
    }
    assert_eq!(with(&[("PROVIDER_COGNITO__JWT_HEADER_PREFIX", " ")]).unwrap().places.jwt.unwrap().prefix, "");
}

#[test]
fn booleans_numbers_and_choices() {
    for (value, expected) in [
        ("true", true),
        ("1", true),
        ("Yes", true),
        ("ON", true),
        ("t", true),
        ("Y", true),
        ("false", false),
        ("0", false),
        ("No", false),
        ("off", false),
        ("F", false),
        ("n", false),
    ] {
        assert_eq!(with(&[("LOG_PRINCIPAL", value)]).unwrap().log.principal, expected, "{value}");
    }
    for (name, good, bad) in [
        ("LOG_PRINCIPAL", vec![], vec!["2", "truth", "null"]),
        ("PROVIDER_COGNITO__LEEWAY_SECONDS", vec!["0", "300"], vec!["301", "-1", "+1", "1.0", "1e1", "0x1", "x"]),
        ("UPSTREAM_TIMEOUT_MS", vec!["100", "10000"], vec!["99", "10001"]),
        ("CACHE__TTL_SECONDS", vec!["0", "4294967295"], vec!["4294967296", "99999999999999999999"]),
        ("CACHE__CAPACITY", vec!["1", "4294967295"], vec!["0", "4294967296"]),
        ("MODE", vec!["enforce"], vec!["none"]),
        ("UNAUTHORIZED_AS", vec!["deny"], vec!["401"]),
        ("HTTP_API_RESPONSE", vec!["SIMPLE"], vec!["2.0"]),
        ("POLICY__SCOPE", vec!["method"], vec!["*"]),
        ("METRICS", vec!["none"], vec!["off"]),
        ("PROVIDER_COGNITO__TOKEN_USE", vec!["id", "ID, access", "[\"ACCESS\"]"], vec!["refresh", "id refresh", ","]),
        ("PROVIDER_COGNITO__JWT_HEADER_NAME", vec!["X-A"], vec!["a b", "a:", "ä"]),
        ("PROVIDER_COGNITO__JWT_HEADER_PREFIX", vec!["JWT"], vec!["a b", "a,b"]),
        ("CONTEXT_CLAIMS", vec!["a,b"], vec!["claims", "a,userId", "principalType", "reason"]),
    ] {
        for value in good {
            assert!(with(&[(name, value)]).is_ok(), "{name}={value}");
        }
        for value in bad {
            assert!(is_mistake(name, value), "{name}={value}");
        }
    }
    assert!(is_mistake("PROVIDER", "OKTA"));
}

#[test]
fn lists() {
    for (value, expected) in [
        ("a", Some(vec!["a"])),
        (" a , b ,, a", Some(vec!["a", "b"])),
        (r#"["a", "b,c", " "]"#, Some(vec!["a", "b,c"])),
        (",", None),
        ("[]", None),
        (r#"[""]"#, None),
        ("[a]", None),
        (r#"["a", 1]"#, None),
        (r#"["a"] x"#, None),
    ] {
        let list = with(&[("PROVIDER_COGNITO__REQUIRED_SCOPES", value)]);
        let list = list.ok().map(|settings| settings.cognito.unwrap().required_scopes);
        assert_eq!(list, expected.map(|list| list.into_iter().map(str::to_owned).collect()), "{value}");
    }
}

#[test]
fn pools() {
    let key = |name: &str| format!("{POOL}{name}");
    let pool = |changes: &[(&str, &str)]| {
        let changes: Vec<_> = changes.iter().map(|(name, value)| (key(name), *value)).collect();
        let changes: Vec<_> = changes.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        with(&changes).map(|settings| settings.cognito.unwrap().pools[0].clone())
    };
    for (domain, expected) in [
        ("https://login.example.com", "https://login.example.com/oauth2/userInfo"),
        ("https://login.example.com/", "https://login.example.com/oauth2/userInfo"),
        ("login.example.com", "https://login.example.com/oauth2/userInfo"),
        ("my-prefix", "https://my-prefix.auth.eu-west-1.amazoncognito.com/oauth2/userInfo"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1/oauth2/userInfo"),
        ("http://localhost:1/x", "http://localhost:1/x/oauth2/userInfo"),
    ] {
        assert_eq!(pool(&[("DOMAIN", domain)]).unwrap().user_info_url.unwrap().as_str(), expected, "{domain}");
    }
    for domain in
        ["http://login.example.com", "ftp://x", "https://", "https://u:p@x.example", "https://x.example/?q", "a b"]
    {
        assert!(pool(&[("DOMAIN", domain)]).is_err(), "{domain}");
    }
    let china =
        pool(&[("USERPOOL_ID", "cn-north-1_Abc"), ("ISSUERS", "original,UPDATED,https://x.example/y")]).unwrap();
    assert_eq!(
        china.issuers,
        [
            "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Abc",
            "https://issuer-cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Abc",
            "https://x.example/y",
        ]
    );
    let government = pool(&[("USERPOOL_ID", "us-gov-west-1_Abc"), ("DOMAIN", "agency")]).unwrap();
    let url = "https://agency.auth-fips.us-gov-west-1.amazoncognito.com/oauth2/userInfo";
    assert_eq!(government.user_info_url.unwrap().as_str(), url);
    for (name, value) in [
        ("USERPOOL_ID", ""),
        ("USERPOOL_ID", "Abc"),
        ("USERPOOL_ID", "eu-west-1_"),
        ("USERPOOL_ID", "eu-west-1_a/b"),
        ("USERPOOL_ID", "eu west_a"),
        ("APP_CLIENT_ID", ""),
        ("APP_CLIENT_ID", ","),
        ("REGION", "Ireland!"),
        ("ISSUERS", "http://x.example"),
        ("ISSUERS", "OLD"),
        ("JWKS", "{}"),
        ("JWKS", r#"{"keys":[]}"#),
        ("JWKS", "nowhere.json"),
    ] {
        assert!(is_mistake(&key(name), value), "{name}={value}");
    }
    let overridden = pool(&[("REGION", "us-east-1")]).unwrap();
    assert_eq!(overridden.issuers, ["https://cognito-idp.us-east-1.amazonaws.com/eu-west-1_Abc123"]);
    assert!(pool(&[("JWKS", &Key::Primary.key_set().to_string())]).unwrap().key_set.is_some());
    assert!(with(&[(&key("JWKS"), "keys.json"), ("LAMBDA_TASK_ROOT", "/var/task")]).is_ok());
    assert!(with(&[(&key("JWKS"), "/var/task/keys.json")]).is_ok());
}

#[test]
fn further_pools() {
    let second = "PROVIDER_COGNITO__USERPOOLS__MOBILE_APP__";
    let [id, client] = ["USERPOOL_ID", "APP_CLIENT_ID"].map(|name| format!("{second}{name}"));
    let settings = with(&[(&id, "eu-west-1_Other"), (&client, "a,b")]).unwrap().cognito.unwrap();
    let names: Vec<_> = settings.pools.iter().map(|pool| (pool.name.as_str(), pool.clients.len())).collect();
    assert_eq!(names, [("PRIMARY", 1), ("MOBILE_APP", 2)]);
    assert_eq!(mistakes(&[(&id, "eu-west-1_Other")]), [format!("{client}: is required")]);
    assert_eq!(with(&[(&id, ""), (&client, " ")]).unwrap().cognito.unwrap().pools.len(), 1);
    let same = mistakes(&[(&id, "eu-west-1_Abc123"), (&client, "a")]);
    assert_eq!(same, [format!("{id}: has an issuer of the pool PRIMARY")]);
}

#[test]
fn revocation_needs_access_tokens_and_domains() {
    let check = ("PROVIDER_COGNITO__CHECK_REVOCATION", "true");
    let only_access = ("PROVIDER_COGNITO__TOKEN_USE", "ACCESS");
    let domain = format!("{POOL}DOMAIN");
    assert!(with(&[check, only_access, (&domain, "x")]).is_ok());
    assert_eq!(mistakes(&[check, only_access]), [format!("{domain}: is required with CHECK_REVOCATION")]);
    let use_mistake = format!("{}: needs TOKEN_USE=ACCESS: an ID token can't be asked about", check.0);
    assert_eq!(mistakes(&[check, (&domain, "x")]), [use_mistake]);
}

#[test]
fn every_mistake_in_one_go_and_no_value_in_any() {
    let found = mistakes(&[
        ("MODE", "secret-a"),
        ("CACHE__CAPACITY", "secret-b"),
        ("PROVIDER_COGNITO__REQUIRED_SCOPES", "[secret-c"),
        ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID", "secret-d"),
        ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN", "http://secret-e.example"),
        ("PROVIDER_COGNITO__CHECK_EXPIRY", "secret-f"),
        ("AWS_ENDPOINT_URL", "secret-g"),
        ("AWS_CA_BUNDLE", "/secret-h.pem"),
    ]);
    let names: Vec<_> = found.iter().map(|mistake| mistake.split(':').next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "AWS_CA_BUNDLE",
            "AWS_ENDPOINT_URL",
            "CACHE__CAPACITY",
            "MODE",
            "PROVIDER_COGNITO__CHECK_EXPIRY",
            "PROVIDER_COGNITO__REQUIRED_SCOPES",
            "PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID",
        ]
    );
    assert!(found.iter().all(|mistake| !mistake.contains("secret")), "{found:?}");
    // As an error of the library's, all in one line.
    let shown = with(&[("MODE", "x"), ("PROVIDER", "y")]).unwrap_err().to_string();
    let [mode, provider] = shown.split("; ").collect::<Vec<_>>().try_into().unwrap();
    assert!(mode.starts_with("SMAC__AUTH__MODE: must be "), "{shown}");
    assert!(provider.starts_with("SMAC__AUTH__PROVIDER: must be "), "{shown}");
    let domain = format!("{POOL}DOMAIN");
    assert_eq!(mistakes(&[(&domain, "http://secret.example")]), [format!("{domain}: must be https")]);
}

#[test]
fn unknown_names_are_refused_with_the_nearest_known() {
    for (name, nearest) in [
        ("PROVIDER_COGNITO__CHECK_REVOKATION", "PROVIDER_COGNITO__CHECK_REVOCATION"),
        ("MODUS", "MODE"),
        ("REQUIRED_GROUPS", "PROVIDER_COGNITO__REQUIRED_GROUPS"),
        ("PROVIDER_COGNITO__USERPOOLS__MAIN__USERPOOLID", "PROVIDER_COGNITO__USERPOOLS__MAIN__USERPOOL_ID"),
        ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAINS", "PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN"),
    ] {
        let expected = format!("{name}: is unknown; did you mean SMAC__AUTH__{nearest}?");
        let found = mistakes(&[(name, "true")]);
        if name != "REQUIRED_GROUPS" {
            assert_eq!(found, [expected]);
        }
        assert!(found[0].starts_with(&format!("{name}: is unknown")));
    }
    assert_eq!(mistakes(&[("XYZXYZXYZXYZXYZ", "")]), ["XYZXYZXYZXYZXYZ: is unknown"]);
}

/// The warnings, each as `NAME: text`.
fn warnings(changes: &[(&str, &str)]) -> Vec<String> {
    let warnings = with(changes).unwrap().warnings;
    let name = |name: &str| name.strip_prefix("SMAC__AUTH__").unwrap_or(name).to_owned();
    warnings.iter().map(|warning| format!("{}: {}", name(&warning.variable), warning.text)).collect()
}

const SERVICES: (&str, &str) = ("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX", "x");
const ACCESS: (&str, &str) = ("PROVIDER_COGNITO__TOKEN_USE", "ACCESS");
const DOMAIN: (&str, &str) = ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN", "x");
const SECOND_ID: (&str, &str) = ("PROVIDER_COGNITO__USERPOOLS__SECOND__USERPOOL_ID", "eu-west-1_Other");
const SECOND_CLIENT: (&str, &str) = ("PROVIDER_COGNITO__USERPOOLS__SECOND__APP_CLIENT_ID", "a");
const REVOCATION: (&str, &str) = ("PROVIDER_COGNITO__CHECK_REVOCATION", "true");
type Changes = &'static [(&'static str, &'static str)];

/// Each of the first settings is warned of, by its last variable and with these words; none of the second is.
const WARNED_OF: &[(Changes, &str, &[Changes])] = &[
    (&[("PROVIDER_COGNITO__CHECK_EXPIRATION", "false")], "expired tokens are accepted", &[&[]]),
    (
        &[("REQUIRE_VERIFIED_EMAIL", "false")],
        "an unverified e-mail is accepted as the user id",
        &[&[("REQUIRE_VERIFIED_EMAIL", "false"), ("USER_ID", "sub")]],
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
        &[("PROVIDER_COGNITO__JWKS_TTL_SECONDS", "86401")],
        "a key that Cognito withdrew is trusted for more than a day",
        &[&[("PROVIDER_COGNITO__JWKS_TTL_SECONDS", "86400")]],
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
        "is a claim that users can change: one can take another's id",
        &[&[("USER_ID", "email")], &[("USER_ID", "custom:id")]],
    ),
    (
        &[("PROVIDER_COGNITO__LEEWAY_SECONDS", "61")],
        "an expired token works for more than a minute",
        &[&[("PROVIDER_COGNITO__LEEWAY_SECONDS", "60")]],
    ),
    (
        &[("PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS", "true")],
        "client-credentials tokens are accepted: whoever has the secret of an app client is a service",
        &[&[("PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS", "false")]],
    ),
    (
        &[("PROVIDER_COGNITO__REQUIRED_SCOPES", "pets")],
        "ID tokens hold no scopes, so each is forbidden: TOKEN_USE=ACCESS says so",
        &[&[("PROVIDER_COGNITO__REQUIRED_SCOPES", "pets"), ACCESS, DOMAIN]],
    ),
    (
        &[("PROVIDER_COGNITO__JWT_QUERY_PARAMETER", "token")],
        "a token in a URL ends up in access logs and histories",
        &[&[("PROVIDER_COGNITO__JWT_COOKIE_NAME", "token")]],
    ),
    (
        &[("PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID", "abc, d e")],
        "has an entry that no app client's id looks like: no token will match it",
        &[&[("PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID", "abc, d_e+f")]],
    ),
    (
        &[ACCESS, ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN", "")],
        "is not set: access tokens have no e-mail, and without it nobody can be asked",
        &[&[], &[ACCESS, DOMAIN], &[ACCESS, ("USER_ID", "sub")], &[("PROVIDER_COGNITO__TOKEN_USE", "ID")]],
    ),
    (
        &[DOMAIN, SECOND_ID, SECOND_CLIENT, ("PROVIDER_COGNITO__USERPOOLS__SECOND__DOMAIN", "")],
        "is not set: access tokens have no e-mail, and without it nobody can be asked",
        &[&[DOMAIN, SECOND_ID, SECOND_CLIENT, ("PROVIDER_COGNITO__USERPOOLS__SECOND__DOMAIN", "y")]],
    ),
    (
        &[SERVICES, ("PROVIDER", "NONE")],
        "is NONE: the user pools have no effect, and no token is looked at",
        &[&[SERVICES], &[SERVICES, ("PROVIDER", "NONE"), ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID", "")]],
    ),
];

#[test]
fn what_deserves_a_second_look() {
    for (warned_of, text, fine) in WARNED_OF {
        let (variable, _) = warned_of.last().unwrap();
        assert_eq!(warnings(warned_of), [format!("{variable}: {text}")]);
        for changes in *fine {
            assert_eq!(warnings(changes), [""; 0], "{changes:?}");
        }
    }
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
fn a_check_finds_mistakes_and_warnings_in_one_go() {
    let mut variables = minimal();
    for (name, value) in [
        ("SMAC__AUTH__MODE", "secret-a"),
        ("SMAC__AUTH__LOG_PRINCIPAL", "true"),
        ("SMAC__AUTH__PROVIDER_COGNITO__CHECK_EXPIRATION", "false"),
        ("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID", ""),
    ] {
        variables.retain(|(other, _)| other != name);
        variables.push((name.to_owned(), value.to_owned()));
    }
    let found = Settings::check(variables, read_file);
    let mistakes: Vec<_> = found.mistakes.iter().map(|mistake| mistake.variable.as_str()).collect();
    let warnings: Vec<_> = found.warnings.iter().map(|warning| warning.variable.as_str()).collect();
    let client = "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID";
    assert_eq!(mistakes, ["SMAC__AUTH__MODE", client]);
    assert_eq!(warnings, ["SMAC__AUTH__LOG_PRINCIPAL", "SMAC__AUTH__PROVIDER_COGNITO__CHECK_EXPIRATION"]);
}

#[test]
fn a_variable_with_a_mistake_is_not_warned_of() {
    let mut variables = minimal();
    variables.retain(|(name, _)| name != "SMAC__AUTH__PROVIDER");
    variables.push(("SMAC__AUTH__PROVIDER".to_owned(), "COGNITOO".to_owned()));
    let found = Settings::check(variables, read_file);
    assert_eq!((found.mistakes.len(), found.warnings.len()), (1, 0));
}

#[test]
fn endpoints_of_aws() {
    let automation = ("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX", "x");
    let cognito = ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://emulator:1/c/");
    let settings = with(&[automation, cognito, ("AWS_ENDPOINT_URL", "http://emulator:2")]).unwrap();
    let pool = &settings.cognito.unwrap().pools[0];
    assert_eq!(pool.key_set_url.as_str(), "http://emulator:1/c/eu-west-1_Abc123/.well-known/jwks.json");
    assert_eq!(pool.issuers, ["https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123"]);
    assert_eq!(settings.automation.unwrap().endpoint.unwrap().as_str(), "http://emulator:2/");
    // Plain http only where one of them says so.
    let domain = format!("{POOL}DOMAIN");
    assert!(with(&[cognito, (&domain, "http://emulator:1")]).is_ok());
    assert!(with(&[cognito, (&domain, "http://emulator:3")]).is_err());
}

#[test]
fn a_bundle_of_certificates_that_cannot_be_used() {
    for (path, problem) in [
        ("/none.pem", "can't be read"),
        ("/broken.pem", "holds no usable certificates"),
        ("/var/task/keys.json", "holds no usable"),
    ] {
        let found = mistakes(&[("AWS_CA_BUNDLE", path)]);
        assert!(found[0].starts_with(&format!("AWS_CA_BUNDLE: {problem}")), "{found:?}");
    }
}

/// Every variable and its default, as the code has them.
fn known() -> Vec<(String, String)> {
    let pools =
        POOL_VARIABLES.iter().map(|(name, default)| (format!("PROVIDER_COGNITO__USERPOOLS__<NAME>__{name}"), *default));
    let mut known: Vec<(String, String)> = VARIABLES
        .iter()
        .map(|(name, default)| ((*name).to_owned(), *default))
        .chain(pools)
        .map(|(name, default)| (name, default.to_owned()))
        .collect();
    known.sort();
    known
}

#[test]
fn the_readmes_table_is_what_the_code_reads() {
    let readme = include_str!("../../README.md");
    let mut listed: Vec<(String, String)> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .filter_map(|(name, rest)| Some((name.to_owned(), rest.split(" | ").next()?.replace('`', ""))))
        .filter(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || "_<>".contains(c)))
        .filter(|(name, _)| !name.starts_with("AWS_"))
        .collect();
    listed.sort();
    assert_eq!(listed, known());
}

#[test]
fn the_documents_sections_are_what_the_code_reads() {
    let document = include_str!("../../docs/configuration.md");
    let mut listed: Vec<(String, String)> = document
        .split("\n### `")
        .skip(1)
        .map(|section| {
            let (name, text) = section.split_once("`\n\n").unwrap();
            let default = text.strip_prefix("Default: ").unwrap_or_else(|| panic!("{name} has no default"));
            (name.to_owned(), default.split('.').next().unwrap().replace('`', ""))
        })
        .collect();
    listed.sort();
    assert_eq!(listed, known());
}

#[test]
fn the_document_says_what_is_warned_of() {
    // The sections have names of our variables; Lambda's and AWS's have a table.
    let sections = || include_str!("../../docs/configuration.md").split("\n### `").skip(1);
    let says: BTreeSet<&str> = sections()
        .map(|section| section.split("\n## ").next().unwrap())
        .filter(|section| section.split_whitespace().collect::<Vec<_>>().join(" ").contains("Warned of: "))
        .map(|section| section.split('`').next().unwrap())
        .collect();
    let is_said: BTreeSet<String> = WARNED_OF
        .iter()
        .map(|(changes, _, _)| changes.last().unwrap().0.replace("__PRIMARY__", "__<NAME>__"))
        .map(|name| name.replace("__SECOND__", "__<NAME>__"))
        .filter(|name| !name.starts_with("AWS_"))
        .collect();
    assert_eq!(says, is_said.iter().map(String::as_str).collect());
}

#[test]
fn the_development_deployment_is_sound() {
    let settings = support::parse(smac_local::deployment::environment("http://127.0.0.1:1")).unwrap();
    let warned: Vec<_> = settings.warnings.iter().map(|warning| warning.variable.as_str()).collect();
    // The one place where a browser can put the token of a WebSocket, beside a cookie.
    assert_eq!(warned, ["SMAC__AUTH__PROVIDER_COGNITO__JWT_QUERY_PARAMETER"]);
    assert_eq!(settings.cognito.unwrap().pools.len(), Pool::ALL.len());
    assert!(settings.automation.is_some());
}
