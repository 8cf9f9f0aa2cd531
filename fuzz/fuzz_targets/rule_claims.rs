//! Any claims of a user: none makes somebody else of the user, or another type of a value.
#![no_main]

use std::cell::OnceCell;

use libfuzzer_sys::fuzz_target;
use smac_lambda_authorizer::tools::{AccessRules, Kind, Supposition, Who, parts};
use smac_lambda_authorizer_fuzz::rules_settings;

/// What no claim can make true.
const POLICIES: &str = r#"
    permit (principal == User::"pool|admin", action, resource);
    permit (principal in UserGroup::"pool|admins", action, resource);
    permit (principal is Service, action, resource);
    permit (principal, action, resource) when { principal.userId == "admin@example.com" };
    permit (principal, action, resource) when { principal has owner && principal.owner == User::"pool|admin" };
    permit (principal, action, resource) when { principal has owner && principal.owner in UserGroup::"pool|admins" };
    permit (principal, action, resource) when { principal has address && principal.address == ip("127.0.0.1") };
    permit (principal, action, resource) when { context has token && context.token has owner
        && context.token.owner == User::"pool|admin" };
    permit (principal, action, resource) when { context.request.stage != "prod" };
"#;

fuzz_target!(|claims: &str| {
    thread_local!(static RULES: OnceCell<AccessRules> = const { OnceCell::new() });
    let rules = || {
        let settings = rules_settings(POLICIES, "", &[("POLICY__SCOPE", "METHOD")]).expect("valid rules");
        AccessRules::new(parts(&settings).rules.expect("rules").clone())
    };
    RULES.with(|one| {
        for (id_token, access_token) in [(Some(claims), None), (None, Some(claims))] {
            let supposed = one.get_or_init(rules).suppose(&Supposition {
                who: Who::User { realm: "pool", subject: "jane", user_id: "jane@example.com" },
                groups: vec!["staff".to_owned()],
                id_token,
                access_token,
                route: "get /pets",
                path_parameters: Vec::new(),
                query_parameters: Vec::new(),
                source_ip: None,
                stage: "prod",
                api: "abcdef1234",
                kind: Kind::RestRequest,
            });
            if let Some(supposed) = supposed {
                assert!(supposed.refusal.is_some() && supposed.policies.is_empty(), "permitted by a claim");
            }
        }
    });
});
