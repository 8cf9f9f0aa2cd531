//! The latest requests, for the page: what the terminal says about each. No credential is kept.

use std::collections::VecDeque;

use serde_json::{Value, json};
use smac_local::token::now;

use super::call::Call;
use super::gateway::{Handled, describe, logged};

/// So many are kept.
const CAPACITY: usize = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Client,
    Page,
}

#[derive(Debug, Default)]
pub(super) struct Recent {
    rows: VecDeque<Value>,
    count: u64,
}

impl Recent {
    pub(super) fn add(&mut self, call: &Call, status: u16, handled: &Handled, sender: Sender) {
        self.count += 1;
        let line = handled.decided.as_ref().map(|decided| logged(&decided.decision)).unwrap_or_default();
        self.rows.push_front(json!({
            "number": self.count,
            "time": now(),
            "method": call.method,
            "path": call.path,
            "status": status,
            "what": describe(handled),
            "micros": line.get("DecisionTime"),
            "isHit": handled.cached.as_ref().is_some_and(|cached| cached.is_hit),
            "from": if sender == Sender::Page { "page" } else { "client" },
        }));
        self.rows.truncate(CAPACITY);
    }

    pub(super) fn rows(&self) -> Value {
        self.rows.iter().cloned().collect()
    }
}
