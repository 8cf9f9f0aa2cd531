//! userInfo of any issuer (OpenID Connect Core 1.0, section 5.3): what it says, that it refuses, and that it is not there.

use serde_json::{Value, json};
use smac_local::keys::Key;
use smac_local::stand_ins::Fault;

use crate::support::World;
use crate::support::oidc::{self, Provider, SUBJECT};
use crate::support::site::Site;

async fn with_user_info(more: &[(&str, &str)]) -> (Site, Provider, World) {
    let site = Site::start().await;
    let provider = Provider::new(&site, "ONE", Key::Primary);
    site.serve(&provider.user_info, info());
    let settings: Vec<_> = [("USER_ID", "email"), ("USER_INFO", "true")].iter().chain(more).copied().collect();
    let world = oidc::still_world(&provider.settings(&settings)).await;
    (site, provider, world)
}

fn info() -> Value {
    json!({ "sub": SUBJECT, "email": "jane@example.com", "email_verified": true })
}

fn token(provider: &Provider) -> String {
    provider.token(&json!({ "scope": "openid" }))
}

#[tokio::test]
async fn what_it_says() {
    for (answer, reason) in [
        (info(), "allowed"),
        (json!({ "sub": SUBJECT, "email": "jane@example.com", "email_verified": "true" }), "allowed"),
        (json!({ "sub": SUBJECT, "email": "jane@example.com", "email_verified": false }), "user_id_not_verified"),
        (json!({ "sub": SUBJECT, "email": "jane@example.com" }), "user_id_not_verified"),
        (json!({ "sub": SUBJECT, "email": "", "email_verified": true }), "user_id_missing"),
        (json!({ "sub": SUBJECT, "email": ["jane@example.com"], "email_verified": true }), "user_id_missing"),
        (json!({ "sub": SUBJECT }), "user_id_missing"),
        (json!({ "sub": SUBJECT, "email": "jane\n@example.com", "email_verified": true }), "user_id_invalid"),
        // An answer about somebody else, or about nobody.
        (json!({ "sub": "joe", "email": "jane@example.com", "email_verified": true }), "user_info_unavailable"),
        (json!({ "sub": [SUBJECT], "email": "jane@example.com", "email_verified": true }), "user_info_unavailable"),
        (json!({ "email": "jane@example.com", "email_verified": true }), "user_info_unavailable"),
        (json!([info()]), "user_info_unavailable"),
        (json!("a.signed.answer"), "user_info_unavailable"),
    ] {
        let (site, provider, world) = with_user_info(&[]).await;
        site.serve(&provider.user_info, answer.clone());
        let told = world.ask_with_token(&token(&provider)).await;
        assert_eq!(told.reason(), reason, "{answer}");
        assert_eq!(told.line()["UserInfoFetches"], 1, "{answer}");
        assert_eq!(told.user_id(), if reason == "allowed" { "ONE:jane@example.com" } else { "" });
    }
}

#[tokio::test]
async fn revoked_tokens_and_outages() {
    for (fault, reason) in [
        (Fault::Status(400, json!({})), "token_revoked"),
        (Fault::Status(401, json!({})), "token_revoked"),
        (Fault::Challenge(403), "token_revoked"),
        (Fault::Status(403, json!({ "error": "insufficient_scope" })), "token_revoked"),
        (Fault::Status(403, json!({ "message": "a firewall" })), "user_info_unavailable"),
        (Fault::Status(404, json!({})), "user_info_unavailable"),
        (Fault::Status(429, json!({})), "user_info_unavailable"),
        (Fault::Status(500, json!({})), "user_info_unavailable"),
        (Fault::Redirect, "user_info_unavailable"),
        (Fault::Garbage, "user_info_unavailable"),
        (Fault::Empty, "user_info_unavailable"),
        (Fault::Huge(150_001), "user_info_unavailable"),
        (Fault::Reset, "user_info_unavailable"),
    ] {
        let (site, provider, world) = with_user_info(&[]).await;
        site.serve("/elsewhere", info());
        site.fail(&provider.user_info, 9, fault.clone());
        // One token: another second's would be another question.
        let token = token(&provider);
        let told = world.ask_with_token(&token).await;
        let outcome = if reason == "token_revoked" { "unauthorized" } else { "fault" };
        assert_eq!((told.reason(), told.line()["outcome"].clone()), (reason, json!(outcome)), "{fault:?}");
        assert!(!site.asked().contains(&"/elsewhere".to_owned()), "{fault:?}");
        // A negative answer is remembered for half a minute, a failure for the wait after it.
        site.recover(&provider.user_info);
        assert_eq!(world.ask_with_token(&token).await.reason(), reason, "{fault:?}");
        world.pass(if reason == "token_revoked" { 29 } else { 0 });
        assert_eq!(world.ask_with_token(&token).await.reason(), reason, "{fault:?}");
        assert_eq!(site.asked(), Vec::<String>::new(), "{fault:?}");
        world.pass(1);
        assert_eq!(world.ask_with_token(&token).await.reason(), "allowed", "{fault:?}");
    }
}

#[tokio::test]
async fn an_old_answer_serves_while_it_is_down() {
    let (site, provider, world) = with_user_info(&[]).await;
    let token = token(&provider);
    assert_eq!(world.ask_with_token(&token).await.reason(), "allowed");
    site.fail(&provider.user_info, 99, Fault::Status(503, json!({})));
    for (later, reason, source) in [
        (59, "allowed", "fresh"),
        (1, "allowed", "stale"),
        (299, "allowed", "stale"),
        (1, "user_info_unavailable", "failed"),
    ] {
        world.pass(later);
        let told = world.ask_with_token(&token).await;
        let found = (told.reason(), told.line()["lookups"]["userInfo"].clone());
        assert_eq!(found, (reason, json!(source)), "{later}");
    }
}

/// Without an endpoint, or with one that may not be asked, nobody is asked, and it is our fault.
#[tokio::test]
async fn a_document_without_an_endpoint() {
    let endpoints = [
        Value::Null,
        json!(7),
        json!(""),
        json!("/me"),
        json!("http://192.0.2.1/me"),
        json!("http://id.example.com/me"),
        json!("https://jane@id.example.com/me"),
    ];
    for endpoint in endpoints {
        let (site, provider, world) = with_user_info(&[]).await;
        let mut document = provider.document(&site);
        document["userinfo_endpoint"] = endpoint.clone();
        site.serve(&provider.discovery, document);
        let told = world.ask_with_token(&token(&provider)).await;
        let found = (told.reason(), told.line()["UserInfoFetches"].clone());
        assert_eq!(found, ("user_info_unavailable", json!(0)), "{endpoint}");
        // Who has a user id in the token needs no endpoint.
        let claims = json!({ "scope": "openid", "email": "jane@example.com", "email_verified": true });
        assert_eq!(world.ask_with_token(&provider.token(&claims)).await.reason(), "allowed", "{endpoint}");
    }
}

/// With keys at a known address, or given ones, discovery is for userInfo alone.
#[tokio::test]
async fn discovery_for_user_info_alone() {
    let site = Site::start().await;
    let provider = Provider::new(&site, "ONE", Key::Primary);
    site.serve(&provider.user_info, info());
    let keys = format!("{}{}", site.url(), provider.keys);
    let set = site.document(&provider.keys).to_string();
    for (setting, value, asked_for_keys) in [("JWKS_URI", &keys, vec![provider.keys.clone()]), ("JWKS", &set, vec![])] {
        let settings = provider.settings(&[("USER_ID", "email"), ("USER_INFO", "true"), (setting, value)]);
        let world = oidc::still_world(&settings).await;
        world.warm_up().await;
        assert_eq!(site.asked(), asked_for_keys, "{setting}");
        site.fail(&provider.discovery, 9, Fault::Status(404, json!({})));
        let claims = json!({ "email": "jane@example.com", "email_verified": true });
        assert_eq!(world.ask_with_token(&provider.token(&claims)).await.reason(), "allowed", "{setting}");
        assert_eq!(site.asked(), Vec::<String>::new(), "{setting}");
        let told = world.ask_with_token(&token(&provider)).await;
        assert_eq!(
            (told.reason(), told.line()["lookups"]["discovery"].clone()),
            ("discovery_unavailable", json!("failed"))
        );
        site.recover(&provider.discovery);
        site.asked();
        world.pass(1);
        assert_eq!(world.ask_with_token(&token(&provider)).await.reason(), "allowed", "{setting}");
        assert_eq!(site.asked(), [&provider.discovery, &provider.user_info].map(String::as_str), "{setting}");
    }
}

/// It is asked only for what the token lacks, with the scope for it, and about a subject.
#[tokio::test]
async fn when_it_is_asked() {
    for (claims, reason, is_asked) in [
        (json!({ "scope": "openid" }), "allowed", true),
        (json!({ "scope": "email openid profile" }), "allowed", true),
        (json!({ "scp": ["openid"] }), "allowed", true),
        (json!({ "scope": "email", "scp": ["openid"] }), "user_id_missing", false),
        (json!({ "scope": "openid2" }), "user_id_missing", false),
        (json!({}), "user_id_missing", false),
        (json!({ "scope": "openid", "sub": null }), "user_id_missing", false),
        (json!({ "scope": "openid", "sub": "" }), "user_id_missing", false),
        (json!({ "scope": "openid", "sub": 7 }), "user_id_missing", false),
        (json!({ "scope": "openid", "email": "a@b.c", "email_verified": true }), "allowed", false),
        // It is not asked whether an address is verified that the token has.
        (json!({ "scope": "openid", "email": "a@b.c" }), "user_id_not_verified", false),
        (json!({ "scope": "openid", "aud": "another" }), "audience_not_allowed", false),
        (json!({ "scope": "openid", "exp": 1 }), "token_expired", false),
    ] {
        let (site, provider, world) = with_user_info(&[]).await;
        assert_eq!(world.ask_with_token(&provider.token(&claims)).await.reason(), reason, "{claims}");
        assert_eq!(site.asked().contains(&provider.user_info), is_asked, "{claims}");
    }
    let (site, provider, world) = with_user_info(&[("SCOPE_CLAIM", "/rights/list")]).await;
    let claims = json!({ "rights": { "list": ["openid"] } });
    assert_eq!(world.ask_with_token(&provider.token(&claims)).await.reason(), "allowed");
    assert!(site.asked().contains(&provider.user_info));
}

/// What it says reaches the backend too, and the token's own claims come first.
#[tokio::test]
async fn claims_for_the_backend() {
    let site = Site::start().await;
    let provider = Provider::new(&site, "ONE", Key::Primary);
    let mut said = info();
    said["name"] = "Jane Doe".into();
    said["department"] = "said".into();
    site.serve(&provider.user_info, said);
    let mut settings = provider.settings(&[("USER_ID", "email"), ("USER_INFO", "true")]);
    settings.push(("CONTEXT_CLAIMS".to_owned(), "name,department,sub".to_owned()));
    let world = oidc::still_world(&settings).await;
    let token = provider.token(&json!({ "scope": "openid", "department": "the token's" }));
    let told = world.ask_with_token(&token).await;
    let context = &told.answer()["context"];
    let found = (context["name"].clone(), context["department"].clone(), context["sub"].clone());
    assert_eq!(found, (json!("Jane Doe"), json!("the token's"), json!(SUBJECT)));
}
