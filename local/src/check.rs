//! `cargo local check`: the settings of a deployment before it is one, with all their mistakes and all warnings.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use smac_lambda_authorizer::tools::PREFIX;
use smac_lambda_authorizer::{Findings, Settings};
use smac_local::command::{About as _, Problem, name_and_value, print};
use smac_local::template::Template;

use crate::environment::{self, Changes, Deployment, Variables};

const HELP: &str = "\
Examples:
  cargo local check --env-file prod.env
  aws lambda get-function-configuration --function-name NAME | cargo local check --function-config -
  cargo local check --template template.yaml --parameter UserPoolId=eu-west-1_Example --parameter AppClientIds=abc

Key sets in files are read relative to LAMBDA_TASK_ROOT, as the function does, or else to this folder.
What only a deployment knows (a resource, an import, a {{resolve:...}}) is reported as unknown. The variable can be
given with --setting, and a resource or the region with --parameter: --parameter AWS::Region=eu-west-1.
Exit status: 0 for no mistakes, 1 for mistakes (with --strict for anything reported), 2 for bad usage.";

/// The value of what is not known: it is set, and has the form of a pool's id, since a pool without one is not checked.
const UNKNOWN: &str = "us-east-1_unknown";

#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Check {
    #[command(flatten)]
    deployment: Deployment,
    /// A SAM or CloudFormation template in YAML or JSON: the environment of its function.
    #[arg(long, value_name = "FILE", conflicts_with = "deployment")]
    template: Option<PathBuf>,
    /// The function in the template, where several have variables of ours.
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// A parameter of the template, instead of its default. May be repeated.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = name_and_value)]
    parameters: Vec<(String, String)>,
    #[command(flatten)]
    changes: Changes,
    /// Warnings, and what is unknown, count as mistakes.
    #[arg(long)]
    strict: bool,
}

impl Check {
    pub(crate) fn run(self) -> Result<ExitCode, Problem> {
        if self.template.is_none() && (self.function.is_some() || !self.parameters.is_empty()) {
            return Err(Problem::new("--parameter and --function", "belong to --template"));
        }
        let (mut variables, mut unknown) = match (self.deployment.read()?, &self.template) {
            (Some(variables), _) => (variables, Vec::new()),
            (None, Some(path)) => of_template(path, self.function.as_deref(), self.parameters)?,
            (None, None) => return Err(Problem::new("--env-file, --function-config or --template", "is required")),
        };
        unknown.retain(|(name, _)| !self.changes.settings.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
        variables.extend(unknown.iter().map(|(name, _)| (name.clone(), UNKNOWN.to_owned())));
        environment::change(&mut variables, self.changes.settings);
        environment::assume_region(&mut variables);
        let count = variables.iter().filter(|(name, _)| name.to_ascii_uppercase().starts_with(PREFIX)).count();
        let mut found = Settings::check(variables, |path| std::fs::read_to_string(path));
        // What depends on something unknown may be right or wrong.
        found.mistakes.retain(|mistake| !depends_on(&unknown, &mistake.variable, &mistake.problem));
        found.warnings.retain(|warning| !depends_on(&unknown, &warning.variable, warning.text));
        report(&found, &unknown, count)?;
        let is_reported = !found.warnings.is_empty() || !unknown.is_empty();
        Ok(ExitCode::from(u8::from(!found.mistakes.is_empty() || (self.strict && is_reported))))
    }
}

/// The variables of a template's function, and those that are not known before a deployment, each with the reason.
fn of_template(
    path: &Path,
    function: Option<&str>,
    mut parameters: Variables,
) -> Result<(Variables, Variables), Problem> {
    let text = std::fs::read_to_string(path).about(path.display())?;
    let mut own = Vec::new();
    environment::add_lambdas_own(&mut own);
    // The region is the same thing under two names.
    let is_region = |(name, _): &&(String, String)| name == "AWS::Region";
    match (parameters.iter().find(is_region), own.iter().find(|(name, _)| name == "AWS_REGION")) {
        (Some((_, region)), _) => environment::change(&mut own, vec![("AWS_REGION".to_owned(), region.clone())]),
        (None, Some((_, region))) => parameters.push(("AWS::Region".to_owned(), region.clone())),
        (None, None) => {}
    }
    let found =
        Template::parse(&text, parameters).and_then(|template| template.environment(function)).about(path.display())?;
    Ok((own.into_iter().chain(found.variables).collect(), found.unknown))
}

/// Whether a finding is about something unknown: the variable itself, or one that the message names by the last part
/// of its name.
fn depends_on(unknown: &[(String, String)], variable: &str, message: &str) -> bool {
    let words = message.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    unknown.iter().any(|(name, _)| {
        let name = name.to_ascii_uppercase();
        let last = name.rsplit("__").next();
        name == variable || words.clone().any(|word| Some(word) == last)
    })
}

fn report(found: &Findings, unknown: &[(String, String)], count: usize) -> Result<ExitCode, Problem> {
    for mistake in &found.mistakes {
        print(&format!("mistake  {}: {}", mistake.variable, mistake.problem))?;
    }
    for warning in &found.warnings {
        print(&format!("warning  {}: {}", warning.variable, warning.text))?;
    }
    for (name, why) in unknown {
        print(&format!("unknown  {name}: {why}; what depends on it is not checked"))?;
    }
    let (mistakes, warnings) = (number(found.mistakes.len(), "mistake"), number(found.warnings.len(), "warning"));
    let unknown = if unknown.is_empty() { String::new() } else { format!(", {} unknown", unknown.len()) };
    print(&format!("{}: {mistakes}, {warnings}{unknown}", number(count, "variable")))
}

fn number(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    }
}
