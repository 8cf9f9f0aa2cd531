//! Stand-ins for Cognito (key sets, userInfo, `GetUser`) and Secrets Manager: one HTTP server on loopback, with counts
//! and faults.

#![expect(clippy::indexing_slicing, reason = "a `serde_json::Value` gives null for what it does not have")]

pub mod fault;

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use hyper::{Method, Request};
use serde_json::{Value, json};

use self::fault::AnyAnswer;
pub use self::fault::Fault;
use crate::deployment::{self, EMAIL, Pool, SECRETS_PREFIX, SERVICE, SERVICE_ID, SERVICE_TOKEN};
use crate::http_server::{self, Answer, Server, with_header};
use crate::lock;
use crate::token::now;

/// What names the operation of Cognito in a call, in the header `X-Amz-Target`.
pub const GET_USER: &str = "AWSCognitoIdentityProviderService.GetUser";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Upstream {
    KeySet,
    /// Cognito's userInfo and its `GetUser`.
    UserInfo,
    Secret,
}

/// The running stand-ins. They end when this is dropped.
#[derive(Debug)]
pub struct StandIns {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    /// Absent while nobody listens.
    server: Mutex<Option<Server>>,
}

#[derive(Debug, Default)]
struct State {
    key_sets: HashMap<String, Value>,
    user_info: Value,
    /// The subjects of whom no token is accepted.
    signed_out: HashSet<String>,
    secrets: HashMap<String, Secret>,
    faults: HashMap<Upstream, (u32, Fault)>,
    calls: Vec<(Upstream, String)>,
}

#[derive(Clone, Debug)]
struct Secret {
    current: Version,
    previous: Option<Version>,
    is_deleted: bool,
}

#[derive(Clone, Debug)]
struct Version {
    /// Absent in a binary secret.
    string: Option<String>,
    created: u64,
}

impl StandIns {
    /// Starts them on loopback, with the development deployment; port 0 is any.
    pub async fn start(port: u16) -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State {
            key_sets: Pool::ALL.map(|pool| (pool.id().to_owned(), pool.key().key_set())).into(),
            user_info: json!({ "email": EMAIL, "email_verified": "true", "username": "jane" }),
            ..State::default()
        }));
        let server = serve(([127, 0, 0, 1], port).into(), &state).await?;
        let stand_ins = Self { address: server.address(), state, server: Mutex::new(Some(server)) };
        let secret = json!({ "token": SERVICE_TOKEN, "id": SERVICE_ID }).to_string();
        stand_ins.set_secret(&format!("{SECRETS_PREFIX}/{SERVICE}"), Some(&secret), now() - 24 * 60 * 60);
        Ok(stand_ins)
    }

    /// Ends every connection, and accepts no new one until [`Self::open`].
    pub async fn close(&self) {
        let server = lock(&self.server).take();
        if let Some(server) = server {
            server.stop().await;
        }
    }

    pub async fn open(&self) -> io::Result<()> {
        let server = serve(self.address, &self.state).await?;
        *lock(&self.server) = Some(server);
        Ok(())
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn environment(&self) -> Vec<(String, String)> {
        deployment::environment(&self.base_url())
    }

    pub fn calls(&self, upstream: Upstream) -> usize {
        self.asked(upstream).len()
    }

    pub fn asked(&self, upstream: Upstream) -> Vec<String> {
        let state = self.state();
        state.calls.iter().filter(|(called, _)| *called == upstream).map(|(_, key)| key.clone()).collect()
    }

    /// The next `times` calls of an upstream go wrong.
    pub fn fail(&self, upstream: Upstream, times: u32, fault: Fault) {
        self.state().faults.insert(upstream, (times, fault));
    }

    pub fn recover(&self, upstream: Upstream) {
        self.state().faults.remove(&upstream);
    }

    pub fn set_key_set(&self, pool: Pool, key_set: Value) {
        self.state().key_sets.insert(pool.id().to_owned(), key_set);
    }

    /// What userInfo and `GetUser` say, beside the `sub` of the token; another `sub` if it is given here.
    pub fn set_user_info(&self, claims: Value) {
        self.state().user_info = claims;
    }

    /// userInfo and `GetUser` refuse every token of this subject from now on.
    pub fn sign_out(&self, subject: &str) {
        self.state().signed_out.insert(subject.to_owned());
    }

    /// Stores a secret under its whole name; a binary one if there is no string. What was there becomes the
    /// previous version.
    pub fn set_secret(&self, name: &str, string: Option<&str>, created: u64) {
        let current = Version { string: string.map(str::to_owned), created };
        let mut state = self.state();
        let previous = state.secrets.remove(name).map(|secret| secret.current);
        state.secrets.insert(name.to_owned(), Secret { current, previous, is_deleted: false });
    }

    pub fn mark_for_deletion(&self, name: &str) {
        if let Some(secret) = self.state().secrets.get_mut(name) {
            secret.is_deleted = true;
        }
    }

    pub fn remove_secret(&self, name: &str) {
        self.state().secrets.remove(name);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

async fn serve(address: SocketAddr, state: &Arc<Mutex<State>>) -> io::Result<Server> {
    let state = Arc::clone(state);
    Server::start(address, move |request| answer(request, Arc::clone(&state))).await
}

async fn answer(request: Request<Incoming>, state: Arc<Mutex<State>>) -> io::Result<AnyAnswer> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let path = head.uri.path();
    let (right, fault) = {
        let mut state = lock(&state);
        let (upstream, key, right) = if let Some(pool) = path.strip_suffix("/.well-known/jwks.json") {
            let pool = pool.trim_start_matches('/');
            (Upstream::KeySet, pool.to_owned(), key_set(state.key_sets.get(pool)))
        } else if let Some(pool) = path.strip_suffix("/oauth2/userInfo") {
            let pool = pool.trim_start_matches('/');
            let bearer = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
            (Upstream::UserInfo, pool.to_owned(), user_info(Pool::by_name(pool), bearer, &state))
        } else if head.method == Method::POST && head.headers.get("x-amz-target").is_some_and(|name| name == GET_USER) {
            let question: Value = serde_json::from_slice(&body).unwrap_or_default();
            let right = get_user(question["AccessToken"].as_str().unwrap_or_default(), &state);
            (Upstream::UserInfo, "GetUser".to_owned(), right)
        } else if head.method == Method::POST && path == "/" {
            let question: Value = serde_json::from_slice(&body).unwrap_or_default();
            let name = question["SecretId"].as_str().unwrap_or_default();
            let is_previous = question["VersionStage"] == "AWSPREVIOUS";
            let right = secret(state.secrets.get(name), name, is_previous);
            (Upstream::Secret, format!("{name}{}", if is_previous { " AWSPREVIOUS" } else { "" }), right)
        } else {
            return Ok(http_server::json(404, &json!({ "message": "nothing here" })).map(BodyExt::boxed));
        };
        state.calls.push((upstream, key));
        let fault = state.faults.get_mut(&upstream).filter(|(times, _)| *times > 0).map(|(times, fault)| {
            *times -= 1;
            fault.clone()
        });
        (right, fault)
    };
    fault::answer(right, fault).await
}

fn key_set(key_set: Option<&Value>) -> Answer {
    match key_set {
        Some(key_set) => http_server::json(200, key_set),
        None => http_server::json(404, &json!({ "message": "no such pool" })),
    }
}

/// As Cognito's endpoint answers: about a valid access token of its own pool with the scope `openid` alone.
fn user_info(pool: Option<Pool>, bearer: Option<&str>, state: &State) -> Answer {
    let Some(claims) = pool.zip(bearer).and_then(|(pool, token)| state.accepted_claims(pool, token, "openid")) else {
        let description = "Access token is expired, disabled, or deleted, or the user has globally signed out.";
        let answer = http_server::json(401, &json!({ "error": "invalid_token", "error_description": description }));
        return with_header(answer, WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"");
    };
    http_server::json(200, &state.about(&claims))
}

/// As Cognito's operation answers: about a valid access token of any pool with the scope of a signed-in user alone.
fn get_user(token: &str, state: &State) -> Answer {
    let scope = "aws.cognito.signin.user.admin";
    let Some(claims) = Pool::ALL.into_iter().find_map(|pool| state.accepted_claims(pool, token, scope)) else {
        let error = json!({ "__type": "NotAuthorizedException", "message": "Access Token has been revoked" });
        return http_server::json(400, &error);
    };
    let mut info = state.about(&claims);
    let username = info.as_object_mut().and_then(|info| info.remove("username"));
    // Attributes are strings, whatever they mean.
    let string = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let attributes = info.as_object().into_iter().flatten();
    let attributes: Vec<_> = attributes.map(|(name, value)| json!({ "Name": name, "Value": string(value) })).collect();
    http_server::json(200, &json!({ "Username": username, "UserAttributes": attributes }))
}

impl State {
    /// The claims of a token, if its user is still signed in.
    fn accepted_claims(&self, pool: Pool, token: &str, needed_scope: &str) -> Option<Value> {
        let claims = verified_claims(pool, token, needed_scope)?;
        let is_signed_out = claims["sub"].as_str().is_some_and(|subject| self.signed_out.contains(subject));
        (!is_signed_out).then_some(claims)
    }

    /// What is configured about users, with the token's `sub`.
    fn about(&self, claims: &Value) -> Value {
        let mut info = self.user_info.clone();
        if let Some(info) = info.as_object_mut() {
            info.entry("sub").or_insert_with(|| claims["sub"].clone());
        }
        info
    }
}

fn verified_claims(pool: Pool, token: &str, needed_scope: &str) -> Option<Value> {
    let (message, signature) = token.rsplit_once('.')?;
    if !pool.key().verifies(message.as_bytes(), signature) {
        return None;
    }
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(message.split_once('.')?.1).ok()?).ok()?;
    let is_valid = claims["exp"].as_u64()? > now()
        && claims["token_use"] == "access"
        && claims["iss"] == pool.issuer().as_str()
        && claims["scope"].as_str()?.split(' ').any(|scope| scope == needed_scope);
    is_valid.then_some(claims)
}

fn secret(secret: Option<&Secret>, name: &str, is_previous: bool) -> Answer {
    let error = |code: &str, message: &str| http_server::json(400, &json!({ "__type": code, "Message": message }));
    let not_found = |message| error("ResourceNotFoundException", message);
    let (version, stage) = match secret {
        None => return not_found("Secrets Manager can't find the specified secret."),
        Some(Secret { is_deleted: true, .. }) => {
            let message = "You can't perform this operation on the secret because it was marked for deletion.";
            return error("InvalidRequestException", message);
        }
        Some(Secret { previous: Some(previous), .. }) if is_previous => (previous, "AWSPREVIOUS"),
        Some(_) if is_previous => {
            return not_found("Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS");
        }
        Some(secret) => (&secret.current, "AWSCURRENT"),
    };
    let (field, value) = match &version.string {
        Some(string) => ("SecretString", string.as_str()),
        None => ("SecretBinary", "AAEC"),
    };
    let answer = json!({
        "ARN": format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{name}-AbCdEf"),
        "Name": name,
        "VersionId": format!("00000000-0000-4000-8000-{:012}", version.created),
        "VersionStages": [stage],
        "CreatedDate": version.created,
        field: value,
    });
    http_server::json(200, &answer)
}
