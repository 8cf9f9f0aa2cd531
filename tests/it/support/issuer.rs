//! An issuer of some provider's kind on loopback: its discovery document, its key set, and its tokens. All of it comes from
//! `tests/fixtures/issuers/<provider>.json`, and the settings from the provider's block in `docs/issuers.md`.
//!
//! A fixture has the discovery document, the members of the provider's keys beside the key itself, and tokens. A token has a
//! header and claims, what must come of it, and where needed `settings` that differ from the block's, or `signed_header`: the
//! header that is signed, where the token shows another. Its times are replaced by times around now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use smac_local::http_server::{self, Server};
use smac_local::keys::{self, Key};
use smac_local::token::now;

/// `docs/issuers.md`.
pub const DOCUMENT: &str = include_str!("../../../docs/issuers.md");

/// The fixtures.
pub const FIXTURES: [(&str, &str); 9] = [
    ("auth0", include_str!("../../fixtures/issuers/auth0.json")),
    ("entra-v1", include_str!("../../fixtures/issuers/entra-v1.json")),
    ("entra-v2", include_str!("../../fixtures/issuers/entra-v2.json")),
    ("github-actions", include_str!("../../fixtures/issuers/github-actions.json")),
    ("google", include_str!("../../fixtures/issuers/google.json")),
    ("keycloak", include_str!("../../fixtures/issuers/keycloak.json")),
    ("kubernetes", include_str!("../../fixtures/issuers/kubernetes.json")),
    ("okta", include_str!("../../fixtures/issuers/okta.json")),
    ("rfc9068", include_str!("../../fixtures/issuers/rfc9068.json")),
];

/// What is between this comment in the document, a fence of this language, and the end of the fence.
pub fn block(comment: &str, language: &str) -> &'static str {
    let (_, behind) = DOCUMENT.split_once(&format!("<!-- {comment} -->\n\n```{language}\n")).unwrap();
    behind.split_once("```").unwrap().0
}

/// The settings in the provider's block.
pub fn settings(provider: &str) -> Vec<(String, String)> {
    variables(block(&format!("settings: {provider}"), "ini"))
}

fn variables(lines: &str) -> Vec<(String, String)> {
    let pairs = lines.lines().map(|line| line.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A running issuer.
pub struct Issuer {
    /// The settings of the block, with this issuer's addresses.
    pub settings: Vec<(String, String)>,
    /// The tokens of the fixture, with this issuer's addresses.
    pub tokens: Vec<Value>,
    /// Where the discovery document and the key set are, as paths.
    pub paths: [String; 2],
    /// The origins that this server stands for.
    origins: Vec<String>,
    documents: Arc<Mutex<HashMap<String, Value>>>,
    asked: Arc<Mutex<Vec<String>>>,
    signer: Signer,
    server: Server,
}

impl Issuer {
    pub async fn start(provider: &str) -> Self {
        let documents: Arc<Mutex<HashMap<String, Value>>> = Arc::default();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (served, log) = (Arc::clone(&documents), Arc::clone(&asked));
        let server = Server::start(("127.0.0.1", 0), move |request| {
            let path = request.uri().path().to_owned();
            let document = lock(&served).get(&path).cloned();
            lock(&log).push(path);
            let answer =
                document.map_or_else(|| http_server::json(404, &Value::Null), |json| http_server::json(200, &json));
            async { Ok(answer) }
        })
        .await
        .unwrap();

        let (_, text) = FIXTURES.into_iter().find(|(name, _)| *name == provider).unwrap();
        let fixture: Value = serde_json::from_str(text).unwrap();
        let block = block(&format!("settings: {provider}"), "ini");
        let shown = variables(block);
        let urls = ["issuer", "jwks_uri"].map(|name| fixture["discovery"][name].as_str().unwrap());
        let urls = urls.into_iter().chain(setting(&shown, "DISCOVERY_URL"));
        let origins: Vec<String> = urls.map(|url| origin(url).to_owned()).collect();
        let here =
            |text: &str| origins.iter().fold(text.to_owned(), |text, origin| text.replace(origin, &server.url()));

        let fixture: Value = serde_json::from_str(&here(text)).unwrap();
        let settings = variables(&here(block));
        let path = |url: &str| url.strip_prefix(&server.url()).unwrap().to_owned();
        let issuer = setting(&settings, "ISSUER").unwrap();
        let well_known = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let discovery_path = path(setting(&settings, "DISCOVERY_URL").unwrap_or(&well_known));
        let key_set_path = path(fixture["discovery"]["jwks_uri"].as_str().unwrap());
        let signer = Signer::new();
        let key_set = signer.key_set(fixture["keys"].as_array().unwrap());
        lock(&documents)
            .extend([(discovery_path.clone(), fixture["discovery"].clone()), (key_set_path.clone(), key_set)]);
        let tokens = fixture["tokens"].as_array().unwrap().clone();
        Self { settings, tokens, paths: [discovery_path, key_set_path], origins, documents, asked, signer, server }
    }

    /// The text with this issuer's addresses in place of the provider's.
    pub fn here(&self, text: &str) -> String {
        self.origins.iter().fold(text.to_owned(), |text, origin| text.replace(origin, &self.server.url()))
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// What is served at this path.
    pub fn document(&self, path: &str) -> Value {
        lock(&self.documents)[path].clone()
    }

    /// Serves this document too, or instead.
    pub fn serve(&self, path: &str, document: Value) {
        lock(&self.documents).insert(path.to_owned(), document);
    }

    /// The paths that it was asked for since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.asked))
    }

    /// The settings for this token: the block's, with its own.
    pub fn settings_for(&self, token: &Value) -> Vec<(String, String)> {
        let mut settings = self.settings.clone();
        let (issuer, _) = settings.iter().find(|(name, _)| name.ends_with("__ISSUER")).unwrap();
        let section = issuer.strip_suffix("ISSUER").unwrap().to_owned();
        for (name, value) in token["settings"].as_object().into_iter().flatten() {
            let name = format!("{section}{name}");
            settings.retain(|(other, _)| *other != name);
            settings.push((name, value.as_str().unwrap().to_owned()));
        }
        settings
    }

    /// The compact token, valid from now on for an hour.
    pub fn sign(&self, token: &Value) -> String {
        self.signer.sign(token)
    }

    /// The same, signed by somebody else under the names of the issuer's keys.
    pub fn forge(&self, token: &Value) -> String {
        Signer { rsa: Key::Forger, ..Signer::new() }.sign(token)
    }
}

/// The setting of the one issuer that these configure.
pub fn setting<'s>(settings: &'s [(String, String)], name: &str) -> Option<&'s str> {
    let end = format!("__{name}");
    settings.iter().find(|(other, _)| other.ends_with(&end)).map(|(_, value)| value.as_str())
}

/// The URL without its path.
fn origin(url: &str) -> &str {
    url.match_indices('/').nth(2).map_or(url, |(end, _)| &url[..end])
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A private key of each type.
struct Signer {
    rsa: Key,
    p256: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
}

impl Signer {
    fn new() -> Self {
        let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { rsa: Key::Primary, p256, ed25519: Ed25519KeyPair::generate().unwrap() }
    }

    /// A key set whose keys have these members.
    fn key_set(&self, keys: &[Value]) -> Value {
        let keys: Vec<Value> = keys.iter().map(|key| self.jwk(key.as_object().unwrap())).collect();
        json!({ "keys": keys })
    }

    fn jwk(&self, members: &Map<String, Value>) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let material = match members["kty"].as_str().unwrap() {
            "RSA" => {
                let jwk = self.rsa.jwk();
                json!({ "n": jwk["n"], "e": jwk["e"] })
            }
            // RFC 8037, section 2.
            "OKP" => json!({ "x": encode(self.ed25519.public_key().as_ref()) }),
            // Uncompressed: 4, x, y (SEC 1, section 2.3.3).
            "EC" => {
                let point = self.p256.public_key().as_ref();
                json!({ "x": encode(&point[1..33]), "y": encode(&point[33..]) })
            }
            other => panic!("{other}"),
        };
        let material = material.as_object().unwrap().clone();
        Value::Object(members.clone().into_iter().chain(material).collect())
    }

    fn sign(&self, token: &Value) -> String {
        let mut claims = token["claims"].clone();
        for (name, time) in [("iat", now()), ("nbf", now()), ("exp", now() + 3600)] {
            if claims[name].is_number() {
                claims[name] = time.into();
            }
        }
        let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let (header, claims) = (&token["header"], encode(&claims));
        let signed = token.get("signed_header").unwrap_or(header);
        let message = format!("{}.{claims}", encode(signed));
        let message = message.as_bytes();
        let signature = match header["alg"].as_str().unwrap() {
            "RS256" => keys::sign(self.rsa, message),
            // RFC 7518, section 3.4: both numbers at their full length.
            "ES256" => URL_SAFE_NO_PAD.encode(self.p256.sign(&SystemRandom::new(), message).unwrap()),
            "EdDSA" => URL_SAFE_NO_PAD.encode(self.ed25519.sign(message)),
            other => panic!("{other}"),
        };
        format!("{}.{claims}.{signature}", encode(header))
    }
}
