//! The function's start with access rules: a process that reads their files while it fetches key sets.

use std::time::Duration;

use serde_json::{Value, json};
use smac_local::deployment::{self, EMAIL};
use smac_local::keys::Key;
use smac_local::stand_ins::{Fault, StandIns, Upstream};
use smac_local::token::Token;

use super::{ALL, Api, ROUTES, event, openapi};
use crate::support::allow;
use crate::support::files::Files;
use crate::support::runtime_api::{Outcome, Process};

const POOLS: [&str; 2] = ["PRIMARY", "SECONDARY"];

/// The function with these policies, and other settings.
async fn start(stand_ins: &StandIns, files: &Files, more: &[(String, String)]) -> Process {
    let mut environment = deployment::of_pools(&stand_ins.base_url());
    environment.retain(|(name, _)| name != "SMAC__AUTH__JWT__QUERY_PARAMETER");
    environment.push(("SMAC__AUTH__RULES__POLICIES".to_owned(), files.path("rules.cedar")));
    environment.push(("SMAC__AUTH__RULES__ROUTES".to_owned(), files.path("routes.json")));
    environment.extend_from_slice(more);
    Process::start(&environment).await
}

fn files(policies: &str) -> Files {
    Files::new(&[("rules.cedar", policies), ("routes.json", &openapi(ROUTES))])
}

/// Key sets in the environment: there is nothing to fetch.
fn configured_keys() -> Vec<(String, String)> {
    let name = |pool| format!("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__{pool}__JWKS");
    POOLS.map(|pool| (name(pool), Key::Primary.key_set().to_string())).to_vec()
}

/// The lines of the log: level, and variable.
fn lines(log: &str) -> Vec<(String, String)> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.map(|line: Value| (text(&line, "level"), text(&line, "variable"))).collect()
}

#[tokio::test]
async fn the_first_request_is_decided_by_the_rules() {
    let stand_ins = StandIns::start(0).await.unwrap();
    for (keys, calls) in [(Vec::new(), 2), (configured_keys(), 0)] {
        for (policies, is_permitted) in [(ALL, true), ("forbid (principal, action, resource);", false)] {
            let before = stand_ins.calls(Upstream::KeySet);
            let files = files(policies);
            let process = start(&stand_ins, &files, &keys).await;
            process.wait_for_polls(1).await;
            assert_eq!(stand_ins.calls(Upstream::KeySet) - before, calls);
            let answer = process
                .invoke(event(Api::RestRequest, &Token::id().sign(), "GET", "get /pets", "/pets").to_string())
                .await;
            assert_eq!(answer == Outcome::Response(allow(EMAIL, "user")), is_permitted, "{answer:?}");
            assert_eq!(process.terminate().await.0, Some(0));
        }
    }
}

#[tokio::test]
async fn what_deserves_a_second_look_is_logged() {
    let stand_ins = StandIns::start(0).await.unwrap();
    let files = files("permit (principal, action, resource) when { context has request };");
    for keys in [Vec::new(), configured_keys()] {
        let process = start(&stand_ins, &files, &keys).await;
        process.wait_for_polls(1).await;
        let (status, log) = process.terminate().await;
        let expected = ("WARN".to_owned(), "SMAC__AUTH__RULES__POLICIES".to_owned());
        assert_eq!((status, lines(&log)), (Some(0), vec![expected]));
    }
}

/// They are found while key sets are fetched that never come, for which a start waits five seconds.
#[tokio::test]
async fn mistakes_in_the_rules_end_the_start_at_once() {
    let stand_ins = StandIns::start(0).await.unwrap();
    stand_ins.fail(Upstream::KeySet, u32::MAX, Fault::Hang);
    let files = files("permit (principal, action, resource)");
    let mistake = ("ERROR".to_owned(), "SMAC__AUTH__RULES__POLICIES".to_owned());
    let patience = [("SMAC__AUTH__UPSTREAM_TIMEOUT_MS".to_owned(), "10000".to_owned())];
    for settings in [patience.to_vec(), configured_keys()] {
        let process = start(&stand_ins, &files, &settings).await;
        let (status, log) = tokio::time::timeout(Duration::from_secs(4), process.end()).await.unwrap();
        assert_eq!((status, lines(&log)), (Some(1), vec![mistake.clone()]));
        assert!(log.contains("rules.cedar:1:37: "), "{log}");
    }
}

#[tokio::test]
async fn mistakes_in_settings_and_in_the_rules_are_reported_together() {
    let stand_ins = StandIns::start(0).await.unwrap();
    let files = files("permit (principal, action, resource)");
    let more = [("SMAC__AUTH__MODE", "?"), ("SMAC__AUTH__CACHE__CAPACITY", "?")];
    let process = start(&stand_ins, &files, &more.map(|(name, value)| (name.to_owned(), value.to_owned()))).await;
    let (status, log) = process.end().await;
    let variables: Vec<_> = lines(&log).into_iter().map(|(_, variable)| json!(variable)).collect();
    let expected = ["SMAC__AUTH__CACHE__CAPACITY", "SMAC__AUTH__MODE", "SMAC__AUTH__RULES__POLICIES"];
    assert_eq!((status, variables), (Some(1), expected.map(|name| json!(name)).to_vec()));
    assert_eq!(stand_ins.calls(Upstream::KeySet), 0);
}
