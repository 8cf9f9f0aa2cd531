//! One route of a list, and what can be wrong with a list.

use std::collections::{HashMap, HashSet};
use std::fmt;

use cedar_policy::EntityUid;

use super::template::{InvalidTemplate, Template};

/// What `x-amazon-apigateway-any-method` and `ANY` stand for.
pub(super) const VERBS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// The route by which a WebSocket is opened.
pub(super) const CONNECT: &str = "$connect";

/// The route of an HTTP API for what no other route matches.
pub(super) const DEFAULT: &str = "$default";

/// Routes without a path.
pub(super) const SPECIAL: [&str; 2] = [CONNECT, DEFAULT];

/// One route.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// `get /pets/{id}`, `$connect`
    pub(super) name: String,
    pub(super) action: EntityUid,
    /// The method in upper case and the path; none for `$connect` and `$default`.
    pub(super) path: Option<(&'static str, Template)>,
}

/// What a file says.
pub(super) struct Listed {
    pub(super) routes: Vec<Route>,
    pub(super) groups: HashMap<EntityUid, HashSet<EntityUid>>,
}

/// What is wrong with a list of routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RoutesError {
    /// It is something else.
    Unsupported,
    /// The namespace is not one of the schema's.
    Namespace,
    /// There is no route in it.
    Empty,
    /// A path that no route can have.
    Template(String, InvalidTemplate),
    /// Two routes for the same paths.
    Twice(String, String),
    /// An action that is in no form that is known.
    Action(String),
    /// Action groups that contain each other.
    Circle,
}

impl fmt::Display for RoutesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported => f.write_str("is neither an OpenAPI 3 document nor a Cedar schema in JSON"),
            Self::Namespace => f.write_str("is a schema without the namespace of the rules"),
            Self::Empty => f.write_str("has no route"),
            Self::Template(path, error) => write!(f, "has the path {path}: {error}"),
            Self::Twice(one, other) => write!(f, "has two routes for the same paths: {one} and {other}"),
            Self::Action(action) => write!(f, "has the action {action}, which cannot be read"),
            Self::Circle => f.write_str("has action groups that contain each other"),
        }
    }
}

impl std::error::Error for RoutesError {}

/// The verb in upper case, if it is one that a route can have.
pub(super) fn known_verb(verb: &str) -> Option<&'static str> {
    // TRACE is a verb of OpenAPI, though not one of API Gateway.
    VERBS.into_iter().chain(["TRACE"]).find(|known| known.eq_ignore_ascii_case(verb))
}
