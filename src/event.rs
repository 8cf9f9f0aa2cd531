//! An API Gateway event of any kind becomes a [`Request`]. This is the only file that knows the kinds.
//!
//! The events are read into one tolerant structure that borrows from the event's JSON: maps may be missing or
//! `null`, values may be `null`, and one odd header never makes the rest unreadable. A whole map of another
//! shape does: API Gateway never sends that, and a credential could hide in it.

mod fields;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::arn::MethodArn;
use crate::error::Fault;
use crate::kind::Kind;
use crate::object::Object;
use fields::{Fields, Text, Texts};

pub use fields::IdentitySource;

/// What an authorizer is asked, whatever kind of API asks. Borrows from the event's JSON.
#[derive(Debug)]
pub struct Request<'a> {
    kind: Kind,
    arn: MethodArn<'a>,
    event: Event<'a>,
}

/// Not an event that API Gateway sends to an authorizer: [`Fault::EventUnsupported`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The kind, if that much could be detected.
    pub kind: Option<Kind>,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an authorizer event of API Gateway")
    }
}

impl std::error::Error for Unsupported {}

impl From<Unsupported> for Fault {
    fn from(_: Unsupported) -> Self {
        Self::EventUnsupported
    }
}

impl<'a> Request<'a> {
    /// Reads an event's JSON.
    ///
    /// # Errors
    /// [`Unsupported`] if it is not a JSON object, names one of the fields that are read here twice, has something else
    /// in the place of a map, is of no known kind, or has no ARN that can be parsed.
    pub fn parse(json: &'a str) -> Result<Self, Unsupported> {
        let Object(mut event): Object<Event<'a>> =
            serde_json::from_str(json).map_err(|_| Unsupported { kind: None })?;
        let kind = event.kind().ok_or(Unsupported { kind: None })?;
        let unsupported = Unsupported { kind: Some(kind) };
        let arn = match kind {
            Kind::HttpV2 => event.route_arn.0.take(),
            Kind::RestToken | Kind::RestRequest | Kind::HttpV1 | Kind::WebSocket => event.method_arn.0.take(),
        };
        let arn = MethodArn::parse(arn.ok_or(unsupported)?).map_err(|_| unsupported)?;
        if kind == Kind::RestToken {
            // API Gateway sends none with a TOKEN event, so these are not from the caller's request.
            event.headers = Fields::default();
            event.multi_value_headers = Fields::default();
            event.cookies = Texts::default();
        }
        Ok(Self { kind, arn, event })
    }

    /// The kind of API and authorizer.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The method that is asked for.
    #[must_use]
    pub fn arn(&self) -> &MethodArn<'a> {
        &self.arn
    }

    /// The value that a TOKEN authorizer gets instead of headers.
    #[must_use]
    pub fn authorization_token(&self) -> Option<&str> {
        match self.kind {
            Kind::RestToken => self.event.authorization_token.get(),
            Kind::RestRequest | Kind::HttpV1 | Kind::HttpV2 | Kind::WebSocket => None,
        }
    }

    /// Every value of a header, from both maps that may hold it; the name in any case (RFC 9110, section 5.1).
    pub fn header(&self, name: &str) -> impl Iterator<Item = &str> {
        [&self.event.headers, &self.event.multi_value_headers]
            .into_iter()
            .flat_map(move |fields| fields.values(move |other| other.eq_ignore_ascii_case(name)))
    }

    /// The same, from the map with all values first: the other one may hold the last value alone.
    pub fn all_values_first(&self, name: &str) -> impl Iterator<Item = &str> {
        [&self.event.multi_value_headers, &self.event.headers]
            .into_iter()
            .flat_map(move |fields| fields.values(move |other| other.eq_ignore_ascii_case(name)))
    }

    /// The id that API Gateway gives the request, which the client sees in a response header.
    #[must_use]
    pub fn api_request_id(&self) -> Option<&str> {
        self.context()?.request_id.get()
    }

    /// The route as the API has it, never the path that was asked for.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        let context = self.context();
        match self.kind {
            Kind::HttpV2 => self.event.route_key.get().or_else(|| context?.route_key.get()),
            Kind::WebSocket => context?.route_key.get(),
            Kind::RestRequest | Kind::HttpV1 => self.event.resource.get().or_else(|| context?.resource_path.get()),
            Kind::RestToken => None,
        }
    }

    /// The caller's address.
    #[must_use]
    pub fn source_ip(&self) -> Option<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Caller<'c> {
            #[serde(borrow, default)]
            source_ip: Text<'c>,
        }
        let context = self.context()?;
        [context.identity, context.http].into_iter().flatten().find_map(|json| {
            let Object(caller): Object<Caller<'_>> = serde_json::from_str(json.get()).ok()?;
            caller.source_ip.get().map(str::to_owned)
        })
    }

    fn context(&self) -> Option<&RequestContext<'a>> {
        self.event.request_context.as_ref().map(|Object(context)| context)
    }

    /// Every value of a query parameter, as the event has it.
    pub fn query_parameter(&self, name: &str) -> impl Iterator<Item = &str> {
        [&self.event.query_string_parameters, &self.event.multi_value_query_string_parameters]
            .into_iter()
            .flat_map(move |fields| fields.values(move |other| other == name))
    }

    /// Every query parameter, as the event has it: one with several values may be there more than once.
    pub fn query_parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        [&self.event.query_string_parameters, &self.event.multi_value_query_string_parameters]
            .into_iter()
            .flat_map(Fields::all)
    }

    /// Whether a query parameter may have two values that the event's map shows as one: HTTP 2.0 joins them with commas.
    #[must_use]
    pub fn has_ambiguous_query(&self) -> bool {
        if self.kind != Kind::HttpV2 {
            return false;
        }
        let Some(query) = self.event.raw_query_string.get() else {
            return self.query_parameters().any(|(_, value)| value.contains(','));
        };
        let mut first = HashMap::new();
        url::form_urlencoded::parse(query.as_bytes())
            .any(|(name, value)| first.insert(name, value.clone()).is_some_and(|other| other != value))
    }

    /// The values of the route's variables.
    #[must_use]
    pub fn path_parameters(&self) -> Vec<(String, String)> {
        let fields = self.event.path_parameters.and_then(|json| serde_json::from_str::<Fields<'_>>(json.get()).ok());
        let all = fields.iter().flat_map(Fields::all);
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The method of an HTTP request, as the client sent it.
    #[must_use]
    pub fn http_method(&self) -> Option<Cow<'_, str>> {
        #[derive(Deserialize)]
        struct Http<'c> {
            #[serde(borrow, default)]
            method: Text<'c>,
        }
        let context = self.context();
        match self.kind {
            Kind::HttpV2 => {
                let Object(http): Object<Http<'_>> = serde_json::from_str(context?.http?.get()).ok()?;
                http.method.0
            }
            Kind::RestRequest | Kind::HttpV1 => {
                self.event.http_method.get().or_else(|| context?.http_method.get()).map(Cow::Borrowed)
            }
            Kind::RestToken => self.arn.method_and_path().map(|(method, _)| Cow::Borrowed(method)),
            Kind::WebSocket => None,
        }
    }

    /// Whether a header or a query parameter has this value, or a cookie holds it.
    #[must_use]
    pub fn carries(&self, value: &str) -> bool {
        let Event { headers, multi_value_headers, .. } = &self.event;
        let headers = [headers, multi_value_headers].into_iter().flat_map(Fields::all);
        headers.chain(self.query_parameters()).any(|(_, other)| other == value)
            || self.cookie_texts().any(|cookies| cookies.contains(value))
    }

    /// Every string of cookies: the `Cookie` headers, and HTTP 2.0's list of cookies.
    pub fn cookie_texts(&self) -> impl Iterator<Item = &str> {
        self.header("cookie").chain(self.event.cookies.0.iter().map(AsRef::as_ref))
    }

    /// HTTP 2.0's list of cookies.
    #[must_use]
    pub fn cookie_list(&self) -> &[Cow<'a, str>] {
        &self.event.cookies.0
    }

    /// What the event shows of the gateway's cache key; only HTTP APIs show it.
    #[must_use]
    pub fn identity_source(&self) -> &IdentitySource<'a> {
        match self.kind {
            Kind::HttpV1 | Kind::HttpV2 => &self.event.identity_source,
            Kind::RestToken | Kind::RestRequest | Kind::WebSocket => &IdentitySource::None,
        }
    }
}

/// The fields of an event that are read, whatever its kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow, default, rename = "type")]
    event_type: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    method_arn: Text<'a>,
    #[serde(borrow, default)]
    route_arn: Text<'a>,
    #[serde(borrow, default)]
    http_method: Text<'a>,
    #[serde(borrow, default)]
    authorization_token: Text<'a>,
    #[serde(borrow, default)]
    identity_source: IdentitySource<'a>,
    #[serde(borrow, default)]
    headers: Fields<'a>,
    #[serde(borrow, default)]
    multi_value_headers: Fields<'a>,
    #[serde(borrow, default)]
    query_string_parameters: Fields<'a>,
    #[serde(borrow, default)]
    multi_value_query_string_parameters: Fields<'a>,
    #[serde(borrow, default)]
    cookies: Texts<'a>,
    #[serde(borrow, default)]
    resource: Text<'a>,
    #[serde(borrow, default)]
    route_key: Text<'a>,
    #[serde(borrow, default)]
    raw_query_string: Text<'a>,
    /// Read only when it is needed, and whatever is in it.
    #[serde(borrow, default)]
    path_parameters: Option<&'a RawValue>,
    #[serde(borrow, default)]
    request_context: Option<Object<RequestContext<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    #[serde(borrow, default)]
    event_type: Text<'a>,
    #[serde(borrow, default)]
    connection_id: Text<'a>,
    #[serde(borrow, default)]
    request_id: Text<'a>,
    #[serde(borrow, default)]
    resource_path: Text<'a>,
    #[serde(borrow, default)]
    http_method: Text<'a>,
    #[serde(borrow, default)]
    route_key: Text<'a>,
    /// Read only when it is needed, and whatever is in it.
    #[serde(borrow, default)]
    identity: Option<&'a RawValue>,
    #[serde(borrow, default)]
    http: Option<&'a RawValue>,
}

impl Event<'_> {
    /// No single field tells the kinds apart, so the order of these tests matters.
    fn kind(&self) -> Option<Kind> {
        if self.event_type.is("TOKEN") {
            Some(Kind::RestToken)
        } else if self.version.is("2.0") || self.route_arn.get().is_some() {
            Some(Kind::HttpV2)
        } else if self.version.is("1.0") {
            Some(Kind::HttpV1)
        } else if self.is_web_socket() {
            Some(Kind::WebSocket)
        } else if self.event_type.is("REQUEST") {
            Some(Kind::RestRequest)
        } else {
            None
        }
    }

    fn is_web_socket(&self) -> bool {
        self.request_context
            .as_ref()
            .is_some_and(|Object(context)| context.event_type.is("CONNECT") || context.connection_id.get().is_some())
            || (self.event_type.is("REQUEST")
                // A REST API's event has it, and a REST API can have such a path.
                && self.http_method.get().is_none()
                && self.method_arn.get().is_some_and(|arn| arn.ends_with("/$connect")))
    }
}

/// It holds credentials, so nothing of it is shown.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").finish_non_exhaustive()
    }
}
