//! `cargo measure flood`: invented ids, then revoked tokens, again and again, beside a service and a user who must not
//! notice. The release binary decides, as Lambda runs it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use bytes::Bytes;
use smac_local::command::{About as _, Problem, print};
use smac_local::deployment::{Pool, SECRETS_PREFIX, SERVICE, SERVICE_TOKEN, of_pools};
use smac_local::runtime_api::Function;
use smac_local::stand_ins::{StandIns, Upstream};
use smac_local::token::{Token, Use};

use crate::process::{self, Verdict};
use crate::{bearer, pair, release};

/// The revoked tokens are those of so many users: with fewer, the bound of one user would be reached first.
const REVOKED_USERS: u64 = 20;

/// More than what may find nothing.
const MORE_THAN_ALLOWED: usize = 20_000;

/// Short periods of the cache, so that much happens in a minute.
const SHORT: [(&str, &str); 3] = [("TTL", "2"), ("NEGATIVE_TTL", "1"), ("STALE", "0")];

/// The options of the command.
#[derive(clap::Args)]
pub(crate) struct Flood {
    /// How long each of the two floods lasts.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How many ids or tokens a flood sends in turn.
    #[arg(long, default_value_t = 1500)]
    distinct: u64,
    /// How many requests a second; without it, as many as the function answers.
    #[arg(long)]
    rate: Option<u32>,
    /// The service and the user ask once in so many seconds; each third time, the user has a new token.
    #[arg(long, default_value_t = 1)]
    every: u64,
    /// With the default periods of the cache, instead of 2 s, 1 s for negative answers and 0 s for stale ones.
    #[arg(long)]
    default_periods: bool,
    /// First uses up the allowance for lookups that find nothing, with other ids or tokens.
    #[arg(long)]
    use_up: bool,
}

/// What a flood is made of.
struct Kind {
    name: &'static str,
    event: fn(u64) -> Bytes,
    upstream: Upstream,
}

fn revoked_user(number: u64) -> String {
    format!("revoked-{number}")
}

/// The function, and how it answered.
struct Run {
    function: Function,
    /// The user's request.
    user: Bytes,
    /// The flood's requests that were refused, those that were faults, and those that were allowed.
    flood: [u64; 3],
    /// How often the service and the user asked, and how often each of them was allowed.
    asked: u64,
    allowed: [u64; 2],
}

impl Flood {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        let binary = release("smac-lambda-authorizer", "smac-lambda-authorizer")?;
        let ids = Kind {
            name: "invented ids",
            event: |number| pair(&format!("invented-{number}"), "x"),
            upstream: Upstream::Secret,
        };
        // Of another pool than the user's, so that the calls of the stand-in tell them apart.
        let token = |number| {
            let token = Token::of(Pool::Secondary, Use::Access).claim("jti", number);
            bearer(&token.claim("sub", revoked_user(number % REVOKED_USERS)).sign())
        };
        let tokens = Kind { name: "revoked tokens", event: token, upstream: Upstream::UserInfo };
        let is_good = self.flood(&ids, &binary).await? & self.flood(&tokens, &binary).await?;
        Ok(ExitCode::from(u8::from(!is_good)))
    }

    /// Runs one flood, and says whether nobody noticed.
    async fn flood(&self, kind: &Kind, binary: &str) -> Result<bool, Problem> {
        let stand_ins = StandIns::start(0).await.about("the stand-ins")?;
        (0..REVOKED_USERS).for_each(|number| stand_ins.sign_out(&revoked_user(number)));
        let mut environment = of_pools(&stand_ins.base_url());
        let periods = SHORT.map(|(name, value)| (format!("SMAC__AUTH__CACHE__{name}_SECONDS"), value.to_owned()));
        environment.extend(periods.into_iter().filter(|_| !self.default_periods));
        let (function, _) = process::start(&[binary.to_owned()], &environment).await.about("the function")?;
        let mut run = Run { function, user: Bytes::new(), flood: [0; 3], asked: 0, allowed: [0; 2] };
        run.ask_in_use().await?;
        if self.use_up {
            // What was never sent before, until it is no longer looked up.
            for number in (self.distinct..).take(MORE_THAN_ALLOWED) {
                run.send((kind.event)(number)).await?;
                if run.flood[1] > 0 {
                    break;
                }
            }
        }
        let events: Vec<Bytes> = (0..self.distinct.max(1)).map(kind.event).collect();
        let (began, mut sent, mut next_ask) = (Instant::now(), 0, Duration::ZERO);
        for event in events.iter().cycle().cloned() {
            let elapsed = began.elapsed();
            if elapsed >= Duration::from_secs(self.seconds) {
                break;
            }
            if elapsed >= next_ask {
                run.ask_in_use().await?;
                next_ask += Duration::from_secs(self.every.max(1));
            }
            run.send(event).await?;
            sent += 1;
            if let Some(rate) = self.rate {
                let due = Duration::from_secs(1) / rate.max(1) * sent;
                tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
            }
        }
        run.report(kind, &stand_ins)?;
        let [_, faults, allowed] = run.flood;
        Ok(allowed == 0 && (!self.use_up || faults > 0) && run.allowed == [run.asked; 2])
    }
}

impl Run {
    async fn verdict(&self, event: Bytes) -> Result<Verdict, Problem> {
        Ok(Verdict::of(&self.function.invoke(event).await.about("the function")?.0))
    }

    /// The service asks, and the user.
    async fn ask_in_use(&mut self) -> Result<(), Problem> {
        if self.asked.is_multiple_of(3) {
            self.user = bearer(&Token::access().claim("jti", self.asked).sign());
        }
        let is_allowed = [
            self.verdict(pair(SERVICE, SERVICE_TOKEN)).await? == Verdict::Allowed,
            self.verdict(self.user.clone()).await? == Verdict::Allowed,
        ];
        self.asked += 1;
        self.allowed.iter_mut().zip(is_allowed).for_each(|(count, is_allowed)| *count += u64::from(is_allowed));
        Ok(())
    }

    async fn send(&mut self, event: Bytes) -> Result<(), Problem> {
        let verdict = self.verdict(event).await?;
        let [refused, faults, allowed] = &mut self.flood;
        *match verdict {
            Verdict::Unauthorized => refused,
            Verdict::Fault => faults,
            Verdict::Allowed | Verdict::Forbidden => allowed,
        } += 1;
        Ok(())
    }

    fn report(&self, kind: &Kind, stand_ins: &StandIns) -> Result<(), Problem> {
        let [refused, faults, allowed] = self.flood;
        let memory = process::memory(&self.function, "VmHWM:").about("memory")? as f64 / 1e6;
        print(&format!(
            "{}: {} requests: {refused} refused, {faults} faults, {allowed} allowed; {} upstream calls; \
             memory {memory:.1} MB at the most",
            kind.name,
            refused + faults + allowed,
            stand_ins.calls(kind.upstream),
        ))?;
        let secret = format!("{SECRETS_PREFIX}/{SERVICE}");
        let users =
            [("service", Upstream::Secret, secret.as_str()), ("user", Upstream::UserInfo, Pool::Primary.name())];
        for ((who, upstream, key), allowed) in users.into_iter().zip(self.allowed) {
            let lookups = stand_ins.asked(upstream).iter().filter(|asked| *asked == key).count();
            print(&format!("  the {who} asked {} times, was allowed {allowed}, looked up {lookups}", self.asked))?;
        }
        Ok(())
    }
}
