//! Nothing secret is written: not by the function's log at any level, and not by any library's, with everything switched
//! on. All that is sent and stored is searched for in all that is written.

use std::collections::BTreeSet;
use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use smac_local::deployment::{EMAIL, Issuer, Pool, SECRETS_PREFIX, SERVICE, SERVICE_ID, SERVICE_TOKEN, SUBJECT};
use smac_local::keys::Key;
use smac_local::stand_ins::{Fault, StandIns, Upstream};
use smac_local::token::{Token, Use, now};

use crate::support::log::Log;
use crate::support::oidc::{self, Provider};
use crate::support::own_process::in_its_own_process;
use crate::support::runtime_api::Process;
use crate::support::site::Site;
use crate::support::{self, attacks, bearer, block_on, pair, request, world_with_oidc};

/// Shorter ones are in every log by chance.
const SHORTEST: usize = 6;

/// What a log line may hold, whoever sends it, too: the settings' own words, and those of its warnings.
const PUBLIC: [&str; 3] = [Pool::Primary.id(), Pool::Secondary.id(), "access"];

/// Requests of every sort, good and bad.
fn events() -> Vec<Value> {
    let mut events: Vec<Value> = attacks::corpus().into_iter().map(|attack| attack.event).collect();
    for issuer in Issuer::ALL {
        for token in [Token::of(issuer, Use::Id), Token::of(issuer, Use::Access)] {
            events.push(bearer(&token.sign()));
            events.push(bearer(&token.clone().expired().sign()));
            events.push(bearer(&token.claim("email", "broken\nemail").sign()));
        }
    }
    events.extend([
        pair(SERVICE, SERVICE_TOKEN),
        pair(SERVICE, "a-wrong-token"),
        pair("unknown-service", "a-wrong-token"),
        request(&json!({ "Authorization": "Basic a-header-value", "X-Other": "another-header-value" })),
        json!({ "type": "REQUEST", "methodArn": support::ARN, "queryStringParameters": { "token": "a-query-value" } }),
        json!({ "type": "TOKEN", "methodArn": support::ARN, "authorizationToken": "Bearer a-token-value" }),
        json!({ "nonsense": "a-nonsensical-value" }),
    ]);
    events
}

/// Every string in a JSON value, the names of an object's members left out.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.clone());
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(map) => map.values().for_each(|value| texts(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whatever must not be written: the values of headers, parameters and cookies, the tokens in them, whole and in
/// segments, and the strings in their headers and claims.
fn secrets(events: &[Value]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for event in events {
        for part in ["headers", "multiValueHeaders", "queryStringParameters", "authorizationToken", "identitySource"] {
            texts(&event[part], &mut found);
        }
    }
    let values: Vec<String> = found.iter().cloned().collect();
    for value in values {
        let words = value.split([' ', '\t', ',', ';', '=']).filter(|word| word.matches('.').count() == 2);
        for segment in words.flat_map(|word| word.split('.')) {
            found.insert(segment.to_owned());
            let json = URL_SAFE_NO_PAD.decode(segment).ok().and_then(|json| serde_json::from_slice(&json).ok());
            texts(&json.unwrap_or_default(), &mut found);
        }
    }
    let stored = [EMAIL, SUBJECT, SERVICE, SERVICE_TOKEN, SERVICE_ID, SECRETS_PREFIX];
    found.extend(stored.map(str::to_owned));
    let is_secret = |text: &String| text.len() >= SHORTEST && !PUBLIC.contains(&text.as_str());
    found.into_iter().filter(is_secret).collect()
}

fn find_secrets(secrets: &BTreeSet<String>, log: &str, about: &str) {
    for secret in secrets {
        // As it is, and as JSON or Debug would write it.
        let escaped = json!(secret).to_string();
        let debugged = format!("{secret:?}");
        for form in [secret.as_str(), escaped.trim_matches('"'), debugged.trim_matches('"')] {
            let at = log.find(form);
            assert!(at.is_none(), "{about}: {secret:.60} is written: {}", line_at(log, at.unwrap_or_default()));
        }
    }
}

fn line_at(log: &str, at: usize) -> &str {
    let start = log[..at].rfind('\n').map_or(0, |end| end + 1);
    log[start..].lines().next().unwrap_or_default()
}

/// What goes wrong while they are asked: as much of it as an upstream could put into a message.
fn faults() -> Vec<(Upstream, Fault)> {
    let mut faults = Vec::new();
    for upstream in [Upstream::KeySet, Upstream::Discovery, Upstream::UserInfo, Upstream::Secret] {
        for fault in [
            Fault::Garbage,
            Fault::Reset,
            Fault::Truncated,
            Fault::Redirect,
            Fault::Status(400, json!({ "__type": "AccessDeniedException", "Message": SERVICE_TOKEN })),
            Fault::Status(403, json!({ "message": EMAIL })),
            Fault::Status(500, json!({ "__type": "InternalServiceError", "message": SERVICE_TOKEN })),
            Fault::Status(200, json!({ "sub": SUBJECT, "email": [EMAIL], "SecretString": SERVICE_TOKEN })),
        ] {
            faults.push((upstream, fault));
        }
    }
    faults
}

/// As in a program that embeds the library and writes down all that any crate says: the AWS SDK, for one, says at TRACE
/// what it was answered.
#[test]
fn no_crate_writes_it_down() {
    in_its_own_process("secrecy::no_crate_writes_it_down", || block_on(ask_with_everything_logged()));
}

async fn ask_with_everything_logged() {
    let log = Log::install();
    let world = world_with_oidc(&[
        ("CONTEXT_CLAIMS", "name"),
        ("AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS", "60"),
        ("JWT__COOKIE_NAME", "session"),
    ])
    .await;
    world.stand_ins.set_secret(
        &support::secret_name(),
        Some(r#"{"token":"a-newer-token","id":"service:billing"}"#),
        now(),
    );
    let events = events();
    for event in &events {
        let told = world.ask(event).await;
        log.clone().write_all(&told.raw_line()).unwrap();
        log.clone().write_all(told.debug().as_bytes()).unwrap();
    }
    for (upstream, fault) in faults() {
        // A document of discovery is fresh for longer than all else.
        world.pass(if upstream == Upstream::Discovery { 24 * 3600 } else { 400 });
        world.stand_ins.fail(upstream, 9, fault);
        world.ask(&bearer(&Token::of(Issuer::Dev, Use::Access).claim("exp", now() + 20 * 24 * 3600).sign())).await;
        world.ask(&bearer(&Token::access().claim("exp", now() + 48 * 3600).sign())).await;
        world.ask(&bearer(&Token::id().header("kid", "an-invented-kid").sign())).await;
        world.ask_as_service().await;
        world.stand_ins.recover(upstream);
    }
    tracing::info!("the log is on");
    let written = log.take();
    // A malformed secret is named, since somebody has to find it.
    let named = format!("malformed secret secret=\"{}\"", support::secret_name());
    assert!(written.contains(&named));
    let written = written.replace(&named, "");
    assert!(written.contains("the log is on"));
    for what in ["key set", "discovery", "userInfo", "secret"] {
        assert!(written.contains(&format!("{what} lookup failed")), "{what}");
    }
    assert!(written.matches(r#""requestId""#).count() >= events.len());
    find_secrets(&secrets(&events), &written, "in process");
}

/// The query of an issuer's address may hold a key for it.
#[test]
fn no_query_of_an_address_is_written_down() {
    in_its_own_process("secrecy::no_query_of_an_address_is_written_down", || {
        let log = Log::install();
        block_on(async {
            let site = Site::start().await;
            let provider = Provider::new(&site, "ONE", Key::Primary);
            let with_query = |path: &str| format!("{}{path}?code=a-secret-code", site.url());
            let discovery = with_query(&provider.discovery);
            let mut document = provider.document(&site);
            document["jwks_uri"] = with_query(&provider.keys).into();
            document["userinfo_endpoint"] = with_query(&provider.user_info).into();
            site.serve(&provider.discovery, document);
            let settings = [("DISCOVERY_URL", discovery.as_str()), ("USER_ID", "email"), ("USER_INFO", "true")];
            let world = oidc::still_world(&provider.settings(&settings)).await;
            let token = provider.token(&json!({ "scope": "openid" }));
            for (path, reason) in [
                (&provider.discovery, "discovery_unavailable"),
                (&provider.keys, "jwks_unavailable"),
                (&provider.user_info, "user_info_unavailable"),
            ] {
                site.fail(path, 1, Fault::Status(404, json!({})));
                let told = world.ask_with_token(&token).await;
                assert_eq!(told.reason(), reason);
                let written = format!("{}{}", log.take(), String::from_utf8(told.raw_line()).unwrap());
                assert!(written.contains(path) && written.contains("lookup failed"), "{written}");
                assert!(!written.contains("a-secret-code"), "{written}");
                world.pass(4);
            }
        });
    });
}

/// As Lambda runs it, with all that could switch a log on.
#[tokio::test]
async fn the_function_does_not_write_it_down() {
    let events = events();
    for level in ["TRACE", "INFO"] {
        let stand_ins = StandIns::start(0).await.unwrap();
        let mut environment = stand_ins.environment();
        for (name, value) in [
            ("AWS_LAMBDA_LOG_LEVEL", level),
            ("RUST_LOG", "trace"),
            ("RUST_BACKTRACE", "full"),
            ("SMAC__AUTH__CONTEXT_CLAIMS", "name"),
            ("SMAC__AUTH__CACHE__TTL_SECONDS", "0"),
            ("SMAC__AUTH__AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS", "60"),
        ] {
            environment.push((name.to_owned(), value.to_owned()));
        }
        let process = Process::start(&environment).await;
        for event in &events {
            process.invoke(event.to_string()).await;
        }
        for (upstream, fault) in faults() {
            stand_ins.fail(upstream, 9, fault);
            for event in [bearer(&Token::access().sign()), pair(SERVICE, SERVICE_TOKEN), pair("other", "a-wrong-token")]
            {
                process.invoke(event.to_string()).await;
            }
            stand_ins.recover(upstream);
        }
        for text in ["a-nonsensical-value", "{\"headers\":{\"Authorization\":\"a-header-value", "\u{0}a-query-value"] {
            process.invoke(text).await;
        }
        let (status, log) = process.terminate().await;
        assert_eq!(status, Some(0));
        assert!(log.matches(r#""Decisions":1"#).count() > events.len(), "{}", log.len());
        find_secrets(&secrets(&events), &log, level);
    }
}

/// What holds a credential or a secret shows nothing of it.
#[test]
fn debug_is_redacted() {
    use smac_lambda_authorizer::tools::{Pair, UnverifiedPair, UnverifiedToken};
    let token = Token::id().sign();
    let shown = [
        format!("{:?}", UnverifiedToken { token: &token, web_socket_protocol: None }),
        format!("{:?}", Pair::Complete(UnverifiedPair { id: SERVICE, token: SERVICE_TOKEN })),
        format!("{:?}", UnverifiedPair { id: SERVICE, token: SERVICE_TOKEN }),
    ];
    for shown in shown {
        assert!(shown.contains("redacted"), "{shown}");
        for secret in [token.as_str(), SERVICE, SERVICE_TOKEN] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
