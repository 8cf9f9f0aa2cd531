//! The settings file: JSON whose names are those of the variables, without the prefix. The variable holds its path, or the JSON
//! itself, so that a deployment can pass any number of settings through one variable.

use std::path::Path;

use super::aws::Aws;
use super::declared::{self, SETTINGS_FILE};
use super::variables::Variables;
use crate::claims::Claims;
use crate::object::without_byte_order_mark;

/// Adds what the settings file has, if there is one.
pub(super) fn read(variables: &mut Variables, aws: &Aws<'_>) {
    let Some(value) = variables.optional(&SETTINGS_FILE) else {
        return;
    };
    let (file_name, json) = if value.trim_start_matches('\u{feff}').starts_with('{') {
        (SETTINGS_FILE.name.to_owned(), value)
    } else {
        match aws.read_file(&value) {
            Ok(json) => (file_name(&value), json),
            Err(error) => {
                variables.mistake(&SETTINGS_FILE, format!("is not a file that can be read ({})", error.kind()));
                return;
            }
        }
    };
    let mut settings = Vec::new();
    if flatten("", without_byte_order_mark(json.as_bytes()), &mut settings).is_none() {
        let problem = format!("is not a JSON object in which no name occurs twice (in {file_name})");
        variables.mistake(&SETTINGS_FILE, problem);
        return;
    }
    if settings.iter().any(|(name, _)| name == SETTINGS_FILE.name) {
        variables.mistake(&SETTINGS_FILE, format!("must not be among the settings of the file (in {file_name})"));
        settings.retain(|(name, _)| name != SETTINGS_FILE.name);
    }
    variables.add_file(file_name, settings);
}

fn file_name(path: &str) -> String {
    Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The members of an object by their whole upper-cased names. None if it is no object, or one with a name twice.
fn flatten(start: &str, json: &[u8], settings: &mut Vec<(String, String)>) -> Option<()> {
    let object = Claims::parse(json.to_vec())?;
    for (name, json) in object.members() {
        let name = format!("{start}{}", name.to_ascii_uppercase());
        let is_nested = json.starts_with('{') && !declared::find(&name).is_some_and(|(found, _)| found.accepts_json());
        if is_nested {
            flatten(&format!("{name}__"), json.as_bytes(), settings)?;
        } else {
            settings.push((name, value(json)?));
        }
    }
    Some(())
}

/// A value as a variable would have it: a string's content, nothing for `null`, and any other JSON as it is.
fn value(json: &str) -> Option<String> {
    match json {
        "null" => Some(String::new()),
        _ if json.starts_with('"') => serde_json::from_str(json).ok(),
        _ => Some(json.to_owned()),
    }
}
