//! The one cache: fresh, stale, negative, single flight, back-off, forced refresh with cool-down. The clock is set
//! by hand, and every look-up is counted.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use smac_lambda_authorizer::error::Fault;
use smac_lambda_authorizer::lookup::{
    Allowance, Answer, Callers, Clock, Failed, Found, Limits, Lookup, Periods, Rules, Slot, Source,
};
use tokio::time::Instant;

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

#[tokio::test]
async fn a_value_is_fresh_for_its_ttl_and_not_a_second_longer() {
    let bench = Bench::new();
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Fetched, 1));
    bench.upstream_gives(Ok(Some("second")));
    bench.pass(59);
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Fresh, 0));
    bench.pass(1);
    assert_eq!(bench.get().await, (Ok(Some("second")), Source::Fetched, 1));
}

#[tokio::test]
async fn an_old_value_serves_while_its_look_up_fails() {
    let bench = Bench::new();
    let _ = bench.get().await;
    bench.upstream_gives(PASSING);
    bench.pass(60);
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Stale, 1));
    // Within the wait nobody asks again.
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Stale, 0));
    bench.pass(299);
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Stale, 1));
    bench.pass(1);
    assert_eq!(bench.get().await, (Err(FAULT), Source::Failed, 0));
    bench.upstream_gives(Ok(Some("second")));
    bench.pass(1);
    assert_eq!(bench.get().await, (Ok(Some("second")), Source::Fetched, 1));
}

#[tokio::test]
async fn a_lasting_failure_is_one_at_once() {
    let bench = Bench::new();
    let _ = bench.get().await;
    bench.pass(60);
    bench.upstream_gives(LASTING);
    assert_eq!(bench.get().await, (Err(Fault::SecretMalformed), Source::Failed, 1));
    // And what was known before it is not trusted again.
    bench.pass(1);
    bench.upstream_gives(PASSING);
    assert_eq!(bench.get().await, (Err(FAULT), Source::Failed, 1));
}

#[tokio::test]
async fn a_definite_no_is_remembered_and_never_overruled() {
    let bench = Bench::new();
    let _ = bench.get().await;
    bench.pass(60);
    bench.upstream_gives(Ok(None));
    assert_eq!(bench.get().await, (Ok(None), Source::Fetched, 1));
    bench.pass(29);
    assert_eq!(bench.get().await, (Ok(None), Source::Negative, 0));
    bench.pass(1);
    bench.upstream_gives(PASSING);
    assert_eq!(bench.get().await, (Err(FAULT), Source::Failed, 1));
    bench.pass(1);
    bench.upstream_gives(Ok(Some("again")));
    assert_eq!(bench.get().await, (Ok(Some("again")), Source::Fetched, 1));
}

#[tokio::test]
async fn the_wait_doubles_up_to_half_a_minute_and_ends_with_a_success() {
    let bench = Bench::new();
    bench.upstream_gives(PASSING);
    for wait in [1, 2, 4, 8, 16, 30, 30] {
        assert_eq!(bench.get().await, (Err(FAULT), Source::Failed, 1), "{wait}");
        bench.pass(wait - 1);
        assert_eq!(bench.get().await, (Err(FAULT), Source::Failed, 0), "{wait}");
        bench.pass(1);
    }
    bench.upstream_gives(Ok(Some("first")));
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Fetched, 1));
    bench.pass(60);
    bench.upstream_gives(PASSING);
    let _ = bench.get().await;
    bench.pass(1);
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Stale, 1));
}

#[tokio::test]
async fn a_refresh_is_allowed_right_after_an_ordinary_look_up_but_not_after_a_forced_one() {
    let bench = Bench::new();
    let _ = bench.get().await;
    bench.upstream_gives(Ok(Some("second")));
    assert_eq!(bench.refresh().await, (answer(Some("second"), Source::Fetched, false), 1));
    bench.upstream_gives(Ok(Some("third")));
    assert_eq!(bench.refresh().await, (answer(Some("second"), Source::Fresh, false), 0));
    bench.pass(9);
    assert_eq!(bench.refresh().await, (answer(Some("second"), Source::Fresh, false), 0));
    bench.pass(1);
    assert_eq!(bench.refresh().await, (answer(Some("third"), Source::Fetched, false), 1));
}

#[tokio::test]
async fn a_refresh_that_fails_leaves_everything_as_it_was() {
    let bench = Bench::new();
    let _ = bench.get().await;
    bench.upstream_gives(LASTING);
    assert_eq!(bench.refresh().await, (answer(Some("first"), Source::Failed, true), 1));
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Fresh, 0));
    // The next one may be as soon as the wait is over, not only after the cool-down.
    assert_eq!(bench.refresh().await, (answer(Some("first"), Source::Fresh, true), 0));
    bench.pass(1);
    bench.upstream_gives(Ok(Some("second")));
    assert_eq!(bench.refresh().await, (answer(Some("second"), Source::Fetched, false), 1));
}

#[tokio::test]
async fn a_refresh_that_finds_nothing_is_a_no() {
    let bench = Bench::new();
    let _ = bench.get().await;
    bench.upstream_gives(Ok(None));
    assert_eq!(bench.refresh().await, (answer(None, Source::Fetched, false), 1));
    assert_eq!(bench.get().await, (Ok(None), Source::Negative, 0));
}

#[tokio::test]
async fn one_look_up_serves_all_who_want_it() {
    // Also where nothing is remembered at all.
    for (bench, source) in [(Bench::new(), Source::Fetched), (Bench::with(0, 0, 0), Source::Fetched)] {
        let bench = Arc::new(bench);
        let calls = Arc::clone(&bench.calls);
        let waiting: Vec<_> = (0..64)
            .map(|_| {
                let bench = Arc::clone(&bench);
                tokio::spawn(async move {
                    let slot = Arc::clone(&bench.slot);
                    slot.get(&bench.rules, Limits::default(), || bench.look_up()).await
                })
            })
            .collect();
        for task in waiting {
            assert_eq!(task.await.unwrap(), answer(Some("first"), source, false));
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn one_failure_serves_all_who_waited_for_it() {
    let bench = Arc::new(Bench::with(0, 0, 0));
    bench.upstream_gives(LASTING);
    let get = || bench.slot.get(&bench.rules, Limits::default(), || bench.look_up());
    let (one, two, three) = tokio::join!(get(), get(), get());
    for answer in [one, two, three] {
        assert_eq!((answer.found, answer.source), (Err(Fault::SecretMalformed), Source::Failed));
    }
    assert_eq!(bench.calls(), 1);
}

#[tokio::test]
async fn a_look_up_that_is_dropped_is_taken_over() {
    let bench = Bench::new();
    let dropped = bench.slot.get(&bench.rules, Limits::default(), || async {
        std::future::pending::<()>().await;
        PASSING
    });
    assert!(tokio::time::timeout(Duration::from_millis(1), dropped).await.is_err());
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Fetched, 1));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_past_the_own_deadline() {
    let bench = Bench::new();
    let _ = bench.get().await;
    bench.pass(60);
    let never = bench.slot.get(&bench.rules, Limits::default(), || async {
        std::future::pending::<()>().await;
        PASSING
    });
    let waits = async {
        let deadline = Some(Instant::now() + Duration::from_millis(300));
        let began = Instant::now();
        let answer = bench.slot.get(&bench.rules, Limits { deadline, ends: None }, || bench.look_up()).await;
        (answer, began.elapsed())
    };
    tokio::pin!(never);
    tokio::select! {
        biased;
        _ = &mut never => panic!("it never ends"),
        (got, waited) = waits => {
            assert_eq!(got, answer(Some("first"), Source::Stale, true));
            assert!(waited >= Duration::from_millis(300) && waited < Duration::from_millis(400), "{waited:?}");
        }
    }
    assert_eq!(bench.calls(), 0);
}

#[tokio::test]
async fn a_refresh_that_is_waited_for_in_vain_has_failed() {
    let bench = Bench::new();
    let _ = bench.get().await;
    let never = bench.slot.refresh(&bench.rules, Limits::default(), || async {
        std::future::pending::<()>().await;
        PASSING
    });
    let waits = async {
        let deadline = Some(Instant::now() + Duration::from_millis(100));
        bench.slot.refresh(&bench.rules, Limits { deadline, ends: None }, || bench.look_up()).await
    };
    tokio::pin!(never);
    tokio::select! {
        biased;
        _ = &mut never => panic!("it never ends"),
        got = waits => assert_eq!(got, answer(Some("first"), Source::Failed, true)),
    }
    assert_eq!(bench.calls(), 0);
}

#[tokio::test]
async fn a_refresh_of_what_was_never_known() {
    let bench = Bench::new();
    bench.upstream_gives(PASSING);
    let failed = Answer { found: Err(FAULT), source: Source::Failed, latest_failed: true };
    assert_eq!(bench.refresh().await, (failed, 1));
    // Within the wait, too, that is no "no".
    let early = Answer { found: Err(FAULT), source: Source::Fresh, latest_failed: true };
    assert_eq!(bench.refresh().await, (early, 0));
}

#[tokio::test]
async fn zero_switches_a_period_off() {
    let bench = Bench::with(0, 0, 0);
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Fetched, 1));
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Fetched, 1));
    bench.upstream_gives(Ok(None));
    assert_eq!(bench.get().await, (Ok(None), Source::Fetched, 1));
    assert_eq!(bench.get().await, (Ok(None), Source::Fetched, 1));
    bench.upstream_gives(PASSING);
    assert_eq!(bench.get().await, (Err(FAULT), Source::Failed, 1));
}

#[tokio::test]
async fn a_value_ends_when_it_must() {
    let bench = Bench::new();
    let ends = Some(bench.rules.clock.now() + Duration::from_secs(10));
    let limits = Limits { deadline: None, ends };
    let get = || bench.slot.get(&bench.rules, limits, || bench.look_up());
    assert_eq!(get().await.source, Source::Fetched);
    bench.pass(9);
    assert_eq!(get().await.source, Source::Fresh);
    bench.pass(1);
    bench.upstream_gives(PASSING);
    assert_eq!(get().await.found, Err(FAULT));
}

#[tokio::test]
async fn what_is_dated_in_the_future_is_not_trusted() {
    let bench = Bench::new();
    let _ = bench.get().await;
    bench.seconds.fetch_sub(3600, Ordering::SeqCst);
    bench.upstream_gives(Ok(Some("second")));
    assert_eq!(bench.get().await, (Ok(Some("second")), Source::Fetched, 1));
    // A failure in the future does not keep anybody waiting for an hour, either.
    let bench = Bench::new();
    bench.upstream_gives(PASSING);
    let _ = bench.get().await;
    bench.seconds.fetch_sub(3600, Ordering::SeqCst);
    bench.upstream_gives(Ok(Some("second")));
    assert_eq!(bench.get().await, (Ok(Some("second")), Source::Fetched, 1));
}

#[tokio::test]
async fn a_filled_slot_needs_no_look_up() {
    let bench = Bench::new();
    let bench = Bench { slot: Arc::new(Slot::filled("given", bench.rules.clock.now())), ..bench };
    assert_eq!(bench.get().await, (Ok(Some("given")), Source::Fresh, 0));
    bench.pass(60);
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Fetched, 1));
}

#[tokio::test]
async fn invented_keys_neither_fill_the_memory_nor_push_out_what_is_in_use() {
    let bench = Bench::new();
    let lookup: Lookup<String, &'static str> = Lookup::new(100);
    let ask = async |key: &str| {
        let slot = lookup.slot(key);
        slot.get(&bench.rules, Limits::default(), || bench.look_up()).await.source
    };
    for _ in 0..20 {
        for used in 0..50 {
            ask(&format!("used-{used}")).await;
        }
    }
    for invented in 0..10_000 {
        ask(&format!("invented-{invented}")).await;
        // What is in use goes on being used.
        if invented % 100 == 0 {
            for used in 0..50 {
                ask(&format!("used-{used}")).await;
            }
        }
    }
    let mut still_there = 0;
    for used in 0..50 {
        still_there += u32::from(ask(&format!("used-{used}")).await == Source::Fresh);
    }
    assert_eq!(still_there, 50);
}

#[tokio::test]
async fn a_flood_of_invented_keys_costs_a_bounded_number_of_look_ups() {
    let mut bench = Bench::new();
    bench.rules.allowance = Some(Arc::new(Allowance::of_vain_look_ups()));
    let lookup: Lookup<String, &'static str> = Lookup::new(100);
    let ask = async |key: &str| {
        let answer = lookup.slot(key).get(&bench.rules, Limits::default(), || bench.look_up()).await;
        (answer.found, answer.source)
    };
    let known = (Ok(Some("first")), Source::Fetched);
    assert_eq!(ask("known").await, known);
    // What is found costs nothing of it, however much that is.
    for number in 0..12_000 {
        assert_eq!(ask(&format!("real-{number}")).await, known);
    }
    bench.calls();
    bench.upstream_gives(Ok(None));
    for number in 0..10_000 {
        assert_eq!(ask(&format!("invented-{number}")).await, (Ok(None), Source::Fetched));
    }
    for number in 0..1000 {
        assert_eq!(ask(&format!("more-{number}")).await, (Err(FAULT), Source::Failed));
    }
    assert_eq!(bench.calls(), 10_000);
    // Whoever is known is looked up again all the same.
    bench.upstream_gives(Ok(Some("first")));
    bench.pass(3600);
    assert_eq!(ask("known").await, known);
    bench.upstream_gives(Ok(None));
    // After a time it is whole again, and no more than that.
    for number in 0..10_001 {
        let _ = ask(&format!("later-{number}")).await;
    }
    assert_eq!(bench.calls(), 1 + 10_000);
    // In the long run, ten a second.
    for second in 0..60 {
        bench.pass(1);
        for number in 0..20 {
            let _ = ask(&format!("late-{second}-{number}")).await;
        }
    }
    assert_eq!(bench.calls(), 600);
    // A clock that was set back does not shut anybody out for longer.
    bench.seconds.fetch_sub(1800, Ordering::SeqCst);
    let _ = ask("back").await;
    bench.pass(1);
    assert_eq!(ask("back-again").await, (Ok(None), Source::Fetched));
}

#[test]
fn each_caller_has_a_bound_of_its_own() {
    let callers = Callers::new(100);
    let now = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds);
    let allowed = |caller: &str, at: u64, tries: u32| (0..tries).filter(|_| callers.take(caller, now(at))).count();
    assert_eq!(allowed("many", 0, 5000), 1000);
    assert_eq!(allowed("other", 0, 1), 1);
    // Ten more each second, and never more than at first.
    assert_eq!(allowed("many", 60, 5000), 600);
    assert_eq!(allowed("many", 3660, 5000), 1000);
    assert_eq!(allowed("other", 3660, 5000), 1000);
}

/// One caller's own bound, however often it is hit, leaves what all share as it is.
#[tokio::test]
async fn what_one_callers_bound_refuses_costs_nobody_else() {
    let mut bench = Bench::new();
    bench.rules.allowance = Some(Arc::new(Allowance::of_vain_look_ups()));
    let lookup: Lookup<String, &'static str> = Lookup::new(100);
    let ask = async |key: &str| lookup.slot(key).get(&bench.rules, Limits::default(), || bench.look_up()).await.found;
    bench.upstream_gives(Err(Failed::not_asked(FAULT)));
    for number in 0..10_500 {
        assert_eq!(ask(&format!("bounded-{number}")).await, Err(FAULT));
    }
    bench.upstream_gives(Ok(Some("first")));
    assert_eq!(ask("somebody-else").await, Ok(Some("first")));
    // Failures of look-ups that were made do count.
    bench.upstream_gives(Err(Failed::passing(FAULT)));
    for number in 0..10_000 {
        assert_eq!(ask(&format!("failing-{number}")).await, Err(FAULT));
    }
    bench.upstream_gives(Ok(Some("first")));
    assert_eq!(ask("too-late").await, Err(FAULT));
}
