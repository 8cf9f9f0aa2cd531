//! Stand-ins for Cognito (key sets, userInfo) and Secrets Manager: one HTTP server on loopback, with counts and
//! faults.

#![expect(clippy::indexing_slicing, reason = "a `serde_json::Value` gives null for what it does not have")]

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Channel, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::deployment::{self, EMAIL, Pool, SECRETS_PREFIX, SERVICE, SERVICE_ID, SERVICE_TOKEN};
use crate::token::now;

/// An upstream of the authorizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Upstream {
    /// Cognito's key sets.
    KeySet,
    /// Cognito's userInfo.
    UserInfo,
    /// Secrets Manager.
    Secret,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Another status, with a JSON body.
    Status(u16, Value),
    /// The same with a header that says who asks for credentials.
    Challenge(u16),
    /// A redirect to the same server.
    Redirect,
    /// Nothing comes.
    Hang,
    /// The head comes, and half of the body.
    HangInBody,
    /// A byte now and then.
    Drip,
    /// The connection is closed.
    Reset,
    /// The connection is closed within the body.
    Truncated,
    /// A body that is no JSON.
    Garbage,
    /// The right answer, as another type of content.
    ContentType,
    /// A body of this many bytes, whose length is announced.
    Huge(usize),
    /// A body of this many bytes, in chunks.
    HugeInChunks(usize),
    /// An empty body.
    Empty,
    /// The right answer, late.
    Late(Duration),
}

/// The running stand-ins. They end when this is dropped.
#[derive(Debug)]
pub struct StandIns {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    /// Absent while nobody listens.
    server: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct State {
    key_sets: HashMap<String, Value>,
    user_info: Value,
    secrets: BTreeMap<String, Secret>,
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
    text: Option<String>,
    created: u64,
}

impl StandIns {
    /// Starts them on loopback, with the development deployment; port 0 is any.
    ///
    /// # Errors
    /// If the port is taken.
    pub async fn start(port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let mut state = State {
            key_sets: Pool::ALL.map(|pool| (pool.id().to_owned(), pool.key().key_set())).into(),
            user_info: json!({ "email": EMAIL, "email_verified": "true", "username": "jane" }),
            ..State::default()
        };
        let secret = json!({ "token": SERVICE_TOKEN, "id": SERVICE_ID });
        let created = now() - 24 * 60 * 60;
        let current = Version { text: Some(secret.to_string()), created };
        state
            .secrets
            .insert(format!("{SECRETS_PREFIX}/{SERVICE}"), Secret { current, previous: None, is_deleted: false });
        let state = Arc::new(Mutex::new(state));
        let server = Mutex::new(Some(tokio::spawn(serve(listener, Arc::clone(&state)))));
        Ok(Self { address, state, server })
    }

    /// Ends every connection, and takes no new one until [`Self::open`].
    pub async fn close(&self) {
        let server = lock(&self.server).take();
        if let Some(server) = server {
            server.abort();
            // It is over as soon as it was told so; that it was cancelled is no news.
            let _ = server.await;
        }
    }

    /// Listens again, at the same address.
    ///
    /// # Errors
    /// If the port is taken by now.
    pub async fn open(&self) -> std::io::Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        *lock(&self.server) = Some(tokio::spawn(serve(listener, Arc::clone(&self.state))));
        Ok(())
    }

    /// Where they are.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The function's environment.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        deployment::environment(&self.base_url())
    }

    /// How often an upstream was called so far.
    #[must_use]
    pub fn calls(&self, upstream: Upstream) -> usize {
        self.state().calls.iter().filter(|(called, _)| *called == upstream).count()
    }

    /// What an upstream was asked for so far.
    #[must_use]
    pub fn asked(&self, upstream: Upstream) -> Vec<String> {
        let state = self.state();
        state.calls.iter().filter(|(called, _)| *called == upstream).map(|(_, key)| key.clone()).collect()
    }

    /// The next `times` calls of an upstream go wrong.
    pub fn fail(&self, upstream: Upstream, times: u32, fault: Fault) {
        self.state().faults.insert(upstream, (times, fault));
    }

    /// Nothing goes wrong any more.
    pub fn recover(&self, upstream: Upstream) {
        self.state().faults.remove(&upstream);
    }

    /// A pool's key set becomes another one.
    pub fn set_key_set(&self, pool: Pool, key_set: Value) {
        self.state().key_sets.insert(pool.id().to_owned(), key_set);
    }

    /// What userInfo says, beside the `sub` of the token; `sub` is said only if it is given here.
    pub fn set_user_info(&self, claims: Value) {
        self.state().user_info = claims;
    }

    /// Stores a secret under its whole name; a binary one if there is no text. What was there becomes the
    /// previous version.
    pub fn set_secret(&self, name: &str, text: Option<&str>, created: u64) {
        let current = Version { text: text.map(str::to_owned), created };
        let mut state = self.state();
        let previous = state.secrets.get(name).map(|secret| secret.current.clone());
        state.secrets.insert(name.to_owned(), Secret { current, previous, is_deleted: false });
    }

    /// Marks a secret for deletion.
    pub fn mark_for_deletion(&self, name: &str) {
        if let Some(secret) = self.state().secrets.get_mut(name) {
            secret.is_deleted = true;
        }
    }

    /// Removes a secret.
    pub fn remove_secret(&self, name: &str) {
        self.state().secrets.remove(name);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for StandIns {
    fn drop(&mut self) {
        if let Some(server) = lock(&self.server).take() {
            server.abort();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Answer = Response<BoxBody<Bytes, Infallible>>;

/// The connection is closed instead of an answer.
#[derive(Debug)]
struct Hangup;

impl std::fmt::Display for Hangup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hangup")
    }
}

impl std::error::Error for Hangup {}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&state)));
            // A connection that breaks is the other end's business.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(request: Request<Incoming>, state: Arc<Mutex<State>>) -> Result<Answer, Hangup> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Hangup)?.to_bytes();
    let path = head.uri.path();
    let bearer = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let (upstream, key, right) = if let Some(pool) = path.strip_suffix("/.well-known/jwks.json") {
        let pool = pool.trim_start_matches('/').to_owned();
        let key_set = lock(&state).key_sets.get(&pool).cloned();
        let right = key_set
            .map_or_else(|| json_answer(404, &json!({ "message": "no such pool" })), |set| json_answer(200, &set));
        (Upstream::KeySet, pool, right)
    } else if let Some(pool) = path.strip_suffix("/oauth2/userInfo") {
        let pool = pool.trim_start_matches('/').to_owned();
        let right = user_info(Pool::by_name(&pool), bearer, &lock(&state).user_info);
        (Upstream::UserInfo, pool, right)
    } else if head.method == Method::POST && path == "/" {
        let question: Value = serde_json::from_slice(&body).unwrap_or_default();
        let name = question["SecretId"].as_str().unwrap_or_default().to_owned();
        let is_previous = question["VersionStage"] == "AWSPREVIOUS";
        let right = secret(lock(&state).secrets.get(&name), &name, is_previous);
        (Upstream::Secret, if is_previous { format!("{name} AWSPREVIOUS") } else { name }, right)
    } else {
        return Ok(json_answer(404, &json!({ "message": "nothing here" })));
    };

    let fault = {
        let mut state = lock(&state);
        state.calls.push((upstream, key));
        match state.faults.get_mut(&upstream) {
            Some((times, fault)) if *times > 0 => {
                *times -= 1;
                Some(fault.clone())
            }
            _ => None,
        }
    };
    match fault {
        None => Ok(right),
        Some(fault) => play(fault, right).await,
    }
}

async fn play(fault: Fault, right: Answer) -> Result<Answer, Hangup> {
    Ok(match fault {
        Fault::Status(status, body) => json_answer(status, &body),
        Fault::Challenge(status) => {
            let mut answer = json_answer(status, &json!({}));
            answer.headers_mut().insert(WWW_AUTHENTICATE, hyper::header::HeaderValue::from_static("Bearer"));
            answer
        }
        Fault::Redirect => {
            let mut answer = json_answer(302, &json!({}));
            answer.headers_mut().insert(LOCATION, hyper::header::HeaderValue::from_static("/elsewhere"));
            answer
        }
        Fault::Hang => std::future::pending().await,
        Fault::Reset => return Err(Hangup),
        Fault::Late(delay) => {
            tokio::time::sleep(delay).await;
            right
        }
        Fault::ContentType => {
            let mut answer = right;
            answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("text/html"));
            answer
        }
        Fault::Garbage => text_answer(200, "text/html", "<html>not what you expect</html>".into()),
        Fault::Empty => text_answer(200, "application/json", Bytes::new()),
        Fault::Huge(size) => text_answer(200, "application/json", Bytes::from(vec![b' '; size])),
        Fault::HugeInChunks(size) => {
            in_pieces(vec![b' '; size].chunks(8192).map(Bytes::copy_from_slice).collect(), Duration::ZERO, End::Whole)
        }
        Fault::HangInBody => in_pieces(half(right).await, Duration::ZERO, End::Hang),
        Fault::Truncated => {
            let mut answer = in_pieces(half(right).await, Duration::ZERO, End::Whole);
            answer.headers_mut().insert(CONTENT_LENGTH, hyper::header::HeaderValue::from_static("4096"));
            answer
        }
        Fault::Drip => {
            let body = half(right).await.concat();
            in_pieces(body.chunks(1).map(Bytes::copy_from_slice).collect(), Duration::from_millis(50), End::Whole)
        }
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    Hang,
}

fn in_pieces(pieces: Vec<Bytes>, pause: Duration, end: End) -> Answer {
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
    tokio::spawn(async move {
        for piece in pieces {
            if sender.send_data(piece).await.is_err() {
                return;
            }
            tokio::time::sleep(pause).await;
        }
        if end == End::Hang {
            std::future::pending::<()>().await;
        }
    });
    let mut answer = Response::new(body.boxed());
    answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    answer
}

async fn half(answer: Answer) -> Vec<Bytes> {
    let body = answer.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    vec![body.slice(..body.len() / 2)]
}

fn json_answer(status: u16, body: &Value) -> Answer {
    text_answer(status, "application/json", Bytes::from(body.to_string()))
}

fn text_answer(status: u16, content_type: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body).boxed());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(content_type));
    answer
}

/// As Cognito's endpoint answers: about a valid access token of its own pool with the scope `openid` alone.
fn user_info(pool: Option<Pool>, bearer: Option<&str>, configured: &Value) -> Answer {
    let Some(claims) = pool.zip(bearer).and_then(|(pool, token)| verified_claims(pool, token)) else {
        let mut answer = json_answer(
            401,
            &json!({ "error": "invalid_token", "error_description": "Access token is expired, disabled, or deleted, or the user has globally signed out." }),
        );
        let challenge = hyper::header::HeaderValue::from_static("Bearer error=\"invalid_token\"");
        answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        return answer;
    };
    let mut info = configured.clone();
    if let Some(info) = info.as_object_mut() {
        info.entry("sub").or_insert_with(|| claims["sub"].clone());
    }
    json_answer(200, &info)
}

fn verified_claims(pool: Pool, token: &str) -> Option<Value> {
    let (message, signature) = token.rsplit_once('.')?;
    let jwk = pool.key().jwk();
    let key = DecodingKey::from_rsa_components(jwk["n"].as_str()?, jwk["e"].as_str()?).ok()?;
    if !jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::RS256).ok()? {
        return None;
    }
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(message.split_once('.')?.1).ok()?).ok()?;
    let is_valid = claims["exp"].as_u64()? > now()
        && claims["token_use"] == "access"
        && claims["iss"] == pool.issuer().as_str()
        && claims["scope"].as_str()?.split(' ').any(|scope| scope == "openid");
    is_valid.then_some(claims)
}

fn secret(secret: Option<&Secret>, name: &str, is_previous: bool) -> Answer {
    let error = |code: &str, text: &str| json_answer(400, &json!({ "__type": code, "Message": text }));
    let Some(secret) = secret else {
        return error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    };
    if secret.is_deleted {
        let text = "You can't perform this operation on the secret because it was marked for deletion.";
        return error("InvalidRequestException", text);
    }
    let (version, stage) =
        if is_previous { (secret.previous.as_ref(), "AWSPREVIOUS") } else { (Some(&secret.current), "AWSCURRENT") };
    let Some(version) = version else {
        let text = "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS";
        return error("ResourceNotFoundException", text);
    };
    let mut answer = json!({
        "ARN": format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{name}-AbCdEf"),
        "Name": name,
        "VersionId": format!("00000000-0000-4000-8000-{:012}", version.created),
        "VersionStages": [stage],
        "CreatedDate": version.created,
    });
    match &version.text {
        Some(text) => answer["SecretString"] = text.as_str().into(),
        None => answer["SecretBinary"] = "AAEC".into(),
    }
    json_answer(200, &answer)
}
