//! The rules for the tokens of an OIDC issuer, one after the other.

mod clients;
mod development;
mod identity;
mod required;

use serde_json::{Value, json};
use smac_local::keys::Key;
use smac_local::token::now;

use crate::support::oidc::{self, Provider};
use crate::support::site::Site;
use crate::support::{Told, World};

/// An issuer whose keys are given, and an authorizer for it. Settings whose name begins with a colon are for all issuers.
async fn one(more: &[(&str, &str)]) -> (Provider, World) {
    let site = Site::start().await;
    let provider = Provider::new(&site, "ONE", Key::Primary);
    let keys = site.document(&provider.keys).to_string();
    let own: Vec<_> =
        more.iter().copied().filter(|(name, _)| !name.starts_with(':')).chain([("JWKS", keys.as_str())]).collect();
    let common =
        more.iter().filter_map(|(name, value)| Some((name.strip_prefix(':')?.to_owned(), (*value).to_owned())));
    let settings: Vec<_> = provider.settings(&own).into_iter().chain(common).collect();
    let world = oidc::still_world(&settings).await;
    (provider, world)
}

/// What comes of a token with these claims.
async fn told((provider, world): &(Provider, World), claims: &Value) -> Told {
    world.ask_with_token(&provider.token(claims)).await
}

/// Each of these claims with what comes of it.
async fn judge(settings: &[(&str, &str)], cases: &[(Value, &str)]) {
    let one = one(settings).await;
    for (claims, reason) in cases {
        assert_eq!(told(&one, claims).await.reason(), *reason, "{settings:?} {claims}");
    }
}

/// A token that breaks every rule is refused for the first; mended, for the second; and so on.
#[tokio::test]
async fn the_order_of_the_rules() {
    let world = one(&[
        ("TOKEN_TYPE", "AT_JWT"),
        ("CLIENT_ID", "app"),
        ("REQUIRED_CLAIMS", r#"{"tier":"gold"}"#),
        ("REQUIRED_SCOPES", "read"),
        ("REQUIRED_GROUPS", "staff"),
        ("USER_ID", "email"),
    ])
    .await;
    let (provider, world) = &world;
    let mut claims = oidc::claims(&provider.url);
    for (name, value) in [
        ("exp", json!(1)),
        ("cnf", json!({ "jkt": "x" })),
        ("azp", json!("another")),
        ("aud", json!("another")),
        ("tier", json!("silver")),
        ("scope", json!("write")),
        ("groups", json!("guests")),
        ("gty", json!("client-credentials")),
        ("email", json!("jane\n@example.com")),
        ("email_verified", json!(false)),
    ] {
        claims[name] = value;
    }
    let mut header = json!({ "alg": "RS256", "kid": oidc::KID, "typ": "JWT" });
    let mends: [(&str, Value, &str); 12] = [
        ("exp", json!(now() + 3600), "token_expired"),
        ("cnf", Value::Null, "sender_constraint_unmet"),
        ("typ", json!("at+jwt"), "token_type_not_allowed"),
        ("azp", json!("app"), "client_not_allowed"),
        ("aud", json!(["other", oidc::AUDIENCE]), "audience_not_allowed"),
        ("tier", json!("gold"), "claim_not_allowed"),
        ("scope", json!("write read"), "scope_missing"),
        ("groups", json!(["staff"]), "group_missing"),
        ("gty", json!("password"), "user_id_missing"),
        ("email", json!("jane@example.com"), "user_id_invalid"),
        ("email_verified", json!(true), "user_id_not_verified"),
        ("last", json!(true), "allowed"),
    ];
    let algorithm = smac_lambda_authorizer::tools::Algorithm::Rs256;
    for (name, mended, reason) in mends {
        let token = provider.signer.token(algorithm, &header, &claims);
        assert_eq!(world.ask_with_token(&token).await.reason(), reason, "before {name} is mended");
        let part = if name == "typ" { &mut header } else { &mut claims };
        part[name] = mended;
        part.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    }
}

#[tokio::test]
async fn issuers_are_compared_byte_for_byte() {
    let one = one(&[]).await;
    let own = one.0.url.clone();
    for iss in [
        json!(format!("{own}/")),
        json!(own.to_lowercase()),
        json!(own.replace("http", "https")),
        json!(own.replace("127.0.0.1", "localhost")),
        json!(own.replace("ONE", "%4FNE")),
        json!(format!("{own}?")),
        json!(format!("{own} ")),
        json!([own]),
        json!(7),
        Value::Null,
    ] {
        let told = told(&one, &json!({ "iss": iss })).await;
        assert_eq!((told.reason(), told.line().get("issuer").cloned()), ("issuer_unknown", None), "{iss}");
    }
}

#[tokio::test]
async fn times() {
    let now = now();
    judge(
        &[(":JWT__LEEWAY_SECONDS", "100")],
        &[
            (json!({ "exp": now - 50 }), "allowed"),
            (json!({ "exp": now - 200 }), "token_expired"),
            (json!({ "exp": null }), "token_malformed"),
            (json!({ "exp": (now + 60) as f64 + 0.5 }), "token_malformed"),
            (json!({ "exp": (now + 60).to_string() }), "token_malformed"),
            (json!({ "nbf": now + 50 }), "allowed"),
            (json!({ "nbf": now + 200 }), "token_not_yet_valid"),
            (json!({ "iat": now + 50 }), "allowed"),
            (json!({ "iat": now + 200 }), "token_not_yet_valid"),
            (json!({ "iat": null }), "allowed"),
            (json!({ "cnf": {} }), "sender_constraint_unmet"),
            (json!({ "cnf": "x" }), "sender_constraint_unmet"),
        ],
    )
    .await;
    judge(&[(":JWT__CHECK_EXPIRATION", "false")], &[(json!({ "exp": 1 }), "allowed")]).await;
}

/// `aud` is a string or a list of strings (RFC 7519, section 4.1.3).
#[tokio::test]
async fn audiences() {
    judge(
        &[("AUDIENCE", "api,https://api.example.com/")],
        &[
            (json!({ "aud": "api" }), "allowed"),
            (json!({ "aud": "https://api.example.com/" }), "allowed"),
            (json!({ "aud": ["other", "api"] }), "allowed"),
            (json!({ "aud": ["api"] }), "allowed"),
            (json!({ "aud": "https://api.example.com" }), "audience_not_allowed"),
            (json!({ "aud": "API" }), "audience_not_allowed"),
            (json!({ "aud": "api " }), "audience_not_allowed"),
            (json!({ "aud": "other api" }), "audience_not_allowed"),
            (json!({ "aud": "api,https://api.example.com/" }), "audience_not_allowed"),
            (json!({ "aud": "" }), "audience_not_allowed"),
            (json!({ "aud": "*" }), "audience_not_allowed"),
            (json!({ "aud": [] }), "audience_not_allowed"),
            (json!({ "aud": ["other"] }), "audience_not_allowed"),
            (json!({ "aud": ["api", 7] }), "audience_not_allowed"),
            (json!({ "aud": ["api", null] }), "audience_not_allowed"),
            (json!({ "aud": [["api"]] }), "audience_not_allowed"),
            (json!({ "aud": { "api": true } }), "audience_not_allowed"),
            (json!({ "aud": 7 }), "audience_not_allowed"),
            (json!({ "aud": null }), "audience_not_allowed"),
            (json!({ "aud": null, "resource": "api", "azp": "api" }), "audience_not_allowed"),
        ],
    )
    .await;
}

/// Keys that are given alone are all there are, whatever time passes: nobody is asked for others.
#[tokio::test]
async fn given_keys_are_never_looked_up() {
    let (provider, world) = one(&[]).await;
    // The server is gone already.
    for later in [0, 3600, 24 * 3600, 20 * 24 * 3600] {
        world.pass(later);
        assert_eq!(world.ask_with_token(&provider.token(&json!({}))).await.reason(), "allowed", "{later}");
        let told = world.ask_with_token(&provider.token_of("another", &json!({}))).await;
        assert_eq!((told.reason(), told.line()["KeySetFetches"].clone()), ("key_unknown", json!(0)), "{later}");
    }
}
