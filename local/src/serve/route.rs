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

    /// The route of a list (`get /pets/{id}`) that API Gateway chooses: a literal before a variable before a greedy one,
    /// from left to right. Another method's route is not one; how the kinds of APIs differ does not matter for one call.
    pub(super) fn find<'n>(names: impl Iterator<Item = &'n str>, method: &str, path: &str) -> Option<Self> {
        let of = |name: &str| {
            let (verb, template) = name.split_once(' ')?;
            let (rank, parameters) = matched(template, path)?;
            let route = Self { verb: verb.to_ascii_uppercase(), path: template.to_owned(), parameters };
            verb.eq_ignore_ascii_case(method).then_some((rank, route))
        };
        names.filter_map(of).min_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, route)| route)
    }

    /// As HTTP APIs name it.
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.verb, self.path)
    }
}

type Matched = (Vec<u8>, Vec<(String, String)>);

/// How specific each part is, the smaller the more; and the values of the variables.
fn matched(template: &str, path: &str) -> Option<Matched> {
    let (mut ranks, mut parameters) = (Vec::new(), Vec::new());
    let mut rest = Some(path.trim_start_matches('/'));
    for part in template.trim_start_matches('/').split('/') {
        let left = rest?;
        let variable = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        if let Some(name) = variable.and_then(|name| name.strip_suffix('+')) {
            parameters.push((name.to_owned(), left.to_owned()));
            ranks.push(2);
            return (!left.is_empty()).then_some((ranks, parameters));
        }
        let (segment, behind) = left.split_once('/').map_or((left, None), |(segment, behind)| (segment, Some(behind)));
        match variable {
            Some(name) if !segment.is_empty() => {
                parameters.push((name.to_owned(), segment.to_owned()));
                ranks.push(1);
            }
            None if segment == part => ranks.push(0),
            _ => return None,
        }
        rest = behind;
    }
    rest.is_none().then_some((ranks, parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_route_is_chosen() {
        let names = ["get /pets/{id}", "get /pets/mine", "get /{proxy+}", "put /pets/{id}", "$connect", "get /"];
        let find = |method: &str, path: &str| Route::find(names.into_iter(), method, path).map(|route| route.key());
        for (path, key) in [
            ("/pets/42", "GET /pets/{id}"),
            ("/pets/mine", "GET /pets/mine"),
            ("/pets/42/toys", "GET /{proxy+}"),
            ("/", "GET /"),
        ] {
            assert_eq!(find("GET", path).as_deref(), Some(key), "{path}");
        }
        assert_eq!(find("DELETE", "/pets/42"), None);
        let route = Route::find(names.into_iter(), "PUT", "/pets/42").unwrap();
        assert_eq!(route.parameters, [("id".to_owned(), "42".to_owned())]);
        assert_eq!(Route::any("/a/b").parameters, [("proxy".to_owned(), "a/b".to_owned())]);
    }
}
