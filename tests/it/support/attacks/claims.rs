//! Claims as no pool writes them; signed by the pool, as if somebody had found a way to have that done.

use serde_json::json;
use smac_local::deployment::{EMAIL, Pool};
use smac_local::keys::Key;
use smac_local::token::{Token, Use, now, sign_raw};

use super::{Attack, header_json, with_token};

pub fn all() -> Vec<Attack> {
    let id = Token::id;
    let issuer = Pool::Primary.issuer();
    let mut attacks = Vec::new();
    for iss in [
        json!(null),
        json!([issuer]),
        json!({ "iss": issuer }),
        json!(format!("{issuer}/")),
        json!(format!(" {issuer}")),
        json!(issuer.to_uppercase()),
        json!(issuer.replace("https", "http")),
        json!(issuer.replace("https://", "https://user@")),
        json!(issuer.replace(".amazonaws.com", ".amazonaws.com.attacker.example")),
        json!(format!("https://attacker.example/?{issuer}")),
        json!(format!("{issuer}#")),
        json!(format!("{issuer}/../eu-west-1_Other")),
        json!(format!("{issuer}\u{0}")),
        json!("eu-west-1_DevPrimary"),
        json!(""),
    ] {
        attacks.push(with_token(format!("iss {iss}"), &id().claim("iss", iss).sign(), "issuer_unknown"));
    }
    for (claim, value, reason) in [
        ("exp", json!(now() - 1), "token_expired"),
        ("exp", json!(-1), "token_malformed"),
        ("exp", json!(1e300), "token_malformed"),
        ("exp", json!("9999999999"), "token_malformed"),
        ("exp", json!(true), "token_malformed"),
        ("exp", json!([now() + 60]), "token_malformed"),
        ("exp", json!(null), "token_malformed"),
        ("nbf", json!(now() + 60), "token_not_yet_valid"),
        ("nbf", json!(u64::MAX), "token_not_yet_valid"),
        ("nbf", json!(-1), "token_malformed"),
        ("iat", json!(now() + 3600), "token_not_yet_valid"),
        ("iat", json!("now"), "token_malformed"),
        ("token_use", json!("ID"), "token_use_not_allowed"),
        ("token_use", json!("id "), "token_use_not_allowed"),
        ("token_use", json!(["id"]), "token_use_not_allowed"),
        ("token_use", json!("refresh"), "token_use_not_allowed"),
        ("token_use", json!("access"), "client_not_allowed"),
        ("aud", json!([Pool::Primary.client()]), "client_not_allowed"),
        ("aud", json!(format!("{} ", Pool::Primary.client())), "client_not_allowed"),
        ("aud", json!(Pool::Primary.client().to_uppercase()), "client_not_allowed"),
        ("aud", json!("*"), "client_not_allowed"),
        ("aud", json!(""), "client_not_allowed"),
        ("email", json!(""), "user_id_missing"),
        ("email", json!([EMAIL]), "user_id_missing"),
        ("email", json!({ "email": EMAIL }), "user_id_missing"),
        ("email", json!(7), "user_id_missing"),
        ("email", json!(format!("{EMAIL}\r\nX-User: admin")), "user_id_invalid"),
        ("email", json!(format!("{EMAIL}\u{0}")), "user_id_invalid"),
        ("email", json!(format!("{EMAIL}\u{85}")), "user_id_invalid"),
        ("email", json!("x".repeat(513)), "user_id_invalid"),
        ("email_verified", json!(false), "user_id_not_verified"),
        ("email_verified", json!("TRUE"), "user_id_not_verified"),
        ("email_verified", json!(1), "user_id_not_verified"),
        ("email_verified", json!(null), "user_id_not_verified"),
        ("email_verified", json!([true]), "user_id_not_verified"),
    ] {
        let name = format!("{claim} {value:.40}");
        attacks.push(with_token(name, &id().claim(claim, value).sign(), reason));
    }
    let client = Pool::Primary.client();
    let with = |more: &str| {
        let exp = now() + 60;
        format!(r#"{{"iss":"{issuer}","aud":"{client}","token_use":"id","exp":{exp}{more}}}"#)
    };
    for (name, more) in [
        ("a claim twice", r#","email":"a@b.c","email":"jane@example.com""#),
        ("a claim in two spellings", r#","email":"a@b.c","\u0065mail":"jane@example.com""#),
        ("an issuer twice", r#","email":"a@b.c","iss":"x""#),
        ("not a JSON number", r#","email":"a@b.c","nbf":+0"#),
        ("a number with an exponent", r#","email":"a@b.c","nbf":0e0"#),
        ("a minus zero", r#","email":"a@b.c","nbf":-0"#),
        ("more than 64 bits", r#","email":"a@b.c","iat":18446744073709551616"#),
        ("half a pair", r#","email":"a@b.c","\ud800":1"#),
    ] {
        let token = sign_raw(Key::Primary, header_json().as_bytes(), with(more).as_bytes());
        attacks.push(with_token(name, &token, "token_malformed"));
    }
    let half = sign_raw(Key::Primary, header_json().as_bytes(), with(r#","email":"\ud800""#).as_bytes());
    attacks.push(with_token("half a pair in a claim", &half, "user_id_missing"));
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = format!(r#","deep":{}1{}"#, open.repeat(50_000), close.repeat(50_000));
        let token = sign_raw(Key::Forger, header_json().as_bytes(), with(&deep).as_bytes());
        attacks.push(with_token(format!("deep {open}"), &token, "signature_invalid"));
    }
    attacks
}

/// One pool's tokens where another's are asked for.
pub fn of_other_pools() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for (pool, other) in [(Pool::Primary, Pool::Secondary), (Pool::Secondary, Pool::Primary)] {
        let token = || Token::of(pool, Use::Id);
        for (name, token, reason) in [
            ("the other's client", token().claim("aud", other.client()), "client_not_allowed"),
            ("the other's key", token().signed_by(other.key()), "signature_invalid"),
            (
                "the other's key under its name",
                token().signed_by(other.key()).header("kid", other.key().kid()),
                "key_unknown",
            ),
            ("the other's issuer", token().claim("iss", other.issuer()), "key_unknown"),
            (
                "the other's issuer and key id",
                token().claim("iss", other.issuer()).header("kid", other.key().kid()),
                "signature_invalid",
            ),
            (
                "the other's issuer, key and key id",
                token().claim("iss", other.issuer()).header("kid", other.key().kid()).signed_by(other.key()),
                "client_not_allowed",
            ),
            (
                "an access token as an ID token",
                Token::of(pool, Use::Access).claim("token_use", "id"),
                "client_not_allowed",
            ),
            ("an ID token as an access token", token().claim("token_use", "access"), "client_not_allowed"),
        ] {
            attacks.push(with_token(format!("{} {name}", pool.name()), &token.sign(), reason));
        }
    }
    attacks
}
