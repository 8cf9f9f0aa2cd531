//! Any bytes as an answer of userInfo: it is about this subject, and says what another JSON reader says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use smac_lambda_authorizer::tools::attributes;

fuzz_target!(|body: &[u8]| {
    let Ok(Some(info)) = attributes(200, body, "subject", false) else { return };
    assert_eq!(info.string("sub").as_deref(), Some("subject"));
    let Ok(other) = serde_json::from_slice::<Value>(body) else { return };
    for name in ["email", "email_verified"] {
        let value = info.json(name).map(|json| serde_json::from_str::<Value>(json).expect("JSON"));
        assert_eq!(value, other.get(name).cloned());
    }
});
