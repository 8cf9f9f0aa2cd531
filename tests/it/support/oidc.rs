//! Any number of OIDC issuers, and an authorizer that trusts them and nobody else.

use std::time::SystemTime;

use serde_json::{Value, json};
use smac_local::token::now;

use super::{World, world_with};

pub const AUDIENCE: &str = "api";
pub const SUBJECT: &str = "jane";

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
    let settings = settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let settings: Vec<_> = settings.chain([("PROVIDER", "OIDC")]).collect();
    let start = SystemTime::now();
    world_with(&settings, move || start).await
}

/// The claims of a token of this issuer, valid from now on for a month.
pub fn claims(issuer: &str) -> Value {
    json!({ "iss": issuer, "aud": AUDIENCE, "sub": SUBJECT, "iat": now(), "exp": now() + 30 * 24 * 3600 })
}
