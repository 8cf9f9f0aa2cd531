//! What the commands have in common about a decision: where its credential was, which checks it passed, and how it is
//! put into words.

use std::cmp::Ordering;
use std::process::ExitCode;

use smac_lambda_authorizer::tools::{self, Check, IssuerConfig, Object, Pair, Parts, Path, Request, UnverifiedPair};
use smac_lambda_authorizer::{Answer, Decision, Fault, FunctionError, Invocation, Outcome, Refusal, Unauthorized};
use smac_local::command::{Tone, toned};

#[derive(Clone, Copy)]
pub(crate) enum Presented<'r> {
    Token(&'r str),
    Pair(UnverifiedPair<'r>),
    None,
}

impl<'r> Presented<'r> {
    /// As the authorizer finds it: a service's pair before a token before nothing.
    pub(crate) fn find(request: &'r Request<'_>, parts: &Parts<'_>) -> Result<Self, Unauthorized> {
        if let Some(services) = parts.services
            && let Pair::Complete(pair) = services.headers.find(request)?
        {
            return Ok(Self::Pair(pair));
        }
        if let Some(tokens) = parts.tokens
            && let Some(token) = tokens.carriers.find(request)?
        {
            return Ok(Self::Token(token.token));
        }
        Ok(Self::None)
    }
}

pub(crate) fn path(presented: &Result<Presented<'_>, Unauthorized>) -> Path {
    match presented {
        // The one refusal here that is about a token.
        Ok(Presented::Token(_)) | Err(Unauthorized::TokenMalformed) => Path::Token,
        Ok(Presented::Pair(_)) => Path::Pair,
        Ok(Presented::None) | Err(_) => Path::None,
    }
}

/// The issuer that judged the token. A pool and an OIDC issuer may have one name, so the token decides which it is.
pub(crate) fn judge<'p>(parts: &Parts<'p>, presented: Presented<'_>, decision: &Decision) -> Option<&'p IssuerConfig> {
    let Presented::Token(token) = presented else {
        return None;
    };
    let name = decision.trace().issuer.as_ref()?;
    let [_, claims, _] = tools::segments(token)?;
    let claims = Object::parse(&claims)?;
    let identifier = claims.string("iss")?;
    let is_its =
        |issuer: &&IssuerConfig| issuer.name == *name && issuer.identifiers.iter().any(|iss| *iss == identifier);
    parts.tokens?.issuers.iter().find(is_its)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Passed,
    Failed,
    NotReached,
}

/// The checks of a decision, in order, and what became of each.
pub(crate) fn checks(path: Path, decision: &Decision) -> impl Iterator<Item = (Check, State)> {
    let checks = path.checks();
    let reached = checks.iter().position(|check| *check == decision.trace().check()).unwrap_or_default();
    checks.iter().enumerate().map(move |(index, check)| {
        let state = match (index.cmp(&reached), decision.outcome()) {
            (_, Outcome::Allowed(_)) | (Ordering::Less, _) => State::Passed,
            // A defect of the authorizer belongs to no check.
            (_, Outcome::Refused(Refusal::Fault(Fault::Internal))) | (Ordering::Greater, _) => State::NotReached,
            (Ordering::Equal, _) => State::Failed,
        };
        (*check, state)
    })
}

/// 0 for allowed, 1 for refused, 2 for a fault.
pub(crate) fn exit_code(decision: &Decision) -> ExitCode {
    ExitCode::from(match decision.outcome() {
        Outcome::Allowed(_) => 0,
        Outcome::Refused(Refusal::Unauthorized(_) | Refusal::Forbidden(_)) => 1,
        Outcome::Refused(Refusal::Fault(_)) => 2,
    })
}

pub(crate) fn outcome(decision: &Decision) -> String {
    let outcome = decision.outcome();
    match outcome {
        Outcome::Allowed(principal_type) => format!("{} ({})", outcome.name(), principal_type.name()),
        Outcome::Refused(refusal) => format!("{}: {refusal}", outcome.name()),
    }
}

/// The same in a colour.
pub(crate) fn toned_outcome(decision: &Decision) -> String {
    let tone = if let Outcome::Allowed(_) = decision.outcome() { Tone::Good } else { Tone::Bad };
    toned(tone, outcome(decision))
}

pub(crate) fn client(decision: &Decision) -> &'static str {
    match (decision.answer(), decision.outcome()) {
        (Answer::Error(FunctionError::Unauthorized), _) => "401 Unauthorized",
        (Answer::Error(FunctionError::Internal(_)), _) => "500 Internal Server Error",
        (Answer::Response(_), Outcome::Allowed(_)) => "the API's own answer",
        (Answer::Response(_), Outcome::Refused(_)) => "403 Forbidden",
    }
}

pub(crate) fn log_line(decision: &Decision) -> Vec<u8> {
    decision.log_line(Invocation::new("local", None))
}
