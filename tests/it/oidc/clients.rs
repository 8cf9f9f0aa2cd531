//! Which client a token was issued to, and tokens that clients have for themselves.

use serde_json::{Value, json};

use super::{judge, one, told};

/// The first claim that is present names the client, even if it is no string: a later one must not be chosen instead.
#[tokio::test]
async fn the_first_claim_that_is_present_names_the_client() {
    let names = ["azp", "client_id", "cid", "appid"];
    let mut cases = vec![
        (json!({}), "client_not_allowed"),
        (json!({ "client": "app" }), "client_not_allowed"),
        (json!({ "aud": "app" }), "client_not_allowed"),
        (json!({ "azp": "app", "client_id": "another", "cid": "another", "appid": "another" }), "allowed"),
    ];
    for (number, name) in names.into_iter().enumerate() {
        for (value, reason) in [
            (json!("app"), "allowed"),
            (json!("second app"), "allowed"),
            (json!("another"), "client_not_allowed"),
            (json!("App"), "client_not_allowed"),
            (json!(""), "client_not_allowed"),
            (json!(["app"]), "client_not_allowed"),
            (json!(7), "client_not_allowed"),
        ] {
            let mut claims = json!({ name: value });
            cases.push((claims.clone(), reason));
            // The later ones don't count.
            for later in &names[number + 1..] {
                claims[*later] = "app".into();
            }
            cases.push((claims, reason));
        }
    }
    judge(&[("CLIENT_ID", "app,second app")], &cases).await;

    // A claim that is `null` is present.
    let (provider, world) = one(&[("CLIENT_ID", "app")]).await;
    let header = json!({ "alg": "RS256", "kid": crate::support::oidc::KID });
    let mut claims = crate::support::oidc::claims(&provider.url);
    claims["azp"] = Value::Null;
    claims["client_id"] = "app".into();
    let token = provider.signer.token(smac_lambda_authorizer::tools::Algorithm::Rs256, &header, &claims);
    assert_eq!(world.ask_with_token(&token).await.reason(), "client_not_allowed");
}

#[tokio::test]
async fn without_a_list_any_client_is_allowed() {
    let cases = [json!({}), json!({ "azp": "any" }), json!({ "azp": 7 }), json!({ "client_id": ["a"] })];
    judge(&[], &cases.map(|claims| (claims, "allowed"))).await;
}

/// The client's own tokens: its subject is the client, or it says so.
fn machines() -> Vec<Value> {
    vec![
        json!({ "sub": "app", "azp": "app" }),
        json!({ "sub": "app", "client_id": "app" }),
        json!({ "sub": "app", "cid": "app" }),
        json!({ "sub": "app", "appid": "app" }),
        json!({ "gty": "client-credentials", "azp": "app" }),
        json!({ "gty": "client-credentials", "azp": "app", "sub": "app@clients" }),
        json!({ "idtyp": "app", "azp": "app" }),
        json!({ "idtyp": "app", "appid": "app", "sub": null }),
    ]
}

fn users() -> Vec<Value> {
    vec![
        json!({}),
        json!({ "azp": "app" }),
        json!({ "azp": "another", "client_id": "jane" }),
        json!({ "gty": "password", "azp": "app" }),
        json!({ "gty": "client_credentials", "azp": "app" }),
        json!({ "gty": ["client-credentials"], "azp": "app" }),
        json!({ "idtyp": "user", "azp": "app" }),
        json!({ "idtyp": "App", "azp": "app" }),
    ]
}

#[tokio::test]
async fn machine_tokens() {
    let refusing = one(&[]).await;
    let allowing = one(&[("ALLOW_MACHINE_TOKENS", "true")]).await;
    for claims in machines() {
        assert_eq!(told(&refusing, &claims).await.reason(), "user_id_missing", "{claims}");
        let told = told(&allowing, &claims).await;
        let context = &told.answer()["context"];
        let found = (context["userId"].clone(), context["principalType"].clone());
        assert_eq!(found, (json!("ONE:app"), json!("service")), "{claims}");
    }
    for claims in users() {
        for world in [&refusing, &allowing] {
            let told = told(world, &claims).await;
            let context = &told.answer()["context"];
            let found = (context["userId"].clone(), context["principalType"].clone());
            assert_eq!(found, (json!("ONE:jane"), json!("user")), "{claims}");
        }
    }
    // A machine that does not say which one it is.
    for claims in [
        json!({ "gty": "client-credentials" }),
        json!({ "idtyp": "app" }),
        json!({ "idtyp": "app", "azp": 7 }),
        json!({ "idtyp": "app", "azp": "" }),
    ] {
        assert_eq!(told(&allowing, &claims).await.reason(), "user_id_missing", "{claims}");
    }
    // They are judged by all other rules.
    for (claims, reason) in [
        (json!({ "sub": "app", "azp": "app", "aud": "another" }), "audience_not_allowed"),
        (json!({ "sub": "app\n", "azp": "app\n" }), "user_id_invalid"),
        (json!({ "sub": "app", "azp": "app", "exp": 1 }), "token_expired"),
    ] {
        assert_eq!(told(&allowing, &claims).await.reason(), reason, "{claims}");
    }
}

/// Where every token is a service's, its id is the subject; a machine token's is its client where those are allowed.
#[tokio::test]
async fn an_issuer_of_services() {
    let subjects = one(&[("PRINCIPAL_TYPE", "SERVICE")]).await;
    let clients = one(&[("PRINCIPAL_TYPE", "SERVICE"), ("ALLOW_MACHINE_TOKENS", "true")]).await;
    for (claims, by_subject, by_client) in [
        (json!({ "sub": "repo:a/b:ref:refs/heads/main" }), "ONE:repo:a/b:ref:refs/heads/main", None),
        (json!({ "azp": "app" }), "ONE:jane", None),
        (json!({ "sub": "app", "azp": "app" }), "ONE:app", Some("ONE:app")),
        (json!({ "gty": "client-credentials", "azp": "app" }), "ONE:jane", Some("ONE:app")),
        (json!({ "idtyp": "app", "azp": "app" }), "ONE:jane", Some("ONE:app")),
    ] {
        for (world, id) in [(&subjects, by_subject), (&clients, by_client.unwrap_or(by_subject))] {
            let told = told(world, &claims).await;
            let context = &told.answer()["context"];
            let found = (context["userId"].clone(), context["principalType"].clone());
            assert_eq!(found, (json!(id), json!("service")), "{claims}");
            assert_eq!(told.line()["principalType"], "service");
        }
    }
    for claims in [json!({ "sub": null }), json!({ "sub": "" }), json!({ "sub": 7 })] {
        assert_eq!(told(&subjects, &claims).await.reason(), "user_id_missing", "{claims}");
    }
}
