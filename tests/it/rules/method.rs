//! `POLICY__SCOPE=METHOD`: one decision, for the requested route.

use serde_json::json;
use smac_local::deployment::EMAIL;
use smac_local::token::Token;

use super::{ALL, APIS, Api, ROUTES, Rules, STAGE, concrete, event, logged, permit, resources, rest, user};
use crate::support::deny;

const METHOD: (&str, &str) = ("POLICY__SCOPE", "METHOD");

#[tokio::test]
async fn each_kind_of_api_asks_for_its_route() {
    let rules = Rules::new(&permit(&["get /pets/{id}", "post /pets"]), ROUTES, &[METHOD]).await;
    for api in APIS {
        for (verb, route, is_permitted) in [
            ("GET", "/pets/{id}", true),
            ("POST", "/pets", true),
            ("GET", "/pets", false),
            ("GET", "/pets/mine", false),
            ("DELETE", "/pets/{id}", false),
            ("GET", "/", false),
        ] {
            let path = concrete(route);
            let told = rules.ask(&event(api, &user(), verb, route, &path)).await;
            if is_permitted {
                assert_eq!(told.reason(), "allowed", "{api:?} {verb} {route}");
                assert_eq!(resources(&told.answer(), "Allow"), [format!("{verb}{path}")]);
                assert_eq!(resources(&told.answer(), "Deny"), [""; 0]);
                let expected = json!({ "decision": "allow", "policies": ["rules.cedar#0"], "errors": [] });
                assert_eq!(logged(&told), expected);
            } else {
                assert_eq!(told.answer(), deny("rule_missing"), "{api:?} {verb} {route}");
                assert_eq!(logged(&told), json!({ "decision": "deny", "policies": [], "errors": [] }));
            }
        }
    }
}

#[tokio::test]
async fn without_a_list_the_route_is_the_events() {
    let rules = Rules::with_list(&permit(&["get /pets/{id}", "$default"]), "", &[METHOD]).await;
    for api in [Api::RestRequest, Api::HttpV1, Api::HttpV2] {
        let ask =
            async |verb: &str, route: &str| rules.ask(&event(api, &user(), verb, route, "/pets/42")).await.reason();
        assert_eq!(ask("GET", "/pets/{id}").await, "allowed", "{api:?}");
        assert_eq!(ask("GET", "$default").await, "allowed", "{api:?}");
        assert_eq!(ask("PUT", "/pets/{id}").await, "rule_missing", "{api:?}");
        assert_eq!(ask("GET", "/pets/{name}").await, "rule_missing", "{api:?}");
    }
    // Only a list tells which route a path is one of.
    let told = rules.ask(&event(Api::RestToken, &user(), "GET", "/pets/{id}", "/pets/42")).await;
    assert_eq!(told.answer(), deny("route_unknown"));
}

#[tokio::test]
async fn a_route_for_every_method_is_asked_for_by_one() {
    let rules = Rules::with_list(&permit(&["get /pets", "head /pets"]), "", &[METHOD]).await;
    for (verb, expected) in [("GET", "allowed"), ("HEAD", "allowed"), ("get", "allowed"), ("DELETE", "rule_missing")] {
        let told = rules.ask(&event(Api::HttpV2, &user(), verb, "ANY /pets", "/pets")).await;
        assert_eq!(told.reason(), expected, "{verb}");
    }
    let forbids = format!("{ALL} forbid (principal, action == Action::\"delete /pets\", resource);");
    let rules = Rules::with_list(&forbids, "", &[METHOD]).await;
    for verb in ["DELETE", "delete", "dElEtE"] {
        let told = rules.ask(&event(Api::HttpV2, &user(), verb, "ANY /pets", "/pets")).await;
        assert_eq!(told.reason(), "rule_forbids", "{verb}");
    }
    let list = r#"{"openapi": "3.0.1", "paths": {"/pets": {"x-amazon-apigateway-any-method": {}}}}"#;
    let rules = Rules::with_list(ALL, list, &[METHOD]).await;
    for (verb, expected) in [("GET", "allowed"), ("Patch", "allowed"), ("FROB", "route_unknown"), ("", "route_unknown")]
    {
        let told = rules.ask(&event(Api::HttpV2, &user(), verb, "ANY /pets", "/pets")).await;
        assert_eq!(told.reason(), expected, "{verb}");
    }
}

#[tokio::test]
async fn a_route_that_is_not_in_the_list_is_refused() {
    let rules = Rules::new(ALL, ROUTES, &[METHOD]).await;
    for api in APIS {
        for (verb, route) in [("PUT", "/pets"), ("GET", "/toys"), ("GET", "$default")] {
            let told = rules.ask(&event(api, &user(), verb, route, "/toys")).await;
            assert_eq!(told.answer(), deny("route_unknown"), "{api:?} {verb} {route}");
            assert_eq!(logged(&told), json!({ "decision": "deny", "policies": [], "errors": [] }));
        }
    }
    // Either place names the route; without both there is none.
    for key in ["resource", "requestContext"] {
        let mut event = rest("GET", "/pets");
        event[key] = json!(null);
        assert_eq!(rules.ask(&event).await.reason(), "allowed", "{key}");
        event["resource"] = json!(null);
        event["requestContext"] = json!(null);
        assert_eq!(rules.ask(&event).await.reason(), "route_unknown");
    }
}

#[tokio::test]
async fn a_schemas_actions_keep_their_names_and_groups() {
    let list = json!({ "Shop": { "entityTypes": {}, "actions": {
        "listPets": {
            "memberOf": [{ "id": "read" }],
            "annotations": { "httpVerb": "get", "httpPathTemplate": "/pets" },
        },
        "get /pets/{id}": { "memberOf": [{ "id": "read" }] },
        "post /pets": {},
        "read": { "memberOf": [{ "id": "all" }] },
        "all": {},
    } } });
    let rules = "permit (principal in Shop::UserGroup::\"eu-west-1_DevPrimary|staff\", action in Shop::Action::\"all\",
                 resource == Shop::Application::\"Shop\");";
    let rules = Rules::with_list(rules, &list.to_string(), &[METHOD]).await;
    let staff = Token::id().claim("cognito:groups", json!(["staff"])).sign();
    for api in APIS {
        for (token, verb, route, expected) in [
            (&staff, "GET", "/pets", "allowed"),
            (&staff, "GET", "/pets/{id}", "allowed"),
            (&staff, "POST", "/pets", "rule_missing"),
            (&user(), "GET", "/pets", "rule_missing"),
        ] {
            let told = rules.ask(&event(api, token, verb, route, &concrete(route))).await;
            assert_eq!(told.reason(), expected, "{api:?} {verb} {route}");
        }
    }
}

#[tokio::test]
async fn a_namespace_can_be_given() {
    let policy = "permit (principal is A::B::User, action == A::B::Action::\"get /pets\", resource == A::B::Application::\"A::B\");";
    let namespace = ("RULES__NAMESPACE", "A::B");
    let with = Rules::new(policy, ROUTES, &[METHOD, namespace]).await;
    assert_eq!(with.ask(&rest("GET", "/pets")).await.reason(), "allowed");
    // Without one the application is the API.
    let policy =
        "permit (principal is User, action == Action::\"get /pets\", resource == Application::\"abcdef1234\");";
    let without = Rules::new(policy, ROUTES, &[METHOD]).await;
    assert_eq!(without.ask(&rest("GET", "/pets")).await.reason(), "allowed");
}

#[tokio::test]
async fn a_path_that_a_policy_cannot_name_is_refused() {
    let rules = Rules::new(ALL, ROUTES, &[METHOD]).await;
    for path in ["/pets/*", "/pets/?", &format!("/pets/{}", "x".repeat(512))] {
        let told = rules.ask(&event(Api::RestRequest, &user(), "GET", "/pets/{id}", path)).await;
        assert_eq!(told.answer(), deny("resource_unsafe"), "{path}");
    }
    let told = rules.ask(&rest("GET", "/pets")).await;
    assert_eq!(told.answer()["principalId"], EMAIL);
    assert!(told.answer().to_string().contains(STAGE));
}
