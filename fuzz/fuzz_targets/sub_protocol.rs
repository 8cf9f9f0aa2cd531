//! Any offer of WebSocket sub-protocols: a token that is found was offered where the settings say, and the protocol that
//! is accepted was offered too, and does not hold the token.
//!
//! Each line is a header's value: the first in the one map of the event, the others in the other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use smac_lambda_authorizer::Unauthorized;
use smac_lambda_authorizer::tools::{Carrier, Carriers, Request};

const NAME: &str = "token";

fuzz_target!(|text: &str| {
    let (first, values) = text.split_once('\n').unwrap_or((text, ""));
    let values: Vec<&str> = values.lines().collect();
    let event = json!({
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/$connect",
        "headers": { "Sec-WebSocket-Protocol": first },
        "multiValueHeaders": { "sec-websocket-protocol": values },
        "requestContext": { "eventType": "CONNECT", "connectionId": "id" },
    })
    .to_string();
    let request = Request::parse(&event).expect("a valid event");
    let found = Carriers(vec![Carrier::WebSocketProtocol(NAME.to_owned())]).find(&request);

    let offered: Vec<&str> = std::iter::once(first)
        .chain(values)
        .flat_map(|value| value.split(','))
        .map(|entry| entry.trim_matches([' ', '\t']))
        .collect();
    match found {
        Ok(Some(found)) => {
            assert!(!found.token.is_empty());
            let is_the_rest =
                |entry: &str| entry.strip_prefix(NAME).is_some_and(|rest| rest.strip_prefix('.') == Some(found.token));
            let is_behind_the_name = offered.contains(&NAME) && offered.contains(&found.token);
            assert!(
                is_behind_the_name || offered.iter().any(|entry| is_the_rest(entry)),
                "a token that nobody offered"
            );
            let accepted = found.web_socket_protocol.expect("the browser waits for one");
            assert!(offered.contains(&accepted), "a protocol that nobody offered");
            assert!(!accepted.is_empty() && !accepted.contains(found.token), "the answer shows the token");
        }
        Ok(None) => {
            let is_one = |entry: &&str| *entry == NAME || entry.starts_with("token.");
            assert!(!offered.iter().any(is_one), "an offer was overlooked");
        }
        Err(error) => {
            assert!(matches!(error, Unauthorized::TokenMalformed | Unauthorized::CredentialsAmbiguous), "{error:?}");
        }
    }
});
