//! A call of an API.

use std::str::FromStr;

use serde::Deserialize;
use smac_local::deployment::REGION;
use url::form_urlencoded;

pub(super) const ACCOUNT: &str = "123456789012";
pub(super) const API_ID: &str = "abcdef1234";

/// The kind of API, with the payload format of its authorizer, by the names that the function's log line has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Api {
    #[serde(rename = "rest-request")]
    Rest,
    #[serde(rename = "http-v1")]
    HttpV1,
    #[serde(rename = "http-v2")]
    HttpV2,
    #[serde(rename = "websocket")]
    WebSocket,
}

impl Api {
    pub(super) const ALL: [Self; 4] = [Self::Rest, Self::HttpV2, Self::HttpV1, Self::WebSocket];

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
        matches!(self, Self::HttpV1 | Self::HttpV2)
    }

    pub(super) const fn stage(self) -> &'static str {
        if self.is_http() { "$default" } else { "prod" }
    }
}

/// A part of the cache key, which must be there as well: a header or a query parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IdentitySource {
    pub(super) name: String,
    is_query: bool,
}

impl FromStr for IdentitySource {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (is_query, name) = match text.split_once(':').unwrap_or(("header", text)) {
            (_, "") => return Err("has no name"),
            (kind @ ("query" | "header"), name) => (kind == "query", name.to_owned()),
            _ => return Err("must be a header's name, or query:NAME"),
        };
        Ok(Self { name, is_query })
    }
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    /// Names in lower case: API Gateway keeps the client's case, and HTTP/2 has no other.
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
        let parameters = || self.parameters().into_iter().filter(|(name, _)| *name == source.name);
        let values: Vec<String> = match source.is_query {
            true => parameters().map(|(_, value)| value).collect(),
            false => self.header(&source.name).map(str::to_owned).collect(),
        };
        let value = if api.is_http() { values.join(",") } else { values.last().cloned().unwrap_or_default() };
        (!value.is_empty()).then_some(value)
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
            }
        }
    }

    #[test]
    fn identity_sources_are_headers_or_parameters() {
        let identity = |text: &str, api| Call::example().identity(&text.parse().unwrap(), api);
        assert_eq!(identity("A", Api::Rest).as_deref(), Some("2"));
        assert_eq!(identity("A", Api::HttpV2).as_deref(), Some("1,2"));
        assert_eq!(identity("query:q", Api::WebSocket).as_deref(), Some("c"));
        assert_eq!(identity("query:a", Api::Rest), None);
        assert!("cookie:a".parse::<IdentitySource>().is_err());
        assert!("query:".parse::<IdentitySource>().is_err());
    }
}
