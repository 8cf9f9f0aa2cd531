//! A call of the API, and the event that API Gateway would send about it.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use std::str::FromStr;

use serde_json::{Map, Value, json};
use smac_local::deployment::REGION;
use time::OffsetDateTime;
use url::form_urlencoded;

const ACCOUNT: &str = "123456789012";
const API_ID: &str = "abcdef1234";
const SOURCE_IP: &str = "127.0.0.1";

/// The kind of API, with the payload format of its authorizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    /// A REST API's REQUEST authorizer.
    Rest,
    /// An HTTP API's authorizer, payload format 1.0.
    HttpV1,
    /// An HTTP API's authorizer, payload format 2.0.
    HttpV2,
    /// A WebSocket API's REQUEST authorizer of the route `$connect`.
    WebSocket,
}

impl Api {
    pub(super) const ALL: [Self; 4] = [Self::Rest, Self::HttpV2, Self::HttpV1, Self::WebSocket];

    /// The name in the page's requests, as the log line of the function has it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rest => "rest-request",
            Self::HttpV1 => "http-v1",
            Self::HttpV2 => "http-v2",
            Self::WebSocket => "websocket",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Rest => "REST API",
            Self::HttpV1 => "HTTP API, payload 1.0",
            Self::HttpV2 => "HTTP API, payload 2.0",
            Self::WebSocket => "WebSocket API",
        }
    }

    const fn is_http(self) -> bool {
        match self {
            Self::HttpV1 | Self::HttpV2 => true,
            Self::Rest | Self::WebSocket => false,
        }
    }

    const fn stage(self) -> &'static str {
        if self.is_http() { "$default" } else { "prod" }
    }
}

/// A part of the cache key, which must be there, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum IdentitySource {
    /// A header.
    Header(String),
    /// A query parameter.
    Query(String),
}

impl FromStr for IdentitySource {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (make, name): (fn(String) -> Self, _) = match text.split_once(':') {
            Some(("query", name)) => (Self::Query, name),
            Some(("header", name)) => (Self::Header, name),
            Some(_) => return Err("must be a header's name, or query:NAME"),
            None => (Self::Header, text),
        };
        if name.is_empty() { Err("has no name") } else { Ok(make(name.to_owned())) }
    }
}

impl IdentitySource {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Header(name) | Self::Query(name) => name,
        }
    }
}

/// What a client asks of the API.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    /// Names in lower case, where the server read them: API Gateway keeps the client's case, and HTTP/2 has no other.
    pub(super) headers: Vec<(String, String)>,
}

impl Call {
    /// What API Gateway calls the asked-for method.
    pub(super) fn arn(&self, api: Api) -> String {
        let route = match api {
            Api::WebSocket => "$connect".to_owned(),
            Api::Rest | Api::HttpV1 | Api::HttpV2 => format!("{}{}", self.method, self.path),
        };
        format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{API_ID}/{}/{route}", api.stage())
    }

    /// The value of an identity source, if it is there and not empty.
    pub(super) fn identity(&self, source: &IdentitySource, api: Api) -> Option<String> {
        let values: Vec<String> = match source {
            IdentitySource::Header(name) => self.header(name).map(str::to_owned).collect(),
            IdentitySource::Query(name) => {
                self.parameters().into_iter().filter(|(other, _)| other == name).map(|(_, value)| value).collect()
            }
        };
        let value = if api.is_http() { values.join(",") } else { values.last().cloned().unwrap_or_default() };
        (!value.is_empty()).then_some(value)
    }

    pub(super) fn header(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The event about it; `identity` has the values of the identity sources.
    pub(super) fn event(&self, api: Api, identity: &[String], now: OffsetDateTime, id: u64) -> Value {
        let context = Context { call: self, api, now, id: format!("local-{id}") };
        match api {
            Api::Rest => self.rest_event(&context),
            Api::HttpV1 => self.http_v1_event(identity, &context),
            Api::HttpV2 => self.http_v2_event(identity, &context),
            Api::WebSocket => self.web_socket_event(&context),
        }
    }

    fn rest_event(&self, context: &Context<'_>) -> Value {
        let (headers, parameters) = (self.forwarded_headers(), self.parameters());
        json!({
            "type": "REQUEST",
            "methodArn": self.arn(context.api),
            "resource": "/{proxy+}",
            "path": self.path,
            "httpMethod": self.method,
            "headers": last_values(&headers),
            "multiValueHeaders": all_values(&headers),
            "queryStringParameters": last_values(&parameters),
            "multiValueQueryStringParameters": all_values(&parameters),
            "pathParameters": { "proxy": self.path.trim_start_matches('/') },
            "stageVariables": {},
            "requestContext": context.rest("/{proxy+}"),
        })
    }

    /// AWS does not document how repeated headers and parameters look here; HTTP APIs join them with commas elsewhere.
    fn http_v1_event(&self, identity: &[String], context: &Context<'_>) -> Value {
        let identity = (!identity.is_empty()).then(|| identity.join(","));
        json!({
            "version": "1.0",
            "type": "REQUEST",
            "methodArn": self.arn(context.api),
            "identitySource": identity,
            "authorizationToken": identity,
            "resource": "/{proxy+}",
            "path": self.path,
            "httpMethod": self.method,
            "headers": joined_values(&self.forwarded_headers()),
            "queryStringParameters": joined_values(&self.parameters()),
            "pathParameters": { "proxy": self.path.trim_start_matches('/') },
            "stageVariables": {},
            "requestContext": context.rest("ANY /{proxy+}"),
        })
    }

    fn http_v2_event(&self, identity: &[String], context: &Context<'_>) -> Value {
        let mut headers: Vec<_> =
            self.forwarded_headers().into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        headers.retain(|(name, _)| name != "cookie");
        let cookies: Vec<&str> =
            self.header("cookie").flat_map(|text| text.split(';')).map(str::trim).filter(|c| !c.is_empty()).collect();
        let mut event = json!({
            "version": "2.0",
            "type": "REQUEST",
            "routeArn": self.arn(context.api),
            "identitySource": (!identity.is_empty()).then_some(identity),
            "routeKey": "ANY /{proxy+}",
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": joined_values(&headers),
            "queryStringParameters": joined_values(&self.parameters()),
            "pathParameters": { "proxy": self.path.trim_start_matches('/') },
            "stageVariables": {},
            "requestContext": context.http(),
        });
        if let Some(event) = event.as_object_mut().filter(|_| !cookies.is_empty()) {
            event.insert("cookies".to_owned(), cookies.into());
        }
        event
    }

    fn web_socket_event(&self, context: &Context<'_>) -> Value {
        let (headers, parameters) = (self.forwarded_headers(), self.parameters());
        json!({
            "type": "REQUEST",
            "methodArn": self.arn(context.api),
            "headers": last_values(&headers),
            "multiValueHeaders": all_values(&headers),
            "queryStringParameters": last_values(&parameters),
            "multiValueQueryStringParameters": all_values(&parameters),
            "stageVariables": {},
            "requestContext": context.web_socket(),
        })
    }

    /// The client's headers, and those that API Gateway adds; of the hop to it, none.
    fn forwarded_headers(&self) -> Vec<(String, String)> {
        let is_of_this_hop = |name: &str| ["connection", "upgrade"].iter().any(|hop| name.eq_ignore_ascii_case(hop));
        let mut headers: Vec<_> = self.headers.iter().filter(|(name, _)| !is_of_this_hop(name)).cloned().collect();
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("x-forwarded-for"));
        let way: Vec<&str> = self.header("x-forwarded-for").chain([SOURCE_IP]).collect();
        headers.push(("x-forwarded-for".to_owned(), way.join(", ")));
        for (name, value) in [("x-forwarded-port", "443"), ("x-forwarded-proto", "https")] {
            headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
            headers.push((name.to_owned(), value.to_owned()));
        }
        headers
    }

    fn parameters(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }
}

/// What the parts of `requestContext` are made of.
struct Context<'a> {
    call: &'a Call,
    api: Api,
    now: OffsetDateTime,
    id: String,
}

impl Context<'_> {
    fn rest(&self, resource: &str) -> Value {
        let path = match self.api.stage() {
            "$default" => self.call.path.clone(),
            stage => format!("/{stage}{}", self.call.path),
        };
        self.with(json!({
            "accountId": ACCOUNT,
            "resourceId": "local",
            "resourcePath": resource,
            "httpMethod": self.call.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "requestTime": self.time(),
            "requestTimeEpoch": self.milliseconds(),
            "extendedRequestId": self.id,
            "identity": { "sourceIp": SOURCE_IP, "userAgent": self.user_agent() },
        }))
    }

    fn http(&self) -> Value {
        self.with(json!({
            "accountId": ACCOUNT,
            "http": {
                "method": self.call.method,
                "path": self.call.path,
                "protocol": "HTTP/1.1",
                "sourceIp": SOURCE_IP,
                "userAgent": self.user_agent(),
            },
            "routeKey": "ANY /{proxy+}",
            "time": self.time(),
            "timeEpoch": self.milliseconds(),
        }))
    }

    fn web_socket(&self) -> Value {
        self.with(json!({
            "routeKey": "$connect",
            "eventType": "CONNECT",
            "messageDirection": "IN",
            "connectionId": self.id,
            "connectedAt": self.milliseconds(),
            "requestTime": self.time(),
            "requestTimeEpoch": self.milliseconds(),
            "extendedRequestId": self.id,
            "identity": { "sourceIp": SOURCE_IP, "userAgent": self.user_agent() },
        }))
    }

    /// The members that all kinds have, and these.
    fn with(&self, mut context: Value) -> Value {
        let host = self.call.header("host").next().unwrap_or("localhost");
        let common = json!({
            "apiId": API_ID,
            "domainName": host.rsplit_once(':').map_or(host, |(name, _)| name),
            "domainPrefix": API_ID,
            "requestId": self.id,
            "stage": self.api.stage(),
        });
        if let (Some(context), Value::Object(common)) = (context.as_object_mut(), common) {
            context.extend(common);
        }
        context
    }

    fn user_agent(&self) -> &str {
        self.call.header("user-agent").next().unwrap_or_default()
    }

    /// As access logs have it: `24/Nov/2026:12:00:00 +0000`.
    fn time(&self) -> String {
        let (date, (hour, minute, second)) = (self.now.date(), self.now.to_hms());
        let month = date.month().to_string();
        format!("{:02}/{month:.3}/{}:{hour:02}:{minute:02}:{second:02} +0000", date.day(), date.year())
    }

    fn milliseconds(&self) -> i64 {
        self.now.unix_timestamp().saturating_mul(1000)
    }
}

/// Of a name that comes several times, the last.
fn last_values(fields: &[(String, String)]) -> Map<String, Value> {
    fields.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect()
}

fn all_values(fields: &[(String, String)]) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, value) in fields {
        let values = map.entry(name.clone()).or_insert_with(|| Value::Array(Vec::new()));
        if let Some(values) = values.as_array_mut() {
            values.push(value.as_str().into());
        }
    }
    map
}

fn joined_values(fields: &[(String, String)]) -> Map<String, Value> {
    let mut map: Map<String, Value> = Map::new();
    for (name, value) in fields {
        let joined = match map.get(name).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value.clone(),
        };
        map.insert(name.clone(), joined.into());
    }
    map
}

#[cfg(test)]
mod tests {
    use smac_lambda_authorizer::event::Request;

    use super::*;

    fn call() -> Call {
        let headers = [("host", "localhost:3000"), ("a", "1"), ("a", "2"), ("cookie", "x=1; y=2"), ("upgrade", "h2c")];
        Call {
            method: "GET".to_owned(),
            path: "/pets/42".to_owned(),
            query: "q=a%20b&q=c".to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        }
    }

    fn event(api: Api, identity: &[&str]) -> Value {
        let identity: Vec<String> = identity.iter().map(|value| (*value).to_owned()).collect();
        call().event(api, &identity, OffsetDateTime::from_unix_timestamp(1_795_521_600).unwrap(), 1)
    }

    #[test]
    fn each_kind_is_told_by_the_authorizer() {
        for api in Api::ALL {
            let event = event(api, &[]).to_string();
            let request = Request::parse(&event).unwrap();
            assert_eq!(request.kind().name(), api.name());
            let stage = if api.is_http() { "$default" } else { "prod" };
            assert_eq!((request.arn().api(), request.arn().stage()), ("abcdef1234", stage));
        }
    }

    #[test]
    fn repeated_fields_are_what_each_kind_makes_of_them() {
        let rest = event(Api::Rest, &[]);
        assert_eq!(rest["headers"]["a"], "2");
        assert_eq!(rest["multiValueHeaders"]["a"], json!(["1", "2"]));
        assert_eq!(rest["multiValueQueryStringParameters"]["q"], json!(["a b", "c"]));
        assert_eq!(rest["headers"]["upgrade"], Value::Null);
        assert_eq!(rest["requestContext"]["path"], "/prod/pets/42");
        assert_eq!(rest["requestContext"]["requestTime"], "24/Nov/2026:12:00:00 +0000");
        let http = event(Api::HttpV2, &["k1", "k2"]);
        assert_eq!(http["headers"]["a"], "1,2");
        assert_eq!(http["queryStringParameters"]["q"], "a b,c");
        assert_eq!(http["cookies"], json!(["x=1", "y=2"]));
        assert_eq!(http["headers"]["cookie"], Value::Null);
        assert_eq!(http["identitySource"], json!(["k1", "k2"]));
        assert_eq!(event(Api::HttpV1, &["k1", "k2"])["identitySource"], "k1,k2");
        assert_eq!(event(Api::HttpV2, &[])["identitySource"], Value::Null);
    }

    #[test]
    fn identity_sources_are_headers_or_parameters() {
        let identity = |text: &str, api| call().identity(&text.parse().unwrap(), api);
        assert_eq!(identity("A", Api::Rest).as_deref(), Some("2"));
        assert_eq!(identity("A", Api::HttpV2).as_deref(), Some("1,2"));
        assert_eq!(identity("query:q", Api::WebSocket).as_deref(), Some("c"));
        assert_eq!(identity("query:a", Api::Rest), None);
        assert!("cookie:a".parse::<IdentitySource>().is_err());
        assert!("query:".parse::<IdentitySource>().is_err());
    }
}
