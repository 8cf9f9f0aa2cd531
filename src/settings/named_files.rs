//! The files of access rules, as variables name them.

use crate::policy::Scope;

/// The files of the rules, and how they are used.
#[cfg_attr(not(feature = "rules"), expect(dead_code, reason = "there is nobody to read it"))]
pub(super) struct NamedFiles {
    pub(super) policies: String,
    pub(super) routes: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) is_enforced: bool,
    pub(super) scope: Scope,
}
