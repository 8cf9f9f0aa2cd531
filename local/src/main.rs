//! `cargo local`: the authorizer on this machine, against stand-ins for Cognito and Secrets Manager.

mod bench;
mod check;
mod environment;
mod explain;
mod invoke;
mod load;
mod serve;

use std::fmt::Display;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::Value;
use smac_local::deployment::Pool;
use smac_local::event::{self, Overrides};
use smac_local::stand_ins::StandIns;
use smac_local::token::Use;

const EXAMPLES: &str = "\
Examples:
  cargo local invoke events/rest-request-access-token.json
  cargo local invoke events/rest-request-id-token.json --claim email_verified=false
  cargo local invoke events/http-v2-access-token.json --setting HTTP_API_RESPONSE=SIMPLE
  cargo local serve
  cargo local explain --env-file prod.env - < token.txt
  cargo local check --env-file prod.env
  cargo local token --use access --claim 'cognito:groups=[\"admins\"]'
  cargo local aws --env-file local.env

No AWS account is needed: key sets, userInfo and secrets come from stand-ins on loopback.";

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
    /// Prints a signed token.
    Token {
        /// What it is for.
        #[arg(long = "use", value_enum, default_value = "id")]
        token_use: TokenUse,
        #[command(flatten)]
        changes: Changes,
    },
    /// Prints an event with its tokens filled in.
    Render {
        /// A file in `events/`.
        event: PathBuf,
        #[command(flatten)]
        changes: TokenChanges,
    },
    /// A local API Gateway: turns requests into events, has them decided, and answers as API Gateway does.
    Serve(serve::Serve),
    /// Times the release binary from outside, as Lambda runs it.
    Bench(bench::Bench),
    /// Has the release binary decide about a great many good and bad requests: none lost, none wrong, nothing grows.
    Load(load::Load),
    /// Runs the stand-ins alone, and prints the environment that points the function at them.
    Aws {
        /// The port on loopback; 0 is any.
        #[arg(long, default_value_t = 4599)]
        port: u16,
        /// Writes the environment there, too, as `cargo lambda watch --env-file` takes it.
        #[arg(long, value_name = "PATH")]
        env_file: Option<PathBuf>,
    },
}

/// Changes of a token.
#[derive(Args)]
struct Changes {
    /// Another value of a claim; JSON, or else text. May be repeated.
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = parse_claim)]
    claims: Vec<(String, Value)>,
    /// A token past its end.
    #[arg(long)]
    expired: bool,
    /// The pool that issues it: primary or secondary.
    #[arg(long, value_parser = parse_pool)]
    pool: Option<Pool>,
}

/// Changes of the tokens in an event.
#[derive(Args)]
struct TokenChanges {
    /// Another kind of token.
    #[arg(long, value_enum)]
    token_use: Option<TokenUse>,
    #[command(flatten)]
    changes: Changes,
}

#[derive(Clone, Copy, ValueEnum)]
enum TokenUse {
    Id,
    Access,
}

impl From<TokenUse> for Use {
    fn from(token_use: TokenUse) -> Self {
        match token_use {
            TokenUse::Id => Self::Id,
            TokenUse::Access => Self::Access,
        }
    }
}

impl From<Changes> for Overrides {
    fn from(changes: Changes) -> Self {
        Self { pool: changes.pool, token_use: None, expired: changes.expired, claims: changes.claims }
    }
}

impl From<TokenChanges> for Overrides {
    fn from(changes: TokenChanges) -> Self {
        Self { token_use: changes.token_use.map(Use::from), ..Self::from(changes.changes) }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Invoke(invoke) => invoke.run().await,
        Command::Explain(explain) => explain.run().await,
        Command::Check(check) => check.run(),
        Command::Token { token_use, changes } => {
            let token_use = Use::from(token_use);
            print(&Overrides::from(changes).token(token_use).sign())
        }
        Command::Render { event, changes } => {
            read_event(&event, &changes.into()).and_then(|event| print(&format!("{event:#}")))
        }
        Command::Serve(serve) => serve.run().await,
        Command::Bench(bench) => bench.run().await,
        Command::Load(load) => load.run().await,
        Command::Aws { port, env_file } => stand_in(port, env_file.as_deref()).await,
    };
    result.unwrap_or_else(|Problem(problem)| {
        let _ = writeln!(std::io::stderr(), "error: {problem}");
        ExitCode::from(2)
    })
}

/// What keeps a command from doing what it should, in words.
struct Problem(String);

impl Problem {
    fn new(what: impl Display, why: impl Display) -> Self {
        Self(format!("{what}: {why}"))
    }
}

async fn stand_in(port: u16, env_file: Option<&Path>) -> Result<ExitCode, Problem> {
    let stand_ins = start(port).await?;
    let lines: String = stand_ins.environment().into_iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    if let Some(path) = env_file {
        std::fs::write(path, &lines).map_err(|error| Problem::new(path.display(), error))?;
    }
    print(lines.trim_end())?;
    let _ = writeln!(std::io::stderr(), "Stand-ins for Cognito and Secrets Manager run until Ctrl-C.");
    tokio::signal::ctrl_c().await.map_err(|error| Problem::new("waiting for Ctrl-C", error))?;
    Ok(ExitCode::SUCCESS)
}

async fn start(port: u16) -> Result<StandIns, Problem> {
    StandIns::start(port).await.map_err(|error| Problem::new(format_args!("port {port}"), error))
}

fn read_event(path: &Path, overrides: &Overrides) -> Result<Value, Problem> {
    let template = std::fs::read_to_string(path).map_err(|error| Problem::new(path.display(), error))?;
    event::render(&template, overrides).map_err(|error| Problem::new(path.display(), error))
}

fn print(text: &str) -> Result<ExitCode, Problem> {
    let mut stdout = std::io::stdout();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        // Whoever reads has read enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(Problem::new("standard output", error)),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

fn parse_claim(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    let json = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((name.to_owned(), json))
}

fn parse_pool(name: &str) -> Result<Pool, String> {
    Pool::by_name(name).ok_or_else(|| "there are primary and secondary".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_options_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn claims_are_json_or_else_text() {
        assert_eq!(parse_claim("a=1").unwrap(), ("a".to_owned(), 1.into()));
        assert_eq!(parse_claim("a=x=y").unwrap(), ("a".to_owned(), "x=y".into()));
        assert_eq!(parse_claim("a=").unwrap(), ("a".to_owned(), "".into()));
        assert!(parse_claim("a").is_err());
    }
}
