//! A service's pair of id and token, against the pair that Secrets Manager stores.

mod stored;

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Digest, SHA256, digest};

use crate::aws::{self, SecretsManager, Stage};
use crate::check::Check;
use crate::clock::Clock;
use crate::credential::{Pair, PairHeaders, UnverifiedPair};
use crate::error::{Fault, Refusal, Unauthorized};
use crate::event::Request;
use crate::http::HttpClient;
use crate::identity::UserId;
use crate::lookup::{self, Answer, Found, Limits, Lookup, LookupError, Source};
use crate::trace::{Trace, Upstream};

pub(crate) use stored::StoredPair;

/// The longest id of a service.
const MAX_ID_LENGTH: usize = 128;

/// The longest name of a secret:
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>.
const MAX_NAME_LENGTH: usize = 512;

/// How services are identified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The two headers of a pair.
    pub headers: PairHeaders,
    /// Where the secrets are.
    pub secrets: aws::Config,
    /// What the names of the secrets begin with.
    pub common_prefix: String,
    /// How long after a rotation the previous token still works; zero is off.
    pub rotation_grace: Duration,
    /// Whether access rules need a secret's groups.
    pub serves_rules: bool,
}

/// A service whose token was the stored one. Nothing but [`Services::verify`] makes it.
#[derive(Debug)]
pub(crate) struct VerifiedService {
    id: UserId,
    groups: Vec<String>,
}

impl VerifiedService {
    pub(crate) fn into_parts(self) -> (UserId, Vec<String>) {
        (self.id, self.groups)
    }
}

/// The services: where their pairs are in a request, and the stored pairs, remembered by the names of their secrets.
#[derive(Debug)]
pub(crate) struct Services {
    headers: PairHeaders,
    lookup: Lookup<String, Arc<StoredPair>>,
    secrets: SecretsManager,
    http: Arc<HttpClient>,
    clock: Clock,
    common_prefix: String,
    rotation_grace: Duration,
    serves_rules: bool,
}

impl Services {
    /// Nothing is known of any service yet.
    #[must_use]
    pub(crate) fn new(config: Config, lookup: &lookup::Config, clock: &Clock, http: Arc<HttpClient>) -> Self {
        Self {
            headers: config.headers,
            lookup: Lookup::new(lookup, clock.clone(), Fault::SecretsUnavailable),
            secrets: SecretsManager::new(config.secrets, Arc::clone(&http)),
            http,
            clock: clock.clone(),
            common_prefix: config.common_prefix,
            rotation_grace: config.rotation_grace,
            serves_rules: config.serves_rules,
        }
    }

    /// Does all of a first lookup but ask, as far as there is time for it.
    pub(crate) async fn prepare(&self, has_time: impl Fn() -> bool) {
        self.secrets.prepare(has_time).await;
    }

    /// The pair that a request carries.
    ///
    /// # Errors
    /// See [`PairHeaders::find`].
    pub(crate) fn find<'r>(&self, request: &'r Request<'_>) -> Result<Pair<'r>, Unauthorized> {
        self.headers.find(request)
    }

    /// Verifies a pair.
    ///
    /// A token that does not match a *remembered* secret has the secret read again, if that is allowed now, so that a
    /// rotated token works at once. With a grace period, the token before the rotation works on.
    ///
    /// # Errors
    /// [`Unauthorized::ServiceIdInvalid`], [`Unauthorized::ServiceUnknown`] and [`Unauthorized::ServiceTokenMismatch`];
    /// [`Fault::SecretMalformed`] and [`Fault::SecretsUnavailable`].
    pub(crate) async fn verify(&self, pair: UnverifiedPair<'_>, trace: &mut Trace) -> Result<VerifiedService, Refusal> {
        trace.reach(Check::ServiceId);
        let name = self.secret_name(pair.id).ok_or(Unauthorized::ServiceIdInvalid)?;
        let presented = digest(&SHA256, pair.token.as_bytes());
        let limits = Limits { deadline: trace.deadline(), ends: None };

        trace.reach(Check::Secret);
        let key = name.as_str();
        let answer = self.lookup.get(key, limits, false, || self.fetch(key, Stage::Current, trace)).await;
        let Known { mut stored, source, mut failure } = known(answer, trace)?;
        if !stored.matches(&presented) && source != Source::Fetched {
            let refreshed = self.lookup.refresh(key, limits, || self.fetch(key, Stage::Current, trace)).await;
            Known { stored, failure, .. } = known(refreshed, trace)?;
        }
        trace.reach(Check::ServiceToken);
        if stored.matches(&presented) || self.is_previous(key, &stored, &presented, trace).await? {
            return Ok(VerifiedService { id: UserId::clone(&stored.id), groups: stored.groups.clone() });
        }
        match failure {
            Some(fault) => Err(fault.into()),
            None => Err(Unauthorized::ServiceTokenMismatch.into()),
        }
    }

    /// `{prefix}/{id}`, if the id and the whole can be a secret's name.
    fn secret_name(&self, id: &str) -> Option<String> {
        let is_id_char = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
        if id.is_empty() || id.len() > MAX_ID_LENGTH || !id.bytes().all(is_id_char) {
            return None;
        }
        let separator = if self.common_prefix.ends_with('/') { "" } else { "/" };
        let name = format!("{}{separator}{id}", self.common_prefix);
        (name.chars().count() <= MAX_NAME_LENGTH).then_some(name)
    }

    /// Whether the presented token is the one before the current one, and its grace period has not ended.
    async fn is_previous(
        &self,
        name: &str,
        current: &StoredPair,
        presented: &Digest,
        trace: &mut Trace,
    ) -> Result<bool, Refusal> {
        let Some(grace_end) = current.created.and_then(|created| created.checked_add(self.rotation_grace)) else {
            return Ok(false);
        };
        if self.rotation_grace.is_zero() || self.clock.now() >= grace_end {
            return Ok(false);
        }
        // A key of its own for what was before this very version: after the next rotation it is another one.
        let key = format!("{name}\0{:?}", current.token());
        let limits = Limits { deadline: trace.deadline(), ends: None };
        let answer = self.lookup.get(key.as_str(), limits, true, || self.fetch(name, Stage::Previous, trace)).await;
        trace.came_from(Upstream::Secret, answer.source);
        Ok(answer.found?.is_some_and(|previous| previous.matches(presented)))
    }

    async fn fetch(&self, name: &str, stage: Stage, trace: &mut Trace) -> Found<Arc<StoredPair>> {
        let budget = self.http.budget(trace.deadline());
        let read = self.secrets.get(name, stage, &budget).await;
        // A secret that was read is not a failed call, whatever is in it.
        let has_failed = read.as_ref().is_err_and(|error| error.fault() != Fault::SecretMalformed);
        trace.count(Upstream::Secret, &budget, has_failed);
        let Some(version) = read? else {
            return Ok(None);
        };
        match StoredPair::parse(&version, self.serves_rules) {
            Ok(pair) => Ok(pair.map(Arc::new)),
            Err(problem) => {
                tracing::warn!(secret = name, %problem, "malformed secret");
                Err(LookupError::Lasting(Fault::SecretMalformed))
            }
        }
    }
}

/// A stored pair, and how much the answer is worth.
struct Known {
    stored: Arc<StoredPair>,
    source: Source,
    failure: Option<Fault>,
}

fn known(answer: Answer<Arc<StoredPair>>, trace: &mut Trace) -> Result<Known, Refusal> {
    trace.came_from(Upstream::Secret, answer.source);
    let stored = answer.found?.ok_or(Unauthorized::ServiceUnknown)?;
    Ok(Known { stored, source: answer.source, failure: answer.failure.map(LookupError::fault) })
}
