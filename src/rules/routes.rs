//! The routes of an API: which one a request asks for, and which action of the rules that is.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use cedar_policy::EntityUid;
use percent_encoding::percent_decode_str;

use super::names::Names;
use super::route::{DEFAULT, Listed, Route, RoutesError};
use super::template::{Precedence, Template};
use super::{openapi, schema};
use crate::object::without_byte_order_mark;

/// The routes of an API.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    all: Vec<Route>,
    by_name: HashMap<String, usize>,
    /// Each route's action that is in a group, with every group that it is in, directly or not.
    groups: HashMap<EntityUid, HashSet<EntityUid>>,
    rest: OnceLock<Reach>,
    http: OnceLock<Reach>,
    slashes: OnceLock<Reach>,
}

/// For each route, the routes whose patterns match some of its paths.
type Reach = Vec<Vec<usize>>;

impl Routes {
    /// Reads a file: an OpenAPI 3 document, or a Cedar schema, both in JSON. The namespace is the schema's only one where
    /// none is given.
    ///
    /// # Errors
    /// [`RoutesError`]
    pub(crate) fn parse(json: &str, namespace: Option<&str>) -> Result<(Self, Names), RoutesError> {
        let json = without_byte_order_mark(json.as_bytes());
        let (listed, names) = match openapi::is_document(json) {
            true => {
                let names = Names::new(namespace).map_err(|_| RoutesError::Namespace)?;
                (openapi::read(json, &names)?, names)
            }
            false => schema::read(json, namespace)?,
        };
        Ok((Self::new(listed)?, names))
    }

    fn new(Listed { routes, groups }: Listed) -> Result<Self, RoutesError> {
        if routes.is_empty() {
            return Err(RoutesError::Empty);
        }
        let mut by_name = HashMap::new();
        let mut by_paths = HashMap::new();
        for (index, route) in routes.iter().enumerate() {
            let by_name = by_name.insert(route.name.clone(), index);
            let by_paths = route.path.as_ref().and_then(|(verb, path)| by_paths.insert((*verb, path.shape()), index));
            if let Some(other) = by_name.or(by_paths).and_then(|other| routes.get(other)) {
                return Err(RoutesError::Twice(other.name.clone(), route.name.clone()));
            }
        }
        Ok(Self {
            all: routes,
            by_name,
            groups,
            rest: OnceLock::new(),
            http: OnceLock::new(),
            slashes: OnceLock::new(),
        })
    }

    /// The routes, in the order of the file.
    pub(crate) fn all(&self) -> &[Route] {
        &self.all
    }

    /// Whether there is a route for what no other route matches.
    pub(crate) fn has_default(&self) -> bool {
        self.position(DEFAULT).is_some()
    }

    /// Where a route of this name (`get /pets/{id}`) is in the list.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Where the route of a path is that only a TOKEN event's ARN names. A path that can be read in two ways must be the
    /// same route in both: gateways decode and normalise, and which path an ARN has is not documented.
    pub(super) fn find(&self, verb: &str, path: &str) -> Option<usize> {
        let decoded = percent_decode_str(path).decode_utf8_lossy().into_owned();
        let mut found = [path.to_owned(), normalised(path), normalised(&decoded), decoded]
            .into_iter()
            .filter_map(|path| self.best(&path))
            .map(|template| self.position(&format!("{verb} {}", template.as_str())));
        let first = found.next()?;
        found.all(|other| other == first).then_some(first).flatten()
    }

    /// The names of the routes, in the order of the file.
    #[cfg(feature = "tools")]
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|route| route.name.as_str())
    }

    /// The name of the route to which a gateway sends a path (without its first slash), read as it is.
    #[cfg(feature = "tools")]
    pub(super) fn sent_to(&self, method: &str, path: &str, precedence: Precedence) -> Option<&str> {
        // A REST API looks at the path before the method.
        let counts = |verb: &str| precedence == Precedence::Rest || verb == method;
        let matching = self.templates().filter(|(verb, template)| counts(verb) && template.matches(path));
        let best = matching.map(|(_, template)| template).min_by(|one, other| one.precedes(other, precedence));
        let name = best.map(|template| format!("{} {}", method.to_ascii_lowercase(), template.as_str()));
        let position = name.and_then(|name| self.position(&name)).or_else(|| self.position(DEFAULT));
        position.and_then(|position| self.all.get(position)).map(|route| route.name.as_str())
    }

    /// The path that REST's precedence chooses: it looks at the method only then.
    fn best(&self, path: &str) -> Option<&Template> {
        let matching = self.templates().filter(|(_, template)| template.matches(path)).map(|(_, template)| template);
        matching.min_by(|one, other| one.precedes(other, Precedence::Rest))
    }

    /// Each route's action that is in a group, with every group that it is in.
    pub(super) fn groups(&self) -> &HashMap<EntityUid, HashSet<EntityUid>> {
        &self.groups
    }

    /// Whether a policy that names this action can apply to a route.
    pub(super) fn knows(&self, action: &EntityUid) -> bool {
        self.all.iter().any(|route| route.action == *action)
            || self.groups.values().any(|groups| groups.contains(action))
    }

    /// The routes whose IAM patterns match some path of this route.
    pub(super) fn reached_by(&self, route: usize, precedence: Precedence) -> &[usize] {
        let reach = match precedence {
            Precedence::Rest => &self.rest,
            Precedence::Http => &self.http,
        };
        let reach = reach.get_or_init(|| self.reach(precedence));
        reach.get(route).map(Vec::as_slice).unwrap_or_default()
    }

    /// The routes whose IAM patterns match some path of this route with a slash at its end.
    pub(super) fn reached_with_slash_by(&self, route: usize) -> &[usize] {
        let reach = self.slashes.get_or_init(|| self.all.iter().map(|route| self.reaching_with_slash(route)).collect());
        reach.get(route).map(Vec::as_slice).unwrap_or_default()
    }

    /// Pairs of routes of which the first is refused in part wherever it is permitted, the second is refused, and some
    /// route is permitted whose pattern matches paths of the second. IAM's patterns can't say it better.
    #[cfg(any(test, feature = "tools"))]
    pub(crate) fn overlaps(&self, precedence: Precedence) -> Vec<(&str, &str)> {
        let name = |index: usize| self.all.get(index).map(|route| route.name.as_str()).unwrap_or_default();
        let mut pairs = Vec::new();
        for permitted in 0..self.all.len() {
            for refused in self.reached_by(permitted, precedence).iter().copied() {
                let is_denied = self.reached_by(refused, precedence).iter().any(|other| *other != refused);
                if refused != permitted && is_denied {
                    pairs.push((name(permitted), name(refused)));
                }
            }
        }
        pairs
    }

    fn reach(&self, precedence: Precedence) -> Reach {
        let reaching = |route: &Route| -> Vec<usize> {
            let Some((verb, template)) = &route.path else {
                return Vec::new();
            };
            // A REST API looks at the path before the method.
            let counts = |other: &str| precedence == Precedence::Rest || other == *verb;
            let rivals: Vec<&Template> = self
                .templates()
                .filter(|(other, rival)| counts(other) && rival.is_rival_of(template, precedence))
                .map(|(_, rival)| rival)
                .collect();
            let others = self.all.iter().enumerate();
            let reaching = others.filter(|(_, other)| {
                let Some((other, pattern)) = &other.path else {
                    return false;
                };
                other == verb && pattern.reaches(template, &rivals)
            });
            reaching.map(|(index, _)| index).collect()
        };
        self.all.iter().map(reaching).collect()
    }

    fn reaching_with_slash(&self, route: &Route) -> Vec<usize> {
        let with_slash = route.path.as_ref().and_then(|(verb, template)| Some((*verb, template.with_slash()?)));
        let Some((verb, template)) = with_slash else {
            return Vec::new();
        };
        // Where the list has both, each has its own statement.
        if self.templates().any(|(_, other)| other.as_str() == template.as_str()) {
            return Vec::new();
        }
        let reaches = |other: &Route| {
            other.path.as_ref().is_some_and(|(other, pattern)| *other == verb && pattern.reaches(&template, &[]))
        };
        self.all.iter().enumerate().filter(|(_, other)| reaches(other)).map(|(index, _)| index).collect()
    }

    fn templates(&self) -> impl Iterator<Item = (&'static str, &Template)> {
        self.all.iter().filter_map(|route| route.path.as_ref()).map(|(verb, template)| (*verb, template))
    }
}

/// Without empty parts, and with `.` and `..` followed.
fn normalised(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests;
