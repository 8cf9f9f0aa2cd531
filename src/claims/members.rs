//! The members of a JSON object, where they are in its text.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Up to this many names, comparing each with each is faster than hashing them.
const FEW_NAMES: usize = 48;

/// One member.
pub(super) struct Member {
    name: Name,
    pub(super) value: Range<usize>,
}

enum Name {
    /// The name as it is in the text.
    Plain(Range<usize>),
    /// The name was written with escapes: two spellings of one name are one name.
    Unescaped(String),
}

impl Member {
    /// Compares lengths first: that tells most names apart.
    pub(super) fn is_named(&self, text: &str, name: &str) -> bool {
        match &self.name {
            Name::Plain(range) => {
                range.len() == name.len() && text.as_bytes().get(range.clone()) == Some(name.as_bytes())
            }
            Name::Unescaped(unescaped) => unescaped == name,
        }
    }

    /// Its name, of the text that it is in.
    pub(super) fn name<'a>(&'a self, text: &'a str) -> &'a str {
        match &self.name {
            Name::Plain(range) => text.get(range.clone()).unwrap_or_default(),
            Name::Unescaped(name) => name,
        }
    }
}

/// Where the members of an object are in its text. None if the text is anything else, or if a name occurs twice.
pub(super) fn of(text: &str) -> Option<Vec<Member>> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let members = Members { text }.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(members)
}

/// Reads the members of the object that is `text`.
struct Members<'t> {
    text: &'t str,
}

impl Members<'_> {
    /// Where `part` is in the text that it was borrowed from.
    fn range(&self, part: &str) -> Range<usize> {
        let start = part.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        start..start.wrapping_add(part.len())
    }
}

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = Vec<Member>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Vec<Member>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object in which no name occurs twice")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<Member> = Vec::with_capacity(24);
        let mut names = HashSet::new();
        while let Some((UnescapedName(name), value)) = map.next_entry::<UnescapedName<'de>, &'de RawValue>()? {
            let is_repeated = if members.len() < FEW_NAMES {
                members.iter().any(|member| member.is_named(self.text, &name))
            } else {
                if names.is_empty() {
                    names.extend(members.iter().map(|member| member.name(self.text).to_owned()));
                }
                !names.insert(name.clone().into_owned())
            };
            if is_repeated {
                return Err(A::Error::custom("a name occurs twice"));
            }
            let name = match name {
                Cow::Borrowed(plain) => Name::Plain(self.range(plain)),
                Cow::Owned(unescaped) => Name::Unescaped(unescaped),
            };
            members.push(Member { name, value: self.range(value.get()) });
        }
        Ok(members)
    }
}

struct UnescapedName<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for UnescapedName<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = UnescapedName<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(UnescapedName(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(UnescapedName(Cow::Owned(name.to_owned())))
    }
}
