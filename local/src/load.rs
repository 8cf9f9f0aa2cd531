//! `cargo local load`: a great many good and bad requests, decided by the release binary as Lambda runs it. Linux only:
//! memory and descriptors are read from `/proc`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use smac_local::deployment::{SECRETS_PREFIX, SERVICE, SERVICE_TOKEN};
use smac_local::stand_ins::{StandIns, Upstream};
use smac_local::token::{Token, now};

use crate::bench::runtime_api::{Answered, Function, Verdict};
use crate::bench::{build, event};
use crate::{Problem, print, start};

/// What memory may grow by after the first calls.
const MAX_GROWTH: u64 = 1_000_000;

/// The options of the command.
#[derive(clap::Args)]
pub(crate) struct Load {
    /// How many requests.
    #[arg(long, default_value_t = 1_000_000)]
    calls: u64,
    /// How many at once; more than one is Lambda's concurrent mode.
    #[arg(long, default_value_t = 1)]
    concurrency: u64,
    /// How many users with an ID token and an access token each, and as many services.
    #[arg(long, default_value_t = 10_000)]
    distinct: u64,
    /// After how many requests memory and descriptors are looked at for the first time.
    #[arg(long, default_value_t = 50_000)]
    settle: u64,
}

/// An event, and what must become of it.
type Case = (Arc<str>, Verdict);

/// What was seen.
struct Seen {
    wrong: Vec<(u64, Verdict)>,
    seconds: f64,
    memory: [u64; 2],
    peak: u64,
    descriptors: [usize; 2],
}

impl Load {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        let binary = build()?.join("smac-lambda-authorizer").display().to_string();
        let stand_ins = start(0).await?;
        for number in 0..self.distinct {
            let pair = json!({ "token": token_of(number), "id": format!("service:{number}") }).to_string();
            stand_ins.set_secret(&format!("{SECRETS_PREFIX}/service-{number}"), Some(&pair), now());
        }
        let mut environment = stand_ins.environment();
        if self.concurrency > 1 {
            environment.push(("AWS_LAMBDA_MAX_CONCURRENCY".to_owned(), self.concurrency.to_string()));
        }
        let calls = self.calls;
        let seen = tokio::task::spawn_blocking(move || {
            let cases = Cases::new(self.distinct);
            let function = Function::start(&[binary], &environment)?;
            self.drive(&function, &cases)
        })
        .await
        .map_err(|error| Problem::new("the load", error))?
        .map_err(|error| Problem::new("the function", error))?;
        report(calls, &seen, &stand_ins)
    }

    fn drive(&self, function: &Function, cases: &Cases) -> std::io::Result<Seen> {
        let began = Instant::now();
        let mut seen = Seen { wrong: Vec::new(), seconds: 0.0, memory: [0; 2], peak: 0, descriptors: [0; 2] };
        let mut sent = 0;
        let settled = self.settle.min(self.calls / 2);
        for answered in 0..self.calls {
            while sent < self.calls && sent < answered + self.concurrency {
                function.send(sent, cases.case(sent).0)?;
                sent += 1;
            }
            let Answered { number, verdict, .. } = function.answer()?;
            if cases.case(number).1 != verdict {
                seen.wrong.push((number, verdict));
            }
            for (at, when) in [settled, self.calls - 1].into_iter().enumerate() {
                if answered == when
                    && let (Some(memory), Some(descriptors)) = (seen.memory.get_mut(at), seen.descriptors.get_mut(at))
                {
                    *memory = function.memory("VmRSS:")?;
                    *descriptors = function.descriptors()?;
                }
            }
        }
        seen.peak = function.memory("VmHWM:")?;
        seen.seconds = began.elapsed().as_secs_f64();
        Ok(seen)
    }
}

fn report(calls: u64, seen: &Seen, stand_ins: &StandIns) -> Result<ExitCode, Problem> {
    let [memory_before, memory_after] = seen.memory;
    let [descriptors_before, descriptors_after] = seen.descriptors;
    let growth = memory_after.saturating_sub(memory_before);
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    print(&format!("{calls} requests in {:.0} s, none lost, {} wrong", seen.seconds, seen.wrong.len()))?;
    print(&format!(
        "memory {:.2} MB, then {:.2} MB, {:.2} MB at the most; file descriptors {descriptors_before}, then {descriptors_after}",
        megabytes(memory_before),
        megabytes(memory_after),
        megabytes(seen.peak),
    ))?;
    let upstreams = [("key sets", Upstream::KeySet), ("userInfo", Upstream::UserInfo), ("secrets", Upstream::Secret)];
    for (name, upstream) in upstreams {
        print(&format!("calls for {name}: {}", stand_ins.calls(upstream)))?;
    }
    for (number, verdict) in seen.wrong.iter().take(10) {
        print(&format!("wrong: request {number} was answered {verdict:?}"))?;
    }
    // A connection more or less is idle at the time.
    let is_flat = growth < MAX_GROWTH && descriptors_after <= descriptors_before + 4;
    Ok(ExitCode::from(u8::from(!seen.wrong.is_empty() || !is_flat)))
}

fn token_of(service: u64) -> String {
    format!("token-of-service-{service}")
}

/// The requests, good ones and bad ones.
struct Cases {
    id_tokens: Vec<Case>,
    access_tokens: Vec<Case>,
    bad: Vec<Case>,
    services: u64,
}

impl Cases {
    fn new(distinct: u64) -> Self {
        let bearer = |token: Token| Arc::from(event(&json!({ "authorization": format!("Bearer {}", token.sign()) })));
        // Each of another user: what is asked about one user is bounded.
        let good = |token: fn() -> Token| -> Vec<Case> {
            let user = |number| token().claim("jti", number).claim("sub", format!("user-{number}"));
            (0..distinct).map(|number| (bearer(user(number)), Verdict::Allowed)).collect()
        };
        let pair = |id: &str, token: &str| Arc::from(event(&json!({ "smac-principal": id, "smac-token": token })));
        let bad = [
            (bearer(Token::id().forged()), Verdict::Unauthorized),
            (bearer(Token::id().expired()), Verdict::Unauthorized),
            (bearer(Token::id().header("alg", "none")), Verdict::Unauthorized),
            (bearer(Token::id().header("kid", "invented")), Verdict::Unauthorized),
            (bearer(Token::id().claim("iss", "https://elsewhere.example")), Verdict::Unauthorized),
            (bearer(Token::id().claim("email_verified", false)), Verdict::Unauthorized),
            (pair(SERVICE, "wrong"), Verdict::Unauthorized),
            (pair("not a name", SERVICE_TOKEN), Verdict::Unauthorized),
            (Arc::from(event(&json!({}))), Verdict::Unauthorized),
            (Arc::from(event(&json!({ "authorization": "Basic eDp5" }))), Verdict::Unauthorized),
            (Arc::from(event(&json!({ "authorization": "Bearer a.b" }))), Verdict::Unauthorized),
            (Arc::from("{}"), Verdict::Fault),
            (Arc::from("no JSON"), Verdict::Fault),
        ];
        Self { id_tokens: good(Token::id), access_tokens: good(Token::access), bad: bad.into(), services: distinct }
    }

    /// The request of this number: three good ones to one bad one, in an order without a pattern.
    fn case(&self, number: u64) -> Case {
        let pick = |cases: &[Case]| {
            let index = usize::try_from(mixed(number) >> 32).unwrap_or_default() % cases.len().max(1);
            cases.get(index).cloned().unwrap_or_else(|| (Arc::from(""), Verdict::Fault))
        };
        match mixed(number) % 128 {
            0..60 => pick(&self.id_tokens),
            60..84 => pick(&self.access_tokens),
            84..99 => {
                let service = (mixed(number) >> 32) % self.services.max(1);
                let pair = json!({ "smac-principal": format!("service-{service}"), "smac-token": token_of(service) });
                (Arc::from(event(&pair)), Verdict::Allowed)
            }
            99 => {
                let pair = json!({ "smac-principal": format!("invented-{number}"), "smac-token": "x" });
                (Arc::from(event(&pair)), Verdict::Unauthorized)
            }
            _ => pick(&self.bad),
        }
    }
}

/// A number that looks random: the finaliser of SplitMix64.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
