//! What somebody tries who may read pets and files, and may not see `/admin`.

use std::time::{Duration, Instant};

use serde_json::json;
use smac_local::deployment::Pool;
use smac_local::token::{Token, Use};

use super::{APIS, Api, Rules, allows, event, permit, user};

const ROUTES: &[&str] = &["get /pets", "get /pets/{id}", "get /files/{path+}", "get /admin", "delete /pets/{id}"];

const PERMITTED: &[&str] = &["get /pets", "get /pets/{id}", "get /files/{path+}"];

const SCOPES: [&str; 2] = ["STAGE", "METHOD"];

async fn rules(scope: &str) -> Rules {
    Rules::new(&permit(PERMITTED), ROUTES, &[("POLICY__SCOPE", scope)]).await
}

/// Spellings of `/admin`, for one reader or another.
const SPELLINGS: &[&str] = &[
    "/admin",
    "/admin/",
    "//admin",
    "/./admin",
    "/admin/.",
    "/%61dmin",
    "/%61%64%6d%69%6e",
    "/admin%2f",
    "/%2fadmin",
    "/files/../admin",
    "/files/%2e%2e/admin",
    "/files/..%2fadmin",
    "/files/a/../../admin",
    "/pets/../admin",
    "/pets/%2e%2e/admin",
    "/files/%252e%252e/admin",
    "/ADMIN",
    "/admin;x=1",
    "/admin%00",
    "/admin%20",
    "/admin?x",
    "/admin*",
    "/files/..\\admin",
    "/%c1%a1dmin",
];

#[tokio::test]
async fn no_spelling_of_a_path_opens_a_refused_route() {
    for scope in SCOPES {
        let rules = rules(scope).await;
        for api in APIS {
            for path in SPELLINGS {
                // The gateway knows the route; what the path looks like does not matter.
                let told = rules.ask(&event(api, &user(), "GET", "/admin", path)).await;
                // A TOKEN event has the path alone. Read as it is, it may be a file's.
                let is_file = api == Api::RestToken && path.starts_with("/files/%252e");
                let is_file = is_file || (api == Api::RestToken && *path == "/files/..\\admin");
                let is_allowed = allows(&told.answer(), &format!("GET{path}"));
                assert_eq!(is_allowed, is_file, "{scope} {api:?} {path}: {}", told.answer());
                assert_eq!(told.reason() == "allowed", is_file, "{scope} {api:?} {path}");
            }
        }
    }
}

#[tokio::test]
async fn no_spelling_of_a_method_opens_a_refused_route() {
    for scope in SCOPES {
        let rules = rules(scope).await;
        for api in APIS {
            for verb in ["DELETE", "delete", "Delete", "DELETE ", "%44ELETE", "ANY", "*", "HEAD", "X"] {
                let told = rules.ask(&event(api, &user(), verb, "/pets/{id}", "/pets/42")).await;
                assert_ne!(told.reason(), "allowed", "{scope} {api:?} {verb}");
                for request in [format!("{verb}/pets/42"), "DELETE/pets/42".to_owned()] {
                    assert!(!allows(&told.answer(), &request), "{scope} {api:?} {verb} {request}: {}", told.answer());
                }
            }
        }
    }
}

#[tokio::test]
async fn overlong_paths_end_in_time() {
    for scope in SCOPES {
        let rules = rules(scope).await;
        for api in APIS {
            for path in [
                "/files/".to_owned() + &"a".repeat(7_000),
                "/a".repeat(3_000),
                "/files".to_owned() + &"/..".repeat(2_000),
            ] {
                let began = Instant::now();
                let told = rules.ask(&event(api, &user(), "GET", "/admin", &path)).await;
                assert!(began.elapsed() < Duration::from_secs(2), "{scope} {api:?} {:?}", began.elapsed());
                // Read as it is; without the dots it is no route's.
                let is_file = api == Api::RestToken && scope == "STAGE" && path.starts_with("/files/");
                assert_eq!(told.reason() == "allowed", is_file, "{scope} {api:?} {}", &path[..20]);
            }
        }
    }
}

#[tokio::test]
async fn thousands_of_groups_are_thousands_of_groups() {
    let groups: Vec<String> = (0..5_000).map(|number| format!("group-{number}")).collect();
    let token = Token::id().claim("cognito:groups", json!(groups)).sign();
    let of =
        |group: &str| format!("permit (principal in UserGroup::\"{}|{group}\", action, resource);", Pool::Primary.id());
    for (group, expected) in [("group-0", "allowed"), ("group-4999", "allowed"), ("group-5000", "rule_missing")] {
        let rules = Rules::new(&of(group), ROUTES, &[]).await;
        let began = Instant::now();
        let told = rules.ask(&event(Api::RestRequest, &token, "GET", "/pets", "/pets")).await;
        assert_eq!(told.reason(), expected, "{group}");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn claims_make_nobody_else_of_a_caller() {
    let primary = Pool::Primary.id();
    let second = Pool::Secondary.id();
    for (token, policy) in [
        // A subject or a group with the separator in it.
        (Token::id().claim("sub", format!("{second}|jane")), format!("principal == User::\"{second}|jane\"")),
        (Token::id().claim("sub", "a|b"), format!("principal == User::\"{primary}|a\"")),
        (
            Token::id().claim("cognito:groups", json!([format!("{second}|staff")])),
            format!("principal in UserGroup::\"{second}|staff\""),
        ),
        (
            Token::of(Pool::Secondary, Use::Id).claim("cognito:groups", json!(["staff"])),
            format!("principal in UserGroup::\"{primary}|staff\""),
        ),
        // Names that mean something to Cedar's own JSON.
        (
            Token::id().claim("parents", json!([{ "type": "UserGroup", "id": format!("{primary}|staff") }])),
            format!("principal in UserGroup::\"{primary}|staff\""),
        ),
        (
            Token::id().claim("__entity", json!({ "type": "Service", "id": "billing" })),
            "principal == Service::\"billing\"".to_owned(),
        ),
        (Token::id().claim("type", "Service"), "principal is Service".to_owned()),
        // Groups that are not a list.
        (Token::id().claim("cognito:groups", "staff"), format!("principal in UserGroup::\"{primary}|staff\"")),
        (
            Token::id().claim("cognito:groups", json!({ "staff": true })),
            format!("principal in UserGroup::\"{primary}|staff\""),
        ),
    ] {
        let rules = Rules::new(&format!("permit ({policy}, action, resource);"), ROUTES, &[]).await;
        let told = rules.ask(&event(Api::RestRequest, &token.sign(), "GET", "/pets", "/pets")).await;
        assert_eq!(told.reason(), "rule_missing", "{policy}");
    }
    for condition in
        ["principal.userId == \"admin\"", "context.request.stage == \"test\"", "context.pathParameters.id == \"1\""]
    {
        let claims = json!({ "stage": "test", "request": { "stage": "test" } });
        let token =
            Token::id().claim("userId", "admin").claim("request", claims).claim("pathParameters", json!({ "id": "1" }));
        let policy = format!("permit (principal, action, resource) when {{ {condition} }};");
        let rules = Rules::new(&policy, ROUTES, &[("POLICY__SCOPE", "METHOD")]).await;
        let told = rules.ask(&event(Api::RestRequest, &token.sign(), "GET", "/pets", "/pets")).await;
        assert_eq!(told.reason(), "rule_missing", "{condition}");
    }
}
