//! The published cases of aws-jwt-verify (`tests/unit`, AWS's own verifier for Node), as far as they are about RS256,
//! key sets and Cognito: each re-expressed for a Cognito token, with what is said of it here.
//!
//! Where the two differ, the case says so: that verifier takes several algorithms and audiences, since it is not for
//! Cognito alone, and a token without an end.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use smac_lambda_authorizer::tools::{Algorithm, KeySet};
use smac_local::deployment::{EMAIL, Pool};
use smac_local::keys::Key;
use smac_local::stand_ins::{Fault, Upstream};
use smac_local::token::{Token, Use, now, sign_raw};

use crate::support::{self, POOLS, World, parse, world};

fn unsigned(header: &str, payload: &str) -> String {
    format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload), "c2lnbmF0dXJl")
}

async fn reason(world: &World, token: &str) -> &'static str {
    world.ask_with_token(token).await.reason()
}

#[tokio::test]
async fn basic_cases() {
    let world = world(&[]).await;
    let id = Token::id;
    for (case, token, expected) in [
        ("happy flow with RS256 jwk", id().sign(), "allowed"),
        ("happy flow with unicode characters in JWT", id().claim("hēłłœ", "wørłd").sign(), "allowed"),
        // That verifier takes both; Cognito signs with RS256 alone.
        ("happy flow with RS384 jwk", id().header("alg", "RS384").sign(), "algorithm_not_allowed"),
        ("happy flow with RS512 jwk", id().header("alg", "RS512").sign(), "algorithm_not_allowed"),
        ("happy flow with jwk - ES256", id().header("alg", "ES256").sign(), "algorithm_not_allowed"),
        ("happy flow with jwk - Ed25519", id().header("alg", "EdDSA").sign(), "algorithm_not_allowed"),
        ("error flow with wrong algorithm", id().header("alg", "RS384").sign(), "algorithm_not_allowed"),
        // That verifier takes a list; Cognito's ID tokens have one client.
        (
            "happy flow JWT with multiple audience values",
            id().claim("aud", json!([Pool::Primary.client(), "5678"])).sign(),
            "client_not_allowed",
        ),
        ("invalid signature", id().forged().sign(), "signature_invalid"),
        ("invalid audience", id().claim("aud", "5678").sign(), "client_not_allowed"),
        ("missing issuer", id().without("iss").sign(), "issuer_unknown"),
    ] {
        assert_eq!(reason(&world, &token).await, expected, "{case}");
    }
}

#[tokio::test]
async fn parse_errors() {
    let world = world(&[("PROVIDER_COGNITO__REQUIRED_SCOPES", "read")]).await;
    let id = || Token::id().claim("scope", "read");
    let segments = |token: String| token.split('.').map(str::to_owned).collect::<Vec<_>>();
    let good = segments(id().sign());
    for (case, token, expected) in [
        // A scheme without a token.
        ("empty JWT", String::new(), "token_malformed"),
        ("JWT with less than 3 parts", good[..2].join("."), "token_malformed"),
        ("JWT with more than 3 parts", format!("{}.more", good.join(".")), "token_malformed"),
        ("JWT with header that is not JSON parseable", unsigned("{", "{}"), "token_malformed"),
        ("JWT with header that is not an object", unsigned("\"header\"", "{}"), "token_malformed"),
        ("JWT with payload that is not JSON parseable", unsigned(r#"{"alg":"RS256"}"#, "}"), "token_malformed"),
        ("JWT with payload that is not an object", unsigned(r#"{"alg":"RS256"}"#, "null"), "token_malformed"),
        (
            "JWT with alg that is not a string",
            unsigned(r#"{"alg":12345}"#, r#"{"iss":"test"}"#),
            "algorithm_not_allowed",
        ),
        (
            "JWT alg different from JWK alg",
            unsigned(r#"{"alg":"RS512"}"#, r#"{"iss":"test"}"#),
            "algorithm_not_allowed",
        ),
        ("JWT with iss that is not a string", id().claim("iss", 12345).sign(), "issuer_unknown"),
        ("JWT with aud that is not a string", id().claim("aud", 12345).sign(), "client_not_allowed"),
        (
            "JWT with aud that is not a string array",
            id().claim("aud", json!([Pool::Primary.client(), 5678])).sign(),
            "client_not_allowed",
        ),
        ("JWT with iat that is not a number", id().claim("iat", "12345").sign(), "token_malformed"),
        ("JWT with scope that is not a string", id().claim("scope", 12345).sign(), "scope_missing"),
        // That verifier refuses these two; an ID token's user id is another claim, and `jti` is nobody's business.
        ("JWT with sub that is not a string", id().claim("sub", 12345).sign(), "allowed"),
        ("JWT with jti that is not a string", id().claim("jti", 12345).sign(), "allowed"),
    ] {
        assert_eq!(reason(&world, &token).await, expected, "{case}");
    }
    // Where the subject matters, it must be one: userInfo's answer is compared with it.
    let access = Token::access().claim("scope", "openid read").claim("sub", 12345);
    assert_eq!(reason(&world, &access.sign()).await, "user_id_missing");
}

#[tokio::test]
async fn times() {
    let leeway = |seconds: &str| [("JWT__LEEWAY_SECONDS".to_owned(), seconds.to_owned())];
    let id = Token::id;
    for (case, token, seconds, expected) in [
        ("expired jwt", id().claim("exp", now()), "0", "token_expired"),
        ("jwt with nonsense exp", id().claim("exp", "Garbage"), "0", "token_malformed"),
        // That verifier takes a token without an end.
        ("jwt with empty exp", id().without("exp"), "0", "token_malformed"),
        // Half a minute in which this test may be slow, in place of one second.
        ("just enough graceSeconds", id().claim("exp", now() - 270), "300", "allowed"),
        ("just too little graceSeconds", id().claim("exp", now() - 300), "300", "token_expired"),
        ("not before", id().claim("nbf", now() + 100), "0", "token_not_yet_valid"),
        ("invalid nbf", id().claim("nbf", "foobar"), "0", "token_malformed"),
        ("just enough graceSeconds, nbf", id().claim("nbf", now() + 100), "100", "allowed"),
        ("just too little graceSeconds, nbf", id().claim("nbf", now() + 130), "99", "token_not_yet_valid"),
    ] {
        let settings = leeway(seconds);
        let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let world = world(&settings).await;
        assert_eq!(reason(&world, &token.sign()).await, expected, "{case}");
    }
}

#[tokio::test]
async fn scopes() {
    let scoped = |scope: &str| Token::id().claim("scope", scope).sign();
    for (case, required, token, expected) in [
        ("happy flow allowing 1 scope", "scope1", scoped("scope1 scope2"), "allowed"),
        ("happy flow allowing multiple scopes", "scope1,scope3", scoped("scope2 scope3"), "allowed"),
        ("happy flow not requiring any scope", "", scoped("scope1"), "allowed"),
        ("error flow allowing 1 scope", "scope3", scoped("scope1 scope2"), "scope_missing"),
        ("error flow allowing multiple scopes", "scope3,scope4", scoped("scope1 scope2"), "scope_missing"),
        ("error flow jwt without scope", "scope3", Token::id().sign(), "scope_missing"),
    ] {
        let world = world(&[("PROVIDER_COGNITO__REQUIRED_SCOPES", required)]).await;
        assert_eq!(reason(&world, &token).await, expected, "{case}");
    }
}

#[tokio::test]
async fn kids_and_keys() {
    let named = |token: Token| token.header("kid", Key::Forger.kid()).signed_by(Key::Forger).sign();
    let with = |name: &str, value: Value| {
        let mut jwk = Key::Forger.jwk();
        jwk[name] = value;
        jwk.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        jwk
    };
    for (case, jwk, expected) in [
        ("happy flow with jwk without alg", with("alg", Value::Null), "allowed"),
        ("wrong signature algorithm", with("alg", json!("RS384")), "key_unknown"),
        ("unsupported signature algorithm", with("alg", json!("RS1")), "key_unknown"),
        ("JWK optional field alg is not a string", with("alg", json!(12345)), "key_unknown"),
        ("wrong JWK use", with("use", json!("notSig")), "key_unknown"),
        ("missing JWK use", with("use", Value::Null), "allowed"),
        ("missing modulus on JWK", with("n", Value::Null), "key_unknown"),
        ("missing exponent on JWK", with("e", Value::Null), "key_unknown"),
        ("empty JWK", json!({}), "key_unknown"),
        ("JWK is not an object", json!("jwk"), "key_unknown"),
    ] {
        let world = world(&[]).await;
        // Mixed with keys that nothing here can use, and one that it can.
        let unusable = [
            json!({ "kty": "RSA", "alg": "PS256", "use": "sig", "kid": "somekid" }),
            json!({ "kty": "EC", "alg": "ES256", "use": "sig", "hasNoKid": "test" }),
        ];
        let [first, second] = unusable;
        world.stand_ins.set_key_set(Pool::Primary, json!({ "keys": [first, jwk, second, Key::Primary.jwk()] }));
        assert_eq!(reason(&world, &named(Token::id())).await, expected, "{case}");
        assert_eq!(reason(&world, &Token::id().sign()).await, "allowed", "{case}");
    }
    let world = world(&[]).await;
    for (case, token, expected) in [
        ("kid is not a string", Token::id().header("kid", 1).sign(), "token_malformed"),
        ("jwt without kid claim", Token::id().header("kid", Value::Null).sign(), "token_malformed"),
        ("kid not in jwks", Token::id().header("kid", "hello").sign(), "key_unknown"),
        // The type is not looked at: Cognito sets none.
        ("custom JWT check for JWT typ", Token::id().header("typ", "at+jwt").sign(), "allowed"),
    ] {
        assert_eq!(reason(&world, &token).await, expected, "{case}");
    }
}

#[tokio::test]
async fn key_sets() {
    for (case, body) in [
        ("no keys", "{}"),
        ("keys not an array", r#"{"keys":{}}"#),
        ("no jwks", "null"),
        ("a list of key sets' members", &format!("[[{}]]", Key::Primary.jwk())),
        ("jwks is not an object", "\"jwks\""),
        ("not a valid jwks", r#"{"keys":[{"kty":"RSA"}]}"#),
        ("invalid JSON", "{"),
    ] {
        assert!(KeySet::parse(body.as_bytes(), &[Algorithm::Rs256]).is_err(), "{case}");
    }
    assert!(
        KeySet::parse(Key::Primary.key_set().to_string().as_bytes(), &[Algorithm::Rs256]).is_ok(),
        "is a valid jwks"
    );

    let cached = world(&[]).await;
    for _ in 0..3 {
        assert_eq!(reason(&cached, &Token::id().sign()).await, "allowed", "returns cached JWK");
    }
    assert_eq!(cached.calls(), [1, 0, 0]);

    // The penalty box: an unknown kid right after another one costs no fetch.
    let world = world(&[]).await;
    for kid in ["hello", "hello", "hello again"] {
        assert_eq!(reason(&world, &Token::id().header("kid", kid).sign()).await, "key_unknown");
    }
    assert_eq!(world.calls(), [2, 0, 0]);
    world.pass(10);
    world.stand_ins.fail(Upstream::KeySet, 9, Fault::Garbage);
    assert_eq!(reason(&world, &Token::id().header("kid", "hello").sign()).await, "jwks_unavailable", "invalid JSON");
    assert_eq!(reason(&world, &Token::id().sign()).await, "allowed");
}

#[tokio::test]
async fn cognito_cases() {
    let only_access = world(&[("PROVIDER_COGNITO__TOKEN_USE", "ACCESS")]).await;
    let only_id = world(&[("PROVIDER_COGNITO__TOKEN_USE", "ID")]).await;
    let grouped = world(&[("PROVIDER_COGNITO__REQUIRED_GROUPS", "group2,group3")]).await;
    let groups = |groups: Value| Token::id().claim("cognito:groups", groups);
    for (case, world, token, expected) in [
        ("id token check", &only_id, Token::id(), "allowed"),
        ("id token check", &only_id, Token::access(), "token_use_not_allowed"),
        ("access token check", &only_access, Token::access(), "allowed"),
        ("access token check", &only_access, Token::id(), "token_use_not_allowed"),
        ("missing token use", &only_id, Token::id().without("token_use"), "token_use_not_allowed"),
        ("Cognito group check works", &grouped, groups(json!(["group1", "group2"])), "allowed"),
        ("Cognito group check works", &grouped, groups(json!(["group1"])), "group_missing"),
        ("assert overlaps requires array", &grouped, groups(json!("group2")), "group_missing"),
        ("assert overlaps requires array of strings", &grouped, groups(json!(["group2", 1])), "group_missing"),
        ("Cognito group check works", &grouped, Token::id().without("cognito:groups"), "group_missing"),
    ] {
        assert_eq!(reason(world, &token.sign()).await, expected, "{case} {token:?}");
    }

    // "Invalid User Pool ID", "should provide distinct issuers": mistakes of the configuration.
    for changes in [
        vec![("PRIMARY__USERPOOL_ID", "garbage")],
        vec![("SECONDARY__USERPOOL_ID", Pool::Primary.id()), ("SECONDARY__ISSUERS", "ORIGINAL")],
    ] {
        let mut environment = smac_local::deployment::of_pools("http://127.0.0.1:1");
        for (name, value) in changes {
            let name = format!("SMAC__AUTH__{POOLS}__{name}");
            environment.retain(|(other, _)| *other != name);
            environment.push((name, value.to_owned()));
        }
        assert!(parse(environment).is_err());
    }
}

#[tokio::test]
async fn several_pools() {
    let world = world(&[]).await;
    world.warm_up().await;
    for pool in Pool::ALL {
        let told = world.ask_with_token(&Token::of(pool, Use::Id).sign()).await;
        assert_eq!((told.reason(), told.user_id()), ("allowed", EMAIL.to_owned()), "happy flow");
    }
    // "hydrate the JWKS cache by prefetching JWKS works - for multiple issuers".
    assert_eq!(world.calls(), [2, 0, 0]);
    let elsewhere = Token::id().claim("iss", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Elsewhere");
    assert_eq!(reason(&world, &elsewhere.sign()).await, "issuer_unknown", "needs configured issuer");

    // "custom JWKS cache": keys that are given need no fetch.
    let set = Key::Primary.key_set().to_string();
    let given = support::world(&[(format!("{POOLS}__PRIMARY__JWKS").as_str(), set.as_str())]).await;
    assert_eq!(reason(&given, &Token::id().sign()).await, "allowed");
    assert_eq!(given.calls(), [0, 0, 0]);
}

/// "safeJsonParse removes __proto__ and constructor": here they are names like any other, and not looked at.
#[tokio::test]
async fn names_that_mean_something_elsewhere() {
    let world = world(&[("CONTEXT_CLAIMS", "__proto__")]).await;
    let claims = json!({
        "iss": Pool::Primary.issuer(), "aud": Pool::Primary.client(), "token_use": "id", "exp": now() + 60,
        "email": EMAIL, "email_verified": true, "constructor": { "prototype": 1 },
    });
    let claims = claims.to_string().replacen('{', r#"{"__proto__":{"email":"admin@example.com"},"#, 1);
    let header = json!({ "alg": "RS256", "kid": Key::Primary.kid() }).to_string();
    let told = world.ask_with_token(&sign_raw(Key::Primary, header.as_bytes(), claims.as_bytes())).await;
    assert_eq!((told.reason(), told.user_id()), ("allowed", EMAIL.to_owned()));
    assert_eq!(told.answer()["context"]["__proto__"], r#"{"email":"admin@example.com"}"#);
}
