//! The decision: denied by default, and the reason is the first that holds.

use serde_json::json;
use smac_local::token::Token;

use super::{ALL, APIS, Api, ROUTES, Rules, event, logged, rest};
use crate::support::deny;

const FORBID: &str = "@id(\"no\") forbid (principal, action, resource) when { principal has bad && principal.bad };";
const FAILING_FORBID: &str = "@id(\"broken-forbid\") forbid (principal, action, resource) when { principal.absent };";
const FAILING_PERMIT: &str =
    "@id(\"broken-permit\") permit (principal, action, resource) when { principal.absent == 1 };";

#[tokio::test]
async fn the_first_reason_counts() {
    let bad = Token::id().claim("bad", true).sign();
    let good = Token::id().sign();
    for (policies, token, reason, decided, errors) in [
        (ALL.to_owned(), &good, "allowed", json!(["rules.cedar#0"]), json!([])),
        (format!("{ALL} {ALL}"), &good, "allowed", json!(["rules.cedar#0", "rules.cedar#1"]), json!([])),
        (FORBID.to_owned(), &good, "rule_missing", json!([]), json!([])),
        (format!("{ALL}{FORBID}"), &good, "allowed", json!(["rules.cedar#0"]), json!([])),
        (format!("{ALL}{FORBID}"), &bad, "rule_forbids", json!(["no"]), json!([])),
        (format!("{ALL}{FAILING_FORBID}"), &good, "rule_error", json!([]), json!(["broken-forbid"])),
        (format!("{ALL}{FAILING_FORBID}{FORBID}"), &bad, "rule_forbids", json!(["no"]), json!(["broken-forbid"])),
        (FAILING_FORBID.to_owned(), &good, "rule_error", json!([]), json!(["broken-forbid"])),
        (FAILING_PERMIT.to_owned(), &good, "rule_missing", json!([]), json!(["broken-permit"])),
        (format!("{FAILING_PERMIT}{ALL}"), &good, "allowed", json!(["rules.cedar#1"]), json!(["broken-permit"])),
        (
            format!("{FAILING_PERMIT}{FAILING_FORBID}"),
            &good,
            "rule_error",
            json!([]),
            json!(["broken-permit", "broken-forbid"]),
        ),
    ] {
        for scope in ["STAGE", "METHOD"] {
            let rules = Rules::new(&policies, ROUTES, &[("POLICY__SCOPE", scope)]).await;
            for api in APIS {
                let told = rules.ask(&event(api, token, "GET", "/pets", "/pets")).await;
                assert_eq!(told.reason(), reason, "{api:?} {scope} {policies}");
                let decision = if reason == "allowed" { "allow" } else { "deny" };
                let expected = json!({ "decision": decision, "policies": decided, "errors": errors });
                assert_eq!(logged(&told), expected, "{api:?} {scope} {policies}");
                if reason != "allowed" {
                    assert_eq!(told.answer(), deny(reason));
                }
            }
        }
    }
}

#[tokio::test]
async fn whatever_fails_in_a_forbid_denies() {
    for condition in [
        "principal.absent",
        "principal.email > 1",
        "principal.number + 9223372036854775807 > 0",
        "if principal.email then true else false",
        "ip(principal.email).isLoopback()",
        "context.token.sub == \"x\"",
        "context.pathParameters.id == \"x\"",
        "User::\"nobody\".attribute",
        "principal.email.contains(1)",
    ] {
        let policies = format!("{ALL} forbid (principal, action, resource) when {{ {condition} }};");
        let rules = Rules::new(&policies, ROUTES, &[]).await;
        let token = Token::id().claim("number", 7).sign();
        let told = rules.ask(&event(Api::RestRequest, &token, "GET", "/pets", "/pets")).await;
        assert_eq!(told.answer(), deny("rule_error"), "{condition}");
    }
}

#[tokio::test]
async fn other_refusals_come_first() {
    let rules = Rules::new("forbid (principal, action, resource);", ROUTES, &[]).await;
    let mut unsigned = rest("GET", "/pets");
    unsigned["headers"] = json!({});
    let told = rules.ask(&unsigned).await;
    assert_eq!((told.reason(), told.line().get("rules")), ("credentials_missing", None));
    let expired = event(Api::RestRequest, &Token::id().expired().sign(), "GET", "/pets", "/pets");
    assert_eq!(rules.ask(&expired).await.reason(), "token_expired");
}
