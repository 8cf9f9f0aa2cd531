//! The page, and who may use it.

use serde_json::{Value, json};
use smac_local::deployment::{Issuer, Pool};
use smac_local::token::{Token, Use};

use crate::support::root;

use super::{Gateway, UNAUTHORIZED};

#[test]
fn the_page_shows_the_checks_in_their_order() {
    let gateway = Gateway::start(&[]);
    let state = |decided: &Value, name: &str| {
        let checks = decided["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).unwrap()["state"].clone()
    };
    let request = json!({ "kind": "rest-request", "method": "GET", "path": "/pets" });
    let with = |name: &str, value: Value| {
        let mut request = request.clone();
        request[name] = value;
        request
    };
    for kind in ["rest-request", "http-v1", "http-v2", "websocket"] {
        let mut request = with("token", Token::access().sign().into());
        request["kind"] = kind.into();
        let decided = gateway.decide(&request);
        assert_eq!((&decided["outcome"], decided["gateway"].is_null()), (&json!("allowed"), true), "{kind}");
        assert_eq!(decided["status"], if kind == "websocket" { 101 } else { 200 });
        assert!(decided["checks"].as_array().unwrap().iter().all(|check| check["state"] == "passed"));
        assert_eq!((&decided["issuer"], &decided["why"]), (&json!("PRIMARY"), &Value::Null));
    }
    let decided = gateway.decide(&with("token", Token::id().forged().sign().into()));
    assert_eq!((&decided["reason"], &decided["status"]), (&json!("signature_invalid"), &json!(401)));
    assert_eq!(decided["why"], "The signature is not valid. The issuer is pool PRIMARY");
    assert!(decided["change"].as_str().unwrap().starts_with("send the token as Cognito gave it"));
    assert_eq!(
        [state(&decided, "key"), state(&decided, "signature"), state(&decided, "times")],
        ["passed", "failed", "not-reached"]
    );
    let decided = gateway.decide(&with("token", Token::of(Issuer::Dev, Use::Access).sign().into()));
    assert_eq!((&decided["outcome"], &decided["issuer"]), (&json!("allowed"), &json!("DEV")), "{decided}");
    let decided = gateway.decide(&with("token", Token::of(Issuer::Dev, Use::Id).sign().into()));
    assert_eq!((&decided["reason"], state(&decided, "audience")), (&json!("audience_not_allowed"), json!("failed")));
    let advice = decided["change"].as_str().unwrap();
    assert!(advice.contains("PROVIDER_OIDC__ISSUERS__DEV__AUDIENCE"), "{advice}");
    // Malformed as well, but behind the signature.
    let decided = gateway.decide(&with("token", Token::id().claim("nbf", 1.5).sign().into()));
    assert_eq!((&decided["reason"], state(&decided, "times")), (&json!("token_malformed"), json!("failed")));
    let decided = gateway.decide(&with("token", "x".into()));
    assert_eq!((&decided["reason"], state(&decided, "form")), (&json!("token_malformed"), json!("failed")));
    let decided = gateway.decide(&with("pair", json!({ "id": "unknown", "token": "x" })));
    assert_eq!((&decided["reason"], state(&decided, "secret")), (&json!("service_unknown"), json!("failed")));
    let decided = gateway.decide(&request);
    assert_eq!((&decided["reason"], state(&decided, "credential")), (&json!("credentials_missing"), json!("failed")));
}

/// A page that loads at once, without a framework.
const MAX_PAGE_BYTES: u64 = 60_000;

#[test]
fn the_page_is_small() {
    let files = std::fs::read_dir(root().join("local/page")).unwrap();
    let size: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(size < MAX_PAGE_BYTES, "{size} bytes");
}

#[test]
fn a_rule_that_decided_is_shown() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules");
    let (policies, routes) =
        (format!("RULES__POLICIES={folder}/rules.cedar"), format!("RULES__ROUTES={folder}/routes.json"));
    let gateway = Gateway::start(&["--setting", &policies, "--setting", &routes]);
    let info = gateway.ask("GET /_local/info", &[]).body;
    let count = |name: &str| info["rules"][name].as_array().unwrap().len();
    assert_eq!((count("policies"), count("routes")), (3, 4), "{info}");
    for (method, reason, policies) in
        [("GET", Value::Null, json!(["rules.cedar#0"])), ("PUT", json!("rule_forbids"), json!(["rules.cedar#1"]))]
    {
        let request = json!({ "kind": "rest-request", "method": method, "path": "/pets", "token": Token::id().sign() });
        let decided = gateway.decide(&request);
        assert_eq!((&decided["reason"], &decided["rules"]["policies"]), (&reason, &policies), "{decided}");
    }
}

#[test]
fn other_sites_get_nothing_of_the_page() {
    let gateway = Gateway::start(&[]);
    let here = format!("localhost:{}", gateway.port);
    let origin = format!("http://{here}");
    let body = json!({ "use": "id", "issuer": Pool::Primary.name() }).to_string();
    let json_type = ("Content-Type", "application/json");
    let host = ("Host", here.as_str());
    for (headers, status) in [
        (&[host, json_type][..], 200),
        (&[host, ("Origin", &origin), json_type], 200),
        (&[("Host", "127.0.0.1"), ("Origin", "http://127.0.0.1"), json_type], 200),
        // A name that somebody else has resolve to loopback.
        (&[("Host", "rebound.example"), json_type], 403),
        (&[("Host", "rebound.example"), ("Origin", "http://rebound.example"), json_type], 403),
        (&[("Host", "localhost.rebound.example"), json_type], 403),
        (&[json_type], 403),
        // Another site's page.
        (&[host, ("Origin", "http://other.example"), json_type], 403),
        (&[host, ("Origin", "null"), json_type], 403),
        (&[host, ("Origin", "http://localhost:1"), json_type], 403),
        (&[host, ("Origin", &origin), ("Origin", "http://other.example"), json_type], 403),
        // Another site's form.
        (&[host, ("Content-Type", "text/plain")], 400),
        (&[host], 400),
    ] {
        let answer = gateway.page("token", headers, &body);
        assert_eq!(answer.status, status, "{headers:?}");
        assert_eq!(answer.body["token"].is_string(), status == 200, "{headers:?}");
        assert!(!answer.head.contains("access-control-"));
    }
    let html = [("Accept", "text/html,*/*;q=0.8")];
    let info = gateway.ask("GET /_local/info", &[]);
    let uses = info.body["issuers"].as_array().unwrap().iter().map(|issuer| (&issuer["name"], &issuer["use"]));
    let expected =
        [(&json!("PRIMARY"), &json!("id")), (&json!("SECONDARY"), &json!("id")), (&json!("DEV"), &json!("access"))];
    assert_eq!(uses.collect::<Vec<_>>(), expected);
    let page = gateway.ask("GET /", &html);
    assert!(page.head.contains("content-security-policy: default-src 'none'; script-src 'self';"), "{}", page.head);
    assert!(page.head.contains("content-type: text/html"));
    let rebound = "GET / HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\nAccept: text/html";
    assert_eq!(gateway.raw(rebound, "").status, 403);
    let large = gateway.page("decision", &[host, json_type], &format!("\"{}\"", "x".repeat(70_000)));
    assert_eq!(large.status, 400);
    // What is not for browsers is the API's.
    gateway.ask("GET /", &[("Accept", "*/*")]).is(401, UNAUTHORIZED);
    assert_eq!(gateway.ask("GET /_local/other", &[]).status, 404);
}
