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

/// What an Allow covers, unless access rules cover less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every method of the stage.
    Stage,
    /// The requested method.
    Method,
}

/// What an answer covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Coverage {
    /// Every method of the stage.
    Stage,
    /// The requested method.
    Method,
    /// Some routes; and why the requested one is not among them, if it is not.
    Routes(Patterns, Option<Forbidden>),
}

/// Patterns of resources below the stage, such as `GET/pets/*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Patterns {
    /// What is allowed.
    pub(crate) allowed: Vec<String>,
    /// What is denied of that.
    pub(crate) denied: Vec<String>,
    /// Whether the requested method is denied too.
    pub(crate) denies_method: bool,
}

impl From<Scope> for Coverage {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Stage => Self::Stage,
            Scope::Method => Self::Method,
        }
    }
}

impl Coverage {
    /// Why the requested method is not covered, if it is not.
    pub(crate) const fn refusal(&self) -> Option<Forbidden> {
        match self {
            Self::Stage | Self::Method => None,
            Self::Routes(_, refusal) => *refusal,
        }
    }

    /// Whether other routes than the requested one are decided too.
    pub(crate) const fn is_of_routes(&self) -> bool {
        matches!(self, Self::Routes(..))
    }
}

impl Patterns {
    /// Everything below the stage.
    pub(crate) fn everything() -> Self {
        Self { allowed: vec!["*".to_owned()], denied: Vec::new(), denies_method: false }
    }

    /// Whether they allow a resource below the stage, as IAM decides: a Deny wins.
    pub(crate) fn allow(&self, resource: &str) -> bool {
        let has = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, resource));
        has(&self.allowed) && !has(&self.denied)
    }
}

/// Whether IAM's pattern matches: `*` is any string.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>
fn matches(pattern: &str, resource: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| resource.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    // Each part as early as it can be leaves the most for those behind it.
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    true
}

/// What this principal may invoke.
///
/// # Errors
/// [`Forbidden::ResourceUnsafe`] if the policy is to name the method, and cannot.
pub(crate) fn permit(
    principal: &Principal,
    arn: &MethodArn<'_>,
    coverage: &Coverage,
    config: Config,
) -> Result<Document, Forbidden> {
    let (allowed, denied) = match coverage {
        Coverage::Stage => (vec![arn.stage_resource()], Vec::new()),
        Coverage::Method => (vec![arn.method_resource()?], Vec::new()),
        Coverage::Routes(patterns, _) => {
            let resources = |patterns: &[String]| patterns.iter().map(|pattern| arn.resource(pattern)).collect();
            let mut denied: Vec<String> = resources(&patterns.denied);
            if patterns.denies_method {
                denied.push(arn.method_resource()?);
            }
            (resources(&patterns.allowed), denied)
        }
    };
    let ends_at = principal.claims().filter(|_| config.expire_with_token).map(|claims| claims.expires_at());
    Ok(iam::allow(allowed, denied, ends_at))
}

/// The policy of a refusal: always of the whole stage.
pub(crate) fn deny(arn: &MethodArn<'_>) -> Document {
    iam::deny(arn.stage_resource())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_string() {
        for (pattern, resource, expected) in [
            ("GET/pets", "GET/pets", true),
            ("GET/pets", "GET/pets/", false),
            ("GET/*", "GET/", true),
            ("GET/*", "GET/pets/1", true),
            ("GET/*", "POST/pets", false),
            ("GET/pets/*/toys", "GET/pets/1/2/toys", true),
            ("GET/pets/*/toys", "GET/pets/toys", false),
            ("GET/*/a/*", "GET/b/a/a/c", true),
            ("GET/*/a", "GET/a", false),
            ("GET/*/a/*/a", "GET/x/a/a", false),
            ("*", "", true),
            ("GET/*/*", "GET/a", false),
        ] {
            assert_eq!(matches(pattern, resource), expected, "{pattern} {resource}");
        }
    }

    #[test]
    fn a_deny_wins() {
        let of = |list: &[&str]| list.iter().map(|pattern| (*pattern).to_owned()).collect();
        let patterns = Patterns { allowed: of(&["GET/*"]), denied: of(&["GET/admin"]), denies_method: false };
        assert!(patterns.allow("GET/pets"));
        assert!(!patterns.allow("GET/admin"));
        assert!(!patterns.allow("POST/pets"));
    }
}
