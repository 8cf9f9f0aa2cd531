//! `cargo local`: the authorizer on this machine, against stand-ins for Cognito, an OIDC issuer and Secrets Manager.

mod check;
mod decisions;
mod environment;
mod explain;
mod invoke;
mod serve;
mod settings;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde_json::Value;
use smac_local::command::{self, About as _, Problem, print};
use smac_local::event::{self, Overrides};
use smac_local::stand_ins::StandIns;

const EXAMPLES: &str = "\
Examples:
  cargo local invoke events/rest-request-access-token.json
  cargo local invoke events/rest-request-id-token.json --claim email_verified=false
  cargo local invoke events/http-v2-access-token.json --setting HTTP_API_RESPONSE=SIMPLE
  cargo local serve
  cargo local explain --env-file prod.env - < token.txt
  cargo local check --env-file prod.env
  cargo local settings
  cargo local token --use access --claim 'cognito:groups=[\"admins\"]'
  cargo local token --issuer dev
  cargo local aws --env-file local.env

No AWS account is needed: discovery, key sets, userInfo and secrets come from stand-ins on loopback.";

/// Runs the authorizer on this machine, with no AWS account.
#[derive(Parser)]
#[command(name = "cargo local", bin_name = "cargo local", after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Decides about an event, and says how: exit status 0 for allowed, 1 for refused, 2 for a fault or bad usage.
    Invoke(invoke::Invoke),
    /// Says check by check why a deployment allows or refuses an event or a token, and what to change.
    Explain(explain::Explain),
    /// Says everything that is wrong with a deployment's settings, and everything that deserves a second look.
    Check(check::Check),
    /// Lists every setting with its default, what it accepts, and what it is for.
    Settings(settings::List),
    /// Prints a signed token.
    Token(Overrides),
    /// Prints an event with its tokens filled in.
    Render {
        /// A file in `events/`.
        event: PathBuf,
        #[command(flatten)]
        changes: Overrides,
    },
    /// A local API Gateway: turns requests into events, has them decided, and answers as API Gateway does.
    Serve(serve::Serve),
    /// Runs the stand-ins alone, and prints the environment that points the function at them.
    Aws {
        /// The port on loopback; 0 is any.
        #[arg(long, default_value_t = 4599)]
        port: u16,
        /// Also writes the environment there, as `cargo lambda watch --env-file` takes it.
        #[arg(long, value_name = "PATH")]
        env_file: Option<PathBuf>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    command::exit_code(match Cli::parse().command {
        Command::Invoke(invoke) => invoke.run().await,
        Command::Explain(explain) => explain.run().await,
        Command::Check(check) => check.run().await,
        Command::Settings(list) => list.run(),
        Command::Token(changes) => print(&changes.token().sign()),
        Command::Render { event, changes } => {
            read_event(&event, &changes).and_then(|event| print(&format!("{event:#}")))
        }
        Command::Serve(serve) => serve.run().await,
        Command::Aws { port, env_file } => stand_in(port, env_file.as_deref()).await,
    })
}

async fn stand_in(port: u16, env_file: Option<&Path>) -> Result<ExitCode, Problem> {
    let stand_ins = start(port).await?;
    let lines: String = stand_ins.environment().into_iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    if let Some(path) = env_file {
        std::fs::write(path, &lines).about(path.display())?;
    }
    print(lines.trim_end())?;
    let _ = writeln!(std::io::stderr(), "Stand-ins for Cognito, an OIDC issuer and Secrets Manager run until Ctrl-C.");
    tokio::signal::ctrl_c().await.about("waiting for Ctrl-C")?;
    Ok(ExitCode::SUCCESS)
}

async fn start(port: u16) -> Result<StandIns, Problem> {
    StandIns::start(port).await.about(format_args!("port {port}"))
}

fn read_event(path: &Path, overrides: &Overrides) -> Result<Value, Problem> {
    let template = std::fs::read_to_string(path).about(path.display())?;
    event::render(&template, overrides).about(path.display())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_options_are_sound() {
        Cli::command().debug_assert();
    }
}
