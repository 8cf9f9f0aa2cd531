//! Each parameter reaches the function as the setting that it names, or the resource that it is about. None is left out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use smac_lambda_authorizer::tools::{self, PREFIX, SETTINGS, Section};

use super::stack::{Stack, USERS, template};

/// A stack in which each setting's parameter is looked at.
const BASE: [(&str, &str); 6] = [
    USERS[0],
    USERS[1],
    ("OidcIssuer", "https://login.example.com"),
    ("OidcAudience", "api"),
    ("OidcUserIdPrefix", "oidc:"),
    ("SecretsPrefix", "smac/prod"),
];

/// The parameters that are settings: a value, and the one variable that is then another one than in `BASE`.
const SETTINGS_OF: &[(&str, &str, &str)] = &[
    ("UserPoolId", "eu-west-1_Def456", "PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID"),
    ("AppClientIds", "one,two", "PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID"),
    ("UserPoolDomain", "my-prefix", "PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN"),
    ("UserIdClaims", "sub", "USER_ID"),
    ("OidcIssuer", "https://sso.example.com/", "PROVIDER_OIDC__ISSUERS__OIDC__ISSUER"),
    ("OidcAudience", "orders,stock", "PROVIDER_OIDC__ISSUERS__OIDC__AUDIENCE"),
    ("OidcUserIdPrefix", "sso:", "PROVIDER_OIDC__ISSUERS__OIDC__USER_ID_PREFIX"),
    ("SecretsPrefix", "smac/test", "AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX"),
    ("SecretsRegion", "us-east-1", "AUTOMATION_PRINCIPALS__SECRETS_MANAGER__REGION"),
    ("HttpApiResponse", "SIMPLE", "HTTP_API_RESPONSE"),
    ("UnauthorizedAs", "DENY", "UNAUTHORIZED_AS"),
    ("Mode", "OPTIONAL", "MODE"),
    ("ContextClaims", "custom:tenant=tenant", "CONTEXT_CLAIMS"),
    ("JwtWebSocketProtocol", "bearer", "JWT__WEBSOCKET_PROTOCOL"),
    ("JwtQueryParameter", "token", "JWT__QUERY_PARAMETER"),
    ("ExtraSettings", r#"{"JWT": {"LEEWAY_SECONDS": 30}}"#, "SETTINGS_FILE"),
    ("SettingsFile", "/opt/settings.json", "SETTINGS_FILE"),
    ("Metrics", "NONE", "METRICS"),
];

/// The parameters that are about resources: with which others, a value, and where it is found then.
type About = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/1";
const RELEASE: (&str, &str) = ("Release", "7");
const ALARMS: (&str, &str) = ("CreateAlarms", "true");
const STEPS: (&str, &str) = ("DeploymentPreference", "Canary10Percent15Minutes");
const SUBNETS: (&str, &str) = ("SubnetIds", "subnet-01234567");
const FUNCTION: &str = "Resources/AuthorizerFunction/Properties";

const RESOURCES_OF: &[About] = &[
    ("SecretsKmsKeyArn", KEY, &[("SecretsPrefix", "smac/prod")], &["Resources/AuthorizerRole/Properties/Policies"]),
    (
        "SettingsLayerArn",
        "arn:aws:lambda:eu-west-1:123456789012:layer:x:1",
        &[],
        &["Resources/AuthorizerFunction/Properties/Layers"],
    ),
    ("Architecture", "x86_64", &[], &["Resources/AuthorizerFunction/Properties/Architectures"]),
    ("MemorySize", "512", &[], &["Resources/AuthorizerFunction/Properties/MemorySize"]),
    ("ReservedConcurrency", "77", &[], &["Resources/AuthorizerFunction/Properties/ReservedConcurrentExecutions"]),
    ("Tracing", "Active", &[], &["Resources/AuthorizerFunction/Properties/Tracing"]),
    ("ApiId", "abcdef1234", &[], &["Resources/AuthorizerPermission/Properties/SourceArn"]),
    (
        "Release",
        "2026-11-24",
        &[],
        &["Resources/LiveVersion/Properties/Description", "Resources/AuthorizerFunction/Properties/Description"],
    ),
    (
        "DeploymentPreference",
        "Linear10PercentEvery3Minutes",
        &[RELEASE, ALARMS],
        &["Resources/DeploymentGroup/Properties/DeploymentConfigName"],
    ),
    ("ProvisionedConcurrency", "77", &[RELEASE], &["Resources/LiveAlias/Properties/ProvisionedConcurrencyConfig"]),
    (
        "SubnetIds",
        "subnet-89abcdef",
        &[("SecurityGroupIds", "sg-01234567")],
        &["Resources/AuthorizerFunction/Properties/VpcConfig"],
    ),
    ("SecurityGroupIds", "sg-89abcdef", &[SUBNETS], &["Resources/AuthorizerFunction/Properties/VpcConfig"]),
    (
        "PermissionsBoundaryArn",
        "arn:aws:iam::123456789012:policy/boundary",
        &[RELEASE, ALARMS, STEPS],
        &[
            "Resources/AuthorizerRole/Properties/PermissionsBoundary",
            "Resources/DeploymentRole/Properties/PermissionsBoundary",
        ],
    ),
    ("LogRetentionDays", "731", &[], &["Resources/AuthorizerLogGroup/Properties/RetentionInDays"]),
    ("LogKmsKeyArn", KEY, &[], &["Resources/AuthorizerLogGroup/Properties/KmsKeyId"]),
    (
        "AlarmTopicArn",
        "arn:aws:sns:eu-west-1:123456789012:alarms",
        &[ALARMS],
        &[
            "Resources/FaultAlarm/Properties/AlarmActions",
            "Resources/UpstreamAlarm/Properties/AlarmActions",
            "Resources/UnauthorizedAlarm/Properties/AlarmActions",
            "Resources/ErrorLineAlarm/Properties/AlarmActions",
            "Resources/CrashAlarm/Properties/AlarmActions",
            "Resources/SilenceAlarm/Properties/AlarmActions",
            "Resources/ThrottleAlarm/Properties/AlarmActions",
            "Resources/DurationAlarm/Properties/AlarmActions",
        ],
    ),
    ("UnauthorizedAlarmPercent", "77", &[ALARMS], &["Resources/UnauthorizedAlarm/Properties/Threshold"]),
    ("SilenceAlarmMinutes", "77", &[ALARMS], &["Resources/SilenceAlarm/Properties/EvaluationPeriods"]),
];

/// The parameters by which a resource is there or not: the value that the default is not, and the resources.
const SWITCHES: &[(&str, &str, &[&str])] = &[
    ("CreateDashboard", "false", &["Resources/Dashboard"]),
    (
        "CreateAlarms",
        "true",
        &[
            "Resources/FaultAlarm",
            "Resources/UpstreamAlarm",
            "Resources/UnauthorizedAlarm",
            "Resources/ErrorLines",
            "Resources/ErrorLineAlarm",
            "Resources/CrashAlarm",
            "Resources/SilenceAlarm",
            "Resources/ThrottleAlarm",
            "Resources/DurationAlarm",
        ],
    ),
];

fn environment(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    Stack::new(given).environment().into_iter().collect()
}

#[test]
fn each_parameter_is_looked_at_here_and_once() {
    let names = SETTINGS_OF.iter().map(|(name, ..)| *name).chain(RESOURCES_OF.iter().map(|(name, ..)| *name));
    let names: Vec<_> = names.chain(SWITCHES.iter().map(|(name, ..)| *name)).collect();
    let template = template();
    let parameters: BTreeSet<_> = template["Parameters"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names.iter().copied().collect::<BTreeSet<_>>(), parameters);
    assert_eq!(names.len(), parameters.len());
}

#[test]
fn a_parameter_is_the_setting_that_it_names() {
    let before = environment(&BASE);
    let decided_by = |given: &[(&str, &str)]| format!("{:?}", Stack::new(given).settings().unwrap());
    let known: BTreeSet<String> = SETTINGS
        .iter()
        .flat_map(|setting| match setting.section {
            Section::Pool => vec![setting.full_name("PRIMARY")],
            Section::Issuer => vec![setting.full_name("OIDC")],
            Section::Global => vec![setting.full_name("")],
        })
        .collect();
    for (name, value, setting) in SETTINGS_OF {
        assert!(known.contains(*setting), "{setting} is no setting");
        let given = [&[(*name, *value)], BASE.as_slice()].concat();
        let after = environment(&given);
        let mut expected = before.clone();
        expected.insert(format!("{PREFIX}{setting}"), (*value).to_owned());
        assert_eq!(after, expected, "{name}");
        // And the function, which reads that, is another one.
        assert_ne!(decided_by(&given), decided_by(&BASE), "{name}");
    }
}

#[test]
fn a_parameter_changes_the_resources_that_it_is_about() {
    for (name, value, others, paths) in RESOURCES_OF {
        let with = Stack::new(&[&[(*name, *value)], *others].concat());
        let without = Stack::new(others);
        for path in *paths {
            let found = with.value(path).to_string();
            assert!(found.contains(value), "{name}: {path} is {found}");
            let resource = path.split("/Properties").next().unwrap();
            assert!(with.has(resource), "{name}: there is no {resource}");
            let before = if without.has(resource) { without.value(path).to_string() } else { String::new() };
            assert!(!before.contains(value), "{name}: {path} is {before} without it");
        }
        assert_eq!(with.environment(), without.environment(), "{name} is no setting");
    }
    for (name, value, resources) in SWITCHES {
        for resource in *resources {
            let there = [Stack::new(&[]).has(resource), Stack::new(&[(name, value)]).has(resource)];
            assert_eq!(there, [*value == "false", *value == "true"], "{name}: {resource}");
        }
    }
}

#[test]
fn a_stack_without_parameters_leaves_each_setting_to_the_other_settings() {
    let set: Vec<_> = environment(&[]).into_iter().filter(|(_, value)| !value.is_empty()).collect();
    // The dashboard and the alarms depend on the metrics.
    let expected = [("AWS_REGION", "eu-west-1"), ("SMAC__AUTH__METRICS", "EMF")];
    assert_eq!(set, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn the_other_settings_add_to_the_parameters_and_a_parameter_wins() {
    let extra = json!({
        "MODE": "OPTIONAL",
        "JWT": { "LEEWAY_SECONDS": 30 },
        "PROVIDER_COGNITO": { "USERPOOLS": {
            "PRIMARY": { "APP_CLIENT_ID": "other" },
            "PARTNERS": { "USERPOOL_ID": "eu-west-1_Def456", "APP_CLIENT_ID": "partner" },
        } },
    });
    let extra = extra.to_string();
    let settings = |more: &[(&str, &str)]| {
        let settings = Stack::new(&[&USERS, more].concat()).settings().unwrap();
        let tokens = tools::parts(&settings).tokens.unwrap();
        let pools = tokens.issuers.iter().map(|issuer| issuer.name.to_string()).collect::<Vec<_>>();
        (pools, tokens.leeway.as_secs(), format!("{settings:?}").contains("\"other\""))
    };
    assert_eq!(settings(&[]), (vec!["PRIMARY".to_owned()], 0, false));
    let both = settings(&[("ExtraSettings", &extra)]);
    assert_eq!(both, (vec!["PRIMARY".to_owned(), "PARTNERS".to_owned()], 30, false));
    assert_eq!(Stack::new(&[]).value(&format!("{FUNCTION}/Layers")), Value::Null);
}
