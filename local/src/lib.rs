//! For local runs and tests of `smac-lambda-authorizer`, with no AWS account: stand-ins for Cognito and Secrets
//! Manager over real sockets, tokens like Cognito's, and events to send.
//!
//! Nothing of this reaches the deployed function.

pub mod checks;
pub mod deployment;
pub mod env_file;
pub mod event;
pub mod keys;
pub mod stand_ins;
pub mod template;
pub mod token;
