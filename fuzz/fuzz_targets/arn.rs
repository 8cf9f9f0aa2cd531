//! Any string as an ARN: it prints as it came, and its stage is one stage.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smac_lambda_authorizer::tools::MethodArn;
use smac_lambda_authorizer_fuzz::is_stage_resource;

fuzz_target!(|text: &str| {
    let Ok(arn) = MethodArn::parse(text) else { return };
    let resource = arn.stage_resource();
    assert!(is_stage_resource(&resource));
    let stage = resource.strip_suffix('*').expect("it ends with a star");
    assert!(text.starts_with(stage) || text == stage.trim_end_matches('/'), "another stage");
    assert!(stage.ends_with(&format!(":{}/{}/", arn.api(), arn.stage())));
    if let Ok(resource) = arn.method_resource() {
        assert_eq!(resource, text);
        assert!(!resource.contains(['*', '?']) && !resource.contains("${"));
    }
});
