//! What an event shows of the gateway's cache key, against the credential: an answer must not be cached under a key that
//! another caller can have.

use super::presented::cookies_in;
use crate::event::{IdentitySource, Request};

/// Whether the key, where the event shows it, holds this value as a whole.
pub(super) fn is_in_cache_key(key: &IdentitySource<'_>, value: &str) -> bool {
    match key {
        IdentitySource::None => true,
        IdentitySource::List(values) => values.iter().any(|part| part == value),
        IdentitySource::Joined(joined) => is_run_of_parts(joined, value),
    }
}

/// Whether the key holds this cookie's value, or a whole cookie header that contains this cookie. The event may show the
/// header only as a list of its cookies.
pub(super) fn is_cookie_in_cache_key(request: &Request<'_>, name: &str, value: &str) -> bool {
    let key = request.identity_source();
    let contains_cookie = |text: &str| cookies_in(text, name).any(|other| other == value);
    let list = request.cookie_list();
    is_in_cache_key(key, value)
        || request.header("cookie").any(|header| contains_cookie(header) && is_in_cache_key(key, header))
        || (list.iter().any(|text| contains_cookie(text))
            && ["; ", ";"].into_iter().any(|separator| is_in_cache_key(key, &list.join(separator))))
}

/// Whether `value` is one of the parts that commas separate, or several adjacent ones: values may hold commas.
fn is_run_of_parts(joined: &str, value: &str) -> bool {
    joined.match_indices(value).any(|(start, _)| {
        let (before, rest) = joined.split_at_checked(start).unwrap_or_default();
        let behind = rest.strip_prefix(value).unwrap_or(rest);
        (before.is_empty() || before.ends_with(',')) && (behind.is_empty() || behind.starts_with(','))
    })
}

#[cfg(test)]
mod tests {
    use super::is_run_of_parts;

    #[test]
    fn a_value_is_a_run_of_whole_parts() {
        for (joined, value) in [("a", "a"), ("a,b,c", "b"), ("a,b,c", "a,b"), ("a,b,c", "b,c"), ("x,a b,y", "a b")] {
            assert!(is_run_of_parts(joined, value), "{value} in {joined}");
        }
        for (joined, value) in [("ab", "a"), ("a,bc", "b"), ("ab,c", "b"), ("a,b,c", "a,c"), ("a,b", ""), ("", "a")] {
            assert!(!is_run_of_parts(joined, value), "{value} in {joined}");
        }
    }

    #[test]
    fn a_later_occurrence_counts_too() {
        assert!(is_run_of_parts("xa,a", "a"));
        assert!(is_run_of_parts("aa,a,aa", "a"));
    }
}
