//! What the log line says of the request and the caller, and what only an option has it say.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use serde_json::{Value, json};
use smac_lambda_authorizer::{Authorizer, Clock, Invocation, Settings};
use smac_local::deployment::Pool;
use smac_local::token::Token;

use crate::support::{self, World, world};

fn rest(token: &str) -> Value {
    json!({
        "type": "REQUEST", "methodArn": support::ARN, "resource": "/pets/{id}", "path": "/pets/42",
        "headers": { "Authorization": format!("Bearer {token}") },
        "requestContext": { "requestId": "api-request", "identity": { "sourceIp": "203.0.113.7" } },
    })
}

fn http(token: &str) -> Value {
    json!({
        "version": "2.0", "type": "REQUEST", "routeArn": support::ARN, "routeKey": "GET /pets/{id}", "rawPath": "/pets/42",
        "headers": { "authorization": format!("Bearer {token}") },
        "requestContext": { "requestId": "api-request", "http": { "sourceIp": "203.0.113.7" } },
    })
}

async fn line(world: &World, event: &Value) -> Value {
    world.ask(event).await.line()
}

#[tokio::test]
async fn the_route_and_the_apis_request_id_are_named_and_the_path_is_not() {
    let world = world(&[]).await;
    let token = Token::id().sign();
    for (event, route) in [(rest(&token), "/pets/{id}"), (http(&token), "GET /pets/{id}")] {
        let line = line(&world, &event).await;
        assert_eq!((&line["route"], &line["apiRequestId"]), (&json!(route), &json!("api-request")));
        assert!(!line.to_string().contains("/pets/42"));
        assert!(line.get("sourceIp").is_none() && line.get("client").is_none());
    }
    // The console's tests have neither.
    let bare = line(&world, &support::bearer(&token)).await;
    assert!(bare.get("route").is_none() && bare.get("apiRequestId").is_none());
}

#[tokio::test]
async fn the_client_and_the_callers_address_are_named_by_option() {
    let world = world(&[("LOG_CLIENT", "true")]).await;
    let token = Token::id().sign();
    for event in [rest(&token), http(&token)] {
        let line = line(&world, &event).await;
        assert_eq!((&line["client"], &line["sourceIp"]), (&json!(Pool::Primary.client()), &json!("203.0.113.7")));
    }
    // Also of a client that is refused, once the signature is valid; and not before.
    let other = Token::id().claim("aud", "another");
    let refused = line(&world, &rest(&other.clone().sign())).await;
    assert_eq!((&refused["reason"], &refused["client"]), (&json!("client_not_allowed"), &json!("another")));
    assert!(line(&world, &rest(&other.forged().sign())).await.get("client").is_none());
    // One odd part does not make the event unreadable.
    let mut odd = rest(&token);
    odd["requestContext"]["identity"] = json!("x");
    let odd = line(&world, &odd).await;
    assert_eq!((&odd["outcome"], odd.get("sourceIp")), (&json!("allowed"), None));
}

#[tokio::test]
async fn the_functions_name_is_a_dimension_where_it_is_known() {
    let variables = [("AWS_LAMBDA_FUNCTION_NAME".to_owned(), "authorizer-blue".to_owned())];
    let settings = Settings::from_variables(variables, |path| std::fs::read_to_string(path)).unwrap();
    let decision = Authorizer::new(settings).authorize("{}", None).await;
    let invocation = Invocation::new("r", Some("Root=1-2-3;Sampled=1"));
    let line: Value = serde_json::from_slice(&decision.log_line(invocation)).unwrap();
    assert_eq!((&line["FunctionName"], &line["traceId"]), (&json!("authorizer-blue"), &json!("1-2-3")));
    let dimensions = &line["_aws"]["CloudWatchMetrics"][0]["Dimensions"];
    assert_eq!(*dimensions, json!([["FunctionName", "outcome"]]));
}

/// The clock panics in the middle of a decision, as a defect anywhere would.
#[tokio::test]
async fn the_line_of_a_panic_names_the_kind_the_api_and_the_stage() {
    let stand_ins = smac_local::stand_ins::StandIns::start(0).await.unwrap();
    let settings = support::parse(stand_ins.environment()).unwrap();
    let calls = AtomicU32::new(0);
    let clock = Clock::new(move || match calls.fetch_add(1, Ordering::SeqCst) {
        // The start of the issuers' key sets is before, and the second decision after it.
        0 => SystemTime::now(),
        1 => panic!("a defect"),
        _ => SystemTime::now(),
    });
    let authorizer = Authorizer::with_clock(settings, clock);
    let event = rest(&Token::id().sign()).to_string();
    let decision = authorizer.authorize(&event, None).await;
    assert_eq!(decision.outcome().reason(), Some("internal_error"));
    let line: Value = serde_json::from_slice(&decision.log_line(Invocation::new("r", None))).unwrap();
    assert_eq!(
        [&line["kind"], &line["api"], &line["stage"], &line["issuer"]],
        ["rest-request", "abcdef1234", "prod", "PRIMARY"]
    );
    let decision = authorizer.authorize(&event, None).await;
    assert_eq!(decision.outcome().reason(), None, "the next one works");
}
