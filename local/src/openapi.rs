//! An OpenAPI 3 document, in YAML or JSON, as far as access rules need it: its operations are the routes of an API.

mod schema;

use serde_json::{Value, json};
use smac_lambda_authorizer::tools;

use crate::template::{self, Node};

/// The methods that a path item can have, as the document writes them.
const VERBS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// What stands for all of them but `trace`.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-any-method.html>
const ANY_METHOD: &str = "x-amazon-apigateway-any-method";

/// Routes without a method.
const SPECIAL: [&str; 2] = ["$connect", "$default"];

/// The routes of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub operations: Vec<Operation>,
    /// The paths of the servers, where they have one: `/v1`.
    pub server_paths: Vec<String>,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// `get`; empty for `$connect` and `$default`.
    pub verb: String,
    /// `/pets/{id}`, or `$default`.
    pub path: String,
    pub operation_id: Option<String>,
    /// The names of the query's parameters.
    pub query: Vec<String>,
}

impl Operation {
    /// As the access rules call it: `get /pets/{id}`.
    pub fn name(&self) -> String {
        format!("{} {}", self.verb, self.path).trim_start().to_owned()
    }
}

impl Document {
    /// Reads a document.
    pub fn parse(text: &str) -> Result<Self, String> {
        let root = template::parse_document(text)?;
        let version = root.get("openapi").and_then(Node::string).unwrap_or_default();
        if !version.starts_with("3.") {
            return Err("is not an OpenAPI 3 document: it has no `openapi: 3.x`".to_owned());
        }
        let paths = root.get("paths").map(Node::entries).unwrap_or_default();
        let mut operations = Vec::new();
        for (path, item) in paths {
            if item.get("$ref").is_some() {
                return Err(format!("has the path {path} in another place ($ref): put it where it is named"));
            }
            operations.extend(of_path(&root, path, item));
        }
        let document = Self { operations, server_paths: server_paths(&root) };
        // What the function would not accept is nothing that it could be given.
        tools::routes_of(&document.list().to_string(), None)?;
        Ok(document)
    }

    /// The routes alone, as an OpenAPI document: what `RULES__ROUTES` can name.
    pub fn list(&self) -> Value {
        let mut paths = serde_json::Map::new();
        for Operation { verb, path, .. } in &self.operations {
            let path = if verb.is_empty() { format!("/{path}") } else { path.clone() };
            let verb = if verb.is_empty() { ANY_METHOD } else { verb };
            let item = paths.entry(path).or_insert_with(|| json!({}));
            item.as_object_mut().map(|item| item.insert(verb.to_owned(), json!({})));
        }
        json!({ "openapi": "3.0.1", "info": { "title": "The routes", "version": "1" }, "paths": paths })
    }

    /// A Cedar schema of the same routes.
    pub fn schema(&self, options: &SchemaOptions<'_>) -> Result<Value, String> {
        schema::schema(self, options)
    }
}

/// How a schema is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct SchemaOptions<'a> {
    pub namespace: Option<&'a str>,
    /// Whether actions are named by the operation's id where it has one, as Cedar's own generator does.
    pub has_operation_ids: bool,
    /// Claims that may be in tokens beside the usual ones.
    pub claims: &'a [String],
}

fn of_path(root: &Node, path: &str, item: &Node) -> Vec<Operation> {
    // An export has `$default` as a path.
    let name = path.strip_prefix('/').unwrap_or(path);
    if SPECIAL.contains(&name) {
        return vec![Operation { verb: String::new(), path: name.to_owned(), operation_id: None, query: Vec::new() }];
    }
    let any = item.get(ANY_METHOD);
    let of_verb = |verb: &&str| {
        let own = item.get(verb);
        let operation = own.or(any.filter(|_| *verb != "trace"))?;
        let mut query = parameters(root, item);
        query.extend(parameters(root, operation));
        query.sort();
        query.dedup();
        // One id can't name seven operations.
        let operation_id = own.and_then(|own| own.get("operationId")).and_then(Node::string).map(str::to_owned);
        Some(Operation { verb: (*verb).to_owned(), path: path.to_owned(), operation_id, query })
    };
    VERBS.iter().filter_map(of_verb).collect()
}

/// The names of the query's parameters, also of those that are defined elsewhere in the document.
fn parameters(root: &Node, owner: &Node) -> Vec<String> {
    let resolved = |node: &Node| -> Option<Node> {
        match node.get("$ref").and_then(Node::string) {
            Some(place) => {
                let place = place.strip_prefix("#/")?;
                place.split('/').try_fold(root.clone(), |node, part| node.get(part).cloned())
            }
            None => Some(node.clone()),
        }
    };
    let all = owner.get("parameters").and_then(Node::list).unwrap_or_default().iter().filter_map(resolved);
    let in_query = all.filter(|node| node.get("in").and_then(Node::string) == Some("query"));
    in_query.filter_map(|node| node.get("name").and_then(Node::string).map(str::to_owned)).collect()
}

fn server_paths(root: &Node) -> Vec<String> {
    let servers = root.get("servers").and_then(Node::list).unwrap_or_default().iter();
    let urls = servers.filter_map(|server| server.get("url").and_then(Node::string));
    let path = |url: &str| {
        let behind = url.split_once("://").map_or(url, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        let path = behind.trim_matches('/');
        (!path.is_empty()).then(|| format!("/{path}"))
    };
    urls.filter_map(path).collect()
}

#[cfg(test)]
mod tests;
