//! Tokens like those of Cognito and of an OIDC issuer, and like those that somebody would like to pass for them.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::deployment::{AUDIENCE, EMAIL, Issuer, Pool, SUBJECT};
use crate::keys::{self, Algorithm, Key};

const LIFETIME_SECONDS: u64 = 3600;

/// A token to be: a header, claims, and who signs them.
#[derive(Clone, Debug)]
#[must_use]
pub struct Token {
    key: Key,
    algorithm: Algorithm,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
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

    pub fn of(issuer: impl Into<Issuer>, token_use: Use) -> Self {
        let issuer = issuer.into();
        let (header, claims) = match issuer.pool() {
            Some(pool) => (json!({}), of_pool(pool, token_use)),
            None => of_oidc(token_use),
        };
        let common = json!({
            "sub": SUBJECT,
            "iss": issuer.identifier(),
            "jti": "0e9bd1a8-7f27-4a53-9b5b-0d3ad3dcbb4e",
        });
        let key = issuer.key();
        let named = json!({ "kid": key.kid(), "alg": key.algorithm() });
        let [named, header, common, claims] =
            [named, header, common, claims].map(|value| value.as_object().cloned().unwrap_or_default());
        let header = named.into_iter().chain(header).collect();
        let claims = common.into_iter().chain(claims).collect();
        Self { key, algorithm: key.algorithm(), header, claims }.issued_at(now())
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

    /// The same, signed by this key with this algorithm; the header names both.
    pub fn using(mut self, key: Key, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self.signed_by(key).header("kid", key.kid()).header("alg", json!(algorithm))
    }

    /// The same, signed by somebody who is not the issuer, under the name of its key.
    pub fn forged(self) -> Self {
        let forger = self.key.forger();
        self.signed_by(forger)
    }

    /// The same, signed by another key; the header still names the same one.
    pub fn signed_by(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    pub fn sign(&self) -> String {
        let header = Value::Object(self.header.clone()).to_string();
        let claims = Value::Object(self.claims.clone()).to_string();
        compact(self.key, self.algorithm, header.as_bytes(), claims.as_bytes())
    }
}

fn of_pool(pool: Pool, token_use: Use) -> Value {
    let groups = json!(["readers", "writers"]);
    let event = "2b6b53b2-3e4e-4a34-8f4b-6a34d4a5f0a7";
    let origin = "5f4a3c9d-11c2-4f4e-9c41-27f3f9f0b6f1";
    match token_use {
        Use::Id => json!({
            "cognito:groups": groups,
            "event_id": event,
            "origin_jti": origin,
            "aud": pool.client(),
            "token_use": "id",
            "email": EMAIL,
            "email_verified": true,
            "cognito:username": "jane",
            "name": "Jane Doe",
        }),
        Use::Access => json!({
            "cognito:groups": groups,
            "event_id": event,
            "origin_jti": origin,
            "client_id": pool.client(),
            "token_use": "access",
            "scope": "openid email profile",
            "username": "jane",
            "version": 2,
        }),
    }
}

/// Header and claims. An access token is for the API, as RFC 9068 has it, and an ID token for the client alone (OpenID
/// Connect Core 1.0, section 2).
fn of_oidc(token_use: Use) -> (Value, Value) {
    let client = Issuer::Dev.client();
    let groups = json!(["readers", "writers"]);
    match token_use {
        Use::Id => {
            let claims = json!({
                "aud": client,
                "azp": client,
                "groups": groups,
                "email": EMAIL,
                "email_verified": true,
                "name": "Jane Doe",
            });
            (json!({ "typ": "JWT" }), claims)
        }
        Use::Access => {
            let scope = "openid email profile";
            (
                json!({ "typ": "at+jwt" }),
                json!({ "aud": AUDIENCE, "client_id": client, "groups": groups, "scope": scope }),
            )
        }
    }
}

/// The compact form of any header and claims, with a valid signature by the key's own algorithm.
pub fn sign_raw(key: Key, header: &[u8], claims: &[u8]) -> String {
    compact(key, key.algorithm(), header, claims)
}

fn compact(key: Key, algorithm: Algorithm, header: &[u8], claims: &[u8]) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    format!("{message}.{}", keys::sign_with(key, algorithm, message.as_bytes()))
}

/// In seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
