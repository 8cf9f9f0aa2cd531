//! The event that API Gateway would send about a call, with all that an authorizer can want to know.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

#![expect(clippy::indexing_slicing, reason = "an object takes what is put into it")]

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::call::{ACCOUNT, API_ID, Api, Call};

const SOURCE_IP: &str = "127.0.0.1";
/// What is known of a call beside the call itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances<'c> {
    /// The values of the identity sources.
    pub(super) identity: &'c [String],
    pub(super) context: &'c Value,
    pub(super) stage_variables: &'c [(String, String)],
}

/// The event about a call.
pub(super) fn event(call: &Call, api: Api, about: &Circumstances<'_>) -> Value {
    let Circumstances { identity, context, stage_variables } = *about;
    let stage_variables: BTreeMap<_, _> = stage_variables.iter().cloned().collect();
    let common = json!({ "type": "REQUEST", "stageVariables": stage_variables, "requestContext": context });
    let arn = call.arn(api);
    let path_parameters: BTreeMap<_, _> = call.route.parameters.iter().cloned().collect();
    let path = json!({
        "resource": call.route.path,
        "path": call.path,
        "httpMethod": call.method,
        "pathParameters": path_parameters,
    });
    let identity = Some(identity).filter(|values| !values.is_empty());
    match api {
        // It has nothing else: no headers, no query.
        Api::RestToken => {
            json!({ "type": "TOKEN", "methodArn": arn, "authorizationToken": identity.and_then(<[String]>::first) })
        }
        Api::Rest => merged([common, json!({ "methodArn": arn }), path, lists(call)]),
        Api::WebSocket => merged([common, json!({ "methodArn": arn }), lists(call)]),
        Api::HttpV1 => {
            let identity = identity.map(|values| values.join(","));
            let own = json!({ "version": "1.0", "methodArn": arn, "identitySource": identity, "authorizationToken": identity });
            merged([common, own, path, joined(call)])
        }
        Api::HttpV2 => {
            let cookies = call.header("cookie").flat_map(|value| value.split(';')).map(str::trim);
            let cookies: Vec<&str> = cookies.filter(|cookie| !cookie.is_empty()).collect();
            let own = json!({
                "version": "2.0",
                "routeArn": arn,
                "identitySource": identity,
                "routeKey": call.route.key(),
                "rawPath": call.path,
                "rawQueryString": call.query,
                "pathParameters": path_parameters,
            });
            let mut event = merged([common, own, joined(call)]);
            if !cookies.is_empty() {
                event["cookies"] = cookies.into();
            }
            if let Some(headers) = event["headers"].as_object_mut() {
                headers.remove("cookie");
            }
            event
        }
    }
}

/// The event's `requestContext`.
pub(super) fn context(call: &Call, api: Api, id: u64) -> Value {
    let id = format!("local-{id}");
    let user_agent = call.header("user-agent").next().unwrap_or_default();
    let identity = json!({ "sourceIp": SOURCE_IP, "userAgent": user_agent });
    let common = json!({ "accountId": ACCOUNT, "apiId": API_ID, "stage": api.stage(), "requestId": id });
    let resource = |path: &str, resource: &str| json!({ "resourcePath": resource, "httpMethod": call.method, "path": path, "identity": identity });
    let own = match api {
        Api::Rest | Api::RestToken => resource(&format!("/{}{}", api.stage(), call.path), &call.route.path),
        Api::HttpV1 => resource(&call.path, &call.route.key()),
        Api::HttpV2 => json!({
            "http": { "method": call.method, "path": call.path, "sourceIp": SOURCE_IP, "userAgent": user_agent },
            "routeKey": call.route.key(),
        }),
        Api::WebSocket => {
            json!({ "routeKey": "$connect", "eventType": "CONNECT", "connectionId": id, "identity": identity })
        }
    };
    merged([common, own])
}

/// Headers and parameters as REST and WebSocket APIs have them: the last of each name, and all of them.
fn lists(call: &Call) -> Value {
    let (headers, parameters) = (forwarded_headers(call), call.parameters());
    let last = |fields: &[(String, String)]| fields.iter().cloned().collect::<BTreeMap<_, _>>();
    json!({
        "headers": last(&headers),
        "multiValueHeaders": grouped(&headers),
        "queryStringParameters": last(&parameters),
        "multiValueQueryStringParameters": grouped(&parameters),
    })
}

/// As HTTP APIs have them: with commas between those of a name, which AWS documents for payload format 2.0 alone.
fn joined(call: &Call) -> Value {
    let joined = |fields: &[(String, String)]| {
        grouped(fields).into_iter().map(|(name, values)| (name, values.join(","))).collect::<BTreeMap<_, _>>()
    };
    json!({ "headers": joined(&forwarded_headers(call)), "queryStringParameters": joined(&call.parameters()) })
}

fn grouped(fields: &[(String, String)]) -> BTreeMap<String, Vec<&str>> {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, value) in fields {
        groups.entry(name.clone()).or_default().push(value);
    }
    groups
}

/// The client's headers, and those that API Gateway adds; of the hop to it, none.
fn forwarded_headers(call: &Call) -> Vec<(String, String)> {
    let way: Vec<&str> = call.header("x-forwarded-for").chain([SOURCE_IP]).collect();
    let added = [("x-forwarded-for", &*way.join(", ")), ("x-forwarded-port", "443"), ("x-forwarded-proto", "https")];
    let replaced = ["x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "connection", "upgrade"];
    let is_kept = |name: &str| !replaced.iter().any(|other| other.eq_ignore_ascii_case(name));
    let kept = call.headers.iter().filter(|(name, _)| is_kept(name)).cloned();
    kept.chain(added.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
}

pub(super) fn merged<const N: usize>(objects: [Value; N]) -> Value {
    objects.iter().filter_map(Value::as_object).flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use smac_lambda_authorizer::tools::Request;

    use super::*;

    fn event(api: Api, identity: &[&str]) -> Value {
        let identity: Vec<String> = identity.iter().map(|value| (*value).to_owned()).collect();
        let call = Call::example();
        let stage_variables = [("tenant".to_owned(), "a".to_owned())];
        let context = context(&call, api, 1);
        let about = Circumstances { identity: &identity, context: &context, stage_variables: &stage_variables };
        super::event(&call, api, &about)
    }

    #[test]
    fn the_authorizer_recognizes_each_kind() {
        for api in Api::ALL {
            let event = event(api, &[]).to_string();
            let request = Request::parse(&event).unwrap();
            assert_eq!(request.kind().name(), api.name());
            assert_eq!((request.arn().api(), request.arn().stage()), (API_ID, api.stage()));
        }
    }

    #[test]
    fn a_token_event_has_the_token_alone() {
        let token = event(Api::RestToken, &["Bearer x"]);
        let arn = Call::example().arn(Api::RestToken);
        assert_eq!(token, json!({ "type": "TOKEN", "methodArn": arn, "authorizationToken": "Bearer x" }));
        assert_eq!(event(Api::Rest, &[])["stageVariables"], json!({ "tenant": "a" }));
    }

    #[test]
    fn repeated_fields_are_what_each_kind_makes_of_them() {
        let rest = event(Api::Rest, &[]);
        assert_eq!(rest["headers"]["a"], "2");
        assert_eq!(rest["multiValueHeaders"]["a"], json!(["1", "2"]));
        assert_eq!(rest["multiValueQueryStringParameters"]["q"], json!(["a b", "c"]));
        assert_eq!(rest["headers"]["upgrade"], Value::Null);
        assert_eq!(rest["requestContext"]["path"], "/prod/pets/42");
        let http = event(Api::HttpV2, &["k1", "k2"]);
        assert_eq!(http["headers"]["a"], "1,2");
        assert_eq!(http["queryStringParameters"]["q"], "a b,c");
        assert_eq!(http["cookies"], json!(["x=1", "y=2"]));
        assert_eq!(http["headers"]["cookie"], Value::Null);
        assert_eq!(http["identitySource"], json!(["k1", "k2"]));
        assert_eq!(event(Api::HttpV1, &["k1", "k2"])["identitySource"], "k1,k2");
        assert_eq!(event(Api::HttpV2, &[])["identitySource"], Value::Null);
    }
}
