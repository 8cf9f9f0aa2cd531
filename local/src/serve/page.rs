//! The page for browsers at `/`, and the API behind it under `/_local/`.
//!
//! That API mints tokens and tells the service's, so other sites must not reach it through the browser: the `Host` must
//! be loopback (a site that has its name resolve to 127.0.0.1 still sends its own name), and another site's `Origin`
//! is refused. The keys are public and good for nothing else; the guard is for the settings that may be tried here.

use http_body_util::{BodyExt as _, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Map;
use smac_lambda_authorizer::tools::{self, Carrier};
use smac_local::deployment::{Issuer, SERVICE, SERVICE_TOKEN};
use smac_local::event::Overrides;
use smac_local::token::Use;
use url::form_urlencoded::Serializer;

use super::*;
use crate::explain::{About, Explanation};

const HTML: &str = include_str!("../../page/index.html");
const CSS: &str = include_str!("../../page/app.css");
const JS: &str = include_str!("../../page/app.js");
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
            ("GET", "/_local/icon.svg") => http_server::answer(200, "image/svg+xml", ICON),
            ("GET", "/_local/info") => json(200, &info(gateway)),
            ("POST", "/_local/token") => with_body(request, async |wish| Ok(mint(wish))).await,
            ("POST", "/_local/decision") => {
                with_body(request, async |described| decide(gateway, &described).await).await
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

fn info(gateway: &Gateway) -> Value {
    let kinds = Api::ALL.map(|api| json!({ "name": api.name(), "title": api.title() }));
    json!({
        "kind": gateway.api.name(),
        "title": gateway.api.title(),
        "kinds": kinds,
        "identitySources": gateway.identity_sources.iter().map(|source| &source.name).collect::<Vec<_>>(),
        "issuers": Issuer::ALL.map(|issuer| json!({ "name": issuer.name(), "use": issuer.usual_use() })),
        "service": { "id": SERVICE, "token": SERVICE_TOKEN },
    })
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

/// A request that is described; one credential at the most.
#[derive(Deserialize)]
struct Described {
    kind: Api,
    method: String,
    path: String,
    #[serde(default)]
    token: String,
    #[serde(default)]
    pair: Pair,
}

#[derive(Default, Deserialize)]
struct Pair {
    id: String,
    token: String,
}

/// Decides about the request that is described, as if it came from a client; without the gateway's cache.
async fn decide(gateway: &Gateway, described: &Described) -> Result<Value, String> {
    let api = described.kind;
    let call = call(gateway, described)?;
    let handled = gateway.handle(api, &call, Duration::ZERO).await;
    let (status, client) = match &handled.verdict {
        Ok(authorizer) => (if api == Api::WebSocket { 101 } else { 200 }, backend(&call, authorizer)),
        Err(denial) => (denial.status(), denial.body(api)),
    };
    report(&call, status, &format!("{} (the page)", describe(&handled)));
    let decided = json!({
        "status": status,
        "body": client,
        "arn": call.arn(api),
        "gateway": handled.verdict.as_ref().err().map(|denial| denial.words()),
    });
    let more = match &handled.decided {
        Some(decided) => decision_of(gateway, decided),
        None => json!({ "outcome": "not asked", "checks": [], "lookups": {} }),
    };
    Ok(event::merged([decided, more]))
}

fn decision_of(gateway: &Gateway, Decided { decision, asked, event }: &Decided) -> Value {
    let outcome = decision.outcome();
    let line = logged(decision);
    let explanation = Explanation::new(&gateway.decider.settings, event, About::Request, decision, *asked);
    let (answer, error) = match decision.answer() {
        Answer::Response(json) => (Some(json.get()), None),
        Answer::Error(error) => (None, Some(error.to_string())),
    };
    json!({
        "outcome": outcome.name(),
        "reason": outcome.reason(),
        "why": explanation.refused.as_ref().map(|(why, _)| why),
        "change": explanation.refused.as_ref().map(|(_, change)| change),
        // As a string, since its members are in an order that is easier to read than the alphabet's.
        "answer": answer,
        "principalType": line.get("principalType"),
        "issuer": line.get("issuer"),
        "error": error,
        "lookups": line.get("lookups"),
        "micros": line.get("DecisionTime"),
        "checks": explanation.checks_json(),
    })
}

/// The call that the page describes; the credential where the settings look for it.
fn call(gateway: &Gateway, described: &Described) -> Result<Call, String> {
    let (path, query) = described.path.split_once('?').unwrap_or((&described.path, ""));
    let method = Method::from_bytes(described.method.as_bytes()).map_err(|_| "there is no such method")?;
    if !path.starts_with('/') || described.path.parse::<hyper::Uri>().is_err() {
        return Err("the path must begin with / and have no spaces".to_owned());
    }
    let mut call = Call {
        method: method.to_string(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: vec![("host".to_owned(), "localhost".to_owned())],
    };
    let parts = tools::parts(&gateway.decider.settings);
    if let Some(services) = parts.services {
        call.add(&services.headers.id, &described.pair.id);
        call.add(&services.headers.token, &described.pair.token);
    }
    if let Some(tokens) = parts.tokens.filter(|_| !described.token.is_empty()) {
        put(&mut call, &tokens.carriers.0, described.kind, &described.token);
    }
    Ok(call)
}

/// Puts a token where a browser can: a WebSocket's handshake has no headers of its own.
fn put(call: &mut Call, carriers: &[Carrier], api: Api, token: &str) {
    let is_usable = |carrier: &&Carrier| match carrier {
        Carrier::Header { .. } => true,
        Carrier::Query(_) | Carrier::WebSocketProtocol(_) => api == Api::WebSocket,
        Carrier::Cookie(_) => false,
    };
    match carriers.iter().rfind(is_usable) {
        Some(Carrier::Header { name, prefix, .. }) => call.add(name, format!("{prefix} {token}").trim_start()),
        Some(Carrier::Query(name)) => {
            let query = std::mem::take(&mut call.query);
            call.query = Serializer::new(query).append_pair(name, token).finish();
        }
        Some(Carrier::WebSocketProtocol(name)) => call.add("Sec-WebSocket-Protocol", &format!("{name}, {token}")),
        Some(Carrier::Cookie(_)) | None => {}
    }
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
