//! The tests of `cargo local`: one program, a module for each command, and the documents.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that panics has failed"
)]
#![allow(unreachable_pub, reason = "what the modules share is for nobody outside of the program")]

mod check;
mod docs;
mod explain;
mod serve;
mod support;
