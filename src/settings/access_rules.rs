//! Access rules: their files become policies and routes, with every mistake in them.

use super::aws::Aws;
use super::declared::{OIDC_ISSUER, RULES_MODE, RULES_NAMESPACE, RULES_POLICIES, RULES_ROUTES};
use super::variables::Variables;
use crate::issuer;
use crate::policy::Scope;
use crate::rules;

/// What the variables of the rules name.
#[cfg_attr(not(feature = "rules"), expect(dead_code, reason = "there is nobody to read it"))]
struct Named {
    policies: String,
    routes: Option<String>,
    namespace: Option<String>,
    is_enforced: bool,
    scope: Scope,
}

pub(super) fn read(variables: &mut Variables, aws: &Aws<'_>, scope: Scope) -> Option<rules::Config> {
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
    load(variables, aws, &Named { policies, routes, namespace, is_enforced, scope })
}

/// A user is named by the issuer and the subject with `|` between them, so an issuer's name must have none.
pub(super) fn check_issuers(variables: &mut Variables, issuers: &[issuer::Config]) {
    for issuer in issuers.iter().filter(|issuer| issuer.realm.contains('|')) {
        variables.mistake(OIDC_ISSUER.of(&issuer.name), "has `|` in its name, which access rules do not allow");
    }
}

#[cfg(not(feature = "rules"))]
fn load(variables: &mut Variables, _: &Aws<'_>, _: &Named) -> Option<rules::Config> {
    variables.mistake(&RULES_POLICIES, "cannot be used: this build has no access rules");
    None
}

#[cfg(feature = "rules")]
fn load(variables: &mut Variables, aws: &Aws<'_>, named: &Named) -> Option<rules::Config> {
    let policies = read_policies(variables, aws, &named.policies);
    let given = named.namespace.as_deref();
    let names =
        rules::Names::new(given).map_err(|error| variables.mistake(&RULES_NAMESPACE, error.to_string())).ok()?;
    let (routes, names) = match &named.routes {
        Some(path) => {
            let (routes, names) = read_routes(variables, aws, path, given)?;
            (Some(routes), names)
        }
        None => (None, names),
    };
    match (&routes, named.scope) {
        (None, Scope::Stage) => {
            variables.mistake(&RULES_ROUTES, "is required with RULES__POLICIES and POLICY__SCOPE=STAGE")
        }
        (Some(routes), Scope::Stage) if routes.has_default() => {
            let problem = "has the route $default, whose paths no pattern names: it requires POLICY__SCOPE=METHOD";
            variables.mistake(&RULES_ROUTES, problem);
        }
        (Some(_), Scope::Stage) | (_, Scope::Method) => {}
    }
    let mode = if named.is_enforced { rules::Mode::Enforce } else { rules::Mode::Log };
    match rules::Config::new(policies?, routes, names, mode) {
        Ok(config) => {
            if named.is_enforced && config.look_at_requests() {
                let text = "look at the request (path, query, address): the gateway's caching must be off (a TTL of 0)";
                variables.warn(&RULES_POLICIES, text);
            }
            Some(config)
        }
        Err(errors) => {
            report(variables, &errors);
            None
        }
    }
}

#[cfg(feature = "rules")]
fn read_policies(variables: &mut Variables, aws: &Aws<'_>, path: &str) -> Option<rules::Policies> {
    let files = match aws.read_files(path, ".cedar") {
        Ok(files) => files,
        Err(error) => {
            variables.mistake(&RULES_POLICIES, format!("cannot be read ({})", error.kind()));
            return None;
        }
    };
    match rules::Policies::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))) {
        Ok(policies) if policies.len() == 0 => {
            variables.mistake(&RULES_POLICIES, "has no policy: is it a directory with `*.cedar` files in it?");
            None
        }
        Ok(policies) => Some(policies),
        Err(errors) => {
            report(variables, &errors);
            None
        }
    }
}

#[cfg(feature = "rules")]
fn read_routes(
    variables: &mut Variables,
    aws: &Aws<'_>,
    path: &str,
    namespace: Option<&str>,
) -> Option<(rules::Routes, rules::Names)> {
    let json = match aws.read_file(path) {
        Ok(json) => json,
        Err(error) => {
            variables.mistake(&RULES_ROUTES, format!("cannot be read ({})", error.kind()));
            return None;
        }
    };
    match rules::Routes::parse(&json, namespace) {
        Ok(routes) => Some(routes),
        Err(error) => {
            variables.mistake(&RULES_ROUTES, error.to_string());
            None
        }
    }
}

#[cfg(feature = "rules")]
fn report(variables: &mut Variables, errors: &[rules::PolicyError]) {
    for error in errors {
        variables.mistake(&RULES_POLICIES, error.to_string());
    }
}
