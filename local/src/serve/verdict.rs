//! What API Gateway makes of the function's answer.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>. The bodies are
//! those that clients of real APIs report; AWS documents the statuses, and for 403 the messages.

use serde_json::{Map, Value, json};
use time::OffsetDateTime as Time;
use time::format_description::well_known::Rfc3339;

use super::call::Api;

/// Why API Gateway does not let a request through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    /// An identity source is missing: the function is not asked.
    IdentityMissing,
    Unauthorized,
    Explicit,
    Implicit,
    Simple,
    /// Another error, or something else than an answer.
    Failure,
}

impl Denial {
    /// The status, what REST APIs put into the header `x-amzn-ErrorType`, and the words for the terminal. Whether an
    /// HTTP API answers the error `Unauthorized` with 401 or with 500 is not documented.
    pub(super) const fn row(self) -> (u16, &'static str, &'static str) {
        let (unauthorized, denied) = ("UnauthorizedException", "AccessDeniedException");
        match self {
            Self::IdentityMissing => (401, unauthorized, "an identity source is missing, so the function is not asked"),
            Self::Unauthorized => (401, unauthorized, "unauthorized"),
            Self::Explicit => (403, denied, "explicit deny"),
            Self::Implicit => (403, denied, "implicit deny: the policy does not cover this method"),
            Self::Simple => (403, denied, "not authorized"),
            Self::Failure => {
                (500, "AuthorizerConfigurationException", "the function's answer is an error, or of another form")
            }
        }
    }

    pub(super) const fn status(self) -> u16 {
        self.row().0
    }

    pub(super) const fn words(self) -> &'static str {
        self.row().2
    }

    /// The body that the client sees. WebSocket APIs answer the handshake; their bodies are not documented.
    pub(super) fn body(self, api: Api) -> Value {
        let is_rest = matches!(api, Api::Rest | Api::RestToken);
        match self {
            Self::IdentityMissing | Self::Unauthorized => json!({ "message": "Unauthorized" }),
            Self::Explicit if is_rest => {
                json!({ "Message": "User is not authorized to access this resource with an explicit deny" })
            }
            Self::Implicit if is_rest => json!({ "Message": "User is not authorized to access this resource" }),
            Self::Explicit | Self::Implicit | Self::Simple => json!({ "message": "Forbidden" }),
            Self::Failure if is_rest => json!({ "message": null }),
            Self::Failure => json!({ "message": "Internal Server Error" }),
        }
    }
}

/// Applies an answer to a request for `arn`. What the backend sees in `requestContext.authorizer`, or why nothing.
pub(super) fn apply(api: Api, is_simple: bool, answer: &Value, arn: &str, now: Time) -> Result<Value, Denial> {
    let context = match answer.get("context") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(context)) => context.clone(),
        Some(_) => return Err(Denial::Failure),
    };
    if is_simple && api == Api::HttpV2 {
        return match answer.get("isAuthorized") {
            Some(Value::Bool(true)) => Ok(json!({ "lambda": context })),
            Some(Value::Bool(false)) => Err(Denial::Simple),
            _ => Err(Denial::Failure),
        };
    }
    let (Some(principal), Some(policy)) =
        (answer.get("principalId").and_then(Value::as_str), answer.get("policyDocument"))
    else {
        return Err(Denial::Failure);
    };
    evaluate(policy, arn, now)?;
    Ok(match api {
        Api::HttpV2 => json!({ "lambda": context }),
        // REST and WebSocket APIs pass everything on as strings. That HTTP 1.0 is as flat is not documented.
        Api::Rest | Api::RestToken | Api::WebSocket | Api::HttpV1 => {
            let is_kept = |value: &Value| value.is_string() || api == Api::HttpV1;
            let flat = |value: Value| if is_kept(&value) { value } else { value.to_string().into() };
            let context = context.into_iter().map(|(name, value)| (name, flat(value)));
            context.chain([("principalId".to_owned(), principal.into())]).collect()
        }
    })
}

/// A Deny that matches beats an Allow that does; without either it is an implicit deny.
fn evaluate(policy: &Value, arn: &str, now: Time) -> Result<(), Denial> {
    let statements = policy.get("Statement").map(list).ok_or(Denial::Failure)?;
    let mut verdict = Err(Denial::Implicit);
    for statement in statements {
        let is_asked_for =
            matches_any(statement.get("Action"), "execute-api:Invoke")? && matches_any(statement.get("Resource"), arn)?;
        let condition = is_met(statement.get("Condition"), now);
        match statement.get("Effect").and_then(Value::as_str) {
            // A condition that this tool does not know is read to the caller's disadvantage.
            Some("Deny") if is_asked_for && condition != Some(false) => return Err(Denial::Explicit),
            Some("Allow") if is_asked_for && condition == Some(true) => verdict = Ok(()),
            Some("Deny" | "Allow") => {}
            _ => return Err(Denial::Failure),
        }
    }
    verdict
}

/// Whether a condition is met, if this tool can tell. AWS does not document whether API Gateway honours
/// `aws:CurrentTime` in an authorizer's policy; here it does.
fn is_met(condition: Option<&Value>, now: Time) -> Option<bool> {
    let Some(condition) = condition else {
        return Some(true);
    };
    let condition = condition.as_object()?;
    let mut is_before_all = true;
    for (operator, keys) in condition {
        for (key, times) in keys.as_object()? {
            if operator != "DateLessThan" || key != "aws:CurrentTime" {
                return None;
            }
            let mut is_before_any = false;
            for time in list(times) {
                is_before_any |= now < Time::parse(time.as_str()?, &Rfc3339).ok()?;
            }
            is_before_all &= is_before_any;
        }
    }
    Some(is_before_all)
}

/// A string or a list of strings, any of which may match.
fn matches_any(patterns: Option<&Value>, text: &str) -> Result<bool, Denial> {
    let patterns = patterns.map(list).ok_or(Denial::Failure)?;
    Ok(patterns.iter().filter_map(Value::as_str).any(|pattern| is_match(pattern, text)))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

/// IAM's patterns: `*` is any string, `?` any character.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>
fn is_match(pattern: &str, text: &str) -> bool {
    fn is_match(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            (['*', rest @ ..], [_, behind @ ..]) => is_match(rest, text) || is_match(pattern, behind),
            (['*', rest @ ..], []) => is_match(rest, text),
            ([expected, rest @ ..], [found, behind @ ..]) => {
                (*expected == '?' || expected == found) && is_match(rest, behind)
            }
            (rest, behind) => rest.is_empty() && behind.is_empty(),
        }
    }
    is_match(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/pets/42";
    const STAGE: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/*";

    fn at(seconds: i64) -> Time {
        Time::from_unix_timestamp(seconds).unwrap()
    }

    fn statement(effect: &str, resource: &str) -> Value {
        json!({ "Effect": effect, "Action": "execute-api:Invoke", "Resource": [resource] })
    }

    #[test]
    fn patterns_match_as_in_iam() {
        let yes =
            [("*", ""), ("*", "a/b"), ("a*c", "abbc"), ("a?c", "abc"), ("*b*", "abc"), ("a*b*c", "axbxbc"), ("", "")];
        let no = [("", "a"), ("a", "A"), ("a?c", "ac"), ("a*c", "ab"), ("*b", "abc"), ("?", ""), ("a*b*c", "acb")];
        assert!(yes.iter().all(|(pattern, text)| is_match(pattern, text)));
        assert!(!no.iter().any(|(pattern, text)| is_match(pattern, text)));
    }

    #[test]
    fn a_deny_beats_an_allow_and_nothing_is_a_deny() {
        for (statements, verdict) in [
            (json!([statement("Allow", STAGE)]), Ok(())),
            (statement("Allow", STAGE), Ok(())),
            (json!([statement("Allow", STAGE), statement("Deny", ARN)]), Err(Denial::Explicit)),
            (json!([statement("Allow", "arn:*/prod/POST/*")]), Err(Denial::Implicit)),
            (json!([]), Err(Denial::Implicit)),
            (json!([{ "Effect": "Allow", "Action": "s3:*", "Resource": "*" }]), Err(Denial::Implicit)),
            (json!([{ "Effect": "Allow" }]), Err(Denial::Failure)),
            (json!([statement("Maybe", STAGE)]), Err(Denial::Failure)),
        ] {
            assert_eq!(evaluate(&json!({ "Statement": statements }), ARN, at(0)), verdict, "{statements}");
        }
    }

    #[test]
    fn a_condition_ends_an_allow_and_an_unknown_one_never_helps() {
        let with = |effect: &str, condition: Value| {
            let mut statement = statement(effect, STAGE);
            statement["Condition"] = condition;
            json!({ "Statement": [statement] })
        };
        let ends = json!({ "DateLessThan": { "aws:CurrentTime": ["1970-01-01T00:01:40Z"] } });
        assert_eq!(evaluate(&with("Allow", ends.clone()), ARN, at(99)), Ok(()));
        assert_eq!(evaluate(&with("Allow", ends.clone()), ARN, at(100)), Err(Denial::Implicit));
        assert_eq!(evaluate(&with("Deny", ends.clone()), ARN, at(99)), Err(Denial::Explicit));
        assert_eq!(evaluate(&with("Deny", ends), ARN, at(100)), Err(Denial::Implicit));
        for unknown in [
            json!({ "IpAddress": { "aws:SourceIp": "127.0.0.1" } }),
            json!({ "DateLessThan": { "aws:CurrentTime": "soon" } }),
            json!(null),
        ] {
            assert_eq!(evaluate(&with("Allow", unknown.clone()), ARN, at(0)), Err(Denial::Implicit));
            assert_eq!(evaluate(&with("Deny", unknown), ARN, at(0)), Err(Denial::Explicit));
        }
    }

    #[test]
    fn an_answer_of_another_form_is_a_failure() {
        let apply = |is_simple, answer| apply(Api::HttpV2, is_simple, &answer, ARN, at(0));
        assert_eq!(apply(true, json!({ "isAuthorized": "true" })), Err(Denial::Failure));
        assert_eq!(apply(true, json!({ "isAuthorized": false })), Err(Denial::Simple));
        assert_eq!(apply(false, json!({ "isAuthorized": true })), Err(Denial::Failure));
        assert_eq!(apply(true, json!({ "isAuthorized": true })), Ok(json!({ "lambda": {} })));
        assert_eq!(apply(true, json!({ "isAuthorized": true, "context": [] })), Err(Denial::Failure));
    }
}
