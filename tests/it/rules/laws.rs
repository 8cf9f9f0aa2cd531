//! Laws of the rules from outside, with any routes and any policies.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;
use smac_lambda_authorizer::tools::{self, Precedence};
use smac_lambda_authorizer::{Answer, Authorizer, Settings};
use smac_local::deployment::Pool;

use super::{Api, allows, event, openapi, user};
use crate::support::block_on;

/// The settings whose files are these.
fn settings(policies: &str, list: &str, more: &[(&str, &str)]) -> Settings {
    let (policies, list) = (policies.to_owned(), list.to_owned());
    let mut environment = smac_local::deployment::of_pools("http://127.0.0.1:1");
    environment.extend(Pool::ALL.map(Pool::key_set_variable));
    let own = [("RULES__POLICIES", "/rules.cedar"), ("RULES__ROUTES", "/routes.json")];
    let all = own.iter().chain(more).map(|(name, value)| (format!("SMAC__AUTH__{name}"), (*value).to_owned()));
    environment.extend(all);
    let read_file = move |path: &std::path::Path| match path.to_str() {
        Some("/rules.cedar") => Ok(policies.clone()),
        Some("/routes.json") => Ok(list.clone()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    };
    Settings::from_variables(environment, read_file).unwrap()
}

fn ask(authorizer: &Authorizer, event: &serde_json::Value) -> (Option<&'static str>, serde_json::Value) {
    let decision = block_on(authorizer.authorize(&event.to_string(), None));
    let answer = match decision.answer() {
        Answer::Response(json) => serde_json::from_str(json.get()).unwrap(),
        Answer::Error(error) => json!(error.to_string()),
    };
    (decision.outcome().reason(), answer)
}

fn routes() -> impl Strategy<Value = Vec<String>> {
    let part = prop_oneof![3 => Just("a"), 2 => Just("b"), 3 => Just("{id}")];
    let end = prop_oneof![6 => Just(None), 1 => Just(Some("{proxy+}"))];
    let path = (prop::collection::vec(part, 0..4), end)
        .prop_map(|(parts, end)| format!("/{}", parts.into_iter().chain(end).collect::<Vec<_>>().join("/")));
    let verb = prop_oneof![Just("get"), Just("delete")];
    let route = (verb, path).prop_map(|(verb, path)| format!("{verb} {path}"));
    prop::collection::btree_set(route, 1..7).prop_map(|routes: BTreeSet<String>| routes.into_iter().collect())
}

fn policies(routes: Vec<String>) -> impl Strategy<Value = (Vec<String>, String)> {
    let action = prop::sample::select(routes.clone());
    let scope = prop_oneof![
        1 => Just("action".to_owned()),
        4 => action.prop_map(|action| format!("action == Action::\"{action}\"")),
    ];
    let condition = prop::sample::select(vec![
        "true",
        "true",
        "principal.email_verified",
        "principal has absent",
        "principal.absent",
        "context.request.stage == \"prod\"",
        "context has pathParameters",
    ]);
    let effect = prop_oneof![3 => Just("permit"), 1 => Just("forbid")];
    let policy = (effect, scope, condition).prop_map(|(effect, scope, condition)| {
        format!("{effect} (principal, {scope}, resource) when {{ {condition} }};")
    });
    prop::collection::vec(policy, 1..7).prop_map(move |policies| (routes.clone(), policies.join("\n")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever asks first, the gateway's cached policy allows no route that the rules refuse when it asks itself.
    #[test]
    fn a_cached_policy_allows_no_more_than_the_rules(
        (routes, policies) in routes().prop_flat_map(policies),
        is_rest in any::<bool>(),
    ) {
        let list = openapi(&routes.iter().map(String::as_str).collect::<Vec<_>>());
        let api = if is_rest { Api::RestRequest } else { Api::HttpV2 };
        let settings_of_stage = settings(&policies, &list, &[]);
        let stage = Authorizer::new(settings_of_stage.clone());
        let method = Authorizer::new(settings(&policies, &list, &[("POLICY__SCOPE", "METHOD")]));
        let token = user();
        let rules = tools::parts(&settings_of_stage).rules.unwrap();
        let precedence = if is_rest { Precedence::Rest } else { Precedence::Http };
        let requests: Vec<_> = routes.iter().filter_map(|name| {
            let (verb, route) = name.split_once(' ').unwrap();
            let verb = verb.to_uppercase();
            let path = route.replace("{id}", "1").replace("{proxy+}", "2/3/4/5/6");
            // The gateway may send that path to another route.
            let is_its = rules.route_of(&verb, &path, precedence) == Some(name.as_str());
            is_its.then(|| (event(api, &token, &verb, route, &path), format!("{verb}{path}")))
        }).collect();
        let own: Vec<_> = requests.iter().map(|(event, request)| {
            let (reason, answer) = ask(&method, event);
            let is_permitted = reason.is_none();
            assert_eq!(allows(&answer, request), is_permitted);
            is_permitted
        }).collect();
        let has_permit = policies.contains("permit");
        for (event, asked) in &requests {
            let (reason, answer) = ask(&stage, event);
            for ((_, request), is_permitted) in requests.iter().zip(&own) {
                let is_allowed = allows(&answer, request);
                prop_assert!(!is_allowed || *is_permitted, "{asked} then {request}: {answer}\n{policies}");
                prop_assert!(!is_allowed || has_permit);
            }
            prop_assert_eq!(reason.is_none(), allows(&answer, asked), "the log tells the truth: {}", answer);
        }
    }
}
