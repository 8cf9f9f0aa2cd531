//! `cargo measure load`: a great many good and bad requests, decided by the release binary as Lambda runs it.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use smac_local::command::{About as _, Problem, print};
use smac_local::deployment::{SERVICE, SERVICE_TOKEN, of_pools};
use smac_local::runtime_api::Function;
use smac_local::stand_ins::{StandIns, Upstream};
use smac_local::token::Token;
use tokio::task::JoinSet;

use crate::process::{self, Verdict};
use crate::{bearer, event, pair, release, store};

/// What memory may grow by after the first calls.
const MAX_GROWTH: u64 = 1_000_000;

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

impl Load {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        let binary = release("smac-lambda-authorizer", "smac-lambda-authorizer")?;
        let stand_ins = StandIns::start(0).await.about("the stand-ins")?;
        for number in 0..self.distinct {
            store(&stand_ins, &format!("service-{number}"), &token_of(number));
        }
        let mut environment = of_pools(&stand_ins.base_url());
        if self.concurrency > 1 {
            environment.push(("AWS_LAMBDA_MAX_CONCURRENCY".to_owned(), self.concurrency.to_string()));
        }
        let cases = Cases::new(self.distinct);
        let (function, _) = process::start(&[binary], &environment).await.about("the function")?;
        let is_good = self.drive(&Arc::new(function), &cases).await?;
        let calls = [Upstream::KeySet, Upstream::UserInfo, Upstream::Secret].map(|upstream| stand_ins.calls(upstream));
        let [key_sets, user_info, secrets] = calls;
        print(&format!(
            "calls for key sets: {key_sets}\ncalls for userInfo: {user_info}\ncalls for secrets: {secrets}"
        ))?;
        Ok(ExitCode::from(u8::from(!is_good)))
    }

    /// Sends the requests, and says whether all was as it should be.
    async fn drive(&self, function: &Arc<Function>, cases: &Cases) -> Result<bool, Problem> {
        let began = Instant::now();
        let memory = |name| process::memory(function, name).about("memory");
        let descriptors = || process::descriptors(function).about("descriptors");
        let (mut memory_before, mut descriptors_before) = (0, 0);
        let (mut numbers, mut running, mut wrong) = (0..self.calls, JoinSet::new(), 0);
        for answered in 1..=self.calls {
            let free = usize::try_from(self.concurrency).unwrap_or_default().max(1).saturating_sub(running.len());
            for number in numbers.by_ref().take(free) {
                let ((event, expected), function) = (cases.case(number), Arc::clone(function));
                running.spawn(async move { (number, expected, function.invoke(event).await) });
            }
            let Some(ended) = running.join_next().await else { break };
            let (number, expected, outcome) = ended.about("the load")?;
            let verdict = Verdict::of(&outcome.about("the function")?.0);
            wrong += u64::from(verdict != expected);
            if verdict != expected && wrong <= 10 {
                print(&format!("wrong: request {number} was answered {verdict:?} instead of {expected:?}"))?;
            }
            if answered == self.settle.min(self.calls / 2) {
                (memory_before, descriptors_before) = (memory("VmRSS:")?, descriptors()?);
            }
        }
        let (memory_after, descriptors_after) = (memory("VmRSS:")?, descriptors()?);
        let [before, after, peak] = [memory_before, memory_after, memory("VmHWM:")?].map(|bytes| bytes as f64 / 1e6);
        print(&format!("{} requests in {:.0} s, none lost, {wrong} wrong", self.calls, began.elapsed().as_secs_f64()))?;
        print(&format!(
            "memory {before:.2} MB, then {after:.2} MB, {peak:.2} MB at the most; file descriptors {descriptors_before}, then {descriptors_after}",
        ))?;
        // A connection more or less is idle at the time.
        let is_flat = memory_after < memory_before + MAX_GROWTH && descriptors_after <= descriptors_before + 4;
        Ok(wrong == 0 && is_flat)
    }
}

fn token_of(service: u64) -> String {
    format!("token-of-service-{service}")
}

/// An event, and what must become of it.
type Case = (Bytes, Verdict);

/// The requests, good ones and bad ones.
struct Cases {
    id_tokens: Vec<Case>,
    access_tokens: Vec<Case>,
    bad: Vec<Case>,
    services: u64,
}

impl Cases {
    fn new(distinct: u64) -> Self {
        // Each of another user: what is asked about one user is bounded.
        let good = |token: fn() -> Token| -> Vec<Case> {
            let user = |number| token().claim("jti", number).claim("sub", format!("user-{number}"));
            (0..distinct).map(|number| (bearer(&user(number).sign()), Verdict::Allowed)).collect()
        };
        let bad_tokens = [
            Token::id().forged(),
            Token::id().expired(),
            Token::id().header("alg", "none"),
            Token::id().header("kid", "invented"),
            Token::id().claim("iss", "https://elsewhere.example"),
            Token::id().claim("email_verified", false),
        ];
        let others = [
            pair(SERVICE, "wrong"),
            pair("not a name", SERVICE_TOKEN),
            event(&[]),
            event(&[("authorization", "Basic eDp5")]),
            bearer("a.b"),
        ];
        let refused = bad_tokens.iter().map(|token| bearer(&token.sign())).chain(others);
        let faults = ["{}", "not JSON"].map(|event| (Bytes::from(event), Verdict::Fault));
        let bad = refused.map(|event| (event, Verdict::Unauthorized)).chain(faults).collect();
        Self { id_tokens: good(Token::id), access_tokens: good(Token::access), bad, services: distinct }
    }

    /// The request of this number: three good ones to one bad one, in an order without a pattern.
    fn case(&self, number: u64) -> Case {
        let any = mixed(number) >> 32;
        let pick = |cases: &[Case]| {
            let index = usize::try_from(any).unwrap_or_default() % cases.len().max(1);
            cases.get(index).cloned().unwrap_or_else(|| (Bytes::new(), Verdict::Fault))
        };
        match mixed(number) % 128 {
            0..60 => pick(&self.id_tokens),
            60..84 => pick(&self.access_tokens),
            84..99 => {
                let service = any % self.services.max(1);
                (pair(&format!("service-{service}"), &token_of(service)), Verdict::Allowed)
            }
            99 => (pair(&format!("invented-{number}"), "x"), Verdict::Unauthorized),
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
