//! What is to be explained: an event or a token, in the forms in which people have them.

use std::ffi::OsString;
use std::path::Path;

use serde_json::Value;
use smac_local::command::{self, About as _, Problem};
use smac_local::event;

#[derive(Debug, PartialEq)]
pub(super) enum Input {
    Event(String),
    /// A token; of those that a sign-in gave, which.
    Token(String, Option<&'static str>),
}

/// The tokens of `aws cognito-idp initiate-auth` that can be explained, the first of which counts.
/// <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AuthenticationResultType.html>
const OF_A_SIGN_IN: [(&str, &str); 2] = [("AccessToken", "the access token"), ("IdToken", "the ID token")];

/// The one argument. It is shown only where it is a path: what somebody pastes there may be a token.
pub(super) fn only<'p>(path: &'p Path, rest: &[OsString]) -> Result<&'p Path, Problem> {
    let advice = "write `-` and give the token on standard input, or name a file with it";
    let is_bearer = path.to_string_lossy().eq_ignore_ascii_case("Bearer");
    if is_token(path) || (is_bearer && !rest.is_empty()) {
        return Err(Problem::new("a token is not an argument, since it would stay in the shell's history", advice));
    }
    if !rest.is_empty() {
        return Err(Problem::new("FILE", "is one file, or `-`"));
    }
    Ok(path)
}

fn is_token(path: &Path) -> bool {
    !path.exists() && token_in(&path.to_string_lossy()).is_some()
}

pub(super) fn read(path: &Path) -> Result<Input, Problem> {
    // What is not a file may be a damaged token: only what looks like a path is shown.
    let looks_like_a_path =
        path.extension().is_some_and(|extension| extension.len() < 5) || path.components().count() > 1;
    if !command::is_standard_input(path) && !path.is_file() && !looks_like_a_path {
        return Err(Problem::new(
            "FILE",
            "there is no such file; a token is read from standard input (`-`) or from a file",
        ));
    }
    parse(&command::read(path)?, &command::place(path))
}

fn parse(text: &str, place: &str) -> Result<Input, Problem> {
    if let Some(token) = token_in(text) {
        return Ok(Input::Token(token, None));
    }
    let rendered = event::render(text, &event::Overrides::default()).about(place)?;
    if let Some(result) = rendered.get("AuthenticationResult") {
        let found = OF_A_SIGN_IN.iter().find_map(|(name, which)| Some((result.get(name)?.as_str()?, *which)));
        let (token, which) = found.ok_or_else(|| Problem::new(place, "the AuthenticationResult holds no token"))?;
        return Ok(Input::Token(token.to_owned(), Some(which)));
    }
    // Without placeholders it stays as it came, since rendering makes one name of two.
    Ok(Input::Event(if text.contains("{{") { rendered.to_string() } else { text.to_owned() }))
}

/// The token, if this is one, or was meant to be: Cognito's begin with `eyJ`, as the JSON of their header does. The AWS
/// CLI prints it as a JSON string.
fn token_in(text: &str) -> Option<String> {
    let unquoted = match serde_json::from_str(text) {
        Ok(Value::String(string)) => string,
        _ => text.to_owned(),
    };
    let text = unquoted.trim();
    let token = match text.split_once(char::is_whitespace) {
        Some((prefix, token)) if prefix.eq_ignore_ascii_case("Bearer") => token.trim_start(),
        _ => text,
    };
    let is_encoded = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_token = token.starts_with("eyJ") || (token.matches('.').count() == 2 && token.chars().all(is_encoded));
    (is_token && !token.contains(char::is_whitespace)).then(|| token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_what_was_meant_to_be_one() {
        for (text, token) in [
            ("eyJa.eyJb.c", Some("eyJa.eyJb.c")),
            (" Bearer  eyJa.eyJb.c\n", Some("eyJa.eyJb.c")),
            ("\"eyJa.eyJb.c\"\n", Some("eyJa.eyJb.c")),
            ("\"Bearer eyJa.eyJb.c\"", Some("eyJa.eyJb.c")),
            ("eyJa", Some("eyJa")),
            ("a.b.c", Some("a.b.c")),
            ("{}", None),
            ("a.json", None),
            ("eyJa b", None),
            ("\"\"", None),
        ] {
            assert_eq!(token_in(text).as_deref(), token, "{text}");
        }
    }

    #[test]
    fn of_a_sign_in_the_access_token_counts() {
        for (text, token, which) in [
            (r#"{"AuthenticationResult": {"IdToken": "i", "AccessToken": "a"}}"#, "a", "the access token"),
            (r#"{"AuthenticationResult": {"IdToken": "i"}, "ChallengeParameters": {}}"#, "i", "the ID token"),
        ] {
            assert_eq!(parse(text, "here").unwrap(), Input::Token(token.to_owned(), Some(which)), "{text}");
        }
        assert!(parse(r#"{"AuthenticationResult": {}}"#, "here").is_err());
        assert_eq!(parse("{ }", "here").unwrap(), Input::Event("{ }".to_owned()));
    }
}
