//! The keys of one issuer: where they are, which of them are usable, and the set that is remembered.

mod algorithm;
mod key_set;
mod verifying;

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::check::Check;
use crate::clock::Clock;
use crate::discovery::Discovery;
use crate::error::{Fault, Refusal, Unauthorized};
use crate::http::{Get, HttpClient, HttpError, Response, shown};
use crate::lookup::{CallError, Found, Limits, LookupError, Periods, Rules, Slot, Source, body};
use crate::trace::{Trace, Upstream};

pub use algorithm::Algorithm;
pub use key_set::KeySet;
#[cfg(feature = "tools")]
pub use key_set::KeySetError;
pub use verifying::VerifyingKey;

/// A key set serves at least for this long while its lookup fails.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// Where an issuer's keys are.
#[derive(Clone, Debug)]
pub enum Config {
    /// These are all, and nobody is asked for others.
    Fixed(Arc<KeySet>),
    /// They are looked up.
    LookedUp {
        /// The address of the key set.
        at: Location,
        /// The keys that are used before any are fetched.
        configured: Option<Arc<KeySet>>,
        /// How long a key set is fresh.
        fresh: Duration,
    },
}

impl Config {
    /// The keys that the configuration has.
    #[must_use]
    pub fn configured(&self) -> Option<&Arc<KeySet>> {
        match self {
            Self::Fixed(keys) => Some(keys),
            Self::LookedUp { configured, .. } => configured.as_ref(),
        }
    }

    /// The address of the key set, if the configuration has it.
    #[must_use]
    pub fn url(&self) -> Option<&Url> {
        match self {
            Self::LookedUp { at: Location::Url(url), .. } => Some(url),
            Self::LookedUp { at: Location::Discovered, .. } | Self::Fixed(_) => None,
        }
    }

    /// How long a key set is fresh, if it is looked up at all.
    #[must_use]
    pub fn fresh(&self) -> Option<Duration> {
        match self {
            Self::Fixed(_) => None,
            Self::LookedUp { fresh, .. } => Some(*fresh),
        }
    }
}

/// The address of a key set.
#[derive(Clone, Debug)]
pub enum Location {
    /// It is known.
    Url(Url),
    /// The issuer's discovery document has it.
    Discovered,
}

/// One issuer's keys.
#[derive(Debug)]
pub(crate) enum IssuerKeys {
    Fixed(Arc<KeySet>),
    LookedUp(Box<Remembered>),
}

/// A key set that is looked up, remembered.
#[derive(Debug)]
pub(crate) struct Remembered {
    slot: Slot<Arc<KeySet>>,
    at: Whereabouts,
    algorithms: Vec<Algorithm>,
    is_configured: bool,
    rules: Rules,
    http: Arc<HttpClient>,
}

/// Who knows the address of a key set.
#[derive(Debug)]
enum Whereabouts {
    Url(Url),
    Discovery(Option<Arc<Discovery>>),
}

impl IssuerKeys {
    /// The keys of an issuer that may use these algorithms. Configured keys can be used at once.
    #[must_use]
    pub(crate) fn new(
        config: Config,
        algorithms: &[Algorithm],
        discovery: Option<&Arc<Discovery>>,
        clock: &Clock,
        http: &Arc<HttpClient>,
    ) -> Self {
        let (at, configured, fresh) = match config {
            Config::Fixed(keys) => return Self::Fixed(keys),
            Config::LookedUp { at, configured, fresh } => (at, configured, fresh),
        };
        // A key set is never absent: there is no negative answer. And the keys are the issuers: nobody invents them.
        let periods = Periods { fresh, stale: fresh.max(STALE), negative: Duration::ZERO };
        Self::LookedUp(Box::new(Remembered {
            is_configured: configured.is_some(),
            slot: configured.map_or_else(Slot::default, |keys| Slot::filled(keys, clock.now())),
            at: match at {
                Location::Url(url) => Whereabouts::Url(url),
                Location::Discovered => Whereabouts::Discovery(discovery.cloned()),
            },
            algorithms: algorithms.to_vec(),
            rules: Rules { periods, clock: clock.clone(), unavailable: Fault::JwksUnavailable },
            http: Arc::clone(http),
        }))
    }

    /// Whether no key can be used before the set is fetched.
    #[must_use]
    pub(crate) fn needs_fetch(&self) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::LookedUp(keys) => !keys.is_configured,
        }
    }

    /// Whether the discovery document is needed to fetch it.
    #[must_use]
    pub(crate) fn need_discovery(&self) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::LookedUp(keys) => !keys.is_configured && matches!(keys.at, Whereabouts::Discovery(_)),
        }
    }

    /// Fetches the key set. What fails is tried again when it is needed.
    pub(crate) async fn warm_up(&self, trace: &mut Trace) {
        match self {
            Self::Fixed(_) => {}
            Self::LookedUp(keys) => {
                keys.slot.get(&keys.rules, Limits::default(), || keys.fetch(trace)).await;
            }
        }
    }

    /// The key of this `kid` for this algorithm. An unknown one has the key set fetched again, if that is allowed now.
    ///
    /// # Errors
    /// [`Unauthorized::KeyUnknown`] if the latest lookup of the key set succeeded, else [`Fault::JwksUnavailable`] or
    /// [`Fault::DiscoveryUnavailable`].
    pub(crate) async fn find(
        &self,
        kid: &str,
        algorithm: Algorithm,
        trace: &mut Trace,
    ) -> Result<VerifyingKey, Refusal> {
        trace.reach(Check::Key);
        match self {
            Self::Fixed(keys) => {
                trace.came_from(Upstream::KeySet, Source::Fresh);
                keys.find(kid, algorithm).ok_or(Unauthorized::KeyUnknown.into())
            }
            Self::LookedUp(keys) => keys.find(kid, algorithm, trace).await,
        }
    }
}

impl Remembered {
    async fn find(&self, kid: &str, algorithm: Algorithm, trace: &mut Trace) -> Result<VerifyingKey, Refusal> {
        let limits = Limits { deadline: trace.deadline(), ends: None };
        let answer = self.slot.get(&self.rules, limits, || self.fetch(trace)).await;
        trace.came_from(Upstream::KeySet, answer.source);
        if let Some(key) = answer.found?.and_then(|set| set.find(kid, algorithm)) {
            return Ok(key);
        }
        let answer = self.slot.refresh(&self.rules, limits, || self.fetch(trace)).await;
        trace.came_from(Upstream::KeySet, answer.source);
        match (answer.found?.and_then(|set| set.find(kid, algorithm)), answer.failure) {
            (Some(key), _) => Ok(key),
            (None, Some(error)) => Err(error.fault().into()),
            (None, None) => Err(Unauthorized::KeyUnknown.into()),
        }
    }

    async fn fetch(&self, trace: &mut Trace) -> Found<Arc<KeySet>> {
        match &self.at {
            Whereabouts::Url(url) => self.fetch_from(url, trace).await,
            Whereabouts::Discovery(None) => Err(LookupError::Lasting(Fault::DiscoveryUnavailable)),
            Whereabouts::Discovery(Some(discovery)) => {
                // The document's own slot waits after a failure. Were it learned here too, the waits would add up.
                let not_asked = |error: LookupError| LookupError::NotAsked(error.fault());
                let document = discovery.document(trace).await.map_err(not_asked)?;
                self.fetch_from(&document.jwks_uri, trace).await
            }
        }
    }

    async fn fetch_from(&self, url: &Url, trace: &mut Trace) -> Found<Arc<KeySet>> {
        let budget = self.http.budget(trace.deadline());
        let response = self.http.get(Get { url, bearer: None }, &budget).await;
        let found = self.read(response);
        trace.count(Upstream::KeySet, &budget, found.is_err());
        found.map(|set| Some(Arc::new(set))).map_err(|error| {
            tracing::warn!(url = shown(url), %error, "key set lookup failed");
            error.as_lookup_error(Fault::JwksUnavailable)
        })
    }

    fn read(&self, response: Result<Response, HttpError>) -> Result<KeySet, CallError> {
        KeySet::parse(&body(response)?, &self.algorithms).map_err(|_| CallError::Unreadable)
    }
}
