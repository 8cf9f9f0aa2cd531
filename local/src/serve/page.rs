//! The page for browsers at `/`, and the API behind it under `/_local/`.
//!
//! That API mints tokens, tells the service's and changes settings, so other sites must not reach it through the browser:
//! the `Host` must be loopback (a site that has its name resolve to 127.0.0.1 still sends its own name), and another
//! site's `Origin` is refused. The keys are public and good for nothing else; the guard is for the settings that may be
//! tried here.

mod decision;
mod drawer;

use std::net::Ipv4Addr;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderName};
use hyper::{Method, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use smac_local::deployment::Issuer;
use smac_local::event::Overrides;
use smac_local::http_server::{self, with_header};
use smac_local::lock;
use smac_local::token::Use;

use super::gateway::{Gateway, json};

const HTML: &str = include_str!("../../page/index.html");
const CSS: &str = include_str!("../../page/app.css");
const JS: &str = include_str!("../../page/app.js");
const VIEW: &str = include_str!("../../page/view.js");
const ICON: &str = include_str!("../../page/icon.svg");

/// Where the page's own things are; such a path never reaches the API.
const FOLDER: &str = "/_local/";

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The most that the page sends: larger than any header that a gateway takes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Whether this is a browser that wants the page, or the page itself.
pub(super) fn is_for(request: &Request<Incoming>) -> bool {
    let path = request.uri().path();
    let wants_html = text(request, header::ACCEPT).is_some_and(|accept| accept.contains("text/html"));
    path.starts_with(FOLDER) || (path == "/" && request.method() == Method::GET && wants_html)
}

pub(super) async fn answer(gateway: &Gateway, request: Request<Incoming>) -> http_server::Answer {
    let answer = if is_from_here(&request) {
        match (request.method().as_str(), request.uri().path()) {
            ("GET", "/") => http_server::answer(200, "text/html; charset=utf-8", HTML),
            ("GET", "/_local/app.css") => http_server::answer(200, "text/css; charset=utf-8", CSS),
            ("GET", "/_local/app.js") => http_server::answer(200, "text/javascript; charset=utf-8", JS),
            ("GET", "/_local/view.js") => http_server::answer(200, "text/javascript; charset=utf-8", VIEW),
            ("GET", "/_local/icon.svg") => http_server::answer(200, "image/svg+xml", ICON),
            ("GET", "/_local/info") => json(200, &drawer::info(gateway)),
            ("GET", "/_local/recent") => json(200, &lock(&gateway.recent).rows()),
            ("POST", "/_local/token") => with_body(request, async |wish| Ok(mint(wish))).await,
            ("POST", "/_local/settings") => {
                with_body(request, async |wish| Box::pin(drawer::set(gateway, wish)).await).await
            }
            ("POST", "/_local/decision") => {
                // On the heap: with everything that a decision awaits, it is too large for a thread's stack without optimizations.
                with_body(request, async |described| Box::pin(decision::decide(gateway, &described)).await).await
            }
            _ => json(404, &json!({ "message": "Not Found" })),
        }
    } else {
        json(403, &json!({ "message": "This is for pages of this server on loopback alone." }))
    };
    [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ]
    .into_iter()
    .fold(answer, |answer, (name, value)| with_header(answer, name, value))
}

fn text(request: &Request<Incoming>, name: HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

/// Whether a loopback name was asked for, and no other site's page asks.
fn is_from_here(request: &Request<Incoming>) -> bool {
    let (hosts, origins) = (request.headers().get_all(header::HOST), request.headers().get_all(header::ORIGIN));
    let (Some(host), 1) = (text(request, header::HOST), hosts.iter().count()) else {
        return false;
    };
    is_loopback(host) && origins.iter().all(|origin| origin.as_bytes() == format!("http://{host}").as_bytes())
}

/// Whether a `Host`, with or without a port, is loopback by its name.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) if !host.ends_with(']') => return false,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost")
        || name == "[::1]"
        || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// Has it answered, if the body is the JSON that it wants. A form of another site can't send that type unasked.
async fn with_body<B: DeserializeOwned>(
    request: Request<Incoming>,
    answer: impl AsyncFnOnce(B) -> Result<Value, String>,
) -> http_server::Answer {
    let is_json = text(&request, header::CONTENT_TYPE) == Some("application/json");
    let body = Limited::new(request.into_body(), MAX_BODY_BYTES).collect().await;
    let result = match body.ok().filter(|_| is_json).map(|body| serde_json::from_slice(&body.to_bytes())) {
        Some(Ok(body)) => answer(body).await,
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the body must be JSON of at most 64 KiB".to_owned()),
    };
    match result {
        Ok(answer) => json(200, &answer),
        Err(problem) => json(400, &json!({ "message": problem })),
    }
}

#[derive(Deserialize)]
struct Wish {
    r#use: Use,
    issuer: Issuer,
    #[serde(default)]
    claims: Map<String, Value>,
    #[serde(default)]
    expired: bool,
    #[serde(default)]
    forged: bool,
}

fn mint(Wish { r#use: token_use, issuer, claims, expired, forged }: Wish) -> Value {
    let claims = claims.into_iter().collect();
    let token = Overrides { issuer: Some(issuer), token_use: Some(token_use), expired, claims }.token();
    json!({ "token": if forged { token.forged() } else { token }.sign() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_loopback() {
        for host in ["localhost", "LOCALHOST:3000", "127.0.0.1", "127.0.0.1:80", "127.1.2.3:1", "[::1]", "[::1]:3000"] {
            assert!(is_loopback(host), "{host}");
        }
        let names = ["", "evil.example", "evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example"];
        let odd =
            ["localhost:", "localhost:80:80", "localhost@evil.example", "10.0.0.1", "[::2]:3000", "::1", "0.0.0.0"];
        for host in names.into_iter().chain(odd) {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
