//! `cargo measure cold`: the first second of a function, whose upstreams are TLS over a network, and whose processor is a
//! share of one from its first question for work on, as Lambda has it.

mod delay;
mod front;
mod plot;
mod quota;
mod table;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use smac_local::command::{About as _, Problem, print};
use smac_local::deployment::{Pool, SERVICE, SERVICE_TOKEN};
use smac_local::progress::Steps;
use smac_local::token::Token;

use self::quota::Quota;
use self::table::{Row, Run};
use self::world::{AUDIENCE, World};
use crate::bench::peers;
use crate::scenario::{self, Scenario};
use crate::{bearer, pair, process, release};

/// What the peers do too.
const SAME_AS_PEERS: &str = "ID token, keys fetched";

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
    /// Keeps the function to its share by signals, as is done where no control group can be made.
    #[arg(long)]
    by_signals: bool,
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

struct Subject {
    name: String,
    command: Vec<String>,
    environment: Vec<(String, String)>,
    event: Bytes,
    /// The same of others, whom nobody knows yet, where each is asked about.
    others: Vec<Bytes>,
    is_peer: bool,
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
        print(&table::table(&rows))?;
        if let Some(path) = svg {
            std::fs::write(&path, plot::bars(&rows)).about(path.display())?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn subjects(&self, world: &World) -> Result<Vec<Subject>, Problem> {
        let fetched = world.environment();
        let with_keys: Vec<_> = fetched.iter().cloned().chain([Pool::Primary.key_set_variable()]).collect();
        let discovered = world.environment_of_issuer();
        let id = bearer(&Token::id().sign());
        let access = bearer(&Token::access().sign());
        let service = pair(SERVICE, SERVICE_TOKEN);
        let of_issuer = |token: Token| token.claim("iss", world.issuer()).claim("aud", AUDIENCE);
        let [id_of_issuer, access_of_issuer] =
            [Token::id(), Token::access()].map(|token| bearer(&of_issuer(token).sign()));
        let nobody = Vec::new();
        let other_tokens = scenario::distinct(&Token::access(), WARM_CALLS as usize);
        let others_of_issuer = scenario::distinct(&of_issuer(Token::access()), WARM_CALLS as usize);
        let services = (0..WARM_CALLS).map(|number| format!("service-{number}"));
        let other_services = services.inspect(|id| world.add_service(id)).map(|id| pair(&id, SERVICE_TOKEN)).collect();
        let Scenario { environment: with_rules, events, .. } = scenario::rules(&fetched, 1);
        let ruled = events.concat().into();
        let empty = release("smac-measure", "empty-handler")?;
        let ours = release("smac-lambda-authorizer", "smac-lambda-authorizer")?;
        let subject = |name: &str, command: Vec<String>, environment: &Vec<_>, event: &Bytes| Subject {
            name: name.to_owned(),
            command,
            environment: environment.clone(),
            event: event.clone(),
            others: vec![],
            is_peer: false,
        };
        let mut subjects = vec![subject("an empty handler", vec![empty], &fetched, &id)];
        let other = self.other.iter().map(|path| ("other: ", path.display().to_string()));
        for (prefix, binary) in [("", ours)].into_iter().chain(other) {
            for (name, environment, event, others) in [
                (SAME_AS_PEERS, &fetched, &id, &nobody),
                ("ID token, keys configured", &with_keys, &id, &nobody),
                ("access token and userInfo, keys fetched", &fetched, &access, &other_tokens),
                ("access token and userInfo, keys configured", &with_keys, &access, &other_tokens),
                ("service pair, keys fetched", &fetched, &service, &other_services),
                ("service pair, keys configured", &with_keys, &service, &other_services),
                ("OIDC token, keys discovered", &discovered, &id_of_issuer, &nobody),
                ("OIDC access token and userInfo, keys discovered", &discovered, &access_of_issuer, &others_of_issuer),
                ("ID token, keys fetched, access rules", &with_rules, &ruled, &nobody),
            ] {
                let subject = subject(&format!("{prefix}{name}"), vec![binary.clone()], environment, event);
                subjects.push(Subject { others: others.clone(), ..subject });
            }
        }
        if self.peers {
            for (name, command) in peers::install()? {
                for fetches in [peers::AT_START, peers::BY_FIRST_CALL] {
                    let name = format!("{name}, keys fetched {fetches}");
                    let environment = fetched.iter().cloned().chain([peers::fetches(fetches)]).collect();
                    subjects.push(Subject { is_peer: true, ..subject(&name, command.clone(), &environment, &id) });
                }
            }
        }
        Ok(subjects)
    }

    /// The subjects take turns, so that what else the machine does falls on all of them.
    async fn time(&self, subjects: &[Subject], world: &World) -> Result<Vec<Row>, Problem> {
        let quota = Quota::new(self.memory, self.by_signals);
        print(&format!(
            "The function of {} MB is kept to its share of a processor by {}.\n",
            self.memory,
            quota.name()
        ))?;
        let runs = self.runs.max(1);
        let steps = Steps::new("starts", self.delays.len() * runs * subjects.len());
        let mut rows = Vec::new();
        for delay in &self.delays {
            world.set_delay(Duration::from_millis(*delay));
            let row = |subject: &Subject| Row {
                delay: *delay,
                name: subject.name.clone(),
                is_peer: subject.is_peer,
                runs: vec![],
            };
            let mut of_delay: Vec<_> = subjects.iter().map(row).collect();
            for _ in 0..runs {
                for (subject, row) in subjects.iter().zip(&mut of_delay) {
                    row.runs.push(run(subject, world, &quota).await.about(&subject.name)?);
                    steps.step();
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
    let after_warm = process::processor_time(&function)?;
    let warm_cpu = after_warm.saturating_sub(after) / WARM_CALLS;
    for event in &subject.others {
        process::allowed(&function, event).await?;
    }
    let asking_cpu = match u32::try_from(subject.others.len()) {
        Ok(0) | Err(_) => None,
        Ok(count) => Some(process::processor_time(&function)?.saturating_sub(after_warm) / count),
    };
    function.kill().await?;
    let first_cpu = after.saturating_sub(before);
    Ok(Run { start, start_cpu, first, first_cpu, warm_cpu, asking_cpu, at_start, at_first })
}
