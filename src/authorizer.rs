//! The pipeline: event → credential → principal → decision → answer.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::time::Instant;

use crate::answer::{self, Answer};
use crate::credential::{Credential, Places};
use crate::error::{Fault, Refusal, Unauthorized};
use crate::event::{Kind, Request};
use crate::http::HttpClient;
use crate::lookup::Clock;
use crate::policy;
use crate::principal::Principal;
use crate::service::Services;
use crate::settings::{Answers, Mode, Settings};
use crate::telemetry::{Outcome, Record, Recorder, Trace};
use crate::token::Tokens;

/// The authorizer: decides about requests. One per process, shared by all of its requests.
#[derive(Debug)]
pub struct Authorizer {
    places: Places,
    tokens: Option<Tokens>,
    services: Option<Services>,
    mode: Mode,
    answers: Answers,
    recorder: Recorder,
    clock: Clock,
}

/// A request's decision: what API Gateway gets, and what the log gets.
#[derive(Debug)]
pub struct Decided {
    /// What API Gateway gets.
    pub answer: Answer,
    /// What the log gets.
    pub record: Record,
}

impl Authorizer {
    /// An authorizer with these settings, which asks its upstreams through this client.
    #[must_use]
    pub fn new(settings: Settings, http: HttpClient, clock: Clock) -> Self {
        let http = Arc::new(http);
        let cache = settings.cache;
        let context_claims = settings.answers.context_claims.clone();
        Self {
            places: settings.places,
            tokens: settings.cognito.map(|rules| Tokens::new(rules, context_claims, cache, &clock, &http)),
            services: settings.automation.map(|rules| Services::new(&rules, cache, &clock, Arc::clone(&http))),
            mode: settings.mode,
            answers: settings.answers,
            recorder: Recorder::new(settings.log),
            clock,
        }
    }

    /// Fetches the key sets, side by side. A failure is not one of the start: it is tried again when needed.
    pub async fn warm_up(&self) {
        if let Some(tokens) = &self.tokens {
            tokens.warm_up().await;
        }
    }

    /// Decides about an event, given as JSON, before `deadline`.
    ///
    /// Never fails: what can't be decided is answered as a fault, even if something here panics.
    pub async fn authorize(&self, event: &str, deadline: Option<Instant>) -> Decided {
        let trace = Trace::new(self.clock.now(), deadline);
        let decided = unwound(self.consider(event, &trace)).await;
        let Considered { answer, outcome, kind, api_and_stage, principal } =
            decided.unwrap_or_else(|| Considered::fault(Fault::Internal, None));
        let record = self.recorder.record(outcome, kind, api_and_stage, principal.as_ref(), trace);
        Decided { answer, record }
    }

    async fn consider(&self, event: &str, trace: &Trace) -> Considered {
        let request = match Request::parse(event) {
            Ok(request) => request,
            Err(unsupported) => return Considered::fault(unsupported.into(), unsupported.kind),
        };
        let (answer, outcome, principal) = match self.decide(&request, trace).await {
            Ok((principal, answer)) => (answer, Outcome::Allowed(principal.principal_type()), Some(principal)),
            Err(refusal) => match answer::refuse(refusal, request.kind(), request.arn(), &self.answers) {
                Ok(answer) => (answer, Outcome::Refused(refusal), None),
                Err(fault) => (Answer::fault(fault), Outcome::Refused(fault.into()), None),
            },
        };
        let api_and_stage = Some((request.arn().api().to_owned(), request.arn().stage().to_owned()));
        Considered { answer, outcome, kind: Some(request.kind()), api_and_stage, principal }
    }

    /// The way of a request. Whatever leaves it early is a refusal.
    async fn decide(&self, request: &Request<'_>, trace: &Trace) -> Result<(Principal, Answer), Refusal> {
        let principal = match (Credential::of(request, &self.places)?, &self.services, &self.tokens) {
            (Credential::Automation(pair), Some(services), _) => Principal::from(services.verify(pair, trace).await?),
            (Credential::Bearer(token), _, Some(tokens)) => Principal::from(tokens.verify(token, trace).await?),
            _ => self.without_credential()?,
        };
        let permission = policy::permit(&principal, request.arn(), &self.answers)?;
        let answer = answer::allow(request.kind(), &principal, &permission, &self.answers)?;
        Ok((principal, answer))
    }

    fn without_credential(&self) -> Result<Principal, Refusal> {
        match self.mode {
            Mode::Optional => Ok(Principal::anonymous()),
            Mode::Enforce if self.tokens.is_none() && self.services.is_none() => Err(Fault::ConfigEnforced.into()),
            Mode::Enforce => Err(Unauthorized::CredentialsMissing.into()),
        }
    }
}

/// A request's decision, before it is recorded.
struct Considered {
    answer: Answer,
    outcome: Outcome,
    kind: Option<Kind>,
    api_and_stage: Option<(String, String)>,
    principal: Option<Principal>,
}

impl Considered {
    fn fault(fault: Fault, kind: Option<Kind>) -> Self {
        let outcome = Outcome::Refused(fault.into());
        Self { answer: Answer::fault(fault), outcome, kind, api_and_stage: None, principal: None }
    }
}

/// What a future gives, or nothing if it panics. Nothing that a request changes is left half done by that: what
/// is shared is changed under a lock, in steps that don't panic.
async fn unwound<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_nothing_but_a_fault() {
        assert_eq!(unwound(async { 1 }).await, Some(1));
        assert_eq!(unwound(async { panic!("a defect") }).await, None::<()>);
        let panics_later = async {
            tokio::task::yield_now().await;
            panic!("a defect")
        };
        assert_eq!(unwound(panics_later).await, None::<()>);
    }

    /// The runtime moves it from layer to layer. Look-ups, which are large and rare, are on the heap.
    #[test]
    fn a_decisions_future_is_small() -> Result<(), crate::settings::Mistakes> {
        let settings = Settings::from_variables(Vec::new(), |path| std::fs::read_to_string(path))?;
        let http = HttpClient::new(settings.upstream_timeout, None);
        let authorizer = Authorizer::new(settings, http, Clock::system());
        let bytes = size_of_val(&authorizer.authorize("{}", None));
        assert!(bytes < 4096, "{bytes} bytes");
        Ok(())
    }
}
