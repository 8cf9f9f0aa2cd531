//! Any string as a settings file: it means what the same names mean as variables, and its mistakes show no value.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use smac_lambda_authorizer::tools::{Object, PREFIX};
use smac_lambda_authorizer::Settings;

/// Shorter strings are in every message by chance.
const SHORTEST: usize = 16;

fuzz_target!(|json: &str| {
    let region = ("AWS_REGION".to_owned(), "eu-west-1".to_owned());
    let file = (format!("{PREFIX}SETTINGS_FILE"), "settings.json".to_owned());
    let read = |path: &Path| {
        if path.ends_with("settings.json") { Ok(json.to_owned()) } else { Err(std::io::ErrorKind::NotFound.into()) }
    };
    let of_file = Settings::from_variables([region.clone(), file], read);
    if let Err(mistakes) = &of_file {
        let mistakes = &mistakes.0;
        assert!(!mistakes.is_empty());
        let mut found = Strings::default();
        if let Ok(value) = serde_json::from_str(json) {
            found.collect(value);
        }
        for mistake in mistakes {
            assert!(!mistake.variable.is_empty() && !mistake.problem.is_empty());
            // A message may show a name that the file gives to an issuer.
            let is_name = |value: &str| found.names.iter().any(|name| name.contains(&value.to_ascii_uppercase()));
            let shows = |value: &String| mistake.problem.contains(value.as_str()) && !is_name(value);
            assert!(!found.values.iter().any(shows), "a mistake that shows a value: {}", mistake.problem);
        }
    }
    // A file of one level and of strings alone, whose names are all different, is a list of variables.
    let Ok(flat) = serde_json::from_str::<BTreeMap<String, String>>(json) else { return };
    let names: BTreeSet<String> = flat.keys().map(|name| name.to_ascii_uppercase()).collect();
    let has_name_twice = names.len() != flat.len() || Object::parse(json.as_bytes()).is_none();
    if has_name_twice || names.contains("SETTINGS_FILE") {
        return;
    }
    let variables = flat.iter().map(|(name, value)| (format!("{PREFIX}{name}"), value.clone()));
    let of_variables = Settings::from_variables(variables.chain([region]), read);
    match (of_file, of_variables) {
        (Ok(of_file), Ok(of_variables)) => assert_eq!(format!("{of_file:?}"), format!("{of_variables:?}")),
        (Err(of_file), Err(of_variables)) => assert_eq!(of_file.0.len(), of_variables.0.len()),
        (of_file, of_variables) => panic!("{of_file:?} and {of_variables:?}"),
    }
});

/// The strings of a JSON document.
#[derive(Default)]
struct Strings {
    /// Upper-cased.
    names: Vec<String>,
    /// Those that are long enough.
    values: Vec<String>,
}

impl Strings {
    fn collect(&mut self, value: Value) {
        match value {
            Value::String(string) if string.len() >= SHORTEST => self.values.push(string),
            Value::Array(values) => values.into_iter().for_each(|value| self.collect(value)),
            Value::Object(members) => {
                for (name, value) in members {
                    self.names.push(name.to_ascii_uppercase());
                    self.collect(value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
