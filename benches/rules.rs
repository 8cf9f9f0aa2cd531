//! What access rules cost: at the start, for one decision, and for a policy for all routes; and how that grows.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark that panics has failed")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use serde_json::json;
use smac_lambda_authorizer::{Authorizer, Settings};
use smac_local::deployment::{self, Pool};
use smac_local::token::Token;

/// An API of collections with three routes each.
fn routes(count: usize) -> Vec<String> {
    let of_collection = |number: usize| {
        let path = format!("/collection-{number}");
        [format!("get {path}"), format!("post {path}"), format!("get {path}/{{id}}")]
    };
    (0..).flat_map(of_collection).take(count).collect()
}

fn list(routes: &[String]) -> String {
    let mut paths = json!({});
    for (verb, path) in routes.iter().map(|route| route.split_once(' ').unwrap()) {
        paths[path][verb] = json!({ "operationId": "x", "responses": { "200": { "description": "OK" } } });
    }
    json!({ "openapi": "3.0.1", "info": { "title": "x", "version": "1" }, "paths": paths }).to_string()
}

/// Policies as they are written: for a group and some routes, each third with a condition, one that forbids.
fn policies(count: usize, routes: &[String]) -> String {
    let mut text = String::new();
    for number in 0..count {
        let action = routes.get(number % routes.len()).unwrap();
        let condition = if number % 3 == 0 { " when { principal has tier && principal.tier > 1 }" } else { "" };
        let (effect, group) = if number == 1 { ("forbid", "suspended") } else { ("permit", "staff") };
        writeln!(
            text,
            "@id(\"policy-{number}\") {effect} (principal in UserGroup::\"eu-west-1_DevPrimary|{group}\", \
             action == Action::\"{action}\", resource){condition};"
        )
        .unwrap();
    }
    text
}

fn environment(policies: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut environment = deployment::of_pools("http://127.0.0.1:1");
    environment.extend(Pool::ALL.map(Pool::key_set_variable));
    let own = [("RULES__POLICIES", "/rules.cedar"), ("RULES__ROUTES", "/routes.json")];
    let own = own.iter().filter(|_| !policies.is_empty());
    environment.extend(own.chain(more).map(|(name, value)| (format!("SMAC__AUTH__{name}"), (*value).to_owned())));
    environment
}

fn settings(policies: &str, list: &str, more: &[(&str, &str)]) -> Settings {
    let read_file = |path: &Path| match path.to_str() {
        Some("/rules.cedar") => Ok(policies.to_owned()),
        Some("/routes.json") => Ok(list.to_owned()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    };
    Settings::from_variables(environment(policies, more), read_file).unwrap()
}

/// The decision about one request of one user, again and again.
fn decide(criterion: &mut Criterion, group: &str, name: BenchmarkId, settings: Settings) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let authorizer = Authorizer::new(settings);
    let token = Token::id().claim("cognito:groups", json!(["staff", "readers"])).claim("tier", 2).sign();
    let event = json!({
        "type": "REQUEST", "resource": "/collection-0", "httpMethod": "GET",
        "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/collection-0",
        "headers": { "Authorization": format!("Bearer {token}") },
    })
    .to_string();
    let mut group = criterion.benchmark_group(group);
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            let decision = runtime.block_on(authorizer.authorize(black_box(&event), None));
            assert_eq!(decision.outcome().reason(), None);
        });
    });
}

fn decisions(criterion: &mut Criterion) {
    let fifty = routes(50);
    decide(criterion, "rules: decision", BenchmarkId::new("off", 0), settings("", "", &[]));
    for count in [5, 20, 100, 500] {
        let (policies, list) = (policies(count, &fifty), list(&fifty));
        let method = settings(&policies, &list, &[("POLICY__SCOPE", "METHOD")]);
        decide(criterion, "rules: decision", BenchmarkId::new("METHOD, policies", count), method);
        let stage = settings(&policies, &list, &[]);
        decide(criterion, "rules: decision", BenchmarkId::new("STAGE with 50 routes, policies", count), stage);
    }
    for count in [5, 20, 100] {
        let routes = routes(count);
        let stage = settings(&policies(20, &routes), &list(&routes), &[]);
        decide(criterion, "rules: decision", BenchmarkId::new("STAGE with 20 policies, routes", count), stage);
    }
}

fn starts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rules: start");
    group.bench_function("off", |bencher| bencher.iter(|| settings("", "", &[])));
    let fifty = routes(50);
    for count in [5, 20, 100, 500] {
        let (policies, list) = (policies(count, &fifty), list(&fifty));
        group.bench_function(BenchmarkId::new("policies", count), |bencher| {
            bencher.iter(|| settings(&policies, &list, &[]));
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = starts, decisions
}
criterion_main!(benches);
