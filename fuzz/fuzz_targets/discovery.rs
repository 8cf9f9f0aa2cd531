//! Any bytes as a discovery document: it is the issuer's own, another JSON reader sees the same addresses in it, and each
//! may be asked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use smac_lambda_authorizer::tools::{DiscoveryConfig, Document};

const ISSUER: &str = "https://id.example.com/a";

fuzz_target!(|json: &[u8]| {
    let config = |url: &str| DiscoveryConfig { url: url.parse().expect("a URL"), issuer: ISSUER.to_owned() };
    let elsewhere = Document::parse(json, &config("https://id.example.com/a/.well-known/openid-configuration"));
    let here = Document::parse(json, &config("http://127.0.0.1:8080/a"));
    // What may be asked from anywhere may be asked from here.
    if let Some(elsewhere) = &elsewhere {
        assert_eq!(Some(&elsewhere.jwks_uri), here.as_ref().map(|here| &here.jwks_uri));
        let addresses = [Some(&elsewhere.jwks_uri), elsewhere.user_info.as_ref()];
        assert!(addresses.into_iter().flatten().all(|url| url.scheme() == "https"), "an unencrypted request");
    }
    let Some(here) = here else { return };
    // The authorizer skips a byte-order mark, and this reader does not.
    let Ok(other) = serde_json::from_slice::<Value>(json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json)) else {
        return;
    };
    assert_eq!(other["issuer"], ISSUER, "a document of another issuer");
    for (url, name) in [(Some(&here.jwks_uri), "jwks_uri"), (here.user_info.as_ref(), "userinfo_endpoint")] {
        let Some(url) = url else { continue };
        assert_eq!(other[name].as_str().map(|text| text.parse().expect("a URL")).as_ref(), Some(url));
        assert!(matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty()));
        assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
        let is_here = url.host_str().is_some_and(|host| {
            host.starts_with("127.") || host == "[::1]" || host == "localhost" || host.ends_with(".localhost")
        });
        assert!(url.scheme() == "https" || is_here, "an unencrypted request to somewhere else");
    }
});
