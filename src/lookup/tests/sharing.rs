//! Single flight: one lookup for all who want the same, and nobody waits too long for it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::error::Fault;
use crate::lookup::{Limits, LookupError, Source};
use tokio::time::Instant;

use super::{Bench, FAULT, LASTING, answer, within};

#[tokio::test]
async fn one_lookup_serves_all_who_want_it() {
    // Also where nothing is remembered at all.
    for (bench, source) in [(Bench::new(), Source::Fetched), (Bench::with(0, 0, 0), Source::Fetched)] {
        let bench = Arc::new(bench);
        let calls = Arc::clone(&bench.calls);
        let waiting: Vec<_> = (0..64)
            .map(|_| {
                let bench = Arc::clone(&bench);
                tokio::spawn(async move { bench.get_within(Limits::default()).await })
            })
            .collect();
        for task in waiting {
            assert_eq!(task.await.unwrap(), answer(Some("first"), source, None));
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn one_failure_serves_all_who_waited_for_it() {
    let bench = Arc::new(Bench::with(0, 0, 0));
    bench.upstream_gives(LASTING);
    let get = || bench.get_within(Limits::default());
    let (one, two, three) = tokio::join!(get(), get(), get());
    for answer in [one, two, three] {
        assert_eq!((answer.found, answer.source), (Err(Fault::SecretMalformed), Source::Failed));
    }
    assert_eq!(bench.calls(), 1);
}

#[tokio::test]
async fn a_lookup_that_is_dropped_is_continued_by_another() {
    let bench = Bench::new();
    assert!(tokio::time::timeout(Duration::from_millis(1), bench.get_forever()).await.is_err());
    assert_eq!(bench.get().await, (Ok(Some("first")), Source::Fetched, 1));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_past_the_own_deadline() {
    let bench = Bench::new();
    let _ = bench.get().await;
    bench.pass(60);
    let never = bench.get_forever();
    let waits = async {
        let began = Instant::now();
        let answer = bench.get_within(within(300)).await;
        (answer, began.elapsed())
    };
    tokio::pin!(never);
    tokio::select! {
        biased;
        _ = &mut never => panic!("it never ends"),
        (got, waited) = waits => {
            assert_eq!(got, answer(Some("first"), Source::Stale, Some(LookupError::CutShort(FAULT))));
            assert!(waited >= Duration::from_millis(300) && waited < Duration::from_millis(400), "{waited:?}");
        }
    }
    assert_eq!(bench.calls(), 0);
}
