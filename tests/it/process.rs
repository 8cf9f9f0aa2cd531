//! The function as Lambda runs it: a process that asks the Runtime API for work.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use smac_local::deployment::{self, EMAIL, SECRETS_PREFIX, SERVICE, SERVICE_TOKEN};
use smac_local::stand_ins::{Fault, StandIns, Upstream};
use smac_local::token::Token;

use crate::support::runtime_api::{Outcome, Process};
use crate::support::{self, allow, bearer, pair};

/// The pools and the service at these stand-ins.
fn environment(stand_ins: &StandIns) -> Vec<(String, String)> {
    deployment::of_pools(&stand_ins.base_url())
}

fn with(mut environment: Vec<(String, String)>, more: &[(&str, &str)]) -> Vec<(String, String)> {
    environment.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    environment
}

async fn ask(process: &Process, event: &Value) -> Outcome {
    process.invoke(event.to_string()).await
}

fn error(error_type: &str, message: &str) -> Outcome {
    Outcome::Error(json!({ "errorType": error_type, "errorMessage": message }))
}

fn unauthorized() -> Outcome {
    error("Unauthorized", "Unauthorized")
}

fn fault(reason: &str) -> Outcome {
    error("InternalServerError", &format!("Internal server error (Code: {reason})"))
}

fn unsupported() -> Outcome {
    fault("event_unsupported")
}

/// The lines of decisions.
fn decisions(log: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line.get("Decisions").is_some()).collect()
}

#[tokio::test]
async fn it_answers_logs_and_ends() {
    let stand_ins = StandIns::start(0).await.unwrap();
    let process = Process::start(&environment(&stand_ins)).await;
    process.wait_for_polls(1).await;
    assert_eq!(stand_ins.calls(Upstream::KeySet), 2);
    assert_eq!(ask(&process, &bearer(&Token::id().sign())).await, Outcome::Response(allow(EMAIL, "user")));
    assert_eq!(ask(&process, &bearer(&Token::id().expired().sign())).await, unauthorized());
    assert_eq!(ask(&process, &json!({})).await, unsupported());
    for event in ["", "{", "no JSON", "\u{0}", "[1,2"] {
        assert_eq!(process.invoke(event).await, unsupported(), "{event}");
    }
    assert_eq!(process.invoke(vec![0xff, 0xfe, b'{']).await, unsupported());
    let (status, log) = process.terminate().await;
    assert_eq!(status, Some(0));
    let decisions = decisions(&log);
    // And one warning at the start: the development deployment takes tokens in a query parameter.
    assert_eq!(log.lines().count(), 1 + 9);
    assert_eq!(decisions.len(), 9);
    assert_eq!((decisions[0]["requestId"].clone(), decisions[0]["ColdStart"].clone()), (json!("1"), json!(1)));
    assert_eq!(decisions[0]["KeySetFetches"], 2, "the start's");
    assert_eq!(decisions[0]["FunctionName"], "function");
    assert!(decisions[1..].iter().all(|line| line["KeySetFetches"] == 0));
    assert!(decisions[1..].iter().all(|line| line.get("ColdStart").is_none()));
}

#[tokio::test]
async fn mistakes_are_logged_all_of_them_and_it_does_not_start() {
    let stand_ins = StandIns::start(0).await.unwrap();
    let mistakes = [
        ("SMAC__AUTH__MODE", "secret-one"),
        ("SMAC__AUTH__CACHE__CAPACITY", "secret-two"),
        ("SMAC__AUTH__LOG_PRINCIPLE", "secret-three"),
    ];
    for level in ["TRACE", "ERROR"] {
        let environment = with(environment(&stand_ins), &mistakes);
        let process = Process::start(&with(environment, &[("AWS_LAMBDA_LOG_LEVEL", level)])).await;
        let (status, log) = process.end().await;
        assert_eq!(status, Some(1));
        let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let variables: Vec<_> = lines.iter().map(|line| line["variable"].as_str().unwrap()).collect();
        assert_eq!(variables, ["SMAC__AUTH__CACHE__CAPACITY", "SMAC__AUTH__LOG_PRINCIPLE", "SMAC__AUTH__MODE"]);
        assert!(lines.iter().all(|line| line["level"] == "ERROR" && line["problem"].is_string()));
        assert!(!log.contains("secret-"));
    }
    assert_eq!(stand_ins.calls(Upstream::KeySet), 0);
}

#[tokio::test]
async fn warnings_are_logged_and_it_starts() {
    let stand_ins = StandIns::start(0).await.unwrap();
    let off = ("SMAC__AUTH__JWT__QUERY_PARAMETER", "");
    let more = [("SMAC__AUTH__PROVIDER_COGNITO__CHECK_EXPIRATION", "false"), off];
    let process = Process::start(&with(environment(&stand_ins), &more)).await;
    process.wait_for_polls(1).await;
    let (status, log) = process.terminate().await;
    let line: Value = serde_json::from_str(log.trim()).unwrap();
    assert_eq!((status, line["level"].clone(), line["variable"].clone()), (Some(0), json!("WARN"), json!(more[0].0)));

    for (level, is_logged) in [("debug", true), ("WARN", true), ("error", false), ("FATAL", false)] {
        let environment = with(environment(&stand_ins), &more);
        let process = Process::start(&with(environment, &[("AWS_LAMBDA_LOG_LEVEL", level)])).await;
        process.wait_for_polls(1).await;
        let (status, log) = process.terminate().await;
        assert_eq!((status, !log.is_empty()), (Some(0), is_logged), "{level}: {log}");
    }
}

#[tokio::test]
async fn it_starts_without_its_upstreams() {
    let stand_ins = StandIns::start(0).await.unwrap();
    stand_ins.fail(Upstream::KeySet, 4, Fault::Status(500, json!({})));
    let process = Process::start(&environment(&stand_ins)).await;
    process.wait_for_polls(1).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(ask(&process, &bearer(&Token::id().sign())).await, Outcome::Response(allow(EMAIL, "user")));
    let (_, log) = process.terminate().await;
    let warnings = log.lines().filter(|line| line.contains("key set lookup failed")).count();
    assert_eq!(warnings, 2, "{log}");
}

#[tokio::test]
async fn outside_of_lambda_it_says_what_to_do() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_smac-lambda-authorizer")).env_clear().output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("AWS_LAMBDA_RUNTIME_API") && text.contains("cargo local invoke"), "{text}");
}

#[tokio::test]
async fn many_at_once() {
    let stand_ins = StandIns::start(0).await.unwrap();
    let process = Process::start(&with(environment(&stand_ins), &[("AWS_LAMBDA_MAX_CONCURRENCY", "16")])).await;
    process.wait_for_polls(16).await;
    let process = std::sync::Arc::new(process);
    stand_ins.fail(Upstream::Secret, 1, Fault::Late(Duration::from_millis(300)));
    let (good, bad) = (bearer(&Token::id().sign()), bearer(&Token::id().forged().sign()));
    let service = pair(SERVICE, SERVICE_TOKEN);
    let tasks: Vec<_> = (0..300)
        .map(|number| {
            let process = std::sync::Arc::clone(&process);
            let event = [&good, &bad, &service][number % 3].clone();
            tokio::spawn(async move { (number % 3, ask(&process, &event).await) })
        })
        .collect();
    for task in tasks {
        let (kind, outcome) = task.await.unwrap();
        match kind {
            0 => assert_eq!(outcome, Outcome::Response(allow(EMAIL, "user"))),
            1 => assert_eq!(outcome, unauthorized()),
            _ => assert!(matches!(outcome, Outcome::Response(_)), "{outcome:?}"),
        }
    }
    assert_eq!((stand_ins.calls(Upstream::KeySet), stand_ins.calls(Upstream::Secret)), (2, 1));
    let (status, log) = std::sync::Arc::into_inner(process).unwrap().terminate().await;
    assert_eq!((status, decisions(&log).len()), (Some(0), 300));
}

/// Frozen for longer than a connection is kept and than anything here is fresh; and while it was, the other end hung up.
#[tokio::test]
async fn frozen_and_thawed() {
    let stand_ins = StandIns::start(0).await.unwrap();
    let more = [("SMAC__AUTH__CACHE__TTL_SECONDS", "1"), ("SMAC__AUTH__JWT__KEY_SET_TTL_SECONDS", "1")];
    let process = Process::start(&with(environment(&stand_ins), &more)).await;
    let user = bearer(&Token::access().sign());
    let service = pair(SERVICE, SERVICE_TOKEN);
    // 16 s are longer than the HTTP client's idle time-out; after 2 s its connections look alive, and are not.
    for seconds in [2, 16] {
        assert_eq!(ask(&process, &user).await, Outcome::Response(allow(EMAIL, "user")));
        assert!(matches!(ask(&process, &service).await, Outcome::Response(_)));
        process.signal("STOP");
        stand_ins.close().await;
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        stand_ins.open().await.unwrap();
        process.signal("CONT");
    }
    let changed = json!({ "token": SERVICE_TOKEN, "id": "service:renamed" }).to_string();
    stand_ins.set_secret(&support::secret_name(), Some(&changed), smac_local::token::now());
    assert_eq!(ask(&process, &user).await, Outcome::Response(allow(EMAIL, "user")));
    // It was no longer fresh by the wall clock, and read again.
    assert_eq!(ask(&process, &service).await, Outcome::Response(allow("service:renamed", "service")));
    let (status, log) = process.terminate().await;
    assert_eq!(status, Some(0));
    let lines = decisions(&log);
    assert_eq!(lines.len(), 6);
    for line in &lines[2..] {
        for (metric, source) in
            [("KeySetFetches", "keySet"), ("UserInfoFetches", "userInfo"), ("SecretFetches", "secret")]
        {
            if let Some(source) = line["lookups"].get(source) {
                assert_eq!(source, "fetched", "{line}");
                assert!([1, 2].map(Value::from).contains(&line[metric]), "{line}");
            }
        }
        // A dead connection costs one try each; there are two upstreams in the way of an access token.
        assert!(line["FetchFailures"].as_u64().unwrap() <= 2, "{line}");
    }
}

/// A signal while it waits, while it is frozen, and in the concurrent mode: a clean end each time.
#[tokio::test]
async fn sigterm_ends_it_cleanly() {
    let stand_ins = StandIns::start(0).await.unwrap();
    let idle = Process::start(&environment(&stand_ins)).await;
    idle.wait_for_polls(1).await;
    let (status, log) = idle.terminate().await;
    assert_eq!((status, decisions(&log).len()), (Some(0), 0));

    let frozen = Process::start(&environment(&stand_ins)).await;
    frozen.wait_for_polls(1).await;
    frozen.signal("STOP");
    frozen.signal("TERM");
    frozen.signal("CONT");
    let (status, log) = frozen.end().await;
    assert_eq!((status, decisions(&log).len()), (Some(0), 0));

    let busy = Process::start(&with(environment(&stand_ins), &[("AWS_LAMBDA_MAX_CONCURRENCY", "4")])).await;
    busy.wait_for_polls(4).await;
    assert!(matches!(ask(&busy, &pair(SERVICE, SERVICE_TOKEN)).await, Outcome::Response(_)));
    let (status, log) = busy.terminate().await;
    assert_eq!((status, decisions(&log).len()), (Some(0), 1));
}

/// An invocation that ends before a hanging upstream is given up is answered in time. That says nothing about the
/// upstream: who waits for the same thing goes on, and who comes next does not wait.
#[tokio::test]
async fn who_is_cut_short_harms_nobody() {
    let stand_ins = StandIns::start(0).await.unwrap();
    let process = Process::start(&with(environment(&stand_ins), &[("AWS_LAMBDA_MAX_CONCURRENCY", "4")])).await;
    process.wait_for_polls(4).await;
    let service = |name: &str| {
        let stored = json!({ "token": SERVICE_TOKEN, "id": name }).to_string();
        stand_ins.set_secret(&format!("{SECRETS_PREFIX}/{name}"), Some(&stored), smac_local::token::now());
        (pair(name, SERVICE_TOKEN), Outcome::Response(allow(name, "service")))
    };
    let user = |jti: &str| (bearer(&Token::access().claim("jti", jti).sign()), Outcome::Response(allow(EMAIL, "user")));
    let invented_key = (bearer(&Token::id().header("kid", "invented").sign()), unauthorized());
    for (upstream, (event, expected), reason, is_waited_for) in [
        (Upstream::Secret, service("first"), "secrets_unavailable", true),
        (Upstream::Secret, service("second"), "secrets_unavailable", false),
        (Upstream::UserInfo, user("first"), "user_info_unavailable", true),
        (Upstream::UserInfo, user("second"), "user_info_unavailable", false),
        (Upstream::KeySet, invented_key, "jwks_unavailable", true),
    ] {
        // The reused connection hangs, and so does the new one that joins it.
        stand_ins.fail(upstream, 2, Fault::Hang);
        let cut_short = process.invoke_until(event.to_string(), SystemTime::now() + Duration::from_millis(250));
        let patient = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if is_waited_for { Some(ask(&process, &event).await) } else { None }
        };
        let ((outcome, took), patient) = tokio::join!(cut_short, patient);
        assert_eq!(outcome, fault(reason));
        assert!(took < Duration::from_millis(250), "{upstream:?}: {took:?}");
        stand_ins.recover(upstream);
        let answered = match patient {
            Some(answered) => answered,
            None => ask(&process, &event).await,
        };
        assert_eq!(answered, expected, "{upstream:?}");
    }
    assert_eq!(process.terminate().await.0, Some(0));
}

/// cargo-lambda 1.9 says of every invocation that it ends ten minutes after 1970.
#[tokio::test]
async fn an_end_that_is_long_past_counts_as_none() {
    let stand_ins = StandIns::start(0).await.unwrap();
    let process = Process::start(&environment(&stand_ins)).await;
    for event in [bearer(&Token::id().sign()), bearer(&Token::access().sign()), pair(SERVICE, SERVICE_TOKEN)] {
        let (outcome, _) = process.invoke_until(event.to_string(), UNIX_EPOCH + Duration::from_secs(600)).await;
        let Outcome::Response(answer) = outcome else { panic!("{outcome:?}") };
        assert_eq!(answer["policyDocument"]["Statement"][0]["Effect"], "Allow");
    }
    assert_eq!([Upstream::UserInfo, Upstream::Secret].map(|upstream| stand_ins.calls(upstream)), [1, 1]);
}

/// Lambda gives the init phase 10 s.
#[tokio::test]
async fn the_start_waits_for_key_sets_five_seconds_at_most() {
    let stand_ins = StandIns::start(0).await.unwrap();
    stand_ins.fail(Upstream::KeySet, u32::MAX, Fault::Hang);
    let process = Process::start(&with(environment(&stand_ins), &[("SMAC__AUTH__UPSTREAM_TIMEOUT_MS", "10000")])).await;
    let after = process.wait_for_polls(1).await;
    assert!(after >= Duration::from_secs(5) && after < Duration::from_millis(6500), "{after:?}");
    stand_ins.recover(Upstream::KeySet);
    assert_eq!(ask(&process, &bearer(&Token::id().sign())).await, Outcome::Response(allow(EMAIL, "user")));
}
