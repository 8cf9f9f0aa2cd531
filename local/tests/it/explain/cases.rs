//! The sentences of each reason.

use serde_json::{Value, json};
use smac_local::deployment::{Issuer, Pool, SERVICE, SERVICE_TOKEN};
use smac_local::keys::{Algorithm, Key};
use smac_local::stand_ins::{Fault, Upstream};
use smac_local::token::{Token, Use, now, sign_raw};

use super::{ARN, pair, request};

const SIGNED_IN_USER: &str = "aws.cognito.signin.user.admin";

const JWKS: &str = "PROVIDER_OIDC__ISSUERS__DEV__JWKS";
const DISCOVERY_URL: &str = "PROVIDER_OIDC__ISSUERS__DEV__DISCOVERY_URL";
const USER_INFO: &str = "PROVIDER_OIDC__ISSUERS__DEV__USER_INFO";

const RULES: &[(&str, &str)] = &[
    ("RULES__POLICIES", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules/rules.cedar")),
    ("RULES__ROUTES", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules/routes.json")),
];

/// A user's request for a route.
fn ask_for(verb: &str, route: &str) -> String {
    let event = json!({
        "type": "REQUEST", "methodArn": format!("arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/{verb}{route}"),
        "resource": route, "httpMethod": verb, "headers": { "Authorization": format!("Bearer {}", Token::id().sign()) },
    });
    event.to_string()
}

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
    let elsewhere = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other";
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
        (&[], id(Token::id().header("alg", "HS256")), "algorithm_not_allowed", "`alg` is not one that its issuer may use. It is HS256", "pools sign with RS256"),
        (&[], id(Token::id().header("alg", "ES256")), "algorithm_not_allowed", "It is ES256, and pool PRIMARY may use RS256", "of Cognito"),
        (&[], id(Token::id().claim("iss", "https://x.example")), "issuer_unknown", "It is `https://x.example`, and those that are configured are https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_DevPrimary (pool PRIMARY)", "configure it (SMAC__AUTH__PROVIDER_OIDC__ISSUERS__<NAME>__ISSUER"),
        (&[], id(Token::id().claim("iss", elsewhere)), "issuer_unknown", elsewhere, "configure the pool `eu-west-1_Other`"),
        (&[], id(Token::id().claim("iss", updated)), "issuer_unknown", updated, "add UPDATED to SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__ISSUERS"),
        (&[("PROVIDER_COGNITO__USERPOOLS__PRIMARY__ISSUERS", "UPDATED")], id(Token::id()), "issuer_unknown", "issuer is not configured", "add ORIGINAL to"),
        (&[], id(Token::id().claim("iss", moved)), "issuer_unknown", moved, "PRIMARY__REGION"),
        (&[], with_json("{}"), "issuer_unknown", "The token names none", "of a configured issuer"),
        (&[], id(Token::id().claim("exp", now() - 185)), "token_expired", "expired. That was 3 minutes ago, and the leeway is 0 seconds", "JWT__LEEWAY_SECONDS"),
        (&[("JWT__LEEWAY_SECONDS", "60")], id(Token::id().expired()), "token_expired", "the leeway is 60 seconds", "a new token"),
        (&[], id(Token::id().claim("nbf", now() + 7210)), "token_not_yet_valid", "`nbf` is 2 hours ahead", "compare the clocks"),
        (&[], id(Token::id().claim("iat", now() + 605)), "token_not_yet_valid", "`iat` is 10 minutes ahead", "compare the clocks"),
        (&[("PROVIDER_COGNITO__TOKEN_USE", "ACCESS")], id(Token::id()), "token_use_not_allowed", "It is an ID token", "send the access token, or add ID to"),
        (&[("PROVIDER_COGNITO__TOKEN_USE", "ID")], id(Token::access()), "token_use_not_allowed", "It is an access token", "send the ID token, or add ACCESS to"),
        (&[], id(Token::id().claim("token_use", "refresh")), "token_use_not_allowed", "is neither `id` nor `access`, or not allowed here. It is `refresh`", "ID or access"),
        (&[], id(Token::id().without("token_use")), "token_use_not_allowed", "It has none", "of Cognito"),
        (&[], id(Token::id().claim("aud", "abc")), "client_not_allowed", "a client that is not configured. It is `abc`, and the issuer is pool PRIMARY", "add it to SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID"),
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
        (RULES, ask_for("POST", "/pets"), "rule_missing", "No access rule permits it", "write a permit"),
        (RULES, ask_for("PUT", "/pets"), "rule_forbids", "An access rule forbids it", "names the forbid"),
        (RULES, ask_for("DELETE", "/pets"), "rule_error", "could not be evaluated", "with `has`"),
        (RULES, ask_for("GET", "/toys"), "route_unknown", "does not have the requested route", "RULES__ROUTES"),
        (&[], json!({ "type": "OTHER" }).to_string(), "event_unsupported", "not an authorizer event of API Gateway", "as an authorizer"),
        (&[("PROVIDER", "NONE"), ("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX", "")], request(json!({})), "CONFIG_ENFORCED_001", "No kind of credential is configured", "PROVIDER=OIDC"),
        (&[("CONTEXT_CLAIMS", "large")], id(Token::id().claim("large", "x".repeat(9000))), "context_too_large", "8,192 bytes", "CONTEXT_CLAIMS"),
    ]
}

/// The same for tokens of an OIDC issuer.
pub fn offline_cases_of_oidc() -> Vec<Case<'static>> {
    let dev = || Token::of(Issuer::Dev, Use::Access);
    let known = || dev().claim("email", "hidden-@example.com").claim("email_verified", true);
    // It lives as long as the tests.
    let key_set: &str = Box::leak(Issuer::Dev.key_set().to_string().into_boxed_str());
    let fixed: &[_] = Box::leak(Box::new([(JWKS, key_set), (DISCOVERY_URL, ""), (USER_INFO, "")]));
    let entra: &[_] = &[("PROVIDER_OIDC__ISSUERS__DEV__ISSUER", "https://login.microsoftonline.com/3f2504e0/v2.0")];
    let required: &[_] =
        &[("PROVIDER_OIDC__ISSUERS__DEV__REQUIRED_CLAIMS", r#"{"hd": "x", "/a/b": 1, "tier": ["gold"]}"#)];
    vec![
        (
            &[],
            dev().using(Key::DevRsa, Algorithm::PS256).sign(),
            "algorithm_not_allowed",
            "It is PS256",
            "__ALGORITHMS",
        ),
        (
            &[],
            dev().using(Key::DevRsa, Algorithm::RS256).sign(),
            "algorithm_not_allowed",
            "It is RS256, and OIDC issuer DEV may use ES256",
            "add it to SMAC__AUTH__PROVIDER_OIDC__ISSUERS__DEV__ALGORITHMS",
        ),
        (
            &[],
            dev().claim("iss", "https://login.dev.example/").sign(),
            "issuer_unknown",
            "https://login.dev.example (OIDC issuer DEV)",
            "a slash at the end or by case: set SMAC__AUTH__PROVIDER_OIDC__ISSUERS__DEV__ISSUER",
        ),
        (
            &[],
            dev().claim("iss", "https://LOGIN.dev.example").sign(),
            "issuer_unknown",
            "https://LOGIN.dev.example",
            "ISSUERS__DEV__ISSUER to exactly what the token has",
        ),
        (
            entra,
            dev().claim("iss", "https://sts.windows.net/3f2504e0/").sign(),
            "issuer_unknown",
            "https://sts.windows.net/3f2504e0/",
            "requestedAccessTokenVersion",
        ),
        (
            entra,
            dev().claim("iss", "https://sts.windows.net/another/").sign(),
            "issuer_unknown",
            "https://sts.windows.net/another/",
            "configure it",
        ),
        (
            fixed,
            known().header("kid", "another").sign(),
            "key_unknown",
            "OIDC issuer DEV, whose key set is in the settings and is never refreshed",
            "update SMAC__AUTH__PROVIDER_OIDC__ISSUERS__DEV__JWKS",
        ),
        (fixed, known().forged().sign(), "signature_invalid", "The issuer is OIDC issuer DEV", "as its issuer gave it"),
        (&[], dev().claim("exp", now() - 185).sign(), "token_expired", "That was 3 minutes ago", "JWT__LEEWAY_SECONDS"),
        (
            &[],
            dev().claim("cnf", json!({ "jkt": "hidden-x" })).sign(),
            "sender_constraint_unmet",
            "bound to a key or certificate",
            "DPoP",
        ),
        (
            &[("PROVIDER_OIDC__ISSUERS__DEV__TOKEN_TYPE", "AT_JWT")],
            dev().header("typ", "JWT").sign(),
            "token_type_not_allowed",
            "Here its `typ` is `JWT`, and OIDC issuer DEV requires `at+jwt`",
            "ISSUERS__DEV__TOKEN_TYPE=ANY",
        ),
        (
            &[("PROVIDER_OIDC__ISSUERS__DEV__TOKEN_TYPE", "AT_JWT")],
            dev().header("typ", Value::Null).sign(),
            "token_type_not_allowed",
            "Here it has no `typ`",
            "ISSUERS__DEV__TOKEN_TYPE=ANY",
        ),
        (
            &[],
            dev().header("typ", "dpop+jwt").sign(),
            "token_type_not_allowed",
            "requires `at+jwt`, `JWT` or none",
            "send the access token",
        ),
        (
            &[],
            dev().claim("client_id", "other").sign(),
            "client_not_allowed",
            "It is `other` (`client_id`), and the issuer is OIDC issuer DEV",
            "add it to SMAC__AUTH__PROVIDER_OIDC__ISSUERS__DEV__CLIENT_ID",
        ),
        (
            &[],
            dev().claim("azp", "other").sign(),
            "client_not_allowed",
            "It is `other` (`azp`)",
            "ISSUERS__DEV__CLIENT_ID",
        ),
        (
            &[],
            dev().claim("azp", 1).sign(),
            "client_not_allowed",
            "Its `azp` is not a string",
            "ISSUERS__DEV__CLIENT_ID",
        ),
        (
            &[],
            dev().without("client_id").sign(),
            "client_not_allowed",
            "names none (`azp`, `client_id`, `cid` or `appid`)",
            "unset SMAC__AUTH__PROVIDER_OIDC__ISSUERS__DEV__CLIENT_ID",
        ),
        (
            &[],
            Token::of(Issuer::Dev, Use::Id).sign(),
            "audience_not_allowed",
            "Its `aud` names `3devissuerclient`, and OIDC issuer DEV requires one of: https://api.dev.example",
            "as ID tokens are",
        ),
        (
            &[],
            dev().claim("aud", json!(["b", "c"])).sign(),
            "audience_not_allowed",
            "Its `aud` names `b`, `c`",
            "correct SMAC__AUTH__PROVIDER_OIDC__ISSUERS__DEV__AUDIENCE",
        ),
        (
            required,
            dev().claim("tier", "hidden-x").sign(),
            "claim_not_allowed",
            "It has no `hd`, `/a/b`. Another value than required: `tier`",
            "ISSUERS__DEV__REQUIRED_CLAIMS",
        ),
        (
            &[("PROVIDER_OIDC__ISSUERS__DEV__REQUIRED_SCOPES", "orders,items")],
            dev().sign(),
            "scope_missing",
            "Required in `scope` or `scp`: orders, items",
            "ISSUERS__DEV__REQUIRED_SCOPES",
        ),
        (
            &[
                ("PROVIDER_OIDC__ISSUERS__DEV__REQUIRED_SCOPES", "a"),
                ("PROVIDER_OIDC__ISSUERS__DEV__SCOPE_CLAIM", "/x/y"),
            ],
            dev().sign(),
            "scope_missing",
            "Required in `/x/y`: a",
            "the issuer grant it",
        ),
        (
            &[("PROVIDER_OIDC__ISSUERS__DEV__REQUIRED_GROUPS", "admins")],
            dev().sign(),
            "group_missing",
            "Required in `groups`: admins",
            "add the user to one at the issuer",
        ),
        (
            &[("PROVIDER_OIDC__ISSUERS__DEV__REQUIRED_GROUPS", "admins")],
            dev().without("groups").claim("_claim_names", json!({ "groups": "src1" })).sign(),
            "group_missing",
            "groups overage",
            "ISSUERS__DEV__GROUPS_CLAIM=roles",
        ),
        (
            &[],
            dev().claim("sub", "3devissuerclient").sign(),
            "user_id_missing",
            "client credentials): client `3devissuerclient`",
            "set SMAC__AUTH__PROVIDER_OIDC__ISSUERS__DEV__ALLOW_MACHINE_TOKENS=true",
        ),
        (
            &[("PROVIDER_OIDC__ISSUERS__DEV__CLIENT_ID", "")],
            dev().without("client_id").claim("gty", "client-credentials").sign(),
            "user_id_missing",
            "one of a client itself, and names none",
            "ISSUERS__DEV__USER_ID",
        ),
        (
            &[(USER_INFO, "false")],
            dev().sign(),
            "user_id_missing",
            "The token has no `email`, and nobody is asked: USER_INFO is false",
            "set SMAC__AUTH__PROVIDER_OIDC__ISSUERS__DEV__USER_INFO=true",
        ),
        (
            &[(USER_INFO, "false")],
            dev().without("scope").sign(),
            "user_id_missing",
            "nobody is asked: USER_INFO is false",
            "use another claim with SMAC__AUTH__PROVIDER_OIDC__ISSUERS__DEV__USER_ID",
        ),
        (
            &[],
            dev().claim("scope", "a").sign(),
            "user_id_missing",
            "its scope has no `openid` for userInfo",
            "ask for the scope openid",
        ),
        (&[], dev().without("sub").sign(), "user_id_missing", "it has no `sub`", "use another claim"),
        (
            &[],
            dev().claim("email", "hidden-\u{7}").sign(),
            "user_id_invalid",
            "It is in `email`",
            "ISSUERS__DEV__USER_ID",
        ),
        (
            &[],
            dev().claim("email", "hidden-x").sign(),
            "user_id_not_verified",
            "The token does not say that `email` is verified",
            "and the issuer say so in the token",
        ),
        (
            &[],
            known().claim("email_verified", false).sign(),
            "user_id_not_verified",
            "The token denies that `email` is verified",
            "ISSUERS__DEV__USER_ID",
        ),
    ]
}

/// What only the upstreams know.
pub fn live_cases() -> Vec<(Case<'static>, Option<(Upstream, Fault)>)> {
    use Upstream::{Discovery, KeySet, Secret, UserInfo};
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
    let dev = || Token::of(Issuer::Dev, Use::Access);
    let of_dev = &[("PROVIDER_OIDC__ISSUERS__DEV__USER_ID", "custom:id")];
    let document = "OIDC issuer DEV's: {base}/DEV/.well-known/openid-configuration";
    let endpoint = "Asked: userInfo, the `userinfo_endpoint` of {base}/DEV/.well-known/openid-configuration";
    let key_set_of_dev = "It is OIDC issuer DEV's: where its discovery document says";
    vec![
        ((&[], dev().header("kid", "another").sign(), "key_unknown", "OIDC issuer DEV", "sign in again"), None),
        ((&[], dev().forged().sign(), "signature_invalid", "OIDC issuer DEV", "as its issuer gave it"), None),
        ((&[], dev().sign(), "discovery_unavailable", document, "ISSUERS__DEV__DISCOVERY_URL"), down(Discovery)),
        ((&[], dev().sign(), "jwks_unavailable", key_set_of_dev, "ISSUERS__DEV__JWKS_URI"), down(KeySet)),
        (
            (of_dev, dev().sign(), "user_id_missing", "Neither the token nor userInfo has `custom:id`", "DEV__USER_ID"),
            None,
        ),
        ((&[], dev().sign(), "user_info_unavailable", endpoint, "look at the log"), down(UserInfo)),
        ((&[], dev().sign(), "token_revoked", endpoint, "sign in again"), fails(UserInfo, 401, json!({}))),
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
