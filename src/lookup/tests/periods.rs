//! How long an answer counts: fresh, stale, negative, and the wait after a failure.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::error::Fault;
use crate::lookup::{Limits, Slot, Source};

use super::{Bench, FAULT, LASTING, TRANSIENT};

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
async fn an_old_value_serves_while_its_lookup_fails() {
    let bench = Bench::new();
    let _ = bench.get().await;
    bench.upstream_gives(TRANSIENT);
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
    bench.upstream_gives(TRANSIENT);
    assert_eq!(bench.get().await, (Err(FAULT), Source::Failed, 1));
}

#[tokio::test]
async fn a_negative_answer_is_remembered_and_never_overruled() {
    let bench = Bench::new();
    let _ = bench.get().await;
    bench.pass(60);
    bench.upstream_gives(Ok(None));
    assert_eq!(bench.get().await, (Ok(None), Source::Fetched, 1));
    bench.pass(29);
    assert_eq!(bench.get().await, (Ok(None), Source::Negative, 0));
    bench.pass(1);
    bench.upstream_gives(TRANSIENT);
    assert_eq!(bench.get().await, (Err(FAULT), Source::Failed, 1));
    bench.pass(1);
    bench.upstream_gives(Ok(Some("again")));
    assert_eq!(bench.get().await, (Ok(Some("again")), Source::Fetched, 1));
}

#[tokio::test]
async fn the_wait_doubles_up_to_half_a_minute_and_ends_with_a_success() {
    let bench = Bench::new();
    bench.upstream_gives(TRANSIENT);
    for wait in [1, 2, 4, 8, 16, 30, 30] {
        assert_eq!(bench.get().await, (Err(FAULT), Source::Failed, 1), "{wait}");
        bench.pass(wait - 1);
        assert_eq!(bench.get().await, (Err(FAULT), Source::Failed, 0), "{wait}");
        bench.pass(1);
    }
    bench.upstream_gives(Ok(Some("first")));
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Fetched, 1));
    bench.pass(60);
    bench.upstream_gives(TRANSIENT);
    let _ = bench.get().await;
    bench.pass(1);
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Stale, 1));
}

#[tokio::test]
async fn zero_switches_a_period_off() {
    let bench = Bench::with(0, 0, 0);
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Fetched, 1));
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Fetched, 1));
    bench.upstream_gives(Ok(None));
    assert_eq!(bench.get().await, (Ok(None), Source::Fetched, 1));
    assert_eq!(bench.get().await, (Ok(None), Source::Fetched, 1));
    bench.upstream_gives(TRANSIENT);
    assert_eq!(bench.get().await, (Err(FAULT), Source::Failed, 1));
}

#[tokio::test]
async fn a_value_ends_when_it_must() {
    let bench = Bench::new();
    let ends = Some(bench.rules.clock.now() + Duration::from_secs(10));
    let limits = Limits { deadline: None, ends };
    let get = || bench.get_within(limits);
    assert_eq!(get().await.source, Source::Fetched);
    bench.pass(9);
    assert_eq!(get().await.source, Source::Fresh);
    bench.pass(1);
    bench.upstream_gives(TRANSIENT);
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
    bench.upstream_gives(TRANSIENT);
    let _ = bench.get().await;
    bench.seconds.fetch_sub(3600, Ordering::SeqCst);
    bench.upstream_gives(Ok(Some("second")));
    assert_eq!(bench.get().await, (Ok(Some("second")), Source::Fetched, 1));
}

#[tokio::test]
async fn a_filled_slot_needs_no_lookup() {
    let bench = Bench::new();
    let bench = Bench { slot: Arc::new(Slot::filled("given", bench.rules.clock.now())), ..bench };
    assert_eq!(bench.get().await, (Ok(Some("given")), Source::Fresh, 0));
    bench.pass(60);
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Fetched, 1));
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_a_value_stale_and_never_fresh_again() {
    let bench = Bench::new();
    let _ = bench.get().await;
    bench.seconds.fetch_sub(10, std::sync::atomic::Ordering::SeqCst);
    bench.upstream_gives(TRANSIENT);
    // It is looked up again, and serves as an old value meanwhile.
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Stale, 1));
    // When the clock has caught up, it would be ten seconds old. Nobody knows that.
    bench.pass(20);
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Stale, 1));
    bench.upstream_gives(Ok(Some("second")));
    bench.pass(5);
    assert_eq!(bench.get().await, (Ok(Some("second")), Source::Fetched, 1));
}

#[tokio::test]
async fn a_clock_that_is_set_back_ends_a_negative_answer_and_a_wait() {
    let bench = Bench::new();
    bench.upstream_gives(Ok(None));
    let _ = bench.get().await;
    bench.seconds.fetch_sub(10, std::sync::atomic::Ordering::SeqCst);
    bench.upstream_gives(TRANSIENT);
    assert_eq!(bench.get().await, (Err(FAULT), Source::Failed, 1));
    bench.seconds.fetch_sub(10, std::sync::atomic::Ordering::SeqCst);
    bench.upstream_gives(Ok(Some("first")));
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Fetched, 1));
}
