//! Section 4 of the contract: service principals.

use serde_json::{Value, json};
use smac_local::deployment::{SERVICE, SERVICE_ID, SERVICE_TOKEN};
use smac_local::stand_ins::{Fault, Upstream};
use smac_local::token::{Token, now};

use crate::support::{self, World, allow, fault, request, secret_name, world};

const PREFIX: &str = "AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX";
const GRACE: &str = "AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS";

fn store(world: &World, token: &str, id: &str) {
    world.stand_ins.set_secret(&secret_name(), Some(&json!({ "token": token, "id": id }).to_string()), now());
}

#[tokio::test]
async fn the_stored_pair_is_allowed_and_remembered() {
    let world = world(&[]).await;
    let told = world.ask_as_service().await;
    assert_eq!(told.answer(), allow(SERVICE_ID, "service"));
    assert_eq!(told.line()["lookups"], json!({ "secret": "fetched" }));
    let told = world.ask_as_service().await;
    assert_eq!(told.line()["lookups"], json!({ "secret": "fresh" }));
    assert_eq!(world.calls(), [0, 0, 1]);
    assert_eq!(world.stand_ins.asked(Upstream::Secret), [secret_name()]);
}

#[tokio::test]
async fn ids_are_those_of_secrets_and_others_cost_no_call() {
    let world = world(&[]).await;
    let longest = "x".repeat(128);
    let too_long = "x".repeat(129);
    for (id, expected) in [
        ("a", "service_unknown"),
        ("team/billing_1+2=3.4@x-y", "service_unknown"),
        (longest.as_str(), "service_unknown"),
        (too_long.as_str(), "service_id_invalid"),
        (" ", "service_id_invalid"),
        ("a b", "service_id_invalid"),
        ("a\u{0}", "service_id_invalid"),
        ("ä", "service_id_invalid"),
        ("a*", "service_id_invalid"),
        ("a:b", "service_id_invalid"),
    ] {
        assert_eq!(world.ask_with_pair(id, "x").await.reason(), expected, "{id}");
    }
    assert_eq!(world.calls(), [0, 0, 3]);
}

#[tokio::test]
async fn the_name_of_a_secret() {
    let long = "p".repeat(500);
    for (prefix, expected) in [
        ("", format!("/{SERVICE}")),
        ("team", format!("team/{SERVICE}")),
        ("team/", format!("team/{SERVICE}")),
        ("/", format!("/{SERVICE}")),
        (long.as_str(), String::new()),
    ] {
        // The prefix being empty, another variable switches automation on.
        let world = world(&[(PREFIX, prefix), ("AUTOMATION_PRINCIPALS__ID_HEADER_NAME", "SMAC-Principal")]).await;
        let told = world.ask_as_service().await;
        if expected.is_empty() {
            assert_eq!((told.reason(), world.calls()), ("service_id_invalid", [0, 0, 0]));
        } else {
            assert_eq!(world.stand_ins.asked(Upstream::Secret), [expected], "{prefix}");
            assert_eq!(told.reason(), "service_unknown");
        }
    }
}

#[tokio::test]
async fn what_a_secret_must_be() {
    let longest = json!({ "token": SERVICE_TOKEN, "id": "x".repeat(512) }).to_string();
    let too_long = json!({ "token": SERVICE_TOKEN, "id": "x".repeat(513) }).to_string();
    for (text, expected) in [
        (Some(r#"{"token":"dev-token-of-the-billing-service","id":"x","more":[1,null]}"#), "allowed"),
        (Some(r#"{"token":"dev-token-of-the-billing-servic\u0065","id":"x"}"#), "allowed"),
        (Some(longest.as_str()), "allowed"),
        (Some(too_long.as_str()), "secret_malformed"),
        (Some("dev-token-of-the-billing-service"), "secret_malformed"),
        (Some(""), "secret_malformed"),
        (Some("[]"), "secret_malformed"),
        (Some(r#"["dev-token-of-the-billing-service","service:billing"]"#), "secret_malformed"),
        (Some(r#"{"token":"dev-token-of-the-billing-service"}"#), "secret_malformed"),
        (Some(r#"{"token":"","id":"x"}"#), "secret_malformed"),
        (Some(r#"{"token":"dev-token-of-the-billing-service","id":""}"#), "secret_malformed"),
        (Some(r#"{"token":"dev-token-of-the-billing-service","id":7}"#), "secret_malformed"),
        (Some(r#"{"token":null,"id":"x"}"#), "secret_malformed"),
        (Some("{\"token\":\"dev-token-of-the-billing-service\",\"id\":\"a\\u0007\"}"), "secret_malformed"),
        (None, "secret_malformed"),
    ] {
        let world = world(&[]).await;
        world.stand_ins.set_secret(&secret_name(), text, now());
        assert_eq!(world.ask_as_service().await.reason(), expected, "{text:?}");
        assert_ne!(world.ask_with_pair(SERVICE, "wrong").await.reason(), "allowed", "{text:?}");
    }
}

#[tokio::test]
async fn a_wrong_pair_is_never_tried_as_a_jwt() {
    let world = world(&[]).await;
    let token = format!("Bearer {}", Token::id().sign());
    let both = request(&json!({ "Authorization": token, "SMAC-Principal": SERVICE, "SMAC-Token": "wrong" }));
    assert_eq!(world.ask(&both).await.reason(), "service_token_mismatch");
    let one = request(&json!({ "Authorization": token, "SMAC-Principal": SERVICE }));
    assert_eq!(world.ask(&one).await.reason(), "allowed");
    let empty = request(&json!({ "Authorization": token, "SMAC-Principal": SERVICE, "SMAC-Token": "" }));
    assert_eq!(world.ask(&empty).await.reason(), "allowed");
}

#[tokio::test]
async fn a_wrong_token_just_read_is_wrong_and_a_remembered_secret_is_read_again_once() {
    let world = world(&[]).await;
    assert_eq!(world.ask_with_pair(SERVICE, "wrong").await.reason(), "service_token_mismatch");
    assert_eq!(world.calls(), [0, 0, 1]);
    assert_eq!(world.ask_with_pair(SERVICE, "wrong").await.reason(), "service_token_mismatch");
    assert_eq!(world.calls(), [0, 0, 2]);
    for _ in 0..20 {
        assert_eq!(world.ask_with_pair(SERVICE, "wrong").await.reason(), "service_token_mismatch");
    }
    assert_eq!(world.calls(), [0, 0, 2]);
    assert_eq!(world.ask_as_service().await.reason(), "allowed");
    world.pass(10);
    assert_eq!(world.ask_with_pair(SERVICE, "wrong").await.reason(), "service_token_mismatch");
    assert_eq!(world.calls(), [0, 0, 3]);
}

#[tokio::test]
async fn a_rotated_token_works_at_once_and_the_old_one_no_longer() {
    let world = world(&[]).await;
    assert_eq!(world.ask_as_service().await.reason(), "allowed");
    store(&world, "new-token", "service:renamed");
    let told = world.ask_with_pair(SERVICE, "new-token").await;
    assert_eq!((told.reason(), told.user_id().as_str()), ("allowed", "service:renamed"));
    assert_eq!(world.ask_as_service().await.reason(), "service_token_mismatch");
    assert_eq!(world.calls(), [0, 0, 2]);
}

#[tokio::test]
async fn with_a_grace_period_the_previous_token_works_that_long() {
    let world = world(&[(GRACE, "600")]).await;
    assert_eq!(world.ask_as_service().await.reason(), "allowed");
    store(&world, "new-token", "service:renamed");
    assert_eq!(world.ask_with_pair(SERVICE, "new-token").await.reason(), "allowed");
    let told = world.ask_as_service().await;
    // The principal is the current version's.
    assert_eq!((told.reason(), told.user_id().as_str()), ("allowed", "service:renamed"));
    assert_eq!(world.ask_with_pair(SERVICE, "neither").await.reason(), "service_token_mismatch");
    let previous = format!("{} AWSPREVIOUS", secret_name());
    assert_eq!(world.stand_ins.asked(Upstream::Secret).iter().filter(|name| **name == previous).count(), 1);
    world.pass(590);
    assert_eq!(world.ask_as_service().await.reason(), "allowed");
    world.pass(15);
    assert_eq!(world.ask_as_service().await.reason(), "service_token_mismatch");
}

#[tokio::test]
async fn after_the_next_rotation_the_one_before_the_previous_is_over() {
    let world = world(&[(GRACE, "600")]).await;
    store(&world, "second", "x");
    assert_eq!(world.ask_with_pair(SERVICE, SERVICE_TOKEN).await.reason(), "allowed");
    store(&world, "third", "x");
    assert_eq!(world.ask_with_pair(SERVICE, "third").await.reason(), "allowed");
    assert_eq!(world.ask_with_pair(SERVICE, "second").await.reason(), "allowed");
    assert_eq!(world.ask_with_pair(SERVICE, SERVICE_TOKEN).await.reason(), "service_token_mismatch");
}

#[tokio::test]
async fn a_previous_version_that_is_not_there_or_not_readable() {
    let none = world(&[(GRACE, "600")]).await;
    none.stand_ins.remove_secret(&secret_name());
    store(&none, "only", "x");
    assert_eq!(none.ask_with_pair(SERVICE, "wrong").await.reason(), "service_token_mismatch");
    let unreadable = world(&[(GRACE, "600")]).await;
    unreadable.stand_ins.set_secret(&secret_name(), Some("?"), now());
    store(&unreadable, "current", "x");
    assert_eq!(unreadable.ask_with_pair(SERVICE, "wrong").await.reason(), "secret_malformed");
    assert_eq!(unreadable.ask_with_pair(SERVICE, "current").await.reason(), "allowed");
}

#[tokio::test]
async fn gone_is_unknown() {
    let world = world(&[]).await;
    assert_eq!(world.ask_as_service().await.reason(), "allowed");
    world.stand_ins.mark_for_deletion(&secret_name());
    assert_eq!(world.ask_as_service().await.reason(), "allowed");
    world.pass(60);
    let told = world.ask_as_service().await;
    assert_eq!((told.reason(), told.line()["FetchFailures"].clone()), ("service_unknown", json!(0)));
    assert_eq!(world.ask_as_service().await.line()["lookups"]["secret"], "negative");
    // A "no" is never overruled by what was known before.
    world.stand_ins.fail(Upstream::Secret, 9, Fault::Status(503, json!({})));
    world.pass(30);
    assert_eq!(world.ask_as_service().await.reason(), "secrets_unavailable");
    world.stand_ins.recover(Upstream::Secret);
    world.stand_ins.remove_secret(&secret_name());
    world.pass(60);
    assert_eq!(world.ask_as_service().await.reason(), "service_unknown");
}

fn error(code: &str, message: &str) -> Value {
    json!({ "__type": code, "Message": message })
}

#[tokio::test]
async fn errors_of_secrets_manager_are_ours_and_some_pass() {
    let status = |status, code: &str| Fault::Status(status, error(code, "some text"));
    for (fault, is_passing, calls) in [
        (status(400, "AccessDeniedException"), false, 1),
        (status(400, "DecryptionFailure"), false, 1),
        (status(400, "InvalidParameterException"), false, 1),
        (status(400, "InvalidRequestException"), false, 1),
        // Either word alone does not say that it is gone.
        (Fault::Status(400, error("InvalidRequestException", "a rotation is scheduled")), false, 1),
        (Fault::Status(400, error("InvalidRequestException", "a version was deleted")), false, 1),
        (status(400, "UnrecognizedClientException"), false, 1),
        (Fault::Garbage, false, 1),
        (Fault::Huge(200_000), false, 1),
        (Fault::HugeInChunks(200_000), false, 1),
        (Fault::Redirect, false, 1),
        (status(400, "ThrottlingException"), true, 1),
        (status(429, "TooManyRequestsException"), true, 1),
        (status(400, "ExpiredTokenException"), true, 1),
        (status(500, "InternalServiceError"), true, 2),
        (status(503, "ServiceUnavailable"), true, 2),
        (Fault::Reset, true, 2),
        (Fault::Truncated, true, 2),
    ] {
        // Never seen: a fault.
        let world = world(&[]).await;
        world.stand_ins.fail(Upstream::Secret, 99, fault.clone());
        let told = world.ask_as_service().await;
        assert_eq!(
            (told.reason(), told.answer()),
            ("secrets_unavailable", support::fault("secrets_unavailable")),
            "{fault:?}"
        );
        assert_eq!(world.calls(), [0, 0, calls], "{fault:?}");
        assert_eq!(told.line()["SecretFetches"], calls, "{fault:?}");
        assert_eq!(told.line()["FetchFailures"], calls, "{fault:?}");
        assert_eq!(told.line()["lookups"]["secret"], "failed", "{fault:?}");

        // Seen: the old value serves, if it may well have expired soon.
        world.stand_ins.recover(Upstream::Secret);
        world.pass(1);
        assert_eq!(world.ask_as_service().await.reason(), "allowed", "{fault:?}");
        world.stand_ins.fail(Upstream::Secret, 99, fault.clone());
        world.pass(60);
        let told = world.ask_as_service().await;
        let expected = if is_passing { ("allowed", "stale") } else { ("secrets_unavailable", "failed") };
        assert_eq!((told.reason(), told.line()["lookups"]["secret"].as_str().unwrap()), expected, "{fault:?}");
        world.pass(300);
        assert_eq!(world.ask_as_service().await.reason(), "secrets_unavailable", "{fault:?}");
        world.stand_ins.recover(Upstream::Secret);
        world.pass(30);
        assert_eq!(world.ask_as_service().await.reason(), "allowed", "{fault:?}");
    }
}

#[tokio::test]
async fn a_mismatch_is_our_fault_while_the_secret_cannot_be_read() {
    let world = world(&[]).await;
    assert_eq!(world.ask_as_service().await.reason(), "allowed");
    world.stand_ins.fail(Upstream::Secret, 99, Fault::Status(400, error("AccessDeniedException", "no")));
    assert_eq!(world.ask_with_pair(SERVICE, "wrong").await.reason(), "secrets_unavailable");
    assert_eq!(world.ask_with_pair(SERVICE, "wrong").await.answer(), fault("secrets_unavailable"));
    assert_eq!(world.calls(), [0, 0, 2]);
    // What is remembered stays.
    assert_eq!(world.ask_as_service().await.reason(), "allowed");
    world.stand_ins.recover(Upstream::Secret);
    world.pass(1);
    assert_eq!(world.ask_with_pair(SERVICE, "wrong").await.reason(), "service_token_mismatch");
}

#[tokio::test]
async fn automation_alone_and_neither() {
    let pools: Vec<(String, &str)> = ["PRIMARY", "SECONDARY"]
        .iter()
        .flat_map(|name| {
            ["USERPOOL_ID", "APP_CLIENT_ID", "DOMAIN"].map(|key| (format!("{}__{name}__{key}", support::POOLS), ""))
        })
        .collect();
    let off = |more: &[(&'static str, &'static str)]| -> Vec<(String, &'static str)> {
        pools.iter().cloned().chain(more.iter().map(|(name, value)| ((*name).to_owned(), *value))).collect()
    };
    let settings = off(&[("PROVIDER", "NONE")]);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let automation = world(&settings).await;
    assert_eq!(automation.ask_as_service().await.reason(), "allowed");
    // No JWT is looked at, whatever its form.
    for header in ["Basic x", "Bearer x", "a,b"] {
        assert_eq!(automation.ask(&request(&json!({ "Authorization": header }))).await.reason(), "credentials_missing");
    }
    for (mode, expected) in [("ENFORCE", "CONFIG_ENFORCED_001"), ("optional", "allowed")] {
        let settings = off(&[("PROVIDER", ""), (PREFIX, "")]);
        let mut settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        settings.push(("MODE", mode));
        let neither = world(&settings).await;
        assert_eq!(neither.ask_as_service().await.reason(), expected);
        assert_eq!(neither.ask(&request(&json!({ "Authorization": "Basic x" }))).await.reason(), expected);
    }
}

/// Somebody else's secret under the same prefix: an anonymous caller can neither ring the alarm for faults with it, nor tell
/// its name from one that is not there.
#[tokio::test]
async fn a_secret_without_a_token_is_nobodys() {
    let world = world(&[("UNAUTHORIZED_AS", "DENY")]).await;
    let name = |id: &str| format!("{}/{id}", smac_local::deployment::SECRETS_PREFIX);
    world.stand_ins.set_secret(&name("database"), Some(r#"{"username":"u","password":"p"}"#), now());
    let answers =
        [("database", "service_unknown"), ("nowhere", "service_unknown"), (SERVICE, "service_token_mismatch")];
    for (id, reason) in answers {
        let told = world.ask_with_pair(id, "wrong").await;
        assert_eq!(told.reason(), reason, "{id}");
        assert_eq!(told.answer(), crate::support::deny("service_refused"), "{id}");
    }
}

#[tokio::test]
async fn a_stored_token_that_no_header_can_carry_is_malformed() {
    let world = world(&[]).await;
    let name = crate::support::secret_name();
    for token in ["t\\n", " t", "t\\u0000"] {
        let world = crate::support::world(&[]).await;
        let secret = format!("{{\"token\":\"{token}\",\"id\":\"i\"}}");
        world.stand_ins.set_secret(&name, Some(&secret), now());
        assert_eq!(world.ask_with_pair(SERVICE, "t").await.reason(), "secret_malformed", "{token:?}");
    }
    // A forced refresh that finds one says so, too.
    assert_eq!(world.ask_as_service().await.reason(), "allowed");
    world.stand_ins.set_secret(&name, Some("plain"), now());
    assert_eq!(world.ask_with_pair(SERVICE, "rotated").await.reason(), "secret_malformed");
    assert_eq!(world.ask_as_service().await.reason(), "allowed", "the remembered one is as it was");
}
