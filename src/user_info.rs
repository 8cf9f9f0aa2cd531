//! The claims that an access token does not carry, from Cognito's userInfo endpoint.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/userinfo-endpoint.html>

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use url::Url;

use crate::error::{Fault, Refusal, Unauthorized};
use crate::http::{Get, HttpClient, Response};
use crate::lookup::{Allowance, Callers, Clock, Failed, Found, Limits, Lookup, Periods, Rules};
use crate::settings::Cache;
use crate::telemetry::{Trace, Upstream};
use crate::token::{Claims, unix_time};

/// What userInfo says about the user of a token.
#[derive(Debug, PartialEq, Eq)]
pub struct UserInfo {
    /// The claim that holds the user id.
    pub user_id: Option<String>,
    /// Whether it says that the e-mail is not verified.
    pub is_email_unverified: bool,
}

impl UserInfo {
    /// Reads an answer, if it is about the token's own subject (OpenID Connect Core 1.0, section 5.3.2);
    /// `user_id` names the claim that holds the user id.
    #[must_use]
    pub fn parse(body: &[u8], subject: &str, user_id: &str) -> Option<Self> {
        let claims = Claims::parse(body)?;
        if claims.text("sub")? != subject {
            return None;
        }
        let user_id = claims.text(user_id).filter(|id| !id.is_empty()).map(|id| id.into_owned());
        Some(Self { user_id, is_email_unverified: claims.is_email_unverified() })
    }
}

/// Who is asked about, and with which token. The signature of the token has held.
#[derive(Clone, Copy)]
pub struct Inquiry<'a> {
    /// The endpoint of the pool that issued the token.
    pub url: &'a Url,
    /// The token.
    pub token: &'a str,
    /// The token's `sub`, which the answer must name, too.
    pub subject: &'a str,
    /// The token's `exp`: the answer is not used any longer.
    pub expires_at: u64,
}

/// Cognito's userInfo, remembered by the hash of the token.
#[derive(Debug)]
pub struct UserInfos {
    lookup: Lookup<[u8; 32], Arc<UserInfo>>,
    rules: Rules,
    /// A user can have any number of tokens, each of them good.
    callers: Callers,
    http: Arc<HttpClient>,
    user_id: String,
}

impl UserInfos {
    /// `user_id` names the claim that holds the user id.
    #[must_use]
    pub fn new(cache: Cache, user_id: String, clock: &Clock, http: Arc<HttpClient>) -> Self {
        let periods = Periods { fresh: cache.ttl, stale: cache.ttl + cache.stale, negative: cache.negative_ttl };
        let rules = Rules {
            periods,
            clock: clock.clone(),
            unavailable: Fault::UserInfoUnavailable,
            allowance: Some(Arc::new(Allowance::of_vain_look_ups())),
        };
        let callers = Callers::new(cache.capacity);
        Self { lookup: Lookup::new(cache.capacity), rules, callers, http, user_id }
    }

    /// What userInfo says.
    ///
    /// # Errors
    /// [`Unauthorized::TokenRevoked`] if it refuses the token, [`Fault::UserInfoUnavailable`] if it gives no
    /// usable answer.
    pub async fn ask(&self, inquiry: Inquiry<'_>, trace: &Trace) -> Result<Arc<UserInfo>, Refusal> {
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, inquiry.token.as_bytes()).as_ref());
        let limits = Limits { deadline: trace.deadline(), ends: unix_time(inquiry.expires_at) };
        let slot = self.lookup.slot(&key);
        let answer = slot.get(&self.rules, limits, || self.fetch(inquiry, trace)).await;
        trace.upstream(Upstream::UserInfo).came_from(answer.source);
        answer.found?.ok_or(Unauthorized::TokenRevoked.into())
    }

    async fn fetch(&self, inquiry: Inquiry<'_>, trace: &Trace) -> Found<Arc<UserInfo>> {
        if !self.callers.take(inquiry.subject, self.rules.clock.now()) {
            tracing::warn!(url = %inquiry.url, "userInfo is asked too often about one user");
            return Err(Failed::not_asked(Fault::UserInfoUnavailable));
        }
        let budget = self.http.budget(trace.deadline());
        let response = self.http.get(Get { url: inquiry.url, bearer: Some(inquiry.token) }, &budget).await;
        let found = match response {
            Ok(response) => self.read(&response, inquiry.subject),
            Err(error) => Err(error.to_string()),
        };
        trace.upstream(Upstream::UserInfo).count(&budget, found.is_err());
        found.map(|info| info.map(Arc::new)).map_err(|error| {
            tracing::warn!(url = %inquiry.url, error, "userInfo look-up failed");
            Failed::passing(Fault::UserInfoUnavailable)
        })
    }

    /// An answer, or the definite "no" of the endpoint itself; a firewall's 403 before it is no such thing.
    fn read(&self, response: &Response, subject: &str) -> Result<Option<UserInfo>, String> {
        match response.status.as_u16() {
            200 => UserInfo::parse(&response.body, subject, &self.user_id)
                .map(Some)
                .ok_or_else(|| "unreadable answer".to_owned()),
            400 | 401 => Ok(None),
            403 if is_oauth_error(response) => Ok(None),
            status => Err(format!("status {status}")),
        }
    }
}

/// An error of the endpoint itself: RFC 6750, section 3.
fn is_oauth_error(response: &Response) -> bool {
    response.headers.contains_key(http::header::WWW_AUTHENTICATE)
        || Claims::parse(&response.body).is_some_and(|body| body.text("error").is_some())
}
