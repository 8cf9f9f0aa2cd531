//! `POLICY__SCOPE=STAGE`: all routes are decided, since API Gateway may use the policy for each of them.

use serde_json::json;
use smac_local::deployment::EMAIL;
use smac_local::token::Token;

use super::{ALL, APIS, Api, ROUTES, Rules, STAGE, allows, concrete, event, logged, permit, resources, rest, user};
use crate::support::{allow, deny, world};

#[tokio::test]
async fn all_routes_permitted_is_the_answer_without_rules() {
    let rules = Rules::new(ALL, ROUTES, &[]).await;
    let plain = world(&[]).await;
    for api in APIS {
        let event = event(api, &user(), "GET", "/pets", "/pets");
        let told = rules.ask(&event).await;
        assert_eq!(told.answer(), allow(EMAIL, "user"), "{api:?}");
        assert_eq!(told.answer(), plain.ask(&event).await.answer());
        assert_eq!(logged(&told)["decision"], "allow");
    }
}

#[tokio::test]
async fn the_policy_is_right_for_every_route_whichever_asks() {
    let permitted = ["get /pets", "get /pets/{id}", "post /pets"];
    let rules = Rules::new(&permit(&permitted), ROUTES, &[]).await;
    for api in APIS {
        let mut answers = Vec::new();
        for name in ROUTES {
            let (verb, route) = name.split_once(' ').unwrap();
            let verb = verb.to_uppercase();
            let told = rules.ask(&event(api, &user(), &verb, route, &concrete(route))).await;
            let expected = if permitted.contains(name) { "allowed" } else { "rule_missing" };
            assert_eq!(told.reason(), expected, "{api:?} {name}");
            let outcome = if expected == "allowed" { "allowed" } else { "forbidden" };
            assert_eq!(told.line()["outcome"], outcome);
            assert_eq!(told.answer()["principalId"], EMAIL, "the context is the principal's");
            assert_eq!(told.answer()["context"], json!({ "userId": EMAIL, "principalType": "user" }));
            answers.push(told.answer());
        }
        for (answer, _) in answers.iter().zip(ROUTES) {
            assert_eq!(answer, &answers[0]);
            for name in ROUTES {
                let (verb, route) = name.split_once(' ').unwrap();
                let request = format!("{}{}", verb.to_uppercase(), concrete(route));
                assert_eq!(allows(answer, &request), permitted.contains(name), "{api:?} {name}");
            }
        }
        assert_eq!(resources(&answers[0], "Allow"), ["GET/pets", "POST/pets", "GET/pets/*"]);
        // A REST API ignores a slash at the end, and an HTTP API does not.
        let denied: &[&str] = match api {
            Api::RestToken | Api::RestRequest => {
                &["GET/pets/mine", "GET/pets/mine/", "GET/pets/*/toys", "GET/pets/*/toys/"]
            }
            Api::HttpV1 | Api::HttpV2 => &["GET/pets/mine", "GET/pets/*/toys"],
        };
        assert_eq!(resources(&answers[0], "Deny"), denied);
    }
}

#[tokio::test]
async fn a_mixed_policy_is_a_deny_of_nothing_where_no_allow_reaches() {
    let rules = Rules::new(&permit(&["get /pets/mine"]), ROUTES, &[]).await;
    let told = rules.ask(&rest("GET", "/pets/mine")).await;
    let expected = json!({
        "principalId": EMAIL,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Action": ["execute-api:Invoke"], "Resource": [format!("{STAGE}/GET/pets/mine")],
            }],
        },
        "context": { "userId": EMAIL, "principalType": "user" },
    });
    assert_eq!(told.answer(), expected);
}

#[tokio::test]
async fn an_unknown_route_is_denied_beside_the_others() {
    for (policies, allowed) in [(ALL.to_owned(), vec!["*"]), (permit(&["get /pets"]), vec!["GET/pets"])] {
        let rules = Rules::new(&policies, ROUTES, &[]).await;
        for api in APIS {
            let told = rules.ask(&event(api, &user(), "GET", "/toys", "/toys/7")).await;
            assert_eq!(told.reason(), "route_unknown", "{api:?}");
            assert_eq!(resources(&told.answer(), "Allow"), allowed);
            assert_eq!(resources(&told.answer(), "Deny"), ["GET/toys/7"]);
            assert_eq!(told.answer()["context"]["userId"], EMAIL);
            assert!(allows(&told.answer(), "GET/pets") && !allows(&told.answer(), "GET/toys/7"));
        }
        // What can't be named can't be denied alone.
        for path in ["/toys/*", "/toys/?", "/toys/${aws:userid}"] {
            let told = rules.ask(&event(Api::RestRequest, &user(), "GET", "/toys", path)).await;
            assert_eq!(told.answer(), deny("route_unknown"), "{path}");
        }
    }
    let rules = Rules::new("forbid (principal, action, resource);", ROUTES, &[]).await;
    let told = rules.ask(&event(Api::RestRequest, &user(), "GET", "/toys", "/toys")).await;
    assert_eq!(told.answer(), deny("route_unknown"));
}

#[tokio::test]
async fn a_list_without_paths_permits_none() {
    let rules = Rules::new(ALL, &["$connect"], &[]).await;
    for api in APIS {
        let told = rules.ask(&event(api, &user(), "GET", "/pets", "/pets")).await;
        assert_eq!(told.answer(), deny("route_unknown"), "{api:?}");
    }
}

#[tokio::test]
async fn rules_about_the_request_are_about_this_one_alone() {
    let policies = format!(
        "{} permit (principal, action == Action::\"get /pets/{{id}}\", resource) when {{ context.pathParameters.id == \"42\" }};",
        permit(&["get /pets", "post /pets"])
    );
    let rules = Rules::new(&policies, ROUTES, &[]).await;
    for api in APIS {
        let ask = async |route: &str, id: &str| {
            let mut event = event(api, &user(), "GET", route, &route.replace("{id}", id));
            if route.contains("{id}") && api != Api::RestToken {
                event["pathParameters"] = json!({ "id": id });
            }
            rules.ask(&event).await
        };
        let told = ask("/pets/{id}", "42").await;
        assert_eq!((told.reason(), resources(&told.answer(), "Allow")), ("allowed", vec!["GET/pets/42".to_owned()]));
        assert_eq!(resources(&told.answer(), "Deny"), [""; 0], "{api:?}");
        assert_eq!(ask("/pets/{id}", "43").await.answer(), deny("rule_missing"), "{api:?}");
        // For the others it counts as refused.
        let told = ask("/pets", "").await;
        assert_eq!(told.reason(), "allowed");
        assert_eq!(resources(&told.answer(), "Allow"), ["GET/pets", "POST/pets"], "{api:?}");
        assert!(!allows(&told.answer(), "GET/pets/42"));
    }
}

#[tokio::test]
async fn a_rule_about_the_request_for_any_action_leaves_no_policy_for_all() {
    // Who asks does not matter, and neither does the effect.
    let policies = format!(
        "{ALL} forbid (principal == User::\"nobody\", action, resource) when {{ context.request.stage == \"x\" }};"
    );
    let rules = Rules::new(&policies, ROUTES, &[]).await;
    for api in APIS {
        let told = rules.ask(&event(api, &user(), "GET", "/pets/{id}", "/pets/1")).await;
        assert_eq!((told.reason(), resources(&told.answer(), "Allow")), ("allowed", vec!["GET/pets/1".to_owned()]));
        assert_eq!(rules.ask(&event(api, &user(), "GET", "/toys", "/toys")).await.answer(), deny("route_unknown"));
    }
}

#[tokio::test]
async fn rules_about_the_token_hold_for_all_its_requests() {
    let policies = "permit (principal, action in [Action::\"get /pets\", Action::\"get /\"], resource)
                    when { context has token.scope && context.token.scope.contains(\"pets/read\") };";
    let rules = Rules::new(policies, ROUTES, &[]).await;
    let token = Token::access().claim("email", EMAIL).claim("email_verified", true);
    let token = |scope: &str| token.clone().claim("scope", scope).sign();
    let told = rules.ask(&event(Api::RestRequest, &token("openid pets/read"), "GET", "/pets", "/pets")).await;
    assert_eq!(told.reason(), "allowed");
    assert_eq!(resources(&told.answer(), "Allow"), ["GET/", "GET/pets"]);
    let told = rules.ask(&event(Api::RestRequest, &token("pets/reader"), "GET", "/pets", "/pets")).await;
    assert_eq!(told.answer(), deny("rule_missing"));
}

#[tokio::test]
async fn too_many_routes_for_a_policy_leave_this_requests_alone() {
    let names: Vec<String> = (0..200).map(|number| format!("get /collection-{number:03}/{{id}}")).collect();
    let routes: Vec<&str> = names.iter().map(String::as_str).collect();
    let refused = "forbid (principal, action == Action::\"get /collection-007/{id}\", resource);";
    let rules = Rules::new(&format!("{ALL}{refused}"), &routes, &[]).await;
    for api in APIS {
        let ask = async |number: &str| {
            let route = format!("/collection-{number}/{{id}}");
            rules.ask(&event(api, &user(), "GET", &route, &concrete(&route))).await
        };
        let told = ask("003").await;
        assert_eq!(told.reason(), "allowed");
        assert_eq!(resources(&told.answer(), "Allow"), ["GET/collection-003/42"]);
        let expected = json!({ "decision": "allow", "policies": ["rules.cedar#0"], "errors": [], "scope": "method" });
        assert_eq!(logged(&told), expected, "{api:?}");
        let told = ask("007").await;
        assert_eq!(told.answer(), deny("rule_forbids"));
        assert_eq!(logged(&told)["scope"], "method");
        assert_eq!(ask("999").await.answer(), deny("route_unknown"));
    }
    // A context that is too large by itself is a fault, as it is without rules.
    let rules = Rules::new(&format!("{ALL}{refused}"), &routes, &[("CONTEXT_CLAIMS", "big")]).await;
    let token = Token::id().claim("big", "x".repeat(9_000)).sign();
    let told = rules.ask(&event(Api::RestRequest, &token, "GET", routes[3], "/collection-003/1")).await;
    assert_eq!(told.reason(), "context_too_large");
}

#[tokio::test]
async fn the_largest_policy_fits() {
    let fits = async |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("get /r{number:02}")).collect();
        let routes: Vec<&str> = names.iter().map(String::as_str).collect();
        let rules =
            Rules::new(&format!("{ALL} forbid (principal, action == Action::\"get /r00\", resource);"), &routes, &[])
                .await;
        let told = rules.ask(&event(Api::RestRequest, &user(), "GET", "/r01", "/r01")).await;
        let length = told.answer().to_string().len();
        assert!(length < 8192, "{length}");
        logged(&told).get("scope").is_none()
    };
    assert!(fits(90).await);
    assert!(!fits(120).await);
}

#[tokio::test]
async fn an_allow_ends_with_its_token_and_a_deny_does_not() {
    let settings = [("POLICY__EXPIRE_WITH_TOKEN", "true")];
    let rules = Rules::new(&permit(&["get /pets/{id}"]), ROUTES, &settings).await;
    let answer = rules.ask(&rest("GET", "/pets/{id}")).await.answer();
    let statements = answer["policyDocument"]["Statement"].as_array().unwrap();
    assert_eq!(statements.len(), 2);
    assert!(statements[0]["Condition"]["DateLessThan"]["aws:CurrentTime"][0].is_string());
    assert_eq!((&statements[1]["Effect"], statements[1].get("Condition")), (&json!("Deny"), None));
}

#[tokio::test]
async fn what_patterns_cannot_say_is_refused_and_logged_so() {
    let routes = ["get /pets/mine", "get /pets/{id}", "get /{proxy+}"];
    let rules = Rules::new(&permit(&["get /pets/mine", "get /{proxy+}"]), &routes, &[]).await;
    for api in [Api::RestToken, Api::RestRequest, Api::HttpV1, Api::HttpV2] {
        let told = rules.ask(&event(api, &user(), "GET", "/pets/mine", "/pets/mine")).await;
        assert_eq!(told.reason(), "resource_unsafe", "{api:?}");
        assert_eq!(logged(&told)["decision"], "allow");
        assert!(!allows(&told.answer(), "GET/pets/mine") && allows(&told.answer(), "GET/toys/1"));
        assert_eq!(resources(&told.answer(), "Deny"), ["GET/pets/*"]);
    }
}

#[tokio::test]
async fn another_spelling_of_a_refused_route_is_denied_too() {
    let rules = Rules::new(&permit(&["get /{proxy+}"]), &["get /{proxy+}", "get /admin"], &[]).await;
    // The gateway says which route it is, whatever the path looks like.
    for path in ["/admin/", "//admin", "/%61dmin", "/x/../admin", "/./admin", "/ADMIN"] {
        for api in [Api::RestRequest, Api::HttpV1, Api::HttpV2] {
            let told = rules.ask(&event(api, &user(), "GET", "/admin", path)).await;
            assert_eq!(told.reason(), "rule_missing", "{api:?} {path}");
            assert!(!allows(&told.answer(), &format!("GET{path}")), "{api:?} {path}");
        }
        // A TOKEN event has the path alone. A literal in another case is another route.
        let told = rules.ask(&event(Api::RestToken, &user(), "GET", "", path)).await;
        let expected = match path {
            "/ADMIN" => "allowed",
            "//admin" => "rule_missing",
            _ => "route_unknown",
        };
        assert_eq!(told.reason(), expected, "{path}");
        assert_eq!(allows(&told.answer(), &format!("GET{path}")), expected == "allowed", "{path}");
    }
}
