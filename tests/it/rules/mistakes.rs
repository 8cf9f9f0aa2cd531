//! Mistakes in the rules: the function does not start.

use super::{ALL, ROUTES, openapi};
use crate::support::files::Files;
use crate::support::parse;

/// The mistakes, each as `NAME: problem`.
fn mistakes(settings: &[(&str, String)]) -> Vec<String> {
    let environment = smac_local::deployment::of_pools("http://127.0.0.1:1");
    let settings = settings.iter().map(|(name, value)| (format!("SMAC__AUTH__{name}"), value.clone()));
    let settings: Vec<_> = settings.collect();
    let environment: Vec<_> =
        environment.into_iter().filter(|(name, _)| !settings.iter().any(|(other, _)| other == name)).collect();
    let Err(mistakes) = parse(environment.into_iter().chain(settings)) else { return Vec::new() };
    let shown = |mistake: &smac_lambda_authorizer::Mistake| mistake.to_string().replace("SMAC__AUTH__", "");
    mistakes.0.iter().map(shown).collect()
}

fn of_files(files: &[(&str, &str)], more: &[(&str, &str)]) -> Vec<String> {
    let files = Files::new(files);
    let mut settings = vec![("RULES__POLICIES", files.path(""))];
    for (name, value) in more {
        let value = if *name == "RULES__ROUTES" { files.path(value) } else { (*value).to_owned() };
        settings.push((name, value));
    }
    mistakes(&settings)
}

const METHOD: (&str, &str) = ("POLICY__SCOPE", "METHOD");

#[test]
fn each_is_reported_with_its_file_and_its_place() {
    let files = [
        ("a.cedar", "permit (principal, action, resource)\n  when { principal.x = 1 };"),
        (
            "b.cedar",
            "@id(\"one\") permit (principal, action, resource);\npermit (principal == ?principal, action, resource);",
        ),
        ("c.cedar", "\n@id(\"one\") permit (principal, action, resource);"),
        ("ignored.txt", "not a policy"),
    ];
    let found = of_files(&files, &[METHOD]);
    let places: Vec<_> =
        found.iter().map(|mistake| mistake.split(": ").take(2).collect::<Vec<_>>().join(": ")).collect();
    assert_eq!(
        places,
        ["RULES__POLICIES: a.cedar:2:10", "RULES__POLICIES: b.cedar:2:1", "RULES__POLICIES: c.cedar:2:1"]
    );
    assert!(found[2].contains("the id one, which the policy at b.cedar:1:1 has too"), "{found:?}");
}

#[test]
fn an_action_that_no_route_has() {
    let list = openapi(ROUTES);
    let with =
        |policy: &str| of_files(&[("a.cedar", policy), ("routes.json", &list)], &[("RULES__ROUTES", "routes.json")]);
    assert_eq!(with(ALL), [""; 0]);
    assert_eq!(with("permit (principal, action in [Action::\"get /pets\", Action::\"$connect\"], resource);"), [""; 0]);
    for action in ["Action::\"get /toys\"", "Action::\"GET /pets\"", "Pets::Action::\"get /pets\""] {
        let found = with(&format!("\n permit (principal, action == {action}, resource);"));
        assert_eq!(found, [format!("RULES__POLICIES: a.cedar:2:2: names the action {action}, which no route has")]);
    }
    // Without a list nothing tells.
    assert_eq!(of_files(&[("a.cedar", "permit (principal, action == Action::\"x\", resource);")], &[METHOD]), [""; 0]);
}

#[test]
fn the_policies_are_there() {
    assert_eq!(of_files(&[("a.txt", ALL)], &[METHOD]).len(), 1);
    assert_eq!(of_files(&[("a.cedar", "// nothing")], &[METHOD]).len(), 1);
    let found = mistakes(&[("RULES__POLICIES", "/nowhere/rules".to_owned()), ("POLICY__SCOPE", "METHOD".to_owned())]);
    assert_eq!(found, ["RULES__POLICIES: cannot be read (entity not found)"]);
}

#[test]
fn an_issuers_name_is_told_from_its_subjects() {
    let name = "PROVIDER_OIDC__ISSUERS__A|B__";
    let issuer = |setting: &str, value: &str| (format!("{name}{setting}"), value.to_owned());
    let files = Files::new(&[("a.cedar", ALL)]);
    let issuer = [issuer("ISSUER", "https://a.example"), issuer("AUDIENCE", "api"), issuer("USER_ID_PREFIX", "a:")];
    let mut settings: Vec<_> = issuer.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    settings.push(("PROVIDER", "COGNITO,OIDC".to_owned()));
    assert_eq!(mistakes(&settings), [""; 0]);
    settings.extend([("RULES__POLICIES", files.path("")), ("POLICY__SCOPE", "METHOD".to_owned())]);
    let expected = format!("{name}ISSUER: has `|` in its name, which access rules do not allow");
    assert_eq!(mistakes(&settings), [expected]);
}

#[test]
fn files_of_the_package_are_found_below_its_root() {
    let files = Files::new(&[("rules.cedar", ALL), ("routes.json", &openapi(ROUTES))]);
    let settings = [("RULES__POLICIES", "rules.cedar"), ("RULES__ROUTES", "routes.json")];
    let mut environment = smac_local::deployment::of_pools("http://127.0.0.1:1");
    environment.extend(settings.map(|(name, value)| (format!("SMAC__AUTH__{name}"), value.to_owned())));
    assert!(parse(environment.clone()).is_err());
    environment.push(("LAMBDA_TASK_ROOT".to_owned(), files.path("")));
    assert!(parse(environment).is_ok());
}

#[test]
fn the_list_is_there_where_it_is_needed() {
    let one = |files: &[(&str, &str)], more: &[(&str, &str)]| {
        let found = of_files(files, more);
        assert!(found.len() <= 1, "{found:?}");
        found.first().cloned().unwrap_or_default()
    };
    let rules = ("a.cedar", ALL);
    let routes = ("RULES__ROUTES", "list.json");
    assert_eq!(one(&[rules], &[]), "RULES__ROUTES: is required with RULES__POLICIES and POLICY__SCOPE=STAGE");
    assert_eq!(one(&[rules], &[routes]), "RULES__ROUTES: cannot be read (entity not found)");
    for (list, problem) in [
        ("[]", "is neither an OpenAPI 3 document nor a Cedar schema in JSON"),
        ("{\"swagger\": \"2.0\", \"paths\": {}}", "is neither an OpenAPI 3 document nor a Cedar schema in JSON"),
        ("{\"openapi\": \"3.0.1\", \"paths\": {}}", "has no route"),
        ("{\"A\": {\"actions\": {}}, \"B\": {\"actions\": {}}}", "is a schema without the namespace of the rules"),
    ] {
        assert_eq!(one(&[rules, ("list.json", list)], &[routes]), format!("RULES__ROUTES: {problem}"), "{list}");
    }
    let list = openapi(&["get /pets", "$default"]);
    let found = one(&[rules, ("list.json", &list)], &[routes]);
    assert!(found.starts_with("RULES__ROUTES: has the route $default"), "{found}");
    assert_eq!(one(&[rules, ("list.json", &list)], &[routes, METHOD]), "");
    for namespace in ["a b", "::", "A::", "if", "A::\"x\""] {
        let found = one(&[rules], &[("RULES__NAMESPACE", namespace), METHOD]);
        assert!(found.starts_with("RULES__NAMESPACE: is not a namespace"), "{namespace}: {found}");
    }
}

#[test]
fn a_file_that_cannot_be_read_hides_no_mistake_in_another() {
    let broken = "permit (principal, action, resource)";
    let found = of_files(&[("a.cedar", broken)], &[("RULES__ROUTES", "nowhere.json")]);
    let about: Vec<_> = found.iter().map(|mistake| mistake.split(": ").take(2).collect::<Vec<_>>()).collect();
    assert_eq!(
        about,
        [["RULES__POLICIES", "a.cedar:1:37"], ["RULES__ROUTES", "cannot be read (entity not found)"]],
        "{found:?}"
    );
    let files = Files::new(&[("routes.json", "{}")]);
    let policies = ("RULES__POLICIES", files.path("nowhere.cedar"));
    let found = mistakes(&[policies, ("RULES__ROUTES", files.path("routes.json"))]);
    let variables: Vec<_> = found.iter().filter_map(|mistake| mistake.split(": ").next()).collect();
    assert_eq!(variables, ["RULES__POLICIES", "RULES__ROUTES"], "{found:?}");
}
