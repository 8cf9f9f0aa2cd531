//! The metrics of alarms and dashboard are those that the function emits.

use std::collections::BTreeSet;

use serde_json::Value;
use smac_lambda_authorizer::tools::{DIMENSIONS, METRICS, NAMESPACE};
use smac_lambda_authorizer::{Fault, Forbidden, Outcome, PrincipalType, Refusal, Unauthorized};

use super::stack::{Stack, text};

pub fn outcomes() -> BTreeSet<&'static str> {
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
pub type Metric = (String, String, Vec<(String, String)>);

pub fn alarm_metrics(node: &Value, found: &mut Vec<Metric>) {
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
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

pub fn widgets(kind: &str) -> Vec<Value> {
    let body = Stack::new(&[]).value("Resources/Dashboard/Properties/DashboardBody");
    let dashboard: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
    let widgets = dashboard["widgets"].as_array().unwrap().clone();
    widgets.into_iter().filter(|widget| widget["type"] == kind).map(|widget| widget["properties"].clone()).collect()
}

/// What a search of the dashboard looks for: `SEARCH('{Namespace,dimensions} FunctionName="..." MetricName="..."', ...)`.
fn search(expression: &str) -> Metric {
    let schema = expression.split_once('{').unwrap().1.split('}').next().unwrap();
    let (namespace, dimensions) = schema.split_once(',').unwrap();
    let value = |name: &str| {
        let value = expression.split_once(&format!("{name}=\"")).map(|(_, rest)| rest.split('"').next().unwrap());
        value.unwrap_or_default().to_owned()
    };
    let dimensions = dimensions.split(',').map(|name| (name.to_owned(), value(name))).collect();
    (namespace.to_owned(), value("MetricName"), dimensions)
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
    let resources = Stack::new(&[]).value("Resources");
    let mut metrics = dashboard_metrics();
    alarm_metrics(&resources, &mut metrics);
    let mut shown = BTreeSet::new();
    for (namespace, name, dimensions) in metrics {
        if name == "ErrorLines" {
            let filter = &resources["ErrorLines"]["Properties"]["MetricTransformations"][0];
            assert_eq!((text(&filter["MetricNamespace"]), text(&filter["MetricName"])), (namespace, name));
            continue;
        }
        // Of this function and of no other.
        assert_eq!(dimensions[0], ("FunctionName".to_owned(), "authorizer".to_owned()), "{name}");
        if namespace == "AWS/Lambda" {
            // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
            let known = ["ConcurrentExecutions", "Duration", "Invocations", "Throttles"];
            assert!(known.contains(&name.as_str()), "{name}");
            assert_eq!(dimensions.len(), 1);
            continue;
        }
        assert_eq!(namespace, NAMESPACE);
        assert!(METRICS.iter().any(|(known, _)| *known == name), "{name}");
        let [_, (dimension, value)] = dimensions.as_slice() else { panic!("{name} has {dimensions:?}") };
        assert_eq!(dimension, DIMENSIONS[1]);
        assert!(value.is_empty() || outcomes().contains(value.as_str()), "{value}");
        shown.insert(name);
    }
    // And none is forgotten.
    assert_eq!(shown, METRICS.iter().map(|(name, _)| (*name).to_owned()).collect());
}

#[test]
fn the_dashboard_is_there_with_metrics_alone_and_its_address_where_it_is_known() {
    let dashboard = |given: &[(&str, &str)]| {
        let stack = Stack::new(given);
        let url = stack.has("Outputs/DashboardUrl").then(|| text(&stack.value("Outputs/DashboardUrl/Value")));
        (stack.has("Resources/Dashboard"), url)
    };
    for none in [[("Metrics", "NONE")], [("CreateDashboard", "false")]] {
        assert_eq!(dashboard(&none), (false, None), "{none:?}");
    }
    for (region, console) in [
        ("eu-west-1", Some("console.aws.amazon.com")),
        ("cn-north-1", Some("console.amazonaws.cn")),
        ("us-gov-west-1", Some("console.amazonaws-us-gov.com")),
        ("eusc-de-east-1", None),
    ] {
        let url = console
            .map(|console| format!("https://{console}/cloudwatch/home?region={region}#dashboards/dashboard/Dashboard"));
        assert_eq!(dashboard(&[("AWS::Region", region)]), (true, url));
    }
}
