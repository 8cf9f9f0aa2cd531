//! The discovery document as an upstream: each fault, by what is known of the document when it begins.

use std::time::{Duration, Instant};

use serde_json::json;
use smac_local::keys::{Algorithm, Key};
use smac_local::stand_ins::{Fault, Upstream};

use crate::support::{World, fault, token_of_dev, world_with_oidc};
use crate::upstreams::faults;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// What is known of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    NeverSeen,
    Fresh,
    Stale,
    PastStale,
}

async fn slow_world() -> World {
    world_with_oidc(&[("PROVIDER", "OIDC"), ("UPSTREAM_TIMEOUT_MS", "400")]).await
}

#[tokio::test]
async fn every_fault_in_every_state() {
    let mut count = 0;
    for (fault, calls, waits, _) in faults(Upstream::Discovery) {
        // The states at once: most of the time goes by with waiting.
        let states = [State::NeverSeen, State::Fresh, State::Stale, State::PastStale];
        for state in states.map(|state| tokio::spawn(one_fault(fault.clone(), calls, waits, state))) {
            state.await.unwrap();
            count += 1;
        }
    }
    assert_eq!(count, 17 * 4);
}

async fn one_fault(broken: Fault, calls: usize, waits: bool, state: State) {
    let about = format!("{broken:?} {state:?}");
    let world = slow_world().await;
    let token = token_of_dev().claim("exp", smac_local::token::now() + 10 * DAY).sign();
    if state != State::NeverSeen {
        assert_eq!(world.ask_with_token(&token).await.reason(), "allowed", "{about}");
    }
    // Fresh for a day, and stale for a week more. The key set must be fetched again in each case.
    world.pass(match state {
        State::NeverSeen => 0,
        State::Fresh => DAY - 1,
        State::Stale => DAY,
        State::PastStale => 8 * DAY,
    });
    let before = world.stand_ins.calls(Upstream::Discovery);
    world.stand_ins.fail(Upstream::Discovery, 99, broken);

    let began = Instant::now();
    let told = world.ask_with_token(&token).await;
    let took = began.elapsed();
    let is_served = matches!(state, State::Fresh | State::Stale);
    assert_eq!(told.reason(), if is_served { "allowed" } else { "discovery_unavailable" }, "{about}");
    if !is_served {
        assert_eq!(told.answer(), fault("discovery_unavailable"), "{about}");
    }
    // A reused connection that stays without an answer for half of the time is joined by a new one.
    let calls = match state {
        State::Fresh => 0,
        State::NeverSeen => calls,
        State::Stale | State::PastStale => calls + usize::from(waits),
    };
    let line = told.line();
    let counted = (world.stand_ins.calls(Upstream::Discovery) - before, line["FetchFailures"].clone());
    assert_eq!(counted, (calls, json!(calls)), "{about}");
    assert_eq!(line["KeySetFetches"], json!(u32::from(is_served)), "{about}");
    let source = match state {
        State::Fresh => "fresh",
        State::Stale => "stale",
        State::NeverSeen | State::PastStale => "failed",
    };
    assert_eq!(line["lookups"]["discovery"], source, "{about}");
    assert_eq!(waits && state != State::Fresh, took >= Duration::from_millis(390), "{about} took {took:?}");
    assert!(took < Duration::from_secs(4), "{about} took {took:?}");

    // Within the wait after a failure: the same answer, and no call.
    let told = world.ask_with_token(&token).await;
    let asked = world.stand_ins.calls(Upstream::Discovery) - before;
    assert_eq!((told.reason() == "allowed", asked), (is_served, calls), "{about}");

    // It recovers without a restart.
    world.stand_ins.recover(Upstream::Discovery);
    world.pass(1);
    assert_eq!(world.ask_with_token(&token).await.reason(), "allowed", "{about}");
    let asked = world.stand_ins.calls(Upstream::Discovery) - before;
    assert_eq!(asked, calls + usize::from(!is_served), "{about}: once, where it was missing");
}

#[tokio::test]
async fn each_algorithm_of_the_issuer_verifies_and_no_other_does() {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    let rsa = [RS256, RS384, RS512, PS256, PS384, PS512].map(|algorithm| (Key::DevRsa, algorithm));
    let others = [(Key::Dev, ES256), (Key::DevP384, ES384), (Key::DevEd25519, EdDSA)];
    for (key, algorithm) in rsa.into_iter().chain(others) {
        let name = format!("{algorithm:?}");
        let world = world_with_oidc(&[("PROVIDER_OIDC__ISSUERS__DEV__ALGORITHMS", &name)]).await;
        let token = token_of_dev().using(key, algorithm);
        assert_eq!(world.ask_with_token(&token.sign()).await.reason(), "allowed", "{name}");
        let forged = token.clone().forged().sign();
        assert_eq!(world.ask_with_token(&forged).await.reason(), "signature_invalid", "{name}");
        let another = if algorithm == ES256 { (Key::DevRsa, PS256) } else { (Key::Dev, ES256) };
        let other = token_of_dev().using(another.0, another.1).sign();
        assert_eq!(world.ask_with_token(&other).await.reason(), "algorithm_not_allowed", "{name}");
    }
}

#[tokio::test]
async fn the_issuer_is_asked_about_its_users_at_the_endpoint_of_its_document() {
    let world = world_with_oidc(&[]).await;
    let token = smac_local::token::Token::of(smac_local::deployment::Issuer::Dev, smac_local::token::Use::Access);
    let told = world.ask_with_token(&token.sign()).await;
    assert_eq!((told.reason(), told.user_id()), ("allowed", "dev:jane@example.com".to_owned()));
    assert_eq!(world.stand_ins.asked(Upstream::UserInfo), ["DEV"]);
}
