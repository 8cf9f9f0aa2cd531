//! Without a network: one stand-in on loopback plays every upstream of a deployment, for one credential.
//!
//! The token's header and claims are judged as they are. Its signature can't be, unless the settings hold the key:
//! so the token is signed again, by a key of ours, which the stand-in publishes under the name that the token gives.
//! Whatever the stand-in says is an assumption, and is said to be one.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use smac_lambda_authorizer::Settings;
use smac_local::keys::{self, Key};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::token::Token;
use crate::Problem;

/// What the SDK signs its requests with, even to a stand-in. Without them it would ask the network for some.
const CREDENTIALS: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

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

/// The running stand-in. It ends when this is dropped.
pub(crate) struct StandIn {
    base_url: String,
    server: JoinHandle<()>,
}

impl StandIn {
    pub(crate) async fn start(assumptions: Assumptions) -> Result<Self, Problem> {
        let problem = |error| Problem::new("a port on loopback", error);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(problem)?;
        let base_url = format!("http://{}", listener.local_addr().map_err(problem)?);
        let server = tokio::spawn(serve(listener, Arc::new(assumptions)));
        Ok(Self { base_url, server })
    }

    /// The settings with every upstream at the stand-in.
    pub(crate) fn redirect(&self, mut settings: Settings) -> Result<Settings, Problem> {
        let url = |path: &str| format!("{}{path}", self.base_url).parse();
        let problem = |error| Problem::new("the stand-in's address", error);
        if let Some(cognito) = &mut settings.cognito {
            // Keys that the settings hold are not replaced by the stand-in's.
            cognito.jwks_ttl = cognito.jwks_ttl.max(Duration::from_secs(60));
            for pool in &mut cognito.pools {
                pool.key_set_url = url("/key-set").map_err(problem)?;
                if let Some(user_info) = &mut pool.user_info_url {
                    *user_info = url("/user-info").map_err(problem)?;
                }
            }
        }
        if let Some(automation) = &mut settings.automation {
            automation.endpoint = Some(url("/").map_err(problem)?);
            automation.profile = None;
        }
        Ok(settings)
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// That the SDK finds credentials in the environment, and so asks nobody for them.
pub(crate) fn has_credentials() -> Result<(), Problem> {
    if CREDENTIALS.into_iter().all(|name| std::env::var(name).is_ok_and(|value| !value.is_empty())) {
        return Ok(());
    }
    Err(Problem::new(CREDENTIALS.join(", "), "must be set, to anything, as `cargo local` does"))
}

async fn serve(listener: TcpListener, assumptions: Arc<Assumptions>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let assumptions = Arc::clone(&assumptions);
        connections.spawn(async move {
            let service = service_fn(move |request| std::future::ready(answer(&request, &assumptions)));
            // A connection that breaks is the other end's business.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn answer(request: &Request<Incoming>, assumptions: &Assumptions) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = match request.uri().path() {
        "/key-set" => &assumptions.key_set,
        "/user-info" => &assumptions.user_info,
        "/" => &assumptions.secret,
        _ => &Value::Null,
    };
    let mut answer = Response::new(Full::new(Bytes::from(body.to_string())));
    if body.is_null() {
        *answer.status_mut() = StatusCode::NOT_FOUND;
    }
    answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    Ok(answer)
}
