//! What is done while the function starts: key sets are fetched, and meanwhile access rules are parsed, and what the first
//! requests may need is prepared.

use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::http::give_way;
use crate::rules::Rules;
use crate::service::Services;
use crate::settings::{Mistakes, Unparsed, Warning};
use crate::token::Tokens;
use crate::trace::Trace;

/// The start takes this long at most, whatever the time-out is: Lambda gives the init phase 10 s.
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>
const MAX_START: Duration = Duration::from_secs(5);

/// What is prepared has as long again as the key sets take, and this at most: an upstream that cannot be reached must not
/// make each start slow.
const MAX_AHEAD: Duration = Duration::from_millis(100);

/// Fetches the key sets, and prepares what the first requests may need. Gives the calls that this took, if there were any.
pub(super) async fn prepare(
    tokens: Option<&Tokens>,
    services: Option<&Services>,
    clock: &Clock,
    patience: impl FnOnce(Duration) -> Duration,
) -> Option<Trace> {
    // With nothing to wait for, whatever is done ahead only comes sooner than it would, and may never be needed.
    let tokens = tokens.filter(|tokens| tokens.needs_keys())?;
    let (mut of_keys, mut of_connections) = (Trace::new(clock.now(), None), Trace::new(clock.now(), None));
    let has_keys = AtomicBool::new(false);
    let fetch_keys = async {
        tokens.fetch_keys(&mut of_keys).await;
        has_keys.store(true, Ordering::Relaxed);
    };
    let prepare = async {
        // The questions for key sets go first.
        give_way().await;
        let of_services = async {
            if let Some(services) = services {
                services.prepare(|| !has_keys.load(Ordering::Relaxed)).await;
            }
        };
        tokio::join!(tokens.connect(&mut of_connections), of_services);
    };
    let _is_late = tokio::time::timeout(MAX_START, beside(fetch_keys, prepare, patience)).await.is_err();
    of_keys.add_calls(&of_connections);
    Some(of_keys)
}

/// Parses access rules, on a thread of its own if `warm_up` has key sets to wait for, and prepares them for their first
/// question as long as it waits. Gives them, and what deserves a second look in them.
///
/// # Errors
/// Every mistake in them, as soon as it is known.
pub(super) async fn parse(
    unparsed: Unparsed,
    needs_keys: bool,
    warm_up: impl Future<Output = ()>,
) -> Result<(Rules, Vec<Warning>), Mistakes> {
    let is_warm = Arc::new(AtomicBool::new(false));
    let parse = {
        let is_warm = Arc::clone(&is_warm);
        move || {
            let (config, warnings) = unparsed.parse()?;
            let rules = Rules::new(config);
            if !is_warm.load(Ordering::Relaxed) {
                rules.prepare();
            }
            Ok((rules, warnings))
        }
    };
    if !needs_keys {
        // They are prepared all the same: Lambda gives a start more of a processor than a call.
        return parse();
    }
    let warm_up = async {
        warm_up.await;
        is_warm.store(true, Ordering::Relaxed);
        Ok(())
    };
    // Nobody can cancel the task, so if it gives nothing it has panicked.
    let parsed = async { spawn_blocking(parse).await.unwrap_or_else(|error| resume_unwind(error.into_panic())) };
    // The questions for key sets go first.
    let ((), parsed) = tokio::try_join!(biased; warm_up, parsed)?;
    Ok(parsed)
}

/// How long what is prepared may take in all, if the key sets took this long.
pub(super) fn patience(keys: Duration) -> Duration {
    (2 * keys).min(MAX_AHEAD)
}

/// Does both, the first one to its end, and the second one for as long as `patience` says to the time that the first one took.
async fn beside(
    necessary: impl Future<Output = ()>,
    useful: impl Future<Output = ()>,
    patience: impl FnOnce(Duration) -> Duration,
) {
    let began = Instant::now();
    let (mut necessary, mut useful) = (pin!(necessary), pin!(useful));
    tokio::select! {
        biased;
        () = &mut necessary => {
            let end = began + patience(began.elapsed());
            let _is_late = tokio::time::timeout_at(end, useful).await.is_err();
        }
        () = &mut useful => necessary.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_prepared_may_take_as_long_again_as_the_key_sets() {
        for (keys, prepared, took) in [(10, 5, 10), (10, 20, 20), (10, 3000, 20), (80, 3000, 100), (200, 3000, 200)] {
            let began = Instant::now();
            let sleep = |millis| tokio::time::sleep(Duration::from_millis(millis));
            beside(sleep(keys), sleep(prepared), patience).await;
            assert_eq!(began.elapsed().as_millis(), took, "{keys} ms, {prepared} ms");
        }
    }
}
