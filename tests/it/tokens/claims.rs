//! The claims: each rule, its bounds, and the order of the rules.

use serde_json::{Value, json};
use smac_local::deployment::{EMAIL, Pool, SUBJECT};
use smac_local::keys::Key;
use smac_local::token::{Token, now, sign_raw};

use super::reason;
use crate::support::{self, allow, world};

#[tokio::test]
async fn claims_are_judged_each_for_itself() {
    let world = world(&[]).await;
    let id = Token::id;
    let access = Token::access;
    for (token, expected) in [
        (id().header("alg", "none"), "algorithm_not_allowed"),
        (id().header("alg", "HS256"), "algorithm_not_allowed"),
        (id().header("alg", "rs256"), "algorithm_not_allowed"),
        (id().header("alg", 256), "algorithm_not_allowed"),
        (id().header("alg", Value::Null), "algorithm_not_allowed"),
        (id().header("kid", Value::Null), "token_malformed"),
        (id().header("kid", ""), "token_malformed"),
        (id().header("kid", 7), "token_malformed"),
        (id().header("crit", json!(["b64"])), "token_malformed"),
        (id().header("jku", "https://attacker.example/jwks.json"), "allowed"),
        (id().header("kid", "made-up"), "key_unknown"),
        (id().without("iss"), "issuer_unknown"),
        (id().claim("iss", 1), "issuer_unknown"),
        (id().claim("iss", format!("{}/", Pool::Primary.issuer())), "issuer_unknown"),
        (id().claim("iss", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other"), "issuer_unknown"),
        (id().forged(), "signature_invalid"),
        (id().without("exp"), "token_malformed"),
        (id().without("iat"), "allowed"),
        (id().without("token_use"), "token_use_not_allowed"),
        (id().claim("token_use", "refresh"), "token_use_not_allowed"),
        (id().without("aud"), "client_not_allowed"),
        (id().claim("aud", "another"), "client_not_allowed"),
        (id().claim("aud", json!([Pool::Primary.client()])), "client_not_allowed"),
        (id().without("aud").claim("client_id", Pool::Primary.client()), "client_not_allowed"),
        (access().claim("client_id", "another"), "client_not_allowed"),
        (access().claim("aud", "https://some.resource.example"), "allowed"),
        (id().without("email"), "user_id_missing"),
        (id().claim("email", ""), "user_id_missing"),
        (id().claim("email", json!(["a"])), "user_id_missing"),
        (id().claim("email", "a\nb"), "user_id_invalid"),
        (id().claim("email", "a\u{7f}b"), "user_id_invalid"),
        (id().claim("email", "x".repeat(512)), "allowed"),
        (id().claim("email", "x".repeat(513)), "user_id_invalid"),
        (id().claim("email_verified", false), "email_not_verified"),
        (id().claim("email_verified", "false"), "email_not_verified"),
        (id().claim("email_verified", "true"), "allowed"),
        (id().without("email_verified"), "allowed"),
        (id().claim("x", json!({ "nested": [1, { "a": null }] })), "allowed"),
    ] {
        assert_eq!(reason(&world, &token).await, expected, "{token:?}");
    }
}

#[tokio::test]
async fn times_are_whole_numbers_at_their_exact_bounds() {
    let world = world(&[("PROVIDER_COGNITO__LEEWAY_SECONDS", "10")]).await;
    let far = i64::from(u32::MAX);
    for (claim, value, expected) in [
        ("exp", json!(now() - 5), "allowed"),
        ("exp", json!(now() - 20), "token_expired"),
        ("exp", json!(0), "token_expired"),
        ("exp", json!(u64::MAX), "allowed"),
        ("exp", json!(-1), "token_malformed"),
        ("exp", json!(1e12), "token_malformed"),
        ("exp", json!(1.5), "token_malformed"),
        ("exp", json!("99999999999"), "token_malformed"),
        ("exp", Value::Null, "token_malformed"),
        ("nbf", json!(now() + 5), "allowed"),
        ("nbf", json!(now() + 30), "token_not_yet_valid"),
        ("nbf", json!(u64::MAX), "token_not_yet_valid"),
        ("nbf", json!("0"), "token_malformed"),
        ("nbf", Value::Null, "token_malformed"),
        ("iat", json!(now() + 50), "allowed"),
        ("iat", json!(now() + 90), "token_not_yet_valid"),
        ("iat", json!(far * 2), "token_not_yet_valid"),
        ("iat", json!(-0.0), "token_malformed"),
    ] {
        assert_eq!(reason(&world, &Token::id().claim(claim, value.clone())).await, expected, "{claim} {value}");
    }
    let header = format!(r#"{{"alg":"RS256","kid":"{}"}}"#, Key::Primary.kid());
    for number in ["18446744073709551616", "1e3", "-0", "1.0"] {
        let iss = Pool::Primary.issuer();
        let token =
            sign_raw(Key::Primary, header.as_bytes(), format!(r#"{{"iss":"{iss}","exp":{number}}}"#).as_bytes());
        assert_eq!(world.ask_with_token(&token).await.reason(), "token_malformed", "{number}");
    }
}

#[tokio::test]
async fn the_end_is_the_second_of_exp() {
    let world = world(&[]).await;
    // A token that ends in an hour, and a clock that is set forward.
    let token = Token::id().claim("exp", now() + 3600).sign();
    world.pass(3590);
    assert_eq!(world.ask_with_token(&token).await.reason(), "allowed");
    world.pass(10);
    assert_eq!(world.ask_with_token(&token).await.reason(), "token_expired");
}

#[tokio::test]
async fn expiry_alone_can_be_switched_off() {
    let world = world(&[("PROVIDER_COGNITO__CHECK_EXPIRATION", "false")]).await;
    assert_eq!(reason(&world, &Token::id().expired()).await, "allowed");
    assert_eq!(reason(&world, &Token::id().without("exp")).await, "token_malformed");
    assert_eq!(reason(&world, &Token::id().claim("nbf", now() + 100)).await, "token_not_yet_valid");
}

#[tokio::test]
async fn the_first_rule_that_is_broken_gives_the_reason() {
    let world =
        world(&[("PROVIDER_COGNITO__REQUIRED_SCOPES", "pets/read"), ("PROVIDER_COGNITO__REQUIRED_GROUPS", "admins")])
            .await;
    // Everything is wrong; then one thing after the other is put right.
    let mut token = Token::access()
        .header("alg", "none")
        .header("kid", "")
        .claim("iss", "x")
        .claim("exp", 1)
        .claim("nbf", u64::MAX)
        .claim("token_use", "x")
        .claim("client_id", "x")
        .claim("scope", "none")
        .without("username")
        .claim("sub", Pool::Primary.client());
    let iss = Pool::Primary.issuer();
    for (name, value, expected) in [
        ("", json!(""), "algorithm_not_allowed"),
        ("alg", json!("RS256"), "token_malformed"),
        ("kid", json!("made-up"), "issuer_unknown"),
        ("iss", json!(iss), "key_unknown"),
        ("kid", json!(Key::Primary.kid()), "token_expired"),
        ("exp", json!(now() + 60), "token_not_yet_valid"),
        ("nbf", json!(0), "token_use_not_allowed"),
        ("token_use", json!("access"), "client_not_allowed"),
        ("client_id", json!(Pool::Primary.client()), "scope_missing"),
        ("scope", json!("pets/read"), "group_missing"),
        ("cognito:groups", json!(["admins"]), "user_id_missing"),
        ("username", json!("jane"), "user_id_missing"),
        ("email", json!("a@b.c"), "allowed"),
        ("email_verified", json!(false), "email_not_verified"),
    ] {
        token = match name {
            "" => token,
            "alg" | "kid" => token.header(name, value),
            _ => token.claim(name, value),
        };
        assert_eq!(reason(&world, &token).await, expected, "{name}");
    }
    // And a signature that does not hold comes before every claim but the issuer.
    assert_eq!(reason(&world, &token.forged()).await, "signature_invalid");
}

#[tokio::test]
async fn scopes_and_groups_are_forbidden_and_not_unauthorized() {
    let both = [("PROVIDER_COGNITO__REQUIRED_SCOPES", "a,b"), ("PROVIDER_COGNITO__REQUIRED_GROUPS", "g,h")];
    let world = world(&both).await;
    let token = |scope: Value, groups: Value| {
        Token::access().claim("scope", scope).claim("cognito:groups", groups).claim("email", EMAIL)
    };
    for (scope, groups, expected) in [
        (json!("x b y"), json!(["h", "i"]), "allowed"),
        (json!("ab"), json!(["h"]), "scope_missing"),
        (json!(["a"]), json!(["h"]), "scope_missing"),
        (json!(""), json!(["h"]), "scope_missing"),
        (json!("a"), json!([]), "group_missing"),
        (json!("a"), json!("g"), "group_missing"),
        (json!("a"), json!(["g", 1]), "group_missing"),
        (json!("a"), json!({ "g": true }), "group_missing"),
    ] {
        let told = world.ask_with_token(&token(scope.clone(), groups.clone()).sign()).await;
        assert_eq!(told.reason(), expected, "{scope} {groups}");
        if expected != "allowed" {
            assert_eq!(told.answer(), support::deny(expected));
            assert_eq!(told.line()["outcome"], "forbidden");
        }
    }
}

#[tokio::test]
async fn only_the_allowed_use() {
    let id_only = world(&[("PROVIDER_COGNITO__TOKEN_USE", "id")]).await;
    assert_eq!(reason(&id_only, &Token::id()).await, "allowed");
    assert_eq!(reason(&id_only, &Token::access()).await, "token_use_not_allowed");
    let access_only = world(&[("PROVIDER_COGNITO__TOKEN_USE", "ACCESS")]).await;
    assert_eq!(reason(&access_only, &Token::id()).await, "token_use_not_allowed");
    assert_eq!(reason(&access_only, &Token::access()).await, "allowed");
}

#[tokio::test]
async fn machine_tokens_only_where_they_are_switched_on() {
    let client = Pool::Primary.client();
    let machine = || Token::access().without("username").claim("sub", client).claim("scope", "pets/read");
    let off = world(&[]).await;
    assert_eq!(reason(&off, &machine()).await, "user_id_missing");
    assert_eq!(off.calls(), [1, 0, 0]);
    let on = world(&[("PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS", "on")]).await;
    let told = on.ask_with_token(&machine().sign()).await;
    assert_eq!(told.answer(), allow(client, "service"));
    // With a user's name it is a user's.
    assert_eq!(reason(&on, &machine().claim("username", client)).await, "user_id_missing");
}

#[tokio::test]
async fn the_user_id_can_be_another_claim() {
    let world = world(&[("USER_ID", "sub")]).await;
    let told = world.ask_with_token(&Token::access().sign()).await;
    assert_eq!(told.answer(), allow(SUBJECT, "user"));
    assert_eq!(world.calls(), [1, 0, 0]);
    // Nobody cares about the email then.
    assert_eq!(reason(&world, &Token::id().claim("email_verified", false)).await, "allowed");
}
