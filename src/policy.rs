//! What a principal may invoke. Pure: no lookup, no clock.

use crate::arn::MethodArn;
use crate::error::Forbidden;
use crate::iam::{self, Document};
use crate::principal::Principal;

/// What an Allow covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The stage or the method.
    pub scope: Scope,
    /// Whether an Allow ends with its token.
    pub expire_with_token: bool,
}

/// What an Allow covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every method of the stage.
    Stage,
    /// The requested method.
    Method,
}

/// What this principal may invoke.
///
/// # Errors
/// [`Forbidden::ResourceUnsafe`] if the policy is to name the method, and cannot.
pub(crate) fn permit(principal: &Principal, arn: &MethodArn<'_>, config: Config) -> Result<Document, Forbidden> {
    let resource = match config.scope {
        Scope::Stage => arn.stage_resource(),
        Scope::Method => arn.method_resource()?,
    };
    let ends_at = principal.claims().filter(|_| config.expire_with_token).map(|claims| claims.expires_at());
    Ok(iam::allow(resource, ends_at))
}

/// The policy of a refusal: always of the whole stage.
pub(crate) fn deny(arn: &MethodArn<'_>) -> Document {
    iam::deny(arn.stage_resource())
}
