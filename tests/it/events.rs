//! The sample events: each is one that API Gateway could send, and is decided as its name says.

use std::collections::BTreeMap;
use std::fs;

use aws_lambda_events::event::apigw::{
    ApiGatewayCustomAuthorizerRequest, ApiGatewayCustomAuthorizerRequestTypeRequest,
    ApiGatewayV2CustomAuthorizerV1Request, ApiGatewayV2CustomAuthorizerV2Request, ApiGatewayWebsocketProxyRequest,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use smac_local::deployment::{EMAIL, SERVICE_ID};
use smac_local::event::{Overrides, render};

use crate::support::world;

fn events() -> BTreeMap<String, Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/events");
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let event = render(&fs::read_to_string(&path).unwrap(), &Overrides::default()).unwrap();
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), event)
        })
        .collect()
}

#[tokio::test]
async fn each_is_decided_as_it_should_be() {
    let expected = [
        ("http-v1-access-token", "http-v1", EMAIL),
        ("http-v2-access-token", "http-v2", EMAIL),
        ("http-v2-automation", "http-v2", SERVICE_ID),
        ("refused-expired", "rest-request", "token_expired"),
        ("refused-forged-signature", "rest-request", "signature_invalid"),
        ("refused-no-credentials", "rest-request", "credentials_missing"),
        ("refused-unknown-service", "rest-request", "service_unknown"),
        ("refused-wrong-client", "rest-request", "client_not_allowed"),
        ("refused-wrong-service-token", "rest-request", "service_token_mismatch"),
        ("rest-request-access-token", "rest-request", EMAIL),
        ("rest-request-automation", "rest-request", SERVICE_ID),
        ("rest-request-id-token", "rest-request", EMAIL),
        ("rest-token", "rest-token", EMAIL),
        ("websocket-query-token", "websocket", EMAIL),
    ];
    let world = world(&[]).await;
    let mut decided = Vec::new();
    for (name, event) in events() {
        let told = world.ask(&event).await;
        let result = if told.reason() == "allowed" { told.user_id() } else { told.reason().to_owned() };
        decided.push((name, told.line()["kind"].as_str().unwrap().to_owned(), result));
    }
    assert_eq!(decided, expected.map(|(name, kind, result)| (name.to_owned(), kind.to_owned(), result.to_owned())));
}

#[test]
fn each_is_an_event_that_the_fields_own_types_read() {
    fn reads<T: DeserializeOwned>(name: &str, event: &Value) {
        if let Err(error) = serde_json::from_value::<T>(event.clone()) {
            panic!("{name}: {error}");
        }
    }
    for (name, event) in events() {
        match name.as_str() {
            "rest-token" => reads::<ApiGatewayCustomAuthorizerRequest>(&name, &event),
            "http-v1-access-token" => reads::<ApiGatewayV2CustomAuthorizerV1Request>(&name, &event),
            "http-v2-access-token" | "http-v2-automation" => {
                reads::<ApiGatewayV2CustomAuthorizerV2Request>(&name, &event)
            }
            "websocket-query-token" => reads::<ApiGatewayWebsocketProxyRequest>(&name, &event),
            _ => reads::<ApiGatewayCustomAuthorizerRequestTypeRequest>(&name, &event),
        }
    }
}
