//! Section 6 of the contract: what API Gateway gets, and section 8: what the operator gets.

use serde_json::{Value, json};
use smac_local::deployment::{EMAIL, SERVICE_ID};
use smac_local::token::{Token, now};

use crate::support::{self, ARN, STAGE, UNAUTHORIZED, allow, bearer, deny, fault, pair, request, world};

fn as_http_v2(event: &Value) -> Value {
    let mut event = event.clone();
    event["version"] = "2.0".into();
    event["routeArn"] = event["methodArn"].take();
    event
}

/// Nothing in it is null.
fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().any(has_null),
        Value::Object(map) => map.values().any(has_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[tokio::test]
async fn every_outcome_in_every_form() {
    let forbidden = ("PROVIDER_COGNITO__REQUIRED_GROUPS", "nobody");
    let (good, bad) = (bearer(&Token::id().sign()), bearer(&Token::id().forged().sign()));
    let broken = json!({ "type": "REQUEST" });

    let plain = world(&[]).await;
    for event in [good.clone(), as_http_v2(&good)] {
        assert_eq!(plain.ask(&event).await.answer(), allow(EMAIL, "user"));
    }
    for event in [bad.clone(), as_http_v2(&bad), request(&json!({})), pair("nobody", "x")] {
        assert_eq!(plain.ask(&event).await.answer(), UNAUTHORIZED);
    }
    assert_eq!(plain.ask(&broken).await.answer(), fault("event_unsupported"));
    assert_eq!(world(&[forbidden]).await.ask(&good).await.answer(), deny("group_missing"));

    let denying = world(&[("UNAUTHORIZED_AS", "deny")]).await;
    assert_eq!(denying.ask(&bad).await.answer(), deny("signature_invalid"));
    assert_eq!(denying.ask(&request(&json!({}))).await.answer(), deny("credentials_missing"));
    assert_eq!(denying.ask(&broken).await.answer(), fault("event_unsupported"));

    let simple = ("HTTP_API_RESPONSE", "simple");
    let no = |reason: &str| json!({ "isAuthorized": false, "context": { "reason": reason } });
    let yes = json!({ "isAuthorized": true, "context": { "userId": EMAIL, "principalType": "user" } });
    let world_simple = world(&[simple]).await;
    assert_eq!(world_simple.ask(&as_http_v2(&good)).await.answer(), yes);
    assert_eq!(world_simple.ask(&as_http_v2(&bad)).await.answer(), UNAUTHORIZED);
    assert_eq!(world_simple.ask(&good).await.answer(), allow(EMAIL, "user"));
    assert_eq!(world(&[simple, forbidden]).await.ask(&as_http_v2(&good)).await.answer(), no("group_missing"));
    let denying = world(&[simple, ("UNAUTHORIZED_AS", "DENY")]).await;
    assert_eq!(denying.ask(&as_http_v2(&bad)).await.answer(), no("signature_invalid"));
    assert_eq!(denying.ask(&bad).await.answer(), deny("signature_invalid"));
}

#[tokio::test]
async fn a_policy_for_the_method_names_it_or_is_refused() {
    let world = world(&[("POLICY__SCOPE", "METHOD")]).await;
    let with_arn = |path: &str| {
        let mut event = bearer(&Token::id().sign());
        event["methodArn"] = format!("arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/{path}").into();
        event
    };
    let told = world.ask(&with_arn("GET/pets/42")).await;
    assert_eq!(told.answer()["policyDocument"]["Statement"][0]["Resource"], json!([ARN]));
    for path in ["GET/*", "GET/pets/?", "GET/${aws:userid}", &format!("GET/{}", "x".repeat(512))] {
        let told = world.ask(&with_arn(path)).await;
        assert_eq!((told.reason(), told.answer()), ("resource_unsafe", deny("resource_unsafe")), "{path}");
    }
    // For the whole stage it does not matter what the path is.
    let stage = support::world(&[]).await;
    let told = stage.ask(&with_arn("GET/*")).await;
    assert_eq!(told.answer()["policyDocument"]["Statement"][0]["Resource"], json!([STAGE]));
}

#[tokio::test]
async fn an_allow_can_end_with_its_token() {
    let world = world(&[("POLICY__EXPIRE_WITH_TOKEN", "true")]).await;
    let condition = |told: &support::Told| told.answer()["policyDocument"]["Statement"][0]["Condition"].clone();
    let told = world.ask_with_token(&Token::id().claim("exp", 4_102_444_800_u64).sign()).await;
    assert_eq!(condition(&told), json!({ "DateLessThan": { "aws:CurrentTime": ["2100-01-01T00:00:00Z"] } }));
    let told = world.ask_with_token(&Token::id().claim("exp", u64::MAX).sign()).await;
    assert_eq!(condition(&told), json!({ "DateLessThan": { "aws:CurrentTime": ["9999-12-31T23:59:59Z"] } }));
    let told = world.ask_as_service().await;
    assert_eq!(told.answer(), allow(SERVICE_ID, "service"));
}

#[tokio::test]
async fn claims_are_passed_on_as_a_context_can_hold_them() {
    let names = "name,cognito:groups,flag,count,nested,none,mixed,missing,email";
    let world = world(&[("CONTEXT_CLAIMS", names)]).await;
    let token = Token::id()
        .claim("flag", true)
        .claim("count", 12)
        .claim("nested", json!({ "a": [1, { "b": " c " }] }))
        .claim("mixed", json!(["a", 1]))
        .claim("none", Value::Null);
    let told = world.ask_with_token(&token.sign()).await;
    let expected = json!({
        "userId": EMAIL,
        "principalType": "user",
        "name": "Jane Doe",
        "cognito:groups": "readers writers",
        "flag": true,
        "count": 12,
        "nested": r#"{"a":[1,{"b":" c "}]}"#,
        "mixed": r#"["a",1]"#,
        "email": EMAIL,
    });
    assert_eq!(told.answer()["context"], expected);
    assert!(!has_null(&told.answer()));
    assert_eq!(world.ask_as_service().await.answer(), allow(SERVICE_ID, "service"));
}

#[tokio::test]
async fn an_answer_stays_below_what_api_gateway_takes() {
    let world = world(&[("CONTEXT_CLAIMS", "big")]).await;
    let told = async |length: usize| world.ask_with_token(&Token::id().claim("big", "x".repeat(length)).sign()).await;
    let rest = told(1).await.answer().to_string().len() - 1;
    let told_fits = told(8191 - rest).await;
    assert_eq!((told_fits.reason(), told_fits.answer().to_string().len()), ("allowed", 8191));
    let too_large = told(8192 - rest).await;
    assert_eq!((too_large.reason(), too_large.answer()), ("context_too_large", fault("context_too_large")));
    // A Deny can't be too long either.
    let mut event = request(&json!({}));
    let stage = "s".repeat(9000);
    event["methodArn"] = format!("arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/{stage}/GET/").into();
    let denying = support::world(&[("UNAUTHORIZED_AS", "DENY")]).await;
    assert_eq!(denying.ask(&event).await.answer(), fault("context_too_large"));
}

#[tokio::test]
async fn a_line_says_what_happened() {
    let world = world(&[]).await;
    let first = world.ask_with_token(&Token::access().sign()).await.line();
    let metric = |name: &str, unit: &str| json!({ "Name": name, "Unit": unit });
    let metrics = json!([
        metric("Decisions", "Count"),
        metric("DecisionTime", "Microseconds"),
        metric("KeySetFetches", "Count"),
        metric("UserInfoFetches", "Count"),
        metric("SecretFetches", "Count"),
        metric("FetchFailures", "Count"),
        metric("ColdStart", "Count"),
    ]);
    let directive = &first["_aws"]["CloudWatchMetrics"];
    assert_eq!(*directive, json!([{ "Namespace": "SmacAuthorizer", "Dimensions": [["outcome"]], "Metrics": metrics }]));
    assert!(first["_aws"]["Timestamp"].as_u64().unwrap() / 1000 >= now() - 60);
    let mut rest = first.clone();
    rest["_aws"].take();
    assert!(rest["DecisionTime"].take().is_u64());
    assert_eq!(
        rest,
        json!({
            "_aws": null, "requestId": "test-request", "kind": "rest-request", "api": "abcdef1234", "stage": "prod",
            "outcome": "allowed", "principalType": "user", "issuer": "PRIMARY",
            "lookups": { "keySet": "fetched", "userInfo": "fetched" },
            "Decisions": 1, "DecisionTime": null, "KeySetFetches": 1, "UserInfoFetches": 1, "SecretFetches": 0,
            "FetchFailures": 0, "ColdStart": 1,
        })
    );
    let second = world.ask(&request(&json!({}))).await.line();
    assert_eq!(
        (second["outcome"].clone(), second["reason"].clone()),
        (json!("unauthorized"), json!("credentials_missing"))
    );
    assert!(
        second.get("ColdStart").is_none() && second.get("issuer").is_none() && second.get("principalType").is_none()
    );
    assert_eq!(second["lookups"], json!({}));
    let listed = second["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
    assert!(listed.iter().all(|metric| second.get(metric["Name"].as_str().unwrap()).is_some()));
    let third = world.ask(&json!({})).await.line();
    assert!(third.get("kind").is_none() && third.get("api").is_none());
    assert_eq!((third["outcome"].clone(), third["reason"].clone()), (json!("fault"), json!("event_unsupported")));
    assert!(!has_null(&first) && !has_null(&second) && !has_null(&third));
}

#[tokio::test]
async fn a_line_names_the_principal_only_where_that_is_wanted() {
    let quiet = world(&[("METRICS", "none")]).await;
    let line = quiet.ask_with_token(&Token::id().sign()).await.line();
    assert!(line.get("principal").is_none() && line.get("_aws").is_none() && !line.to_string().contains(EMAIL));
    assert_eq!(line["Decisions"], 1);
    let open = world(&[("LOG_PRINCIPAL", "true")]).await;
    assert_eq!(open.ask_with_token(&Token::id().sign()).await.line()["principal"], EMAIL);
    assert!(open.ask_with_token(&Token::id().expired().sign()).await.line().get("principal").is_none());
}

/// A simple answer names no resource, so that nothing in a path can make it unsafe.
#[tokio::test]
async fn a_simple_answer_needs_no_policy() {
    let path = support::ARN.replace("pets/42", "pets/*");
    let settings = [("HTTP_API_RESPONSE", "SIMPLE"), ("POLICY__SCOPE", "METHOD")];
    let world = world(&settings).await;
    let event = |version: &str, arn: &str| {
        let header = format!("Bearer {}", Token::id().sign());
        json!({ "version": version, "type": "REQUEST", arn: path, "headers": { "authorization": header } })
    };
    assert_eq!(world.ask(&event("2.0", "routeArn")).await.answer()["isAuthorized"], true);
    assert_eq!(world.ask(&event("1.0", "methodArn")).await.reason(), "resource_unsafe");
}
