//! The routes that one caller may invoke become the patterns of a policy: an Allow for each permitted route, and a Deny for
//! each refused one that an Allow's pattern can match.
//!
//! API Gateway may cache the policy and use it for other routes, so it must be right for each of them. IAM's `*` matches
//! slashes and the empty string, so a pattern can match more paths than its route has. Methods are never merged into `*`:
//! `*/pets` matches `GET/admin/pets`.

use super::route::Route;
use super::routes::Routes;
use super::template::Precedence;
use crate::policy::Patterns;

/// The patterns for routes that are permitted or refused, in the order of the list. `$connect` is not part of a policy.
pub(super) fn compile(routes: &Routes, permitted: &[bool], precedence: Precedence) -> Patterns {
    let is_permitted = |route: usize| permitted.get(route).is_some_and(|is_permitted| *is_permitted);
    let any_permitted = |routes: &[usize]| routes.iter().any(|other| is_permitted(*other));
    let mut patterns = Patterns::default();
    let mut has_refused = false;
    for (index, route) in routes.all().iter().enumerate() {
        let Some(pattern) = pattern(route) else {
            continue;
        };
        if is_permitted(index) {
            patterns.allowed.push(pattern);
            continue;
        }
        has_refused = true;
        // A REST API sends `/admin/` to `/admin`.
        let has_slashes = precedence == Precedence::Rest && any_permitted(routes.reached_with_slash_by(index));
        let with_slash = has_slashes.then(|| format!("{pattern}/"));
        if any_permitted(routes.reached_by(index, precedence)) {
            patterns.denied.push(pattern);
        }
        patterns.denied.extend(with_slash);
    }
    if has_refused || patterns.allowed.is_empty() { patterns } else { Patterns::everything() }
}

/// `GET/pets/*`
fn pattern(route: &Route) -> Option<String> {
    route.path.as_ref().map(|(verb, template)| format!("{verb}/{}", template.pattern()))
}

#[cfg(test)]
mod tests;
