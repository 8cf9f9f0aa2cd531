//! The edges over real sockets: what is slow, hangs, breaks, lies or is too large, and how long that may take.

use std::time::{Duration, Instant};

use serde_json::json;
use smac_local::stand_ins::{Fault, StandIns, Upstream};
use smac_local::token::Token;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::tls::{Authority, Front};
use crate::support::{self, POOLS, Told, World, bearer, world};

/// Far below the time-out of a call: what comes sooner than this did not wait for it.
const AT_ONCE: Duration = Duration::from_millis(250);

const TIMEOUT: &str = "400";

async fn slow_world() -> World {
    world(&[("UPSTREAM_TIMEOUT_MS", TIMEOUT)]).await
}

/// Asks in the way that needs this upstream, after the others have been asked.
async fn ask(world: &World, upstream: Upstream) -> (Told, Duration) {
    let began = Instant::now();
    let told = match upstream {
        Upstream::KeySet => world.ask_with_token(&Token::id().sign()).await,
        Upstream::UserInfo => world.ask_with_token(&Token::access().sign()).await,
        Upstream::Secret => world.ask_as_service().await,
        Upstream::Discovery => world.ask_with_token(&support::token_of_dev().sign()).await,
    };
    (told, began.elapsed())
}

/// All upstreams behind a certificate.
async fn behind_tls() -> (World, Option<(Authority, Front)>) {
    let behind = StandIns::start(0).await.unwrap();
    let authority = Authority::new();
    let front = Front::start(&authority, behind.base_url()).await;
    let url = front.url();
    let domain = format!("{POOLS}__PRIMARY__DOMAIN");
    let mut world = world(&[
        ("UPSTREAM_TIMEOUT_MS", TIMEOUT),
        ("AWS_CA_BUNDLE", authority.pem.to_str().unwrap()),
        ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", &url),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &url),
        (&domain, &format!("{url}/PRIMARY")),
    ])
    .await;
    world.stand_ins = behind;
    (world, Some((authority, front)))
}

const UPSTREAMS: [(Upstream, &str, &str); 3] = [
    (Upstream::KeySet, "jwks_unavailable", "KeySetFetches"),
    (Upstream::UserInfo, "user_info_unavailable", "UserInfoFetches"),
    (Upstream::Secret, "secrets_unavailable", "SecretFetches"),
];

/// What is known of an upstream's answer when the fault begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    NeverSeen,
    Fresh,
    Stale,
    PastStale,
}

/// How an upstream fails: by what it answers, or before it could answer anything.
#[derive(Clone, Debug)]
enum Failure {
    Answer(Fault),
    /// Nobody listens.
    Refused,
    /// The certificate is another's.
    Certificate,
}

/// A failure, how many calls it costs, whether its end is that of the time for the call, and whether Secrets Manager's
/// old answer serves meanwhile; those of Cognito always do.
type Case = (Failure, usize, bool, bool);

fn failures(upstream: Upstream) -> Vec<Case> {
    let answers = faults(upstream).into_iter();
    let answers = answers.map(|(fault, calls, waits, serves_old)| (Failure::Answer(fault), calls, waits, serves_old));
    let connections = [(Failure::Refused, 2, false, true), (Failure::Certificate, 2, false, true)];
    answers.chain(connections).collect()
}

pub fn faults(upstream: Upstream) -> Vec<(Fault, usize, bool, bool)> {
    let aws = |status, code: &str| Fault::Status(status, json!({ "__type": code, "Message": "no" }));
    let mut faults = vec![
        (Fault::Hang, 1, true, true),
        (Fault::HangInBody, 1, true, true),
        (Fault::Drip, 1, true, true),
        (Fault::Late(Duration::from_secs(5)), 1, true, true),
        (Fault::Reset, 2, false, true),
        (Fault::Truncated, 2, false, true),
        (Fault::Status(500, json!({})), 2, false, true),
        (Fault::Status(503, json!({})), 2, false, true),
        (Fault::Status(429, json!({})), 1, false, true),
        (Fault::Status(404, json!({})), 1, false, false),
        (Fault::Redirect, 1, false, false),
        (Fault::Garbage, 1, false, false),
        (Fault::Empty, 1, false, false),
        (Fault::Status(200, json!([])), 1, false, false),
        (Fault::Huge(150_001), 1, false, false),
        (Fault::HugeInChunks(150_001), 1, false, false),
    ];
    match upstream {
        Upstream::KeySet => faults.push((Fault::Status(200, json!({ "keys": [] })), 1, false, true)),
        Upstream::UserInfo => faults.push((Fault::Status(403, json!({ "message": "a firewall" })), 1, false, true)),
        Upstream::Secret => faults.extend([
            (aws(400, "ThrottlingException"), 1, false, true),
            (aws(400, "ExpiredTokenException"), 1, false, true),
            (aws(400, "AccessDeniedException"), 1, false, false),
            (aws(400, "DecryptionFailure"), 1, false, false),
            (aws(500, "InternalServiceError"), 2, false, true),
        ]),
        Upstream::Discovery => {
            faults.push((Fault::Status(200, json!({ "issuer": "https://other.example" })), 1, false, true));
        }
    }
    faults
}

/// Upstream by fault by what is known: the outcome, the calls, the time, and the recovery.
#[tokio::test]
async fn every_fault_of_every_upstream_in_every_state() {
    let mut count = 0;
    for (upstream, reason, metric) in UPSTREAMS {
        for case in failures(upstream) {
            // The states at once: most of the time goes by with waiting.
            let states = [State::NeverSeen, State::Fresh, State::Stale, State::PastStale];
            for state in states.map(|state| tokio::spawn(one_fault(upstream, reason, metric, case.clone(), state))) {
                state.await.unwrap();
                count += 1;
            }
        }
    }
    assert_eq!(count, (19 + 19 + 23) * 4);
}

async fn one_fault(upstream: Upstream, reason: &str, metric: &str, case: Case, state: State) {
    let (failure, calls, waits, serves_old) = case;
    let about = format!("{upstream:?} {failure:?} {state:?}");
    let (world, front) = match failure {
        Failure::Certificate => behind_tls().await,
        Failure::Answer(_) | Failure::Refused => (slow_world().await, None),
    };
    // Good for longer than anything that is remembered of it.
    let lasting = |token: Token| token.claim("exp", smac_local::token::now() + 48 * 3600).sign();
    let event = match upstream {
        Upstream::KeySet => bearer(&lasting(Token::id())),
        Upstream::UserInfo => bearer(&lasting(Token::access())),
        Upstream::Secret => support::pair(smac_local::deployment::SERVICE, smac_local::deployment::SERVICE_TOKEN),
        Upstream::Discovery => bearer(&lasting(support::token_of_dev())),
    };
    if state != State::NeverSeen {
        assert_eq!(world.ask(&event).await.reason(), "allowed", "{about}");
    } else if upstream == Upstream::UserInfo {
        world.warm_up().await;
    }
    // The periods of section 5 of the README's settings: fresh, and stale in all.
    let (fresh, stale) = if upstream == Upstream::KeySet { (3600, 24 * 3600) } else { (60, 360) };
    world.pass(match state {
        State::NeverSeen | State::Fresh => 0,
        State::Stale => fresh,
        State::PastStale => stale,
    });
    if upstream == Upstream::UserInfo && state == State::PastStale {
        world.warm_up().await;
    }
    match &failure {
        Failure::Answer(fault) => world.stand_ins.fail(upstream, 99, fault.clone()),
        Failure::Refused => world.stand_ins.close().await,
        Failure::Certificate => front.as_ref().unwrap().1.set_wrong(true).await,
    }

    let began = Instant::now();
    let told = world.ask(&event).await;
    let took = began.elapsed();
    let is_served = match state {
        State::Fresh => true,
        State::Stale => serves_old || upstream != Upstream::Secret,
        State::NeverSeen | State::PastStale => false,
    };
    assert_eq!(told.reason(), if is_served { "allowed" } else { reason }, "{about}");
    if !is_served {
        assert_eq!(told.answer(), support::fault(reason), "{about}");
    }
    // A reused connection that stays without an answer for half of the time is joined by a new one. The pools share a
    // host, so that userInfo's connection was the key sets'.
    let is_reused = state != State::NeverSeen || upstream == Upstream::UserInfo;
    let calls = match state {
        State::Fresh => 0,
        State::NeverSeen | State::Stale | State::PastStale => calls + usize::from(waits && is_reused),
    };
    let line = told.line();
    assert_eq!((line[metric].clone(), line["FetchFailures"].clone()), (json!(calls), json!(calls)), "{about}");
    if waits && state != State::Fresh {
        assert!(took >= Duration::from_millis(390), "{about} took {took:?}");
    }
    assert!(took < Duration::from_secs(4), "{about} took {took:?}");

    // Within the wait after a failure: the same answer, and no call.
    let told = world.ask(&event).await;
    assert_eq!((told.reason() == "allowed", told.line()[metric].clone()), (is_served, json!(0)), "{about}");

    // It recovers without a restart.
    match &failure {
        Failure::Answer(_) => world.stand_ins.recover(upstream),
        Failure::Refused => world.stand_ins.open().await.unwrap(),
        Failure::Certificate => front.as_ref().unwrap().1.set_wrong(false).await,
    }
    world.pass(1);
    let told = world.ask(&event).await;
    let calls = u64::from(state != State::Fresh);
    assert_eq!((told.reason(), told.line()[metric].clone()), ("allowed", json!(calls)), "{about}");
}

#[tokio::test]
async fn one_failure_is_made_good_by_the_retry() {
    for (upstream, _, metric) in UPSTREAMS {
        for fault in [Fault::Reset, Fault::Status(503, json!({})), Fault::Truncated] {
            let world = slow_world().await;
            if upstream == Upstream::UserInfo {
                world.warm_up().await;
            }
            world.stand_ins.fail(upstream, 1, fault.clone());
            let (told, _) = ask(&world, upstream).await;
            assert_eq!(told.reason(), "allowed", "{upstream:?} {fault:?}");
            assert_eq!((told.line()[metric].clone(), told.line()["FetchFailures"].clone()), (json!(2), json!(1)));
        }
    }
}

#[tokio::test]
async fn an_answer_of_the_largest_size_is_read() {
    let world = slow_world().await;
    let mut set = smac_local::keys::Key::Primary.key_set();
    set["padding"] = "x".repeat(150_000 - set.to_string().len() - r#","padding":"""#.len()).into();
    assert_eq!(set.to_string().len(), 150_000);
    world.stand_ins.set_key_set(smac_local::deployment::Pool::Primary, set);
    assert_eq!(ask(&world, Upstream::KeySet).await.0.reason(), "allowed");
}

#[tokio::test]
async fn nothing_goes_past_the_invocations_own_deadline() {
    for (upstream, reason, _) in UPSTREAMS {
        let world = world(&[]).await;
        if upstream == Upstream::UserInfo {
            world.warm_up().await;
        }
        world.stand_ins.fail(upstream, 99, Fault::Hang);
        let event = match upstream {
            Upstream::KeySet => bearer(&Token::id().sign()),
            Upstream::UserInfo => bearer(&Token::access().sign()),
            Upstream::Secret => support::pair(smac_local::deployment::SERVICE, "x"),
            Upstream::Discovery => bearer(&support::token_of_dev().sign()),
        };
        let began = Instant::now();
        let told = world.ask_until(&event, Duration::from_millis(600)).await;
        let took = began.elapsed();
        assert_eq!(told.reason(), reason);
        assert!(took > Duration::from_millis(400) && took < Duration::from_millis(600), "{upstream:?} took {took:?}");
        // Without any time left there is no call at all.
        world.pass(60);
        let calls = world.calls();
        let told = world.ask_until(&event, Duration::from_millis(50)).await;
        assert_eq!((told.reason(), world.calls()), (reason, calls));
    }
}

#[tokio::test]
async fn nobody_there_and_nobody_who_speaks_http() {
    // A port on which nobody listens, and one whose listener talks nonsense.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let babbler = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let babbling = babbler.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = babbler.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"\x16\x03\x01 this is no HTTP\r\n\r\n").await;
        }
    });
    for address in [closed, babbling] {
        let url = format!("http://{address}");
        let settings = [
            ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", url.as_str()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", url.as_str()),
        ];
        let world = world(&settings).await;
        for (upstream, reason, metric) in [UPSTREAMS[0], UPSTREAMS[2]] {
            let (told, took) = ask(&world, upstream).await;
            assert_eq!((told.reason(), told.line()[metric].clone()), (reason, json!(2)), "{address}");
            assert!(took < Duration::from_secs(2), "{took:?}");
        }
    }
}

/// A name that is nobody's, for each upstream; where keys are configured, in every state of a key set.
#[tokio::test]
async fn a_name_that_does_not_resolve() {
    let nobody = "https://nobody.invalid";
    let domain = format!("{POOLS}__PRIMARY__DOMAIN");
    let jwks = format!("{POOLS}__PRIMARY__JWKS");
    let keys = smac_local::keys::Key::Primary.key_set().to_string();
    let world = world(&[
        (domain.as_str(), nobody),
        (jwks.as_str(), keys.as_str()),
        ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", nobody),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", nobody),
    ])
    .await;
    for (upstream, reason, metric) in &UPSTREAMS[1..] {
        let (told, took) = ask(&world, *upstream).await;
        let line = told.line();
        assert_eq!((told.reason(), line[metric].clone(), line["FetchFailures"].clone()), (*reason, json!(2), json!(2)));
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
    let token = Token::id().claim("exp", smac_local::token::now() + 48 * 3600).sign();
    for (later, reason, source, calls) in [
        (0, "allowed", "fresh", 0),
        (3600, "allowed", "stale", 2),
        (20 * 3600, "allowed", "stale", 2),
        (3 * 3600, "jwks_unavailable", "failed", 2),
    ] {
        world.pass(later);
        let line = world.ask_with_token(&token).await.line();
        let told = (line["reason"].as_str().unwrap_or("allowed"), line["lookups"]["keySet"].as_str().unwrap());
        assert_eq!((told, line["KeySetFetches"].clone()), ((reason, source), json!(calls)), "{later}");
    }
}

/// What counts is what an answer says, not what it calls itself: Secrets Manager's own type is not even JSON's.
#[tokio::test]
async fn the_type_of_content_is_not_looked_at() {
    let world = slow_world().await;
    for (upstream, _, metric) in UPSTREAMS {
        world.stand_ins.fail(upstream, 1, Fault::ContentType);
        let (told, _) = ask(&world, upstream).await;
        assert_eq!((told.reason(), told.line()[metric].clone()), ("allowed", json!(1)), "{upstream:?}");
    }
}

#[tokio::test]
async fn those_who_wait_for_a_lookup_wait_no_longer_than_it_takes() {
    let world = std::sync::Arc::new(slow_world().await);
    world.stand_ins.fail(Upstream::Secret, 99, Fault::Hang);
    let began = Instant::now();
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let world = std::sync::Arc::clone(&world);
            tokio::spawn(async move { world.ask_as_service().await.reason() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "secrets_unavailable");
    }
    assert_eq!(world.calls(), [0, 0, 1]);
    assert!(began.elapsed() < Duration::from_millis(400) + 4 * AT_ONCE, "{:?}", began.elapsed());
}
