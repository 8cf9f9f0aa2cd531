//! The gateway's cache and its identity sources.

use std::time::Duration;

use smac_local::deployment::{SERVICE, SERVICE_TOKEN};
use smac_local::token::Token;

use super::{Gateway, explicit_deny, implicit_deny, unauthorized};

#[test]
fn one_policy_is_used_for_all_methods() {
    let caching = ["--identity-source", "Authorization", "--ttl", "300"];
    let token = Token::id().sign();

    let gateway = Gateway::start(&caching);
    assert_eq!(gateway.with_token("GET /pets", &token).status, 200);
    assert!(gateway.reported().contains("keySet fresh"));
    assert_eq!(gateway.with_token("POST /orders", &token).status, 200);
    assert_eq!(gateway.reported(), "200 allowed (from the gateway's cache)");
    // Another token is another key.
    assert_eq!(gateway.with_token("GET /pets", &Token::id().claim("jti", "another").sign()).status, 200);
    assert!(gateway.reported().contains("keySet fresh"));

    // The trap: the policy of the first method is cached, and names no other.
    let method = ["--setting", "POLICY__SCOPE=METHOD"];
    let gateway = Gateway::start(&[&caching[..], &method].concat());
    assert_eq!(gateway.with_token("GET /pets", &token).status, 200);
    gateway.line();
    let answer = gateway.with_token("POST /pets", &token);
    assert_eq!((answer.status, answer.body), (403, implicit_deny()));
    assert_eq!(
        gateway.reported(),
        "403 implicit deny: the policy does not cover this method (from the gateway's cache)"
    );
    assert_eq!(gateway.with_token("GET /pets", &token).status, 200);

    // It needs the cache.
    let gateway = Gateway::start(&method);
    for request in ["GET /pets", "POST /pets"] {
        assert_eq!(gateway.with_token(request, &token).status, 200);
    }
}

#[test]
fn a_deny_is_cached_and_an_error_never() {
    let caching = ["--identity-source", "Authorization", "--ttl", "300"];
    let token = Token::id().expired().sign();
    let gateway = Gateway::start(&caching);
    for _ in 0..2 {
        assert_eq!(gateway.with_token("GET /pets", &token).status, 401);
        assert!(gateway.reported().starts_with("401 unauthorized: token_expired, "));
    }
    let gateway = Gateway::start(&[&caching[..], &["--setting", "UNAUTHORIZED_AS=DENY"]].concat());
    for _ in 0..2 {
        assert_eq!(gateway.with_token("GET /pets", &token).body, explicit_deny());
    }
    assert!(gateway.reported().starts_with("403 unauthorized: token_expired, "));
    assert_eq!(gateway.reported(), "403 explicit deny (from the gateway's cache)");
}

#[test]
fn the_cache_ends() {
    let gateway = Gateway::start(&["--identity-source", "Authorization", "--ttl", "1"]);
    let token = Token::id().sign();
    gateway.with_token("GET /pets", &token);
    assert!(gateway.reported().contains("keySet fresh"));
    std::thread::sleep(Duration::from_millis(1100));
    gateway.with_token("GET /pets", &token);
    assert!(gateway.reported().contains("keySet fresh"));
}

#[test]
fn identity_sources_are_and_ed_and_a_missing_one_is_refused_unseen() {
    let gateway = Gateway::start(&["--identity-source", "Authorization", "--identity-source", "query:tenant"]);
    let token = Token::id().sign();
    let unseen = "401 an identity source is missing, so the function is not asked";
    for (request, is_enough) in [("GET /pets", false), ("GET /pets?tenant=", false), ("GET /pets?tenant=a", true)] {
        let answer = gateway.with_token(request, &token);
        assert_eq!(answer.status == 200, is_enough, "{request}");
        assert_eq!(gateway.reported() == unseen, !is_enough, "{request}");
    }
    let answer = gateway.ask("GET /pets?tenant=a", &[("SMAC-Principal", SERVICE), ("SMAC-Token", SERVICE_TOKEN)]);
    assert_eq!((answer.status, answer.body), (401, unauthorized()));
    assert_eq!(gateway.reported(), unseen);
}

#[test]
fn an_http_event_shows_the_cache_key() {
    for payload in ["1.0", "2.0"] {
        let kind = ["--kind", "http", "--payload", payload];
        let gateway = Gateway::start(&[&kind[..], &["--identity-source", "X-Tenant"]].concat());
        let token = format!("Bearer {}", Token::id().sign());
        let answer = gateway.ask("GET /pets", &[("Authorization", &token), ("X-Tenant", "a")]);
        assert_eq!(answer.status, 401);
        assert!(gateway.reported().starts_with("401 unauthorized: cache_key_mismatch, "));
        let sources = ["--identity-source", "x-tenant", "--identity-source", "authorization"];
        let gateway = Gateway::start(&[&kind[..], &sources].concat());
        assert_eq!(gateway.ask("GET /pets", &[("Authorization", &token), ("X-Tenant", "a")]).status, 200);
    }
}
