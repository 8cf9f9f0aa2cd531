use serde_json::json;

use super::*;

const PETS: &str = "
openapi: 3.0.1
info: { title: pets, version: '1' }
servers:
  - url: https://api.example.com/v1/
  - url: https://api.example.com
paths:
  /pets:
    parameters:
      - $ref: '#/components/parameters/Limit'
    get:
      operationId: listPets
      parameters:
        - { name: kind, in: query, required: true, schema: { type: string } }
        - { name: X-Trace, in: header, schema: { type: string } }
    post: {}
  /files/{id}/{path+}:
    x-amazon-apigateway-any-method: { operationId: files }
  /$default:
    x-amazon-apigateway-any-method: {}
components:
  parameters:
    Limit: { name: limit, in: query, schema: { type: integer } }
";

fn names(document: &Document) -> Vec<String> {
    document.operations.iter().map(Operation::name).collect()
}

#[test]
fn operations_are_routes() {
    let document = Document::parse(PETS).unwrap();
    let names = names(&document);
    let verbs = ["get", "put", "post", "delete", "options", "head", "patch"];
    let files = verbs.map(|verb| format!("{verb} /files/{{id}}/{{path+}}"));
    assert_eq!(
        names,
        ["get /pets", "post /pets"]
            .map(String::from)
            .into_iter()
            .chain(files)
            .chain(["$default".to_owned()])
            .collect::<Vec<_>>()
    );
    assert_eq!(document.operations[0].query, ["kind", "limit"]);
    assert_eq!(document.operations[1].query, ["limit"]);
    assert_eq!(document.operations[0].operation_id.as_deref(), Some("listPets"));
    assert_eq!(document.server_paths, ["/v1"]);
    // What is written is read as the same routes, here and by the function.
    let list = document.list().to_string();
    let again: Vec<String> = Document::parse(&list).unwrap().operations.iter().map(Operation::name).collect();
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    assert_eq!(sorted(again), sorted(names.clone()));
    assert_eq!(sorted(tools::routes_of(&list, None).unwrap()), sorted(names));
}

#[test]
fn a_schema_is_a_list_of_the_same_routes() {
    let document = Document::parse(PETS).unwrap();
    for has_operation_ids in [false, true] {
        for namespace in [None, Some("Pets")] {
            let options = SchemaOptions { namespace, has_operation_ids, claims: &[] };
            let schema = document.schema(&options).unwrap().to_string();
            cedar_policy::Schema::from_json_str(&schema).unwrap();
            let mut routes = tools::routes_of(&schema, namespace).unwrap();
            let mut expected = names(&document);
            routes.sort();
            expected.sort();
            assert_eq!(routes, expected, "{schema}");
        }
    }
}

#[test]
fn no_client_must_send_a_query_parameter() {
    let options = SchemaOptions { claims: &["custom:tenant".to_owned()], ..SchemaOptions::default() };
    let schema = Document::parse(PETS).unwrap().schema(&options).unwrap();
    let context = &schema[""]["actions"]["get /pets"]["appliesTo"]["context"]["attributes"];
    let string = json!({ "type": "String", "required": false });
    assert_eq!(context["queryStringParameters"]["attributes"], json!({ "kind": string, "limit": string }));
    assert_eq!(context["queryStringParameters"]["required"], false);
    let path =
        &schema[""]["actions"]["get /files/{id}/{path+}"]["appliesTo"]["context"]["attributes"]["pathParameters"];
    assert_eq!(path["attributes"], json!({ "id": { "type": "String" }, "path": string }));
    assert_eq!(schema[""]["entityTypes"]["User"]["shape"]["attributes"]["custom:tenant"], string);
}

#[test]
fn what_is_not_a_document_says_so() {
    for (text, problem) in [
        ("swagger: '2.0'", "is not an OpenAPI 3 document"),
        ("openapi: 3.0.1\npaths: {}", "has no route"),
        ("openapi: 3.0.1\npaths: { /a: { $ref: 'a.yaml' } }", "in another place"),
        ("openapi: 3.0.1\npaths: { /a*: { get: {} } }", "has the path /a*"),
        ("openapi: 3.0.1\npaths: { '/a/{b}': { get: {} }, '/a/{c}': { get: {} } }", "two routes for the same paths"),
        ("a: [", "is not YAML"),
    ] {
        let error = Document::parse(text).unwrap_err();
        assert!(error.contains(problem), "{text}: {error}");
    }
    let twice = "openapi: 3.0.1\npaths: { /a: { get: { operationId: x }, put: { operationId: x } } }";
    let options = SchemaOptions { has_operation_ids: true, ..SchemaOptions::default() };
    assert_eq!(Document::parse(twice).unwrap().schema(&options).unwrap_err(), "has the operationId x twice");
}
