//! TLS over real sockets, with an authority of our own: trusted, not trusted, and with another name.

use serde_json::json;
use smac_local::stand_ins::StandIns;
use smac_local::token::Token;

use crate::support::tls::{Authority, Front};
use crate::support::{POOLS, world};

/// What becomes of an access token, where userInfo is asked at this address and these roots are trusted.
async fn reason(url: &str, roots: &str) -> &'static str {
    let domain = format!("{POOLS}__PRIMARY__DOMAIN");
    let world = world(&[(domain.as_str(), &format!("{url}/PRIMARY")), ("AWS_CA_BUNDLE", roots)]).await;
    world.ask_with_token(&Token::access().sign()).await.reason()
}

#[tokio::test]
async fn only_whom_the_roots_vouch_for_by_name() {
    let behind = StandIns::start(0).await.unwrap();
    let authority = Authority::new();
    let roots = authority.pem.to_str().unwrap();
    let front = Front::start(&authority, behind.base_url()).await;
    assert_eq!(reason(&front.url(), roots).await, "allowed");
    // Beside a certificate that can't be a root, as a system's bundle may hold some.
    let pem = std::fs::read_to_string(&authority.pem).unwrap();
    let odd = format!("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n{pem}");
    std::fs::write(&authority.pem, odd).unwrap();
    assert_eq!(reason(&front.url(), roots).await, "allowed");
    // The compiled-in roots do not know this authority.
    assert_eq!(reason(&front.url(), "").await, "user_info_unavailable");
    // Nor does another authority.
    let other = Authority::new();
    assert_eq!(reason(&front.url(), other.pem.to_str().unwrap()).await, "user_info_unavailable");
    // A certificate of the right authority for somebody else.
    front.set_wrong(true).await;
    assert_eq!(reason(&front.url(), roots).await, "user_info_unavailable");
    // The right name, but not the one that was called.
    front.set_wrong(false).await;
    assert_eq!(reason(&front.url().replace("localhost", "127.0.0.1"), roots).await, "user_info_unavailable");
}

/// No upstream is believed, or even sent anything, whose certificate is nobody's; or whose name is.
#[tokio::test]
async fn nobody_else_answers_for_an_upstream() {
    let behind = StandIns::start(0).await.unwrap();
    let front = Front::start(&Authority::new(), behind.base_url()).await;
    for url in [front.url().as_str(), "https://nobody.invalid"] {
        let world =
            world(&[("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", url), ("AWS_ENDPOINT_URL_SECRETS_MANAGER", url)])
                .await;
        for (told, reason, metric) in [
            (world.ask_with_token(&Token::id().sign()).await, "jwks_unavailable", "KeySetFetches"),
            (world.ask_as_service().await, "secrets_unavailable", "SecretFetches"),
        ] {
            let line = told.line();
            assert_eq!((told.reason(), line[metric].clone()), (reason, json!(2)), "{url}");
            assert_eq!(line["FetchFailures"], 2, "{url}");
        }
    }
    assert_eq!(behind.calls(smac_local::stand_ins::Upstream::KeySet), 0);
}
