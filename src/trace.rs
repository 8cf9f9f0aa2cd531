//! One decision on its way: when it must end, how far it got, who was asked, and where the answers came from.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::check::Check;
use crate::http::Budget;
use crate::identity::{PrincipalType, UserId};
use crate::kind::Kind;
use crate::lookup::Source;

/// Who is asked while a request is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// An issuer's key set.
    KeySet,
    /// An issuer's discovery document.
    Discovery,
    /// A user's attributes: userInfo or GetUser.
    UserInfo,
    /// Secrets Manager.
    Secret,
}

impl Upstream {
    /// Every upstream.
    pub const ALL: [Self; 4] = [Self::KeySet, Self::Discovery, Self::UserInfo, Self::Secret];

    /// The name in the log line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeySet => "keySet",
            Self::Discovery => "discovery",
            Self::UserInfo => "userInfo",
            Self::Secret => "secret",
        }
    }
}

/// What is noted of one decision. Each part is known from some check on, and absent before.
pub struct Trace {
    at: SystemTime,
    began: Instant,
    deadline: Option<Instant>,
    check: Check,
    /// The kind of event.
    pub kind: Option<Kind>,
    /// What the event says of the API.
    pub api: Option<ApiTrace>,
    /// The issuer that judges the token, by its name in the settings.
    pub issuer: Option<Arc<str>>,
    /// The caller, once verified.
    pub principal: Option<(PrincipalType, UserId)>,
    /// The app client of a token whose signature is valid.
    pub client: Option<String>,
    /// What the access rules say, where they were asked.
    pub rules: Option<RulesTrace>,
    calls: [Calls; Upstream::ALL.len()],
}

/// What an event says of the API that asks.
pub struct ApiTrace {
    /// The API's id.
    pub api: String,
    /// The stage's name.
    pub stage: String,
    /// The route as the API has it, never the path that was asked for.
    pub route: Option<String>,
    /// The request's id, which the client sees in a response header.
    pub request_id: Option<String>,
    /// The caller's address, where it may be logged.
    pub source_ip: Option<String>,
}

/// What the access rules say about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesTrace {
    /// Whether they permit it.
    pub is_allowed: bool,
    /// The policies that decided.
    pub policies: Vec<Arc<str>>,
    /// The policies that could not be evaluated.
    pub errors: Vec<Arc<str>>,
    /// Whether the answer covers this request's route alone, since a policy for all routes would be too large.
    pub is_method: bool,
    /// What becomes of each policy, in the order of the files, where the tools ask for it.
    #[cfg(feature = "tools")]
    pub each: Vec<(Arc<str>, Applied)>,
}

/// What becomes of a policy.
#[cfg(feature = "tools")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It applies.
    Yes,
    /// It does not.
    No,
    /// It can't be evaluated.
    Failed(String),
}

/// It may hold a person's address.
impl fmt::Debug for ApiTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiTrace").field("api", &self.api).field("stage", &self.stage).finish_non_exhaustive()
    }
}

/// What one upstream had to do with a decision.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calls {
    source: Option<Source>,
    /// How many network calls were made.
    pub made: u32,
    /// How many of them failed.
    pub failed: u32,
}

impl Trace {
    /// A decision that begins at this time of the wall clock, and must end at `deadline`.
    #[must_use]
    pub fn new(at: SystemTime, deadline: Option<Instant>) -> Self {
        let began = Instant::now();
        Self {
            at,
            began,
            // A deadline that is past on arrival is implausible: local runtimes send such ones.
            deadline: deadline.filter(|deadline| *deadline > began),
            check: Check::Event,
            kind: None,
            api: None,
            issuer: None,
            principal: None,
            client: None,
            rules: None,
            calls: [Calls::default(); Upstream::ALL.len()],
        }
    }

    /// When it began.
    #[must_use]
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// How long it has taken so far.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// When the decision must end.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Notes the check that is made next.
    pub fn reach(&mut self, check: Check) {
        self.check = check;
    }

    /// The check that was reached last: the one that failed, if the request was refused.
    #[must_use]
    pub fn check(&self) -> Check {
        self.check
    }

    /// What this upstream had to do with the decision.
    #[must_use]
    pub fn calls(&self, upstream: Upstream) -> Calls {
        let [key_set, discovery, user_info, secret] = self.calls;
        match upstream {
            Upstream::KeySet => key_set,
            Upstream::Discovery => discovery,
            Upstream::UserInfo => user_info,
            Upstream::Secret => secret,
        }
    }

    /// Notes where an answer came from. That something was remembered is only worth noting if nothing else is.
    pub fn came_from(&mut self, upstream: Upstream, source: Source) {
        let calls = self.calls_mut(upstream);
        if calls.source.is_none() || source != Source::Fresh {
            calls.source = Some(source);
        }
    }

    /// Notes that the answer covers this request's route alone.
    pub fn note_method(&mut self) {
        if let Some(rules) = &mut self.rules {
            rules.is_method = true;
        }
    }

    /// Counts the attempts of a call; all of them but the last have failed.
    pub fn count(&mut self, upstream: Upstream, budget: &Budget, has_failed: bool) {
        let attempts = budget.attempts();
        let calls = self.calls_mut(upstream);
        calls.made += attempts;
        calls.failed += attempts.saturating_sub(u32::from(!has_failed));
    }

    /// Adds what another trace counted.
    pub fn add_calls(&mut self, other: &Self) {
        for (calls, others) in self.calls.iter_mut().zip(other.calls) {
            calls.made += others.made;
            calls.failed += others.failed;
        }
    }

    fn calls_mut(&mut self, upstream: Upstream) -> &mut Calls {
        let [key_set, discovery, user_info, secret] = &mut self.calls;
        match upstream {
            Upstream::KeySet => key_set,
            Upstream::Discovery => discovery,
            Upstream::UserInfo => user_info,
            Upstream::Secret => secret,
        }
    }
}

/// It names people and their clients, so it shows how far the decision got and nothing more.
impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, check, calls, .. } = self;
        f.debug_struct("Trace").field("kind", kind).field("check", check).field("calls", calls).finish_non_exhaustive()
    }
}

impl Calls {
    /// Where the answer came from, if one was needed.
    #[must_use]
    pub fn source(self) -> Option<Source> {
        self.source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(deadline: Option<Instant>) -> Trace {
        Trace::new(SystemTime::UNIX_EPOCH, deadline)
    }

    #[test]
    fn what_was_remembered_is_noted_only_if_nothing_else_is() {
        let mut trace = trace(None);
        for (source, noted) in [
            (Source::Fresh, Source::Fresh),
            (Source::Fetched, Source::Fetched),
            (Source::Fresh, Source::Fetched),
            (Source::Failed, Source::Failed),
        ] {
            trace.came_from(Upstream::Secret, source);
            assert_eq!(trace.calls(Upstream::Secret).source(), Some(noted));
        }
        assert_eq!(trace.calls(Upstream::KeySet).source(), None);
    }

    #[test]
    fn a_deadline_that_is_past_on_arrival_is_none() {
        let now = Instant::now();
        assert_eq!(trace(now.checked_sub(Duration::from_secs(1))).deadline(), None);
        let soon = now + Duration::from_secs(60);
        assert_eq!(trace(Some(soon)).deadline(), Some(soon));
    }
}
