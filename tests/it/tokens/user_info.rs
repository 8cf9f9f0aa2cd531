//! userInfo: the attributes that an access token lacks, and whether the token was revoked.

use serde_json::json;
use smac_local::deployment::{EMAIL, Pool};
use smac_local::stand_ins::{Fault, Upstream};
use smac_local::token::{Token, Use, now};

use super::reason;
use crate::support::{POOLS, World, still_world, world};

#[tokio::test]
async fn user_info_gives_what_an_access_token_does_not_carry() {
    let world = world(&[]).await;
    let token = Token::access().sign();
    let told = world.ask_with_token(&token).await;
    assert_eq!((told.reason(), told.line()["lookups"]["userInfo"].clone()), ("allowed", json!("fetched")));
    let told = world.ask_with_token(&token).await;
    assert_eq!((told.user_id().as_str(), told.line()["lookups"]["userInfo"].clone()), (EMAIL, json!("fresh")));
    assert_eq!(world.calls(), [1, 1, 0]);
    // Another token of the same user is another question.
    assert_eq!(reason(&world, &Token::access().claim("jti", "2")).await, "allowed");
    assert_eq!(world.calls(), [1, 2, 0]);
}

#[tokio::test]
async fn what_user_info_said_ends_with_the_token() {
    let world = still_world(&[("JWT__LEEWAY_SECONDS", "300")]).await;
    let token = Token::access().claim("exp", now() + 30).sign();
    assert_eq!(world.ask_with_token(&token).await.reason(), "allowed");
    assert_eq!(world.ask_with_token(&token).await.line()["lookups"]["userInfo"], "fresh");
    // It ends with the leeway, although it would be fresh for as long again.
    world.pass(59);
    assert_eq!(world.ask_with_token(&token).await.line()["lookups"]["userInfo"], "fresh");
    let ended = world_with_long_memory().await;
    let token = Token::access().claim("exp", now() + 30).sign();
    assert_eq!(ended.ask_with_token(&token).await.reason(), "allowed");
    ended.pass(329);
    assert_eq!(ended.ask_with_token(&token).await.line()["lookups"]["userInfo"], "fresh");
    ended.pass(2);
    assert_eq!(ended.ask_with_token(&token).await.line()["lookups"]["userInfo"], "fetched");
    assert_eq!(ended.calls()[1], 2);
}

/// Expired tokens are accepted here, so that the end of what is remembered of them shows.
async fn world_with_long_memory() -> World {
    let long = [("JWT__LEEWAY_SECONDS", "300"), ("CACHE__TTL_SECONDS", "3600"), ("JWT__CHECK_EXPIRATION", "false")];
    still_world(&long).await
}

#[tokio::test]
async fn user_info_is_asked_only_where_it_can_answer() {
    let world = world(&[(&format!("{POOLS}__SECONDARY__DOMAIN"), "")]).await;
    for (token, expected) in [
        (Token::access().claim("scope", "email"), "user_id_missing"),
        (Token::access().claim("scope", "openidx"), "user_id_missing"),
        (Token::access().without("scope"), "user_id_missing"),
        (Token::access().without("sub"), "user_id_missing"),
        (Token::id().without("email").claim("scope", "openid"), "user_id_missing"),
        (Token::of(Pool::Secondary, Use::Access), "user_id_missing"),
        (Token::of(Pool::Secondary, Use::Access).claim("email", EMAIL).claim("email_verified", true), "allowed"),
    ] {
        assert_eq!(reason(&world, &token).await, expected, "{token:?}");
    }
    assert_eq!(world.calls()[1], 0);
}

#[tokio::test]
async fn what_user_info_says_counts() {
    for (says, expected) in [
        (json!({ "email": "a@b.c", "email_verified": "true" }), "allowed"),
        (json!({ "email": "a@b.c", "email_verified": "false" }), "user_id_not_verified"),
        (json!({ "email": "a@b.c", "email_verified": false }), "user_id_not_verified"),
        (json!({ "email": "a@b.c" }), "user_id_not_verified"),
        (json!({ "email": "" }), "user_id_missing"),
        (json!({ "email": 1 }), "user_id_missing"),
        (json!({}), "user_id_missing"),
        (json!({ "email": "a\u{0}b" }), "user_id_invalid"),
        (json!({ "email": "a@b.c", "sub": "somebody-else" }), "user_info_unavailable"),
    ] {
        let world = world(&[]).await;
        world.stand_ins.set_user_info(says.clone());
        assert_eq!(reason(&world, &Token::access()).await, expected, "{says}");
    }
    let lenient = world(&[("REQUIRE_VERIFIED_USER_ID", "false")]).await;
    lenient.stand_ins.set_user_info(json!({ "email": "a@b.c", "email_verified": "false" }));
    assert_eq!(reason(&lenient, &Token::access()).await, "allowed");
}

#[tokio::test]
async fn a_refusal_of_user_info_is_one_and_a_firewalls_is_not() {
    for (fault, expected, calls) in [
        (Fault::Status(400, json!({ "error": "invalid_request" })), "token_revoked", 1),
        (Fault::Status(401, json!({})), "token_revoked", 1),
        (Fault::Challenge(403), "token_revoked", 1),
        (Fault::Status(403, json!({ "error": "insufficient_scope" })), "token_revoked", 1),
        (Fault::Status(403, json!({ "message": "Forbidden" })), "user_info_unavailable", 1),
        (Fault::Status(404, json!({})), "user_info_unavailable", 1),
        (Fault::Status(429, json!({})), "user_info_unavailable", 1),
        (Fault::Status(503, json!({})), "user_info_unavailable", 2),
        (Fault::Redirect, "user_info_unavailable", 1),
        (Fault::Garbage, "user_info_unavailable", 1),
        (Fault::Empty, "user_info_unavailable", 1),
    ] {
        let world = world(&[]).await;
        world.stand_ins.fail(Upstream::UserInfo, 9, fault.clone());
        let token = Token::access();
        assert_eq!(reason(&world, &token).await, expected, "{fault:?}");
        assert_eq!(world.calls(), [1, calls, 0], "{fault:?}");
        // It is remembered, or waited for.
        assert_eq!(reason(&world, &token).await, expected, "{fault:?}");
        assert_eq!(world.calls(), [1, calls, 0], "{fault:?}");
    }
}

#[tokio::test]
async fn revocation_is_asked_about_every_access_token_of_a_user() {
    let client = Pool::Primary.client();
    let world = world(&[
        ("PROVIDER_COGNITO__CHECK_REVOCATION", "true"),
        ("PROVIDER_COGNITO__TOKEN_USE", "ACCESS"),
        ("PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS", "true"),
    ])
    .await;
    let token = || Token::access().claim("email", EMAIL).claim("email_verified", true);
    assert_eq!(reason(&world, &token()).await, "allowed");
    assert_eq!(world.calls(), [1, 1, 0]);
    assert_eq!(reason(&world, &token().claim("scope", "email")).await, "revocation_unknown");
    assert_eq!(reason(&world, &token().without("sub")).await, "revocation_unknown");
    // It has no user who could sign out.
    assert_eq!(reason(&world, &token().without("username").claim("sub", client)).await, "allowed");
    assert_eq!(world.calls(), [1, 1, 0]);
    world.stand_ins.fail(Upstream::UserInfo, 1, Fault::Status(401, json!({})));
    assert_eq!(reason(&world, &token().claim("jti", "2")).await, "token_revoked");
    // What userInfo says about the email counts here, too.
    world.stand_ins.set_user_info(json!({ "email": "other@example.com", "email_verified": "false" }));
    assert_eq!(reason(&world, &token().claim("jti", "3")).await, "user_id_not_verified");
}
