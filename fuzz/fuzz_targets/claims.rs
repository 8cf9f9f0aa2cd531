//! Any bytes as claims: what is read says what another JSON reader says, and says nothing twice.
#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use smac_lambda_authorizer::fuzzing::members;

fuzz_target!(|json: &[u8]| {
    let Some(members) = members(json) else { return };
    let names: HashSet<&String> = members.iter().map(|(name, _, _)| name).collect();
    assert_eq!(names.len(), members.len(), "a name comes twice");
    // Numbers out of its range are all that the other reader refuses.
    let Ok(other) = serde_json::from_slice::<Value>(json) else { return };
    let other = other.as_object().expect("an object");
    assert_eq!(other.len(), members.len());
    for (name, raw, text) in &members {
        let value = &other[name];
        assert_eq!(text.as_deref(), value.as_str());
        assert_eq!(&serde_json::from_str::<Value>(raw).expect("JSON"), value);
    }
});
