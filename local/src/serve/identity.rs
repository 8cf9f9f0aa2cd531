//! Identity sources: what every request must have, and what the cache key is made of. In AWS's own spellings, and in
//! short ones.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use std::str::FromStr;

use serde_json::Value;

use super::call::{Api, Call};

const ALLOWED: &str = "\
must be a header's NAME, query:NAME, or one of
  REST       method.request.header.NAME, method.request.querystring.NAME, context.NAME, stageVariables.NAME
  HTTP       $request.header.NAME, $request.querystring.NAME, $context.NAME, $stageVariables.NAME
  WebSocket  route.request.header.NAME, route.request.querystring.NAME, context.NAME, stageVariables.NAME";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IdentitySource {
    /// As it was given.
    pub(super) text: String,
    place: Place,
    name: String,
    kinds: Kinds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Header,
    Query,
    Context,
    StageVariable,
}

/// Which kinds of APIs spell it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kinds {
    All,
    Rest,
    Http,
    WebSocket,
    RestAndWebSocket,
}

const SPELLINGS: [(&str, Place, Kinds); 12] = [
    ("method.request.header.", Place::Header, Kinds::Rest),
    ("method.request.querystring.", Place::Query, Kinds::Rest),
    ("route.request.header.", Place::Header, Kinds::WebSocket),
    ("route.request.querystring.", Place::Query, Kinds::WebSocket),
    ("$request.header.", Place::Header, Kinds::Http),
    ("$request.querystring.", Place::Query, Kinds::Http),
    ("$context.", Place::Context, Kinds::Http),
    ("$stageVariables.", Place::StageVariable, Kinds::Http),
    ("context.", Place::Context, Kinds::RestAndWebSocket),
    ("stageVariables.", Place::StageVariable, Kinds::RestAndWebSocket),
    ("header:", Place::Header, Kinds::All),
    ("query:", Place::Query, Kinds::All),
];

impl FromStr for IdentitySource {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let spelled =
            SPELLINGS.iter().find_map(|(start, place, kinds)| Some((text.strip_prefix(start)?, *place, *kinds)));
        let (name, place, kinds) = spelled.unwrap_or((text, Place::Header, Kinds::All));
        let is_part = |c: char| {
            c.is_ascii_alphanumeric()
                || "-_".contains(c)
                || (matches!(place, Place::Context | Place::Query) && c == '.')
        };
        if name.is_empty() || !name.chars().all(is_part) {
            return Err(ALLOWED);
        }
        Ok(Self { text: text.to_owned(), place, name: name.to_owned(), kinds })
    }
}

impl IdentitySource {
    /// The header of a TOKEN authorizer, where none is given.
    pub(super) fn authorization() -> Self {
        let name = "Authorization".to_owned();
        Self { text: name.clone(), place: Place::Header, name, kinds: Kinds::All }
    }

    /// Why this kind of API can't have it, if it can't.
    pub(super) fn problem(&self, api: Api) -> Option<String> {
        let fits = match self.kinds {
            Kinds::All => true,
            Kinds::Rest => matches!(api, Api::Rest | Api::RestToken),
            Kinds::Http => api.is_http(),
            Kinds::WebSocket => api == Api::WebSocket,
            Kinds::RestAndWebSocket => !api.is_http(),
        };
        if !fits {
            return Some(format!(
                "--identity-source {}: is not how a {} spells it; it {ALLOWED}",
                self.text,
                api.title()
            ));
        }
        let is_header = api != Api::RestToken || self.place == Place::Header;
        (!is_header).then(|| format!("--identity-source {}: a TOKEN authorizer's is one header", self.text))
    }

    /// Its value in a call, if it is there and not empty.
    pub(super) fn value(
        &self,
        call: &Call,
        api: Api,
        context: &Value,
        variables: &[(String, String)],
    ) -> Option<String> {
        let values: Vec<String> = match self.place {
            Place::Header => call.header(&self.name).map(str::to_owned).collect(),
            Place::Query => {
                call.parameters().into_iter().filter(|(name, _)| *name == self.name).map(|(_, value)| value).collect()
            }
            Place::Context => of_context(context, &self.name).into_iter().collect(),
            Place::StageVariable => {
                variables.iter().filter(|(name, _)| *name == self.name).map(|(_, value)| value.clone()).collect()
            }
        };
        let value = if api.is_http() { values.join(",") } else { values.last().cloned().unwrap_or_default() };
        (!value.is_empty()).then_some(value)
    }
}

/// A variable of the context. HTTP APIs' events have some of these elsewhere than their name says.
fn of_context(context: &Value, name: &str) -> Option<String> {
    let pointer = format!("/{}", name.replace('.', "/"));
    let elsewhere = match name {
        "identity.sourceIp" => "/http/sourceIp",
        "identity.userAgent" => "/http/userAgent",
        "httpMethod" => "/http/method",
        "path" => "/http/path",
        _ => "",
    };
    [pointer.as_str(), elsewhere]
        .into_iter()
        .filter(|at| !at.is_empty())
        .find_map(|at| context.pointer(at)?.as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::super::event::context;
    use super::*;

    fn value(text: &str, api: Api) -> Option<String> {
        let (call, source) = (Call::example(), text.parse::<IdentitySource>().unwrap());
        source.value(&call, api, &context(&call, api, 1), &[("tenant".to_owned(), "t".to_owned())])
    }

    #[test]
    fn each_spelling_names_the_same_thing() {
        for (text, api, expected) in [
            ("A", Api::Rest, Some("2")),
            ("A", Api::HttpV2, Some("1,2")),
            ("header:A", Api::Rest, Some("2")),
            ("method.request.header.A", Api::Rest, Some("2")),
            ("route.request.header.a", Api::WebSocket, Some("2")),
            ("$request.header.a", Api::HttpV1, Some("1,2")),
            ("query:q", Api::WebSocket, Some("c")),
            ("query:a", Api::Rest, None),
            ("method.request.querystring.q", Api::Rest, Some("c")),
            ("route.request.querystring.q", Api::WebSocket, Some("c")),
            ("$request.querystring.q", Api::HttpV2, Some("a b,c")),
            ("context.identity.sourceIp", Api::Rest, Some("127.0.0.1")),
            ("$context.identity.sourceIp", Api::HttpV2, Some("127.0.0.1")),
            ("$context.routeKey", Api::HttpV2, Some("ANY /{proxy+}")),
            ("context.resourcePath", Api::Rest, Some("/{proxy+}")),
            ("stageVariables.tenant", Api::Rest, Some("t")),
            ("$stageVariables.other", Api::HttpV2, None),
        ] {
            assert_eq!(value(text, api).as_deref(), expected, "{text}");
            assert_eq!(text.parse::<IdentitySource>().unwrap().problem(api), None, "{text}");
        }
    }

    #[test]
    fn what_can_not_be_one_is_refused_with_what_can() {
        for text in
            ["", "query:", "cookie:a", "a b", "method.request.body.x", "$request.path.id", "request.header.A", "$a"]
        {
            assert_eq!(text.parse::<IdentitySource>(), Err(ALLOWED), "{text}");
        }
        for (text, api) in [
            ("method.request.header.A", Api::HttpV2),
            ("$request.header.A", Api::Rest),
            ("route.request.header.A", Api::Rest),
            ("context.path", Api::HttpV1),
            ("query:token", Api::RestToken),
        ] {
            assert!(text.parse::<IdentitySource>().unwrap().problem(api).is_some(), "{text}");
        }
    }
}
