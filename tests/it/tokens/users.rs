//! Which claim is the user id, and what an access token is bound to.

use serde_json::json;
use smac_local::deployment::EMAIL;
use smac_local::token::Token;

use super::reason;
use crate::support::{POOLS, world};

#[tokio::test]
async fn the_first_claim_of_the_list_that_the_token_has_is_the_user_id() {
    let world = world(&[("USER_ID", "preferred_username, username, email")]).await;
    let id = async |token: Token| world.ask_with_token(&token.sign()).await.user_id();
    assert_eq!(id(Token::id()).await, EMAIL);
    assert_eq!(id(Token::id().claim("preferred_username", "jd")).await, "jd");
    assert_eq!(id(Token::id().claim("preferred_username", "")).await, EMAIL);
    // An access token has its username, so nobody is asked for the email.
    assert_eq!(id(Token::access()).await, "jane");
    assert_eq!(world.calls()[1], 0);
}

#[tokio::test]
async fn two_spellings_of_an_address_are_one_person_where_that_is_wanted() {
    for (case, expected) in [("KEEP", "Jane@Example.com"), ("LOWER", "jane@example.com")] {
        let world = world(&[("USER_ID_CASE", case)]).await;
        let told = world.ask_with_token(&Token::id().claim("email", "Jane@Example.com").sign()).await;
        assert_eq!((told.user_id().as_str(), &told.answer()["principalId"]), (expected, &json!(expected)));
    }
}

#[tokio::test]
async fn a_phone_number_must_be_verified_like_an_email() {
    let world = world(&[("USER_ID", "phone_number")]).await;
    let token = || Token::id().claim("phone_number", "+15550100");
    assert_eq!(reason(&world, &token()).await, "user_id_not_verified");
    assert_eq!(reason(&world, &token().claim("phone_number_verified", false)).await, "user_id_not_verified");
    assert_eq!(reason(&world, &token().claim("phone_number_verified", true)).await, "allowed");
}

#[tokio::test]
async fn an_access_token_must_be_bound_to_a_required_resource() {
    let name = format!("{POOLS}__PRIMARY__RESOURCE_AUDIENCE");
    let world = world(&[(&name, "https://api.example,https://other.example")]).await;
    for (audience, expected) in [
        (json!("https://api.example"), "allowed"),
        (json!(["https://x.example", "https://other.example"]), "allowed"),
        (json!("https://api.example/"), "audience_not_allowed"),
        (json!(["https://x.example"]), "audience_not_allowed"),
        (json!([]), "audience_not_allowed"),
        (json!(1), "audience_not_allowed"),
    ] {
        assert_eq!(reason(&world, &Token::access().claim("aud", audience.clone())).await, expected, "{audience}");
    }
    assert_eq!(reason(&world, &Token::access()).await, "audience_not_allowed");
    // An ID token's audience is its app client.
    assert_eq!(reason(&world, &Token::id()).await, "allowed");
}
