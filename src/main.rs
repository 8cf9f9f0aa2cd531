//! The Lambda function: environment → authorizer → Lambda's runtime. The only reader of the environment.

use std::ffi::OsString;
use std::io::Write as _;
use std::panic::PanicHookInfo;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use lambda_runtime::{Diagnostic, LambdaEvent, Runtime};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use smac_lambda_authorizer::{Answer, Authorizer, FunctionError, Invocation};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;
use tower::service_fn;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Lambda's own variables that the runtime client requires.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>
const NEEDED_BY_THE_RUNTIME: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
];

fn main() -> ExitCode {
    // What is not Unicode becomes a string that no setting accepts, and so a mistake that is reported.
    let string = |raw: OsString| raw.into_string().unwrap_or_else(|raw| raw.to_string_lossy().into_owned());
    let environment: Vec<(String, String)> =
        std::env::vars_os().map(|(name, value)| (string(name), string(value))).collect();
    start_log(value_of(&environment, "AWS_LAMBDA_LOG_LEVEL"));
    std::panic::set_hook(Box::new(log_panic));

    if let Some(missing) = NEEDED_BY_THE_RUNTIME.into_iter().find(|name| value_of(&environment, name).is_none()) {
        tracing::error!(variable = missing, "not started by Lambda; try `cargo local invoke` instead");
        return ExitCode::FAILURE;
    }
    let is_concurrent = value_of(&environment, "AWS_LAMBDA_MAX_CONCURRENCY")
        .is_some_and(|value| value.parse().is_ok_and(|n: u32| n > 1));
    let is_sam_local = value_of(&environment, "AWS_SAM_LOCAL").is_some_and(|value| value == "true");
    // One invocation at a time needs one thread; each further one costs start-up time and memory.
    let mut builder = match is_concurrent {
        true => tokio::runtime::Builder::new_multi_thread(),
        false => tokio::runtime::Builder::new_current_thread(),
    };
    let Ok(runtime) = builder.enable_all().build() else {
        tracing::error!("the async runtime cannot be started");
        return ExitCode::FAILURE;
    };
    runtime.block_on(run(environment, is_sam_local))
}

/// Starts, and serves invocations until Lambda ends the process.
async fn run(environment: Vec<(String, String)>, is_sam_local: bool) -> ExitCode {
    let Ok(mut end) = signal(SignalKind::terminate()) else {
        tracing::error!("SIGTERM cannot be waited for");
        return ExitCode::FAILURE;
    };
    // A task of its own: whenever the future that the scheduler blocks on is woken, the scheduler asks the kernel for
    // events first, which would be two system calls an invocation.
    let serving = tokio::spawn(serve(environment));
    tokio::select! {
        _ = end.recv() => ExitCode::SUCCESS,
        result = serving => match result {
            Ok(Ok(())) => ExitCode::SUCCESS,
            // The log has the mistakes.
            Ok(Err(Ended::NotStarted)) => ExitCode::FAILURE,
            // `sam local` stops its Runtime API first, after each invocation:
            // https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-cli-command-reference-sam-local-invoke.html
            Ok(Err(Ended::RuntimeFailed)) if is_sam_local => ExitCode::SUCCESS,
            Ok(Err(Ended::RuntimeFailed)) | Err(_) => {
                tracing::error!("the Lambda runtime ended");
                ExitCode::FAILURE
            }
        },
    }
}

/// Why there is no more to do.
enum Ended {
    /// There are mistakes in the settings.
    NotStarted,
    /// Lambda's runtime failed. Its message may hold parts of an event, so nobody has it.
    RuntimeFailed,
}

/// Makes the authorizer, and then asks for work for as long as there is any.
async fn serve(environment: Vec<(String, String)>) -> Result<(), Ended> {
    let authorizer = start(environment).await?;
    let handler = service_fn(move |event| handle(Arc::clone(&authorizer), event));
    Runtime::new(handler).run_concurrent().await.map_err(|_| Ended::RuntimeFailed)
}

async fn start(environment: Vec<(String, String)>) -> Result<Arc<Authorizer>, Ended> {
    match Authorizer::start(environment, |path| std::fs::read_to_string(path)).await {
        Ok((authorizer, warnings)) => {
            for warning in warnings {
                tracing::warn!(variable = warning.variable, "{}", warning.text);
            }
            Ok(Arc::new(authorizer))
        }
        Err(mistakes) => {
            for mistake in mistakes.0 {
                tracing::error!(variable = mistake.variable, problem = mistake.problem, "configuration mistake");
            }
            Err(Ended::NotStarted)
        }
    }
}

/// An invocation: decides, logs, answers.
async fn handle(authorizer: Arc<Authorizer>, event: LambdaEvent<Payload>) -> Result<Box<RawValue>, Failure> {
    let LambdaEvent { payload: Payload(json), context } = event;
    // What is not JSON is not an event either.
    let json = json.as_deref().map_or("", RawValue::get);
    let decision = authorizer.authorize(json, deadline(context.deadline())).await;
    write_line(&decision.log_line(Invocation::new(&context.request_id, context.xray_trace_id.as_deref())));
    match decision.into_answer() {
        Answer::Response(json) => Ok(json),
        Answer::Error(error) => Err(Failure(error)),
    }
}

/// The event as it arrived, or nothing if it is not JSON: then it is ours to say so, not the runtime's.
struct Payload(Option<Box<RawValue>>);

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Box::<RawValue>::deserialize(deserializer).ok()))
    }
}

/// The runtime shows this to API Gateway, and to the log by its `Debug`: the message is all that is in it.
#[derive(Debug)]
struct Failure(FunctionError);

impl From<Failure> for Diagnostic {
    fn from(Failure(error): Failure) -> Self {
        let error_type = match error {
            FunctionError::Unauthorized => "Unauthorized",
            FunctionError::Internal(_) => "InternalServerError",
        };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}

/// When the invocation ends, on the clock that timers use. An end that is past on arrival is implausible (local runtimes
/// send such ones), and counts as none.
fn deadline(end: SystemTime) -> Option<Instant> {
    let left = end.duration_since(SystemTime::now()).ok()?;
    Instant::now().checked_add(left)
}

/// Decisions are written at any log level, each in one piece.
fn write_line(line: &[u8]) {
    // There is nobody to report it to if the log is gone.
    let _ = std::io::stdout().write_all(line);
}

/// The log beside the decisions: JSON lines of our own crate. Libraries are never asked, since the runtime logs
/// whole events and the HTTP client headers, at the levels at which they talk.
fn start_log(level: Option<&str>) {
    // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    let level = match level.map(str::to_ascii_uppercase).as_deref() {
        Some("ERROR" | "FATAL") => LevelFilter::ERROR,
        // There is nothing to say below a warning.
        _ => LevelFilter::WARN,
    };
    let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
    let format = tracing_subscriber::fmt::layer().json().with_writer(std::io::stdout).flatten_event(true);
    tracing_subscriber::registry().with(ours).with(format).init();
}

/// Where it happened, but not what: the message may hold anything.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "panicked");
}

fn value_of<'a>(environment: &'a [(String, String)], name: &str) -> Option<&'a str> {
    environment.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_invocations_end_is_on_the_timers_clock() {
        let left = |end| deadline(end).map(|end| end.saturating_duration_since(Instant::now()).as_secs());
        // A second for a machine that is busy.
        assert!(matches!(left(SystemTime::now() + Duration::from_secs(100)), Some(98..=100)));
        // What cargo-lambda 1.9 sends: ten minutes after 1970.
        assert_eq!(left(SystemTime::UNIX_EPOCH + Duration::from_secs(600)), None);
    }

    #[test]
    #[allow(clippy::panic, reason = "that is what it is about")]
    fn a_panics_place_is_logged_and_not_its_message() -> std::io::Result<()> {
        let (mut reader, writer) = std::io::pipe()?;
        let subscriber = tracing_subscriber::fmt().json().with_writer(Arc::new(writer)).finish();
        tracing::subscriber::with_default(subscriber, || {
            std::panic::set_hook(Box::new(log_panic));
            assert!(std::panic::catch_unwind(|| panic!("a token")).is_err());
            drop(std::panic::take_hook());
        });
        let mut log = String::new();
        reader.read_to_string(&mut log)?;
        assert!(log.contains("panicked") && log.contains("src/main.rs:") && !log.contains("a token"), "{log}");
        Ok(())
    }
}
