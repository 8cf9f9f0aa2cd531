//! What becomes of each policy of a question: for the tools, since a decision names only those that decided.

use std::sync::Arc;

use cedar_policy::{AuthorizationError, EntityUid, EvaluationError, Policy, PolicySet, Response};

use super::policies::Policies;
use crate::trace::Applied;

/// What becomes of each policy, in the order of the files: each is asked alone, since a forbid hides which permits apply.
pub(super) fn each(
    policies: &Policies,
    caller: &EntityUid,
    ask: impl Fn(&PolicySet) -> Option<Response>,
) -> Vec<(Arc<str>, Applied)> {
    let of_policy = |policy: &Policy| {
        let response = ask(&PolicySet::from_policies([policy.clone()]).ok()?)?;
        let diagnostics = response.diagnostics();
        let applied = match (diagnostics.errors().next(), diagnostics.reason().next()) {
            (Some(AuthorizationError::PolicyEvaluationError(error)), _) => {
                Applied::Failed(problem(error.inner(), caller))
            }
            (None, Some(_)) => Applied::Yes,
            (None, None) => Applied::No,
        };
        Some((policies.ids([policy.id()].into_iter()).pop()?, applied))
    };
    policies.set.policies().filter_map(of_policy).collect()
}

/// Why a policy fails, without the values that it looks at: they are the caller's.
fn problem(error: &EvaluationError, caller: &EntityUid) -> String {
    if matches!(error, EvaluationError::IntegerOverflow(_)) {
        return "a number is out of range".to_owned();
    }
    if matches!(error, EvaluationError::FailedExtensionFunctionExecution(_)) {
        return "a function cannot read its argument".to_owned();
    }
    error.to_string().replace(&format!("`{caller}`"), "the principal")
}
