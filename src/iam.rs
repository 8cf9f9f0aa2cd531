//! An IAM policy document: who may invoke what, until when.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>

use std::collections::HashMap;

use aws_lambda_events::event::iam::{IamPolicyCondition, IamPolicyDocument, IamPolicyEffect, IamPolicyStatement};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The last second of the year 9999: what ISO 8601 can say without an agreement.
const LAST_SECOND: i64 = 253_402_300_799;

/// A policy document for API Gateway.
pub(crate) type Document = IamPolicyDocument;

/// Allows to invoke these resources; until then (seconds since 1970), where that is given. What is denied is so for good.
pub(crate) fn allow(allowed: Vec<String>, denied: Vec<String>, ends_at: Option<u64>) -> Document {
    let mut statements = vec![statement(IamPolicyEffect::Allow, allowed, ends_at.map(before))];
    if !denied.is_empty() {
        statements.push(statement(IamPolicyEffect::Deny, denied, None));
    }
    document(statements)
}

/// Denies to invoke this resource.
pub(crate) fn deny(resource: String) -> Document {
    document(vec![statement(IamPolicyEffect::Deny, vec![resource], None)])
}

fn statement(
    effect: IamPolicyEffect,
    resources: Vec<String>,
    condition: Option<IamPolicyCondition>,
) -> IamPolicyStatement {
    // The types can't be built otherwise. Their default effect is Allow, so it is set in any case.
    let mut statement = IamPolicyStatement::default();
    statement.effect = effect;
    statement.action = vec!["execute-api:Invoke".to_owned()];
    statement.resource = resources;
    statement.condition = condition;
    statement
}

fn document(statements: Vec<IamPolicyStatement>) -> IamPolicyDocument {
    let mut document = IamPolicyDocument::default();
    document.version = Some("2012-10-17".to_owned());
    document.statement = statements;
    document
}

/// The condition that ends an Allow with its token.
fn before(expires_at: u64) -> IamPolicyCondition {
    let seconds = i64::try_from(expires_at).unwrap_or(LAST_SECOND).min(LAST_SECOND);
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok().and_then(|time| time.format(&Rfc3339).ok());
    // It can't fail within these bounds; if it did, the epoch allows nothing.
    let time = time.unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned());
    HashMap::from([("DateLessThan".to_owned(), HashMap::from([("aws:CurrentTime".to_owned(), vec![time])]))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allow_ends_with_its_token() {
        let end = |seconds| before(seconds)["DateLessThan"]["aws:CurrentTime"].clone();
        assert_eq!(end(0), ["1970-01-01T00:00:00Z"]);
        assert_eq!(end(1_700_000_000), ["2023-11-14T22:13:20Z"]);
        assert_eq!(end(253_402_300_799), ["9999-12-31T23:59:59Z"]);
        assert_eq!(end(253_402_300_800), ["9999-12-31T23:59:59Z"]);
        assert_eq!(end(u64::MAX), ["9999-12-31T23:59:59Z"]);
    }

    #[test]
    fn a_document_says_its_effect() {
        let json = serde_json::to_value(deny("arn".to_owned())).unwrap();
        let statement =
            serde_json::json!([{ "Effect": "Deny", "Action": ["execute-api:Invoke"], "Resource": ["arn"] }]);
        assert_eq!(json, serde_json::json!({ "Version": "2012-10-17", "Statement": statement }));
        let json = serde_json::to_value(allow(vec!["arn".to_owned()], vec!["other".to_owned()], Some(0))).unwrap();
        assert_eq!(json["Statement"][0]["Effect"], "Allow");
        let end = serde_json::json!({ "DateLessThan": { "aws:CurrentTime": ["1970-01-01T00:00:00Z"] } });
        assert_eq!(json["Statement"][0]["Condition"], end);
        let denied = serde_json::json!({ "Effect": "Deny", "Action": ["execute-api:Invoke"], "Resource": ["other"] });
        assert_eq!(json["Statement"][1], denied);
    }
}
