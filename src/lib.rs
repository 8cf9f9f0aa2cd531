//! An AWS Lambda authorizer for Amazon API Gateway: a Cognito JWT or a service's credentials in, an IAM policy with the
//! user id out.
//!
//! The way of one request, file by file:
//!
//! ```text
//!  event ─▶ Request ─▶ one credential ─▶ Principal ─▶ policy ─▶ Answer      Record ─▶ one log line
//!  event.rs            credential.rs        ▲         policy.rs answer.rs   record.rs
//!                                           │
//!              token.rs ── issuer.rs, jws.rs, keys.rs, user_info.rs       service.rs
//!                                     └────── lookup.rs ──────────────────────┘
//!                                               │
//!                                  http.rs, aws.rs: the upstreams
//! ```
//!
//! The pipeline is `authorizer.rs`, on one screen. [`Refusal`] has the reasons for which a request leaves it.
//!
//! # Floors
//!
//! Each file stands on a floor, and imports only from files below it in this list. A test checks that.
//!
//! ```text
//! the whole  authorizer settings
//! out        record rules answer policy iam context principal
//! verify     token service issuer user_info jws keys discovery
//! in         credential event arn
//! ground     trace aws lookup http sync check kind identity claims object clock error
//! ```
//!
//! # Embedding it
//!
//! The binary of this package is a Lambda function. For another one, a router or a test, this is all that it takes:
//! settings from a list of variables, an [`Authorizer`], an event, and a match on the [`Answer`]. The key set is configured
//! here, so nothing is fetched. `examples/embed` in the repository is a program of its own.
//!
//! | default feature | without it |
//! | --- | --- |
//! | `function` | Lambda's runtime is not compiled, and there is no binary |
//! | `rules` | Cedar is not compiled, and settings of access rules are a [`Mistake`] |
//! | `secrets-manager` | the AWS SDK is not compiled, and settings of service principals are a [`Mistake`] |
//!
//! The public items are the same with any features. Types of others in them are tokio's `Instant` and serde_json's
//! `RawValue`, both of version 1.
//!
//! ```
//! use smac_lambda_authorizer::{Answer, Authorizer, FunctionError, Invocation, Settings};
//!
//! # use smac_local::{keys::Key, token::Token};
//! # let key_set = Key::Primary.key_set().to_string();
//! # let token = Token::id().sign();
//! # let expired = Token::id().expired().sign();
//! let pool = "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY";
//! let variables = [
//!     ("SMAC__AUTH__PROVIDER".to_owned(), "COGNITO".to_owned()),
//!     (format!("{pool}__USERPOOL_ID"), "eu-west-1_DevPrimary".to_owned()),
//!     (format!("{pool}__APP_CLIENT_ID"), "1devprimaryclient".to_owned()),
//!     (format!("{pool}__JWKS"), key_set),
//! ];
//! // All mistakes are reported at once, by the variable's name.
//! let settings = Settings::from_variables(variables, |path| std::fs::read_to_string(path))?;
//! let authorizer = Authorizer::new(settings);
//!
//! let event = |token: &str| {
//!     let arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/pets/42";
//!     serde_json::json!({
//!         "type": "REQUEST",
//!         "methodArn": arn,
//!         "headers": { "Authorization": format!("Bearer {token}") },
//!     })
//!     .to_string()
//! };
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! // Fetches the key sets that are not configured; a failure is tried again when it matters. `Authorizer::start` does all
//! // of this at once, which is quicker where there are access rules.
//! authorizer.warm_up().await;
//!
//! let decision = authorizer.authorize(&event(&token), None).await;
//! assert_eq!(decision.outcome().name(), "allowed");
//! match decision.answer() {
//!     // The JSON for API Gateway: an Allow, or a Deny.
//!     Answer::Response(json) => assert!(json.get().contains(r#""userId":"jane@example.com""#)),
//!     Answer::Error(error) => panic!("{error}"),
//! }
//!
//! let decision = authorizer.authorize(&event(&expired), None).await;
//! assert_eq!(decision.outcome().reason(), Some("token_expired"));
//! assert!(matches!(decision.answer(), Answer::Error(FunctionError::Unauthorized)));
//! // One line of JSON for the log.
//! print!("{}", String::from_utf8_lossy(&decision.log_line(Invocation::new("a-request-id", None))));
//! # });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Feed it whole events, not parts of them: which header counts, and what is ambiguous, is part of the decision. Use one
//! [`Authorizer`] for all requests, since it remembers what it looks up. It sets nothing for the whole process: no
//! subscriber, no TLS provider, no panic hook. Why a lookup failed is a `tracing` event, which holds no credential.

#![cfg_attr(
    not(all(feature = "tools", feature = "rules")),
    allow(
        dead_code,
        unreachable_pub,
        reason = "some of it is used by this workspace's tools, or by access rules, alone"
    )
)]

// the whole
mod authorizer;
mod settings;
// out
mod answer;
mod context;
mod iam;
mod policy;
mod principal;
mod record;
#[cfg(feature = "rules")]
mod rules;
#[cfg(not(feature = "rules"))]
#[path = "rules/none.rs"]
mod rules;
// verify
mod discovery;
mod issuer;
mod jws;
mod keys;
mod service;
mod token;
mod user_info;
// in
mod arn;
mod credential;
mod event;
// ground
mod aws;
mod check;
mod claims;
mod clock;
mod error;
mod http;
mod identity;
mod kind;
mod lookup;
mod object;
mod sync;
mod trace;

#[cfg(feature = "tools")]
#[doc(hidden)]
pub mod tools;

pub use answer::{Answer, FunctionError};
pub use authorizer::{Authorizer, Decision};
pub use clock::Clock;
pub use error::{Fault, Forbidden, Refusal, Unauthorized};
pub use identity::PrincipalType;
pub use record::{Invocation, Outcome};
pub use settings::{Findings, Mistake, Mistakes, Settings, Warning};
