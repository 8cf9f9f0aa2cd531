//! `cargo local explain`: the sentence of each reason, what is never said, and who is asked.

mod cases;
mod oidc;

use std::collections::BTreeSet;
use std::net::TcpListener;

use serde_json::{Value, json};
use smac_lambda_authorizer::{Fault as Faults, Refusal};
use smac_local::deployment::{self, EMAIL, Issuer, Pool, SECRETS_PREFIX, SERVICE, SERVICE_TOKEN, SUBJECT};
use smac_local::keys::{Algorithm, Key};
use smac_local::stand_ins::{Fault, StandIns, Upstream};
use smac_local::token::{Token, Use, now};

use crate::support::{Output, UNUSED, deployed_with, env_file, file, run, with};
use cases::{Case, live_cases, offline_cases, offline_cases_of_oidc, signed_in};

const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/pets/jane";

fn request(headers: Value) -> String {
    json!({ "type": "REQUEST", "methodArn": ARN, "headers": headers }).to_string()
}

fn pair(id: &str, token: &str) -> String {
    request(json!({ "smac-principal": id, "SMAC-Token": token }))
}

/// Runs it, and looks for what must never be said.
fn explain(arguments: &[&str], input: &str) -> Output {
    let output = run(&[&["explain"], arguments, &["-"]].concat(), input);
    let all = format!("{}{}", output.stdout, output.stderr);
    let tokens = input.split(['"', ' ', ',']).filter(|part| part.starts_with("eyJ"));
    let segments = tokens.flat_map(|token| token.split('.')).filter(|segment| segment.len() > 8);
    for secret in segments.chain([EMAIL, SUBJECT, SERVICE_TOKEN, SERVICE, "jane", "Jane", "pets", "hidden-"]) {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
    output
}

fn check(output: &Output, (_, _, reason, why, change): &Case<'_>) {
    let shown = format!("{}{}", output.stdout, output.stderr);
    assert!(output.line("decision").contains(reason), "{reason}: {shown}");
    assert!(output.line("  FAILED").contains(why), "{reason}: {why}: {shown}");
    assert!(output.line("change").contains(change), "{reason}: {change}: {shown}");
    let code = if output.line("decision").starts_with("fault") { 2 } else { 1 };
    assert_eq!(output.code, code, "{shown}");
}

#[test]
fn each_reason_that_is_known_offline_has_its_sentence() {
    for case in offline_cases().into_iter().chain(offline_cases_of_oidc()) {
        let path = deployed_with(case.0);
        check(&explain(&["--env-file", &path], &case.1), &case);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_reason_of_an_upstream_has_its_sentence_live() {
    for (case, fault) in live_cases() {
        let stand_ins = StandIns::start(0).await.unwrap();
        stand_ins.set_secret(&format!("{SECRETS_PREFIX}/broken"), Some("no JSON"), now());
        stand_ins.set_user_info(json!({ "email": EMAIL, "email_verified": "true", "phone_number": "hidden-1" }));
        if let Some((upstream, fault)) = fault {
            stand_ins.fail(upstream, 10, fault);
        }
        let path = env_file(&with(stand_ins.environment(), case.0));
        let output = explain(&["--live", "--env-file", &path], &case.1);
        let why = case.3.replace("{base}", &stand_ins.base_url());
        check(&output, &(case.0, case.1, case.2, &why, case.4));
    }
}

#[test]
fn no_reason_is_without_a_case() {
    let mut codes: BTreeSet<_> = offline_cases().iter().chain(&offline_cases_of_oidc()).map(|case| case.2).collect();
    codes.extend(live_cases().iter().map(|(case, _)| case.2));
    // A panic can't be asked for.
    let all = Refusal::all().filter(|refusal| *refusal != Faults::Internal.into());
    assert_eq!(codes, all.map(Refusal::code).collect());
}

#[test]
fn offline_nobody_is_asked_and_what_is_assumed_is_said() {
    let real_hosts = TcpListener::bind("127.0.0.1:0").unwrap();
    real_hosts.set_nonblocking(true).unwrap();
    let environment = deployment::environment(&format!("http://{}", real_hosts.local_addr().unwrap()));
    let path = env_file(&environment);
    let assumed = |output: &Output| -> Vec<String> {
        let lines = output.stdout.lines().filter_map(|line| line.strip_prefix("  assumed "));
        lines.map(|line| line.split("  ").next().unwrap().to_owned()).collect()
    };
    for (input, expected) in [
        (Token::id().sign(), vec!["key", "signature"]),
        (Token::id().forged().sign(), vec!["key", "signature"]),
        (Token::access().sign(), vec!["key", "signature", "user id", "verification"]),
        (signed_in(), vec!["key", "signature", "user id", "verification"]),
        (Token::of(Issuer::Dev, Use::Access).sign(), vec!["key", "signature", "user id", "verification"]),
        (Token::of(Issuer::Dev, Use::Access).forged().sign(), vec!["key", "signature", "user id", "verification"]),
        (format!("Bearer {}", Token::of(Pool::Secondary, Use::Id).sign()), vec!["key", "signature"]),
        (pair("some-service", "hidden-token"), vec!["secret", "service token"]),
    ] {
        let output = explain(&["--env-file", &path], &input);
        assert_eq!((output.code, assumed(&output)), (0, expected.into_iter().map(str::to_owned).collect()));
        assert!(output.line("decision").starts_with("allowed"), "{}", output.stdout);
        assert!(output.line("decision").ends_with("if what is assumed is true"), "{}", output.stdout);
        assert!(output.stdout.contains("not checked offline: use --live"));
    }
    assert_eq!(real_hosts.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    let live = explain(&["--live", "--env-file", &path, "--setting", "UPSTREAM_TIMEOUT_MS=100"], &Token::id().sign());
    assert_eq!(live.code, 2);
    assert!(real_hosts.accept().is_ok(), "this is how it would be seen");
}

#[test]
fn a_key_in_the_settings_is_checked_offline() {
    let key_set = Key::Primary.key_set().to_string();
    let jwks = ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__JWKS", key_set.as_str());
    for ttl in ["3600", "0"] {
        let changes = [jwks, ("JWT__KEY_SET_TTL_SECONDS", ttl)];
        let path = deployed_with(&changes);
        let good = explain(&["--env-file", &path], &Token::id().sign());
        assert_eq!((good.code, good.line("decision")), (0, "allowed (user)"));
        assert!(good.stdout.contains("in the configured key set") && !good.stdout.contains("  assumed "));
        let forged = explain(&["--env-file", &path], &Token::id().forged().sign());
        assert_eq!((forged.code, forged.line("decision")), (1, "unauthorized: signature_invalid"));
        // The function would fetch this one.
        let other = explain(&["--env-file", &path], &Token::id().header("kid", "another").sign());
        assert_eq!(other.code, 0);
        assert!(other.line("  assumed key").contains("not checked offline"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_asks_the_upstreams_of_the_settings() {
    let stand_ins = StandIns::start(0).await.unwrap();
    let path = env_file(&stand_ins.environment());
    for input in [Token::access().sign(), pair(SERVICE, SERVICE_TOKEN)] {
        let output = explain(&["--live", "--env-file", &path], &input);
        assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
        assert!(!output.stdout.contains("assumed"));
    }
    assert_eq!((stand_ins.calls(Upstream::UserInfo), stand_ins.calls(Upstream::Secret)), (1, 1));
    assert!(stand_ins.calls(Upstream::KeySet) >= Pool::ALL.len());
}

#[test]
fn a_leeway_is_advised_where_clocks_can_differ_by_it_and_nowhere_else() {
    let path = deployed_with(&[]);
    for (ago, is_advised) in [(60, true), (290, true), (310, false), (90 * 24 * 3600, false)] {
        let output = explain(&["--env-file", &path], &Token::id().claim("exp", now() - ago).sign());
        assert!(output.line("decision").starts_with("unauthorized: token_expired"), "{}", output.stdout);
        assert_eq!(output.line("change").contains("LEEWAY"), is_advised, "{ago}: {}", output.stdout);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_says_who_was_asked_even_for_nothing() {
    let stand_ins = StandIns::start(0).await.unwrap();
    let path = env_file(&stand_ins.environment());
    stand_ins.fail(Upstream::KeySet, 99, Fault::Status(503, json!({})));
    let malformed = explain(&["--live", "--env-file", &path], "eyJhbGciOiJSUzI1NiJ9");
    assert_eq!(malformed.line("asked"), "key set (not needed; 6 of 6 calls failed)");
    let unavailable = explain(&["--live", "--env-file", &path], &Token::id().sign());
    assert_eq!(unavailable.line("asked"), "key set (failed; 6 of 6 calls failed)");
    stand_ins.recover(Upstream::KeySet);
    let good = explain(&["--live", "--env-file", &path], &Token::access().sign());
    assert_eq!(good.line("asked"), "key set (fresh), userInfo (fetched)");
    let good = explain(&["--live", "--env-file", &path], &signed_in());
    assert_eq!((good.code, good.line("asked")), (0, "key set (fresh), GetUser (fetched)"));
    assert!(good.stdout.contains("in GetUser's `email`"), "{}", good.stdout);
    let good = explain(&["--live", "--env-file", &path], &Token::of(Issuer::Dev, Use::Access).sign());
    let asked = "discovery document (fresh), key set (fresh), userInfo (fetched)";
    assert_eq!((good.code, good.line("asked")), (0, asked), "{}", good.stdout);
    let nobody = [("PROVIDER", "NONE"), ("MODE", "OPTIONAL")];
    let path = env_file(&with(stand_ins.environment(), &nobody));
    let output = explain(&["--live", "--env-file", &path], &request(json!({})));
    assert_eq!(output.line("asked"), "nobody: it was not needed");
}

#[test]
fn a_deployment_is_asked_offline_whatever_the_case_of_its_names() {
    let access = ("PROVIDER_COGNITO__TOKEN_USE", "ACCESS");
    let changes = [access, ("PROVIDER_COGNITO__CHECK_REVOCATION", "true"), ("JWT__KEY_SET_TTL_SECONDS", "0")];
    let profile = ("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__PROFILE", "nobody");
    let prefix = ("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX", "");
    let mut variables = with(deployment::environment(UNUSED), &[&changes[..], &[profile, prefix]].concat());
    for (name, _) in variables.iter_mut().filter(|(name, _)| name.starts_with("SMAC")) {
        *name = name.to_ascii_lowercase();
    }
    let path = env_file(&variables);
    let token = explain(&["--env-file", &path], &Token::access().sign());
    assert_eq!((token.code, token.stdout.contains("  assumed revocation")), (0, true), "{}", token.stdout);
    let pair = explain(&["--env-file", &path], &pair("some-service", "hidden-token"));
    assert_eq!((pair.code, pair.stdout.contains("  assumed secret")), (0, true), "{}", pair.stdout);
}

#[test]
fn the_development_deployment_and_its_stand_ins_without_a_file() {
    for (event, decision) in [
        ("events/rest-request-access-token.json", "allowed (user)"),
        ("events/http-v2-automation.json", "allowed (service)"),
        ("events/refused-forged-signature.json", "unauthorized: signature_invalid"),
        ("events/refused-wrong-service-token.json", "unauthorized: service_token_mismatch"),
    ] {
        assert_eq!(run(&["explain", event], "").line("decision"), decision);
    }
    let use_id = ["--setting", "PROVIDER_COGNITO__TOKEN_USE=ID"];
    let other = run(&["explain", use_id[0], use_id[1], "events/rest-request-access-token.json"], "");
    assert_eq!((other.code, other.line("decision")), (1, "unauthorized: token_use_not_allowed"));
}

#[test]
fn tokens_in_a_file_and_on_standard_input_and_never_as_an_argument() {
    let environment = deployed_with(&[]);
    let token = Token::id().sign();
    let in_file = file("token.txt", &format!("{token}\n"));
    let quoted = file("token.json", &format!("\"{token}\"\n"));
    let prefixed = format!("Bearer {token}");
    for (file, stdin) in [(in_file.as_str(), ""), (&quoted, ""), ("-", token.as_str()), ("-", &prefixed)] {
        let output = run(&["explain", "--env-file", &environment, file], stdin);
        assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
        assert!(!output.stdout.contains(&token));
    }
    for arguments in [&[token.as_str()][..], &["Bearer", &token], &[&prefixed]] {
        let output = run(&[&["explain", "--env-file", &environment], arguments].concat(), "");
        assert_eq!((output.code, output.stdout.as_str()), (2, ""));
        assert!(output.stderr.contains("would stay in the shell's history"), "{}", output.stderr);
        assert!(!output.stderr.contains(&token));
    }
}

#[test]
fn of_a_sign_in_it_says_which_token_it_took() {
    let path = deployed_with(&[]);
    let (id, access) = (Token::id().sign(), Token::access().sign());
    let both = json!({ "AuthenticationResult": { "IdToken": id, "AccessToken": access, "ExpiresIn": 3600 } });
    let one = json!({ "ChallengeParameters": {}, "AuthenticationResult": { "IdToken": id } });
    for (result, which) in [(both, "access"), (one, "ID")] {
        let output = explain(&["--env-file", &path], &format!("{result:#}"));
        assert_eq!(output.line("token"), format!("the {which} token of the sign-in"));
        assert!(output.stdout.contains(&format!("{which} token, which is allowed")), "{}", output.stdout);
        assert_eq!(output.code, 0);
    }
    let none = run(&["explain", "--env-file", &path, "-"], r#"{"AuthenticationResult": {"RefreshToken": "hidden-"}}"#);
    assert!(none.code == 2 && none.stderr.contains("holds no token"), "{}", none.stderr);
}

#[test]
fn a_token_goes_where_the_settings_want_it() {
    let changes = [("PROVIDER_COGNITO__JWT_HEADER_NAME", "X-Token"), ("PROVIDER_COGNITO__JWT_HEADER_PREFIX", "")];
    let path = deployed_with(&changes);
    assert_eq!(explain(&["--env-file", &path], &Token::id().sign()).code, 0);
}

#[test]
fn what_can_not_be_used_is_said_without_showing_it() {
    let good = deployed_with(&[]);
    let mistaken = deployed_with(&[("MODE", "hidden-a"), ("CACHE__CAPACITY", "hidden-b")]);
    let broken = file("broken.env", "A=1\nhidden-c\n");
    let no_json = file("event.json", "{ hidden-d");
    let damaged = format!("{}%hidden-e", Token::id().sign().replacen("eyJ", "x", 1));
    for (arguments, said) in [
        (&["--env-file", "none.env", "-"][..], "none.env: No such file"),
        (&["--env-file", &broken, "-"], "line 2: is not NAME=VALUE"),
        (&["--env-file", &mistaken, "-"], "SMAC__AUTH__CACHE__CAPACITY: must be a whole number"),
        (&["--env-file", &mistaken, "-"], "SMAC__AUTH__MODE: must be one of ENFORCE, OPTIONAL"),
        (&["--env-file", &good, "none.json"], "none.json: No such file"),
        (&["--env-file", &good, &no_json], "not JSON (line 1, column 3)"),
        (&["--env-file", &good, &damaged], "there is no such file; a token is read from standard input"),
        (&["--env-file", &good, "a", "b"], "FILE: is one file, or `-`"),
        (&["--env-file", &good, "--setting", "hidden", "-"], "must be NAME=VALUE"),
        (&["--env-file", &good, "--lively", "-"], "--live"),
        (&["--env-file", &good], "<FILE>"),
        (&["--live", "-"], "--live: needs a deployment"),
        (&["--function-config", "-", "-"], "`-`: only one file can be standard input"),
        (&["--env-file", &good, "--function-config", "x.json", "-"], "cannot be used with"),
    ] {
        let output = run(&[&["explain"], arguments].concat(), &Token::id().sign());
        assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{said}");
        assert!(output.stderr.contains(said), "{said}: {}", output.stderr);
        assert!(!output.stderr.contains("hidden-"), "{}", output.stderr);
    }
    assert!(run(&["explain", "--help"], "").stdout.contains("shell's history"));
}
