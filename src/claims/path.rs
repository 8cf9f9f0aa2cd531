//! Where a claim is: at the top of the claims, by its name, or deeper, by a JSON pointer.

use serde_json::value::RawValue;

use super::members;

/// A claim's name, or a JSON pointer to it (RFC 6901). A string that begins with `/` is a pointer; names that are URLs
/// don't.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimPath {
    text: String,
    first: String,
    rest: Vec<String>,
}

/// The string is neither the name of a claim nor a JSON pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidClaimPath;

impl ClaimPath {
    /// The claim of this name.
    #[must_use]
    pub fn name(name: &str) -> Self {
        Self { text: name.to_owned(), first: name.to_owned(), rest: Vec::new() }
    }

    /// Reads a name or a pointer.
    ///
    /// # Errors
    /// [`InvalidClaimPath`] for an empty name, and for a `~` in a pointer that escapes nothing.
    pub fn parse(text: &str) -> Result<Self, InvalidClaimPath> {
        let Some(pointer) = text.strip_prefix('/') else {
            return if text.is_empty() { Err(InvalidClaimPath) } else { Ok(Self::name(text)) };
        };
        let mut segments = pointer.split('/').map(unescaped);
        let first = segments.next().unwrap_or(Err(InvalidClaimPath))?;
        let rest = segments.collect::<Result<_, _>>()?;
        if first.is_empty() { Err(InvalidClaimPath) } else { Ok(Self { text: text.to_owned(), first, rest }) }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The claim's name, if it is at the top: `/email` is `email`.
    #[must_use]
    pub fn top_level(&self) -> Option<&str> {
        self.rest.is_empty().then_some(self.first.as_str())
    }

    pub(super) fn first(&self) -> &str {
        &self.first
    }

    pub(super) fn rest(&self) -> &[String] {
        &self.rest
    }
}

/// RFC 6901, section 3.
fn unescaped(segment: &str) -> Result<String, InvalidClaimPath> {
    let mut parts = segment.split('~');
    let mut unescaped = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (character, rest) = match (part.strip_prefix('0'), part.strip_prefix('1')) {
            (Some(rest), _) => ('~', rest),
            (None, Some(rest)) => ('/', rest),
            (None, None) => return Err(InvalidClaimPath),
        };
        unescaped.push(character);
        unescaped.push_str(rest);
    }
    Ok(unescaped)
}

/// The JSON of a member of an object in which no name occurs twice, or of an array's element.
pub(super) fn child<'j>(json: &'j str, segment: &str) -> Option<&'j str> {
    match json.bytes().next()? {
        b'{' => {
            let member = members::of(json)?.into_iter().find(|member| member.is_named(json, segment))?;
            json.get(member.value)
        }
        b'[' => {
            let is_index = segment == "0" || !segment.starts_with('0');
            let is_index = is_index && segment.bytes().all(|byte| byte.is_ascii_digit());
            let index: usize = segment.parse().ok().filter(|_| is_index)?;
            let elements: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            elements.get(index).map(|element| element.get())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Claims;

    fn at(path: &str, json: &str) -> Option<String> {
        let claims = Claims::parse(json.as_bytes().to_vec()).unwrap();
        claims.at(&ClaimPath::parse(path).unwrap()).map(str::to_owned)
    }

    #[test]
    fn a_claim_is_found_by_name_or_by_pointer() {
        let json =
            r#"{"a":1,"https://example.com/roles":["r"],"b":{"c":{"d":"deep"},"e/f":2,"g~h":3,"":4},"l":[5,{"m":6}]}"#;
        for (path, expected) in [
            ("a", Some("1")),
            ("/a", Some("1")),
            ("https://example.com/roles", Some(r#"["r"]"#)),
            ("/https:~1~1example.com~1roles/0", Some(r#""r""#)),
            ("/b/c/d", Some(r#""deep""#)),
            ("/b/e~1f", Some("2")),
            ("/b/g~0h", Some("3")),
            ("/b/", Some("4")),
            ("/l/0", Some("5")),
            ("/l/1/m", Some("6")),
            ("/l/2", None),
            ("/l/01", None),
            ("/l/+1", None),
            ("/l/-", None),
            ("/a/b", None),
            ("/b/x", None),
            ("b/c", None),
            ("/B", None),
        ] {
            assert_eq!(at(path, json).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn an_object_in_which_a_name_occurs_twice_has_no_members() {
        assert_eq!(at("/a/b", r#"{"a":{"b":1,"b":2}}"#), None);
        assert_eq!(at("/a/b", r#"{"a":{"b":1,"\u0062":1}}"#), None);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in ["", "/", "/a~", "/a~2", "//a"] {
            assert_eq!(ClaimPath::parse(path), Err(InvalidClaimPath), "{path}");
        }
    }

    #[test]
    fn a_pointer_of_one_segment_is_a_name() {
        for (path, name) in [("email", Some("email")), ("/email", Some("email")), ("/a/b", None), ("a/b", Some("a/b"))]
        {
            assert_eq!(ClaimPath::parse(path).unwrap().top_level(), name, "{path}");
        }
    }
}
