//! A grant or a refusal becomes the JSON that API Gateway accepts, or the error that it knows.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::context::Context;
use crate::error::{Fault, Forbidden, Refusal};
use crate::iam::Document;
use crate::kind::Kind;
use crate::principal::Principal;

/// API Gateway accepts no larger answer:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>.
const MAX_ANSWER_BYTES: usize = 8192;

/// How answers look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How "unauthorized" is answered.
    pub unauthorized_as: UnauthorizedAs,
    /// The form of answers to HTTP APIs with payload format 2.0.
    pub http_api: HttpApiResponse,
}

/// How "unauthorized" is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnauthorizedAs {
    /// As the function error `Unauthorized`: 401.
    Error,
    /// As a Deny: 403.
    Deny,
}

/// The form of answers to HTTP APIs with payload format 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpApiResponse {
    /// A policy.
    Iam,
    /// `isAuthorized`.
    Simple,
}

/// The form of one answer. It is known before anything is decided: a simple answer needs no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// An IAM policy.
    Policy,
    /// `isAuthorized`.
    Simple,
}

impl Form {
    pub(crate) fn of(kind: Kind, config: Config) -> Self {
        match (kind, config.http_api) {
            (Kind::HttpV2, HttpApiResponse::Simple) => Self::Simple,
            (Kind::HttpV2, HttpApiResponse::Iam)
            | (Kind::RestToken | Kind::RestRequest | Kind::HttpV1 | Kind::WebSocket, _) => Self::Policy,
        }
    }
}

/// What a Lambda function returns. Another program answers its client as API Gateway would: an Allow lets the request
/// pass, a Deny is 403, an error is 401 or 500.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "Lambda knows a result and an error, and nothing else")]
pub enum Answer {
    /// The function's result: JSON for API Gateway, under 8 KiB. It is an IAM policy that allows or denies, or a simple
    /// answer with `isAuthorized` where the settings ask for it.
    Response(Box<RawValue>),
    /// The function's error. Its `Display` is the message that API Gateway must get, as it is.
    Error(FunctionError),
}

impl Answer {
    /// The answer to a request about which the authorizer could not tell.
    pub(crate) const fn fault(fault: Fault) -> Self {
        Self::Error(FunctionError::Internal(fault))
    }
}

/// An error of the function, in place of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "API Gateway knows one message, and turns every other one into a 500")]
pub enum FunctionError {
    /// API Gateway turns exactly this message into a 401.
    Unauthorized,
    /// The authorizer could not tell. API Gateway turns any other message into a 500 and shows it to nobody.
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

/// The answer to an allowed request. The policy is only made where the form needs one.
///
/// # Errors
/// What the policy gives, and [`Fault::ContextTooLarge`] if the answer would be larger than API Gateway accepts.
pub(crate) fn allow(
    form: Form,
    principal: &Principal,
    context: &Context<'_>,
    policy: impl FnOnce() -> Result<Document, Forbidden>,
) -> Result<Answer, Refusal> {
    let answer = match form {
        Form::Simple => render(&Simple { is_authorized: true, context }),
        Form::Policy => render(&Iam { principal_id: principal.id().as_str(), policy_document: &policy()?, context }),
    };
    Ok(answer?)
}

/// The answer to a refused request. The policy is only made where the form needs one.
///
/// # Errors
/// [`Fault::ContextTooLarge`] if the answer would be larger than API Gateway accepts.
pub(crate) fn refuse(
    form: Form,
    refusal: Refusal,
    config: Config,
    policy: impl FnOnce() -> Document,
) -> Result<Answer, Fault> {
    match (refusal, config.unauthorized_as) {
        (Refusal::Fault(fault), _) => return Ok(Answer::fault(fault)),
        (Refusal::Unauthorized(_), UnauthorizedAs::Error) => return Ok(Answer::Error(FunctionError::Unauthorized)),
        (Refusal::Unauthorized(_), UnauthorizedAs::Deny) | (Refusal::Forbidden(_), _) => {}
    }
    let context = &Reason { reason: refusal.code_for_clients() };
    match form {
        Form::Simple => render(&Simple { is_authorized: false, context }),
        Form::Policy => render(&Iam { principal_id: "denied", policy_document: &policy(), context }),
    }
}

fn render(answer: &impl Serialize) -> Result<Answer, Fault> {
    let json = serde_json::value::to_raw_value(answer).map_err(|_| Fault::Internal)?;
    if json.get().len() < MAX_ANSWER_BYTES { Ok(Answer::Response(json)) } else { Err(Fault::ContextTooLarge) }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Iam<'a, C> {
    principal_id: &'a str,
    policy_document: &'a Document,
    context: &'a C,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Simple<'a, C> {
    is_authorized: bool,
    context: &'a C,
}

#[derive(Serialize)]
struct Reason {
    reason: &'static str,
}
