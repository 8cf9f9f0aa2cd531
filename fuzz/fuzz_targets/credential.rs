//! Any headers, query parameters and cookies: the credential is one that was really there, and the only one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use smac_lambda_authorizer::tools::{Pair, Request};
use smac_lambda_authorizer_fuzz::places;

#[derive(arbitrary::Arbitrary, Debug)]
struct Input<'a> {
    authorization: Vec<&'a str>,
    second_spelling: Option<&'a str>,
    principal: Vec<&'a str>,
    token: Vec<&'a str>,
    query: Option<&'a str>,
    cookie: Option<&'a str>,
    identity_source: Option<&'a str>,
}

fuzz_target!(|input: Input<'_>| {
    let mut event = json!({
        "version": "1.0",
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/",
        "headers": { "cookie": input.cookie, "authorization": input.second_spelling },
        "multiValueHeaders": {
            "Authorization": input.authorization,
            "SMAC-Principal": input.principal,
            "SMAC-Token": input.token,
        },
        "queryStringParameters": { "token": input.query },
    });
    if let Some(source) = input.identity_source {
        event["identitySource"] = source.into();
    }
    let text = event.to_string();
    let request = Request::parse(&text).expect("a valid event");
    let (headers, carriers) = places();
    if let Ok(Pair::Complete(pair)) = headers.find(&request) {
        assert!(!pair.id.is_empty() && !pair.token.is_empty());
        assert!(input.principal.iter().all(|other| *other == pair.id), "two ids, and one was accepted");
        assert!(input.token.iter().all(|other| *other == pair.token), "two tokens, and one was accepted");
    }
    match carriers.find(&request) {
        Ok(Some(found)) => {
            assert!(!found.token.is_empty());
            for header in input.authorization.iter().chain(&input.second_spelling) {
                let is_empty = header.trim_matches([' ', '\t']).is_empty();
                assert!(is_empty || header.ends_with_token(found.token), "another token was there");
                assert!(!header.contains(','));
            }
            if let Some(query) = input.query.filter(|query| !query.is_empty()) {
                assert_eq!(query, found.token, "another token was there");
            }
            let key = event.get("identitySource").and_then(Value::as_str).unwrap_or_default();
            assert!(key.is_empty() || key.contains(found.token), "cached under another key");
        }
        Ok(None) => {
            let is_empty = |text: &&str| text.trim_matches([' ', '\t']).is_empty();
            assert!(input.authorization.iter().chain(&input.second_spelling).all(is_empty), "a header was overlooked");
            assert!(input.query.is_none_or(str::is_empty), "a parameter was overlooked");
        }
        Err(_) => {}
    }
});

trait EndsWithToken {
    fn ends_with_token(&self, token: &str) -> bool;
}

impl EndsWithToken for &str {
    fn ends_with_token(&self, token: &str) -> bool {
        self.trim_end_matches([' ', '\t']).ends_with(token)
    }
}
