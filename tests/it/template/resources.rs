//! The role, the alias, and why the example that caches is sound.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use smac_lambda_authorizer::tools::{self, SETTINGS};
use smac_local::deployment::{SERVICE, SERVICE_TOKEN};
use smac_local::token::Token;

use super::stack::{Stack, USERS, template, text};
use crate::support::{pair, request, world};

#[test]
fn the_function_may_do_what_it_must_and_nothing_else() {
    let log = ["logs:CreateLogStream", "logs:PutLogEvents"];
    let key = "arn:aws:kms:eu-west-1:123456789012:key/1";
    let actions = |given: &[(&str, &str)]| Stack::new(given).role_actions();
    let with = |more: &[&str]| log.iter().chain(more).map(|action| (*action).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(actions(&USERS), with(&[]));
    assert_eq!(actions(&[("SecretsKmsKeyArn", key)]), with(&[]));
    assert_eq!(actions(&[("SecretsPrefix", "x")]), with(&["secretsmanager:GetSecretValue"]));
    let both = actions(&[("SecretsPrefix", "x"), ("SecretsKmsKeyArn", key)]);
    assert_eq!(both, with(&["secretsmanager:GetSecretValue", "kms:Decrypt"]));
    assert_eq!(actions(&[("Tracing", "Active")]), with(&["xray:PutTraceSegments", "xray:PutTelemetryRecords"]));
}

#[test]
fn vpc_boundary_and_key_of_the_log_are_there_if_they_are_given() {
    let key = "arn:aws:kms:eu-west-1:123456789012:key/1";
    let boundary = "arn:aws:iam::123456789012:policy/boundary";
    let parts = |given: &[(&str, &str)]| {
        let stack = Stack::new(given);
        let function = stack.value("Resources/AuthorizerFunction/Properties");
        let role = stack.value("Resources/AuthorizerRole/Properties");
        let log = stack.value("Resources/AuthorizerLogGroup/Properties");
        [&function["VpcConfig"], &role["PermissionsBoundary"], &log["KmsKeyId"]].map(Clone::clone)
    };
    assert_eq!(parts(&[]), [Value::Null, Value::Null, Value::Null]);
    let given = [
        ("SubnetIds", "subnet-01234567,subnet-89abcdef"),
        ("SecurityGroupIds", "sg-01234567"),
        ("PermissionsBoundaryArn", boundary),
        ("LogKmsKeyArn", key),
    ];
    let vpc = json!({
        "SubnetIds": ["subnet-01234567", "subnet-89abcdef"],
        "SecurityGroupIds": ["sg-01234567"],
    });
    assert_eq!(parts(&given), [vpc, boundary.into(), key.into()]);

    // Lambda may attach the function to the VPC, and the function's own code may not.
    let policies = Stack::new(&given).value("Resources/AuthorizerRole/Properties/Policies");
    let policy = policies.as_array().unwrap().iter().find(|policy| policy["PolicyName"] == "attach-to-vpc").unwrap();
    let [allow, deny] = policy["PolicyDocument"]["Statement"].as_array().unwrap().as_slice() else {
        panic!("{policy}")
    };
    assert_eq!(
        (&allow["Effect"], &deny["Effect"], &deny["Action"]),
        (&json!("Allow"), &json!("Deny"), &json!("ec2:*"))
    );
    assert!(allow["Action"].as_array().unwrap().iter().all(|action| text(action).starts_with("ec2:")));
    let own_calls = json!({ "lambda:SourceFunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:*" });
    assert_eq!(deny["Condition"]["ArnLike"], own_calls);
}

#[test]
fn apis_call_the_alias_where_there_is_a_release() {
    let called = |release: &str| {
        let stack = Stack::new(&[("Release", release)]);
        let output = stack.value("Outputs/AuthorizerArn/Value");
        assert_eq!(stack.value("Resources/AuthorizerPermission/Properties/FunctionName"), output);
        assert_eq!(stack.has("Resources/LiveAlias"), !release.is_empty());
        output
    };
    assert_eq!((called(""), called("1")), (json!("the-function"), json!("LiveAlias")));
    // Each release is another version: the description is what makes a new one, of a function that has changed.
    let resources = &template()["Resources"];
    assert_eq!(resources["LiveVersion"]["Properties"]["Description"], json!({ "Ref": "Release" }));
    let description = resources["AuthorizerFunction"]["Properties"]["Description"]["Fn::Sub"].as_str().unwrap();
    assert!(description.contains("${Release}"));
}

#[test]
fn a_release_moves_in_steps_and_goes_back_if_an_alarm_rings() {
    let steps = ("DeploymentPreference", "Canary10Percent15Minutes");
    let given = [("Release", "1"), ("CreateAlarms", "true")];
    let update = "Resources/LiveAlias/UpdatePolicy";
    let at_once = Stack::new(&given);
    assert_eq!(at_once.value(update), Value::Null);
    let in_steps = Stack::new(&[given.as_slice(), &[steps]].concat());
    for resource in
        ["DeploymentApplication", "DeploymentGroup", "DeploymentRole"].map(|name| format!("Resources/{name}"))
    {
        assert_eq!((at_once.has(&resource), in_steps.has(&resource)), (false, true), "{resource}");
    }
    let by_code_deploy =
        json!({ "ApplicationName": "DeploymentApplication", "DeploymentGroupName": "DeploymentGroup" });
    assert_eq!(in_steps.value(update)["CodeDeployLambdaAliasUpdate"], by_code_deploy);
    let group = in_steps.value("Resources/DeploymentGroup/Properties");
    assert_eq!(group["DeploymentConfigName"], "CodeDeployDefault.LambdaCanary10Percent15Minutes");
    let alarms = group["AlarmConfiguration"]["Alarms"].as_array().unwrap();
    let alarms: BTreeSet<_> = alarms.iter().map(|alarm| text(&alarm["Name"])).collect();
    assert_eq!(alarms, ["CrashAlarm", "ErrorLineAlarm", "FaultAlarm", "UnauthorizedAlarm"].map(str::to_owned).into());
    assert!(alarms.iter().all(|name| in_steps.has(&format!("Resources/{name}"))));
    let events = text(&group["AutoRollbackConfiguration"]["Events"]);
    assert!(events.contains("DEPLOYMENT_STOP_ON_ALARM") && events.contains("DEPLOYMENT_FAILURE"), "{events}");
    // APIs call what moves in steps.
    assert_eq!(in_steps.value("Outputs/AuthorizerArn/Value"), "LiveAlias");

    // The slowest of these alarms must be able to ring before the last step.
    let property = |name: &str| {
        let metrics = &template()["Resources"]["UnauthorizedAlarm"]["Properties"];
        text(&metrics[name]).parse::<u64>().unwrap()
    };
    let alarm_minutes = property("EvaluationPeriods") * 5;
    let allowed = template()["Parameters"]["DeploymentPreference"]["AllowedValues"].clone();
    for value in allowed.as_array().unwrap().iter().map(text).filter(|value| value != "AllAtOnce") {
        let every: u64 =
            value.trim_end_matches("Minutes").rsplit(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
        let minutes = if value.starts_with("Linear") { every * 9 } else { every };
        assert!(minutes >= alarm_minutes, "{value}: {minutes} of {alarm_minutes}");
    }
}

#[tokio::test]
async fn a_function_for_users_alone_decides_by_the_token_alone() {
    let credential = Token::id().sign();
    let both = |authorization: &str| {
        request(&json!({ "Authorization": authorization, "SMAC-Principal": SERVICE, "SMAC-Token": SERVICE_TOKEN }))
    };
    // The trap: kept under `Authorization: x`, this Allow would be everybody's.
    let for_all = world(&[]).await;
    assert_eq!(for_all.ask(&both("Bearer x")).await.reason(), "allowed");
    // No prefix, and so no services: the pair is not looked at.
    let automation = SETTINGS.iter().map(|setting| setting.name).filter(|name| name.starts_with("AUTOMATION_"));
    let empty: Vec<(&str, &str)> = automation.map(|name| (name, "")).collect();
    let for_users = world(&empty).await;
    assert_eq!(for_users.ask(&both("Bearer x")).await.reason(), "token_malformed");
    let allowed = for_users.ask(&both(&format!("Bearer {credential}"))).await;
    assert_eq!(allowed.answer()["context"]["principalType"], "user");
    // The template without a prefix is such a function.
    assert!(tools::parts(&Stack::new(&USERS).settings().unwrap()).services.is_none());
    assert_eq!(for_users.ask(&pair(SERVICE, SERVICE_TOKEN)).await.reason(), "credentials_missing");
}
