//! One question, one decision: denied unless a permit applies, and no forbid applies or fails.

use std::sync::Arc;

use cedar_policy::{AuthorizationError, Authorizer, Context, EntityUid, PolicySet, Request, Response};

use super::entities::Caller;
use super::policies::Policies;
use crate::error::Forbidden;

/// What the rules say about one action.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    /// The reason of a refusal.
    pub(crate) refusal: Option<Forbidden>,
    /// The policies that decided.
    pub(crate) policies: Vec<Arc<str>>,
    /// The policies that could not be evaluated.
    pub(crate) errors: Vec<Arc<str>>,
}

impl Decision {
    /// A refusal that no policy decided.
    pub(super) const fn refused(reason: Forbidden) -> Self {
        Self { refusal: Some(reason), policies: Vec::new(), errors: Vec::new() }
    }
}

/// Whether the caller is refused this action, and why: what of a response decides.
pub(super) fn refusal(response: &Response, policies: &Policies) -> Option<Forbidden> {
    let is_allowed = response.decision() == cedar_policy::Decision::Allow;
    let diagnostics = response.diagnostics();
    if !is_allowed && diagnostics.reason().next().is_some() {
        return Some(Forbidden::RuleForbids);
    }
    // Cedar skips a policy that fails. A forbid that fails might have applied.
    if diagnostics.errors().any(|AuthorizationError::PolicyEvaluationError(error)| policies.forbids(error.policy_id()))
    {
        return Some(Forbidden::RuleError);
    }
    (!is_allowed).then_some(Forbidden::RuleMissing)
}

/// Cedar's response to a question. None if it does not accept the question.
pub(super) fn ask(
    policies: &PolicySet,
    caller: &Caller,
    action: EntityUid,
    resource: EntityUid,
    context: Context,
) -> Option<Response> {
    let request = Request::new(caller.uid.clone(), action, resource, context, None).ok()?;
    Some(Authorizer::new().is_authorized(&request, policies, &caller.entities))
}

/// The decision with the names of the policies.
pub(super) fn decision(response: &Response, policies: &Policies) -> Decision {
    let diagnostics = response.diagnostics();
    let refusal = refusal(response, policies);
    let failed = diagnostics.errors().map(|AuthorizationError::PolicyEvaluationError(error)| error.policy_id());
    let decided = match refusal {
        None | Some(Forbidden::RuleForbids) => policies.ids(diagnostics.reason()),
        Some(_) => Vec::new(),
    };
    Decision { refusal, policies: decided, errors: policies.ids(failed) }
}
