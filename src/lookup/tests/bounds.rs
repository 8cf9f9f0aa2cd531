//! Floods of keys: bounded memory, a bounded number of lookups, and nothing that those in use would notice.

use std::sync::atomic::Ordering;

use super::{Bench, FAULT};
use crate::lookup::{Callers, Config, Limit, Lookup, LookupError, Source};

/// Room for 100 keys, and 50 lookups that miss, then one each second.
const CAPACITY: usize = 100;
const MISSES: u32 = 50;

impl Bench {
    fn config(&self) -> Config {
        let periods = self.rules.periods;
        Config {
            fresh: periods.fresh,
            stale: periods.stale - periods.fresh,
            negative: periods.negative,
            capacity: CAPACITY,
            misses: Limit::per_minute(MISSES, 60),
            per_caller: Limit::per_minute(10, 60),
        }
    }

    fn lookup(&self) -> Lookup<String, &'static str> {
        Lookup::new(&self.config(), self.rules.clock.clone(), FAULT)
    }
}

#[tokio::test]
async fn keys_that_are_not_found_never_push_out_one_that_was() {
    let bench = Bench::new();
    let lookup = bench.lookup();
    for used in 0..CAPACITY {
        assert_eq!(bench.get_from(&lookup, &format!("used-{used}")).await.source, Source::Fetched);
    }
    bench.upstream_gives(Ok(None));
    // Each invented once, and a few of them again and again: either way they count as use, and change nothing.
    for invented in (0..1000).chain((0..50).flat_map(|_| 0..40)) {
        let _ = bench.get_from(&lookup, &format!("invented-{invented}")).await;
    }
    for used in 0..CAPACITY {
        assert_eq!(bench.get_from(&lookup, &format!("used-{used}")).await.source, Source::Fresh, "{used}");
    }
}

#[tokio::test]
async fn the_least_recently_used_key_makes_room_for_another_one() {
    let bench = Bench::new();
    let lookup = bench.lookup();
    for used in 0..CAPACITY {
        let _ = bench.get_from(&lookup, &format!("used-{used}")).await;
    }
    assert_eq!(bench.get_from(&lookup, "used-0").await.source, Source::Fresh);
    let _ = bench.get_from(&lookup, "one-more").await;
    assert_eq!(bench.get_from(&lookup, "used-0").await.source, Source::Fresh);
    assert_eq!(bench.get_from(&lookup, "used-2").await.source, Source::Fresh);
    assert_eq!(bench.get_from(&lookup, "used-1").await.source, Source::Fetched);
}

#[tokio::test]
async fn a_flood_of_invented_keys_costs_a_bounded_number_of_lookups() {
    let bench = Bench::new();
    let lookup = bench.lookup();
    // What is found costs nothing of the allowance, however much that is.
    for number in 0..MISSES * 2 {
        assert_eq!(bench.get_from(&lookup, &format!("real-{number}")).await.found, Ok(Some("first")));
    }
    bench.calls();
    bench.upstream_gives(Ok(None));
    for number in 0..MISSES {
        assert_eq!(bench.get_from(&lookup, &format!("invented-{number}")).await.found, Ok(None));
    }
    for number in 0..1000 {
        assert_eq!(bench.get_from(&lookup, &format!("more-{number}")).await.found, Err(FAULT));
    }
    assert_eq!(bench.calls(), MISSES);
    // In the long run, one a second.
    for second in 0..60 {
        bench.pass(1);
        for number in 0..20 {
            let _ = bench.get_from(&lookup, &format!("late-{second}-{number}")).await;
        }
    }
    assert_eq!(bench.calls(), 60);
}

/// The attack that TinyLFU and LRU lose: the flood repeats its keys, and goes on for an hour.
#[tokio::test]
async fn those_who_were_found_before_notice_nothing_of_a_flood_that_repeats_its_keys() {
    let bench = Bench::new();
    let lookup = bench.lookup();
    let service = async || bench.get_from(&lookup, "service").await;
    assert_eq!(service().await.source, Source::Fetched);
    for _ in 0..120 {
        bench.upstream_gives(Ok(None));
        for round in 0..3 {
            for invented in 0..150 {
                let answer = bench.get_from(&lookup, &format!("invented-{invented}")).await;
                assert_ne!(answer.found, Ok(Some("first")), "{round}");
            }
        }
        bench.pass(30);
        bench.upstream_gives(Ok(Some("first")));
        let answer = service().await;
        assert_eq!(answer.found, Ok(Some("first")));
        assert!([Source::Fresh, Source::Fetched].contains(&answer.source));
    }
}

#[tokio::test]
async fn an_expected_key_needs_no_allowance() {
    let bench = Bench::new();
    let lookup = bench.lookup();
    bench.upstream_gives(Ok(None));
    for number in 0..MISSES {
        let _ = bench.get_from(&lookup, &format!("invented-{number}")).await;
    }
    bench.upstream_gives(Ok(Some("first")));
    assert_eq!(bench.get_from(&lookup, "renewed").await.found, Err(FAULT));
    assert_eq!(bench.get_expected(&lookup, "renewed").await.found, Ok(Some("first")));
}

#[tokio::test]
async fn a_key_without_room_for_its_value_still_backs_off() {
    let bench = Bench::new();
    let lookup = bench.lookup();
    for used in 0..CAPACITY {
        let _ = bench.get_from(&lookup, &format!("used-{used}")).await;
    }
    bench.calls();
    bench.upstream_gives(Err(LookupError::Transient(FAULT)));
    for _ in 0..5 {
        assert_eq!(bench.get_from(&lookup, "failing").await.found, Err(FAULT));
    }
    assert_eq!(bench.calls(), 1);
    bench.pass(1);
    for _ in 0..5 {
        assert_eq!(bench.get_from(&lookup, "failing").await.found, Err(FAULT));
    }
    assert_eq!(bench.calls(), 1);
}

#[tokio::test]
async fn the_number_of_keys_that_back_off_is_bounded_and_shuts_out_nobody_who_is_known() {
    let bench = Bench::new();
    let config = Config { misses: Limit::per_minute(10_000, 600), ..bench.config() };
    let lookup = Lookup::new(&config, bench.rules.clock.clone(), FAULT);
    let _ = bench.get_from(&lookup, "known").await;
    bench.upstream_gives(Err(LookupError::Transient(FAULT)));
    for number in 0..CAPACITY {
        assert_eq!(bench.get_from(&lookup, &format!("failing-{number}")).await.found, Err(FAULT));
    }
    assert_eq!(bench.calls() as usize, 1 + CAPACITY);
    bench.upstream_gives(Ok(Some("second")));
    // One more finds no room, unless its caller is known by something else, or has a value that is due.
    assert_eq!(bench.get_from(&lookup, "one-more").await.found, Err(FAULT));
    assert_eq!(bench.calls(), 0);
    assert_eq!(bench.get_expected(&lookup, "renewed").await.found, Ok(Some("second")));
    bench.pass(60);
    assert_eq!(bench.get_from(&lookup, "known").await.found, Ok(Some("second")));
    // A key whose wait has ended makes room.
    assert_eq!(bench.get_from(&lookup, "one-more").await.found, Ok(Some("second")));
}

#[tokio::test]
async fn a_negative_answer_is_remembered_for_its_time_however_often_it_is_asked_for() {
    let bench = Bench::new();
    let lookup = bench.lookup();
    bench.upstream_gives(Ok(None));
    assert_eq!(bench.get_from(&lookup, "absent").await.source, Source::Fetched);
    for _ in 0..29 {
        bench.pass(1);
        assert_eq!(bench.get_from(&lookup, "absent").await.source, Source::Negative);
    }
    bench.pass(1);
    bench.upstream_gives(Ok(Some("first")));
    assert_eq!(bench.get_from(&lookup, "absent").await.found, Ok(Some("first")));
}

#[tokio::test]
async fn a_key_that_was_found_and_is_gone_becomes_an_unknown_one() {
    let bench = Bench::new();
    let lookup = bench.lookup();
    let _ = bench.get_from(&lookup, "gone").await;
    bench.pass(60);
    bench.upstream_gives(Ok(None));
    assert_eq!(bench.get_from(&lookup, "gone").await.source, Source::Fetched);
    assert_eq!(bench.get_from(&lookup, "gone").await.source, Source::Negative);
    for number in 1..MISSES + 5 {
        let _ = bench.get_from(&lookup, &format!("invented-{number}")).await;
    }
    bench.pass(30);
    // Thirty more are allowed by then.
    for number in 0..40 {
        let _ = bench.get_from(&lookup, &format!("more-{number}")).await;
    }
    bench.calls();
    assert_eq!(bench.get_from(&lookup, "gone").await.found, Err(FAULT));
    assert_eq!(bench.calls(), 0);
}

#[tokio::test]
async fn what_is_refused_by_another_limit_costs_nobody_else() {
    let bench = Bench::new();
    let lookup = bench.lookup();
    for error in [LookupError::NotAsked(FAULT), LookupError::CutShort(FAULT)] {
        bench.upstream_gives(Err(error));
        for number in 0..MISSES * 2 {
            assert_eq!(bench.get_from(&lookup, &format!("bounded-{number}")).await.found, Err(FAULT));
        }
    }
    bench.upstream_gives(Ok(Some("first")));
    assert_eq!(bench.get_from(&lookup, "somebody-else").await.found, Ok(Some("first")));
}

#[tokio::test]
async fn a_clock_that_is_set_back_shuts_nobody_out() {
    let bench = Bench::new();
    let lookup = bench.lookup();
    bench.upstream_gives(Ok(None));
    for number in 0..MISSES - 1 {
        assert_eq!(bench.get_from(&lookup, &format!("invented-{number}")).await.found, Ok(None));
    }
    bench.seconds.fetch_sub(1800, Ordering::SeqCst);
    assert_eq!(bench.get_from(&lookup, "one-is-left").await.found, Ok(None));
    assert_eq!(bench.get_from(&lookup, "none-is-left").await.found, Err(FAULT));
}

#[test]
fn each_caller_has_a_limit_of_its_own_which_being_found_does_not_reset() {
    let bench = Bench::new();
    let callers = Callers::new(&bench.config());
    let now = || bench.rules.clock.now();
    let allowed = |caller: &str| (0..100).filter(|_| callers.take(caller, now())).count();
    assert_eq!(allowed("many"), 10);
    assert!(!callers.is_known("many"));
    callers.found("many");
    assert!(callers.is_known("many"));
    assert_eq!(allowed("many"), 0);
    assert_eq!(allowed("other"), 10);
    bench.pass(3);
    assert_eq!(allowed("many"), 3);
    // Callers of whom nothing was found do not push out the others.
    for number in 0..1000 {
        let _ = callers.take(&format!("invented-{number}"), now());
    }
    assert!(callers.is_known("many"));
}
