//! What there is something to say about.

use crate::principal::Mode;
use crate::{context, lookup, policy, record, service, token};

/// Attributes that users can write, and that are verified where verification is required.
pub(super) const VERIFIED_ATTRIBUTES: [&str; 2] = ["email", "phone_number"];

/// The settings that are read, as far as there is something to say about them.
pub(crate) struct About<'a> {
    pub(crate) tokens: Option<&'a token::Config>,
    pub(crate) services: Option<&'a service::Config>,
    pub(crate) mode: Mode,
    pub(crate) policy: policy::Config,
    pub(crate) context: &'a context::Config,
    pub(crate) lookup: lookup::Config,
    pub(crate) record: &'a record::Config,
}
