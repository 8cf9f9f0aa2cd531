//! What the tools ask: about callers who need not have asked.

use smac_lambda_authorizer::Settings;
use smac_lambda_authorizer::tools::{self, AccessRules, Applied, Kind, Precedence, Supposition, Who};

use super::openapi;

const POLICIES: &str = r#"
    @id("read") permit (principal in UserGroup::"pool|staff", action == Action::"get /pets/{id}", resource);
    @id("own") permit (principal, action, resource)
        when { context has pathParameters && context.pathParameters.id == principal.pet };
    @id("address") forbid (principal, action, resource) when { context.request.sourceIp.isLoopback() };
"#;

fn settings() -> Settings {
    let mut environment = smac_local::deployment::of_pools("http://127.0.0.1:1");
    for (name, value) in [("RULES__POLICIES", "/rules.cedar"), ("RULES__ROUTES", "/routes.json")] {
        environment.push((format!("SMAC__AUTH__{name}"), value.to_owned()));
    }
    let list = openapi(&["get /pets/{id}", "delete /pets/{id}", "get /{proxy+}", "get /pets/mine"]);
    let read_file = move |path: &std::path::Path| match path.to_str() {
        Some("/rules.cedar") => Ok(POLICIES.to_owned()),
        Some("/routes.json") => Ok(list.clone()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    };
    Settings::from_variables(environment, read_file).unwrap()
}

fn supposition(route: &str) -> Supposition<'_> {
    Supposition {
        who: Who::User { realm: "pool", subject: "jane", user_id: "jane@example.com" },
        groups: vec!["staff".to_owned()],
        id_token: Some(r#"{"pet": "42"}"#),
        access_token: None,
        route,
        path_parameters: vec![("id".to_owned(), "42".to_owned())],
        query_parameters: Vec::new(),
        source_ip: Some("203.0.113.7"),
        stage: "prod",
        api: "abcdef1234",
        kind: Kind::RestRequest,
    }
}

#[test]
fn each_policy_applies_or_not_or_fails() {
    let settings = settings();
    let config = tools::parts(&settings).rules.unwrap();
    let rules = AccessRules::new(config.clone());
    let ask = |supposition: &Supposition<'_>| {
        let supposed = rules.suppose(supposition).unwrap();
        let letter = |applied: &Applied| match applied {
            Applied::Yes => 'y',
            Applied::No => 'n',
            Applied::Failed(message) => {
                assert!(!message.is_empty());
                'f'
            }
        };
        let each: String = supposed.each.iter().map(|(_, applied)| letter(applied)).collect();
        (supposed.refusal.map_or("allowed", |reason| reason.code()), supposed.policies.join(","), each)
    };
    let expected = |reason, policies: &str, each: &str| (reason, policies.to_owned(), each.to_owned());
    let read = supposition("get /pets/{id}");
    assert_eq!(ask(&read), expected("allowed", "read,own", "yyn"));
    assert_eq!(ask(&supposition("delete /pets/{id}")), expected("allowed", "own", "nyn"));
    assert_eq!(ask(&supposition("get /toys")), expected("route_unknown", "", ""));
    let local = Supposition { source_ip: Some("127.0.0.1"), ..read.clone() };
    assert_eq!(ask(&local), expected("rule_forbids", "address", "yyy"));
    let nowhere = Supposition { source_ip: None, ..read.clone() };
    assert_eq!(ask(&nowhere), expected("rule_error", "", "yyf"));
    let service = Supposition { who: Who::Service("billing"), ..read.clone() };
    assert_eq!(ask(&service), expected("rule_missing", "", "nfn"));
    let nobody = Supposition { who: Who::Anonymous, path_parameters: Vec::new(), ..read.clone() };
    assert_eq!(ask(&nobody), expected("rule_missing", "", "nnn"));
    assert_eq!(rules.suppose(&Supposition { id_token: Some("[]"), ..read }), None);
}

#[test]
fn the_tools_see_policies_routes_and_overlaps() {
    let settings = settings();
    let rules = tools::parts(&settings).rules.unwrap();
    let policies: Vec<_> = rules.policies().map(|(name, place)| format!("{name} {place}")).collect();
    assert_eq!(policies, ["read rules.cedar:2:5", "own rules.cedar:3:5", "address rules.cedar:5:5"]);
    assert_eq!(rules.routes().unwrap().count(), 4);
    assert_eq!(rules.policy_set().num_of_policies(), 3);
    assert_eq!(rules.mode(), tools::RulesMode::Enforce);
    assert!(rules.overlaps(Precedence::Rest).contains(&("get /pets/mine", "get /pets/{id}")));
}
