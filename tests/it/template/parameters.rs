//! The parameters: each is described, has bounds, and is the setting that it says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use smac_lambda_authorizer::tools::{PREFIX, SETTINGS, Section};
use smac_local::keys::Key;

use super::stack::{Stack, USERS, read, template, text};

/// Good values of the parameters that are free strings.
const SAMPLES: &[(&str, &[&str])] = &[
    ("UserPoolId", &["", "eu-west-1_Abc123"]),
    ("AppClientIds", &["", "client", "one,two"]),
    ("UserPoolDomain", &["", "my-prefix", "https://login.example.com"]),
    ("UserPoolIssuers", &["ORIGINAL", "ORIGINAL,UPDATED", "https://login.example.com"]),
    ("SecondUserPoolId", &["", "eu-west-1_Def456", "eu-west-1_Abc123"]),
    ("SecondAppClientIds", &["", "other"]),
    ("SecondUserPoolDomain", &["", "login.example.com"]),
    ("UserPoolResourceAudience", &["", "https://api.example.com/,orders"]),
    ("SecondUserPoolResourceAudience", &["", "orders"]),
    ("OidcIssuer", &["", "https://login.example.com", "https://login.example.com/tenant/"]),
    ("OidcAudience", &["", "api", "https://api.example.com/,api"]),
    ("OidcAlgorithms", &["RS256", "ES256,EdDSA"]),
    ("OidcClientIds", &["", "one,two"]),
    ("OidcUserIdClaims", &["sub", "/user/id, email"]),
    ("OidcUserIdPrefix", &["", "oidc:"]),
    ("OidcRequiredScopes", &["", "read,write"]),
    ("OidcRequiredGroups", &["", "admins"]),
    ("SettingsFile", &["", "settings.json", "/opt/settings.json"]),
    ("SettingsLayerArn", &["", "arn:aws:lambda:eu-west-1:123456789012:layer:settings:1"]),
    ("UserIdClaims", &["email", "sub", "email, phone_number,sub"]),
    ("RequiredScopes", &["", "a/b,c"]),
    ("RequiredGroups", &["", "admins"]),
    ("LeewaySeconds", &["0", "300"]),
    ("JwtHeaderName", &["Authorization", "X-Token"]),
    ("JwtHeaderPrefix", &["Bearer", "", "JWT"]),
    ("JwtQueryParameter", &["", "token"]),
    ("JwtCookieName", &["", "session"]),
    ("JwtWebSocketProtocol", &["", "bearer"]),
    ("SecretsPrefix", &["", "smac/prod"]),
    ("SecretsRegion", &["", "us-east-1"]),
    ("SecretsKmsKeyArn", &["", "arn:aws:kms:eu-west-1:123456789012:key/1"]),
    ("RotationGraceSeconds", &["0", "3600", "999999"]),
    ("ServiceIdHeaderName", &["smac-principal", "x-id"]),
    ("ServiceTokenHeaderName", &["smac-token", "x-id"]),
    ("ContextClaims", &["", "name,cognito:groups", "custom:tenant=tenant, userId=id"]),
    ("RulesPolicies", &["", "rules", "/opt/rules/pets.cedar"]),
    ("RulesRoutes", &["", "rules/openapi.json"]),
    ("RulesNamespace", &["", "PetStore", "Shop::Pets"]),
    ("CacheTtlSeconds", &["60", "0", "99999"]),
    ("CacheNegativeTtlSeconds", &["30", "0", "99999"]),
    ("CacheStaleSeconds", &["300", "0", "99999"]),
    ("CacheCapacity", &["1000", "1", "99999"]),
    ("KeySetTtlSeconds", &["3600", "0", "99999"]),
    ("UpstreamTimeoutMs", &["2000", "100", "4500"]),
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
    if name.ends_with("Jwks") {
        return vec![String::new(), Key::Primary.key_set().to_string()];
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

/// The settings of an issuer that have no parameter.
const IN_THE_FILE: [&str; 9] = [
    "JWKS_URI",
    "JWKS",
    "DISCOVERY_URL",
    "TOKEN_TYPE",
    "SCOPE_CLAIM",
    "GROUPS_CLAIM",
    "REQUIRED_CLAIMS",
    "ALLOW_MACHINE_TOKENS",
    "USER_INFO",
];

#[test]
fn the_template_has_every_setting_that_is_not_for_local_runs() {
    let all = [
        ("SecondUserPoolId", "eu-west-1_Def456"),
        ("SecretsPrefix", "smac/prod"),
        ("OidcIssuer", "https://login.example.com"),
        ("SettingsFile", "settings.json"),
    ];
    let environment = Stack::new(&all).environment();
    let names: BTreeSet<&str> = environment.iter().filter_map(|(name, _)| name.strip_prefix(PREFIX)).collect();
    // What few issuers need is in the settings file. A profile is for local runs, that expired tokens are accepted is not for a deployment to choose, and the region is in
    // the pool's id.
    let left_out = ["AUTOMATION_PRINCIPALS__SECRETS_MANAGER__PROFILE", "JWT__CHECK_EXPIRATION", "REGION"];
    let settings = SETTINGS.iter().filter(|setting| !left_out.contains(&setting.name));
    let expected: BTreeSet<String> = settings
        .flat_map(|setting| match setting.section {
            Section::Pool => vec![setting.full_name("PRIMARY"), setting.full_name("SECONDARY")],
            Section::Issuer if IN_THE_FILE.contains(&setting.name) => vec![],
            Section::Issuer => vec![setting.full_name("OIDC")],
            Section::Global => vec![setting.full_name("")],
        })
        .collect();
    assert_eq!(names, expected.iter().map(String::as_str).collect());
}

/// Lambda refuses an environment of more than 4 KB, measured as a JSON object.
#[test]
fn the_environment_leaves_room_for_a_key_set() {
    let key = Key::Primary.key_set()["keys"][0].clone();
    let key_set = json!({ "keys": [key, key] }).to_string();
    let length = |given: &[(&str, &str)]| {
        let environment: BTreeMap<_, _> = Stack::new(given).environment().into_iter().collect();
        serde_json::to_string(&environment).unwrap().len()
    };
    let second = [("SecondUserPoolId", "eu-west-1_Def456"), ("SecondAppClientIds", "2example23456789012345678")];
    let one = [USERS[0], ("AppClientIds", "1example23456789012345678"), ("UserPoolJwks", &key_set)];
    let two = [one.as_slice(), &second, &[("SecretsPrefix", "smac/prod")]].concat();
    assert!(length(&one) < 3_200 && length(&two) < 4_096, "{} {}", length(&one), length(&two));
}

#[test]
fn the_environments_of_samconfig_are_allowed() {
    let config = read("samconfig.toml");
    let mut found = 0;
    for line in config.split("parameter_overrides = [").skip(1) {
        let list = line.split(']').next().unwrap();
        let given: Vec<(&str, &str)> =
            list.split('"').skip(1).step_by(2).map(|entry| entry.split_once('=').unwrap()).collect();
        assert!(!Stack::new(&given).is_allowed(), "the pool is still to be named");
        let named = Stack::new(&[given.as_slice(), &USERS].concat());
        assert!(named.is_allowed());
        named.settings().unwrap();
        found += 1;
    }
    assert_eq!(found, 2);
}
