//! Any string as policies: rules or mistakes with their places, and nobody is allowed without a permit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smac_lambda_authorizer_fuzz::{decide_by, rules};

fuzz_target!(|policies: &str| {
    let list = r#"{"openapi": "3.0.1", "paths": {"/": {"get": {}}, "/{x}": {"get": {}, "post": {}}}}"#;
    for scope in ["STAGE", "METHOD"] {
        match rules(policies, list, &[("POLICY__SCOPE", scope)]) {
            Ok(authorizer) => {
                for path in ["", "a"] {
                    let is_allowed = decide_by(&authorizer, "GET", if path.is_empty() { "/" } else { "/{x}" }, path);
                    assert!(!is_allowed || policies.contains("permit"), "allowed without a permit");
                }
            }
            Err(mistakes) => {
                assert!(!mistakes.0.is_empty());
                for mistake in &mistakes.0 {
                    assert_eq!(mistake.variable, "SMAC__AUTH__RULES__POLICIES");
                    let (place, problem) =
                        mistake.problem.split_once(": ").expect("a place, or that there is no policy");
                    assert!(!problem.is_empty());
                    if let Some(place) = place.strip_prefix("rules.cedar:") {
                        let (line, column) = place.split_once(':').expect("a line and a column");
                        assert!(
                            line.parse::<usize>().is_ok_and(|line| line > 0 && line <= policies.lines().count() + 1)
                        );
                        assert!(column.parse::<usize>().is_ok_and(|column| column > 0));
                    }
                }
            }
        }
    }
});
