//! Without a network: one stand-in on loopback plays every upstream of a deployment, for one credential.
//!
//! The token's header and claims are judged as they are. Its signature can't be, unless the settings hold the key:
//! so the token is signed again, by a key of ours, which the stand-in publishes under the name that the token gives.
//! Whatever the stand-in says is an assumption, and is said to be one.

use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use serde_json::{Map, Value, json};
use smac_lambda_authorizer::Settings;
use smac_local::command::{About as _, Problem};
use smac_local::http_server::{self, Server};
use smac_local::keys::{self, Key};

use super::token::Token;

/// The user id that userInfo and secrets are assumed to hold.
const ASSUMED_ID: &str = "assumed";

/// What the upstreams are assumed to answer.
pub(crate) struct Assumptions {
    key_set: Value,
    user_info: Value,
    secret: Value,
}

impl Assumptions {
    /// Everything that a JWT needs.
    pub(crate) fn about_token(token: &Token, user_id: &str) -> Self {
        let mut key = Key::Primary.jwk();
        if let (Some(key), Some(kid)) = (key.as_object_mut(), token.key_id()) {
            key.insert("kid".to_owned(), kid.into());
        }
        let mut user_info = Map::new();
        user_info.insert("email_verified".to_owned(), "true".into());
        user_info.insert(user_id.to_owned(), ASSUMED_ID.into());
        user_info.insert("sub".to_owned(), token.subject().unwrap_or_default().into());
        Self { key_set: json!({ "keys": [key] }), user_info: user_info.into(), secret: Value::Null }
    }

    /// Everything that a service's pair needs.
    pub(crate) fn about_pair(token: &str) -> Self {
        let secret = json!({ "token": token, "id": ASSUMED_ID }).to_string();
        let secret = json!({ "ARN": "arn", "Name": "name", "VersionId": "v", "SecretString": secret });
        Self { key_set: Key::Primary.key_set(), user_info: Value::Null, secret }
    }

    /// Nothing at all.
    pub(crate) fn none() -> Self {
        Self { key_set: Key::Primary.key_set(), user_info: Value::Null, secret: Value::Null }
    }
}

/// The token with a signature that holds for the key that the stand-in publishes.
pub(crate) fn sign_again(token: &str) -> Option<String> {
    let (message, _) = token.rsplit_once('.')?;
    Some(format!("{message}.{}", keys::sign(Key::Primary, message.as_bytes())))
}

/// The settings with every upstream at a stand-in, which ends when the server is dropped.
pub(crate) async fn redirect(mut settings: Settings, assumptions: Assumptions) -> Result<(Settings, Server), Problem> {
    let assumptions = Arc::new(assumptions);
    let server = Server::start("127.0.0.1:0", move |request| std::future::ready(Ok(answer(&request, &assumptions))));
    let server = server.await.about("a port on loopback")?;
    let url = |path: &str| format!("{}{path}", server.url()).parse().about("the stand-in's address");
    if let Some(cognito) = &mut settings.cognito {
        // Keys that the settings hold are not replaced by the stand-in's.
        cognito.jwks_ttl = cognito.jwks_ttl.max(Duration::from_secs(60));
        for pool in &mut cognito.pools {
            pool.key_set_url = url("/key-set")?;
            if let Some(user_info) = &mut pool.user_info_url {
                *user_info = url("/user-info")?;
            }
        }
    }
    if let Some(automation) = &mut settings.automation {
        automation.endpoint = Some(url("/")?);
        automation.profile = None;
    }
    Ok((settings, server))
}

fn answer(request: &Request<Incoming>, assumptions: &Assumptions) -> http_server::Answer {
    let body = match request.uri().path() {
        "/key-set" => &assumptions.key_set,
        "/user-info" => &assumptions.user_info,
        "/" => &assumptions.secret,
        _ => &Value::Null,
    };
    http_server::json(if body.is_null() { 404 } else { 200 }, body)
}
