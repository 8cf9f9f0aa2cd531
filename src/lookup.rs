//! The one way in which key sets, user attributes and secrets are looked up and remembered.
//!
//! A [`Slot`] is one thing that can be looked up. It is *fresh* for a while; then it is looked up again, in line, by
//! whoever needs it first, and everybody else waits for that lookup. While lookups fail for a transient reason, the old
//! value serves a while longer, and each wait for the next try is longer than the last. A negative answer is an answer
//! too, and is never overruled by an old positive one. A [`Lookup`] holds slots by key.
//!
//! Ages are differences of the wall clock, since the function is frozen between calls and a monotonic clock may stand
//! still meanwhile. What is dated in the future, because the clock was set back, is stale and never becomes fresh again.

mod answer;
mod call;
mod limit;
mod slot;
mod state;
mod store;
#[cfg(test)]
mod tests;

pub use answer::{Answer, Config, Found, Limits, LookupError, Periods, Rules, Source};
pub(crate) use call::{CallError, body};
#[cfg(feature = "tools")]
pub use limit::Allowance;
pub use limit::Limit;
pub use slot::Slot;
pub use store::{Callers, Lookup};
