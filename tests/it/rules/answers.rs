//! WebSockets, and rules that are logged alone.

use serde_json::{Value, json};
use smac_local::deployment::EMAIL;
use smac_local::token::Token;

use super::{ALL, APIS, ROUTES, Rules, STAGE, event, logged, permit, resources, user};
use crate::support::{World, allow, deny, pair, world};

fn connect(token: &str) -> Value {
    json!({
        "type": "REQUEST", "methodArn": format!("{STAGE}/$connect"), "headers": { "Authorization": format!("Bearer {token}") },
        "queryStringParameters": { "room": "1" },
        "requestContext": { "routeKey": "$connect", "eventType": "CONNECT", "connectionId": "x=", "stage": "prod" },
    })
}

#[tokio::test]
async fn a_connection_is_one_action() {
    let connect_alone = permit(&["$connect"]);
    let in_room = "permit (principal, action == Action::\"$connect\", resource) when { context.queryStringParameters.room == \"1\" };";
    for (policies, expected) in [
        (ALL, allow(EMAIL, "user")),
        (&connect_alone, allow(EMAIL, "user")),
        (in_room, allow(EMAIL, "user")),
        (&permit(&["get /pets"]), deny("rule_missing")),
        ("forbid (principal, action, resource);", deny("rule_forbids")),
    ] {
        // It is always known, in the list or not.
        for routes in [ROUTES, &["get /pets", "$connect"]] {
            let rules = Rules::new(policies, routes, &[]).await;
            let told = rules.ask(&connect(&user())).await;
            assert_eq!(told.answer(), expected, "{policies}");
            assert_eq!(told.line()["kind"], "websocket");
        }
    }
    let rules = Rules::with_list(&connect_alone, "", &[("POLICY__SCOPE", "METHOD")]).await;
    assert_eq!(resources(&rules.ask(&connect(&user())).await.answer(), "Allow"), ["$connect"]);
}

async fn bytes(world: &World, event: &Value) -> Vec<u8> {
    let told = world.ask(event).await;
    told.answer().to_string().into_bytes()
}

#[tokio::test]
async fn rules_that_are_logged_change_no_answer() {
    let forbids =
        format!("{} forbid (principal, action, resource) when {{ principal.absent }};", permit(&["get /pets"]));
    let good = user();
    for more in [&[][..], &[("POLICY__SCOPE", "METHOD")], &[("HTTP_API_RESPONSE", "SIMPLE")], &[("MODE", "OPTIONAL")]] {
        let plain = world(more).await;
        let settings = [&[("RULES__MODE", "log")], more].concat();
        for policies in [ALL, "forbid (principal, action, resource);", &forbids] {
            let rules = Rules::new(policies, ROUTES, &settings).await;
            let mut events = vec![connect(&good), json!({}), pair("nobody", "x")];
            for api in APIS {
                for (verb, route, path) in [
                    ("GET", "/pets", "/pets"),
                    ("GET", "/toys", "/toys"),
                    ("GET", "/pets/{id}", "/pets/*"),
                    ("", "", "/"),
                ] {
                    events.push(event(api, &good, verb, route, path));
                    events.push(event(api, &Token::id().forged().sign(), verb, route, path));
                }
            }
            events.push(json!({ "type": "REQUEST", "methodArn": format!("{STAGE}/GET/pets") }));
            for event in &events {
                assert_eq!(bytes(&rules.world, event).await, bytes(&plain, event).await, "{more:?} {policies} {event}");
            }
        }
    }
    let rules = Rules::new(&forbids, ROUTES, &[("RULES__MODE", "LOG")]).await;
    let told = rules.ask(&super::rest("GET", "/pets")).await;
    assert_eq!((told.reason(), logged(&told)["decision"].as_str()), ("allowed", Some("deny")));
    assert_eq!(logged(&told)["errors"], json!(["rules.cedar#1"]));
    let told = rules.ask(&super::rest("GET", "/toys")).await;
    assert_eq!((told.reason(), logged(&told)["decision"].as_str()), ("allowed", Some("deny")));
}

#[tokio::test]
async fn without_rules_the_log_says_nothing_of_them() {
    let plain = world(&[]).await;
    assert_eq!(plain.ask(&super::rest("GET", "/pets")).await.line().get("rules"), None);
}
