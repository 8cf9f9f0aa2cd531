//! An issuer of some provider's kind on loopback: its discovery document, its key set, and its tokens. All of it comes from
//! `tests/fixtures/issuers/<provider>.json`, and the settings from the provider's block in `docs/issuers.md`.
//!
//! A fixture has the discovery document, the members of the provider's keys beside the key itself, and tokens. A token has a
//! header and claims, what must come of it, and where needed `settings` that differ from the block's, or `signed_header`: the
//! header that is signed, where the token shows another. Its times are replaced by times around now.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use smac_lambda_authorizer::tools::Algorithm;
use smac_local::keys::Key;
use smac_local::token::now;

use super::signer::{KeyType, Signer};
use super::site::Site;

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
    site: Site,
    signer: Signer,
}

impl Issuer {
    pub async fn start(provider: &str) -> Self {
        let site = Site::start().await;
        let (_, text) = FIXTURES.into_iter().find(|(name, _)| *name == provider).unwrap();
        let fixture: Value = serde_json::from_str(text).unwrap();
        let block = block(&format!("settings: {provider}"), "ini");
        let shown = variables(block);
        let urls = ["issuer", "jwks_uri"].map(|name| fixture["discovery"][name].as_str().unwrap());
        let urls = urls.into_iter().chain(setting(&shown, "DISCOVERY_URL"));
        let origins: Vec<String> = urls.map(|url| origin(url).to_owned()).collect();
        let here = |text: &str| origins.iter().fold(text.to_owned(), |text, origin| text.replace(origin, &site.url()));

        let fixture: Value = serde_json::from_str(&here(text)).unwrap();
        let settings = variables(&here(block));
        let path = |url: &str| url.strip_prefix(&site.url()).unwrap().to_owned();
        let issuer = setting(&settings, "ISSUER").unwrap();
        let well_known = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let discovery_path = path(setting(&settings, "DISCOVERY_URL").unwrap_or(&well_known));
        let key_set_path = path(fixture["discovery"]["jwks_uri"].as_str().unwrap());
        let signer = Signer::new(Key::Primary);
        site.serve(&discovery_path, fixture["discovery"].clone());
        site.serve(&key_set_path, key_set(&signer, fixture["keys"].as_array().unwrap()));
        let tokens = fixture["tokens"].as_array().unwrap().clone();
        Self { settings, tokens, paths: [discovery_path, key_set_path], origins, site, signer }
    }

    /// The text with this issuer's addresses in place of the provider's.
    pub fn here(&self, text: &str) -> String {
        self.origins.iter().fold(text.to_owned(), |text, origin| text.replace(origin, &self.site.url()))
    }

    pub fn url(&self) -> String {
        self.site.url()
    }

    /// What is served at this path.
    pub fn document(&self, path: &str) -> Value {
        self.site.document(path)
    }

    /// Serves this document too, or instead.
    pub fn serve(&self, path: &str, document: Value) {
        self.site.serve(path, document);
    }

    /// The paths that it was asked for since the last time.
    pub fn asked(&self) -> Vec<String> {
        self.site.asked()
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
        sign(&self.signer, token)
    }

    /// The same, signed by somebody else under the names of the issuer's keys.
    pub fn forge(&self, token: &Value) -> String {
        sign(&Signer::new(Key::Forger), token)
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

/// A key set whose keys have these members.
fn key_set(signer: &Signer, keys: &[Value]) -> Value {
    let keys: Vec<Value> = keys.iter().map(|key| jwk(signer, key.as_object().unwrap())).collect();
    json!({ "keys": keys })
}

fn jwk(signer: &Signer, members: &Map<String, Value>) -> Value {
    let key_type = match members["kty"].as_str().unwrap() {
        "RSA" => KeyType::Rsa,
        "OKP" => KeyType::Ed25519,
        "EC" => KeyType::P256,
        other => panic!("{other}"),
    };
    let material = signer.jwk(key_type).as_object().unwrap().clone();
    Value::Object(material.into_iter().chain(members.clone()).collect())
}

fn sign(signer: &Signer, token: &Value) -> String {
    let mut claims = token["claims"].clone();
    for (name, time) in [("iat", now()), ("nbf", now()), ("exp", now() + 3600)] {
        if claims[name].is_number() {
            claims[name] = time.into();
        }
    }
    let header = &token["header"];
    let algorithm = Algorithm::by_name(header["alg"].as_str().unwrap()).unwrap();
    let signed = signer.token(algorithm, token.get("signed_header").unwrap_or(header), &claims);
    let (_, behind) = signed.split_once('.').unwrap();
    format!("{}.{behind}", URL_SAFE_NO_PAD.encode(header.to_string()))
}
