//! The templates, the examples and the runbook against the code: metrics, log fields, settings, reasons.

#![expect(clippy::wildcard_enum_match_arm, reason = "JSON and YAML have the forms that they have")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value, json};
use smac_lambda_authorizer::error::{Fault, Forbidden, Refusal, Unauthorized};
use smac_lambda_authorizer::lookup::Source;
use smac_lambda_authorizer::principal::PrincipalType;
use smac_lambda_authorizer::settings::{self, Mistakes, POOL_VARIABLES, Settings, VARIABLES};
use smac_lambda_authorizer::telemetry::{DIMENSION, METRICS, NAMESPACE, Outcome};
use smac_local::deployment::{SERVICE, SERVICE_TOKEN};
use smac_local::stand_ins::{self, StandIns, Upstream};
use smac_local::token::Token;

use crate::support::runtime_api::Process;
use crate::support::{self, bearer, pair, request, world};

// The template, read.

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// A template with CloudFormation's short forms (`!Ref x`) in their long ones (`{"Ref": "x"}`).
fn template(path: &str) -> Value {
    json_of(&Yaml::load_from_str(&read(path)).unwrap()[0])
}

fn json_of(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(boolean)) => json!(boolean),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::FloatingPoint(number)) => json!(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Sequence(list) => list.iter().map(json_of).collect(),
        Yaml::Mapping(map) => {
            Value::Object(map.iter().map(|(key, value)| (text(&json_of(key)), json_of(value))).collect())
        }
        Yaml::Tagged(tag, inner) => {
            let name = match tag.suffix.as_str() {
                name @ ("Ref" | "Condition") => name.to_owned(),
                name => format!("Fn::{name}"),
            };
            let value = match json_of(inner) {
                Value::String(path) if name == "Fn::GetAtt" => path.split('.').collect(),
                value => value,
            };
            json!({ name: value })
        }
        other => panic!("{other:?}"),
    }
}

/// A scalar as CloudFormation has it: everything is a text.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What CloudFormation makes of the template's intrinsic functions with these parameters.
struct Stack {
    template: Value,
    parameters: BTreeMap<String, String>,
}

impl Stack {
    fn new(given: &[(&str, &str)]) -> Self {
        let template = template("template.yaml");
        let defaults = template["Parameters"].as_object().unwrap();
        let mut parameters: BTreeMap<String, String> = defaults
            .iter()
            .filter_map(|(name, parameter)| Some((name.clone(), text(parameter.get("Default")?))))
            .collect();
        for (name, value) in given {
            assert!(defaults.contains_key(*name), "{name} is no parameter");
            parameters.insert((*name).to_owned(), (*value).to_owned());
        }
        Self { template, parameters }
    }

    /// A value, or nothing where it is `AWS::NoValue`.
    fn value(&self, node: &Value) -> Option<Value> {
        match node {
            Value::Object(map) if map.len() == 1 => {
                let (name, argument) = map.iter().next().unwrap();
                match name.as_str() {
                    "Ref" => self.reference(argument.as_str().unwrap()),
                    "Fn::If" => {
                        let branch = if self.condition(&argument[0]) { &argument[1] } else { &argument[2] };
                        self.value(branch)
                    }
                    "Fn::Sub" | "Fn::GetAtt" => Some(json!("something")),
                    _ => Some(json!({ name: self.value(argument)? })),
                }
            }
            Value::Object(map) => {
                let map: Map<String, Value> =
                    map.iter().filter_map(|(name, value)| Some((name.clone(), self.value(value)?))).collect();
                Some(Value::Object(map))
            }
            Value::Array(list) => Some(list.iter().filter_map(|value| self.value(value)).collect()),
            scalar => Some(scalar.clone()),
        }
    }

    fn reference(&self, name: &str) -> Option<Value> {
        match name {
            "AWS::NoValue" => None,
            "AWS::Region" => Some(json!("eu-west-1")),
            name => match self.parameters.get(name) {
                Some(value) => Some(json!(value)),
                None => {
                    assert!(self.template["Resources"].get(name).is_some(), "nothing is named {name}");
                    Some(json!(name))
                }
            },
        }
    }

    fn condition(&self, node: &Value) -> bool {
        if let Some(name) = node.as_str() {
            return self.condition(&self.template["Conditions"][name]);
        }
        let (name, argument) =
            node.as_object().unwrap_or_else(|| panic!("{node} is no condition")).iter().next().unwrap();
        match name.as_str() {
            "Condition" => self.condition(argument),
            "Fn::Not" => !self.condition(&argument[0]),
            "Fn::And" => argument.as_array().unwrap().iter().all(|each| self.condition(each)),
            "Fn::Or" => argument.as_array().unwrap().iter().any(|each| self.condition(each)),
            "Fn::Equals" => {
                let side = |index: usize| text(&self.value(&argument[index]).unwrap());
                side(0) == side(1)
            }
            other => panic!("{other} is no condition"),
        }
    }

    /// Whether CloudFormation would take these parameters.
    fn is_let_through_by_the_rules(&self) -> bool {
        self.template["Rules"].as_object().unwrap().values().all(|rule| {
            let applies = rule.get("RuleCondition").is_none_or(|condition| self.condition(condition));
            !applies || rule["Assertions"].as_array().unwrap().iter().all(|each| self.condition(&each["Assert"]))
        })
    }

    fn environment(&self) -> Vec<(String, String)> {
        let variables = &self.template["Resources"]["AuthorizerFunction"]["Properties"]["Environment"]["Variables"];
        let variables = self.value(variables).unwrap();
        let mut all: Vec<_> =
            variables.as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect();
        all.push(("AWS_REGION".to_owned(), "eu-west-1".to_owned()));
        all
    }

    fn settings(&self) -> Result<Settings, Mistakes> {
        support::parse(self.environment())
    }

    fn role_actions(&self) -> BTreeSet<String> {
        let policies = self.value(&self.template["Resources"]["AuthorizerRole"]["Properties"]["Policies"]).unwrap();
        let statements = policies
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap().clone());
        statements
            .flat_map(|statement| match &statement["Action"] {
                Value::Array(actions) => actions.iter().map(text).collect(),
                action => vec![text(action)],
            })
            .collect()
    }
}

const USERS: [(&str, &str); 2] = [("UserPoolId", "eu-west-1_Abc123"), ("AppClientIds", "client")];

/// Values of the free texts, all of them good.
const SAMPLES: &[(&str, &[&str])] = &[
    ("UserPoolId", &["", "eu-west-1_Abc123"]),
    ("AppClientIds", &["", "client", "one,two"]),
    ("UserPoolDomain", &["", "my-prefix", "https://login.example.com"]),
    ("UserPoolIssuers", &["ORIGINAL", "ORIGINAL,UPDATED", "https://login.example.com"]),
    ("SecondUserPoolId", &["", "eu-west-1_Def456", "eu-west-1_Abc123"]),
    ("SecondAppClientIds", &["", "other"]),
    ("SecondUserPoolDomain", &["", "login.example.com"]),
    ("SecondUserPoolIssuers", &["ORIGINAL", "UPDATED"]),
    ("UserIdClaim", &["email", "sub"]),
    ("RequiredScopes", &["", "a/b,c"]),
    ("RequiredGroups", &["", "admins"]),
    ("JwtHeaderName", &["Authorization", "X-Token"]),
    ("JwtHeaderPrefix", &["Bearer", "", "JWT"]),
    ("JwtQueryParameter", &["", "token"]),
    ("JwtCookieName", &["", "session"]),
    ("SecretsPrefix", &["", "smac/prod"]),
    ("SecretsRegion", &["", "us-east-1"]),
    ("SecretsKmsKeyArn", &["", "arn:aws:kms:eu-west-1:123456789012:key/1"]),
    ("ServiceIdHeaderName", &["SMAC-Principal", "X-Id"]),
    ("ServiceTokenHeaderName", &["SMAC-Token", "X-Id"]),
    ("ContextClaims", &["", "name,cognito:groups"]),
    ("Release", &["", "2026-11-24"]),
    ("ApiId", &["*", "abcdef1234"]),
    ("AlarmTopicArn", &["", "arn:aws:sns:eu-west-1:123456789012:alarms"]),
];

/// The values that are tried for each parameter.
fn values(name: &str, parameter: &Value) -> Vec<String> {
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
    let template = template("template.yaml");
    let parameters = template["Parameters"].as_object().unwrap();
    let groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"].as_array().unwrap();
    let grouped: Vec<_> = groups.iter().flat_map(|group| group["Parameters"].as_array().unwrap()).map(text).collect();
    assert_eq!(grouped.iter().collect::<BTreeSet<_>>().len(), grouped.len());
    assert_eq!(grouped.into_iter().collect::<BTreeSet<_>>(), parameters.keys().cloned().collect());
    for (name, parameter) in parameters {
        assert!(parameter["Description"].as_str().is_some_and(|text| text.ends_with('.')), "{name}");
        let values = values(name, parameter);
        assert!(values.contains(&text(&parameter["Default"])), "{name}");
        if parameter["Type"] == "Number" {
            assert!(parameter.get("MinValue").or(parameter.get("AllowedValues")).is_some(), "{name}");
        }
    }
    for (name, _) in SAMPLES {
        assert!(parameters.contains_key(*name), "{name} is no parameter");
    }
}

#[test]
fn the_template_has_every_setting_that_is_not_for_local_runs() {
    let names: BTreeSet<String> =
        Stack::new(&[]).template["Resources"]["AuthorizerFunction"]["Properties"]["Environment"]["Variables"]
            .as_object()
            .unwrap()
            .keys()
            .map(|name| name.strip_prefix(settings::PREFIX).unwrap().to_owned())
            .collect();
    let pool = |name: &str| {
        let variables = POOL_VARIABLES.iter().map(|(variable, _)| *variable);
        // The region is in the pool's id; a key set belongs into the package.
        let variables = variables.filter(|variable| !["REGION", "JWKS"].contains(variable));
        variables.map(|variable| format!("PROVIDER_COGNITO__USERPOOLS__{name}__{variable}")).collect::<Vec<_>>()
    };
    // A profile is for local runs; that expired tokens are taken is no choice for a deployment.
    let left_out = ["AUTOMATION_PRINCIPALS__SECRETS_MANAGER__PROFILE", "PROVIDER_COGNITO__CHECK_EXPIRATION"];
    let expected =
        VARIABLES.iter().map(|(name, _)| (*name).to_owned()).filter(|name| !left_out.contains(&name.as_str()));
    assert_eq!(names, expected.chain(pool("PRIMARY")).chain(pool("SECONDARY")).collect());
}

#[test]
fn what_the_rules_let_through_starts() {
    let template = template("template.yaml");
    let parameters = template["Parameters"].as_object().unwrap();
    let all: Vec<(&str, String)> = parameters
        .iter()
        .flat_map(|(name, parameter)| values(name, parameter).into_iter().map(move |value| (name.as_str(), value)))
        .collect();
    let mut tried = 0;
    let mut refused = 0;
    let bases: [&[(&str, &str)]; 3] = [
        &USERS,
        &[("SecretsPrefix", "smac/prod")],
        &[
            USERS[0],
            USERS[1],
            ("SecretsPrefix", "smac/prod"),
            ("SecondUserPoolId", "eu-west-1_Def456"),
            ("SecondAppClientIds", "other"),
            ("UserPoolDomain", "one"),
            ("TokenUse", "ACCESS"),
        ],
    ];
    for base in bases {
        let mut stack = Stack::new(base);
        let defaults = stack.parameters.clone();
        for (index, (one, value)) in all.iter().enumerate() {
            for (other, other_value) in all.iter().skip(index) {
                stack.parameters.clone_from(&defaults);
                stack.parameters.insert((*one).to_owned(), value.clone());
                stack.parameters.insert((*other).to_owned(), other_value.clone());
                tried += 1;
                if !stack.is_let_through_by_the_rules() {
                    refused += 1;
                    continue;
                }
                let settings = stack.settings();
                assert!(settings.is_ok(), "{base:?} {one}={value} {other}={other_value}: {}", settings.unwrap_err());
                let settings = settings.unwrap();
                assert_eq!(settings.automation.is_some(), !stack.parameters["SecretsPrefix"].is_empty());
                assert_eq!(settings.cognito.is_some(), !stack.parameters["UserPoolId"].is_empty());
            }
        }
    }
    assert!(tried > 10_000 && refused > 100, "{tried} {refused}");
}

#[test]
fn the_rules_refuse_what_would_not_start_or_let_nobody_in() {
    let is_let_through = |given: &[(&str, &str)]| Stack::new(given).is_let_through_by_the_rules();
    assert!(!is_let_through(&[]));
    assert!(is_let_through(&[("Mode", "OPTIONAL")]));
    assert!(is_let_through(&USERS));
    for more in [
        ("AppClientIds", ""),
        ("SecondUserPoolId", "eu-west-1_Def456"),
        ("CheckRevocation", "true"),
        ("ServiceIdHeaderName", "SMAC-Token"),
        ("ProvisionedConcurrency", "1"),
    ] {
        assert!(!is_let_through(&[USERS[0], USERS[1], more]), "{more:?}");
    }
    assert!(!is_let_through(&[USERS[0], USERS[1], ("CreateAlarms", "true"), ("Metrics", "NONE")]));
    let revocation = [("CheckRevocation", "true"), ("TokenUse", "ACCESS"), ("UserPoolDomain", "x")];
    assert!(is_let_through(&[USERS.as_slice(), &revocation].concat()));
}

#[test]
fn the_function_may_do_what_it_must_and_nothing_else() {
    let log = ["logs:CreateLogStream", "logs:PutLogEvents"];
    let actions = |given: &[(&str, &str)]| Stack::new(given).role_actions();
    let with = |more: &[&str]| log.iter().chain(more).map(|action| (*action).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(actions(&USERS), with(&[]));
    assert_eq!(actions(&[("SecretsKmsKeyArn", "a-key")]), with(&[]));
    assert_eq!(actions(&[("SecretsPrefix", "x")]), with(&["secretsmanager:GetSecretValue"]));
    let both = actions(&[("SecretsPrefix", "x"), ("SecretsKmsKeyArn", "a-key")]);
    assert_eq!(both, with(&["secretsmanager:GetSecretValue", "kms:Decrypt"]));
    assert_eq!(actions(&[("Tracing", "Active")]), with(&["xray:PutTraceSegments", "xray:PutTelemetryRecords"]));
}

#[test]
fn apis_call_the_alias_where_there_is_a_release() {
    let called = |release: &str| {
        let stack = Stack::new(&[("Release", release)]);
        let output = stack.value(&stack.template["Outputs"]["AuthorizerArn"]["Value"]).unwrap();
        let permission = &stack.template["Resources"]["AuthorizerPermission"]["Properties"]["FunctionName"];
        assert_eq!(stack.value(permission).unwrap(), output);
        output
    };
    assert_eq!((called(""), called("1")), (json!("something"), json!("LiveAlias")));
    // Each release is another version: the description is what makes a new one, of a function that has changed.
    let resources = template("template.yaml")["Resources"].clone();
    assert_eq!(resources["LiveVersion"]["Properties"]["Description"], json!({ "Ref": "Release" }));
    let description = resources["AuthorizerFunction"]["Properties"]["Description"]["Fn::Sub"].as_str().unwrap();
    assert!(description.contains("${Release}"));
}

#[test]
fn the_environments_of_samconfig_are_let_through() {
    let config = read("samconfig.toml");
    let mut found = 0;
    for line in config.split("parameter_overrides = [").skip(1) {
        let list = line.split(']').next().unwrap();
        let given: Vec<(&str, &str)> =
            list.split('"').skip(1).step_by(2).map(|entry| entry.split_once('=').unwrap()).collect();
        let stack = Stack::new(&given);
        for (name, value) in &given {
            let parameter = &stack.template["Parameters"][name];
            if let Some(allowed) = parameter["AllowedValues"].as_array() {
                assert!(allowed.iter().any(|allowed| text(allowed) == *value), "{name}={value}");
            }
        }
        assert!(!stack.is_let_through_by_the_rules(), "the pool is still to be named");
        let named = Stack::new(&[given.as_slice(), &USERS].concat());
        assert!(named.is_let_through_by_the_rules());
        named.settings().unwrap();
        found += 1;
    }
    assert_eq!(found, 2);
}

// The metrics.

fn outcomes() -> BTreeSet<&'static str> {
    [
        Outcome::Allowed(PrincipalType::User),
        Outcome::Refused(Refusal::Unauthorized(Unauthorized::CredentialsMissing)),
        Outcome::Refused(Refusal::Forbidden(Forbidden::ScopeMissing)),
        Outcome::Refused(Refusal::Fault(Fault::Internal)),
    ]
    .map(Outcome::name)
    .into()
}

/// A metric somewhere in the template: namespace, name, dimensions.
type Metric = (String, String, Vec<(String, String)>);

fn alarm_metrics(node: &Value, found: &mut Vec<Metric>) {
    match node {
        Value::Object(map) => {
            if let (Some(namespace), Some(name)) = (map.get("Namespace"), map.get("MetricName")) {
                let dimensions = map.get("Dimensions").and_then(Value::as_array).cloned().unwrap_or_default();
                let dimensions = dimensions.iter().map(|each| (text(&each["Name"]), text(&each["Value"]))).collect();
                found.push((text(namespace), text(name), dimensions));
            }
            map.values().for_each(|value| alarm_metrics(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| alarm_metrics(value, found)),
        _ => {}
    }
}

fn dashboard() -> Value {
    let body = text(&template("template.yaml")["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]);
    // Resources and the region by their names: what they are does not matter here.
    let mut plain = String::new();
    let mut rest = body.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').unwrap();
        plain.push_str(before);
        plain.push_str(name);
        rest = after;
    }
    plain.push_str(rest);
    serde_json::from_str(&plain).unwrap()
}

fn widgets(kind: &str) -> Vec<Value> {
    let widgets = dashboard()["widgets"].as_array().unwrap().clone();
    widgets.into_iter().filter(|widget| widget["type"] == kind).map(|widget| widget["properties"].clone()).collect()
}

/// What a search of the dashboard looks for: `SEARCH('{Namespace,dimension} MetricName="Name"', ...)`.
fn search(expression: &str) -> Metric {
    let schema = expression.split_once('{').unwrap().1.split('}').next().unwrap();
    let (namespace, dimension) = schema.split_once(',').unwrap();
    let name = expression.split_once("MetricName=\"").unwrap().1.split('"').next().unwrap();
    (namespace.to_owned(), name.to_owned(), vec![(dimension.to_owned(), String::new())])
}

fn dashboard_metrics() -> Vec<Metric> {
    let mut found = Vec::new();
    for metrics in widgets("metric").iter().map(|properties| properties["metrics"].as_array().unwrap().clone()) {
        for metric in metrics {
            let parts: Vec<String> =
                metric.as_array().unwrap().iter().filter(|part| part.is_string()).map(text).collect();
            match metric[0].get("expression") {
                Some(expression) => found.push(search(expression.as_str().unwrap())),
                None => found.push((
                    parts[0].clone(),
                    parts[1].clone(),
                    parts[2..].chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect(),
                )),
            }
        }
    }
    found
}

#[test]
fn each_metric_and_dimension_of_the_template_is_emitted() {
    let template = template("template.yaml");
    let mut metrics = dashboard_metrics();
    alarm_metrics(&template["Resources"], &mut metrics);
    let mut shown = BTreeSet::new();
    for (namespace, name, dimensions) in metrics {
        if namespace == "AWS/Lambda" {
            // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
            assert!(["ConcurrentExecutions", "Duration", "Throttles"].contains(&name.as_str()), "{name}");
            assert_eq!(dimensions[0].0, "FunctionName");
            continue;
        }
        if name == "ErrorLines" {
            let filter = &template["Resources"]["ErrorLines"]["Properties"]["MetricTransformations"][0];
            assert_eq!((text(&filter["MetricNamespace"]), text(&filter["MetricName"])), (namespace, name));
            continue;
        }
        assert_eq!(namespace, NAMESPACE);
        assert!(METRICS.iter().any(|(known, _)| *known == name), "{name}");
        let [(dimension, value)] = dimensions.as_slice() else { panic!("{name} has {dimensions:?}") };
        assert_eq!(dimension, DIMENSION);
        assert!(value.is_empty() || outcomes().contains(value.as_str()), "{value}");
        shown.insert(name);
    }
    // And none is forgotten.
    assert_eq!(shown, METRICS.iter().map(|(name, _)| (*name).to_owned()).collect());
}

#[test]
fn alarms_that_add_up_outcomes_name_all_of_them() {
    let resources = template("template.yaml")["Resources"].clone();
    for name in ["UpstreamAlarm", "UnauthorizedAlarm"] {
        let mut metrics = Vec::new();
        alarm_metrics(&resources[name], &mut metrics);
        let values: BTreeSet<String> = metrics.iter().map(|(_, _, dimensions)| dimensions[0].1.clone()).collect();
        assert_eq!(values, outcomes().into_iter().map(str::to_owned).collect(), "{name}");
        // The id says which one it is, so that the expression reads right.
        for query in resources[name]["Properties"]["Metrics"].as_array().unwrap() {
            let metric = &query["MetricStat"]["Metric"];
            assert!(metric.is_null() || metric["Dimensions"][0]["Value"] == query["Id"], "{query}");
        }
    }
}

// The log.

fn reasons() -> BTreeSet<&'static str> {
    let unauthorized = Unauthorized::ALL.iter().map(|reason| reason.code());
    let forbidden = Forbidden::ALL.iter().map(|reason| reason.code());
    unauthorized.chain(forbidden).chain(Fault::ALL.iter().map(|reason| reason.code())).collect()
}

fn fields(prefix: &str, value: &Value, found: &mut BTreeSet<String>) {
    for (name, value) in value.as_object().unwrap() {
        if value.is_object() {
            fields(&format!("{prefix}{name}."), value, found);
        } else {
            found.insert(format!("{prefix}{name}"));
        }
    }
}

/// The fields of lines that the function has really written: decisions of all kinds, failures, mistakes.
async fn fields_of_the_log() -> BTreeSet<String> {
    let stand_ins = StandIns::start(0).await.unwrap();
    let mut environment = stand_ins.environment();
    environment.push(("SMAC__AUTH__LOG_PRINCIPAL".to_owned(), "true".to_owned()));
    let process = Process::start(&environment).await;
    process.wait_for_polls(1).await;
    for event in [bearer(&Token::access().sign()), pair(SERVICE, SERVICE_TOKEN), request(&json!({}))] {
        process.invoke(event.to_string()).await;
    }
    stand_ins.fail(Upstream::UserInfo, 9, stand_ins::Fault::Garbage);
    stand_ins.fail(Upstream::Secret, 9, stand_ins::Fault::Status(400, json!({ "__type": "AccessDeniedException" })));
    process.invoke(bearer(&Token::access().claim("jti", "another").sign()).to_string()).await;
    process.invoke(pair("another", "token").to_string()).await;
    let (_, mut log) = process.terminate().await;

    environment.push(("SMAC__AUTH__MODE".to_owned(), "neither".to_owned()));
    let (_, mistakes) = Process::start(&environment).await.end().await;
    log.push_str(&mistakes);

    let mut found = BTreeSet::new();
    for line in log.lines() {
        fields("", &serde_json::from_str(line).unwrap(), &mut found);
    }
    found
}

/// The queries of the runbook and of the dashboard.
fn queries() -> Vec<String> {
    let runbook = read("docs/operations.md");
    let fenced = runbook.split("```insights\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    let shown = widgets("log").into_iter().map(|properties| {
        let query = text(&properties["query"]);
        let (source, query) = query.split_once(" | ").unwrap();
        assert_eq!(source, "SOURCE 'AuthorizerLogGroup'");
        query.to_owned()
    });
    fenced.chain(shown).collect()
}

/// The words of a query: names, and texts with their quotation marks.
fn words(query: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = query.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_of_word = |c: char| c.is_ascii_alphanumeric() || "_.@".contains(c);
        let length = match first {
            '"' | '\'' => rest[1..].find(first).unwrap() + 2,
            c if is_of_word(c) => rest.find(|c| !is_of_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        words.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    words
}

const LANGUAGE: [&str; 22] = [
    "filter",
    "fields",
    "stats",
    "sort",
    "limit",
    "by",
    "as",
    "desc",
    "asc",
    "in",
    "and",
    "or",
    "not",
    "like",
    "ispresent",
    "count",
    "sum",
    "pct",
    "latest",
    "bin",
    "avg",
    "max",
];

#[tokio::test]
async fn each_field_of_a_log_query_is_one_of_a_real_line() {
    let known = fields_of_the_log().await;
    let outcomes: BTreeSet<_> = outcomes();
    let sources = [Source::Fresh, Source::Fetched, Source::Stale, Source::Negative, Source::Failed].map(Source::name);
    let queries = queries();
    assert!(queries.len() > 10);
    let mut used = BTreeSet::new();
    for query in queries {
        let words = words(&query);
        let mut aliases = BTreeSet::new();
        let mut field = String::new();
        for (index, word) in words.iter().enumerate() {
            if index > 0 && words[index - 1] == "as" {
                aliases.insert(word.as_str());
                continue;
            }
            if let Some(value) = word.strip_prefix(['"', '\'']).map(|value| &value[..value.len() - 1]) {
                let is_possible = match field.as_str() {
                    "outcome" => outcomes.contains(value),
                    "reason" => reasons().contains(value),
                    "level" => ["WARN", "ERROR"].contains(&value),
                    "requestId" => true,
                    field => field.starts_with("lookups.") && sources.contains(&value),
                };
                assert!(is_possible, "{field} is never {value}: {query}");
                continue;
            }
            let is_name = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '@');
            if !is_name || LANGUAGE.contains(&word.as_str()) || aliases.contains(word.as_str()) || word == "@timestamp"
            {
                continue;
            }
            assert!(known.contains(word), "no line has {word}: {query}\n{known:?}");
            field = word.clone();
            used.insert(word.clone());
        }
    }
    for needed in
        ["outcome", "reason", "lookups.keySet", "lookups.userInfo", "lookups.secret", "DecisionTime", "problem"]
    {
        assert!(used.contains(needed), "{needed}");
    }
    // The filter behind an alarm, and the table of the runbook.
    let pattern = text(&template("template.yaml")["Resources"]["ErrorLines"]["Properties"]["FilterPattern"]);
    assert_eq!(pattern, r#"{ $.level = "ERROR" }"#);
    assert!(known.contains("level"));
    let runbook = read("docs/operations.md");
    let table = runbook.split_once("| field | what |").unwrap().1.split("\n\n").next().unwrap();
    for row in table.lines().skip(2) {
        for name in row.split(" | ").next().unwrap().split('`').skip(1).step_by(2) {
            assert!(known.contains(name), "no line has {name}");
        }
    }
}

#[test]
fn each_reason_has_a_section_in_the_runbook_and_no_other() {
    let runbook = read("docs/operations.md");
    let mut sections: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut chapter = "";
    for line in runbook.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            chapter = title;
        } else if let Some(code) = line.strip_prefix("#### ") {
            sections.entry(chapter).or_default().push(code.trim_matches('`'));
        }
    }
    let codes: [Vec<&str>; 3] = [
        Unauthorized::ALL.iter().map(|reason| reason.code()).collect(),
        Forbidden::ALL.iter().map(|reason| reason.code()).collect(),
        Fault::ALL.iter().map(|reason| reason.code()).collect(),
    ];
    assert_eq!(["Unauthorized: 401", "Forbidden: 403", "Faults: 500"].map(|chapter| sections[chapter].clone()), codes);
    for section in runbook.split("\n#### ").skip(1) {
        let section = section.split("\n#").next().unwrap();
        assert!(section.contains("\nSee: ") && section.contains("\nDo: "), "{section}");
    }
}

#[test]
fn the_runbook_names_each_alarm_and_only_parameters_that_are_there() {
    let template = template("template.yaml");
    let runbook = read("docs/operations.md");
    let of_type = |wanted: &str| {
        let resources = template["Resources"].as_object().unwrap().clone();
        resources
            .into_iter()
            .filter(|(_, resource)| resource["Type"] == wanted)
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    let alarms = of_type("AWS::CloudWatch::Alarm");
    assert_eq!(alarms.len(), 6);
    for alarm in alarms {
        assert!(runbook.contains(&format!("| `{alarm}` |")), "{alarm}");
    }
    let known: BTreeSet<&str> = ["Parameters", "Outputs", "Resources"]
        .iter()
        .flat_map(|part| template[part].as_object().unwrap().keys().map(String::as_str))
        .collect();
    let variables: BTreeSet<&str> = VARIABLES.iter().chain(POOL_VARIABLES).map(|(name, _)| *name).collect();
    for name in runbook.split('`').skip(1).step_by(2) {
        let is_camel = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric())
            && name.chars().any(|c| c.is_ascii_lowercase());
        let is_of_aws =
            name.ends_with("Exception") || ["DecryptionFailure", "Errors", "Duration", "Basic"].contains(&name);
        if is_camel && !is_of_aws && !METRICS.iter().any(|(metric, _)| *metric == name) && name != NAMESPACE {
            assert!(known.contains(name), "{name} is nothing of the template");
        }
        let is_setting =
            name.contains("__") && name != settings::PREFIX && name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        if is_setting {
            assert!(variables.iter().any(|known| known == &name), "{name} is no setting");
        }
    }
}

// The settings in files of every kind.

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            if !["node_modules", "out", "cdk.out", ".terraform"].contains(&name.as_str()) {
                files(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

#[test]
fn each_environment_variable_is_one_that_is_read() {
    let mut paths =
        vec![root().join("template.yaml"), root().join("samconfig.toml"), root().join("docs/operations.md")];
    files(&root().join("examples"), &mut paths);
    let mut found = 0;
    for path in paths {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for rest in text.split(settings::PREFIX).skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
            // The prefix alone, as it is spoken of.
            if name.is_empty() {
                continue;
            }
            let pool_variable = name
                .strip_prefix("PROVIDER_COGNITO__USERPOOLS__")
                .and_then(|rest| rest.split_once("__"))
                .map(|(_, variable)| variable);
            let is_known = match pool_variable {
                Some(variable) => POOL_VARIABLES.iter().any(|(known, _)| *known == variable),
                None => VARIABLES.iter().any(|(known, _)| *known == name),
            };
            assert!(is_known, "{}: {name}", path.display());
            found += 1;
        }
    }
    assert!(found > 40, "{found}");
}

// Why the example that caches is sound.

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
    let automation = settings::VARIABLES.iter().map(|(name, _)| *name).filter(|name| name.starts_with("AUTOMATION_"));
    let blank: Vec<(&str, &str)> = automation.map(|name| (name, "")).collect();
    let for_users = world(&blank).await;
    assert_eq!(for_users.ask(&both("Bearer x")).await.reason(), "token_malformed");
    let allowed = for_users.ask(&both(&format!("Bearer {credential}"))).await;
    assert_eq!(allowed.answer()["context"]["principalType"], "user");
    // The template without a prefix is such a function.
    assert!(Stack::new(&USERS).settings().unwrap().places.automation.is_none());
    assert_eq!(for_users.ask(&pair(SERVICE, SERVICE_TOKEN)).await.reason(), "credentials_missing");
}
