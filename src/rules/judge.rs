//! What an answer to a request may cover, by the rules.

use std::sync::OnceLock;

use cedar_policy::{Context, Entities, Entity, EntityUid, PolicySet};

use super::compile;
use super::config::{Config, Mode};
use super::decision::{self, Decision};
use super::entities::{self, Caller};
use super::looks::Looks;
use super::question::{self, Asked};
use super::route::Route;
use super::routes::Routes;
use super::template::Precedence;
use crate::answer::Form;
use crate::error::{Forbidden, Refusal, Unauthorized};
use crate::event::{IdentitySource, Request};
use crate::kind::Kind;
use crate::policy::{Coverage, Patterns, Scope};
use crate::principal::Principal;
use crate::trace::{RulesTrace, Trace};

/// The rules, with what can be prepared of their questions.
#[derive(Debug)]
pub struct Rules {
    pub(super) config: Config,
    /// The actions that are in groups, when somebody has asked for them.
    actions: OnceLock<Option<Entities>>,
}

impl Rules {
    /// The rules. They can be asked at once; [`Rules::prepare`] makes the first question as fast as the next ones.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, actions: OnceLock::new() }
    }

    /// Does what the first question would have to do: Cedar makes the table of its functions, once a process, and that
    /// takes as long as ten decisions.
    pub(crate) fn prepare(&self) {
        let _has_actions = self.actions().is_some();
    }

    /// The actions that are in groups. None if Cedar does not accept them: then nobody can be decided about.
    pub(super) fn actions(&self) -> Option<&Entities> {
        let collect = || {
            let groups = self.config.routes.iter().flat_map(|routes| routes.groups());
            let actions = groups.map(|(action, groups)| Entity::new_no_attrs(action.clone(), groups.clone()));
            Entities::from_entities(actions, None).ok()
        };
        self.actions.get_or_init(collect).as_ref()
    }

    /// What an answer to this request covers: what it would cover without rules, or less.
    ///
    /// # Errors
    /// The reason for which the rules refuse the request, with the usual Deny.
    pub(crate) fn coverage(
        &self,
        request: &Request<'_>,
        principal: &Principal,
        form: Form,
        scope: Scope,
        trace: &mut Trace,
    ) -> Result<Coverage, Refusal> {
        let Config { policies, routes, names, mode, .. } = &self.config;
        let routes = routes.as_ref();
        let asked = Asked::of(request, routes, names);
        let looks = asked.as_ref().map_or(Looks::Nothing, |asked| self.looks(&asked.action));
        if *mode == Mode::Enforce && form == Form::Simple {
            check_cache_key(request, looks)?;
        }
        let caller = Caller::new(principal, names, self.actions());
        let token = principal.claims().and_then(entities::token);
        let resource = names.application(request.arn().api());
        #[cfg(feature = "tools")]
        let mut each = Vec::new();
        let decision = match (&asked, &caller) {
            (None, _) => Decision::refused(Forbidden::RouteUnknown),
            (Some(_), None) => Decision::refused(Forbidden::RuleError),
            (Some(asked), Some(caller)) => {
                let context = question::context(request, token.clone(), asked, routes, looks);
                let ask = |policies: &PolicySet| {
                    decision::ask(policies, caller, asked.action.clone(), resource.clone(), context.clone()?)
                };
                #[cfg(feature = "tools")]
                if self.config.tells_each {
                    each = super::each::each(policies, &caller.uid, ask);
                }
                match ask(&policies.set) {
                    Some(response) => decision::decision(&response, policies),
                    None => Decision::refused(Forbidden::RuleError),
                }
            }
        };
        let refusal = decision.refusal;
        trace.rules = Some(RulesTrace {
            is_allowed: refusal.is_none(),
            policies: decision.policies,
            errors: decision.errors,
            is_method: false,
            #[cfg(feature = "tools")]
            each,
        });
        if *mode == Mode::Log {
            return Ok(scope.into());
        }
        // The answers of these are never the next request's: a connection is one request, and without a policy there is a key.
        let is_compiled = form == Form::Policy && request.kind() != Kind::WebSocket && scope == Scope::Stage;
        let routes = routes.filter(|_| is_compiled);
        match (routes, caller, refusal) {
            (Some(routes), Some(caller), _) if looks == Looks::Nothing => {
                let context = question::context_of_all(token).ok_or(Forbidden::RuleError)?;
                let permitted = self.permitted(routes, &caller, &resource, &context);
                of_routes(routes, &permitted, request, refusal)
            }
            (Some(_), _, None) => Ok(Coverage::Method),
            (None, _, None) => Ok(scope.into()),
            (_, _, Some(reason)) => Err(reason.into()),
        }
    }

    /// Which routes the caller is permitted whatever the request is, in the order of the list.
    fn permitted(&self, routes: &Routes, caller: &Caller, resource: &EntityUid, context: &Context) -> Vec<bool> {
        let policies = &self.config.policies;
        let is_permitted = |route: &Route| {
            let action = &route.action;
            self.looks(action) == Looks::Nothing
                && decision::ask(&policies.set, caller, action.clone(), resource.clone(), context.clone())
                    .is_some_and(|response| decision::refusal(&response, policies).is_none())
        };
        routes.all().iter().map(is_permitted).collect()
    }

    /// What the policies look at that can apply to an action.
    fn looks(&self, action: &EntityUid) -> Looks {
        let groups = self.config.routes.as_ref().and_then(|routes| routes.groups().get(action));
        self.config.policies.look(action, groups)
    }
}

/// What a policy for all routes covers, and whether it refuses this request.
fn of_routes(
    routes: &Routes,
    permitted: &[bool],
    request: &Request<'_>,
    refusal: Option<Forbidden>,
) -> Result<Coverage, Refusal> {
    let precedence = match request.kind() {
        Kind::HttpV1 | Kind::HttpV2 => Precedence::Http,
        Kind::RestToken | Kind::RestRequest | Kind::WebSocket => Precedence::Rest,
    };
    let patterns = compile::compile(routes, permitted, precedence);
    let arn = request.arn();
    match refusal {
        Some(reason) => {
            // The path may be another spelling of the route's, which an Allow's pattern matches all the same.
            let denies_method = reason == Forbidden::RouteUnknown || patterns.allow(arn.below_stage());
            if patterns.allowed.is_empty() || (denies_method && arn.method_resource().is_err()) {
                return Err(reason.into());
            }
            Ok(Coverage::Routes(Patterns { denies_method, ..patterns }, Some(reason)))
        }
        None if patterns == Patterns::everything() => Ok(Coverage::Stage),
        None => {
            // A refused route's pattern matches this path too, or the path is another spelling.
            let refusal = (!patterns.allow(arn.below_stage())).then_some(Forbidden::ResourceUnsafe);
            Ok(Coverage::Routes(patterns, refusal))
        }
    }
}

/// The gateway's key of a simple answer must hold the route, and nothing else may decide.
fn check_cache_key(request: &Request<'_>, looks: Looks) -> Result<(), Unauthorized> {
    let Some(route) = request.route() else {
        return if request.identity_source().is_none() { Ok(()) } else { Err(Unauthorized::CacheKeyMismatch) };
    };
    let has_route = match request.identity_source() {
        IdentitySource::None => return Ok(()),
        IdentitySource::List(values) => values.iter().any(|value| value == route),
        // API Gateway sends a list. In a string, a comma of the caller's could make a part that is the route.
        IdentitySource::Joined(_) => false,
    };
    // A header or parameter of the caller's that equals the route would be a key of the caller's choice.
    let is_key = has_route && !request.carries(route) && !route.starts_with("ANY ") && looks == Looks::Nothing;
    if is_key { Ok(()) } else { Err(Unauthorized::CacheKeyMismatch) }
}
