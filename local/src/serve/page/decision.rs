//! The decision about a request that the page describes, with all that there is to see.

use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use smac_lambda_authorizer::Answer;
use smac_lambda_authorizer::tools::{self, Carrier};
use url::form_urlencoded::Serializer;

use super::super::call::{Api, Call};
use super::super::event;
use super::super::gateway::{Cached, Decided, Gateway, backend, logged};
use super::super::recent::Sender;
use crate::explain::{About, Explanation};

/// A request that is described; one credential at the most.
#[derive(Deserialize)]
pub(super) struct Described {
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

/// Decides about the request that is described, as if it came from a client.
pub(super) async fn decide(gateway: &Gateway, described: &Described) -> Result<Value, String> {
    let api = described.kind;
    let call = call(gateway, described)?;
    let handled = gateway.handle(api, &call).await;
    let (status, client) = match &handled.verdict {
        Ok(authorizer) => (if api == Api::WebSocket { 101 } else { 200 }, backend(&call, authorizer)),
        Err(denial) => (denial.status(), denial.body(api)),
    };
    gateway.note(&call, status, &handled, Sender::Page);
    let denial = handled.verdict.as_ref().err();
    let query = if call.query.is_empty() { String::new() } else { format!("?{}", call.query) };
    let decided = json!({
        "status": status,
        "body": client,
        "errorType": denial.map(|denial| denial.row().1),
        "arn": call.arn(api),
        "route": call.route.key(),
        "gateway": denial.map(|denial| denial.words()),
        "cache": handled.cached.as_ref().map(|cached| cache(gateway, cached)),
        "headers": call.headers.iter().filter(|(name, _)| name != "host").collect::<Vec<_>>(),
        "target": format!("{}{query}", call.path),
    });
    let more = match &handled.decided {
        Some(decided) => of(gateway, decided),
        None => json!({ "outcome": "not asked", "checks": [], "lookups": {} }),
    };
    Ok(event::merged([decided, more]))
}

fn cache(gateway: &Gateway, cached: &Cached) -> Value {
    let caching = gateway.caching();
    let key: Vec<_> = caching.sources.iter().map(|source| &source.text).zip(&cached.key).collect();
    json!({
        "isHit": cached.is_hit,
        "key": key,
        "secondsLeft": cached.left.as_secs_f64().ceil(),
        "whose": cached.whose,
        "madeFor": cached.made_for,
    })
}

fn of(gateway: &Gateway, Decided { decision, asked, event }: &Decided) -> Value {
    let outcome = decision.outcome();
    let line = logged(decision);
    let decider = gateway.decider();
    let explanation = Explanation::new(&decider.settings, event, About::Request, decision, *asked);
    let (answer, error) = match decision.answer() {
        Answer::Response(json) => (Some(json.get()), None),
        Answer::Error(error) => (None, Some(error.to_string())),
    };
    json!({
        "outcome": outcome.name(),
        "reason": outcome.reason(),
        "why": explanation.refused.as_ref().map(|(why, _)| why),
        "change": explanation.refused.as_ref().map(|(_, change)| change),
        "isAssumed": explanation.is_uncertain(),
        // As a string, since its members are in an order that is easier to read than the alphabet's.
        "answer": answer,
        "principalType": line.get("principalType"),
        "issuer": line.get("issuer"),
        "rules": line.get("rules"),
        "error": error,
        "lookups": line.get("lookups"),
        "micros": line.get("DecisionTime"),
        "checks": explanation.checks_json(),
        "event": event,
        "log": line,
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
        route: gateway.route(method.as_str(), path),
        method: method.to_string(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: vec![("host".to_owned(), "localhost".to_owned())],
    };
    let decider = gateway.decider();
    let parts = tools::parts(&decider.settings);
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
