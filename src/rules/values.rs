//! JSON from outside as values of Cedar: strings, booleans, 64-bit integers, sets and records. What else there is, nulls
//! and other numbers, is left out and never guessed.

use std::fmt;

use cedar_policy::RestrictedExpression;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value, if it is one of Cedar's.
///
/// It is built, not read as Cedar's own JSON: there `__entity` and `__extn` are more than names, and a caller must not be
/// able to name entities.
pub(super) fn value(json: &str) -> Option<RestrictedExpression> {
    serde_json::from_str::<Value>(json).ok()?.0
}

/// A set of strings.
pub(super) fn strings<'a>(strings: impl Iterator<Item = &'a str>) -> RestrictedExpression {
    RestrictedExpression::new_set(strings.map(string))
}

/// A string.
pub(super) fn string(string: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(string.to_owned())
}

/// A record. Where a name occurs twice, nothing tells which of the values is meant, so it has no value.
pub(super) fn record(members: Vec<(String, RestrictedExpression)>) -> Option<RestrictedExpression> {
    RestrictedExpression::new_record(members).ok()
}

/// None is for what is left out.
struct Value(Option<RestrictedExpression>);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value(Some(string(value))))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value(Some(RestrictedExpression::new_bool(value))))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value(Some(RestrictedExpression::new_long(value))))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value(i64::try_from(value).ok().map(RestrictedExpression::new_long)))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Value, E> {
        Ok(Value(None))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(Value(element)) = seq.next_element()? {
            elements.extend(element);
        }
        Ok(Value(Some(RestrictedExpression::new_set(elements))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members: Vec<(String, RestrictedExpression)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if let Value(Some(value)) = map.next_value()? {
                members.push((name, value));
            }
        }
        Ok(Value(record(members)))
    }
}

#[cfg(test)]
mod tests {
    use cedar_policy::{Context, EvalResult};

    use super::*;

    /// The value as Cedar has it.
    fn evaluated(json: &str) -> Option<EvalResult> {
        Context::from_pairs([("value".to_owned(), value(json)?)]).unwrap().get("value")
    }

    fn shown(json: &str) -> Option<String> {
        evaluated(json).map(|value| value.to_string())
    }

    #[test]
    fn json_becomes_what_cedar_has() {
        assert_eq!(shown(r#""a\u0062""#).as_deref(), Some(r#""ab""#));
        assert_eq!(shown("true").as_deref(), Some("true"));
        assert_eq!(evaluated("-9223372036854775808"), Some(EvalResult::Long(i64::MIN)));
        assert_eq!(evaluated("9223372036854775807"), Some(EvalResult::Long(i64::MAX)));
        assert_eq!(shown(r#"["a",1,null,1.5,["b"]]"#), shown(r#"[1,"a",["b"]]"#));
        assert_eq!(shown(r#"{"a":{"b":1},"c":null,"d":2.0}"#), shown(r#"{"a":{"b":1}}"#));
        assert!(matches!(evaluated("[]"), Some(EvalResult::Set(set)) if set.is_empty()));
        assert!(matches!(evaluated("{}"), Some(EvalResult::Record(record)) if record.is_empty()));
    }

    #[test]
    fn what_cedar_lacks_is_left_out() {
        for json in ["null", "1.0", "1e3", "-0", "9223372036854775808", "1e999", "", "\"", r#"{"a":1,"a":2}"#] {
            assert_eq!(shown(json), None, "{json}");
        }
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        assert_eq!(shown(&deep), None);
    }

    #[test]
    fn escapes_of_cedars_json_are_plain_names() {
        for (json, name) in [
            (r#"{"__entity": {"type": "User", "id": "admin"}}"#, "__entity"),
            (r#"{"__extn": {"fn": "ip", "arg": "10.0.0.1"}}"#, "__extn"),
            (r#"{"__expr": "User::\"admin\""}"#, "__expr"),
        ] {
            let Some(EvalResult::Record(record)) = evaluated(json) else { panic!("{json}") };
            assert!(record.contains_attribute(name), "{json}");
        }
    }
}
