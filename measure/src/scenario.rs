//! The deployments that are timed beside the plain one.

use std::path::Path;

use bytes::Bytes;
use smac_local::deployment::{Issuer, environment};
use smac_local::keys::{Algorithm, Key};
use smac_local::token::{Token, Use};

use crate::bearer;

/// The group of those who may do something by the rules.
const GROUP: &str = "staff";

const ISSUER: &str = "SMAC__AUTH__PROVIDER_OIDC__ISSUERS__DEV";

/// What OIDC issuers sign with, each with the key of the development issuer that it needs.
const ALGORITHMS: [(&str, Algorithm, Key); 5] = [
    ("OIDC tokens, RS256", Algorithm::RS256, Key::DevRsa),
    ("OIDC tokens, PS256", Algorithm::PS256, Key::DevRsa),
    ("OIDC tokens, ES256", Algorithm::ES256, Key::Dev),
    ("OIDC tokens, ES384", Algorithm::ES384, Key::DevP384),
    ("OIDC tokens, EdDSA", Algorithm::EdDSA, Key::DevEd25519),
];

/// Tokens to time, and the environment in which they are allowed.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) events: Vec<Bytes>,
}

/// ID tokens of a pool under access rules: twenty policies and as many routes.
pub(crate) fn rules(environment: &[(String, String)], count: usize) -> Scenario {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let file = |name: &str| folder.join(name).display().to_string();
    let own = [("RULES__POLICIES", file("policies.cedar")), ("RULES__ROUTES", file("routes.json"))];
    let own = own.map(|(name, value)| (format!("SMAC__AUTH__{name}"), value));
    let token = Token::id().claim("cognito:groups", vec![GROUP]);
    Scenario {
        name: "ID tokens, access rules",
        environment: environment.iter().cloned().chain(own).collect(),
        events: distinct(&token, count),
    }
}

/// Tokens of an OIDC issuer, whose keys are found by discovery; one scenario for each algorithm.
pub(crate) fn algorithms(base_url: &str, count: usize) -> Vec<Scenario> {
    let own = [
        ("SMAC__AUTH__PROVIDER".to_owned(), "OIDC".to_owned()),
        (format!("{ISSUER}__ALGORITHMS"), "RS256,PS256,ES256,ES384,EDDSA".to_owned()),
        (format!("{ISSUER}__USER_ID"), "sub".to_owned()),
    ];
    let mut environment = environment(base_url);
    environment.retain(|(name, _)| !name.contains("__PROVIDER_COGNITO__") && own.iter().all(|(own, _)| own != name));
    environment.extend(own);
    let scenario = |(name, algorithm, key)| Scenario {
        name,
        environment: environment.clone(),
        events: distinct(&Token::of(Issuer::Dev, Use::Access).using(key, algorithm), count),
    };
    ALGORITHMS.map(scenario).into()
}

/// So many events with tokens like this one, which differ.
pub(crate) fn distinct(token: &Token, count: usize) -> Vec<Bytes> {
    (0..count).map(|number| bearer(&token.clone().claim("jti", format!("{number:08}")).sign())).collect()
}
