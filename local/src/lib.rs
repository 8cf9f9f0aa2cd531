//! For local runs and tests of `smac-lambda-authorizer`, with no AWS account: stand-ins for Cognito, Secrets Manager
//! and the Runtime API over real sockets, tokens like Cognito's, and events to send.
//!
//! Nothing of this reaches the deployed function.

#![expect(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "for this workspace: a name that says it all needs no words"
)]

use std::sync::{Mutex, MutexGuard, PoisonError};

pub mod advice;
pub mod command;
pub mod deployment;
pub mod env_file;
pub mod event;
pub mod http_server;
pub mod keys;
pub mod openapi;
pub mod progress;
pub mod runtime_api;
pub mod stand_ins;
pub mod template;
pub mod token;

/// What a mutex guards, also after a panic of another thread.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
