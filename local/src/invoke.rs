//! `invoke`: the decision about one event.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};
use smac_lambda_authorizer::{Answer, Decision};
use smac_local::command::{Problem, Tone, print, toned};
use smac_local::event::{self, Overrides};

use crate::decider::{self, Decider};
use crate::decisions::{client, exit_code, log_line, toned_outcome};
use crate::explain::{Asked, rules};
use crate::format::{Format, print_json};
use crate::read_event;
use crate::source::Source;

const HELP: &str = "\
Examples:
  cargo local invoke events/rest-request-id-token.json --claim email_verified=false
  cargo local invoke events/http-v2-automation.json --setting HTTP_API_RESPONSE=SIMPLE
  cargo local invoke --env-file prod.env --live event.json

Exit status: 0 for allowed, 1 for refused, 2 for a fault or bad usage.";

/// Decide about one event
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Invoke {
    /// File with an event, such as those in `events/` (`-`: standard input)
    #[arg(value_name = "FILE")]
    event: PathBuf,
    /// How the decision is printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Print the function's log line too
    #[arg(long)]
    verbose: bool,
    #[command(flatten)]
    token: Overrides,
    #[command(flatten)]
    source: Source,
}

impl Invoke {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        self.source.share_standard_input(&self.event)?;
        let event = read_event(&self.event, &self.token)?;
        let stand_ins = decider::stand_ins(&self.source).await?;
        let decider = Decider::new(&self.source, stand_ins.as_ref()).await?;
        let (decision, asked) = decider.decide(&event.to_string()).await?;
        let is_assumed = matches!(asked, Asked::Nobody { .. });
        match self.format {
            Format::Text => self.print_text(&event, &decision, is_assumed)?,
            Format::Json => print_json(&document(&event, &decision, is_assumed))?,
        }
        Ok(exit_code(&decision))
    }

    fn print_text(&self, event: &Value, decision: &Decision, is_assumed: bool) -> Result<(), Problem> {
        print(&format!("request   {}", event::describe(event)))?;
        print(&format!("decision  {}", toned_outcome(decision)))?;
        if let Some(line) = rules::line(decision) {
            print(&format!("rules     {line}"))?;
        }
        print(&format!("client    {}", client(decision)))?;
        print(&format!("answer    {}", answer(decision)))?;
        if is_assumed {
            let note = "nobody was asked: key, signature and attributes are assumed to be good (--live asks)";
            print(&format!("assumed   {}", toned(Tone::Doubtful, note)))?;
        }
        if self.verbose {
            print(&format!("log       {}", String::from_utf8_lossy(&log_line(decision)).trim_end()))?;
        }
        Ok(())
    }
}

fn document(event: &Value, decision: &Decision, is_assumed: bool) -> Value {
    let (answer, error) = match decision.answer() {
        Answer::Response(json) => (serde_json::from_str(json.get()).unwrap_or_default(), None),
        Answer::Error(error) => (Value::Null, Some(error.to_string())),
    };
    json!({
        "request": event::describe(event),
        "outcome": decision.outcome().name(),
        "reason": decision.outcome().reason(),
        "assumed": is_assumed,
        "client": client(decision),
        "answer": answer,
        "error": error,
        "log": serde_json::from_slice::<Value>(&log_line(decision)).unwrap_or_default(),
    })
}

fn answer(decision: &Decision) -> String {
    match decision.answer() {
        Answer::Response(json) => json.get().to_owned(),
        Answer::Error(error) => format!("function error: {error}"),
    }
}
