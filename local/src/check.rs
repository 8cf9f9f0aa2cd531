//! `cargo local check`: the settings of a deployment before it is one, with all their mistakes and all warnings, and with
//! what its issuers publish.

mod live;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use smac_lambda_authorizer::tools::{Algorithm, PREFIX};
use smac_lambda_authorizer::{Findings, Settings};
use smac_local::command::{About as _, Problem, name_and_value, print};
use smac_local::template::Template;

use crate::environment::{self, Changes, Deployment, Variables};

const HELP: &str = "\
Examples:
  cargo local check --env-file prod.env
  aws lambda get-function-configuration --function-name NAME | cargo local check --function-config -
  cargo local check --template template.yaml --parameter UserPoolId=eu-west-1_Example --parameter AppClientIds=abc
  cargo local check --env-file prod.env --live

SETTINGS_FILE and key sets in files are read relative to LAMBDA_TASK_ROOT, as the function does; where that is not set, \
relative to the env file, or else to this folder.
With --live, the discovery document and the key set of every issuer are fetched as the function does, and the lines say \
what was found. Without it nothing leaves this machine.
What only a deployment knows (a resource, an import, a {{resolve:...}}) is reported as unknown. The variable can be
given with --setting, and a resource or the region with --parameter: --parameter AWS::Region=eu-west-1.
Exit status: 0 for no mistakes, 1 for mistakes and failed lookups (with --strict for anything reported), 2 for bad usage.";

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
    /// Fetches the discovery document and the key set of every issuer.
    #[arg(long)]
    live: bool,
}

impl Check {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        if self.template.is_none() && (self.function.is_some() || !self.parameters.is_empty()) {
            return Err(Problem::new("--parameter and --function", "belong to --template"));
        }
        let (mut variables, mut unknown) = match (self.deployment.read()?, &self.template) {
            (Some(variables), _) => (variables, Vec::new()),
            (None, Some(path)) => of_template(path, self.function.as_deref(), self.parameters)?,
            (None, None) => return Err(Problem::new("--env-file, --function-config or --template", "is required")),
        };
        unknown.retain(|(name, _)| !self.changes.settings.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
        variables.extend(unknown.iter().map(|(name, _)| (name.clone(), unknown_value(name))));
        environment::change(&mut variables, self.changes.settings);
        environment::assume_region(&mut variables);
        let count = variables.iter().filter(|(name, _)| name.to_ascii_uppercase().starts_with(PREFIX)).count();
        let mut found = Settings::check(variables.clone(), |path| std::fs::read_to_string(path));
        // What depends on something unknown may be right or wrong.
        found.mistakes.retain(|mistake| !depends_on(&unknown, &mistake.variable, &mistake.problem));
        found.warnings.retain(|warning| !depends_on(&unknown, &warning.variable, warning.text));
        report(&found, &unknown)?;
        let lookups = if self.live { Some(look(variables, !unknown.is_empty()).await?) } else { None };
        print(&summary(&found, &unknown, lookups, count))?;
        let is_reported = !found.warnings.is_empty() || !unknown.is_empty();
        let is_bad =
            !found.mistakes.is_empty() || lookups.is_some_and(|lookups| lookups != Lookups::Done { failed: 0 });
        Ok(ExitCode::from(u8::from(is_bad || (self.strict && is_reported))))
    }
}

/// What became of `--live`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lookups {
    Done {
        failed: usize,
    },
    /// With mistakes or unknown values it is not known whom to ask.
    NotDone,
}

async fn look(variables: Variables, has_unknown: bool) -> Result<Lookups, Problem> {
    match environment::settings(variables) {
        Ok(settings) if !has_unknown => Ok(Lookups::Done { failed: live::look(&settings).await? }),
        Ok(_) | Err(_) => Ok(Lookups::NotDone),
    }
}

/// A value for what is not known. It is set, and has the form that the rest is checked with: of a pool's id, or of an OIDC
/// issuer of its own.
fn unknown_value(name: &str) -> String {
    match name.to_ascii_uppercase().rsplit("__").next() {
        Some("ISSUER") => format!("https://unknown.example/{name}"),
        Some("ALGORITHMS") => Algorithm::ALL.map(Algorithm::name).join(","),
        _ => "us-east-1_unknown".to_owned(),
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

fn report(found: &Findings, unknown: &[(String, String)]) -> Result<(), Problem> {
    for mistake in &found.mistakes {
        print(&format!("mistake  {}: {}", mistake.variable, mistake.problem))?;
    }
    for warning in &found.warnings {
        print(&format!("warning  {}: {}", warning.variable, warning.text))?;
    }
    for (name, why) in unknown {
        print(&format!("unknown  {name}: {why}; what depends on it is not checked"))?;
    }
    Ok(())
}

fn summary(found: &Findings, unknown: &[(String, String)], lookups: Option<Lookups>, count: usize) -> String {
    let (mistakes, warnings) = (number(found.mistakes.len(), "mistake"), number(found.warnings.len(), "warning"));
    let unknown = if unknown.is_empty() { String::new() } else { format!(", {} unknown", unknown.len()) };
    let lookups = match lookups {
        None => String::new(),
        Some(Lookups::Done { failed }) => format!(", {}", number(failed, "failed lookup")),
        Some(Lookups::NotDone) => ", and nobody was asked".to_owned(),
    };
    format!("{}: {mistakes}, {warnings}{unknown}{lookups}", number(count, "variable"))
}

fn number(number: usize, what: &str) -> String {
    let count = if number == 0 { "no".to_owned() } else { number.to_string() };
    format!("{count} {what}{}", if number == 1 { "" } else { "s" })
}
