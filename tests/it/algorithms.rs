//! Every algorithm that an OIDC issuer may use: what is a token of it, and what only looks like one. The issuer says how a
//! key is used, and never the token (RFC 8725, section 3.1).

mod confusion;
mod headers;
mod keys;
mod signatures;

use serde_json::{Value, json};
use smac_lambda_authorizer::tools::Algorithm;
use smac_local::keys::Key;

use crate::support::signer::{KeyType, Signer, compact};
use crate::support::{UNAUTHORIZED, oidc};

/// The id of the key that tokens name.
const KID: &str = "key";

/// The names of each algorithm.
const NAMES: [(Algorithm, &str); 10] = [
    (Algorithm::Rs256, "RS256"),
    (Algorithm::Rs384, "RS384"),
    (Algorithm::Rs512, "RS512"),
    (Algorithm::Ps256, "PS256"),
    (Algorithm::Ps384, "PS384"),
    (Algorithm::Ps512, "PS512"),
    (Algorithm::Es256, "ES256"),
    (Algorithm::Es384, "ES384"),
    (Algorithm::EdDsa, "EdDSA"),
    // RFC 9864.
    (Algorithm::EdDsa, "Ed25519"),
];

/// Makes the signature of a message.
type Sign<'a> = Box<dyn Fn(&[u8]) -> Vec<u8> + 'a>;

/// A token, and the issuer that it is for.
struct Case<'a> {
    name: String,
    allowed: Vec<Algorithm>,
    /// The issuer's keys, beside others of its own.
    keys: Vec<Value>,
    header: Value,
    sign: Sign<'a>,
    /// What comes of it.
    reason: &'static str,
}

/// The header of a token that names the key.
fn header(alg: &str) -> Value {
    json!({ "alg": alg, "kid": KID })
}

/// Judges each token by an issuer of its own, all of them in one authorizer. One more issuer may use every algorithm.
async fn judge(cases: &[Case<'_>]) {
    let others = Signer::new(Key::Secondary);
    let mut settings = fixed_issuer("EVERY", &Algorithm::ALL, &[], &others);
    for (number, case) in cases.iter().enumerate() {
        settings.extend(fixed_issuer(&format!("I{number}"), &case.allowed, &case.keys, &others));
    }
    let world = oidc::still_world(&settings).await;
    for (number, case) in cases.iter().enumerate() {
        let token = compact(&case.header, &oidc::claims(&url(&format!("I{number}"))), &case.sign);
        let told = world.ask_with_token(&token).await;
        assert_eq!(told.reason(), case.reason, "{}", case.name);
        if case.reason == "allowed" {
            assert_eq!(told.user_id(), format!("I{number}:{}", oidc::SUBJECT), "{}", case.name);
        } else {
            assert_eq!(told.answer(), json!(UNAUTHORIZED), "{}", case.name);
        }
    }
}

fn url(issuer: &str) -> String {
    format!("https://id.example.com/{issuer}")
}

/// An issuer with these keys, and with one of somebody else's for each algorithm under another name: a set without a
/// usable key would be a mistake.
fn fixed_issuer(name: &str, allowed: &[Algorithm], keys: &[Value], others: &Signer) -> Vec<(String, String)> {
    let beside = allowed.iter().map(|algorithm| others.named_jwk(KeyType::of(*algorithm), "another key"));
    let keys: Vec<Value> = keys.iter().cloned().chain(beside).collect();
    let names: Vec<_> = allowed.iter().map(|algorithm| algorithm.name()).collect();
    let key_set = json!({ "keys": keys }).to_string();
    oidc::issuer(name, &url(name), &[("ALGORITHMS", &names.join(",")), ("JWKS", &key_set)])
}

fn claims() -> Value {
    oidc::claims(&url("ONE"))
}

#[tokio::test]
async fn a_token_of_each_algorithm_is_allowed() {
    let signer = Signer::new(Key::Primary);
    let mut cases = Vec::new();
    for (algorithm, alg) in NAMES {
        let own_names = NAMES.iter().filter(|(other, _)| *other == algorithm).map(|(_, name)| json!(name));
        for key_alg in own_names.chain([Value::Null]) {
            let mut key = signer.named_jwk(KeyType::of(algorithm), KID);
            key["alg"] = key_alg.clone();
            let signer = &signer;
            cases.push(Case {
                name: format!("{alg} with a key for {key_alg}"),
                allowed: vec![algorithm],
                keys: vec![key],
                header: header(alg),
                sign: Box::new(move |message| signer.sign(algorithm, message)),
                reason: "allowed",
            });
        }
    }
    assert_eq!(cases.len(), 8 * 2 + 2 * 3);
    judge(&cases).await;
}

/// The checks of the algorithm: whether any issuer may use it, then the form, then the issuer, then whether this one may,
/// and only then the key.
#[tokio::test]
async fn the_checks_come_in_their_order() {
    let signer = Signer::new(Key::Primary);
    let rsa_jwk = signer.named_jwk(KeyType::Rsa, KID);
    let p256_jwk = signer.named_jwk(KeyType::P256, KID);
    let others = Signer::new(Key::Secondary);
    let mut settings = fixed_issuer("ONE", &[Algorithm::Rs256], &[rsa_jwk], &others);
    settings.extend(fixed_issuer("TWO", &[Algorithm::Es256], &[p256_jwk], &others));
    let world = oidc::still_world(&settings).await;
    let expired = |issuer: &str| {
        let mut claims = oidc::claims(&url(issuer));
        claims["exp"] = 1.into();
        claims
    };
    for (header, claims, reason) in [
        // No issuer may use it, whatever else is wrong.
        (json!({ "alg": "ES384" }), expired("NOBODY"), "algorithm_not_allowed"),
        (json!({ "alg": "none" }), expired("NOBODY"), "algorithm_not_allowed"),
        (json!({ "kid": KID }), expired("ONE"), "algorithm_not_allowed"),
        // The form comes before the issuer.
        (json!({ "alg": "ES256" }), expired("NOBODY"), "token_malformed"),
        (json!({ "alg": "ES256", "kid": "x", "crit": ["exp"] }), expired("NOBODY"), "token_malformed"),
        // The issuer comes before what it may use.
        (json!({ "alg": "ES256", "kid": "x" }), expired("NOBODY"), "issuer_unknown"),
        // Another issuer's algorithm comes before the key, even a key that would fit.
        (json!({ "alg": "ES256", "kid": "x" }), expired("ONE"), "algorithm_not_allowed"),
        (json!({ "alg": "ES256", "kid": KID }), expired("ONE"), "algorithm_not_allowed"),
        (json!({ "alg": "RS256", "kid": KID }), expired("TWO"), "algorithm_not_allowed"),
        // The key comes before the signature, and that before the claims.
        (json!({ "alg": "RS256", "kid": "x" }), expired("ONE"), "key_unknown"),
        (json!({ "alg": "RS256", "kid": KID }), expired("ONE"), "signature_invalid"),
    ] {
        let token = compact(&header, &claims, |_| vec![0; 256]);
        assert_eq!(world.ask_with_token(&token).await.reason(), reason, "{header} {claims}");
    }
    let token = signer.token(Algorithm::Rs256, &header("RS256"), &expired("ONE"));
    assert_eq!(world.ask_with_token(&token).await.reason(), "token_expired");
    // A key's signature is worth nothing at the issuer beside.
    let token = signer.token(Algorithm::Es256, &header("ES256"), &oidc::claims(&url("ONE")));
    assert_eq!(world.ask_with_token(&token).await.reason(), "algorithm_not_allowed");
    let token = signer.token(Algorithm::Es256, &header("ES256"), &oidc::claims(&url("TWO")));
    assert_eq!(world.ask_with_token(&token).await.reason(), "allowed");
}
