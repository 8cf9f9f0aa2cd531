//! The keys that sign local tokens, and the key sets that the stand-in for Cognito serves.

#![expect(clippy::indexing_slicing, reason = "a `serde_json::Value` gives null for what it does not have")]

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde_json::{Value, json};

/// A private key in `local/keys`; public, and good for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Primary,
    Secondary,
    /// Is in no key set.
    Forger,
}

impl Key {
    /// The key's id, as odd as Cognito's are.
    pub const fn kid(self) -> &'static str {
        match self {
            Self::Primary => "p1/DevPrimaryKey+0000000000000000000000000001=",
            Self::Secondary => "s2/DevSecondKey+00000000000000000000000000002=",
            Self::Forger => "f3/ForgersKey+0000000000000000000000000000003=",
        }
    }

    /// The private key (PKCS #1, RFC 8017, appendix A.1.2).
    pub const fn der(self) -> &'static [u8] {
        match self {
            Self::Primary => include_bytes!("../keys/primary.der"),
            Self::Secondary => include_bytes!("../keys/secondary.der"),
            Self::Forger => include_bytes!("../keys/forger.der"),
        }
    }

    pub fn encoding_key(self) -> EncodingKey {
        EncodingKey::from_rsa_der(self.der())
    }

    /// The public part as a JSON web key.
    #[expect(clippy::expect_used, reason = "the embedded keys are known to be good; the tests read each")]
    pub fn jwk(self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.encoding_key(), Algorithm::RS256).expect("an embedded RSA key");
        let mut jwk = serde_json::to_value(jwk).expect("a JWK is JSON");
        jwk["kid"] = self.kid().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = "RS256".into();
        jwk
    }

    pub fn key_set(self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    /// Whether it made this signature (in base64url) of a message.
    pub(crate) fn verifies(self, message: &[u8], signature: &str) -> bool {
        let jwk = self.jwk();
        let component = |name: &str| jwk[name].as_str().unwrap_or_default();
        DecodingKey::from_rsa_components(component("n"), component("e"))
            .and_then(|key| jsonwebtoken::crypto::verify(signature, message, &key, Algorithm::RS256))
            .unwrap_or_default()
    }
}

#[expect(clippy::expect_used, reason = "the embedded keys are known to be good; the tests sign with each")]
pub fn sign(key: Key, message: &[u8]) -> String {
    jsonwebtoken::crypto::sign(message, &key.encoding_key(), Algorithm::RS256).expect("an embedded RSA key")
}
