//! Any bytes as claims: what is read says what another JSON reader says, and says nothing twice.
#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use smac_lambda_authorizer::tools::Object;

fuzz_target!(|json: &[u8]| {
    let Some(object) = Object::parse(json) else { return };
    let members: Vec<(&str, &str)> = object.members().collect();
    let names: HashSet<&str> = members.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), members.len(), "a name comes twice");
    // Numbers out of its range are all that the other reader refuses.
    let Ok(other) = serde_json::from_slice::<Value>(json) else { return };
    let other = other.as_object().expect("an object");
    assert_eq!(other.len(), members.len());
    for (name, raw) in members {
        let value = &other[name];
        assert_eq!(object.string(name).as_deref(), value.as_str());
        assert_eq!(&serde_json::from_str::<Value>(raw).expect("JSON"), value);
    }
});
