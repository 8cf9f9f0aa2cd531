//! An endpoint's response: the user's attributes, a negative answer, or neither.

use std::borrow::Cow;

use serde::Deserialize;

use crate::claims::Claims;
use crate::http::Response;
use crate::lookup::CallError;
use crate::object::{Object, without_byte_order_mark};

/// What `GetUser` answers about a token or user that is no longer accepted.
/// <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUser.html#API_GetUser_Errors>
const REFUSALS: [&str; 4] =
    ["NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException", "PasswordResetRequiredException"];

/// userInfo's answer, or its own refusal of the token. A firewall's 403 in front of it is no such refusal.
///
/// # Errors
/// [`CallError`] for every other response, and for an answer about another subject (OpenID Connect Core 1.0,
/// section 5.3.2).
pub(super) fn of_user_info(response: &Response, subject: &str) -> Result<Option<Claims>, CallError> {
    match response.status.as_u16() {
        200 => attributes(without_byte_order_mark(&response.body).to_vec(), subject).map(Some),
        400 | 401 => Ok(None),
        403 if is_oauth_error(response) => Ok(None),
        _ => Err(CallError::Status(response.status)),
    }
}

/// `GetUser`'s answer, or its refusal of the token.
///
/// # Errors
/// [`CallError`] for every other response, and for an answer about another subject.
pub(super) fn of_get_user(response: &Response, subject: &str) -> Result<Option<Claims>, CallError> {
    let body = without_byte_order_mark(&response.body);
    match response.status.as_u16() {
        200 => attributes(user_attributes(body).ok_or(CallError::Unreadable)?, subject).map(Some),
        400 if is_refusal(body) => Ok(None),
        _ => Err(CallError::Status(response.status)),
    }
}

fn attributes(json: Vec<u8>, subject: &str) -> Result<Claims, CallError> {
    let claims = Claims::parse(json).ok_or(CallError::Unreadable)?;
    if claims.string("sub").as_deref() != Some(subject) {
        return Err(CallError::Unreadable);
    }
    Ok(claims)
}

/// An error of the endpoint itself: RFC 6750, section 3.
fn is_oauth_error(response: &Response) -> bool {
    response.headers.contains_key(http::header::WWW_AUTHENTICATE)
        || Claims::parse(response.body.to_vec()).is_some_and(|body| body.string("error").is_some())
}

/// `{"UserAttributes": [{"Name": "email", "Value": "..."}]}` as one JSON object. The user's name is not among the
/// attributes: it is put there as the access token has it.
fn user_attributes(body: &[u8]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(rename = "Username", borrow, default)]
        username: Option<Cow<'a, str>>,
        #[serde(rename = "UserAttributes", borrow)]
        attributes: Vec<Object<Attribute<'a>>>,
    }
    #[derive(Deserialize)]
    struct Attribute<'a> {
        #[serde(rename = "Name", borrow)]
        name: Cow<'a, str>,
        #[serde(rename = "Value", borrow, default)]
        value: Cow<'a, str>,
    }
    let Object(answer): Object<Answer<'_>> = serde_json::from_slice(body).ok()?;
    let mut members: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        answer.attributes.into_iter().map(|Object(attribute)| (attribute.name, attribute.value)).collect();
    if let Some(username) = answer.username
        && !members.iter().any(|(name, _)| name == "username")
    {
        members.push(("username".into(), username));
    }
    let members: Option<Vec<String>> = members
        .iter()
        .map(|(name, value)| {
            Some(format!("{}:{}", serde_json::to_string(name).ok()?, serde_json::to_string(value).ok()?))
        })
        .collect();
    Some(format!("{{{}}}", members?.join(",")).into_bytes())
}

/// AWS's JSON errors name their type with or without a namespace before it.
fn is_refusal(body: &[u8]) -> bool {
    let error = Claims::parse(body.to_vec());
    let name = error.as_ref().and_then(|error| error.string("__type"));
    name.is_some_and(|name| REFUSALS.contains(&name.rsplit('#').next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;

    fn response(status: u16, body: &str) -> Response {
        let status = StatusCode::from_u16(status).unwrap();
        Response { status, headers: HeaderMap::new(), body: Bytes::copy_from_slice(body.as_bytes()) }
    }

    fn claim(found: Result<Option<Claims>, CallError>, name: &str) -> Option<String> {
        found.unwrap().unwrap().string(name).map(Into::into)
    }

    #[test]
    fn an_answer_is_about_the_tokens_own_subject() {
        let body = r#"{"sub":"s","email":"jane@example.com","email_verified":"true"}"#;
        assert_eq!(claim(of_user_info(&response(200, body), "s"), "email").as_deref(), Some("jane@example.com"));
        assert_eq!(claim(of_user_info(&response(200, &format!("\u{feff}{body}")), "s"), "sub").as_deref(), Some("s"));
        for (body, subject) in [(body, "other"), ("{}", "s"), (r#"{"sub":1}"#, "1"), ("[]", "s"), ("", "s")] {
            let found = of_user_info(&response(200, body), subject);
            assert_eq!(found.err(), Some(CallError::Unreadable), "{body}");
        }
    }

    #[test]
    fn user_info_refuses_with_400_401_and_an_oauth_403() {
        for status in [400, 401] {
            assert!(matches!(of_user_info(&response(status, ""), "s"), Ok(None)), "{status}");
        }
        let firewall = response(403, "<html>");
        assert!(matches!(of_user_info(&firewall, "s"), Err(CallError::Status(StatusCode::FORBIDDEN))));
        assert!(matches!(of_user_info(&response(403, r#"{"error":"insufficient_scope"}"#), "s"), Ok(None)));
        let mut challenge = response(403, "");
        challenge.headers.insert(http::header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        assert!(matches!(of_user_info(&challenge, "s"), Ok(None)));
        for status in [204, 302, 404, 429, 500, 503] {
            assert!(of_user_info(&response(status, r#"{"error":"x"}"#), "s").is_err(), "{status}");
        }
    }

    #[test]
    fn get_user_lists_attributes() {
        let body =
            r#"{"Username":"jane","UserAttributes":[{"Name":"sub","Value":"s"},{"Name":"email","Value":"a\"b"}]}"#;
        assert_eq!(claim(of_get_user(&response(200, body), "s"), "email").as_deref(), Some("a\"b"));
        assert_eq!(claim(of_get_user(&response(200, body), "s"), "username").as_deref(), Some("jane"));
        for body in [
            "",
            "[]",
            "{}",
            r#"{"UserAttributes":[]}"#,
            r#"{"UserAttributes":[{"Name":"sub","Value":"other"}]}"#,
            r#"{"UserAttributes":[{"Name":"sub","Value":"s"},{"Name":"sub","Value":"s"}]}"#,
            r#"{"UserAttributes":{"sub":"s"}}"#,
            r#"{"UserAttributes":[["sub","s"]]}"#,
        ] {
            assert_eq!(of_get_user(&response(200, body), "s").err(), Some(CallError::Unreadable), "{body}");
        }
    }

    #[test]
    fn get_user_refuses_with_400_and_a_name() {
        for name in REFUSALS {
            for json in [format!(r#"{{"__type":"{name}"}}"#), format!(r#"{{"__type":"com.amazonaws#{name}"}}"#)] {
                assert!(matches!(of_get_user(&response(400, &json), "s"), Ok(None)), "{json}");
                assert!(of_get_user(&response(500, &json), "s").is_err(), "{json}");
            }
        }
        for body in [
            "",
            "{}",
            r#"{"__type":"InvalidParameterException"}"#,
            r#"{"__type":"TooManyRequestsException"}"#,
            r#"{"__type":"NotAuthorizedExceptions"}"#,
        ] {
            assert!(of_get_user(&response(400, body), "s").is_err(), "{body}");
        }
    }
}
