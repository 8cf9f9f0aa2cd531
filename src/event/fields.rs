//! The tolerant pieces of an event: a string, a list, a map. What has another type counts as absent.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

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

/// A string; anything else counts as absent.
#[derive(Default)]
pub(super) struct Text<'a>(pub(super) Option<Cow<'a, str>>);

impl Text<'_> {
    pub(super) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.get() == Some(text)
    }
}

/// A list of strings; anything else in it, or in its place, counts as absent.
#[derive(Default)]
pub(super) struct Texts<'a>(pub(super) Vec<Cow<'a, str>>);

/// A map of names to a string or a list of strings, in the order of the event; a value that is neither counts as absent.
#[derive(Default)]
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl Fields<'_> {
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    pub(super) fn values(&self, is_wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(name, _)| is_wanted(name)).map(|(_, value)| value.as_ref())
    }
}

impl IdentitySource<'_> {
    /// Whether the event shows no key.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
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

/// Hands over the strings of a JSON value: itself, or those in a list.
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
