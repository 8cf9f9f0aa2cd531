//! Other algorithms than the pool's, and signatures that are not valid.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;
use smac_local::keys::Key;
use smac_local::token::Token;

use super::{Attack, message, segments, with_token};

pub fn all() -> Vec<Attack> {
    let id = Token::id;
    let mut attacks = Vec::new();
    // RFC 8725, section 2.1: no signature at all, in whatever spelling.
    for alg in ["none", "None", "NONE", "nOnE", "", "none ", "\u{6e}one\u{0}", "null"] {
        let token = id().header("alg", alg);
        let [_, _, signature] = segments(&token.sign()).map(str::to_owned);
        for signature in ["", "AA", signature.as_str()] {
            let token = format!("{}.{signature}", message(&token));
            attacks.push(with_token(format!("alg {alg:?}"), &token, "algorithm_not_allowed"));
        }
    }
    for alg in [json!(null), json!(256), json!(true), json!(["RS256"]), json!({ "RS256": 1 })] {
        let name = format!("alg {alg}");
        attacks.push(with_token(name, &id().header("alg", alg).sign(), "algorithm_not_allowed"));
    }
    for alg in ["rs256", "Rs256", "RS256 ", " RS256", "RS-256", "RS256\u{0}", "RSA256", "SHA256withRSA"] {
        attacks.push(with_token(format!("alg {alg:?}"), &id().header("alg", alg).sign(), "algorithm_not_allowed"));
    }
    // The public key as the secret of a MAC, in every form in which a library may hold it.
    let key = RsaKeyPair::from_der(Key::Primary.der()).unwrap();
    let pkcs1 = key.public_key().as_ref().to_vec();
    let spki: Vec<u8> = key.public_key().as_der().unwrap().as_ref().to_vec();
    let jwk = Key::Primary.jwk();
    let pem = |label: &str, der: &[u8], is_wrapped: bool| {
        let text = STANDARD.encode(der);
        let lines: Vec<&str> = if is_wrapped {
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect()
        } else {
            vec![&text]
        };
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")).into_bytes()
    };
    let mut without_end = pem("PUBLIC KEY", &spki, true);
    without_end.pop();
    let secrets: Vec<(&str, Vec<u8>)> = vec![
        ("PEM", pem("PUBLIC KEY", &spki, true)),
        ("PEM without its last line end", without_end),
        ("PEM in one line", pem("PUBLIC KEY", &spki, false)),
        ("PKCS #1 PEM", pem("RSA PUBLIC KEY", &pkcs1, true)),
        ("DER", spki),
        ("PKCS #1 DER", pkcs1),
        ("JWK", jwk.to_string().into_bytes()),
        ("key set", Key::Primary.key_set().to_string().into_bytes()),
        ("modulus", URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap()),
        ("modulus as text", jwk["n"].as_str().unwrap().as_bytes().to_vec()),
        ("kid", Key::Primary.kid().as_bytes().to_vec()),
        ("nothing", Vec::new()),
    ];
    for (form, secret) in &secrets {
        for (alg, algorithm) in [("HS256", Algorithm::HS256), ("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)]
        {
            for (named, reason) in [(alg, "algorithm_not_allowed"), ("RS256", "signature_invalid")] {
                let message = message(&id().header("alg", named));
                let key = EncodingKey::from_secret(secret);
                let mac = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).unwrap();
                let name = format!("{alg} with the {form}, named {named}");
                attacks.push(with_token(name, &format!("{message}.{mac}"), reason));
            }
        }
    }
    // The pool's own key, with another algorithm than the one that it is for.
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512] {
        let alg = format!("{algorithm:?}");
        for (named, reason) in [(alg.as_str(), "algorithm_not_allowed"), ("RS256", "signature_invalid")] {
            let message = message(&id().header("alg", named));
            let key = Key::Primary.encoding_key();
            let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).unwrap();
            attacks.push(with_token(format!("{alg} named {named}"), &format!("{message}.{signature}"), reason));
        }
    }
    let curve = EncodingKey::from_ec_der(&rcgen::KeyPair::generate().unwrap().serialize_der());
    for (named, reason) in [("ES256", "algorithm_not_allowed"), ("RS256", "signature_invalid")] {
        let message = message(&id().header("alg", named));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &curve, Algorithm::ES256).unwrap();
        attacks.push(with_token(format!("ES256 named {named}"), &format!("{message}.{signature}"), reason));
    }
    for alg in ["ES384", "ES512", "ES256K", "EdDSA", "RSA-OAEP", "dir", "A128KW"] {
        attacks.push(with_token(format!("alg {alg}"), &id().header("alg", alg).sign(), "algorithm_not_allowed"));
    }
    // Signatures that some arithmetic takes for anybody's.
    let message = message(&id());
    for (name, bytes) in [
        ("no", Vec::new()),
        ("a zero", vec![0; 256]),
        ("a one", [vec![0; 255], vec![1]].concat()),
        ("a huge", vec![0xff; 256]),
        ("a short", vec![1; 255]),
        ("a long", vec![1; 257]),
        ("a very long", vec![1; 4096]),
        ("the modulus as", URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap()),
    ] {
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes));
        attacks.push(with_token(format!("{name} signature"), &token, "signature_invalid"));
    }
    attacks
}
