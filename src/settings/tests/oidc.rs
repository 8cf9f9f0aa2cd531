//! The settings of OIDC issuers.

use super::super::Settings;
use super::{is_mistake, mistakes, with};
use crate::claims::ClaimPath;
use crate::identity::PrincipalType;
use crate::issuer::oidc;
use crate::issuer::{Config, Rules};
use crate::keys::{self, Algorithm};

const ISSUER: &str = "PROVIDER_OIDC__ISSUERS__ONE__ISSUER";

/// The settings of one issuer beside the pool, with changes.
fn settings(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = [("ISSUER", "https://id.example.com/a"), ("AUDIENCE", "api"), ("USER_ID_PREFIX", "one:")];
    let mut all = vec![("PROVIDER".to_owned(), "COGNITO,OIDC".to_owned())];
    all.extend(
        own.iter()
            .chain(changes)
            .map(|(name, value)| (format!("PROVIDER_OIDC__ISSUERS__ONE__{name}"), (*value).to_owned())),
    );
    all
}

fn of(changes: &[(&str, &str)]) -> Vec<String> {
    let settings = settings(changes);
    mistakes(&settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>())
}

fn one(changes: &[(&str, &str)]) -> (Config, oidc::Rules) {
    let settings = settings(changes);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let settings: Settings = with(&settings).unwrap();
    let issuers = settings.tokens.unwrap().issuers;
    assert_eq!(issuers.len(), 2);
    let issuer = issuers.into_iter().last().unwrap();
    let Rules::Oidc(rules) = issuer.rules.clone() else { panic!("an OIDC issuer") };
    (issuer, rules)
}

#[test]
fn the_defaults() {
    let (issuer, rules) = one(&[]);
    assert_eq!(issuer.name.as_ref(), "ONE");
    assert_eq!(issuer.identifiers, ["https://id.example.com/a"]);
    assert_eq!(issuer.algorithms, [Algorithm::Rs256]);
    let discovery = issuer.discovery.unwrap();
    assert_eq!(discovery.url.as_str(), "https://id.example.com/a/.well-known/openid-configuration");
    assert_eq!(discovery.issuer, "https://id.example.com/a");
    assert!(matches!(issuer.keys, keys::Config::LookedUp { at: keys::Location::Discovered, configured: None, .. }));
    assert_eq!(rules.audience, ["api"]);
    assert!(rules.clients.is_empty() && rules.required_claims.is_empty() && !rules.requires_access_token);
    assert_eq!((rules.scope_claim, rules.groups_claim), (None, ClaimPath::name("groups")));
    assert_eq!(rules.principal_type, PrincipalType::User);
    assert!(!rules.allow_machine_tokens && !rules.asks_user_info && rules.user_id.requires_verification);
    assert_eq!((rules.user_id.claims, rules.user_id.prefix), (vec![ClaimPath::name("sub")], "one:".to_owned()));
}

#[test]
fn a_discovery_document_has_one_slash_before_it() {
    for (issuer, url) in [
        ("https://a.example.com", "https://a.example.com/.well-known/openid-configuration"),
        ("https://a.example.com/", "https://a.example.com/.well-known/openid-configuration"),
        ("https://a.example.com/b/", "https://a.example.com/b/.well-known/openid-configuration"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/.well-known/openid-configuration"),
    ] {
        let discovery = one(&[("ISSUER", issuer)]).0.discovery.unwrap();
        assert_eq!((discovery.url.as_str(), discovery.issuer.as_str()), (url, issuer));
    }
    let elsewhere = "https://login.example.com/discovery?p=policy";
    assert_eq!(one(&[("DISCOVERY_URL", elsewhere)]).0.discovery.unwrap().url.as_str(), elsewhere);
}

#[test]
fn an_address_of_keys_or_keys_save_the_discovery() {
    let keys = "/var/task/keys.json";
    let (issuer, _) = one(&[("JWKS_URI", "https://keys.example.com/?a=b")]);
    assert_eq!(
        (issuer.discovery.is_none(), issuer.keys.url().unwrap().as_str()),
        (true, "https://keys.example.com/?a=b")
    );
    let (issuer, _) = one(&[("JWKS", keys)]);
    assert!(issuer.discovery.is_none() && matches!(issuer.keys, keys::Config::Fixed(_)));
    let (issuer, _) = one(&[("JWKS", keys), ("JWKS_URI", "https://keys.example.com")]);
    assert!(issuer.discovery.is_none() && issuer.keys.url().is_some() && issuer.keys.configured().is_some());
    let (issuer, _) = one(&[("JWKS", keys), ("DISCOVERY_URL", "https://d.example.com")]);
    assert!(issuer.discovery.is_some() && issuer.keys.fresh().is_some() && issuer.keys.configured().is_some());
    // Only the discovery document knows where userInfo is.
    let (issuer, _) = one(&[("JWKS", keys), ("USER_INFO", "true")]);
    assert!(issuer.discovery.is_some() && matches!(issuer.keys, keys::Config::Fixed(_)));
}

#[test]
fn every_rule_can_be_set() {
    let (issuer, rules) = one(&[
        ("AUDIENCE", "a, b"),
        ("ALGORITHMS", "es256,EDDSA,PS512"),
        ("CLIENT_ID", "c"),
        ("TOKEN_TYPE", "at_jwt"),
        ("USER_ID", "/a/b, sub"),
        ("SCOPE_CLAIM", "/s/t"),
        ("GROUPS_CLAIM", "https://example.com/roles"),
        ("REQUIRED_SCOPES", "read"),
        ("REQUIRED_GROUPS", "admins"),
        ("REQUIRED_CLAIMS", r#"{"/a/b": ["x", 1, true], "c": "d"}"#),
        ("PRINCIPAL_TYPE", "service"),
        ("ALLOW_MACHINE_TOKENS", "yes"),
        ("USER_INFO", "on"),
    ]);
    assert_eq!(issuer.algorithms, [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps512]);
    assert_eq!(rules.audience, ["a", "b"]);
    assert_eq!(rules.clients, ["c"]);
    let names: Vec<_> = rules.user_id.claims.iter().map(ClaimPath::as_str).collect();
    assert_eq!(names, ["/a/b", "sub"]);
    assert_eq!(rules.scope_claim.unwrap().as_str(), "/s/t");
    assert_eq!(rules.groups_claim.top_level(), Some("https://example.com/roles"));
    assert_eq!(rules.required_claims.iter().map(|claim| claim.values.len()).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(rules.principal_type, PrincipalType::Service);
    assert!(rules.requires_access_token && rules.allow_machine_tokens && rules.asks_user_info);
}

#[test]
fn every_algorithm_can_be_named() {
    let names: Vec<_> = Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
    assert_eq!(one(&[("ALGORITHMS", &names.join(","))]).0.algorithms, Algorithm::ALL);
}

#[test]
fn what_an_issuer_cannot_be() {
    let problem = "must be an https URL without a user, a query and a fragment";
    for issuer in [
        "http://id.example.com",
        "https://id.example.com?a=b",
        "https://id.example.com#a",
        "https://u@id.example.com",
        "id.example.com",
        "ftp://id.example.com",
    ] {
        assert_eq!(of(&[("ISSUER", issuer)]), [format!("{ISSUER}: {problem}")], "{issuer}");
    }
    assert!(of(&[("ISSUER", "http://localhost:1/a")]).is_empty());
}

#[test]
fn mistakes_are_reported_by_name() {
    for (name, value, problem) in [
        ("ISSUER", "", "is required"),
        ("AUDIENCE", "", "is required"),
        ("AUDIENCE", ",", "is a list without an entry"),
        ("ALGORITHMS", "HS256", "must be a list of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA"),
        ("ALGORITHMS", "none", "must be a list of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA"),
        ("JWKS_URI", "http://keys.example.com", "must be an https URL without a user and a fragment"),
        ("DISCOVERY_URL", "https://u:p@keys.example.com", "must be an https URL without a user and a fragment"),
        ("JWKS", "{}", "is not a JSON key set"),
        ("TOKEN_TYPE", "ID", "must be one of ANY, AT_JWT"),
        ("USER_ID", "/a~2", "must be a list of claims or JSON pointers"),
        ("SCOPE_CLAIM", "/", "must be a claim or a JSON pointer"),
        ("GROUPS_CLAIM", "/a~", "must be a claim or a JSON pointer"),
        ("REQUIRED_CLAIMS", "[]", "must be a JSON object in which no name occurs twice"),
        ("REQUIRED_CLAIMS", r#"{"a":1,"a":1}"#, "must be a JSON object in which no name occurs twice"),
        ("PRINCIPAL_TYPE", "ROBOT", "must be one of USER, SERVICE"),
        ("ALLOW_MACHINE_TOKENS", "2", "must be true or false"),
        ("USER_INFO", "2", "must be true or false"),
    ] {
        let found = of(&[(name, value)]);
        let expected = format!("PROVIDER_OIDC__ISSUERS__ONE__{name}: {problem}");
        assert!(found.contains(&expected), "{name} {value}: {found:?}");
    }
    for value in ["{}", r#"{"a":null}"#, r#"{"a":[]}"#, r#"{"a":[[1]]}"#, r#"{"a":{}}"#, r#"{"":1}"#, r#"{"/a~":1}"#] {
        let problem = "must hold a string, a number, a boolean or a list of them for each claim or JSON pointer";
        let expected = format!("PROVIDER_OIDC__ISSUERS__ONE__REQUIRED_CLAIMS: {problem}");
        assert_eq!(of(&[("REQUIRED_CLAIMS", value)]), [expected], "{value}");
    }
}

#[test]
fn providers_are_a_list_or_none() {
    assert!(is_mistake("PROVIDER", "NONE,COGNITO"));
    assert!(is_mistake("PROVIDER", "OKTA"));
    let none = "PROVIDER: has OIDC, and no issuer is set: PROVIDER_OIDC__ISSUERS__<NAME>__ISSUER";
    assert_eq!(mistakes(&[("PROVIDER", "OIDC")]), [none]);
    // No pool is required without COGNITO.
    let pool = "PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID";
    let own: Vec<_> = settings(&[]);
    let mut all: Vec<_> = own.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    all.extend([("PROVIDER", "oidc"), (pool, "")]);
    assert_eq!(with(&all).unwrap().tokens.unwrap().issuers.len(), 1);
}

/// Two issuers beside the pool.
fn two(changes: &[(&str, &str)]) -> Vec<String> {
    let own = [
        ("PROVIDER", "COGNITO,OIDC"),
        ("PROVIDER_OIDC__ISSUERS__ONE__ISSUER", "https://one.example.com"),
        ("PROVIDER_OIDC__ISSUERS__ONE__AUDIENCE", "api"),
        ("PROVIDER_OIDC__ISSUERS__ONE__USER_ID_PREFIX", "one:"),
        ("PROVIDER_OIDC__ISSUERS__TWO__ISSUER", "https://two.example.com"),
        ("PROVIDER_OIDC__ISSUERS__TWO__AUDIENCE", "api"),
        ("PROVIDER_OIDC__ISSUERS__TWO__USER_ID_PREFIX", "two:"),
    ];
    mistakes(&[own.as_slice(), changes].concat())
}

#[test]
fn an_issuer_is_configured_once() {
    assert!(two(&[]).is_empty());
    let other = two(&[("PROVIDER_OIDC__ISSUERS__TWO__ISSUER", "https://one.example.com")]);
    assert_eq!(other, ["PROVIDER_OIDC__ISSUERS__TWO__ISSUER: has an issuer of the OIDC issuer ONE"]);
    let pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123";
    let other = two(&[("PROVIDER_OIDC__ISSUERS__TWO__ISSUER", pool)]);
    assert_eq!(other, ["PROVIDER_OIDC__ISSUERS__TWO__ISSUER: has an issuer of the pool PRIMARY"]);
    // Compared byte for byte: these are two.
    assert!(two(&[("PROVIDER_OIDC__ISSUERS__TWO__ISSUER", "https://one.example.com/")]).is_empty());
}

#[test]
fn no_two_issuers_can_produce_one_user_id() {
    const PREFIX_ONE: &str = "PROVIDER_OIDC__ISSUERS__ONE__USER_ID_PREFIX";
    const PREFIX_TWO: &str = "PROVIDER_OIDC__ISSUERS__TWO__USER_ID_PREFIX";
    const ID_ONE: (&str, &str) = ("PROVIDER_OIDC__ISSUERS__ONE__USER_ID", "email");
    const ID_TWO: (&str, &str) = ("PROVIDER_OIDC__ISSUERS__TWO__USER_ID", "email");
    let of_one = format!("{PREFIX_TWO}: is that of the OIDC issuer ONE too: two users could have one id");
    let of_pool = format!("{PREFIX_ONE}: is that of the pool PRIMARY too: two users could have one id");
    let same = (PREFIX_TWO, "one:");
    let none = (PREFIX_ONE, "");
    assert_eq!(two(&[same]), [of_one.as_str()]);
    assert_eq!(two(&[none]), [of_pool.as_str()]);
    // A verified email alone is the same person at both.
    assert!(two(&[same, ID_ONE, ID_TWO]).is_empty());
    assert!(two(&[none, ID_ONE]).is_empty());
    for change in [
        ("REQUIRE_VERIFIED_USER_ID", "false"),
        ("PROVIDER_OIDC__ISSUERS__ONE__USER_ID", "email,sub"),
        ("PROVIDER_OIDC__ISSUERS__ONE__USER_ID", "/user/email"),
        ("PROVIDER_OIDC__ISSUERS__ONE__ALLOW_MACHINE_TOKENS", "true"),
    ] {
        assert_eq!(two(&[same, ID_ONE, ID_TWO, change]), [of_one.as_str()], "{change:?}");
        assert_eq!(two(&[none, ID_ONE, change]), [of_pool.as_str()], "{change:?}");
    }
    for change in [("USER_ID", "sub"), ("PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS", "true")] {
        assert_eq!(two(&[none, ID_ONE, change]), [of_pool.as_str()], "{change:?}");
    }
}
