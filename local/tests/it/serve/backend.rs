//! A backend behind the gateway, and pages of other origins before it.

use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use smac_local::deployment::EMAIL;
use smac_local::http_server::{self, Server};
use smac_local::token::Token;
use tokio::runtime::Runtime;

use super::{Gateway, UNAUTHORIZED};

/// A backend that says what it gets.
fn echo(runtime: &Runtime) -> Server {
    let server = Server::start("127.0.0.1:0", |request| async move {
        let headers: Value = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), Value::from(String::from_utf8_lossy(value.as_bytes()))))
            .collect();
        let (method, target) = (request.method().to_string(), request.uri().to_string());
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let seen =
            json!({ "method": method, "target": target, "headers": headers, "body": String::from_utf8_lossy(&body) });
        Ok(http_server::json(201, &seen))
    });
    runtime.block_on(server).unwrap()
}

#[test]
fn allowed_requests_go_on_with_the_context_and_others_do_not() {
    let runtime = Runtime::new().unwrap();
    let server = echo(&runtime);
    let backend = format!("{}/base/", server.url());
    let options = ["--backend", backend.as_str(), "--backend-header", "X-User=userId"];
    let authorization = format!("Bearer {}", Token::id().sign());
    for (kind, pointer) in
        [("rest", "/authorizer/userId"), ("token", "/authorizer/userId"), ("http", "/authorizer/lambda/userId")]
    {
        let gateway = Gateway::start(&[&["--kind", kind], &options[..]].concat());
        let forged =
            [("Authorization", authorization.as_str()), ("x-user", "forged"), ("x-amzn-request-context", "forged")];
        let answer = gateway.post("/pets?a=b", &forged, "a body");
        let seen = &answer.body;
        assert_eq!((answer.status, &seen["method"], &seen["body"]), (201, &json!("POST"), &json!("a body")), "{kind}");
        assert_eq!(seen["target"], "/base/pets?a=b");
        assert_eq!(
            (&seen["headers"]["x-user"], &seen["headers"]["authorization"]),
            (&json!(EMAIL), &json!(authorization))
        );
        let context: Value = serde_json::from_str(seen["headers"]["x-amzn-request-context"].as_str().unwrap()).unwrap();
        assert_eq!(context.pointer(pointer), Some(&json!(EMAIL)), "{context}");
        assert_eq!(seen["headers"]["host"], server.address().to_string());
        gateway.ask("GET /pets", &[("x-user", "forged")]).is(401, UNAUTHORIZED);
    }
    drop(server);
    let gateway = Gateway::start(&["--backend", "http://127.0.0.1:1"]);
    gateway.with_token("GET /", &Token::id().sign()).is(502, r#"{"message":"Internal server error"}"#);
}

#[test]
fn pages_of_other_origins_get_answers_if_they_may() {
    let preflight = [
        ("Origin", "http://localhost:5173"),
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", "authorization"),
    ];
    let gateway = Gateway::start(&["--cors"]);
    let answer = gateway.ask("OPTIONS /pets", &preflight);
    assert_eq!(answer.status, 204);
    for header in ["allow-origin: *", "allow-methods: put", "allow-headers: authorization"] {
        assert!(answer.head.contains(&format!("access-control-{header}")), "{}", answer.head);
    }
    assert!(gateway.reported().starts_with("204 preflight"));
    let refused = gateway.ask("GET /pets", &preflight[..1]);
    assert!(refused.status == 401 && refused.head.contains("access-control-allow-origin: *"), "{}", refused.head);
    // A method of the API's own, as without the option.
    assert_eq!(gateway.ask("OPTIONS /pets", &[]).status, 401);
    let one = Gateway::start(&["--cors", "http://localhost:5173"]);
    let answer = one.with_token("GET /pets", &Token::id().sign());
    assert!(answer.head.contains("access-control-allow-origin: http://localhost:5173"), "{}", answer.head);
    let none = Gateway::start(&[]);
    let answer = none.ask("OPTIONS /pets", &preflight);
    assert!(answer.status == 401 && !answer.head.contains("access-control"), "{}", answer.head);
}
