//! Simple answers: the gateway's key must hold the route.

use serde_json::{Value, json};
use smac_local::deployment::EMAIL;

use super::{ALL, Api, ROUTES, Rules, event, logged, permit, user};

const SIMPLE: (&str, &str) = ("HTTP_API_RESPONSE", "SIMPLE");
const DENY: (&str, &str) = ("UNAUTHORIZED_AS", "DENY");

fn ask_for(route_key: &str, key: Option<&[&str]>) -> Value {
    let token = user();
    let (verb, path) = route_key.split_once(' ').unwrap_or(("GET", "/anything"));
    let verb = if verb == "ANY" { "GET" } else { verb };
    let mut event = event(Api::HttpV2, &token, verb, route_key, path);
    event["identitySource"] = match key {
        Some(more) => {
            let mut key = vec![format!("Bearer {token}")];
            key.extend(more.iter().map(|one| (*one).to_owned()));
            key.into()
        }
        None => Value::Null,
    };
    event
}

fn yes() -> Value {
    json!({ "isAuthorized": true, "context": { "userId": EMAIL, "principalType": "user" } })
}

fn no(reason: &str) -> Value {
    json!({ "isAuthorized": false, "context": { "reason": reason } })
}

#[tokio::test]
async fn the_key_holds_the_route() {
    for scope in ["STAGE", "METHOD"] {
        let rules = Rules::new(&permit(&["get /pets"]), ROUTES, &[SIMPLE, DENY, ("POLICY__SCOPE", scope)]).await;
        for (route, key, expected) in [
            ("GET /pets", None, yes()),
            ("GET /pets", Some(&[][..]), no("cache_key_mismatch")),
            ("GET /pets", Some(&["GET /pets"]), yes()),
            ("GET /pets", Some(&["GET /pets/mine"]), no("cache_key_mismatch")),
            ("GET /pets", Some(&["GET /pets "]), no("cache_key_mismatch")),
            ("GET /pets", Some(&["get /pets"]), no("cache_key_mismatch")),
            ("GET /pets/mine", None, no("rule_missing")),
            ("GET /pets/mine", Some(&["GET /pets/mine"]), no("rule_missing")),
            ("GET /pets/mine", Some(&[]), no("cache_key_mismatch")),
            ("GET /toys", None, no("route_unknown")),
            ("GET /toys", Some(&["GET /toys"]), no("route_unknown")),
        ] {
            assert_eq!(rules.ask(&ask_for(route, key)).await.answer(), expected, "{scope} {route} {key:?}");
        }
    }
}

#[tokio::test]
async fn a_key_does_not_tell_methods_apart() {
    let list = r#"{"openapi": "3.0.1", "paths": {"/pets": {"x-amazon-apigateway-any-method": {}}}}"#;
    let rules = Rules::with_list(ALL, list, &[SIMPLE, DENY]).await;
    assert_eq!(rules.ask(&ask_for("ANY /pets", None)).await.answer(), yes());
    assert_eq!(rules.ask(&ask_for("ANY /pets", Some(&["ANY /pets"]))).await.answer(), no("cache_key_mismatch"));
    // The default route is one action, whatever the method is.
    let rules = Rules::with_list(&permit(&["$default"]), "", &[SIMPLE, DENY, ("POLICY__SCOPE", "METHOD")]).await;
    assert_eq!(rules.ask(&ask_for("$default", Some(&["$default"]))).await.answer(), yes());
    assert_eq!(rules.ask(&ask_for("$default", Some(&[]))).await.answer(), no("cache_key_mismatch"));
}

#[tokio::test]
async fn a_rule_about_the_request_is_never_behind_a_key() {
    let policies = format!(
        "{ALL} forbid (principal, action == Action::\"get /pets\", resource) when {{ context.request.stage == \"x\" }};"
    );
    let rules = Rules::new(&policies, ROUTES, &[SIMPLE, DENY]).await;
    assert_eq!(rules.ask(&ask_for("GET /pets", None)).await.answer(), yes());
    assert_eq!(rules.ask(&ask_for("GET /pets", Some(&["GET /pets"]))).await.answer(), no("cache_key_mismatch"));
    assert_eq!(rules.ask(&ask_for("GET /pets/mine", Some(&["GET /pets/mine"]))).await.answer(), yes());
}

#[tokio::test]
async fn a_caller_does_not_choose_the_key() {
    let rules = Rules::new(ALL, ROUTES, &[SIMPLE, DENY]).await;
    for (place, value) in [
        ("headers", json!({ "authorization": format!("Bearer {}", user()), "x-route": "GET /pets" })),
        ("queryStringParameters", json!({ "a": "GET /pets" })),
        ("cookies", json!(["a=GET /pets"])),
    ] {
        let mut event = ask_for("GET /pets", Some(&["GET /pets"]));
        if place == "headers" {
            event[place]["x-route"] = "GET /pets".into();
        } else {
            event[place] = value;
        }
        assert_eq!(rules.ask(&event).await.answer(), no("cache_key_mismatch"), "{place}");
    }
    // Which part of a string is whose, nothing tells.
    let mut event = ask_for("GET /pets", Some(&[]));
    event["identitySource"] = format!("Bearer {},GET /pets", user()).into();
    assert_eq!(rules.ask(&event).await.answer(), no("cache_key_mismatch"));
}

#[tokio::test]
async fn a_log_of_rules_guards_nothing() {
    let rules = Rules::new(&permit(&["get /pets"]), ROUTES, &[SIMPLE, DENY, ("RULES__MODE", "LOG")]).await;
    for (route, decision) in [("GET /pets", "allow"), ("GET /pets/mine", "deny"), ("GET /toys", "deny")] {
        let told = rules.ask(&ask_for(route, Some(&[]))).await;
        assert_eq!(told.answer(), yes(), "{route}");
        assert_eq!(logged(&told)["decision"], decision, "{route}");
    }
}
