//! What the rules know of a request.

use serde_json::{Value, json};

use super::{Api, ROUTES, Rules, event, logged, user};

const METHOD: (&str, &str) = ("POLICY__SCOPE", "METHOD");

/// The reason, where this condition permits.
async fn ask(condition: &str, event: &Value) -> &'static str {
    let policies = format!("permit (principal, action, resource) when {{ {condition} }};");
    Rules::new(&policies, ROUTES, &[METHOD]).await.ask(event).await.reason()
}

fn request(api: Api) -> Value {
    let mut event = event(api, &user(), "GET", "/pets/{id}", "/pets/42");
    event["pathParameters"] = json!({ "id": "42" });
    event["queryStringParameters"] = json!({ "kind": "cat" });
    event["requestContext"]["identity"] = json!({ "sourceIp": "203.0.113.7" });
    event
}

const REQUESTS: [(Api, &str); 3] =
    [(Api::RestRequest, "rest-request"), (Api::HttpV1, "http-v1"), (Api::HttpV2, "http-v2")];

#[tokio::test]
async fn path_query_and_origin() {
    for (api, kind) in REQUESTS {
        for condition in [
            "context.pathParameters == {id: \"42\"}",
            "context.queryStringParameters == {kind: \"cat\"}",
            "context.request.sourceIp.isInRange(ip(\"203.0.113.0/24\"))",
            "context.request.stage == \"prod\" && context.request.api == \"abcdef1234\"",
            &format!("context.request.kind == \"{kind}\""),
        ] {
            assert_eq!(ask(condition, &request(api)).await, "allowed", "{api:?} {condition}");
            let denied = format!("!({condition})");
            assert_eq!(ask(&denied, &request(api)).await, "rule_missing", "{api:?} {denied}");
        }
    }
}

#[tokio::test]
async fn what_is_empty_is_absent() {
    for (api, _) in REQUESTS {
        for empty in [json!(null), json!({})] {
            let mut event = request(api);
            event["pathParameters"] = empty.clone();
            event["queryStringParameters"] = empty;
            let absent = "!(context has pathParameters) && !(context has queryStringParameters) && context has request";
            assert_eq!(ask(absent, &event).await, "allowed", "{api:?}");
        }
        for address in
            [json!("unknown"), json!(""), json!(null), json!("203.0.113.7, 10.0.0.1"), json!("203.0.113.0/24x")]
        {
            let mut event = request(api);
            event["requestContext"]["identity"] = json!({ "sourceIp": address });
            event["requestContext"]["http"]["sourceIp"] = address.clone();
            assert_eq!(ask("!(context.request has sourceIp)", &event).await, "allowed", "{api:?} {address}");
        }
    }
}

#[tokio::test]
async fn a_token_event_has_the_path_of_its_arn() {
    let token_event = |path: &str| event(Api::RestToken, &user(), "GET", "", path);
    assert_eq!(ask("context.pathParameters == {id: \"42\"}", &token_event("/pets/42")).await, "allowed");
    assert_eq!(ask("!(context has pathParameters)", &token_event("/pets")).await, "allowed");
    assert_eq!(ask("!(context has queryStringParameters)", &token_event("/pets")).await, "allowed");
    assert_eq!(ask("!(context.request has sourceIp)", &token_event("/pets")).await, "allowed");
    // Who decodes it sees another value.
    assert_eq!(ask("context.pathParameters.id == \"4%32\"", &token_event("/pets/4%32")).await, "rule_error");
    assert_eq!(ask("true", &token_event("/pets/4%32")).await, "allowed");
}

#[tokio::test]
async fn a_parameter_with_two_values_can_be_read_in_two_ways() {
    let query = "context.queryStringParameters.kind == \"cat\"";
    let twice = |api: Api, first: &str, second: &str| {
        let mut event = request(api);
        if api == Api::HttpV2 {
            event["queryStringParameters"]["kind"] = format!("{first},{second}").into();
            event["rawQueryString"] = format!("kind={first}&kind={second}").into();
        } else {
            event["queryStringParameters"]["kind"] = second.into();
            event["multiValueQueryStringParameters"] = json!({ "kind": [first, second] });
        }
        event
    };
    for (api, _) in REQUESTS {
        for (first, second) in [("cat", "dog"), ("dog", "cat"), ("cat", ""), ("cat", "Cat")] {
            let event = twice(api, first, second);
            assert_eq!(ask(query, &event).await, "rule_error", "{api:?} {first} {second}");
            // Nothing depends on it where nobody looks.
            assert_eq!(ask("true", &event).await, "allowed", "{api:?}");
            assert_eq!(ask("context.pathParameters.id == \"42\"", &event).await, "allowed", "{api:?}");
            // Only policies that can apply count.
            let policies = format!(
                "permit (principal, action, resource); forbid (principal, action == Action::\"get /pets\", resource) when {{ {query} }};"
            );
            assert_eq!(Rules::new(&policies, ROUTES, &[METHOD]).await.ask(&event).await.reason(), "allowed");
        }
    }
    for api in [Api::RestRequest, Api::HttpV1] {
        assert_eq!(ask(query, &twice(api, "cat", "cat")).await, "allowed", "{api:?}");
    }
}

#[tokio::test]
async fn joined_values_of_http_2_are_taken_apart() {
    let with = |kind: &str, raw: Value| {
        let mut event = request(Api::HttpV2);
        event["queryStringParameters"]["kind"] = kind.into();
        event["rawQueryString"] = raw;
        event
    };
    let has = |value: &str| format!("context.queryStringParameters.kind == \"{value}\"");
    // A comma can be part of a value.
    assert_eq!(ask(&has("a,b"), &with("a,b", json!("kind=a%2Cb"))).await, "allowed");
    assert_eq!(ask(&has("a,b"), &with("a,b", json!("kind=a,b&other=c"))).await, "allowed");
    for raw in ["kind=a&kind=b", "kind=a&%6bind=b", "kind=a&x=1&kind=", "kind&kind=a"] {
        assert_eq!(ask(&has("a,b"), &with("a,b", json!(raw))).await, "rule_error", "{raw}");
    }
    // Where the event lacks the query as it came, nothing tells.
    assert_eq!(ask(&has("a,b"), &with("a,b", json!(null))).await, "rule_error");
    assert_eq!(ask(&has("a"), &with("a", json!(null))).await, "allowed");
}

#[tokio::test]
async fn what_cannot_be_told_is_logged_as_a_denial() {
    let policies = "permit (principal, action, resource) when { context has queryStringParameters };";
    let rules = Rules::new(policies, ROUTES, &[("RULES__MODE", "LOG")]).await;
    let mut event = request(Api::RestRequest);
    event["multiValueQueryStringParameters"] = json!({ "kind": ["cat", "dog"] });
    let told = rules.ask(&event).await;
    assert_eq!(
        (told.reason(), logged(&told)),
        ("allowed", json!({ "decision": "deny", "policies": [], "errors": [] }))
    );
}
