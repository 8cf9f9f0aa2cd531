//! The attributes that an access token lacks: Cognito's userInfo endpoint and its `GetUser`.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/userinfo-endpoint.html>,
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUser.html>

mod answer;

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use url::Url;

use crate::claims::Claims;
use crate::clock::{Clock, unix_time};
use crate::error::{Fault, Refusal, Unauthorized};
use crate::http::{Budget, Get, HttpClient, HttpError, Response, shown};
use crate::lookup::{CallError, Callers, Config, Found, Limits, Lookup};
use crate::trace::{Trace, Upstream};

/// What names the operation of a JSON call of AWS.
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const GET_USER: HeaderValue = HeaderValue::from_static("AWSCognitoIdentityProviderService.GetUser");
const AMZ_JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");

/// Who is asked about the user of a token.
#[derive(Clone, Copy)]
pub(crate) enum Endpoint<'a> {
    /// OpenID Connect Core 1.0, section 5.3.
    UserInfo(&'a Url),
    /// Cognito's `GetUser`, which needs no signature.
    GetUser(&'a Url),
}

/// A question about the user of a token. The signature of the token was valid.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    /// Who is asked.
    pub(crate) endpoint: Endpoint<'a>,
    /// The token's issuer: a subject is unique within it alone.
    pub(crate) issuer: &'a str,
    /// The token.
    pub(crate) token: &'a str,
    /// The token's `sub`, which the answer must name too.
    pub(crate) subject: &'a str,
    /// When the token ends, in seconds since 1970: the answer is not used any longer.
    pub(crate) ends_at: u64,
}

/// What the endpoints say about users, remembered by the hash of the token.
#[derive(Debug)]
pub(crate) struct UserInfo {
    lookup: Lookup<[u8; 32], Arc<Claims>>,
    /// A user can have any number of tokens, each of them valid.
    callers: Callers,
    clock: Clock,
    http: Arc<HttpClient>,
}

impl UserInfo {
    /// Nothing is known of anybody yet.
    #[must_use]
    pub(crate) fn new(config: &Config, clock: &Clock, http: Arc<HttpClient>) -> Self {
        Self {
            lookup: Lookup::new(config, clock.clone(), Fault::UserInfoUnavailable),
            callers: Callers::new(config),
            clock: clock.clone(),
            http,
        }
    }

    /// The user's attributes.
    ///
    /// # Errors
    /// [`Unauthorized::TokenRevoked`] if the token is refused, [`Fault::UserInfoUnavailable`] if there is no usable
    /// answer.
    pub(crate) async fn ask(&self, question: Question<'_>, trace: &mut Trace) -> Result<Arc<Claims>, Refusal> {
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, question.token.as_bytes()).as_ref());
        let caller = format!("{}\n{}", question.issuer, question.subject);
        let limits = Limits { deadline: trace.deadline(), ends: unix_time(question.ends_at) };
        let is_known = self.callers.is_known(&caller);
        let answer = self.lookup.get(&key, limits, is_known, || self.fetch(question, &caller, trace)).await;
        trace.came_from(Upstream::UserInfo, answer.source);
        answer.found?.ok_or(Unauthorized::TokenRevoked.into())
    }

    async fn fetch(&self, question: Question<'_>, caller: &str, trace: &mut Trace) -> Found<Arc<Claims>> {
        let budget = self.http.budget(trace.deadline());
        let found = self.call(question, caller, &budget).await;
        trace.count(Upstream::UserInfo, &budget, found.is_err());
        let (Endpoint::UserInfo(url) | Endpoint::GetUser(url)) = question.endpoint;
        match found {
            Ok(Some(attributes)) => {
                self.callers.found(caller);
                Ok(Some(Arc::new(attributes)))
            }
            Ok(None) => Ok(None),
            Err(error) => {
                tracing::warn!(url = shown(url), %error, "userInfo lookup failed");
                Err(error.as_lookup_error(Fault::UserInfoUnavailable))
            }
        }
    }

    async fn call(&self, question: Question<'_>, caller: &str, budget: &Budget) -> Result<Option<Claims>, CallError> {
        if !self.callers.take(caller, self.clock.now()) {
            return Err(CallError::TooMany);
        }
        match question.endpoint {
            Endpoint::UserInfo(url) => {
                let response = self.http.get(Get { url, bearer: Some(question.token) }, budget).await?;
                answer::of_user_info(&response, question.subject)
            }
            Endpoint::GetUser(url) => {
                let response = self.http.send(get_user(url, question.token)?, budget).await?;
                answer::of_get_user(&response, question.subject)
            }
        }
    }
}

fn get_user(url: &Url, token: &str) -> Result<http::Request<Bytes>, HttpError> {
    // A token is base64url and dots: nothing in it needs an escape.
    let body = Bytes::from(format!("{{\"AccessToken\":\"{token}\"}}"));
    http::Request::post(url.as_str())
        .header(TARGET, GET_USER)
        .header(CONTENT_TYPE, AMZ_JSON)
        .body(body)
        .map_err(|_| HttpError::Unsendable)
}

/// Reads a response for the fuzz targets and tests: see [`answer`].
pub(crate) fn read(response: &Response, subject: &str, is_get_user: bool) -> Result<Option<Claims>, CallError> {
    if is_get_user { answer::of_get_user(response, subject) } else { answer::of_user_info(response, subject) }
}
