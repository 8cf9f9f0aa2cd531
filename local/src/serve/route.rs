//! Which route of the API a call is one of. The list is that of the access rules; without one, all calls are of one route.

/// A route as the API has it, and what a path is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// `GET`, or `ANY`.
    pub(super) verb: String,
    /// `/pets/{id}`
    pub(super) path: String,
    pub(super) parameters: Vec<(String, String)>,
}

impl Route {
    /// The route that stands for every path.
    pub(super) fn any(path: &str) -> Self {
        let rest = path.trim_start_matches('/').to_owned();
        Self { verb: "ANY".to_owned(), path: "/{proxy+}".to_owned(), parameters: vec![("proxy".to_owned(), rest)] }
    }

    /// The route of this name (`get /pets/{id}`), and what a path is in it.
    pub(super) fn of(name: &str, path: &str) -> Option<Self> {
        // `$default` is a route without a method.
        let (verb, template) = name.split_once(' ').unwrap_or(("", name));
        let parameters = if verb.is_empty() { Vec::new() } else { variables(template, path)? };
        Some(Self { verb: verb.to_ascii_uppercase(), path: template.to_owned(), parameters })
    }

    /// As HTTP APIs name it.
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.verb, self.path).trim_start().to_owned()
    }
}

/// The values of the variables.
fn variables(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let mut parameters = Vec::new();
    let mut rest = Some(path.strip_prefix('/')?);
    for part in template.strip_prefix('/')?.split('/') {
        let left = rest?;
        let variable = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        if let Some(name) = variable.and_then(|name| name.strip_suffix('+')) {
            parameters.push((name.to_owned(), left.to_owned()));
            return Some(parameters);
        }
        let (segment, behind) = left.split_once('/').map_or((left, None), |(segment, behind)| (segment, Some(behind)));
        parameters.extend(variable.map(|name| (name.to_owned(), segment.to_owned())));
        rest = behind;
    }
    Some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_has_its_variables() {
        for (name, path, key, expected) in [
            ("get /pets/{id}", "/pets/42", "GET /pets/{id}", &[("id", "42")][..]),
            ("put /a/{b}/c/{d+}", "/a/1/c/2/3", "PUT /a/{b}/c/{d+}", &[("b", "1"), ("d", "2/3")]),
            ("get /", "/", "GET /", &[]),
            ("$default", "/x", "$default", &[]),
        ] {
            let route = Route::of(name, path).unwrap();
            let found: Vec<_> = route.parameters.iter().map(|(name, value)| (&**name, &**value)).collect();
            assert_eq!((route.key().as_str(), &*found), (key, expected), "{name}");
        }
        assert_eq!(Route::any("/a/b").parameters, [("proxy".to_owned(), "a/b".to_owned())]);
    }
}
