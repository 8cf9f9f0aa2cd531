//! Where a token may be: bare in its header, among WebSocket sub-protocols; and what the gateway's cache key must hold.

use serde_json::{Value, json};
use smac_local::deployment::{SERVICE, SERVICE_TOKEN};
use smac_local::token::Token;

use crate::support::{self, World, request, world};

async fn reason(world: &World, event: &Value) -> &'static str {
    world.ask(event).await.reason()
}

#[tokio::test]
async fn a_bare_token_is_accepted_beside_the_prefixed_form_where_that_is_switched_on() {
    let token = Token::id().sign();
    let header = |value: &str| request(&json!({ "Authorization": value }));
    let bare = world(&[("JWT__ALLOW_BARE", "true")]).await;
    for (value, expected) in [
        (token.clone(), "allowed"),
        (format!("Bearer {token}"), "allowed"),
        (format!(" {token}\t"), "allowed"),
        (format!("{token} x"), "token_malformed"),
        (format!("{token},{token}"), "token_malformed"),
        (format!("Bearer {token},Bearer {token}"), "credentials_ambiguous"),
        ("Bearer".to_owned(), "token_malformed"),
        ("Basic eDp5".to_owned(), "token_malformed"),
    ] {
        assert_eq!(reason(&bare, &header(&value)).await, expected, "{value:.40}");
    }
    let strict = world(&[]).await;
    assert_eq!(reason(&strict, &header(&token)).await, "token_malformed");
}

#[tokio::test]
async fn another_scheme_is_malformed_whatever_commas_it_has() {
    let world = world(&[("MODE", "OPTIONAL")]).await;
    for value in [
        "AWS4-HMAC-SHA256 Credential=AKID/20261126/eu-west-1/execute-api/aws4_request, SignedHeaders=host, Signature=ab",
        "Digest username=\"x\", realm=\"y\"",
        "Bearerx y",
        "Bearer, x",
        ",",
    ] {
        assert_eq!(reason(&world, &request(&json!({ "Authorization": value }))).await, "token_malformed", "{value}");
    }
}

fn connect(headers: &Value) -> Value {
    json!({
        "type": "REQUEST",
        "methodArn": support::ARN.replace("GET/pets/42", "$connect"),
        "requestContext": { "eventType": "CONNECT", "connectionId": "c", "routeKey": "$connect" },
        "headers": headers,
    })
}

#[tokio::test]
async fn a_token_may_be_among_the_offered_sub_protocols() {
    let world = world(&[("JWT__WEBSOCKET_PROTOCOL", "bearer")]).await;
    let (token, other) = (Token::id().sign(), Token::id().claim("jti", "2").sign());
    for (offered, expected) in [
        (format!("bearer, {token}"), Ok("bearer")),
        (format!("bearer,{token}"), Ok("bearer")),
        (format!("chat, bearer, {token}"), Ok("chat")),
        (format!("bearer, {token}, chat"), Ok("bearer")),
        (format!("bearer.{token}, chat"), Ok("chat")),
        (format!("chat, bearer.{token}"), Ok("chat")),
        (format!("bearer, {token}, bearer, {token}"), Ok("bearer")),
        // Nothing is left to accept.
        (format!("bearer.{token}"), Err("token_malformed")),
        ("bearer".to_owned(), Err("token_malformed")),
        ("chat, bearer,".to_owned(), Err("token_malformed")),
        (format!("bearer, {token}, bearer, {other}"), Err("credentials_ambiguous")),
        ("chat".to_owned(), Err("credentials_missing")),
        (format!("Bearer, {token}"), Err("credentials_missing")),
    ] {
        let told = world.ask(&connect(&json!({ "Sec-WebSocket-Protocol": offered }))).await;
        match expected {
            Ok(protocol) => assert_eq!(told.answer()["context"]["webSocketProtocol"], protocol, "{offered:.60}"),
            Err(expected) => assert_eq!(told.reason(), expected, "{offered:.60}"),
        }
    }
    // Several headers are one list, and the event has each in two maps.
    let mut event = connect(&json!({ "Sec-WebSocket-Protocol": token }));
    event["multiValueHeaders"] = json!({ "sec-websocket-protocol": ["bearer", token] });
    assert_eq!(world.ask(&event).await.answer()["context"]["webSocketProtocol"], "bearer");
    // The same token in its header is one credential, another one is not.
    let both = |header: &str| {
        connect(
            &json!({ "Authorization": format!("Bearer {header}"), "Sec-WebSocket-Protocol": format!("bearer, {token}") }),
        )
    };
    assert_eq!(world.ask(&both(&token)).await.answer()["context"]["webSocketProtocol"], "bearer");
    assert_eq!(reason(&world, &both(&other)).await, "credentials_ambiguous");
}

#[tokio::test]
async fn sub_protocols_are_looked_at_in_websocket_events_alone_and_where_that_is_switched_on() {
    let headers = json!({ "Sec-WebSocket-Protocol": format!("bearer, {}", Token::id().sign()) });
    let on = world(&[("JWT__WEBSOCKET_PROTOCOL", "bearer")]).await;
    assert_eq!(reason(&on, &request(&headers)).await, "credentials_missing");
    let off = world(&[]).await;
    assert_eq!(reason(&off, &connect(&headers)).await, "credentials_missing");
}

#[tokio::test]
async fn a_cookie_header_in_the_cache_key_must_hold_the_cookie() {
    let world = world(&[("JWT__COOKIE_NAME", "session")]).await;
    let token = Token::id().sign();
    let whole = format!("a=b; session={token}");
    let event = |key: Value| {
        json!({
            "version": "1.0", "type": "REQUEST", "methodArn": support::ARN, "identitySource": key,
            "multiValueHeaders": { "Cookie": [whole, "theme=dark"] },
        })
    };
    assert_eq!(reason(&world, &event(json!(whole))).await, "allowed");
    assert_eq!(reason(&world, &event(json!(token))).await, "allowed");
    // Another caller may send this header as well.
    assert_eq!(reason(&world, &event(json!("theme=dark"))).await, "cache_key_mismatch");
}

#[tokio::test]
async fn a_joined_cache_key_must_hold_the_whole_value() {
    let world = world(&[]).await;
    let value = format!("Bearer {}", Token::id().sign());
    let event = |key: String| {
        json!({
            "version": "1.0", "type": "REQUEST", "methodArn": support::ARN, "identitySource": key,
            "headers": { "Authorization": value },
        })
    };
    for key in [value.clone(), format!("a,{value}"), format!("{value},b"), format!("a,{value},b")] {
        assert_eq!(reason(&world, &event(key)).await, "allowed");
    }
    for key in [format!("x{value}"), format!("{value}x"), format!("a,x{value},b"), "a,b".to_owned()] {
        assert_eq!(reason(&world, &event(key)).await, "cache_key_mismatch");
    }
}

#[tokio::test]
async fn headers_in_a_token_event_are_ignored() {
    let world = world(&[("MODE", "OPTIONAL"), ("JWT__COOKIE_NAME", "session")]).await;
    let (token, other) = (Token::id().sign(), Token::id().claim("jti", "2").sign());
    let mut event = json!({
        "type": "TOKEN", "methodArn": support::ARN, "authorizationToken": format!("Bearer {token}"),
        "headers": {
            "Authorization": format!("Bearer {other}"), "Cookie": format!("session={other}"),
            "SMAC-Principal": SERVICE, "SMAC-Token": SERVICE_TOKEN,
        },
        "multiValueHeaders": { "Authorization": ["Basic x"], "SMAC-Token": ["x"] },
        "cookies": [format!("session={other}")],
    });
    assert_eq!(world.ask(&event).await.answer()["context"]["principalType"], "user");
    event["authorizationToken"].take();
    assert_eq!(world.ask(&event).await.answer()["context"]["principalType"], "anonymous");
}
