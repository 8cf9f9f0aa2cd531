//! Without Cedar there are no access rules, and no configuration of them can be made.

use std::convert::Infallible;

use crate::answer::Form;
use crate::error::Refusal;
use crate::event::Request;
use crate::policy::{Coverage, Scope};
use crate::principal::Principal;
use crate::trace::Trace;

/// There is none.
#[derive(Clone, Debug)]
pub struct Config(Infallible);

/// There are none.
#[derive(Debug)]
pub(crate) struct Rules(Infallible);

impl Rules {
    /// Never called, since no [`Config`] can be made.
    pub(crate) fn new(config: Config) -> Self {
        Self(config.0)
    }

    /// Never called.
    pub(crate) fn prepare(&self) {
        match self.0 {}
    }

    /// Never called.
    pub(crate) fn coverage(
        &self,
        _: &Request<'_>,
        _: &Principal,
        _: Form,
        _: Scope,
        _: &mut Trace,
    ) -> Result<Coverage, Refusal> {
        match self.0 {}
    }
}
