//! Any bytes as a key set: each key that is accepted is one of the set, of the type, curve and use that its algorithm
//! demands, and the first such one of its name.
#![no_main]

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use smac_lambda_authorizer::tools::{Algorithm, KeySet};

fuzz_target!(|json: &[u8]| {
    let Ok(set) = KeySet::parse(json, &Algorithm::ALL) else { return };
    assert!(Algorithm::ALL.iter().all(|algorithm| set.find("", *algorithm).is_none()), "a key without a name");
    // The authorizer skips a byte-order mark, and this reader does not.
    let Ok(other) = serde_json::from_slice::<Value>(json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json)) else {
        return;
    };
    let keys = other["keys"].as_array().expect("a list of keys");
    let mut count = 0;
    for algorithm in Algorithm::ALL {
        // An issuer that may use this alone has the same keys for it.
        let alone = KeySet::parse(json, &[algorithm]).ok();
        for kid in keys.iter().filter_map(|key| key["kid"].as_str()) {
            let found = set.find(kid, algorithm);
            assert_eq!(found.is_some(), alone.as_ref().is_some_and(|alone| alone.find(kid, algorithm).is_some()));
            let Some(found) = found else { continue };
            count += 1;
            assert_eq!(found.algorithm(), algorithm);
            let mut candidates = keys.iter().filter(|key| key["kid"] == kid && fits(key, algorithm));
            let first = candidates.next().expect("a key that fits");
            if candidates.next().is_none() {
                let jwk: Jwk = serde_json::from_value(first.clone()).expect("a JWK");
                assert!(DecodingKey::from_jwk(&jwk).is_ok(), "a key that another library refuses");
            }
            for signature in [&[0; 64][..], &[0; 96], &[0; 256], &[1; 64], &[0xff; 256], b""] {
                assert!(!found.has_signed(b"anything", signature), "a signature that nobody made");
            }
        }
    }
    assert!(count > 0, "a set without a usable key");
});

/// Whether a key says that it is for this algorithm.
fn fits(key: &Value, algorithm: Algorithm) -> bool {
    let is = |name: &str, values: &[&str]| key[name].as_str().is_some_and(|value| values.contains(&value));
    let is_absent_or = |name: &str, values: &[&str]| key[name].is_null() || is(name, values);
    let (kty, curve, names): (_, &[&str], Vec<&str>) = match algorithm {
        Algorithm::Es256 => ("EC", &["P-256"], vec!["ES256"]),
        Algorithm::Es384 => ("EC", &["P-384"], vec!["ES384"]),
        Algorithm::EdDsa => ("OKP", &["Ed25519"], vec!["EdDSA", "Ed25519"]),
        rsa => ("RSA", &[], vec![rsa.name()]),
    };
    is("kty", &[kty])
        && (curve.is_empty() || is("crv", curve))
        && is_absent_or("use", &["sig"])
        && is_absent_or("alg", &names)
        && (key["key_ops"].is_null()
            || key["key_ops"].as_array().is_some_and(|operations| operations.iter().any(|name| name == "verify")))
}
