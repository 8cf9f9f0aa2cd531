//! The gateway's cache and the access rules: whoever walks the routes in whatever order gets the same verdicts.

use serde_json::json;
use smac_local::token::Token;

use super::Gateway;

const RULES: &str = "examples/rules/rules";

/// Requests of all routes, of two paths of one, and of one that is not in the list.
const REQUESTS: [&str; 9] = [
    "GET /pets",
    "POST /pets",
    "GET /pets/42",
    "GET /pets/43",
    "PUT /pets/42",
    "DELETE /pets/42",
    "DELETE /pets/43",
    "GET /orders",
    "GET /nowhere",
];

/// Groups, and what their member gets.
const CALLERS: [(&[&str], [u16; REQUESTS.len()]); 3] = [
    (&[], [200, 403, 200, 200, 403, 403, 403, 403, 403]),
    (&["staff"], [200, 200, 200, 200, 200, 403, 403, 403, 403]),
    (&["staff", "managers"], [200, 200, 200, 200, 200, 200, 200, 403, 403]),
];

const SEEDS: u64 = 6;

/// Each kind of API and scope with a key for which caching is right.
const CACHING: [&[&str]; 8] = [
    &["--kind", "rest", "--identity-source", "Authorization"],
    &[
        "--kind",
        "rest",
        "--identity-source",
        "Authorization",
        "--identity-source",
        "context.path",
        "--identity-source",
        "context.httpMethod",
        "--setting",
        "POLICY__SCOPE=METHOD",
    ],
    &["--kind", "token"],
    &["--kind", "http", "--identity-source", "Authorization"],
    &["--kind", "http", "--payload", "1.0", "--identity-source", "Authorization"],
    &[
        "--kind",
        "http",
        "--identity-source",
        "Authorization",
        "--identity-source",
        "$context.path",
        "--identity-source",
        "$context.httpMethod",
        "--setting",
        "POLICY__SCOPE=METHOD",
    ],
    &["--kind", "http", "--simple", "--identity-source", "Authorization", "--identity-source", "$context.routeKey"],
    &[
        "--kind",
        "http",
        "--simple",
        "--identity-source",
        "Authorization",
        "--identity-source",
        "$context.routeKey",
        "--setting",
        "POLICY__SCOPE=METHOD",
    ],
];

fn rules() -> String {
    crate::support::root().join(RULES).to_str().unwrap().to_owned()
}

fn token(groups: &[&str], id: u64) -> String {
    Token::id().claim("cognito:groups", json!(groups)).claim("jti", id.to_string()).sign()
}

/// The same numbers in another order for each seed.
fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap() % (last + 1);
        order.swap(last, other);
    }
    order
}

#[test]
fn orders_differ() {
    let orders: std::collections::BTreeSet<_> = (0..SEEDS).map(|seed| shuffled(REQUESTS.len(), seed)).collect();
    assert!(orders.len() > 3, "{orders:?}");
    assert!(orders.iter().all(|order| order.iter().sum::<usize>() == (0..REQUESTS.len()).sum::<usize>()));
}

#[test]
fn verdicts_do_not_depend_on_the_order() {
    let rules = rules();
    for caching in CACHING {
        let gateway = Gateway::start(&[caching, &["--ttl", "300", "--rules", &rules]].concat());
        let mut from_cache = 0;
        for seed in 0..SEEDS {
            for (caller, (groups, expected)) in (0u64..).zip(&CALLERS) {
                let token = token(groups, seed * 10 + caller);
                // Twice, so that each is once answered from the cache at least.
                for round in 0..2 {
                    for index in shuffled(REQUESTS.len(), seed + round * 100) {
                        let request = REQUESTS[index];
                        // A simple answer for a route that stands for several is never cached: the API has no such route.
                        if caching.contains(&"--simple") && request == "GET /nowhere" {
                            continue;
                        }
                        let answer = gateway.with_token(request, &token);
                        let place = format!("{caching:?} {groups:?} seed {seed} {request}");
                        assert_eq!(answer.status, expected[index], "{place}");
                        from_cache += usize::from(gateway.line().contains("from the gateway's cache"));
                    }
                }
            }
        }
        assert!(from_cache >= REQUESTS.len() * CALLERS.len() * usize::try_from(SEEDS).unwrap() / 2, "{from_cache}");
    }
}

#[test]
fn a_key_without_the_route_allows_nobody_more() {
    let rules = rules();
    // The wrong way to cache: the answer for one route is used for the next one. It refuses, and never allows.
    for options in [
        &["--kind", "rest", "--identity-source", "Authorization", "--setting", "POLICY__SCOPE=METHOD"][..],
        &["--kind", "http", "--identity-source", "Authorization", "--setting", "POLICY__SCOPE=METHOD"],
        &["--kind", "http", "--simple", "--identity-source", "Authorization"],
    ] {
        let gateway = Gateway::start(&[options, &["--ttl", "300", "--rules", &rules]].concat());
        let mut refused = 0;
        for (caller, (groups, expected)) in (0u64..).zip(&CALLERS) {
            let token = token(groups, caller);
            for index in shuffled(REQUESTS.len(), caller) {
                let status = gateway.with_token(REQUESTS[index], &token).status;
                assert!(status != 200 || expected[index] == 200, "{options:?} {}", REQUESTS[index]);
                refused += usize::from(status != 200 && expected[index] == 200);
            }
        }
        assert!(refused > 0, "the test would not see it: {options:?}");
    }
}

#[test]
fn a_web_socket_is_opened_or_not_however_often() {
    let folder = crate::support::file("folder", "");
    std::fs::remove_file(&folder).unwrap();
    std::fs::create_dir(&folder).unwrap();
    let policy =
        "permit (principal in UserGroup::\"eu-west-1_DevPrimary|staff\", action == Action::\"$connect\", resource);";
    std::fs::write(format!("{folder}/connect.cedar"), policy).unwrap();
    let list = r#"{"": {"actions": {"$connect": {}}, "entityTypes": {}}}"#;
    std::fs::write(format!("{folder}/routes.json"), list).unwrap();
    for scope in ["STAGE", "METHOD"] {
        let scope = format!("POLICY__SCOPE={scope}");
        let gateway = Gateway::start(&["--kind", "websocket", "--rules", &folder, "--setting", &scope]);
        for seed in 0..SEEDS {
            for index in shuffled(6, seed) {
                let (groups, expected) = if index % 2 == 0 { (&["staff"][..], 101) } else { (&["others"][..], 403) };
                let status = super::web_socket::status(&gateway, &format!("?token={}", token(groups, seed)));
                assert_eq!(status, expected, "{scope} {groups:?}");
            }
        }
    }
}
