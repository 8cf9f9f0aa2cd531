//! Key sets: which keys are usable, and how rotation, invented kids and outages go.

use serde_json::{Value, json};
use smac_lambda_authorizer::tools::{Algorithm, KeySet, KeySetError};
use smac_local::deployment::Pool;
use smac_local::keys::Key;
use smac_local::stand_ins::{Fault, Upstream};
use smac_local::token::Token;

use crate::support::{POOLS, fault, world};

fn jwk_with(name: &str, value: Value) -> Value {
    let mut jwk = Key::Primary.jwk();
    jwk[name] = value;
    jwk
}

fn parse(keys: &Value) -> Result<KeySet, KeySetError> {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes(), &[Algorithm::Rs256])
}

/// The largest number of so many bits, which is odd.
fn modulus(bits: u32) -> String {
    let mut bytes = vec![0xff_u8; bits.div_ceil(8) as usize];
    bytes[0] >>= bytes.len() as u32 * 8 - bits;
    base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes)
}

#[test]
fn usable_keys_and_others() {
    let kid = Key::Primary.kid();
    let small = "x".repeat(170); // 1020 bits
    for (name, value, is_usable) in [
        ("x", json!(1), true),
        ("use", Value::Null, true),
        ("use", json!("enc"), false),
        ("key_ops", json!(["sign", "verify"]), true),
        ("key_ops", json!(["sign"]), false),
        ("key_ops", json!([]), false),
        ("alg", Value::Null, true),
        ("alg", json!("RS512"), false),
        ("alg", json!("PS256"), false),
        ("alg", json!("something new"), false),
        ("kty", json!("EC"), false),
        ("kty", json!("oct"), false),
        ("kid", Value::Null, false),
        ("kid", json!(""), false),
        ("n", json!(small), false),
        ("n", json!(format!("AAAA{small}")), false),
        ("n", json!(modulus(2047)), false),
        ("n", json!(modulus(2048)), true),
        ("n", json!(modulus(8190)), true),
        ("n", json!(modulus(8192)), true),
        ("n", json!(modulus(8193)), false),
        ("n", json!(""), false),
        ("n", json!("=="), false),
        ("e", json!("AQ"), false), // 1: anything would be a signature
        ("e", json!("AA"), false), // 0
        ("e", json!("BA"), false), // 4
        ("e", json!("Aw"), true),  // 3
        ("e", json!("____________"), false),
        ("e", json!(""), false),
    ] {
        let found = parse(&json!([jwk_with(name, value.clone())])).map(|set| set.find(kid, Algorithm::Rs256).is_some());
        let expected = if is_usable { Ok(true) } else { Err(KeySetError::NoUsableKey) };
        assert_eq!(found, expected, "{name} {value}");
    }
}

#[test]
fn unusable_keys_are_skipped_and_the_first_of_one_kid_counts() {
    let kid = Key::Primary.kid();
    let mut other = Key::Secondary.jwk();
    other["kid"] = kid.into();
    let set = parse(&json!([1, null, {}, jwk_with("use", json!("enc")), Key::Primary.jwk(), other])).unwrap();
    let token = Token::id().sign();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, signature).unwrap();
    assert!(set.find(kid, Algorithm::Rs256).unwrap().has_signed(message.as_bytes(), &signature));
    assert!(set.find("another", Algorithm::Rs256).is_none());
    for text in ["", "[]", "{}", "{\"keys\": 1}", "{\"keys\": []} x", "null"] {
        assert_eq!(KeySet::parse(text.as_bytes(), &[Algorithm::Rs256]).err(), Some(KeySetError::Malformed), "{text}");
    }
    assert_eq!(parse(&json!([])).err(), Some(KeySetError::NoUsableKey));
}

#[tokio::test]
async fn they_are_fetched_side_by_side_at_the_start_and_not_again() {
    let world = world(&[]).await;
    world.warm_up().await;
    assert_eq!(world.calls(), [2, 0, 0]);
    let told = world.ask_with_token(&Token::id().sign()).await;
    assert_eq!((told.reason(), world.calls()), ("allowed", [2, 0, 0]));
    // The first decision's metrics hold the start's calls, and no later one's.
    assert_eq!(told.line()["KeySetFetches"], 2);
    assert_eq!(told.line()["lookups"], json!({ "keySet": "fresh" }));
    let told = world.ask_with_token(&Token::id().sign()).await;
    assert_eq!(told.line()["KeySetFetches"], 0);
}

#[tokio::test]
async fn a_failure_at_the_start_is_made_good_when_it_matters() {
    let world = world(&[]).await;
    world.stand_ins.fail(Upstream::KeySet, 4, Fault::Status(503, json!({})));
    world.warm_up().await;
    assert_eq!(world.calls(), [4, 0, 0]);
    let token = Token::id().sign();
    let told = world.ask_with_token(&token).await;
    assert_eq!((told.reason(), told.answer()), ("jwks_unavailable", fault("jwks_unavailable")));
    assert_eq!(
        (told.line()["KeySetFetches"].clone(), told.line()["FetchFailures"].clone()),
        (json!(4), json!(4)),
        "the start's"
    );
    world.pass(1);
    let told = world.ask_with_token(&token).await;
    assert_eq!((told.reason(), told.line()["KeySetFetches"].clone()), ("allowed", json!(1)));
}

#[tokio::test]
async fn a_rotated_key_works_at_once_also_right_after_an_ordinary_fetch() {
    let world = world(&[]).await;
    assert_eq!(world.ask_with_token(&Token::id().sign()).await.reason(), "allowed");
    let rotated = Token::id().signed_by(Key::Forger).header("kid", Key::Forger.kid()).sign();
    world.stand_ins.set_key_set(Pool::Primary, json!({ "keys": [Key::Forger.jwk(), Key::Primary.jwk()] }));
    let told = world.ask_with_token(&rotated).await;
    assert_eq!((told.reason(), world.calls()), ("allowed", [2, 0, 0]));
    assert_eq!(told.line()["lookups"]["keySet"], "fetched");
}

#[tokio::test]
async fn invented_kids_cost_two_fetches_at_most_in_ten_seconds() {
    let world = world(&[]).await;
    for number in 0..500 {
        let token = Token::id().header("kid", format!("invented-{number}")).sign();
        assert_eq!(world.ask_with_token(&token).await.reason(), "key_unknown");
    }
    assert_eq!(world.calls(), [2, 0, 0]);
    assert_eq!(world.ask_with_token(&Token::id().sign()).await.reason(), "allowed");
    world.pass(10);
    let told = world.ask_with_token(&Token::id().header("kid", "invented").sign()).await;
    assert_eq!((told.reason(), world.calls()), ("key_unknown", [3, 0, 0]));
}

#[tokio::test]
async fn an_unknown_kid_is_our_fault_while_the_key_set_cannot_be_had() {
    let world = world(&[]).await;
    let good = Token::id().claim("exp", smac_local::token::now() + 1_000_000).sign();
    assert_eq!(world.ask_with_token(&good).await.reason(), "allowed");
    world.stand_ins.fail(Upstream::KeySet, 99, Fault::Status(404, json!({})));
    let unknown = Token::id().header("kid", "invented").sign();
    assert_eq!(world.ask_with_token(&unknown).await.reason(), "jwks_unavailable");
    assert_eq!(world.calls(), [2, 0, 0]);
    // Others are served, from the old set also when it is no longer fresh, but not for ever.
    assert_eq!(world.ask_with_token(&good).await.reason(), "allowed");
    world.pass(3600);
    let told = world.ask_with_token(&good).await;
    assert_eq!((told.reason(), told.line()["lookups"]["keySet"].clone()), ("allowed", json!("stale")));
    assert_eq!(told.line()["FetchFailures"], 1);
    world.pass(24 * 3600 - 3605);
    assert_eq!(world.ask_with_token(&good).await.reason(), "allowed");
    world.pass(10);
    assert_eq!(world.ask_with_token(&good).await.reason(), "jwks_unavailable");
    world.stand_ins.recover(Upstream::KeySet);
    world.pass(30);
    assert_eq!(world.ask_with_token(&good).await.reason(), "allowed");
    assert_eq!(world.ask_with_token(&unknown).await.reason(), "key_unknown");
}

#[tokio::test]
async fn a_key_set_without_a_usable_key_is_a_failed_lookup() {
    for fault in [
        Fault::Status(200, json!({ "keys": [] })),
        Fault::Status(200, json!({ "keys": [{ "kty": "EC" }] })),
        Fault::Garbage,
        Fault::Empty,
        Fault::Redirect,
        Fault::Status(403, json!({})),
        Fault::Status(404, Key::Primary.key_set()),
    ] {
        let world = world(&[]).await;
        world.stand_ins.fail(Upstream::KeySet, 9, fault.clone());
        assert_eq!(world.ask_with_token(&Token::id().sign()).await.reason(), "jwks_unavailable", "{fault:?}");
        assert_eq!(world.calls(), [1, 0, 0], "{fault:?}");
    }
}

#[tokio::test]
async fn configured_keys_need_no_network_until_they_must() {
    let name = format!("{POOLS}__PRIMARY__JWKS");
    let key_set = Key::Primary.key_set().to_string();
    let world = world(&[
        (name.as_str(), key_set.as_str()),
        (&format!("{POOLS}__SECONDARY__USERPOOL_ID"), ""),
        (&format!("{POOLS}__SECONDARY__APP_CLIENT_ID"), ""),
        (&format!("{POOLS}__SECONDARY__DOMAIN"), ""),
    ])
    .await;
    world.warm_up().await;
    let told = world.ask_with_token(&Token::id().sign()).await;
    assert_eq!((told.reason(), world.calls()), ("allowed", [0, 0, 0]));
    assert_eq!(world.ask_with_token(&Token::id().header("kid", "invented").sign()).await.reason(), "key_unknown");
    assert_eq!(world.calls(), [1, 0, 0]);
    world.pass(3600);
    let token = Token::id().claim("exp", smac_local::token::now() + 10_000).sign();
    assert_eq!(world.ask_with_token(&token).await.reason(), "allowed");
    assert_eq!(world.calls(), [2, 0, 0]);
}

#[tokio::test]
async fn sixty_four_at_once_cost_one_fetch() {
    let world = std::sync::Arc::new(world(&[]).await);
    let token = Token::id().sign();
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (world, token) = (std::sync::Arc::clone(&world), token.clone());
            tokio::spawn(async move { world.ask_with_token(&token).await.reason() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "allowed");
    }
    assert_eq!(world.calls(), [1, 0, 0]);
}
