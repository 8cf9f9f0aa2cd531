//! Users of any OIDC issuer, by its name in the settings.

use serde_json::{Value, json};
use smac_lambda_authorizer::tools::Algorithm;
use smac_local::keys::Key;

use super::{ALL, Api, event};
use crate::support::World;
use crate::support::files::Files;
use crate::support::oidc::{KID, Provider, claims, still_world};
use crate::support::site::Site;

struct Issuers {
    world: World,
    acme: Provider,
    other: Provider,
    _site: Site,
    _files: Files,
}

async fn issuers(policies: &str, more: &[(&str, &str)]) -> Issuers {
    let site = Site::start().await;
    let (acme, other) = (Provider::new(&site, "ACME", Key::Primary), Provider::new(&site, "OTHER", Key::Secondary));
    let files = Files::new(&[("rules.cedar", policies)]);
    let mut settings = [acme.settings(more), other.settings(more)].concat();
    settings.push(("RULES__POLICIES".to_owned(), files.path("rules.cedar")));
    settings.push(("POLICY__SCOPE".to_owned(), "METHOD".to_owned()));
    Issuers { world: still_world(&settings).await, acme, other, _site: site, _files: files }
}

async fn reason(world: &World, token: &str) -> &'static str {
    world.ask(&event(Api::RestRequest, token, "GET", "/pets", "/pets")).await.reason()
}

#[tokio::test]
async fn equal_subjects_and_groups_of_two_issuers_are_different() {
    let groups = json!({ "groups": ["admins"] });
    for scope in [
        "principal == User::\"ACME|jane\"",
        "principal in UserGroup::\"ACME|admins\"",
        "principal is User in UserGroup::\"ACME|admins\"",
    ] {
        let Issuers { world, acme, other, .. } = &issuers(&format!("permit ({scope}, action, resource);"), &[]).await;
        assert_eq!(reason(world, &acme.token(&groups)).await, "allowed", "{scope}");
        assert_eq!(reason(world, &other.token(&groups)).await, "rule_missing", "{scope}");
    }
}

#[tokio::test]
async fn groups_are_where_the_settings_say() {
    let policy = "permit (principal in UserGroup::\"ACME|admins\", action, resource);";
    for (claim, claims) in [
        ("groups", json!({ "groups": "users admins" })),
        ("roles", json!({ "roles": ["admins"] })),
        ("/realm_access/roles", json!({ "realm_access": { "roles": ["users", "admins"] } })),
    ] {
        let issuers = issuers(policy, &[("GROUPS_CLAIM", claim)]).await;
        assert_eq!(reason(&issuers.world, &issuers.acme.token(&claims)).await, "allowed", "{claim}");
        let nobody = json!({ "else": ["admins"], "groups": [""] });
        assert_eq!(reason(&issuers.world, &issuers.acme.token(&nobody)).await, "rule_missing", "{claim}");
    }
}

#[tokio::test]
async fn a_token_is_one_of_two_kinds() {
    let id = "permit (principal, action, resource) when { principal has tenant && !(context has token) };";
    let access =
        "permit (principal, action, resource) when { context.token.tenant == \"a\" && !(principal has tenant) };";
    let typed = |provider: &Provider, token_type: Value| {
        let mut claims = claims(&provider.url);
        claims["tenant"] = "a".into();
        provider.signer.token(Algorithm::Rs256, &json!({ "alg": "RS256", "kid": KID, "typ": token_type }), &claims)
    };
    for (more, token_type, extra, is_access) in [
        (&[][..], json!("JWT"), json!({}), false),
        (&[], json!("at+jwt"), json!({}), true),
        (&[], json!("application/at+jwt"), json!({}), true),
        (&[], json!("JWT"), json!({ "scope": "openid" }), true),
        (&[], json!("JWT"), json!({ "scp": ["a"] }), true),
        (&[("SCOPE_CLAIM", "permissions")], json!("JWT"), json!({ "permissions": [] }), true),
        (&[("SCOPE_CLAIM", "permissions")], json!("JWT"), json!({ "scope": "openid" }), false),
    ] {
        for (policy, permits_access) in [(id, false), (access, true)] {
            let issuers = issuers(policy, more).await;
            let token = match extra.as_object().unwrap().is_empty() {
                true => typed(&issuers.acme, token_type.clone()),
                false => {
                    let mut claims = extra.clone();
                    claims["tenant"] = "a".into();
                    issuers.acme.token(&claims)
                }
            };
            let expected = if permits_access == is_access { "allowed" } else { "rule_missing" };
            let found = reason(&issuers.world, &token).await;
            // What the policy for access tokens reads is absent in an ID token's context.
            assert_eq!(found, expected, "{more:?} {token_type} {extra} {policy}");
        }
    }
}

#[tokio::test]
async fn a_service_is_known_by_its_id() {
    let machine = json!({ "sub": "batch", "azp": "batch", "groups": ["writers"] });
    let more = [("ALLOW_MACHINE_TOKENS", "true"), ("USER_ID_PREFIX", "acme:")];
    for (scope, expected) in [
        ("principal == Service::\"acme:batch\"", "allowed"),
        ("principal == Service::\"batch\"", "rule_missing"),
        ("principal in ServiceGroup::\"writers\"", "rule_missing"),
        ("principal in UserGroup::\"ACME|writers\"", "rule_missing"),
    ] {
        let site = Site::start().await;
        let acme = Provider::new(&site, "ACME", Key::Primary);
        let files = Files::new(&[("rules.cedar", &format!("permit ({scope}, action, resource);"))]);
        let mut settings = acme.settings(&more);
        settings.push(("RULES__POLICIES".to_owned(), files.path("rules.cedar")));
        settings.push(("POLICY__SCOPE".to_owned(), "METHOD".to_owned()));
        let world = still_world(&settings).await;
        assert_eq!(reason(&world, &acme.token(&machine)).await, expected, "{scope}");
    }
    let everybody = issuers(ALL, &[("PRINCIPAL_TYPE", "SERVICE")]).await;
    assert_eq!(reason(&everybody.world, &everybody.other.token(&json!({}))).await, "allowed");
}
