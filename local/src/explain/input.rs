//! What is to be explained: an event or a token, in the forms in which people have them.

use std::path::Path;

use serde_json::Value;
use smac_local::command::{About as _, Problem};
use smac_local::event;

#[derive(Debug, PartialEq)]
pub(super) enum Input {
    Event(String),
    Token(String),
    /// One of the tokens that a sign-in gave, and which.
    SignIn(String, &'static str),
}

/// The tokens of `aws cognito-idp initiate-auth` that can be explained, the first of which counts.
/// <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AuthenticationResultType.html>
const OF_A_SIGN_IN: [(&str, &str); 2] = [("AccessToken", "the access token"), ("IdToken", "the ID token")];

pub(super) fn read(arguments: &[String]) -> Result<Input, Problem> {
    let argument = match arguments {
        [argument] => argument,
        [prefix, token] if prefix.eq_ignore_ascii_case("Bearer") => token,
        _ => return Err(Problem::new("EVENT_OR_TOKEN", "is one file, one token, or `-`")),
    };
    let path = Path::new(argument);
    if argument == "-" {
        return parse(&std::io::read_to_string(std::io::stdin()).about("standard input")?, "standard input");
    }
    if path.is_file() {
        return parse(&std::fs::read_to_string(path).about(argument)?, argument);
    }
    if let Some(token) = token_in(argument) {
        return Ok(Input::Token(token));
    }
    // What is not a file may be a damaged token: only what looks like a path is shown.
    if path.extension().is_some_and(|extension| extension == "json") || argument.starts_with(['.', '/']) {
        return Err(Problem::new(path.display(), "there is no such file"));
    }
    Err(Problem::new("EVENT_OR_TOKEN", "is neither a file nor a token"))
}

fn parse(text: &str, place: &str) -> Result<Input, Problem> {
    if let Some(token) = token_in(text) {
        return Ok(Input::Token(token));
    }
    let rendered = event::render(text, &event::Overrides::default()).about(place)?;
    if let Some(result) = rendered.get("AuthenticationResult") {
        let found = OF_A_SIGN_IN.iter().find_map(|(name, which)| Some((result.get(name)?.as_str()?, *which)));
        let (token, which) = found.ok_or_else(|| Problem::new(place, "the AuthenticationResult holds no token"))?;
        return Ok(Input::SignIn(token.to_owned(), which));
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
            assert_eq!(parse(text, "here").unwrap(), Input::SignIn(token.to_owned(), which), "{text}");
        }
        assert!(parse(r#"{"AuthenticationResult": {}}"#, "here").is_err());
        assert_eq!(parse("{ }", "here").unwrap(), Input::Event("{ }".to_owned()));
    }
}
