//! The variables of a deployment: as AWS prints them, as a template has them, and with other values.

use serde_json::Value;
use smac_lambda_authorizer::tools::{Algorithm, PREFIX, SETTINGS, Setting};
use smac_local::event;
use smac_local::template::Template;

pub(crate) type Variables = Vec<(String, String)>;

/// What Lambda sets by itself, so that a file need not have it.
const SET_BY_LAMBDA: [&str; 2] = ["AWS_REGION", TASK_ROOT];

/// Where the function's package is.
pub(crate) const TASK_ROOT: &str = "LAMBDA_TASK_ROOT";

/// The variables of a deployed function. Its region is in its name.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html>
pub(crate) fn of_function(text: &str) -> Result<Variables, String> {
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

/// The variables of a template's function, and those that are not known before a deployment, each with the reason.
pub(crate) fn of_template(
    text: &str,
    function: Option<&str>,
    mut parameters: Variables,
) -> Result<(Variables, Variables), String> {
    let mut own = Vec::new();
    add_lambdas_own(&mut own);
    // The region is the same thing under two names.
    let is_region = |(name, _): &&(String, String)| name == "AWS::Region";
    match (parameters.iter().find(is_region), own.iter().find(|(name, _)| name == "AWS_REGION")) {
        (Some((_, region)), _) => change(&mut own, vec![("AWS_REGION".to_owned(), region.clone())]),
        (None, Some((_, region))) => parameters.push(("AWS::Region".to_owned(), region.clone())),
        (None, None) => {}
    }
    let found = Template::parse(text, parameters)?.environment(function)?;
    Ok((own.into_iter().chain(found.variables).collect(), found.unknown))
}

/// A value for what is not known. It is set, and has the form that the rest is checked with: of a pool's id, or of an OIDC
/// issuer of its own.
pub(crate) fn unknown_value(name: &str) -> String {
    match name.to_ascii_uppercase().rsplit("__").next() {
        Some("ISSUER") => format!("https://unknown.example/{name}"),
        Some("ALGORITHMS") => Algorithm::ALL.map(Algorithm::name).join(","),
        _ => "us-east-1_unknown".to_owned(),
    }
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

/// A value for a variable that has none.
pub(crate) fn add_missing(environment: &mut Variables, name: &str, value: &str) {
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
