//! Signatures that are not valid ones: of another form, of another length, and of numbers that some arithmetic accepts for anybody's.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use smac_lambda_authorizer::tools::Algorithm;
use smac_local::keys::Key;

use super::{Case, KID, NAMES, Sign, header, judge};
use crate::support::signer::{KeyType, Signer};

/// The orders of the curves' base points (FIPS 186-5; SP 800-186, section 3.2.1), big-endian.
const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const P384_ORDER: &str =
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";

/// The order of Ed25519's base point (RFC 8032, section 5.1), little-endian.
const ED25519_ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// The difference of two big-endian numbers of one length, the first of which is larger.
fn difference(from: &[u8], number: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut digits: Vec<u8> = Vec::new();
    for (from, number) in from.iter().zip(number).rev() {
        let digit = i16::from(*from) - i16::from(*number) - borrow;
        borrow = i16::from(digit < 0);
        digits.push(u8::try_from(digit.rem_euclid(256)).unwrap());
    }
    digits.reverse();
    digits
}

/// The sum of two little-endian numbers of one length, which it has too.
fn sum(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let digits = a.iter().zip(b).map(|(a, b)| {
        let digit = u16::from(*a) + u16::from(*b) + carry;
        carry = digit >> 8;
        digit.to_le_bytes()[0]
    });
    digits.collect()
}

/// Which part of a message, or what made of it, is signed.
type Part = fn(&[u8]) -> Vec<u8>;

/// What becomes of a signature.
type Change<'a> = Box<dyn Fn(Vec<u8>) -> Vec<u8> + 'a>;

/// A case for each change of a signature.
fn changed<'a>(
    signer: &'a Signer,
    (algorithm, alg): (Algorithm, &str),
    changes: impl IntoIterator<Item = (String, Change<'a>, &'static str)>,
) -> Vec<Case<'a>> {
    let case = |(name, change, reason): (String, Change<'a>, &'static str)| Case {
        name: format!("{alg}: {name}"),
        allowed: vec![algorithm],
        keys: vec![signer.named_jwk(KeyType::of(algorithm), KID)],
        header: header(alg),
        sign: Box::new(move |message| change(signer.sign(algorithm, message))),
        reason,
    };
    changes.into_iter().map(case).collect()
}

#[tokio::test]
async fn of_another_length_or_with_another_bit() {
    let signer = Signer::new(Key::Primary);
    let mut cases = Vec::new();
    for name in NAMES {
        let length = signer.sign(name.0, b"").len();
        let mut changes: Vec<(String, Change<'_>, _)> = vec![
            ("as it is".to_owned(), Box::new(|signature| signature), "allowed"),
            ("with a zero behind".to_owned(), Box::new(|signature| [signature, vec![0]].concat()), "signature_invalid"),
            ("with a zero before".to_owned(), Box::new(|signature| [vec![0], signature].concat()), "signature_invalid"),
            ("twice".to_owned(), Box::new(|signature| signature.repeat(2)), "signature_invalid"),
            (
                "in base64url".to_owned(),
                Box::new(|signature| URL_SAFE_NO_PAD.encode(signature).into()),
                "signature_invalid",
            ),
        ];
        for shorter in [0, 1, 31, 32, 33, 47, 48, 49, length / 2, length - 1] {
            changes.push((
                format!("its first {shorter} bytes"),
                Box::new(move |signature| signature[..shorter].to_vec()),
                "signature_invalid",
            ));
            changes.push((
                format!("its last {shorter} bytes"),
                Box::new(move |signature| signature[signature.len() - shorter..].to_vec()),
                "signature_invalid",
            ));
        }
        for at in [0, 1, length / 2 - 1, length / 2, length - 2, length - 1] {
            for bit in [0x01, 0x80] {
                changes.push((
                    format!("with bit {bit} of byte {at} changed"),
                    Box::new(move |mut signature| {
                        signature[at] ^= bit;
                        signature
                    }),
                    "signature_invalid",
                ));
            }
        }
        for other in [1, 32, 56, 64, 70, 71, 72, 96, 102, 103, 104, 114, 132, 256, 257, 512] {
            for filling in [0x00, 0x01, 0xff] {
                changes.push((
                    format!("{other} times {filling}"),
                    Box::new(move |_| vec![filling; other]),
                    "signature_invalid",
                ));
            }
        }
        cases.extend(changed(&signer, name, changes));
    }
    judge(&cases).await;
}

/// Of RSA: numbers whose power is known without the private key.
#[tokio::test]
async fn of_rsa_with_special_numbers() {
    let signer = Signer::new(Key::Primary);
    let n = signer.jwk(KeyType::Rsa)["n"].as_str().map(|n| URL_SAFE_NO_PAD.decode(n).unwrap()).unwrap();
    let one = [vec![0; 255], vec![1]].concat();
    let mut cases = Vec::new();
    for name in NAMES.into_iter().filter(|(algorithm, _)| KeyType::of(*algorithm) == KeyType::Rsa) {
        for (number, value) in [
            ("0", vec![0; 256]),
            ("1", one.clone()),
            ("n", n.clone()),
            ("n - 1", difference(&n, &one)),
            ("2^2048 - 1", vec![0xff; 256]),
        ] {
            let change: Change<'_> = Box::new(move |_| value.clone());
            cases.extend(changed(&signer, name, [(number.to_owned(), change, "signature_invalid")]));
        }
    }
    assert_eq!(cases.len(), 6 * 5);
    judge(&cases).await;
}

/// CVE-2022-21449 ("psychic signatures"), and their kin: RFC 7518, section 3.4, and FIPS 186-5, section 6.4.2, want both
/// numbers from 1 to n - 1.
#[tokio::test]
async fn of_ecdsa_with_special_numbers() {
    let signer = Signer::new(Key::Primary);
    for (name, order) in [((Algorithm::Es256, "ES256"), P256_ORDER), ((Algorithm::Es384, "ES384"), P384_ORDER)] {
        let n = bytes(order);
        let number = |value: u8| [vec![0; n.len() - 1], vec![value]].concat();
        let special = [
            ("0", number(0)),
            ("1", number(1)),
            ("2", number(2)),
            ("n - 1", difference(&n, &number(1))),
            ("n", n.clone()),
            ("n + 1", difference(&n, &difference(&number(0), &number(1)))),
            ("the largest", vec![0xff; n.len()]),
        ];
        let half = n.len();
        let mut changes: Vec<(String, Change<'_>, _)> = Vec::new();
        for (r_name, r) in &special {
            for (s_name, s) in &special {
                let signature = [r.as_slice(), s].concat();
                let name = format!("r is {r_name} and s is {s_name}");
                changes.push((name, Box::new(move |_| signature.clone()), "signature_invalid"));
            }
            changes.push((
                format!("r is {r_name}"),
                Box::new(move |signature| [r, &signature[half..]].concat()),
                "signature_invalid",
            ));
            changes.push((
                format!("s is {r_name}"),
                Box::new(move |signature| [&signature[..half], r].concat()),
                "signature_invalid",
            ));
        }
        changes.push((
            "r and s the other way round".to_owned(),
            Box::new(move |signature| [&signature[half..], &signature[..half]].concat()),
            "signature_invalid",
        ));
        // Each ECDSA signature (r, s) has a twin, (r, n - s), which anybody can make of it. It signs the same message, so
        // nobody gets in by it who would not get in by the first; but nothing may be remembered of a token by its
        // signature alone, since there are two. RFC 7518 does not choose between them, and neither do signers.
        let order = n.clone();
        changes.push((
            "s is n - s".to_owned(),
            Box::new(move |signature| {
                let (r, s) = signature.split_at(half);
                [r, &difference(&order, s)].concat()
            }),
            "allowed",
        ));
        let order = n.clone();
        changes.push((
            "r is n - r".to_owned(),
            Box::new(move |signature| {
                let (r, s) = signature.split_at(half);
                [&difference(&order, r), s].concat()
            }),
            "signature_invalid",
        ));
        changes.push((
            "each number without its first byte".to_owned(),
            Box::new(move |signature| [&signature[1..half], &signature[half + 1..]].concat()),
            "signature_invalid",
        ));
        changes.push((
            "each number with a zero before".to_owned(),
            Box::new(move |signature| [&[0], &signature[..half], &[0], &signature[half..]].concat()),
            "signature_invalid",
        ));
        assert_eq!(changes.len(), 7 * 9 + 5);
        judge(&changed(&signer, name, changes)).await;
    }
}

/// The key of another library may sign in DER (RFC 3279, section 2.2.3), whose length varies. JOSE's has one length
/// (RFC 7518, section 3.4).
#[tokio::test]
async fn of_ecdsa_in_der() {
    for (algorithm, fixed, asn1) in [
        (Algorithm::Es256, &ECDSA_P256_SHA256_FIXED_SIGNING, &ECDSA_P256_SHA256_ASN1_SIGNING),
        (Algorithm::Es384, &ECDSA_P384_SHA384_FIXED_SIGNING, &ECDSA_P384_SHA384_ASN1_SIGNING),
    ] {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(fixed, &SystemRandom::new()).unwrap();
        let [in_one_length, in_der] = [fixed, asn1].map(|form| EcdsaKeyPair::from_pkcs8(form, pkcs8.as_ref()).unwrap());
        let point = in_der.public_key().as_ref();
        let (x, y) = point[1..].split_at(point.len() / 2);
        let [x, y] = [x, y].map(|number| URL_SAFE_NO_PAD.encode(number));
        let crv = if algorithm == Algorithm::Es256 { "P-256" } else { "P-384" };
        let jwk = json!({ "kty": "EC", "crv": crv, "x": x, "y": y, "kid": KID });
        let sign =
            |key: &EcdsaKeyPair, message: &[u8]| key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec();
        let case = |sign: Sign<'static>, reason| Case {
            name: format!("{algorithm:?}, {reason}"),
            allowed: vec![algorithm],
            keys: vec![jwk.clone()],
            header: header(algorithm.name()),
            sign,
            reason,
        };
        let mut cases = vec![case(Box::new(move |message| sign(&in_one_length, message)), "allowed")];
        // By chance some are as long as the others.
        let in_der = std::sync::Arc::new(in_der);
        for _ in 0..32 {
            let in_der = std::sync::Arc::clone(&in_der);
            cases.push(case(Box::new(move |message| sign(&in_der, message)), "signature_invalid"));
        }
        judge(&cases).await;
    }
}

/// RFC 8032, section 5.1.7: S is below the order, or else each signature would have a twin.
#[tokio::test]
async fn of_ed25519_with_special_numbers() {
    let signer = Signer::new(Key::Primary);
    let zero = [0; 32];
    // The neutral element, (0, 1).
    let neutral = [vec![1], vec![0; 31]].concat();
    for alg in ["EdDSA", "Ed25519"] {
        let changes: Vec<(String, Change<'_>, _)> = vec![
            (
                "S and the order".to_owned(),
                Box::new(|signature| [&signature[..32], &sum(&signature[32..], &bytes(ED25519_ORDER))].concat()),
                "signature_invalid",
            ),
            ("S is 0".to_owned(), Box::new(|signature| [&signature[..32], &zero].concat()), "signature_invalid"),
            (
                "S is the order".to_owned(),
                Box::new(|signature| [&signature[..32], &bytes(ED25519_ORDER)].concat()),
                "signature_invalid",
            ),
            ("R is 0".to_owned(), Box::new(|signature| [&zero, &signature[32..]].concat()), "signature_invalid"),
            (
                "R is the neutral element".to_owned(),
                Box::new(|signature| [&neutral, &signature[32..]].concat()),
                "signature_invalid",
            ),
            (
                "R is the neutral element and S is 0".to_owned(),
                Box::new(|_| [neutral.as_slice(), &zero].concat()),
                "signature_invalid",
            ),
            (
                "R and S the other way round".to_owned(),
                Box::new(|signature| [&signature[32..], &signature[..32]].concat()),
                "signature_invalid",
            ),
        ];
        judge(&changed(&signer, (Algorithm::EdDsa, alg), changes)).await;
    }
}

/// A signature belongs to a message: that of another token, of half of it, or of the decoded parts is not one.
#[tokio::test]
async fn of_another_message() {
    let signer = Signer::new(Key::Primary);
    let signer = &signer;
    let mut cases = Vec::new();
    for (algorithm, alg) in NAMES {
        let signed: [(&str, Part); 6] = [
            ("the header", |message| message.split(|byte| *byte == b'.').next().unwrap().to_vec()),
            ("the claims", |message| message.split(|byte| *byte == b'.').next_back().unwrap().to_vec()),
            ("the decoded claims", |message| {
                URL_SAFE_NO_PAD.decode(message.split(|byte| *byte == b'.').next_back().unwrap()).unwrap()
            }),
            ("a message with a dot behind", |message| [message, b"."].concat()),
            ("nothing", |_| Vec::new()),
            ("the message's hash", |message| {
                aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, message).as_ref().to_vec()
            }),
        ];
        for (name, part) in signed {
            cases.push(Case {
                name: format!("{alg} of {name}"),
                allowed: vec![algorithm],
                keys: vec![signer.named_jwk(KeyType::of(algorithm), KID)],
                header: header(alg),
                sign: Box::new(move |message| signer.sign(algorithm, &part(message))),
                reason: "signature_invalid",
            });
        }
    }
    judge(&cases).await;
}
