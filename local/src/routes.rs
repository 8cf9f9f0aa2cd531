//! `routes`: an OpenAPI document as the list of routes of the access rules, and as a Cedar schema.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::Value;
use smac_local::command::{About as _, Problem, print};
use smac_local::openapi::{Document, Operation, SchemaOptions};

const HELP: &str = "\
Examples:
  cargo local routes openapi.yaml
  cargo local routes openapi.yaml --routes routes.json --schema schema.json
  cargo local routes openapi.yaml --namespace PetStore --schema schema.json
  cargo local routes openapi.yaml --namespace PetStore --operation-ids --schema schema.json

RULES__ROUTES can name either file.
Functions that Verified Permissions generates name actions as routes (get /pets/{id}). Cedar's own
generator names them by operationId: that is --operation-ids.";

/// Make an OpenAPI document the list of routes of access rules, or a Cedar schema
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Routes {
    /// OpenAPI 3 document of the API, in YAML or JSON
    #[arg(value_name = "FILE")]
    document: PathBuf,
    /// Write the list of routes to this file
    #[arg(long, value_name = "FILE")]
    routes: Option<PathBuf>,
    /// Write a Cedar schema to this file
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Namespace of the schema
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// Name the schema's actions by operationId where there is one
    #[arg(long)]
    operation_ids: bool,
    /// Claim of your tokens that policies look at, an optional string (repeatable)
    #[arg(long = "claim", value_name = "NAME")]
    claims: Vec<String>,
}

impl Routes {
    pub(crate) fn run(&self) -> Result<ExitCode, Problem> {
        let text = std::fs::read_to_string(&self.document).about(self.document.display())?;
        let document = Document::parse(&text).about(self.document.display())?;
        let options = SchemaOptions {
            namespace: self.namespace.as_deref(),
            has_operation_ids: self.operation_ids,
            claims: &self.claims,
        };
        let schema = document.schema(&options).about(self.document.display())?;
        // A namespace that Cedar does not accept is found here.
        cedar_policy::Schema::from_json_value(schema.clone()).about("the schema")?;
        if let Some(path) = &self.routes {
            write(path, &document.list())?;
        }
        if let Some(path) = &self.schema {
            write(path, &schema)?;
        }
        if self.routes.is_none() && self.schema.is_none() {
            let names: Vec<String> = document.operations.iter().map(Operation::name).collect();
            return print(&names.join("\n"));
        }
        print(&format!("{} routes", document.operations.len()))
    }
}

fn write(path: &PathBuf, json: &Value) -> Result<(), Problem> {
    std::fs::write(path, format!("{json:#}\n")).about(path.display())
}
