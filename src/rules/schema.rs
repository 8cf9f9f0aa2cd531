//! The routes of a Cedar schema in JSON: its actions, whose names or annotations say which routes they are.
//!
//! <https://docs.cedarpolicy.com/schema/json-schema.html>

use std::collections::{BTreeMap, HashMap, HashSet};

use cedar_policy::{EntityId, EntityTypeName, EntityUid};
use serde::Deserialize;

use super::names::{ACTION, Names};
use super::openapi::ANY_METHOD;
use super::route::{Listed, Route, RoutesError, SPECIAL, VERBS, known_verb};
use super::template::Template;

/// A schema, of which only the actions are kept.
type Schema = BTreeMap<String, Namespace>;

#[derive(Deserialize)]
struct Namespace {
    actions: BTreeMap<String, Action>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    #[serde(default)]
    member_of: Option<Vec<Parent>>,
    #[serde(default)]
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
struct Parent {
    id: String,
    #[serde(rename = "type")]
    type_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Annotations {
    http_verb: Option<String>,
    http_path_template: Option<String>,
}

/// The routes of a schema, and the names in its namespace: the given one, or the only one that there is.
///
/// # Errors
/// [`RoutesError`]
pub(super) fn read(json: &[u8], namespace: Option<&str>) -> Result<(Listed, Names), RoutesError> {
    let schema: Schema = serde_json::from_slice(json).map_err(|_| RoutesError::Unsupported)?;
    let only = schema.keys().next().filter(|_| schema.len() == 1).map(String::as_str);
    let namespace = namespace.or(only).filter(|namespace| !namespace.is_empty());
    let Namespace { actions } = schema.get(namespace.unwrap_or_default()).ok_or(RoutesError::Namespace)?;
    let names = Names::new(namespace).map_err(|_| RoutesError::Namespace)?;

    let mut parents = HashMap::new();
    let mut routes = Vec::new();
    for (id, action) in actions {
        let uid = names.action(id);
        let of_action = action.member_of.iter().flatten().map(|parent| parent.uid(&names, namespace));
        let of_action: Option<Vec<EntityUid>> = of_action.collect();
        parents.insert(uid.clone(), of_action.ok_or_else(|| RoutesError::Action(id.clone()))?);
        if SPECIAL.contains(&id.as_str()) {
            routes.push(Route { name: id.clone(), action: uid, path: None });
            continue;
        }
        // Whatever is not a route is a group of actions.
        let Some((verb, path)) = action.route(id) else {
            continue;
        };
        let template = Template::parse(&path).map_err(|error| RoutesError::Template(path.clone(), error))?;
        for verb in verbs(verb).ok_or_else(|| RoutesError::Action(id.clone()))? {
            let name = format!("{} {path}", verb.to_ascii_lowercase());
            routes.push(Route { name, action: uid.clone(), path: Some((verb, template.clone())) });
        }
    }
    let groups = groups(&routes, &parents)?;
    Ok((Listed { routes, groups }, names))
}

impl Action {
    /// The verb and the path of an action's route: its name, or else its annotations.
    fn route<'a>(&'a self, id: &'a str) -> Option<(&'a str, String)> {
        if let Some((verb, path)) = id.split_once(' ')
            && path.starts_with('/')
            && verbs(verb).is_some()
        {
            return Some((verb, path.to_owned()));
        }
        let annotations = self.annotations.as_ref()?;
        let path = annotations.http_path_template.as_deref()?;
        // The generator puts a server's path before it, which often ends with a slash.
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let end = if path.ends_with('/') && !parts.is_empty() { "/" } else { "" };
        Some((annotations.http_verb.as_deref()?, format!("/{}{end}", parts.join("/"))))
    }
}

impl Parent {
    /// The group, in the namespace of the action unless it says another one.
    fn uid(&self, names: &Names, namespace: Option<&str>) -> Option<EntityUid> {
        let type_name: EntityTypeName = match (self.type_name.as_deref(), namespace) {
            (None, _) => return Some(names.action(&self.id)),
            (Some(ACTION), Some(namespace)) => format!("{namespace}::{ACTION}").parse().ok()?,
            (Some(other), _) => other.parse().ok()?,
        };
        Some(EntityUid::from_type_name_and_id(type_name, EntityId::new(&self.id)))
    }
}

/// The methods that a verb stands for.
fn verbs(verb: &str) -> Option<Vec<&'static str>> {
    if verb.eq_ignore_ascii_case("any") || verb == ANY_METHOD {
        return Some(VERBS.to_vec());
    }
    known_verb(verb).map(|verb| vec![verb])
}

/// For each action of a route that is in a group: every group, however far above.
fn groups(
    routes: &[Route],
    parents: &HashMap<EntityUid, Vec<EntityUid>>,
) -> Result<HashMap<EntityUid, HashSet<EntityUid>>, RoutesError> {
    let mut all = HashMap::new();
    for Route { action, .. } in routes {
        let mut found = HashSet::new();
        let mut next: Vec<&EntityUid> = parents.get(action).into_iter().flatten().collect();
        while let Some(group) = next.pop() {
            if found.insert(group.clone()) {
                next.extend(parents.get(group).into_iter().flatten());
            }
        }
        if found.contains(action) {
            return Err(RoutesError::Circle);
        }
        if !found.is_empty() {
            all.insert(action.clone(), found);
        }
    }
    Ok(all)
}
