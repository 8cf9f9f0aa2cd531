//! Any bytes as an answer of `GetUser`: attributes are those that are listed, as strings, each once, of this subject; and
//! nothing but an error that Cognito documents refuses the token.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use smac_lambda_authorizer::tools::attributes;

const REFUSALS: [&str; 4] =
    ["NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException", "PasswordResetRequiredException"];

fuzz_target!(|body: &[u8]| {
    // The authorizer skips a byte-order mark, and this reader does not.
    let other = serde_json::from_slice::<Value>(body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body));
    if let Ok(found) = attributes(400, body, "subject", true) {
        assert!(found.is_none(), "an error with attributes");
        if let Ok(other) = &other {
            let name = other["__type"].as_str().and_then(|name| name.rsplit('#').next());
            assert!(name.is_some_and(|name| REFUSALS.contains(&name)), "refused for another error");
        }
    }
    assert!(attributes(500, body, "subject", true).is_err());
    let Ok(found) = attributes(200, body, "subject", true) else { return };
    let found = found.expect("a response that refuses nothing");
    assert_eq!(found.string("sub").as_deref(), Some("subject"));
    let Ok(other) = other else { return };
    let listed = other["UserAttributes"].as_array().expect("a list");
    let string = |attribute: &Value, name: &str| attribute[name].as_str().unwrap_or_default().to_owned();
    let mut expected: BTreeMap<String, String> =
        listed.iter().map(|attribute| (string(attribute, "Name"), string(attribute, "Value"))).collect();
    assert_eq!(expected.len(), listed.len(), "an attribute comes twice");
    if let Some(username) = other["Username"].as_str() {
        expected.entry("username".to_owned()).or_insert_with(|| username.to_owned());
    }
    let read = |(name, _): (&str, &str)| (name.to_owned(), found.string(name).expect("a string").into_owned());
    assert_eq!(found.members().map(read).collect::<BTreeMap<_, _>>(), expected);
});
