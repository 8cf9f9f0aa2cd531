//! The one HTTP client: certificate roots compiled in, a deadline for the whole call, a cap on what is read, no
//! redirects, one retry at most. Only this file knows the library beneath.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use reqwest::Client;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::Instant;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber as _;
use url::Url;

/// The most that is read of an answer. Secrets and userInfo answers are at most 64 KiB, key sets a few KiB.
const MAX_BODY_BYTES: usize = 150_000;

/// How long an idle connection is kept. The function is frozen between calls and the other end hangs up
/// meanwhile; a connection that is used again after a longer pause is more often dead than alive.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// What is left of an invocation for saying that an upstream did not answer.
const ANSWER_MARGIN: Duration = Duration::from_millis(100);

/// The HTTP client. It is built when it is first used: not at all where keys are configured and no other
/// upstream is asked.
pub struct HttpClient {
    roots: Option<Roots>,
    timeout: Duration,
    client: OnceLock<Option<Client>>,
}

/// A GET request.
#[derive(Clone, Copy)]
pub struct Get<'a> {
    /// Where to.
    pub url: &'a Url,
    /// The token to show there.
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

/// Why there is no answer. Holds nothing of the request or the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpError {
    /// No connection, or it broke, or what came was not HTTP.
    Connection,
    /// Not within the deadline.
    TimedOut,
    /// Over the cap.
    TooLarge,
    /// It can't be sent like this.
    Unsendable,
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connection => "connection failed",
            Self::TimedOut => "timed out",
            Self::TooLarge => "answer too large",
            Self::Unsendable => "request can't be sent",
        })
    }
}

impl std::error::Error for HttpError {}

/// The deadline of one upstream call, its retry included, and the count of its attempts.
#[derive(Clone, Debug)]
pub struct Budget {
    deadline: Instant,
    attempts: Arc<AtomicU32>,
}

impl Budget {
    /// When the call must be over.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// How often something was sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }
}

/// The certificates that are trusted instead of the compiled-in ones.
#[derive(Clone, Debug)]
pub struct Roots(RootCertStore);

/// It is no PEM, or holds no usable certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRoots;

impl Roots {
    /// Reads certificates in PEM. Those that can't be roots are left out, as a system's bundle holds some: nothing
    /// is trusted by them.
    ///
    /// # Errors
    /// [`BadRoots`] if that is no PEM, or holds no usable certificate.
    pub fn parse(pem: &[u8]) -> Result<Self, BadRoots> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let _is_unusable = roots.add(certificate.map_err(|_| BadRoots)?).is_err();
        }
        if roots.is_empty() { Err(BadRoots) } else { Ok(Self(roots)) }
    }
}

impl HttpClient {
    /// A client whose calls take `timeout` at the most.
    #[must_use]
    pub fn new(timeout: Duration, roots: Option<Roots>) -> Self {
        Self { roots, timeout, client: OnceLock::new() }
    }

    /// The budget of a call that begins now, within an invocation that must be over at `invocation_deadline`.
    #[must_use]
    pub fn budget(&self, invocation_deadline: Option<Instant>) -> Budget {
        let deadline = Instant::now() + self.timeout;
        let deadline = match invocation_deadline {
            Some(end) => deadline.min(end.checked_sub(ANSWER_MARGIN).unwrap_or(end)),
            None => deadline,
        };
        Budget { deadline, attempts: Arc::default() }
    }

    /// Sends a GET request, and once more if the connection fails or the answer is a 5xx.
    ///
    /// # Errors
    /// [`HttpError`] if there is no whole answer, within the budget.
    pub async fn get(&self, get: Get<'_>, budget: &Budget) -> Result<Response, HttpError> {
        let mut request = http::Request::get(get.url.as_str()).header(http::header::ACCEPT, "application/json");
        if let Some(token) = get.bearer {
            let mut value =
                http::HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| HttpError::Unsendable)?;
            value.set_sensitive(true);
            request = request.header(http::header::AUTHORIZATION, value);
        }
        let request = request.body(Bytes::new()).map_err(|_| HttpError::Unsendable)?;
        self.send(request, budget).await
    }

    /// Sends a request, and once more if the connection fails or the answer is a 5xx.
    ///
    /// # Errors
    /// [`HttpError`] if there is no whole answer, within the budget.
    pub async fn send(&self, request: http::Request<Bytes>, budget: &Budget) -> Result<Response, HttpError> {
        let attempts = async {
            match self.attempt(request.clone(), budget).await {
                Err(HttpError::Connection) => self.attempt(request, budget).await,
                Ok(response) if response.status.is_server_error() => self.attempt(request, budget).await,
                done => done,
            }
        };
        // What the libraries beneath would log is not ours to answer for. Not a subscriber that takes nothing: it would be
        // registered for each call, and every log statement of the process weighed again.
        let attempts = attempts.with_subscriber(Dispatch::none());
        tokio::time::timeout_at(budget.deadline, attempts).await.unwrap_or(Err(HttpError::TimedOut))
    }

    async fn attempt(&self, request: http::Request<Bytes>, budget: &Budget) -> Result<Response, HttpError> {
        if Instant::now() >= budget.deadline {
            return Err(HttpError::TimedOut);
        }
        let client = self.client().ok_or(HttpError::Unsendable)?;
        let request = reqwest::Request::try_from(request).map_err(|_| HttpError::Unsendable)?;
        budget.attempts.fetch_add(1, Ordering::Relaxed);
        let mut response = client.execute(request).await.map_err(|_| HttpError::Connection)?;
        // The length that is announced is only an announcement: what comes is what counts.
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

    fn client(&self) -> Option<&Client> {
        self.client.get_or_init(|| build(self.roots.clone())).as_ref()
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpClient")
    }
}

fn build(roots: Option<Roots>) -> Option<Client> {
    let roots = match roots {
        Some(Roots(roots)) => roots,
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::HttpError;

    #[test]
    fn the_log_tells_errors_apart() {
        let all = [HttpError::Connection, HttpError::TimedOut, HttpError::TooLarge, HttpError::Unsendable];
        let texts = all.map(|error| error.to_string());
        assert_eq!(texts, ["connection failed", "timed out", "answer too large", "request can't be sent"]);
    }
}
