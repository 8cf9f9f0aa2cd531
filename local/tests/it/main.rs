//! The tests of `cargo local`: one program, a module for each command, and the documents.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that panics has failed")]
#![expect(unreachable_pub, reason = "what the modules share is for nobody outside of the program")]

mod check;
mod cli;
mod docs;
mod explain;
mod function_config;
mod rules;
mod sam;
mod serve;
mod settings;
mod support;
mod token;
