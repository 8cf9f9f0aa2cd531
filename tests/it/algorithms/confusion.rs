//! One algorithm's token for another's, and the public key as a secret.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};
use smac_lambda_authorizer::tools::Algorithm;
use smac_local::keys::Key;

use super::{Case, KID, NAMES, header, judge};
use crate::support::signer::{KeyType, Signer};

/// Every pair: signed with A, and named B.
#[tokio::test]
async fn between_all_pairs() {
    let signer = Signer::new(Key::Primary);
    let signer = &signer;
    let mut cases = Vec::new();
    for (signed, signed_name) in NAMES {
        for (named, name) in NAMES.into_iter().filter(|(named, _)| *named != signed) {
            let [own, other] = [signed, named].map(|algorithm| signer.named_jwk(KeyType::of(algorithm), KID));
            let is_one_type = KeyType::of(signed) == KeyType::of(named);
            let for_alg = |mut key: Value, alg: &str| {
                key["alg"] = alg.into();
                key
            };
            let no_key_or = |reason| if is_one_type { reason } else { "key_unknown" };
            let both = vec![signed, named];
            for (about, allowed, keys, reason) in [
                ("where A alone is allowed", vec![signed], vec![own.clone()], "algorithm_not_allowed"),
                ("where B alone is allowed", vec![named], vec![own.clone()], no_key_or("signature_invalid")),
                ("where both are allowed", both.clone(), vec![own.clone()], no_key_or("signature_invalid")),
                ("with a key for A", both.clone(), vec![for_alg(own.clone(), signed_name)], "key_unknown"),
                ("with a key for B", both.clone(), vec![for_alg(own.clone(), name)], no_key_or("signature_invalid")),
                ("with keys of both types", both.clone(), vec![own.clone(), other.clone()], "signature_invalid"),
                ("with keys of both types, B's first", both.clone(), vec![other.clone(), own], "signature_invalid"),
            ] {
                cases.push(Case {
                    name: format!("A is {signed_name}, B is {name}, {about}"),
                    allowed,
                    keys,
                    header: header(name),
                    sign: Box::new(move |message| signer.sign(signed, message)),
                    reason,
                });
            }
        }
    }
    // Nine names with each other, and the tenth, which is the ninth's, with the eight others.
    assert_eq!(cases.len(), (9 * 8 + 2 * 8) * 7);
    judge(&cases).await;
}

/// RFC 8725, section 2.1: the public key, in every form in which a library may hold it, as the secret of a MAC.
#[tokio::test]
async fn public_keys_as_secrets() {
    let signer = Signer::new(Key::Primary);
    let macs = [jsonwebtoken::Algorithm::HS256, jsonwebtoken::Algorithm::HS384, jsonwebtoken::Algorithm::HS512];
    let mut cases = Vec::new();
    for (algorithm, alg) in NAMES {
        let jwk = signer.named_jwk(KeyType::of(algorithm), KID);
        for (form, secret) in forms(&signer, KeyType::of(algorithm)) {
            for mac in macs {
                for (named, reason) in
                    [(format!("{mac:?}"), "algorithm_not_allowed"), (alg.to_owned(), "signature_invalid")]
                {
                    let secret = EncodingKey::from_secret(&secret);
                    cases.push(Case {
                        name: format!("{mac:?} with the {form} of the key for {alg}, named {named}"),
                        allowed: vec![algorithm],
                        keys: vec![jwk.clone()],
                        header: header(&named),
                        sign: Box::new(move |message| {
                            let mac = jsonwebtoken::crypto::sign(message, &secret, mac).unwrap();
                            URL_SAFE_NO_PAD.decode(mac).unwrap()
                        }),
                        reason,
                    });
                }
            }
        }
    }
    assert_eq!(cases.len(), NAMES.len() * 11 * 3 * 2);
    judge(&cases).await;
}

/// The forms of a public key.
fn forms(signer: &Signer, key_type: KeyType) -> [(&'static str, Vec<u8>); 11] {
    let spki = signer.spki(key_type);
    let jwk = signer.named_jwk(key_type, KID);
    let coded = STANDARD.encode(&spki);
    let lines: Vec<&str> = coded.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
    let number = jwk.get("n").or(jwk.get("x")).unwrap().as_str().unwrap();
    // A JWK's thumbprint (RFC 7638) may be the key's id, and so be known to everybody.
    let members = ["crv", "e", "kty", "n", "x", "y"].into_iter().filter_map(|name| Some((name, jwk.get(name)?)));
    let required: serde_json::Map<String, Value> =
        members.map(|(name, value)| (name.to_owned(), value.clone())).collect();
    let required = Value::Object(required).to_string();
    let thumbprint = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, required.as_bytes());
    [
        ("PEM", pem.clone().into_bytes()),
        ("PEM without its last line end", pem.trim_end().as_bytes().to_vec()),
        ("PEM in one line", pem.replace('\n', "").into_bytes()),
        ("DER", spki),
        ("base64 of the DER", coded.into_bytes()),
        ("JWK", jwk.to_string().into_bytes()),
        ("key set", json!({ "keys": [jwk] }).to_string().into_bytes()),
        ("modulus or x", URL_SAFE_NO_PAD.decode(number).unwrap()),
        ("modulus or x as a string", number.as_bytes().to_vec()),
        ("thumbprint", thumbprint.as_ref().to_vec()),
        ("id", KID.as_bytes().to_vec()),
    ]
}

/// Of two keys with one name and different types, the one that fits the algorithm serves, in whatever order they are.
#[tokio::test]
async fn two_keys_of_one_name() {
    let [signer, second] = [Key::Primary, Key::Forger].map(Signer::new);
    let (signer, second) = (&signer, &second);
    let types = [Algorithm::Rs256, Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa];
    let mut cases = Vec::new();
    for first in types {
        for second in types.into_iter().filter(|second| *second != first) {
            let keys: Vec<Value> =
                [first, second].map(|algorithm| signer.named_jwk(KeyType::of(algorithm), KID)).into();
            for used in [first, second] {
                cases.push(Case {
                    name: format!("{first:?} and {second:?}, {used:?}"),
                    allowed: vec![first, second],
                    keys: keys.clone(),
                    header: header(used.name()),
                    sign: Box::new(move |message| signer.sign(used, message)),
                    reason: "allowed",
                });
            }
        }
    }
    // Of two that fit, the first counts, and no other is tried.
    for (algorithm, alg) in NAMES {
        let keys = [signer, second].map(|signer| signer.named_jwk(KeyType::of(algorithm), KID));
        for (signer, reason) in [(signer, "allowed"), (second, "signature_invalid")] {
            cases.push(Case {
                name: format!("two keys for {alg}, {reason}"),
                allowed: vec![algorithm],
                keys: keys.to_vec(),
                header: header(alg),
                sign: Box::new(move |message| signer.sign(algorithm, message)),
                reason,
            });
        }
        // One that is for another purpose does not fit.
        let mut for_encryption = keys[0].clone();
        for_encryption["use"] = "enc".into();
        cases.push(Case {
            name: format!("two keys for {alg}, the first for encryption"),
            allowed: vec![algorithm],
            keys: vec![for_encryption, keys[1].clone()],
            header: header(alg),
            sign: Box::new(move |message| second.sign(algorithm, message)),
            reason: "allowed",
        });
    }
    judge(&cases).await;
}
