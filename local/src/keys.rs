//! The keys that sign local tokens, and the key sets that the stand-ins serve.

#![expect(clippy::indexing_slicing, reason = "a `serde_json::Value` gives null for what it does not have")]

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};

pub use jsonwebtoken::Algorithm;

/// A private key in `local/keys`; public, and good for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Primary,
    Secondary,
    /// What the OIDC issuer signs with, unless a token says otherwise.
    Dev,
    DevRsa,
    DevP384,
    DevEd25519,
    /// Is in no key set, as are the others of its name.
    Forger,
    ForgerP256,
    ForgerP384,
    ForgerEd25519,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl Key {
    const fn row(self) -> (&'static str, Kind, &'static [u8]) {
        match self {
            // As odd as Cognito's are.
            Self::Primary => {
                ("p1/DevPrimaryKey+0000000000000000000000000001=", Kind::Rsa, include_bytes!("../keys/primary.der"))
            }
            Self::Secondary => {
                ("s2/DevSecondKey+00000000000000000000000000002=", Kind::Rsa, include_bytes!("../keys/secondary.der"))
            }
            Self::Forger => {
                ("f3/ForgersKey+0000000000000000000000000000003=", Kind::Rsa, include_bytes!("../keys/forger.der"))
            }
            Self::Dev => ("dev-es256", Kind::P256, include_bytes!("../keys/dev.der")),
            Self::DevRsa => ("dev-rsa", Kind::Rsa, include_bytes!("../keys/dev-rsa.der")),
            Self::DevP384 => ("dev-es384", Kind::P384, include_bytes!("../keys/dev-p384.der")),
            Self::DevEd25519 => ("dev-ed25519", Kind::Ed25519, include_bytes!("../keys/dev-ed25519.der")),
            Self::ForgerP256 => ("forger-es256", Kind::P256, include_bytes!("../keys/forger-p256.der")),
            Self::ForgerP384 => ("forger-es384", Kind::P384, include_bytes!("../keys/forger-p384.der")),
            Self::ForgerEd25519 => ("forger-ed25519", Kind::Ed25519, include_bytes!("../keys/forger-ed25519.der")),
        }
    }

    /// The key's id.
    pub const fn kid(self) -> &'static str {
        self.row().0
    }

    const fn kind(self) -> Kind {
        self.row().1
    }

    /// The private key: of RSA as PKCS #1 (RFC 8017, appendix A.1.2), else as PKCS #8 (RFC 5958).
    pub const fn der(self) -> &'static [u8] {
        self.row().2
    }

    /// The algorithm that it signs with, where none is named.
    pub const fn algorithm(self) -> Algorithm {
        match self.kind() {
            Kind::Rsa => Algorithm::RS256,
            Kind::P256 => Algorithm::ES256,
            Kind::P384 => Algorithm::ES384,
            Kind::Ed25519 => Algorithm::EdDSA,
        }
    }

    /// Whether it can sign with this algorithm.
    pub const fn fits(self, algorithm: Algorithm) -> bool {
        use Algorithm::{PS256, PS384, PS512, RS256, RS384, RS512};
        match self.kind() {
            Kind::Rsa => matches!(algorithm, RS256 | RS384 | RS512 | PS256 | PS384 | PS512),
            Kind::P256 => matches!(algorithm, Algorithm::ES256),
            Kind::P384 => matches!(algorithm, Algorithm::ES384),
            Kind::Ed25519 => matches!(algorithm, Algorithm::EdDSA),
        }
    }

    /// Another key of the same kind, which is in no key set.
    pub const fn forger(self) -> Self {
        match self.kind() {
            Kind::Rsa => Self::Forger,
            Kind::P256 => Self::ForgerP256,
            Kind::P384 => Self::ForgerP384,
            Kind::Ed25519 => Self::ForgerEd25519,
        }
    }

    pub fn encoding_key(self) -> EncodingKey {
        match self.kind() {
            Kind::Rsa => EncodingKey::from_rsa_der(self.der()),
            Kind::P256 | Kind::P384 => EncodingKey::from_ec_der(self.der()),
            Kind::Ed25519 => EncodingKey::from_ed_der(self.der()),
        }
    }

    #[expect(clippy::expect_used, reason = "the embedded keys are known to be good; the tests read each")]
    fn public(self) -> Jwk {
        Jwk::from_encoding_key(&self.encoding_key(), self.algorithm()).expect("an embedded key")
    }

    #[expect(clippy::expect_used, reason = "a JWK is JSON")]
    pub fn jwk(self) -> Value {
        let mut jwk = serde_json::to_value(self.public()).expect("a JWK is JSON");
        jwk["kid"] = self.kid().into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// The same for every algorithm that it fits, as many issuers have it: without `alg`.
    pub fn jwk_of_any_algorithm(self) -> Value {
        let mut jwk = self.jwk();
        if let Some(jwk) = jwk.as_object_mut() {
            jwk.remove("alg");
        }
        jwk
    }

    pub fn key_set(self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    /// Whether it made this signature (in base64url) of a message.
    pub(crate) fn verifies(self, message: &[u8], signature: &str, algorithm: Algorithm) -> bool {
        self.fits(algorithm)
            && DecodingKey::from_jwk(&self.public())
                .and_then(|key| jsonwebtoken::crypto::verify(signature, message, &key, algorithm))
                .unwrap_or_default()
    }
}

/// The signature (in base64url) of a message, by the key's own algorithm.
pub fn sign(key: Key, message: &[u8]) -> String {
    sign_with(key, key.algorithm(), message)
}

/// The same by this algorithm, or by the key's own where that does not fit.
#[expect(clippy::expect_used, reason = "the embedded keys are known to be good; the tests sign with each")]
pub fn sign_with(key: Key, algorithm: Algorithm, message: &[u8]) -> String {
    let algorithm = if key.fits(algorithm) { algorithm } else { key.algorithm() };
    jsonwebtoken::crypto::sign(message, &key.encoding_key(), algorithm).expect("an embedded key")
}
