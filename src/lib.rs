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
//!
//! # Embedding it
//!
//! The binary of this package is a Lambda function. For another one, a router or a test, this is all that it takes:
//! settings from a list of variables, an [`Authorizer`], an event, and a match on the [`Answer`](answer::Answer). The key
//! set is configured here, so nothing is fetched.
//!
//! ```
//! use smac_lambda_authorizer::answer::{Answer, FunctionError};
//! use smac_lambda_authorizer::http::HttpClient;
//! use smac_lambda_authorizer::lookup::Clock;
//! use smac_lambda_authorizer::{Authorizer, Settings};
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
//! // Every mistake there is comes at once, by the variable's name.
//! let settings = Settings::from_variables(variables, |path| std::fs::read_to_string(path))?;
//! let http = HttpClient::new(settings.upstream_timeout, settings.roots.clone());
//! let authorizer = Authorizer::new(settings, http, Clock::system());
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
//! // Fetches the key sets that are not configured; a failure is tried again when it matters.
//! authorizer.warm_up().await;
//!
//! let decided = authorizer.authorize(&event(&token), None).await;
//! match decided.answer {
//!     // The JSON for API Gateway: an Allow, or a Deny.
//!     Answer::Response(json) => assert!(json.get().contains(r#""userId":"jane@example.com""#)),
//!     Answer::Error(error) => panic!("{error}"),
//! }
//! // Whether it is an Allow is in the record, and so is the reason if it is none.
//! assert_eq!(decided.record.outcome.name(), "allowed");
//!
//! let decided = authorizer.authorize(&event(&expired), None).await;
//! assert!(matches!(decided.answer, Answer::Error(FunctionError::Unauthorized)));
//! assert_eq!(decided.record.outcome.reason(), Some("token_expired"));
//! // One line of JSON for the log.
//! print!("{}", String::from_utf8_lossy(&decided.record.line("a-request-id")));
//! # });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Feed it events and not parts of them: which header counts, and what is ambiguous, is part of the decision. Give it one
//! [`Authorizer`] for all requests, since what is looked up is remembered in it.

// in
pub mod arn;
pub mod credential;
pub mod event;
mod object;
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
