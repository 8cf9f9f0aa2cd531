//! What a policy looks at, told from its syntax: what depends on a request must not be remembered for the next one.

use cedar_policy::Policy;
use cedar_policy::pst::{Clause, Expr, Var};

/// The part of the context that comes from the token, and so from the gateway's cache key.
pub(super) const TOKEN: &str = "token";

/// The part of the context that is the query.
pub(super) const QUERY: &str = "queryStringParameters";

/// What a policy looks at beside the principal, its token and the action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Looks {
    /// Nothing.
    #[default]
    Nothing,
    /// The request, but not its query.
    Request,
    /// The request's query, maybe with the rest.
    Query,
}

impl Looks {
    /// What this policy looks at, whose source this is.
    pub(super) fn of(policy: &Policy, text: &str) -> Self {
        // An identifier has one spelling, and looking at the syntax takes as long as parsing.
        if !text.contains("context") {
            return Self::Nothing;
        }
        let Ok(policy) = policy.to_pst() else {
            return Self::Query;
        };
        let clauses = policy.body().clauses().iter();
        let looks = clauses.map(|(Clause::When(expr) | Clause::Unless(expr))| of_expression(expr));
        looks.max().unwrap_or_default()
    }
}

fn of_expression(expr: &Expr) -> Looks {
    let found = |expr: &Expr| {
        if let Expr::GetAttr { expr, attr } = expr
            && is_context(expr)
        {
            return Some(of_attribute(attr));
        }
        if let Expr::HasAttr { expr, attrs } = expr
            && is_context(expr)
        {
            return Some(of_attribute(attrs.first()));
        }
        // The whole of it.
        is_context(expr).then_some(Looks::Query)
    };
    expr.reduce(&found, &Ord::max, Looks::Nothing)
}

fn is_context(expr: &Expr) -> bool {
    matches!(expr, Expr::Var(Var::Context))
}

fn of_attribute(name: &str) -> Looks {
    match name {
        TOKEN => Looks::Nothing,
        QUERY => Looks::Query,
        _ => Looks::Request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_condition_looks_at() {
        for (condition, expected) in [
            ("true", Looks::Nothing),
            ("principal.context == \"context\"", Looks::Nothing),
            ("context.token.scope.contains(\"a\")", Looks::Nothing),
            ("context[\"token\"] has context", Looks::Nothing),
            ("context has token", Looks::Nothing),
            ("context has token.scope && context.token.scope.contains(\"context\")", Looks::Nothing),
            ("context has request", Looks::Request),
            ("context.request.stage == \"prod\"", Looks::Request),
            ("context.request.sourceIp.isInRange(ip(\"10.0.0.0/8\"))", Looks::Request),
            ("context.pathParameters.id == principal.sub", Looks::Request),
            ("context[\"pathParameters\"][\"id\"] == principal.sub", Looks::Request),
            ("if principal has a then context.token.b else context.request.c", Looks::Request),
            ("[context.pathParameters].isEmpty()", Looks::Request),
            ("{a: context.pathParameters}.a.id like \"x*\"", Looks::Request),
            ("principal in [context.pathParameters.owner]", Looks::Request),
            ("context.token == context.request || context.queryStringParameters has a", Looks::Query),
            ("context has queryStringParameters", Looks::Query),
            ("context[\"query\\u{53}tringParameters\"].a == \"b\"", Looks::Query),
            ("context has queryStringParameters.a", Looks::Query),
            ("context == {}", Looks::Query),
            ("principal.a == context", Looks::Query),
            ("!(context is User)", Looks::Query),
        ] {
            for clause in ["when", "unless"] {
                let text = format!("permit (principal, action, resource) {clause} {{ {condition} }};");
                let policy = Policy::parse(None, &text).unwrap();
                assert_eq!(Looks::of(&policy, &text), expected, "{condition}");
            }
        }
    }

    #[test]
    fn every_clause_counts() {
        let text =
            "permit (principal, action, resource) when { context.token.a } unless { context.request.b } when { true };";
        assert_eq!(Looks::of(&Policy::parse(None, text).unwrap(), text), Looks::Request);
    }
}
