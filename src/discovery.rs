//! An issuer's discovery document: where its keys and its userInfo endpoint are.
//!
//! <https://openid.net/specs/openid-connect-discovery-1_0.html>, RFC 8414

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::claims::Claims;
use crate::clock::Clock;
use crate::error::Fault;
use crate::http::{Get, HttpClient, HttpError, Response, is_loopback, parse_endpoint, shown};
use crate::lookup::{CallError, Found, Limits, LookupError, Periods, Rules, Slot, body};
use crate::object::without_byte_order_mark;
use crate::trace::{Trace, Upstream};

const FRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// So much longer a document serves while its lookup fails.
const STALE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Where a discovery document is, and whose it must be.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address of the document.
    pub url: Url,
    /// The document's `issuer` must be this, byte for byte (OpenID Connect Discovery 1.0, section 4.3).
    pub issuer: String,
}

/// What a discovery document says, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The address of the key set.
    pub jwks_uri: Url,
    /// The address of the userInfo endpoint, if there is one that may be asked.
    pub user_info: Option<Url>,
}

/// One issuer's discovery document, remembered.
#[derive(Debug)]
pub(crate) struct Discovery {
    slot: Slot<Arc<Document>>,
    config: Config,
    rules: Rules,
    http: Arc<HttpClient>,
}

impl Discovery {
    #[must_use]
    pub(crate) fn new(config: Config, clock: &Clock, http: &Arc<HttpClient>) -> Self {
        let periods = Periods { fresh: FRESH, stale: FRESH + STALE, negative: Duration::ZERO };
        Self {
            slot: Slot::default(),
            config,
            rules: Rules { periods, clock: clock.clone(), unavailable: Fault::DiscoveryUnavailable },
            http: Arc::clone(http),
        }
    }

    /// The document.
    ///
    /// # Errors
    /// [`Fault::DiscoveryUnavailable`] if no usable document is known.
    pub(crate) async fn document(&self, trace: &mut Trace) -> Result<Arc<Document>, LookupError> {
        let limits = Limits { deadline: trace.deadline(), ends: None };
        let answer = self.slot.get(&self.rules, limits, || self.fetch(trace)).await;
        trace.came_from(Upstream::Discovery, answer.source);
        let unavailable = answer.failure.unwrap_or(LookupError::Transient(Fault::DiscoveryUnavailable));
        answer.found.ok().flatten().ok_or(unavailable)
    }

    async fn fetch(&self, trace: &mut Trace) -> Found<Arc<Document>> {
        let url = &self.config.url;
        let budget = self.http.budget(trace.deadline());
        let response = self.http.get(Get { url, bearer: None }, &budget).await;
        let found = self.read(response);
        trace.count(Upstream::Discovery, &budget, found.is_err());
        found.map(|document| Some(Arc::new(document))).map_err(|error| {
            tracing::warn!(url = shown(url), %error, "discovery lookup failed");
            error.as_lookup_error(Fault::DiscoveryUnavailable)
        })
    }

    fn read(&self, response: Result<Response, HttpError>) -> Result<Document, CallError> {
        Document::parse(&body(response)?, &self.config).ok_or(CallError::Unreadable)
    }
}

impl Document {
    /// Reads a document. It must be one JSON object, and name the issuer byte for byte. Its addresses must be https; plain
    /// http is accepted on this machine, for a document that is on this machine too.
    #[must_use]
    pub fn parse(json: &[u8], config: &Config) -> Option<Self> {
        let document = Claims::parse(without_byte_order_mark(json).to_vec())?;
        if document.string("issuer")? != config.issuer {
            return None;
        }
        let allows = |url: &Url| url.scheme() == "https" || (is_loopback(url) && is_loopback(&config.url));
        let address = |name| parse_endpoint(&document.string(name)?).filter(allows);
        Some(Self { jwks_uri: address("jwks_uri")?, user_info: address("userinfo_endpoint") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = r#"{"issuer":"https://id.example.com/a","jwks_uri":"https://keys.example.com/a?p=b",
        "userinfo_endpoint":"https://id.example.com/me"}"#;

    fn parse_from(url: &str, json: &str) -> Option<Document> {
        let config = Config { url: Url::parse(url).unwrap(), issuer: "https://id.example.com/a".to_owned() };
        Document::parse(json.as_bytes(), &config)
    }

    fn parse(json: &str) -> Option<Document> {
        parse_from("https://id.example.com/a/.well-known/openid-configuration", json)
    }

    #[test]
    fn a_document_has_the_addresses_of_its_issuer() {
        let expected = Document {
            jwks_uri: Url::parse("https://keys.example.com/a?p=b").unwrap(),
            user_info: Some(Url::parse("https://id.example.com/me").unwrap()),
        };
        assert_eq!(parse(VALID), Some(expected.clone()));
        assert_eq!(parse(&format!("\u{feff}{VALID}")), Some(expected));
    }

    #[test]
    fn another_issuer_is_none_however_similar() {
        for issuer in ["https://id.example.com/a/", "https://id.example.com/A", "https://id.example.com:443/a", ""] {
            let json = VALID.replace(r#""https://id.example.com/a""#, &format!("{issuer:?}"));
            assert_eq!(parse(&json), None, "{issuer}");
        }
    }

    #[test]
    fn a_document_without_a_usable_address_of_keys_is_none() {
        for (from, to) in [
            ("https://keys.example.com/a?p=b", "http://keys.example.com/a"),
            ("https://keys.example.com/a?p=b", "http://127.0.0.1:9001/"),
            ("https://keys.example.com/a?p=b", "https://jane:secret@keys.example.com/"),
            ("https://keys.example.com/a?p=b", "/keys"),
            ("\"https://keys.example.com/a?p=b\"", "1"),
            ("jwks_uri", "jwks"),
            ("userinfo_endpoint", "issuer"),
            ("{", "["),
        ] {
            let json = VALID.replacen(from, to, 1);
            assert_ne!(json, VALID);
            assert_eq!(parse(&json), None, "{json}");
        }
    }

    #[test]
    fn a_user_info_endpoint_that_may_not_be_asked_is_none() {
        for to in ["http://id.example.com/me", "http://localhost/me", "nothing"] {
            let document = parse(&VALID.replace("https://id.example.com/me", to)).unwrap();
            assert_eq!(document.user_info, None, "{to}");
        }
    }

    #[test]
    fn plain_http_is_for_documents_on_this_machine() {
        let json = VALID.replace("https://keys.example.com", "http://127.0.0.1:8080");
        assert!(parse_from("http://127.0.0.1:8080/d", &json).is_some());
        assert_eq!(parse(&json), None);
        let json = VALID.replace("https://keys.example.com", "http://keys.example.com");
        assert_eq!(parse_from("http://127.0.0.1:8080/d", &json), None);
    }
}
