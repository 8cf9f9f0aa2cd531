//! The one cache: fresh, stale, negative, single flight, back-off, forced refresh with cool-down. The clock is set
//! by hand, and every look-up is counted.

mod bounds;
mod periods;
mod refresh;
mod sharing;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use smac_lambda_authorizer::error::Fault;
use smac_lambda_authorizer::lookup::{Answer, Clock, Failed, Found, Limits, Periods, Rules, Slot, Source};

const FAULT: Fault = Fault::SecretsUnavailable;
const PASSING: Found<&str> = Err(Failed::passing(FAULT));
const LASTING: Found<&str> = Err(Failed::lasting(Fault::SecretMalformed));

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
            rules: Rules { periods, clock, unavailable: FAULT, allowance: None },
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
        let answer = self.slot.get(&self.rules, Limits::default(), || self.look_up()).await;
        (answer.found, answer.source, self.calls())
    }

    async fn refresh(&self) -> (Answer<&'static str>, u32) {
        let answer = self.slot.refresh(&self.rules, Limits::default(), || self.look_up()).await;
        (answer, self.calls())
    }
}

fn answer(found: Option<&'static str>, source: Source, latest_failed: bool) -> Answer<&'static str> {
    Answer { found: Ok(found), source, latest_failed }
}
