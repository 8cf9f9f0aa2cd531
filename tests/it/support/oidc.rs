//! Any number of OIDC issuers, and an authorizer that trusts them and nobody else.

use std::time::SystemTime;

use serde_json::{Value, json};
use smac_lambda_authorizer::Settings;
use smac_lambda_authorizer::tools::Algorithm;
use smac_local::deployment;
use smac_local::keys::Key;
use smac_local::token::now;

use super::signer::{KeyType, Signer};
use super::site::Site;
use super::{World, world_within};

pub const AUDIENCE: &str = "api";
pub const SUBJECT: &str = "jane";

/// The id of a provider's key.
pub const KID: &str = "key";

/// The setting's whole name.
pub fn setting(issuer: &str, name: &str) -> String {
    format!("PROVIDER_OIDC__ISSUERS__{issuer}__{name}")
}

/// The settings of one issuer: its name, its address, and more. Its users' ids begin with its name and a colon.
pub fn issuer(name: &str, url: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let prefix = format!("{name}:");
    let common = [("ISSUER", url), ("AUDIENCE", AUDIENCE), ("USER_ID_PREFIX", &prefix)];
    let settings = common.iter().filter(|(common, _)| more.iter().all(|(name, _)| name != common)).chain(more);
    settings.map(|(setting_name, value)| (setting(name, setting_name), (*value).to_owned())).collect()
}

/// An authorizer with the settings of these issuers. Its clock stands still until it is set forward.
pub async fn still_world(settings: &[(String, String)]) -> World {
    still_world_but(settings, |settings| settings).await
}

/// The same, whose settings are changed in a way that no variable can.
pub async fn still_world_but(settings: &[(String, String)], change: impl Fn(Settings) -> Settings) -> World {
    let settings = settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let settings: Vec<_> = settings.chain([("PROVIDER", "OIDC")]).collect();
    let start = SystemTime::now();
    world_within(deployment::of_pools, &settings, move || start, change).await
}

/// An issuer on loopback: where its documents are, and who signs for it.
pub struct Provider {
    pub name: String,
    pub url: String,
    pub signer: Signer,
    pub discovery: String,
    pub keys: String,
    pub user_info: String,
}

impl Provider {
    /// An issuer of this name at the site, whose documents are served from now on.
    pub fn new(site: &Site, name: &str, rsa: Key) -> Self {
        let signer = Signer::new(rsa);
        let path = |rest: &str| format!("/{name}/{rest}");
        let url = format!("{}/{name}", site.url());
        let discovery = path(".well-known/openid-configuration");
        let provider =
            Self { name: name.to_owned(), url, signer, discovery, keys: path("keys"), user_info: path("me") };
        site.serve(&provider.discovery, provider.document(site));
        site.serve(&provider.keys, json!({ "keys": [provider.signer.named_jwk(KeyType::Rsa, KID)] }));
        provider
    }

    /// Its discovery document.
    pub fn document(&self, site: &Site) -> Value {
        json!({
            "issuer": self.url,
            "jwks_uri": format!("{}{}", site.url(), self.keys),
            "userinfo_endpoint": format!("{}{}", site.url(), self.user_info),
        })
    }

    /// Its settings: its address, and more.
    pub fn settings(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        issuer(&self.name, &self.url, more)
    }

    /// A token with these claims beside the usual ones; `null` takes one away.
    pub fn token(&self, claims: &Value) -> String {
        self.token_of(KID, claims)
    }

    /// The same of another key id.
    pub fn token_of(&self, kid: &str, more: &Value) -> String {
        let mut claims = claims(&self.url);
        let members = claims.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        members.retain(|_, value| !value.is_null());
        self.signer.token(Algorithm::Rs256, &json!({ "alg": "RS256", "kid": kid }), &claims)
    }
}

/// The claims of a token of this issuer, valid from now on for a month.
pub fn claims(issuer: &str) -> Value {
    json!({ "iss": issuer, "aud": AUDIENCE, "sub": SUBJECT, "iat": now(), "exp": now() + 30 * 24 * 3600 })
}
