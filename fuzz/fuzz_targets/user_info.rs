//! Any bytes as an answer of userInfo or `GetUser`: it is about this subject, and says what another JSON reader says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use smac_lambda_authorizer::tools::attributes;

fuzz_target!(|body: &[u8]| {
    if let Ok(Some(info)) = attributes(200, body, "subject", false) {
        assert_eq!(info.string("sub").as_deref(), Some("subject"));
        if let Ok(other) = serde_json::from_slice::<Value>(body) {
            for name in ["email", "email_verified"] {
                assert_eq!(
                    info.json(name).map(|json| serde_json::from_str(json).expect("JSON")),
                    other.get(name).cloned()
                );
            }
        }
    }
    if let Ok(Some(info)) = attributes(200, body, "subject", true) {
        assert_eq!(info.string("sub").as_deref(), Some("subject"));
        let Ok(other) = serde_json::from_slice::<Value>(body) else { return };
        let attributes = other["UserAttributes"].as_array().expect("a list");
        let email = attributes.iter().find(|attribute| attribute["Name"] == "email");
        let email = email.map(|attribute| attribute["Value"].as_str().unwrap_or_default());
        assert_eq!(info.string("email").as_deref(), email);
    }
});
