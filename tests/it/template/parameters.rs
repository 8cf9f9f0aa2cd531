//! The parameters: each is described, has bounds, and is in a group.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use smac_local::keys::Key;

use super::stack::{Stack, USERS, read, template, text};

/// Good values of the parameters that are free strings.
const SAMPLES: &[(&str, &[&str])] = &[
    ("UserPoolId", &["", "eu-west-1_Abc123"]),
    ("AppClientIds", &["", "client", "one,two"]),
    ("UserPoolDomain", &["", "my-prefix", "https://login.example.com"]),
    ("UserIdClaims", &["", "sub", "email, phone_number,sub"]),
    ("OidcIssuer", &["", "https://login.example.com", "https://login.example.com/tenant/"]),
    ("OidcAudience", &["", "api", "https://api.example.com/,api"]),
    ("OidcUserIdPrefix", &["", "oidc:"]),
    ("SecretsPrefix", &["", "smac/prod"]),
    ("SecretsRegion", &["", "us-east-1"]),
    ("SecretsKmsKeyArn", &["", "arn:aws:kms:eu-west-1:123456789012:key/1"]),
    ("ContextClaims", &["", "name,cognito:groups", "custom:tenant=tenant, userId=id"]),
    ("JwtWebSocketProtocol", &["", "bearer"]),
    ("JwtQueryParameter", &["", "token"]),
    ("ExtraSettings", &["", "{}", r#"{"JWT": {"LEEWAY_SECONDS": 30}, "LOG_CLIENT": true}"#]),
    ("SettingsFile", &["", "settings.json", "/opt/settings.json"]),
    ("SettingsLayerArn", &["", "arn:aws:lambda:eu-west-1:123456789012:layer:settings:1"]),
    ("Release", &["", "2026-11-24"]),
    ("ApiId", &["*", "abcdef1234"]),
    ("SubnetIds", &["", "subnet-0123456789abcdef0,subnet-01234567"]),
    ("SecurityGroupIds", &["", "sg-0123456789abcdef0"]),
    ("PermissionsBoundaryArn", &["", "arn:aws:iam::123456789012:policy/boundary"]),
    ("LogKmsKeyArn", &["", "arn:aws:kms:eu-west-1:123456789012:key/1"]),
    ("AlarmTopicArn", &["", "arn:aws:sns:eu-west-1:123456789012:alarms"]),
];

/// Good values of a parameter, its default among them.
pub fn samples(name: &str, parameter: &Value) -> Vec<String> {
    if let Some(values) = parameter["AllowedValues"].as_array() {
        return values.iter().map(text).collect();
    }
    if parameter["Type"] == "Number" {
        return ["Default", "MinValue", "MaxValue"].iter().filter_map(|key| parameter.get(key)).map(text).collect();
    }
    let samples = SAMPLES.iter().find(|(sampled, _)| *sampled == name);
    samples.unwrap_or_else(|| panic!("{name} has no samples")).1.iter().map(|value| (*value).to_owned()).collect()
}

#[test]
fn parameters_are_described_bounded_and_in_groups() {
    let template = template();
    let parameters = template["Parameters"].as_object().unwrap();
    let groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"].as_array().unwrap();
    let grouped: Vec<_> = groups.iter().flat_map(|group| group["Parameters"].as_array().unwrap()).map(text).collect();
    assert_eq!(grouped.iter().collect::<BTreeSet<_>>().len(), grouped.len());
    assert_eq!(grouped.into_iter().collect::<BTreeSet<_>>(), parameters.keys().cloned().collect());
    for (name, parameter) in parameters {
        assert!(parameter["Description"].as_str().is_some_and(|text| text.ends_with('.')), "{name}");
        let samples = samples(name, parameter);
        assert!(samples.contains(&text(&parameter["Default"])), "{name}");
        for value in samples {
            Stack::new(&[(name, &value)]);
        }
        if parameter["Type"] == "Number" {
            assert!(parameter.get("MinValue").or(parameter.get("AllowedValues")).is_some(), "{name}");
        }
    }
    for (name, _) in SAMPLES {
        assert!(parameters.contains_key(*name), "{name} is no parameter");
    }
}

/// Lambda refuses an environment of more than 4 KB, measured as a JSON object.
#[test]
fn the_environment_leaves_room_for_key_sets() {
    let length = |given: &[(&str, &str)]| {
        let environment: BTreeMap<_, _> = Stack::new(given).environment().into_iter().collect();
        serde_json::to_string(&environment).unwrap().len()
    };
    let one = [USERS[0], ("AppClientIds", "1example23456789012345678"), ("SecretsPrefix", "smac/prod")];
    let key = Key::Primary.key_set()["keys"][0].clone();
    let key_set = json!({ "keys": [key, key] });
    let second = json!({ "USERPOOL_ID": "eu-west-1_Def456", "APP_CLIENT_ID": "2example23456789012345678" });
    let pools = json!({ "PROVIDER_COGNITO": { "USERPOOLS": { "PRIMARY": { "JWKS": key_set }, "SECONDARY": second } } });
    let extra = pools.to_string();
    let two = [one.as_slice(), &[("ExtraSettings", extra.as_str())]].concat();
    Stack::new(&two).settings().unwrap();
    assert!(length(&one) < 1_500 && length(&two) < 3_300, "{} {}", length(&one), length(&two));
}

/// The parameters of each list in the example of samconfig.toml. tests/reality/templates.py asks SAM for them.
fn overrides(config: &str) -> Vec<Vec<(String, String)>> {
    let list = |part: &str| {
        let lines = part.lines().map(str::trim).take_while(|line| *line != "]").filter(|line| !line.starts_with('#'));
        let entry = |line: &str| {
            let entry = line.trim_end_matches(',').trim_matches('\'');
            let (name, value) = entry.trim_matches('"').split_once('=').unwrap();
            (name.to_owned(), value.trim_matches('"').replace("\\\"", "\""))
        };
        lines.filter(|line| !line.is_empty()).map(entry).collect()
    };
    config.split("parameter_overrides = [").skip(1).map(list).collect()
}

#[test]
fn the_environments_of_the_example_of_samconfig_are_allowed() {
    let found = overrides(&read("samconfig.example.toml"));
    for given in &found {
        let given: Vec<(&str, &str)> = given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert!(given.iter().any(|(name, _)| *name == "UserPoolId"), "{given:?}");
        let stack = Stack::new(&given);
        assert!(stack.is_allowed(), "{given:?}");
        stack.settings().unwrap();
    }
    assert_eq!(found.len(), 2);
    assert!(found.iter().flatten().any(|(name, value)| name == "ExtraSettings" && value.starts_with("{\"")));
}
