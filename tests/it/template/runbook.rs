//! The runbook has each reason and each alarm, and names nothing that is not there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use smac_lambda_authorizer::tools::{METRICS, NAMESPACE, PREFIX, SETTINGS};
use smac_lambda_authorizer::{Fault, Forbidden, Unauthorized};

use super::stack::{Stack, read, template, text};

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
fn the_runbooks_queries_are_saved_in_the_account() {
    let runbook = read("docs/operations.md");
    let section = runbook.split_once("\n## Log queries\n").unwrap().1.split("\n## ").next().unwrap();
    let mut asked = BTreeMap::new();
    let mut rest = section;
    while let Some((before, behind)) = rest.split_once("```insights\n") {
        let paragraph = before.trim_end().rsplit("\n\n").next().unwrap().trim_start();
        let (query, behind) = behind.split_once("```").unwrap();
        asked.insert(format!("smac/{}", paragraph.split('?').next().unwrap()), query.to_owned());
        rest = behind;
    }
    let stack = Stack::new(&[]);
    let resources = stack.value("Resources");
    let saved = resources.as_object().unwrap().values();
    let saved = saved.filter(|resource| resource["Type"] == "AWS::Logs::QueryDefinition").map(|resource| {
        assert_eq!(resource["Properties"]["LogGroupNames"], json!(["AuthorizerLogGroup"]));
        (text(&resource["Properties"]["Name"]), text(&resource["Properties"]["QueryString"]))
    });
    assert_eq!(saved.collect::<BTreeMap<_, _>>(), asked);
    assert!(asked.len() > 5, "{}", asked.len());
}

#[test]
fn the_runbook_names_each_alarm_and_only_parameters_that_are_there() {
    let template = template();
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
    assert_eq!(alarms.len(), 8);
    for alarm in alarms {
        assert!(runbook.contains(&format!("| `{alarm}` |")), "{alarm}");
    }
    let known: BTreeSet<&str> = ["Parameters", "Outputs", "Resources"]
        .iter()
        .flat_map(|part| template[part].as_object().unwrap().keys().map(String::as_str))
        .collect();
    let parameters = template["Parameters"].as_object().unwrap().values();
    let values = parameters.flat_map(|parameter| parameter["AllowedValues"].as_array().into_iter().flatten());
    let values: BTreeSet<String> = values.map(text).collect();
    let variables: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    for name in runbook.split('`').skip(1).step_by(2) {
        let is_camel = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric())
            && name.chars().any(|c| c.is_ascii_lowercase());
        let is_of_aws = name.ends_with("Exception")
            || ["DecryptionFailure", "Errors", "Duration", "Basic", "FunctionName", "GetUser", "Invocations"]
                .contains(&name);
        if is_camel && !is_of_aws && !METRICS.iter().any(|(metric, _)| *metric == name) && name != NAMESPACE {
            assert!(known.contains(name) || values.contains(name), "{name} is nothing of the template");
        }
        let is_setting =
            name.contains("__") && name != PREFIX && name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        if is_setting {
            assert!(variables.iter().any(|known| known == &name), "{name} is no setting");
        }
    }
}
