//! `explain`: why a deployment allows a request, or why not. The real library decides; what is here finds the words.

mod case;
mod explanation;
mod input;
pub(crate) mod offline;
mod passed;
mod refused;
pub(crate) mod rules;
mod token;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use smac_lambda_authorizer::tools::{self, Carrier, Check, IssuerConfig, Parts};
use smac_lambda_authorizer::{Decision, Settings};
use smac_local::command::{Problem, Tone, print, toned};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub(crate) use self::case::Asked;
pub(crate) use self::explanation::{About, Explanation, Mark};
use self::input::Input;
pub(crate) use self::offline::Assumptions;
pub(crate) use self::token::Token;
use crate::decider::{self, Decider};
use crate::decisions::{client, exit_code, toned_outcome};
use crate::format::{Format, print_json};
use crate::source::Source;

const HELP: &str = "\
Examples:
  cargo local explain --env-file prod.env - < token.txt
  cargo local explain --function-config function.json --live event.json
  aws cognito-idp initiate-auth ... | cargo local explain --env-file prod.env -

Without --live the signature, attributes and secrets are assumed to be good, and the lines say so.
A token is never an argument, since it would stay in the shell's history. Nothing of it is printed but its \
issuer, its client, what it is for, and its times.
Exit status: 0 for allowed, 1 for refused, 2 for a fault or bad usage.";

/// Say check by check why a request is allowed or refused, and what to change
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Explain {
    /// File with an event, a token or the result of a sign-in (`-`: standard input)
    #[arg(value_name = "FILE")]
    input: PathBuf,
    /// Accepted, so that no error shows the token of `Bearer <token>` without quotes.
    #[arg(hide = true)]
    rest: Vec<OsString>,
    /// How the explanation is printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    source: Source,
}

impl Explain {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        let path = input::only(&self.input, &self.rest)?;
        self.source.share_standard_input(path)?;
        let input = input::read(path)?;
        let stand_ins = decider::stand_ins(&self.source).await?;
        log_failed_lookups();
        let decider = Decider::new(&self.source, stand_ins.as_ref()).await?;
        let (event, about, which) = match input {
            Input::Event(event) => (event, About::Request, None),
            Input::Token(token, which) => (event_with(&token, &decider.settings), About::Token, which),
        };
        let (decision, asked) = decider.decide(&event).await?;
        let explanation = Explanation::new(&decider.settings, &event, about, &decision, asked);
        let settings = format!("{}: {}", decider.deployment.name, describe(&tools::parts(&decider.settings)));
        match self.format {
            Format::Text => {
                print_text(&settings, which, &explanation, &decision)?;
                rules::print_each(&tools::parts(&decider.settings), &decision)?;
            }
            Format::Json => print_json(&json!({
                "settings": settings,
                "asked": explanation.asked,
                "checks": explanation.checks_json(),
                "rules": rules::document(&tools::parts(&decider.settings), &decision),
                "outcome": decision.outcome().name(),
                "reason": decision.outcome().reason(),
                "assumed": explanation.is_uncertain(),
                "client": client(&decision),
                "why": explanation.refused.as_ref().map(|(why, _)| why),
                "change": explanation.refused.as_ref().map(|(_, change)| change),
            }))?,
        }
        Ok(exit_code(&decision))
    }
}

fn print_text(
    settings: &str,
    which: Option<&'static str>,
    explanation: &Explanation,
    decision: &Decision,
) -> Result<(), Problem> {
    print(&format!("settings  {settings}"))?;
    if let Some(which) = which {
        print(&format!("token     {which} of the sign-in"))?;
    }
    print(&format!("asked     {}", explanation.asked))?;
    for explained in explanation.checks.iter().filter(|explained| explained.mark != Mark::NotReached) {
        let (mark, tone) = explained.mark.short();
        let mark = toned(tone, format_args!("{mark:8}"));
        print(&format!("  {mark}{:19}{}", explained.check.name(), explained.found))?;
    }
    let rest: Vec<_> = explanation.of_mark(Mark::NotReached).map(|explained| Check::name(explained.check)).collect();
    if !rest.is_empty() {
        let (mark, tone) = Mark::NotReached.short();
        print(&toned(tone, format_args!("  {mark:8}not reached: {}", rest.join(", "))))?;
    }
    let condition = if explanation.is_uncertain() { ", if what is assumed is true" } else { "" };
    print(&format!("decision  {}{condition}", toned_outcome(decision)))?;
    print(&format!("client    {}", client(decision)))?;
    if let Some((why, change)) = &explanation.refused {
        // A defect of the authorizer belongs to no check.
        if explanation.of_mark(Mark::Failed).next().is_none() {
            print(&format!("why       {why}"))?;
        }
        print(&format!("change    {}", toned(Tone::Doubtful, change)))?;
    }
    Ok(())
}

fn describe(parts: &Parts<'_>) -> String {
    let issuers = parts.tokens.map(|tokens| tokens.issuers.as_slice()).unwrap_or_default();
    let (pools, others): (Vec<_>, Vec<_>) = issuers.iter().partition(|issuer| case::pool_rules(issuer).is_some());
    let listed = |what: &str, issuers: &[&IssuerConfig]| {
        let plural = if issuers.len() == 1 { "" } else { "s" };
        let names = case::listed(issuers.iter().map(|issuer| issuer.name.as_ref()));
        (!issuers.is_empty()).then(|| format!("{what}{plural} {names}"))
    };
    let services = if parts.services.is_some() { "service principals" } else { "no service principals" };
    let parts = [listed("pool", &pools), listed("OIDC issuer", &others), Some(services.to_owned())];
    let nobody = if issuers.is_empty() { "no issuers, " } else { "" };
    format!("{nobody}{}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// An event with a token where the settings want it.
fn event_with(token: &str, settings: &Settings) -> String {
    let carriers = tools::parts(settings).tokens.into_iter().flat_map(|tokens| &tokens.carriers.0);
    let mut headers = carriers.filter_map(|carrier| match carrier {
        Carrier::Header { name, prefix, .. } => Some((name.as_str(), prefix.as_str())),
        Carrier::Query(_) | Carrier::Cookie(_) | Carrier::WebSocketProtocol(_) => None,
    });
    let (name, prefix) = headers.next().unwrap_or(("Authorization", "Bearer"));
    let value = format!("{prefix} {token}");
    json!({
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:any/any/GET/",
        "headers": { name: value.trim_start() },
    })
    .to_string()
}

/// Why a lookup failed, on standard error: lines of our own library alone, since others' may hold headers.
fn log_failed_lookups() {
    let ours = Targets::new().with_target("smac_lambda_authorizer", LevelFilter::WARN);
    let format = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).without_time().with_target(false);
    tracing_subscriber::registry().with(ours).with(format).init();
}
