//! The rules, as the settings have them.

use super::names::Names;
use super::policies::{Policies, PolicyError};
use super::route::CONNECT;
use super::routes::Routes;
use super::template::Precedence;

/// The rules, as they are configured.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) policies: Policies,
    pub(super) routes: Option<Routes>,
    pub(super) names: Names,
    pub(super) mode: Mode,
}

/// What the rules do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They refuse what they do not permit.
    Enforce,
    /// They are evaluated and logged, and change no answer.
    Log,
}

impl Config {
    /// The rules.
    ///
    /// # Errors
    /// Every policy that names an action which no route has.
    pub(crate) fn new(
        policies: Policies,
        routes: Option<Routes>,
        names: Names,
        mode: Mode,
    ) -> Result<Self, Vec<PolicyError>> {
        if let Some(routes) = &routes {
            let connect = names.action(CONNECT);
            let errors = policies.with_unknown_actions(|action| *action == connect || routes.knows(action));
            if !errors.is_empty() {
                return Err(errors);
            }
        }
        Ok(Self { policies, routes, names, mode })
    }

    /// Whether some policy looks at the request.
    pub(crate) fn look_at_requests(&self) -> bool {
        self.policies.look_at_requests()
    }

    /// What the rules do.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The names of the policies, and where each is: file, line and column.
    pub fn policies(&self) -> impl Iterator<Item = (&str, String)> {
        self.policies.places()
    }

    /// The policies, for Cedar's validator. Their ids are the names.
    pub fn policy_set(&self) -> &cedar_policy::PolicySet {
        &self.policies.set
    }

    /// The names of the routes, such as `get /pets/{id}`, if there is a list.
    pub fn routes(&self) -> Option<impl Iterator<Item = &str>> {
        self.routes.as_ref().map(|routes| routes.all().iter().map(|route| route.name.as_str()))
    }

    /// Pairs of routes: where a caller may the first and not the second, a policy for all routes refuses the first in part.
    pub fn overlaps(&self, precedence: Precedence) -> Vec<(&str, &str)> {
        self.routes.as_ref().map(|routes| routes.overlaps(precedence)).unwrap_or_default()
    }
}
