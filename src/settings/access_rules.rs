//! Access rules: their files become policies and routes, with every mistake in them. That takes longer than all else in the
//! settings, so the files are read with the settings, and parsed apart from them.

use super::aws::Aws;
use super::declared::{OIDC_ISSUER, RULES_MODE, RULES_NAMESPACE, RULES_POLICIES, RULES_ROUTES};
use super::named_files::NamedFiles;
use super::unparsed::Unparsed;
use super::variables::Variables;
use crate::issuer;
use crate::policy::Scope;

pub(super) fn read(variables: &mut Variables, aws: &Aws<'_>, scope: Scope) -> Option<Unparsed> {
    let policies = variables.optional(&RULES_POLICIES);
    let routes = variables.optional(&RULES_ROUTES);
    let namespace = variables.optional(&RULES_NAMESPACE);
    let is_enforced = variables.either(&RULES_MODE, [("ENFORCE", true), ("LOG", false)]);
    let Some(policies) = policies else {
        for setting in [&RULES_ROUTES, &RULES_NAMESPACE] {
            if variables.optional(setting).is_some() {
                variables.warn(setting, "has no effect: RULES__POLICIES is not set, so there are no access rules");
            }
        }
        return None;
    };
    if !is_enforced {
        variables.warn(&RULES_MODE, "the access rules refuse nothing: they are evaluated and logged alone");
    }
    Unparsed::read(variables, aws, NamedFiles { policies, routes, namespace, is_enforced, scope })
}

/// A user is named by the issuer and the subject with `|` between them, so an issuer's name must have none.
pub(super) fn check_issuers(variables: &mut Variables, issuers: &[issuer::Config]) {
    for issuer in issuers.iter().filter(|issuer| issuer.realm.contains('|')) {
        variables.mistake(OIDC_ISSUER.of(&issuer.name), "has `|` in its name, which access rules do not allow");
    }
}
