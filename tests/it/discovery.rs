//! Discovery over real sockets: which documents are accepted, how long they serve, and how they are looked up again.

mod apart;
mod faults;
mod start;
mod user_info;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use smac_local::keys::Key;
use smac_local::stand_ins::Fault;

use crate::support::oidc::{self, Provider};
use crate::support::site::Site;
use crate::support::{Told, World, bearer, fault};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// An issuer with discovery, and an authorizer for it.
async fn one(more: &[(&str, &str)]) -> (Site, Provider, World) {
    let site = Site::start().await;
    let provider = Provider::new(&site, "ONE", Key::Primary);
    let world = oidc::still_world(&provider.settings(more)).await;
    (site, provider, world)
}

/// A token that is valid in every test.
fn good(provider: &Provider) -> String {
    provider.token(&json!({}))
}

/// Whether the user is allowed, by which lookups, and who was asked for that.
async fn ask(site: &Site, world: &World, token: &str) -> (&'static str, Value, Vec<String>) {
    let told = world.ask_with_token(token).await;
    (told.reason(), told.line()["lookups"].clone(), site.asked())
}

#[tokio::test]
async fn a_document_is_fresh_for_a_day_and_serves_for_a_week_more() {
    let (site, provider, world) = one(&[]).await;
    let (token, discovery, keys) = (good(&provider), provider.discovery.clone(), provider.keys.clone());
    let both = || vec![discovery.clone(), keys.clone()];
    let sources = |discovery: &str, key_set: &str| json!({ "discovery": discovery, "keySet": key_set });
    assert_eq!(ask(&site, &world, &token).await, ("allowed", sources("fetched", "fetched"), both()));
    assert_eq!(ask(&site, &world, &token).await, ("allowed", json!({ "keySet": "fresh" }), vec![]));
    // The key set follows its own period; the document is there for it, up to the last second of the day.
    world.pass(HOUR);
    let only_keys = || vec![keys.clone()];
    assert_eq!(ask(&site, &world, &token).await, ("allowed", sources("fresh", "fetched"), only_keys()));
    world.pass(DAY - HOUR - 1);
    assert_eq!(ask(&site, &world, &token).await, ("allowed", sources("fresh", "fetched"), only_keys()));
    world.pass(HOUR);
    assert_eq!(ask(&site, &world, &token).await, ("allowed", sources("fetched", "fetched"), both()));

    site.fail(&discovery, 99, Fault::Status(404, json!({})));
    world.pass(DAY);
    assert_eq!(ask(&site, &world, &token).await, ("allowed", sources("stale", "fetched"), both()));
    world.pass(7 * DAY - 1);
    assert_eq!(ask(&site, &world, &token).await, ("allowed", sources("stale", "fetched"), both()));
    // From now on there is no address of the keys. Those that are known serve on, as long as keys do.
    world.pass(HOUR);
    let only_document = || vec![discovery.clone()];
    assert_eq!(ask(&site, &world, &token).await, ("allowed", sources("failed", "stale"), only_document()));
    world.pass(DAY - HOUR - 1);
    assert_eq!(ask(&site, &world, &token).await, ("allowed", sources("failed", "stale"), only_document()));
    world.pass(1);
    // The document waits for its next try, and the key set with it.
    let failed = || sources("failed", "failed");
    assert_eq!(ask(&site, &world, &token).await, ("discovery_unavailable", failed(), vec![]));
    world.pass(8);
    assert_eq!(ask(&site, &world, &token).await, ("discovery_unavailable", failed(), only_document()));
    site.recover(&discovery);
    world.pass(30);
    assert_eq!(ask(&site, &world, &token).await, ("allowed", sources("fetched", "fetched"), both()));
}

/// A document that moves the keys is followed when it is looked up again, at most a day later.
#[tokio::test]
async fn keys_that_move() {
    let (site, provider, world) = one(&[]).await;
    assert_eq!(ask(&site, &world, &good(&provider)).await.0, "allowed");
    let mut document = provider.document(&site);
    document["jwks_uri"] = format!("{}/moved", site.url()).into();
    site.serve(&provider.discovery, document);
    site.serve("/moved", site.document(&provider.keys));
    site.fail(&provider.keys, 99, Fault::Status(404, json!({})));
    site.asked();
    world.pass(DAY - 1);
    assert_eq!(ask(&site, &world, &good(&provider)).await.2, std::slice::from_ref(&provider.keys));
    world.pass(1);
    let (reason, _, asked) = ask(&site, &world, &good(&provider)).await;
    assert_eq!((reason, asked), ("allowed", vec![provider.discovery.clone(), "/moved".to_owned()]));
}

#[tokio::test]
async fn many_at_once_cost_one_lookup() {
    let (site, provider, world) = one(&[]).await;
    for (failures, reason, asked) in [
        (1, "discovery_unavailable", vec![provider.discovery.clone()]),
        (0, "allowed", vec![provider.discovery.clone(), provider.keys.clone()]),
    ] {
        site.fail(&provider.discovery, failures, Fault::Status(404, json!({})));
        let event = bearer(&good(&provider));
        let answers = futures_all((0..64).map(|_| world.ask(&event))).await;
        assert!(answers.iter().all(|told| told.reason() == reason), "{reason}");
        assert_eq!(site.asked(), asked);
        world.pass(1);
    }
}

/// All of these at once, on this task.
async fn futures_all<F: Future<Output = Told>>(futures: impl IntoIterator<Item = F>) -> Vec<Told> {
    let mut pending: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, answer) in pending.iter_mut().filter(|(_, answer)| answer.is_none()) {
            if let std::task::Poll::Ready(told) = future.as_mut().poll(context) {
                *answer = Some(told);
            }
        }
        if pending.iter().all(|(_, answer)| answer.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    pending.into_iter().filter_map(|(_, answer)| answer).collect()
}

#[tokio::test]
async fn after_a_failure_the_next_try_waits_twice_as_long_each_time() {
    let (site, provider, world) = one(&[]).await;
    site.fail(&provider.discovery, 99, Fault::Status(404, json!({})));
    let token = good(&provider);
    let calls = async || {
        let told = world.ask_with_token(&token).await;
        assert_eq!((told.reason(), told.answer()), ("discovery_unavailable", fault("discovery_unavailable")));
        site.asked().len()
    };
    assert_eq!(calls().await, 1);
    for wait in [1, 2, 4, 8, 16, 30, 30, 30] {
        world.pass(wait - 1);
        assert_eq!(calls().await, 0, "before {wait} s");
        world.pass(1);
        assert_eq!(calls().await, 1, "after {wait} s");
    }
    site.recover(&provider.discovery);
    world.pass(29);
    assert_eq!(calls().await, 0);
    world.pass(1);
    assert_eq!(ask(&site, &world, &token).await.0, "allowed");
}

/// The document and the key set are two things to look up: an outage of the one does not make the other one wait.
#[tokio::test]
async fn failures_of_the_document_are_none_of_the_key_set() {
    let (site, provider, world) = one(&[]).await;
    let token = good(&provider);
    site.fail(&provider.discovery, 99, Fault::Status(404, json!({})));
    for wait in [0, 1, 2, 4, 8, 16] {
        world.pass(wait);
        assert_eq!(ask(&site, &world, &token).await.0, "discovery_unavailable");
    }
    site.recover(&provider.discovery);
    site.fail(&provider.keys, 1, Fault::Status(404, json!({})));
    world.pass(30);
    assert_eq!(ask(&site, &world, &token).await.0, "jwks_unavailable");
    world.pass(1);
    assert_eq!(ask(&site, &world, &token).await.0, "allowed");
}

/// OpenID Connect Discovery 1.0, section 4.3: `issuer` is the configured one, byte for byte. Otherwise another issuer's keys
/// could be taken for this one's.
#[tokio::test]
async fn a_document_of_another_issuer_is_no_document() {
    let (site, provider, world) = one(&[]).await;
    let own = provider.url.clone();
    let token = good(&provider);
    let names = [
        json!(format!("{own}/")),
        json!(own.to_lowercase()),
        json!(own.replace("http", "HTTP")),
        json!(own.replace("http", "https")),
        json!(own.replace("127.0.0.1", "localhost")),
        json!(own.replace("/ONE", ":80/ONE")),
        json!(own.replace("ONE", "%4FNE")),
        json!(own.replace("ONE", "./ONE")),
        json!(format!("{own}#")),
        json!(format!("{own}?")),
        json!(format!(" {own}")),
        json!(format!("{own}{own}")),
        json!(own.strip_suffix('E').unwrap()),
        json!(""),
        json!([own]),
        json!({ "issuer": own }),
        json!(null),
        json!(true),
    ];
    for name in names {
        let mut document = provider.document(&site);
        document["issuer"] = name.clone();
        site.serve(&provider.discovery, document);
        world.pass(30);
        assert_eq!(ask(&site, &world, &token).await.0, "discovery_unavailable", "{name}");
    }
    site.serve(&provider.discovery, provider.document(&site));
    world.pass(30);
    assert_eq!(ask(&site, &world, &token).await.0, "allowed");
}

/// The setting's slash counts in `iss` and in the document, and makes no second one in the address.
#[tokio::test]
async fn an_issuer_with_a_slash_at_its_end() {
    let site = Site::start().await;
    let provider = Provider::new(&site, "ONE", Key::Primary);
    let with_slash = format!("{}/", provider.url);
    let world = oidc::still_world(&provider.settings(&[("ISSUER", &with_slash)])).await;
    let token = provider.token(&json!({ "iss": with_slash }));
    assert_eq!(ask(&site, &world, &token).await.0, "discovery_unavailable");
    let mut document = provider.document(&site);
    document["issuer"] = with_slash.as_str().into();
    site.serve(&provider.discovery, document);
    world.pass(1);
    assert_eq!(ask(&site, &world, &good(&provider)).await, ("issuer_unknown", json!({}), vec![]));
    let asked = vec![provider.discovery.clone(), provider.keys.clone()];
    assert_eq!(ask(&site, &world, &token).await.2, asked);
}

/// A document says where the keys are, but not just anywhere.
#[tokio::test]
async fn an_address_of_keys_that_may_not_be_asked() {
    let (site, provider, world) = one(&[]).await;
    let token = good(&provider);
    let here = site.url();
    let addresses = [
        json!("http://192.0.2.1/keys"),
        json!("http://id.example.com/keys"),
        json!("http://localhost.example.com/keys"),
        json!("ftp://127.0.0.1/keys"),
        json!("file:///etc/passwd"),
        json!("data:application/json,{}"),
        json!(provider.keys),
        json!(format!("{here}{}#", provider.keys)),
        json!(here.replace("http://", "http://jane@")),
        json!(here.replace("http://", "http://jane:secret@")),
        json!(""),
        json!([format!("{here}{}", provider.keys)]),
        json!(null),
    ];
    for address in addresses {
        let mut document = provider.document(&site);
        document["jwks_uri"] = address.clone();
        site.serve(&provider.discovery, document);
        world.pass(30);
        let began = Instant::now();
        let (reason, _, asked) = ask(&site, &world, &token).await;
        assert_eq!((reason, asked), ("discovery_unavailable", vec![provider.discovery.clone()]), "{address}");
        assert!(began.elapsed() < Duration::from_secs(1), "{address} was asked");
    }
}

/// A document elsewhere is still the issuer's alone.
#[tokio::test]
async fn a_discovery_url_of_its_own() {
    let site = Site::start().await;
    let [one, two] = ["ONE", "TWO"].map(|name| Provider::new(&site, name, Key::Primary));
    for (url, reason) in [(&one.discovery, "allowed"), (&two.discovery, "discovery_unavailable")] {
        let url = format!("{}{url}", site.url());
        let world = oidc::still_world(&one.settings(&[("DISCOVERY_URL", &url)])).await;
        assert_eq!(ask(&site, &world, &good(&one)).await.0, reason, "{url}");
    }
}

/// While nobody answers, the keys that are known serve. An unknown key is our fault then, and never the caller's: it may be
/// a new one.
#[tokio::test]
async fn an_outage_of_everything() {
    let (site, provider, world) = one(&[]).await;
    let unknown = provider.token_of("new", &json!({}));
    let token = good(&provider);
    assert_eq!(ask(&site, &world, &token).await.0, "allowed");
    assert_eq!(ask(&site, &world, &unknown).await.0, "key_unknown");
    site.close().await;
    world.pass(10);
    for (later, key_set, unknown_reason) in [
        (0, "fresh", "jwks_unavailable"),
        (HOUR - 10, "stale", "jwks_unavailable"),
        (1, "stale", "jwks_unavailable"),
        (DAY - HOUR - 2, "stale", "jwks_unavailable"),
    ] {
        world.pass(later);
        let told = world.ask_with_token(&token).await;
        assert_eq!((told.reason(), told.line()["lookups"]["keySet"].clone()), ("allowed", json!(key_set)), "{later}");
        for token in [&unknown, &provider.token_of("another", &json!({}))] {
            let told = world.ask_with_token(token).await;
            assert_eq!((told.reason(), told.line()["outcome"].clone()), (unknown_reason, json!("fault")), "{later}");
        }
    }
    world.pass(2);
    assert_eq!(world.ask_with_token(&token).await.reason(), "jwks_unavailable");
    site.open().await;
    world.pass(30);
    assert_eq!(ask(&site, &world, &token).await.0, "allowed");
    assert_eq!(ask(&site, &world, &unknown).await.0, "key_unknown");
}

/// The end of the invocation says nothing about the issuer: it costs no back-off, and whoever waits goes on.
#[tokio::test]
async fn a_deadline_that_is_cut_short_is_not_learned() {
    let (site, provider, world) = one(&[]).await;
    let world = Arc::new(world);
    let event = bearer(&good(&provider));
    for (path, reason) in [(&provider.discovery, "discovery_unavailable"), (&provider.keys, "jwks_unavailable")] {
        for _ in 0..2 {
            site.fail(path, 9, Fault::Hang);
            let began = Instant::now();
            let told = world.ask_until(&event, Duration::from_millis(400)).await;
            assert_eq!(told.reason(), reason);
            assert!(began.elapsed() < Duration::from_millis(400), "{:?}", began.elapsed());
            assert!(site.asked().contains(path), "{path} was asked again at once");
        }
        site.recover(path);
    }
    // One is cut short, and another waits behind it.
    site.fail(&provider.keys, 1, Fault::Hang);
    let first = tokio::spawn({
        let (world, event) = (Arc::clone(&world), event.clone());
        async move { world.ask_until(&event, Duration::from_millis(400)).await.reason() }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(world.ask(&event).await.reason(), "allowed");
    assert_eq!(first.await.unwrap(), "jwks_unavailable");
}
