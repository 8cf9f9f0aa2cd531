//! Section 3 of the contract: a valid token, one mutation, the exact reason.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use smac_local::deployment::{EMAIL, Pool, SUBJECT};
use smac_local::keys::Key;
use smac_local::stand_ins::{Fault, Upstream};
use smac_local::token::{Token, Use, now, sign_raw};

use crate::support::{self, POOLS, World, allow, world};

async fn reason(world: &World, token: &Token) -> &'static str {
    world.ask_with_token(&token.sign()).await.reason()
}

#[tokio::test]
async fn a_valid_token_of_each_pool_and_kind() {
    let world = world(&[]).await;
    for pool in Pool::ALL {
        for token_use in [Use::Id, Use::Access] {
            let told = world.ask_with_token(&Token::of(pool, token_use).sign()).await;
            assert_eq!(told.answer(), allow(EMAIL, "user"), "{pool:?} {token_use:?}");
            assert_eq!(told.line()["pool"], pool.name());
        }
    }
    assert_eq!(world.calls(), [2, 2, 0]);
    assert_eq!(world.stand_ins.asked(Upstream::UserInfo), ["PRIMARY", "SECONDARY"]);
}

#[tokio::test]
async fn a_token_is_judged_by_its_own_pool_alone() {
    let world = world(&[]).await;
    let primary = || Token::of(Pool::Primary, Use::Id);
    for (token, expected) in [
        // The other pool's client, key, issuer.
        (primary().claim("aud", Pool::Secondary.client()), "client_not_allowed"),
        (primary().signed_by(Key::Secondary), "signature_invalid"),
        (primary().signed_by(Key::Secondary).header("kid", Key::Secondary.kid()), "key_unknown"),
        (primary().claim("iss", Pool::Secondary.issuer()), "key_unknown"),
        (primary().claim("iss", Pool::Secondary.issuer()).header("kid", Key::Secondary.kid()), "signature_invalid"),
    ] {
        assert_eq!(reason(&world, &token).await, expected, "{token:?}");
    }
}

#[tokio::test]
async fn claims_are_judged_each_for_itself() {
    let world = world(&[]).await;
    let id = Token::id;
    let access = Token::access;
    for (token, expected) in [
        (id().header("alg", "none"), "algorithm_not_allowed"),
        (id().header("alg", "HS256"), "algorithm_not_allowed"),
        (id().header("alg", "rs256"), "algorithm_not_allowed"),
        (id().header("alg", 256), "algorithm_not_allowed"),
        (id().header("alg", Value::Null), "algorithm_not_allowed"),
        (id().header("kid", Value::Null), "token_malformed"),
        (id().header("kid", ""), "token_malformed"),
        (id().header("kid", 7), "token_malformed"),
        (id().header("crit", json!(["b64"])), "token_malformed"),
        (id().header("jku", "https://attacker.example/jwks.json"), "allowed"),
        (id().header("kid", "made-up"), "key_unknown"),
        (id().without("iss"), "issuer_unknown"),
        (id().claim("iss", 1), "issuer_unknown"),
        (id().claim("iss", format!("{}/", Pool::Primary.issuer())), "issuer_unknown"),
        (id().claim("iss", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other"), "issuer_unknown"),
        (id().forged(), "signature_invalid"),
        (id().without("exp"), "token_malformed"),
        (id().without("iat"), "allowed"),
        (id().without("token_use"), "token_use_not_allowed"),
        (id().claim("token_use", "refresh"), "token_use_not_allowed"),
        (id().without("aud"), "client_not_allowed"),
        (id().claim("aud", "another"), "client_not_allowed"),
        (id().claim("aud", json!([Pool::Primary.client()])), "client_not_allowed"),
        (id().without("aud").claim("client_id", Pool::Primary.client()), "client_not_allowed"),
        (access().claim("client_id", "another"), "client_not_allowed"),
        (access().claim("aud", "https://some.resource.example"), "allowed"),
        (id().without("email"), "user_id_missing"),
        (id().claim("email", ""), "user_id_missing"),
        (id().claim("email", json!(["a"])), "user_id_missing"),
        (id().claim("email", "a\nb"), "user_id_invalid"),
        (id().claim("email", "a\u{7f}b"), "user_id_invalid"),
        (id().claim("email", "x".repeat(512)), "allowed"),
        (id().claim("email", "x".repeat(513)), "user_id_invalid"),
        (id().claim("email_verified", false), "email_not_verified"),
        (id().claim("email_verified", "false"), "email_not_verified"),
        (id().claim("email_verified", "true"), "allowed"),
        (id().without("email_verified"), "allowed"),
        (id().claim("x", json!({ "nested": [1, { "a": null }] })), "allowed"),
    ] {
        assert_eq!(reason(&world, &token).await, expected, "{token:?}");
    }
}

#[tokio::test]
async fn the_form_is_strict() {
    let world = world(&[]).await;
    let good = Token::id().sign();
    let (header, rest) = good.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    // The last character of a 256-byte signature has two spare bits.
    let mut stray = signature.to_owned();
    let last = stray.pop().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let index = alphabet.find(last).unwrap();
    stray.push(alphabet.as_bytes()[index ^ 1] as char);
    for token in [
        "x".to_owned(),
        "..".to_owned(),
        format!("{header}.{claims}"),
        format!("{good}."),
        format!("{good}.{signature}"),
        format!(".{good}"),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{good}="),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims}.{}", signature.replace(['-', '_'], "+")),
        format!("{header}.{claims}.{stray}"),
        format!("{header}.{claims}.{signature}AAA"),
        format!("{}.{claims}.{signature}", URL_SAFE_NO_PAD.encode("[]")),
        format!("{}.{claims}.{signature}", URL_SAFE_NO_PAD.encode("\"RS256\"")),
        format!("{}.{claims}.{signature}", URL_SAFE_NO_PAD.encode("{}{}")),
        format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode("null")),
        format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode([0xff, 0xfe])),
        format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode("{\"a\":1,\"\\u0061\":2}")),
    ] {
        assert_eq!(world.ask_with_token(&token).await.reason(), "token_malformed", "{token}");
    }
    assert_eq!(world.calls(), [0, 0, 0]);
    // An empty signature is one, of no key.
    assert_eq!(world.ask_with_token(&format!("{header}.{claims}.")).await.reason(), "signature_invalid");
    assert_eq!(world.ask_with_token(&good).await.reason(), "allowed");
}

#[tokio::test]
async fn no_name_comes_twice_however_many_there_are() {
    let world = world(&[]).await;
    let claims = |extra: &str| {
        let iss = Pool::Primary.issuer();
        let (aud, exp) = (Pool::Primary.client(), now() + 60);
        format!(r#"{{"iss":"{iss}","aud":"{aud}","token_use":"id","exp":{exp},"email":"a@b.c"{extra}}}"#)
    };
    let header = format!(r#"{{"alg":"RS256","kid":"{}"}}"#, Key::Primary.kid());
    let many: String = (0..2000).map(|n| format!(r#","n{n}":{n}"#)).collect();
    for (header, claims, expected) in [
        (header.clone(), claims(""), "allowed"),
        (header.clone(), claims(&many), "allowed"),
        (header.clone(), claims(r#","email":"a@b.c""#), "token_malformed"),
        (header.clone(), claims(&format!(r#"{many},"n7":7"#)), "token_malformed"),
        (header.replace('}', r#","alg":"RS256"}"#), claims(""), "token_malformed"),
        // Of nested objects that is their own business.
        (header.clone(), claims(r#","x":{"a":1,"a":2}"#), "allowed"),
    ] {
        let token = sign_raw(Key::Primary, header.as_bytes(), claims.as_bytes());
        assert_eq!(world.ask_with_token(&token).await.reason(), expected, "{header} {:.200}", claims);
    }
}

#[tokio::test]
async fn times_are_whole_numbers_at_their_exact_bounds() {
    let world = world(&[("PROVIDER_COGNITO__LEEWAY_SECONDS", "10")]).await;
    let far = i64::from(u32::MAX);
    for (claim, value, expected) in [
        ("exp", json!(now() - 5), "allowed"),
        ("exp", json!(now() - 20), "token_expired"),
        ("exp", json!(0), "token_expired"),
        ("exp", json!(u64::MAX), "allowed"),
        ("exp", json!(-1), "token_malformed"),
        ("exp", json!(1e12), "token_malformed"),
        ("exp", json!(1.5), "token_malformed"),
        ("exp", json!("99999999999"), "token_malformed"),
        ("exp", Value::Null, "token_malformed"),
        ("nbf", json!(now() + 5), "allowed"),
        ("nbf", json!(now() + 30), "token_not_yet_valid"),
        ("nbf", json!(u64::MAX), "token_not_yet_valid"),
        ("nbf", json!("0"), "token_malformed"),
        ("nbf", Value::Null, "token_malformed"),
        ("iat", json!(now() + 50), "allowed"),
        ("iat", json!(now() + 90), "token_not_yet_valid"),
        ("iat", json!(far * 2), "token_not_yet_valid"),
        ("iat", json!(-0.0), "token_malformed"),
    ] {
        assert_eq!(reason(&world, &Token::id().claim(claim, value.clone())).await, expected, "{claim} {value}");
    }
    let header = format!(r#"{{"alg":"RS256","kid":"{}"}}"#, Key::Primary.kid());
    for number in ["18446744073709551616", "1e3", "-0", "1.0"] {
        let iss = Pool::Primary.issuer();
        let token =
            sign_raw(Key::Primary, header.as_bytes(), format!(r#"{{"iss":"{iss}","exp":{number}}}"#).as_bytes());
        assert_eq!(world.ask_with_token(&token).await.reason(), "token_malformed", "{number}");
    }
}

#[tokio::test]
async fn the_end_is_the_second_of_exp() {
    let world = world(&[]).await;
    // A token that ends in an hour, and a clock that is set forward.
    let token = Token::id().claim("exp", now() + 3600).sign();
    world.pass(3590);
    assert_eq!(world.ask_with_token(&token).await.reason(), "allowed");
    world.pass(10);
    assert_eq!(world.ask_with_token(&token).await.reason(), "token_expired");
}

#[tokio::test]
async fn expiry_alone_can_be_switched_off() {
    let world = world(&[("PROVIDER_COGNITO__CHECK_EXPIRATION", "false")]).await;
    assert_eq!(reason(&world, &Token::id().expired()).await, "allowed");
    assert_eq!(reason(&world, &Token::id().without("exp")).await, "token_malformed");
    assert_eq!(reason(&world, &Token::id().claim("nbf", now() + 100)).await, "token_not_yet_valid");
}

#[tokio::test]
async fn the_first_rule_that_is_broken_gives_the_reason() {
    let world =
        world(&[("PROVIDER_COGNITO__REQUIRED_SCOPES", "pets/read"), ("PROVIDER_COGNITO__REQUIRED_GROUPS", "admins")])
            .await;
    // Everything is wrong; then one thing after the other is put right.
    let mut token = Token::access()
        .header("alg", "none")
        .header("kid", "")
        .claim("iss", "x")
        .claim("exp", 1)
        .claim("nbf", u64::MAX)
        .claim("token_use", "x")
        .claim("client_id", "x")
        .claim("scope", "none")
        .without("username")
        .claim("sub", Pool::Primary.client());
    let iss = Pool::Primary.issuer();
    for (name, value, expected) in [
        ("", json!(""), "algorithm_not_allowed"),
        ("alg", json!("RS256"), "token_malformed"),
        ("kid", json!("made-up"), "issuer_unknown"),
        ("iss", json!(iss), "key_unknown"),
        ("kid", json!(Key::Primary.kid()), "token_expired"),
        ("exp", json!(now() + 60), "token_not_yet_valid"),
        ("nbf", json!(0), "token_use_not_allowed"),
        ("token_use", json!("access"), "client_not_allowed"),
        ("client_id", json!(Pool::Primary.client()), "scope_missing"),
        ("scope", json!("pets/read"), "group_missing"),
        ("cognito:groups", json!(["admins"]), "user_id_missing"),
        ("username", json!("jane"), "user_id_missing"),
        ("email", json!("a@b.c"), "allowed"),
        ("email_verified", json!(false), "email_not_verified"),
    ] {
        token = match name {
            "" => token,
            "alg" | "kid" => token.header(name, value),
            _ => token.claim(name, value),
        };
        assert_eq!(reason(&world, &token).await, expected, "{name}");
    }
    // And a signature that does not hold comes before every claim but the issuer.
    assert_eq!(reason(&world, &token.forged()).await, "signature_invalid");
}

#[tokio::test]
async fn scopes_and_groups_are_forbidden_and_not_unauthorized() {
    let both = [("PROVIDER_COGNITO__REQUIRED_SCOPES", "a,b"), ("PROVIDER_COGNITO__REQUIRED_GROUPS", "g,h")];
    let world = world(&both).await;
    let token = |scope: Value, groups: Value| {
        Token::access().claim("scope", scope).claim("cognito:groups", groups).claim("email", EMAIL)
    };
    for (scope, groups, expected) in [
        (json!("x b y"), json!(["h", "i"]), "allowed"),
        (json!("ab"), json!(["h"]), "scope_missing"),
        (json!(["a"]), json!(["h"]), "scope_missing"),
        (json!(""), json!(["h"]), "scope_missing"),
        (json!("a"), json!([]), "group_missing"),
        (json!("a"), json!("g"), "group_missing"),
        (json!("a"), json!(["g", 1]), "group_missing"),
        (json!("a"), json!({ "g": true }), "group_missing"),
    ] {
        let told = world.ask_with_token(&token(scope.clone(), groups.clone()).sign()).await;
        assert_eq!(told.reason(), expected, "{scope} {groups}");
        if expected != "allowed" {
            assert_eq!(told.answer(), support::deny(expected));
            assert_eq!(told.line()["outcome"], "forbidden");
        }
    }
}

#[tokio::test]
async fn only_the_allowed_use() {
    let id_only = world(&[("PROVIDER_COGNITO__TOKEN_USE", "id")]).await;
    assert_eq!(reason(&id_only, &Token::id()).await, "allowed");
    assert_eq!(reason(&id_only, &Token::access()).await, "token_use_not_allowed");
    let access_only = world(&[("PROVIDER_COGNITO__TOKEN_USE", "ACCESS")]).await;
    assert_eq!(reason(&access_only, &Token::id()).await, "token_use_not_allowed");
    assert_eq!(reason(&access_only, &Token::access()).await, "allowed");
}

#[tokio::test]
async fn machine_tokens_only_where_they_are_switched_on() {
    let client = Pool::Primary.client();
    let machine = || Token::access().without("username").claim("sub", client).claim("scope", "pets/read");
    let off = world(&[]).await;
    assert_eq!(reason(&off, &machine()).await, "user_id_missing");
    assert_eq!(off.calls(), [1, 0, 0]);
    let on = world(&[("PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS", "on")]).await;
    let told = on.ask_with_token(&machine().sign()).await;
    assert_eq!(told.answer(), allow(client, "service"));
    // With a user's name it is a user's.
    assert_eq!(reason(&on, &machine().claim("username", client)).await, "user_id_missing");
}

#[tokio::test]
async fn the_user_id_can_be_another_claim() {
    let world = world(&[("USER_ID", "sub")]).await;
    let told = world.ask_with_token(&Token::access().sign()).await;
    assert_eq!(told.answer(), allow(SUBJECT, "user"));
    assert_eq!(world.calls(), [1, 0, 0]);
    // Nobody cares about the e-mail then.
    assert_eq!(reason(&world, &Token::id().claim("email_verified", false)).await, "allowed");
}

#[tokio::test]
async fn user_info_gives_what_an_access_token_does_not_carry() {
    let world = world(&[]).await;
    let token = Token::access().sign();
    let told = world.ask_with_token(&token).await;
    assert_eq!((told.reason(), told.line()["lookups"]["userInfo"].clone()), ("allowed", json!("fetched")));
    let told = world.ask_with_token(&token).await;
    assert_eq!((told.user_id().as_str(), told.line()["lookups"]["userInfo"].clone()), (EMAIL, json!("fresh")));
    assert_eq!(world.calls(), [1, 1, 0]);
    // Another token of the same user is another question.
    assert_eq!(reason(&world, &Token::access().claim("jti", "2")).await, "allowed");
    assert_eq!(world.calls(), [1, 2, 0]);
}

#[tokio::test]
async fn what_user_info_said_ends_with_the_token() {
    let world = world(&[("PROVIDER_COGNITO__LEEWAY_SECONDS", "300")]).await;
    let token = Token::access().claim("exp", now() + 30).sign();
    assert_eq!(world.ask_with_token(&token).await.reason(), "allowed");
    assert_eq!(world.ask_with_token(&token).await.line()["lookups"]["userInfo"], "fresh");
    // Within the leeway it is still taken, but it would be fresh for half a minute yet.
    world.pass(31);
    assert_eq!(world.ask_with_token(&token).await.line()["lookups"]["userInfo"], "fetched");
    assert_eq!(world.calls(), [1, 2, 0]);
}

#[tokio::test]
async fn user_info_is_asked_only_where_it_can_answer() {
    let world = world(&[(&format!("{POOLS}__SECONDARY__DOMAIN"), "")]).await;
    for (token, expected) in [
        (Token::access().claim("scope", "email"), "user_id_missing"),
        (Token::access().claim("scope", "openidx"), "user_id_missing"),
        (Token::access().without("scope"), "user_id_missing"),
        (Token::access().without("sub"), "user_id_missing"),
        (Token::id().without("email").claim("scope", "openid"), "user_id_missing"),
        (Token::of(Pool::Secondary, Use::Access), "user_id_missing"),
        (Token::of(Pool::Secondary, Use::Access).claim("email", EMAIL), "allowed"),
    ] {
        assert_eq!(reason(&world, &token).await, expected, "{token:?}");
    }
    assert_eq!(world.calls()[1], 0);
}

#[tokio::test]
async fn what_user_info_says_counts() {
    for (says, expected) in [
        (json!({ "email": "a@b.c", "email_verified": "true" }), "allowed"),
        (json!({ "email": "a@b.c", "email_verified": "false" }), "email_not_verified"),
        (json!({ "email": "a@b.c", "email_verified": false }), "email_not_verified"),
        (json!({ "email": "a@b.c" }), "allowed"),
        (json!({ "email": "" }), "user_id_missing"),
        (json!({ "email": 1 }), "user_id_missing"),
        (json!({}), "user_id_missing"),
        (json!({ "email": "a\u{0}b" }), "user_id_invalid"),
        (json!({ "email": "a@b.c", "sub": "somebody-else" }), "user_info_unavailable"),
    ] {
        let world = world(&[]).await;
        world.stand_ins.set_user_info(says.clone());
        assert_eq!(reason(&world, &Token::access()).await, expected, "{says}");
    }
    let lenient = world(&[("REQUIRE_VERIFIED_EMAIL", "false")]).await;
    lenient.stand_ins.set_user_info(json!({ "email": "a@b.c", "email_verified": "false" }));
    assert_eq!(reason(&lenient, &Token::access()).await, "allowed");
}

#[tokio::test]
async fn a_refusal_of_user_info_is_one_and_a_firewalls_is_not() {
    for (fault, expected, calls) in [
        (Fault::Status(400, json!({ "error": "invalid_request" })), "token_revoked", 1),
        (Fault::Status(401, json!({})), "token_revoked", 1),
        (Fault::Challenge(403), "token_revoked", 1),
        (Fault::Status(403, json!({ "error": "insufficient_scope" })), "token_revoked", 1),
        (Fault::Status(403, json!({ "message": "Forbidden" })), "user_info_unavailable", 1),
        (Fault::Status(404, json!({})), "user_info_unavailable", 1),
        (Fault::Status(429, json!({})), "user_info_unavailable", 1),
        (Fault::Status(503, json!({})), "user_info_unavailable", 2),
        (Fault::Redirect, "user_info_unavailable", 1),
        (Fault::Garbage, "user_info_unavailable", 1),
        (Fault::Empty, "user_info_unavailable", 1),
    ] {
        let world = world(&[]).await;
        world.stand_ins.fail(Upstream::UserInfo, 9, fault.clone());
        let token = Token::access();
        assert_eq!(reason(&world, &token).await, expected, "{fault:?}");
        assert_eq!(world.calls(), [1, calls, 0], "{fault:?}");
        // It is remembered, or waited for.
        assert_eq!(reason(&world, &token).await, expected, "{fault:?}");
        assert_eq!(world.calls(), [1, calls, 0], "{fault:?}");
    }
}

#[tokio::test]
async fn revocation_is_asked_about_every_access_token_of_a_user() {
    let client = Pool::Primary.client();
    let world = world(&[
        ("PROVIDER_COGNITO__CHECK_REVOCATION", "true"),
        ("PROVIDER_COGNITO__TOKEN_USE", "ACCESS"),
        ("PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS", "true"),
    ])
    .await;
    let token = || Token::access().claim("email", EMAIL);
    assert_eq!(reason(&world, &token()).await, "allowed");
    assert_eq!(world.calls(), [1, 1, 0]);
    assert_eq!(reason(&world, &token().claim("scope", "email")).await, "revocation_unknown");
    assert_eq!(reason(&world, &token().without("sub")).await, "revocation_unknown");
    // It has no user who could sign out.
    assert_eq!(reason(&world, &token().without("username").claim("sub", client)).await, "allowed");
    assert_eq!(world.calls(), [1, 1, 0]);
    world.stand_ins.fail(Upstream::UserInfo, 1, Fault::Status(401, json!({})));
    assert_eq!(reason(&world, &token().claim("jti", "2")).await, "token_revoked");
    // What userInfo says about the e-mail counts here, too.
    world.stand_ins.set_user_info(json!({ "email": "other@example.com", "email_verified": "false" }));
    assert_eq!(reason(&world, &token().claim("jti", "3")).await, "email_not_verified");
}

#[tokio::test]
async fn both_forms_of_the_issuer() {
    let updated = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_DevPrimary";
    let issuers = format!("{POOLS}__PRIMARY__ISSUERS");
    let with = |value: &'static str| {
        let issuers = issuers.clone();
        async move { world(&[(issuers.as_str(), value)]).await }
    };
    let both = with("ORIGINAL,UPDATED").await;
    assert_eq!(reason(&both, &Token::id()).await, "allowed");
    assert_eq!(reason(&both, &Token::id().claim("iss", updated)).await, "allowed");
    assert_eq!(both.calls(), [1, 0, 0]);
    let one = with("updated").await;
    assert_eq!(reason(&one, &Token::id()).await, "issuer_unknown");
    assert_eq!(reason(&one, &Token::id().claim("iss", updated)).await, "allowed");
    let url = with("https://login.example.com/pool/").await;
    assert_eq!(reason(&url, &Token::id().claim("iss", "https://login.example.com/pool/")).await, "allowed");
    assert_eq!(reason(&url, &Token::id().claim("iss", "https://login.example.com/pool")).await, "issuer_unknown");
}

/// A second opinion: what we allow, the field's library verifies, and the other way round.
#[tokio::test]
async fn the_library_agrees_about_signatures() {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
    let world = world(&[]).await;
    let jwk = serde_json::from_value(Key::Primary.jwk()).unwrap();
    let key = DecodingKey::from_jwk(&jwk).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_aud = false;
    let good = Token::id().sign();
    for position in (0..good.len()).step_by(17) {
        let mut mutated = good.clone().into_bytes();
        mutated[position] = if mutated[position] == b'A' { b'B' } else { b'A' };
        let mutated = String::from_utf8(mutated).unwrap();
        let theirs = decode::<Value>(&mutated, &key, &validation).is_ok();
        assert!(!theirs, "{position}");
        assert_ne!(world.ask_with_token(&mutated).await.reason(), "allowed", "{position}");
    }
    assert!(decode::<Value>(&good, &key, &validation).is_ok());
    assert_eq!(world.ask_with_token(&good).await.reason(), "allowed");
}
