//! Section 3 of the contract: a valid token, one mutation, the exact reason.

mod claims;
mod form;
mod get_user;
mod user_info;
mod users;

use smac_local::deployment::{EMAIL, Pool};
use smac_local::keys::Key;
use smac_local::stand_ins::Upstream;
use smac_local::token::{Token, Use};

use crate::support::{POOLS, World, allow, world};

async fn reason(world: &World, token: &Token) -> &'static str {
    world.ask_with_token(&token.sign()).await.reason()
}

#[tokio::test]
async fn a_valid_token_of_each_pool_and_kind() {
    let world = world(&[]).await;
    for pool in Pool::ALL {
        for token_use in [Use::Id, Use::Access] {
            let told = world.ask_with_token(&Token::of(pool, token_use).sign()).await;
            assert_eq!(told.answer(), allow(EMAIL, "user"), "{pool:?} {token_use:?}");
            assert_eq!(told.line()["issuer"], pool.name());
        }
    }
    assert_eq!(world.calls(), [2, 2, 0]);
    assert_eq!(world.stand_ins.asked(Upstream::UserInfo), ["PRIMARY", "SECONDARY"]);
}

#[tokio::test]
async fn a_token_is_judged_by_its_own_pool_alone() {
    let world = world(&[]).await;
    let primary = || Token::of(Pool::Primary, Use::Id);
    for (token, expected) in [
        // The other pool's client, key, issuer.
        (primary().claim("aud", Pool::Secondary.client()), "client_not_allowed"),
        (primary().signed_by(Key::Secondary), "signature_invalid"),
        (primary().signed_by(Key::Secondary).header("kid", Key::Secondary.kid()), "key_unknown"),
        (primary().claim("iss", Pool::Secondary.issuer()), "key_unknown"),
        (primary().claim("iss", Pool::Secondary.issuer()).header("kid", Key::Secondary.kid()), "signature_invalid"),
    ] {
        assert_eq!(reason(&world, &token).await, expected, "{token:?}");
    }
}

#[tokio::test]
async fn both_forms_of_the_issuer() {
    let updated = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_DevPrimary";
    let issuers = format!("{POOLS}__PRIMARY__ISSUERS");
    let with = |value: &'static str| {
        let issuers = issuers.clone();
        async move { world(&[(issuers.as_str(), value)]).await }
    };
    let both = with("ORIGINAL,UPDATED").await;
    assert_eq!(reason(&both, &Token::id()).await, "allowed");
    assert_eq!(reason(&both, &Token::id().claim("iss", updated)).await, "allowed");
    assert_eq!(both.calls(), [1, 0, 0]);
    let one = with("updated").await;
    assert_eq!(reason(&one, &Token::id()).await, "issuer_unknown");
    assert_eq!(reason(&one, &Token::id().claim("iss", updated)).await, "allowed");
    let url = with("https://login.example.com/pool/").await;
    assert_eq!(reason(&url, &Token::id().claim("iss", "https://login.example.com/pool/")).await, "allowed");
    assert_eq!(reason(&url, &Token::id().claim("iss", "https://login.example.com/pool")).await, "issuer_unknown");
}
