//! The tests of the library and of the function: one program, a module for each theme.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that panics has failed"
)]
#![expect(unreachable_pub, reason = "what the modules share is for nobody outside of the program")]

mod abuse;
mod ahead;
mod algorithms;
mod answers;
mod attacks;
mod carriers;
mod connections;
mod discovery;
mod events;
mod issuers;
mod key_sets;
mod laws;
mod lines;
mod oidc;
mod process;
mod published_cases;
mod requests;
mod rules;
mod secrecy;
mod services;
mod structure;
mod support;
mod template;
mod tls;
mod tokens;
mod upstreams;
mod wycheproof;
