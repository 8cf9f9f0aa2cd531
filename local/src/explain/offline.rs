//! Without a network: one stand-in on loopback plays every upstream of a deployment, for one credential.
//!
//! The token's header and claims are judged as they are. Its signature can't be, unless the settings hold the key: so the
//! token is signed again, by a key of ours, which the stand-in publishes under the name that the token gives. Whatever the
//! stand-in says is an assumption, and is called one.

use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;
use serde_json::{Map, Value, json};
use smac_lambda_authorizer::tools::{self, ClaimPath, PREFIX, Parts, TokenConfig};
use smac_local::command::{About as _, Problem};
use smac_local::deployment::CREDENTIALS;
use smac_local::http_server::{self, Server};
use smac_local::keys::{self, Key};
use smac_local::stand_ins::GET_USER;

use super::case::{pool_rules, pool_setting, user_id_rule};
use super::token::Token;
use crate::decisions::Presented;
use crate::environment::{self, Variables};

/// The user id that attributes and secrets are assumed to hold.
const ASSUMED_ID: &str = "assumed";

/// A key that the settings hold is only used without asking while it is fresh.
const KEY_SET_TTL_SECONDS: u64 = 60;

/// What the upstreams are assumed to answer. Whatever is asked without need gets `null`.
pub(super) struct Assumptions {
    key_set: Value,
    user_info: Map<String, Value>,
    secret: Value,
}

impl Assumptions {
    pub(super) fn about(presented: Presented<'_>, token: Option<&Token>, parts: &Parts<'_>) -> Self {
        let mut key = Key::Primary.jwk();
        if let (Some(key), Some((kid, _))) = (key.as_object_mut(), token.and_then(Token::key)) {
            key.insert("kid".to_owned(), kid.as_ref().into());
        }
        let mut user_info = Map::new();
        // All pools have the same claims.
        let rules = parts.tokens.and_then(|tokens| tokens.issuers.first()).map(user_id_rule);
        if let (Some(token), Some(claim)) = (token, rules.and_then(|rule| rule.claims.first()).map(ClaimPath::as_str)) {
            user_info.extend(tools::verified_by(claim).map(|flag| (flag.to_owned(), "true".into())));
            user_info.insert(claim.to_owned(), ASSUMED_ID.into());
            user_info.insert("sub".to_owned(), token.string("sub").unwrap_or_default().as_ref().into());
        }
        let mut secret = Value::Null;
        if let Presented::Pair(pair) = presented {
            let stored = json!({ "token": pair.token, "id": ASSUMED_ID }).to_string();
            secret = json!({ "ARN": "arn", "Name": "name", "VersionId": "v", "SecretString": stored });
        }
        Self { key_set: json!({ "keys": [key] }), user_info, secret }
    }

    fn answer(&self, request: &Request<Incoming>) -> http_server::Answer {
        let path = request.uri().path();
        let body = if path.ends_with("/.well-known/jwks.json") {
            self.key_set.clone()
        } else if path.ends_with("/oauth2/userInfo") {
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
pub(super) fn has_key_of(tokens: &TokenConfig, token: &Token) -> bool {
    let Some((issuer, (kid, algorithm))) = token.string("iss").zip(token.key()) else {
        return false;
    };
    let issuer = tokens.issuers.iter().find(|other| other.identifiers.iter().any(|name| *name == issuer));
    let keys = issuer.and_then(|issuer| issuer.keys.configured());
    keys.is_some_and(|keys| keys.find(&kid, algorithm).is_some())
}

/// Starts the stand-in. It ends when the server is dropped.
pub(super) async fn start(assumptions: Assumptions) -> Result<Server, Problem> {
    let assumptions = Arc::new(assumptions);
    let server = Server::start("127.0.0.1:0", move |request| std::future::ready(Ok(assumptions.answer(&request))));
    server.await.about("a port on loopback")
}

/// The same deployment with every upstream at the stand-in.
pub(super) fn redirect(environment: &mut Variables, stand_in: &str, parts: &Parts<'_>) {
    let mut changes = vec![
        ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER".to_owned(), stand_in.to_owned()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), stand_in.to_owned()),
    ];
    changes.extend(CREDENTIALS.map(|(name, value)| (name.to_owned(), value.to_owned())));
    for issuer in parts.tokens.into_iter().flat_map(|tokens| &tokens.issuers) {
        if pool_rules(issuer).is_some_and(|rules| rules.user_info_url.is_some()) {
            changes.push((pool_setting(&issuer.name, "DOMAIN"), stand_in.to_owned()));
        }
    }
    let ttl = format!("{PREFIX}JWT__KEY_SET_TTL_SECONDS");
    let seconds = environment::value_of(environment, &ttl).and_then(|ttl| ttl.parse::<u64>().ok());
    if seconds.is_some_and(|seconds| seconds < KEY_SET_TTL_SECONDS) {
        changes.push((ttl, KEY_SET_TTL_SECONDS.to_string()));
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
pub(super) fn signed_again(event: &str, token: &str) -> Option<String> {
    let (message, _) = token.rsplit_once('.')?;
    let again = format!("{message}.{}", keys::sign(Key::Primary, message.as_bytes()));
    Some(replace(event, token, &again))
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
    fn a_token_is_replaced_wherever_it_is() {
        let event = r#"{"a": ["Bearer t0ken"], "b": {"c": "t0ken"}}"#;
        assert_eq!(replace(event, "t0ken", "x"), r#"{"a": ["Bearer x"], "b": {"c": "x"}}"#);
        assert_eq!(replace(r#"{"a": ["Bearer t\u0030ken"]}"#, "t0ken", "x"), r#"{"a":["Bearer x"]}"#);
    }
}
