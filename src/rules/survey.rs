//! What can be said of rules before any question: for the tools that check and explain them.

use super::config::{Config, Mode};
use super::routes::Routes;
use super::template::Precedence;

impl Config {
    /// What the rules do.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The same rules, with each policy in the trace of a decision.
    #[must_use]
    pub(crate) fn telling_each(self) -> Self {
        Self { tells_each: true, ..self }
    }

    /// The names of the policies, and where each is: file, line and column.
    pub fn policies(&self) -> impl Iterator<Item = (&str, String)> {
        self.policies.places()
    }

    /// The policies, for Cedar's validator. Their ids are the names.
    pub fn policy_set(&self) -> &cedar_policy::PolicySet {
        &self.policies.set
    }

    /// The namespace of the entity types and actions, if they are in one.
    pub fn namespace(&self) -> Option<&str> {
        self.names.namespace()
    }

    /// The names of the routes, such as `get /pets/{id}`, if there is a list.
    pub fn routes(&self) -> Option<impl Iterator<Item = &str>> {
        self.routes.as_ref().map(Routes::names)
    }

    /// The routes that no permit can apply to, whoever asks.
    pub fn never_permitted(&self) -> Vec<&str> {
        let routes = self.routes.iter().flat_map(|routes| routes.all().iter().map(move |route| (routes, route)));
        let is_permitted =
            |action| move |routes: &Routes| self.policies.may_permit(action, routes.groups().get(action));
        routes
            .filter(|(routes, route)| !is_permitted(&route.action)(routes))
            .map(|(_, route)| route.name.as_str())
            .collect()
    }

    /// Pairs of routes: where a caller may the first and not the second, a policy for all routes refuses the first in part.
    pub fn overlaps(&self, precedence: Precedence) -> Vec<(&str, &str)> {
        self.routes.as_ref().map(|routes| routes.overlaps(precedence)).unwrap_or_default()
    }

    /// The route to which a gateway sends a path, by its name. None if there is none, or no list.
    pub fn route_of(&self, method: &str, path: &str, precedence: Precedence) -> Option<&str> {
        self.routes.as_ref()?.sent_to(method, path.strip_prefix('/')?, precedence)
    }
}
