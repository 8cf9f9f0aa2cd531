//! An API Gateway event of any kind becomes a [`Request`]. This is the only file that knows the kinds.
//!
//! The events are read into one tolerant structure that borrows from the event's text: maps may be missing or
//! `null`, values may be `null`, and one odd header never makes the rest unreadable. A whole map of another
//! shape does: API Gateway never sends that, and a credential could hide in it.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::arn::MethodArn;
use crate::error::Fault;
use crate::object::Object;

/// Which API, with which kind of authorizer, asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A REST API's TOKEN authorizer.
    RestToken,
    /// A REST API's REQUEST authorizer.
    RestRequest,
    /// An HTTP API's authorizer, payload format 1.0.
    HttpV1,
    /// An HTTP API's authorizer, payload format 2.0.
    HttpV2,
    /// A WebSocket API's REQUEST authorizer.
    WebSocket,
}

impl Kind {
    /// The name in the log line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RestToken => "rest-token",
            Self::RestRequest => "rest-request",
            Self::HttpV1 => "http-v1",
            Self::HttpV2 => "http-v2",
            Self::WebSocket => "websocket",
        }
    }
}

/// What an authorizer is asked, whatever kind of API asks. Borrows from the event's text.
#[derive(Debug)]
pub struct Request<'a> {
    kind: Kind,
    arn: MethodArn<'a>,
    event: Event<'a>,
}

/// An event that is none that API Gateway sends to an authorizer: [`Fault::EventUnsupported`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The kind, if that much could be told.
    pub kind: Option<Kind>,
}

impl From<Unsupported> for Fault {
    fn from(_: Unsupported) -> Self {
        Self::EventUnsupported
    }
}

impl<'a> Request<'a> {
    /// Reads an event's JSON.
    ///
    /// # Errors
    /// [`Unsupported`] if it is not a JSON object, names one of the fields that are read here twice, has a map
    /// that is no map, is of no known kind, or has no ARN that can be taken apart.
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

    /// Every value of a query parameter, as the event has it.
    pub fn query_parameter(&self, name: &str) -> impl Iterator<Item = &str> {
        [&self.event.query_string_parameters, &self.event.multi_value_query_string_parameters]
            .into_iter()
            .flat_map(move |fields| fields.values(move |other| other == name))
    }

    /// Every text that holds cookies: the `Cookie` headers, and HTTP 2.0's list of cookies.
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

/// The values that the gateway's cache key is made of, as far as the event shows them.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum IdentitySource<'a> {
    /// Not shown, or empty.
    #[default]
    None,
    /// HTTP 2.0: a list of values.
    List(Vec<Cow<'a, str>>),
    /// HTTP 1.0: the values joined by commas.
    Joined(Cow<'a, str>),
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
    request_context: Option<Object<RequestContext<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    #[serde(borrow, default)]
    event_type: Text<'a>,
    #[serde(borrow, default)]
    connection_id: Text<'a>,
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
            || self.method_arn.get().is_some_and(|arn| arn.ends_with("/$connect"))
    }
}

/// It holds credentials, so nothing of it is shown.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").finish_non_exhaustive()
    }
}

/// A text; anything else counts as absent.
#[derive(Default)]
struct Text<'a>(Option<Cow<'a, str>>);

impl Text<'_> {
    fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    fn is(&self, text: &str) -> bool {
        self.get() == Some(text)
    }
}

/// A list of texts; what is no text in it, and `null` instead of it, counts as absent.
#[derive(Default)]
struct Texts<'a>(Vec<Cow<'a, str>>);

/// A map of names to a text or a list of texts, in the order of the event; what is neither counts as absent.
#[derive(Default)]
struct Fields<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl Fields<'_> {
    fn values(&self, is_wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(name, _)| is_wanted(name)).map(|(_, value)| value.as_ref())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut text = None;
        Ok(match Gather(|one| text = Some(one)).deserialize(deserializer)? {
            Shape::Text => Self(text),
            Shape::List | Shape::Other => Self(None),
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Texts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut texts = Vec::new();
        Ok(match Gather(|text| texts.push(text)).deserialize(deserializer)? {
            Shape::List => Self(texts),
            Shape::Text | Shape::Other => Self(Vec::new()),
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for IdentitySource<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut texts = Vec::new();
        Ok(match Gather(|text| texts.push(text)).deserialize(deserializer)? {
            Shape::List if !texts.is_empty() => Self::List(texts),
            Shape::Text => texts.pop().filter(|text| !text.is_empty()).map_or(Self::None, Self::Joined),
            Shape::List | Shape::Other => Self::None,
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map or null")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Fields::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // A browser's request has some twenty headers.
        let mut fields = Vec::with_capacity(24);
        while let Some(name) = map.next_key::<Text<'de>>()? {
            let name = name.0.unwrap_or_default();
            map.next_value_seed(Gather(|text| fields.push((name.clone(), text))))?;
        }
        Ok(Fields(fields))
    }
}

/// What a JSON value is, as far as an event can hold something for us in it.
enum Shape {
    Text,
    List,
    Other,
}

/// Hands over the texts of a JSON value: itself, or those in a list.
struct Gather<F>(F);

impl<'de, F: FnMut(Cow<'de, str>)> DeserializeSeed<'de> for Gather<F> {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Cow<'de, str>)> Visitor<'de> for Gather<F> {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_borrowed_str<E: de::Error>(mut self, text: &'de str) -> Result<Shape, E> {
        self.0(Cow::Borrowed(text));
        Ok(Shape::Text)
    }

    fn visit_str<E: de::Error>(mut self, text: &str) -> Result<Shape, E> {
        self.0(Cow::Owned(text.to_owned()));
        Ok(Shape::Text)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Shape, A::Error> {
        while let Some(Text(text)) = seq.next_element()? {
            text.into_iter().for_each(&mut self.0);
        }
        Ok(Shape::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Shape::Other)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }
}
