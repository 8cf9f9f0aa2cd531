//! Sections 1 and 2 of the contract: events of every kind, and the credential in them.

use serde_json::{Value, json};
use smac_local::deployment::{SERVICE, SERVICE_TOKEN};
use smac_local::token::Token;

use crate::support::{self, ARN, allow, fault, pair, request, world};

const ROUTE: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/pets";
const CONNECT: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/$connect";

#[tokio::test]
async fn the_kind_of_an_event() {
    let world = world(&[]).await;
    for (event, kind) in [
        (json!({ "type": "TOKEN", "methodArn": ARN }), "rest-token"),
        (json!({ "type": "TOKEN", "version": "2.0", "routeArn": ROUTE, "methodArn": ARN }), "rest-token"),
        (json!({ "type": "REQUEST", "version": "2.0", "routeArn": ROUTE }), "http-v2"),
        (json!({ "routeArn": ROUTE, "version": "1.0", "methodArn": ARN }), "http-v2"),
        (json!({ "type": "REQUEST", "version": "1.0", "methodArn": ARN }), "http-v1"),
        (json!({ "version": "1.0", "methodArn": CONNECT }), "http-v1"),
        (json!({ "type": "REQUEST", "methodArn": ARN, "requestContext": { "eventType": "CONNECT" } }), "websocket"),
        (json!({ "type": "REQUEST", "methodArn": ARN, "requestContext": { "connectionId": "x" } }), "websocket"),
        (json!({ "type": "REQUEST", "methodArn": CONNECT }), "websocket"),
        (json!({ "type": "REQUEST", "methodArn": CONNECT, "httpMethod": null }), "websocket"),
        (json!({ "type": "REQUEST", "methodArn": CONNECT, "httpMethod": "GET" }), "rest-request"),
        (json!({ "type": "REQUEST", "methodArn": ARN }), "rest-request"),
        (json!({ "type": "REQUEST", "methodArn": ARN, "requestContext": { "eventType": "MESSAGE" } }), "rest-request"),
    ] {
        let told = world.ask(&event).await;
        assert_eq!((told.reason(), told.line()["kind"].as_str().unwrap()), ("credentials_missing", kind), "{event}");
        assert_eq!((told.line()["api"].clone(), told.line()["stage"].clone()), (json!("abcdef1234"), json!("prod")));
    }
}

#[tokio::test]
async fn what_is_no_event_is_our_fault_before_everything_else() {
    let world = world(&[("MODE", "OPTIONAL")]).await;
    let bad_credential = json!({ "Authorization": "Basic x" });
    for event in [
        json!({ "methodArn": CONNECT }),
        json!({}),
        json!([]),
        // The fields in the order in which they are read, without their names.
        json!(["TOKEN", null, ARN]),
        json!({ "type": "REQUEST", "methodArn": ARN, "requestContext": ["CONNECT"] }),
        json!("REQUEST"),
        Value::Null,
        json!({ "methodArn": ARN }),
        json!({ "type": "OTHER", "methodArn": ARN, "headers": bad_credential }),
        json!({ "type": "REQUEST", "headers": bad_credential }),
        json!({ "type": "REQUEST", "methodArn": "nonsense", "headers": bad_credential }),
        json!({ "type": "REQUEST", "methodArn": null }),
        json!({ "type": "REQUEST", "methodArn": 7 }),
        json!({ "version": "2.0", "methodArn": ARN }),
        json!({ "type": "REQUEST", "methodArn": ARN, "headers": "x" }),
        json!({ "type": "REQUEST", "methodArn": ARN, "headers": ["x"] }),
        json!({ "type": "REQUEST", "methodArn": ARN, "queryStringParameters": 1 }),
    ] {
        let told = world.ask(&event).await;
        assert_eq!((told.reason(), told.answer()), ("event_unsupported", fault("event_unsupported")), "{event}");
    }
    for text in ["", "{", "not json", "{\"type\":\"REQUEST\",\"type\":\"TOKEN\"}", "\u{0}"] {
        let told = world.ask_with_string(text).await;
        assert_eq!(told.reason(), "event_unsupported", "{text}");
    }
}

#[tokio::test]
async fn maps_may_be_missing_null_or_empty_and_one_odd_header_harms_nobody() {
    let world = world(&[]).await;
    let token = format!("Bearer {}", Token::id().sign());
    for (name, empty) in [
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "cookies",
        "stageVariables",
        "requestContext",
        "pathParameters",
        "identitySource",
    ]
    .into_iter()
    .flat_map(|name| [Value::Null, json!({}), json!([])].map(|empty| (name, empty)))
    {
        let is_map = name.ends_with("eaders") || name.ends_with("Parameters") || name == "requestContext";
        if (empty == json!([]) && is_map) || (empty == json!({}) && !is_map) {
            continue;
        }
        let mut event =
            json!({ "type": "REQUEST", "methodArn": ARN, "multiValueHeaders": { "authorization": [token] } });
        if name == "multiValueHeaders" {
            event["headers"] = json!({ "authorization": token });
        }
        event[name] = empty.clone();
        assert_eq!(world.ask(&event).await.reason(), "allowed", "{name} {empty}");
    }
    for odd in
        [json!(null), json!(1), json!(1.5), json!(true), json!({}), json!([null, 1, {}]), json!("\u{0}\u{7f}ä\r\n")]
    {
        let event = json!({
            "type": "REQUEST",
            "methodArn": ARN,
            "headers": { "Odd": odd, "": odd, "ä\n": odd, "Authorization": token },
            "multiValueHeaders": { "Odd": odd, "Authorization": [null, token] },
            "requestContext": { "identity": odd, "authorizer": odd },
            "stageVariables": odd,
        });
        assert_eq!(world.ask(&event).await.reason(), "allowed", "{odd}");
    }
}

#[tokio::test]
async fn the_consoles_test_events() {
    let world = world(&[]).await;
    let arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/ESTestInvoke-stage/GET/";
    let token = format!("Bearer {}", Token::id().sign());
    let event = json!({ "type": "TOKEN", "methodArn": arn, "authorizationToken": token });
    assert_eq!(world.ask(&event).await.reason(), "allowed");
    let event = json!({
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/null/GET/",
        "resource": "/", "path": "/", "httpMethod": "GET",
        "headers": { "Authorization": token },
        "multiValueHeaders": { "Authorization": [token] },
        "queryStringParameters": {}, "multiValueQueryStringParameters": {}, "pathParameters": {}, "stageVariables": {},
        "requestContext": { "path": "/", "accountId": "123456789012", "stage": "test-invoke-stage", "identity": { "sourceIp": null } },
    });
    assert_eq!(world.ask(&event).await.reason(), "allowed");
}

#[tokio::test]
async fn the_form_of_the_header() {
    let world = world(&[]).await;
    let token = Token::id().sign();
    for (value, expected) in [
        (format!("Bearer {token}"), "allowed"),
        (format!("bEARER {token}"), "allowed"),
        (format!(" \tBearer \t {token}\t "), "allowed"),
        (String::new(), "credentials_missing"),
        (" \t ".to_owned(), "credentials_missing"),
        ("Bearer".to_owned(), "token_malformed"),
        ("Bearer ".to_owned(), "token_malformed"),
        (format!("Bearer{token}"), "token_malformed"),
        (token.clone(), "token_malformed"),
        (format!("Bearer {token} {token}"), "token_malformed"),
        (format!("Bearer {token}\u{a0}"), "token_malformed"),
        (format!("Bearer\u{a0}{token}"), "token_malformed"),
        (format!("Bearer\n{token}"), "token_malformed"),
        (format!("Basic {token}"), "token_malformed"),
        (format!("Bearer {token},"), "credentials_ambiguous"),
        (format!("Bearer {token}, Bearer {token}"), "credentials_ambiguous"),
        ("é".to_owned(), "token_malformed"),
    ] {
        let told = world.ask(&request(&json!({ "Authorization": value }))).await;
        assert_eq!(told.reason(), expected, "{value}");
        let told = world.ask(&json!({ "type": "TOKEN", "methodArn": ARN, "authorizationToken": value })).await;
        assert_eq!(told.reason(), expected, "TOKEN {value}");
    }
}

#[tokio::test]
async fn another_header_another_prefix_or_none() {
    let token = Token::id().sign();
    let named = world(&[("JWT__HEADER_NAME", "X-Auth"), ("JWT__HEADER_PREFIX", "JWT")]).await;
    assert_eq!(named.ask(&request(&json!({ "x-auth": format!("jwt {token}") }))).await.reason(), "allowed");
    assert_eq!(
        named.ask(&request(&json!({ "Authorization": format!("jwt {token}") }))).await.reason(),
        "credentials_missing"
    );
    let bare = world(&[("JWT__HEADER_PREFIX", "  ")]).await;
    assert_eq!(bare.ask(&request(&json!({ "Authorization": format!(" {token} ") }))).await.reason(), "allowed");
    assert_eq!(bare.ask_with_token(&token).await.reason(), "token_malformed");
}

#[tokio::test]
async fn query_parameters_and_cookies_only_where_they_are_switched_on() {
    let token = Token::id().sign();
    let query = json!({ "type": "REQUEST", "methodArn": ARN, "queryStringParameters": { "token": token } });
    let cookie = request(&json!({ "Cookie": format!("a=b; session={token} ;c") }));
    let list = json!({ "version": "2.0", "routeArn": ROUTE, "cookies": ["a=b", format!("session={token}")] });
    let off = world(&[("JWT__QUERY_PARAMETER", "")]).await;
    let on = world(&[("JWT__COOKIE_NAME", "session")]).await;
    for event in [&query, &cookie, &list] {
        assert_eq!(off.ask(event).await.reason(), "credentials_missing", "{event}");
        assert_eq!(on.ask(event).await.reason(), "allowed", "{event}");
    }
    for (event, expected) in [
        (json!({ "queryStringParameters": { "Token": token } }), "credentials_missing"),
        (json!({ "queryStringParameters": { "token": "" } }), "credentials_missing"),
        (json!({ "queryStringParameters": { "token": format!("Bearer {token}") } }), "token_malformed"),
        (json!({ "queryStringParameters": { "token": token.replace('.', "%2E") } }), "token_malformed"),
        (json!({ "headers": { "cookie": format!("Session={token}") } }), "credentials_missing"),
        (json!({ "headers": { "cookie": format!("session=\"{token}\"") } }), "token_malformed"),
        (json!({ "headers": { "cookie": "session=" } }), "credentials_missing"),
    ] {
        let mut event = event;
        event["type"] = "REQUEST".into();
        event["methodArn"] = ARN.into();
        assert_eq!(on.ask(&event).await.reason(), expected, "{event}");
    }
}

#[tokio::test]
async fn two_values_for_one_credential_are_refused() {
    let world = world(&[("JWT__COOKIE_NAME", "session")]).await;
    let (one, two) = (Token::id().sign(), Token::id().claim("jti", "2").sign());
    let [a, b] = [&one, &two].map(|token| format!("Bearer {token}"));
    let event = |more: Value| {
        let mut event = json!({ "type": "REQUEST", "methodArn": ARN });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    for (more, expected) in [
        (json!({ "headers": { "Authorization": a }, "multiValueHeaders": { "Authorization": [a] } }), "allowed"),
        (json!({ "headers": { "Authorization": a, "authorization": a } }), "allowed"),
        (json!({ "multiValueHeaders": { "Authorization": [a, a] } }), "allowed"),
        (json!({ "headers": { "Authorization": a, "authorization": b } }), "credentials_ambiguous"),
        (
            json!({ "headers": { "Authorization": a }, "multiValueHeaders": { "Authorization": [b, a] } }),
            "credentials_ambiguous",
        ),
        (json!({ "multiValueHeaders": { "Authorization": ["Basic x", a] } }), "credentials_ambiguous"),
        (json!({ "multiValueQueryStringParameters": { "token": [one, two] } }), "credentials_ambiguous"),
        (json!({ "queryStringParameters": { "token": format!("{one},{one}") } }), "credentials_ambiguous"),
        (json!({ "headers": { "cookie": format!("session={one}; session={two}") } }), "credentials_ambiguous"),
        (
            json!({ "headers": { "cookie": format!("session={one}") }, "cookies": [format!("session={two}")] }),
            "credentials_ambiguous",
        ),
        (
            json!({ "headers": { "Authorization": a }, "queryStringParameters": { "token": two } }),
            "credentials_ambiguous",
        ),
        (json!({ "headers": { "Authorization": a, "cookie": format!("session={two}") } }), "credentials_ambiguous"),
        (
            json!({ "headers": { "Authorization": a, "cookie": format!("session={one}") }, "queryStringParameters": { "token": one } }),
            "allowed",
        ),
        (
            json!({ "headers": { "Authorization": "Basic x" }, "queryStringParameters": { "token": one } }),
            "token_malformed",
        ),
        (
            json!({ "headers": { "Authorization": format!("{a} x") }, "queryStringParameters": { "token": one } }),
            "token_malformed",
        ),
        (
            json!({ "multiValueHeaders": { "SMAC-Principal": [SERVICE, "x"], "SMAC-Token": [SERVICE_TOKEN] } }),
            "credentials_ambiguous",
        ),
        (
            json!({ "multiValueHeaders": { "SMAC-Principal": [SERVICE], "SMAC-Token": [SERVICE_TOKEN, "x"] } }),
            "credentials_ambiguous",
        ),
        (
            json!({ "multiValueHeaders": { "SMAC-Principal": [SERVICE, "x"] }, "headers": { "Authorization": a } }),
            "allowed",
        ),
    ] {
        assert_eq!(world.ask(&event(more.clone())).await.reason(), expected, "{more}");
    }
    // A service token may contain commas.
    world.stand_ins.set_secret(&support::secret_name(), Some(r#"{"token":"a, b,c","id":"x"}"#), 0);
    assert_eq!(world.ask(&pair(SERVICE, "a, b,c")).await.reason(), "allowed");
}

#[tokio::test]
async fn an_answer_that_would_be_cached_under_another_key_is_refused() {
    let world = world(&[("JWT__COOKIE_NAME", "session")]).await;
    let token = Token::id().sign();
    let value = format!("Bearer {token}");
    let with_jwt = json!({ "authorization": value });
    let with_pair = json!({ "smac-principal": SERVICE, "smac-token": SERVICE_TOKEN });
    let cookie = format!("session={token}");
    let v1 = |headers: &Value, source: Value| json!({ "version": "1.0", "methodArn": ARN, "headers": headers, "identitySource": source });
    let v2 = |headers: &Value, source: Value| json!({ "version": "2.0", "routeArn": ROUTE, "headers": headers, "identitySource": source });
    let mismatch = "cache_key_mismatch";
    for (event, expected) in [
        (v2(&with_jwt, json!([value])), "allowed"),
        (v2(&with_jwt, json!(["203.0.113.1", value])), "allowed"),
        (v2(&with_jwt, json!([])), "allowed"),
        (v2(&with_jwt, json!(null)), "allowed"),
        (v2(&with_jwt, json!([null])), "allowed"),
        (v2(&with_jwt, json!([token])), mismatch),
        (v2(&with_jwt, json!(["203.0.113.1"])), mismatch),
        (v2(&with_jwt, json!([SERVICE_TOKEN])), mismatch),
        (v2(&with_pair, json!([SERVICE, SERVICE_TOKEN])), "allowed"),
        (v2(&with_pair, json!([SERVICE_TOKEN])), "allowed"),
        (v2(&with_pair, json!([SERVICE])), mismatch),
        (v2(&with_pair, json!([format!("{SERVICE_TOKEN}x")])), mismatch),
        (v1(&with_jwt, json!(value)), "allowed"),
        (v1(&with_jwt, json!(format!("203.0.113.1,{value}"))), "allowed"),
        (v1(&with_jwt, json!("")), "allowed"),
        (v1(&with_jwt, json!("203.0.113.1")), mismatch),
        (v1(&with_pair, json!(format!("{SERVICE},{SERVICE_TOKEN}"))), "allowed"),
        (v1(&with_pair, json!(SERVICE)), mismatch),
        (v2(&json!({ "cookie": cookie }), json!([cookie])), "allowed"),
        (v2(&json!({ "cookie": cookie }), json!([token])), "allowed"),
        (v2(&json!({ "cookie": cookie }), json!(["x"])), mismatch),
        (v1(&json!({ "cookie": cookie }), json!(cookie)), "allowed"),
        (v1(&json!({ "cookie": cookie }), json!("x")), mismatch),
        // REST events do not show it.
        (json!({ "type": "REQUEST", "methodArn": ARN, "headers": with_jwt, "identitySource": "x" }), "allowed"),
    ] {
        assert_eq!(world.ask(&event).await.reason(), expected, "{event}");
    }
    let mut query = v2(&json!({}), json!([token]));
    query["queryStringParameters"] = json!({ "token": token });
    assert_eq!(world.ask(&query).await.reason(), "allowed");
    let mut list = v2(&json!({}), json!([format!("a=b; {cookie}")]));
    list["cookies"] = json!(["a=b", cookie]);
    assert_eq!(world.ask(&list).await.reason(), "allowed");
    list["identitySource"] = json!(["x"]);
    assert_eq!(world.ask(&list).await.reason(), mismatch);
    // It comes before the verification, and costs nothing.
    let calls = world.calls();
    assert_eq!(world.ask(&v2(&json!({ "authorization": "Bearer x" }), json!(["y"]))).await.reason(), mismatch);
    assert_eq!(world.calls(), calls);
    // Nobody has no credential to be cached under.
    let optional = support::world(&[("MODE", "OPTIONAL")]).await;
    assert_eq!(optional.ask(&v2(&json!({}), json!(["203.0.113.1"]))).await.reason(), "allowed");
}

#[tokio::test]
async fn optional_lets_nobody_in_but_nobody() {
    let world = world(&[("MODE", "optional")]).await;
    let told = world.ask(&request(&json!({}))).await;
    assert_eq!(told.answer(), allow("anonymous", "anonymous"));
    for (event, expected) in [
        (support::bearer("x"), "token_malformed"),
        (support::bearer(&Token::id().expired().sign()), "token_expired"),
        (pair("nobody", "x"), "service_unknown"),
        (request(&json!({ "Authorization": "Basic x" })), "token_malformed"),
        // A service whose other variable is empty is not an anonymous caller.
        (request(&json!({ "SMAC-Token": "x" })), "credentials_missing"),
        (request(&json!({ "SMAC-Principal": "x", "SMAC-Token": "" })), "credentials_missing"),
        (request(&json!({ "SMAC-Principal": "" })), "credentials_missing"),
    ] {
        assert_eq!(world.ask(&event).await.reason(), expected, "{event}");
    }
}
