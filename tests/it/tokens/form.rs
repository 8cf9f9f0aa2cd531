//! The form of a token: one strict spelling.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use smac_local::deployment::Pool;
use smac_local::keys::Key;
use smac_local::token::{Token, now, sign_raw};

use crate::support::world;

#[tokio::test]
async fn the_form_is_strict() {
    let world = world(&[]).await;
    let good = Token::id().sign();
    let (header, rest) = good.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    // The last character of a 256-byte signature has two spare bits.
    let mut stray = signature.to_owned();
    let last = stray.pop().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let index = alphabet.find(last).unwrap();
    stray.push(alphabet.as_bytes()[index ^ 1] as char);
    for token in [
        "x".to_owned(),
        "..".to_owned(),
        format!("{header}.{claims}"),
        format!("{good}."),
        format!("{good}.{signature}"),
        format!(".{good}"),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{good}="),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims}.{}", signature.replace(['-', '_'], "+")),
        format!("{header}.{claims}.{stray}"),
        format!("{header}.{claims}.{signature}AAA"),
        format!("{}.{claims}.{signature}", URL_SAFE_NO_PAD.encode("[]")),
        format!("{}.{claims}.{signature}", URL_SAFE_NO_PAD.encode("\"RS256\"")),
        format!("{}.{claims}.{signature}", URL_SAFE_NO_PAD.encode("{}{}")),
        format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode("null")),
        format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode([0xff, 0xfe])),
        format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode("{\"a\":1,\"\\u0061\":2}")),
    ] {
        assert_eq!(world.ask_with_token(&token).await.reason(), "token_malformed", "{token}");
    }
    assert_eq!(world.calls(), [0, 0, 0]);
    // An empty signature is one, of no key.
    assert_eq!(world.ask_with_token(&format!("{header}.{claims}.")).await.reason(), "signature_invalid");
    assert_eq!(world.ask_with_token(&good).await.reason(), "allowed");
}

#[tokio::test]
async fn no_name_comes_twice_however_many_there_are() {
    let world = world(&[]).await;
    let claims = |extra: &str| {
        let iss = Pool::Primary.issuer();
        let (aud, exp) = (Pool::Primary.client(), now() + 60);
        format!(r#"{{"iss":"{iss}","aud":"{aud}","token_use":"id","exp":{exp},"email":"a@b.c"{extra}}}"#)
    };
    let header = format!(r#"{{"alg":"RS256","kid":"{}"}}"#, Key::Primary.kid());
    let many: String = (0..2000).map(|n| format!(r#","n{n}":{n}"#)).collect();
    for (header, claims, expected) in [
        (header.clone(), claims(""), "allowed"),
        (header.clone(), claims(&many), "allowed"),
        (header.clone(), claims(r#","email":"a@b.c""#), "token_malformed"),
        (header.clone(), claims(&format!(r#"{many},"n7":7"#)), "token_malformed"),
        (header.replace('}', r#","alg":"RS256"}"#), claims(""), "token_malformed"),
        // Of nested objects that is their own business.
        (header.clone(), claims(r#","x":{"a":1,"a":2}"#), "allowed"),
    ] {
        let token = sign_raw(Key::Primary, header.as_bytes(), claims.as_bytes());
        assert_eq!(world.ask_with_token(&token).await.reason(), expected, "{header} {:.200}", claims);
    }
}

/// A second opinion: what we allow, the field's library verifies, and the other way round.
#[tokio::test]
async fn the_library_agrees_about_signatures() {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
    let world = world(&[]).await;
    let jwk = serde_json::from_value(Key::Primary.jwk()).unwrap();
    let key = DecodingKey::from_jwk(&jwk).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_aud = false;
    let good = Token::id().sign();
    for position in (0..good.len()).step_by(17) {
        let mut mutated = good.clone().into_bytes();
        mutated[position] = if mutated[position] == b'A' { b'B' } else { b'A' };
        let mutated = String::from_utf8(mutated).unwrap();
        let theirs = decode::<Value>(&mutated, &key, &validation).is_ok();
        assert!(!theirs, "{position}");
        assert_ne!(world.ask_with_token(&mutated).await.reason(), "allowed", "{position}");
    }
    assert!(decode::<Value>(&good, &key, &validation).is_ok());
    assert_eq!(world.ask_with_token(&good).await.reason(), "allowed");
}
