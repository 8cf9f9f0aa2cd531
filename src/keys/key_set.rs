//! Key sets (RFC 7517): which of their keys can be used, and for which algorithm.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use aws_lc_rs::signature::RsaPublicKeyComponents;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse, RSAKeyParameters,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::algorithm::Algorithm;
use super::verifying::{Material, VerifyingKey};
use crate::object::{Object, without_byte_order_mark};

/// The sizes of a modulus that are accepted: RFC 7518, sections 3.3 and 3.5, and the most that the cryptography library
/// takes.
const MODULUS_BITS: RangeInclusive<usize> = 2048..=8192;

/// What an uncompressed point begins with (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// Ed25519 points whose order is small, little-endian, without the sign of x: for such a key, anybody can make signatures, as
/// for an RSA key whose exponent is 1. The library accepts them. The last two are second spellings of 0 and 1.
const SMALL_ORDER: [[u8; 32]; 7] = [
    repeated(0x00, 0x00, 0x00),
    repeated(0x01, 0x00, 0x00),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, //
        0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, //
        0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    repeated(0xec, 0xff, 0x7f),
    repeated(0xed, 0xff, 0x7f),
    repeated(0xee, 0xff, 0x7f),
];

/// The usable keys of a key set (RFC 7517, section 5); at least one.
pub struct KeySet {
    /// One for each algorithm that a key can be used with.
    keys: Vec<(String, VerifyingKey)>,
}

/// Why a document is not a key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySetError {
    /// It is not JSON of the form of a key set.
    Malformed,
    /// None of its keys can be used with the issuer's algorithms.
    NoUsableKey,
}

impl fmt::Display for KeySetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "is not a JSON key set",
            Self::NoUsableKey => "holds no key that can be used with the issuer's algorithms",
        })
    }
}

impl std::error::Error for KeySetError {}

impl KeySet {
    /// Reads the keys of an issuer that may use these algorithms. Keys that can't be used are skipped.
    ///
    /// Usable is a key with a `kid`, whose `use`, `key_ops` and `alg`, where present, allow to verify signatures of one of
    /// the algorithms, and whose type and curve are that algorithm's: RSA of 2048 to 8192 bits, P-256, P-384, or Ed25519.
    ///
    /// # Errors
    /// [`KeySetError`] if it is not a key set, or has no usable key.
    pub fn parse(json: &[u8], algorithms: &[Algorithm]) -> Result<Self, KeySetError> {
        #[derive(Deserialize)]
        struct Set<'a> {
            #[serde(borrow)]
            keys: Vec<&'a RawValue>,
        }
        let json = without_byte_order_mark(json);
        let Object(set): Object<Set<'_>> = serde_json::from_slice(json).map_err(|_| KeySetError::Malformed)?;
        let mut keys = Vec::new();
        for (kid, usable) in set.keys.into_iter().filter_map(|key| usable_keys(key, algorithms)) {
            keys.extend(usable.into_iter().map(|key| (kid.clone(), key)));
        }
        if keys.is_empty() { Err(KeySetError::NoUsableKey) } else { Ok(Self { keys }) }
    }

    /// The key of this `kid`, which is compared byte for byte, for this algorithm. Of several the first counts.
    #[must_use]
    pub fn find(&self, kid: &str, algorithm: Algorithm) -> Option<VerifyingKey> {
        let fits = |(other, key): &&(String, VerifyingKey)| other == kid && key.algorithm() == algorithm;
        self.keys.iter().find(fits).map(|(_, key)| key.clone())
    }
}

#[cfg(feature = "tools")]
impl KeySet {
    /// How many of its keys can be used with this algorithm.
    #[must_use]
    pub fn count(&self, algorithm: Algorithm) -> usize {
        self.keys.iter().filter(|(_, key)| key.algorithm() == algorithm).count()
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySet({} keys)", self.keys.len())
    }
}

/// A JWK's `kid`, and the key for each of the algorithms that it can be used with.
fn usable_keys(json: &RawValue, algorithms: &[Algorithm]) -> Option<(String, Vec<VerifyingKey>)> {
    let Jwk { common, algorithm: parameters } = serde_json::from_str(json.get()).ok()?;
    if !may_verify(&common) {
        return None;
    }
    let declared = match common.key_algorithm {
        None => None,
        Some(_) => Some(declared_algorithm(json)?),
    };
    let kid = common.key_id.filter(|kid| !kid.is_empty())?;
    let material = material(parameters)?;
    let allowed = algorithms.iter().filter(|algorithm| declared.is_none_or(|declared| declared == **algorithm));
    Some((kid, allowed.filter_map(|algorithm| material.key_for(*algorithm)).collect()))
}

/// RFC 7517, sections 4.2 and 4.3.
fn may_verify(common: &CommonParameters) -> bool {
    common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify))
}

/// The `alg` of a JWK, by our own list: the library does not know all names.
fn declared_algorithm(json: &RawValue) -> Option<Algorithm> {
    #[derive(Deserialize)]
    struct Declared<'a> {
        #[serde(borrow)]
        alg: Cow<'a, str>,
    }
    let Declared { alg } = serde_json::from_str(json.get()).ok()?;
    Algorithm::by_name(&alg)
}

/// The numbers of a key, if they have the form that its type demands. Coordinates have the full length of the curve
/// (RFC 7518, section 6.2.1.2).
fn material(parameters: AlgorithmParameters) -> Option<Material> {
    let decode = |number: &str| URL_SAFE_NO_PAD.decode(number).ok();
    let point = |x: &str, y: &str, length: usize| {
        let coordinates = [decode(x)?, decode(y)?];
        coordinates
            .iter()
            .all(|coordinate| coordinate.len() == length)
            .then(|| [&[UNCOMPRESSED], coordinates.concat().as_slice()].concat())
    };
    match parameters {
        AlgorithmParameters::RSA(rsa) => rsa_key(&rsa),
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => point(&key.x, &key.y, 32).map(Material::P256),
            EllipticCurve::P384 => point(&key.x, &key.y, 48).map(Material::P384),
            EllipticCurve::P521 | EllipticCurve::Ed25519 | _ => None,
        },
        AlgorithmParameters::OctetKeyPair(key) => match key.curve {
            EllipticCurve::Ed25519 => decode(&key.x).filter(|key| is_sound_point(key)).map(Material::Ed25519),
            EllipticCurve::P256 | EllipticCurve::P384 | EllipticCurve::P521 | _ => None,
        },
        AlgorithmParameters::OctetKey(_) | AlgorithmParameters::Other(_) | _ => None,
    }
}

/// 32 bytes (RFC 8032, section 5.1.5), and a point of which only the owner of the private key can make signatures.
fn is_sound_point(key: &[u8]) -> bool {
    <[u8; 32]>::try_from(key).is_ok_and(|[start @ .., end]| {
        !SMALL_ORDER.iter().any(|[other @ .., other_end]| start == *other && end & 0x7f == *other_end)
    })
}

const fn repeated(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    let [start, .., end] = &mut bytes;
    *start = first;
    *end = last;
    bytes
}

fn rsa_key(rsa: &RSAKeyParameters) -> Option<Material> {
    let n = URL_SAFE_NO_PAD.decode(&rsa.n).ok()?;
    let e = URL_SAFE_NO_PAD.decode(&rsa.e).ok()?;
    let is_sound = MODULUS_BITS.contains(&bit_length(&n)) && is_odd(&n) && is_sound_exponent(&e);
    is_sound.then_some(Material::Rsa(RsaPublicKeyComponents { n, e }))
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
