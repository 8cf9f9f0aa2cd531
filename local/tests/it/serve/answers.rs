//! What the client gets, as each kind of API answers.

use serde_json::json;
use smac_local::deployment::{EMAIL, SERVICE, SERVICE_ID, SERVICE_TOKEN};
use smac_local::token::Token;

use super::{Gateway, explicit_deny, forbidden, implicit_deny, run, unauthorized};

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
    let answer = gateway.ask("GET /", &[("SMAC-Principal", SERVICE), ("SMAC-Token", "another")]);
    assert_eq!((answer.status, answer.body), (401, unauthorized()));
    assert!(gateway.reported().starts_with("401 unauthorized: service_token_mismatch, "));

    let answer = gateway.ask("GET /pets?token=", &[]);
    assert_eq!((answer.status, answer.body), (401, unauthorized()));
    assert!(answer.head.contains("x-amzn-errortype: unauthorizedexception"));
    assert!(gateway.reported().starts_with("401 unauthorized: credentials_missing, "));

    let answer = gateway.with_token("GET /pets", &Token::id().claim("cognito:groups", json!(["others"])).sign());
    assert_eq!((answer.status, answer.body), (403, explicit_deny()));
    assert!(answer.head.contains("x-amzn-errortype: accessdeniedexception"));
    assert!(gateway.reported().starts_with("403 forbidden: group_missing, "));
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
        let answer = gateway.with_token("GET /pets", &Token::id().expired().sign());
        assert_eq!((answer.status, answer.body), (403, forbidden()), "{options:?}");
        assert!(gateway.reported().starts_with("403 unauthorized: token_expired, "));
        let gateway = Gateway::start(&[&["--kind", "http"], options].concat());
        let answer = gateway.with_token("GET /pets", &Token::id().expired().sign());
        assert_eq!((answer.status, answer.body), (401, unauthorized()), "{options:?}");
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
    assert_eq!(gateway.with_token("GET /pets", &Token::id().expired().sign()).body, implicit_deny());
    gateway.line();
    let reported = gateway.reported();
    assert!(
        reported.starts_with("403 allowed (user), but implicit deny: the policy does not cover this method, "),
        "{reported}"
    );
}
