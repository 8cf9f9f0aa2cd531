//! Tokens that are not a compact JWS, or are one in another spelling.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use smac_local::keys::Key;
use smac_local::token::{Token, sign_raw};

use super::{Attack, attack, header_json, segments, with_token};
use crate::support::request;

pub fn all() -> Vec<Attack> {
    let good = Token::id().sign();
    let [header, claims, signature] = segments(&good);
    let flattened = json!({ "payload": claims, "protected": header, "signature": signature }).to_string();
    let general =
        json!({ "payload": claims, "signatures": [{ "protected": header, "signature": signature }] }).to_string();
    let mut attacks = vec![
        with_token("JSON, flattened", &flattened, "credentials_ambiguous"),
        with_token("JSON, general", &general, "credentials_ambiguous"),
    ];
    let is_last_bit_spare = |segment: &str| !segment.len().is_multiple_of(4);
    assert!(is_last_bit_spare(signature));
    for (name, token) in [
        ("a JWE", format!("{header}.{claims}.{signature}.{claims}.{signature}")),
        ("detached claims", format!("{header}..{signature}")),
        ("two tokens", format!("{good}.{good}")),
        ("padding", format!("{good}==")),
        ("padding within", format!("{header}=.{claims}.{signature}")),
        ("standard base64", format!("{header}.{claims}.{}+/", &signature[..signature.len() - 2])),
        ("percent-encoding", good.replace('.', "%2E")),
        ("a zero byte", format!("{good}\u{0}")),
        ("a zero byte within", format!("{header}.{claims}\u{0}.{signature}")),
        ("another dot", good.replace('.', "\u{ff0e}")),
        ("other letters", good.replace('e', "\u{435}")),
        ("quotes", format!("\"{good}\"")),
        ("a leading dot", format!(".{good}")),
        ("dots alone", "..".to_owned()),
        ("many dots", ".".repeat(10_000)),
        ("no claims", format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(""))),
        ("claims that are a list", sign_raw(Key::Primary, header_json().as_bytes(), b"[]")),
        ("claims that are a string", sign_raw(Key::Primary, header_json().as_bytes(), b"\"x\"")),
        ("claims that are not JSON", sign_raw(Key::Primary, header_json().as_bytes(), b"{")),
        ("claims with a tail", sign_raw(Key::Primary, header_json().as_bytes(), b"{}x")),
        ("claims that are not UTF-8", sign_raw(Key::Primary, header_json().as_bytes(), b"{\"iss\":\"\xff\"}")),
        ("claims with a comment", sign_raw(Key::Primary, header_json().as_bytes(), b"{}//")),
    ] {
        attacks.push(with_token(name, &token, "token_malformed"));
    }
    for (name, value) in [
        ("another scheme", format!("Basic {good}")),
        ("no scheme", good.clone()),
        ("a scheme without a token", "Bearer".to_owned()),
        ("another space", format!("Bearer\u{a0}{good}")),
        ("a line end", format!("Bearer {header}.\r\n {claims}.{signature}")),
        ("two schemes", format!("Bearer Bearer {good}")),
        ("a scheme in quotes", format!("\"Bearer\" {good}")),
    ] {
        attacks.push(attack(name, request(&json!({ "Authorization": value })), "token_malformed"));
    }
    attacks
}
