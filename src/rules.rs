//! Access rules: who may call which route, in Cedar, decided in the process.
//!
//! <https://docs.cedarpolicy.com>

mod compile;
mod config;
mod decision;
#[cfg(feature = "tools")]
mod each;
mod entities;
mod judge;
mod looks;
mod names;
mod openapi;
mod policies;
mod question;
mod route;
mod routes;
mod schema;
#[cfg(feature = "tools")]
mod supposed;
#[cfg(feature = "tools")]
mod survey;
mod template;
mod values;

pub use config::{Config, Mode};
pub use judge::Rules;
pub(crate) use names::Names;
pub(crate) use policies::{Policies, PolicyError};
pub(crate) use routes::Routes;
#[cfg(feature = "tools")]
pub use {
    supposed::{Supposed, Supposition, Who},
    template::Precedence,
};
