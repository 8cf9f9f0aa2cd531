//! A private key of each type that signs tokens: its public half, and its signatures with each algorithm.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use smac_lambda_authorizer::tools::Algorithm;
use smac_local::keys::Key;

/// The type of a key, with its curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl KeyType {
    /// The type of the keys for this algorithm.
    pub const fn of(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => Self::Rsa,
            Algorithm::Es256 => Self::P256,
            Algorithm::Es384 => Self::P384,
            Algorithm::EdDsa => Self::Ed25519,
        }
    }
}

/// A private key of each type.
pub struct Signer {
    rsa: RsaKeyPair,
    rsa_jwk: Value,
    p256: EcdsaKeyPair,
    p384: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
}

impl Signer {
    /// With this RSA key, and new keys of the other types.
    pub fn new(rsa: Key) -> Self {
        Self {
            rsa: RsaKeyPair::from_der(rsa.der()).unwrap(),
            rsa_jwk: rsa.jwk(),
            p256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            p384: EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap(),
            ed25519: Ed25519KeyPair::generate().unwrap(),
        }
    }

    /// The public key as a JWK, with nothing but what the type demands (RFC 7518, section 6; RFC 8037, section 2).
    pub fn jwk(&self, key_type: KeyType) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // Uncompressed: 4, x, y (SEC 1, section 2.3.3).
        let point = |curve: &str, key: &EcdsaKeyPair| {
            let (x, y) = key.public_key().as_ref()[1..].split_at(key.public_key().as_ref().len() / 2);
            json!({ "kty": "EC", "crv": curve, "x": encode(x), "y": encode(y) })
        };
        match key_type {
            KeyType::Rsa => json!({ "kty": "RSA", "n": self.rsa_jwk["n"], "e": self.rsa_jwk["e"] }),
            KeyType::P256 => point("P-256", &self.p256),
            KeyType::P384 => point("P-384", &self.p384),
            KeyType::Ed25519 => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(self.ed25519.public_key().as_ref()) })
            }
        }
    }

    /// The same with a `kid`.
    pub fn named_jwk(&self, key_type: KeyType, kid: &str) -> Value {
        let mut jwk = self.jwk(key_type);
        jwk["kid"] = kid.into();
        jwk
    }

    /// The public key as a SubjectPublicKeyInfo (RFC 5280, section 4.1).
    pub fn spki(&self, key_type: KeyType) -> Vec<u8> {
        match key_type {
            KeyType::Rsa => self.rsa.public_key().as_der().unwrap().as_ref().to_vec(),
            KeyType::P256 => self.p256.public_key().as_der().unwrap().as_ref().to_vec(),
            KeyType::P384 => self.p384.public_key().as_der().unwrap().as_ref().to_vec(),
            KeyType::Ed25519 => self.ed25519.public_key().as_der().unwrap().as_ref().to_vec(),
        }
    }

    /// The signature of a message, as a token has it.
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let ecdsa = |key: &EcdsaKeyPair| key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec();
        match algorithm {
            Algorithm::Rs256 => self.rsa(&RSA_PKCS1_SHA256, message),
            Algorithm::Rs384 => self.rsa(&RSA_PKCS1_SHA384, message),
            Algorithm::Rs512 => self.rsa(&RSA_PKCS1_SHA512, message),
            Algorithm::Ps256 => self.rsa(&RSA_PSS_SHA256, message),
            Algorithm::Ps384 => self.rsa(&RSA_PSS_SHA384, message),
            Algorithm::Ps512 => self.rsa(&RSA_PSS_SHA512, message),
            Algorithm::Es256 => ecdsa(&self.p256),
            Algorithm::Es384 => ecdsa(&self.p384),
            Algorithm::EdDsa => self.ed25519.sign(message).as_ref().to_vec(),
        }
    }

    fn rsa(&self, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        self.rsa.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }

    /// A compact token with this header and these claims.
    pub fn token(&self, algorithm: Algorithm, header: &Value, claims: &Value) -> String {
        compact(header, claims, |message| self.sign(algorithm, message))
    }
}

/// A compact token whose signature `sign` makes.
pub fn compact(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let [header, claims] = [header, claims].map(|json| URL_SAFE_NO_PAD.encode(json.to_string()));
    let message = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}
