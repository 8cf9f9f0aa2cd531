//! Several issuers with the same key id, the same subject and the same server of keys: nothing of one is another's.

use serde_json::{Value, json};
use smac_lambda_authorizer::tools::{self, Algorithm, Limit};
use smac_local::keys::Key;
use smac_local::stand_ins::Fault;

use super::good;
use crate::support::oidc::{self, KID, Provider, SUBJECT};
use crate::support::signer::KeyType;
use crate::support::site::{Asked, Site};

/// Two issuers at one site, each with a key of its own under the same id.
async fn two() -> (Site, Provider, Provider) {
    let site = Site::start().await;
    let one = Provider::new(&site, "ONE", Key::Primary);
    let two = Provider::new(&site, "TWO", Key::Secondary);
    (site, one, two)
}

fn both(one: &Provider, two: &Provider, more: &[(&str, &str)]) -> Vec<(String, String)> {
    [one.settings(more), two.settings(more)].concat()
}

fn email(address: &str) -> Value {
    json!({ "sub": SUBJECT, "email": address, "email_verified": true })
}

const WITH_USER_INFO: [(&str, &str); 2] = [("USER_ID", "email"), ("USER_INFO", "true")];

#[tokio::test]
async fn keys() {
    let (_site, one, two) = two().await;
    let world = oidc::still_world(&both(&one, &two, &[])).await;
    for (provider, other) in [(&one, &two), (&two, &one)] {
        let told = world.ask_with_token(&good(provider)).await;
        let id = format!("{}:{SUBJECT}", provider.name);
        assert_eq!(
            (told.reason(), told.user_id(), told.line()["issuer"].clone()),
            ("allowed", id, json!(provider.name))
        );
        // The other's signature under this one's name, before and after its keys are known.
        let forged = provider.token(&json!({ "iss": other.url }));
        assert_eq!(world.ask_with_token(&forged).await.reason(), "signature_invalid", "{}", provider.name);
    }
    // A key that both have, as tenants of one service do, makes neither a token of the other: the issuer is signed too.
    let keys = one.signer.named_jwk(KeyType::Rsa, KID);
    let set = json!({ "keys": [keys] }).to_string();
    let audiences = |name: &str| format!("api-of-{name}");
    let settings = |provider: &Provider| provider.settings(&[("JWKS", &set), ("AUDIENCE", &audiences(&provider.name))]);
    let world = oidc::still_world(&[settings(&one), settings(&two)].concat()).await;
    for (issuer, audience, expected) in [
        (&one, "api-of-ONE", Ok("ONE:jane")),
        (&two, "api-of-TWO", Ok("TWO:jane")),
        (&one, "api-of-TWO", Err("audience_not_allowed")),
        (&two, "api-of-ONE", Err("audience_not_allowed")),
    ] {
        let told = world.ask_with_token(&one.token(&json!({ "iss": issuer.url, "aud": audience }))).await;
        let found = if told.reason() == "allowed" { Ok(told.user_id()) } else { Err(told.reason()) };
        assert_eq!(found, expected.map(str::to_owned), "{} {audience}", issuer.name);
    }
}

/// One address of keys for both: each has them fetched for itself, and is not held up by what happened to the other.
#[tokio::test]
async fn one_server_of_keys() {
    let (site, one, two) = two().await;
    let url = format!("{}/common/keys", site.url());
    let set = |signers: [&Provider; 2]| {
        let keys =
            signers.map(|provider| provider.signer.named_jwk(KeyType::Rsa, &format!("key of {}", provider.name)));
        json!({ "keys": keys })
    };
    site.serve("/common/keys", set([&one, &two]));
    let world = oidc::still_world(&both(&one, &two, &[("JWKS_URI", &url)])).await;
    let token = |provider: &Provider| provider.token_of(&format!("key of {}", provider.name), &json!({}));
    site.fail("/common/keys", 1, Fault::Status(404, json!({})));
    assert_eq!(world.ask_with_token(&token(&one)).await.reason(), "jwks_unavailable");
    assert_eq!(world.ask_with_token(&token(&two)).await.reason(), "allowed");
    assert_eq!(world.ask_with_token(&token(&one)).await.reason(), "jwks_unavailable");
    assert_eq!(site.asked().len(), 2);
    world.pass(1);
    assert_eq!(world.ask_with_token(&token(&one)).await.reason(), "allowed");
    assert_eq!(site.asked().len(), 1);
    // An unknown key of one uses up its own forced lookup, and not the other's.
    for (provider, calls) in [(&one, 1), (&one, 0), (&two, 1), (&two, 0)] {
        assert_eq!(world.ask_with_token(&provider.token_of("new", &json!({}))).await.reason(), "key_unknown");
        assert_eq!(site.asked().len(), calls, "{}", provider.name);
    }
}

/// One issuer's document is gone, and the wait after that is its own.
#[tokio::test]
async fn waits() {
    let (site, one, two) = two().await;
    let world = oidc::still_world(&both(&one, &two, &[])).await;
    site.fail(&one.discovery, 99, Fault::Status(404, json!({})));
    for wait in [0, 1, 2, 4, 8] {
        world.pass(wait);
        assert_eq!(world.ask_with_token(&good(&one)).await.reason(), "discovery_unavailable");
        assert_eq!(world.ask_with_token(&good(&two)).await.reason(), "allowed");
        assert_eq!(site.asked().iter().filter(|path| **path == one.discovery).count(), 1, "{wait}");
    }
}

/// The same subject at two issuers is two users.
#[tokio::test]
async fn users() {
    let (site, one, two) = two().await;
    let world = oidc::still_world(&both(&one, &two, &WITH_USER_INFO)).await;
    site.serve(&one.user_info, email("jane@one.example"));
    site.serve(&two.user_info, email("jane@two.example"));
    for _ in 0..2 {
        for (provider, id) in [(&one, "ONE:jane@one.example"), (&two, "TWO:jane@two.example")] {
            let token = provider.token(&json!({ "scope": "openid" }));
            let told = world.ask_with_token(&token).await;
            assert_eq!((told.reason(), told.user_id().as_str()), ("allowed", id));
            // A token is shown to its own issuer alone.
            for Asked { path, bearer } in site.requests() {
                let expected = (path == provider.user_info).then(|| token.clone());
                assert_eq!(bearer, expected, "{path}");
                assert!(path.starts_with(&format!("/{}/", provider.name)), "{path}");
            }
        }
    }
    // What is said of one is not said of the other: refused here, and unknown there.
    site.fail(&one.user_info, 99, Fault::Status(401, json!({})));
    world.pass(60);
    let token = |provider: &Provider| provider.token(&json!({ "scope": "openid" }));
    assert_eq!(world.ask_with_token(&token(&one)).await.reason(), "token_revoked");
    assert_eq!(world.ask_with_token(&token(&two)).await.user_id(), "TWO:jane@two.example");
}

/// One issuer's userInfo is down, or one of its users has too many tokens: the other's user with the same subject is not
/// concerned.
#[tokio::test]
async fn limits_and_waits_of_users() {
    let (site, one, two) = two().await;
    let limit = Limit::per_minute(3, 1);
    let unlimited = Limit::per_minute(1000, 1000);
    let settings = both(&one, &two, &WITH_USER_INFO);
    let world = oidc::still_world_but(&settings, |settings| tools::with_limits(settings, unlimited, limit)).await;
    for provider in [&one, &two] {
        site.serve(&provider.user_info, email("jane@example.com"));
    }
    let token = |provider: &Provider, number: u32| provider.token(&json!({ "scope": "openid", "jti": number }));
    for (provider, number, reason) in [
        (&one, 1, "allowed"),
        (&one, 2, "allowed"),
        (&one, 3, "allowed"),
        (&one, 4, "user_info_unavailable"),
        (&two, 1, "allowed"),
        (&two, 2, "allowed"),
        (&one, 5, "user_info_unavailable"),
        (&two, 3, "allowed"),
        (&two, 4, "user_info_unavailable"),
        (&one, 1, "allowed"),
    ] {
        let told = world.ask_with_token(&token(provider, number)).await;
        assert_eq!(told.reason(), reason, "{} {number}", provider.name);
    }

    let world = oidc::still_world(&settings).await;
    site.fail(&one.user_info, 99, Fault::Status(404, json!({})));
    assert_eq!(world.ask_with_token(&token(&one, 1)).await.reason(), "user_info_unavailable");
    assert_eq!(world.ask_with_token(&token(&two, 1)).await.reason(), "allowed");
}

/// An algorithm that one may use is the other's no sooner for it.
#[tokio::test]
async fn algorithms() {
    let (site, one, two) = two().await;
    for provider in [&one, &two] {
        let keys = [KeyType::Rsa, KeyType::P256].map(|key_type| provider.signer.named_jwk(key_type, KID));
        site.serve(&provider.keys, json!({ "keys": keys }));
    }
    let settings = [one.settings(&[("ALGORITHMS", "RS256")]), two.settings(&[("ALGORITHMS", "ES256")])].concat();
    let world = oidc::still_world(&settings).await;
    for (provider, algorithm, reason) in [
        (&one, Algorithm::Rs256, "allowed"),
        (&one, Algorithm::Es256, "algorithm_not_allowed"),
        (&two, Algorithm::Es256, "allowed"),
        (&two, Algorithm::Rs256, "algorithm_not_allowed"),
    ] {
        let header = json!({ "alg": algorithm.name(), "kid": KID });
        let token = provider.signer.token(algorithm, &header, &oidc::claims(&provider.url));
        assert_eq!(world.ask_with_token(&token).await.reason(), reason, "{} {algorithm:?}", provider.name);
    }
}
