//! Connections that are opened while the function starts: to whom, that nothing is asked on them, and what becomes of those
//! that went bad before their first request.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use smac_local::deployment::{Pool, SERVICE, SERVICE_TOKEN};
use smac_local::http_server::Server;
use smac_local::keys::Key;
use smac_local::stand_ins::{StandIns, Upstream};
use smac_local::token::Token;

use crate::support::between::{Proxy, Relay, Spoiled};
use crate::support::oidc::{self, Provider, SUBJECT};
use crate::support::site::Site;
use crate::support::tls::{Authority, Front};
use crate::support::{POOLS, World, bearer, pair, world};

/// The time for a call, and half of it.
const TIMEOUT: Duration = Duration::from_secs(1);
const HALF: Duration = Duration::from_millis(500);

/// What is to be ready is waited for, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(4);

/// Each upstream behind a relay of its own. Nobody was asked but for the second pool's key set, which is where `GetUser` is
/// too; the first pool's is configured.
struct Started {
    world: World,
    cognito: Relay,
    domain: Relay,
    secrets: Relay,
}

/// What has been opened to Cognito (`GetUser`), to the pools' domain (userInfo), and to Secrets Manager.
impl Started {
    async fn must_have_opened(&self, expected: [usize; 3]) {
        for (relay, expected) in [&self.cognito, &self.domain, &self.secrets].into_iter().zip(expected) {
            relay.must_have_opened(expected).await;
        }
    }

    fn spoil(&self, how: Spoiled) {
        for relay in [&self.cognito, &self.domain, &self.secrets] {
            relay.spoil(how);
        }
    }

    /// A good request, which must be allowed after so many calls, of which so many fail. How long that took.
    async fn allowed(&self, event: &Value, metric: &str, calls: u64, failures: Option<u64>) -> Duration {
        let began = Instant::now();
        let told = self.world.ask(event).await;
        let took = began.elapsed();
        let line = told.line();
        assert_eq!((told.reason(), line[metric].as_u64()), ("allowed", Some(calls)), "{line}");
        assert_eq!(line["FetchFailures"].as_u64().filter(|count| *count > 0), failures, "{line}");
        took
    }
}

async fn started(more: &[(&str, &str)]) -> Started {
    let stand_ins = StandIns::start(0).await.unwrap();
    let [cognito, domain, secrets] =
        [Relay::start(&stand_ins).await, Relay::start(&stand_ins).await, Relay::start(&stand_ins).await];
    let mut settings = vec![
        ("UPSTREAM_TIMEOUT_MS".to_owned(), TIMEOUT.as_millis().to_string()),
        ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER".to_owned(), cognito.url()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), secrets.url()),
    ];
    for pool in Pool::ALL {
        let name = pool.name();
        settings.push((format!("{POOLS}__{name}__DOMAIN"), format!("{}/{name}", domain.url())));
    }
    settings.push((format!("{POOLS}__PRIMARY__JWKS"), Pool::Primary.key().key_set().to_string()));
    settings.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut world = world(&settings).await;
    world.stand_ins = stand_ins;
    world.warm_up_within(PATIENCE).await;
    // The start's call is in the first decision's line.
    world.ask(&json!({})).await;
    Started { world, cognito, domain, secrets }
}

/// Requests that need userInfo, `GetUser` and Secrets Manager.
fn needing() -> [(Value, &'static str); 3] {
    let signed_in = Token::access().claim("scope", "aws.cognito.signin.user.admin").claim("jti", "2");
    [
        (bearer(&signed_in.sign()), "UserInfoFetches"),
        (bearer(&Token::access().sign()), "UserInfoFetches"),
        (pair(SERVICE, SERVICE_TOKEN), "SecretFetches"),
    ]
}

/// Two pools share each host: one connection is enough.
#[tokio::test]
async fn first_requests_find_an_open_connection_on_which_nothing_was_asked() {
    let started = started(&[]).await;
    started.must_have_opened([1, 1, 1]).await;
    assert_eq!(started.world.calls(), [1, 0, 0]);
    for (event, metric) in needing() {
        started.allowed(&event, metric, 1, None).await;
    }
    started.must_have_opened([1, 1, 1]).await;
    assert_eq!(started.world.calls(), [1, 2, 1]);
}

#[tokio::test]
async fn dead_connections_that_were_opened_ahead_cost_one_retry() {
    let started = started(&[]).await;
    started.must_have_opened([1, 1, 1]).await;
    started.spoil(Spoiled::Dead);
    for (event, metric) in needing() {
        let took = started.allowed(&event, metric, 2, Some(1)).await;
        assert!(took < HALF, "{took:?}");
    }
    started.must_have_opened([2, 2, 2]).await;
}

#[tokio::test]
async fn a_black_hole_that_was_opened_ahead_costs_half_of_the_time() {
    let started = started(&[]).await;
    started.must_have_opened([1, 1, 1]).await;
    started.spoil(Spoiled::BlackHole);
    for (event, metric) in needing() {
        let took = started.allowed(&event, metric, 2, Some(1)).await;
        assert!(took >= HALF && took < TIMEOUT, "{took:?}");
    }
    started.must_have_opened([2, 2, 2]).await;
}

#[tokio::test]
async fn nobody_is_called_who_is_not_needed() {
    let (second_keys, key_set) = (format!("{POOLS}__SECONDARY__JWKS"), Pool::Secondary.key().key_set().to_string());
    let no_services = "AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX";
    for (more, opened) in [
        (&[("PROVIDER_COGNITO__TOKEN_USE", "ID")][..], [1, 0, 1]),
        (&[(no_services, "")], [1, 1, 0]),
        // With nothing to wait for, nothing is done ahead.
        (&[(second_keys.as_str(), key_set.as_str())], [0, 0, 0]),
    ] {
        started(more).await.must_have_opened(opened).await;
    }
}

/// Upstreams that refuse connections, and that accept them and say nothing, not even in TLS.
#[tokio::test]
async fn an_upstream_that_cannot_be_reached_costs_little_time_and_nothing_else() {
    let refusing = Server::accept("127.0.0.1:0", async |_| {}).await.unwrap();
    let silent = Server::accept("127.0.0.1:0", async |stream| {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    })
    .await
    .unwrap();
    let gone = refusing.url();
    refusing.stop().await;
    let silent = silent.url().replace("http", "https");
    for url in [gone.as_str(), &silent] {
        let domain = format!("{POOLS}__PRIMARY__DOMAIN");
        let world = world(&[("AWS_ENDPOINT_URL_SECRETS_MANAGER", url), (&domain, &format!("{url}/PRIMARY"))]).await;
        let began = Instant::now();
        world.warm_up().await;
        let took = began.elapsed();
        assert!(took < Duration::from_millis(1500), "{took:?}");
        // The key set is there.
        assert_eq!(world.ask_with_token(&Token::id().sign()).await.reason(), "allowed", "{url}");
    }
}

#[tokio::test]
async fn connections_are_opened_through_tls_and_a_proxy_too() {
    let behind = StandIns::start(0).await.unwrap();
    let authority = Authority::new();
    let front = Front::start(&authority, behind.base_url()).await;
    let proxy = Proxy::start().await;
    for proxy_url in ["", proxy.address().as_str()] {
        let (domain, url) = (format!("{POOLS}__PRIMARY__DOMAIN"), front.url());
        // Both upstreams have one host, and so one connection is opened.
        let world = world(&[
            (&domain, &format!("{url}/PRIMARY")),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &url),
            ("AWS_CA_BUNDLE", authority.pem.to_str().unwrap()),
            ("HTTPS_PROXY", proxy_url),
        ])
        .await;
        world.warm_up_within(PATIENCE).await;
        let opened = proxy.take_heads().len();
        assert_eq!(opened, usize::from(!proxy_url.is_empty()));
        assert_eq!(world.ask_with_token(&Token::access().sign()).await.reason(), "allowed");
        assert_eq!(world.ask_as_service().await.reason(), "allowed");
        assert_eq!(proxy.take_heads().len(), 0, "it was open");
    }
    assert_eq!([Upstream::UserInfo, Upstream::Secret].map(|upstream| behind.calls(upstream)), [2, 2]);
}

/// A connection is for whom its certificate says. That is checked for what was opened ahead too.
#[tokio::test]
async fn a_wrong_certificate_opens_nothing() {
    let behind = StandIns::start(0).await.unwrap();
    let authority = Authority::new();
    let front = Front::start(&authority, behind.base_url()).await;
    front.set_wrong(true).await;
    let (domain, url) = (format!("{POOLS}__PRIMARY__DOMAIN"), front.url());
    let world = world(&[
        (&domain, &format!("{url}/PRIMARY")),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &url),
        ("AWS_CA_BUNDLE", authority.pem.to_str().unwrap()),
    ])
    .await;
    world.warm_up_within(PATIENCE).await;
    assert_eq!(world.ask_with_token(&Token::access().sign()).await.reason(), "user_info_unavailable");
    assert_eq!(world.ask_as_service().await.reason(), "secrets_unavailable");
    assert_eq!([Upstream::UserInfo, Upstream::Secret].map(|upstream| behind.calls(upstream)), [0, 0]);
}

/// Its address is in the discovery document, which is fetched where the keys need it.
#[tokio::test]
async fn user_info_of_an_oidc_issuer_is_connected_to_once_its_address_is_known() {
    let site = Site::start().await;
    let provider = Provider::new(&site, "ONE", Key::Primary);
    site.serve(&provider.user_info, json!({ "sub": SUBJECT, "email": "jane@example.com", "email_verified": true }));
    let (address, key_set) = (format!("{}{}", site.url(), provider.keys), site.document(&provider.keys).to_string());
    for (keys, opened, asked) in [
        (("JWKS_URI", ""), 1, &[&provider.discovery, &provider.keys][..]),
        (("JWKS_URI", address.as_str()), 0, &[&provider.keys]),
        (("JWKS", key_set.as_str()), 0, &[]),
    ] {
        let relay = Relay::before(&site.url()).await;
        let mut document = provider.document(&site);
        document["userinfo_endpoint"] = format!("{}{}", relay.url(), provider.user_info).into();
        site.serve(&provider.discovery, document);
        let more = [("USER_ID", "email"), ("USER_INFO", "true"), keys];
        let world = oidc::still_world(&provider.settings(&more)).await;
        world.warm_up_within(PATIENCE).await;
        relay.must_have_opened(opened).await;
        let mut asked_at_start = site.asked();
        asked_at_start.sort();
        assert_eq!(asked_at_start.iter().collect::<Vec<_>>(), asked, "{keys:?}");

        let token = provider.token(&json!({ "scope": "openid" }));
        assert_eq!(world.ask_with_token(&token).await.reason(), "allowed");
        assert_eq!(site.asked().pop().as_ref(), Some(&provider.user_info));
        relay.must_have_opened(1).await;
    }
}

/// Each with a userInfo host of its own.
#[tokio::test]
async fn three_hundred_issuers_open_no_more_connections_than_eight() {
    let site = Site::start().await;
    let relay = Relay::before(&site.url()).await;
    let mut settings = Vec::new();
    for number in 1..=300 {
        let provider = Provider::new(&site, &format!("I{number:03}"), Key::Primary);
        let mut document = provider.document(&site);
        document["userinfo_endpoint"] = format!("{}{}", relay.url_at(number), provider.user_info).into();
        site.serve(&provider.discovery, document);
        settings.extend(provider.settings(&[("USER_INFO", "true")]));
    }
    let world = oidc::still_world(&settings).await;
    world.warm_up_within(PATIENCE).await;
    relay.must_have_opened(8).await;
    assert_eq!(site.asked().len(), 16);
}
