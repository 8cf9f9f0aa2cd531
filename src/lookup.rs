//! The one way in which key sets, userInfo answers and secrets are looked up and remembered.
//!
//! A [`Slot`] is one thing that can be looked up. It is *fresh* for a while; then it is looked up again, in
//! line, by whoever wants it first, and everybody else waits for that one. While look-ups fail for a passing
//! reason, the old value serves a while longer, and the next try waits longer and longer. A definite "no" is an
//! answer, too, and is never overruled by an old "yes". A [`Lookup`] is a bounded number of slots by key.
//!
//! Ages are differences of the wall clock, since the function is frozen between calls and a monotonic clock
//! may stand still meanwhile. An age that comes out negative is no age: the clock was set back, and what is
//! dated in the future is not trusted.

use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use moka::sync::Cache;
use tokio::time::Instant;

use crate::error::Fault;

/// The wait after the first failure; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait after a failure.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long after a forced look-up the next one may be.
const COOL_DOWN: Duration = Duration::from_secs(10);

/// So many look-ups of keys without a known value may find nothing before the next ones are not made.
const VAIN_BURST: u32 = 10_000;

/// So many look-ups may be made for one caller before the next ones are not.
const CALLERS_BURST: u32 = 1000;

/// One more look-up is allowed each time that so much has passed: 600 a minute.
const ALLOWANCE_INTERVAL: Duration = Duration::from_millis(100);

/// Where "now" comes from: the wall clock, or a test.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The machine's wall clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(SystemTime::now)
    }

    /// Another clock.
    pub fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// How long what was looked up is used. Zero switches a period off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periods {
    /// From its look-up on, a value is used without another look-up for this long.
    pub fresh: Duration,
    /// From its look-up on, a value serves at the longest for this long, while look-ups fail.
    pub stale: Duration,
    /// A definite "no" is remembered for this long.
    pub negative: Duration,
}

/// What a look-up found: a value, or that there definitely is none.
pub type Found<V> = Result<Option<V>, Failed>;

/// A look-up that gave neither a value nor a definite "no".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    /// What it means for a decision.
    pub fault: Fault,
    /// Whether it may well be over soon, so that an old value may serve meanwhile.
    pub is_passing: bool,
    /// Whether anybody was asked.
    pub was_asked: bool,
}

impl Failed {
    /// A failure that may well be over soon.
    #[must_use]
    pub const fn passing(fault: Fault) -> Self {
        Self { fault, is_passing: true, was_asked: true }
    }

    /// A failure that somebody has to repair.
    #[must_use]
    pub const fn lasting(fault: Fault) -> Self {
        Self { fault, is_passing: false, was_asked: true }
    }

    /// A look-up that a bound kept from being made. It passes, and costs nobody else's allowance.
    #[must_use]
    pub const fn not_asked(fault: Fault) -> Self {
        Self { fault, is_passing: true, was_asked: false }
    }
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It was remembered.
    Fresh,
    /// It was looked up now, by this or another request.
    Fetched,
    /// It is old, and its look-up fails.
    Stale,
    /// A "no" that was remembered.
    Negative,
    /// There is none: the look-up fails.
    Failed,
}

impl Source {
    /// The name in the log line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Fetched => "fetched",
            Self::Stale => "stale",
            Self::Negative => "negative",
            Self::Failed => "failed",
        }
    }
}

/// What holds for all slots of one upstream.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How long what was looked up is used.
    pub periods: Periods,
    /// The wall clock.
    pub clock: Clock,
    /// What it means if another request's look-up is waited for in vain, or a look-up is not allowed.
    pub unavailable: Fault,
    /// How many look-ups may be in vain, where callers choose the keys.
    pub allowance: Option<Arc<Allowance>>,
}

/// A bound on look-ups: so many at once, and 600 a minute in the long run. It is a token bucket in the form of a virtual
/// scheduling time (ITU-T I.371, annex A).
#[derive(Debug)]
pub struct Allowance {
    burst: u32,
    /// When it will be whole again.
    whole_at: Mutex<SystemTime>,
}

impl Allowance {
    /// For the look-ups that a flood of invented keys can cause.
    ///
    /// A look-up of a key without a known value uses it up, and gives it back if it finds one: so it is the vain ones
    /// that count, 10,000 at once. A known value is looked up again without it, so that callers who are known are not
    /// held up by those who are not.
    #[must_use]
    pub fn of_vain_look_ups() -> Self {
        Self::new(VAIN_BURST)
    }

    fn new(burst: u32) -> Self {
        Self { burst, whole_at: Mutex::new(SystemTime::UNIX_EPOCH) }
    }

    /// Takes one look-up, if there is one left.
    fn take(&self, now: SystemTime) -> bool {
        let mut whole_at = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let empty = now + ALLOWANCE_INTERVAL * self.burst;
        // Further ahead than ever possible: the clock was set back.
        let next = (*whole_at).clamp(now, empty) + ALLOWANCE_INTERVAL;
        if next > empty {
            *whole_at = empty;
            return false;
        }
        *whole_at = next;
        true
    }

    /// Gives one back that was not in vain.
    fn give_back(&self) {
        let mut whole_at = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        *whole_at = whole_at.checked_sub(ALLOWANCE_INTERVAL).unwrap_or(*whole_at);
    }
}

/// A bound on the look-ups that each caller can cause whose keys are real, but many: 1,000 at once and 600 a minute in
/// the long run, whether they find something or not.
pub struct Callers {
    allowances: LazyCache<String, Arc<Allowance>>,
}

impl Callers {
    /// Remembers so many callers. Whoever is forgotten has the whole allowance again.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        Self { allowances: lazy_cache(capacity) }
    }

    /// Takes one look-up of this caller's, if there is one left.
    #[must_use]
    pub fn take(&self, caller: &str, now: SystemTime) -> bool {
        self.allowances.get_with_by_ref(caller, || Arc::new(Allowance::new(CALLERS_BURST))).take(now)
    }
}

impl fmt::Debug for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callers")
    }
}

/// What holds for one request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// The request waits for another one's look-up until then at the longest.
    pub deadline: Option<Instant>,
    /// From here on the value must not be used, fresh or not.
    pub ends: Option<SystemTime>,
}

/// The answer of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<V> {
    /// What is known: a value, a definite "no", or why neither.
    pub found: Result<Option<V>, Fault>,
    /// Where that came from.
    pub source: Source,
    /// Whether the latest look-up failed, even if an older value serves.
    pub latest_failed: bool,
}

/// One thing that can be looked up, and what is known about it.
#[derive(Debug)]
pub struct Slot<V> {
    /// Held by whoever looks it up now.
    flight: tokio::sync::Mutex<()>,
    /// How many look-ups are over.
    landed: AtomicU64,
    known: Mutex<Known<V>>,
}

impl<V: Clone> Default for Slot<V> {
    /// A slot about which nothing is known.
    fn default() -> Self {
        let known = Known { value: None, absent_at: None, failure: None, forced_at: None };
        Self { flight: tokio::sync::Mutex::default(), landed: AtomicU64::new(0), known: Mutex::new(known) }
    }
}

impl<V: Clone> Slot<V> {
    /// A slot with a value that was not looked up, but is as good as if it had been at this time.
    #[must_use]
    pub fn filled(value: V, at: SystemTime) -> Self {
        let slot = Self::default();
        slot.known().value = Some(Dated { value, at, ends: None });
        slot
    }

    /// What is known, looked up now if need be.
    pub async fn get<F>(&self, rules: &Rules, limits: Limits, look_up: impl FnOnce() -> F) -> Answer<V>
    where
        F: Future<Output = Found<V>>,
    {
        if let Some(answer) = self.known().remembered(rules) {
            return answer;
        }
        let landed_before = self.landed.load(Ordering::Acquire);
        let Some(_flight) = self.take_off(limits).await else {
            return self.known().failing(rules, Failed::passing(rules.unavailable));
        };
        // What landed while we waited is the answer, even if it is remembered for no time at all.
        if self.landed.load(Ordering::Acquire) != landed_before {
            return self.known().landed(rules);
        }
        // It may have landed between the first question and the second.
        if let Some(answer) = self.known().remembered(rules) {
            return answer;
        }
        // In a statement of its own, so that the lock is not held while it is looked up.
        let is_known = self.known().value.is_some();
        let allowance = rules.allowance.as_ref().filter(|_| !is_known);
        if allowance.is_some_and(|allowance| !allowance.take(rules.clock.now())) {
            return Answer { found: Err(rules.unavailable), source: Source::Failed, latest_failed: true };
        }
        self.fly(rules, limits, Forced::No, look_up).await;
        let known = self.known();
        let was_vain = known.value.is_none() && known.failure.is_none_or(|failure| failure.last.was_asked);
        if let Some(allowance) = allowance.filter(|_| !was_vain) {
            allowance.give_back();
        }
        known.landed(rules)
    }

    /// Looks it up although it may be fresh, unless it is too early: within the cool-down of the last time, or
    /// within the wait after a failure. Either way the answer is what is known then; a look-up that fails
    /// leaves that as it was.
    pub async fn refresh<F>(&self, rules: &Rules, limits: Limits, look_up: impl FnOnce() -> F) -> Answer<V>
    where
        F: Future<Output = Found<V>>,
    {
        let Some(_flight) = self.take_off(limits).await else {
            return Answer { latest_failed: true, ..self.known().as_it_is(rules, Source::Failed) };
        };
        if self.known().is_too_early(rules.clock.now()) {
            return self.known().as_it_is(rules, Source::Fresh);
        }
        self.fly(rules, limits, Forced::Yes, look_up).await;
        let known = self.known();
        let source = if known.failure.is_some() { Source::Failed } else { Source::Fetched };
        known.as_it_is(rules, source)
    }

    async fn fly<F>(&self, rules: &Rules, limits: Limits, forced: Forced, look_up: impl FnOnce() -> F)
    where
        F: Future<Output = Found<V>>,
    {
        // Dated from before the question, since the answer may be as old as that.
        let asked_at = rules.clock.now();
        // On the heap: it is some ten kilobytes, which the future of each request would have room for, and be moved with.
        let found = Box::pin(look_up()).await;
        self.known().learn(found, asked_at, rules.clock.now(), limits.ends, forced);
        self.landed.fetch_add(1, Ordering::AcqRel);
    }

    async fn take_off(&self, limits: Limits) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        match limits.deadline {
            None => Some(self.flight.lock().await),
            Some(deadline) => tokio::time::timeout_at(deadline, self.flight.lock()).await.ok(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known<V>> {
        // Nothing panics while it holds this lock; if something did, what is known would still be whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forced {
    Yes,
    No,
}

/// What is known about a thing: a value, a "no", or neither, and the failures since.
#[derive(Debug)]
struct Known<V> {
    value: Option<Dated<V>>,
    absent_at: Option<SystemTime>,
    failure: Option<Failure>,
    /// When the last forced look-up that did not fail began.
    forced_at: Option<SystemTime>,
}

#[derive(Debug)]
struct Dated<V> {
    value: V,
    at: SystemTime,
    ends: Option<SystemTime>,
}

/// The failures since the last success.
#[derive(Clone, Copy, Debug)]
struct Failure {
    last: Failed,
    at: SystemTime,
    wait: Duration,
}

impl<V: Clone> Known<V> {
    /// The answer without a look-up, if none is due or allowed.
    fn remembered(&self, rules: &Rules) -> Option<Answer<V>> {
        let now = rules.clock.now();
        let latest_failed = self.failure.is_some();
        if is_younger(self.absent_at, now, rules.periods.negative) {
            return Some(Answer { found: Ok(None), source: Source::Negative, latest_failed });
        }
        if let Some(value) = self.value_within(rules.periods.fresh, now) {
            return Some(Answer { found: Ok(Some(value)), source: Source::Fresh, latest_failed });
        }
        let failure = self.failure.filter(|failure| failure.is_waiting(now))?;
        Some(self.failing(rules, failure.last))
    }

    /// The answer right after a look-up.
    fn landed(&self, rules: &Rules) -> Answer<V> {
        match self.failure {
            // A forced look-up that failed leaves a fresh value fresh.
            Some(failure) => self.remembered(rules).unwrap_or_else(|| self.failing(rules, failure.last)),
            None => self.as_it_is(rules, Source::Fetched),
        }
    }

    /// The answer while look-ups fail.
    fn failing(&self, rules: &Rules, failed: Failed) -> Answer<V> {
        let old = self.value_within(rules.periods.stale, rules.clock.now()).filter(|_| failed.is_passing);
        let (found, source) = match old {
            Some(value) => (Ok(Some(value)), Source::Stale),
            None => (Err(failed.fault), Source::Failed),
        };
        Answer { found, source, latest_failed: true }
    }

    /// What there is, whatever its age.
    fn as_it_is(&self, rules: &Rules, source: Source) -> Answer<V> {
        let found = match (&self.value, self.failure) {
            (Some(dated), _) => Ok(Some(dated.value.clone())),
            (None, _) if self.absent_at.is_some() => Ok(None),
            (None, Some(failure)) => Err(failure.last.fault),
            (None, None) => Err(rules.unavailable),
        };
        Answer { found, source, latest_failed: self.failure.is_some() }
    }

    fn value_within(&self, period: Duration, now: SystemTime) -> Option<V> {
        let dated = self.value.as_ref()?;
        let has_ended = dated.ends.is_some_and(|ends| now >= ends);
        (is_younger(Some(dated.at), now, period) && !has_ended).then(|| dated.value.clone())
    }

    fn is_too_early(&self, now: SystemTime) -> bool {
        self.failure.is_some_and(|failure| failure.is_waiting(now)) || is_younger(self.forced_at, now, COOL_DOWN)
    }

    fn learn(
        &mut self,
        found: Found<V>,
        asked_at: SystemTime,
        now: SystemTime,
        ends: Option<SystemTime>,
        forced: Forced,
    ) {
        match found {
            Ok(value) => {
                self.absent_at = value.is_none().then_some(asked_at);
                self.value = value.map(|value| Dated { value, at: asked_at, ends });
                self.failure = None;
                if forced == Forced::Yes {
                    self.forced_at = Some(asked_at);
                }
            }
            Err(last) => {
                let wait = self.failure.map_or(FIRST_WAIT, |failure| LONGEST_WAIT.min(failure.wait * 2));
                self.failure = Some(Failure { last, at: now, wait });
                if forced == Forced::No {
                    self.absent_at = None;
                    if !last.is_passing {
                        self.value = None;
                    }
                }
            }
        }
    }
}

impl Failure {
    fn is_waiting(&self, now: SystemTime) -> bool {
        is_younger(Some(self.at), now, self.wait)
    }
}

/// Whether something is dated, not in the future, and less than `period` ago.
fn is_younger(at: Option<SystemTime>, now: SystemTime, period: Duration) -> bool {
    at.and_then(|at| now.duration_since(at).ok()).is_some_and(|age| age < period)
}

/// A cache that is made when it is first used. It comes with queues of a hundred kilobytes, which a process that sees
/// no such request need not set up, and no process before its key sets are on their way.
type LazyCache<K, V> = LazyLock<Cache<K, V>, Box<dyn FnOnce() -> Cache<K, V> + Send>>;

fn lazy_cache<K, V>(capacity: u64) -> LazyCache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    LazyLock::new(Box::new(move || Cache::new(capacity)))
}

/// A bounded number of slots by key.
///
/// When it is full, a new key takes the place of an old one only if it is asked for more often (TinyLFU), so
/// that a flood of invented keys neither fills the memory nor pushes out what is in use.
pub struct Lookup<K, V> {
    slots: LazyCache<K, Arc<Slot<V>>>,
}

impl<K, V> Lookup<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Room for so many slots.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        Self { slots: lazy_cache(capacity) }
    }

    /// The slot of a key, made if there is none.
    pub fn slot<Q>(&self, key: &Q) -> Arc<Slot<V>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.slots.get_with_by_ref(key, Arc::default)
    }
}

/// Its keys are the names of secrets and the hashes of tokens, so none is shown.
impl<K, V> fmt::Debug for Lookup<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}
