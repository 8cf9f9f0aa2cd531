//! How a command prints what it found.

use clap::ValueEnum;
use serde_json::Value;
use smac_local::command::{Problem, print};

/// For people or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

/// One JSON document, with a line for each member.
pub(crate) fn print_json(document: &Value) -> Result<(), Problem> {
    print(&format!("{document:#}")).map(drop)
}
