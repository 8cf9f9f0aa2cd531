//! Attacks, each with the reason for which it is refused, and public test vectors for signatures.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use smac_lambda_authorizer::tools::{Algorithm, KeySet};
use smac_local::deployment::{Pool, SERVICE_TOKEN};
use smac_local::keys::Key;
use smac_local::token::{Token, sign_raw};

use crate::support::{self, POOLS, UNAUTHORIZED, attacks, world};

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

/// Keys in a key set that are no good: nobody gets in by them, and a good one beside them works.
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

/// Whether a compact JWS holds by the keys of a set: form, algorithm, key and signature, by the way that tokens go.
fn holds(set: &KeySet, jws: &str) -> bool {
    let segments: Vec<&str> = jws.split('.').collect();
    let [header, payload, signature] = segments[..] else {
        return false;
    };
    let (Ok(header_json), Ok(_), Ok(signature)) =
        (URL_SAFE_NO_PAD.decode(header), URL_SAFE_NO_PAD.decode(payload), URL_SAFE_NO_PAD.decode(signature))
    else {
        return false;
    };
    let Ok(Value::Object(header_json)) = serde_json::from_slice(&header_json) else {
        return false;
    };
    let kid = header_json.get("kid").and_then(Value::as_str).unwrap_or_default();
    header_json.get("alg").is_some_and(|alg| alg == "RS256")
        && set
            .find(kid, Algorithm::Rs256)
            .is_some_and(|key| key.has_signed(format!("{header}.{payload}").as_bytes(), &signature))
}

fn vectors(file: &str) -> Value {
    let path = format!("{}/tests/it/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Project Wycheproof's cases for JSON web signatures with RSA keys. Those for other algorithms than RS256 must be
/// refused, even where the signature is a valid one.
#[tokio::test]
async fn wycheproofs_json_web_signatures() {
    let vectors = vectors("wycheproof-json-web-signature.json");
    let (mut allowed, mut refused) = (0, 0);
    for group in vectors["testGroups"].as_array().unwrap() {
        let key = &group["public"];
        let is_ours = key["alg"] == "RS256";
        assert_eq!(
            KeySet::parse(json!({ "keys": [key] }).to_string().as_bytes(), &[Algorithm::Rs256]).is_ok(),
            is_ours
        );
        // Beside a key of ours, since a configured set without a usable one is a mistake.
        let set = json!({ "keys": [key, Key::Primary.jwk()] }).to_string();
        let jwks = format!("{POOLS}__PRIMARY__JWKS");
        let world = world(&[(jwks.as_str(), set.as_str())]).await;
        let set = KeySet::parse(set.as_bytes(), &[Algorithm::Rs256]).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let (id, jws) = (&test["tcId"], test["jws"].as_str().unwrap());
            let is_valid = is_ours && test["result"] == "valid";
            assert_eq!(holds(&set, jws), is_valid, "{id} {}", test["comment"]);
            // None of them holds claims, so none gets in, whatever its signature.
            let reason = world.ask_with_token(jws).await.reason();
            assert_ne!(reason, "allowed", "{id}");
            assert!(!["internal_error", "event_unsupported"].contains(&reason), "{id} {reason}");
            if is_valid { allowed += 1 } else { refused += 1 }
        }
    }
    assert_eq!((allowed, refused), (8, 310));
}

/// Project Wycheproof's cases for RSA signatures of 2048 bits with SHA-256: paddings and encodings that a lenient
/// verifier takes.
#[test]
fn wycheproofs_rsa_signatures() {
    let vectors = vectors("wycheproof-rsa-2048-sha256.json");
    let bytes = |hex: &Value| -> Vec<u8> {
        let hex = hex.as_str().unwrap();
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    };
    let mut counts = [0, 0];
    for group in vectors["testGroups"].as_array().unwrap() {
        let set =
            KeySet::parse(json!({ "keys": [group["public"]] }).to_string().as_bytes(), &[Algorithm::Rs256]).unwrap();
        let key = set.find(group["public"]["kid"].as_str().unwrap(), Algorithm::Rs256).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let is_valid = test["result"] == "valid";
            assert_eq!(key.has_signed(&bytes(&test["msg"]), &bytes(&test["sig"])), is_valid, "{}", test["tcId"]);
            counts[usize::from(is_valid)] += 1;
        }
    }
    assert_eq!(counts, [250, 9]);
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
