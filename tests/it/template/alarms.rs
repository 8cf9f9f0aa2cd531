//! When the alarms ring: their expressions, evaluated for one period as CloudWatch's guide says.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>

use std::collections::BTreeSet;

use serde_json::Value;

use super::metrics::{alarm_metrics, outcomes};
use super::stack::{Stack, text};

/// What a part of an expression is in one period.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Scalar(f64),
    /// Of a time series, which may have no value then.
    Point(Option<f64>),
}

use Number::{Point, Scalar};

impl Number {
    fn value(self) -> Option<f64> {
        match self {
            Scalar(value) => Some(value),
            Point(value) => value,
        }
    }

    /// A missing value counts as 0, unless no series has one; a division by zero is dropped.
    fn with(self, other: Self, combine: impl Fn(f64, f64) -> f64) -> Self {
        let (one, two) = (self.value().unwrap_or(0.0), other.value().unwrap_or(0.0));
        match (self, other) {
            (Scalar(_), Scalar(_)) => Scalar(combine(one, two)),
            (Point(None), Point(None) | Scalar(_)) | (Scalar(_), Point(None)) => Point(None),
            _ => Point(Some(combine(one, two)).filter(|value| value.is_finite())),
        }
    }
}

/// An alarm, and the values of its metrics.
struct Alarm {
    properties: Value,
    values: Vec<(&'static str, f64)>,
    /// Whether FILL finds a metric that has never had a value. The guide does not say.
    fills_new_metrics: bool,
}

impl Alarm {
    /// Whether this period is one that counts for the alarm.
    fn is_breaching(&self) -> bool {
        let queries = self.properties["Metrics"].as_array().unwrap();
        let result = queries.iter().find(|query| query["ReturnData"] != "false").unwrap();
        let Some(value) = self.evaluate(result["Expression"].as_str().unwrap()).value() else {
            return self.properties["TreatMissingData"] == "breaching";
        };
        let threshold: f64 = text(&self.properties["Threshold"]).parse().unwrap();
        match self.properties["ComparisonOperator"].as_str().unwrap() {
            "GreaterThanThreshold" => value > threshold,
            "GreaterThanOrEqualToThreshold" => value >= threshold,
            "LessThanThreshold" => value < threshold,
            other => panic!("{other}"),
        }
    }

    fn evaluate(&self, expression: &str) -> Number {
        let mut rest = expression;
        let value = self.comparison(&mut rest);
        assert!(rest.is_empty(), "{expression} ends with {rest}");
        value
    }

    fn comparison(&self, rest: &mut &str) -> Number {
        let one = self.sum(rest);
        if eat(rest, ">=") { one.with(self.sum(rest), |one, other| f64::from(u8::from(one >= other))) } else { one }
    }

    fn sum(&self, rest: &mut &str) -> Number {
        let mut value = self.product(rest);
        while eat(rest, "-") {
            value = value.with(self.product(rest), |one, other| one - other);
        }
        value
    }

    fn product(&self, rest: &mut &str) -> Number {
        let mut value = self.atom(rest);
        while let Some(sign) = eat_any(rest, &["*", "/"]) {
            let other = self.atom(rest);
            value = value.with(other, |one, other| if sign == "*" { one * other } else { one / other });
        }
        value
    }

    fn atom(&self, rest: &mut &str) -> Number {
        if eat(rest, "(") {
            let value = self.comparison(rest);
            assert!(eat(rest, ")"));
            return value;
        }
        let word = word(rest);
        if let Ok(number) = word.parse() {
            return Scalar(number);
        }
        if !eat(rest, "(") {
            return self.named(word);
        }
        let value = match word {
            "SUM" => {
                let points: Vec<f64> = self.array(rest).into_iter().filter_map(Number::value).collect();
                Point((!points.is_empty()).then(|| points.iter().sum()))
            }
            "FILL" => {
                let value = self.comparison(rest);
                assert!(eat(rest, ",") && word_is(rest, "0"));
                self.filled(value)
            }
            "IF" => {
                let mut next = || {
                    let value = self.comparison(rest);
                    eat(rest, ",");
                    value
                };
                let (condition, then, otherwise) = (next(), next(), next());
                match condition.value() {
                    Some(value) if value != 0.0 => then,
                    Some(_) => otherwise,
                    None => Point(None),
                }
            }
            other => panic!("{other} is not known here"),
        };
        assert!(eat(rest, ")"), "{rest}");
        value
    }

    /// `[one, another]`, `METRICS()` or `FILL(METRICS(), 0)`.
    fn array(&self, rest: &mut &str) -> Vec<Number> {
        if eat(rest, "FILL(METRICS(), 0)") {
            let queries = self.properties["Metrics"].as_array().unwrap().iter();
            let metrics = queries.filter(|query| query.get("MetricStat").is_some());
            return metrics.map(|query| self.filled(self.named(query["Id"].as_str().unwrap()))).collect();
        }
        assert!(eat(rest, "["), "{rest}");
        let mut numbers = vec![self.comparison(rest)];
        while eat(rest, ",") {
            numbers.push(self.comparison(rest));
        }
        assert!(eat(rest, "]"));
        numbers
    }

    fn filled(&self, value: Number) -> Number {
        if value == Point(None) && self.fills_new_metrics { Point(Some(0.0)) } else { value }
    }

    /// Another expression, or a metric.
    fn named(&self, id: &str) -> Number {
        let queries = self.properties["Metrics"].as_array().unwrap();
        let query = queries.iter().find(|query| query["Id"] == id).unwrap_or_else(|| panic!("nothing is named {id}"));
        match query["Expression"].as_str() {
            Some(expression) => self.evaluate(expression),
            None => Point(self.values.iter().find(|(name, _)| *name == id).map(|(_, value)| *value)),
        }
    }
}

fn eat(rest: &mut &str, wanted: &str) -> bool {
    let found = rest.trim_start().strip_prefix(wanted);
    if let Some(behind) = found {
        *rest = behind;
    }
    found.is_some()
}

fn eat_any<'a>(rest: &mut &str, wanted: &[&'a str]) -> Option<&'a str> {
    wanted.iter().find(|wanted| eat(rest, wanted)).copied()
}

fn word<'a>(rest: &mut &'a str) -> &'a str {
    let trimmed = rest.trim_start();
    let (word, behind) = trimmed.split_at(trimmed.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(trimmed.len()));
    *rest = behind;
    word
}

fn word_is(rest: &mut &str, wanted: &str) -> bool {
    word(rest) == wanted
}

/// Whether a period with these values counts for the alarm, whatever FILL makes of new metrics.
fn is_breaching(name: &str, values: &[(&'static str, f64)]) -> bool {
    let properties = Stack::new(&[]).value(&format!("Resources/{name}/Properties"));
    let [one, other] = [true, false].map(|fills_new_metrics| {
        Alarm { properties: properties.clone(), values: values.to_vec(), fills_new_metrics }.is_breaching()
    });
    assert_eq!(one, other, "{name}: {values:?} depends on what the guide does not say");
    one
}

#[test]
fn invocations_without_a_decision_ring_and_ordinary_refusals_do_not() {
    for (values, expected) in [
        // Lambda counts most of these as errors.
        (&[("invocations", 100.0), ("unauthorized", 100.0)][..], false),
        (&[("invocations", 100.0), ("allowed", 90.0), ("unauthorized", 9.0), ("forbidden", 1.0)], false),
        // The faults have an alarm of their own.
        (&[("invocations", 100.0), ("fault", 100.0)], false),
        // A crash, another processor, no memory, no permission to write the log; the function may never have written a line.
        (&[("invocations", 100.0)], true),
        (&[("invocations", 1.0)], true),
        (&[("invocations", 100.0), ("allowed", 80.0)], true),
        (&[("invocations", 100.0), ("allowed", 40.0), ("unauthorized", 41.0)], false),
        // At the edges of a period.
        (&[("invocations", 100.0), ("allowed", 101.0)], false),
        (&[("allowed", 1.0)], false),
        // Nobody asks.
        (&[], false),
    ] {
        assert_eq!(is_breaching("CrashAlarm", values), expected, "{values:?}");
    }
}

#[test]
fn silence_rings_whether_or_not_there_are_invocations() {
    assert!(is_breaching("SilenceAlarm", &[]));
    for outcome in outcomes() {
        assert!(!is_breaching("SilenceAlarm", &[(outcome, 1.0)]), "{outcome}");
    }
    let periods = |minutes: &str| {
        let stack = Stack::new(&[("CreateAlarms", "true"), ("SilenceAlarmMinutes", minutes)]);
        let periods = stack.value("Resources/SilenceAlarm/Properties/EvaluationPeriods");
        stack.has("Resources/SilenceAlarm").then_some(periods)
    };
    assert_eq!((periods("90"), periods("0")), (Some("90".into()), None));
    assert!(!Stack::new(&[]).has("Resources/SilenceAlarm"));
}

#[test]
fn refusals_ring_by_their_share_and_failed_lookups_each() {
    for (values, expected) in [
        (&[("allowed", 50.0), ("unauthorized", 50.0)][..], true),
        (&[("allowed", 51.0), ("unauthorized", 49.0)], false),
        (&[("unauthorized", 99.0)], false),
        (&[("allowed", 1000.0)], false),
        (&[], false),
    ] {
        assert_eq!(is_breaching("UnauthorizedAlarm", values), expected, "{values:?}");
    }
    assert!(!is_breaching("UpstreamAlarm", &[]));
    for outcome in outcomes() {
        assert!(is_breaching("UpstreamAlarm", &[(outcome, 1.0)]));
    }
}

#[test]
fn alarms_that_add_up_outcomes_name_all_of_them() {
    let resources = Stack::new(&[]).value("Resources");
    for name in ["CrashAlarm", "SilenceAlarm", "UnauthorizedAlarm", "UpstreamAlarm"] {
        let mut metrics = Vec::new();
        alarm_metrics(&resources[name], &mut metrics);
        let outcome = |dimensions: &[(String, String)]| dimensions.get(1).map(|(_, outcome)| outcome.clone());
        let values: BTreeSet<String> = metrics.iter().filter_map(|(_, _, dimensions)| outcome(dimensions)).collect();
        assert_eq!(values, outcomes().into_iter().map(str::to_owned).collect(), "{name}");
        // The id says which one it is, so that the expression reads right.
        for query in resources[name]["Properties"]["Metrics"].as_array().unwrap() {
            let outcome = &query["MetricStat"]["Metric"]["Dimensions"][1]["Value"];
            assert!(outcome.is_null() || *outcome == query["Id"], "{query}");
        }
    }
}
