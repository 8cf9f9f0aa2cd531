//! Section 10 of the contract: access rules.

mod answers;
mod attacks;
mod decisions;
mod issuers;
mod laws;
mod method;
mod mistakes;
mod people;
mod requests;
mod simple;
mod stage;
mod start;
mod supposed;

use serde_json::{Value, json};
use smac_local::token::Token;

use crate::support::files::Files;
use crate::support::{Told, World, still_world};

pub const STAGE: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod";

/// A pet store with a route of each shape.
pub const ROUTES: &[&str] = &[
    "get /pets",
    "post /pets",
    "get /pets/{id}",
    "delete /pets/{id}",
    "get /pets/mine",
    "get /pets/{id}/toys",
    "get /",
];

pub const ALL: &str = "permit (principal, action, resource);";

/// An authorizer with rules.
pub struct Rules {
    pub world: World,
    _files: Files,
}

impl Rules {
    /// With a list of routes, and a policy for all of them where the kind of API has one.
    pub async fn new(policies: &str, routes: &[&str], settings: &[(&str, &str)]) -> Self {
        Self::with_list(policies, &openapi(routes), settings).await
    }

    /// With a list as JSON; an empty one stands for no list.
    pub async fn with_list(policies: &str, list: &str, settings: &[(&str, &str)]) -> Self {
        let files = Files::new(&[("rules.cedar", policies), ("routes.json", list)]);
        let (policies, routes) = (files.path("rules.cedar"), files.path("routes.json"));
        let mut all = vec![("RULES__POLICIES", policies.as_str())];
        if !list.is_empty() {
            all.push(("RULES__ROUTES", &routes));
        }
        all.extend(settings);
        Self { world: still_world(&all).await, _files: files }
    }

    pub async fn ask(&self, event: &Value) -> Told {
        self.world.ask(event).await
    }
}

/// An OpenAPI document of routes such as `get /pets`.
pub fn openapi(routes: &[&str]) -> String {
    let mut paths = json!({});
    for route in routes {
        let (verb, path) = route.split_once(' ').unwrap_or(("get", route));
        paths[path][verb] = json!({ "operationId": "ignored", "parameters": [] });
    }
    json!({ "openapi": "3.0.1", "info": { "title": "pets" }, "paths": paths }).to_string()
}

/// A rule that permits these actions.
pub fn permit(actions: &[&str]) -> String {
    let actions: Vec<_> = actions.iter().map(|action| format!("Action::\"{action}\"")).collect();
    format!("permit (principal, action in [{}], resource);", actions.join(", "))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    RestToken,
    RestRequest,
    HttpV1,
    HttpV2,
}

pub const APIS: [Api; 4] = [Api::RestToken, Api::RestRequest, Api::HttpV1, Api::HttpV2];

/// The event of a request, as each kind of API sends it.
pub fn event(api: Api, token: &str, verb: &str, route: &str, path: &str) -> Value {
    let arn = format!("{STAGE}/{verb}{path}");
    let (_, route_path) = route.split_once(' ').unwrap_or(("", route));
    let bearer = format!("Bearer {token}");
    match api {
        Api::RestToken => json!({ "type": "TOKEN", "methodArn": arn, "authorizationToken": bearer }),
        Api::RestRequest => json!({
            "type": "REQUEST", "methodArn": arn, "resource": route_path, "path": path, "httpMethod": verb,
            "headers": { "Authorization": bearer },
            "requestContext": { "resourcePath": route_path, "httpMethod": verb, "stage": "prod" },
        }),
        Api::HttpV1 => json!({
            "version": "1.0", "type": "REQUEST", "methodArn": arn, "resource": route_path, "path": path,
            "httpMethod": verb, "headers": { "Authorization": bearer }, "identitySource": bearer,
            "requestContext": { "resourcePath": route_path, "httpMethod": verb },
        }),
        Api::HttpV2 => json!({
            "version": "2.0", "type": "REQUEST", "routeArn": arn, "rawPath": path, "rawQueryString": "",
            "routeKey": if route.starts_with('/') { format!("{verb} {route}") } else { route.to_owned() },
            "identitySource": [bearer], "headers": { "authorization": bearer },
            "requestContext": { "http": { "method": verb, "path": path, "sourceIp": "203.0.113.7" } },
        }),
    }
}

pub fn user() -> String {
    Token::id().sign()
}

/// The pet store's request for a route, as a REST API sends it.
pub fn rest(verb: &str, route: &str) -> Value {
    event(Api::RestRequest, &user(), verb, route, &concrete(route))
}

/// A path of a route.
pub fn concrete(route: &str) -> String {
    route.replace("{id}", "42").replace("{proxy+}", "x/y")
}

/// Whether an answer allows a request: `GET/pets/42`.
pub fn allows(answer: &Value, request: &str) -> bool {
    let resource = format!("{STAGE}/{request}");
    let statements = answer["policyDocument"]["Statement"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let has = |effect: &str| {
        statements.iter().filter(|statement| statement["Effect"] == effect).any(|statement| {
            let patterns = statement["Resource"].as_array().unwrap().iter();
            patterns.into_iter().any(|pattern| iam_matches(pattern.as_str().unwrap().as_bytes(), resource.as_bytes()))
        })
    };
    has("Allow") && !has("Deny")
}

/// IAM's patterns: `*` is any string, `?` one character.
fn iam_matches(pattern: &[u8], resource: &[u8]) -> bool {
    match (pattern.split_first(), resource.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => iam_matches(rest, resource),
        (Some((b'*', rest)), Some((_, behind))) => iam_matches(rest, resource) || iam_matches(pattern, behind),
        (Some((b'?', rest)), Some((_, behind))) => iam_matches(rest, behind),
        (Some((one, rest)), Some((other, behind))) => one == other && iam_matches(rest, behind),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// The resources below the stage of the statements with this effect.
pub fn resources(answer: &Value, effect: &str) -> Vec<String> {
    let statements = answer["policyDocument"]["Statement"].as_array().unwrap().iter();
    let statements = statements.filter(|statement| statement["Effect"] == effect);
    let resources = statements.flat_map(|statement| statement["Resource"].as_array().unwrap());
    let prefix = format!("{STAGE}/");
    resources.map(|resource| resource.as_str().unwrap().strip_prefix(&prefix).unwrap().to_owned()).collect()
}

/// What the log line says of the rules.
pub fn logged(told: &Told) -> Value {
    told.line()["rules"].clone()
}
