//! What is known about one thing: a value, a negative answer, or neither, and the failures since.

use std::time::{Duration, SystemTime};

use super::answer::{Answer, Found, LookupError, Rules, Source};

/// The wait after the first failure; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait after a failure.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long after a forced lookup the next one is allowed.
const COOL_DOWN: Duration = Duration::from_secs(10);

/// Whether a lookup was made although it was not due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forced {
    Yes,
    No,
}

/// What is known.
#[derive(Debug)]
pub(super) struct State<V> {
    value: Option<Dated<V>>,
    absent_at: Option<SystemTime>,
    failure: Option<Failure>,
    /// When the last forced lookup that did not fail began.
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
    last: LookupError,
    at: SystemTime,
    wait: Duration,
}

impl<V: Clone> State<V> {
    pub(super) const fn unknown() -> Self {
        Self { value: None, absent_at: None, failure: None, forced_at: None }
    }

    pub(super) fn has_value(&self) -> bool {
        self.value.is_some()
    }

    /// When a negative answer was given, if that is what is known.
    pub(super) fn absent_at(&self) -> Option<SystemTime> {
        self.absent_at.filter(|_| self.failure.is_none())
    }

    /// Whether the next try has to wait.
    pub(super) fn is_waiting(&self, now: SystemTime) -> bool {
        self.failure.is_some_and(|failure| failure.is_waiting(now))
    }

    /// The answer without a lookup, if none is due or allowed.
    pub(super) fn remembered(&mut self, rules: &Rules) -> Option<Answer<V>> {
        let now = rules.clock.now();
        self.distrust_the_future(rules, now);
        let failure = self.failure.map(|failure| failure.last);
        if is_younger(self.absent_at, now, rules.periods.negative) {
            return Some(Answer { found: Ok(None), source: Source::Negative, failure });
        }
        if let Some(value) = self.value_within(rules.periods.fresh, now) {
            return Some(Answer { found: Ok(Some(value)), source: Source::Fresh, failure });
        }
        let failure = self.failure.filter(|failure| failure.is_waiting(now))?;
        Some(self.failing(rules, failure.last))
    }

    /// A clock that was set back dates things in the future. They are stale from now on: when the clock has caught up,
    /// nobody knows how old they are.
    fn distrust_the_future(&mut self, rules: &Rules, now: SystemTime) {
        if let Some(dated) = self.value.as_mut().filter(|dated| dated.at > now) {
            dated.at = now.checked_sub(rules.periods.fresh).unwrap_or(SystemTime::UNIX_EPOCH);
        }
        self.absent_at = self.absent_at.filter(|at| *at <= now);
        self.forced_at = self.forced_at.filter(|at| *at <= now);
        if let Some(failure) = self.failure.as_mut().filter(|failure| failure.at > now) {
            failure.at = SystemTime::UNIX_EPOCH;
        }
    }

    /// The answer right after a lookup.
    pub(super) fn looked_up(&mut self, rules: &Rules) -> Answer<V> {
        match self.failure {
            // A forced lookup that failed leaves a fresh value fresh.
            Some(failure) => self.remembered(rules).unwrap_or_else(|| self.failing(rules, failure.last)),
            None => self.as_it_is(rules, Source::Fetched),
        }
    }

    /// The answer while lookups fail.
    pub(super) fn failing(&self, rules: &Rules, error: LookupError) -> Answer<V> {
        let old = self.value_within(rules.periods.stale, rules.clock.now()).filter(|_| error.is_transient());
        match old {
            Some(value) => Answer { found: Ok(Some(value)), source: Source::Stale, failure: Some(error) },
            None => Answer::failed(error),
        }
    }

    /// What is known, whatever its age.
    pub(super) fn as_it_is(&self, rules: &Rules, source: Source) -> Answer<V> {
        let found = match (&self.value, self.failure) {
            (Some(dated), _) => Ok(Some(dated.value.clone())),
            (None, _) if self.absent_at.is_some() => Ok(None),
            (None, Some(failure)) => Err(failure.last.fault()),
            (None, None) => Err(rules.unavailable),
        };
        Answer { found, source, failure: self.failure.map(|failure| failure.last) }
    }

    fn value_within(&self, period: Duration, now: SystemTime) -> Option<V> {
        let dated = self.value.as_ref()?;
        let has_ended = dated.ends.is_some_and(|ends| now >= ends);
        (is_younger(Some(dated.at), now, period) && !has_ended).then(|| dated.value.clone())
    }

    pub(super) fn is_too_early(&self, now: SystemTime) -> bool {
        self.is_waiting(now) || is_younger(self.forced_at, now, COOL_DOWN)
    }

    pub(super) fn learn(
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
                    if !last.is_transient() {
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
pub(super) fn is_younger(at: Option<SystemTime>, now: SystemTime, period: Duration) -> bool {
    at.and_then(|at| now.duration_since(at).ok()).is_some_and(|age| age < period)
}
