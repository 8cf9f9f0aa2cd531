//! Cross-origin requests of browsers: the preflight is answered without the authorizer, as HTTP APIs with a CORS
//! configuration and REST APIs with a mock OPTIONS method do.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    VARY,
};
use smac_local::http_server::{self, with_header};

use super::call::Call;

/// The answer to a preflight, if this call is one.
pub(super) fn preflight(call: &Call, origin: &str) -> Option<http_server::Answer> {
    let asked = call.header("access-control-request-method").next().filter(|_| call.method == "OPTIONS")?;
    call.header("origin").next()?;
    let headers: Vec<&str> = call.header("access-control-request-headers").collect();
    let answer = http_server::answer(204, "text/plain", "");
    let answer = with_header(answer, ACCESS_CONTROL_ALLOW_METHODS, asked);
    let answer = with_header(answer, ACCESS_CONTROL_ALLOW_HEADERS, &headers.join(","));
    Some(allowed(with_header(answer, ACCESS_CONTROL_MAX_AGE, "60"), origin))
}

/// The answer, for pages of this origin. Refusals too: otherwise a page could not tell a 401 from no network.
pub(super) fn allowed(answer: http_server::Answer, origin: &str) -> http_server::Answer {
    with_header(with_header(answer, ACCESS_CONTROL_ALLOW_ORIGIN, origin), VARY, "origin")
}
