//! Any string as a settings file: it means what the same names mean as variables, and its mistakes show no value.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use smac_lambda_authorizer::tools::PREFIX;
use smac_lambda_authorizer::{Mistakes, Settings};

/// Shorter strings are in every message by chance.
const SHORTEST: usize = 12;

fuzz_target!(|text: &str| {
    let region = ("AWS_REGION".to_owned(), "eu-west-1".to_owned());
    let file = (format!("{PREFIX}SETTINGS_FILE"), "settings.json".to_owned());
    let read = |path: &std::path::Path| {
        if path.ends_with("settings.json") { Ok(text.to_owned()) } else { Err(std::io::ErrorKind::NotFound.into()) }
    };
    let of_file = Settings::from_variables([region.clone(), file], read);
    if let Err(Mistakes(mistakes)) = &of_file {
        assert!(!mistakes.is_empty());
        let values = strings(text);
        for mistake in mistakes {
            assert!(!mistake.variable.is_empty() && !mistake.problem.is_empty());
            let shows = |value: &String| mistake.problem.contains(value.as_str());
            assert!(!values.iter().any(shows), "a mistake that shows a value: {}", mistake.problem);
        }
    }
    // A file of one level and of strings alone, whose names are all different, is a list of variables.
    let Ok(flat) = serde_json::from_str::<BTreeMap<String, String>>(text) else { return };
    let names: BTreeSet<String> = flat.keys().map(|name| name.to_ascii_uppercase()).collect();
    if names.len() != flat.len() || names.contains("SETTINGS_FILE") || count_of_members(text) != Some(flat.len()) {
        return;
    }
    let variables = flat.iter().map(|(name, value)| (format!("{PREFIX}{name}"), value.clone()));
    let of_variables = Settings::from_variables(variables.chain([region]), read);
    match (of_file, of_variables) {
        (Ok(of_file), Ok(of_variables)) => assert_eq!(format!("{of_file:?}"), format!("{of_variables:?}")),
        (Err(Mistakes(of_file)), Err(Mistakes(of_variables))) => assert_eq!(of_file.len(), of_variables.len()),
        (of_file, of_variables) => panic!("{of_file:?} and {of_variables:?}"),
    }
});

/// The strings that are values in a document, if it is JSON.
fn strings(text: &str) -> Vec<String> {
    fn collect(value: Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) if text.len() >= SHORTEST => found.push(text),
            Value::Array(values) => values.into_iter().for_each(|value| collect(value, found)),
            Value::Object(members) => members.into_iter().for_each(|(_, value)| collect(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    if let Ok(value) = serde_json::from_str(text) {
        collect(value, &mut found);
    }
    found
}

/// How many members an object has, those included whose name occurs twice.
fn count_of_members(text: &str) -> Option<usize> {
    let object = smac_lambda_authorizer::tools::Object::parse(text.as_bytes())?;
    Some(object.members().count())
}
