//! Keys of a set: which of them serve, for which algorithm, and which are skipped.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use smac_lambda_authorizer::tools::{Algorithm, KeySet, KeySetError};
use smac_local::keys::Key;

use super::{Case, KID, NAMES, header, judge};
use crate::support::signer::{KeyType, Signer};

fn parse(key: &Value, algorithms: &[Algorithm]) -> Result<KeySet, KeySetError> {
    KeySet::parse(json!({ "keys": [key] }).to_string().as_bytes(), algorithms)
}

/// A key serves only an algorithm of its type and curve, that its `alg` names if it has one, and that the issuer may use.
#[test]
fn a_key_is_for_its_algorithms_alone() {
    let signer = Signer::new(Key::Primary);
    let mut count = 0;
    for key_type in [KeyType::Rsa, KeyType::P256, KeyType::P384, KeyType::Ed25519] {
        for declared in NAMES.iter().map(|(algorithm, alg)| Some((*algorithm, *alg))).chain([None]) {
            let mut key = signer.named_jwk(key_type, KID);
            if let Some((_, alg)) = declared {
                key["alg"] = alg.into();
            }
            for allowed in Algorithm::ALL {
                let fits = KeyType::of(allowed) == key_type && declared.is_none_or(|(declared, _)| declared == allowed);
                let set = parse(&key, &[allowed]);
                assert_eq!(set.is_ok(), fits, "{key} for {allowed:?}");
                for wanted in Algorithm::ALL {
                    let found = set.as_ref().ok().and_then(|set| set.find(KID, wanted));
                    assert_eq!(found.is_some(), fits && wanted == allowed, "{key} for {allowed:?} as {wanted:?}");
                    assert_eq!(found.map_or(wanted, |key| key.algorithm()), wanted);
                    count += 1;
                }
            }
        }
    }
    assert_eq!(count, 4 * 11 * 9 * 9);
}

/// `use`, `key_ops`, `alg` and other members of a JWK (RFC 7517, section 4), for each algorithm.
#[tokio::test]
async fn members_of_a_key() {
    let signer = Signer::new(Key::Primary);
    let signer = &signer;
    let mut cases = Vec::new();
    for (algorithm, alg) in NAMES {
        for (name, value, is_usable) in [
            ("use", json!("sig"), true),
            ("use", Value::Null, true),
            ("use", json!("enc"), false),
            ("use", json!("Sig"), false),
            ("use", json!(""), false),
            ("use", json!("tls"), false),
            ("use", json!(["sig"]), false),
            ("key_ops", json!(["verify"]), true),
            ("key_ops", json!(["sign", "verify"]), true),
            ("key_ops", json!(["something new", "verify"]), true),
            ("key_ops", Value::Null, true),
            ("key_ops", json!([]), false),
            ("key_ops", json!(["sign"]), false),
            ("key_ops", json!(["encrypt", "wrapKey"]), false),
            ("key_ops", json!("verify"), false),
            ("alg", Value::Null, true),
            ("alg", json!(alg), true),
            ("alg", json!(alg.to_lowercase()), false),
            ("alg", json!("none"), false),
            ("alg", json!("HS256"), false),
            ("alg", json!("ES512"), false),
            ("alg", json!("ES256K"), false),
            ("alg", json!("Ed448"), false),
            ("alg", json!("RSA-OAEP"), false),
            ("alg", json!("ECDH-ES"), false),
            ("alg", json!(""), false),
            ("alg", json!([alg]), false),
            ("kid", Value::Null, false),
            ("kid", json!(""), false),
            ("kid", json!(7), false),
            ("kid", json!("KEY"), false),
            ("kty", json!("oct"), false),
            ("kty", json!("rsa"), false),
            ("kty", json!("AKP"), false),
            ("kty", Value::Null, false),
            ("exp", json!(1), true),
            ("issuer", json!("https://login.example.com/{tenantid}/v2.0"), true),
        ] {
            let mut key = signer.named_jwk(KeyType::of(algorithm), KID);
            key[name] = value.clone();
            cases.push(Case {
                name: format!("{alg} with {name} {value}"),
                allowed: vec![algorithm],
                keys: vec![key],
                header: header(alg),
                sign: Box::new(move |message| signer.sign(algorithm, message)),
                reason: if is_usable { "allowed" } else { "key_unknown" },
            });
        }
    }
    judge(&cases).await;
}

fn number(jwk: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap()
}

fn with(jwk: &Value, changes: &[(&str, &[u8])]) -> Value {
    let mut jwk = jwk.clone();
    for (name, bytes) in changes {
        jwk[*name] = URL_SAFE_NO_PAD.encode(bytes).into();
    }
    jwk
}

/// RFC 8725, section 3.4: points that are not on the curve, and coordinates of another length than the curve's
/// (RFC 7518, section 6.2.1.2).
#[test]
fn points_that_are_none() {
    for (key_type, algorithm, length) in [(KeyType::P256, Algorithm::Es256, 32), (KeyType::P384, Algorithm::Es384, 48)]
    {
        // One whose x begins with a zero, so that some library would leave that out.
        let jwk = loop {
            let jwk = Signer::new(Key::Primary).named_jwk(key_type, KID);
            if number(&jwk, "x")[0] == 0 {
                break jwk;
            }
        };
        let [x, y] = ["x", "y"].map(|name| number(&jwk, name));
        assert_eq!((x.len(), y.len()), (length, length));
        assert!(parse(&jwk, &[algorithm]).is_ok());
        let changed = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            bytes[length - 1] ^= 1;
            bytes
        };
        let zero = vec![0; length];
        let odd: Vec<(&str, Value)> = vec![
            ("another x", with(&jwk, &[("x", &changed(&x))])),
            ("another y", with(&jwk, &[("y", &changed(&y))])),
            ("x and y the other way round", with(&jwk, &[("x", &y), ("y", &x)])),
            ("zeros", with(&jwk, &[("x", &zero), ("y", &zero)])),
            ("ones", with(&jwk, &[("x", &[0xff; 48][..length]), ("y", &[0xff; 48][..length])])),
            ("x without its leading zero", with(&jwk, &[("x", &x[1..])])),
            ("x with one zero more", with(&jwk, &[("x", &[&[0], x.as_slice()].concat())])),
            ("y with one zero more", with(&jwk, &[("y", &[&[0], y.as_slice()].concat())])),
            ("y with a zero behind", with(&jwk, &[("y", &[y.as_slice(), &[0]].concat())])),
            ("x twice as long", with(&jwk, &[("x", &[x.as_slice(), &y].concat()), ("y", &[])])),
            ("no x", with(&jwk, &[("x", &[])])),
            ("no y", with(&jwk, &[("y", &[])])),
            (
                "a compressed point",
                with(&jwk, &[("x", &[&[2 + (y[length - 1] & 1)], x.as_slice()].concat()), ("y", &[])]),
            ),
        ];
        for (name, key) in odd {
            assert_eq!(parse(&key, &Algorithm::ALL).err(), Some(KeySetError::NoUsableKey), "{name} {key}");
        }
        for (name, value) in [
            ("y", Value::Null),
            ("x", json!(7)),
            ("x", json!(format!("{}=", jwk["x"].as_str().unwrap()))),
            ("x", json!("not base64!")),
            ("crv", json!("P-521")),
            ("crv", json!("secp256k1")),
            ("crv", json!("p-256")),
            ("crv", json!("Ed25519")),
            ("crv", json!("")),
            ("crv", json!(if key_type == KeyType::P256 { "P-384" } else { "P-256" })),
        ] {
            let mut key = jwk.clone();
            key[name] = value.clone();
            assert_eq!(parse(&key, &Algorithm::ALL).err(), Some(KeySetError::NoUsableKey), "{name} {value}");
        }
    }
}

/// Curves that no algorithm here has, and keys of Ed25519 of another length.
#[test]
fn keys_of_other_curves() {
    let signer = Signer::new(Key::Primary);
    let ed25519 = signer.named_jwk(KeyType::Ed25519, KID);
    let x = number(&ed25519, "x");
    let coordinate = |length: usize| URL_SAFE_NO_PAD.encode(vec![7; length]);
    for key in [
        json!({ "kty": "EC", "kid": KID, "crv": "P-521", "x": coordinate(66), "y": coordinate(66) }),
        json!({ "kty": "EC", "kid": KID, "crv": "secp256k1", "x": coordinate(32), "y": coordinate(32) }),
        json!({ "kty": "EC", "kid": KID, "crv": "BP-256", "x": coordinate(32), "y": coordinate(32) }),
        json!({ "kty": "OKP", "kid": KID, "crv": "X25519", "x": ed25519["x"] }),
        json!({ "kty": "OKP", "kid": KID, "crv": "Ed448", "x": coordinate(57) }),
        json!({ "kty": "OKP", "kid": KID, "crv": "X448", "x": coordinate(56) }),
        json!({ "kty": "OKP", "kid": KID, "crv": "ed25519", "x": ed25519["x"] }),
        json!({ "kty": "OKP", "kid": KID, "crv": "P-256", "x": ed25519["x"] }),
        json!({ "kty": "OKP", "kid": KID, "x": ed25519["x"] }),
        json!({ "kty": "OKP", "kid": KID, "crv": "Ed25519" }),
        json!({ "kty": "oct", "kid": KID, "k": ed25519["x"] }),
        json!({ "kty": "AKP", "kid": KID, "alg": "ML-DSA-44", "pub": coordinate(1312) }),
        with(&ed25519, &[("x", &x[1..])]),
        with(&ed25519, &[("x", &x[..31])]),
        with(&ed25519, &[("x", &[x.as_slice(), &[0]].concat())]),
        with(&ed25519, &[("x", &[&[0], x.as_slice()].concat())]),
        with(&ed25519, &[("x", &x.repeat(2))]),
        with(&ed25519, &[("x", &[])]),
    ] {
        assert_eq!(parse(&key, &Algorithm::ALL).err(), Some(KeySetError::NoUsableKey), "{key}");
        // Beside a key that is good, it is skipped.
        let keys = json!({ "keys": [key, ed25519, 7, null, {}] }).to_string();
        assert!(KeySet::parse(keys.as_bytes(), &Algorithm::ALL).unwrap().find(KID, Algorithm::EdDsa).is_some());
    }
}

/// RFC 7518, sections 3.3 and 3.5: RSA keys have 2048 bits or more, for each of the six algorithms.
#[test]
fn small_rsa_keys() {
    let modulus = |bits: usize| {
        let mut bytes = vec![0xff_u8; bits.div_ceil(8)];
        bytes[0] >>= bytes.len() * 8 - bits;
        URL_SAFE_NO_PAD.encode(bytes)
    };
    for algorithm in Algorithm::ALL {
        for (bits, is_sound) in [
            (512, false),
            (1024, false),
            (1536, false),
            (2040, false),
            (2047, false),
            (2048, true),
            (3072, true),
            (4096, true),
        ] {
            let key = json!({ "kty": "RSA", "kid": KID, "n": modulus(bits), "e": "AQAB" });
            let is_usable = is_sound && KeyType::of(algorithm) == KeyType::Rsa;
            assert_eq!(parse(&key, &[algorithm]).is_ok(), is_usable, "{bits} bits for {algorithm:?}");
        }
        for (e, name) in [("AQ", 1), ("AA", 0), ("Ag", 2), ("BA", 4)] {
            let key = json!({ "kty": "RSA", "kid": KID, "n": modulus(2048), "e": e });
            assert!(parse(&key, &[algorithm]).is_err(), "e is {name} for {algorithm:?}");
        }
    }
}

/// Points of Ed25519 whose order is small: for such a key, anybody can make signatures, as for an RSA key whose exponent
/// is 1.
#[test]
fn keys_for_which_anybody_can_sign() {
    // The eight points (RFC 7748 and others list their coordinates), with what else decodes to them.
    let mut points: Vec<String> = Vec::new();
    for y in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ] {
        points.push(y.to_owned());
        let last = u8::from_str_radix(&y[62..], 16).unwrap() | 0x80;
        points.push(format!("{}{last:02x}", &y[..62]));
    }
    let is_usable = |point: &str| {
        let x: Vec<u8> = (0..64).step_by(2).map(|at| u8::from_str_radix(&point[at..at + 2], 16).unwrap()).collect();
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": KID, "x": URL_SAFE_NO_PAD.encode(&x) });
        parse(&key, &[Algorithm::EdDsa]).is_ok()
    };
    for point in points {
        assert!(!is_usable(&point), "{point}");
    }
    // Keys that begin or end like one of them are others.
    for point in [
        "0200000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000040",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc06",
        "27e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ] {
        assert!(is_usable(point), "{point}");
    }
    // The library beneath accepts this signature of any message under the second of them.
    let neutral = [vec![1], vec![0; 31]].concat();
    let signature = [neutral.clone(), vec![0; 32]].concat();
    assert!(UnparsedPublicKey::new(&ED25519, &neutral).verify(b"anything", &signature).is_ok());
}
