//! `cargo local check`: the settings of a deployment before it is one, with all their mistakes and all warnings.

use std::path::PathBuf;
use std::process::ExitCode;

use smac_lambda_authorizer::Settings;
use smac_lambda_authorizer::settings::{Findings, PREFIX};
use smac_local::command::{About as _, Problem, name_and_value, print};
use smac_local::template::{self, Template};

use crate::environment::{self, Changes};

const HELP: &str = "\
Examples:
  cargo local check --env-file prod.env
  cargo local check --template template.yaml --parameter UserPoolId=eu-west-1_Example --parameter AppClientIds=abc

Key sets in files are read relative to LAMBDA_TASK_ROOT, as the function does, or else to this folder.
What a template does not tell by itself (a resource's attribute, an import) is said, and can be given with --setting.
Exit status: 0 for no mistakes, 1 for mistakes (with --strict for anything said), 2 for bad usage.";

/// The options of the command.
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Check {
    /// The deployment's variables, in a file as `cargo lambda watch --env-file` takes it.
    #[arg(long, value_name = "FILE", conflicts_with = "template", required_unless_present = "template")]
    env_file: Option<PathBuf>,
    /// A SAM or CloudFormation template in YAML: the environment of its function.
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// The function in the template, where several have variables of ours.
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// A parameter of the template, instead of its default. May be repeated.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = name_and_value)]
    parameters: Vec<(String, String)>,
    #[command(flatten)]
    changes: Changes,
    /// Warnings, and what a template does not tell, count as mistakes.
    #[arg(long)]
    strict: bool,
}

impl Check {
    pub(crate) fn run(self) -> Result<ExitCode, Problem> {
        if self.template.is_none() && (self.function.is_some() || !self.parameters.is_empty()) {
            return Err(Problem::new("--parameter and --function", "belong to --template"));
        }
        let (mut variables, mut unresolved) = match (&self.env_file, &self.template) {
            (Some(path), _) => (environment::read(path)?, Vec::new()),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path).about(path.display())?;
                let found = Template::parse(&text, self.parameters)
                    .and_then(|template| template.environment(self.function.as_deref()))
                    .about(path.display())?;
                let template::Environment { mut variables, unresolved, .. } = found;
                environment::add_lambdas_own(&mut variables);
                (variables, unresolved)
            }
            (None, None) => return Err(Problem::new("--env-file or --template", "is required")),
        };
        unresolved.retain(|(name, _)| !self.changes.settings.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
        environment::change(&mut variables, self.changes.settings);
        environment::assume_region(&mut variables);
        let count = variables.iter().filter(|(name, _)| name.to_ascii_uppercase().starts_with(PREFIX)).count();
        let mut found = Settings::check(variables, |path| std::fs::read_to_string(path));
        // Nothing is known of these, so nothing is said of them but that.
        let is_known = |variable: &str| !unresolved.iter().any(|(name, _)| name.eq_ignore_ascii_case(variable));
        found.mistakes.retain(|mistake| is_known(&mistake.variable));
        found.warnings.retain(|warning| is_known(&warning.variable));
        report(&found, &unresolved, count)?;
        let is_said = !found.warnings.is_empty() || !unresolved.is_empty();
        Ok(ExitCode::from(u8::from(!found.mistakes.is_empty() || (self.strict && is_said))))
    }
}

fn report(found: &Findings, unresolved: &[(String, String)], count: usize) -> Result<ExitCode, Problem> {
    for mistake in &found.mistakes {
        print(&format!("mistake  {}: {}", mistake.variable, mistake.problem))?;
    }
    for warning in &found.warnings {
        print(&format!("warning  {}: {}", warning.variable, warning.text))?;
    }
    for (name, why) in unresolved {
        print(&format!("unknown  {name}: {why}; what depends on it is judged as if it were not set"))?;
    }
    let (mistakes, warnings) = (number(found.mistakes.len(), "mistake"), number(found.warnings.len(), "warning"));
    let unknown = if unresolved.is_empty() { String::new() } else { format!(", {} unknown", unresolved.len()) };
    print(&format!("{}: {mistakes}, {warnings}{unknown}", number(count, "variable")))
}

fn number(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    }
}
