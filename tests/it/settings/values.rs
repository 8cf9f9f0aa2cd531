//! What the variables hold: defaults, switches, numbers, choices, lists, endpoints.

use std::time::Duration;

use smac_lambda_authorizer::Settings;
use smac_lambda_authorizer::settings::{HttpApiResponse, Mode, Scope, TokenUse, UnauthorizedAs, VARIABLES};
use smac_local::deployment::REGION;

use super::{POOL, is_mistake, minimal, mistakes, read_file, with};

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
fn names_and_enumerations_in_any_case_and_empty_is_unset() {
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
