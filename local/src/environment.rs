//! The environment of a deployment: from a file or as AWS prints it, and with other settings.

use std::path::PathBuf;

use serde_json::Value;
use smac_lambda_authorizer::tools::{PREFIX, SETTINGS, Setting};
use smac_lambda_authorizer::{Mistakes, Settings};
use smac_local::command::{About as _, Problem, name_and_value};
use smac_local::{env_file, event};

pub(crate) type Variables = Vec<(String, String)>;

/// The options that say whose settings are looked at.
#[derive(clap::Args)]
#[group(id = "deployment", multiple = false)]
pub(crate) struct Deployment {
    /// The deployment's variables, in a file as `cargo lambda watch --env-file` takes it.
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// What `aws lambda get-function-configuration` prints, in a file, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    function_config: Option<PathBuf>,
}

impl Deployment {
    /// Its variables, if a deployment is named; those that Lambda sets by itself are this process', where it has none.
    pub(crate) fn read(&self) -> Result<Option<Variables>, Problem> {
        let Some(place) = self.name() else {
            return Ok(None);
        };
        let mut variables = match (&self.env_file, &self.function_config) {
            (Some(path), _) => std::fs::read_to_string(path).map(|text| env_file::parse(&text)),
            (None, Some(path)) if !self.is_standard_input() => {
                std::fs::read_to_string(path).map(|text| of_function(&text))
            }
            (None, _) => std::io::read_to_string(std::io::stdin()).map(|text| of_function(&text)),
        }
        .about(&place)?
        .about(&place)?;
        add_lambdas_own(&mut variables);
        // The files that it names are beside it, where nobody says where the function's package is.
        if let Some(folder) = self.env_file.as_ref().and_then(|path| path.parent()) {
            add_missing(&mut variables, TASK_ROOT, &folder.to_string_lossy());
        }
        Ok(Some(variables))
    }

    pub(crate) fn name(&self) -> Option<String> {
        let path = self.env_file.as_ref().or(self.function_config.as_ref())?;
        Some(if self.is_standard_input() { "standard input".to_owned() } else { path.display().to_string() })
    }

    pub(crate) fn is_standard_input(&self) -> bool {
        self.function_config.as_ref().is_some_and(|path| path.as_os_str() == "-")
    }
}

/// What Lambda sets by itself, so that a file need not have it.
const SET_BY_LAMBDA: [&str; 2] = ["AWS_REGION", TASK_ROOT];

/// Where the function's package is.
const TASK_ROOT: &str = "LAMBDA_TASK_ROOT";

/// The variables of a deployed function. Its region is in its name.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html>
fn of_function(text: &str) -> Result<Variables, String> {
    let json: Value = serde_json::from_str(text).map_err(|error| event::not_json(&error))?;
    // `aws lambda get-function` prints the same, one level deeper.
    let function = json.get("Configuration").unwrap_or(&json);
    let region = function.get("FunctionArn").and_then(Value::as_str).and_then(|arn| arn.split(':').nth(3));
    let region = region.ok_or("is not what `aws lambda get-function-configuration` prints: it has no FunctionArn")?;
    if let Some(error) = function.pointer("/Environment/Error") {
        let code = error.get("ErrorCode").and_then(Value::as_str).unwrap_or("no code");
        let what = format!("the variables are encrypted, and could not be read ({code})");
        return Err(format!("{what}: ask with kms:Decrypt for their key"));
    }
    let mut variables = vec![("AWS_REGION".to_owned(), region.to_owned())];
    for (name, value) in function.pointer("/Environment/Variables").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().ok_or_else(|| format!("{name}: is not a string"))?;
        variables.push((name.clone(), value.to_owned()));
    }
    Ok(variables)
}

/// What Lambda sets by itself, as this process has it.
pub(crate) fn add_lambdas_own(environment: &mut Variables) {
    for name in SET_BY_LAMBDA {
        if let Ok(value) = std::env::var(name) {
            add_missing(environment, name, &value);
        }
    }
}

/// A region where there is none: Lambda always sets it, and here it makes no difference which it is.
pub(crate) fn assume_region(environment: &mut Variables) {
    add_missing(environment, "AWS_REGION", "us-east-1");
}

#[derive(clap::Args)]
pub(crate) struct Changes {
    /// Another value of a setting, without the `SMAC__AUTH__` of its name. May be repeated.
    #[arg(long = "setting", value_name = "NAME=VALUE", value_parser = parse_setting)]
    // Not by its other name, by which clap would not see that there may be several.
    pub(crate) settings: Vec<(String, String)>,
}

fn parse_setting(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = name_and_value(text)?;
    Ok((format!("{PREFIX}{}", name.strip_prefix(PREFIX).unwrap_or(&name)), value))
}

pub(crate) fn change(environment: &mut Variables, variables: Variables) {
    for (name, value) in variables {
        environment.retain(|(other, _)| !is_same(other, &name));
        environment.push((name, value));
    }
}

pub(crate) fn value_of<'e>(environment: &'e Variables, name: &str) -> Option<&'e str> {
    let (_, value) = environment.iter().find(|(other, _)| is_same(other, name))?;
    Some(value.trim()).filter(|value| !value.is_empty())
}

pub(crate) fn settings(environment: Variables) -> Result<Settings, Mistakes> {
    Settings::from_variables(environment, |path| std::fs::read_to_string(path))
}

fn add_missing(environment: &mut Variables, name: &str, value: &str) {
    if value_of(environment, name).is_none() {
        change(environment, vec![(name.to_owned(), value.to_owned())]);
    }
}

/// Whether two names are one variable's: our own in any case, and also by an alias.
fn is_same(one: &str, other: &str) -> bool {
    fn without_alias(name: &str) -> String {
        let name = name.to_ascii_uppercase();
        let of_alias = |setting: &&&Setting| setting.alias.is_some() && setting.alias == name.strip_prefix(PREFIX);
        SETTINGS.iter().find(of_alias).map_or_else(|| name.clone(), |setting| format!("{PREFIX}{}", setting.name))
    }
    one == other || (one.to_ascii_uppercase().starts_with(PREFIX) && without_alias(one) == without_alias(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_has_one_value_however_it_is_spelled() {
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        for (before, after) in [
            ("SMAC__AUTH__MODE", "SMAC__AUTH__MODE"),
            ("smac__auth__mode", "SMAC__AUTH__MODE"),
            ("SMAC__AUTH__PROVIDER_COGNITO__JWT_HEADER_NAME", "SMAC__AUTH__JWT__HEADER_NAME"),
            ("SMAC__AUTH__JWT__HEADER_NAME", "SMAC__AUTH__PROVIDER_COGNITO__JWT_HEADER_NAME"),
        ] {
            let mut environment = vec![variable(before, "1"), variable("aws_region", "a")];
            change(&mut environment, vec![variable(after, "2"), variable("AWS_REGION", "b")]);
            let expected = [variable("aws_region", "a"), variable(after, "2"), variable("AWS_REGION", "b")];
            assert_eq!(environment, expected, "{before}");
            assert_eq!(value_of(&environment, before), Some("2"));
        }
        assert_eq!(value_of(&vec![variable("SMAC__AUTH__MODE", " ")], "SMAC__AUTH__MODE"), None);
    }
}
