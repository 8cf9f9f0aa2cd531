//! Any string as a list of routes: a list or mistakes, and what is permitted of it is all that a policy allows.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smac_lambda_authorizer::tools::{Precedence, parts};
use smac_lambda_authorizer_fuzz::{decide_by, rules, rules_settings};

fuzz_target!(|list: &str| {
    // It would stand for no list.
    if list.is_empty() {
        return;
    }
    let Ok(settings) = rules_settings("permit (principal, action, resource);", list, &[("POLICY__SCOPE", "METHOD")])
    else {
        return;
    };
    let config = parts(&settings).rules.expect("rules");
    let names: Vec<String> = config.routes().expect("a list").map(str::to_owned).collect();
    assert!(!names.is_empty());
    for precedence in [Precedence::Rest, Precedence::Http] {
        for (one, other) in config.overlaps(precedence) {
            assert_ne!(one, other);
        }
    }
    // Permitted to nobody, no route is allowed, whatever the list is.
    let Ok(authorizer) = rules("permit (principal == User::\"nobody\", action, resource);", list, &[]) else { return };
    for name in names.iter().take(8) {
        let Some((verb, path)) = name.split_once(' ') else { continue };
        assert!(!decide_by(&authorizer, &verb.to_uppercase(), path, path.trim_start_matches('/')), "{name}");
    }
});
