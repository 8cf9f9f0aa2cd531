//! Any string as a stored pair: both parts are there, and the id is fit for a principal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use smac_lambda_authorizer::tools::stored_id;

fuzz_target!(|text: &str| {
    let Ok(Some(id)) = stored_id(text) else { return };
    assert!(!id.is_empty() && id.len() <= 512 && !id.chars().any(char::is_control));
    let Ok(other) = serde_json::from_str::<Value>(text) else { return };
    let Value::Object(other) = other else { panic!("no object") };
    assert_eq!(other["id"], id.as_str());
    assert!(other["token"].as_str().is_some_and(|token| !token.is_empty()));
});
