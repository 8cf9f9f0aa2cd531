//! An AWS Lambda authorizer for Amazon API Gateway: a Cognito JWT or a service's credentials in, an IAM policy
//! with the user id out.
//!
//! The way of one request, file by file:
//!
//! ```text
//!  event ─▶ Request ─▶ Credential ─▶ Principal ─▶ Permission ─▶ Answer      Record ─▶ one log line
//!  event.rs  arn.rs    credential.rs     ▲        policy.rs     answer.rs    telemetry.rs
//!                                        │
//!                 token.rs ── keys.rs, user_info.rs        service.rs
//!                                  └────── lookup.rs ──────────┘
//!                                            │
//!                               http.rs, aws.rs: the upstreams
//! ```
//!
//! [`authorizer`] is that way on one screen. [`error`] has the reasons for which a request leaves it.

// in
pub mod arn;
pub mod credential;
pub mod event;
// verify
pub mod keys;
pub mod lookup;
pub mod principal;
pub mod service;
pub mod token;
pub mod user_info;
// decide, out
pub mod answer;
pub mod error;
pub mod policy;
pub mod telemetry;
// the whole
pub mod authorizer;
pub mod settings;
// for the fuzz targets alone
#[cfg(fuzzing)]
pub mod fuzzing;
// edges
pub mod aws;
pub mod http;

pub use authorizer::{Authorizer, Decided};
pub use settings::Settings;
