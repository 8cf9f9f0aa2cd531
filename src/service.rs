//! A service's pair of id and token against the pair that Secrets Manager stores.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Digest, SHA256, digest};
use serde::Deserialize;
use zeroize::{Zeroize as _, Zeroizing};

use crate::aws::{SecretVersion, SecretsManager, Stage};
use crate::credential::UnverifiedPair;
use crate::error::{Fault, Refusal, Unauthorized};
use crate::http::HttpClient;
use crate::lookup::{Allowance, Answer, Clock, Failed, Found, Limits, Lookup, Periods, Rules, Source};
use crate::object::Object;
use crate::principal::is_user_id;
use crate::settings::{Automation, Cache};
use crate::telemetry::{Trace, Upstream};

/// The longest id of a service.
const MAX_ID_LENGTH: usize = 128;

/// The longest name of a secret:
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>.
const MAX_NAME_LENGTH: usize = 512;

/// A service whose token was the stored one. Nothing but [`Services::verify`] makes it.
#[derive(Debug, PartialEq, Eq)]
pub struct VerifiedService {
    id: String,
}

impl VerifiedService {
    /// The principal's id.
    #[must_use]
    pub fn into_id(self) -> String {
        self.id
    }
}

/// A stored pair. Of the token only its hash is kept; both are wiped when they are dropped.
pub(crate) struct StoredPair {
    pub(crate) id: Zeroizing<String>,
    token: Digest,
    created: Option<SystemTime>,
}

impl StoredPair {
    /// In constant time. Of two hashes, so that not even the length of the stored token shows.
    fn matches(&self, presented: &Digest) -> bool {
        verify_slices_are_equal(self.token.as_ref(), presented.as_ref()).is_ok()
    }

    /// Reads `{"token": "...", "id": "..."}`; other members are ignored.
    pub(crate) fn parse(version: &SecretVersion) -> Option<Self> {
        #[derive(Deserialize)]
        struct Json<'a> {
            #[serde(borrow)]
            token: Cow<'a, str>,
            id: String,
        }
        let Object(json): Object<Json<'_>> = serde_json::from_str(&version.text).ok()?;
        let id = Zeroizing::new(json.id);
        let token = digest(&SHA256, json.token.as_bytes());
        let is_empty = json.token.is_empty();
        if let Cow::Owned(mut token) = json.token {
            token.zeroize();
        }
        (!is_empty && is_user_id(&id)).then_some(Self { id, token, created: version.created })
    }
}

impl fmt::Debug for StoredPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredPair(redacted)")
    }
}

/// The stored pairs, remembered by the names of their secrets.
#[derive(Debug)]
pub struct Services {
    lookup: Lookup<String, Arc<StoredPair>>,
    rules: Rules,
    secrets: SecretsManager,
    http: Arc<HttpClient>,
    common_prefix: String,
    rotation_grace: Duration,
}

impl Services {
    /// The services that these settings describe.
    #[must_use]
    pub fn new(settings: &Automation, cache: Cache, clock: &Clock, http: Arc<HttpClient>) -> Self {
        let periods = Periods { fresh: cache.ttl, stale: cache.ttl + cache.stale, negative: cache.negative_ttl };
        Self {
            lookup: Lookup::new(cache.capacity),
            rules: Rules {
                periods,
                clock: clock.clone(),
                unavailable: Fault::SecretsUnavailable,
                allowance: Some(Arc::new(Allowance::of_vain_look_ups())),
            },
            secrets: SecretsManager::new(settings.clone(), Arc::clone(&http)),
            http,
            common_prefix: settings.common_prefix.clone(),
            rotation_grace: settings.rotation_grace,
        }
    }

    /// Verifies a pair.
    ///
    /// A token that does not match a *remembered* secret has the secret read again, if that is allowed now, so
    /// that a rotated token works at once. With a grace period, the token before the rotation works on.
    ///
    /// # Errors
    /// [`Unauthorized::ServiceIdInvalid`], [`Unauthorized::ServiceUnknown`] and
    /// [`Unauthorized::ServiceTokenMismatch`]; [`Fault::SecretMalformed`] and [`Fault::SecretsUnavailable`].
    pub async fn verify(&self, pair: UnverifiedPair<'_>, trace: &Trace) -> Result<VerifiedService, Refusal> {
        let name = self.secret_name(pair.id).ok_or(Unauthorized::ServiceIdInvalid)?;
        let presented = digest(&SHA256, pair.token.as_bytes());
        let limits = Limits { deadline: trace.deadline(), ends: None };
        let slot = self.lookup.slot(name.as_str());

        let answer = slot.get(&self.rules, limits, || self.fetch(&name, Stage::Current, trace)).await;
        let (mut stored, mut answer) = known(answer, trace)?;
        if !stored.matches(&presented) && answer.source != Source::Fetched {
            let refreshed = slot.refresh(&self.rules, limits, || self.fetch(&name, Stage::Current, trace)).await;
            (stored, answer) = known(refreshed, trace)?;
        }
        if stored.matches(&presented) || self.is_previous(&name, &stored, &presented, trace).await? {
            return Ok(VerifiedService { id: stored.id.as_str().to_owned() });
        }
        if answer.latest_failed {
            return Err(Fault::SecretsUnavailable.into());
        }
        Err(Unauthorized::ServiceTokenMismatch.into())
    }

    /// `{prefix}/{id}`, if the id and the whole are what a secret's name can be.
    fn secret_name(&self, id: &str) -> Option<String> {
        let is_id_char = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
        if id.is_empty() || id.len() > MAX_ID_LENGTH || !id.bytes().all(is_id_char) {
            return None;
        }
        let separator = if self.common_prefix.ends_with('/') { "" } else { "/" };
        let name = format!("{}{separator}{id}", self.common_prefix);
        (name.chars().count() <= MAX_NAME_LENGTH).then_some(name)
    }

    /// Whether the presented token is the one before the current one, and its grace period is not over.
    async fn is_previous(
        &self,
        name: &str,
        current: &StoredPair,
        presented: &Digest,
        trace: &Trace,
    ) -> Result<bool, Refusal> {
        let Some(grace_end) = current.created.and_then(|created| created.checked_add(self.rotation_grace)) else {
            return Ok(false);
        };
        if self.rotation_grace.is_zero() || self.rules.clock.now() >= grace_end {
            return Ok(false);
        }
        // A key of its own for what was before this very version: after the next rotation it is another one.
        let key = format!("{name}\0{:?}", current.token);
        let limits = Limits { deadline: trace.deadline(), ends: None };
        let slot = self.lookup.slot(key.as_str());
        let answer = slot.get(&self.rules, limits, || self.fetch(name, Stage::Previous, trace)).await;
        trace.upstream(Upstream::Secret).came_from(answer.source);
        Ok(answer.found?.is_some_and(|previous| previous.matches(presented)))
    }

    async fn fetch(&self, name: &str, stage: Stage, trace: &Trace) -> Found<Arc<StoredPair>> {
        let budget = self.http.budget(trace.deadline());
        let found = self.secrets.get(name, stage, &budget).await;
        let found = found.and_then(|version| match version {
            Some(version) => match StoredPair::parse(&version) {
                Some(pair) => Ok(Some(Arc::new(pair))),
                None => Err(Failed::lasting(Fault::SecretMalformed)),
            },
            None => Ok(None),
        });
        trace.upstream(Upstream::Secret).count(&budget, found.is_err());
        found
    }
}

/// The stored pair, or why there is none; and the rest of the answer.
fn known(answer: Answer<Arc<StoredPair>>, trace: &Trace) -> Result<(Arc<StoredPair>, Answer<()>), Refusal> {
    trace.upstream(Upstream::Secret).came_from(answer.source);
    let stored = answer.found?.ok_or(Unauthorized::ServiceUnknown)?;
    Ok((stored, Answer { found: Ok(None), source: answer.source, latest_failed: answer.latest_failed }))
}
