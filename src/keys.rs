//! Key sets: which key signed this token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::task::JoinSet;
use url::Url;

use crate::error::{Fault, Refusal, Unauthorized};
use crate::http::{Get, HttpClient};
use crate::lookup::{Clock, Failed, Found, Limits, Periods, Rules, Slot};
use crate::object::Object;
use crate::settings::Cognito;
use crate::telemetry::{Trace, Upstream};

/// A key set serves at least for so long while its look-up fails.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// The sizes of a modulus that RS256 may have here: RFC 7518, section 3.3, and the most that the cryptography
/// library takes.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The usable keys of a key set (RFC 7517, section 5); at least one.
pub struct KeySet {
    keys: Vec<(String, VerifyingKey)>,
}

/// A public RSA key that is ready to verify RS256 signatures.
#[derive(Clone)]
pub struct VerifyingKey(Arc<ParsedPublicKey>);

/// Why a text is no key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySetError {
    /// It is not JSON of the form of a key set.
    Malformed,
    /// None of its keys can be used.
    NoUsableKey,
}

impl fmt::Display for KeySetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "is not a JSON key set",
            Self::NoUsableKey => "holds no usable RS256 key",
        })
    }
}

impl std::error::Error for KeySetError {}

impl KeySet {
    /// Reads a key set; keys that can't be used are skipped, and of two with one `kid` the first counts.
    ///
    /// Usable is an RSA key of 2048 to 8192 bits with a `kid`, whose `use`, `key_ops` and `alg`, where they are
    /// there, allow to verify RS256 signatures.
    ///
    /// # Errors
    /// [`KeySetError`] if it is no key set, or one without a usable key.
    pub fn parse(json: &[u8]) -> Result<Self, KeySetError> {
        #[derive(Deserialize)]
        struct Set<'a> {
            #[serde(borrow)]
            keys: Vec<&'a RawValue>,
        }
        let Object(set): Object<Set<'_>> = serde_json::from_slice(json).map_err(|_| KeySetError::Malformed)?;
        let mut keys: Vec<(String, VerifyingKey)> = Vec::with_capacity(set.keys.len());
        for (kid, key) in set.keys.into_iter().filter_map(usable_key) {
            if !keys.iter().any(|(other, _)| *other == kid) {
                keys.push((kid, key));
            }
        }
        if keys.is_empty() { Err(KeySetError::NoUsableKey) } else { Ok(Self { keys }) }
    }

    /// The key of this `kid`, which is compared as it is.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<VerifyingKey> {
        self.keys.iter().find(|(other, _)| other == kid).map(|(_, key)| key.clone())
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySet({} keys)", self.keys.len())
    }
}

impl VerifyingKey {
    /// Whether this is the key's RS256 signature of the message (RFC 7518, section 3.3).
    #[must_use]
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifyingKey")
    }
}

fn usable_key(json: &RawValue) -> Option<(String, VerifyingKey)> {
    let Jwk { common, algorithm } = serde_json::from_str(json.get()).ok()?;
    let AlgorithmParameters::RSA(rsa) = algorithm else {
        return None;
    };
    let may_verify = common.public_key_use.is_none_or(|purpose| purpose == PublicKeyUse::Signature)
        && common.key_operations.is_none_or(|operations| operations.contains(&KeyOperations::Verify))
        && common.key_algorithm.is_none_or(|algorithm| algorithm == KeyAlgorithm::RS256);
    let kid = common.key_id.filter(|kid| may_verify && !kid.is_empty())?;
    let n = URL_SAFE_NO_PAD.decode(rsa.n).ok()?;
    let e = URL_SAFE_NO_PAD.decode(rsa.e).ok()?;
    if !MODULUS_BITS.contains(&bit_length(&n)) || !is_odd(&n) || !is_sound_exponent(&e) {
        return None;
    }
    let key = RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok()?;
    Some((kid, VerifyingKey(Arc::new(key))))
}

fn bit_length(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last & 1 == 1)
}

/// Odd, at least 3, at most 33 bits: with 1, anything would be a signature. What the library allows as well,
/// but only finds out when it verifies.
fn is_sound_exponent(e: &[u8]) -> bool {
    let value = e.iter().try_fold(0_u64, |value, byte| value.checked_mul(256)?.checked_add(u64::from(*byte)));
    is_odd(e) && value.is_some_and(|value| (3..1 << 33).contains(&value))
}

/// The key sets of the pools.
#[derive(Debug)]
pub struct KeySets {
    pools: Vec<PoolKeys>,
    rules: Rules,
    http: Arc<HttpClient>,
}

#[derive(Debug)]
struct PoolKeys {
    slot: Slot<Arc<KeySet>>,
    url: Url,
    is_configured: bool,
}

impl KeySets {
    /// The key sets of these pools; those that the configuration gives are there at once.
    #[must_use]
    pub fn new(cognito: &Cognito, clock: &Clock, http: Arc<HttpClient>) -> Self {
        let now = clock.now();
        let pools = cognito.pools.iter().map(|pool| PoolKeys {
            slot: pool.key_set.as_ref().map_or_else(Slot::default, |keys| Slot::filled(Arc::clone(keys), now)),
            url: pool.key_set_url.clone(),
            is_configured: pool.key_set.is_some(),
        });
        let fresh = cognito.jwks_ttl;
        // A key set is never definitely absent.
        let periods = Periods { fresh, stale: fresh.max(STALE), negative: Duration::ZERO };
        // The keys are the pools: nobody invents them.
        let rules = Rules { periods, clock: clock.clone(), unavailable: Fault::JwksUnavailable, allowance: None };
        Self { pools: pools.collect(), rules, http }
    }

    /// Fetches what the configuration does not give, side by side. What fails is tried again when it is needed.
    pub async fn warm_up(self: &Arc<Self>) {
        let mut fetches = JoinSet::new();
        for index in
            (0..self.pools.len()).filter(|index| self.pools.get(*index).is_some_and(|keys| !keys.is_configured))
        {
            let this = Arc::clone(self);
            fetches.spawn(async move {
                if let Some(keys) = this.pools.get(index) {
                    let trace = Trace::new(this.rules.clock.now(), None);
                    keys.slot.get(&this.rules, Limits::default(), || this.fetch(keys, &trace)).await;
                }
            });
        }
        fetches.join_all().await;
    }

    /// The pool's key of this `kid`. An unknown one has the key set fetched again, if that is allowed now.
    ///
    /// # Errors
    /// [`Unauthorized::KeyUnknown`] if the latest look-up of the key set succeeded, else
    /// [`Fault::JwksUnavailable`].
    pub async fn find(&self, pool: usize, kid: &str, trace: &Trace) -> Result<VerifyingKey, Refusal> {
        let keys = self.pools.get(pool).ok_or(Fault::JwksUnavailable)?;
        let limits = Limits { deadline: trace.deadline(), ends: None };

        let answer = keys.slot.get(&self.rules, limits, || self.fetch(keys, trace)).await;
        trace.upstream(Upstream::KeySet).came_from(answer.source);
        if let Some(key) = answer.found?.and_then(|set| set.find(kid)) {
            return Ok(key);
        }

        let answer = keys.slot.refresh(&self.rules, limits, || self.fetch(keys, trace)).await;
        trace.upstream(Upstream::KeySet).came_from(answer.source);
        match answer.found?.and_then(|set| set.find(kid)) {
            Some(key) => Ok(key),
            None if answer.latest_failed => Err(Fault::JwksUnavailable.into()),
            None => Err(Unauthorized::KeyUnknown.into()),
        }
    }

    async fn fetch(&self, keys: &PoolKeys, trace: &Trace) -> Found<Arc<KeySet>> {
        let budget = self.http.budget(trace.deadline());
        let response = self.http.get(Get { url: &keys.url, bearer: None }, &budget).await;
        let found = match response {
            Ok(response) if response.status.is_success() => {
                KeySet::parse(&response.body).map(|set| Some(Arc::new(set))).map_err(|error| error.to_string())
            }
            Ok(response) => Err(format!("status {}", response.status.as_u16())),
            Err(error) => Err(error.to_string()),
        };
        trace.upstream(Upstream::KeySet).count(&budget, found.is_err());
        found.map_err(|error| {
            tracing::warn!(url = %keys.url, error, "key set look-up failed");
            Failed::passing(Fault::JwksUnavailable)
        })
    }
}
