//! Without a network: one stand-in on loopback plays every upstream of a deployment, for one credential.
//!
//! The token's header and claims are judged as they are. Its signature can't be, unless the settings hold the key: so the
//! token is signed again, by a key of ours for its algorithm, which the stand-in publishes under the name that the token gives.
//! Whatever the stand-in says is an assumption, and is called one.

use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::HOST;
use serde_json::{Map, Value, json};
use smac_lambda_authorizer::tools::{
    self, Algorithm, ClaimPath, IssuerConfig, KeysConfig, Location, PREFIX, Parts, Rules, TokenConfig,
};
use smac_local::command::{About as _, Problem};
use smac_local::deployment::CREDENTIALS;
use smac_local::http_server::{self, Server};
use smac_local::keys::{self, Key};
use smac_local::stand_ins::GET_USER;

use super::case::{oidc_setting, pool_setting, user_id_rule};
use super::token::Token;
use crate::decisions::Presented;
use crate::environment::{self, Variables};

/// The user id that attributes and secrets are assumed to hold.
const ASSUMED_ID: &str = "assumed";

/// A key that the settings hold is only used without asking while it is fresh.
const KEY_SET_TTL: Duration = Duration::from_secs(60);

/// Behind the number of an OIDC issuer.
const DISCOVERY: &str = "/.well-known/openid-configuration";

const KEY_SET: &str = "/.well-known/jwks.json";

const USER_INFO: &str = "/oauth2/userInfo";

/// What the upstreams are assumed to answer. Whatever is asked without need gets `null`.
pub(crate) struct Assumptions {
    key_set: Value,
    /// The `iss` of each issuer. A discovery document must name its own.
    identifiers: Vec<String>,
    user_info: Map<String, Value>,
    secret: Value,
}

impl Assumptions {
    pub(crate) fn about(presented: Presented<'_>, token: Option<&Token>, parts: &Parts<'_>) -> Self {
        let issuers = parts.tokens.map(|tokens| tokens.issuers.as_slice()).unwrap_or_default();
        let kid = token.and_then(Token::key).map(|(kid, _)| kid);
        // One of each kind: all issuers get this key set.
        let keys = [Key::DevRsa, Key::Dev, Key::DevP384, Key::DevEd25519].map(|key| {
            let mut key = key.jwk_of_any_algorithm();
            if let (Some(key), Some(kid)) = (key.as_object_mut(), &kid) {
                key.insert("kid".to_owned(), kid.as_ref().into());
            }
            key
        });
        let mut user_info = Map::new();
        let rule = token.and_then(|token| issuer_of(issuers, token)).map(user_id_rule);
        if let (Some(token), Some(claim)) = (token, rule.and_then(|rule| rule.claims.first()).map(ClaimPath::as_str)) {
            user_info.extend(tools::verified_by(claim).map(|flag| (flag.to_owned(), "true".into())));
            user_info.extend(nested(claim, ASSUMED_ID.into()));
            user_info.insert("sub".to_owned(), token.string("sub").unwrap_or_default().as_ref().into());
        }
        let mut secret = Value::Null;
        if let Presented::Pair(pair) = presented {
            let stored = json!({ "token": pair.token, "id": ASSUMED_ID }).to_string();
            secret = json!({ "ARN": "arn", "Name": "name", "VersionId": "v", "SecretString": stored });
        }
        let identifiers =
            issuers.iter().map(|issuer| issuer.identifiers.first().cloned().unwrap_or_default()).collect();
        Self { key_set: json!({ "keys": keys }), identifiers, user_info, secret }
    }

    /// A discovery document whose addresses are this stand-in's.
    fn discovery(&self, number: &str, stand_in: &str) -> Value {
        let identifier = number.parse().ok().and_then(|number: usize| self.identifiers.get(number));
        identifier.map_or(Value::Null, |identifier| {
            json!({
                "issuer": identifier,
                "jwks_uri": format!("{stand_in}{KEY_SET}"),
                "userinfo_endpoint": format!("{stand_in}{USER_INFO}"),
            })
        })
    }

    fn answer(&self, request: &Request<Incoming>) -> http_server::Answer {
        let path = request.uri().path();
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let body = if path.ends_with(KEY_SET) {
            self.key_set.clone()
        } else if let Some(number) = path.strip_suffix(DISCOVERY) {
            self.discovery(number.trim_start_matches('/'), &format!("http://{host}"))
        } else if path.ends_with(USER_INFO) {
            json!(self.user_info)
        } else if request.headers().get("x-amz-target").is_some_and(|target| target == GET_USER) {
            let attributes: Vec<_> =
                self.user_info.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
            json!({ "UserAttributes": attributes })
        } else {
            self.secret.clone()
        };
        http_server::json(if body.is_null() { 404 } else { 200 }, &body)
    }
}

/// Whether the settings hold the key that the token names: then its signature can be checked without a network.
pub(crate) fn has_key_of(tokens: &TokenConfig, token: &Token) -> bool {
    let keys = issuer_of(&tokens.issuers, token).and_then(|issuer| issuer.keys.configured());
    keys.zip(token.key()).is_some_and(|(keys, (kid, algorithm))| keys.find(&kid, algorithm).is_some())
}

/// The issuer that the token names.
fn issuer_of<'i>(issuers: &'i [IssuerConfig], token: &Token) -> Option<&'i IssuerConfig> {
    let identifier = token.string("iss")?;
    issuers.iter().find(|issuer| issuer.identifiers.iter().any(|name| *name == identifier))
}

/// Starts the stand-in. It ends when the server is dropped.
pub(crate) async fn start(assumptions: Assumptions) -> Result<Server, Problem> {
    let assumptions = Arc::new(assumptions);
    let server = Server::start("127.0.0.1:0", move |request| std::future::ready(Ok(assumptions.answer(&request))));
    server.await.about("a port on loopback")
}

/// The same deployment with every upstream at the stand-in; `has_key` says whether the settings hold the token's key.
pub(crate) fn redirect(environment: &mut Variables, stand_in: &str, parts: &Parts<'_>, has_key: bool) {
    let mut changes = vec![
        ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER".to_owned(), stand_in.to_owned()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), stand_in.to_owned()),
    ];
    changes.extend(CREDENTIALS.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let issuers = parts.tokens.map(|tokens| tokens.issuers.as_slice()).unwrap_or_default();
    for (number, issuer) in issuers.iter().enumerate() {
        match &issuer.rules {
            Rules::Pool(rules) => {
                let domain = rules.user_info_url.as_ref().map(|_| pool_setting(&issuer.name, "DOMAIN"));
                changes.extend(domain.map(|name| (name, stand_in.to_owned())));
            }
            Rules::Oidc(_) => {
                let (is_fixed, has_url) = match &issuer.keys {
                    KeysConfig::Fixed(_) => (true, false),
                    KeysConfig::LookedUp { at, .. } => (false, matches!(at, Location::Url(_))),
                };
                // With this address, keys that are all that there are would be looked up. It matters behind them alone.
                if issuer.discovery.is_some() && (has_key || !is_fixed) {
                    let url = format!("{stand_in}/{number}{DISCOVERY}");
                    changes.push((oidc_setting(&issuer.name, "DISCOVERY_URL"), url));
                }
                if has_url {
                    changes.push((oidc_setting(&issuer.name, "JWKS_URI"), format!("{stand_in}{KEY_SET}")));
                }
            }
        }
    }
    if issuers.iter().any(|issuer| issuer.keys.fresh().is_some_and(|fresh| fresh < KEY_SET_TTL)) {
        changes.push((format!("{PREFIX}JWT__KEY_SET_TTL_SECONDS"), KEY_SET_TTL.as_secs().to_string()));
    }
    if let Some(services) = parts.services {
        // Services stay on without a profile, since another variable of theirs is set.
        let services_name = |name| format!("{PREFIX}AUTOMATION_PRINCIPALS__{name}");
        changes.push((services_name("SECRETS_MANAGER__PROFILE"), String::new()));
        changes.push((services_name("SECRETS_MANAGER__REGION"), services.secrets.region.clone()));
    }
    environment::change(environment, changes);
}

/// The event with a token whose signature is valid by the key that the stand-in publishes.
pub(crate) fn signed_again(event: &str, compact: &str, token: &Token) -> Option<String> {
    let (message, _) = compact.rsplit_once('.')?;
    let (_, algorithm) = token.key()?;
    let key = match algorithm {
        Algorithm::Es256 => Key::Dev,
        Algorithm::Es384 => Key::DevP384,
        Algorithm::EdDsa => Key::DevEd25519,
        Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512 => Key::DevRsa,
    };
    let signature = keys::sign_with(key, algorithm.name().parse().ok()?, message.as_bytes());
    Some(replace(event, compact, &format!("{message}.{signature}")))
}

/// A claim by its name, or by a JSON pointer (RFC 6901), as a member of an object.
fn nested(claim: &str, value: Value) -> Option<(String, Value)> {
    let Some(pointer) = claim.strip_prefix('/') else {
        return Some((claim.to_owned(), value));
    };
    let mut segments = pointer.split('/').map(|segment| segment.replace("~1", "/").replace("~0", "~"));
    let first = segments.next()?;
    let inner = segments.rev().fold(value, |value, segment| Value::Object(Map::from_iter([(segment, value)])));
    Some((first, inner))
}

/// The event with another token wherever the token is: in headers, and in what it shows of the cache key.
fn replace(event: &str, token: &str, other: &str) -> String {
    if event.contains(token) {
        return event.replace(token, other);
    }
    // Its characters are escaped there.
    let mut value: Value = serde_json::from_str(event).unwrap_or_default();
    replace_in(&mut value, token, other);
    value.to_string()
}

fn replace_in(value: &mut Value, token: &str, other: &str) {
    match value {
        Value::String(string) => *string = string.replace(token, other),
        Value::Array(values) => values.iter_mut().for_each(|value| replace_in(value, token, other)),
        Value::Object(map) => map.values_mut().for_each(|value| replace_in(value, token, other)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_nested_as_its_pointer_says() {
        for (claim, expected) in [
            ("email", json!({ "email": 1 })),
            ("https://example.com/id", json!({ "https://example.com/id": 1 })),
            ("/email", json!({ "email": 1 })),
            ("/a/b~1c/d~0", json!({ "a": { "b/c": { "d~": 1 } } })),
        ] {
            let nested: Map<String, Value> = nested(claim, 1.into()).into_iter().collect();
            assert_eq!(Value::Object(nested), expected, "{claim}");
        }
    }

    #[test]
    fn a_token_is_replaced_wherever_it_is() {
        let event = r#"{"a": ["Bearer t0ken"], "b": {"c": "t0ken"}}"#;
        assert_eq!(replace(event, "t0ken", "x"), r#"{"a": ["Bearer x"], "b": {"c": "x"}}"#);
        assert_eq!(replace(r#"{"a": ["Bearer t\u0030ken"]}"#, "t0ken", "x"), r#"{"a":["Bearer x"]}"#);
    }
}
