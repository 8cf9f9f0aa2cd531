//! `cargo local bench`: the release binary as Lambda runs it, timed from outside. Linux only: CPU time and memory are
//! read from `/proc`.

mod peers;
mod plot;
pub(crate) mod runtime_api;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use smac_local::deployment::{Pool, SERVICE, SERVICE_TOKEN, environment};
use smac_local::stand_ins::StandIns;
use smac_local::token::{Token, Use};

use self::runtime_api::{Figures, Function};
use crate::{Problem, print, start};

/// The options of the command.
#[derive(clap::Args)]
pub(crate) struct Bench {
    /// How often each function is started and called; the medians count.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// How often each function is started in a run; the median of all starts counts.
    #[arg(long, default_value_t = 10)]
    starts: usize,
    /// How many calls are timed, each with another token, after a tenth of that for warming up.
    #[arg(long, default_value_t = 2000)]
    calls: usize,
    /// Times authorizers on Node (aws-jwt-verify) and Python (PyJWT), too; installed from npm and PyPI into `target/`.
    #[arg(long)]
    peers: bool,
    /// Writes a plot there.
    #[arg(long, value_name = "PATH")]
    svg: Option<PathBuf>,
}

/// A function to time, and what it is asked.
struct Subject {
    name: &'static str,
    command: Vec<String>,
    environment: Vec<(String, String)>,
    events: Vec<String>,
    is_peer: bool,
}

/// A line of the table.
struct Row {
    name: &'static str,
    is_peer: bool,
    /// From the start of the process to its first question for work.
    start: Duration,
    figures: Figures,
}

impl Bench {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        let binaries = build()?;
        let stand_ins = start(0).await?;
        let subjects = self.subjects(&binaries, &stand_ins)?;
        let (runs, starts, calls) = (self.runs.max(1), self.starts.max(1), self.calls.max(10));
        let svg = self.svg;
        let base_url = stand_ins.base_url();
        // The timing blocks, and must not share a thread with the stand-ins.
        let rows = tokio::task::spawn_blocking(move || measure(&subjects, &base_url, runs, starts, calls))
            .await
            .map_err(|error| Problem::new("measuring", error))??;
        let verification = bare_verification(&binaries)?;
        print(&table(&rows, verification))?;
        if let Some(path) = svg {
            std::fs::write(&path, plot::bars(&rows)).map_err(|error| Problem::new(path.display(), error))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn subjects(&self, binaries: &Path, stand_ins: &StandIns) -> Result<Vec<Subject>, Problem> {
        let with = |more: &[(&str, &str)]| {
            // One pool, which is what the peers have.
            let mut all = environment(&stand_ins.base_url());
            all.retain(|(name, _)| !name.contains(Pool::Secondary.name()));
            all.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            all
        };
        let binary = |name: &str| vec![binaries.join(name).display().to_string()];
        let ours = || binary("smac-lambda-authorizer");
        let id_tokens = tokens(Use::Id, self.calls);
        let keys = |pool: Pool| {
            (
                format!("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__{}__JWKS", pool.name()),
                pool.key().key_set().to_string(),
            )
        };
        let mut configured = with(&[]);
        configured.push(keys(Pool::Primary));
        let mut subjects = vec![
            Subject {
                name: "an empty handler",
                command: binary("empty-handler"),
                environment: with(&[]),
                events: id_tokens.clone(),
                is_peer: false,
            },
            Subject {
                name: "ID tokens, all distinct",
                command: ours(),
                environment: with(&[]),
                events: id_tokens.clone(),
                is_peer: false,
            },
            Subject {
                name: "ID tokens, keys configured",
                command: ours(),
                environment: configured,
                events: id_tokens.clone(),
                is_peer: false,
            },
            Subject {
                name: "an access token, userInfo remembered",
                command: ours(),
                environment: with(&[]),
                events: tokens(Use::Access, 1),
                is_peer: false,
            },
            Subject {
                name: "a service's pair, secret remembered",
                command: ours(),
                environment: with(&[]),
                events: vec![event(&json!({ "SMAC-Principal": SERVICE, "SMAC-Token": SERVICE_TOKEN }))],
                is_peer: false,
            },
        ];
        if self.peers {
            for (name, command) in peers::install()? {
                let (environment, events) = (with(&[]), id_tokens.clone());
                subjects.push(Subject { name, command, environment, events, is_peer: true });
            }
        }
        Ok(subjects)
    }
}

/// Builds what is timed, as it is released: apart from this package, whose features it would share otherwise.
pub(crate) fn build() -> Result<PathBuf, Problem> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    for package in ["smac-local", "smac-lambda-authorizer"] {
        let status = std::process::Command::new(env!("CARGO"))
            .args(["build", "--release", "--quiet", "--bins", "--package", package, "--manifest-path"])
            .arg(&manifest)
            .status()
            .map_err(|error| Problem::new("cargo build --release", error))?;
        if !status.success() {
            return Err(Problem::new("cargo build --release", status));
        }
    }
    let target = std::env::current_exe().map_err(|error| Problem::new("this program's place", error))?;
    let target = target.ancestors().nth(2).unwrap_or(&target);
    Ok(target.join("release"))
}

/// The subjects take turns, so that what else the machine does falls on all of them.
fn measure(
    subjects: &[Subject],
    base_url: &str,
    runs: usize,
    starts: usize,
    calls: usize,
) -> Result<Vec<Row>, Problem> {
    // The stand-ins must be awake, or whoever is the first to ask them is timed with their page faults.
    let start = |subject: &Subject| {
        wake(base_url).map_err(|error| Problem::new("the stand-ins", error))?;
        Function::start(&subject.command, &subject.environment).map_err(|error| Problem::new(subject.name, error))
    };
    let mut all: Vec<(Vec<Duration>, Vec<Figures>)> = subjects.iter().map(|_| Default::default()).collect();
    for _ in 0..runs {
        for _ in 1..starts {
            for (subject, (starts, _)) in subjects.iter().zip(&mut all) {
                starts.push(start(subject)?.started_after());
            }
        }
        for (subject, (starts, figures)) in subjects.iter().zip(&mut all) {
            let function = start(subject)?;
            starts.push(function.started_after());
            figures.push(function.time(&subject.events, calls).map_err(|error| Problem::new(subject.name, error))?);
        }
    }
    let row = |(subject, (mut starts, figures)): (&Subject, (Vec<Duration>, Vec<Figures>))| {
        starts.sort();
        let start = starts.get(starts.len() / 2).copied().unwrap_or_default();
        Row { name: subject.name, is_peer: subject.is_peer, start, figures: Figures::median(&figures) }
    };
    Ok(subjects.iter().zip(all).map(row).collect())
}

/// Asks the stand-ins for a key set.
fn wake(base_url: &str) -> std::io::Result<()> {
    let address = base_url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    let path = Pool::Primary.id();
    write!(stream, "GET /{path}/.well-known/jwks.json HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 200 ") { Ok(()) } else { Err(std::io::ErrorKind::InvalidData.into()) }
}

pub(crate) fn event(headers: &Value) -> String {
    let arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/pets/42";
    let template = include_str!("../../events/refused-no-credentials.json");
    let mut event: Value = serde_json::from_str(template).unwrap_or_default();
    if let (Some(event), Some(headers)) = (event.as_object_mut(), headers.as_object()) {
        event.insert("methodArn".to_owned(), arn.into());
        for name in ["headers", "multiValueHeaders"] {
            let Some(map) = event.get_mut(name).and_then(Value::as_object_mut) else { continue };
            for (header, value) in headers {
                let value = if name == "headers" { value.clone() } else { json!([value]) };
                map.insert(header.clone(), value);
            }
        }
    }
    event.to_string()
}

/// Events with tokens, all different.
fn tokens(token_use: Use, count: usize) -> Vec<String> {
    (0..count)
        .map(|number| {
            let token = Token::new(token_use).claim("jti", format!("{number:08}")).sign();
            event(&json!({ "authorization": format!("Bearer {token}") }))
        })
        .collect()
}

/// The median time of the arithmetic of RS256 alone, in a process of its own that is built as what is timed.
fn bare_verification(binaries: &Path) -> Result<Duration, Problem> {
    let command = binaries.join("bare-verification");
    let output =
        std::process::Command::new(&command).output().map_err(|error| Problem::new(command.display(), error))?;
    let nanoseconds = String::from_utf8_lossy(&output.stdout).trim().parse();
    Ok(Duration::from_nanos(nanoseconds.map_err(|error| Problem::new(command.display(), error))?))
}

fn table(rows: &[Row], verification: Duration) -> String {
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let mut lines = vec![
        "| | start, ms | first call, ms | warm call p50, us | p99, us | CPU per call, us | memory at the start, MB | peak, MB |"
            .to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    for Row { name, start, figures, .. } in rows {
        lines.push(format!(
            "| {name} | {:.1} | {:.2} | {:.0} | {:.0} | {:.0} | {:.1} | {:.1} |",
            millis(*start),
            millis(figures.first),
            micros(figures.p50),
            micros(figures.p99),
            micros(figures.cpu),
            figures.memory_at_start as f64 / 1e6,
            figures.memory_peak as f64 / 1e6,
        ));
    }
    lines.push(String::new());
    lines.push(format!("A bare RS256 verification: {:.0} us.", micros(verification)));
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    if let [Row { figures: empty, start: empty_start, .. }, others @ ..] = rows {
        let ours = others.first();
        for Row { name, is_peer, start, figures } in others {
            lines.push(match ours.filter(|_| *is_peer) {
                None => format!(
                    "{name}: start {:.2} x the empty handler's; p50 {:.2} x and CPU {:.2} x (empty handler + bare verification).",
                    ratio(*start, *empty_start),
                    ratio(figures.p50, empty.p50 + verification),
                    ratio(figures.cpu, empty.cpu + verification),
                ),
                Some(ours) => format!(
                    "{name}: start {:.1} x, p50 {:.2} x and CPU {:.2} x those of {}.",
                    ratio(*start, ours.start),
                    ratio(figures.p50, ours.figures.p50),
                    ratio(figures.cpu, ours.figures.cpu),
                    ours.name,
                ),
            });
        }
    }
    lines.join("\n")
}
