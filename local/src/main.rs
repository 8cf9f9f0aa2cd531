//! `smac-local`, which is `cargo local` in a clone: the authorizer on this machine, against stand-ins for Cognito, an OIDC
//! issuer and Secrets Manager, or with the settings of a deployment.

mod check;
mod decider;
mod decisions;
mod environment;
mod explain;
mod format;
mod invoke;
mod program;
mod routes;
mod serve;
mod settings;
mod source;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{FromArgMatches as _, Parser, Subcommand};
use serde_json::Value;
use smac_local::command::{self, About as _, Problem, print};
use smac_local::event::{self, Overrides};
use smac_local::stand_ins::StandIns;

const EXAMPLES: &str = "\
Examples:
  cargo local serve
  cargo local invoke events/rest-request-access-token.json
  cargo local token | cargo local explain -
  cargo local check --env-file prod.env --live

`cargo install --path local` installs this program as `smac-local`.
No AWS account is needed: keys, users and secrets come from stand-ins on loopback.";

/// Run the authorizer on this machine: decide, explain, check settings
#[derive(Debug, Parser)]
#[command(name = "smac-local", version, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::Serve>),
    Invoke(Box<invoke::Invoke>),
    Explain(Box<explain::Explain>),
    Check(Box<check::Check>),
    Settings(settings::List),
    Routes(routes::Routes),
    /// Print a signed token of the development deployment
    Token(Overrides),
    /// Print an event with its tokens filled in
    Render {
        /// File with an event, such as those in `events/` (`-`: standard input)
        #[arg(value_name = "FILE")]
        event: PathBuf,
        #[command(flatten)]
        changes: Overrides,
    },
    /// Run the stand-ins for Cognito, an OIDC issuer and Secrets Manager alone
    #[command(after_help = "It prints the environment that points the function at them.")]
    Aws {
        /// Port on loopback; 0 is any
        #[arg(long, default_value_t = 4599)]
        port: u16,
        /// Write the environment to this file too, for `cargo lambda watch --env-file`
        #[arg(long, value_name = "FILE")]
        env_file: Option<PathBuf>,
    },
    Completions(program::Completions),
    Man(program::Manual),
}

#[tokio::main]
async fn main() -> ExitCode {
    let matches = program::command::<Cli>().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    command::exit_code(run(cli.command).await)
}

async fn run(command: Command) -> Result<ExitCode, Problem> {
    match command {
        Command::Serve(serve) => serve.run().await,
        Command::Invoke(invoke) => invoke.run().await,
        Command::Explain(explain) => explain.run().await,
        Command::Check(check) => check.run().await,
        Command::Settings(list) => list.run(),
        Command::Routes(routes) => routes.run(),
        Command::Token(changes) => print(&changes.token().sign()),
        Command::Render { event, changes } => {
            read_event(&event, &changes).and_then(|event| print(&format!("{event:#}")))
        }
        Command::Aws { port, env_file } => stand_in(port, env_file.as_deref()).await,
        Command::Completions(completions) => completions.run(program::installed::<Cli>()),
        Command::Man(manual) => manual.run(program::installed::<Cli>()),
    }
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
    event::render(&command::read(path)?, overrides).about(command::place(path))
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
