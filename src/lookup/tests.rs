//! The one cache: fresh, stale, negative, single flight, back-off, forced refresh with cool-down. The clock is set
//! by hand, and every lookup is counted.

mod bounds;
mod periods;
mod refresh;
mod sharing;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use crate::error::Fault;
use tokio::time::Instant;

use super::{Answer, Found, Limits, Lookup, LookupError, Periods, Rules, Slot, Source};
use crate::clock::Clock;

const FAULT: Fault = Fault::SecretsUnavailable;
const TRANSIENT: Found<&str> = Err(LookupError::Transient(FAULT));
const LASTING: Found<&str> = Err(LookupError::Lasting(Fault::SecretMalformed));

/// A slot, its clock, and an upstream that gives what it is told to.
struct Bench {
    slot: Arc<Slot<&'static str>>,
    rules: Rules,
    seconds: Arc<AtomicU64>,
    upstream: Arc<Mutex<Found<&'static str>>>,
    calls: Arc<AtomicU32>,
}

impl Bench {
    /// Fresh for 60 s, stale for 300 s more, negative for 30 s.
    fn new() -> Self {
        Self::with(60, 300, 30)
    }

    fn with(fresh: u64, stale: u64, negative: u64) -> Self {
        let seconds = Arc::new(AtomicU64::new(1_000_000));
        let clock = Arc::clone(&seconds);
        let clock = Clock::new(move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::SeqCst)));
        let periods = Periods {
            fresh: Duration::from_secs(fresh),
            stale: Duration::from_secs(fresh + stale),
            negative: Duration::from_secs(negative),
        };
        Self {
            slot: Arc::default(),
            rules: Rules { periods, clock, unavailable: FAULT },
            seconds,
            upstream: Arc::new(Mutex::new(Ok(Some("first")))),
            calls: Arc::default(),
        }
    }

    fn upstream_gives(&self, found: Found<&'static str>) {
        *self.upstream.lock().unwrap() = found;
    }

    fn pass(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    fn calls(&self) -> u32 {
        self.calls.swap(0, Ordering::SeqCst)
    }

    async fn look_up(&self) -> Found<&'static str> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        *self.upstream.lock().unwrap()
    }

    async fn get(&self) -> (Result<Option<&'static str>, Fault>, Source, u32) {
        let answer = self.get_within(Limits::default()).await;
        (answer.found, answer.source, self.calls())
    }

    async fn get_within(&self, limits: Limits) -> Answer<&'static str> {
        self.slot.get(&self.rules, limits, || self.look_up()).await
    }

    async fn refresh(&self) -> (Answer<&'static str>, u32) {
        let answer = self.refresh_within(Limits::default()).await;
        (answer, self.calls())
    }

    async fn refresh_within(&self, limits: Limits) -> Answer<&'static str> {
        self.slot.refresh(&self.rules, limits, || self.look_up()).await
    }

    /// A lookup, and a forced one, whose upstream never answers.
    async fn get_forever(&self) -> Answer<&'static str> {
        self.slot.get(&self.rules, Limits::default(), never).await
    }

    async fn refresh_forever(&self) -> Answer<&'static str> {
        self.slot.refresh(&self.rules, Limits::default(), never).await
    }

    /// Of many entries the one of this key.
    async fn get_from(&self, lookup: &Lookup<String, &'static str>, key: &str) -> Answer<&'static str> {
        lookup.get(key, Limits::default(), false, || self.look_up()).await
    }

    /// The same, for a caller who is known by something else.
    async fn get_expected(&self, lookup: &Lookup<String, &'static str>, key: &str) -> Answer<&'static str> {
        lookup.get(key, Limits::default(), true, || self.look_up()).await
    }
}

async fn never() -> Found<&'static str> {
    std::future::pending().await
}

/// The rest of the time for a lookup.
fn within(milliseconds: u64) -> Limits {
    Limits { deadline: Some(Instant::now() + Duration::from_millis(milliseconds)), ends: None }
}

fn answer(found: Option<&'static str>, source: Source, failure: Option<LookupError>) -> Answer<&'static str> {
    Answer { found: Ok(found), source, failure }
}
