//! The start with discovery: how many issuers are looked up, side by side, and how long it waits for them.

use std::time::{Duration, Instant};

use serde_json::json;
use smac_local::keys::Key;
use smac_local::stand_ins::Fault;

use super::good;
use crate::support::oidc::{self, Provider};
use crate::support::site::Site;
use crate::support::{World, bearer};

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
