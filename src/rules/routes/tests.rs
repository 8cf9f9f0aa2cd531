//! Lists of routes, and the routes of paths.

use super::super::template::InvalidTemplate;
use super::*;

fn parse(json: &str, namespace: Option<&str>) -> Result<Vec<(String, String)>, RoutesError> {
    let (routes, _) = Routes::parse(json, namespace)?;
    Ok(routes.all().iter().map(|route| (route.name.clone(), route.action.to_string())).collect())
}

fn names(json: &str) -> Vec<String> {
    parse(json, None).unwrap().into_iter().map(|(name, _)| name).collect()
}

fn openapi(paths: &[&str]) -> Routes {
    let paths: Vec<_> =
        paths.iter().map(|path| format!(r#""{path}": {{"x-amazon-apigateway-any-method": {{}}}}"#)).collect();
    Routes::parse(&format!(r#"{{"openapi": "3.0.1", "paths": {{{}}}}}"#, paths.join(",")), None).unwrap().0
}

#[test]
fn an_openapi_document_has_paths_with_methods() {
    let json = r#"{
        "openapi": "3.0.1", "info": {}, "servers": [{"url": "https://example.com/base"}],
        "paths": {
            "/pets": {"get": {"operationId": "listPets"}, "post": {}, "parameters": [], "summary": "x"},
            "/pets/{id}": {"x-amazon-apigateway-any-method": {}, "get": {}},
            "/$default": {"x-amazon-apigateway-any-method": {"isDefaultRoute": true}}
        }
    }"#;
    let expected = [
        "$default",
        "get /pets",
        "post /pets",
        "delete /pets/{id}",
        "get /pets/{id}",
        "head /pets/{id}",
        "options /pets/{id}",
        "patch /pets/{id}",
        "post /pets/{id}",
        "put /pets/{id}",
    ];
    assert_eq!(names(json), expected);
    let actions = parse(json, Some("Shop::Pets")).unwrap();
    assert_eq!(actions[1].1, "Shop::Pets::Action::\"get /pets\"");
    assert_eq!(parse(json, None).unwrap()[1].1, "Action::\"get /pets\"");
}

#[test]
fn a_schema_has_actions_in_groups() {
    let json = r#"{"Pets": {"entityTypes": {}, "actions": {
        "get /pets": {"memberOf": [{"id": "read"}]},
        "addPet": {"annotations": {"httpVerb": "post", "httpPathTemplate": "//pets"}, "memberOf": null},
        "anyToy": {"annotations": {"httpVerb": "any", "httpPathTemplate": "/base/toys"}},
        "$connect": {},
        "get a pet": {},
        "read": {"memberOf": [{"id": "all", "type": "Action"}, {"id": "other", "type": "Else::Action"}]},
        "all": {}
    }}}"#;
    let (routes, names) = Routes::parse(json, None).unwrap();
    let actions: Vec<_> = routes.all().iter().map(|route| (route.name.as_str(), route.action.to_string())).collect();
    assert_eq!(actions.len(), 10);
    assert!(actions.contains(&("get /pets", "Pets::Action::\"get /pets\"".to_owned())));
    assert!(actions.contains(&("post /pets", "Pets::Action::\"addPet\"".to_owned())));
    assert!(actions.contains(&("patch /base/toys", "Pets::Action::\"anyToy\"".to_owned())));
    assert!(actions.contains(&("$connect", "Pets::Action::\"$connect\"".to_owned())));
    let groups: Vec<_> = routes.groups()[&names.action("get /pets")].iter().map(ToString::to_string).collect();
    assert_eq!(groups.len(), 3, "{groups:?}");
    for known in ["get /pets", "addPet", "read", "all"] {
        assert!(routes.knows(&names.action(known)), "{known}");
    }
    assert!(!routes.knows(&names.action("get a pet")), "an action that no route has, and no group of one");
}

#[test]
fn the_namespace_of_a_schema() {
    let one = r#"{"A": {"actions": {"get /a": {}}}}"#;
    let two = r#"{"A": {"actions": {"get /a": {}}}, "": {"actions": {"get /b": {}}}}"#;
    let action = |json, namespace| parse(json, namespace).map(|actions| actions[0].1.clone());
    assert_eq!(action(one, None).unwrap(), "A::Action::\"get /a\"");
    assert_eq!(action(one, Some("A")).unwrap(), "A::Action::\"get /a\"");
    assert_eq!(action(one, Some("B")), Err(RoutesError::Namespace));
    assert_eq!(action(two, None).unwrap(), "Action::\"get /b\"");
    assert_eq!(action(two, Some("A")).unwrap(), "A::Action::\"get /a\"");
}

#[test]
fn what_is_wrong_with_a_list() {
    let schema = |actions: &str| format!(r#"{{"A": {{"actions": {{{actions}}}}}}}"#);
    let paths = |paths: &str| format!(r#"{{"openapi": "3.1.0", "paths": {{{paths}}}}}"#);
    for json in ["", "[]", "null", r#"{"swagger": "2.0", "paths": {}}"#, r#"{"openapi": "2.0", "paths": {}}"#] {
        assert_eq!(parse(json, None), Err(RoutesError::Unsupported), "{json}");
    }
    for json in [paths(""), paths(r#""/a": {}"#), schema(""), schema(r#""view": {}"#)] {
        assert_eq!(parse(&json, None), Err(RoutesError::Empty), "{json}");
    }
    let twice = |one: &str, other: &str| Err(RoutesError::Twice(one.to_owned(), other.to_owned()));
    assert_eq!(parse(&paths(r#""/{a}": {"get": {}}, "/{b}": {"get": {}}"#), None), twice("get /{a}", "get /{b}"));
    assert!(parse(&paths(r#""/{a}": {"get": {}}, "/{a+}": {"get": {}}"#), None).is_ok());
    let again = r#""get /a": {}, "list": {"annotations": {"httpVerb": "GET", "httpPathTemplate": "/a"}}"#;
    assert_eq!(parse(&schema(again), None), twice("get /a", "get /a"));
    assert_eq!(
        parse(&paths(r#""/a*": {"get": {}}"#), None),
        Err(RoutesError::Template("/a*".to_owned(), InvalidTemplate))
    );
    let circle = r#""get /a": {"memberOf": [{"id": "x"}]}, "x": {"memberOf": [{"id": "get /a"}]}"#;
    assert_eq!(parse(&schema(circle), None), Err(RoutesError::Circle));
    let odd = r#""a": {"annotations": {"httpVerb": "frob", "httpPathTemplate": "/a"}}"#;
    assert_eq!(parse(&schema(odd), None), Err(RoutesError::Action("a".to_owned())));
}

#[test]
fn the_route_of_a_path() {
    let routes = openapi(&["/", "/pets", "/pets/{id}", "/pets/mine", "/{a}/{b}/{c}", "/admin", "/files/{path+}"]);
    let find =
        |path: &str| routes.find("get", path).and_then(|index| routes.all().get(index)).map(|route| &*route.name);
    for (path, expected) in [
        ("", Some("get /")),
        ("pets", Some("get /pets")),
        ("pets/", Some("get /pets")),
        ("pets/1", Some("get /pets/{id}")),
        ("pets/mine", Some("get /pets/mine")),
        ("pets/Mine", Some("get /pets/{id}")),
        ("files/a/b", Some("get /files/{path+}")),
        ("x/y/z", Some("get /{a}/{b}/{c}")),
        ("files", None),
        ("nothing", None),
        // What it is depends on who decodes or normalises it.
        ("pets/%6dine", None),
        ("%61dmin", Some("get /admin")),
        ("pets/../admin", None),
        ("pets//mine", Some("get /pets/mine")),
        ("//admin", Some("get /admin")),
        ("files/../admin", None),
        ("pets/%2e%2e/admin", None),
        ("files/a%2fb", Some("get /files/{path+}")),
        ("pets/a%2fb", None),
        ("pets/%zz", Some("get /pets/{id}")),
        ("pets/%", Some("get /pets/{id}")),
        ("pets/é%c3%a9", Some("get /pets/{id}")),
    ] {
        assert_eq!(find(path), expected, "{path}");
    }
    assert_eq!(routes.find("frob", "pets"), None);
}

#[test]
fn rest_looks_at_the_path_first() {
    let json = r#"{"openapi": "3.0.0", "paths": {"/{proxy+}": {"post": {}}, "/pets": {"get": {}}}}"#;
    let (routes, _) = Routes::parse(json, None).unwrap();
    assert!(routes.find("post", "toys").is_some());
    assert!(routes.find("get", "pets").is_some());
    assert_eq!(routes.find("post", "pets"), None);
}

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>
#[cfg(feature = "tools")]
#[test]
fn a_rest_api_chooses_the_path_before_the_method() {
    let json = r#"{"openapi": "3.0.1", "paths": {"/pets/{id}": {"get": {}}, "/pets/mine": {"post": {}}}}"#;
    let (routes, _) = Routes::parse(json, None).unwrap();
    for (method, rest, http) in
        [("GET", None, Some("get /pets/{id}")), ("POST", Some("post /pets/mine"), Some("post /pets/mine"))]
    {
        assert_eq!(routes.sent_to(method, "pets/mine", Precedence::Rest), rest, "{method}");
        assert_eq!(routes.sent_to(method, "pets/mine", Precedence::Http), http, "{method}");
    }
}
