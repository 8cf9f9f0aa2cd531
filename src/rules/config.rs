//! The rules, as the settings have them.

use super::names::Names;
use super::policies::{Policies, PolicyError};
use super::route::CONNECT;
use super::routes::Routes;

/// The rules, as they are configured.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) policies: Policies,
    pub(super) routes: Option<Routes>,
    pub(super) names: Names,
    pub(super) mode: Mode,
    /// Whether the trace of a decision has each policy.
    #[cfg(feature = "tools")]
    pub(super) tells_each: bool,
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
        Ok(Self {
            policies,
            routes,
            names,
            mode,
            #[cfg(feature = "tools")]
            tells_each: false,
        })
    }

    /// Whether some policy looks at the request.
    pub(crate) fn look_at_requests(&self) -> bool {
        self.policies.look_at_requests()
    }
}
