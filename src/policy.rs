//! Pure: what an answer allows. A decision is a policy and a context, or its refusal.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_lambda_events::event::iam::{IamPolicyCondition, IamPolicyDocument, IamPolicyEffect, IamPolicyStatement};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::arn::MethodArn;
use crate::error::Forbidden;
use crate::principal::Principal;
use crate::settings::{Answers, Scope};

/// The last second of the year 9999: what ISO 8601 can say without an agreement.
const LAST_SECOND: i64 = 253_402_300_799;

/// What a principal may.
#[derive(Debug)]
pub struct Permission {
    /// The policy.
    pub policy: IamPolicyDocument,
    /// What the backend gets to know, beside the user id and the type.
    pub context: Vec<(String, Value)>,
}

/// A value that API Gateway takes in a context: nothing nested, and never `null`.
#[derive(Debug)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number or a boolean, as the JSON that it came as.
    Scalar(Box<RawValue>),
}

/// What this principal may, of what was asked for.
///
/// # Errors
/// [`Forbidden::ResourceUnsafe`] if the policy is to name the method, and the method can't be named.
pub fn permit(principal: &Principal, arn: &MethodArn<'_>, rules: &Answers) -> Result<Permission, Forbidden> {
    let resource = match rules.scope {
        Scope::Stage => arn.stage_resource(),
        Scope::Method => arn.method_resource()?,
    };
    let condition = principal.expires_at().filter(|_| rules.expire_with_token).map(before);
    let policy = document(IamPolicyEffect::Allow, resource, condition);
    let context = principal.claims().iter().filter_map(|(name, json)| Some((name.clone(), context_value(json)?)));
    Ok(Permission { policy, context: context.collect() })
}

/// The policy of a refusal: always of the whole stage.
#[must_use]
pub fn deny(arn: &MethodArn<'_>) -> IamPolicyDocument {
    document(IamPolicyEffect::Deny, arn.stage_resource(), None)
}

fn document(effect: IamPolicyEffect, resource: String, condition: Option<IamPolicyCondition>) -> IamPolicyDocument {
    // The types can't be built otherwise. Their default effect is Allow, so it is set in any case.
    let mut statement = IamPolicyStatement::default();
    statement.effect = effect;
    statement.action = vec!["execute-api:Invoke".to_owned()];
    statement.resource = vec![resource];
    statement.condition = condition;
    let mut document = IamPolicyDocument::default();
    document.version = Some("2012-10-17".to_owned());
    document.statement = vec![statement];
    document
}

/// The condition that ends an Allow with its token.
fn before(expires_at: u64) -> IamPolicyCondition {
    let seconds = i64::try_from(expires_at).unwrap_or(LAST_SECOND).min(LAST_SECOND);
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok().and_then(|time| time.format(&Rfc3339).ok());
    // It can't fail within these bounds; if it did, the epoch allows nothing.
    let time = time.unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned());
    HashMap::from([("DateLessThan".to_owned(), HashMap::from([("aws:CurrentTime".to_owned(), vec![time])]))])
}

/// A claim as a context can hold it: an array of texts joined with blanks, other nested values as compact JSON.
fn context_value(claim: &RawValue) -> Option<Value> {
    let json = claim.get();
    match json.bytes().next()? {
        b'n' => None,
        b'"' => serde_json::from_str(json).ok().map(Value::Text),
        b'[' => match serde_json::from_str::<Vec<Cow<'_, str>>>(json) {
            Ok(texts) => Some(Value::Text(texts.join(" "))),
            Err(_) => Some(Value::Text(compact(json))),
        },
        b'{' => Some(Value::Text(compact(json))),
        _ => Some(Value::Scalar(claim.to_owned())),
    }
}

/// The same JSON without blanks between its parts, however deep it is nested.
fn compact(json: &str) -> String {
    let mut is_in_text = false;
    let mut is_escaped = false;
    let is_kept = |character: &char| {
        if is_in_text {
            is_in_text = *character != '"' || is_escaped;
            is_escaped = *character == '\\' && !is_escaped;
            return true;
        }
        is_in_text = *character == '"';
        !character.is_ascii_whitespace()
    };
    json.chars().filter(is_kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value as it goes into the answer.
    fn value(json: &str) -> Option<serde_json::Value> {
        let value = context_value(&RawValue::from_string(json.to_owned()).unwrap())?;
        Some(serde_json::from_str(&serde_json::to_string(&value).unwrap()).unwrap())
    }

    fn text(text: &str) -> Option<serde_json::Value> {
        Some(text.into())
    }

    #[test]
    fn claims_become_what_a_context_can_hold() {
        assert_eq!(value("null"), None);
        assert_eq!(value(r#""a\u0062""#), text("ab"));
        // Half of a surrogate pair is no text that API Gateway could read.
        assert_eq!(value(r#""\ud800""#), None);
        assert_eq!(value("true"), Some(true.into()));
        assert_eq!(value("-1.5"), Some((-1.5).into()));
        assert_eq!(value(r#"["a", "b c"]"#), text("a b c"));
        assert_eq!(value("[]"), text(""));
        assert_eq!(value(r#"["a", 1]"#), text(r#"["a",1]"#));
        assert_eq!(value(r#"{ "a" : [ 1 , " b \" \\" ] , "c": null }"#), text(r#"{"a":[1," b \" \\"],"c":null}"#));
    }

    #[test]
    fn numbers_are_passed_on_as_they_are() {
        let number = "12345678901234567890.123456789e99";
        let value = context_value(&RawValue::from_string(number.to_owned()).unwrap()).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), number);
    }

    #[test]
    fn deep_nesting_is_no_recursion() {
        let json = format!("{}{}", "[ ".repeat(100_000), "]".repeat(100_000));
        assert_eq!(value(&json), text(&json.replace(' ', "")));
    }

    #[test]
    fn an_allow_ends_with_its_token() {
        let end = |seconds| before(seconds)["DateLessThan"]["aws:CurrentTime"].clone();
        assert_eq!(end(0), ["1970-01-01T00:00:00Z"]);
        assert_eq!(end(1_700_000_000), ["2023-11-14T22:13:20Z"]);
        assert_eq!(end(253_402_300_799), ["9999-12-31T23:59:59Z"]);
        assert_eq!(end(253_402_300_800), ["9999-12-31T23:59:59Z"]);
        assert_eq!(end(u64::MAX), ["9999-12-31T23:59:59Z"]);
    }

    #[test]
    fn a_deny_denies_the_stage() {
        let arn = MethodArn::parse("arn:aws:execute-api:eu-west-1:123456789012:api/prod/GET/*").unwrap();
        let json = serde_json::to_value(deny(&arn)).unwrap();
        let statement = serde_json::json!([{
            "Effect": "Deny",
            "Action": ["execute-api:Invoke"],
            "Resource": ["arn:aws:execute-api:eu-west-1:123456789012:api/prod/*"],
        }]);
        assert_eq!(json, serde_json::json!({ "Version": "2012-10-17", "Statement": statement }));
    }
}
