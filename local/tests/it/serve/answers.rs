//! What the client gets, as each kind of API answers.

use serde_json::json;
use smac_local::deployment::{EMAIL, SERVICE, SERVICE_ID, SERVICE_TOKEN};
use smac_local::stand_ins::{StandIns, Upstream};
use smac_local::token::Token;

use crate::support::{deployed_with, env_file};

use super::{EXPLICIT_DENY, FORBIDDEN, Gateway, IMPLICIT_DENY, UNAUTHORIZED, run};

#[test]
fn the_example_of_the_help_works() {
    let help = run(&["serve", "--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    let example = r#"curl -H "Authorization: Bearer $(cargo local token)" localhost:3000/pets"#;
    assert!(help.lines().any(|line| line.trim() == example), "{help}");
    let token = String::from_utf8(run(&["token"]).stdout).unwrap();

    let gateway = Gateway::start(&[]);
    let answer = gateway.with_token("GET /pets", token.trim());
    let authorizer = json!({ "principalId": EMAIL, "userId": EMAIL, "principalType": "user" });
    let seen = json!({ "method": "GET", "path": "/pets", "requestContext": { "authorizer": authorizer } });
    assert_eq!((answer.status, answer.body), (200, seen));
    let reported = gateway.reported();
    assert!(reported.starts_with("200 allowed (user), ") && reported.ends_with(" us, keySet fresh"), "{reported}");
}

#[test]
fn a_rest_api() {
    let gateway = Gateway::start(&["--setting", "PROVIDER_COGNITO__REQUIRED_GROUPS=readers"]);
    let answer = gateway.with_token("DELETE /pets/1?q=1", &Token::access().sign());
    assert_eq!(
        (answer.status, &answer.body["method"], &answer.body["path"]),
        (200, &json!("DELETE"), &json!("/pets/1"))
    );
    let line = gateway.line();
    assert!(line.starts_with("DELETE  /pets/1 ") && line.ends_with("keySet fresh, userInfo fetched"), "{line}");

    let pair = [("SMAC-Principal", SERVICE), ("SMAC-Token", SERVICE_TOKEN)];
    assert_eq!(gateway.ask("GET /", &pair).body["requestContext"]["authorizer"]["principalId"], SERVICE_ID);
    assert!(gateway.reported().ends_with("secret fetched"));
    gateway.ask("GET /", &[("SMAC-Principal", SERVICE), ("SMAC-Token", "another")]).is(401, UNAUTHORIZED);
    assert!(gateway.reported().starts_with("401 unauthorized: service_token_mismatch, "));

    let answer = gateway.ask("GET /pets?token=", &[]);
    answer.is(401, UNAUTHORIZED);
    assert!(answer.head.contains("x-amzn-errortype: unauthorizedexception"));
    assert!(gateway.reported().starts_with("401 unauthorized: credentials_missing, "));

    let answer = gateway.with_token("GET /pets", &Token::id().claim("cognito:groups", json!(["others"])).sign());
    answer.is(403, EXPLICIT_DENY);
    assert!(answer.head.contains("x-amzn-errortype: accessdeniedexception"));
    assert!(gateway.reported().starts_with("403 forbidden: group_missing, "));
}

#[test]
fn a_token_authorizer() {
    let gateway = Gateway::start(&["--kind", "token", "--ttl", "300"]);
    let token = Token::id().sign();
    let answer = gateway.with_token("GET /pets", &token);
    assert_eq!((answer.status, &answer.body["requestContext"]["authorizer"]["principalId"]), (200, &json!(EMAIL)));
    assert!(gateway.reported().starts_with("200 allowed (user), "));
    assert_eq!(gateway.with_token("PUT /toys", &token).status, 200);
    assert_eq!(gateway.reported(), "200 allowed (from the gateway's cache)");
    gateway.ask("GET /pets", &[("SMAC-Principal", SERVICE), ("SMAC-Token", SERVICE_TOKEN)]).is(401, UNAUTHORIZED);
    assert!(gateway.reported().ends_with("so the function is not asked"));
    let gateway = Gateway::start(&[
        "--kind",
        "token",
        "--identity-source",
        "method.request.header.X-Token",
        "--setting",
        "JWT__HEADER_NAME=X-Token",
    ]);
    assert_eq!(gateway.ask("GET /pets", &[("x-token", &format!("Bearer {token}"))]).status, 200);
}

#[test]
fn a_deployment_of_ones_own_asks_its_upstreams_or_says_what_is_assumed() {
    let stand_ins = tokio::runtime::Runtime::new().unwrap();
    let upstreams = stand_ins.block_on(StandIns::start(0)).unwrap();
    let path = env_file(&upstreams.environment());
    let live = Gateway::start(&["--env-file", &path, "--live"]);
    assert_eq!(live.with_token("GET /pets", &Token::access().sign()).status, 200);
    assert_eq!(live.with_token("GET /pets", &Token::id().forged().sign()).status, 401);
    assert_eq!(upstreams.calls(Upstream::UserInfo), 1);
    let offline = Gateway::start(&["--env-file", &deployed_with(&[])]);
    let request = json!({ "kind": "rest-request", "method": "GET", "path": "/", "token": Token::id().sign() });
    let decided = offline.decide(&request);
    assert_eq!((&decided["status"], &decided["isAssumed"]), (&json!(200), &json!(true)));
}

#[test]
fn a_fault_is_a_500_of_the_kind() {
    let options = ["--setting", "CONTEXT_CLAIMS=long"];
    let token = Token::id().claim("long", "x".repeat(9000)).sign();
    for (kind, body) in [("rest", json!({ "message": null })), ("http", json!({ "message": "Internal Server Error" }))]
    {
        let gateway = Gateway::start(&[&["--kind", kind], options.as_slice()].concat());
        let answer = gateway.with_token("GET /pets", &token);
        assert_eq!((answer.status, answer.body), (500, body));
        assert!(answer.head.contains("x-amzn-errortype: authorizerconfigurationexception"));
        assert!(gateway.reported().starts_with("500 fault: context_too_large, "));
    }
}

#[test]
fn claims_are_passed_on_as_each_kind_passes_them() {
    let claims = ["--setting", "CONTEXT_CLAIMS=email_verified,cognito:groups,cognito:username=username"];
    let token = Token::id().sign();
    let seen = |options: &[&str]| {
        let gateway = Gateway::start(&[options, &claims].concat());
        gateway.with_token("GET /pets", &token).body["requestContext"]["authorizer"].clone()
    };
    let context = json!({
        "userId": EMAIL, "principalType": "user", "email_verified": true, "cognito:groups": "readers writers",
        "username": "jane",
    });
    assert_eq!(seen(&["--kind", "http"]), json!({ "lambda": context }));
    assert_eq!(seen(&["--kind", "http", "--simple"]), json!({ "lambda": context }));
    let mut flat = context;
    flat["principalId"] = EMAIL.into();
    assert_eq!(seen(&["--kind", "http", "--payload", "1.0"]), flat);
    flat["email_verified"] = "true".into();
    assert_eq!(seen(&["--kind", "rest"]), flat);
}

#[test]
fn an_http_api_says_forbidden() {
    for options in [&["--payload", "1.0"][..], &["--payload", "2.0"], &["--simple"]] {
        let deny = ["--kind", "http", "--setting", "UNAUTHORIZED_AS=DENY"];
        let gateway = Gateway::start(&[&deny, options].concat());
        gateway.with_token("GET /pets", &Token::id().expired().sign()).is(403, FORBIDDEN);
        assert!(gateway.reported().starts_with("403 unauthorized: token_expired, "));
        let gateway = Gateway::start(&[&["--kind", "http"], options].concat());
        gateway.with_token("GET /pets", &Token::id().expired().sign()).is(401, UNAUTHORIZED);
    }
}

#[test]
fn simple_answers_that_the_api_does_not_expect_are_a_failure() {
    let gateway = Gateway::start(&["--kind", "http", "--setting", "HTTP_API_RESPONSE=SIMPLE"]);
    assert_eq!(gateway.with_token("GET /pets", &Token::id().sign()).status, 500);
    let reported = gateway.reported();
    assert!(
        reported.contains("allowed (user), but the function's answer is an error, or of another form"),
        "{reported}"
    );
}

#[test]
fn an_allow_can_end_with_its_token() {
    let options =
        ["--setting", "POLICY__EXPIRE_WITH_TOKEN=true", "--setting", "PROVIDER_COGNITO__CHECK_EXPIRATION=false"];
    let gateway = Gateway::start(&options);
    assert_eq!(gateway.with_token("GET /pets", &Token::id().sign()).status, 200);
    gateway.with_token("GET /pets", &Token::id().expired().sign()).is(403, IMPLICIT_DENY);
    gateway.line();
    let reported = gateway.reported();
    assert!(
        reported.starts_with("403 allowed (user), but implicit deny: the policy does not cover this method, "),
        "{reported}"
    );
}
