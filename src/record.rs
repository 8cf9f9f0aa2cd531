//! One line per decision: the log, and in CloudWatch's embedded metric format the metric too.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::error::Refusal;
use crate::identity::PrincipalType;
use crate::trace::{RulesTrace, Trace, Upstream};

/// The metrics' namespace.
pub const NAMESPACE: &str = "SmacAuthorizer";

/// The metrics' dimensions: with the function's name, two stacks in one account never mix.
pub const DIMENSIONS: [&str; 2] = [FUNCTION_NAME, OUTCOME];

/// The metrics, with their units.
pub const METRICS: [(&str, &str); 7] = [
    ("Decisions", "Count"),
    ("DecisionTime", "Microseconds"),
    ("KeySetFetches", "Count"),
    ("UserInfoFetches", "Count"),
    ("SecretFetches", "Count"),
    ("FetchFailures", "Count"),
    (COLD_START, "Count"),
];

const FUNCTION_NAME: &str = "FunctionName";
const OUTCOME: &str = "outcome";
const COLD_START: &str = "ColdStart";

/// What the line holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The function's name.
    pub function_name: Option<String>,
    /// Whether the line is an embedded metric document too.
    pub has_metrics: bool,
    /// Whether it names the principal.
    pub names_principal: bool,
    /// Whether it names the app client and the caller's address.
    pub names_client: bool,
}

/// How a request was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a request is allowed or refused, and nothing else")]
pub enum Outcome {
    /// The caller is known and allowed.
    Allowed(PrincipalType),
    /// The caller is not known or not allowed, or the authorizer could not tell.
    Refused(Refusal),
}

impl Outcome {
    /// `allowed`, `unauthorized`, `forbidden` or `fault`: the field of the log line, and the metrics' dimension.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allowed(_) => "allowed",
            Self::Refused(Refusal::Unauthorized(_)) => "unauthorized",
            Self::Refused(Refusal::Forbidden(_)) => "forbidden",
            Self::Refused(Refusal::Fault(_)) => "fault",
        }
    }

    /// The stable code of the reason, unless the request is allowed. For the log: see [`Refusal::code`].
    #[must_use]
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Allowed(_) => None,
            Self::Refused(refusal) => Some(refusal.code()),
        }
    }
}

/// How Lambda, or whoever calls, names the invocation that a log line is about.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Invocation<'a> {
    /// The id of the invocation: the line's `requestId`.
    pub request_id: &'a str,
    /// X-Ray's id of the trace: the line's `traceId`.
    pub trace_id: Option<&'a str>,
}

impl<'a> Invocation<'a> {
    /// The invocation of this id. `trace_header` is X-Ray's header (`Root=1-...;Parent=...;Sampled=1`), if one came with
    /// it, of which the root is the trace's id; any other string has none.
    #[must_use]
    pub fn new(request_id: &'a str, trace_header: Option<&'a str>) -> Self {
        // `Root=1-...;Parent=...;Sampled=1`:
        // https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
        let root = |header: &'a str| header.split(';').find_map(|part| part.trim().strip_prefix("Root="));
        Self { request_id, trace_id: trace_header.and_then(root) }
    }
}

/// Writes the lines of one process.
#[derive(Debug)]
pub(crate) struct Recorder {
    config: Config,
    /// What is the same in each line but the first one's.
    warm_metrics: OnceLock<Box<RawValue>>,
}

impl Recorder {
    pub(crate) fn new(config: Config) -> Self {
        Self { config, warm_metrics: OnceLock::new() }
    }

    /// Whether a line names the app client and the caller's address.
    pub(crate) fn names_client(&self) -> bool {
        self.config.names_client
    }

    fn warm_metrics(&self) -> &RawValue {
        self.warm_metrics.get_or_init(|| to_raw_value(&self.metrics(false)).unwrap_or_default())
    }

    fn metrics(&self, has_cold_start: bool) -> [Metrics<'_>; 1] {
        // Every dimension has to be a field of the line.
        let dimensions = match self.config.function_name {
            Some(_) => &DIMENSIONS[..],
            None => &[OUTCOME],
        };
        let metrics = METRICS.iter().filter(|(name, _)| has_cold_start || *name != COLD_START);
        [Metrics {
            namespace: NAMESPACE,
            dimensions: [dimensions],
            metrics: metrics.map(|(name, unit)| Metric { name, unit }).collect(),
        }]
    }
}

/// All that the log says about a decision.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) outcome: Outcome,
    pub(crate) trace: Trace,
    pub(crate) time: Duration,
    pub(crate) is_first: bool,
}

impl Record {
    /// The line, with its line break.
    pub(crate) fn line(&self, recorder: &Recorder, invocation: Invocation<'_>) -> Vec<u8> {
        let mut line = Vec::with_capacity(1024);
        // Nothing that is serialised here can fail.
        if serde_json::to_writer(&mut line, &Line { record: self, recorder, invocation }).is_err() {
            line.clear();
        }
        line.push(b'\n');
        line
    }
}

struct Line<'a> {
    record: &'a Record,
    recorder: &'a Recorder,
    invocation: Invocation<'a>,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { record: Record { outcome, trace, time, is_first }, recorder, invocation } = self;
        let config = &recorder.config;
        let mut map = serializer.serialize_map(None)?;
        if config.has_metrics {
            map.serialize_entry("_aws", &Directive { recorder, at: trace.at(), has_cold_start: *is_first })?;
        }
        map.serialize_entry("requestId", invocation.request_id)?;
        let mut optional = |name: &str, value: Option<&str>| match value {
            Some(value) => map.serialize_entry(name, value),
            None => Ok(()),
        };
        optional("traceId", invocation.trace_id)?;
        optional(FUNCTION_NAME, config.function_name.as_deref())?;
        optional("kind", trace.kind.map(|kind| kind.name()))?;
        if let Some(api) = &trace.api {
            optional("api", Some(&api.api))?;
            optional("stage", Some(&api.stage))?;
            optional("route", api.route.as_deref())?;
            optional("apiRequestId", api.request_id.as_deref())?;
            optional("sourceIp", api.source_ip.as_deref().filter(|_| config.names_client))?;
        }
        optional(OUTCOME, Some(outcome.name()))?;
        optional("reason", outcome.reason())?;
        if let Some((principal_type, id)) = &trace.principal {
            optional("principalType", Some(principal_type.name()))?;
            optional("principal", Some(id.as_str()).filter(|_| config.names_principal))?;
        }
        optional("issuer", trace.issuer.as_deref())?;
        optional("client", trace.client.as_deref().filter(|_| config.names_client))?;
        map.serialize_entry("lookups", &Lookups(trace))?;
        if let Some(rules) = &trace.rules {
            map.serialize_entry("rules", &Rules(rules))?;
        }
        map.serialize_entry("Decisions", &1)?;
        map.serialize_entry("DecisionTime", &u64::try_from(time.as_micros()).unwrap_or(u64::MAX))?;
        map.serialize_entry("KeySetFetches", &trace.calls(Upstream::KeySet).made)?;
        map.serialize_entry("UserInfoFetches", &trace.calls(Upstream::UserInfo).made)?;
        map.serialize_entry("SecretFetches", &trace.calls(Upstream::Secret).made)?;
        let failures: u32 = Upstream::ALL.into_iter().map(|upstream| trace.calls(upstream).failed).sum();
        map.serialize_entry("FetchFailures", &failures)?;
        if *is_first {
            map.serialize_entry(COLD_START, &1)?;
        }
        map.end()
    }
}

struct Lookups<'a>(&'a Trace);

impl Serialize for Lookups<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for upstream in Upstream::ALL {
            if let Some(source) = self.0.calls(upstream).source() {
                map.serialize_entry(upstream.name(), source.name())?;
            }
        }
        map.end()
    }
}

struct Rules<'a>(&'a RulesTrace);

impl Serialize for Rules<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let RulesTrace { is_allowed, policies, errors, is_method, .. } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("decision", if *is_allowed { "allow" } else { "deny" })?;
        let ids = |ids: &[Arc<str>]| ids.iter().map(|id| id.to_string()).collect::<Vec<_>>();
        map.serialize_entry("policies", &ids(policies))?;
        map.serialize_entry("errors", &ids(errors))?;
        if *is_method {
            map.serialize_entry("scope", "method")?;
        }
        map.end()
    }
}

/// The part that tells CloudWatch which of the fields are metrics.
struct Directive<'a> {
    recorder: &'a Recorder,
    at: SystemTime,
    has_cold_start: bool,
}

impl Serialize for Directive<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let since_epoch = self.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("Timestamp", &u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))?;
        match self.has_cold_start {
            true => map.serialize_entry("CloudWatchMetrics", &self.recorder.metrics(true))?,
            false => map.serialize_entry("CloudWatchMetrics", self.recorder.warm_metrics())?,
        }
        map.end()
    }
}

/// One set of metrics, as CloudWatch reads it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metrics<'a> {
    namespace: &'static str,
    dimensions: [&'a [&'static str]; 1],
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: &'static str,
    unit: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_id_is_the_root_of_its_header() {
        for (header, id) in [
            (Some("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"), true),
            (Some("Sampled=0; Root=1-5759e988-bd862e3fe1be46a994272793"), true),
            (Some("Parent=53995c3f42cd8ad8"), false),
            (Some(""), false),
            (None, false),
        ] {
            let expected = id.then_some("1-5759e988-bd862e3fe1be46a994272793");
            assert_eq!(Invocation::new("r", header).trace_id, expected, "{header:?}");
        }
    }
}
