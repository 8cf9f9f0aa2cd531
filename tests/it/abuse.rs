//! Floods: what one caller invents, or has too much of, neither costs more than a bounded number of calls, nor pushes
//! out what others use, nor holds them up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use smac_lambda_authorizer::tools::Limit;
use smac_local::deployment::{Pool, SERVICE_TOKEN};
use smac_local::stand_ins::{Fault, Upstream};
use smac_local::token::{Token, Use, now};

use crate::support::{World, bearer, pair, still_world, still_world_with_limits};

/// A token of a kind of which there can be any number, good for as long as a test needs.
fn numbered(token: Token, number: u64) -> String {
    token.claim("jti", number).claim("iat", now() - 3600).claim("exp", now() + 48 * 3600).sign()
}

/// How often an upstream is called meanwhile.
struct Count<'w>(&'w World, Upstream, usize);

impl<'w> Count<'w> {
    fn new(world: &'w World, upstream: Upstream) -> Self {
        Self(world, upstream, world.stand_ins.calls(upstream))
    }

    fn calls(&self) -> usize {
        self.0.stand_ins.calls(self.1) - self.2
    }
}

async fn assert_remembered(world: &World, event: &Value) {
    let line = world.ask(event).await.line();
    let fetches = ["KeySetFetches", "UserInfoFetches", "SecretFetches"].map(|metric| line[metric].as_u64().unwrap());
    assert_eq!((line["outcome"].clone(), fetches), (json!("allowed"), [0; 3]), "{line}");
}

#[tokio::test]
async fn invented_kids_cost_six_calls_a_minute() {
    let world = still_world(&[]).await;
    let good = bearer(&numbered(Token::id(), 0));
    assert_eq!(world.ask(&good).await.reason(), "allowed");
    let count = Count::new(&world, Upstream::KeySet);
    for second in 0..60 {
        for number in 0..20 {
            let token = numbered(Token::id().header("kid", format!("invented-{second}-{number}")), number);
            assert_eq!(world.ask_with_token(&token).await.reason(), "key_unknown");
        }
        assert_remembered(&world, &good).await;
        world.pass(1);
    }
    assert_eq!(count.calls(), 6);
}

/// Small limits show the same as the real ones: 100 lookups that miss, 50 for one user, then one more a second.
async fn limited_world() -> World {
    still_world_with_limits(Limit::per_minute(100, 60), Limit::per_minute(50, 60)).await
}

#[tokio::test]
async fn invented_principals_cost_a_bounded_number_of_calls() {
    let world = limited_world().await;
    let service = pair(smac_local::deployment::SERVICE, SERVICE_TOKEN);
    assert_eq!(world.ask(&service).await.reason(), "allowed");
    let count = Count::new(&world, Upstream::Secret);
    let mut refused = [0; 2];
    for number in 0..150 {
        let told = world.ask_with_pair(&format!("invented-{number}"), "x").await;
        refused[usize::from(told.reason() == "secrets_unavailable")] += 1;
        assert_remembered(&world, &service).await;
    }
    assert_eq!((count.calls(), refused), (100, [100, 50]));
    // A service that is known is looked up again in the middle of it.
    world.pass(60);
    let line = world.ask(&service).await.line();
    assert_eq!((line["outcome"].clone(), line["lookups"]["secret"].clone()), (json!("allowed"), json!("fetched")));
    // In the long run, one a second. A minute's worth had come together.
    let count = Count::new(&world, Upstream::Secret);
    for second in 0..30 {
        for number in 0..5 {
            world.ask_with_pair(&format!("later-{second}-{number}"), "x").await;
        }
        world.pass(1);
    }
    assert_eq!(count.calls(), 60 + 29);
}

/// One client without credentials asks for half as many ids again as there is room for, in turn, for half an hour, beside a
/// service that asks every 30 s.
#[tokio::test]
async fn a_flood_that_repeats_its_invented_ids_shuts_out_no_service_in_use() {
    let settings = [("CACHE__CAPACITY", "100"), ("CACHE__TTL_SECONDS", "20"), ("CACHE__STALE_SECONDS", "0")];
    let world = still_world(&settings).await;
    let service = pair(smac_local::deployment::SERVICE, SERVICE_TOKEN);
    assert_eq!(world.ask(&service).await.reason(), "allowed");
    for round in 0..60 {
        for number in 0..150 {
            let reason = world.ask_with_pair(&format!("invented-{number}"), "x").await.reason();
            assert!(["service_unknown", "secrets_unavailable"].contains(&reason), "{reason}");
        }
        world.pass(30);
        assert_eq!(world.ask(&service).await.reason(), "allowed", "after {round} half minutes");
    }
}

/// The same with signed tokens that were revoked, of few users: everybody's renewed tokens go on working.
#[tokio::test]
async fn a_flood_of_revoked_tokens_shuts_out_no_user_who_was_seen() {
    let world = limited_world().await;
    let user = |jti: u64| bearer(&numbered(Token::access().claim("sub", "a-user"), jti));
    let first = user(1);
    assert_eq!(world.ask(&first).await.reason(), "allowed");
    for number in 0..20 {
        world.stand_ins.sign_out(&format!("revoked-{number}"));
    }
    for number in 0..1500 {
        let token = numbered(Token::access().claim("sub", format!("revoked-{}", number % 20)), 100 + number);
        let reason = world.ask_with_token(&token).await.reason();
        assert!(["token_revoked", "user_info_unavailable"].contains(&reason), "{reason}");
    }
    assert_remembered(&world, &first).await;
    assert_eq!(world.ask(&user(2)).await.reason(), "allowed", "a renewed token");
    let stranger = bearer(&numbered(Token::access().claim("sub", "never-seen"), 1));
    assert_eq!(world.ask(&stranger).await.reason(), "user_info_unavailable");
}

#[tokio::test]
async fn one_users_many_tokens_cost_a_bounded_number_of_calls() {
    let world = limited_world().await;
    let other = bearer(&numbered(Token::access().claim("sub", "another-user"), 0));
    assert_eq!(world.ask(&other).await.reason(), "allowed");
    let count = Count::new(&world, Upstream::UserInfo);
    let mut answers = [0; 2];
    for number in 0..75 {
        let told = world.ask_with_token(&numbered(Token::access(), number)).await;
        answers[usize::from(told.reason() == "user_info_unavailable")] += 1;
        assert_remembered(&world, &other).await;
    }
    assert_eq!((count.calls(), answers), (50, [50, 25]));
    // Somebody else is asked about all the same, with a token that was never seen.
    let third = bearer(&numbered(Token::access().claim("sub", "a-third-user"), 0));
    assert_eq!(world.ask(&third).await.reason(), "allowed");
    // The same subject of another issuer is another user.
    let namesake = Token::of(Pool::Secondary, Use::Access);
    assert_eq!(world.ask_with_token(&numbered(namesake, 0)).await.reason(), "allowed");
    // In the long run, one a second.
    let count = Count::new(&world, Upstream::UserInfo);
    for second in 0..30 {
        for number in 0..5 {
            world.ask_with_token(&numbered(Token::access(), 10_000 + second * 5 + number)).await;
        }
        world.pass(1);
    }
    assert_eq!(count.calls(), 29);
}

#[tokio::test]
async fn refused_tokens_cost_a_bounded_number_of_calls() {
    let world = still_world(&[]).await;
    world.stand_ins.fail(Upstream::UserInfo, u32::MAX, Fault::Challenge(401));
    let count = Count::new(&world, Upstream::UserInfo);
    // Of more users than one, so that it is not the bound of one user.
    for number in 0..300 {
        let token = numbered(Token::access().claim("sub", format!("user-{}", number % 50)), number);
        for _ in 0..3 {
            assert_eq!(world.ask_with_token(&token).await.reason(), "token_revoked");
        }
    }
    assert_eq!(count.calls(), 300);
}

/// A flood whose lookups hang: whoever is known does not wait for any of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_anothers_lookup() {
    let world = Arc::new(still_world(&[]).await);
    let user = bearer(&numbered(Token::access(), 0));
    let service = pair(smac_local::deployment::SERVICE, SERVICE_TOKEN);
    for event in [&user, &service] {
        assert_eq!(world.ask(event).await.reason(), "allowed");
    }
    for upstream in [Upstream::KeySet, Upstream::UserInfo, Upstream::Secret] {
        world.stand_ins.fail(upstream, u32::MAX, Fault::Hang);
    }
    let flood: Vec<_> = (0..64)
        .map(|number| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let event = match number % 3 {
                    0 => bearer(&numbered(Token::id().header("kid", format!("invented-{number}")), number)),
                    1 => bearer(&numbered(Token::access(), 1 + number)),
                    _ => pair(&format!("invented-{number}"), "x"),
                };
                world.ask(&event).await.reason()
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let began = Instant::now();
    for event in [&user, &service].into_iter().cycle().take(100) {
        assert_remembered(&world, event).await;
    }
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert!(flood.iter().all(|task| !task.is_finished()), "the flood ended before");
    for task in flood {
        let reason = task.await.unwrap();
        assert!(reason.ends_with("_unavailable"), "{reason}");
    }
}
