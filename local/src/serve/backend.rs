//! `--backend`: allowed requests go on to a server of the user's own, as an integration of API Gateway would send them.
//!
//! The context goes along in two ways. A Lambda proxy integration has it in the event's `requestContext`, which the Lambda
//! Web Adapter hands to web servers as the header `x-amzn-request-context`: that header is always set. An HTTP integration
//! has what its parameter mapping names: `--backend-header NAME=KEY` is one such mapping, from `context.authorizer.KEY`
//! (`$context.authorizer.KEY` of HTTP APIs). Whatever the client sends under these names is replaced.

use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use smac_local::http_server;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use super::call::Call;

/// The largest payload of an API:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// The longest that an integration may take by default, at the same place.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

const REQUEST_CONTEXT: HeaderName = HeaderName::from_static("x-amzn-request-context");

#[derive(Clone, Debug)]
pub(super) struct Address(Url);

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "http" && url.host_str().is_some());
        let url = url.filter(|url| url.query().is_none() && url.username().is_empty() && url.password().is_none());
        url.map(Self).ok_or("must be http://HOST[:PORT][/PATH], a server that this machine reaches without TLS")
    }
}

#[derive(Clone, Debug)]
pub(super) struct Backend {
    address: Address,
    /// Names of headers, and the keys of the context that they get.
    headers: Vec<(HeaderName, String)>,
}

impl Backend {
    pub(super) fn new(address: Address, headers: &[(String, String)]) -> Result<Self, String> {
        let named = |(name, key): &(String, String)| match name.parse::<HeaderName>() {
            Ok(header) if !is_of_the_hop(&header) && header != HOST => Ok((header, key.clone())),
            _ => Err(format!("--backend-header {name}: is not a header that a backend can get")),
        };
        Ok(Self { address, headers: headers.iter().map(named).collect::<Result<_, _>>()? })
    }

    pub(super) fn url(&self) -> &str {
        self.address.0.as_str()
    }

    /// What the backend answers. It sees `authorizer` as its kind of API shows it.
    pub(super) async fn ask(
        &self,
        call: &Call,
        request: &mut Request<Incoming>,
        authorizer: &Value,
    ) -> http_server::Answer {
        match timeout(INTEGRATION_TIMEOUT, self.forward(call, request, authorizer)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(problem)) => gateway_error(502, "Internal server error", &problem),
            Err(_) => gateway_error(504, "Endpoint request timed out", "the backend took longer than 29 s"),
        }
    }

    async fn forward(
        &self,
        call: &Call,
        request: &mut Request<Incoming>,
        authorizer: &Value,
    ) -> Result<http_server::Answer, String> {
        let url = &self.address.0;
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(80));
        let target = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let (method, headers) = (request.method().clone(), request.headers().clone());
        let body = request.body_mut();
        let body = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(|error| error.to_string())?.to_bytes();
        let target = format!("{}{target}", url.path().trim_end_matches('/'));
        let mut forwarded = Request::new(Full::new(body));
        *forwarded.method_mut() = method;
        *forwarded.uri_mut() = target.parse::<Uri>().map_err(|error| error.to_string())?;
        *forwarded.headers_mut() = self.headers(call, headers, authorizer);
        let authority = format!("{host}:{port}");
        forwarded.headers_mut().insert(HOST, value(&authority));

        let address = host.trim_matches(['[', ']']);
        let stream = TcpStream::connect((address, port)).await.map_err(|error| format!("{authority}: {error}"))?;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        let answer = sender.send_request(forwarded).await.map_err(|error| error.to_string())?;
        let (mut head, body) = answer.into_parts();
        let body = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(|error| error.to_string())?.to_bytes();
        drop_those_of_the_hop(&mut head.headers);
        Ok(Response::from_parts(head, Full::<Bytes>::new(body)))
    }

    fn headers(&self, call: &Call, mut headers: HeaderMap, authorizer: &Value) -> HeaderMap {
        drop_those_of_the_hop(&mut headers);
        for name in self.headers.iter().map(|(name, _)| name).chain([&REQUEST_CONTEXT]) {
            headers.remove(name);
        }
        let context = authorizer.get("lambda").unwrap_or(authorizer);
        for (name, key) in &self.headers {
            let found = match context.get(key) {
                None | Some(Value::Null) => continue,
                Some(Value::String(string)) => string.clone(),
                Some(other) => other.to_string(),
            };
            headers.insert(name, value(&found));
        }
        let seen = json!({ "authorizer": authorizer, "httpMethod": call.method, "path": call.path });
        headers.insert(REQUEST_CONTEXT, value(&ascii(&seen.to_string())));
        headers.insert("x-forwarded-for", value("127.0.0.1"));
        headers.insert("x-forwarded-proto", value("http"));
        headers
    }
}

/// JSON in ASCII, as headers need it.
fn ascii(json: &str) -> String {
    let mut units = [0; 2];
    let escaped = |c: char| match c.is_ascii() {
        true => c.to_string(),
        false => c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    };
    json.chars().map(escaped).collect()
}

/// What no header can carry is left out.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn is_of_the_hop(name: &HeaderName) -> bool {
    let others = ["keep-alive", "proxy-connection", "te", "trailer", "upgrade"];
    [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(name) || others.contains(&name.as_str())
}

fn drop_those_of_the_hop(headers: &mut HeaderMap) {
    let names: Vec<HeaderName> = headers.keys().filter(|name| is_of_the_hop(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

fn gateway_error(status: u16, message: &str, problem: &str) -> http_server::Answer {
    let _ = smac_local::command::print(&format!("backend: {problem}"));
    http_server::answer(status, "application/json", format!("{}\n", json!({ "message": message })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_can_not_pass_for_somebody_else() {
        let mapped = [("X-User".to_owned(), "userId".to_owned()), ("X-Age".to_owned(), "age".to_owned())];
        let backend = Backend::new("http://localhost:1/api".parse().unwrap(), &mapped).unwrap();
        let mut headers = HeaderMap::new();
        for (name, text) in
            [("x-user", "forged"), ("x-age", "forged"), ("x-amzn-request-context", "forged"), ("te", "x"), ("a", "b")]
        {
            headers.append(name, value(text));
        }
        for authorizer in [json!({ "userId": "jané" }), json!({ "lambda": { "userId": "jané" } })] {
            let seen = backend.headers(&Call::example(), headers.clone(), &authorizer);
            assert_eq!(seen.get("x-user").unwrap().as_bytes(), "jané".as_bytes());
            assert!(seen.get("x-age").is_none() && seen.get("te").is_none() && seen.get("a").is_some());
            let context: Value = serde_json::from_slice(seen.get(REQUEST_CONTEXT).unwrap().as_bytes()).unwrap();
            assert_eq!(context["authorizer"], authorizer);
        }
        for name in ["host", "connection", "a b", "content-length"] {
            assert!(Backend::new("http://a".parse().unwrap(), &[(name.to_owned(), "b".to_owned())]).is_err(), "{name}");
        }
        for address in ["https://a", "a", "http://u@a", "http://a?b", "ftp://a"] {
            assert!(address.parse::<Address>().is_err(), "{address}");
        }
    }
}
