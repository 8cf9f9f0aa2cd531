//! Addresses: which of them may be asked, and how they are shown in a log.

use url::{Host, Url};

/// Whether the address is on this machine: only there may a request go unencrypted.
#[must_use]
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// An http or https URL with a host, without a user, a password or a fragment. It may have a query.
#[must_use]
pub(crate) fn parse_endpoint(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.host().is_some()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    is_plain.then_some(url)
}

/// The address without its query, which may hold anything.
#[must_use]
pub(crate) fn shown(url: &Url) -> &str {
    url.as_str().split('?').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_others() {
        for (url, expected) in [
            ("http://127.0.0.1:8080/a", true),
            ("http://127.255.0.1/", true),
            ("http://[::1]/", true),
            ("http://localhost/", true),
            ("http://a.localhost/", true),
            ("http://10.0.0.1/", false),
            ("http://localhost.example.com/", false),
            ("http://notlocalhost/", false),
            ("data:text/plain,a", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn an_endpoint_is_a_plain_address_with_a_query_perhaps() {
        for (text, expected) in [
            ("https://example.com/keys", true),
            ("https://example.com/keys?p=b2c_1_signin", true),
            ("http://127.0.0.1/keys", true),
            ("https://example.com/keys#a", false),
            ("https://jane@example.com/keys", false),
            ("https://:secret@example.com/keys", false),
            ("ftp://example.com/keys", false),
            ("file:///keys", false),
            ("/keys", false),
            ("", false),
        ] {
            assert_eq!(parse_endpoint(text).is_some(), expected, "{text}");
        }
    }

    #[test]
    fn a_query_is_not_shown() {
        let url = Url::parse("https://example.com/keys?code=secret").unwrap();
        assert_eq!(shown(&url), "https://example.com/keys");
    }
}
