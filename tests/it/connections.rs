//! Connections to upstreams: those that went bad while nobody used them, those that are slow, and those through a proxy.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use smac_local::deployment::{SERVICE, SERVICE_TOKEN};
use smac_local::keys::Key;
use smac_local::stand_ins::{Fault, StandIns, Upstream};
use smac_local::token::{Token, now};

use crate::support::between::{Proxy, Relay, Spoiled};
use crate::support::tls::{Authority, Front};
use crate::support::{POOLS, World, bearer, pair, world};

const UPSTREAMS: [(Upstream, &str); 3] =
    [(Upstream::KeySet, "KeySetFetches"), (Upstream::UserInfo, "UserInfoFetches"), (Upstream::Secret, "SecretFetches")];

/// The time for a call, and half of it.
const TIMEOUT: Duration = Duration::from_secs(1);
const HALF: Duration = Duration::from_millis(500);

/// A world whose upstreams are all behind one relay, which holds two idle connections for the two pools. Nothing but the
/// key sets is remembered, and they are long past stale where `upstream` is theirs.
async fn relayed(upstream: Upstream) -> (World, Relay) {
    let stand_ins = StandIns::start(0).await.unwrap();
    let relay = Relay::start(&stand_ins).await;
    let url = relay.url();
    let domain = format!("{POOLS}__PRIMARY__DOMAIN");
    let mut world = world(&[
        ("UPSTREAM_TIMEOUT_MS", &TIMEOUT.as_millis().to_string()),
        ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", &url),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &url),
        (&domain, &format!("{url}/PRIMARY")),
    ])
    .await;
    world.stand_ins = stand_ins;
    // Late, so that neither pool uses the other's connection.
    world.stand_ins.fail(Upstream::KeySet, 2, Fault::Late(Duration::from_millis(200)));
    world.warm_up().await;
    assert_eq!(relay.opened(), 2);
    // The start's calls are in the first decision's line.
    world.ask(&json!({})).await;
    if upstream == Upstream::KeySet {
        world.pass(24 * 3600);
    }
    (world, relay)
}

/// A good request that needs this upstream, whatever time passes.
fn needing(upstream: Upstream) -> Value {
    let lasting = |token: Token| bearer(&token.claim("exp", now() + 48 * 3600).sign());
    match upstream {
        Upstream::KeySet => lasting(Token::id()),
        Upstream::UserInfo => lasting(Token::access()),
        Upstream::Secret => pair(SERVICE, SERVICE_TOKEN),
        Upstream::Discovery => lasting(crate::support::token_of_dev()),
    }
}

/// Asks, and must be allowed after so many calls, of which so many failed. How long that took.
async fn allowed(world: &World, (upstream, metric): (Upstream, &str), calls: u64, failures: u64) -> Duration {
    let began = Instant::now();
    let told = world.ask(&needing(upstream)).await;
    let took = began.elapsed();
    let line = told.line();
    let counted = (line[metric].clone(), line["FetchFailures"].clone());
    assert_eq!((told.reason(), counted), ("allowed", (json!(calls), json!(failures))), "{line}");
    took
}

/// Two pools of one region share a host, and so does everything here. The retry must not take the second dead connection.
#[tokio::test]
async fn dead_connections_cost_one_retry_however_many_there_are() {
    for upstream in UPSTREAMS {
        let (world, relay) = relayed(upstream.0).await;
        relay.spoil(Spoiled::Dead);
        let took = allowed(&world, upstream, 2, 1).await;
        assert!(took < HALF, "{took:?}");
        assert_eq!(relay.opened(), 3);
    }
}

#[tokio::test]
async fn a_black_hole_costs_half_of_the_time() {
    for upstream in UPSTREAMS {
        let (world, relay) = relayed(upstream.0).await;
        relay.spoil(Spoiled::BlackHole);
        let took = allowed(&world, upstream, 2, 1).await;
        assert!(took >= HALF && took < TIMEOUT, "{took:?}");
        assert_eq!(relay.opened(), 3);
    }
}

/// A second question would not help a slow upstream.
#[tokio::test]
async fn a_slow_upstream_on_a_new_connection_is_asked_once() {
    for upstream in UPSTREAMS {
        // With configured keys, the connection is not the key set's.
        let (jwks, key_set) = (format!("{POOLS}__PRIMARY__JWKS"), Key::Primary.key_set().to_string());
        let key_set = if upstream.0 == Upstream::KeySet { "" } else { key_set.as_str() };
        let world = world(&[("UPSTREAM_TIMEOUT_MS", "1000"), (jwks.as_str(), key_set)]).await;
        world.stand_ins.fail(upstream.0, u32::MAX, Fault::Late(Duration::from_millis(700)));
        let took = allowed(&world, upstream, 1, 0).await;
        assert!(took >= Duration::from_millis(700) && took < TIMEOUT, "{took:?}");
        assert_eq!(world.stand_ins.calls(upstream.0), 1);
    }
}

/// A new connection joins a reused one and does not replace it: an answer that comes late, but in time, counts.
#[tokio::test]
async fn a_slow_upstream_on_a_reused_connection_is_heard() {
    for upstream in UPSTREAMS {
        let (world, _relay) = relayed(upstream.0).await;
        world.stand_ins.fail(upstream.0, u32::MAX, Fault::Late(Duration::from_millis(700)));
        let took = allowed(&world, upstream, 2, 1).await;
        assert!(took >= Duration::from_millis(700) && took < TIMEOUT, "{took:?}");
    }
}

/// An authority, and a front with its certificate before the stand-ins.
async fn behind_tls() -> (StandIns, Authority, Front) {
    let behind = StandIns::start(0).await.unwrap();
    let authority = Authority::new();
    let front = Front::start(&authority, behind.base_url()).await;
    (behind, authority, front)
}

/// What becomes of an access token and of a service, whose upstreams are the front. Key sets come from loopback without TLS.
async fn reasons(authority: &Authority, front: &Front, more: &[(&str, &str)]) -> [&'static str; 2] {
    let (domain, url) = (format!("{POOLS}__PRIMARY__DOMAIN"), front.url());
    let primary = format!("{url}/PRIMARY");
    let mut settings = vec![
        (domain.as_str(), primary.as_str()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &url),
        ("AWS_CA_BUNDLE", authority.pem.to_str().unwrap()),
    ];
    settings.extend(more);
    let world = world(&settings).await;
    [world.ask_with_token(&Token::access().sign()).await.reason(), world.ask_as_service().await.reason()]
}

#[tokio::test]
async fn https_goes_through_the_proxy_where_there_is_one() {
    let (_behind, authority, front) = behind_tls().await;
    let proxy = Proxy::start().await;
    let (bare, url) = (proxy.address(), format!("http://user:word@{}", proxy.address()));
    let target = front.url().trim_start_matches("https://").to_owned();
    for (proxy_variable, value, exceptions_variable, exceptions, is_used) in [
        ("HTTPS_PROXY", url.as_str(), "NO_PROXY", "", true),
        ("https_proxy", url.as_str(), "NO_PROXY", "elsewhere.example,127.0.0.1", true),
        ("HTTPS_PROXY", bare.as_str(), "no_proxy", "host", true),
        ("HTTPS_PROXY", url.as_str(), "NO_PROXY", "localhost", false),
        ("https_proxy", url.as_str(), "no_proxy", "elsewhere.example, localhost", false),
        ("HTTPS_PROXY", bare.as_str(), "no_proxy", "*", false),
        ("HTTP_PROXY", url.as_str(), "NO_PROXY", "", false),
    ] {
        let about = format!("{proxy_variable}={value} {exceptions_variable}={exceptions}");
        let more = [(proxy_variable, value), (exceptions_variable, exceptions)];
        assert_eq!(reasons(&authority, &front, &more).await, ["allowed"; 2], "{about}");
        let heads = proxy.take_heads();
        // Key sets do not go through it, since they are not https here.
        assert!(heads.iter().all(|head| head.starts_with(&format!("CONNECT {target} HTTP/1.1\r\n"))), "{heads:?}");
        assert_eq!(!heads.is_empty(), is_used, "{about}");
        // `user:word`, in base64.
        let is_authorized =
            |head: &String| head.to_lowercase().contains("\r\nproxy-authorization: basic dxnlcjp3b3jk\r\n");
        assert!(heads.iter().all(|head| is_authorized(head) == value.contains('@')), "{heads:?}");
    }
}

/// Where there must be a proxy, nobody goes around it.
#[tokio::test]
async fn without_its_proxy_no_https_upstream_is_asked() {
    let (behind, authority, front) = behind_tls().await;
    // Nobody listens any longer.
    let proxy = Proxy::start().await.address();
    let reasons = reasons(&authority, &front, &[("HTTPS_PROXY", &proxy)]).await;
    assert_eq!(reasons, ["user_info_unavailable", "secrets_unavailable"]);
    assert_eq!([Upstream::UserInfo, Upstream::Secret].map(|upstream| behind.calls(upstream)), [0, 0]);
}
