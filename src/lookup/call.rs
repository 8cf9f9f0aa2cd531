//! A call of an upstream that brought nothing usable.

use std::fmt;

use bytes::Bytes;
use http::StatusCode;

use super::answer::LookupError;
use crate::error::Fault;
use crate::http::{HttpError, Response};

/// Why a call brought nothing usable. Holds nothing of the request or the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallError {
    /// There was no whole answer.
    Http(HttpError),
    /// The answer has a status that means neither yes nor no.
    Status(StatusCode),
    /// The answer cannot be read.
    Unreadable,
    /// A limit forbids the call.
    TooMany,
}

impl CallError {
    /// What a lookup makes of it: unreadable answers and odd statuses are worth another try.
    #[must_use]
    pub(crate) const fn as_lookup_error(self, fault: Fault) -> LookupError {
        match self {
            Self::Http(HttpError::CutShort) => LookupError::CutShort(fault),
            Self::TooMany => LookupError::NotAsked(fault),
            Self::Http(HttpError::Connection | HttpError::TimedOut | HttpError::TooLarge | HttpError::Unsendable)
            | Self::Status(_)
            | Self::Unreadable => LookupError::Transient(fault),
        }
    }
}

/// The body of a response that has succeeded.
///
/// # Errors
/// [`CallError`] if there is no response, or one whose status is another one.
pub(crate) fn body(response: Result<Response, HttpError>) -> Result<Bytes, CallError> {
    let response = response?;
    if response.status.is_success() { Ok(response.body) } else { Err(CallError::Status(response.status)) }
}

impl From<HttpError> for CallError {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(error) => error.fmt(f),
            Self::Status(status) => write!(f, "status {}", status.as_u16()),
            Self::Unreadable => f.write_str("unreadable answer"),
            Self::TooMany => f.write_str("too many lookups for one user"),
        }
    }
}

impl std::error::Error for CallError {}
