//! The metrics of alarms and dashboard are those that the function emits.

use std::collections::BTreeSet;

use serde_json::Value;
use smac_lambda_authorizer::PrincipalType;
use smac_lambda_authorizer::telemetry::{DIMENSION, METRICS, NAMESPACE, Outcome};
use smac_lambda_authorizer::{Fault, Forbidden, Refusal, Unauthorized};

use super::stack::{template, text};

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
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn dashboard() -> Value {
    let body = text(&template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]);
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

pub fn widgets(kind: &str) -> Vec<Value> {
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
    let template = template();
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
    let resources = template()["Resources"].clone();
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
