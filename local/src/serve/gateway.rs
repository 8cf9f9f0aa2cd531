//! The gateway: identity sources, cache, function, policy, backend, in API Gateway's order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::HeaderName;
use serde_json::{Value, json};
use smac_lambda_authorizer::tools::{self, Precedence};
use smac_lambda_authorizer::{Answer, Decision, FunctionError};
use smac_local::command::{Problem, print};
use smac_local::http_server::{self, with_header};
use smac_local::lock;
use smac_local::stand_ins::StandIns;
use time::OffsetDateTime;

use super::backend::Backend;
use super::cache::Cache;
use super::call::{Api, Call};
use super::event::Circumstances;
use super::identity::IdentitySource;
use super::recent::{Recent, Sender};
use super::route::Route;
use super::verdict::{self, Denial};
use super::{cors, event, page, web_socket};
use crate::decider::{self, Decider};
use crate::decisions::{log_line, outcome};
use crate::explain::{Asked, rules};
use crate::source::Source;

pub(super) struct Gateway {
    source: Source,
    stand_ins: Option<StandIns>,
    decider: RwLock<Arc<Decider>>,
    /// What the page has set, by the names of the settings.
    pub(super) changes: Mutex<BTreeMap<String, String>>,
    pub(super) api: Api,
    pub(super) caching: RwLock<Arc<Caching>>,
    pub(super) is_simple: bool,
    pub(super) stage_variables: Vec<(String, String)>,
    pub(super) backend: Option<Backend>,
    /// The origin whose pages may read answers.
    pub(super) cors: Option<String>,
    pub(super) cache: Mutex<Cache>,
    pub(super) recent: Mutex<Recent>,
    calls: AtomicU64,
}

#[derive(Clone, Debug)]
pub(super) struct Caching {
    pub(super) sources: Vec<IdentitySource>,
    pub(super) ttl: Duration,
}

pub(super) struct Handled {
    /// What the backend sees in `requestContext.authorizer`, or why it sees nothing.
    pub(super) verdict: Result<Value, Denial>,
    /// The function's decision, if it was asked.
    pub(super) decided: Option<Decided>,
    /// How the cache was used, if it is on.
    pub(super) cached: Option<Cached>,
}

pub(super) struct Decided {
    pub(super) decision: Decision,
    pub(super) asked: Asked,
    pub(super) event: String,
}

pub(super) struct Cached {
    pub(super) is_hit: bool,
    /// The values of the identity sources.
    pub(super) key: Vec<String>,
    pub(super) left: Duration,
    pub(super) whose: Option<String>,
    pub(super) made_for: String,
}

impl Gateway {
    pub(super) async fn new(source: Source, api: Api, caching: Caching) -> Result<Self, Problem> {
        let stand_ins = decider::stand_ins(&source).await?;
        let decider = Decider::new(&source, stand_ins.as_ref()).await?;
        Ok(Self {
            source,
            stand_ins,
            decider: RwLock::new(Arc::new(decider)),
            changes: Mutex::default(),
            api,
            caching: RwLock::new(Arc::new(caching)),
            is_simple: false,
            stage_variables: Vec::new(),
            backend: None,
            cors: None,
            cache: Mutex::default(),
            recent: Mutex::default(),
            calls: AtomicU64::new(0),
        })
    }

    pub(super) const fn is_development(&self) -> bool {
        self.stand_ins.is_some()
    }

    pub(super) fn decider(&self) -> Arc<Decider> {
        Arc::clone(&self.decider.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn caching(&self) -> Arc<Caching> {
        Arc::clone(&self.caching.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the settings again, with what the page has set. The gateway's cache stays, as it would in AWS.
    pub(super) async fn reload(&self) -> Result<(), Problem> {
        let changes = lock(&self.changes).clone();
        self.reload_with(&changes).await
    }

    pub(super) async fn reload_with(&self, changes: &BTreeMap<String, String>) -> Result<(), Problem> {
        let mut source = self.source.clone();
        for (name, value) in changes {
            source.set(name, value);
        }
        let decider = Arc::new(Decider::new(&source, self.stand_ins.as_ref()).await?);
        *self.decider.write().unwrap_or_else(PoisonError::into_inner) = decider;
        Ok(())
    }

    pub(super) async fn answer(&self, mut request: Request<Incoming>) -> http_server::Answer {
        if page::is_for(&request) {
            return page::answer(self, request).await;
        }
        let call = self.read(&request);
        let Some(origin) = &self.cors else {
            return self.answer_call(&call, &mut request).await;
        };
        if let Some(answer) = cors::preflight(&call, origin) {
            report(&call, 204, "preflight: the function is not asked");
            return answer;
        }
        cors::allowed(self.answer_call(&call, &mut request).await, origin)
    }

    async fn answer_call(&self, call: &Call, request: &mut Request<Incoming>) -> http_server::Answer {
        let accepted = match self.api {
            Api::WebSocket => match web_socket::accept(call) {
                Ok(accepted) => Some(accepted),
                Err((status, message, (name, value), why)) => {
                    report(call, status, why);
                    return with_header(json(status, &json!({ "message": message })), name, value);
                }
            },
            Api::Rest | Api::RestToken | Api::HttpV1 | Api::HttpV2 => None,
        };
        let handled = self.handle(self.api, call).await;
        let status = handled
            .verdict
            .as_ref()
            .map_or_else(|denial| denial.status(), |_| if accepted.is_some() { 101 } else { 200 });
        self.note(call, status, &handled, Sender::Client);
        let authorizer = match &handled.verdict {
            Ok(authorizer) => authorizer,
            Err(denial) => {
                let answer = json(denial.status(), &denial.body(self.api));
                return with_header(answer, HeaderName::from_static("x-amzn-errortype"), denial.row().1);
            }
        };
        let seen = backend(call, authorizer);
        if let Some(accepted) = accepted {
            tokio::spawn(web_socket::tell(hyper::upgrade::on(request), seen.to_string()));
            // The `$connect` integration's duty.
            let protocol = authorizer.get("webSocketProtocol").and_then(Value::as_str);
            return web_socket::switch(&accepted, protocol);
        }
        match &self.backend {
            Some(backend) => backend.ask(call, request, authorizer).await,
            None => json(200, &seen),
        }
    }

    /// Identity sources, cache, function, policy: in API Gateway's order. Without a time to live the cache is not used.
    pub(super) async fn handle(&self, api: Api, call: &Call) -> Handled {
        let apply = |answer| verdict::apply(api, self.is_simple, answer, &call.arn(api), OffsetDateTime::now_utc());
        let caching = self.caching();
        let context = event::context(call, api, self.calls.fetch_add(1, Ordering::Relaxed));
        let values = caching.sources.iter().map(|source| source.value(call, api, &context, &self.stage_variables));
        let Some(identity) = values.collect::<Option<Vec<String>>>() else {
            return Handled { verdict: Err(Denial::IdentityMissing), decided: None, cached: None };
        };
        let is_cached = !caching.ttl.is_zero() && !identity.is_empty() && api != Api::WebSocket;
        let key = (api.name(), identity);
        if is_cached && let Some(entry) = lock(&self.cache).get(&key).cloned() {
            let (left, whose) = (entry.left(), entry.whose().map(str::to_owned));
            let cached = Cached { is_hit: true, key: key.1, left, whose, made_for: entry.made_for };
            return Handled { verdict: apply(&entry.answer), decided: None, cached: Some(cached) };
        }
        let about = Circumstances { identity: &key.1, context: &context, stage_variables: &self.stage_variables };
        let event = event::event(call, api, &about).to_string();
        let decided = match self.decider().decide(&event).await {
            Ok((decision, asked)) => Decided { decision, asked, event },
            Err(Problem(problem)) => {
                let _ = print(&problem);
                return Handled { verdict: Err(Denial::Failure), decided: None, cached: None };
            }
        };
        let (verdict, answer) = match decided.decision.answer() {
            Answer::Error(FunctionError::Unauthorized) => (Err(Denial::Unauthorized), None),
            Answer::Error(FunctionError::Internal(_)) => (Err(Denial::Failure), None),
            Answer::Response(json) => {
                let answer: Value = serde_json::from_str(json.get()).unwrap_or_default();
                (apply(&answer), Some(answer))
            }
        };
        // A refusal by policy is cached, an error never is; whether HTTP APIs cache refusals is not documented.
        let cached = is_cached.then(|| {
            let made_for = format!("{} {}", call.method, call.path);
            let ttl = if answer.is_some() { caching.ttl } else { Duration::ZERO };
            let cached =
                Cached { is_hit: false, key: key.1.clone(), left: ttl, whose: None, made_for: made_for.clone() };
            if let Some(answer) = answer {
                lock(&self.cache).insert(key, answer, made_for, caching.ttl);
            }
            cached
        });
        Handled { verdict, decided: Some(decided), cached }
    }

    /// Prints a line about it, and keeps it for the page.
    pub(super) fn note(&self, call: &Call, status: u16, handled: &Handled, sender: Sender) {
        let what = describe(handled);
        let from = if sender == Sender::Page { " (the page)" } else { "" };
        report(call, status, &format!("{what}{from}"));
        lock(&self.recent).add(call, status, handled, sender);
    }

    fn read(&self, request: &Request<Incoming>) -> Call {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        Call {
            route: self.route(&method, &path),
            method,
            path,
            query: request.uri().query().unwrap_or_default().to_owned(),
            headers: request.headers().iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
        }
    }

    /// The route of the access rules' list, or the one that stands for all.
    pub(super) fn route(&self, method: &str, path: &str) -> Route {
        let decider = self.decider();
        let precedence = if self.api.is_http() { Precedence::Http } else { Precedence::Rest };
        let rules = tools::parts(&decider.settings).rules;
        let name = rules.and_then(|rules| rules.route_of(method, path, precedence));
        name.and_then(|name| Route::of(name, path)).unwrap_or_else(|| Route::any(path))
    }
}

/// What a backend would see, and answers with.
pub(super) fn backend(call: &Call, authorizer: &Value) -> Value {
    json!({ "method": call.method, "path": call.path, "requestContext": { "authorizer": authorizer } })
}

/// One line: the path without its query, which may hold a token.
fn report(call: &Call, status: u16, what: &str) {
    // Whoever reads may have read enough.
    let _ = print(&format!("{:<7} {:<24} {status}  {what}", call.method, call.path));
}

/// What was decided, how long it took, and what was looked up; never more than the function's log line says.
pub(super) fn describe(handled: &Handled) -> String {
    let Some(Decided { decision, .. }) = &handled.decided else {
        return match &handled.verdict {
            Ok(_) => "allowed (from the gateway's cache)".to_owned(),
            Err(Denial::IdentityMissing) => Denial::IdentityMissing.words().to_owned(),
            Err(denial) => format!("{} (from the gateway's cache)", denial.words()),
        };
    };
    let line = logged(decision);
    let mut parts = vec![outcome(decision)];
    // Where the gateway makes something else of it than the function meant.
    match (&handled.verdict, decision.outcome().reason()) {
        (Err(denial), None) => parts.push(format!("but {}", denial.words())),
        (Err(Denial::Failure), Some(_)) if matches!(decision.answer(), Answer::Response(_)) => {
            parts.push(format!("but {}", Denial::Failure.words()));
        }
        _ => {}
    }
    parts.extend(rules::line(decision).map(|line| format!("rules {line}")));
    if let Some(time) = line.get("DecisionTime").and_then(Value::as_u64) {
        parts.push(format!("{time} us"));
    }
    if let Some(lookups) = line.get("lookups").and_then(Value::as_object) {
        parts.extend(lookups.iter().map(|(name, from)| format!("{name} {}", from.as_str().unwrap_or_default())));
    }
    parts.join(", ")
}

pub(super) fn logged(decision: &Decision) -> Value {
    serde_json::from_slice(&log_line(decision)).unwrap_or_default()
}

/// JSON, with a line break at the end for those who read it in a terminal.
pub(super) fn json(status: u16, body: &Value) -> http_server::Answer {
    http_server::answer(status, "application/json", format!("{body}\n"))
}
