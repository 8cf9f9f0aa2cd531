//! One line per decision: the log, and in CloudWatch's embedded metric format the metric, too.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use tokio::time::Instant;

use crate::error::Refusal;
use crate::event::Kind;
use crate::http::Budget;
use crate::lookup::Source;
use crate::principal::{Principal, PrincipalType};
use crate::settings::Log;

/// The metrics' namespace.
pub const NAMESPACE: &str = "SmacAuthorizer";

/// The metrics' one dimension.
pub const DIMENSION: &str = "outcome";

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

const COLD_START: &str = "ColdStart";

/// What is asked while a request is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// Cognito's key sets.
    KeySet,
    /// Cognito's userInfo.
    UserInfo,
    /// Secrets Manager.
    Secret,
}

/// What happens while one request is decided, and when that must be over.
#[derive(Debug)]
pub struct Trace {
    at: SystemTime,
    began: Instant,
    deadline: Option<Instant>,
    pool: OnceLock<String>,
    key_set: UpstreamTrace,
    user_info: UpstreamTrace,
    secret: UpstreamTrace,
}

/// What an upstream had to do with a decision.
#[derive(Debug, Default)]
pub struct UpstreamTrace {
    source: std::sync::Mutex<Option<Source>>,
    calls: AtomicU32,
    failures: AtomicU32,
}

impl Trace {
    /// A decision that begins at this time of the wall clock, and must be over at `deadline`.
    #[must_use]
    pub fn new(at: SystemTime, deadline: Option<Instant>) -> Self {
        Self {
            at,
            began: Instant::now(),
            deadline,
            pool: OnceLock::new(),
            key_set: UpstreamTrace::default(),
            user_info: UpstreamTrace::default(),
            secret: UpstreamTrace::default(),
        }
    }

    /// When the decision must be over.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Notes the pool that judges the token.
    pub(crate) fn pool(&self, name: &str) {
        // A decision has one token, so it is set once.
        let _ = self.pool.set(name.to_owned());
    }

    /// What this upstream has to do with the decision.
    #[must_use]
    pub fn upstream(&self, upstream: Upstream) -> &UpstreamTrace {
        match upstream {
            Upstream::KeySet => &self.key_set,
            Upstream::UserInfo => &self.user_info,
            Upstream::Secret => &self.secret,
        }
    }

    fn failures(&self) -> u32 {
        [&self.key_set, &self.user_info, &self.secret].into_iter().map(UpstreamTrace::failures).sum()
    }
}

impl UpstreamTrace {
    /// Notes where the answer came from. That something was remembered is only worth noting if nothing else is.
    pub(crate) fn came_from(&self, source: Source) {
        let mut noted = self.source.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if noted.is_none() || source != Source::Fresh {
            *noted = Some(source);
        }
    }

    /// Counts the attempts of a call; all of them but the last have failed.
    pub(crate) fn count(&self, budget: &Budget, has_failed: bool) {
        let attempts = budget.attempts();
        self.calls.fetch_add(attempts, Ordering::Relaxed);
        self.failures.fetch_add(attempts.saturating_sub(u32::from(!has_failed)), Ordering::Relaxed);
    }

    /// Where the answer came from, if it was asked for one.
    #[must_use]
    pub fn source(&self) -> Option<Source> {
        *self.source.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// How many network calls were made.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// How many of them failed.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures.load(Ordering::Relaxed)
    }
}

/// How a request was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It may.
    Allowed(PrincipalType),
    /// It may not.
    Refused(Refusal),
}

impl Outcome {
    /// The name in the log line, and the value of the metrics' dimension.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allowed(_) => "allowed",
            Self::Refused(Refusal::Unauthorized(_)) => "unauthorized",
            Self::Refused(Refusal::Forbidden(_)) => "forbidden",
            Self::Refused(Refusal::Fault(_)) => "fault",
        }
    }

    /// The stable code of the reason, unless it may.
    #[must_use]
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Allowed(_) => None,
            Self::Refused(refusal) => Some(refusal.code()),
        }
    }
}

/// All that is said about a decision.
#[derive(Debug)]
pub struct Record {
    /// How it was decided.
    pub outcome: Outcome,
    /// The kind of event, if it could be told.
    pub kind: Option<Kind>,
    /// The API's id and the stage's name, if they could be told.
    pub api_and_stage: Option<(String, String)>,
    /// The principal's id, where it may be logged.
    pub principal: Option<String>,
    /// What happened on the way.
    pub trace: Trace,
    time: Duration,
    is_first: bool,
    has_metrics: bool,
}

/// Makes the records of one process.
#[derive(Debug)]
pub struct Recorder {
    log: Log,
    has_decided: AtomicBool,
}

impl Recorder {
    /// A recorder of a process that has decided nothing yet.
    #[must_use]
    pub fn new(log: Log) -> Self {
        Self { log, has_decided: AtomicBool::new(false) }
    }

    pub(crate) fn record(
        &self,
        outcome: Outcome,
        kind: Option<Kind>,
        api_and_stage: Option<(String, String)>,
        principal: Option<&Principal>,
        trace: Trace,
    ) -> Record {
        Record {
            outcome,
            kind,
            api_and_stage,
            principal: principal.filter(|_| self.log.principal).map(|principal| principal.id().to_owned()),
            time: trace.began.elapsed(),
            trace,
            is_first: !self.has_decided.swap(true, Ordering::Relaxed),
            has_metrics: self.log.metrics,
        }
    }
}

impl Record {
    /// The line, with its line break.
    #[must_use]
    pub fn line(&self, request_id: &str) -> Vec<u8> {
        let mut line = Vec::with_capacity(1024);
        // Nothing that is serialised here can fail.
        if serde_json::to_writer(&mut line, &Line { record: self, request_id }).is_err() {
            line.clear();
        }
        line.push(b'\n');
        line
    }
}

struct Line<'a> {
    record: &'a Record,
    request_id: &'a str,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Record { outcome, kind, api_and_stage, principal, trace, time, is_first, has_metrics } = self.record;
        let mut map = serializer.serialize_map(None)?;
        if *has_metrics {
            map.serialize_entry("_aws", &Directive { at: trace.at, has_cold_start: *is_first })?;
        }
        map.serialize_entry("requestId", self.request_id)?;
        if let Some(kind) = kind {
            map.serialize_entry("kind", kind.name())?;
        }
        if let Some((api, stage)) = api_and_stage {
            map.serialize_entry("api", api)?;
            map.serialize_entry("stage", stage)?;
        }
        map.serialize_entry(DIMENSION, outcome.name())?;
        if let Some(reason) = outcome.reason() {
            map.serialize_entry("reason", reason)?;
        }
        if let Outcome::Allowed(principal_type) = outcome {
            map.serialize_entry("principalType", principal_type.name())?;
        }
        if let Some(principal) = principal {
            map.serialize_entry("principal", principal)?;
        }
        if let Some(pool) = trace.pool.get() {
            map.serialize_entry("pool", pool)?;
        }
        map.serialize_entry("lookups", &Lookups(trace))?;
        map.serialize_entry("Decisions", &1)?;
        map.serialize_entry("DecisionTime", &u64::try_from(time.as_micros()).unwrap_or(u64::MAX))?;
        map.serialize_entry("KeySetFetches", &trace.key_set.calls())?;
        map.serialize_entry("UserInfoFetches", &trace.user_info.calls())?;
        map.serialize_entry("SecretFetches", &trace.secret.calls())?;
        map.serialize_entry("FetchFailures", &trace.failures())?;
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
        for (name, upstream) in
            [("keySet", &self.0.key_set), ("userInfo", &self.0.user_info), ("secret", &self.0.secret)]
        {
            if let Some(source) = upstream.source() {
                map.serialize_entry(name, source.name())?;
            }
        }
        map.end()
    }
}

/// The part that tells CloudWatch which of the fields are metrics.
struct Directive {
    at: SystemTime,
    has_cold_start: bool,
}

impl Serialize for Directive {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Metric {
            name: &'static str,
            unit: &'static str,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Metrics {
            namespace: &'static str,
            dimensions: [[&'static str; 1]; 1],
            metrics: Vec<Metric>,
        }
        let since_epoch = self.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let metrics = METRICS.iter().filter(|(name, _)| self.has_cold_start || *name != COLD_START);
        let metrics = Metrics {
            namespace: NAMESPACE,
            dimensions: [[DIMENSION]],
            metrics: metrics.map(|(name, unit)| Metric { name, unit }).collect(),
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("Timestamp", &u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))?;
        map.serialize_entry("CloudWatchMetrics", &[metrics])?;
        map.end()
    }
}
