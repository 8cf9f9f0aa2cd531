//! Project Wycheproof's cases (<https://github.com/C2SP/wycheproof>): signatures, paddings, encodings and keys that a lenient
//! verifier accepts.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use smac_lambda_authorizer::tools::{self, Algorithm, KeySet};
use smac_local::keys::Key;

use crate::support::signer::{KeyType, Signer};
use crate::support::{POOLS, World, oidc, world};

fn vectors(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/it/vectors/wycheproof-{file}.json", env!("CARGO_MANIFEST_DIR"));
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    vectors["testGroups"].as_array().unwrap().clone()
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn parse(key: &Value, algorithms: &[Algorithm]) -> Option<KeySet> {
    KeySet::parse(json!({ "keys": [key] }).to_string().as_bytes(), algorithms).ok()
}

/// Judges the signatures of a file: how many are invalid and how many valid, which is what the file says of each.
fn judge_signatures(file: &str, algorithm: Algorithm) -> [usize; 2] {
    let mut counts = [0, 0];
    for group in vectors(file) {
        let set = parse(&group["public"], &[algorithm]).unwrap();
        let key = set.find(group["public"]["kid"].as_str().unwrap(), algorithm).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let is_valid = test["result"] == "valid";
            let about = format!("{file} {} {}", test["tcId"], test["comment"]);
            assert_eq!(key.has_signed(&bytes(&test["msg"]), &bytes(&test["sig"])), is_valid, "{about}");
            counts[usize::from(is_valid)] += 1;
        }
    }
    counts
}

#[test]
fn rsa_signatures() {
    assert_eq!(judge_signatures("rsa-2048-sha256", Algorithm::Rs256), [250, 9]);
    assert_eq!(judge_signatures("rsa-pss-2048-sha256", Algorithm::Ps256), [45, 63]);
    assert_eq!(judge_signatures("rsa-pss-2048-sha384", Algorithm::Ps384), [46, 95]);
    // There are none for SHA-512 with 2048 bits and a salt as long as the hash but the one below.
    assert_eq!(judge_signatures("rsa-pss-4096-sha512", Algorithm::Ps512), [47, 132]);
}

/// In JOSE's form, both numbers at their full length.
#[test]
fn ecdsa_signatures() {
    assert_eq!(judge_signatures("ecdsa-p256", Algorithm::Es256), [89, 173]);
    assert_eq!(judge_signatures("ecdsa-p384", Algorithm::Es384), [87, 193]);
}

#[test]
fn ed25519_signatures() {
    assert_eq!(judge_signatures("ed25519", Algorithm::EdDsa), [63, 88]);
}

/// 150 valid signatures of RSA-PSS, for every mixture of hashes and lengths of the salt. JOSE has one hash for both, and a
/// salt as long as it (RFC 7518, section 3.5).
#[test]
fn rsa_pss_with_other_parameters() {
    let mut accepted = Vec::new();
    for group in vectors("rsa-pss-misc") {
        let set = parse(&group["public"], &Algorithm::ALL).unwrap();
        for test in group["tests"].as_array().unwrap() {
            assert_eq!(test["result"], "valid");
            for algorithm in Algorithm::ALL {
                let key = set.find("none", algorithm);
                if key.is_some_and(|key| key.has_signed(&bytes(&test["msg"]), &bytes(&test["sig"]))) {
                    accepted.push((algorithm, test["sha"].clone(), test["mgfSha"].clone(), test["sLen"].clone()));
                }
            }
        }
    }
    let expected =
        [(Algorithm::Ps256, "SHA-256", 32), (Algorithm::Ps384, "SHA-384", 48), (Algorithm::Ps512, "SHA-512", 64)]
            .map(|(algorithm, hash, salt)| (algorithm, json!(hash), json!(hash), json!(salt)));
    assert_eq!(accepted, expected);
}

/// Whether a compact JWS is valid by the keys of a set: form, algorithm, key and signature, by the way that tokens go.
fn is_valid(set: &KeySet, jws: &str, allowed: Algorithm) -> bool {
    let (Some([header, _, signature]), Some((message, _))) = (tools::segments(jws), jws.rsplit_once('.')) else {
        return false;
    };
    let Some(header) = tools::Object::parse(&header) else {
        return false;
    };
    let algorithm = header.string("alg").and_then(|alg| Algorithm::by_name(&alg)).filter(|alg| *alg == allowed);
    let key = algorithm.zip(header.string("kid")).and_then(|(algorithm, kid)| set.find(&kid, algorithm));
    header.json("crit").is_none() && key.is_some_and(|key| key.has_signed(message.as_bytes(), &signature))
}

/// An authorizer for the key set, beside keys of ours, since a configured set without a usable one is a mistake.
async fn world_for(key: &Value, algorithm: Algorithm) -> World {
    let others = Signer::new(Key::Primary);
    let keys = json!({ "keys": [key, others.named_jwk(KeyType::of(algorithm), "another key")] }).to_string();
    let settings = [("ALGORITHMS", algorithm.name()), ("JWKS", &keys)];
    oidc::still_world(&oidc::issuer("WYCHEPROOF", "https://id.example.com", &settings)).await
}

/// RFC 7520's figure 20, twice: signed with PS384 by a key whose `alg` is PS256. Wycheproof calls that valid; here a key that
/// is for another algorithm does not count (RFC 8725, section 3.1).
const KEYS_OF_ANOTHER_ALGORITHM: [u64; 2] = [346, 350];

/// Each case of JSON web signatures is judged by its own algorithm, and no other algorithm accepts any. The counts are
/// those of the invalid and of the valid cases, by the key's algorithm.
#[tokio::test]
async fn json_web_signatures() {
    let mut counts: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for group in vectors("json-web-signature") {
        let key = &group["public"];
        // Keys for other purposes, and of curves that nothing here uses, have none.
        let own = key["alg"].as_str().and_then(Algorithm::by_name);
        for algorithm in Algorithm::ALL {
            let set = parse(key, &[algorithm]);
            assert_eq!(set.is_some(), own == Some(algorithm), "{key} for {algorithm:?}");
            let world = world_for(key, algorithm).await;
            for test in group["tests"].as_array().unwrap() {
                let about = format!("{} {} with {algorithm:?}", test["tcId"], test["comment"]);
                let jws = test["jws"].as_str().unwrap();
                let found = set.as_ref().is_some_and(|set| is_valid(set, jws, algorithm));
                let is_for_another = KEYS_OF_ANOTHER_ALGORITHM.contains(&test["tcId"].as_u64().unwrap());
                let is_expected = own == Some(algorithm) && test["result"] == "valid" && !is_for_another;
                assert_eq!(found, is_expected, "{about}");
                is_refused(&world, jws, &about).await;
                if own.unwrap_or(Algorithm::Rs256) == algorithm {
                    let alg = key["alg"].as_str().unwrap_or("none").to_owned();
                    counts.entry(alg).or_default()[usize::from(found)] += 1;
                }
            }
        }
    }
    let expected = [
        ("ES256", [37, 2]),
        ("ES521", [2, 0]),
        ("PS256", [44, 6]),
        ("PS384", [1, 4]),
        ("PS512", [16, 4]),
        ("RS256", [225, 8]),
        ("RS384", [0, 4]),
        ("RS512", [0, 4]),
        ("none", [4, 0]),
    ];
    assert_eq!(counts, expected.map(|(alg, counts)| (alg.to_owned(), counts)).into());
}

/// Without its `alg`, the key of figure 20 is one for PS384 too.
#[test]
fn a_key_that_does_not_say_what_it_is_for() {
    let mut count = 0;
    for mut group in vectors("json-web-signature").into_iter().filter(|group| group["public"]["alg"] == "PS256") {
        group["public"]["alg"] = Value::Null;
        let set = parse(&group["public"], &[Algorithm::Ps384]).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let is_figure_20 = KEYS_OF_ANOTHER_ALGORITHM.contains(&test["tcId"].as_u64().unwrap());
            assert_eq!(
                is_valid(&set, test["jws"].as_str().unwrap(), Algorithm::Ps384),
                is_figure_20,
                "{}",
                test["tcId"]
            );
            count += usize::from(is_figure_20);
        }
    }
    assert_eq!(count, 2);
}

/// The same for a user pool, whose tokens are RS256.
#[tokio::test]
async fn json_web_signatures_for_a_user_pool() {
    for group in vectors("json-web-signature") {
        let set = json!({ "keys": [group["public"], Key::Primary.jwk()] }).to_string();
        let world = world(&[(format!("{POOLS}__PRIMARY__JWKS").as_str(), set.as_str())]).await;
        for test in group["tests"].as_array().unwrap() {
            is_refused(&world, test["jws"].as_str().unwrap(), &test["tcId"].to_string()).await;
        }
    }
}

/// None of them holds claims, so none gets in, whatever its signature.
async fn is_refused(world: &World, jws: &str, about: &str) {
    let told = world.ask_with_token(jws).await;
    assert_eq!(told.line()["outcome"], "unauthorized", "{about} {}", told.reason());
}

/// Keys that a verifier must not use, each with a token that they would verify. Two are used here: the good one, and one that
/// a chip with a faulty generator made (ROCA, CVE-2017-15361). An issuer's key set is trusted not to hold such a key:
/// nothing here searches for weak numbers in it.
#[tokio::test]
async fn json_web_keys() {
    let mut usable = Vec::new();
    for group in vectors("json-web-key") {
        let set = KeySet::parse(group["public"].to_string().as_bytes(), &Algorithm::ALL);
        for test in group["tests"].as_array().unwrap() {
            let jws = test["jws"].as_str().unwrap();
            let is_valid =
                set.as_ref().is_ok_and(|set| Algorithm::ALL.iter().any(|algorithm| is_valid(set, jws, *algorithm)));
            if is_valid {
                usable.push((group["comment"].clone(), test["result"].clone()));
            }
        }
    }
    let expected = [("rs256", "valid"), ("jws_rsa_roca_key", "invalid")];
    assert_eq!(usable, expected.map(|(group, result)| (json!(group), json!(result))));
}
