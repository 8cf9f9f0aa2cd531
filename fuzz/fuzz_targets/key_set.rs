//! Any bytes as a key set: each key that is accepted is an RSA key of the set, for RS256 signatures.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use smac_lambda_authorizer::tools::{Algorithm, KeySet};

fuzz_target!(|json: &[u8]| {
    let Ok(set) = KeySet::parse(json, &Algorithm::ALL) else { return };
    let find = |kid: &str| set.find(kid, Algorithm::Rs256);
    let Ok(other) = serde_json::from_slice::<Value>(json) else { return };
    let keys = other["keys"].as_array().expect("a list of keys");
    let usable = |key: &&Value| {
        let kid = key["kid"].as_str().unwrap_or_default();
        key["kty"] == "RSA"
            && find(kid).is_some()
            && key.get("use").is_none_or(|purpose| purpose.is_null() || purpose == "sig")
            && key.get("alg").is_none_or(|algorithm| algorithm.is_null() || algorithm == "RS256")
    };
    assert!(keys.iter().any(|key| usable(&key)), "a set without a usable key");
    assert!(find("").is_none());
    if let Some(key) = keys.iter().find_map(|key| find(key["kid"].as_str()?)) {
        assert!(!key.has_signed(b"anything", &[0; 256]), "a signature that nobody made");
        assert!(!key.has_signed(b"", b""), "a signature that nobody made");
    }
});
