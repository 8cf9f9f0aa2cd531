//! A call of an API.

use serde::Deserialize;
use smac_local::deployment::REGION;
use url::form_urlencoded;

use super::route::Route;

pub(super) const ACCOUNT: &str = "123456789012";
pub(super) const API_ID: &str = "abcdef1234";

/// The kind of API, with the payload format of its authorizer, by the names that the function's log line has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Api {
    #[serde(rename = "rest-request")]
    Rest,
    #[serde(rename = "rest-token")]
    RestToken,
    #[serde(rename = "http-v1")]
    HttpV1,
    #[serde(rename = "http-v2")]
    HttpV2,
    #[serde(rename = "websocket")]
    WebSocket,
}

impl Api {
    pub(super) const ALL: [Self; 5] = [Self::Rest, Self::RestToken, Self::HttpV2, Self::HttpV1, Self::WebSocket];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rest => "rest-request",
            Self::RestToken => "rest-token",
            Self::HttpV1 => "http-v1",
            Self::HttpV2 => "http-v2",
            Self::WebSocket => "websocket",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Rest => "REST API",
            Self::RestToken => "REST API, TOKEN",
            Self::HttpV1 => "HTTP API, payload 1.0",
            Self::HttpV2 => "HTTP API, payload 2.0",
            Self::WebSocket => "WebSocket API",
        }
    }

    pub(super) const fn is_http(self) -> bool {
        matches!(self, Self::HttpV1 | Self::HttpV2)
    }

    pub(super) const fn stage(self) -> &'static str {
        if self.is_http() { "$default" } else { "prod" }
    }
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    /// Names in lower case: API Gateway keeps the client's case, and HTTP/2 has no other.
    pub(super) headers: Vec<(String, String)>,
    /// The route that it is a call of.
    pub(super) route: Route,
}

impl Call {
    /// What API Gateway calls the asked-for method.
    pub(super) fn arn(&self, api: Api) -> String {
        let route = match api {
            Api::WebSocket => "$connect".to_owned(),
            Api::Rest | Api::RestToken | Api::HttpV1 | Api::HttpV2 => format!("{}{}", self.method, self.path),
        };
        format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{API_ID}/{}/{route}", api.stage())
    }

    /// One header more, unless its value is empty.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }

    pub(super) fn header(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(super) fn parameters(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Call {
        pub(in super::super) fn example() -> Self {
            let headers =
                [("host", "localhost:3000"), ("a", "1"), ("a", "2"), ("cookie", "x=1; y=2"), ("upgrade", "h2c")];
            Self {
                method: "GET".to_owned(),
                path: "/pets/42".to_owned(),
                query: "q=a%20b&q=c".to_owned(),
                headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
                route: Route::any("/pets/42"),
            }
        }
    }
}
