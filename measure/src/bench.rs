//! `cargo measure bench`: how long the release binary takes to start and to answer, beside others.

mod issuers;
pub(crate) mod peers;
mod plot;

use std::hint::black_box;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use smac_local::command::{About as _, Problem, print};
use smac_local::deployment::{Pool, SERVICE, SERVICE_TOKEN, of_pools};
use smac_local::keys::Key;
use smac_local::progress::Steps;
use smac_local::stand_ins::StandIns;
use smac_local::token::Token;

use self::issuers::Issuers;
use crate::process::{self, Figures};
use crate::scenario::{self, Scenario};
use crate::{pair, release};

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
    /// Also times authorizers on Node (aws-jwt-verify) and Python (PyJWT), installed from npm and PyPI into `target/`.
    #[arg(long)]
    peers: bool,
    /// Also times so many OIDC issuers in a settings file, and one of them alone; the keys are found by discovery.
    #[arg(long, value_name = "COUNT")]
    issuers: Option<usize>,
    /// Writes a plot there.
    #[arg(long, value_name = "PATH")]
    svg: Option<PathBuf>,
}

/// A function to time, what it is asked, and what came of it.
#[derive(Default)]
struct Subject {
    name: &'static str,
    command: Vec<String>,
    environment: Vec<(String, String)>,
    events: Vec<Bytes>,
    beside: Beside,
    /// From the start of the process to its first question for work.
    starts: Vec<Duration>,
    runs: Vec<Figures>,
}

/// What a subject is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Beside {
    /// An empty handler and the bare arithmetic of RS256.
    #[default]
    Nothing,
    /// What ID tokens take.
    IdTokens,
}

impl Bench {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        let stand_ins = StandIns::start(0).await.about("the stand-ins")?;
        let base_url = stand_ins.base_url();
        let issuers = match self.issuers {
            Some(count) => Some(Issuers::start(count).await?),
            None => None,
        };
        let subjects = self.subjects(&base_url, issuers.as_ref())?;
        let key_set = format!("{base_url}/{}/.well-known/jwks.json", Pool::Primary.id());
        let awake: Vec<_> = [key_set].into_iter().chain(issuers.as_ref().map(Issuers::url)).collect();
        let verification = bare_verification().ok_or_else(|| Problem::new("a bare verification", "fails"))?;
        let svg = self.svg.clone();
        // A thread of its own: what is timed must not wait for the stand-ins.
        let timing = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.about("a runtime")?.block_on(self.time(subjects, &awake))
        });
        let subjects = timing.await.about("the timing")??;
        print(&table(&subjects, verification))?;
        if let Some(path) = svg {
            std::fs::write(&path, plot::bars(&subjects)).about(path.display())?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn subjects(&self, base_url: &str, issuers: Option<&Issuers>) -> Result<Vec<Subject>, Problem> {
        // One pool, which is what the peers have.
        let mut fetched = of_pools(base_url);
        fetched.retain(|(name, _)| !name.contains(Pool::Secondary.name()));
        let mut configured = fetched.clone();
        configured.push(Pool::Primary.key_set_variable());
        let id_tokens = scenario::distinct(&Token::id(), self.calls);
        let access_token = scenario::distinct(&Token::access(), 1);
        let pair = vec![pair(SERVICE, SERVICE_TOKEN)];
        let empty = release("smac-measure", "empty-handler")?;
        let ours = release("smac-lambda-authorizer", "smac-lambda-authorizer")?;
        let subject = |name, command, environment: &Vec<_>, events: &Vec<_>, beside| {
            let (environment, events) = (environment.clone(), events.clone());
            Subject { name, command, environment, events, beside, ..Subject::default() }
        };
        let mut subjects: Vec<_> = [
            ("an empty handler", &empty, &fetched, &id_tokens),
            ("ID tokens, all distinct", &ours, &fetched, &id_tokens),
            ("ID tokens, keys configured", &ours, &configured, &id_tokens),
            ("an access token, userInfo remembered", &ours, &fetched, &access_token),
            ("a service's pair, secret remembered", &ours, &fetched, &pair),
        ]
        .map(|(name, binary, environment, events)| {
            subject(name, vec![binary.clone()], environment, events, Beside::Nothing)
        })
        .into();
        let scenarios =
            [scenario::rules(&fetched, self.calls)].into_iter().chain(scenario::algorithms(base_url, self.calls));
        for Scenario { name, environment, events } in scenarios {
            subjects.push(subject(name, vec![ours.clone()], &environment, &events, Beside::IdTokens));
        }
        if let Some(issuers) = issuers {
            let tokens = issuers.tokens(self.calls);
            for (name, environment) in
                [("an OIDC issuer", &issuers.one), ("OIDC issuers in a settings file", &issuers.all)]
            {
                subjects.push(subject(name, vec![ours.clone()], environment, &tokens, Beside::Nothing));
            }
        }
        if self.peers {
            let fetched = fetched.iter().cloned().chain([peers::fetches(peers::AT_START)]).collect();
            let peers = peers::install()?.into_iter();
            subjects
                .extend(peers.map(|(name, command)| subject(name, command, &fetched, &id_tokens, Beside::IdTokens)));
        }
        Ok(subjects)
    }

    /// The subjects take turns, so that what else the machine does falls on all of them.
    async fn time(&self, mut subjects: Vec<Subject>, awake: &[String]) -> Result<Vec<Subject>, Problem> {
        let (runs, starts, calls) = (self.runs.max(1), self.starts.max(1), self.calls.max(10));
        let steps = Steps::new("starts", runs * starts * subjects.len());
        for start in 1..=runs * starts {
            for subject in &mut subjects {
                // The stand-ins must be awake, or whoever is the first to ask them is timed with their page faults.
                for url in awake {
                    wake(url).about("the stand-ins")?;
                }
                let started = process::start(&subject.command, &subject.environment).await;
                let (function, after) = started.about(subject.name)?;
                subject.starts.push(after);
                if start % starts == 0 {
                    subject.runs.push(process::time(&function, &subject.events, calls).await.about(subject.name)?);
                }
                function.kill().await.about(subject.name)?;
                steps.step();
            }
        }
        Ok(subjects)
    }
}

fn wake(url: &str) -> std::io::Result<()> {
    let (address, path) = url.trim_start_matches("http://").split_once('/').unwrap_or_default();
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let is_right = std::io::read_to_string(stream)?.starts_with("HTTP/1.1 200 ");
    is_right.then_some(()).ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}

/// The yardstick: the median time of the arithmetic of RS256 and nothing else.
fn bare_verification() -> Option<Duration> {
    let jwk = Key::Primary.jwk();
    let part = |name: &str| URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok();
    let key = RsaPublicKeyComponents { n: part("n")?, e: part("e")? };
    let token = Token::id().sign();
    let (message, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let verify = |_| {
        let began = Instant::now();
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), black_box(&signature)).ok()?;
        Some(began.elapsed())
    };
    Some(median((0..5000).map(verify).collect::<Option<Vec<_>>>()?))
}

pub(crate) fn median<T: Ord + Copy + Default>(values: impl IntoIterator<Item = T>) -> T {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

impl Subject {
    fn start(&self) -> Duration {
        median(self.starts.iter().copied())
    }

    fn of_runs<T: Ord + Copy + Default>(&self, figure: impl Fn(&Figures) -> T) -> T {
        median(self.runs.iter().map(figure))
    }

    fn p50(&self) -> Duration {
        self.of_runs(|run| run.p50)
    }

    fn cpu(&self) -> Duration {
        self.of_runs(|run| run.cpu)
    }
}

fn table(subjects: &[Subject], verification: Duration) -> String {
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let figure = |subject: &Subject, figure: fn(&Figures) -> Duration| micros(subject.of_runs(figure));
    let mut lines = vec![
        "| | start, ms | first call, ms | warm call p50, us | p99, us | CPU per call, us | memory at the start, MB | peak, MB |"
            .to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    for subject in subjects {
        lines.push(format!(
            "| {} | {:.1} | {:.2} | {:.0} | {:.0} | {:.0} | {:.1} | {:.1} |",
            subject.name,
            micros(subject.start()) / 1e3,
            figure(subject, |run| run.first) / 1e3,
            micros(subject.p50()),
            figure(subject, |run| run.p99),
            micros(subject.cpu()),
            subject.of_runs(|run| run.memory_at_start) as f64 / 1e6,
            subject.of_runs(|run| run.memory_peak) as f64 / 1e6,
        ));
    }
    lines.push(format!("\nA bare RS256 verification: {:.0} us.", micros(verification)));
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    if let [empty, ours, ..] = subjects {
        for subject in subjects.iter().skip(1) {
            let name = subject.name;
            lines.push(match subject.beside {
                Beside::IdTokens => format!(
                    "{name}: start {:.1} x, p50 {:.2} x and CPU {:.2} x those of {}.",
                    ratio(subject.start(), ours.start()),
                    ratio(subject.p50(), ours.p50()),
                    ratio(subject.cpu(), ours.cpu()),
                    ours.name,
                ),
                Beside::Nothing => format!(
                    "{name}: start {:.2} x the empty handler's; p50 {:.2} x and CPU {:.2} x (empty handler + bare verification).",
                    ratio(subject.start(), empty.start()),
                    ratio(subject.p50(), empty.p50() + verification),
                    ratio(subject.cpu(), empty.cpu() + verification),
                ),
            });
        }
    }
    lines.join("\n")
}
