//! Any string as a compact token: what is read has this one spelling.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use smac_lambda_authorizer::tools::segments;

fuzz_target!(|token: &str| {
    let Some(segments) = segments(token) else { return };
    let again: Vec<String> = segments.iter().map(|segment| URL_SAFE_NO_PAD.encode(segment)).collect();
    assert_eq!(again.join("."), token, "two spellings of one token");
});
