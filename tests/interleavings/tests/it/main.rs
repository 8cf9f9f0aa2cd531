//! Tries the interleavings of what requests share: a lookup's slot, and the stores of slots. The files are the library's
//! own; only their locks are others, which a scheduler controls. Each test runs under some thousand schedules.

#![allow(
    unreachable_pub,
    dead_code,
    unfulfilled_lint_expectations,
    reason = "the files are the library's, which uses all of them, and where they are public"
)]

#[path = "../../../../src/clock.rs"]
mod clock;
#[path = "../../../../src/error.rs"]
mod error;
mod lookup;
mod sync {
    pub(crate) use shuttle::sync::{Mutex, MutexGuard};

    pub(crate) mod atomic {
        pub(crate) use shuttle::sync::atomic::{AtomicU64, Ordering};
    }
}

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use shuttle::future::{block_on, spawn, yield_now};

use clock::Clock;
use error::Fault;
use lookup::answer::{Config, Found, Limits, LookupError, Periods, Rules, Source};
use lookup::limit::Limit;
use lookup::slot::Slot;
use lookup::store::Lookup;

const SCHEDULES: usize = 3000;
const FAULT: Fault = Fault::SecretsUnavailable;
const MINUTE: Duration = Duration::from_secs(60);

fn clock() -> Clock {
    Clock::new(|| SystemTime::UNIX_EPOCH + MINUTE * 1000)
}

fn rules() -> Rules {
    Rules {
        periods: Periods { fresh: MINUTE, stale: MINUTE * 2, negative: MINUTE },
        clock: clock(),
        unavailable: FAULT,
    }
}

/// An upstream that notices when it is asked twice at a time, and gives what it is told to.
#[derive(Clone)]
struct Upstream {
    found: Found<u32>,
    calls: Arc<AtomicU32>,
    running: Arc<AtomicU32>,
}

impl Upstream {
    fn new(found: Found<u32>) -> Self {
        Self { found, calls: Arc::default(), running: Arc::default() }
    }

    async fn ask(&self) -> Found<u32> {
        let guard = Running(Arc::clone(&self.running));
        assert_eq!(guard.0.fetch_add(1, Ordering::SeqCst), 0, "two lookups of one key at a time");
        self.calls.fetch_add(1, Ordering::SeqCst);
        yield_now().await;
        self.found
    }

    fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }
}

/// A lookup ends when its future ends, or is dropped.
struct Running(Arc<AtomicU32>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn try_all(test: impl Fn() + Send + Sync + 'static) {
    shuttle::check_random(test, SCHEDULES);
}

#[test]
fn whoever_waits_for_a_lookup_has_its_answer() {
    for found in [Ok(Some(1)), Ok(None), Err(LookupError::Transient(FAULT)), Err(LookupError::Lasting(FAULT))] {
        try_all(move || {
            let (slot, upstream) = (Arc::new(Slot::default()), Upstream::new(found));
            let tasks: Vec<_> = (0..3)
                .map(|_| {
                    let (slot, upstream) = (Arc::clone(&slot), upstream.clone());
                    spawn(async move { slot.get(&rules(), Limits::default(), || upstream.ask()).await.found })
                })
                .collect();
            for task in tasks {
                assert_eq!(block_on(task).unwrap(), found.map_err(LookupError::fault));
            }
            assert_eq!(upstream.calls(), 1);
        });
    }
}

#[test]
fn what_is_remembered_for_no_time_still_serves_everybody_who_waited() {
    try_all(|| {
        let rules = Rules {
            periods: Periods { fresh: Duration::ZERO, stale: Duration::ZERO, negative: Duration::ZERO },
            ..rules()
        };
        let (slot, upstream) = (Arc::new(Slot::default()), Upstream::new(Ok(Some(1))));
        let tasks: Vec<_> = (0..3)
            .map(|_| {
                let (slot, upstream, rules) = (Arc::clone(&slot), upstream.clone(), rules.clone());
                spawn(async move { slot.get(&rules, Limits::default(), || upstream.ask()).await })
            })
            .collect();
        for task in tasks {
            let answer = block_on(task).unwrap();
            assert_eq!((answer.found, answer.source), (Ok(Some(1)), Source::Fetched));
        }
        assert!((1..=3).contains(&upstream.calls()));
    });
}

#[test]
fn a_forced_refresh_and_a_lookup_never_run_at_a_time() {
    try_all(|| {
        let (slot, upstream) = (Arc::new(Slot::default()), Upstream::new(Ok(Some(1))));
        let refresh = {
            let (slot, upstream) = (Arc::clone(&slot), upstream.clone());
            spawn(async move { slot.refresh(&rules(), Limits::default(), || upstream.ask()).await.found })
        };
        let get = {
            let (slot, upstream) = (Arc::clone(&slot), upstream.clone());
            spawn(async move { slot.get(&rules(), Limits::default(), || upstream.ask()).await.found })
        };
        assert_eq!(block_on(get).unwrap(), Ok(Some(1)));
        assert_eq!(block_on(refresh).unwrap(), Ok(Some(1)));
        // The second one of two refreshes would be within the cool-down of the first.
        assert!((1..=2).contains(&upstream.calls()));
    });
}

#[test]
fn a_lookup_that_is_dropped_leaves_the_next_one_its_turn() {
    try_all(|| {
        let (slot, upstream) = (Arc::new(Slot::default()), Upstream::new(Ok(Some(1))));
        let dropped = {
            let (slot, upstream) = (Arc::clone(&slot), upstream.clone());
            spawn(async move { slot.get(&rules(), Limits::default(), || upstream.ask()).await.found })
        };
        let other = {
            let (slot, upstream) = (Arc::clone(&slot), upstream.clone());
            spawn(async move { slot.get(&rules(), Limits::default(), || upstream.ask()).await.found })
        };
        dropped.abort();
        assert_eq!(block_on(other).unwrap(), Ok(Some(1)));
    });
}

#[test]
fn a_lookup_that_is_cut_short_is_not_learned_and_the_next_one_goes_on() {
    try_all(|| {
        let slot = Arc::new(Slot::default());
        let (cut, whole) = (Upstream::new(Err(LookupError::CutShort(FAULT))), Upstream::new(Ok(Some(1))));
        let first = {
            let (slot, cut) = (Arc::clone(&slot), cut.clone());
            spawn(async move { slot.get(&rules(), Limits::default(), || cut.ask()).await.found })
        };
        let second = {
            let (slot, whole) = (Arc::clone(&slot), whole.clone());
            spawn(async move { slot.get(&rules(), Limits::default(), || whole.ask()).await.found })
        };
        assert_eq!(block_on(second).unwrap(), Ok(Some(1)));
        let first = block_on(first).unwrap();
        assert!(first == Ok(Some(1)) || (first == Err(FAULT) && cut.calls() == 1), "{first:?}");
        assert_eq!(whole.calls(), 1);
    });
}

fn lookup(capacity: usize) -> Arc<Lookup<String, u32>> {
    let limit = Limit::per_minute(100, 600);
    let config = Config { fresh: MINUTE, stale: MINUTE, negative: MINUTE, capacity, misses: limit, per_caller: limit };
    Arc::new(Lookup::new(&config, clock(), FAULT))
}

#[test]
fn a_key_is_looked_up_once_whether_or_not_it_is_found() {
    for found in [Ok(Some(1)), Ok(None), Err(LookupError::Transient(FAULT))] {
        try_all(move || {
            let (lookup, upstream) = (lookup(2), Upstream::new(found));
            let tasks: Vec<_> = (0..3)
                .map(|_| {
                    let (lookup, upstream) = (Arc::clone(&lookup), upstream.clone());
                    spawn(async move { lookup.get("key", Limits::default(), false, || upstream.ask()).await.found })
                })
                .collect();
            for task in tasks {
                assert_eq!(block_on(task).unwrap(), found.map_err(LookupError::fault));
            }
            assert_eq!(upstream.calls(), 1);
        });
    }
}

#[test]
fn keys_that_find_nothing_never_push_out_one_that_was_found() {
    try_all(|| {
        let lookup = lookup(1);
        let known = Upstream::new(Ok(Some(1)));
        let found = block_on(lookup.get("known", Limits::default(), false, || known.ask()));
        assert_eq!(found.found, Ok(Some(1)));
        let flood: Vec<_> = ["a", "b", "a"]
            .map(|key| {
                let (lookup, absent) = (Arc::clone(&lookup), Upstream::new(Ok(None)));
                spawn(async move { lookup.get(key, Limits::default(), false, || absent.ask()).await.found })
            })
            .into();
        let again = {
            let (lookup, known) = (Arc::clone(&lookup), known.clone());
            spawn(async move { lookup.get("known", Limits::default(), false, || known.ask()).await.source })
        };
        assert_eq!(block_on(again).unwrap(), Source::Fresh);
        for task in flood {
            // Absent, or refused for want of room.
            assert!(matches!(block_on(task).unwrap(), Ok(None) | Err(FAULT)));
        }
        assert_eq!(known.calls(), 1);
    });
}

#[test]
fn a_key_that_is_pushed_out_while_it_is_looked_up_is_still_looked_up_once_at_a_time() {
    try_all(|| {
        let lookup = lookup(1);
        let upstreams = ["a", "b"].map(|key| (key, Upstream::new(Ok(Some(1)))));
        let tasks: Vec<_> = (0..2)
            .flat_map(|_| upstreams.clone())
            .map(|(key, upstream)| {
                let lookup = Arc::clone(&lookup);
                spawn(async move { lookup.get(key, Limits::default(), false, || upstream.ask()).await.found })
            })
            .collect();
        for task in tasks {
            assert!(matches!(block_on(task).unwrap(), Ok(Some(1)) | Err(FAULT)));
        }
    });
}
