//! The forced refresh, and its cool-down.

use crate::error::Fault;
use crate::lookup::{Answer, LookupError, Source};

use super::{Bench, FAULT, LASTING, TRANSIENT, answer, within};

#[tokio::test]
async fn a_refresh_is_allowed_right_after_an_ordinary_lookup_but_not_after_a_forced_one() {
    let bench = Bench::new();
    let _ = bench.get().await;
    bench.upstream_gives(Ok(Some("second")));
    assert_eq!(bench.refresh().await, (answer(Some("second"), Source::Fetched, None), 1));
    bench.upstream_gives(Ok(Some("third")));
    assert_eq!(bench.refresh().await, (answer(Some("second"), Source::Fresh, None), 0));
    bench.pass(9);
    assert_eq!(bench.refresh().await, (answer(Some("second"), Source::Fresh, None), 0));
    bench.pass(1);
    assert_eq!(bench.refresh().await, (answer(Some("third"), Source::Fetched, None), 1));
}

#[tokio::test]
async fn a_refresh_that_fails_leaves_everything_as_it_was() {
    let bench = Bench::new();
    let _ = bench.get().await;
    bench.upstream_gives(LASTING);
    assert_eq!(
        bench.refresh().await,
        (answer(Some("first"), Source::Failed, Some(LookupError::Lasting(Fault::SecretMalformed))), 1)
    );
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Fresh, 0));
    // The next one may be as soon as the wait has ended, not only after the cool-down.
    assert_eq!(
        bench.refresh().await,
        (answer(Some("first"), Source::Fresh, Some(LookupError::Lasting(Fault::SecretMalformed))), 0)
    );
    bench.pass(1);
    bench.upstream_gives(Ok(Some("second")));
    assert_eq!(bench.refresh().await, (answer(Some("second"), Source::Fetched, None), 1));
}

#[tokio::test]
async fn a_refresh_that_finds_nothing_is_a_no() {
    let bench = Bench::new();
    let _ = bench.get().await;
    bench.upstream_gives(Ok(None));
    assert_eq!(bench.refresh().await, (answer(None, Source::Fetched, None), 1));
    assert_eq!(bench.get().await, (Ok(None), Source::Negative, 0));
}

#[tokio::test]
async fn a_refresh_that_is_waited_for_in_vain_has_failed() {
    let bench = Bench::new();
    let _ = bench.get().await;
    let never = bench.refresh_forever();
    let waits = bench.refresh_within(within(100));
    tokio::pin!(never);
    tokio::select! {
        biased;
        _ = &mut never => panic!("it never ends"),
        got = waits => assert_eq!(got, answer(Some("first"), Source::Failed, Some(LookupError::CutShort(FAULT)))),
    }
    assert_eq!(bench.calls(), 0);
}

#[tokio::test]
async fn a_refresh_of_what_was_never_known() {
    let bench = Bench::new();
    bench.upstream_gives(TRANSIENT);
    let failed = Answer { found: Err(FAULT), source: Source::Failed, failure: Some(LookupError::Transient(FAULT)) };
    assert_eq!(bench.refresh().await, (failed, 1));
    // Within the wait, too, that is no "no".
    let early = Answer { found: Err(FAULT), source: Source::Fresh, failure: Some(LookupError::Transient(FAULT)) };
    assert_eq!(bench.refresh().await, (early, 0));
}
