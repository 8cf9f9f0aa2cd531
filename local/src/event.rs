//! Sample events: files with placeholders where the credentials go, since tokens expire.
//!
//! A placeholder stands within a JSON string: `{{service_token}}`, or `{{id_token}}` and `{{access_token}}` with
//! options behind the name: `issuer=NAME` or `pool=NAME`, `client=ID`, `expired`, `forged`.

use std::collections::HashMap;

use serde_json::Value;

use crate::command::name_and_value;
use crate::deployment::{Issuer, SERVICE_TOKEN};
use crate::token::{Token, Use, now};

/// What is changed in every token that is filled in.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Tokens that are signed")]
pub struct Overrides {
    /// Kind of the tokens
    #[arg(long, visible_alias = "use", value_enum)]
    pub token_use: Option<Use>,
    /// Another value of a claim, in JSON or as it is (repeatable)
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = parse_claim)]
    pub claims: Vec<(String, Value)>,
    /// Expired an hour ago
    #[arg(long)]
    pub expired: bool,
    /// Issuer: a user pool, or the OIDC issuer DEV
    #[arg(long, visible_alias = "pool", value_enum, ignore_case = true)]
    pub issuer: Option<Issuer>,
}

impl Overrides {
    /// A token with these changes; of the first pool, if no issuer is named. Unless a kind is named, it is the
    /// issuer's usual one.
    pub fn token(&self) -> Token {
        let issuer = self.issuer.unwrap_or(Issuer::Primary);
        self.apply(issuer, issuer.usual_use(), self.expired, now())
    }

    fn apply(&self, issuer: Issuer, token_use: Use, expired: bool, time: u64) -> Token {
        let token = Token::of(issuer, self.token_use.unwrap_or(token_use)).issued_at(time);
        let token = if expired { token.expired() } else { token };
        self.claims.iter().fold(token, |token, (name, value)| token.claim(name, value.clone()))
    }
}

fn parse_claim(text: &str) -> Result<(String, Value), &'static str> {
    let (name, value) = name_and_value(text)?;
    Ok((name, serde_json::from_str(&value).unwrap_or_else(|_| value.into())))
}

/// The event with its placeholders filled in. Where the same token is meant, it is the same.
pub fn render(template: &str, overrides: &Overrides) -> Result<Value, String> {
    let mut event = serde_json::from_str(template).map_err(|error| not_json(&error))?;
    // Two placeholders for one token are one token: no second may end between them, and ES256 signs differently each time.
    fill_in(&mut event, &mut Credentials { overrides, time: now(), made: HashMap::new() })?;
    Ok(event)
}

/// Where a string is not JSON, without showing it.
pub fn not_json(error: &serde_json::Error) -> String {
    format!("is not JSON (line {}, column {})", error.line(), error.column())
}

pub fn describe(event: &Value) -> String {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let arn = text("/routeArn").or_else(|| text("/methodArn")).unwrap_or("no ARN");
    let resource = arn.splitn(6, ':').last().unwrap_or(arn);
    let kind = match (text("/type"), text("/version"), text("/requestContext/eventType")) {
        (Some("TOKEN"), ..) => "REST API, TOKEN",
        (_, Some("2.0"), _) => "HTTP API, payload 2.0",
        (_, Some("1.0"), _) => "HTTP API, payload 1.0",
        (_, _, Some("CONNECT")) => "WebSocket API",
        _ => "REST API, REQUEST",
    };
    format!("{resource} ({kind})")
}

fn fill_in(value: &mut Value, credentials: &mut Credentials<'_>) -> Result<(), String> {
    match value {
        Value::String(text) => *text = fill_in_text(text, credentials)?,
        Value::Array(values) => values.iter_mut().try_for_each(|value| fill_in(value, credentials))?,
        Value::Object(map) => map.values_mut().try_for_each(|value| fill_in(value, credentials))?,
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

fn fill_in_text(text: &str, credentials: &mut Credentials<'_>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{")
        && let Some((placeholder, behind)) = behind.split_once("}}")
    {
        filled.extend([before, &credentials.of(placeholder)?]);
        rest = behind;
    }
    Ok(filled + rest)
}

/// The credentials of one event, by their placeholders.
struct Credentials<'o> {
    overrides: &'o Overrides,
    time: u64,
    made: HashMap<String, String>,
}

impl Credentials<'_> {
    fn of(&mut self, placeholder: &str) -> Result<String, String> {
        if let Some(made) = self.made.get(placeholder) {
            return Ok(made.clone());
        }
        let made = credential(placeholder, self.overrides, self.time)?;
        self.made.insert(placeholder.to_owned(), made.clone());
        Ok(made)
    }
}

fn credential(placeholder: &str, overrides: &Overrides, time: u64) -> Result<String, String> {
    let unknown = || {
        format!(
            "unknown placeholder {{{{{placeholder}}}}}: there are id_token and access_token, each with issuer=NAME, \
             client=ID, expired, forged; and service_token"
        )
    };
    let mut words = placeholder.split_whitespace();
    let token_use = match words.next() {
        Some("service_token") if words.next().is_none() => return Ok(SERVICE_TOKEN.to_owned()),
        Some("id_token") => Use::Id,
        Some("access_token") => Use::Access,
        _ => return Err(unknown()),
    };
    let (mut issuer, mut client, mut expired, mut forged) = (Issuer::Primary, None, overrides.expired, false);
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("expired", "") => expired = true,
            ("forged", "") => forged = true,
            ("issuer" | "pool", name) => issuer = Issuer::by_name(name).ok_or_else(unknown)?,
            ("client", id) if !id.is_empty() => client = Some(id),
            _ => return Err(unknown()),
        }
    }
    let token = overrides.apply(overrides.issuer.unwrap_or(issuer), token_use, expired, time);
    let token = match (client, overrides.token_use.unwrap_or(token_use)) {
        (Some(client), Use::Id) => token.claim("aud", client),
        (Some(client), Use::Access) => token.claim("client_id", client),
        (None, _) => token,
    };
    Ok(if forged { token.forged() } else { token }.sign())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_in_and_leaves_the_rest() {
        let event = render(r#"{"a": ["x {{service_token}} y"], "b": "{{", "c": 1}"#, &Overrides::default()).unwrap();
        assert_eq!(event, serde_json::json!({ "a": [format!("x {SERVICE_TOKEN} y")], "b": "{{", "c": 1 }));
    }

    #[test]
    fn one_placeholder_is_one_token() {
        let template =
            r#"{"a": "{{access_token issuer=DEV}}", "b": ["{{access_token issuer=DEV}}"], "c": "{{access_token}}"}"#;
        let event = render(template, &Overrides::default()).unwrap();
        assert_eq!(event["a"], event["b"][0]);
        assert_ne!(event["a"], event["c"]);
    }

    #[test]
    fn says_what_it_does_not_know() {
        for placeholder in [
            "token",
            "id_token late",
            "id_token pool=nobody",
            "id_token issuer=nobody",
            "service_token x",
            "id_token client=",
            "",
        ] {
            let event = format!(r#"{{"a": "{{{{{placeholder}}}}}"}}"#);
            let problem = render(&event, &Overrides::default()).unwrap_err();
            assert!(
                problem.starts_with(&format!("unknown placeholder {{{{{placeholder}}}}}: there are ")),
                "{problem}"
            );
        }
        assert_eq!(render("{ x", &Overrides::default()), Err("is not JSON (line 1, column 3)".to_owned()));
    }

    #[test]
    fn claims_are_json_or_else_strings() {
        assert_eq!(parse_claim("a=1").unwrap(), ("a".to_owned(), 1.into()));
        assert_eq!(parse_claim("a=x=y").unwrap(), ("a".to_owned(), "x=y".into()));
        assert_eq!(parse_claim("a=").unwrap(), ("a".to_owned(), "".into()));
        assert!(parse_claim("a").is_err());
    }
}
