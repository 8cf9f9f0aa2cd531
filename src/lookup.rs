//! The one way in which key sets, user attributes and secrets are looked up and remembered.
//!
//! A [`Slot`] is one thing that can be looked up. It is *fresh* for a while; then it is looked up again, in line, by
//! whoever needs it first, and everybody else waits for that lookup. While lookups fail for a transient reason, the old
//! value serves a while longer, and each wait for the next try is longer than the last. A negative answer is an answer
//! too, and is never overruled by an old positive one. A [`store::Lookup`] holds slots by key.
//!
//! Ages are differences of the wall clock, since the function is frozen between calls and a monotonic clock may stand
//! still meanwhile. What is dated in the future, because the clock was set back, is stale and never becomes fresh again.

mod call;
pub(crate) mod limit;
mod state;
pub(crate) mod store;

use std::future::Future;
use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::clock::Clock;
use crate::error::Fault;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard};

pub(crate) use call::CallError;
use state::{Forced, State};
pub(crate) use store::Lookup;

/// How long what was looked up is remembered, and of how many keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// A value is fresh for this long.
    pub fresh: Duration,
    /// Then it serves for this much longer while lookups fail.
    pub stale: Duration,
    /// A negative answer is remembered for this long.
    pub negative: Duration,
    /// Values at most, and as many negative answers.
    pub capacity: usize,
    /// How many lookups may find nothing, where callers choose the keys.
    pub misses: limit::Limit,
    /// How many lookups one caller may cause whose keys are valid, but many.
    pub per_caller: limit::Limit,
}

impl Config {
    /// The periods of these settings.
    #[must_use]
    pub const fn periods(&self) -> Periods {
        Periods { fresh: self.fresh, stale: self.fresh.saturating_add(self.stale), negative: self.negative }
    }
}

/// How long what was looked up is used. Zero switches a period off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periods {
    /// From its lookup on, a value is used without another lookup for this long.
    pub fresh: Duration,
    /// From its lookup on, a value serves at most this long, while lookups fail.
    pub stale: Duration,
    /// A negative answer is remembered for this long.
    pub negative: Duration,
}

/// What a lookup found: a value, or the negative answer that there is none.
pub type Found<V> = Result<Option<V>, LookupError>;

/// A lookup that gave neither a value nor a negative answer, and what that means for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// It may well work soon, so an old value may serve meanwhile.
    Transient(Fault),
    /// Somebody has to repair something.
    Lasting(Fault),
    /// A limit forbids the lookup: nobody was asked.
    NotAsked(Fault),
    /// The invocation ended first: that says nothing about the upstream, and is not learned.
    CutShort(Fault),
}

impl LookupError {
    /// What it means for a decision.
    #[must_use]
    pub const fn fault(self) -> Fault {
        match self {
            Self::Transient(fault) | Self::Lasting(fault) | Self::NotAsked(fault) | Self::CutShort(fault) => fault,
        }
    }

    /// Whether an old value may serve meanwhile.
    const fn is_transient(self) -> bool {
        match self {
            Self::Transient(_) | Self::NotAsked(_) | Self::CutShort(_) => true,
            Self::Lasting(_) => false,
        }
    }

    /// Whether it says something about the upstream, so that the next try has to wait.
    const fn is_learned(self) -> bool {
        match self {
            Self::Transient(_) | Self::Lasting(_) => true,
            Self::NotAsked(_) | Self::CutShort(_) => false,
        }
    }
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It was remembered.
    Fresh,
    /// It was looked up now, by this or another request.
    Fetched,
    /// It is old, and its lookup fails.
    Stale,
    /// A negative answer that was remembered.
    Negative,
    /// There is none: the lookup fails.
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

/// What applies to all slots of one upstream.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How long what was looked up is used.
    pub periods: Periods,
    /// The wall clock.
    pub clock: Clock,
    /// What it means if there is no answer in time, or no lookup is allowed.
    pub unavailable: Fault,
}

/// What applies to one request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// The request waits for another one's lookup until then at most.
    pub deadline: Option<Instant>,
    /// From then on the value must not be used, fresh or not.
    pub ends: Option<SystemTime>,
}

/// The answer of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<V> {
    /// A value, a negative answer, or why neither is known.
    pub found: Result<Option<V>, Fault>,
    /// Where that came from.
    pub source: Source,
    /// Why the latest lookup failed, even if an older value serves.
    pub failure: Option<Fault>,
}

impl<V> Answer<V> {
    fn failed(fault: Fault) -> Self {
        Self { found: Err(fault), source: Source::Failed, failure: Some(fault) }
    }
}

/// One thing that can be looked up, and what is known about it.
#[derive(Debug)]
pub struct Slot<V> {
    /// Held by whoever looks it up now.
    flight: tokio::sync::Mutex<()>,
    /// How many lookups have ended.
    ended: AtomicU64,
    state: Mutex<State<V>>,
}

impl<V: Clone> Default for Slot<V> {
    /// A slot about which nothing is known.
    fn default() -> Self {
        Self { flight: tokio::sync::Mutex::new(()), ended: AtomicU64::new(0), state: Mutex::new(State::unknown()) }
    }
}

impl<V: Clone> Slot<V> {
    /// A slot with a value that was not looked up, but counts as if it had been at this time.
    #[must_use]
    pub fn filled(value: V, at: SystemTime) -> Self {
        let slot = Self::default();
        slot.state().learn(Ok(Some(value)), at, at, None, Forced::No);
        slot
    }

    /// What is known, looked up now if that is due.
    pub async fn get<F>(&self, rules: &Rules, limits: Limits, look_up: impl FnOnce() -> F) -> Answer<V>
    where
        F: Future<Output = Found<V>>,
    {
        if let Some(answer) = self.state().remembered(rules) {
            return answer;
        }
        let ended_before = self.ended.load(Ordering::Acquire);
        let Some(_flight) = self.wait_for_flight(limits).await else {
            return self.state().failing(rules, LookupError::CutShort(rules.unavailable));
        };
        // A lookup that ended while this request waited is the answer, even if it is remembered for no time at all.
        if self.ended.load(Ordering::Acquire) != ended_before {
            return self.state().looked_up(rules);
        }
        // It may have ended between the first question and the second.
        if let Some(answer) = self.state().remembered(rules) {
            return answer;
        }
        match self.fetch(rules, limits, Forced::No, look_up).await {
            Some(unlearned) => self.state().failing(rules, unlearned),
            None => self.state().looked_up(rules),
        }
    }

    /// Looks it up although it may be fresh, unless it is too early: within the cool-down of the last forced lookup, or
    /// within the wait after a failure. The answer is what is known then; a lookup that fails leaves that as it was.
    pub async fn refresh<F>(&self, rules: &Rules, limits: Limits, look_up: impl FnOnce() -> F) -> Answer<V>
    where
        F: Future<Output = Found<V>>,
    {
        let Some(_flight) = self.wait_for_flight(limits).await else {
            return Answer { failure: Some(rules.unavailable), ..self.state().as_it_is(rules, Source::Failed) };
        };
        if self.state().is_too_early(rules.clock.now()) {
            return self.state().as_it_is(rules, Source::Fresh);
        }
        let unlearned = self.fetch(rules, limits, Forced::Yes, look_up).await;
        let answer = self.state().as_it_is(rules, Source::Fetched);
        match unlearned.map(LookupError::fault).or(answer.failure) {
            Some(fault) => Answer { source: Source::Failed, failure: Some(fault), ..answer },
            None => answer,
        }
    }

    /// Whether a value is known, however old.
    #[must_use]
    pub fn has_value(&self) -> bool {
        self.state().has_value()
    }

    /// When a negative answer was given, if that is what is known.
    #[must_use]
    pub fn absent_at(&self) -> Option<SystemTime> {
        self.state().absent_at()
    }

    /// Whether the slot has to be kept for others: it is in flight, or the next try has to wait.
    #[must_use]
    pub fn is_pending(&self, now: SystemTime) -> bool {
        self.flight.try_lock().is_err() || self.state().is_waiting(now)
    }

    /// Looks it up and learns what was found. An error that must not be learned is returned.
    async fn fetch<F>(
        &self,
        rules: &Rules,
        limits: Limits,
        forced: Forced,
        look_up: impl FnOnce() -> F,
    ) -> Option<LookupError>
    where
        F: Future<Output = Found<V>>,
    {
        // Dated before the question, since the answer may be as old as that.
        let asked_at = rules.clock.now();
        // On the heap: it is some ten kilobytes, which every request's future would have room for, and be moved with.
        let found = Box::pin(look_up()).await;
        if let Err(error) = found
            && !error.is_learned()
        {
            return Some(error);
        }
        self.state().learn(found, asked_at, rules.clock.now(), limits.ends, forced);
        self.ended.fetch_add(1, Ordering::AcqRel);
        None
    }

    async fn wait_for_flight(&self, limits: Limits) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        match limits.deadline {
            None => Some(self.flight.lock().await),
            Some(deadline) => tokio::time::timeout_at(deadline, self.flight.lock()).await.ok(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<V>> {
        // Nothing panics while it holds this lock; if something did, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
