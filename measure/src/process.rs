//! A function process, seen from outside.

use std::fs;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use smac_local::runtime_api::{Function, Outcome};
use tokio::process::Command;

pub(crate) struct Figures {
    /// From the first event to its answer.
    pub(crate) first: Duration,
    /// The same of the later ones: the median.
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// Time on a processor, of all threads, for each call.
    pub(crate) cpu: Duration,
    /// Resident bytes when it first asks for work.
    pub(crate) memory_at_start: u64,
    pub(crate) memory_peak: u64,
}

/// What API Gateway would make of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    Forbidden,
    Unauthorized,
    Fault,
}

impl Verdict {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Response(response) => {
                let effect = response.pointer("/policyDocument/Statement/0/Effect").and_then(Value::as_str);
                match (effect, response.get("isAuthorized").and_then(Value::as_bool)) {
                    (Some("Allow"), None) | (None, Some(true)) => Self::Allowed,
                    (Some("Deny"), None) | (None, Some(false)) => Self::Forbidden,
                    _ => Self::Fault,
                }
            }
            Outcome::Error(error) if error.get("errorMessage").is_some_and(|message| message == "Unauthorized") => {
                Self::Unauthorized
            }
            Outcome::Error(_) => Self::Fault,
        }
    }
}

/// Starts a function that logs nothing, and waits until it asks for work; how long that took.
pub(crate) async fn start(command: &[String], environment: &[(String, String)]) -> io::Result<(Function, Duration)> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_remove("AWS_CA_BUNDLE")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .env("AWS_LAMBDA_LOG_LEVEL", "ERROR")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let function = Function::start(command).await?;
    let after = function.wait_for_polls(1).await?;
    Ok((function, after))
}

/// Sends an event that must be allowed; how long that took.
pub(crate) async fn allowed(function: &Function, event: &Bytes) -> io::Result<Duration> {
    let (outcome, after) = function.invoke(event.clone()).await?;
    let is_allowed = Verdict::of(&outcome) == Verdict::Allowed;
    is_allowed.then_some(after).ok_or_else(|| io::Error::other("it refuses a good credential"))
}

/// Sends the events in turn, all of which must be allowed, and times the answers.
pub(crate) async fn time(function: &Function, events: &[Bytes], calls: usize) -> io::Result<Figures> {
    let memory_at_start = memory(function, "VmRSS:")?;
    let mut next = events.iter().cycle();
    let mut call = async || allowed(function, next.next().ok_or(io::ErrorKind::InvalidInput)?).await;
    let first = call().await?;
    for _ in 0..calls / 10 {
        call().await?;
    }
    let cpu_before = processor_time(function)?;
    let mut times = Vec::with_capacity(calls);
    for _ in 0..calls {
        times.push(call().await?);
    }
    let cpu = processor_time(function)?.saturating_sub(cpu_before);
    times.sort();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    Ok(Figures {
        first,
        p50: at(50),
        p99: at(99),
        cpu: cpu / u32::try_from(calls).unwrap_or(u32::MAX),
        memory_at_start,
        memory_peak: memory(function, "VmHWM:")?,
    })
}

pub(crate) fn descriptors(function: &Function) -> io::Result<usize> {
    Ok(fs::read_dir(format!("{}/fd", folder(function)))?.count())
}

/// A number of bytes in its status.
pub(crate) fn memory(function: &Function, name: &str) -> io::Result<u64> {
    let status = fs::read_to_string(format!("{}/status", folder(function)))?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
    kilobytes.map(|kilobytes: u64| kilobytes * 1024).ok_or_else(|| io::Error::other("no memory in /proc"))
}

/// The time on a processor of all threads there are.
pub(crate) fn processor_time(function: &Function) -> io::Result<Duration> {
    processor_time_of(function.id().unwrap_or_default())
}

/// The same of any process.
pub(crate) fn processor_time_of(process: u32) -> io::Result<Duration> {
    let mut total = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let statistics = fs::read_to_string(thread?.path().join("schedstat"))?;
        total += statistics.split(' ').next().and_then(|time| time.parse::<u64>().ok()).unwrap_or_default();
    }
    Ok(Duration::from_nanos(total))
}

fn folder(function: &Function) -> String {
    format!("/proc/{}", function.id().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn verdicts_of_every_form_of_answer() {
        let policy = |effect: &str| json!({ "policyDocument": { "Statement": [{ "Effect": effect }] } });
        for (response, verdict) in [
            (policy("Allow"), Verdict::Allowed),
            (policy("Deny"), Verdict::Forbidden),
            (json!({ "isAuthorized": true }), Verdict::Allowed),
            (json!({ "isAuthorized": false }), Verdict::Forbidden),
            (json!({ "isAuthorized": "true" }), Verdict::Fault),
            (json!(null), Verdict::Fault),
        ] {
            assert_eq!(Verdict::of(&Outcome::Response(response.clone())), verdict, "{response}");
        }
        let error = |message: &str| Verdict::of(&Outcome::Error(json!({ "errorMessage": message })));
        assert_eq!([error("Unauthorized"), error("Internal")], [Verdict::Unauthorized, Verdict::Fault]);
    }
}
