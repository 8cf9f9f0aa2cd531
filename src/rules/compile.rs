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
pub(super) fn compile(routes: &Routes, is_permitted: &[bool], precedence: Precedence) -> Patterns {
    let with_path = || {
        let routes = routes.all().iter().zip(is_permitted).enumerate();
        routes.filter_map(|(index, (route, is_permitted))| Some((index, pattern(route)?, *is_permitted)))
    };
    if with_path().all(|(_, _, is_permitted)| is_permitted) {
        return Patterns::everything();
    }
    let can_be_allowed = |route: usize| {
        let mut reaching = routes.reached_by(route, precedence).iter().copied();
        reaching.any(|other| is_permitted.get(other).is_some_and(|is_permitted| *is_permitted))
    };
    let mut patterns = Patterns::default();
    for (index, pattern, is_permitted) in with_path() {
        if is_permitted {
            patterns.allowed.push(pattern);
        } else if can_be_allowed(index) {
            patterns.denied.push(pattern);
        }
    }
    patterns
}

/// `GET/pets/*`
fn pattern(route: &Route) -> Option<String> {
    route.path.as_ref().map(|(verb, template)| format!("{verb}/{}", template.pattern()))
}

#[cfg(test)]
mod tests;
