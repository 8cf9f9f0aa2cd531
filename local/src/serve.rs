//! `cargo local serve`: a local API Gateway in front of the real library.
//!
//! A request becomes the event that API Gateway would send ([`call`]), the library decides, and the answer is applied
//! as API Gateway does ([`verdict`]). What AWS does not document is marked where it is decided. Nothing is written
//! anywhere, and nothing but loopback is listened to.

mod call;
mod event;
mod page;
mod verdict;
mod web_socket;

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use hyper::body::Incoming;
use hyper::header::{self, HeaderName};
use hyper::{Method, Request};
use serde_json::{Value, json};
use smac_lambda_authorizer::{Answer, Decision, FunctionError};
use smac_local::command::{About as _, Problem, print};
use smac_local::http_server::{self, Server, with_header};
use smac_local::lock;
use time::OffsetDateTime;

use crate::decider::{self, Decider};
use crate::decisions::{log_line, outcome};
use crate::explain::Asked;
use crate::source::Source;
use call::{Api, Call, IdentitySource};
use verdict::Denial;

/// API Gateway's limit:
/// <https://docs.aws.amazon.com/apigateway/latest/api/API_Authorizer.html>.
const MAX_TTL_SECONDS: u64 = 3600;

/// So many cached answers at most; then they are all forgotten.
const CACHE_CAPACITY: usize = 1000;

const HELP: &str = r#"Examples:
  cargo local serve
  curl -H "Authorization: Bearer $(cargo local token)" localhost:3000/pets
  curl -H SMAC-Principal:billing-service -H SMAC-Token:dev-token-of-the-billing-service localhost:3000
  cargo local serve --kind http --simple
  cargo local serve --identity-source Authorization --ttl 300 --setting POLICY__SCOPE=METHOD

http://localhost:3000/ in a browser shows what is decided, and by which check."#;

/// Run a local API Gateway, with a page that shows each decision
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Serve {
    /// Port on loopback; 0 is any
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Kind of API
    #[arg(long, value_enum, default_value = "rest")]
    kind: Kind,
    /// Payload format of an HTTP API's authorizer [default: 2.0]
    #[arg(long, value_name = "VERSION", value_parser = ["1.0", "2.0"])]
    payload: Option<String>,
    /// Simple answers of an HTTP API; sets HTTP_API_RESPONSE=SIMPLE too
    #[arg(long)]
    simple: bool,
    /// Header, or query:NAME, that is part of the cache key and required (repeatable)
    #[arg(long = "identity-source", value_name = "NAME")]
    identity_sources: Vec<IdentitySource>,
    /// How long an answer is cached
    #[arg(long, value_name = "SECONDS", default_value_t = 0,
        value_parser = clap::value_parser!(u64).range(..=MAX_TTL_SECONDS))]
    ttl: u64,
    #[command(flatten)]
    source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Rest,
    Http,
    Websocket,
}

impl Serve {
    pub(crate) async fn run(mut self) -> Result<ExitCode, Problem> {
        let api = self.api()?;
        if self.simple {
            self.source.set("HTTP_API_RESPONSE", "SIMPLE");
        }
        let stand_ins = decider::stand_ins(&self.source).await?;
        let gateway = Gateway {
            decider: Decider::new(&self.source, stand_ins.as_ref()).await?,
            api,
            is_simple: self.simple,
            identity_sources: self.identity_sources,
            ttl: Duration::from_secs(self.ttl),
            cache: Mutex::default(),
            calls: AtomicU64::new(0),
        };
        let server = serve(self.port, gateway).await?;
        let port = server.address().port();
        print(&format!("A local API Gateway ({}) at http://localhost:{port}/, until Ctrl-C.", api.title()))?;
        if api != Api::WebSocket {
            print(&format!("  curl -H \"Authorization: Bearer $(cargo local token)\" localhost:{port}/pets"))?;
        }
        tokio::signal::ctrl_c().await.about("waiting for Ctrl-C")?;
        Ok(ExitCode::SUCCESS)
    }

    /// The kind of API, unless the options contradict each other.
    fn api(&self) -> Result<Api, Problem> {
        let problem = |text: &str| Err(Problem(text.to_owned()));
        if self.ttl > 0 && self.identity_sources.is_empty() {
            return problem("--ttl needs an --identity-source: without one there is no cache key");
        }
        if self.ttl > 0 && self.kind == Kind::Websocket {
            return problem("--ttl: API Gateway caches nothing for WebSocket APIs");
        }
        if self.payload.is_some() && self.kind != Kind::Http {
            return problem("--payload is for --kind http");
        }
        let api = match (self.kind, self.payload.as_deref()) {
            (Kind::Rest, _) => Api::Rest,
            (Kind::Websocket, _) => Api::WebSocket,
            (Kind::Http, Some("1.0")) => Api::HttpV1,
            (Kind::Http, _) => Api::HttpV2,
        };
        if self.simple && api != Api::HttpV2 {
            return problem("--simple is for --kind http with payload format 2.0");
        }
        Ok(api)
    }
}

async fn serve(port: u16, gateway: Gateway) -> Result<Server, Problem> {
    let gateway = Arc::new(gateway);
    let server = Server::start((Ipv4Addr::LOCALHOST, port), move |request| {
        let gateway = Arc::clone(&gateway);
        async move { Ok(gateway.answer(request).await) }
    });
    server.await.map_err(|error| {
        if error.kind() == std::io::ErrorKind::AddrInUse {
            return Problem(format!("port {port} is in use: choose another with --port, or 0 for any"));
        }
        Problem::new(format_args!("port {port}"), error)
    })
}

struct Gateway {
    decider: Decider,
    api: Api,
    is_simple: bool,
    identity_sources: Vec<IdentitySource>,
    ttl: Duration,
    /// The function's answers by the values of the identity sources, and until when they are used.
    cache: Mutex<HashMap<Vec<String>, (Instant, Value)>>,
    calls: AtomicU64,
}

struct Handled {
    /// What the backend sees in `requestContext.authorizer`, or why it sees nothing.
    verdict: Result<Value, Denial>,
    /// The function's decision, if it was asked.
    decided: Option<Decided>,
}

struct Decided {
    decision: Decision,
    asked: Asked,
    event: String,
}

impl Gateway {
    async fn answer(&self, mut request: Request<Incoming>) -> http_server::Answer {
        if page::is_for(&request) {
            return page::answer(self, request).await;
        }
        let call = read(&request);
        let accepted = match self.api {
            Api::WebSocket => match web_socket::accept(&call) {
                Ok(accepted) => Some(accepted),
                Err((status, message, (name, value), why)) => {
                    report(&call, status, why);
                    return with_header(json(status, &json!({ "message": message })), name, value);
                }
            },
            Api::Rest | Api::HttpV1 | Api::HttpV2 => None,
        };
        let handled = self.handle(self.api, &call, self.ttl).await;
        let authorizer = match &handled.verdict {
            Ok(authorizer) => authorizer,
            Err(denial) => {
                report(&call, denial.status(), &describe(&handled));
                let answer = json(denial.status(), &denial.body(self.api));
                return with_header(answer, HeaderName::from_static("x-amzn-errortype"), denial.row().1);
            }
        };
        let seen = backend(&call, authorizer);
        if let Some(accepted) = accepted {
            report(&call, 101, &describe(&handled));
            tokio::spawn(web_socket::tell(hyper::upgrade::on(&mut request), seen.to_string()));
            // The `$connect` integration's duty.
            let protocol = authorizer.get("webSocketProtocol").and_then(Value::as_str);
            return web_socket::switch(&accepted, protocol);
        }
        report(&call, 200, &describe(&handled));
        json(200, &seen)
    }

    /// Identity sources, cache, function, policy: in API Gateway's order. Without a time to live the cache is not used.
    async fn handle(&self, api: Api, call: &Call, ttl: Duration) -> Handled {
        let apply = |answer| verdict::apply(api, self.is_simple, answer, &call.arn(api), OffsetDateTime::now_utc());
        let identity = self.identity_sources.iter().map(|source| call.identity(source, api));
        let Some(identity) = identity.collect::<Option<Vec<String>>>() else {
            return Handled { verdict: Err(Denial::IdentityMissing), decided: None };
        };
        if let Some(answer) = self.remembered(&identity).filter(|_| !ttl.is_zero()) {
            return Handled { verdict: apply(&answer), decided: None };
        }
        let event = event::event(call, api, &identity, self.calls.fetch_add(1, Ordering::Relaxed)).to_string();
        let decided = match self.decider.decide(&event).await {
            Ok((decision, asked)) => Decided { decision, asked, event },
            Err(Problem(problem)) => {
                let _ = print(&problem);
                return Handled { verdict: Err(Denial::Failure), decided: None };
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
        if let Some(answer) = answer.filter(|_| !ttl.is_zero()) {
            self.remember(identity, answer, ttl);
        }
        Handled { verdict, decided: Some(decided) }
    }

    fn remembered(&self, key: &[String]) -> Option<Value> {
        let cache = lock(&self.cache);
        cache.get(key).filter(|(end, _)| Instant::now() < *end).map(|(_, answer)| answer.clone())
    }

    fn remember(&self, key: Vec<String>, answer: Value, ttl: Duration) {
        let mut cache = lock(&self.cache);
        if cache.len() >= CACHE_CAPACITY {
            cache.clear();
        }
        cache.insert(key, (Instant::now() + ttl, answer));
    }
}

fn read(request: &Request<Incoming>) -> Call {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Call {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: request.headers().iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
    }
}

/// What a backend would see, and answers with.
fn backend(call: &Call, authorizer: &Value) -> Value {
    json!({ "method": call.method, "path": call.path, "requestContext": { "authorizer": authorizer } })
}

/// One line: the path without its query, which may hold a token.
fn report(call: &Call, status: u16, what: &str) {
    // Whoever reads may have read enough.
    let _ = print(&format!("{:<7} {:<24} {status}  {what}", call.method, call.path));
}

/// What was decided, how long it took, and what was looked up; never more than the function's log line says.
fn describe(handled: &Handled) -> String {
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
    if let Some(time) = line.get("DecisionTime").and_then(Value::as_u64) {
        parts.push(format!("{time} us"));
    }
    if let Some(lookups) = line.get("lookups").and_then(Value::as_object) {
        parts.extend(lookups.iter().map(|(name, from)| format!("{name} {}", from.as_str().unwrap_or_default())));
    }
    parts.join(", ")
}

fn logged(decision: &Decision) -> Value {
    serde_json::from_slice(&log_line(decision)).unwrap_or_default()
}

/// JSON, with a line break at the end for those who read it in a terminal.
fn json(status: u16, body: &Value) -> http_server::Answer {
    http_server::answer(status, "application/json", format!("{body}\n"))
}
