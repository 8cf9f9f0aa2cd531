//! `cargo local invoke`: the real library, with its real HTTP and SDK clients, against the stand-ins.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use smac_lambda_authorizer::answer::{Answer, FunctionError};
use smac_lambda_authorizer::authorizer::Decided;
use smac_lambda_authorizer::error::Refusal;
use smac_lambda_authorizer::http::HttpClient;
use smac_lambda_authorizer::lookup::Clock;
use smac_lambda_authorizer::telemetry::Outcome;
use smac_lambda_authorizer::{Authorizer, Settings};
use smac_local::command::{About as _, Problem, print};
use smac_local::event::{self, Overrides};
use smac_local::stand_ins::StandIns;
use tokio::time::Instant;

use crate::environment::{self, Changes};
use crate::{read_event, start};

/// As long as the template lets an invocation take.
const INVOCATION_TIMEOUT: Duration = Duration::from_secs(10);

/// The options of the command.
#[derive(clap::Args)]
pub(crate) struct Invoke {
    /// A file in `events/`.
    event: PathBuf,
    #[command(flatten)]
    token: Overrides,
    #[command(flatten)]
    changes: Changes,
    /// Prints the log line, too.
    #[arg(long)]
    verbose: bool,
}

impl Invoke {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        let event = read_event(&self.event, &self.token)?;
        let stand_ins = start(0).await?;
        let authorizer = warm(settings(&stand_ins, self.changes.settings)?).await;
        let decided = authorizer.authorize(&event.to_string(), deadline()).await;

        print(&format!("request   {}", event::describe(&event)))?;
        print(&format!("decision  {}", decision(&decided)))?;
        print(&format!("client    {}", client(&decided)))?;
        print(&format!("answer    {}", answer(&decided)))?;
        if self.verbose {
            print(&format!("log       {}", String::from_utf8_lossy(&decided.record.line("local")).trim_end()))?;
        }
        Ok(exit_code(&decided))
    }
}

/// 0 for allowed, 1 for refused, 2 for a fault.
pub(crate) fn exit_code(decided: &Decided) -> ExitCode {
    ExitCode::from(match decided.record.outcome {
        Outcome::Allowed(_) => 0,
        Outcome::Refused(Refusal::Unauthorized(_) | Refusal::Forbidden(_)) => 1,
        Outcome::Refused(Refusal::Fault(_)) => 2,
    })
}

/// The settings of the development deployment, with these changes.
pub(crate) fn settings(stand_ins: &StandIns, changes: Vec<(String, String)>) -> Result<Settings, Problem> {
    let mut environment = stand_ins.environment();
    environment::change(&mut environment, changes);
    Settings::from_variables(environment, |path| std::fs::read_to_string(path)).about("the settings")
}

/// The real library, with its real HTTP and SDK clients, once it has its key sets.
pub(crate) async fn warm(settings: Settings) -> Authorizer {
    let http = HttpClient::new(settings.upstream_timeout, settings.roots.clone());
    let authorizer = Authorizer::new(settings, http, Clock::system());
    authorizer.warm_up().await;
    authorizer
}

/// When an invocation that begins now must be over.
pub(crate) fn deadline() -> Option<Instant> {
    Instant::now().checked_add(INVOCATION_TIMEOUT)
}

/// The outcome, and its reason.
pub(crate) fn decision(decided: &Decided) -> String {
    let outcome = decided.record.outcome;
    match (outcome, outcome.reason()) {
        (Outcome::Allowed(principal_type), _) => format!("{} ({})", outcome.name(), principal_type.name()),
        (Outcome::Refused(_), reason) => format!("{}: {}", outcome.name(), reason.unwrap_or_default()),
    }
}

/// What the client of the API would see.
pub(crate) fn client(decided: &Decided) -> &'static str {
    match (&decided.answer, decided.record.outcome) {
        (Answer::Error(FunctionError::Unauthorized), _) => "401 Unauthorized",
        (Answer::Error(FunctionError::Internal(_)), _) => "500 Internal Server Error",
        (Answer::Response(_), Outcome::Allowed(_)) => "the API's own answer",
        (Answer::Response(_), Outcome::Refused(_)) => "403 Forbidden",
    }
}

/// What API Gateway gets.
fn answer(decided: &Decided) -> String {
    match &decided.answer {
        Answer::Response(json) => json.get().to_owned(),
        Answer::Error(error) => format!("function error: {error}"),
    }
}
