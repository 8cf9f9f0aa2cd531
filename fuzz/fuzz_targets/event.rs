//! Any text as an event: it is read or refused, and a request's policy covers one stage of its own ARN.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smac_lambda_authorizer::credential::Credential;
use smac_lambda_authorizer::event::Request;
use smac_lambda_authorizer_fuzz::{all_places, is_stage_resource};

fuzz_target!(|text: &str| {
    let Ok(request) = Request::parse(text) else { return };
    assert!(is_stage_resource(&request.arn().stage_resource()));
    let _ = Credential::of(&request, &all_places());
});
