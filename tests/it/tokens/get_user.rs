//! `GetUser`: the attributes of access tokens that SDK and Amplify sign-in give, which userInfo cannot be asked about.

use serde_json::json;
use smac_local::deployment::{EMAIL, Pool};
use smac_local::stand_ins::{Fault, Upstream};
use smac_local::token::{Token, Use};

use super::reason;
use crate::support::{POOLS, world};

/// As the SDK's sign-in issues them: no `openid`, no email.
fn signed_in() -> Token {
    Token::access().claim("scope", "aws.cognito.signin.user.admin")
}

#[tokio::test]
async fn it_is_asked_where_user_info_cannot_be() {
    let world = world(&[]).await;
    let told = world.ask_with_token(&signed_in().sign()).await;
    assert_eq!((told.reason(), told.user_id().as_str()), ("allowed", EMAIL));
    assert_eq!(world.stand_ins.asked(Upstream::UserInfo), ["GetUser"]);
    assert_eq!(told.line()["lookups"]["userInfo"], "fetched");
    // With both scopes userInfo is asked, unless the pool has no domain.
    let both = "openid aws.cognito.signin.user.admin";
    assert_eq!(reason(&world, &Token::access().claim("scope", both)).await, "allowed");
    assert_eq!(world.stand_ins.asked(Upstream::UserInfo), ["GetUser", "PRIMARY"]);
    let no_domain = crate::support::world(&[(&format!("{POOLS}__SECONDARY__DOMAIN"), "")]).await;
    assert_eq!(reason(&no_domain, &Token::of(Pool::Secondary, Use::Access).claim("scope", both)).await, "allowed");
    assert_eq!(no_domain.stand_ins.asked(Upstream::UserInfo), ["GetUser"]);
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let world = world(&[("PROVIDER_COGNITO__GET_USER", "false")]).await;
    assert_eq!(reason(&world, &signed_in()).await, "user_id_missing");
    assert_eq!(world.calls(), [1, 0, 0]);
}

#[tokio::test]
async fn what_it_says_counts() {
    for (says, expected) in [
        (json!({ "email": "a@b.c", "email_verified": "true" }), "allowed"),
        (json!({ "email": "a@b.c", "email_verified": "false" }), "user_id_not_verified"),
        (json!({ "email": "a@b.c" }), "user_id_not_verified"),
        (json!({ "name": "Jane" }), "user_id_missing"),
        (json!({ "email": "a@b.c", "email_verified": "true", "sub": "somebody-else" }), "user_info_unavailable"),
    ] {
        let world = world(&[]).await;
        world.stand_ins.set_user_info(says.clone());
        assert_eq!(reason(&world, &signed_in()).await, expected, "{says}");
    }
}

#[tokio::test]
async fn a_refusal_is_one_and_everything_else_is_a_fault() {
    let error = |name: &str| json!({ "__type": name, "message": "no" });
    for (fault, expected) in [
        (Fault::Status(400, error("NotAuthorizedException")), "token_revoked"),
        (Fault::Status(400, error("UserNotFoundException")), "token_revoked"),
        (Fault::Status(400, error("UserNotConfirmedException")), "token_revoked"),
        (Fault::Status(400, error("PasswordResetRequiredException")), "token_revoked"),
        (Fault::Status(400, error("TooManyRequestsException")), "user_info_unavailable"),
        (Fault::Status(400, error("ForbiddenException")), "user_info_unavailable"),
        (Fault::Status(401, json!({})), "user_info_unavailable"),
        (Fault::Status(403, error("NotAuthorizedException")), "user_info_unavailable"),
        (Fault::Status(500, error("InternalErrorException")), "user_info_unavailable"),
        (Fault::Garbage, "user_info_unavailable"),
    ] {
        let world = world(&[]).await;
        world.stand_ins.fail(Upstream::UserInfo, 9, fault.clone());
        assert_eq!(reason(&world, &signed_in()).await, expected, "{fault:?}");
    }
}

#[tokio::test]
async fn revocation_is_checked_with_it() {
    let settings = [("PROVIDER_COGNITO__CHECK_REVOCATION", "true"), ("PROVIDER_COGNITO__TOKEN_USE", "ACCESS")];
    let world = world(&settings).await;
    let token = signed_in().claim("email", EMAIL).claim("email_verified", true);
    assert_eq!(reason(&world, &token).await, "allowed");
    world.stand_ins.fail(Upstream::UserInfo, 9, Fault::Status(400, json!({ "__type": "NotAuthorizedException" })));
    assert_eq!(reason(&world, &token.claim("jti", "2")).await, "token_revoked");
}

#[tokio::test]
async fn claims_of_the_context_that_the_token_lacks_come_from_the_attributes_when_they_were_asked_anyway() {
    let world = world(&[("CONTEXT_CLAIMS", "scope, custom:tenant=tenant, name")]).await;
    let says = json!({ "email": EMAIL, "email_verified": "true", "custom:tenant": "t1", "scope": "another" });
    world.stand_ins.set_user_info(says);
    let context = world.ask_with_token(&signed_in().sign()).await.answer()["context"].clone();
    let expected = json!({
        "userId": EMAIL, "principalType": "user", "scope": "aws.cognito.signin.user.admin", "tenant": "t1",
    });
    assert_eq!(context, expected);
    // They are never asked for these claims alone.
    let calls = world.calls();
    let context = world.ask_with_token(&Token::id().sign()).await.answer()["context"].clone();
    assert_eq!((context.get("tenant"), world.calls()[1]), (None, calls[1]));
}
