//! A decision becomes the JSON that API Gateway takes, or the error that it knows.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use std::fmt;

use aws_lambda_events::event::iam::IamPolicyDocument;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::arn::MethodArn;
use crate::error::{Fault, Refusal};
use crate::event::Kind;
use crate::policy::{self, Permission, Value};
use crate::principal::Principal;
use crate::settings::{Answers, HttpApiResponse, UnauthorizedAs};

/// API Gateway takes no larger answer:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>.
const MAX_ANSWER_BYTES: usize = 8192;

/// What the function returns.
#[derive(Debug)]
pub enum Answer {
    /// The function's result.
    Response(Box<RawValue>),
    /// The function's error.
    Error(FunctionError),
}

impl Answer {
    /// The answer to a request about which we could not tell.
    #[must_use]
    pub const fn fault(fault: Fault) -> Self {
        Self::Error(FunctionError::Internal(fault))
    }
}

/// An error whose text API Gateway knows, or shows to nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionError {
    /// API Gateway turns exactly this text into a 401.
    Unauthorized,
    /// Anything else becomes a 500.
    Internal(Fault),
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthorized => f.write_str("Unauthorized"),
            Self::Internal(fault) => write!(f, "Internal server error (Code: {})", fault.code()),
        }
    }
}

impl std::error::Error for FunctionError {}

/// The answer to an allowed request.
///
/// # Errors
/// [`Fault::ContextTooLarge`] if it would be larger than API Gateway takes.
pub fn allow(kind: Kind, principal: &Principal, permission: &Permission, rules: &Answers) -> Result<Answer, Fault> {
    let context = Context::Principal(principal, &permission.context);
    if is_simple(kind, rules) {
        return render(&Simple { is_authorized: true, context });
    }
    render(&Iam { principal_id: principal.id(), policy_document: &permission.policy, context })
}

/// The answer to a refused request.
///
/// # Errors
/// [`Fault::ContextTooLarge`] if it would be larger than API Gateway takes.
pub fn refuse(refusal: Refusal, kind: Kind, arn: &MethodArn<'_>, rules: &Answers) -> Result<Answer, Fault> {
    match refusal {
        Refusal::Fault(fault) => return Ok(Answer::fault(fault)),
        Refusal::Unauthorized(_) if rules.unauthorized_as == UnauthorizedAs::Error => {
            return Ok(Answer::Error(FunctionError::Unauthorized));
        }
        Refusal::Unauthorized(_) | Refusal::Forbidden(_) => {}
    }
    let context = Context::Reason(refusal.code());
    if is_simple(kind, rules) {
        return render(&Simple { is_authorized: false, context });
    }
    render(&Iam { principal_id: "denied", policy_document: &policy::deny(arn), context })
}

fn is_simple(kind: Kind, rules: &Answers) -> bool {
    kind == Kind::HttpV2 && rules.http_api == HttpApiResponse::Simple
}

fn render(answer: &impl Serialize) -> Result<Answer, Fault> {
    let json = serde_json::value::to_raw_value(answer).map_err(|_| Fault::Internal)?;
    if json.get().len() < MAX_ANSWER_BYTES { Ok(Answer::Response(json)) } else { Err(Fault::ContextTooLarge) }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Iam<'a> {
    principal_id: &'a str,
    policy_document: &'a IamPolicyDocument,
    context: Context<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Simple<'a> {
    is_authorized: bool,
    context: Context<'a>,
}

enum Context<'a> {
    Principal(&'a Principal, &'a [(String, Value)]),
    Reason(&'static str),
}

impl Serialize for Context<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Principal(principal, claims) => {
                map.serialize_entry("userId", principal.id())?;
                map.serialize_entry("principalType", principal.principal_type().name())?;
                for (name, value) in *claims {
                    map.serialize_entry(name, value)?;
                }
            }
            Self::Reason(code) => map.serialize_entry("reason", code)?,
        }
        map.end()
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Scalar(json) => json.serialize(serializer),
        }
    }
}
