//! Tokens like those of Cognito, and like those that somebody would like to pass for them.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::deployment::{EMAIL, Pool, SUBJECT};
use crate::keys::{self, Key};

const LIFETIME_SECONDS: u64 = 3600;

/// A token to be: a header, claims, and who signs them.
#[derive(Clone, Debug)]
#[must_use]
pub struct Token {
    key: Key,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Use {
    Id,
    Access,
}

impl Token {
    /// A user's token of the first pool, valid from now on for an hour.
    pub fn new(token_use: Use) -> Self {
        Self::of(Pool::Primary, token_use)
    }

    pub fn id() -> Self {
        Self::new(Use::Id)
    }

    /// An access token of the first pool. It has no email; userInfo and `GetUser` know it.
    pub fn access() -> Self {
        Self::new(Use::Access)
    }

    pub fn of(pool: Pool, token_use: Use) -> Self {
        let claims = match token_use {
            Use::Id => json!({
                "aud": pool.client(),
                "token_use": "id",
                "email": EMAIL,
                "email_verified": true,
                "cognito:username": "jane",
                "name": "Jane Doe",
            }),
            Use::Access => json!({
                "client_id": pool.client(),
                "token_use": "access",
                "scope": "openid email profile",
                "username": "jane",
                "version": 2,
            }),
        };
        let common = json!({
            "sub": SUBJECT,
            "iss": pool.issuer(),
            "cognito:groups": ["readers", "writers"],
            "event_id": "2b6b53b2-3e4e-4a34-8f4b-6a34d4a5f0a7",
            "origin_jti": "5f4a3c9d-11c2-4f4e-9c41-27f3f9f0b6f1",
            "jti": "0e9bd1a8-7f27-4a53-9b5b-0d3ad3dcbb4e",
        });
        let header = json!({ "kid": pool.key().kid(), "alg": "RS256" });
        let [header, common, claims] =
            [header, common, claims].map(|value| value.as_object().cloned().unwrap_or_default());
        Self { key: pool.key(), header, claims: common.into_iter().chain(claims).collect() }.issued_at(now())
    }

    /// The same, issued at this time (seconds since 1970).
    pub fn issued_at(self, time: u64) -> Self {
        self.claim("auth_time", time).claim("iat", time).claim("exp", time.saturating_add(LIFETIME_SECONDS))
    }

    /// The same, issued so much earlier that it has been over for an hour.
    pub fn expired(self) -> Self {
        let time = self.claims.get("iat").and_then(Value::as_u64).unwrap_or_default();
        self.issued_at(time.saturating_sub(2 * LIFETIME_SECONDS))
    }

    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// The same with another value in the header; `null` takes it away.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self.header.retain(|_, value| !value.is_null());
        self
    }

    /// The same, signed by somebody who is not the pool, under the name of its key.
    pub fn forged(self) -> Self {
        self.signed_by(Key::Forger)
    }

    /// The same, signed by another key; the header still names the same one.
    pub fn signed_by(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    pub fn sign(&self) -> String {
        let header = Value::Object(self.header.clone()).to_string();
        let claims = Value::Object(self.claims.clone()).to_string();
        sign_raw(self.key, header.as_bytes(), claims.as_bytes())
    }
}

/// The compact form of any header and claims, with a valid RS256 signature.
pub fn sign_raw(key: Key, header: &[u8], claims: &[u8]) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    format!("{message}.{}", keys::sign(key, message.as_bytes()))
}

/// In seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
