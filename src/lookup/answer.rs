//! What a lookup is given and gives: periods, limits, and the answer.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::limit::Limit;
use crate::clock::Clock;
use crate::error::Fault;

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
    pub misses: Limit,
    /// How many lookups one caller may cause whose keys are valid, but many.
    pub per_caller: Limit,
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
    pub(super) const fn is_transient(self) -> bool {
        match self {
            Self::Transient(_) | Self::NotAsked(_) | Self::CutShort(_) => true,
            Self::Lasting(_) => false,
        }
    }

    /// Whether it says something about the upstream, so that the next try has to wait.
    pub(super) const fn is_learned(self) -> bool {
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
    pub failure: Option<LookupError>,
}

impl<V> Answer<V> {
    pub(super) fn failed(error: LookupError) -> Self {
        Self { found: Err(error.fault()), source: Source::Failed, failure: Some(error) }
    }
}
