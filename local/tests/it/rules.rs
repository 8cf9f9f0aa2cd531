//! Access rules: what `check`, `routes`, `invoke` and `explain` say of them.

use std::path::Path;

use serde_json::{Value, json};
use smac_local::token::Token;

use crate::support::{Output, deployed_with, file, root, run};

const EXAMPLE: &str = "examples/rules/rules";
const OPENAPI: &str = "examples/rules/openapi.yaml";

/// What the start says of policies that look at the request.
const LOOKS: &str = "warning  SMAC__AUTH__RULES__POLICIES: look at the request (path, query, address): the gateway's caching must \
                     be off (a TTL of 0)";

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> String {
    let folder = file("folder", "");
    std::fs::remove_file(&folder).unwrap();
    std::fs::create_dir(&folder).unwrap();
    for (name, content) in files {
        std::fs::write(format!("{folder}/{name}"), content).unwrap();
    }
    folder
}

/// A list of these routes.
fn list(routes: &[&str]) -> String {
    let mut paths = json!({});
    for route in routes {
        let (verb, path) = route.split_once(' ').unwrap();
        paths[path][verb] = json!({});
    }
    json!({ "openapi": "3.0.1", "paths": paths }).to_string()
}

fn check(folder: &str, more: &[&str]) -> Output {
    run(&[&["check", "--rules", folder], more].concat(), "")
}

/// All lines but the last two, which count.
fn said(output: &Output) -> Vec<&str> {
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert!(lines.len() >= 2 && lines[lines.len() - 2].starts_with("found    rules: "), "{}", output.stdout);
    lines[..lines.len() - 2].to_vec()
}

#[test]
fn the_example_has_no_mistakes() {
    let output = check(EXAMPLE, &["--openapi", OPENAPI, "--strict"]);
    let expected = "\
found    rules: 4 policies, 6 routes, the schema schema.json, 8 of 8 tests passed
2 variables: no mistakes, no warnings
";
    assert_eq!((output.code, output.stdout.as_str()), (0, expected));
}

#[test]
fn its_routes_and_its_schema_are_made_of_its_document() {
    let (routes, schema) = (file("routes.json", ""), file("schema.json", ""));
    let output = run(&["routes", OPENAPI, "--routes", &routes, "--schema", &schema], "");
    assert_eq!(output.stdout, "6 routes\n");
    for (made, name) in [(routes, "routes.json"), (schema, "schema.json")] {
        let kept = std::fs::read_to_string(root().join(EXAMPLE).join(name)).unwrap();
        assert_eq!(std::fs::read_to_string(made).unwrap(), kept, "{name}: cargo local routes writes another one");
    }
    assert_eq!(run(&["routes", OPENAPI], "").stdout.lines().next(), Some("get /pets"));
    let output = run(&["routes", OPENAPI, "--namespace", "not a namespace"], "");
    assert_eq!(output.code, 2);
    assert!(output.stderr.contains("error: the schema: "), "{}", output.stderr);
}

#[test]
fn policies_in_a_namespace_and_with_operation_ids() {
    let schema = file("schema.json", "");
    run(&["routes", OPENAPI, "--namespace", "PetStore", "--operation-ids", "--schema", &schema], "");
    let schema = std::fs::read_to_string(schema).unwrap();
    let policy =
        "permit (principal, action in [PetStore::Action::\"listPets\", PetStore::Action::\"getPet\"], resource);";
    let folder = folder(&[("a.cedar", policy), ("schema.json", &schema)]);
    let output = check(&folder, &["--openapi", OPENAPI]);
    assert_eq!(output.code, 0);
    assert_eq!(said(&output).len(), 4, "{}", output.stdout);
    assert!(said(&output).iter().all(|line| line.ends_with("no policy permits it")), "{}", output.stdout);
    let told = run(&["invoke", "events/rest-request-id-token.json", "--rules", &folder], "");
    assert_eq!(told.line("rules "), "allow by a.cedar#0");
}

#[test]
fn the_schema_finds_wrong_attributes_and_what_is_always_false() {
    let schema = std::fs::read_to_string(root().join(EXAMPLE).join("schema.json")).unwrap();
    let policies = "permit (principal is User, action, resource) when { principal.mail == \"x\" };
permit (principal is User, action == Action::\"get /pets\", resource) when { context.queryStringParameters.limit == \"1\" };
permit (principal is User, action, resource) when { principal has email && principal.email == \"x\" && false };
";
    let files = [("a.cedar", policies), ("routes.json", &list(&["get /pets"])), ("schema.json", &schema)];
    let output = check(&folder(&files), &[]);
    assert_eq!(output.code, 1);
    let said = said(&output);
    assert_eq!(said.len(), 5, "{said:?}");
    for (line, expected) in said.iter().zip([
        LOOKS,
        "mistake  a.cedar:1:1: for policy `a.cedar#0`, attribute `mail`",
        "mistake  a.cedar:2:1: for policy `a.cedar#1`, unable to guarantee safety of access to optional attribute `quer",
        "mistake  a.cedar:2:1: for policy `a.cedar#1`, unable to guarantee safety of access to optional attribute `quer",
        "warning  a.cedar:3:1: for policy `a.cedar#2`, policy is impossible",
    ]) {
        assert!(line.starts_with(expected), "{line}");
    }
    // A schema in Cedar's own syntax, from somewhere else.
    let other = file(
        "other.cedarschema",
        "entity User; entity Application; action \"get /pets\" appliesTo { principal: User, resource: Application };",
    );
    let files = [("a.cedar", "permit (principal, action, resource);"), ("routes.json", &*list(&["get /pets"]))];
    let output = check(&folder(&files), &["--schema", &other]);
    assert!(output.stdout.contains("the schema") && output.stdout.contains("no mistakes"), "{}", output.stdout);
    let files = [files[1], ("a.cedar", "permit (principal, action, resource) when { principal.x };")];
    assert_eq!(check(&folder(&files), &["--schema", &other]).code, 1);
}

#[test]
fn routes_that_nobody_may_call_and_policies_that_never_apply() {
    let policies = r#"
@id("group") permit (principal in UserGroup::"staff", action == Action::"get /a", resource);
@id("role") permit (principal in Role::"staff", action == Action::"get /a", resource);
@id("type") permit (principal is Admin, action == Action::"get /a", resource);
@id("group-as-principal") permit (principal == UserGroup::"x|y", action == Action::"get /a", resource);
@id("resource") permit (principal, action == Action::"get /a", resource == Pet::"1");
@id("pool") permit (principal in UserGroup::"eu-west-1_Other|staff", action == Action::"get /a", resource);
@id("fine") permit (principal == Service::"x", action == Action::"get /b", resource is Application);
forbid (principal, action == Action::"get /c", resource);
"#;
    let routes = list(&["get /a", "get /b", "get /c"]);
    let folder = folder(&[("a.cedar", policies), ("routes.json", &routes)]);
    let output = check(&folder, &[]);
    assert_eq!(output.code, 0);
    let expected = [
        "warning  a.cedar:2:1: never applies: UserGroup is named by its issuer too: \"<pool id or issuer name>|staff\"",
        "warning  a.cedar:3:1: never applies: nobody is a Role; there are User, UserGroup, Service, ServiceGroup, Anonymous",
        "warning  a.cedar:4:1: never applies: nobody is a Admin; there are User, Service, Anonymous",
        "warning  a.cedar:5:1: never applies: nobody is a UserGroup; there are User, Service, Anonymous",
        "warning  a.cedar:6:1: never applies: no resource is a Pet; it is always the Application",
        "warning  get /c: no policy permits it",
    ];
    assert_eq!(said(&output), expected);
    assert_eq!(check(&folder, &["--strict"]).code, 1);
    // Which issuers there are is known of a deployment.
    let output = run(&["check", "--env-file", &deployed_with(&[("JWT__QUERY_PARAMETER", "")]), "--rules", &folder], "");
    let of_pool = "warning  a.cedar:7:1: never applies: no pool has the id eu-west-1_Other, and no issuer the name";
    assert!(output.stdout.contains(of_pool), "{}", output.stdout);
}

#[test]
fn the_resource_is_the_namespace() {
    let schema = json!({ "N": { "entityTypes": { "User": {}, "Application": {} }, "actions": { "get /a": {
        "appliesTo": { "principalTypes": ["User"], "resourceTypes": ["Application"] } } } } });
    let policies = "permit (principal, action, resource == N::Application::\"N\");
permit (principal is N::User, action, resource == N::Application::\"other\");";
    let output = check(&folder(&[("a.cedar", policies), ("schema.json", &schema.to_string())]), &[]);
    assert_eq!(said(&output), ["warning  a.cedar:2:1: never applies: the resource is always N::Application::\"N\""]);
}

#[test]
fn overlapping_patterns_matter_for_the_stage() {
    let routes = list(&["get /pets/mine", "get /pets/{id}", "get /{proxy+}"]);
    let folder = folder(&[("a.cedar", "permit (principal, action, resource);"), ("routes.json", &routes)]);
    let output = check(&folder, &[]);
    let lines = said(&output);
    assert!(lines.iter().all(|line| line.contains(" overlaps ")) && lines.len() == 4, "{lines:?}");
    assert_eq!(
        lines[0],
        "warning  get /pets/mine: overlaps get /pets/{id}: who may call the first and not the second can be refused the first"
    );
    assert_eq!(said(&check(&folder, &["--setting", "POLICY__SCOPE=METHOD"])), [""; 0]);
}

#[test]
fn the_list_is_compared_with_the_api() {
    let routes = list(&["get /pets", "get /gone"]);
    let folder = folder(&[("a.cedar", "permit (principal, action, resource);"), ("routes.json", &routes)]);
    let api =
        "openapi: 3.0.1\nservers: [{ url: 'https://api.example.com/v1' }]\npaths: { /pets: { get: {}, post: {} } }";
    let api = file("api.yaml", api);
    let output = check(&folder, &["--openapi", &api]);
    assert_eq!(output.code, 1);
    let name = Path::new(&api).file_name().unwrap().to_str().unwrap();
    let expected = [
        format!(
            "warning  {name}: has the server path /v1: API Gateway's routes lack it, and Cedar's generator adds it"
        ),
        "mistake  post /pets: is not in RULES__ROUTES, so it is refused (route_unknown)".to_owned(),
        format!("warning  get /gone: is in RULES__ROUTES, and not in {name}"),
    ];
    assert_eq!(said(&output), expected);
}

#[test]
fn expectations_that_are_not_met_are_mistakes() {
    let rules = "@id(\"all\") permit (principal is User, action == Action::\"get /a\", resource);
@id(\"no\") forbid (principal, action == Action::\"get /a\", resource) when { context.request.sourceIp.isLoopback() };";
    let user = json!({ "user": "u", "issuer": "p" });
    let expectation = |name: &str, caller: &Value, more: Value| {
        let mut expectation = json!({ "name": name, "caller": caller, "route": "get /a", "sourceIp": "203.0.113.7" });
        expectation.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        expectation
    };
    let tests = json!([
        expectation("fine", &user, json!({ "decision": "allow", "policies": ["all"] })),
        expectation("not denied", &user, json!({ "decision": "deny" })),
        expectation("not allowed", &json!({ "service": "s" }), json!({ "decision": "allow" })),
        expectation("reason", &json!({ "anonymous": true }), json!({ "decision": "deny", "reason": "rule_forbids" })),
        expectation("policies", &user, json!({ "decision": "allow", "policies": ["no", "all"] })),
        expectation("local", &user, json!({ "decision": "deny", "reason": "rule_forbids", "sourceIp": "127.0.0.1" })),
        expectation("failed", &user, json!({ "decision": "allow", "sourceIp": null })),
        expectation("nobody", &json!({}), json!({ "decision": "deny" })),
        expectation("unknown", &user, json!({ "decision": "allow", "route": "get /b" })),
    ]);
    let files = [("a.cedar", rules), ("routes.json", &*list(&["get /a"])), ("a.test.json", &*tests.to_string())];
    let output = check(&folder(&files), &[]);
    assert_eq!(output.code, 1);
    let expected = [
        "not denied: expected a deny, and it is allowed by all",
        "not allowed: expected an allow, and it is denied (rule_missing)",
        "reason: expected rule_forbids, and it is denied (rule_missing)",
        "policies: expected all, no to decide, and it is allowed by all",
        "failed: expected an allow, and it is denied (rule_error)",
        "nobody: a caller has one of `user`, `service` and `anonymous`",
        "unknown: expected an allow, and it is denied (route_unknown)",
    ];
    assert_eq!(said(&output)[0], LOOKS);
    assert_eq!(said(&output)[1..], expected.map(|line| format!("mistake  a.test.json: {line}")));
    assert!(output.stdout.contains("2 of 9 tests passed\n"), "{}", output.stdout);
    // An unknown member is a mistake, and not an expectation that says less.
    let files =
        [files[0], files[1], ("a.test.json", r#"[{"name": "x", "caller": {}, "route": "get /a", "effect": "deny"}]"#)];
    let output = check(&folder(&files), &[]);
    assert!(output.code == 2 && output.stderr.contains("unknown field `effect`"), "{}", output.stderr);
}

#[test]
fn mistakes_of_the_policies_are_those_of_the_start() {
    let output = check(
        &folder(&[("a.cedar", "permit (principal, action, resource)"), ("routes.json", &list(&["get /a"]))]),
        &[],
    );
    assert_eq!(output.code, 1);
    assert!(output.stdout.starts_with("mistake  SMAC__AUTH__RULES__POLICIES: a.cedar:1:37: "), "{}", output.stdout);
    let output = run(&["check", "--env-file", &deployed_with(&[]), "--openapi", OPENAPI], "");
    assert!(output.code == 2 && output.stderr.contains("RULES__POLICIES is not set"), "{}", output.stderr);
    assert_eq!(check("no-such-folder", &[]).code, 2);
}

#[test]
fn explain_tells_what_became_of_each_policy() {
    let policies = r#"
@id("applies") permit (principal, action == Action::"get /pets/{id}", resource);
@id("other-route") permit (principal, action == Action::"put /pets/{id}", resource);
@id("fails") permit (principal, action, resource) when { principal.absent == "x" };
"#;
    let routes = list(&["get /pets/{id}", "put /pets/{id}"]);
    let folder = folder(&[("a.cedar", policies), ("routes.json", &routes)]);
    let event = "events/rest-request-id-token.json";
    let output = run(&["explain", "--rules", &folder, event], "");
    let (_, rules) = output.stdout.split_once("\nrules     ").unwrap();
    let expected = "allow by applies; fails failed
  applied applies (a.cedar:2:1)
  -       other-route (a.cedar:3:1)
  FAILED  fails (a.cedar:4:1): the principal does not have the attribute `absent`
";
    assert_eq!(rules, expected);
    let output = run(&["explain", "--rules", &folder, event, "--format", "json"], "");
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(document["rules"]["decision"], "allow");
    let states: Vec<_> =
        document["rules"]["each"].as_array().unwrap().iter().map(|each| each["state"].clone()).collect();
    assert_eq!(states, ["applied", "did not apply", "failed"]);
    assert!(!output.stdout.contains(smac_local::deployment::SUBJECT), "{}", output.stdout);
    // Without rules there is nothing to tell.
    assert!(!run(&["explain", event], "").stdout.contains("\nrules"));
    assert!(!run(&["invoke", event], "").stdout.contains("\nrules"));
    let token = Token::id().without("email").sign();
    assert!(!run(&["explain", "-", "--rules", &folder], &token).stdout.contains("\nrules"), "it did not come so far");
}
