//! Access rules: who may call which route, in Cedar, decided in the process.
//!
//! <https://docs.cedarpolicy.com>

mod compile;
mod config;
mod decision;
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
mod supposed;
mod template;
mod values;

pub use config::{Config, Mode};
pub use judge::Rules;
pub(crate) use names::Names;
pub(crate) use policies::{Policies, PolicyError};
pub(crate) use routes::Routes;
#[cfg(feature = "tools")]
pub use {
    supposed::{Applied, Supposed, Supposition, Who},
    template::Precedence,
};
