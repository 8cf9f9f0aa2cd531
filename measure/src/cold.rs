//! `cargo measure cold`: the first second of a function, whose upstreams are TLS over a network, and whose processor is a
//! share of one from its first question for work on, as Lambda has it.

mod delay;
mod front;
mod plot;
mod quota;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use smac_local::command::{About as _, Problem, print};
use smac_local::deployment::{Pool, SERVICE, SERVICE_TOKEN, of_pools};
use smac_local::http_server::{self, Server};
use smac_local::stand_ins::StandIns;
use smac_local::token::Token;

use self::delay::{Network, Passed};
use self::front::Authority;
use self::quota::Quota;
use crate::bench::{median, peers};
use crate::{bearer, pair, process, release};

const POOL: &str = "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY";
const ISSUER: &str = "SMAC__AUTH__PROVIDER_OIDC__ISSUERS__ONE";

/// How often a warm call is timed after the first one.
const WARM_CALLS: u32 = 20;

#[derive(clap::Args)]
pub(crate) struct Cold {
    /// How often each function is started for each delay; the medians count.
    #[arg(long, default_value_t = 15)]
    runs: usize,
    /// How long a round trip to an upstream takes, in milliseconds.
    #[arg(long, value_delimiter = ',', default_values_t = [0, 2, 10])]
    delays: Vec<u64>,
    /// The function's memory in MB, which decides about its share of a processor.
    #[arg(long, default_value_t = 256)]
    memory: u64,
    /// Also times authorizers on Node (aws-jwt-verify) and Python (PyJWT), installed from npm and PyPI into `target/`.
    #[arg(long)]
    peers: bool,
    /// Times another binary of the function too, for a comparison.
    #[arg(long, value_name = "PATH")]
    other: Option<PathBuf>,
    /// Writes a plot there, of the middle delay.
    #[arg(long, value_name = "PATH")]
    svg: Option<PathBuf>,
}

/// The upstreams, each behind TLS and a network of its own.
struct World {
    networks: [Network; 4],
    authority: Authority,
    _stand_ins: StandIns,
    _servers: Vec<Server>,
}

struct Subject {
    name: String,
    command: Vec<String>,
    environment: Vec<(String, String)>,
    event: Bytes,
}

/// One start and its first calls.
#[derive(Clone, Copy, Debug)]
struct Run {
    start: Duration,
    start_cpu: Duration,
    first: Duration,
    first_cpu: Duration,
    warm_cpu: Duration,
    at_start: Passed,
    at_first: Passed,
}

/// A subject, and what came of its runs for one delay.
pub(crate) struct Row {
    delay: u64,
    name: String,
    runs: Vec<Run>,
}

impl Cold {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        let world = World::start().await.about("the stand-ins")?;
        let subjects = self.subjects(&world)?;
        let svg = self.svg.clone();
        // A thread of its own: what is timed must not wait for the stand-ins.
        let timing = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.about("a runtime")?.block_on(self.time(&subjects, &world))
        });
        let rows = timing.await.about("the timing")??;
        print(&table(&rows))?;
        if let Some(path) = svg {
            std::fs::write(&path, plot::bars(&rows)).about(path.display())?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn subjects(&self, world: &World) -> Result<Vec<Subject>, Problem> {
        let fetched = world.environment();
        let with_keys: Vec<_> = fetched.iter().cloned().chain([Pool::Primary.key_set_variable()]).collect();
        let (issuer, discovered) = world.with_issuer();
        let id = bearer(&Token::id().sign());
        let access = bearer(&Token::access().sign());
        let service = pair(SERVICE, SERVICE_TOKEN);
        let of_issuer = bearer(&Token::id().claim("iss", issuer).claim("aud", "api").sign());
        let empty = release("smac-measure", "empty-handler")?;
        let ours = release("smac-lambda-authorizer", "smac-lambda-authorizer")?;
        let subject = |name: &str, command: Vec<String>, environment: &Vec<_>, event: &Bytes| Subject {
            name: name.to_owned(),
            command,
            environment: environment.clone(),
            event: event.clone(),
        };
        let mut subjects = vec![subject("an empty handler", vec![empty], &fetched, &id)];
        let other = self.other.iter().map(|path| ("other: ", path.display().to_string()));
        for (prefix, binary) in [("", ours)].into_iter().chain(other) {
            for (name, environment, event) in [
                ("ID token, keys fetched", &fetched, &id),
                ("ID token, keys configured", &with_keys, &id),
                ("access token and userInfo, keys fetched", &fetched, &access),
                ("access token and userInfo, keys configured", &with_keys, &access),
                ("service pair, keys fetched", &fetched, &service),
                ("service pair, keys configured", &with_keys, &service),
                ("OIDC token, keys discovered", &discovered, &of_issuer),
            ] {
                subjects.push(subject(&format!("{prefix}{name}"), vec![binary.clone()], environment, event));
            }
        }
        if self.peers {
            let peers = peers::install()?.into_iter();
            subjects.extend(peers.map(|(name, command)| subject(name, command, &fetched, &id)));
        }
        Ok(subjects)
    }

    /// The subjects take turns, so that what else the machine does falls on all of them.
    async fn time(&self, subjects: &[Subject], world: &World) -> Result<Vec<Row>, Problem> {
        let quota = Quota::new(self.memory).about("a control group with a share of a processor")?;
        let mut rows = Vec::new();
        for delay in &self.delays {
            let mut of_delay: Vec<_> = subjects
                .iter()
                .map(|subject| Row { delay: *delay, name: subject.name.clone(), runs: vec![] })
                .collect();
            for _ in 0..self.runs.max(1) {
                for (subject, row) in subjects.iter().zip(&mut of_delay) {
                    for network in &world.networks {
                        network.set_delay(Duration::from_millis(*delay));
                    }
                    row.runs.push(run(subject, world, &quota).await.about(&subject.name)?);
                }
            }
            rows.extend(of_delay);
        }
        Ok(rows)
    }
}

async fn run(subject: &Subject, world: &World, quota: &Quota) -> std::io::Result<Run> {
    world.passed();
    let (function, start) = process::start(&subject.command, &subject.environment).await?;
    let start_cpu = process::processor_time(&function)?;
    quota.hold(function.id().unwrap_or_default())?;
    let at_start = world.passed();
    let before = process::processor_time(&function)?;
    let first = process::allowed(&function, &subject.event).await?;
    let after = process::processor_time(&function)?;
    let at_first = world.passed();
    for _ in 0..WARM_CALLS {
        process::allowed(&function, &subject.event).await?;
    }
    let warm_cpu = process::processor_time(&function)?.saturating_sub(after) / WARM_CALLS;
    function.kill().await?;
    let first_cpu = after.saturating_sub(before);
    Ok(Run { start, start_cpu, first, first_cpu, warm_cpu, at_start, at_first })
}

impl World {
    async fn start() -> std::io::Result<Self> {
        let stand_ins = StandIns::start(0).await?;
        let authority = Authority::new()?;
        let behind = stand_ins.base_url().trim_start_matches("http://").to_owned();
        let mut servers = Vec::new();
        // Cognito, its domain, Secrets Manager.
        for _ in 0..3 {
            servers.push(authority.front(&behind).await?);
        }
        // An OIDC issuer: only who calls it knows its address, which must be in the document.
        let issuer = Server::start("127.0.0.1:0", async |request: hyper::Request<hyper::body::Incoming>| {
            let host = request.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
            let issuer = format!("https://{host}");
            Ok(if request.uri().path().ends_with("/openid-configuration") {
                http_server::json(200, &json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/keys") }))
            } else {
                http_server::json(200, &Pool::Primary.key().key_set())
            })
        })
        .await?;
        servers.push(authority.front(&issuer.address().to_string()).await?);
        let addresses: Vec<SocketAddr> = servers.iter().map(Server::address).collect();
        servers.push(issuer);
        let network = |index: usize| addresses.get(index).map(|address| Network::before(*address)).transpose();
        let networks = [network(0)?, network(1)?, network(2)?, network(3)?];
        let [Some(cognito), Some(domain), Some(secrets), Some(issuer)] = networks else {
            return Err(std::io::ErrorKind::NotFound.into());
        };
        Ok(Self { networks: [cognito, domain, secrets, issuer], authority, _stand_ins: stand_ins, _servers: servers })
    }

    fn urls(&self) -> [String; 4] {
        self.networks.each_ref().map(|network| format!("https://localhost:{}", network.port()))
    }

    /// One pool, which is what the peers have; services are on.
    fn environment(&self) -> Vec<(String, String)> {
        let [cognito, domain, secrets, _] = self.urls();
        let mut environment = of_pools(&cognito);
        environment.retain(|(name, _)| !name.contains(Pool::Secondary.name()) && !name.ends_with("QUERY_PARAMETER"));
        let pem = self.authority.pem.display().to_string();
        let ours = [
            ("AWS_CA_BUNDLE".to_owned(), pem.clone()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), secrets),
            (format!("{POOL}__DOMAIN"), format!("{domain}/PRIMARY")),
            // The same for the peers.
            ("NODE_EXTRA_CA_CERTS".to_owned(), pem.clone()),
            ("SSL_CERT_FILE".to_owned(), pem),
        ];
        environment.extend(ours);
        environment
    }

    /// An OIDC issuer and no pool.
    fn with_issuer(&self) -> (String, Vec<(String, String)>) {
        let [.., issuer] = self.urls();
        let mut environment = self.environment();
        environment.retain(|(name, _)| !name.starts_with("SMAC__AUTH__PROVIDER"));
        let ours = [
            ("SMAC__AUTH__PROVIDER".to_owned(), "OIDC".to_owned()),
            (format!("{ISSUER}__ISSUER"), issuer.clone()),
            (format!("{ISSUER}__AUDIENCE"), "api".to_owned()),
        ];
        environment.extend(ours);
        (issuer, environment)
    }

    /// What has passed through all networks since this was asked last: connections in all; of the round trips, those of
    /// the network that had most, since the others are at the same time.
    fn passed(&self) -> Passed {
        let passed = self.networks.each_ref().map(Network::take);
        Passed {
            connections: passed.iter().map(|passed| passed.connections).sum(),
            round_trips: passed.iter().map(|passed| passed.round_trips).max().unwrap_or_default(),
        }
    }
}

impl Row {
    fn of<T: Ord + Copy + Default>(&self, figure: impl Fn(&Run) -> T) -> T {
        median(self.runs.iter().map(figure))
    }
}

fn table(rows: &[Row]) -> String {
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let mut lines = vec![
        "| round trip, ms | | start, ms | its CPU | round trips, connections | first call, ms | its CPU | round trips, connections | warm CPU |"
            .to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    for row in rows {
        let (at_start, at_first) = (row.of(|run| run.at_start), row.of(|run| run.at_first));
        lines.push(format!(
            "| {} | {} | {:.2} | {:.2} | {}, {} | {:.2} | {:.2} | {}, {} | {:.3} |",
            row.delay,
            row.name,
            millis(row.of(|run| run.start)),
            millis(row.of(|run| run.start_cpu)),
            at_start.round_trips,
            at_start.connections,
            millis(row.of(|run| run.first)),
            millis(row.of(|run| run.first_cpu)),
            at_first.round_trips,
            at_first.connections,
            millis(row.of(|run| run.warm_cpu)),
        ));
    }
    lines.join("\n")
}
