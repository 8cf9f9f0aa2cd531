//! The pipeline: event → credential → principal → policy → answer.

mod start;

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use crate::answer::{self, Answer, Form};
use crate::check::Check;
use crate::clock::Clock;
use crate::context::{self, Context};
use crate::credential::Pair;
use crate::error::{Fault, Forbidden, Refusal, Unauthorized};
use crate::event::Request;
use crate::http::HttpClient;
use crate::policy::{self, Coverage};
use crate::principal::{Mode, Principal};
use crate::record::{Invocation, Outcome, Record, Recorder};
use crate::rules::Rules;
use crate::service::Services;
use crate::settings::{Draft, Mistakes, Settings, Warning};
use crate::token::Tokens;
use crate::trace::{ApiTrace, Trace};

/// The authorizer: decides about requests.
///
/// Make one per process and share it, in an `Arc` for example, since it remembers what it looks up. Its futures run on
/// one tokio runtime, with I/O and time enabled.
#[derive(Debug)]
pub struct Authorizer {
    services: Option<Services>,
    tokens: Option<Tokens>,
    mode: Mode,
    rules: Option<Rules>,
    policy: policy::Config,
    context: context::Config,
    answer: answer::Config,
    recorder: Arc<Recorder>,
    clock: Clock,
    has_decided: AtomicBool,
    /// The network calls of the start, for the first decision's metrics.
    start_calls: Mutex<Option<Trace>>,
}

/// A request's decision: what API Gateway gets, and what the log gets. Its `Debug` names nobody.
pub struct Decision {
    answer: Answer,
    record: Record,
    recorder: Arc<Recorder>,
}

impl Decision {
    /// Whether the request is allowed, or why not.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.record.outcome
    }

    /// What a Lambda function returns to API Gateway. An Allow's JSON says who the caller is, as `context.userId`.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// What a Lambda function returns to API Gateway, owned.
    #[must_use]
    pub fn into_answer(self) -> Answer {
        self.answer
    }

    /// The decision as one line of JSON for the log, with its line break: the outcome, the reason, the lookups, and the
    /// metrics for CloudWatch unless `METRICS=NONE`.
    ///
    /// It never holds a credential. It names people only with `LOG_PRINCIPAL`, app clients and addresses only with
    /// `LOG_CLIENT`.
    #[must_use]
    pub fn log_line(&self, invocation: Invocation<'_>) -> Vec<u8> {
        self.record.line(&self.recorder, invocation)
    }

    /// How far the request came, and who was asked on the way.
    #[cfg(feature = "tools")]
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.record.trace
    }
}

/// The answer and the line name people, so neither is shown.
impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision")
            .field("outcome", &self.outcome())
            .field("trace", &self.record.trace)
            .finish_non_exhaustive()
    }
}

impl Authorizer {
    /// An authorizer with these settings, and the machine's clock. Fetches nothing, and needs no runtime yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self::with_clock(settings, Clock::system())
    }

    /// An authorizer with these settings, and another clock: for tests. The clock decides how old tokens and remembered
    /// answers are. How long a network call may take is measured by tokio.
    #[must_use]
    pub fn with_clock(settings: Settings, clock: Clock) -> Self {
        let http = Arc::new(HttpClient::new(settings.http));
        let lookup = settings.lookup;
        Self {
            services: settings.services.map(|config| Services::new(config, &lookup, &clock, Arc::clone(&http))),
            tokens: settings.tokens.map(|config| Tokens::new(config, &lookup, &clock, &http)),
            mode: settings.mode,
            rules: settings.rules.map(Rules::new),
            policy: settings.policy,
            context: settings.context,
            answer: settings.answer,
            recorder: Arc::new(Recorder::new(settings.record)),
            clock,
            has_decided: AtomicBool::new(false),
            start_calls: Mutex::default(),
        }
    }

    /// Reads settings, makes an authorizer of them, and warms it up: what a function does to start. Gives it with the
    /// settings' warnings. The arguments are those of [`Settings::from_variables`].
    ///
    /// Access rules take ten times as long to parse as all the rest of the settings. So that is done on a thread of its
    /// own, while key sets are fetched, if there are any to be fetched. A mistake in them ends the start at once.
    ///
    /// # Errors
    /// Those of [`Settings::from_variables`].
    pub async fn start(
        variables: impl IntoIterator<Item = (String, String)>,
        read_file: impl Fn(&Path) -> std::io::Result<String>,
    ) -> Result<(Self, Vec<Warning>), Mistakes> {
        let Draft { settings, rules } = Settings::draft(variables, read_file)?;
        let mut warnings = settings.warnings().to_vec();
        // Nobody has it before its rules are there.
        let mut authorizer = Self::new(settings);
        let Some(rules) = rules else {
            authorizer.warm_up().await;
            return Ok((authorizer, warnings));
        };
        let needs_keys = authorizer.tokens.as_ref().is_some_and(Tokens::needs_keys);
        let (rules, of_rules) = start::parse(rules, needs_keys, authorizer.warm_up()).await?;
        authorizer.rules = Some(rules);
        warnings.extend(of_rules);
        warnings.sort();
        Ok((authorizer, warnings))
    }

    /// Fetches key sets ahead of the first request: those that are not configured, of the first 8 issuers, side by side.
    /// While it waits for them, it opens connections to everybody else who may be asked later. At the end it prepares
    /// access rules for their first question. Takes as long as the key sets do, or up to twice that within 100 ms, and 5 s
    /// at most.
    ///
    /// It need not be called, and never fails. What could not be done is done when a request needs it.
    pub async fn warm_up(&self) {
        self.prepare(start::patience).await;
    }

    /// The same where what is prepared has so much time, come what may: for tests, which may run slowly.
    #[cfg(feature = "tools")]
    pub async fn warm_up_within(&self, ahead: Duration) {
        self.prepare(|_| ahead).await;
    }

    async fn prepare(&self, patience: impl FnOnce(Duration) -> Duration) {
        let (tokens, services) = (self.tokens.as_ref(), self.services.as_ref());
        if let Some(calls) = start::prepare(tokens, services, &self.clock, patience).await {
            *self.start_calls.lock().unwrap_or_else(PoisonError::into_inner) = Some(calls);
        }
        self.rules.iter().for_each(Rules::prepare);
    }

    /// Decides about an event: the JSON, as API Gateway sends it to a Lambda authorizer of any kind.
    ///
    /// `deadline` is when the caller stops waiting. Network calls end 100 ms before it, and in any case after
    /// `UPSTREAM_TIMEOUT_MS` each. A deadline that has passed already counts as none.
    ///
    /// Never fails: what can't be decided is answered as a [`Fault`], even if something here panics. What is not such an
    /// event is [`Fault::EventUnsupported`]. The future can be dropped at any time: if others wait for its lookup, one of
    /// them makes it.
    pub async fn authorize(&self, event: &str, deadline: Option<Instant>) -> Decision {
        let mut trace = Trace::new(self.clock.now(), deadline);
        let decided = unwound(self.decide(event, &mut trace)).await;
        let (outcome, answer) = decided.unwrap_or_else(|| fault(Fault::Internal));
        let is_first = !self.has_decided.swap(true, Ordering::Relaxed);
        if is_first && let Some(start) = self.start_calls.lock().unwrap_or_else(PoisonError::into_inner).take() {
            trace.add_calls(&start);
        }
        let record = Record { outcome, time: trace.elapsed(), is_first, trace };
        Decision { answer, record, recorder: Arc::clone(&self.recorder) }
    }

    /// The whole way of an event.
    async fn decide(&self, event: &str, trace: &mut Trace) -> (Outcome, Answer) {
        let request = match Request::parse(event) {
            Ok(request) => request,
            Err(unsupported) => {
                trace.kind = unsupported.kind;
                return fault(unsupported.into());
            }
        };
        self.note(&request, trace);
        let form = Form::of(request.kind(), self.answer);
        match self.grant(&request, form, trace).await {
            Ok(granted) => granted,
            Err(refusal) => match answer::refuse(form, refusal, self.answer, || policy::deny(request.arn())) {
                Ok(answer) => (Outcome::Refused(refusal), answer),
                Err(error) => fault(error),
            },
        }
    }

    /// The way of a request that is granted something. Whatever leaves it early is a refusal.
    ///
    /// Access rules can grant other routes and not the requested one: then the request is refused, by the policy that
    /// grants the others.
    async fn grant(&self, request: &Request<'_>, form: Form, trace: &mut Trace) -> Result<(Outcome, Answer), Refusal> {
        trace.reach(Check::Credential);
        let principal = self.identify(request, trace).await?;
        trace.principal = Some((principal.principal_type(), principal.id().clone()));
        trace.reach(Check::Rules);
        let scope = self.policy.scope;
        let coverage = match &self.rules {
            Some(rules) => rules.coverage(request, &principal, form, scope, trace)?,
            None => scope.into(),
        };
        trace.reach(Check::Resource);
        let context = Context::new(&principal, &self.context);
        let permit = |coverage: &Coverage| policy::permit(&principal, request.arn(), coverage, self.policy);
        let allow = |coverage: &Coverage| answer::allow(form, &principal, &context, || permit(coverage));
        let (refusal, answer) = match (coverage.refusal(), allow(&coverage)) {
            // Too many routes for one policy: this request's alone.
            (refusal, Err(Refusal::Fault(Fault::ContextTooLarge))) if coverage.is_of_routes() => {
                trace.note_method();
                match refusal {
                    // That was the patterns' fault.
                    None | Some(Forbidden::ResourceUnsafe) => (None, allow(&Coverage::Method)),
                    Some(reason) => return Err(reason.into()),
                }
            }
            decided => decided,
        };
        if let Err(Refusal::Fault(_)) = answer {
            trace.reach(Check::Answer);
        }
        let answer = answer?;
        match refusal {
            Some(reason) => {
                trace.reach(if reason == Forbidden::ResourceUnsafe { Check::Resource } else { Check::Rules });
                Ok((Outcome::Refused(reason.into()), answer))
            }
            None => Ok((Outcome::Allowed(principal.principal_type()), answer)),
        }
    }

    /// The caller, by the one credential that the request carries: a service's pair before a token before nothing.
    async fn identify(&self, request: &Request<'_>, trace: &mut Trace) -> Result<Principal, Refusal> {
        let mut pair = Pair::Absent;
        if let Some(services) = &self.services {
            pair = services.find(request)?;
            if let Pair::Complete(pair) = pair {
                return Ok(services.verify(pair, trace).await?.into());
            }
        }
        if let Some(tokens) = &self.tokens
            && let Some(token) = tokens.find(request)?
        {
            return Ok(tokens.verify(token, trace).await?.into());
        }
        match (self.mode, pair) {
            (Mode::Optional, Pair::Absent) => Ok(Principal::anonymous()),
            (Mode::Enforce, _) if self.services.is_none() && self.tokens.is_none() => Err(Fault::ConfigEnforced.into()),
            (Mode::Enforce, _) | (Mode::Optional, Pair::Incomplete | Pair::Complete(_)) => {
                Err(Unauthorized::CredentialsMissing.into())
            }
        }
    }

    /// What the log says of the request, whatever becomes of it.
    fn note(&self, request: &Request<'_>, trace: &mut Trace) {
        trace.kind = Some(request.kind());
        trace.api = Some(ApiTrace {
            api: request.arn().api().to_owned(),
            stage: request.arn().stage().to_owned(),
            route: request.route().map(str::to_owned),
            request_id: request.api_request_id().map(str::to_owned),
            source_ip: if self.recorder.names_client() { request.source_ip() } else { None },
        });
    }
}

fn fault(fault: Fault) -> (Outcome, Answer) {
    (Outcome::Refused(fault.into()), Answer::fault(fault))
}

/// What a future gives, or nothing if it panics. Nothing that a request changes is left half done by that: what is shared
/// is changed under a lock, in steps that don't panic.
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

    /// The runtime moves them from layer to layer. Lookups, which are large and rare, are on the heap.
    #[test]
    fn futures_are_small() -> Result<(), crate::settings::Mistakes> {
        let settings = Settings::from_variables(Vec::new(), |path| std::fs::read_to_string(path))?;
        let authorizer = Authorizer::new(settings);
        let bytes = size_of_val(&authorizer.authorize("{}", None));
        assert!(bytes < 4096, "{bytes} bytes");
        let bytes = size_of_val(&authorizer.warm_up());
        assert!(bytes < 4096, "{bytes} bytes");
        Ok(())
    }
}
