//! `cargo local invoke`: the real library, with its real HTTP and SDK clients, against the stand-ins.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use smac_lambda_authorizer::{Answer, Authorizer, Decision, Settings};
use smac_local::command::{About as _, Problem, print};
use smac_local::event::{self, Overrides};
use smac_local::stand_ins::StandIns;
use tokio::time::Instant;

use crate::decisions::{client, exit_code, log_line, outcome};
use crate::environment::{self, Changes, Variables};
use crate::{read_event, start};

/// As long as the template lets an invocation take.
const INVOCATION_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(clap::Args)]
pub(crate) struct Invoke {
    /// A file in `events/`.
    event: PathBuf,
    #[command(flatten)]
    token: Overrides,
    #[command(flatten)]
    changes: Changes,
    /// Prints the log line too.
    #[arg(long)]
    verbose: bool,
}

impl Invoke {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        let event = read_event(&self.event, &self.token)?;
        let stand_ins = start(0).await?;
        let authorizer = warm(settings(&stand_ins, self.changes.settings)?).await;
        let decision = authorizer.authorize(&event.to_string(), deadline()).await;

        print(&format!("request   {}", event::describe(&event)))?;
        print(&format!("decision  {}", outcome(&decision)))?;
        print(&format!("client    {}", client(&decision)))?;
        print(&format!("answer    {}", answer(&decision)))?;
        if self.verbose {
            print(&format!("log       {}", String::from_utf8_lossy(&log_line(&decision)).trim_end()))?;
        }
        Ok(exit_code(&decision))
    }
}

/// The settings of the development deployment, with these changes.
pub(crate) fn settings(stand_ins: &StandIns, changes: Variables) -> Result<Settings, Problem> {
    let mut environment = stand_ins.environment();
    environment::change(&mut environment, changes);
    environment::settings(environment).about("the settings")
}

/// The real library, with its real HTTP and SDK clients, once it has its key sets.
pub(crate) async fn warm(settings: Settings) -> Authorizer {
    let authorizer = Authorizer::new(settings);
    authorizer.warm_up().await;
    authorizer
}

pub(crate) fn deadline() -> Option<Instant> {
    Instant::now().checked_add(INVOCATION_TIMEOUT)
}

/// What API Gateway gets.
fn answer(decision: &Decision) -> String {
    match decision.answer() {
        Answer::Response(json) => json.get().to_owned(),
        Answer::Error(error) => format!("function error: {error}"),
    }
}
