//! The one HTTP client: certificate roots compiled in, a deadline for the whole call, a limit on what is read, no
//! redirects, one retry at most. Only this file knows the library beneath.
//!
//! A function is frozen between calls, so a pooled connection is often dead when it is used again, and several of them
//! at once. So a retry always opens a new connection, and an attempt on a reused one that stays without an answer for
//! half of the time is joined by an attempt on a new one. A connection that was opened ahead of its first request counts
//! as reused: it may be as old as any.

mod address;
mod ahead;
mod config;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, StatusCode, header};
use reqwest::{Client, ClientBuilder, NoProxy, Request};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::Instant;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber as _;
use url::{Position, Url};

use self::ahead::Ahead;

pub(crate) use address::{is_loopback, parse_endpoint, shown};
pub(crate) use config::Proxy;
pub use config::{Config, Roots};

/// The most that is read of an answer. Secrets and userInfo answers are at most 64 KiB, key sets a few KiB.
const MAX_BODY_BYTES: usize = 150_000;

/// How long an idle connection is kept. The other end closes it while the function is frozen; a connection that is
/// reused after a longer pause is more often dead than alive.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// What is left of an invocation for answering that an upstream did not answer.
const ANSWER_MARGIN: Duration = Duration::from_millis(100);

/// The HTTP client. It is built when it is first used: not at all where keys are configured and no other upstream is
/// called.
pub struct HttpClient {
    config: Config,
    ahead: Ahead,
    tls: OnceLock<Option<ClientConfig>>,
    pooled: OnceLock<Option<Client>>,
    unpooled: OnceLock<Option<Client>>,
}

/// A GET request.
#[derive(Clone, Copy)]
pub struct Get<'a> {
    /// The address.
    pub url: &'a Url,
    /// The token to present there.
    pub bearer: Option<&'a str>,
}

/// An answer, read whole.
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// It may hold a token.
impl fmt::Debug for Get<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Get").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

/// It may hold a secret.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why there is no answer. Holds nothing of the request or the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpError {
    /// No connection, or it broke, or what came was not HTTP.
    Connection,
    /// No answer within the time-out.
    TimedOut,
    /// The invocation ends before the time-out does: that says nothing about the upstream.
    CutShort,
    /// The answer is larger than the limit.
    TooLarge,
    /// The request cannot be sent like this.
    Unsendable,
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connection => "connection failed",
            Self::TimedOut => "timed out",
            Self::CutShort => "the invocation ended first",
            Self::TooLarge => "answer too large",
            Self::Unsendable => "request can't be sent",
        })
    }
}

impl std::error::Error for HttpError {}

/// The time of one upstream call, its retry included, and the count of its attempts.
#[derive(Clone, Debug)]
pub struct Budget {
    /// When a reused connection has had its chance.
    half: Instant,
    deadline: Instant,
    is_cut_short: bool,
    attempts: Arc<AtomicU32>,
}

impl Budget {
    /// When the call must end.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// How many requests were sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// What it means that the time is used up.
    #[must_use]
    pub fn used_up(&self) -> HttpError {
        if self.is_cut_short { HttpError::CutShort } else { HttpError::TimedOut }
    }
}

impl HttpClient {
    /// A client with this configuration.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            ahead: Ahead::new(IDLE_TIMEOUT),
            tls: OnceLock::new(),
            pooled: OnceLock::new(),
            unpooled: OnceLock::new(),
        }
    }

    /// The time of a call that begins now, within an invocation that ends at `invocation_deadline`.
    #[must_use]
    pub fn budget(&self, invocation_deadline: Option<Instant>) -> Budget {
        let now = Instant::now();
        let timeout = now + self.config.timeout;
        let end = invocation_deadline.map(|end| end.checked_sub(ANSWER_MARGIN).unwrap_or(end));
        let deadline = end.map_or(timeout, |end| timeout.min(end));
        Budget {
            half: now + deadline.saturating_duration_since(now) / 2,
            deadline,
            is_cut_short: deadline < timeout,
            attempts: Arc::default(),
        }
    }

    /// Sends a GET request, with at most one retry.
    ///
    /// # Errors
    /// [`HttpError`] if there is no whole answer within the budget.
    pub async fn get(&self, get: Get<'_>, budget: &Budget) -> Result<Response, HttpError> {
        let mut request = Request::new(Method::GET, get.url.clone());
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(token) = get.bearer {
            let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| HttpError::Unsendable)?;
            value.set_sensitive(true);
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        self.call(request, budget).await
    }

    /// Sends a request, with at most one retry: after a failed connection, a 5xx, or half of the time on a reused
    /// connection.
    ///
    /// # Errors
    /// [`HttpError`] if there is no whole answer within the budget.
    pub async fn send(&self, request: http::Request<Bytes>, budget: &Budget) -> Result<Response, HttpError> {
        let request = Request::try_from(request).map_err(|_| HttpError::Unsendable)?;
        self.call(request, budget).await
    }

    /// Opens a connection for the next request to this address, unless one is or will be free. Nothing is asked on it. If
    /// that fails, nothing is lost but the time that it would have saved.
    pub(crate) async fn open_ahead(&self, address: &Url) {
        let request = async {
            // Only the client without a pool opens a connection for each request, come what may.
            let request = self.unpooled()?.execute(Request::new(Method::GET, address.clone()));
            tokio::time::timeout(self.config.timeout, request).await.ok()?.ok()
        };
        self.ahead.open(origin(address), request.with_subscriber(Dispatch::none())).await;
    }

    async fn call(&self, request: Request, budget: &Budget) -> Result<Response, HttpError> {
        // The libraries' log lines may hold headers, so they are not ours to write. Not a subscriber that ignores
        // everything: it would be registered for each call, and every log statement of the process weighed again.
        let attempts = self.attempts(request, budget).with_subscriber(Dispatch::none());
        tokio::time::timeout_at(budget.deadline, attempts).await.unwrap_or_else(|_| Err(budget.used_up()))
    }

    async fn attempts(&self, request: Request, budget: &Budget) -> Result<Response, HttpError> {
        let opens_connection = Arc::new(AtomicBool::new(false));
        let pooled = self.attempt(self.pooled(), request.try_clone(), budget);
        let first = self.ahead.serve(origin(request.url()), Arc::clone(&opens_connection), pooled);
        tokio::pin!(first);
        let is_answered_early = tokio::select! {
            biased;
            result = &mut first => Some(result),
            () = tokio::time::sleep_until(budget.half) => None,
        };
        let result = match is_answered_early {
            Some(result) => result,
            // The connection is new, so the upstream is slow.
            None if opens_connection.load(Ordering::Relaxed) => first.await,
            None => {
                let second = self.attempt(self.unpooled(), request.try_clone(), budget);
                return first_answer(first, second).await;
            }
        };
        if is_final(&result) { result } else { self.attempt(self.unpooled(), request.try_clone(), budget).await }
    }

    async fn attempt(
        &self,
        client: Option<&Client>,
        request: Option<Request>,
        budget: &Budget,
    ) -> Result<Response, HttpError> {
        if Instant::now() >= budget.deadline {
            return Err(budget.used_up());
        }
        let (client, request) = client.zip(request).ok_or(HttpError::Unsendable)?;
        budget.attempts.fetch_add(1, Ordering::Relaxed);
        let mut response = client.execute(request).await.map_err(|_| HttpError::Connection)?;
        // The announced length is only an announcement: what arrives is what counts.
        let announced = response.content_length().unwrap_or_default();
        if announced > MAX_BODY_BYTES as u64 {
            return Err(HttpError::TooLarge);
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| HttpError::Connection)? {
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(HttpError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let headers = std::mem::take(response.headers_mut());
        Ok(Response { status: response.status(), headers, body: body.freeze() })
    }

    fn pooled(&self) -> Option<&Client> {
        let build = || self.builder()?.pool_idle_timeout(IDLE_TIMEOUT).build().ok();
        self.pooled.get_or_init(build).as_ref()
    }

    fn unpooled(&self) -> Option<&Client> {
        let build = || self.builder()?.pool_max_idle_per_host(0).build().ok();
        self.unpooled.get_or_init(build).as_ref()
    }

    fn builder(&self) -> Option<ClientBuilder> {
        let tls = self.tls.get_or_init(|| tls(self.config.roots.clone())).clone()?;
        let builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .connector_layer(self.ahead.clone())
            .http1_only()
            // The environment is not read here.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
        Some(match &self.config.proxy {
            None => builder,
            Some(Proxy { url, exceptions }) => {
                let proxy = reqwest::Proxy::https(url.as_str()).ok()?;
                builder.proxy(proxy.no_proxy(NoProxy::from_string(exceptions)))
            }
        })
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpClient")
    }
}

/// Whether a retry could bring nothing better.
fn is_final(result: &Result<Response, HttpError>) -> bool {
    match result {
        Ok(response) => !response.status.is_server_error(),
        Err(error) => *error != HttpError::Connection,
    }
}

/// The first answer of two attempts that run side by side; one that fails leaves the other time.
async fn first_answer(
    first: impl Future<Output = Result<Response, HttpError>>,
    second: impl Future<Output = Result<Response, HttpError>>,
) -> Result<Response, HttpError> {
    tokio::pin!(first, second);
    tokio::select! {
        result = &mut first => if is_final(&result) { result } else { second.await },
        result = &mut second => if is_final(&result) { result } else { first.await },
    }
}

/// Lets everybody go first who has something to send, or has received something: as many turns as that takes on a connection
/// of this machine.
pub(crate) async fn give_way() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

/// Where a connection to this address leads to.
fn origin(address: &Url) -> &str {
    &address[..Position::BeforePath]
}

fn tls(roots: Option<Roots>) -> Option<ClientConfig> {
    let roots = match roots {
        Some(roots) => roots.into_store(),
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Some(tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_errors_apart() {
        let all = [
            HttpError::Connection,
            HttpError::TimedOut,
            HttpError::CutShort,
            HttpError::TooLarge,
            HttpError::Unsendable,
        ];
        let texts: std::collections::BTreeSet<_> = all.iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), all.len());
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_ends_before_the_invocation_does() {
        let client = HttpClient::new(Config { timeout: Duration::from_secs(2), roots: None, proxy: None });
        let now = Instant::now();
        let left = |limit: Option<u64>| {
            let budget = client.budget(limit.map(|millis| now + Duration::from_millis(millis)));
            (budget.deadline() - now, budget.used_up())
        };
        assert_eq!(left(None), (Duration::from_secs(2), HttpError::TimedOut));
        assert_eq!(left(Some(10_000)), (Duration::from_secs(2), HttpError::TimedOut));
        assert_eq!(left(Some(1100)), (Duration::from_secs(1), HttpError::CutShort));
        assert_eq!(left(Some(50)).1, HttpError::CutShort);
    }
}
