//! Without Cedar nothing parses policies, and to name some is a mistake.

use std::convert::Infallible;

use super::aws::Aws;
use super::declared::RULES_POLICIES;
use super::named_files::NamedFiles;
use super::problems::{Mistakes, Warning};
use super::variables::Variables;
use crate::rules;

/// There are none.
pub(crate) struct Unparsed(Infallible);

impl Unparsed {
    pub(super) fn read(variables: &mut Variables, _: &Aws<'_>, _: NamedFiles) -> Option<Self> {
        variables.mistake(&RULES_POLICIES, "cannot be used: this build has no access rules");
        None
    }

    /// Never called.
    pub(crate) fn parse(self) -> Result<(rules::Config, Vec<Warning>), Mistakes> {
        match self.0 {}
    }
}
