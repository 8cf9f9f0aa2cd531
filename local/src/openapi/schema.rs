//! A Cedar schema of an API's routes, for the validation of policies and as the list of routes.
//!
//! The names are those of Cedar's generator and of Verified Permissions. Stricter is: every query parameter is optional,
//! since any client can leave it out. Tokens have no schema, so their usual claims are optional too.
//! <https://docs.cedarpolicy.com/schema/json-schema.html>

use serde_json::{Map, Value, json};

use super::{Document, Operation, SchemaOptions};

/// Who can ask.
const CALLERS: [&str; 3] = ["User", "Service", "Anonymous"];

pub(super) fn schema(document: &Document, options: &SchemaOptions<'_>) -> Result<Value, String> {
    let mut actions = Map::new();
    for operation in &document.operations {
        let name = action(operation, options);
        if actions.insert(name.clone(), definition(operation)).is_some() {
            return Err(format!("has the operationId {name} twice"));
        }
    }
    let mut user = claims(&["sub", "iss", "email", "name", "cognito:username"], options.claims);
    user.insert("email_verified".to_owned(), optional("Boolean"));
    user.insert("userId".to_owned(), json!({ "type": "String" }));
    let mut token = claims(&["sub", "iss", "client_id", "username"], options.claims);
    token.insert("scope".to_owned(), json!({ "type": "Set", "element": { "type": "String" }, "required": false }));
    let request = json!({
        "sourceIp": { "type": "Extension", "name": "ipaddr", "required": false },
        "stage": { "type": "String" },
        "api": { "type": "String" },
        "kind": { "type": "String" },
    });
    let namespace = json!({
        "commonTypes": { "Request": record(request), "Token": record(Value::Object(token)) },
        "entityTypes": {
            "User": { "memberOfTypes": ["UserGroup"], "shape": record(Value::Object(user)) },
            "UserGroup": {},
            "Service": { "memberOfTypes": ["ServiceGroup"] },
            "ServiceGroup": {},
            "Anonymous": {},
            "Application": {},
        },
        "actions": actions,
    });
    Ok(json!({ options.namespace.unwrap_or_default(): namespace }))
}

/// The name of a route's action.
pub(super) fn action(operation: &Operation, options: &SchemaOptions<'_>) -> String {
    let id = operation.operation_id.as_ref().filter(|_| options.has_operation_ids);
    id.map_or_else(|| operation.name(), String::clone)
}

fn definition(operation: &Operation) -> Value {
    let mut context = Map::new();
    let variables = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let path: Map<String, Value> = variables
        .map(|name| match name.strip_suffix('+') {
            // A TOKEN event does not have it.
            Some(name) => (name.to_owned(), optional("String")),
            None => (name.to_owned(), json!({ "type": "String" })),
        })
        .collect();
    if !path.is_empty() {
        context.insert("pathParameters".to_owned(), record(Value::Object(path)));
    }
    if !operation.query.is_empty() {
        let query = operation.query.iter().map(|name| (name.clone(), optional("String"))).collect();
        let mut query = record(Value::Object(query));
        query.as_object_mut().map(|query| query.insert("required".to_owned(), false.into()));
        context.insert("queryStringParameters".to_owned(), query);
    }
    context.insert("token".to_owned(), optional("Token"));
    context.insert("request".to_owned(), json!({ "type": "Request" }));
    let applies_to = json!({
        "principalTypes": CALLERS,
        "resourceTypes": ["Application"],
        "context": record(Value::Object(context)),
    });
    if operation.verb.is_empty() {
        return json!({ "appliesTo": applies_to });
    }
    let annotations = json!({ "httpVerb": operation.verb, "httpPathTemplate": operation.path });
    json!({ "appliesTo": applies_to, "annotations": annotations })
}

fn claims(usual: &[&str], more: &[String]) -> Map<String, Value> {
    let names = usual.iter().copied().chain(more.iter().map(String::as_str));
    names.map(|name| (name.to_owned(), optional("String"))).collect()
}

fn optional(type_name: &str) -> Value {
    json!({ "type": type_name, "required": false })
}

fn record(attributes: Value) -> Value {
    json!({ "type": "Record", "attributes": attributes })
}
