//! Who asks: users of one issuer, services, and nobody known.

use serde_json::{Value, json};
use smac_local::deployment::{EMAIL, Pool, SERVICE, SERVICE_ID, SERVICE_TOKEN, SUBJECT};
use smac_local::token::{Token, Use, now};

use super::{ALL, Api, ROUTES, Rules, event, rest};
use crate::support::{fault, pair, secret_name};

const METHOD: (&str, &str) = ("POLICY__SCOPE", "METHOD");

async fn rules(scope: &str, condition: &str) -> Rules {
    let policies = format!("permit ({scope}, action, resource) when {{ {condition} }};");
    Rules::new(&policies, ROUTES, &[METHOD]).await
}

async fn is_permitted(rules: &Rules, token: &Token) -> bool {
    let told = rules.ask(&event(Api::RestRequest, &token.sign(), "GET", "/pets", "/pets")).await;
    assert!(["allowed", "rule_missing"].contains(&told.reason()), "{}", told.reason());
    told.reason() == "allowed"
}

/// Whether this condition is true for the user of a token.
async fn holds(token: &Token, condition: &str) -> bool {
    is_permitted(&rules("principal", condition).await, token).await
}

fn service_event() -> Value {
    let mut event = rest("GET", "/pets");
    event["headers"] = json!({ "SMAC-Principal": SERVICE, "SMAC-Token": SERVICE_TOKEN });
    event
}

#[tokio::test]
async fn users_of_two_pools_are_different_people() {
    let of = |pool| Token::of(pool, Use::Id).claim("cognito:groups", json!(["admins"]));
    let (primary, secondary) = (of(Pool::Primary), of(Pool::Secondary));
    for (pool, own, other) in [(Pool::Primary, &primary, &secondary), (Pool::Secondary, &secondary, &primary)] {
        for scope in [
            format!("principal == User::\"{}|{SUBJECT}\"", pool.id()),
            format!("principal in UserGroup::\"{}|admins\"", pool.id()),
            format!("principal is User in UserGroup::\"{}|admins\"", pool.id()),
        ] {
            let rules = rules(&scope, "true").await;
            assert!(is_permitted(&rules, own).await, "{scope}");
            assert!(!is_permitted(&rules, other).await, "{scope}");
        }
    }
    // Neither the name alone nor another type is one of them.
    for scope in [
        format!("principal == User::\"{SUBJECT}\""),
        "principal in UserGroup::\"admins\"".to_owned(),
        format!("principal in ServiceGroup::\"{}|admins\"", Pool::Primary.id()),
        format!("principal == User::\"PRIMARY|{SUBJECT}\""),
    ] {
        assert!(!is_permitted(&rules(&scope, "true").await, &primary).await, "{scope}");
    }
}

#[tokio::test]
async fn groups_are_in_both_kinds_of_tokens() {
    let scope = format!("principal in UserGroup::\"{}|admins\"", Pool::Primary.id());
    let rules = rules(&scope, "true").await;
    for token_use in [Use::Id, Use::Access] {
        let token = Token::new(token_use).claim("email", EMAIL).claim("email_verified", true);
        assert!(is_permitted(&rules, &token.clone().claim("cognito:groups", json!(["a", "admins"]))).await);
        for groups in [json!([]), json!(["admin"]), json!("admins"), json!(["admins", 1]), json!({ "admins": true })] {
            assert!(!is_permitted(&rules, &token.clone().claim("cognito:groups", groups.clone())).await, "{groups}");
        }
    }
    let many = (0..3000).map(|number| format!("group-{number}")).chain(["admins".to_owned()]);
    let token = Token::id().claim("cognito:groups", many.collect::<Value>());
    assert!(is_permitted(&rules, &token).await);
}

#[tokio::test]
async fn an_id_tokens_claims_are_attributes() {
    let token = Token::id()
        .claim("department", "toys")
        .claim("level", 7)
        .claim("big", 9_223_372_036_854_775_808_u64)
        .claim("half", 0.5)
        .claim("nothing", Value::Null)
        .claim("tags", json!(["a", "b", null, 1.5]))
        .claim("address", json!({ "country": "AT", "zip": null }));
    for (condition, expected) in [
        ("principal.department == \"toys\"", true),
        ("principal.level > 6", true),
        ("principal.tags == [\"b\", \"a\"]", true),
        ("principal.address == {country: \"AT\"}", true),
        ("principal.email_verified", true),
        (&format!("principal.userId == \"{EMAIL}\""), true),
        (&format!("principal.sub == \"{SUBJECT}\""), true),
        ("principal has big || principal has half || principal has nothing", false),
        ("context has token", false),
    ] {
        assert_eq!(holds(&token, condition).await, expected, "{condition}");
    }
}

#[tokio::test]
async fn an_access_tokens_claims_are_the_contexts() {
    let token = Token::access()
        .claim("email", EMAIL)
        .claim("email_verified", true)
        .claim("scope", "openid  pets/read")
        .claim("department", "toys");
    for (condition, expected) in [
        ("context.token.scope == [\"openid\", \"pets/read\"]", true),
        ("context.token.department == \"toys\"", true),
        ("context.token.client_id == \"1devprimaryclient\"", true),
        (&format!("principal.userId == \"{EMAIL}\""), true),
        ("principal has department || principal has email || principal has sub", false),
    ] {
        assert_eq!(holds(&token, condition).await, expected, "{condition}");
    }
    let token = token.claim("scope", json!(["openid"]));
    assert!(holds(&token, "context.token.scope == [\"openid\"]").await);
}

#[tokio::test]
async fn no_claim_is_more_than_its_name() {
    let entity = json!({ "__entity": { "type": "User", "id": "admin" } });
    let address = json!({ "__extn": { "fn": "ip", "arg": "127.0.0.1" } });
    let token = Token::id()
        .claim("userId", "admin@example.com")
        .claim("owner", entity)
        .claim("address", address)
        .claim("__entity", json!({ "type": "User", "id": "admin" }))
        .claim("groups", json!(["admins"]))
        .claim("context", json!({ "request": { "stage": "x" } }));
    for (condition, expected) in [
        (format!("principal.userId == \"{EMAIL}\""), true),
        ("principal.owner == User::\"admin\"".to_owned(), false),
        ("principal.owner[\"__entity\"].id == \"admin\"".to_owned(), true),
        ("principal.address == ip(\"127.0.0.1\")".to_owned(), false),
        ("principal == User::\"admin\"".to_owned(), false),
        ("principal in UserGroup::\"admins\"".to_owned(), false),
        ("principal.context.request.stage == context.request.stage".to_owned(), false),
    ] {
        assert_eq!(holds(&token, &condition).await, expected, "{condition}");
    }
}

#[tokio::test]
async fn services_have_the_groups_of_their_secrets() {
    let store = |rules: &Rules, groups: Value| {
        let secret = json!({ "token": SERVICE_TOKEN, "id": SERVICE_ID, "groups": groups }).to_string();
        rules.world.stand_ins.set_secret(&secret_name(), Some(&secret), now());
    };
    for (scope, groups, expected) in [
        (format!("principal == Service::\"{SERVICE_ID}\""), json!([]), "allowed"),
        (format!("principal == Service::\"{SERVICE}\""), json!([]), "rule_missing"),
        (format!("principal == User::\"{SERVICE_ID}\""), json!([]), "rule_missing"),
        ("principal is Service in ServiceGroup::\"writers\"".to_owned(), json!(["readers", "writers"]), "allowed"),
        ("principal in ServiceGroup::\"writers\"".to_owned(), json!(["readers"]), "rule_missing"),
        ("principal in UserGroup::\"writers\"".to_owned(), json!(["writers"]), "rule_missing"),
    ] {
        let rules = rules(&scope, "true").await;
        store(&rules, groups.clone());
        assert_eq!(rules.ask(&service_event()).await.reason(), expected, "{scope} {groups}");
    }
    let rules = rules("principal is Service", "true").await;
    for groups in [json!("writers"), json!(["writers", 1]), json!({}), json!(null)] {
        store(&rules, groups.clone());
        rules.world.pass(1_000_000);
        assert_eq!(rules.ask(&service_event()).await.answer(), fault("secret_malformed"), "{groups}");
        rules.world.pass(1_000_000);
    }
    // Without rules nobody reads them.
    let plain = crate::support::world(&[]).await;
    let secret = json!({ "token": SERVICE_TOKEN, "id": SERVICE_ID, "groups": 1 }).to_string();
    plain.stand_ins.set_secret(&secret_name(), Some(&secret), now());
    assert_eq!(plain.ask(&pair(SERVICE, SERVICE_TOKEN)).await.reason(), "allowed");
}

#[tokio::test]
async fn a_machine_is_a_service_without_groups() {
    let machine = || {
        let client = Pool::Primary.client();
        Token::access().claim("sub", client).without("username").claim("cognito:groups", json!(["writers"]))
    };
    let settings = [METHOD, ("PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS", "true")];
    for (scope, condition, expected) in [
        ("principal == Service::\"1devprimaryclient\"", "true", "allowed"),
        ("principal is User", "true", "rule_missing"),
        ("principal in ServiceGroup::\"writers\"", "true", "rule_missing"),
        ("principal", "context.token.client_id == \"1devprimaryclient\"", "allowed"),
    ] {
        let policies = format!("permit ({scope}, action, resource) when {{ {condition} }};");
        let rules = Rules::new(&policies, ROUTES, &settings).await;
        let told = rules.ask(&event(Api::RestRequest, &machine().sign(), "GET", "/pets", "/pets")).await;
        assert_eq!(told.reason(), expected, "{scope} {condition}");
    }
}

#[tokio::test]
async fn anonymous_callers_are_decided_too() {
    let anonymous = || {
        let mut event = rest("GET", "/pets");
        event["headers"] = json!({});
        event
    };
    let ask = async |policies: &str| {
        let rules = Rules::new(policies, ROUTES, &[("MODE", "OPTIONAL")]).await;
        (rules.ask(&anonymous()).await.reason(), rules.ask(&rest("GET", "/pets")).await.reason())
    };
    assert_eq!(ask(ALL).await, ("allowed", "allowed"));
    assert_eq!(ask("permit (principal is User, action, resource);").await, ("rule_missing", "allowed"));
    let anonymous = "permit (principal == Anonymous::\"anonymous\", action, resource);";
    assert_eq!(ask(anonymous).await, ("allowed", "rule_missing"));
}
