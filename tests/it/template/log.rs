//! The queries of runbook and dashboard read fields and values of real log lines.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use smac_lambda_authorizer::tools::Source;
use smac_lambda_authorizer::{Fault, Forbidden, Unauthorized};
use smac_local::deployment::{SERVICE, SERVICE_TOKEN};
use smac_local::stand_ins::{self, StandIns, Upstream};
use smac_local::token::{Token, now};

use super::metrics::{outcomes, widgets};
use super::stack::{read, template, text};
use crate::support::files::Files;
use crate::support::issuer::Issuer;
use crate::support::runtime_api::Process;
use crate::support::{bearer, pair, request, secret_name};

fn reasons() -> BTreeSet<&'static str> {
    let unauthorized = Unauthorized::ALL.iter().map(|reason| reason.code());
    let forbidden = Forbidden::ALL.iter().map(|reason| reason.code());
    unauthorized.chain(forbidden).chain(Fault::ALL.iter().map(|reason| reason.code())).collect()
}

fn fields(prefix: &str, value: &Value, found: &mut BTreeSet<String>) {
    for (name, value) in value.as_object().unwrap() {
        if value.is_object() {
            fields(&format!("{prefix}{name}."), value, found);
        } else {
            found.insert(format!("{prefix}{name}"));
        }
    }
}

/// The fields of lines that the function has really written: decisions of all kinds, failures, mistakes.
async fn fields_of_the_log() -> BTreeSet<String> {
    let stand_ins = StandIns::start(0).await.unwrap();
    let mut environment = stand_ins.environment();
    for name in ["LOG_PRINCIPAL", "LOG_CLIENT"] {
        environment.push((format!("SMAC__AUTH__{name}"), "true".to_owned()));
    }
    let issuer = Issuer::start("rfc9068").await;
    environment.retain(|(name, _)| name != "SMAC__AUTH__PROVIDER");
    environment.extend(issuer.settings.iter().filter(|(name, _)| name != "SMAC__AUTH__PROVIDER").cloned());
    for (name, value) in [("PROVIDER", "COGNITO,OIDC"), ("PROVIDER_OIDC__ISSUERS__EXAMPLE__USER_ID_PREFIX", "example:")]
    {
        environment.push((format!("SMAC__AUTH__{name}"), value.to_owned()));
    }
    let files = Files::new(&[("rules.cedar", "permit (principal, action, resource);")]);
    environment.push(("SMAC__AUTH__RULES__POLICIES".to_owned(), files.path("rules.cedar")));
    environment.push(("SMAC__AUTH__POLICY__SCOPE".to_owned(), "METHOD".to_owned()));
    let process = Process::start(&environment).await;
    process.wait_for_polls(1).await;
    // Its key set was fetched at the start; an unknown key has both fetched again, or looked at.
    let mut unknown = issuer.tokens[0].clone();
    unknown["header"]["kid"] = "unknown".into();
    process.invoke(bearer(&issuer.sign(&unknown)).to_string()).await;
    let mut whole = bearer(&Token::access().sign());
    whole["resource"] = "/pets/{id}".into();
    whole["requestContext"]["requestId"] = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef".into();
    whole["requestContext"]["identity"] = json!({ "sourceIp": "203.0.113.17" });
    for event in [whole, pair(SERVICE, SERVICE_TOKEN), request(&json!({}))] {
        process.invoke(event.to_string()).await;
    }
    stand_ins.fail(Upstream::UserInfo, 9, stand_ins::Fault::Garbage);
    stand_ins.fail(Upstream::Secret, 9, stand_ins::Fault::Status(400, json!({ "__type": "AccessDeniedException" })));
    process.invoke(bearer(&Token::access().claim("jti", "another").sign()).to_string()).await;
    process.invoke(pair("another", "token").to_string()).await;
    stand_ins.recover(Upstream::Secret);
    stand_ins.set_secret(&secret_name(), Some("{\"token\":\"\"}"), now());
    process.invoke(pair(SERVICE, "malformed").to_string()).await;
    let (_, mut log) = process.terminate().await;

    environment.push(("SMAC__AUTH__MODE".to_owned(), "neither".to_owned()));
    let (_, mistakes) = Process::start(&environment).await.end().await;
    log.push_str(&mistakes);

    let mut found = BTreeSet::new();
    for line in log.lines() {
        fields("", &serde_json::from_str(line).unwrap(), &mut found);
    }
    found
}

/// The queries of the runbook and of the dashboard.
fn queries() -> Vec<String> {
    let runbook = read("docs/operations.md");
    let fenced = runbook.split("```insights\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    let shown = widgets("log").into_iter().map(|properties| {
        let query = text(&properties["query"]);
        let (source, query) = query.split_once(" | ").unwrap();
        assert_eq!(source, "SOURCE 'AuthorizerLogGroup'");
        query.to_owned()
    });
    fenced.chain(shown).collect()
}

/// The words of a query: names, and strings with their quotation marks.
fn words(query: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = query.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_of_word = |c: char| c.is_ascii_alphanumeric() || "_.@".contains(c);
        let length = match first {
            '"' | '\'' => rest[1..].find(first).unwrap() + 2,
            c if is_of_word(c) => rest.find(|c| !is_of_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        words.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    words
}

const LANGUAGE: [&str; 22] = [
    "filter",
    "fields",
    "stats",
    "sort",
    "limit",
    "by",
    "as",
    "desc",
    "asc",
    "in",
    "and",
    "or",
    "not",
    "like",
    "ispresent",
    "count",
    "sum",
    "pct",
    "latest",
    "bin",
    "avg",
    "max",
];

#[tokio::test]
async fn each_field_of_a_log_query_is_one_of_a_real_line() {
    let known = fields_of_the_log().await;
    let outcomes: BTreeSet<_> = outcomes();
    let sources = [Source::Fresh, Source::Fetched, Source::Stale, Source::Negative, Source::Failed].map(Source::name);
    let queries = queries();
    assert!(queries.len() > 10);
    let mut used = BTreeSet::new();
    for query in queries {
        let words = words(&query);
        let mut aliases = BTreeSet::new();
        let mut field = String::new();
        for (index, word) in words.iter().enumerate() {
            if index > 0 && words[index - 1] == "as" {
                aliases.insert(word.as_str());
                continue;
            }
            if let Some(value) = word.strip_prefix(['"', '\'']).map(|value| &value[..value.len() - 1]) {
                let is_possible = match field.as_str() {
                    "outcome" => outcomes.contains(value),
                    "reason" => reasons().contains(value),
                    "level" => ["WARN", "ERROR"].contains(&value),
                    "requestId" | "apiRequestId" => true,
                    // Of Lambda's own lines.
                    "@message" => value == "platform.",
                    field => field.starts_with("lookups.") && sources.contains(&value),
                };
                assert!(is_possible, "{field} is never {value}: {query}");
                continue;
            }
            let is_name = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '@');
            if !is_name || LANGUAGE.contains(&word.as_str()) || aliases.contains(word.as_str()) || word == "@timestamp"
            {
                continue;
            }
            assert!(known.contains(word) || word == "@message", "no line has {word}: {query}\n{known:?}");
            field = word.clone();
            used.insert(word.clone());
        }
    }
    for needed in [
        "outcome",
        "reason",
        "route",
        "apiRequestId",
        "lookups.keySet",
        "lookups.userInfo",
        "lookups.secret",
        "DecisionTime",
        "problem",
    ] {
        assert!(used.contains(needed), "{needed}");
    }
    // The filter behind an alarm, and the table of the runbook.
    let pattern = text(&template()["Resources"]["ErrorLines"]["Properties"]["FilterPattern"]);
    assert_eq!(pattern, r#"{ $.level = "ERROR" }"#);
    assert!(known.contains("level"));
    let runbook = read("docs/operations.md");
    let table = runbook.split_once("| field | what |").unwrap().1.split("\n\n").next().unwrap();
    for row in table.lines().skip(2) {
        for name in row.split(" | ").next().unwrap().split('`').skip(1).step_by(2) {
            assert!(known.contains(name), "no line has {name}");
        }
    }
}
