//! Key sets (RFC 7517): which key signed this token, and one issuer's remembered set.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use crate::check::Check;
use crate::clock::Clock;
use crate::error::{Fault, Refusal, Unauthorized};
use crate::http::{Get, HttpClient, HttpError, Response};
use crate::lookup::{CallError, Found, Limits, Periods, Rules, Slot};
use crate::object::{Object, without_byte_order_mark};
use crate::trace::{Trace, Upstream};

/// A key set serves at least for this long while its lookup fails.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// The sizes of a modulus that RS256 may have here: RFC 7518, section 3.3, and the most that the cryptography
/// library takes.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A signature algorithm (RFC 7518, section 3.1). None is symmetric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: what Cognito uses.
    Rs256,
}

impl Algorithm {
    /// The algorithm of this `alg`, if it is one that an issuer may be allowed.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            _ => None,
        }
    }
}

/// The usable keys of a key set (RFC 7517, section 5); at least one.
pub struct KeySet {
    keys: Vec<(String, VerifyingKey)>,
}

/// A public key that is ready to verify signatures of one algorithm: the key says how it is used, never the token
/// (RFC 8725, section 3.1).
#[derive(Clone)]
pub enum VerifyingKey {
    /// An RSA key of 2048 to 8192 bits for RS256.
    Rs256(Arc<ParsedPublicKey>),
}

/// Why a document is not a key set.
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
    /// Usable is an RSA key of 2048 to 8192 bits with a `kid`, whose `use`, `key_ops` and `alg`, where present, allow to
    /// verify RS256 signatures.
    ///
    /// # Errors
    /// [`KeySetError`] if it is not a key set, or has no usable key.
    pub fn parse(json: &[u8]) -> Result<Self, KeySetError> {
        #[derive(Deserialize)]
        struct Set<'a> {
            #[serde(borrow)]
            keys: Vec<&'a RawValue>,
        }
        let json = without_byte_order_mark(json);
        let Object(set): Object<Set<'_>> = serde_json::from_slice(json).map_err(|_| KeySetError::Malformed)?;
        let keys: Vec<_> = set.keys.into_iter().filter_map(usable_key).collect();
        if keys.is_empty() { Err(KeySetError::NoUsableKey) } else { Ok(Self { keys }) }
    }

    /// The key of this `kid`, which is compared byte for byte, for this algorithm.
    #[must_use]
    pub fn find(&self, kid: &str, algorithm: Algorithm) -> Option<VerifyingKey> {
        let fits = |(other, key): &&(String, VerifyingKey)| other == kid && key.algorithm() == algorithm;
        self.keys.iter().find(fits).map(|(_, key)| key.clone())
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySet({} keys)", self.keys.len())
    }
}

impl VerifyingKey {
    /// The one algorithm that this key is used with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rs256(_) => Algorithm::Rs256,
        }
    }

    /// Whether this is the key's signature of the message (RFC 7518, section 3.3).
    #[must_use]
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rs256(key) => key.verify_sig(message, signature).is_ok(),
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({:?})", self.algorithm())
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
    Some((kid, VerifyingKey::Rs256(Arc::new(key))))
}

fn bit_length(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last & 1 == 1)
}

/// Odd, at least 3, at most 33 bits: with 1, anything would be a signature. The library has the same limits, but only
/// applies them when it verifies.
fn is_sound_exponent(e: &[u8]) -> bool {
    let value = e.iter().try_fold(0_u64, |value, byte| value.checked_mul(256)?.checked_add(u64::from(*byte)));
    is_odd(e) && value.is_some_and(|value| (3..1 << 33).contains(&value))
}

/// Where an issuer's keys are, and for how long a fetched set is fresh.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address of the key set.
    pub url: Url,
    /// The keys that are used before any are fetched.
    pub configured: Option<Arc<KeySet>>,
    /// How long a key set is fresh.
    pub fresh: Duration,
}

/// One issuer's key set, remembered.
#[derive(Debug)]
pub(crate) struct IssuerKeys {
    slot: Slot<Arc<KeySet>>,
    url: Url,
    is_configured: bool,
    rules: Rules,
    http: Arc<HttpClient>,
}

impl IssuerKeys {
    /// Configured keys can be used at once.
    #[must_use]
    pub(crate) fn new(config: Config, clock: &Clock, http: Arc<HttpClient>) -> Self {
        let is_configured = config.configured.is_some();
        // A key set is never absent: there is no negative answer. And the keys are the issuers: nobody invents them.
        let periods = Periods { fresh: config.fresh, stale: config.fresh.max(STALE), negative: Duration::ZERO };
        Self {
            slot: config.configured.map_or_else(Slot::default, |keys| Slot::filled(keys, clock.now())),
            url: config.url,
            is_configured,
            rules: Rules { periods, clock: clock.clone(), unavailable: Fault::JwksUnavailable },
            http,
        }
    }

    /// Whether no key can be used before the set is fetched.
    #[must_use]
    pub(crate) fn needs_fetch(&self) -> bool {
        !self.is_configured
    }

    /// Fetches the key set. What fails is tried again when it is needed.
    pub(crate) async fn warm_up(&self, trace: &mut Trace) {
        self.slot.get(&self.rules, Limits::default(), || self.fetch(trace)).await;
    }

    /// The key of this `kid` for this algorithm. An unknown one has the key set fetched again, if that is allowed now.
    ///
    /// # Errors
    /// [`Unauthorized::KeyUnknown`] if the latest lookup of the key set succeeded, else [`Fault::JwksUnavailable`].
    pub(crate) async fn find(
        &self,
        kid: &str,
        algorithm: Algorithm,
        trace: &mut Trace,
    ) -> Result<VerifyingKey, Refusal> {
        trace.reach(Check::Key);
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
            (None, Some(fault)) => Err(fault.into()),
            (None, None) => Err(Unauthorized::KeyUnknown.into()),
        }
    }

    async fn fetch(&self, trace: &mut Trace) -> Found<Arc<KeySet>> {
        let budget = self.http.budget(trace.deadline());
        let response = self.http.get(Get { url: &self.url, bearer: None }, &budget).await;
        let found = read(response);
        trace.count(Upstream::KeySet, &budget, found.is_err());
        found.map(|set| Some(Arc::new(set))).map_err(|failure| {
            tracing::warn!(url = %self.url, error = %failure, "key set lookup failed");
            failure.as_lookup_error(Fault::JwksUnavailable)
        })
    }
}

fn read(response: Result<Response, HttpError>) -> Result<KeySet, CallError> {
    let response = response?;
    if !response.status.is_success() {
        return Err(CallError::Status(response.status));
    }
    KeySet::parse(&response.body).map_err(|_| CallError::Unreadable)
}
