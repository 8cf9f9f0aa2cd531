//! The edges over real sockets: what is slow, hangs, breaks, lies or is too large, and how long that may take.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that panics has failed"
)]

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use smac_local::stand_ins::{Fault, Upstream};
use smac_local::token::Token;
use support::{POOLS, Told, World, bearer, world};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

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
    };
    (told, began.elapsed())
}

const UPSTREAMS: [(Upstream, &str, &str); 3] = [
    (Upstream::KeySet, "jwks_unavailable", "KeySetFetches"),
    (Upstream::UserInfo, "user_info_unavailable", "UserInfoFetches"),
    (Upstream::Secret, "secrets_unavailable", "SecretFetches"),
];

#[tokio::test]
async fn every_fault_of_every_upstream() {
    for (upstream, reason, metric) in UPSTREAMS {
        for (fault, calls, waits) in [
            (Fault::Hang, 1, true),
            (Fault::HangInBody, 1, true),
            (Fault::Drip, 1, true),
            (Fault::Late(Duration::from_secs(5)), 1, true),
            (Fault::Reset, 2, false),
            (Fault::Truncated, 2, false),
            (Fault::Status(500, json!({})), 2, false),
            (Fault::Status(404, json!({})), 1, false),
            (Fault::Redirect, 1, false),
            (Fault::Garbage, 1, false),
            (Fault::Empty, 1, false),
            (Fault::Huge(150_001), 1, false),
            (Fault::HugeInChunks(150_001), 1, false),
        ] {
            let world = slow_world().await;
            world.authorizer.warm_up().await;
            if upstream == Upstream::KeySet {
                // The sets of the start are too old by now, and the calls for them counted.
                world.pass(25 * 3600);
            }
            world.stand_ins.fail(upstream, 99, fault.clone());
            let token = Token::id().claim("exp", smac_local::token::now() + 48 * 3600).sign();
            let began = Instant::now();
            let told = match upstream {
                Upstream::KeySet => world.ask_with_token(&token).await,
                Upstream::UserInfo | Upstream::Secret => ask(&world, upstream).await.0,
            };
            let took = began.elapsed();
            assert_eq!(told.reason(), reason, "{upstream:?} {fault:?}");
            assert_eq!(told.answer(), support::fault(reason), "{upstream:?} {fault:?}");
            let line = told.line();
            assert_eq!(
                (line[metric].clone(), line["FetchFailures"].clone()),
                (json!(calls), json!(calls)),
                "{upstream:?} {fault:?}"
            );
            if waits {
                assert!(took >= Duration::from_millis(390), "{upstream:?} {fault:?} took {took:?}");
            }
            assert!(took < Duration::from_secs(4), "{upstream:?} {fault:?} took {took:?}");
            // Within the wait it is answered at once, and without a call.
            let told = match upstream {
                Upstream::KeySet => world.ask_with_token(&token).await,
                Upstream::UserInfo => world.ask(&bearer(&Token::access().claim("jti", "x").sign())).await,
                Upstream::Secret => world.ask_as_service().await,
            };
            if upstream != Upstream::UserInfo {
                assert_eq!((told.reason(), told.line()[metric].clone()), (reason, json!(0)), "{upstream:?} {fault:?}");
            }
            // It recovers without a restart.
            world.stand_ins.recover(upstream);
            world.pass(1);
            let told = match upstream {
                Upstream::KeySet => world.ask_with_token(&token).await,
                Upstream::UserInfo | Upstream::Secret => ask(&world, upstream).await.0,
            };
            if upstream != Upstream::UserInfo {
                assert_eq!(told.reason(), "allowed", "{upstream:?} {fault:?}");
            }
        }
    }
}

#[tokio::test]
async fn one_failure_is_made_good_by_the_retry() {
    for (upstream, _, metric) in UPSTREAMS {
        for fault in [Fault::Reset, Fault::Status(503, json!({})), Fault::Truncated] {
            let world = slow_world().await;
            if upstream == Upstream::UserInfo {
                world.authorizer.warm_up().await;
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
            world.authorizer.warm_up().await;
        }
        world.stand_ins.fail(upstream, 99, Fault::Hang);
        let event = match upstream {
            Upstream::KeySet => bearer(&Token::id().sign()),
            Upstream::UserInfo => bearer(&Token::access().sign()),
            Upstream::Secret => support::pair(smac_local::deployment::SERVICE, "x"),
        };
        let began = Instant::now();
        let told = world.ask_until(&event, Duration::from_millis(600)).await;
        let took = began.elapsed();
        assert_eq!(told.reason(), reason);
        assert!(took > Duration::from_millis(400) && took < Duration::from_millis(600), "{upstream:?} took {took:?}");
        // No time left at all is no call at all.
        world.pass(60);
        let calls = world.calls();
        let told = world.ask_until(&event, Duration::ZERO).await;
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
    // A name that is nobody's.
    let domain = format!("{POOLS}__PRIMARY__DOMAIN");
    let world = world(&[(domain.as_str(), "https://nobody.invalid")]).await;
    assert_eq!(ask(&world, Upstream::UserInfo).await.0.reason(), "user_info_unavailable");
}

#[tokio::test]
async fn those_who_wait_for_a_look_up_wait_no_longer_than_it_takes() {
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
