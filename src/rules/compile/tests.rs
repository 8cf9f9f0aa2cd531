//! The law of compiled policies: what they allow, the rules allow, whatever the routes and whatever is permitted of them.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;

/// Every path of up to four parts; `c` is in no template.
fn paths() -> Vec<String> {
    let mut paths = vec![String::new()];
    let mut last = vec![String::new()];
    for _ in 0..4 {
        let longer = |path: &String| {
            ["a", "b", "c"].map(|part| if path.is_empty() { part.to_owned() } else { format!("{path}/{part}") })
        };
        last = last.iter().flat_map(longer).collect();
        paths.extend(last.iter().cloned());
    }
    paths
}

/// IAM's `*`, by the book: nothing of it, or one character more.
fn iam_matches(pattern: &[u8], resource: &[u8]) -> bool {
    match (pattern.split_first(), resource.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => iam_matches(rest, resource),
        (Some((b'*', rest)), Some((_, behind))) => iam_matches(rest, resource) || iam_matches(pattern, behind),
        (Some((one, rest)), Some((other, behind))) => one == other && iam_matches(rest, behind),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn allow(patterns: &Patterns, resource: &str) -> bool {
    let any = |list: &[String]| list.iter().any(|pattern| iam_matches(pattern.as_bytes(), resource.as_bytes()));
    any(&patterns.allowed) && !any(&patterns.denied)
}

fn is_one_of(template: &str, path: &str) -> bool {
    let (mut parts, mut path) = (template.trim_start_matches('/').split('/').peekable(), path.split('/'));
    loop {
        match (parts.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(one)) if part.ends_with("+}") => return parts.next().is_none() && !one.is_empty(),
            (Some(part), Some(one)) if part == one || (part.starts_with('{') && !one.is_empty()) => {}
            _ => return false,
        }
    }
}

/// The gateway: which route gets a path.
fn routed<'r>(routes: &'r [(String, String)], verb: &str, path: &str, precedence: Precedence) -> Option<&'r str> {
    let rank = |template: &str| -> Vec<u8> {
        let rank = |part: &str| if part.ends_with("+}") { 2 } else { u8::from(part.starts_with('{')) };
        template.trim_start_matches('/').split('/').map(rank).collect()
    };
    let before = |one: &str, other: &str| -> Ordering {
        let from_left = rank(one).cmp(&rank(other));
        match precedence {
            Precedence::Rest => from_left,
            Precedence::Http => one.ends_with("+}").cmp(&other.ends_with("+}")).then(from_left),
        }
    };
    let mut candidates: Vec<&(String, String)> =
        routes.iter().filter(|(_, path_of)| is_one_of(path_of, path)).collect();
    if precedence == Precedence::Http {
        candidates.retain(|(other, _)| other == verb);
    }
    let best = candidates.iter().map(|(_, template)| template.as_str()).min_by(|one, other| before(one, other))?;
    // Names of variables do not matter: REST has one of them for a resource.
    let is_best = |template: &str| before(template, best) == Ordering::Equal && is_one_of(template, path);
    candidates
        .iter()
        .find(|(other, template)| other == verb && is_best(template))
        .map(|(_, template)| template.as_str())
}

fn templates() -> impl Strategy<Value = String> {
    let part = prop_oneof![3 => Just("a"), 2 => Just("b"), 3 => Just("{x}")];
    let end = prop_oneof![6 => Just(None), 1 => Just(Some("{p+}"))];
    (prop::collection::vec(part, 0..4), end).prop_map(|(parts, end)| {
        let parts: Vec<&str> = parts.into_iter().chain(end).collect();
        format!("/{}", parts.join("/"))
    })
}

fn lists() -> impl Strategy<Value = Vec<(String, String, bool)>> {
    let verb = prop_oneof![3 => Just("GET".to_owned()), 1 => Just("POST".to_owned())];
    prop::collection::vec((verb, templates(), any::<bool>()), 1..8).prop_map(|mut list| {
        list.sort();
        list.dedup_by(|one, other| (&one.0, &one.1) == (&other.0, &other.1));
        list
    })
}

fn parse(routes: &[(String, String)]) -> Routes {
    let mut paths = std::collections::BTreeMap::<&str, serde_json::Value>::new();
    for (verb, template) in routes {
        paths.entry(template).or_insert_with(|| serde_json::json!({}))[verb.to_lowercase()] = serde_json::json!({});
    }
    let document = serde_json::json!({ "openapi": "3.0.1", "paths": paths });
    Routes::parse(&document.to_string(), None).unwrap().0
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_allowed_is_permitted(list in lists(), is_rest in any::<bool>()) {
        let precedence = if is_rest { Precedence::Rest } else { Precedence::Http };
        let names: Vec<(String, String)> = list.iter().map(|(verb, path, _)| (verb.clone(), path.clone())).collect();
        let routes = parse(&names);
        let is_permitted = |verb: &str, template: &str| list.contains(&(verb.to_owned(), template.to_owned(), true));
        let permitted: Vec<bool> = routes
            .all()
            .iter()
            .map(|route| route.path.as_ref().is_some_and(|(verb, template)| is_permitted(verb, template.as_str())))
            .collect();
        let patterns = compile(&routes, &permitted, precedence);
        let overlaps = routes.overlaps(precedence);
        for path in paths() {
            for verb in ["GET", "POST"] {
                let Some(template) = routed(&names, verb, &path, precedence) else { continue };
                let is_allowed = allow(&patterns, &format!("{verb}/{path}"));
                prop_assert_eq!(patterns.allow(&format!("{verb}/{path}")), is_allowed);
                let is_permitted = is_permitted(verb, template);
                prop_assert!(!is_allowed || is_permitted, "{verb} {path} of {template}: {patterns:?}");
                // A literal at the end is never reached by one slash more, whichever route the list has behind it.
                let is_literal = !template.ends_with('}') && !template.ends_with('/');
                if is_rest && is_literal && !is_permitted {
                    prop_assert!(!patterns.allow(&format!("{verb}/{path}/")), "{verb} {path}/: {patterns:?}");
                }
                if is_permitted && !is_allowed {
                    let name = format!("{} {template}", verb.to_lowercase());
                    let is_reported = overlaps.iter().any(|(one, other)| {
                        *one == name && !permitted[routes.position(other).unwrap()]
                    });
                    prop_assert!(is_reported, "{verb} {path} of {template}: {patterns:?}, {overlaps:?}");
                }
            }
        }
    }
}

fn compiled(list: &[(&str, bool)], precedence: Precedence) -> (Vec<String>, Vec<String>) {
    let names: Vec<(String, String)> = list
        .iter()
        .map(|(name, _)| name.split_once(' ').map(|(verb, path)| (verb.to_owned(), path.to_owned())).unwrap())
        .collect();
    let routes = parse(&names);
    let is_permitted = |route: &Route| {
        let name = |name: &str| name.to_lowercase();
        list.iter().any(|(other, is_permitted)| *is_permitted && name(other) == name(&route.name))
    };
    let permitted: Vec<bool> = routes.all().iter().map(is_permitted).collect();
    let patterns = compile(&routes, &permitted, precedence);
    (patterns.allowed, patterns.denied)
}

fn strs(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

#[test]
fn a_deny_is_there_where_an_allow_could_match() {
    // The last are denied by a REST API alone, which ignores a slash at the end.
    for (list, allowed, denied, slashes) in [
        (&[("GET /pets", true), ("GET /toys", true)][..], &["*"][..], &[][..], &[][..]),
        (&[("GET /pets", true), ("GET /toys", false)], &["GET/pets"], &[], &[]),
        (&[("GET /pets", true), ("POST /pets", false)], &["GET/pets"], &[], &[]),
        (
            &[("GET /pets/{id}", true), ("GET /pets/{id}/toys", false)],
            &["GET/pets/*"],
            &["GET/pets/*/toys"],
            &["GET/pets/*/toys/"],
        ),
        (&[("GET /pets/{id}", true), ("GET /pets", false)], &["GET/pets/*"], &[], &["GET/pets/"]),
        (
            &[("GET /pets/{id}", true), ("GET /pets/mine", false)],
            &["GET/pets/*"],
            &["GET/pets/mine"],
            &["GET/pets/mine/"],
        ),
        // The literal is one path, and that is its own route's.
        (&[("GET /pets/{id}", false), ("GET /pets/mine", true)], &["GET/pets/mine"], &[], &[]),
        (
            &[("GET /{proxy+}", true), ("GET /", false), ("GET /admin", false)],
            &["GET/*"],
            &["GET/", "GET/admin"],
            &["GET/admin/"],
        ),
        (&[("GET /{proxy+}", false), ("GET /admin", true)], &["GET/admin"], &[], &[]),
        (&[("GET /a", false)], &[], &[], &[]),
    ] {
        for (precedence, slashes) in [(Precedence::Rest, slashes), (Precedence::Http, &[])] {
            let (is_allowed, is_denied) = compiled(list, precedence);
            assert_eq!(
                (strs(&is_allowed), strs(&is_denied)),
                (allowed.to_vec(), [denied, slashes].concat()),
                "{list:?}"
            );
        }
    }
}

#[test]
fn a_slash_at_the_end_is_denied_where_a_rest_api_ignores_it() {
    for (list, expected) in [
        (&[("GET /{proxy+}", true), ("GET /admin", false)][..], &["GET/admin", "GET/admin/"][..]),
        // No Allow matches it.
        (&[("GET /pets", true), ("GET /admin", false)], &[]),
        (&[("POST /{proxy+}", true), ("GET /admin", false)], &[]),
        // The Allow matches nothing but the path with the slash.
        (&[("GET /{a}/{b}", true), ("GET /admin", false)], &["GET/admin/"]),
        // A list that has both says what is meant.
        (&[("GET /{proxy+}", true), ("GET /admin", false), ("GET /admin/", true)], &["GET/admin"]),
        (&[("GET /{proxy+}", true), ("GET /admin/", false)], &["GET/admin/"]),
        // The pattern of the variable matches the slash too.
        (&[("GET /{proxy+}", true), ("GET /a/{id}", false)], &["GET/a/*"]),
    ] {
        assert_eq!(compiled(list, Precedence::Rest).1, expected, "{list:?}");
        let (_, http) = compiled(list, Precedence::Http);
        assert!(http.iter().all(|pattern| pattern != "GET/admin/" || list.iter().any(|(name, _)| name.ends_with('/'))));
    }
}

#[test]
fn nothing_is_allowed_of_which_nothing_is_known() {
    let routes = parse(&[("GET".to_owned(), "/a".to_owned()), ("GET".to_owned(), "/b".to_owned())]);
    assert_eq!(compile(&routes, &[], Precedence::Rest), Patterns::default());
    assert_eq!(compile(&routes, &[true], Precedence::Rest).allowed, ["GET/a"]);
    let (sockets, _) = Routes::parse(r#"{"A": {"actions": {"$connect": {}}}}"#, None).unwrap();
    assert_eq!(compile(&sockets, &[true], Precedence::Rest), Patterns::default());
}

#[test]
fn the_kind_of_api_decides_between_two() {
    // A path such as /a/1 is the first one's of a REST API, and the second one's of an HTTP API.
    let list = [("GET /a/{p+}", true), ("GET /{x}/{y}", false)];
    let (_, denied) = compiled(&list, Precedence::Rest);
    assert_eq!(denied, [""; 0]);
    let (_, denied) = compiled(&list, Precedence::Http);
    assert_eq!(denied, ["GET/*/*"]);
}

#[test]
fn overlaps_are_what_patterns_cannot_say() {
    let overlaps = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|path| ("GET".to_owned(), (*path).to_owned())).collect();
        let routes = parse(&names);
        let overlaps = routes.overlaps(Precedence::Rest).into_iter();
        overlaps.map(|(one, other)| format!("{one}, {other}")).collect::<Vec<_>>()
    };
    assert_eq!(overlaps(&["/pets", "/pets/{id}", "/pets/{id}/toys", "/toys"]), [""; 0]);
    assert_eq!(overlaps(&["/pets/{id}", "/pets/mine"]), [""; 0]);
    // Who may all but the one in the middle is refused the first.
    assert_eq!(
        overlaps(&["/pets/mine", "/pets/{id}", "/{proxy+}"]),
        [
            "get /pets/mine, get /pets/{id}",
            "get /pets/mine, get /{proxy+}",
            "get /pets/{id}, get /{proxy+}",
            "get /{proxy+}, get /pets/{id}"
        ]
    );
}
