//! What a request asks of the rules: which route, which action, and in which circumstances.

use cedar_policy::{Context, EntityUid, RestrictedExpression};

use super::looks::{Looks, QUERY, TOKEN};
use super::names::Names;
use super::route::{CONNECT, DEFAULT};
use super::routes::Routes;
use super::values;
use crate::event::Request;
use crate::kind::Kind;

/// The route that a request asks for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) action: EntityUid,
    /// Its place in the list, if there is one that has it.
    pub(super) position: Option<usize>,
}

impl Asked {
    /// The route of a request. None if the list does not have it, or if nothing tells which one it is.
    pub(super) fn of(request: &Request<'_>, routes: Option<&Routes>, names: &Names) -> Option<Self> {
        let name = match (request.kind(), routes) {
            (Kind::WebSocket, _) => CONNECT.to_owned(),
            (Kind::RestToken, Some(routes)) => {
                let (method, path) = request.arn().method_and_path()?;
                let position = routes.find(&method.to_ascii_lowercase(), path)?;
                let action = routes.all().get(position)?.action.clone();
                return Some(Self { action, position: Some(position) });
            }
            // Only a list tells which route a path is one of.
            (Kind::RestToken, None) => return None,
            (Kind::RestRequest | Kind::HttpV1 | Kind::HttpV2, _) => route_name(request)?,
        };
        let Some(routes) = routes else {
            return Some(Self { action: names.action(&name), position: None });
        };
        match routes.position(&name) {
            Some(position) => {
                let action = routes.all().get(position)?.action.clone();
                Some(Self { action, position: Some(position) })
            }
            None if name == CONNECT => Some(Self { action: names.action(CONNECT), position: None }),
            None => None,
        }
    }
}

/// `get /pets/{id}` or `$default`.
fn route_name(request: &Request<'_>) -> Option<String> {
    let route = request.route()?;
    if route == DEFAULT {
        return Some(route.to_owned());
    }
    let (verb, path) = match request.kind() {
        Kind::HttpV2 => route.split_once(' ').map(|(verb, path)| (Some(verb), path))?,
        Kind::RestToken | Kind::RestRequest | Kind::HttpV1 | Kind::WebSocket => (None, route),
    };
    // A route for every method is asked for by one.
    let verb = match verb.filter(|verb| *verb != "ANY") {
        Some(verb) => verb.to_ascii_lowercase(),
        None => request.http_method()?.to_ascii_lowercase(),
    };
    path.starts_with('/').then(|| format!("{verb} {path}"))
}

/// The circumstances of a request. None if a value that some policy looks at can be read in two ways, or if Cedar does not
/// accept it.
pub(super) fn context(
    request: &Request<'_>,
    token: Option<RestrictedExpression>,
    asked: &Asked,
    routes: Option<&Routes>,
    looks: Looks,
) -> Option<Context> {
    if looks == Looks::Nothing {
        return context_of_all(token);
    }
    let query = query(request, looks)?;
    let path = path_parameters(request, asked, routes)?;
    let address = request.source_ip();
    let about = About {
        stage: request.arn().stage(),
        api: request.arn().api(),
        kind: request.kind(),
        source_ip: address.as_deref(),
    };
    Context::from_pairs(members_of(token, path, query, &about)?).ok()
}

/// Where a request comes from and goes to.
pub(super) struct About<'a> {
    pub(super) stage: &'a str,
    pub(super) api: &'a str,
    pub(super) kind: Kind,
    pub(super) source_ip: Option<&'a str>,
}

/// The members of the context.
pub(super) fn members_of(
    token: Option<RestrictedExpression>,
    path: Vec<(String, RestrictedExpression)>,
    query: Vec<(String, RestrictedExpression)>,
    about: &About<'_>,
) -> Option<Vec<(String, RestrictedExpression)>> {
    let mut members = about_token(token);
    for (name, parameters) in [("pathParameters", path), (QUERY, query)] {
        if !parameters.is_empty() {
            members.push((name.to_owned(), values::record(parameters)?));
        }
    }
    let mut request = vec![
        ("stage".to_owned(), values::string(about.stage)),
        ("api".to_owned(), values::string(about.api)),
        ("kind".to_owned(), values::string(about.kind.name())),
    ];
    let address = about.source_ip.and_then(|address| address.parse::<std::net::IpAddr>().ok());
    request.extend(address.map(|address| ("sourceIp".to_owned(), RestrictedExpression::new_ip(address.to_string()))));
    members.push(("request".to_owned(), values::record(request)?));
    Some(members)
}

/// The circumstances that every request of one caller has.
pub(super) fn context_of_all(token: Option<RestrictedExpression>) -> Option<Context> {
    Context::from_pairs(about_token(token)).ok()
}

fn about_token(token: Option<RestrictedExpression>) -> Vec<(String, RestrictedExpression)> {
    token.map(|token| (TOKEN.to_owned(), token)).into_iter().collect()
}

/// The query's parameters. None if a policy looks at them and one of them has two values: the backend may read the other.
fn query(request: &Request<'_>, looks: Looks) -> Option<Vec<(String, RestrictedExpression)>> {
    let mut parameters: Vec<(&str, &str)> = Vec::new();
    for (name, value) in request.query_parameters() {
        match parameters.iter().find(|(other, _)| *other == name) {
            Some((_, other)) if *other != value && looks == Looks::Query => return None,
            Some(_) => {}
            None => parameters.push((name, value)),
        }
    }
    if looks == Looks::Query && request.has_ambiguous_query() {
        return None;
    }
    Some(parameters.into_iter().map(|(name, value)| (name.to_owned(), values::string(value))).collect())
}

/// The path's parameters; those of a TOKEN event as its ARN has them, unless that may be another spelling of theirs.
fn path_parameters(
    request: &Request<'_>,
    asked: &Asked,
    routes: Option<&Routes>,
) -> Option<Vec<(String, RestrictedExpression)>> {
    if request.kind() != Kind::RestToken {
        let parameters = request.path_parameters().into_iter();
        return Some(parameters.map(|(name, value)| (name, RestrictedExpression::new_string(value))).collect());
    }
    let (_, path) = request.arn().method_and_path()?;
    if path.contains('%') {
        return None;
    }
    let route = routes.zip(asked.position).and_then(|(routes, position)| routes.all().get(position));
    let template = route.and_then(|route| route.path.as_ref()).map(|(_, template)| template);
    let variables = template.into_iter().flat_map(|template| template.variables(path));
    Some(variables.map(|(name, value)| (name.to_owned(), values::string(value))).collect())
}
