//! Laws that hold for whatever comes, tried with what proptest makes up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use smac_lambda_authorizer::tools::{Found, Limits, LookupError, LookupRules, MethodArn, Periods, Slot, Source};
use smac_lambda_authorizer::{Clock, Fault};
use smac_local::token::{Token, Use};

use crate::support::{UNAUTHORIZED, World, block_on, world};

/// How IAM reads a resource: `*` is any string, `?` any character.
fn covers(pattern: &[u8], arn: &[u8]) -> bool {
    match (pattern.split_first(), arn.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => covers(rest, arn),
        (Some((b'*', rest)), Some((_, others))) => covers(rest, arn) || covers(pattern, others),
        (Some((b'?', rest)), Some((_, others))) => covers(rest, others),
        (Some((wanted, rest)), Some((found, others))) if wanted == found => covers(rest, others),
        _ => false,
    }
}

prop_compose! {
    fn parts()(
        partition in "aws(-cn|-us-gov)?",
        region in "[a-z]{2}-[a-z]{4,9}-[1-9]",
        account in "[0-9]{12}",
        api in "[a-z0-9]{10}",
        stage in "[A-Za-z0-9_$-]{1,20}",
    ) -> [String; 5] {
        [partition, region, account, api, stage]
    }
}

fn arn_of([partition, region, account, api, stage]: &[String; 5], path: &str) -> String {
    format!("arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{path}")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_arn_is_printed_as_it_was_read(parts in parts(), path in "[A-Z]{3,7}(/[a-z0-9:%._~-]{0,8}){0,4}") {
        let text = arn_of(&parts, &path);
        let arn = MethodArn::parse(text.as_str()).unwrap();
        prop_assert_eq!((arn.api(), arn.stage()), (parts[3].as_str(), parts[4].as_str()));
        prop_assert_eq!(arn.stage_resource(), arn_of(&parts, "*"));
        prop_assert_eq!(arn.method_resource().unwrap(), text);
    }

    #[test]
    fn whatever_is_read_as_an_arn_covers_its_own_stage_and_no_other(text in "(arn:aws:execute-api:eu-west-1:1:)?[a*?${}:/\\PC]{0,24}", other in parts()) {
        if let Ok(arn) = MethodArn::parse(text.as_str()) {
            let resource = arn.stage_resource();
            let stage = resource.strip_suffix("/*").unwrap();
            let own = format!("{stage}/GET/x");
            prop_assert!(covers(resource.as_bytes(), own.as_bytes()));
            // A stage whose name is the same but for one character more, and any other stage.
            for elsewhere in [format!("{stage}x/GET/"), format!("x{stage}/GET/"), arn_of(&other, "GET/")] {
                prop_assert!(!covers(resource.as_bytes(), elsewhere.as_bytes()), "{} covers {}", resource, elsewhere);
            }
        }
    }

    #[test]
    fn a_method_is_covered_alone_or_refused(parts in parts(), path in "GET/[a-z*?${}/]{0,12}", other in "GET/[a-z/]{0,12}") {
        let text = arn_of(&parts, &path);
        let arn = MethodArn::parse(text.as_str()).unwrap();
        match arn.method_resource() {
            Ok(resource) => {
                prop_assert_eq!(&resource, &text);
                prop_assert_eq!(covers(resource.as_bytes(), arn_of(&parts, &other).as_bytes()), other == path);
            }
            Err(_) => prop_assert!(path.contains(['*', '?', '$'])),
        }
    }
}

/// One world for all cases of a law: starting it takes longer than asking it.
fn with_world(law: impl Fn(&tokio::runtime::Runtime, &World)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let world = runtime.block_on(world(&[]));
    law(&runtime, &world);
}

#[derive(Clone, Debug)]
enum Mutation {
    Change(prop::sample::Index, char),
    Insert(prop::sample::Index, char),
    Remove(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Cut(prop::sample::Index),
    Repeat(prop::sample::Index),
}

impl Mutation {
    fn of(&self, token: &str) -> String {
        let mut chars: Vec<char> = token.chars().collect();
        // All of it may have been cut off before.
        if chars.is_empty() {
            return token.to_owned();
        }
        match self {
            Self::Change(at, to) => {
                let at = at.index(chars.len());
                chars[at] = *to;
            }
            Self::Insert(at, what) => chars.insert(at.index(chars.len() + 1), *what),
            Self::Remove(at) => {
                chars.remove(at.index(chars.len()));
            }
            Self::Swap(one, other) => {
                let (one, other) = (one.index(chars.len()), other.index(chars.len()));
                chars.swap(one, other);
            }
            Self::Cut(at) => chars.truncate(at.index(chars.len())),
            Self::Repeat(at) => {
                let rest: Vec<char> = chars[at.index(chars.len())..].to_vec();
                chars.extend(rest);
            }
        }
        chars.into_iter().collect()
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let character =
        || prop_oneof![8 => "[A-Za-z0-9_-]", 1 => "[=+/. ,]", 1 => "\\PC"].prop_map(|it| it.chars().next().unwrap());
    let index = any::<prop::sample::Index>;
    prop_oneof![
        (index(), character()).prop_map(|(at, to)| Mutation::Change(at, to)),
        (index(), character()).prop_map(|(at, what)| Mutation::Insert(at, what)),
        index().prop_map(Mutation::Remove),
        (index(), index()).prop_map(|(one, other)| Mutation::Swap(one, other)),
        index().prop_map(Mutation::Cut),
        index().prop_map(Mutation::Repeat),
    ]
}

#[test]
fn every_mutation_of_a_valid_token_is_refused() {
    with_world(|runtime, world| {
        let good = [Token::new(Use::Id).sign(), Token::new(Use::Access).sign()];
        for token in &good {
            assert_eq!(runtime.block_on(world.ask_with_token(token)).reason(), "allowed");
        }
        let config = ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() };
        proptest!(config, |(which in 0..2_usize, mutations in prop::collection::vec(mutation(), 1..3))| {
            let mutated = mutations.iter().fold(good[which].clone(), |token, mutation| mutation.of(&token));
            // Spaces around it are no part of it.
            prop_assume!(mutated.trim_matches([' ', '\t']) != good[which]);
            let told = runtime.block_on(world.ask_with_token(&mutated));
            prop_assert_ne!(told.reason(), "allowed");
            prop_assert_eq!(told.answer(), UNAUTHORIZED);
        });
    });
}

/// What is done to a slot of the cache, or to what it looks up.
#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(u64),
    Upstream(Upstream),
    Get,
    Refresh,
    /// So many at once.
    Crowd(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upstream {
    HasIt,
    HasNone,
    Fails,
    IsBroken,
}

fn step() -> impl Strategy<Value = Step> {
    let upstream =
        prop_oneof![Just(Upstream::HasIt), Just(Upstream::HasNone), Just(Upstream::Fails), Just(Upstream::IsBroken)];
    prop_oneof![
        3 => prop_oneof![0..3_u64, 5..15_u64, 25..65_u64, 290..370_u64].prop_map(Step::Pass),
        2 => upstream.prop_map(Step::Upstream),
        4 => Just(Step::Get),
        2 => Just(Step::Refresh),
        1 => (2..6_usize).prop_map(Step::Crowd),
    ]
}

/// The contract's rules about one entry, as plainly as they can be said: everything is asked of the history.
#[derive(Default)]
struct Model {
    now: u64,
    /// The latest value and "no", whichever is later: when, and which version.
    answer: Option<(u64, Option<u64>)>,
    failures: u32,
    failed_at: u64,
    is_broken: bool,
    forced_at: Option<u64>,
    version: u64,
    upstream: Option<Upstream>,
    calls: u64,
}

impl Model {
    fn waits(&self) -> bool {
        self.failures > 0 && self.now < self.failed_at + 30.min(1 << (self.failures - 1).min(10))
    }

    /// Looks it up; tells whether that failed.
    fn look_up(&mut self, is_forced: bool) -> bool {
        self.calls += 1;
        self.version += 1;
        match self.upstream.unwrap_or(Upstream::HasIt) {
            Upstream::HasIt => self.answer = Some((self.now, Some(self.version))),
            Upstream::HasNone => self.answer = Some((self.now, None)),
            failing @ (Upstream::Fails | Upstream::IsBroken) => {
                self.failures += 1;
                self.failed_at = self.now;
                self.is_broken = failing == Upstream::IsBroken;
                // A negative answer has ended, and so has a value that must not serve; unless it was only a try.
                let is_over = matches!(self.answer, Some((_, None))) || self.is_broken;
                if is_over && !is_forced {
                    self.answer = None;
                }
                return true;
            }
        }
        self.failures = 0;
        if is_forced {
            self.forced_at = Some(self.now);
        }
        false
    }

    fn is_fresh(&self) -> bool {
        match self.answer {
            Some((at, Some(_))) => self.now < at + 60,
            Some((at, None)) => self.now < at + 30,
            None => false,
        }
    }

    fn failing(&self) -> (Result<Option<u64>, ()>, &'static str) {
        match self.answer {
            Some((at, Some(version))) if self.now < at + 360 && !self.is_broken => (Ok(Some(version)), "stale"),
            _ => (Err(()), "failed"),
        }
    }

    fn get(&mut self) -> (Result<Option<u64>, ()>, &'static str) {
        if self.is_fresh() {
            let (_, value) = self.answer.unwrap();
            return (Ok(value), if value.is_some() { "fresh" } else { "negative" });
        }
        if self.waits() || self.look_up(false) {
            return self.failing();
        }
        (Ok(self.answer.unwrap().1), "fetched")
    }

    /// Whether it is looked up, and whether that failed.
    fn refresh(&mut self) {
        let cools_down = self.forced_at.is_some_and(|at| self.now < at + 10);
        if !self.waits() && !cools_down {
            self.look_up(true);
        }
    }
}

#[test]
fn the_cache_does_what_a_simple_model_does() {
    let config = ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(steps in prop::collection::vec(step(), 1..40))| block_on(follow(steps))?);
}

async fn follow(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let seconds = Arc::new(AtomicU64::new(1_000_000));
    let clock = Arc::clone(&seconds);
    let rules = LookupRules {
        periods: Periods {
            fresh: Duration::from_secs(60),
            stale: Duration::from_secs(360),
            negative: Duration::from_secs(30),
        },
        clock: Clock::new(move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::SeqCst))),
        unavailable: Fault::SecretsUnavailable,
    };
    let slot: Slot<u64> = Slot::default();
    let upstream = Mutex::new(Upstream::HasIt);
    let calls = AtomicU64::new(0);
    let look_up = || async {
        let version = calls.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::task::yield_now().await;
        let found: Found<u64> = match *upstream.lock().unwrap() {
            Upstream::HasIt => Ok(Some(version)),
            Upstream::HasNone => Ok(None),
            Upstream::Fails => Err(LookupError::Transient(Fault::SecretsUnavailable)),
            Upstream::IsBroken => Err(LookupError::Lasting(Fault::SecretsUnavailable)),
        };
        found
    };
    let mut model = Model { now: 1_000_000, ..Model::default() };
    for step in steps {
        match step {
            Step::Pass(time) => {
                seconds.fetch_add(time, Ordering::SeqCst);
                model.now += time;
            }
            Step::Upstream(other) => {
                *upstream.lock().unwrap() = other;
                model.upstream = Some(other);
            }
            Step::Get => {
                let answer = slot.get(&rules, Limits::default(), look_up).await;
                let (found, source) = model.get();
                prop_assert_eq!((answer.found.map_err(drop), answer.source.name()), (found, source), "{:?}", step);
                prop_assert_eq!(answer.failure.is_some(), model.failures > 0);
            }
            Step::Refresh => {
                let answer = slot.refresh(&rules, Limits::default(), look_up).await;
                model.refresh();
                prop_assert_eq!(answer.failure.is_some(), model.failures > 0);
                if let Some((_, value)) = model.answer {
                    prop_assert_eq!(answer.found.map_err(drop), Ok(value));
                } else {
                    prop_assert!(answer.found.is_err());
                }
            }
            Step::Crowd(size) => {
                let gets = (0..size).map(|_| slot.get(&rules, Limits::default(), look_up));
                let answers = futures_all(gets).await;
                let (found, source) = model.get();
                for answer in answers {
                    prop_assert_eq!(answer.found.map_err(drop), found);
                    prop_assert_eq!(answer.source.name(), source);
                    prop_assert!(answer.source != Source::Fetched || found.is_ok());
                }
            }
        }
        // However many want it: one lookup each time that the model makes one.
        prop_assert_eq!(calls.load(Ordering::SeqCst), model.calls);
    }
    Ok(())
}

/// All of them, side by side on this thread.
async fn futures_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in &mut running {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        if running.iter().all(|(_, output)| output.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}
