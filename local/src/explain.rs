//! `cargo local explain`: why a deployment lets a request in, or why not. The real library decides; what is here
//! finds the words.

mod offline;
mod sentences;
mod token;

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use smac_lambda_authorizer::credential::Credential;
use smac_lambda_authorizer::event::Request;
use smac_lambda_authorizer::settings::Mistakes;
use smac_lambda_authorizer::telemetry::{Outcome, Upstream};
use smac_lambda_authorizer::{Decided, Settings};
use smac_local::checks::{self, State};
use smac_local::command::{About as _, Problem, print};
use smac_local::deployment::CREDENTIALS;
use smac_local::event;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::environment::{self, Changes, Deployment};
use crate::invoke::{client, deadline, decision, exit_code, warm};
use crate::start;
use offline::Assumptions;
use sentences::{Asked, Case};
use token::Token;

const HELP: &str = "\
A token on the command line ends up in the shell's history; read it from standard input instead:
  cargo local explain --env-file prod.env - < token.txt

The settings of a deployed function, and an event or a token in a file:
  aws lambda get-function-configuration --function-name NAME | cargo local explain --function-config - token.txt

Without --live no network leaves this machine: the signature, userInfo and secrets are assumed to be good, and the \
lines say so. With --live the upstreams of the settings are asked, with the AWS credentials in the file, or else \
those of this process' environment or profile.
Without --env-file and --function-config the development deployment decides, and its stand-ins are asked.

Nothing of the token is printed but its issuer, its app client, what it is for, and its times.
Exit status: 0 for allowed, 1 for refused, 2 for a fault or bad usage.";

/// The options of the command.
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Explain {
    #[command(flatten)]
    deployment: Deployment,
    #[command(flatten)]
    changes: Changes,
    /// Asks the real upstreams: key sets, userInfo, Secrets Manager.
    #[arg(long)]
    live: bool,
    /// A file with an event, a token, or `-` for either on standard input.
    // More than one, so that `Bearer <token>` without quotes is not shown in an error.
    #[arg(value_name = "EVENT_OR_TOKEN", required = true, num_args = 1..)]
    input: Vec<String>,
}

/// What is to be explained.
enum Input {
    Event(String),
    Token(String),
}

/// A credential, free of the request that it was in.
enum Presented {
    Token(String),
    Pair { token: String },
    None,
}

impl Explain {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        if self.deployment.is_standard_input() && self.input == ["-"] {
            return Err(Problem::new("--function-config and EVENT_OR_TOKEN", "only one can be standard input"));
        }
        let input = read_input(&self.input)?;
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
        let has_credentials = environment.iter().any(|(name, _)| name == id) || std::env::var_os(id).is_some();
        if !is_live {
            environment::assume_region(&mut environment);
            let credentials = CREDENTIALS.map(|(name, value)| (name.to_owned(), value.to_owned()));
            environment::change(&mut environment, credentials.into());
        }
        let settings = Settings::from_variables(environment, |path| std::fs::read_to_string(path)).map_err(unusable)?;
        let (event, is_event_made) = match input {
            Input::Event(event) => (event, false),
            Input::Token(token) => (event_with(&token, &settings).to_string(), true),
        };
        let whose = self.deployment.name().unwrap_or_else(|| "the development deployment".to_owned());
        print(&format!("settings  {whose}: {}", describe(&settings)))?;
        explain(&event, is_event_made, &settings, is_live.then_some(Asked::Live { has_credentials })).await
    }
}

/// Has the library decide, and says why it did.
async fn explain(
    event: &str,
    is_event_made: bool,
    settings: &Settings,
    live: Option<Asked>,
) -> Result<ExitCode, Problem> {
    let request = Request::parse(event).ok();
    let credential = request.as_ref().map_or(Ok(Credential::None), |request| Credential::of(request, &settings.places));
    let path = checks::Path::of(&credential);
    let presented = match credential {
        Ok(Credential::Bearer(token)) => Presented::Token(token.0.to_owned()),
        Ok(Credential::Automation(pair)) => Presented::Pair { token: pair.token.to_owned() },
        Ok(Credential::None) | Err(_) => Presented::None,
    };
    let token = match &presented {
        Presented::Token(token) => Some(Token::read(token)),
        Presented::Pair { .. } | Presented::None => None,
    };

    let (decided, asked) = match live {
        Some(asked) => (decide(event, settings.clone()).await, asked),
        None => decide_offline(event, settings, &presented, token.as_ref()).await?,
    };
    let (request, token) = (request.as_ref(), token.as_ref());
    report(&Case { settings, request, path, token, record: &decided.record, asked, is_event_made }, &decided)
}

async fn decide(event: &str, settings: Settings) -> Decided {
    log_failed_look_ups();
    warm(settings).await.authorize(event, deadline()).await
}

async fn decide_offline(
    event: &str,
    settings: &Settings,
    presented: &Presented,
    token: Option<&Token>,
) -> Result<(Decided, Asked), Problem> {
    let user_id = settings.cognito.as_ref().map_or("email", |cognito| cognito.user_id.as_str());
    let assumptions = match (presented, token) {
        (Presented::Pair { token }, _) => Assumptions::about_pair(token),
        (Presented::Token(_), Some(token)) => Assumptions::about_token(token, user_id),
        (Presented::Token(_) | Presented::None, _) => Assumptions::none(),
    };
    let has_key = token.is_some_and(|token| has_key_of(settings, token));
    let signed_again = match presented {
        Presented::Token(token) if !has_key => offline::sign_again(token).map(|again| replace(event, token, &again)),
        Presented::Token(_) | Presented::Pair { .. } | Presented::None => None,
    };
    let (settings, _stand_in) = offline::redirect(settings.clone(), assumptions).await?;
    let decided = decide(signed_again.as_deref().unwrap_or(event), settings).await;
    Ok((decided, Asked::Nobody { has_key }))
}

/// Whether the settings hold the key that the token names: then its signature can be checked without a network.
fn has_key_of(settings: &Settings, token: &Token) -> bool {
    let pools = settings.cognito.iter().flat_map(|cognito| &cognito.pools);
    let mut pools = pools.filter(|pool| pool.issuers.iter().any(|issuer| Some(issuer.as_str()) == token.issuer()));
    let keys = pools.next().and_then(|pool| pool.key_set.as_ref());
    keys.zip(token.key_id()).is_some_and(|(keys, kid)| keys.find(kid).is_some())
}

/// The event with another token wherever the token is: in headers, and in what it shows of the cache key.
fn replace(event: &str, token: &str, other: &str) -> String {
    if event.contains(token) {
        return event.replace(token, other);
    }
    // Its characters are escaped there.
    let mut value: Value = serde_json::from_str(event).unwrap_or_default();
    replace_in(&mut value, token, other);
    value.to_string()
}

fn replace_in(value: &mut Value, token: &str, other: &str) {
    match value {
        Value::String(text) => *text = text.replace(token, other),
        Value::Array(values) => values.iter_mut().for_each(|value| replace_in(value, token, other)),
        Value::Object(map) => map.values_mut().for_each(|value| replace_in(value, token, other)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn report(case: &Case<'_>, decided: &Decided) -> Result<ExitCode, Problem> {
    print(&format!("asked     {}", asked(case)))?;
    let outcomes = checks::outcomes(case.path, case.record);
    let told = match case.record.outcome {
        Outcome::Refused(refusal) => Some(case.refused(refusal)),
        Outcome::Allowed(_) => None,
    };
    for (check, state) in &outcomes {
        let (mark, text) = match (state, &told) {
            (State::Passed, _) if case.is_assumed(*check) => ("assumed", case.held(*check)),
            (State::Passed, _) => ("ok", case.held(*check)),
            (State::Failed, Some(told)) => ("FAILED", told.why.clone()),
            (State::Failed, None) | (State::NotReached, _) => continue,
        };
        print(&format!("  {mark:8}{:15}{text}", check.name()))?;
    }
    let rest: Vec<_> =
        outcomes.iter().filter(|(_, state)| *state == State::NotReached).map(|(check, _)| check.name()).collect();
    if !rest.is_empty() {
        print(&format!("  {:8}not reached: {}", "-", rest.join(", ")))?;
    }
    let is_uncertain = outcomes.iter().any(|(check, state)| *state == State::Passed && case.is_assumed(*check));
    let condition = if is_uncertain { ", if what is assumed holds" } else { "" };
    print(&format!("decision  {}{condition}", decision(decided)))?;
    print(&format!("client    {}", client(decided)))?;
    if let Some(told) = told {
        // A defect of ours is no check's.
        if !outcomes.iter().any(|(_, state)| *state == State::Failed) {
            print(&format!("why       {}", told.why))?;
        }
        print(&format!("change    {}", told.change))?;
    }
    Ok(exit_code(decided))
}

/// Who was asked, and how that went.
fn asked(case: &Case<'_>) -> String {
    if matches!(case.asked, Asked::Nobody { .. }) {
        return "nobody: what is not checked is assumed (--live asks)".to_owned();
    }
    let upstreams = [("key set", Upstream::KeySet), ("userInfo", Upstream::UserInfo), ("secret", Upstream::Secret)];
    let told = upstreams.into_iter().filter_map(|(name, upstream)| {
        let source = case.record.trace.upstream(upstream).source()?;
        Some(format!("{name} ({})", source.name()))
    });
    let told: Vec<_> = told.collect();
    if told.is_empty() { "nobody: it was not needed".to_owned() } else { told.join(", ") }
}

fn describe(settings: &Settings) -> String {
    let pools = settings.cognito.as_ref().map(|cognito| {
        let pools: Vec<_> = cognito.pools.iter().map(|pool| pool.name.as_str()).collect();
        format!("pools {}", pools.join(", "))
    });
    let services = if settings.automation.is_some() { "service principals" } else { "no service principals" };
    format!("{}, {services}", pools.unwrap_or_else(|| "no pools".to_owned()))
}

fn unusable(Mistakes(mistakes): Mistakes) -> Problem {
    let lines: String =
        mistakes.iter().map(|mistake| format!("\n  {}: {}", mistake.variable, mistake.problem)).collect();
    Problem::new("the settings", format_args!("with these mistakes the function does not start{lines}"))
}

/// An event with a token where the settings want it.
fn event_with(token: &str, settings: &Settings) -> Value {
    let (header, prefix) =
        settings.places.jwt.as_ref().map_or(("Authorization", "Bearer"), |jwt| (&jwt.header, &jwt.prefix));
    let value = format!("{prefix} {token}");
    json!({
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:any/any/GET/",
        "headers": { header: value.trim_start() },
    })
}

fn read_input(arguments: &[String]) -> Result<Input, Problem> {
    let argument = match arguments {
        [argument] => argument,
        [prefix, token] if prefix.eq_ignore_ascii_case("Bearer") => token,
        _ => return Err(Problem::new("EVENT_OR_TOKEN", "is one file, one token, or `-`")),
    };
    let path = Path::new(argument);
    if argument == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).about("standard input")?;
        return read_text(&text, "standard input");
    }
    if path.is_file() {
        let text = std::fs::read_to_string(path).about(path.display())?;
        return read_text(&text, argument);
    }
    if let Some(token) = token_in(argument) {
        return Ok(Input::Token(token));
    }
    // What is no file may be a token that was damaged: only what looks like a path is shown.
    if path.extension().is_some_and(|extension| extension == "json") || argument.starts_with(['.', '/']) {
        return Err(Problem::new(path.display(), "there is no such file"));
    }
    Err(Problem::new("EVENT_OR_TOKEN", "is neither a file nor a token"))
}

/// An event, or a token.
fn read_text(text: &str, place: &str) -> Result<Input, Problem> {
    if let Some(token) = token_in(text) {
        return Ok(Input::Token(token));
    }
    let rendered = event::render(text, &event::Overrides::default()).about(place)?;
    // Without placeholders it stays as it came, since rendering makes one name of two.
    Ok(Input::Event(if text.contains("{{") { rendered.to_string() } else { text.to_owned() }))
}

/// The token, if this is one, or was meant to be: Cognito's begin with `eyJ`, as the JSON of their header does.
fn token_in(text: &str) -> Option<String> {
    let text = text.trim();
    let token = match text.split_once(char::is_whitespace) {
        Some((prefix, token)) if prefix.eq_ignore_ascii_case("Bearer") => token.trim_start(),
        _ => text,
    };
    let is_encoded = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_token = token.starts_with("eyJ") || (token.matches('.').count() == 2 && token.chars().all(is_encoded));
    (is_token && !token.contains(char::is_whitespace)).then(|| token.to_owned())
}

/// Why a look-up failed, on standard error: lines of our own library alone, since others' may hold headers.
fn log_failed_look_ups() {
    let ours = Targets::new().with_target("smac_lambda_authorizer", LevelFilter::WARN);
    let format = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).without_time().with_target(false);
    // It is there already if somebody decided before.
    let _ = tracing_subscriber::registry().with(ours).with(format).try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_what_was_meant_to_be_one() {
        for (text, token) in [
            ("eyJa.eyJb.c", Some("eyJa.eyJb.c")),
            (" Bearer  eyJa.eyJb.c\n", Some("eyJa.eyJb.c")),
            ("eyJa", Some("eyJa")),
            ("a.b.c", Some("a.b.c")),
            ("{}", None),
            ("a.json", None),
            ("eyJa b", None),
        ] {
            assert_eq!(token_in(text).as_deref(), token, "{text}");
        }
    }

    #[test]
    fn a_token_is_replaced_wherever_it_is() {
        let event = r#"{"a": ["Bearer t0ken"], "b": {"c": "t0ken"}}"#;
        assert_eq!(replace(event, "t0ken", "x"), r#"{"a": ["Bearer x"], "b": {"c": "x"}}"#);
        assert_eq!(replace(r#"{"a": ["Bearer t\u0030ken"]}"#, "t0ken", "x"), r#"{"a":["Bearer x"]}"#);
    }
}
