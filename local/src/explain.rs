//! `cargo local explain`: why a deployment allows a request, or why not. The real library decides; what is here finds the
//! words.

mod case;
mod input;
mod offline;
mod passed;
mod refused;
mod token;

use std::process::ExitCode;

use serde_json::json;
use smac_lambda_authorizer::tools::{self, Carrier, Check, IssuerConfig, Parts, Request, Upstream};
use smac_lambda_authorizer::{Decision, Mistakes, Outcome};
use smac_local::command::{Problem, print};
use smac_local::deployment::CREDENTIALS;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::decisions::{self, Presented, State, client, exit_code, outcome};
use crate::environment::{self, Changes, Deployment, Variables};
use crate::invoke::{deadline, warm};
use crate::start;
use case::{Asked, Case};
use input::Input;
use offline::Assumptions;
use token::Token;

const HELP: &str = "\
A token on the command line ends up in the shell's history; read it from standard input instead:
  cargo local explain --env-file prod.env - < token.txt

The settings of a deployed function, and an event or a token in a file:
  aws lambda get-function-configuration --function-name NAME | cargo local explain --function-config - token.txt

What a sign-in gives is read too. Its access token counts, or else its ID token:
  aws cognito-idp initiate-auth ... | cargo local explain --env-file prod.env -

Without --live nothing leaves this machine: the signature, attributes and secrets are assumed to be good, and the \
lines say so. With --live the upstreams of the settings are asked, with the AWS credentials in the file, or else \
those of this process' environment or profile.
Without --env-file and --function-config the development deployment decides, and its stand-ins are asked.

Nothing of the token is printed but its issuer, its client, what it is for, and its times.
Exit status: 0 for allowed, 1 for refused, 2 for a fault or bad usage.";

#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Explain {
    #[command(flatten)]
    deployment: Deployment,
    #[command(flatten)]
    changes: Changes,
    /// Asks the real upstreams: discovery documents, key sets, userInfo, GetUser, Secrets Manager.
    #[arg(long)]
    live: bool,
    /// A file with an event, a token or the result of a sign-in; a token; or `-` for standard input.
    // More than one, so that `Bearer <token>` without quotes is not shown in an error.
    #[arg(value_name = "EVENT_OR_TOKEN", required = true, num_args = 1..)]
    input: Vec<String>,
}

impl Explain {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        if self.deployment.is_standard_input() && self.input == ["-"] {
            return Err(Problem::new("--function-config and EVENT_OR_TOKEN", "only one can be standard input"));
        }
        let input = input::read(&self.input)?;
        let deployment = self.deployment.read()?;
        // The stand-ins of the development deployment are its real upstreams.
        let is_live = self.live || deployment.is_none();
        let (mut environment, _stand_ins) = match deployment {
            Some(environment) => (environment, None),
            None => {
                let stand_ins = start(0).await?;
                (stand_ins.environment(), Some(stand_ins))
            }
        };
        environment::change(&mut environment, self.changes.settings);
        let id = CREDENTIALS[0].0;
        let has_credentials = environment::value_of(&environment, id).is_some() || std::env::var_os(id).is_some();
        if !is_live {
            environment::assume_region(&mut environment);
        }
        let settings = environment::settings(environment.clone()).map_err(unusable)?;
        let parts = tools::parts(&settings);
        let whose = self.deployment.name().unwrap_or_else(|| "the development deployment".to_owned());
        print(&format!("settings  {whose}: {}", describe(&parts)))?;
        if let Input::Token(_, Some(which)) = &input {
            print(&format!("token     {which} of the sign-in"))?;
        }
        let (event, is_event_made) = match input {
            Input::Event(event) => (event, false),
            Input::Token(token, _) => (event_with(&token, &parts), true),
        };

        let request = Request::parse(&event).ok();
        let presented = request.as_ref().map_or(Ok(Presented::None), |request| Presented::find(request, &parts));
        let path = decisions::path(&presented);
        let presented = presented.unwrap_or(Presented::None);
        let token = if let Presented::Token(token) = presented { Some(Token::read(token)) } else { None };
        log_failed_lookups();
        let (decision, asked) = if is_live {
            (warm(settings.clone()).await.authorize(&event, deadline()).await, Asked::Live { has_credentials })
        } else {
            decide_offline(&event, environment, &parts, presented, token.as_ref()).await?
        };
        let (request, token, decision) = (request.as_ref(), token.as_ref(), &decision);
        let issuer = decisions::judge(&parts, presented, decision);
        report(&Case { parts, request, path, token, issuer, decision, asked, is_event_made })
    }
}

async fn decide_offline(
    event: &str,
    mut environment: Variables,
    parts: &Parts<'_>,
    presented: Presented<'_>,
    token: Option<&Token>,
) -> Result<(Decision, Asked), Problem> {
    let has_key = parts.tokens.zip(token).is_some_and(|(tokens, token)| offline::has_key_of(tokens, token));
    let compact = if let Presented::Token(compact) = presented { Some(compact) } else { None };
    let unverifiable = compact.zip(token).filter(|_| !has_key);
    let signed_again = unverifiable.and_then(|(compact, token)| offline::signed_again(event, compact, token));
    let stand_in = offline::start(Assumptions::about(presented, token, parts)).await?;
    offline::redirect(&mut environment, &stand_in.url(), parts, has_key);
    let settings = environment::settings(environment).map_err(unusable)?;
    let decision = warm(settings).await.authorize(signed_again.as_deref().unwrap_or(event), deadline()).await;
    Ok((decision, Asked::Nobody { has_key }))
}

fn report(case: &Case<'_>) -> Result<ExitCode, Problem> {
    print(&format!("asked     {}", asked(case)))?;
    let found = match case.decision.outcome() {
        Outcome::Refused(refusal) => Some(case.refused(refusal)),
        Outcome::Allowed(_) => None,
    };
    let checks: Vec<_> = decisions::checks(case.path, case.decision).collect();
    for (check, state) in &checks {
        let (mark, text) = match (state, &found) {
            (State::Passed, _) if case.is_assumed(*check) => ("assumed", case.passed(*check)),
            (State::Passed, _) => ("ok", case.passed(*check)),
            (State::Failed, Some((why, _))) => ("FAILED", why.clone()),
            (State::Failed, None) | (State::NotReached, _) => continue,
        };
        print(&format!("  {mark:8}{:19}{text}", check.name()))?;
    }
    let of = |wanted: State| checks.iter().filter(move |(_, state)| *state == wanted).map(|(check, _)| *check);
    let rest: Vec<_> = of(State::NotReached).map(Check::name).collect();
    if !rest.is_empty() {
        print(&format!("  {:8}not reached: {}", "-", rest.join(", ")))?;
    }
    let is_uncertain = of(State::Passed).any(|check| case.is_assumed(check));
    let condition = if is_uncertain { ", if what is assumed is true" } else { "" };
    print(&format!("decision  {}{condition}", outcome(case.decision)))?;
    print(&format!("client    {}", client(case.decision)))?;
    if let Some((why, change)) = found {
        // A defect of the authorizer belongs to no check.
        if of(State::Failed).next().is_none() {
            print(&format!("why       {why}"))?;
        }
        print(&format!("change    {change}"))?;
    }
    Ok(exit_code(case.decision))
}

fn asked(case: &Case<'_>) -> String {
    if matches!(case.asked, Asked::Nobody { .. }) {
        return "nobody: what is not checked is assumed (--live asks)".to_owned();
    }
    let mut asked = Vec::new();
    for (upstream, name) in [
        (Upstream::Discovery, "discovery document"),
        (Upstream::KeySet, "key set"),
        (Upstream::UserInfo, case.attributes_name()),
        (Upstream::Secret, "secret"),
    ] {
        let calls = case.decision.trace().calls(upstream);
        let failed = match calls.failed {
            0 => String::new(),
            failed => format!("; {failed} of {} calls failed", calls.made),
        };
        // Without a source it was asked at the start, for nothing. A document that was found there is no news.
        let was_asked = calls.made > 0 && (upstream != Upstream::Discovery || calls.failed > 0);
        let source = calls.source().map_or("not needed", |source| source.name());
        if calls.source().is_some() || was_asked {
            asked.push(format!("{name} ({source}{failed})"));
        }
    }
    if asked.is_empty() { "nobody: it was not needed".to_owned() } else { asked.join(", ") }
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

fn unusable(mistakes: Mistakes) -> Problem {
    let lines: String = mistakes.0.iter().map(|mistake| format!("\n  {mistake}")).collect();
    Problem::new("the settings", format_args!("with these mistakes the function does not start{lines}"))
}

/// An event with a token where the settings want it.
fn event_with(token: &str, parts: &Parts<'_>) -> String {
    let carriers = parts.tokens.into_iter().flat_map(|tokens| &tokens.carriers.0);
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
