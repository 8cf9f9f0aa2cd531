//! Any headers, query parameters and cookies: the credential is one that was really there, and the only one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use smac_lambda_authorizer::credential::Credential;
use smac_lambda_authorizer::event::Request;
use smac_lambda_authorizer_fuzz::all_places;

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
    let request = Request::parse(&text).expect("a sound event");
    match Credential::of(&request, &all_places()) {
        Ok(Credential::Automation(pair)) => {
            assert!(!pair.id.is_empty() && !pair.token.is_empty());
            assert!(input.principal.iter().all(|other| *other == pair.id), "two ids, and one was taken");
            assert!(input.token.iter().all(|other| *other == pair.token), "two tokens, and one was taken");
        }
        Ok(Credential::Bearer(token)) => {
            assert!(!token.0.is_empty());
            for header in input.authorization.iter().chain(&input.second_spelling) {
                let is_blank = header.trim_matches([' ', '\t']).is_empty();
                assert!(is_blank || header.ends_with_token(token.0), "another token was there");
                assert!(!header.contains(','));
            }
            if let Some(query) = input.query.filter(|query| !query.is_empty()) {
                assert_eq!(query, token.0, "another token was there");
            }
            let key = event.get("identitySource").and_then(Value::as_str).unwrap_or_default();
            assert!(key.is_empty() || key.contains(token.0), "cached under another key");
        }
        Ok(Credential::None) => {
            let is_blank = |text: &&str| text.trim_matches([' ', '\t']).is_empty();
            assert!(input.authorization.iter().chain(&input.second_spelling).all(is_blank), "a header was overlooked");
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
