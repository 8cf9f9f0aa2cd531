//! The library's lookups, as they are, file by file.

#[path = "../../../../src/lookup/answer.rs"]
pub mod answer;
#[path = "../../../../src/lookup/limit.rs"]
pub mod limit;
#[path = "../../../../src/lookup/slot.rs"]
pub mod slot;
#[path = "../../../../src/lookup/state.rs"]
mod state;
#[path = "../../../../src/lookup/store.rs"]
pub mod store;
