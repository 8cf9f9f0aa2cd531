//! Scopes, groups, and claims that must have a value.

use serde_json::{Value, json};

use super::{judge, one, told};
use crate::support::block_on;
use crate::support::log::Log;
use crate::support::own_process::in_its_own_process;

fn verdicts(cases: &[(Value, bool)], reason: &'static str) -> Vec<(Value, &'static str)> {
    cases.iter().map(|(claims, is_allowed)| (claims.clone(), if *is_allowed { "allowed" } else { reason })).collect()
}

#[tokio::test]
async fn a_claim_has_one_of_its_values_or_holds_one() {
    for (required, cases) in [
        (
            json!({ "tier": "gold" }),
            vec![
                (json!({ "tier": "gold" }), true),
                (json!({ "tier": ["silver", "gold"] }), true),
                (json!({ "tier": ["gold", 7, null] }), true),
                (json!({ "tier": "Gold" }), false),
                (json!({ "tier": "gold " }), false),
                (json!({ "tier": "gold silver" }), false),
                (json!({ "tier": ["golden"] }), false),
                (json!({ "tier": [["gold"]] }), false),
                (json!({ "tier": [] }), false),
                (json!({ "tier": { "gold": "gold" } }), false),
                (json!({ "tier": "" }), false),
                (json!({ "tier": 7 }), false),
                (json!({ "Tier": "gold" }), false),
                (json!({}), false),
            ],
        ),
        (
            json!({ "level": 3 }),
            vec![
                (json!({ "level": 3 }), true),
                (json!({ "level": [1, 3] }), true),
                (json!({ "level": "3" }), false),
                (json!({ "level": 3.0 }), false),
                (json!({ "level": 4 }), false),
                (json!({ "level": -3 }), false),
                (json!({ "level": true }), false),
            ],
        ),
        (
            json!({ "share": 0.5, "large": 18_446_744_073_709_551_615_u64, "small": -1 }),
            vec![
                (json!({ "share": 0.5, "large": 18_446_744_073_709_551_615_u64, "small": -1 }), true),
                (json!({ "share": 0.25, "large": 18_446_744_073_709_551_615_u64, "small": -1 }), false),
                (json!({ "share": 0.5, "large": 18_446_744_073_709_551_614_u64, "small": -1 }), false),
                (json!({ "share": 0.5, "large": 18_446_744_073_709_551_615_u64, "small": 1 }), false),
            ],
        ),
        (
            json!({ "staff": true }),
            vec![
                (json!({ "staff": true }), true),
                (json!({ "staff": [false, true] }), true),
                (json!({ "staff": false }), false),
                (json!({ "staff": "true" }), false),
                (json!({ "staff": 1 }), false),
            ],
        ),
        (json!({ "staff": false }), vec![(json!({ "staff": false }), true), (json!({}), false)]),
        (
            json!({ "any": ["gold", 3, true] }),
            vec![
                (json!({ "any": "gold" }), true),
                (json!({ "any": 3 }), true),
                (json!({ "any": true }), true),
                (json!({ "any": ["x", 3] }), true),
                (json!({ "any": "3" }), false),
                (json!({ "any": false }), false),
                (json!({ "any": ["x"] }), false),
            ],
        ),
        (
            json!({ "/realm/tier": "gold", "https://example.com/tier": "gold", "/list/1": "b", "/a~1b/c~0d": 1 }),
            vec![
                (
                    json!({
                        "realm": { "tier": "gold" }, "https://example.com/tier": "gold", "list": ["a", "b"],
                        "a/b": { "c~d": 1 },
                    }),
                    true,
                ),
                (
                    json!({
                        "realm": { "tier": "gold" }, "https://example.com/tier": "gold", "list": ["b", "a"],
                        "a/b": { "c~d": 1 },
                    }),
                    false,
                ),
                (
                    json!({
                        "realm/tier": "gold", "/realm/tier": "gold", "https://example.com/tier": "gold",
                        "list": ["a", "b"], "a/b": { "c~d": 1 },
                    }),
                    false,
                ),
                // One that is missing is enough.
                (json!({ "realm": { "tier": "gold" }, "list": ["a", "b"], "a/b": { "c~d": 1 } }), false),
            ],
        ),
    ] {
        let required = required.to_string();
        judge(&[("REQUIRED_CLAIMS", &required)], &verdicts(&cases, "claim_not_allowed")).await;
    }
}

/// In an object that says a thing twice, nobody knows which of the two another reader sees.
#[tokio::test]
async fn a_required_claim_that_is_there_twice() {
    let (provider, world) = one(&[("REQUIRED_CLAIMS", r#"{"/realm/tier":"gold"}"#)]).await;
    for (realm, reason) in [
        (r#"{"tier":"gold"}"#, "allowed"),
        (r#"{"t\u0069er":"g\u006fld"}"#, "allowed"),
        (r#"{"tier":"gold","tier":"silver"}"#, "claim_not_allowed"),
        (r#"{"tier":"silver","tier":"gold"}"#, "claim_not_allowed"),
        (r#"{"tier":"gold","t\u0069er":"silver"}"#, "claim_not_allowed"),
    ] {
        let claims = crate::support::oidc::claims(&provider.url).to_string();
        let claims = claims.replacen('{', &format!(r#"{{"realm":{realm},"#), 1);
        let header = json!({ "alg": "RS256", "kid": crate::support::oidc::KID }).to_string();
        // The provider's RSA key.
        let token = smac_local::token::sign_raw(smac_local::keys::Key::Primary, header.as_bytes(), claims.as_bytes());
        assert_eq!(world.ask_with_token(&token).await.reason(), reason, "{realm}");
    }
}

#[tokio::test]
async fn scopes() {
    judge(
        &[("REQUIRED_SCOPES", "read,https://example.com/admin")],
        &verdicts(
            &[
                (json!({ "scope": "read" }), true),
                (json!({ "scope": "write https://example.com/admin" }), true),
                (json!({ "scope": ["write", "read"] }), true),
                (json!({ "scp": "write read" }), true),
                (json!({ "scp": ["read"] }), true),
                // The first that is present counts, whatever it is.
                (json!({ "scope": "write", "scp": ["read"] }), false),
                (json!({ "scope": "", "scp": ["read"] }), false),
                (json!({ "scope": 7, "scp": ["read"] }), false),
                (json!({ "scope": [], "scp": "read" }), false),
                (json!({ "scope": "read", "scp": "write" }), true),
                (json!({ "scope": "reader" }), false),
                (json!({ "scope": "READ" }), false),
                (json!({ "scope": "write\tread" }), false),
                (json!({ "scope": "write,read" }), false),
                (json!({ "scope": ["write read"] }), false),
                (json!({ "scope": ["read", 7] }), false),
                (json!({ "scope": { "read": true } }), false),
                (json!({ "roles": ["read"] }), false),
                (json!({}), false),
            ],
            "scope_missing",
        ),
    )
    .await;
    for (claim, claims) in [
        ("permissions", json!({ "permissions": ["read"], "scope": "x" })),
        ("/resource/api~1v1/scopes", json!({ "resource": { "api/v1": { "scopes": "a read" } } })),
        ("https://example.com/scope", json!({ "https://example.com/scope": "read" })),
    ] {
        let settings = [("REQUIRED_SCOPES", "read"), ("SCOPE_CLAIM", claim)];
        judge(
            &settings,
            &verdicts(&[(claims, true), (json!({ "scope": "read", "scp": "read" }), false)], "scope_missing"),
        )
        .await;
    }
}

#[tokio::test]
async fn groups() {
    judge(
        &[("REQUIRED_GROUPS", "staff,admins")],
        &verdicts(
            &[
                (json!({ "groups": ["guests", "admins"] }), true),
                (json!({ "groups": "guests staff" }), true),
                (json!({ "groups": ["guests"] }), false),
                (json!({ "groups": [] }), false),
                (json!({ "groups": ["staff", null] }), false),
                (json!({ "groups": ["Staff"] }), false),
                (json!({ "groups": ["/staff"] }), false),
                (json!({ "groups": { "staff": [] } }), false),
                (json!({ "roles": ["staff"] }), false),
                (json!({ "cognito:groups": ["staff"] }), false),
                (json!({}), false),
            ],
            "group_missing",
        ),
    )
    .await;
    for (claim, claims) in [
        ("roles", json!({ "roles": ["staff"] })),
        ("https://example.com/roles", json!({ "https://example.com/roles": ["staff"] })),
        ("/realm_access/roles", json!({ "realm_access": { "roles": ["x", "staff"] } })),
        ("/resource_access/api/roles", json!({ "resource_access": { "api": { "roles": ["staff"] } } })),
    ] {
        let settings = [("REQUIRED_GROUPS", "staff"), ("GROUPS_CLAIM", claim)];
        judge(&settings, &verdicts(&[(claims, true), (json!({ "groups": ["staff"] }), false)], "group_missing")).await;
    }
}

/// Entra ID leaves the groups of a user with many of them out. The log names the cause, and nobody.
#[test]
fn groups_that_the_issuer_left_out() {
    in_its_own_process("oidc::required::groups_that_the_issuer_left_out", || {
        let log = Log::install();
        block_on(async {
            let world = one(&[("REQUIRED_GROUPS", "staff")]).await;
            let sources = json!({ "src1": { "endpoint": "https://graph.example.com/jane/groups" } });
            for (claims, is_overage) in [
                (json!({ "_claim_names": { "groups": "src1" }, "_claim_sources": sources }), true),
                (json!({ "_claim_names": { "groups": "src1" }, "groups": ["guests"] }), true),
                (json!({ "_claim_names": { "other": "src1" } }), false),
                (json!({ "_claim_names": "groups" }), false),
                (json!({ "_claim_names": ["groups"] }), false),
                (json!({ "groups": ["guests"] }), false),
                (json!({}), false),
            ] {
                assert_eq!(told(&world, &claims).await.reason(), "group_missing", "{claims}");
                let written = log.take();
                assert_eq!(written.contains("groups overage"), is_overage, "{claims}: {written}");
                assert_eq!(written.contains("WARN"), is_overage, "{claims}: {written}");
                assert!(!written.contains("jane") && !written.contains("graph.example.com"), "{written}");
            }
            // With the group in the token, or without one that is required, nothing is missing.
            let claims = json!({ "_claim_names": { "groups": "src1" }, "groups": ["staff"] });
            assert_eq!(told(&world, &claims).await.reason(), "allowed");
            let lax = one(&[]).await;
            assert_eq!(told(&lax, &json!({ "_claim_names": { "groups": "src1" } })).await.reason(), "allowed");
            assert!(!log.take().contains("WARN"));
        });
    });
}
