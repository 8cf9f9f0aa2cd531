//! Tokens of nine kinds of issuers, in the shapes that the providers document, under the settings that `docs/issuers.md`
//! shows for them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use smac_lambda_authorizer::{Authorizer, Settings};

use crate::support::issuer::{DOCUMENT, FIXTURES, Issuer, block, setting, settings};
use crate::support::{Told, bearer, parse};

/// What is refused before the issuer's keys are needed.
const WITHOUT_CALLS: [&str; 2] = ["issuer_unknown", "algorithm_not_allowed"];

async fn ask(settings: Vec<(String, String)>, token: &str) -> Told {
    let authorizer = Authorizer::new(parse(settings).unwrap());
    Told::of(authorizer.authorize(&bearer(token).to_string(), None).await)
}

/// As the fixtures say what is expected.
fn in_short(told: &Told) -> Value {
    let line = told.line();
    match told.reason() {
        "allowed" => {
            let context = &told.answer()["context"];
            json!({ "outcome": line["outcome"], "userId": context["userId"], "principalType": context["principalType"] })
        }
        reason => json!({ "outcome": line["outcome"], "reason": reason }),
    }
}

#[tokio::test]
async fn each_token_gets_its_answer_under_the_settings_of_the_document() {
    let mut wrong = Vec::new();
    for (provider, _) in FIXTURES {
        let issuer = Issuer::start(provider).await;
        for token in &issuer.tokens {
            let told = ask(issuer.settings_for(token), &issuer.sign(token)).await;
            let (found, asked) = (in_short(&told), issuer.asked());
            let calls: &[String] = if WITHOUT_CALLS.contains(&told.reason()) { &[] } else { &issuer.paths };
            // An unknown key has the set fetched once more.
            let is_asked = asked == calls || (told.reason() == "key_unknown" && asked.starts_with(calls));
            if found != token["expect"] || !is_asked {
                wrong.push(format!("{provider}: {}: {found}, after {asked:?}", token["name"]));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[tokio::test]
async fn a_signature_of_another_key_is_refused() {
    for (provider, _) in FIXTURES {
        let issuer = Issuer::start(provider).await;
        let token = &issuer.tokens[0];
        assert_eq!(ask(issuer.settings_for(token), &issuer.sign(token)).await.reason(), "allowed", "{provider}");
        assert_eq!(
            ask(issuer.settings_for(token), &issuer.forge(token)).await.reason(),
            "signature_invalid",
            "{provider}"
        );
    }
}

#[test]
fn each_block_can_be_pasted_and_warns_of_what_the_document_says() {
    for (provider, _) in FIXTURES {
        let settings = settings(provider);
        assert_eq!(settings[0], ("SMAC__AUTH__PROVIDER".to_owned(), "OIDC".to_owned()), "{provider}");
        let parsed = parse(settings).unwrap();
        let warned: Vec<_> = parsed.warnings().iter().map(|warning| warning.variable.clone()).collect();
        let expected: &[&str] = match provider {
            "auth0" => &["SMAC__AUTH__PROVIDER_OIDC__ISSUERS__AUTH0__REQUIRED_GROUPS"],
            "entra-v1" => &["SMAC__AUTH__PROVIDER_OIDC__ISSUERS__ENTRA__REQUIRED_GROUPS"],
            _ => &[],
        };
        assert_eq!(warned, expected, "{provider}");
    }
}

#[tokio::test]
async fn the_settings_file_has_the_settings_of_the_blocks() {
    let json = block("settings file: github-actions kubernetes", "json");
    let variables = || [("SMAC__AUTH__SETTINGS_FILE".to_owned(), "settings.json".to_owned())];
    let read = |json: String| Settings::from_variables(variables(), move |_| Ok(json.clone())).unwrap();
    assert_eq!(read(json.to_owned()).warnings().len(), 0);

    for (provider, prefix) in [("github-actions", ""), ("kubernetes", "cluster:")] {
        let issuer = Issuer::start(provider).await;
        let authorizer = Authorizer::new(read(issuer.here(json)));
        for token in issuer.tokens.iter().filter(|token| token.get("settings").is_none()) {
            let mut expected = token["expect"].clone();
            if let Some(id) = expected["userId"].as_str() {
                expected["userId"] = format!("{prefix}{id}").into();
            }
            let told = Told::of(authorizer.authorize(&bearer(&issuer.sign(token)).to_string(), None).await);
            assert_eq!(in_short(&told), expected, "{provider}: {}", token["name"]);
        }
    }
}

/// Entra ID's document for all tenants has a pattern in the place of an issuer.
#[tokio::test]
async fn a_document_for_all_tenants_is_for_none() {
    let issuer = Issuer::start("entra-v2").await;
    let (common, token) = ("/common/v2.0", &issuer.tokens[0]);
    let path = format!("{common}/.well-known/openid-configuration");
    issuer.serve(
        &path,
        json!({
            "issuer": format!("{}/{{tenantid}}/v2.0", issuer.url()),
            "jwks_uri": format!("{}{}", issuer.url(), issuer.paths[1]),
        }),
    );
    let with = |name: &str, url: &str| {
        let token = json!({ "settings": { name: format!("{}{url}", issuer.url()) } });
        issuer.settings_for(&token)
    };
    let signed = issuer.sign(token);
    assert_eq!(ask(issuer.settings.clone(), &signed).await.reason(), "allowed");
    assert_eq!(ask(with("DISCOVERY_URL", &path), &signed).await.reason(), "discovery_unavailable");
    assert_eq!(ask(with("ISSUER", common), &signed).await.reason(), "issuer_unknown");
}

#[tokio::test]
async fn what_is_fetched_depends_on_what_is_configured() {
    let issuer = Issuer::start("keycloak").await;
    let [discovery, keys] = &issuer.paths;
    let [discovery_url, jwks_uri] = [discovery, keys].map(|path| format!("{}{path}", issuer.url()));
    let jwks = issuer.document(keys).to_string();
    let token = &issuer.tokens[0];
    for (settings, kid, reason, asked) in [
        (json!({}), None, "allowed", vec![discovery, keys]),
        (json!({ "JWKS_URI": jwks_uri }), None, "allowed", vec![keys]),
        (json!({ "JWKS": jwks }), None, "allowed", vec![]),
        (json!({ "JWKS": jwks }), Some("another"), "key_unknown", vec![]),
        (json!({ "JWKS": jwks, "JWKS_URI": jwks_uri }), None, "allowed", vec![]),
        (json!({ "JWKS": jwks, "JWKS_URI": jwks_uri }), Some("another"), "key_unknown", vec![keys]),
        (json!({ "JWKS": jwks, "DISCOVERY_URL": discovery_url }), None, "allowed", vec![]),
        (
            json!({ "JWKS": jwks, "DISCOVERY_URL": discovery_url }),
            Some("another"),
            "key_unknown",
            vec![discovery, keys],
        ),
    ] {
        let mut token = token.clone();
        if let Some(kid) = kid {
            token["header"]["kid"] = kid.into();
        }
        let signed = issuer.sign(&token);
        token["settings"] = settings.clone();
        assert_eq!(ask(issuer.settings_for(&token), &signed).await.reason(), reason, "{settings}");
        assert_eq!(issuer.asked().iter().collect::<Vec<_>>(), asked, "{settings}");
    }
}

#[tokio::test]
async fn user_info_is_asked_for_the_user_id_that_an_access_token_lacks() {
    let issuer = Issuer::start("keycloak").await;
    let endpoint = issuer.document(&issuer.paths[0])["userinfo_endpoint"].as_str().unwrap().to_owned();
    let path = endpoint.strip_prefix(&issuer.url()).unwrap();
    let mut token = issuer.tokens[0].clone();
    let sub = token["claims"]["sub"].clone();
    token["claims"]["email"] = Value::Null;
    for (user_info, scope, info, expected) in [
        (
            "false",
            "openid email",
            json!({ "sub": sub, "email": "jane@example.com", "email_verified": true }),
            "user_id_missing",
        ),
        (
            "true",
            "email",
            json!({ "sub": sub, "email": "jane@example.com", "email_verified": true }),
            "user_id_missing",
        ),
        ("true", "openid email", json!({ "sub": sub, "email": "jane@example.com", "email_verified": true }), "allowed"),
        ("true", "openid email", json!({ "sub": sub, "email": "jane@example.com" }), "user_id_not_verified"),
        ("true", "openid email", json!({ "sub": "x", "email": "jane@example.com" }), "user_info_unavailable"),
    ] {
        issuer.serve(path, info.clone());
        token["claims"]["scope"] = scope.into();
        token["settings"] = json!({ "USER_ID": "email", "USER_INFO": user_info });
        let told = ask(issuer.settings_for(&token), &issuer.sign(&token)).await;
        assert_eq!(told.reason(), expected, "{user_info} {scope} {info}");
        assert_eq!(told.user_id(), if expected == "allowed" { "jane@example.com" } else { "" });
        let is_asked = issuer.asked().contains(&path.to_owned());
        assert_eq!(is_asked, expected != "user_id_missing", "{user_info} {scope} {info}");
    }
}

#[test]
fn two_issuers_beside_each_other_need_different_prefixes() {
    let mut both: Vec<_> = settings("okta").into_iter().chain(settings("keycloak").into_iter().skip(1)).collect();
    let mistakes = parse(both.clone()).unwrap_err();
    let wrong: Vec<_> = mistakes.0.iter().map(|mistake| mistake.variable.as_str()).collect();
    assert_eq!(wrong, ["SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__USER_ID_PREFIX"]);
    both.push((wrong[0].to_owned(), "okta:".to_owned()));
    assert!(parse(both).is_ok());
}

#[test]
fn each_provider_has_a_block_and_tokens_that_are_allowed_and_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/issuers");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = files.map(|name| name.strip_suffix(".json").unwrap().to_owned()).collect();
    let tested: BTreeSet<String> = FIXTURES.map(|(provider, _)| provider.to_owned()).into();
    let shown = DOCUMENT.split("<!-- settings: ").skip(1).map(|rest| rest.split_once(" -->").unwrap().0.to_owned());
    assert_eq!(files, tested);
    assert_eq!(shown.collect::<BTreeSet<_>>(), tested);

    for (provider, text) in FIXTURES {
        let fixture: Value = serde_json::from_str(text).unwrap();
        assert_eq!(fixture["provider"], provider);
        assert_eq!(setting(&settings(provider), "ISSUER"), fixture["discovery"]["issuer"].as_str(), "{provider}");
        assert!(DOCUMENT.contains(&format!("]({})", fixture["source"].as_str().unwrap())), "{provider}");
        let tokens = fixture["tokens"].as_array().unwrap();
        let names: BTreeSet<_> = tokens.iter().map(|token| token["name"].as_str().unwrap()).collect();
        assert_eq!(names.len(), tokens.len(), "{provider}");
        for token in tokens {
            let reason = token["expect"]["reason"].as_str();
            let is_explained = reason.is_none_or(|reason| DOCUMENT.contains(&format!("\n| `{reason}`")));
            assert!(is_explained, "{provider}: {reason:?} is not in the document's table");
        }
        let allowed = tokens.iter().filter(|token| token["expect"]["outcome"] == "allowed").count();
        assert!(allowed > 0 && allowed < tokens.len(), "{provider}");
    }
}
