//! One thing that can be looked up: who looks it up now, and what is known about it.

use std::sync::PoisonError;
use std::time::SystemTime;

use super::answer::{Answer, Found, Limits, LookupError, Rules, Source};
use super::state::{Forced, State};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard};

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
            return Answer {
                failure: Some(LookupError::CutShort(rules.unavailable)),
                ..self.state().as_it_is(rules, Source::Failed)
            };
        };
        if self.state().is_too_early(rules.clock.now()) {
            return self.state().as_it_is(rules, Source::Fresh);
        }
        let unlearned = self.fetch(rules, limits, Forced::Yes, look_up).await;
        let answer = self.state().as_it_is(rules, Source::Fetched);
        match unlearned.or(answer.failure) {
            Some(error) => Answer { source: Source::Failed, failure: Some(error), ..answer },
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
