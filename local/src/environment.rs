//! The environment of a deployment: from a file, and with other settings.

use std::path::Path;

use smac_lambda_authorizer::settings::PREFIX;
use smac_local::command::{About as _, Problem, name_and_value};
use smac_local::env_file;

/// What Lambda sets by itself, so that a file need not have it.
const SET_BY_LAMBDA: [&str; 2] = ["AWS_REGION", "LAMBDA_TASK_ROOT"];

/// The variables of a file; those that Lambda sets by itself are this process', where the file has none.
pub(crate) fn read(path: &Path) -> Result<Vec<(String, String)>, Problem> {
    let text = std::fs::read_to_string(path).about(path.display())?;
    let mut environment = env_file::parse(&text).about(path.display())?;
    add_lambdas_own(&mut environment);
    Ok(environment)
}

/// What Lambda sets by itself, as this process has it.
pub(crate) fn add_lambdas_own(environment: &mut Vec<(String, String)>) {
    for name in SET_BY_LAMBDA {
        if let Ok(value) = std::env::var(name) {
            add_missing(environment, name, &value);
        }
    }
}

/// A region where there is none: Lambda always sets it, and here it makes no difference which it is.
pub(crate) fn assume_region(environment: &mut Vec<(String, String)>) {
    add_missing(environment, "AWS_REGION", "us-east-1");
}

/// Other settings.
#[derive(clap::Args)]
pub(crate) struct Changes {
    /// Another value of a setting, without the `SMAC__AUTH__` of its name. May be repeated.
    #[arg(long = "setting", value_name = "NAME=VALUE", value_parser = parse_setting)]
    pub(crate) settings: Vec<(String, String)>,
}

fn parse_setting(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = name_and_value(text)?;
    Ok((format!("{PREFIX}{}", name.strip_prefix(PREFIX).unwrap_or(&name)), value))
}

/// The same with other values of these variables.
pub(crate) fn change(environment: &mut Vec<(String, String)>, variables: Vec<(String, String)>) {
    for (name, value) in variables {
        environment.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
        environment.push((name, value));
    }
}

fn add_missing(environment: &mut Vec<(String, String)>, name: &str, value: &str) {
    if !environment.iter().any(|(other, value)| other == name && !value.trim().is_empty()) {
        environment.retain(|(other, _)| other != name);
        environment.push((name.to_owned(), value.to_owned()));
    }
}
