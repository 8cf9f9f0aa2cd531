//! What somebody would try in order to pass for somebody else: each event, and the reason for which it is refused.

mod algorithms;
mod claims;
mod form;
mod headers;
mod requests;

use serde_json::Value;
use smac_local::keys::Key;
use smac_local::token::Token;

use crate::support::bearer;

/// An attempt.
pub struct Attack {
    pub name: String,
    pub event: Value,
    pub reason: &'static str,
}

fn attack(name: impl Into<String>, event: Value, reason: &'static str) -> Attack {
    Attack { name: name.into(), event, reason }
}

fn with_token(name: impl Into<String>, token: &str, reason: &'static str) -> Attack {
    attack(name, bearer(token), reason)
}

/// All of them; the development deployment refuses each.
pub fn corpus() -> Vec<Attack> {
    let parts = [
        algorithms::all(),
        headers::all(),
        form::all(),
        claims::all(),
        claims::of_other_pools(),
        requests::pairs(),
        requests::ambiguous(),
    ];
    parts.into_iter().flatten().collect()
}

fn segments(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().unwrap()
}

/// The header and the claims of a token, unsigned.
fn message(token: &Token) -> String {
    token.sign().rsplit_once('.').unwrap().0.to_owned()
}

fn header_json() -> String {
    format!(r#"{{"alg":"RS256","kid":"{}"}}"#, Key::Primary.kid())
}
