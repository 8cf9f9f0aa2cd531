//! Floods of keys: bounded memory, and a bounded number of lookups.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use smac_lambda_authorizer::lookup::{Allowance, Callers, Failed, Lookup, Source};

use super::{Bench, FAULT};

#[tokio::test]
async fn invented_keys_neither_fill_the_memory_nor_push_out_what_is_in_use() {
    let bench = Bench::new();
    let lookup: Lookup<String, &'static str> = Lookup::new(100);
    let ask = async |key: &str| bench.get_from(&lookup, key).await.source;
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
async fn a_flood_of_invented_keys_costs_a_bounded_number_of_lookups() {
    let mut bench = Bench::new();
    bench.rules.allowance = Some(Arc::new(Allowance::of_vain_look_ups()));
    let lookup: Lookup<String, &'static str> = Lookup::new(100);
    let ask = async |key: &str| {
        let answer = bench.get_from(&lookup, key).await;
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
    let ask = async |key: &str| bench.get_from(&lookup, key).await.found;
    bench.upstream_gives(Err(Failed::not_asked(FAULT)));
    for number in 0..10_500 {
        assert_eq!(ask(&format!("bounded-{number}")).await, Err(FAULT));
    }
    bench.upstream_gives(Ok(Some("first")));
    assert_eq!(ask("somebody-else").await, Ok(Some("first")));
    // Failures of lookups that were made do count.
    bench.upstream_gives(Err(Failed::passing(FAULT)));
    for number in 0..10_000 {
        assert_eq!(ask(&format!("failing-{number}")).await, Err(FAULT));
    }
    bench.upstream_gives(Ok(Some("first")));
    assert_eq!(ask("too-late").await, Err(FAULT));
}
