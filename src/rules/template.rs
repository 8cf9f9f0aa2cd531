//! The path of a route: which paths match it, which of two is the more specific, and whether the IAM pattern of one can
//! match a path of another.

use std::cmp::Ordering;
use std::fmt;

/// A search for a witness ends after so many steps. What is not known by then is taken for possible, which can only refuse.
const MAX_STEPS: u32 = 20_000;

/// The path of a route, such as `/pets/{id}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// `pets`; empty at the end of `/` and `/pets/`.
    Literal(String),
    /// `{id}`: one segment.
    Variable(String),
    /// `{proxy+}`, at the end: one segment or more.
    Greedy,
}

/// The path is not one that a route of API Gateway can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidTemplate;

/// Which of two routes gets a path that matches both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precedence {
    /// REST APIs: from left to right, a literal before a variable before a greedy one, whatever the method.
    Rest,
    /// HTTP APIs: among the routes of the method, those without a greedy variable first.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>
    Http,
}

impl fmt::Display for InvalidTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path begins with `/`, and each of its parts is a literal without `*` and `?`, `{name}`, or `{name+}` at the end")
    }
}

impl std::error::Error for InvalidTemplate {}

impl Template {
    /// Reads a path.
    ///
    /// # Errors
    /// [`InvalidTemplate`]
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidTemplate> {
        let path = text.strip_prefix('/').ok_or(InvalidTemplate)?;
        let mut parts = path.split('/').peekable();
        let mut segments = Vec::new();
        while let Some(part) = parts.next() {
            segments.push(Segment::parse(part, parts.peek().is_none()).ok_or(InvalidTemplate)?);
        }
        Ok(Self { text: text.to_owned(), segments })
    }

    /// As the API has it.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The part of an IAM resource behind the method: each variable is `*`, which matches any string, slashes included.
    pub(crate) fn pattern(&self) -> String {
        let parts: Vec<&str> = self.segments.iter().map(|segment| segment.literal().unwrap_or("*")).collect();
        parts.join("/")
    }

    /// Whether a path (without its first slash) is one of this template.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let parts: Vec<Option<&str>> = path.split('/').map(Some).collect();
        self.matches_parts(&parts)
    }

    /// The variables of a path of this template (without its first slash), by name.
    pub(crate) fn variables<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.segments.iter().zip(path.split('/')).filter_map(|(segment, part)| match segment {
            Segment::Variable(name) => Some((name.as_str(), part)),
            Segment::Literal(_) | Segment::Greedy => None,
        })
    }

    /// `None` is a part that equals no literal.
    fn matches_parts(&self, parts: &[Option<&str>]) -> bool {
        let fits = |(segment, part): (&Segment, &Option<&str>)| match segment {
            Segment::Literal(literal) => *part == Some(literal),
            Segment::Variable(_) | Segment::Greedy => *part != Some(""),
        };
        let has_length = match self.is_greedy() {
            true => parts.len() >= self.segments.len(),
            false => parts.len() == self.segments.len(),
        };
        has_length && self.segments.iter().zip(parts).all(fits)
    }

    /// `Less` is the one that gets the path, of two that both match one. `Equal` are those that differ in names alone.
    pub(crate) fn precedes(&self, other: &Self, precedence: Precedence) -> Ordering {
        let from_left = || self.segments.iter().map(Segment::rank).cmp(other.segments.iter().map(Segment::rank));
        match precedence {
            Precedence::Rest => from_left(),
            Precedence::Http => self.is_greedy().cmp(&other.is_greedy()).then_with(from_left),
        }
    }

    /// The same for all templates that match the same paths.
    pub(crate) fn shape(&self) -> (String, bool) {
        (self.pattern(), self.is_greedy())
    }

    /// The same with a slash at the end, where it ends in a literal. REST APIs send such a path to the route without it.
    pub(crate) fn with_slash(&self) -> Option<Self> {
        match self.segments.last()? {
            Segment::Literal(last) if !last.is_empty() => {}
            Segment::Literal(_) | Segment::Variable(_) | Segment::Greedy => return None,
        }
        let segments = self.segments.iter().cloned().chain([Segment::Literal(String::new())]).collect();
        Some(Self { text: format!("{}/", self.text), segments })
    }

    /// Whether this one gets a path of the other's, where both are routes.
    pub(crate) fn is_rival_of(&self, other: &Self, precedence: Precedence) -> bool {
        let meet = |(one, other): (&Segment, &Segment)| match (one.literal(), other.literal()) {
            (Some(one), Some(other)) => one == other,
            (None, _) | (_, None) => true,
        };
        self.segments.iter().zip(&other.segments).all(meet) && self.precedes(other, precedence) == Ordering::Less
    }

    /// Whether this template's IAM pattern matches a path that goes to the route of `other`, and to none of its rivals.
    pub(crate) fn reaches(&self, other: &Self, rivals: &[&Self]) -> bool {
        let shortest = other.segments.len();
        // Behind the longest of the other routes one part is like another, so at most this pattern's segments are of use there.
        let longest = match other.is_greedy() {
            true => rivals.iter().map(|rival| rival.segments.len()).fold(shortest, usize::max) + self.segments.len(),
            false => shortest,
        };
        let mut search = Search { pattern: self, other, rivals, steps: 0, parts: Vec::new() };
        (shortest..=longest).any(|length| search.finds(length, 0))
    }

    fn is_greedy(&self) -> bool {
        self.segments.last() == Some(&Segment::Greedy)
    }
}

impl Segment {
    fn parse(part: &str, is_last: bool) -> Option<Self> {
        if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            let (name, is_greedy) = name.strip_suffix('+').map_or((name, false), |name| (name, true));
            let is_name = !name.is_empty() && !name.contains(['{', '}', '+', '*', '?']);
            return match is_greedy {
                true => (is_name && is_last).then_some(Self::Greedy),
                false => is_name.then(|| Self::Variable(name.to_owned())),
            };
        }
        // What IAM reads as a pattern or as a variable could not be named.
        let is_literal = !part.contains(['{', '}', '*', '?']) && !part.contains(char::is_control);
        (is_literal && (is_last || !part.is_empty())).then(|| Self::Literal(part.to_owned()))
    }

    fn literal(&self) -> Option<&str> {
        match self {
            Self::Literal(literal) => Some(literal),
            Self::Variable(_) | Self::Greedy => None,
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Variable(_) => 1,
            Self::Greedy => 2,
        }
    }
}

/// The search for a path that a pattern matches and that goes to the other route. Its parts are literals of the two, or
/// none: a string that no template has. Such a part fits wherever a variable is, so no other string can do more.
struct Search<'a> {
    pattern: &'a Template,
    other: &'a Template,
    rivals: &'a [&'a Template],
    steps: u32,
    parts: Vec<Option<&'a str>>,
}

impl<'a> Search<'a> {
    /// Whether the parts so far, and further ones up to this length, are such a path; `next` is the pattern's next segment.
    fn finds(&mut self, length: usize, next: usize) -> bool {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return true;
        }
        let Some(segment) = self.pattern.segments.get(next) else {
            return self.parts.len() == length && !self.rivals.iter().any(|rival| rival.matches_parts(&self.parts));
        };
        if self.parts.len() == length {
            return false;
        }
        let fixed = self.other.segments.get(self.parts.len()).and_then(Segment::literal);
        let found = match (segment.literal(), fixed) {
            (Some(literal), Some(fixed)) if literal != fixed => return false,
            // A variable of the other one is not empty.
            (Some(""), None) => return false,
            (Some(literal), _) => {
                self.parts.push(Some(literal));
                self.finds(length, next + 1)
            }
            // `*` matches this part alone, or goes on.
            (None, fixed) => {
                self.parts.push(fixed);
                self.finds(length, next + 1) || self.finds(length, next)
            }
        };
        self.parts.pop();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template::parse(text).unwrap()
    }

    #[test]
    fn a_path_has_literals_and_variables() {
        for (text, pattern) in [
            ("/", ""),
            ("/pets", "pets"),
            ("/pets/", "pets/"),
            ("/pets/{id}", "pets/*"),
            ("/pets/{id}/toys", "pets/*/toys"),
            ("/{proxy+}", "*"),
            ("/a-b_c.d:e/~f$g", "a-b_c.d:e/~f$g"),
        ] {
            assert_eq!(template(text).pattern(), pattern, "{text}");
        }
        for text in [
            "", "pets", "/a//b", "/{}", "/{+}", "/{a+}/b", "/x{a}", "/{a}x", "/*", "/a?", "/{a{b}", "/${a}", "/{a*}",
            "/a\nb",
        ] {
            assert_eq!(Template::parse(text), Err(InvalidTemplate), "{text}");
        }
    }

    #[test]
    fn a_variable_is_one_part_that_is_not_empty() {
        for (text, path, expected) in [
            ("/", "", true),
            ("/", "a", false),
            ("/pets", "pets", true),
            ("/pets", "pets/", false),
            ("/pets", "Pets", false),
            ("/pets/{id}", "pets/1", true),
            ("/pets/{id}", "pets/", false),
            ("/pets/{id}", "pets/1/2", false),
            ("/{proxy+}", "", false),
            ("/{proxy+}", "a", true),
            ("/{proxy+}", "a/b", true),
            ("/a/{proxy+}", "a", false),
        ] {
            assert_eq!(template(text).matches(path), expected, "{text} {path}");
        }
        let template = template("/a/{b}/{c}");
        assert_eq!(template.variables("a/1/2").collect::<Vec<_>>(), [("b", "1"), ("c", "2")]);
    }

    #[test]
    fn the_more_specific_path_comes_first() {
        for (precedence, one, other) in [
            (Precedence::Rest, "/a", "/{x}"),
            (Precedence::Rest, "/{x}", "/{x+}"),
            (Precedence::Rest, "/a/{x}", "/{x}/a"),
            (Precedence::Rest, "/a/{x+}", "/{x}/{y}"),
            (Precedence::Http, "/a/{x}", "/{x}/a"),
            (Precedence::Http, "/{x}/{y}", "/a/{x+}"),
        ] {
            let (one, other) = (template(one), template(other));
            assert_eq!(one.precedes(&other, precedence), Ordering::Less);
            assert_eq!(other.precedes(&one, precedence), Ordering::Greater);
        }
    }

    #[test]
    fn a_pattern_reaches_paths_of_other_routes() {
        for (pattern, other, rivals, expected) in [
            ("/a", "/a", &[][..], true),
            ("/a", "/b", &[], false),
            ("/{x}", "/a/b", &[], true),
            ("/a/{x}", "/a/{x}/b", &[], true),
            ("/a/{x}", "/a", &[], false),
            // All that the literal matches goes to its own route.
            ("/a/b", "/a/{x}", &["/a/b"], false),
            ("/a/b", "/a/{x}", &[], true),
            ("/{x}/b", "/a/{x}", &["/a/b"], false),
            ("/{x}/b", "/a/{x+}", &["/a/b"], true),
            ("/{x+}", "/", &[], true),
            ("/a/{x+}", "/a", &[], false),
            ("/{x}/m/{y}/n", "/a/{z+}", &["/a/{x}", "/a/{x}/{y}", "/a/{x}/{y}/{z}"], true),
            ("/{x}/m/{y}/n", "/a/{z+}", &["/a/{z+}"], true),
            ("/{x}/m", "/a/b/c/{z+}", &[], true),
            ("/{x+}", "/a/{z+}", &["/a/{y}"], true),
            ("/{x}/m/{y}/n", "/a/{z}", &[], false),
        ] {
            let rivals: Vec<Template> = rivals.iter().map(|rival| template(rival)).collect();
            let rivals: Vec<&Template> = rivals.iter().collect();
            for precedence in [Precedence::Rest, Precedence::Http] {
                let other = template(other);
                let is_rival = |rival: &&&Template| rival.is_rival_of(&other, precedence);
                let rivals: Vec<&Template> = rivals.iter().filter(is_rival).copied().collect();
                let reaches = template(pattern).reaches(&other, &rivals);
                assert_eq!(reaches, expected, "{pattern} {other:?} {rivals:?}");
            }
        }
    }

    /// Every path of the other route goes to this rival, which takes long to find out where there are many ways.
    #[test]
    fn a_search_ends_with_what_is_possible() {
        let many = |count: usize| template(&"/{x}".repeat(count));
        let rival = template("/{x+}");
        for (count, expected) in [(3, false), (40, true)] {
            let other = template(&format!("{}/b/{{x+}}", "/{x}".repeat(count)));
            assert_eq!(many(count).reaches(&other, &[&rival]), expected, "{count}");
        }
    }
}
