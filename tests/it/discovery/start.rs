//! The start with discovery: how many issuers are looked up, side by side, and how long it waits for them.

use std::time::{Duration, Instant};

use serde_json::json;
use smac_lambda_authorizer::tools::{self, Algorithm};
use smac_lambda_authorizer::{Authorizer, Settings};
use smac_local::keys::Key;
use smac_local::stand_ins::Fault;

use super::good;
use crate::support::oidc::{self, Provider};
use crate::support::signer::{KeyType, Signer};
use crate::support::site::Site;
use crate::support::{Told, World, bearer};

async fn twelve(timeout: &str) -> (Site, Vec<Provider>, World) {
    let site = Site::start().await;
    let providers: Vec<_> =
        (1..=12).map(|number| Provider::new(&site, &format!("I{number:02}"), Key::Primary)).collect();
    let mut settings: Vec<_> = providers.iter().flat_map(|provider| provider.settings(&[])).collect();
    settings.push(("UPSTREAM_TIMEOUT_MS".to_owned(), timeout.to_owned()));
    let world = oidc::still_world(&settings).await;
    (site, providers, world)
}

#[tokio::test]
async fn eight_issuers_are_looked_up_side_by_side() {
    let (site, providers, world) = twelve("10000").await;
    let late = Fault::Late(Duration::from_millis(500));
    for provider in &providers {
        site.fail(&provider.discovery, 1, late.clone());
        site.fail(&provider.keys, 1, late.clone());
    }
    let began = Instant::now();
    world.warm_up().await;
    let took = began.elapsed();
    // One after the other, the sixteen documents would take 8 s; each issuer's two take one.
    assert!(took >= Duration::from_millis(990) && took < Duration::from_secs(3), "{took:?}");
    let mut asked = site.asked();
    asked.sort();
    let mut expected: Vec<String> =
        providers[..8].iter().flat_map(|provider| [provider.discovery.clone(), provider.keys.clone()]).collect();
    expected.sort();
    assert_eq!(asked, expected);
    // They need nothing more, and the others are looked up when they are needed.
    for (number, provider) in providers.iter().enumerate() {
        let told = world.ask(&bearer(&good(provider))).await;
        let expected: &[String] = if number < 8 { &[] } else { &[provider.discovery.clone(), provider.keys.clone()] };
        assert_eq!((told.reason(), site.asked().as_slice()), ("allowed", expected), "{number}");
    }
}

#[tokio::test]
async fn a_start_without_answers_ends_after_five_seconds() {
    let (site, providers, world) = twelve("10000").await;
    for provider in &providers {
        site.fail(&provider.discovery, 1, Fault::Hang);
    }
    let began = Instant::now();
    world.warm_up().await;
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(4990) && took < Duration::from_secs(7), "{took:?}");
    assert_eq!(site.asked().len(), 8);
    // Nothing was learned of those who were too slow: they are asked again at once.
    for provider in &providers[..8] {
        assert_eq!(world.ask(&bearer(&good(provider))).await.reason(), "allowed", "{}", provider.name);
    }
}

#[tokio::test]
async fn an_issuer_that_fails_at_the_start_stops_nobody() {
    let (site, providers, world) = twelve("2000").await;
    site.fail(&providers[0].discovery, 9, Fault::Status(404, json!({})));
    site.fail(&providers[1].keys, 9, Fault::Garbage);
    world.warm_up().await;
    for (number, reason) in [(0, "discovery_unavailable"), (1, "jwks_unavailable"), (2, "allowed"), (11, "allowed")] {
        assert_eq!(world.ask(&bearer(&good(&providers[number]))).await.reason(), reason, "{number}");
    }
    for path in [&providers[0].discovery, &providers[1].keys] {
        site.recover(path);
    }
    world.pass(1);
    for provider in &providers[..2] {
        assert_eq!(world.ask(&bearer(&good(provider))).await.reason(), "allowed", "{}", provider.name);
    }
}

/// Far more issuers than Lambda's environment has room for: all are read, eight are looked up at the start, and each is there
/// when it is needed.
#[tokio::test]
async fn three_hundred_issuers_in_a_settings_file() {
    let site = Site::start().await;
    let signer = Signer::new(Key::Primary);
    let keys = format!("{}/keys", site.url());
    site.serve("/keys", json!({ "keys": [signer.named_jwk(KeyType::Rsa, oidc::KID)] }));
    let issuers: Vec<String> = (1..=300).map(|number| format!("{}/tenants/{number}", site.url())).collect();
    let mut sections = serde_json::Map::new();
    for (number, url) in issuers.iter().enumerate() {
        let path = format!("/tenants/{}/.well-known/openid-configuration", number + 1);
        site.serve(&path, json!({ "issuer": url, "jwks_uri": keys }));
        let prefix = format!("tenant {}:", number + 1);
        let section = json!({ "ISSUER": url, "AUDIENCE": [oidc::AUDIENCE], "USER_ID_PREFIX": prefix });
        sections.insert(format!("TENANT{:03}", number + 1), section);
    }
    let file = json!({ "PROVIDER": ["OIDC"], "PROVIDER_OIDC": { "ISSUERS": sections } }).to_string();
    assert!(file.len() > 4 * 4096, "the environment has 4 KB");
    let variables = [("SMAC__AUTH__SETTINGS_FILE".to_owned(), "tenants.json".to_owned())];
    let settings = Settings::from_variables(variables, move |_| Ok(file.clone())).unwrap();
    assert_eq!(tools::parts(&settings).tokens.unwrap().issuers.len(), 300);
    let authorizer = Authorizer::new(settings);
    authorizer.warm_up().await;
    let asked = site.asked();
    assert_eq!((asked.len(), asked.iter().filter(|path| *path == "/keys").count()), (16, 8));
    for number in [1, 8, 9, 150, 300] {
        let header = json!({ "alg": "RS256", "kid": oidc::KID });
        let token = signer.token(Algorithm::Rs256, &header, &oidc::claims(&issuers[number - 1]));
        let told = Told::of(authorizer.authorize(&bearer(&token).to_string(), None).await);
        assert_eq!((told.reason(), told.user_id()), ("allowed", format!("tenant {number}:jane")));
        assert_eq!(site.asked().len(), if number <= 8 { 0 } else { 2 }, "{number}");
    }
}
