//! Attacks, each with the reason for which it is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use smac_local::deployment::{Pool, SERVICE_TOKEN};
use smac_local::keys::Key;
use smac_local::token::{Token, sign_raw};

use crate::support::{self, UNAUTHORIZED, attacks, world};

#[tokio::test]
async fn none_is_allowed_and_none_is_a_fault() {
    let world = world(&[]).await;
    world.warm_up().await;
    let corpus = attacks::corpus();
    assert!(corpus.len() > 300, "{}", corpus.len());
    for attacks::Attack { name, event, reason } in &corpus {
        let told = world.ask(event).await;
        assert_eq!((told.reason(), told.answer()), (*reason, json!(UNAUTHORIZED)), "{name}");
    }
    // And a valid credential is accepted, still.
    assert_eq!(world.ask_with_token(&Token::id().sign()).await.reason(), "allowed");
    assert_eq!(world.ask_as_service().await.reason(), "allowed");
    // Invented kids cost one fetch a pool beside that of the start, and nobody was asked about a forged token.
    let [key_sets, user_infos, _] = world.calls();
    assert!(key_sets <= 4 && user_infos == 0, "{:?}", world.calls());
}

/// With every kind of API the same.
#[tokio::test]
async fn no_kind_of_api_is_weaker() {
    let world = world(&[]).await;
    for attacks::Attack { name, event, reason } in attacks::corpus() {
        let is_plain_header = event["type"] == "REQUEST"
            && event.get("version").is_none()
            && event.get("multiValueHeaders").is_none()
            && event.get("queryStringParameters").is_none();
        let Some(headers) = event["headers"].as_object().filter(|_| is_plain_header) else {
            continue;
        };
        let websocket = json!({
            "type": "REQUEST",
            "methodArn": support::ARN.replace("GET/pets/42", "$connect"),
            "headers": headers,
            "requestContext": { "eventType": "CONNECT", "connectionId": "c" },
        });
        let v1 = json!({ "version": "1.0", "type": "REQUEST", "methodArn": support::ARN, "headers": headers });
        let v2 = json!({ "version": "2.0", "type": "REQUEST", "routeArn": support::ARN, "headers": headers });
        for event in [websocket, v1, v2] {
            assert_eq!(world.ask(&event).await.reason(), reason, "{name} {}", event["version"]);
        }
        if let Some(token) = headers.get("Authorization").filter(|_| headers.len() == 1) {
            let event = json!({ "type": "TOKEN", "methodArn": support::ARN, "authorizationToken": token });
            assert_eq!(world.ask(&event).await.reason(), reason, "{name} as TOKEN");
        }
    }
}

/// Nesting that would overflow the stack of a reader that recurses; the pool itself signed it.
#[tokio::test]
async fn depth_harms_nobody() {
    let world = world(&[("CONTEXT_CLAIMS", "deep")]).await;
    for (depth, expected) in [(3, "allowed"), (100_000, "context_too_large")] {
        let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let claims = json!({
            "iss": Pool::Primary.issuer(), "aud": Pool::Primary.client(), "token_use": "id",
            "exp": smac_local::token::now() + 60, "email": "a@b.c", "email_verified": true,
        });
        let claims = claims.to_string().replacen('{', &format!("{{\"deep\":{deep},"), 1);
        let header = json!({ "alg": "RS256", "kid": Key::Primary.kid() }).to_string();
        let token = sign_raw(Key::Primary, header.as_bytes(), claims.as_bytes());
        assert_eq!(world.ask_with_token(&token).await.reason(), expected, "{depth}");
    }
}

/// Keys in a key set that are not usable: nobody gets in by them, and a good one beside them works.
#[tokio::test]
async fn odd_keys_verify_nothing() {
    let odd = |name: &str, value: Value| {
        let mut jwk = Key::Forger.jwk();
        jwk[name] = value;
        jwk
    };
    let small = rsa_jwk_of(&[0xb5; 128]);
    let sets = [
        odd("kty", json!("oct")),
        odd("kty", json!("EC")),
        odd("use", json!("enc")),
        odd("alg", json!("RS384")),
        odd("alg", json!("HS256")),
        odd("key_ops", json!(["encrypt"])),
        odd("e", json!("AQ")),
        odd("e", json!("AA")),
        odd("n", json!("AA")),
        odd("n", json!("not base64!")),
        odd("kid", json!(7)),
        small,
        json!(null),
        json!("key"),
        json!({}),
    ];
    let world = world(&[]).await;
    for (number, key) in sets.into_iter().enumerate() {
        world.stand_ins.set_key_set(Pool::Primary, json!({ "keys": [key, Key::Primary.jwk()] }));
        world.pass(3600);
        let late = Token::id().issued_at(smac_local::token::now() + 3600 * (number as u64 + 1) - 30);
        let forged = late.clone().signed_by(Key::Forger).header("kid", Key::Forger.kid());
        assert_eq!(world.ask_with_token(&forged.sign()).await.reason(), "key_unknown", "{number}");
        assert_eq!(world.ask_with_token(&late.sign()).await.reason(), "allowed", "{number}");
    }
}

fn rsa_jwk_of(modulus: &[u8]) -> Value {
    json!({ "kty": "RSA", "kid": Key::Forger.kid(), "n": URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB" })
}

/// A secret that is compared must be the whole secret: no prefix, no hash of it, no JSON around it.
#[tokio::test]
async fn every_prefix_of_a_service_token_is_refused() {
    let world = world(&[]).await;
    for length in 1..SERVICE_TOKEN.len() {
        let told = world.ask_with_pair(smac_local::deployment::SERVICE, &SERVICE_TOKEN[..length]).await;
        assert_eq!(told.reason(), "service_token_mismatch", "{length}");
    }
    assert_eq!(world.ask_as_service().await.reason(), "allowed");
}
