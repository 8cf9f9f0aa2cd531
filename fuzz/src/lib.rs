//! What the fuzz targets have in common: an authorizer with fixed keys and no network, and a second opinion of
//! who may be allowed, written apart from the authorizer's own rules.

use std::cell::OnceCell;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use smac_lambda_authorizer::tools::{self, Carriers, PairHeaders};
use smac_lambda_authorizer::{Answer, Authorizer, Invocation, Mistakes, Settings};
use smac_local::deployment::{Pool, of_pools};
use smac_local::token::{Token, now};

fn settings() -> Settings {
    // A closed port: no upstream ever answers.
    let mut variables = of_pools("http://127.0.0.1:1");
    for pool in Pool::ALL {
        let name = format!("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__{}__JWKS", pool.name());
        variables.push((name, pool.key().key_set().to_string()));
    }
    variables.push(("SMAC__AUTH__JWT__COOKIE_NAME".to_owned(), "token".to_owned()));
    Settings::from_variables(variables, |path| std::fs::read_to_string(path)).expect("valid settings")
}

/// Every place that a credential may be in.
pub fn places() -> (PairHeaders, Carriers) {
    thread_local!(static PLACES: OnceCell<(PairHeaders, Carriers)> = const { OnceCell::new() });
    let read = || {
        let settings = settings();
        let parts = tools::parts(&settings);
        let services = parts.services.expect("service principals");
        (services.headers.clone(), parts.tokens.expect("pools").carriers.clone())
    };
    PLACES.with(|places| places.get_or_init(read).clone())
}

/// Whether this covers the methods of exactly one stage.
pub fn is_stage_resource(resource: &str) -> bool {
    let Some(stage) = resource.strip_suffix("/*") else { return false };
    let parts: Vec<&str> = stage.splitn(6, ':').collect();
    let [scheme, partition, service, region, account, api_and_stage] = parts[..] else { return false };
    let [api, stage_name] = api_and_stage.split('/').collect::<Vec<_>>()[..] else { return false };
    scheme == "arn"
        && service == "execute-api"
        && [partition, region, account, api, stage_name].iter().all(|part| !part.is_empty())
        && !stage.contains(['*', '?'])
        && !stage.contains("${")
}

/// Who is allowed with this event, if anybody.
pub fn decide(event: &str) -> Option<String> {
    thread_local! {
        static WORLD: (tokio::runtime::Runtime, Authorizer) = {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            (runtime, Authorizer::new(settings()))
        };
    }
    let decision = WORLD.with(|(runtime, authorizer)| runtime.block_on(authorizer.authorize(event, None)));
    assert_ne!(decision.outcome().reason(), Some("internal_error"), "a panic");
    let line = decision.log_line(Invocation::new("request", None));
    serde_json::from_slice::<Value>(&line).expect("a JSON line");
    let Answer::Response(json) = decision.into_answer() else { return None };
    let answer: Value = serde_json::from_str(json.get()).expect("a JSON answer");
    assert!(json.get().len() < 8192);
    let statement = &answer["policyDocument"]["Statement"][0];
    assert!(is_stage_resource(statement["Resource"][0].as_str().expect("a resource")));
    match statement["Effect"].as_str() {
        Some("Allow") => Some(answer["context"]["userId"].as_str().expect("a user id").to_owned()),
        _ => None,
    }
}

/// The token in an event of the fuzzer's own making, wherever it is.
pub fn token_in(event: &str) -> Option<String> {
    let is_token_char = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let unescaped = event.replace("\\u002e", ".");
    unescaped.split(|c| !is_token_char(c)).find(|word| vouched_for(word).is_some()).map(str::to_owned)
}

/// Who this token is, by a key of its pool and by its claims: the rules of the contract once more, on another
/// JSON reader and another verifier.
pub fn vouched_for(token: &str) -> Option<String> {
    let (message, signature) = token.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let object = |segment: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(segment).ok()?).ok();
    let (header, claims) = (object(header)?, object(claims)?);
    let pool = Pool::ALL.into_iter().find(|pool| claims["iss"] == pool.issuer().as_str())?;
    let jwk = pool.key().jwk();
    let key = DecodingKey::from_rsa_components(jwk["n"].as_str()?, jwk["e"].as_str()?).ok()?;
    let is_signed = jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::RS256).ok()?;
    let client = if claims["token_use"] == "id" { &claims["aud"] } else { &claims["client_id"] };
    let is_good = is_signed
        && header["alg"] == "RS256"
        && header["kid"] == pool.key().kid()
        && header.get("crit").is_none()
        && (claims["token_use"] == "id" || claims["token_use"] == "access")
        && client == pool.client()
        && claims["exp"].as_u64()? > now() - 5
        && claims.get("nbf").is_none_or(|time| time.as_u64().is_some_and(|time| time <= now()))
        && claims.get("iat").is_none_or(|time| time.as_u64().is_some_and(|time| time <= now() + 60))
        && claims.get("cnf").is_none()
        && claims.get("email_verified").is_some_and(|verified| *verified == true || verified == "true");
    is_good.then(|| claims["email"].as_str().map(str::to_owned)).flatten()
}

/// Settings of access rules with these files; an empty list stands for no list.
///
/// # Errors
/// What is wrong with them.
pub fn rules_settings(policies: &str, list: &str, more: &[(&str, &str)]) -> Result<Settings, Mistakes> {
    let mut variables = of_pools("http://127.0.0.1:1");
    variables.extend(Pool::ALL.map(Pool::key_set_variable));
    let own =
        [("RULES__POLICIES", "/rules.cedar"), ("RULES__ROUTES", if list.is_empty() { "" } else { "/routes.json" })];
    variables.extend(own.iter().chain(more).map(|(name, value)| (format!("SMAC__AUTH__{name}"), (*value).to_owned())));
    Settings::from_variables(variables, |path| match path.to_str() {
        Some("/rules.cedar") => Ok(policies.to_owned()),
        Some("/routes.json") => Ok(list.to_owned()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    })
}

/// An authorizer with these rules.
///
/// # Errors
/// What is wrong with them.
pub fn rules(policies: &str, list: &str, more: &[(&str, &str)]) -> Result<Authorizer, Mistakes> {
    rules_settings(policies, list, more).map(Authorizer::new)
}

/// Whether a user's request for a route is allowed.
pub fn decide_by(authorizer: &Authorizer, verb: &str, route: &str, path: &str) -> bool {
    thread_local!(static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));
    let event = serde_json::json!({
        "type": "REQUEST",
        "methodArn": format!("arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/{verb}/{path}"),
        "resource": route,
        "httpMethod": verb,
        "headers": { "Authorization": format!("Bearer {}", Token::id().sign()) },
    });
    let decision = RUNTIME.with(|runtime| runtime.block_on(authorizer.authorize(&event.to_string(), None)));
    assert_ne!(decision.outcome().reason(), Some("internal_error"), "a panic");
    decision.outcome().reason().is_none()
}
