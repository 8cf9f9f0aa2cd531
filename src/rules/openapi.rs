//! The routes of an OpenAPI 3 document: the methods of its `paths`. What API Gateway exports, or imports, is such a one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::names::Names;
use super::route::{Listed, Route, RoutesError, SPECIAL, VERBS, known_verb};
use super::template::Template;
use crate::object::Object;

/// A method that stands for all.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-any-method.html>
pub(super) const ANY_METHOD: &str = "x-amazon-apigateway-any-method";

/// Of a document only the names of its paths and methods are kept.
#[derive(Deserialize)]
struct Document {
    openapi: String,
    paths: BTreeMap<String, BTreeMap<String, IgnoredAny>>,
}

/// Whether this is an OpenAPI document of any version.
pub(super) fn is_document(json: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Versions {
        openapi: Option<IgnoredAny>,
        swagger: Option<IgnoredAny>,
    }
    let versions = serde_json::from_slice::<Object<Versions>>(json);
    versions.is_ok_and(|Object(versions)| versions.openapi.is_some() || versions.swagger.is_some())
}

/// The routes of a document.
///
/// # Errors
/// [`RoutesError`]
pub(super) fn read(json: &[u8], names: &Names) -> Result<Listed, RoutesError> {
    let Object(document): Object<Document> = serde_json::from_slice(json).map_err(|_| RoutesError::Unsupported)?;
    if !document.openapi.starts_with("3.") {
        return Err(RoutesError::Unsupported);
    }
    let mut routes = Vec::new();
    for (path, item) in &document.paths {
        // An export has `$default` as a path.
        let name = path.strip_prefix('/').unwrap_or(path);
        if SPECIAL.contains(&name) {
            routes.push(Route { name: name.to_owned(), action: names.action(name), path: None });
            continue;
        }
        let template = Template::parse(path).map_err(|error| RoutesError::Template(path.clone(), error))?;
        let mut verbs: BTreeSet<&str> = item.keys().filter_map(|key| known_verb(key)).collect();
        if item.contains_key(ANY_METHOD) {
            verbs.extend(VERBS);
        }
        routes.extend(verbs.into_iter().map(|verb| {
            let name = format!("{} {path}", verb.to_ascii_lowercase());
            let action = names.action(&name);
            Route { name, action, path: Some((verb, template.clone())) }
        }));
    }
    Ok(Listed { routes, groups: HashMap::new() })
}
