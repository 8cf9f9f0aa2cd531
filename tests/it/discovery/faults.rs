//! What an issuer answers in the place of its document, by what is known of it, and how long that may take.

use std::time::{Duration, Instant};

use serde_json::json;
use smac_local::keys::Key;
use smac_local::stand_ins::{Fault, Upstream};

use super::{DAY, HOUR, good};
use crate::support::oidc::{self, Provider};
use crate::support::site::Site;
use crate::support::{bearer, fault};
use crate::upstreams::faults;

const TIMEOUT: &str = "400";

/// What is known of the document when the fault begins. The key set is due in each but the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    NeverSeen,
    Fresh,
    Stale,
    PastStale,
}

/// A fault, how many requests it costs, and whether it ends with the time for the call. None is a server that is gone.
type Case = (Option<Fault>, usize, bool);

fn cases() -> Vec<Case> {
    let more = [
        Fault::Status(200, json!({})),
        Fault::Status(200, json!("document")),
        Fault::Status(401, json!({})),
        Fault::Status(403, json!({})),
    ];
    let faults = faults(Upstream::Discovery).into_iter().map(|(fault, calls, waits, _)| (Some(fault), calls, waits));
    faults.chain(more.map(|fault| (Some(fault), 1, false))).chain([(None, 0, false)]).collect()
}

#[tokio::test]
async fn every_fault_in_every_state() {
    let mut count = 0;
    for case in cases() {
        // The states at once: most of the time goes by with waiting.
        let states = [State::NeverSeen, State::Fresh, State::Stale, State::PastStale];
        for state in states.map(|state| tokio::spawn(one_fault(case.clone(), state))) {
            state.await.unwrap();
            count += 1;
        }
    }
    assert_eq!(count, (17 + 4 + 1) * 4);
}

async fn one_fault((failure, calls, waits): Case, state: State) {
    let about = format!("{failure:?} {state:?}");
    let site = Site::start().await;
    let provider = Provider::new(&site, "ONE", Key::Primary);
    let mut settings = provider.settings(&[]);
    settings.push(("UPSTREAM_TIMEOUT_MS".to_owned(), TIMEOUT.to_owned()));
    let world = oidc::still_world(&settings).await;
    let event = bearer(&good(&provider));
    // A redirect leads to what would be accepted.
    site.serve("/elsewhere", provider.document(&site));
    if state != State::NeverSeen {
        assert_eq!(world.ask(&event).await.reason(), "allowed", "{about}");
        world.pass(match state {
            State::NeverSeen | State::Fresh => HOUR,
            State::Stale => DAY - HOUR,
            State::PastStale => 8 * DAY,
        });
    }
    if state == State::Stale {
        assert_eq!(world.ask(&event).await.reason(), "allowed", "{about}");
        world.pass(HOUR);
    }
    site.asked();
    match &failure {
        Some(fault) => site.fail(&provider.discovery, 99, fault.clone()),
        None => site.close().await,
    }

    let began = Instant::now();
    let told = world.ask(&event).await;
    let took = began.elapsed();
    let is_served = matches!(state, State::Fresh | State::Stale);
    assert_eq!(told.reason(), if is_served { "allowed" } else { "discovery_unavailable" }, "{about}");
    if !is_served {
        assert_eq!(told.answer(), fault("discovery_unavailable"), "{about}");
    }
    let source = match state {
        State::Fresh => "fresh",
        State::Stale => "stale",
        State::NeverSeen | State::PastStale => "failed",
    };
    assert_eq!(told.line()["lookups"]["discovery"], source, "{about}");
    // A reused connection that stays without an answer for half of the time is joined by a new one.
    let calls = match state {
        State::Fresh => 0,
        State::NeverSeen => calls,
        State::Stale | State::PastStale => calls + usize::from(waits),
    };
    let asked = site.asked();
    assert_eq!(asked.iter().filter(|path| **path == provider.discovery).count(), calls, "{about}");
    assert!(!asked.contains(&"/elsewhere".to_owned()), "{about}");
    if waits && state != State::Fresh {
        assert!(took >= Duration::from_millis(390), "{about} took {took:?}");
    }
    assert!(took < Duration::from_secs(4), "{about} took {took:?}");

    // Within the wait after a failure: the same answer, and no call.
    assert_eq!(world.ask(&event).await.reason() == "allowed", is_served, "{about}");
    assert_eq!(site.asked(), Vec::<String>::new(), "{about}");

    // It recovers without a restart.
    match &failure {
        Some(_) => site.recover(&provider.discovery),
        None => site.open().await,
    }
    world.pass(1);
    assert_eq!(world.ask(&event).await.reason(), "allowed", "{about}");
}

#[tokio::test]
async fn one_failure_is_made_good_by_the_retry() {
    for fault in [Fault::Reset, Fault::Truncated, Fault::Status(503, json!({}))] {
        let site = Site::start().await;
        let provider = Provider::new(&site, "ONE", Key::Primary);
        let world = oidc::still_world(&provider.settings(&[])).await;
        site.fail(&provider.discovery, 1, fault.clone());
        let told = world.ask(&bearer(&good(&provider))).await;
        assert_eq!((told.reason(), told.line()["FetchFailures"].clone()), ("allowed", json!(1)), "{fault:?}");
        let [discovery, keys] = [&provider.discovery, &provider.keys].map(String::as_str);
        assert_eq!(site.asked(), [discovery, discovery, keys], "{fault:?}");
    }
}

#[tokio::test]
async fn a_document_of_the_largest_size_is_read() {
    for (size, reason) in [(150_000, "allowed"), (150_001, "discovery_unavailable")] {
        let site = Site::start().await;
        let provider = Provider::new(&site, "ONE", Key::Primary);
        let world = oidc::still_world(&provider.settings(&[])).await;
        let mut document = provider.document(&site);
        document["padding"] = "x".repeat(size - document.to_string().len() - r#","padding":"""#.len()).into();
        assert_eq!(document.to_string().len(), size);
        site.serve(&provider.discovery, document);
        assert_eq!(world.ask(&bearer(&good(&provider))).await.reason(), reason, "{size}");
    }
}
