//! `cargo measure start`: one start of a function and its end, for `.ci/instructions` to count the instructions of.

use std::process::{ExitCode, Stdio};
use std::time::Duration;

use smac_local::command::{About as _, Problem, print};
use smac_local::deployment::{Pool, of_pools};
use smac_local::runtime_api::Function;
use smac_local::stand_ins::{Fault, StandIns, Upstream};
use tokio::process::Command;

/// How late a key set is: so late that all is prepared meanwhile, however slowly. What is counted must not depend on which of
/// the two comes first.
const LATE: Duration = Duration::from_secs(1);

#[derive(clap::Args)]
pub(crate) struct Start {
    /// The key set is configured; else it is fetched from a stand-in.
    #[arg(long)]
    keys_configured: bool,
    /// What starts the function.
    #[arg(required = true, trailing_var_arg = true)]
    command: Vec<String>,
}

impl Start {
    /// Ends the function as soon as it asks for work, and shows what it has written.
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        let stand_ins = StandIns::start(0).await.about("the stand-ins")?;
        let mut environment = of_pools(&stand_ins.base_url());
        // One pool, and nothing to warn about.
        environment.retain(|(name, _)| !name.contains(Pool::Secondary.name()) && !name.ends_with("QUERY_PARAMETER"));
        if self.keys_configured {
            environment.push(Pool::Primary.key_set_variable());
        }
        stand_ins.fail(Upstream::KeySet, 1, Fault::Late(LATE));
        let mut words = self.command.iter();
        let mut command = Command::new(words.next().map_or("", String::as_str));
        command.args(words).env_clear().envs(environment).stdout(Stdio::piped()).stderr(Stdio::piped());
        let function = Function::start(command).await.about("the function")?;
        function.wait_for_polls(1).await.about("its first question for work")?;
        function.signal("TERM").about("the function")?;
        let (status, written) = function.end().await.about("the function")?;
        print(&written)?;
        Ok(if status == Some(0) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
