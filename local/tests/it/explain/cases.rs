//! The sentences of each reason.

use serde_json::{Value, json};
use smac_local::deployment::{Pool, SERVICE, SERVICE_TOKEN};
use smac_local::keys::Key;
use smac_local::stand_ins::{Fault, Upstream};
use smac_local::token::{Token, now, sign_raw};

use super::{ARN, pair, request};

const SIGNED_IN_USER: &str = "aws.cognito.signin.user.admin";

/// A case: other settings, the input, the reason, and words of the sentence and of what to change.
pub type Case<'a> = (&'a [(&'a str, &'a str)], String, &'a str, &'a str, &'a str);

/// A token that GetUser can be asked about, and userInfo can't.
pub fn signed_in() -> String {
    Token::access().claim("scope", SIGNED_IN_USER).sign()
}

/// What is known without a network.
pub fn offline_cases() -> Vec<Case<'static>> {
    let id = |token: Token| token.sign();
    let header = |value: &str| request(json!({ "Authorization": value }));
    let http = json!({
        "version": "2.0", "type": "REQUEST", "routeArn": ARN, "identitySource": ["other"],
        "headers": { "authorization": format!("Bearer {}", Token::id().sign()) },
    });
    let web_socket = json!({
        "type": "REQUEST", "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/$connect",
        "headers": { "Sec-WebSocket-Protocol": "hidden-x, bearer" },
    });
    let with_json = |claims: &str| sign_raw(Key::Primary, br#"{"alg":"RS256","kid":"k"}"#, claims.as_bytes());
    let updated = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_DevPrimary";
    let moved = "https://cognito-idp.us-east-1.amazonaws.com/eu-west-1_DevPrimary";
    vec![
        (&[], request(json!({})), "credentials_missing", "carries no credential. Looked at: the header `Authorization: Bearer <token>`", "MODE=OPTIONAL"),
        (&[], request(json!({ "SMAC-Principal": "hidden-x" })), "credentials_missing", "only the header `SMAC-Principal` is there", "send the header `SMAC-Token`"),
        (&[], request(json!({ "SMAC-Token": "hidden-x" })), "credentials_missing", "only the header `SMAC-Token` is there", "send the header `SMAC-Principal`"),
        (&[("PROVIDER", "NONE")], id(Token::id()), "credentials_missing", "SMAC__AUTH__PROVIDER is NONE", "PROVIDER=COGNITO"),
        (&[("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX", "")], pair(SERVICE, SERVICE_TOKEN), "credentials_missing", "service principals are off", "COMMON_PREFIX"),
        (&[], request(json!({ "authorization": ["hidden-a", "hidden-b"] })), "credentials_ambiguous", "values were given for one credential", "no header twice"),
        (&[], http.to_string(), "cache_key_mismatch", "`identitySource` has 1 values", "identity source"),
        (&[], header("Basic hidden-x"), "token_malformed", "The header `Authorization` is not `Bearer <token>`", "JWT__ALLOW_BARE=true"),
        (&[("JWT__WEBSOCKET_PROTOCOL", "bearer")], web_socket.to_string(), "token_malformed", "The sub-protocol `bearer` is offered without a token", "offer `bearer`, the token"),
        (&[], "eyJhbGciOiJSUzI1NiJ9".to_owned(), "token_malformed", "has no dots", "the whole token"),
        (&[], "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ".to_owned(), "token_malformed", "2 segments instead of 3", "the whole token"),
        (&[], "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.a=".to_owned(), "token_malformed", "Its signature is not strict base64url", "the whole token"),
        (&[], "eyJhbGciOiJSUzI1NiJ9.eyJhIjox.AAAA".to_owned(), "token_malformed", "Its claims are not a JSON object", "the whole token"),
        (&[], id(Token::id().header("kid", Value::Null)), "token_malformed", "no key id", "the whole token"),
        (&[], id(Token::id().header("crit", json!([]))), "token_malformed", "`crit`", "the whole token"),
        (&[], id(Token::id().without("exp")), "token_malformed", "no `exp`", "the whole token"),
        (&[], id(Token::id().claim("nbf", "hidden-x")), "token_malformed", "`nbf` is not a whole number", "the whole token"),
        (&[], id(Token::id().header("alg", "HS256")), "algorithm_not_allowed", "`alg` is not one that its issuer may use. It is HS256", "of Cognito"),
        (&[], id(Token::id().claim("iss", "https://x.example")), "issuer_unknown", "It is `https://x.example`, and those of the pools are https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_DevPrimary (PRIMARY)", "configure the pool `x.example`"),
        (&[], id(Token::id().claim("iss", updated)), "issuer_unknown", updated, "add UPDATED to SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__ISSUERS"),
        (&[("PROVIDER_COGNITO__USERPOOLS__PRIMARY__ISSUERS", "UPDATED")], id(Token::id()), "issuer_unknown", "issuer is not configured", "add ORIGINAL to"),
        (&[], id(Token::id().claim("iss", moved)), "issuer_unknown", moved, "PRIMARY__REGION"),
        (&[], with_json("{}"), "issuer_unknown", "The token names none", "of Cognito"),
        (&[], id(Token::id().claim("exp", now() - 185)), "token_expired", "expired. That was 3 minutes ago, and the leeway is 0 seconds", "JWT__LEEWAY_SECONDS"),
        (&[("JWT__LEEWAY_SECONDS", "60")], id(Token::id().expired()), "token_expired", "the leeway is 60 seconds", "a new token"),
        (&[], id(Token::id().claim("nbf", now() + 7210)), "token_not_yet_valid", "`nbf` is 2 hours ahead", "compare the clocks"),
        (&[], id(Token::id().claim("iat", now() + 605)), "token_not_yet_valid", "`iat` is 10 minutes ahead", "compare the clocks"),
        (&[("PROVIDER_COGNITO__TOKEN_USE", "ACCESS")], id(Token::id()), "token_use_not_allowed", "It is an ID token", "send the access token, or add ID to"),
        (&[("PROVIDER_COGNITO__TOKEN_USE", "ID")], id(Token::access()), "token_use_not_allowed", "It is an access token", "send the ID token, or add ACCESS to"),
        (&[], id(Token::id().claim("token_use", "refresh")), "token_use_not_allowed", "is neither `id` nor `access`, or not allowed here. It is `refresh`", "ID or access"),
        (&[], id(Token::id().without("token_use")), "token_use_not_allowed", "It has none", "of Cognito"),
        (&[], id(Token::id().claim("aud", "abc")), "client_not_allowed", "an app client that is not configured. It is `abc`, and the issuer is pool PRIMARY", "add it to SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID"),
        (&[], id(Token::access().claim("client_id", Pool::Secondary.client())), "client_not_allowed", "it is one of pool SECONDARY", "a token of pool SECONDARY"),
        (&[], id(Token::id().without("aud")), "client_not_allowed", "names none (`aud`", "for an app client"),
        (&[("USER_ID", "custom:id")], id(Token::id()), "user_id_missing", "The ID token has no `custom:id`", "SMAC__AUTH__USER_ID"),
        (&[("USER_ID", "custom:id,phone_number")], id(Token::id()), "user_id_missing", "The ID token has no `custom:id` or `phone_number`", "SMAC__AUTH__USER_ID"),
        (&[("PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN", "")], id(Token::access()), "user_id_missing", "pool PRIMARY has no domain for userInfo, and its scope has no `aws.cognito.signin.user.admin` for GetUser", "set SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN"),
        (&[], id(Token::access().claim("scope", "a")), "user_id_missing", "its scope has no `openid` for userInfo", "ask for the scope openid"),
        (&[("PROVIDER_COGNITO__GET_USER", "false")], signed_in(), "user_id_missing", "SMAC__AUTH__PROVIDER_COGNITO__GET_USER is false", "ask for the scope openid"),
        (&[], id(Token::access().claim("sub", "1devprimaryclient").without("username")), "user_id_missing", "client credentials): client `1devprimaryclient`", "ALLOW_MACHINE_TOKENS=true"),
        (&[], id(Token::access().without("sub")), "user_id_missing", "no `sub`", "of Cognito"),
        (&[], id(Token::id().claim("email", "hidden-\u{7}")), "user_id_invalid", "The user id is longer than 512 bytes or has control characters. It is in `email`", "SMAC__AUTH__USER_ID"),
        (&[], id(Token::id().claim("email_verified", false)), "user_id_not_verified", "The token denies that `email` is verified", "REQUIRE_VERIFIED_USER_ID=false"),
        (&[], id(Token::id().without("email_verified")), "user_id_not_verified", "The token does not say that `email` is verified (`email_verified`)", "let the app client read the attribute"),
        (&[("USER_ID", "phone_number")], id(Token::id().claim("phone_number", "hidden-1")), "user_id_not_verified", "The token does not say that `phone_number` is verified (`phone_number_verified`)", "let the app client read the attribute"),
        (&[], id(Token::access().claim("cnf", json!({ "jkt": "hidden-x" }))), "sender_constraint_unmet", "bound to a key or certificate", "send a bearer token"),
        (&[("PROVIDER_COGNITO__USERPOOLS__PRIMARY__RESOURCE_AUDIENCE", "https://api.example,b")], id(Token::access()), "audience_not_allowed", "Its `aud` names none, and pool PRIMARY requires one of: https://api.example, b", "PRIMARY__RESOURCE_AUDIENCE"),
        (&[("PROVIDER_COGNITO__USERPOOLS__PRIMARY__RESOURCE_AUDIENCE", "a")], id(Token::access().claim("aud", json!(["b", "c"]))), "audience_not_allowed", "Its `aud` names `b`, `c`, and pool PRIMARY requires one of: a", "the parameter `resource`"),
        (&[("PROVIDER_COGNITO__TOKEN_USE", "ACCESS"), ("PROVIDER_COGNITO__CHECK_REVOCATION", "true"), ("USER_ID", "sub")], id(Token::access().claim("scope", "a")), "revocation_unknown", "nobody can be asked about this token. The reason: its scope has no `openid`", "scope openid"),
        (&[], pair("hidden id", "hidden-x"), "service_id_invalid", "It is in the header `SMAC-Principal`", "128 letters"),
        (&[("PROVIDER_COGNITO__REQUIRED_SCOPES", "cats/read,cats/write")], id(Token::id()), "scope_missing", "none of the required scopes. Required: cats/read, cats/write", "ID tokens have no scopes"),
        (&[("PROVIDER_COGNITO__REQUIRED_SCOPES", "a")], id(Token::access()), "scope_missing", "none of the required scopes. Required: a", "have the client ask"),
        (&[("PROVIDER_COGNITO__REQUIRED_GROUPS", "admins")], id(Token::id()), "group_missing", "none of the required groups. Required: admins", "add the user to one in pool PRIMARY"),
        (&[("POLICY__SCOPE", "METHOD")], json!({ "type": "TOKEN", "methodArn": format!("{ARN}*"), "authorizationToken": format!("Bearer {}", Token::id().sign()) }).to_string(), "resource_unsafe", "Its path has *", "POLICY__SCOPE=STAGE"),
        (&[], json!({ "type": "OTHER" }).to_string(), "event_unsupported", "not an authorizer event of API Gateway", "as an authorizer"),
        (&[("PROVIDER", "NONE"), ("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX", "")], request(json!({})), "CONFIG_ENFORCED_001", "No kind of credential is configured", "PROVIDER=COGNITO"),
        (&[("CONTEXT_CLAIMS", "large")], id(Token::id().claim("large", "x".repeat(9000))), "context_too_large", "8,192 bytes", "CONTEXT_CLAIMS"),
    ]
}

/// What only the upstreams know.
pub fn live_cases() -> Vec<(Case<'static>, Option<(Upstream, Fault)>)> {
    use Upstream::{KeySet, Secret, UserInfo};
    let fails = |upstream, status, body| Some((upstream, Fault::Status(status, body)));
    let down = |upstream| fails(upstream, 503, json!({}));
    let refused = json!({ "__type": "NotAuthorizedException" });
    let access = || Token::access().sign();
    let unknown_key = Token::id().header("kid", "another").sign();
    let key_set = "pool PRIMARY's: {base}/eu-west-1_DevPrimary/.well-known/jwks.json";
    let unverified = "userInfo does not say that `phone_number` is verified (`phone_number_verified`)";
    let secret = "smac/dev/<value of SMAC-Principal> in eu-west-1";
    let wrong_token = "stored one. It is in the header `SMAC-Token`";
    let (user_info, get_user) = ("Asked: userInfo, {base}/PRIMARY/oauth2/userInfo", "Asked: GetUser, {base}/");
    let (custom, phone) = (&[("USER_ID", "custom:id")], &[("USER_ID", "phone_number")]);
    vec![
        ((&[], unknown_key, "key_unknown", "has no key of the token's `kid`", "sign in again"), None),
        ((&[], Token::id().forged().sign(), "signature_invalid", "pool PRIMARY", "as Cognito gave it"), None),
        ((&[], Token::id().sign(), "jwks_unavailable", key_set, "PRIMARY__USERPOOL_ID"), down(KeySet)),
        ((custom, access(), "user_id_missing", "Neither the token nor userInfo has `custom:id`", "USER_ID"), None),
        ((&[], access(), "user_info_unavailable", user_info, "PRIMARY__DOMAIN"), down(UserInfo)),
        ((&[], access(), "token_revoked", user_info, "sign in again"), fails(UserInfo, 401, json!({}))),
        ((&[], signed_in(), "token_revoked", get_user, "sign in again"), fails(UserInfo, 400, refused)),
        ((&[], signed_in(), "user_info_unavailable", get_user, "look at the network"), down(UserInfo)),
        ((phone, access(), "user_id_not_verified", unverified, "let the app client read the attribute"), None),
        ((&[], pair("hidden-id", "hidden-x"), "service_unknown", secret, "create it"), None),
        ((&[], pair(SERVICE, "hidden-x"), "service_token_mismatch", wrong_token, "ROTATION_GRACE_SECONDS"), None),
        ((&[], pair(SERVICE, SERVICE_TOKEN), "secrets_unavailable", secret, "GetSecretValue"), down(Secret)),
        ((&[], pair("broken", "hidden-x"), "secret_malformed", secret, "JSON"), None),
    ]
}
