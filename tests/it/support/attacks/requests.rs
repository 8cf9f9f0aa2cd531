//! Wrong pairs, and requests that hold two credentials.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use smac_local::deployment::{SERVICE, SERVICE_TOKEN};
use smac_local::token::Token;

use super::{Attack, attack};
use crate::support::{ARN, bearer, pair, request};

pub fn pairs() -> Vec<Attack> {
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
    // A wrong pair is never tried as a JWT, and half a pair does not count.
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
pub fn ambiguous() -> Vec<Attack> {
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
