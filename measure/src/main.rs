//! `cargo measure`: the release binary as Lambda runs it, measured from outside. Linux only: processor time, memory and
//! descriptors are read from `/proc`.

mod bench;
mod cold;
mod decisions;
mod flood;
mod load;
mod process;
mod scenario;
mod start;

use std::path::Path;
use std::process::ExitCode;

use bytes::Bytes;
use clap::{Parser, Subcommand};
use serde_json::{Value, json};
use smac_local::command::{self, About as _, Problem};
use smac_local::deployment::SECRETS_PREFIX;
use smac_local::stand_ins::StandIns;
use smac_local::token::now;

/// Measures the release binary as Lambda runs it, on Linux.
#[derive(Parser)]
#[command(name = "cargo measure", bin_name = "cargo measure")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Times starts and calls, beside an empty handler and, on request, beside other authorizers.
    Bench(bench::Bench),
    /// Times starts and first calls, with TLS over a network, and under a small function's share of a processor.
    Cold(cold::Cold),
    /// Has it decide about a great many good and bad requests: none lost, none wrong, nothing grows.
    Load(load::Load),
    /// Floods it with invented ids and with revoked tokens, beside a service and a user who must not notice.
    Flood(flood::Flood),
    /// Starts a function and ends it, for the instructions to be counted.
    Start(start::Start),
    /// Has the library decide so often, for the instructions to be counted.
    Decisions(decisions::Decisions),
}

fn main() -> ExitCode {
    command::exit_code(match Cli::parse().command {
        Command::Bench(bench) => run(bench.run()),
        Command::Cold(cold) => run(cold.run()),
        Command::Load(load) => run(load.run()),
        Command::Flood(flood) => run(flood.run()),
        Command::Start(start) => run(start.run()),
        Command::Decisions(decisions) => decisions.run(),
    })
}

fn run(command: impl Future<Output = Result<ExitCode, Problem>>) -> Result<ExitCode, Problem> {
    tokio::runtime::Runtime::new().about("a runtime")?.block_on(command)
}

/// Builds a binary as it is released, apart from all other packages, whose features it would share otherwise.
fn release(package: &str, binary: &str) -> Result<String, Problem> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let status = std::process::Command::new(env!("CARGO"))
        .args(["build", "--release", "--package", package, "--bin", binary, "--manifest-path"])
        .arg(manifest)
        .status()
        .about("cargo build --release")?;
    if !status.success() {
        return Err(Problem::new("cargo build --release", status));
    }
    let this = std::env::current_exe().about("this program's place")?;
    let target = this.ancestors().nth(2).unwrap_or(&this);
    Ok(target.join("release").join(binary).display().to_string())
}

/// A REST API's event with these headers more.
#[expect(clippy::indexing_slicing, reason = "an object takes what is put into it")]
fn event(headers: &[(&str, &str)]) -> Bytes {
    let mut event: Value =
        serde_json::from_str(include_str!("../../events/refused-no-credentials.json")).unwrap_or_default();
    for (name, value) in headers {
        event["headers"][name] = (*value).into();
        event["multiValueHeaders"][name] = vec![*value].into();
    }
    event.to_string().into()
}

fn bearer(token: &str) -> Bytes {
    event(&[("authorization", &format!("Bearer {token}"))])
}

/// The same with a service's pair.
fn pair(id: &str, token: &str) -> Bytes {
    event(&[("smac-principal", id), ("smac-token", token)])
}

/// Stores such a pair.
fn store(stand_ins: &StandIns, id: &str, token: &str) {
    let pair = json!({ "token": token, "id": format!("service:{id}") }).to_string();
    stand_ins.set_secret(&format!("{SECRETS_PREFIX}/{id}"), Some(&pair), now());
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// The documents' tests run `cargo local` alone.
    #[test]
    fn the_documents_show_commands_that_there_are() {
        Cli::command().debug_assert();
        let documents = ["CONTRIBUTING.md", "docs/performance.md", "docs/reliability.md"];
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let text = documents.map(|document| std::fs::read_to_string(root.join(document)).unwrap()).concat();
        let commands: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("$ cargo measure ")).collect();
        assert_eq!(commands.len(), 9);
        for command in commands {
            Cli::try_parse_from(format!("measure {command}").split(' ')).map_err(|error| error.to_string()).unwrap();
        }
    }
}
