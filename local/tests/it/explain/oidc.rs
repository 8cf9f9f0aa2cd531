//! What is said of the tokens of OIDC issuers.

use super::*;

/// What is said of the checks, by their names.
fn said(output: &Output, check: &str) -> String {
    let line = output.stdout.lines().find(|line| line.get(10..29).is_some_and(|name| name.trim() == check));
    let facts = line.and_then(|line| line.get(29..));
    facts.unwrap_or_else(|| panic!("no {check}: {}", output.stdout)).to_owned()
}

#[test]
fn the_facts_of_an_oidc_issuers_token() {
    let dev = || Token::of(Issuer::Dev, Use::Access).claim("email", EMAIL).claim("email_verified", true);
    let plain = explain(&["--env-file", &deployed_with(&[])], &dev().sign());
    assert_eq!(plain.code, 0, "{}", plain.stdout);
    for (check, expected) in [
        ("algorithm", "ES256"),
        ("issuer", "https://login.dev.example, OIDC issuer DEV"),
        ("token type", "its `typ` is `at+jwt`, which is allowed"),
        ("client", "`3devissuerclient` (`client_id`), of OIDC issuer DEV"),
        ("audience", "has https://api.dev.example"),
        ("required claims", "none is required"),
        ("scopes", "none is required"),
        ("groups", "none is required"),
        ("machine token", "it is a user's"),
        ("user id", "in the claim `email`"),
        ("verification", "the `email` is verified"),
        ("revocation", "is not checked"),
    ] {
        assert_eq!(said(&plain, check), expected, "{}", plain.stdout);
    }
    assert!(plain.line("settings").ends_with(": pools PRIMARY, SECONDARY, OIDC issuer DEV, service principals"));

    let section = |name: &str| format!("PROVIDER_OIDC__ISSUERS__DEV__{name}");
    let names =
        ["CLIENT_ID", "REQUIRED_CLAIMS", "REQUIRED_SCOPES", "REQUIRED_GROUPS", "ALLOW_MACHINE_TOKENS"].map(section);
    let values = ["", r#"{"/a/b": [1, 2], "tier": "hidden-x"}"#, "orders,openid", "admins,readers", "true"];
    let changes: Vec<_> = names.iter().map(String::as_str).zip(values).collect();
    let path = deployed_with(&changes);
    let token = dev().claim("a", json!({ "b": 2 })).claim("tier", "hidden-x").header("typ", Value::Null);
    let strict = explain(&["--env-file", &path], &token.clone().claim("sub", Issuer::Dev.client()).sign());
    for (check, expected) in [
        ("token type", "it has no `typ`, which is allowed"),
        ("client", "any is allowed: `3devissuerclient` (`client_id`)"),
        ("required claims", "has /a/b, tier"),
        ("scopes", "has openid"),
        ("groups", "has readers"),
        ("machine token", "a token of the client itself, which is allowed"),
        ("user id", "the client's"),
        ("verification", "is not required"),
    ] {
        assert_eq!(said(&strict, check), expected, "{}", strict.stdout);
    }
    assert!(strict.line("decision").starts_with("allowed (service)"));
    let nobodys = explain(&["--env-file", &path], &token.without("client_id").sign());
    assert_eq!(said(&nobodys, "client"), "any is allowed, and the token names none");

    let service = section("PRINCIPAL_TYPE");
    let services = explain(&["--env-file", &deployed_with(&[(&service, "SERVICE")])], &dev().sign());
    assert_eq!(said(&services, "machine token"), "it is a service's: PRINCIPAL_TYPE says so");
}

#[test]
fn offline_every_algorithm_is_signed_again_and_every_way_to_the_keys_is_redirected() {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    let section = |name: &str| format!("PROVIDER_OIDC__ISSUERS__DEV__{name}");
    let names = ["ALGORITHMS", "DISCOVERY_URL", "JWKS_URI", "USER_ID"].map(section);
    let all = "RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,EdDSA";
    let rsa = [RS256, RS384, RS512, PS256, PS384, PS512].map(|algorithm| (Key::DevRsa, algorithm));
    let others = [(Key::Dev, ES256), (Key::DevP384, ES384), (Key::DevEd25519, EdDSA)];
    // The well-known address, an address of the document, and one of the key set.
    for (discovery_url, jwks_uri) in [("", ""), ("https://a.invalid/d?p=1", ""), ("", "https://a.invalid/keys")] {
        let changes: Vec<_> =
            names.iter().map(String::as_str).zip([all, discovery_url, jwks_uri, "/person/mail"]).collect();
        let path = deployed_with(&changes);
        for (key, algorithm) in rsa.into_iter().chain(others) {
            let token = Token::of(Issuer::Dev, Use::Access).using(key, algorithm).header("kid", "any");
            let output = explain(&["--env-file", &path], &token.sign());
            assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{algorithm:?}: {}", output.stdout);
            assert!(output.line("  assumed key").starts_with("not checked offline"), "{}", output.stdout);
            assert!(output.line("  assumed user id").starts_with("not checked offline"), "{}", output.stdout);
        }
    }
}

#[test]
fn keys_of_an_oidc_issuer_in_the_settings_are_checked_offline() {
    let section = |name: &str| format!("PROVIDER_OIDC__ISSUERS__DEV__{name}");
    let (jwks, document, key_set) = (section("JWKS"), section("DISCOVERY_URL"), Issuer::Dev.key_set().to_string());
    let token = || Token::of(Issuer::Dev, Use::Access);
    for (document, other) in [((document.as_str(), ""), "unauthorized: key_unknown"), (("MODE", ""), "allowed (user)")]
    {
        let path = deployed_with(&[(&jwks, &key_set), document]);
        let good = explain(&["--env-file", &path], &token().sign());
        assert_eq!((good.code, good.stdout.contains("in the configured key set")), (0, true), "{}", good.stdout);
        assert!(!good.stdout.contains("assumed key") && good.stdout.contains("assumed user id"), "{}", good.stdout);
        let forged = explain(&["--env-file", &path], &token().forged().sign());
        assert_eq!(forged.line("decision"), "unauthorized: signature_invalid");
        // Whether the function would fetch this one depends on whether the keys in the settings are all that there are.
        let unknown = explain(&["--env-file", &path], &token().header("kid", "another").sign());
        assert!(unknown.line("decision").starts_with(other), "{}", unknown.stdout);
    }
}

#[test]
fn a_pool_and_an_oidc_issuer_of_one_name_are_told_apart_by_the_token() {
    let dev = deployment::environment(UNUSED)
        .into_iter()
        .map(|(name, value)| (name.replace("__DEV__", "__PRIMARY__"), value));
    let path = env_file(&with(dev.collect(), &[]));
    let of_dev = explain(&["--env-file", &path], &Token::of(Issuer::Dev, Use::Access).claim("client_id", "x").sign());
    assert!(of_dev.line("  FAILED").contains("OIDC issuer PRIMARY"), "{}", of_dev.stdout);
    assert!(of_dev.line("change").contains("PROVIDER_OIDC__ISSUERS__PRIMARY__CLIENT_ID"), "{}", of_dev.stdout);
    let of_pool = explain(&["--env-file", &path], &Token::access().claim("client_id", "x").sign());
    assert!(of_pool.line("  FAILED").contains("pool PRIMARY"), "{}", of_pool.stdout);
    assert!(of_pool.line("change").contains("USERPOOLS__PRIMARY__APP_CLIENT_ID"), "{}", of_pool.stdout);
}
