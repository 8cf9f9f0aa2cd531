//! `check`: the settings of a deployment before it is one, with all their mistakes and all warnings, and with what its
//! issuers publish.

mod live;
mod report;
mod rules;

use std::process::ExitCode;

use clap::ValueEnum;
use smac_lambda_authorizer::tools::PREFIX;
use smac_local::command::Problem;
use smac_local::progress;

use self::report::{Kind, Report};
use crate::environment;
use crate::source::{Deployment, Source};

const HELP: &str = "\
Examples:
  cargo local check --env-file prod.env
  cargo local check --env-file prod.env --live --format json
  aws lambda get-function-configuration --function-name NAME | cargo local check --function-config -
  cargo local check --template template.yaml --parameter UserPoolId=eu-west-1_Example
  cargo local check --rules rules --openapi openapi.yaml

Files that settings name are read relative to LAMBDA_TASK_ROOT, or else to the file with the settings.
With --live the discovery document and the key set of every issuer are fetched too.
What only a deployment knows (a resource, {{resolve:...}}) is unknown: give it with --setting, or a resource or the \
region with --parameter.
Exit status: 0 for no mistakes, 1 for mistakes and failed lookups, 2 for bad usage.";

/// Check the settings of a deployment, before it is one or after
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Check {
    /// Count warnings, and what is unknown, as mistakes
    #[arg(long)]
    strict: bool,
    /// How findings are printed; `github` is annotations of a workflow
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    rules: rules::Options,
    #[command(flatten)]
    source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Github,
}

impl Check {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        let is_deployment = !self.source.is_development();
        if !is_deployment && !self.source.has_rules() {
            let files = "--env-file, --function-config, --template, --settings-file or --rules";
            return Err(Problem::new("no settings", format_args!("name a file with {files}")));
        }
        let mut deployment = self.source.read(None)?;
        environment::assume_region(&mut deployment.variables);
        let variables = deployment.variables.iter().filter(|(name, _)| name.to_ascii_uppercase().starts_with(PREFIX));
        let mut report = Report::new(self.format, deployment.file.clone(), variables.count());
        settings(&deployment, is_deployment, &mut report)?;
        rules::look(&deployment, is_deployment, &self.rules, &mut report)?;
        if self.source.is_live() {
            look(&deployment, &mut report).await?;
        }
        report.end()?;
        let is_bad = report.has(Kind::Mistake) || report.has(Kind::Failed) || report.is_nobody_asked();
        let is_reported = report.has(Kind::Warning) || report.has(Kind::Unknown);
        Ok(ExitCode::from(u8::from(is_bad || (self.strict && is_reported))))
    }
}

fn settings(deployment: &Deployment, is_deployment: bool, report: &mut Report) -> Result<(), Problem> {
    let unknown = &deployment.unknown;
    let mut found = deployment.check();
    if !is_deployment {
        let is_of_rules = |variable: &str| variable.starts_with(&format!("{PREFIX}RULES__"));
        found.mistakes.retain(|mistake| is_of_rules(&mistake.variable));
        found.warnings.retain(|warning| is_of_rules(&warning.variable));
    }
    // What depends on something unknown may be right or wrong.
    for mistake in found.mistakes.iter().filter(|it| !depends_on(unknown, &it.variable, &it.problem)) {
        report.add(Kind::Mistake, &mistake.variable, &mistake.problem)?;
    }
    for warning in found.warnings.iter().filter(|it| !depends_on(unknown, &it.variable, it.text)) {
        report.add(Kind::Warning, &warning.variable, warning.text)?;
    }
    for (name, why) in unknown {
        report.add(Kind::Unknown, name, &format!("{why}; what depends on it is not checked"))?;
    }
    Ok(())
}

/// Asks the issuers, unless mistakes or unknown values leave open whom to ask.
async fn look(deployment: &Deployment, report: &mut Report) -> Result<(), Problem> {
    match deployment.settings() {
        Ok(settings) => {
            for (issuer, line) in progress::during("asking the issuers", live::look(&settings)).await? {
                let (kind, text) = line.map_or_else(|text| (Kind::Failed, text), |text| (Kind::Found, text));
                report.add(kind, &issuer, &text)?;
            }
            report.asked(true);
        }
        Err(_) => report.asked(false),
    }
    Ok(())
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
