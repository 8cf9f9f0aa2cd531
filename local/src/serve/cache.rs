//! The gateway's cache of authorizer answers, with what makes it understandable: whose entry it is, and until when.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::Value;

/// So many cached answers at most; then they are all forgotten.
const CAPACITY: usize = 1000;

/// The kind of API, and the values of the identity sources.
pub(super) type Key = (&'static str, Vec<String>);

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) answer: Value,
    /// The request that it was made for.
    pub(super) made_for: String,
    end: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Cache(HashMap<Key, Entry>);

impl Cache {
    pub(super) fn get(&self, key: &Key) -> Option<&Entry> {
        self.0.get(key).filter(|entry| !entry.left().is_zero())
    }

    pub(super) fn insert(&mut self, key: Key, answer: Value, made_for: String, ttl: Duration) {
        if self.0.len() >= CAPACITY {
            self.0.clear();
        }
        self.0.insert(key, Entry { answer, made_for, end: Instant::now() + ttl });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Entry {
    pub(super) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// The principal that the answer is about.
    pub(super) fn whose(&self) -> Option<&str> {
        let id = self.answer.get("principalId").or_else(|| self.answer.pointer("/context/userId"));
        id.and_then(Value::as_str)
    }
}
