//! Which kind of API asks, with which kind of authorizer.

/// The kind of event, detected by API Gateway's fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A REST API's TOKEN authorizer.
    RestToken,
    /// A REST API's REQUEST authorizer.
    RestRequest,
    /// An HTTP API's authorizer, payload format 1.0.
    HttpV1,
    /// An HTTP API's authorizer, payload format 2.0.
    HttpV2,
    /// A WebSocket API's REQUEST authorizer.
    WebSocket,
}

impl Kind {
    /// The name in the log line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RestToken => "rest-token",
            Self::RestRequest => "rest-request",
            Self::HttpV1 => "http-v1",
            Self::HttpV2 => "http-v2",
            Self::WebSocket => "websocket",
        }
    }
}
