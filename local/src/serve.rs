//! `serve`: a local API Gateway in front of the real library, and of a backend.
//!
//! A request becomes the event that API Gateway would send ([`event`]), the library decides, and the answer is applied
//! as API Gateway does ([`verdict`]). What AWS does not document is marked where it is decided. Nothing is written
//! anywhere, and nothing but loopback is listened to.

mod backend;
mod cache;
mod call;
mod cors;
mod event;
mod gateway;
mod identity;
mod page;
mod recent;
mod route;
mod verdict;
mod web_socket;

use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use smac_local::command::{About as _, Problem, Tone, name_and_value, print, toned};
use smac_local::http_server::Server;

use self::backend::{Address, Backend};
use self::call::Api;
use self::gateway::{Caching, Gateway};
use self::identity::IdentitySource;
use crate::source::Source;

/// API Gateway's limit:
/// <https://docs.aws.amazon.com/apigateway/latest/api/API_Authorizer.html>.
const MAX_TTL_SECONDS: u64 = 3600;

/// How often the files of the settings are looked at.
const WATCH_INTERVAL: Duration = Duration::from_millis(300);

const HELP: &str = r#"Examples:
  cargo local serve --cors
  curl -H "Authorization: Bearer $(cargo local token)" localhost:3000/pets
  cargo local serve --env-file prod.env --live --backend http://localhost:8080
  cargo local serve --kind http --identity-source '$request.header.Authorization' --ttl 300

http://localhost:3000/ in a browser shows each decision. Changed files of settings and
policies are read again."#;

/// Run a local API Gateway, with a page that shows each decision
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Serve {
    /// Port on loopback; 0 is any
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Kind of API
    #[arg(long, value_enum, default_value = "rest", hide_default_value = true)]
    kind: Kind,
    /// Payload format of an HTTP API
    #[arg(long, value_name = "VERSION", value_parser = ["1.0", "2.0"])]
    payload: Option<String>,
    /// Simple answers of an HTTP API, by HTTP_API_RESPONSE=SIMPLE
    #[arg(long)]
    simple: bool,
    /// Header, query:NAME or AWS's spelling; part of the cache key
    #[arg(long = "identity-source", value_name = "NAME")]
    identity_sources: Vec<IdentitySource>,
    /// How long an answer is cached
    #[arg(long, value_name = "SECONDS", default_value_t = 0,
        value_parser = clap::value_parser!(u64).range(..=MAX_TTL_SECONDS))]
    ttl: u64,
    /// Stage variable (repeatable)
    #[arg(long = "stage-variable", value_name = "NAME=VALUE", value_parser = name_and_value)]
    stage_variables: Vec<(String, String)>,
    /// Server that gets allowed requests, with x-amzn-request-context
    #[arg(long, value_name = "URL")]
    backend: Option<Address>,
    /// Header that gets a value of the context (repeatable)
    #[arg(long = "backend-header", value_name = "NAME=KEY", requires = "backend", value_parser = name_and_value)]
    backend_headers: Vec<(String, String)>,
    /// Answer preflights; pages of this origin, or of any, may call
    #[arg(long, value_name = "ORIGIN", num_args = 0..=1, default_missing_value = "*")]
    cors: Option<String>,
    #[command(flatten)]
    source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Rest,
    Token,
    Http,
    Websocket,
}

impl Serve {
    pub(crate) async fn run(mut self) -> Result<ExitCode, Problem> {
        let (api, backend) = self.checked()?;
        if self.simple {
            self.source.set("HTTP_API_RESPONSE", "SIMPLE");
        }
        let ttl = Duration::from_secs(self.ttl);
        let mut sources = self.identity_sources;
        if api == Api::RestToken && sources.is_empty() {
            sources.push(IdentitySource::authorization());
        }
        let mut gateway = Gateway::new(self.source, api, Caching { sources, ttl }).await?;
        gateway.is_simple = self.simple;
        gateway.stage_variables = self.stage_variables;
        gateway.backend = backend;
        gateway.cors = self.cors;
        if !gateway.is_development() {
            for warning in gateway.decider().settings.warnings() {
                print(&format!("{} {}: {}", toned(Tone::Doubtful, "warning"), warning.variable, warning.text))?;
            }
        }
        let gateway = Arc::new(gateway);
        let server = serve(self.port, Arc::clone(&gateway)).await?;
        let port = server.address().port();
        print(&format!("A local API Gateway ({}) at http://localhost:{port}/, until Ctrl-C.", api.title()))?;
        if api != Api::WebSocket {
            let token = if gateway.is_development() { "$(cargo local token)" } else { "$TOKEN" };
            print(&format!("  curl -H \"Authorization: Bearer {token}\" localhost:{port}/pets"))?;
        }
        tokio::spawn(watch(gateway));
        tokio::signal::ctrl_c().await.about("waiting for Ctrl-C")?;
        Ok(ExitCode::SUCCESS)
    }

    /// The kind of API and the backend, unless options contradict each other: then all that is wrong.
    fn checked(&self) -> Result<(Api, Option<Backend>), Problem> {
        let api = match (self.kind, self.payload.as_deref()) {
            (Kind::Rest, _) => Api::Rest,
            (Kind::Token, _) => Api::RestToken,
            (Kind::Websocket, _) => Api::WebSocket,
            (Kind::Http, Some("1.0")) => Api::HttpV1,
            (Kind::Http, _) => Api::HttpV2,
        };
        let mut problems = Vec::new();
        let mut unless = |is_fine: bool, text: &str| {
            if !is_fine {
                problems.push(text.to_owned());
            }
        };
        let has_key = !self.identity_sources.is_empty() || api == Api::RestToken;
        unless(self.ttl == 0 || has_key, "--ttl needs an --identity-source: without one there is no cache key");
        let is_web_socket = api == Api::WebSocket;
        unless(self.ttl == 0 || !is_web_socket, "--ttl: API Gateway caches nothing for WebSocket APIs");
        unless(self.backend.is_none() || !is_web_socket, "--backend is for REST and HTTP APIs");
        unless(self.payload.is_none() || self.kind == Kind::Http, "--payload is for --kind http");
        unless(!self.simple || api == Api::HttpV2, "--simple is for --kind http with payload format 2.0");
        let is_single = api != Api::RestToken || self.identity_sources.len() < 2;
        unless(is_single, "--identity-source: a TOKEN authorizer has one");
        problems.extend(self.identity_sources.iter().filter_map(|source| source.problem(api)));
        let backend = self.backend.clone().map(|address| Backend::new(address, &self.backend_headers)).transpose();
        match backend {
            Ok(backend) if problems.is_empty() => Ok((api, backend)),
            Ok(_) => Err(Problem(problems.join("\n  "))),
            Err(problem) => Err(Problem(problems.into_iter().chain([problem]).collect::<Vec<_>>().join("\n  "))),
        }
    }
}

async fn serve(port: u16, gateway: Arc<Gateway>) -> Result<Server, Problem> {
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

/// Reads the settings again whenever one of their files is another one than before.
async fn watch(gateway: Arc<Gateway>) {
    let mut before = gateway.decider().deployment.files.state();
    loop {
        tokio::time::sleep(WATCH_INTERVAL).await;
        let now = gateway.decider().deployment.files.state();
        if now == before {
            continue;
        }
        before = now;
        let said = match gateway.reload().await {
            Ok(()) => {
                // Other files may be named now.
                before = gateway.decider().deployment.files.state();
                "the settings were read again".to_owned()
            }
            Err(Problem(problem)) => format!("{} {problem}; the old settings stay", toned(Tone::Bad, "error:")),
        };
        let _ = print(&said);
    }
}
