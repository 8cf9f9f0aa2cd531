//! Settings that change while the gateway runs: in their files, and by the page.

use std::fs;

use serde_json::json;
use smac_local::token::Token;

use super::Gateway;
use crate::support::file;

#[test]
fn changed_policies_and_settings_files_are_read_again() {
    let settings = |more: &str| {
        let policies = file("pets.cedar", r#"permit (principal, action == Action::"get /pets", resource);"#);
        let routes = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules/routes.json");
        (format!(r#"{{"RULES": {{"POLICIES": "{policies}", "ROUTES": "{routes}"}}{more}}}"#), policies)
    };
    let (text, policies) = settings("");
    let path = file("settings.json", &text);
    let gateway = Gateway::start(&["--setting", &format!("SETTINGS_FILE={path}")]);
    let token = Token::id().sign();
    assert_eq!(gateway.with_token("GET /pets", &token).status, 200);
    assert!(gateway.reported().starts_with("200 allowed (user)"));
    assert_eq!(gateway.with_token("PUT /pets", &token).status, 403);
    assert!(gateway.reported().starts_with("403 forbidden: rule_missing"));

    fs::write(&policies, "permit (principal, action, resource); // all of them").unwrap();
    assert_eq!(gateway.line(), "the settings were read again");
    assert_eq!(gateway.with_token("PUT /pets", &token).status, 200);
    gateway.line();
    fs::write(&policies, "permit (principal").unwrap();
    let said = gateway.line();
    assert!(said.starts_with("error: with these mistakes in the settings"), "{said}");
    assert!(gateway.line().ends_with("the old settings stay"));
    assert_eq!(gateway.with_token("PUT /pets", &token).status, 200);
    gateway.line();
    fs::write(&path, r#"{"PROVIDER_COGNITO": {"TOKEN_USE": ["ACCESS"]}}"#).unwrap();
    assert_eq!(gateway.line(), "the settings were read again");
    assert_eq!(gateway.with_token("PUT /pets", &token).status, 401);
}

#[test]
fn the_page_changes_settings_all_or_none() {
    let gateway = Gateway::start(&[]);
    let host = format!("localhost:{}", gateway.port);
    let headers = [("Host", host.as_str()), ("Content-Type", "application/json")];
    let set = |body: serde_json::Value| gateway.page("settings", &headers, &body.to_string());
    let request = json!({ "kind": "rest-request", "method": "GET", "path": "/", "token": Token::id().sign() });
    let before = gateway.ask("GET /_local/info", &[]).body;
    assert_eq!(before["settings"].as_array().unwrap().len(), 12);
    let groups = json!({ "PROVIDER_COGNITO__REQUIRED_GROUPS": "admins" });
    let after =
        set(json!({ "settings": groups, "identitySources": ["method.request.header.Authorization"], "ttl": 60 }));
    assert_eq!((after.status, &after.body["ttl"]), (200, &json!(60)));
    for is_hit in [false, true] {
        let decided = gateway.decide(&request);
        assert_eq!((&decided["status"], &decided["cache"]["isHit"]), (&json!(403), &json!(is_hit)), "{decided}");
    }
    for (settings, sources, ttl, problem) in [
        (json!({ "MODE": "x" }), json!([]), 0, "SMAC__AUTH__MODE: must be one of ENFORCE, OPTIONAL"),
        (json!({ "METRICS": "NONE" }), json!([]), 0, "METRICS: is not a setting of this page"),
        (json!({}), json!([]), 60, "needs an identity source"),
        (json!({}), json!(["$request.header.A"]), 0, "is not how a REST API spells it"),
        (json!({}), json!(["cookie:a"]), 0, "must be a header's NAME"),
    ] {
        let answer = set(json!({ "settings": settings, "identitySources": sources, "ttl": ttl }));
        assert_eq!(answer.status, 400);
        assert!(answer.body["message"].as_str().unwrap().contains(problem), "{}", answer.body);
    }
    assert_eq!(gateway.decide(&request)["status"], 403);
    assert_eq!(set(json!({ "settings": {}, "identitySources": [], "ttl": 0 })).status, 200);
    let decided = gateway.decide(&request);
    assert_eq!((&decided["status"], &decided["cache"]), (&json!(200), &json!(null)));
}

#[test]
fn the_cache_and_recent_requests_are_shown() {
    let gateway = Gateway::start(&["--identity-source", "Authorization", "--ttl", "300"]);
    let token = Token::id().sign();
    assert_eq!(gateway.with_token("POST /orders", &token).status, 200);
    let decided = gateway.decide(&json!({ "kind": "rest-request", "method": "GET", "path": "/pets", "token": token }));
    let cache = &decided["cache"];
    assert_eq!(
        (&cache["isHit"], &cache["madeFor"], &cache["whose"]),
        (&json!(true), &json!("POST /orders"), &json!("jane@example.com"))
    );
    assert!((298.0..=300.0).contains(&cache["secondsLeft"].as_f64().unwrap()), "{cache}");
    let recent = gateway.ask("GET /_local/recent", &[]).body;
    assert_eq!((&recent[0]["from"], &recent[0]["isHit"]), (&json!("page"), &json!(true)));
    assert_eq!(
        (&recent[1]["from"], &recent[1]["path"], &recent[1]["status"]),
        (&json!("client"), &json!("/orders"), &json!(200))
    );
    assert!(!recent.to_string().contains("eyJ"));
}
