//! Headers that would have us use another key, or read the token in another way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use smac_local::keys::Key;

use super::{Case, KID, NAMES, claims, fixed_issuer, header, judge, url};
use crate::support::oidc;
use crate::support::signer::{KeyType, Signer};
use crate::support::site::Site;

/// A key in the header, or where one could be fetched: it is never used, and nobody is asked.
#[tokio::test]
async fn keys_that_a_token_brings_along() {
    let site = Site::start().await;
    let (own, forger) = (Signer::new(Key::Primary), Signer::new(Key::Forger));
    let (own, forger) = (&own, &forger);
    let mut cases = Vec::new();
    for (algorithm, alg) in NAMES {
        let jwk = forger.named_jwk(KeyType::of(algorithm), KID);
        site.serve("/keys", json!({ "keys": [jwk] }));
        let keys = site.url() + "/keys";
        let chain = json!([STANDARD.encode(forger.spki(KeyType::of(algorithm)))]);
        for (name, value) in [
            ("jwk", jwk.clone()),
            ("jku", json!(keys)),
            ("x5u", json!(keys)),
            ("x5c", chain),
            ("x5t", json!("AAAA")),
            ("x5t#S256", json!("AAAA")),
            ("iss", json!(site.url())),
            ("alg2", json!("none")),
            ("cty", json!("JWT")),
            ("zip", json!("DEF")),
            ("b64", json!(false)),
            ("enc", json!("A256GCM")),
        ] {
            for (kid, signer, reason) in
                [(KID, forger, "signature_invalid"), ("forger", forger, "key_unknown"), (KID, own, "allowed")]
            {
                let mut header = json!({ "alg": alg, "kid": kid });
                header[name] = value.clone();
                cases.push(Case {
                    name: format!("{alg} with {name}, {kid}, {reason}"),
                    allowed: vec![algorithm],
                    keys: vec![own.named_jwk(KeyType::of(algorithm), KID)],
                    header,
                    sign: Box::new(move |message| signer.sign(algorithm, message)),
                    reason,
                });
            }
        }
        let mut critical = header(alg);
        critical["crit"] = json!(["b64"]);
        cases.push(Case {
            name: format!("{alg} with crit"),
            allowed: vec![algorithm],
            keys: vec![own.named_jwk(KeyType::of(algorithm), KID)],
            header: critical,
            sign: Box::new(move |message| own.sign(algorithm, message)),
            reason: "token_malformed",
        });
    }
    judge(&cases).await;
    assert_eq!(site.asked(), Vec::<String>::new());
}

/// Every `typ`, by what the issuer demands.
#[tokio::test]
async fn types_of_tokens() {
    let signer = Signer::new(Key::Primary);
    for (algorithm, alg) in NAMES {
        let key = signer.named_jwk(KeyType::of(algorithm), KID);
        let mut settings = fixed_issuer("ONE", &[algorithm], &[key], &signer);
        let any = oidc::still_world(&settings).await;
        settings.push((oidc::setting("ONE", "TOKEN_TYPE"), "AT_JWT".to_owned()));
        let access = oidc::still_world(&settings).await;
        for (typ, with_any, with_access) in [
            (None, true, false),
            (Some(json!("JWT")), true, false),
            (Some(json!("jwt")), true, false),
            (Some(json!("application/jwt")), true, false),
            (Some(json!("at+jwt")), true, true),
            (Some(json!("AT+JWT")), true, true),
            (Some(json!("application/at+jwt")), true, true),
            (Some(json!("APPLICATION/At+Jwt")), true, true),
            (Some(json!("application/application/at+jwt")), false, false),
            (Some(json!("at+jwt ")), false, false),
            (Some(json!("at jwt")), false, false),
            (Some(json!("at+jwt; charset=utf-8")), false, false),
            (Some(json!("JWS")), false, false),
            (Some(json!("JOSE")), false, false),
            (Some(json!("dpop+jwt")), false, false),
            (Some(json!("logout+jwt")), false, false),
            (Some(json!("secevent+jwt")), false, false),
            (Some(json!("none")), false, false),
            (Some(json!("")), false, false),
            (Some(json!(7)), false, false),
            (Some(json!(["at+jwt"])), false, false),
            (Some(Value::Null), false, false),
        ] {
            let mut header = header(alg);
            if let Some(typ) = &typ {
                header["typ"] = typ.clone();
            }
            let token = signer.token(algorithm, &header, &claims());
            for (world, is_allowed) in [(&any, with_any), (&access, with_access)] {
                let expected = if is_allowed { "allowed" } else { "token_type_not_allowed" };
                assert_eq!(world.ask_with_token(&token).await.reason(), expected, "{alg} {typ:?}");
            }
        }
        assert_eq!(claims()["iss"], url("ONE"));
    }
}
