//! A public key that is ready to verify signatures of one algorithm.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};

use super::algorithm::Algorithm;

/// A public key that is ready to verify signatures of one algorithm: the key says how it is used, never the token
/// (RFC 8725, section 3.1). There is a variant for each family.
#[derive(Clone)]
pub enum VerifyingKey {
    /// An RSA key of 2048 to 8192 bits for RSASSA-PKCS1-v1_5 (RFC 7518, section 3.3).
    RsaPkcs1(Hash, Arc<ParsedPublicKey>),
    /// An RSA key of 2048 to 8192 bits for RSASSA-PSS (RFC 7518, section 3.5).
    RsaPss(Hash, Arc<ParsedPublicKey>),
    /// A point of a curve for ECDSA (RFC 7518, section 3.4).
    Ecdsa(Curve, Arc<ParsedPublicKey>),
    /// A key for Ed25519 (RFC 8037).
    Ed25519(Arc<ParsedPublicKey>),
}

/// The hash of an RSA signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// The curve of an ECDSA key, which tells the hash too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// P-256 with SHA-256.
    P256,
    /// P-384 with SHA-384.
    P384,
}

/// The numbers of a public key, by its type and curve.
pub(super) enum Material {
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    /// The uncompressed point (SEC 1, section 2.3.3).
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Material {
    /// The key for this algorithm, if it is of its type and curve, and sound: a point must be on its curve.
    pub(super) fn key_for(&self, algorithm: Algorithm) -> Option<VerifyingKey> {
        use Algorithm::{EdDsa, Es256, Es384, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        use Hash::{Sha256, Sha384, Sha512};
        use VerifyingKey::{Ecdsa, Ed25519, RsaPkcs1, RsaPss};
        Some(match (algorithm, self) {
            (Rs256, Self::Rsa(key)) => RsaPkcs1(Sha256, rsa(key, &RSA_PKCS1_2048_8192_SHA256)?),
            (Rs384, Self::Rsa(key)) => RsaPkcs1(Sha384, rsa(key, &RSA_PKCS1_2048_8192_SHA384)?),
            (Rs512, Self::Rsa(key)) => RsaPkcs1(Sha512, rsa(key, &RSA_PKCS1_2048_8192_SHA512)?),
            (Ps256, Self::Rsa(key)) => RsaPss(Sha256, rsa(key, &RSA_PSS_2048_8192_SHA256)?),
            (Ps384, Self::Rsa(key)) => RsaPss(Sha384, rsa(key, &RSA_PSS_2048_8192_SHA384)?),
            (Ps512, Self::Rsa(key)) => RsaPss(Sha512, rsa(key, &RSA_PSS_2048_8192_SHA512)?),
            (Es256, Self::P256(point)) => Ecdsa(Curve::P256, parse(&ECDSA_P256_SHA256_FIXED, point)?),
            (Es384, Self::P384(point)) => Ecdsa(Curve::P384, parse(&ECDSA_P384_SHA384_FIXED, point)?),
            (EdDsa, Self::Ed25519(key)) => Ed25519(parse(&ED25519, key)?),
            // A key of another type or curve. It is listed so that no later variant falls through to here unseen.
            (_, Self::Rsa(_) | Self::P256(_) | Self::P384(_) | Self::Ed25519(_)) => return None,
        })
    }
}

fn rsa(key: &RsaPublicKeyComponents<Vec<u8>>, algorithm: &'static RsaParameters) -> Option<Arc<ParsedPublicKey>> {
    key.to_parsed_public_key(algorithm).ok().map(Arc::new)
}

fn parse(algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> Option<Arc<ParsedPublicKey>> {
    ParsedPublicKey::new(algorithm, key).ok().map(Arc::new)
}

impl VerifyingKey {
    /// The one algorithm that this key is used with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::RsaPkcs1(Hash::Sha256, _) => Algorithm::Rs256,
            Self::RsaPkcs1(Hash::Sha384, _) => Algorithm::Rs384,
            Self::RsaPkcs1(Hash::Sha512, _) => Algorithm::Rs512,
            Self::RsaPss(Hash::Sha256, _) => Algorithm::Ps256,
            Self::RsaPss(Hash::Sha384, _) => Algorithm::Ps384,
            Self::RsaPss(Hash::Sha512, _) => Algorithm::Ps512,
            Self::Ecdsa(Curve::P256, _) => Algorithm::Es256,
            Self::Ecdsa(Curve::P384, _) => Algorithm::Es384,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// Whether this is the key's signature of the message. An ECDSA signature has the fixed length of JOSE
    /// (RFC 7518, section 3.4), and is never DER.
    #[must_use]
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let (Self::RsaPkcs1(_, key) | Self::RsaPss(_, key) | Self::Ecdsa(_, key) | Self::Ed25519(key)) = self;
        key.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.algorithm().name())
    }
}
