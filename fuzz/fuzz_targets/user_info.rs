//! Any bytes as an answer of userInfo: it is about this subject, and the user id is one that it names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use smac_lambda_authorizer::user_info::UserInfo;

fuzz_target!(|body: &[u8]| {
    let Some(info) = UserInfo::parse(body, "subject", "email") else { return };
    let Ok(other) = serde_json::from_slice::<Value>(body) else { return };
    assert_eq!(other["sub"], "subject");
    assert_eq!(info.user_id.as_deref(), other["email"].as_str().filter(|id| !id.is_empty()));
    let verified = other.get("email_verified");
    assert_eq!(info.is_email_unverified, verified.is_some_and(|it| *it != true && it != "true"));
});
