//! What the page shows around a decision: the deployment, and the settings that are worth trying.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use smac_lambda_authorizer::tools::{self, Accepts, PREFIX, SETTINGS, Setting};
use smac_local::command::Problem;
use smac_local::deployment::{Issuer, SERVICE, SERVICE_TOKEN};
use smac_local::lock;

use super::super::MAX_TTL_SECONDS;
use super::super::call::Api;
use super::super::gateway::{Caching, Gateway};
use super::super::identity::IdentitySource;
use crate::environment;

/// The settings that matter most to whoever tries them.
const SHOWN: [&str; 12] = [
    "MODE",
    "UNAUTHORIZED_AS",
    "USER_ID",
    "REQUIRE_VERIFIED_USER_ID",
    "CONTEXT_CLAIMS",
    "POLICY__SCOPE",
    "POLICY__EXPIRE_WITH_TOKEN",
    "JWT__LEEWAY_SECONDS",
    "JWT__ALLOW_BARE",
    "PROVIDER_COGNITO__TOKEN_USE",
    "PROVIDER_COGNITO__REQUIRED_SCOPES",
    "PROVIDER_COGNITO__REQUIRED_GROUPS",
];

pub(super) fn info(gateway: &Gateway) -> Value {
    let (decider, caching) = (gateway.decider(), gateway.caching());
    let parts = tools::parts(&decider.settings);
    let variables = &decider.deployment.variables;
    let shown = |setting: &&Setting| {
        let value = environment::value_of(variables, &format!("{PREFIX}{}", setting.name)).unwrap_or_default();
        let (default, help) = (setting.default.shown(), setting.help);
        json!({ "name": setting.name, "value": value, "default": default, "help": help, "options": options(setting) })
    };
    let known = |name: &&'static str| SETTINGS.iter().copied().find(|setting| setting.full_name("") == **name);
    let settings: Vec<Value> = SHOWN.iter().filter_map(known).map(|setting| shown(&setting)).collect();
    let rules = parts.rules.map(|rules| {
        let policies = rules.policies().map(|(name, place)| json!({ "name": name, "place": place }));
        let routes = rules.routes().map(|routes| routes.map(str::to_owned).collect::<Vec<_>>());
        json!({ "policies": policies.collect::<Vec<_>>(), "routes": routes })
    });
    let issuers = parts.tokens.map(|tokens| tokens.issuers.as_slice()).unwrap_or_default();
    let configured = issuers.iter().map(|issuer| json!({ "name": issuer.name, "identifiers": issuer.identifiers }));
    let minted = Issuer::ALL.map(|issuer| json!({ "name": issuer.name(), "use": issuer.usual_use() }));
    let is_development = gateway.is_development();
    json!({
        "kind": gateway.api.name(),
        "title": gateway.api.title(),
        "kinds": Api::ALL.map(|api| json!({ "name": api.name(), "title": api.title() })),
        "deployment": decider.deployment.name,
        "isDevelopment": is_development,
        "isLive": decider.deployment.is_live,
        "identitySources": caching.sources.iter().map(|source| &source.text).collect::<Vec<_>>(),
        "ttl": caching.ttl.as_secs(),
        "backend": gateway.backend.as_ref().map(|backend| backend.url()),
        "issuers": if is_development { minted.to_vec() } else { Vec::new() },
        "configured": configured.collect::<Vec<_>>(),
        "services": parts.services.is_some(),
        "service": is_development.then(|| json!({ "id": SERVICE, "token": SERVICE_TOKEN })),
        "settings": settings,
        "rules": rules,
    })
}

fn options(setting: &Setting) -> Vec<&str> {
    match setting.accepts {
        Accepts::Boolean => vec!["true", "false"],
        Accepts::OneOf(names) => names.to_vec(),
        Accepts::Url
        | Accepts::Json
        | Accepts::KeySet
        | Accepts::ListOf(_)
        | Accepts::List
        | Accepts::Number { .. }
        | Accepts::String
        | Accepts::Header
        | Accepts::Region => Vec::new(),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Changes {
    settings: BTreeMap<String, String>,
    identity_sources: Vec<String>,
    ttl: u64,
}

/// Changes the settings until the program ends; all or nothing. The gateway's cache begins anew.
pub(super) async fn set(gateway: &Gateway, changes: Changes) -> Result<Value, String> {
    if let Some(name) = changes.settings.keys().find(|name| !SHOWN.contains(&name.as_str())) {
        return Err(format!("{name}: is not a setting of this page"));
    }
    let mut sources = Vec::new();
    for text in &changes.identity_sources {
        let source: IdentitySource = text.parse().map_err(|problem| format!("{text}: {problem}"))?;
        if let Some(problem) = source.problem(gateway.api) {
            return Err(problem);
        }
        sources.push(source);
    }
    if gateway.api == Api::RestToken && sources.len() != 1 {
        return Err("a TOKEN authorizer has one identity source, a header".to_owned());
    }
    if changes.ttl > MAX_TTL_SECONDS || (changes.ttl > 0 && sources.is_empty()) {
        return Err(format!("the result TTL is 0 to {MAX_TTL_SECONDS} seconds, and needs an identity source"));
    }
    gateway.reload_with(&changes.settings).await.map_err(|Problem(problem)| problem)?;
    *lock(&gateway.changes) = changes.settings;
    let caching = Caching { sources, ttl: Duration::from_secs(changes.ttl) };
    *gateway.caching.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(caching);
    lock(&gateway.cache).clear();
    Ok(info(gateway))
}
