//! `cargo local check` and `explain` with the configuration of a deployed function, as AWS prints it.

use serde_json::{Map, Value, json};
use smac_local::deployment;
use smac_local::token::Token;

use crate::check::lines;
use crate::support::{UNUSED, Variables, env_file, file, run, with};

/// What `aws lambda get-function-configuration` prints of a function in this region.
fn function_config(region: &str, variables: &Variables) -> String {
    let variables: Map<_, _> = variables.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    json!({
        "FunctionName": "authorizer",
        "FunctionArn": format!("arn:aws:lambda:{region}:123456789012:function:authorizer"),
        "Runtime": "provided.al2023",
        "Environment": { "Variables": variables },
        "LoggingConfig": { "LogFormat": "JSON" },
    })
    .to_string()
}

fn request(headers: &Value) -> String {
    let arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/pets";
    json!({ "type": "REQUEST", "methodArn": arn, "headers": headers }).to_string()
}

const SERVICES: &[(&str, &str)] =
    &[("PROVIDER", "NONE"), ("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX", "smac/prod")];

#[test]
fn check_reads_it() {
    let variables = with(Vec::new(), &[SERVICES, &[("CHECK_REVOKATION", "true"), ("LOG_PRINCIPAL", "1")]].concat());
    let printed = function_config("eu-central-1", &variables);
    let of_get_function = format!(r#"{{"Configuration": {printed}, "Code": {{}}}}"#);
    let check = |text: &str| run(&["check", "--function-config", &file("function.json", text)], "");
    let outputs = [
        check(&printed),
        check(&of_get_function),
        run(&["check", "--function-config", "-"], &printed),
        run(&["check", "--env-file", &env_file(&variables)], ""),
    ];
    for output in &outputs {
        assert_eq!((output.code, lines(output, "mistake").len(), lines(output, "warning").len()), (1, 1, 1));
        assert_eq!(output.stdout, outputs[0].stdout);
    }
    // A function without variables has no `Environment`.
    let none = check(r#"{"FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:authorizer"}"#);
    assert_eq!((none.code, none.stdout.lines().last()), (0, Some("no variables: no mistakes, 1 warning")));
}

#[test]
fn explain_decides_by_it() {
    let variables: Vec<_> =
        deployment::environment(UNUSED).into_iter().filter(|(name, _)| name != "AWS_REGION").collect();
    let other = with(variables.clone(), &[("PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID", "other")]);
    let good = file("function.json", &function_config("eu-west-1", &variables));
    let bad = file("function.json", &function_config("eu-west-1", &other));
    let token = Token::id().sign();
    let explain = |config: &str| run(&["explain", "--function-config", config, "-"], &token);
    let allowed = explain(&good);
    assert_eq!((allowed.code, allowed.line("decision")), (0, "allowed (user), if what is assumed is true"));
    assert_eq!(
        allowed.line("settings"),
        format!("{good}: pools PRIMARY, SECONDARY, OIDC issuer DEV, service principals")
    );
    let refused = explain(&bad);
    assert!(refused.line("decision").starts_with("unauthorized: client_not_allowed"), "{}", refused.stdout);

    // From standard input, which then has no token.
    let event = file("event.json", &request(&json!({ "Authorization": format!("Bearer {token}") })));
    let printed = function_config("eu-west-1", &other);
    let output = run(&["explain", "--function-config", "-", &event], &printed);
    assert!(output.line("decision").starts_with("unauthorized: client_not_allowed"), "{}", output.stdout);
    assert!(output.line("settings").starts_with("standard input: "), "{}", output.stdout);
    // Its region is the function's: with --live there is no other, and services need one.
    let services = function_config("eu-west-1", &with(Vec::new(), SERVICES));
    let nobody = file("event.json", &request(&json!({})));
    let output = run(&["explain", "--live", "--function-config", "-", &nobody], &services);
    assert_eq!(output.line("decision"), "unauthorized: credentials_missing");
}
