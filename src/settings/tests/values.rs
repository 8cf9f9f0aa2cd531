//! What the variables hold: defaults, switches, numbers, choices, lists, endpoints.

use std::time::Duration;

use smac_local::deployment::REGION;

use super::super::aws::Aws;
use super::super::variables::Variables;
use super::super::{SETTINGS, Settings};
use super::{POOL, is_mistake, minimal, mistakes, pools, read_file, with};
use crate::answer::{HttpApiResponse, UnauthorizedAs};
use crate::claims::ClaimPath;
use crate::context::ContextClaim;
use crate::credential::Carrier;
use crate::issuer::cognito::TokenUses;
use crate::issuer::user_id::{Case, UserIdRule};
use crate::lookup::Limit;
use crate::policy::Scope;
use crate::principal::Mode;

#[test]
fn the_defaults() {
    let settings = with(&[]).unwrap();
    let tokens = settings.tokens.as_ref().unwrap();
    let header = Carrier::Header { name: "Authorization".to_owned(), prefix: "Bearer".to_owned(), allows_bare: false };
    assert_eq!(tokens.carriers.0, [header]);
    assert_eq!((tokens.check_expiration, tokens.leeway), (true, Duration::ZERO));
    let (issuer, rules) = pools(&settings)[0];
    let user_id = UserIdRule {
        claims: vec![ClaimPath::name("email")],
        prefix: String::new(),
        case: Case::Keep,
        requires_verification: true,
    };
    assert_eq!((&rules.user_id, rules.token_uses), (&user_id, TokenUses::Both));
    assert_eq!((rules.allow_machine_tokens, rules.check_revocation), (false, false));
    assert!(rules.required_scopes.is_empty() && rules.required_groups.is_empty() && rules.resource_audience.is_empty());
    assert_eq!((issuer.name.as_ref(), rules.clients.as_slice()), ("PRIMARY", ["client".to_owned()].as_slice()));
    assert_eq!(issuer.identifiers, ["https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123"]);
    assert_eq!(issuer.keys.url().unwrap().as_str(), format!("{}/.well-known/jwks.json", issuer.identifiers[0]));
    assert_eq!(issuer.keys.fresh(), Some(Duration::from_secs(3600)));
    assert!(rules.user_info_url.is_none() && issuer.keys.configured().is_none());
    assert_eq!(rules.get_user_url.as_ref().unwrap().as_str(), "https://cognito-idp.eu-west-1.amazonaws.com/");
    assert!(settings.services.is_none() && settings.http.roots.is_none() && settings.http.proxy.is_none());
    assert_eq!(settings.mode, Mode::Enforce);
    let answer = settings.answer;
    assert_eq!((answer.unauthorized_as, answer.http_api), (UnauthorizedAs::Error, HttpApiResponse::Iam));
    assert_eq!((settings.policy.scope, settings.policy.expire_with_token), (Scope::Stage, false));
    assert!(settings.context.claims.is_empty());
    let lookup = settings.lookup;
    assert_eq!([lookup.fresh, lookup.negative, lookup.stale].map(|period| period.as_secs()), [60, 30, 300]);
    assert_eq!((lookup.capacity, settings.http.timeout), (1000, Duration::from_secs(2)));
    assert_eq!((lookup.misses, lookup.per_caller), (Limit::per_minute(10_000, 600), Limit::per_minute(1000, 600)));
    let record = &settings.record;
    assert_eq!((record.has_metrics, record.names_principal, record.names_client), (true, false, false));
    assert!(settings.warnings().is_empty());
    let nothing = Settings::from_variables([], read_file).unwrap();
    assert!(nothing.tokens.is_none() && nothing.services.is_none());
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
        assert!(settings.services.is_some(), "{name}");
        assert!(with(&[(&format!("{automation}{name}"), " ")]).unwrap().services.is_none(), "{name}");
    }
    let region = format!("{automation}SECRETS_MANAGER__REGION");
    let prefix = format!("{automation}SECRETS_MANAGER__COMMON_PREFIX");
    assert_eq!(with(&[(&prefix, "x")]).unwrap().services.unwrap().secrets.region, REGION);
    assert_eq!(with(&[(&region, "us-east-2")]).unwrap().services.unwrap().secrets.region, "us-east-2");
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
    assert_eq!(two.to_string(), "SMAC__AUTH__MODE: is set in two spellings");
    let names = SETTINGS.iter().map(|setting| setting.full_name("OTHER")).filter(|name| name != "PROVIDER");
    for name in names.chain(SETTINGS.iter().filter_map(|setting| setting.alias.map(str::to_owned))) {
        assert!(with(&[(&name, "")]).is_ok() && with(&[(&name, " \t")]).is_ok(), "{name}");
    }
    assert_eq!(prefix(&[("JWT__HEADER_PREFIX", " ")]), "");
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
        assert_eq!(with(&[("LOG_PRINCIPAL", value)]).unwrap().record.names_principal, expected, "{value}");
    }
    for (name, good, bad) in [
        ("LOG_PRINCIPAL", vec![], vec!["2", "truth", "null"]),
        ("JWT__LEEWAY_SECONDS", vec!["0", "300"], vec!["301", "-1", "+1", "1.0", "1e1", "0x1", "x"]),
        ("UPSTREAM_TIMEOUT_MS", vec!["100", "10000"], vec!["99", "10001"]),
        ("CACHE__TTL_SECONDS", vec!["0", "4294967295"], vec!["4294967296", "99999999999999999999"]),
        ("CACHE__CAPACITY", vec!["1", "4294967295"], vec!["0", "4294967296"]),
        ("MODE", vec!["enforce"], vec!["none"]),
        ("UNAUTHORIZED_AS", vec!["deny"], vec!["401"]),
        ("HTTP_API_RESPONSE", vec!["SIMPLE"], vec!["2.0"]),
        ("POLICY__SCOPE", vec!["method"], vec!["*"]),
        ("METRICS", vec!["none"], vec!["off"]),
        ("PROVIDER_COGNITO__TOKEN_USE", vec!["id", "ID, access", "[\"ACCESS\"]"], vec!["refresh", "id refresh", ","]),
        ("JWT__HEADER_NAME", vec!["X-A"], vec!["a b", "a:", "ä"]),
        ("JWT__HEADER_PREFIX", vec!["JWT"], vec!["a b", "a,b"]),
        (
            "CONTEXT_CLAIMS",
            vec!["a,b", "userId=id", "a=b,a=c", "custom:a = b"],
            vec!["claims", "a,userId", "principalType", "reason", "a=webSocketProtocol", "a=", "=a", "a,b=a"],
        ),
        ("JWT__WEBSOCKET_PROTOCOL", vec!["bearer"], vec!["a b", "a,b"]),
        ("USER_ID_CASE", vec!["lower"], vec!["UPPER"]),
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
        let list = list.ok().map(|settings| pools(&settings)[0].1.required_scopes.clone());
        assert_eq!(list, expected.map(|list| list.into_iter().map(str::to_owned).collect()), "{value}");
    }
}

#[test]
fn endpoints_of_aws() {
    let automation = ("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX", "x");
    let cognito = ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://emulator:1/c");
    let settings = with(&[automation, cognito, ("AWS_ENDPOINT_URL", "http://emulator:2")]).unwrap();
    let (issuer, rules) = pools(&settings)[0];
    assert_eq!(issuer.keys.url().unwrap().as_str(), "http://emulator:1/c/eu-west-1_Abc123/.well-known/jwks.json");
    assert_eq!(rules.get_user_url.as_ref().unwrap().as_str(), "http://emulator:1/c/");
    assert_eq!(issuer.identifiers, ["https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123"]);
    assert_eq!(settings.services.unwrap().secrets.endpoint.unwrap().as_str(), "http://emulator:2/");
    // Plain http only where one of them says so.
    let domain = format!("{POOL}DOMAIN");
    assert!(with(&[cognito, (&domain, "http://emulator:1")]).is_ok());
    assert!(with(&[cognito, (&domain, "http://emulator:3")]).is_err());
}

#[test]
fn a_bundle_of_certificates_that_cannot_be_used() {
    for (path, problem) in [
        ("/none.pem", "cannot be read"),
        ("/broken.pem", "holds no usable certificate in PEM"),
        ("/var/task/keys.json", "holds no usable"),
    ] {
        let found = mistakes(&[("AWS_CA_BUNDLE", path)]);
        assert!(found[0].starts_with(&format!("AWS_CA_BUNDLE: {problem}")), "{found:?}");
    }
}

fn prefix(changes: &[(&str, &str)]) -> String {
    match &with(changes).unwrap().tokens.unwrap().carriers.0[0] {
        Carrier::Header { prefix, .. } => prefix.clone(),
        other @ (Carrier::Query(_) | Carrier::Cookie(_) | Carrier::WebSocketProtocol(_)) => panic!("{other:?}"),
    }
}

#[test]
fn the_names_of_smac_fastapi_auth_are_aliases() {
    let (alias, name) = ("PROVIDER_COGNITO__JWT_HEADER_PREFIX", "JWT__HEADER_PREFIX");
    assert_eq!(prefix(&[(alias, "JWT")]), "JWT");
    assert_eq!(prefix(&[(alias, "JWT"), (name, " JWT ")]), "JWT");
    let differs = format!("{name}: differs from SMAC__AUTH__{alias}, which is another name for it");
    assert_eq!(mistakes(&[(alias, "JWT"), (name, "Bearer")]), [differs]);
    // A mistake is reported under the name that is in use.
    let found = mistakes(&[("PROVIDER_COGNITO__CHECK_EXPIRATION", "maybe")]);
    assert_eq!(found, ["PROVIDER_COGNITO__CHECK_EXPIRATION: must be true or false"]);
    assert_eq!(prefix(&[(alias, " ")]), "");
}

#[test]
fn claims_of_the_context_can_be_renamed() {
    let claims = with(&[("CONTEXT_CLAIMS", "sub, custom:tenant=tenant")]).unwrap().context.claims;
    let claim = |claim: &str, key: &str| ContextClaim { claim: claim.to_owned(), key: key.to_owned() };
    assert_eq!(claims, [claim("sub", "sub"), claim("custom:tenant", "tenant")]);
}

#[test]
fn a_proxy_in_either_case_with_its_exceptions() {
    for (name, value, url) in [
        ("HTTPS_PROXY", "http://proxy:3128", "http://proxy:3128/"),
        ("https_proxy", "proxy:3128", "http://proxy:3128/"),
        ("https_proxy", "https://u:p@proxy", "https://u:p@proxy/"),
    ] {
        let variables = [(name, value), ("no_proxy", "a,b")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let proxy = Settings::from_variables(variables, read_file).unwrap().http.proxy.unwrap();
        assert_eq!((proxy.url.as_str(), proxy.exceptions.as_str()), (url, "a,b"));
    }
    let wrong = [("HTTPS_PROXY".to_owned(), "socks5://secret".to_owned())];
    let mistakes = Settings::from_variables(wrong, read_file).unwrap_err().to_string();
    assert_eq!(mistakes, "HTTPS_PROXY: is not the address of an http or https proxy");
}

#[test]
fn every_setting_that_is_declared_is_read() {
    let issuer = ("SMAC__AUTH__PROVIDER_OIDC__ISSUERS__PRIMARY__ISSUER".to_owned(), "https://example.com".to_owned());
    let mut variables = Variables::new(minimal().into_iter().chain([issuer]));
    let aws = Aws::read(&mut variables, &read_file);
    super::super::file::read(&mut variables, &aws);
    let _ = Settings::read(&mut variables, aws);
    let names = SETTINGS.iter().map(|setting| setting.full_name("PRIMARY"));
    let aliases = SETTINGS.iter().filter_map(|setting| setting.alias.map(str::to_owned));
    assert_eq!(variables.read, names.chain(aliases).collect());
}
