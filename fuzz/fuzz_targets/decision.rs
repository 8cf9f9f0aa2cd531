//! Any event and any token against fixed keys: nobody is allowed for whom the keys and the rules do not vouch.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use smac_lambda_authorizer_fuzz::{decide, vouched_for};
use smac_local::deployment::Pool;
use smac_local::keys::Key;
use smac_local::token::{Token, Use, sign_raw};

#[derive(arbitrary::Arbitrary, Debug)]
enum Input<'a> {
    /// An event as it is.
    Event(&'a str),
    /// A header's value as it is.
    Header(&'a str),
    /// A header and claims as they are, signed by a key of the pool or by nobody's.
    Signed { header: &'a [u8], claims: &'a [u8], by: u8 },
    /// A good token with other values of some claims.
    Claims { is_access: bool, is_secondary: bool, claims: Vec<(Name, &'a str)>, by: u8 },
    /// A good token with some of its bytes changed.
    Changed { at: Vec<(u16, u8)> },
}

#[derive(arbitrary::Arbitrary, Debug)]
enum Name {
    Alg,
    Kid,
    Iss,
    Aud,
    ClientId,
    TokenUse,
    Exp,
    Nbf,
    Iat,
    Email,
    EmailVerified,
    Sub,
    Scope,
    Username,
}

fn key(by: u8) -> Key {
    match by % 4 {
        0 | 1 => Key::Primary,
        2 => Key::Secondary,
        _ => Key::Forger,
    }
}

fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

fuzz_target!(|input: Input<'_>| {
    let with_header = |value: &str| {
        json!({
            "type": "REQUEST",
            "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/",
            "headers": { "Authorization": value },
        })
    };
    let (event, token) = match input {
        Input::Event(text) => (text.to_owned(), None),
        Input::Header(value) => (with_header(value).to_string(), None),
        Input::Signed { header, claims, by } => {
            let token = sign_raw(key(by), header, claims);
            (with_header(&format!("Bearer {token}")).to_string(), Some(token))
        }
        Input::Claims { is_access, is_secondary, claims, by } => {
            let pool = if is_secondary { Pool::Secondary } else { Pool::Primary };
            let mut token = Token::of(pool, if is_access { Use::Access } else { Use::Id });
            if by % 4 != 0 {
                token = token.signed_by(key(by));
            }
            for (name, value) in claims {
                let value = json_or_text(value);
                token = match name {
                    Name::Alg => token.header("alg", value),
                    Name::Kid => token.header("kid", value),
                    Name::Iss => token.claim("iss", value),
                    Name::Aud => token.claim("aud", value),
                    Name::ClientId => token.claim("client_id", value),
                    Name::TokenUse => token.claim("token_use", value),
                    Name::Exp => token.claim("exp", value),
                    Name::Nbf => token.claim("nbf", value),
                    Name::Iat => token.claim("iat", value),
                    Name::Email => token.claim("email", value),
                    Name::EmailVerified => token.claim("email_verified", value),
                    Name::Sub => token.claim("sub", value),
                    Name::Scope => token.claim("scope", value),
                    Name::Username => token.claim("username", value),
                };
            }
            let token = token.sign();
            (with_header(&format!("Bearer {token}")).to_string(), Some(token))
        }
        Input::Changed { at } => {
            let mut token = Token::id().sign().into_bytes();
            for (at, by) in at {
                let length = token.len();
                token[usize::from(at) % length] ^= by & 0x7f;
            }
            let token = String::from_utf8_lossy(&token).into_owned();
            (with_header(&format!("Bearer {token}")).to_string(), Some(token))
        }
    };
    let Some(user_id) = decide(&event) else { return };
    let token = token.or_else(|| smac_lambda_authorizer_fuzz::token_in(&event)).expect("allowed without a token");
    assert_eq!(vouched_for(&token).as_deref(), Some(user_id.as_str()), "allowed, and nobody vouches for it");
});
