//! Which claim is the user id, what is put before it, and when an address identifies somebody.

use serde_json::json;

use super::{judge, one, told};

#[tokio::test]
async fn the_first_claim_that_is_a_non_empty_string() {
    let world = one(&[("USER_ID", "/realm/name,https://example.com/id,list,sub")]).await;
    for (claims, id) in [
        (json!({ "realm": { "name": "a" }, "https://example.com/id": "b" }), Some("ONE:a")),
        (json!({ "realm": { "name": "" }, "https://example.com/id": "b" }), Some("ONE:b")),
        (json!({ "realm": { "name": 7 } }), Some("ONE:jane")),
        (json!({ "realm": ["name"] }), Some("ONE:jane")),
        (json!({ "realm": "name" }), Some("ONE:jane")),
        (json!({ "/realm/name": "a" }), Some("ONE:jane")),
        (json!({ "https://example.com/id": ["b"] }), Some("ONE:jane")),
        (json!({ "list": ["a"], "sub": "x" }), Some("ONE:x")),
        (json!({}), Some("ONE:jane")),
        (json!({ "sub": null }), None),
        (json!({ "sub": "" }), None),
        (json!({ "sub": ["jane"] }), None),
    ] {
        let told = told(&world, &claims).await;
        let found = (told.reason() == "allowed").then(|| told.user_id());
        assert_eq!(found.as_deref(), id, "{claims}");
        assert!(id.is_some() || told.reason() == "user_id_missing", "{claims}");
    }
}

/// The prefix counts in the limit of 512 bytes, and is put before services too.
#[tokio::test]
async fn prefixes() {
    let prefix = "é:é:"; // Six bytes.
    for (length, reason) in [(1, "allowed"), (506, "allowed"), (507, "user_id_invalid"), (512, "user_id_invalid")] {
        let name = "x".repeat(length);
        let world = one(&[("USER_ID_PREFIX", prefix), ("ALLOW_MACHINE_TOKENS", "true")]).await;
        for claims in [json!({ "sub": name }), json!({ "sub": name, "azp": name })] {
            let told = told(&world, &claims).await;
            assert_eq!(told.reason(), reason, "{length}");
            assert_eq!(told.user_id(), if reason == "allowed" { format!("{prefix}{name}") } else { String::new() });
        }
        let world = one(&[("USER_ID_PREFIX", prefix), ("PRINCIPAL_TYPE", "SERVICE")]).await;
        assert_eq!(told(&world, &json!({ "sub": name })).await.reason(), reason, "{length}");
    }
    let without = one(&[("USER_ID_PREFIX", "")]).await;
    for (length, reason) in [(512, "allowed"), (513, "user_id_invalid")] {
        assert_eq!(told(&without, &json!({ "sub": "x".repeat(length) })).await.reason(), reason, "{length}");
    }
    assert_eq!(told(&without, &json!({})).await.user_id(), "jane");
    for control in ["jane\u{0}", "\u{1b}jane", "jane\r\n", "jane\u{85}", "jane\u{7f}"] {
        assert_eq!(told(&without, &json!({ "sub": control })).await.reason(), "user_id_invalid", "{control:?}");
    }
    // It is the setting's, and so has its case.
    let lower = one(&[("USER_ID_PREFIX", "Team:"), (":USER_ID_CASE", "LOWER")]).await;
    assert_eq!(told(&lower, &json!({ "sub": "JÄNE" })).await.user_id(), "Team:jäne");
}

#[tokio::test]
async fn an_address_that_is_not_verified() {
    for (claim, flag) in [("email", "email_verified"), ("phone_number", "phone_number_verified")] {
        let with = |value: serde_json::Value| json!({ claim: "x", flag: value });
        let cases = [
            (with(json!(true)), "allowed"),
            (with(json!("true")), "allowed"),
            (with(json!(false)), "user_id_not_verified"),
            (with(json!("false")), "user_id_not_verified"),
            (with(json!("TRUE")), "user_id_not_verified"),
            (with(json!(1)), "user_id_not_verified"),
            (with(json!([true])), "user_id_not_verified"),
            // Absent, as with Entra ID.
            (with(json!(null)), "user_id_not_verified"),
            (json!({ claim: "x", "xms_edov": true }), "user_id_not_verified"),
            (json!({ claim: "", flag: true }), "user_id_missing"),
            (json!({ flag: true }), "user_id_missing"),
        ];
        for user_id in [claim.to_owned(), format!("/{claim}")] {
            judge(&[("USER_ID", &user_id)], &cases).await;
        }
        judge(
            &[("USER_ID", claim), (":REQUIRE_VERIFIED_USER_ID", "false")],
            &[(json!({ claim: "x" }), "allowed"), (json!({ claim: "x", flag: false }), "allowed")],
        )
        .await;
        // Another claim of the same name, deeper, is not an address that anybody verifies.
        judge(&[("USER_ID", &format!("/user/{claim}"))], &[(json!({ "user": { claim: "x" } }), "allowed")]).await;
        // Nor does a user id from elsewhere need it.
        judge(&[("USER_ID", "sub")], &[(json!({ claim: "x", flag: false }), "allowed")]).await;
        // The first that is there counts, and is not passed over for not being verified.
        judge(&[("USER_ID", &format!("{claim},sub"))], &[(json!({ claim: "x" }), "user_id_not_verified")]).await;
    }
}
