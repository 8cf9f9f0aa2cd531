//! Any string as an event: it is read or refused, and a request's policy covers one stage of its own ARN.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smac_lambda_authorizer::tools::Request;
use smac_lambda_authorizer_fuzz::{is_stage_resource, places};

fuzz_target!(|text: &str| {
    let Ok(request) = Request::parse(text) else { return };
    assert!(is_stage_resource(&request.arn().stage_resource()));
    let (headers, carriers) = places();
    let _ = headers.find(&request);
    let _ = carriers.find(&request);
});
