//! `cargo local explain`: the sentence of each reason, what is never said, and who is asked.

use std::collections::BTreeSet;
use std::net::TcpListener;

use serde_json::{Value, json};
use smac_lambda_authorizer::{Fault as Faults, Forbidden, Unauthorized};
use smac_local::deployment::{self, EMAIL, Pool, SECRETS_PREFIX, SERVICE, SERVICE_TOKEN, SUBJECT};
use smac_local::keys::Key;
use smac_local::stand_ins::{Fault, StandIns, Upstream};
use smac_local::token::{Token, now, sign_raw};

use crate::support::{self, Output, env_file, file, run, with};

const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/pets/jane";
const UNUSED: &str = "http://127.0.0.1:1";

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

/// A case: other settings, the input, the reason, and words of the sentence and of what to change.
type Case<'a> = (&'a [(&'a str, &'a str)], String, &'a str, &'a str, &'a str);

fn check(output: &Output, (_, _, reason, why, change): &Case<'_>) {
    let shown = format!("{}{}", output.stdout, output.stderr);
    assert!(output.line("decision").contains(reason), "{reason}: {shown}");
    assert!(output.line("  FAILED").contains(why), "{reason}: {why}: {shown}");
    assert!(output.line("change").contains(change), "{reason}: {change}: {shown}");
    let code = if output.line("decision").starts_with("fault") { 2 } else { 1 };
    assert_eq!(output.code, code, "{shown}");
}

/// What can be told without a network.
fn offline_cases() -> Vec<Case<'static>> {
    let id = |token: Token| token.sign();
    let header = |value: &str| request(json!({ "Authorization": value }));
    let http = json!({
        "version": "2.0", "type": "REQUEST", "routeArn": ARN, "identitySource": ["other"],
        "headers": { "authorization": format!("Bearer {}", Token::id().sign()) },
    });
    let with_json = |claims: &str| sign_raw(Key::Primary, br#"{"alg":"RS256","kid":"k"}"#, claims.as_bytes());
    let updated = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_DevPrimary";
    let moved = "https://cognito-idp.us-east-1.amazonaws.com/eu-west-1_DevPrimary";
    vec![
        (&[], request(json!({})), "credentials_missing", "no credential; looked at: the header `Authorization: Bearer <token>`", "MODE=OPTIONAL"),
        (&[], request(json!({ "SMAC-Principal": "hidden-x" })), "credentials_missing", "only the header `SMAC-Principal` is there", "send the header `SMAC-Token`"),
        (&[], request(json!({ "SMAC-Token": "hidden-x" })), "credentials_missing", "only the header `SMAC-Token` is there", "send the header `SMAC-Principal`"),
        (&[("PROVIDER", "NONE")], id(Token::id()), "credentials_missing", "SMAC__AUTH__PROVIDER is NONE", "PROVIDER=COGNITO"),
        (&[("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX", "")], pair(SERVICE, SERVICE_TOKEN), "credentials_missing", "service principals are off", "COMMON_PREFIX"),
        (&[], request(json!({ "authorization": ["hidden-a", "hidden-b"] })), "credentials_ambiguous", "two values for one credential", "no header twice"),
        (&[], http.to_string(), "cache_key_mismatch", "`identitySource`, 1 values", "identity source"),
        (&[], header("Basic hidden-x"), "token_malformed", "the header `Authorization` is not `Bearer <token>`", "JWT_HEADER_PREFIX"),
        (&[], "eyJhbGciOiJSUzI1NiJ9".to_owned(), "token_malformed", "has no dots", "the whole token"),
        (&[], "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ".to_owned(), "token_malformed", "2 segments instead of 3", "the whole token"),
        (&[], "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.a=".to_owned(), "token_malformed", "signature is not strict base64url", "the whole token"),
        (&[], "eyJhbGciOiJSUzI1NiJ9.eyJhIjox.AAAA".to_owned(), "token_malformed", "no JSON object", "the whole token"),
        (&[], id(Token::id().header("kid", Value::Null)), "token_malformed", "no key id", "the whole token"),
        (&[], id(Token::id().header("crit", json!([]))), "token_malformed", "`crit`", "the whole token"),
        (&[], id(Token::id().without("exp")), "token_malformed", "no `exp`", "the whole token"),
        (&[], id(Token::id().claim("nbf", "hidden-x")), "token_malformed", "`nbf` is no whole number", "the whole token"),
        (&[], id(Token::id().header("alg", "HS256")), "algorithm_not_allowed", "the token says HS256", "of Cognito"),
        (&[], id(Token::id().claim("iss", "https://x.example")), "issuer_unknown", "`https://x.example` is no configured pool's: https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_DevPrimary (PRIMARY)", "configure the pool `x.example`"),
        (&[], id(Token::id().claim("iss", updated)), "issuer_unknown", updated, "add UPDATED to SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__ISSUERS"),
        (&[("PROVIDER_COGNITO__USERPOOLS__PRIMARY__ISSUERS", "UPDATED")], id(Token::id()), "issuer_unknown", "is no configured pool's", "add ORIGINAL to"),
        (&[], id(Token::id().claim("iss", moved)), "issuer_unknown", moved, "PRIMARY__REGION"),
        (&[], with_json("{}"), "issuer_unknown", "names no issuer", "of Cognito"),
        (&[], id(Token::id().claim("exp", now() - 185)), "token_expired", "expired 3 minutes ago, and the leeway is 0 seconds", "LEEWAY_SECONDS"),
        (&[("PROVIDER_COGNITO__LEEWAY_SECONDS", "60")], id(Token::id().expired()), "token_expired", "the leeway is 60 seconds", "a new token"),
        (&[], id(Token::id().claim("nbf", now() + 7210)), "token_not_yet_valid", "begins in 2 hours (`nbf`)", "compare the clocks"),
        (&[], id(Token::id().claim("iat", now() + 605)), "token_not_yet_valid", "issued in 10 minutes (`iat`)", "compare the clocks"),
        (&[("PROVIDER_COGNITO__TOKEN_USE", "ACCESS")], id(Token::id()), "token_use_not_allowed", "the token is an ID token", "send the access token, or add ID to"),
        (&[("PROVIDER_COGNITO__TOKEN_USE", "ID")], id(Token::access()), "token_use_not_allowed", "the token is an access token", "send the ID token, or add ACCESS to"),
        (&[], id(Token::id().claim("token_use", "refresh")), "token_use_not_allowed", "`refresh`, neither id nor access", "ID or access"),
        (&[], id(Token::id().without("token_use")), "token_use_not_allowed", "no `token_use`", "of Cognito"),
        (&[], id(Token::id().claim("aud", "abc")), "client_not_allowed", "the token's client `abc` is not among the app clients of pool PRIMARY", "add it to SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID"),
        (&[], id(Token::access().claim("client_id", Pool::Secondary.client())), "client_not_allowed", "it is one of pool SECONDARY", "a token of pool SECONDARY"),
        (&[], id(Token::id().without("aud")), "client_not_allowed", "names no app client (`aud`", "for an app client"),
        (&[("USER_ID", "custom:id")], id(Token::id()), "user_id_missing", "the ID token has no claim `custom:id`", "SMAC__AUTH__USER_ID"),
        (&[("PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN", "")], id(Token::access()), "user_id_missing", "pool PRIMARY has no domain to ask", "set SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN"),
        (&[], id(Token::access().claim("scope", "a")), "user_id_missing", "its scope no `openid`", "ask for the scope openid"),
        (&[], id(Token::access().claim("sub", "1devprimaryclient").without("username")), "user_id_missing", "client credentials), and no user's: client `1devprimaryclient`", "ALLOW_MACHINE_TOKENS=true"),
        (&[], id(Token::access().without("sub")), "user_id_missing", "no `sub`", "of Cognito"),
        (&[], id(Token::id().claim("email", "hidden-\u{7}")), "user_id_invalid", "the claim `email` is over 512 bytes", "SMAC__AUTH__USER_ID"),
        (&[], id(Token::id().claim("email_verified", false)), "email_not_verified", "pool PRIMARY says that the user's e-mail is not verified", "REQUIRE_VERIFIED_EMAIL=false"),
        (&[("PROVIDER_COGNITO__TOKEN_USE", "ACCESS"), ("PROVIDER_COGNITO__CHECK_REVOCATION", "true"), ("USER_ID", "sub")], id(Token::access().claim("scope", "a")), "revocation_unknown", "its scope has no `openid`", "scope openid"),
        (&[], pair("hidden id", "hidden-x"), "service_id_invalid", "the header `SMAC-Principal` can't be part of a secret's name", "128 letters"),
        (&[("PROVIDER_COGNITO__REQUIRED_SCOPES", "cats/read,cats/write")], id(Token::id()), "scope_missing", "none of the required scopes: cats/read, cats/write", "ID tokens hold no scopes"),
        (&[("PROVIDER_COGNITO__REQUIRED_SCOPES", "a")], id(Token::access()), "scope_missing", "none of the required scopes: a", "have the client ask"),
        (&[("PROVIDER_COGNITO__REQUIRED_GROUPS", "admins")], id(Token::id()), "group_missing", "none of the required groups: admins", "add the user to one in pool PRIMARY"),
        (&[("POLICY__SCOPE", "METHOD")], json!({ "type": "TOKEN", "methodArn": format!("{ARN}*"), "authorizationToken": format!("Bearer {}", Token::id().sign()) }).to_string(), "resource_unsafe", "a pattern in a policy", "POLICY__SCOPE=STAGE"),
        (&[], json!({ "type": "OTHER" }).to_string(), "event_unsupported", "no event that API Gateway sends", "as an authorizer"),
        (&[("PROVIDER", "NONE"), ("AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX", "")], request(json!({})), "CONFIG_ENFORCED_001", "neither a pool nor a service principal", "PROVIDER=COGNITO"),
        (&[("CONTEXT_CLAIMS", "large")], id(Token::id().claim("large", "x".repeat(9000))), "context_too_large", "8,192 bytes", "CONTEXT_CLAIMS"),
    ]
}

/// What only the upstreams can tell.
fn live_cases() -> Vec<(Case<'static>, Option<(Upstream, Fault)>)> {
    let down = |upstream| Some((upstream, Fault::Status(503, json!({}))));
    let unknown_key = Token::id().header("kid", "another").sign();
    let key_set =
        format!("the key set of pool PRIMARY can't be had: {{base}}/{}/.well-known/jwks.json", Pool::Primary.id());
    let key_set: &'static str = key_set.leak();
    vec![
        ((&[], unknown_key, "key_unknown", "no key of the token's key id", "sign in again"), None),
        (
            (
                &[],
                Token::id().forged().sign(),
                "signature_invalid",
                "the key of pool PRIMARY that the token names did not sign it",
                "as Cognito gave it",
            ),
            None,
        ),
        ((&[], Token::id().sign(), "jwks_unavailable", key_set, "PRIMARY__USERPOOL_ID"), down(Upstream::KeySet)),
        (
            (
                &[("USER_ID", "custom:id")],
                Token::access().sign(),
                "user_id_missing",
                "neither the token nor userInfo has a claim `custom:id`",
                "SMAC__AUTH__USER_ID",
            ),
            None,
        ),
        (
            (
                &[],
                Token::access().sign(),
                "user_info_unavailable",
                "userInfo gave no usable answer: {base}/PRIMARY/oauth2/userInfo",
                "PRIMARY__DOMAIN",
            ),
            down(Upstream::UserInfo),
        ),
        (
            (
                &[],
                Token::access().sign(),
                "token_revoked",
                "userInfo refuses the token: {base}/PRIMARY/oauth2/userInfo",
                "sign in again",
            ),
            Some((Upstream::UserInfo, Fault::Status(401, json!({})))),
        ),
        (
            (
                &[],
                pair("hidden-id", "hidden-x"),
                "service_unknown",
                "Secrets Manager in eu-west-1 has no secret smac/dev/<value of SMAC-Principal>",
                "create it",
            ),
            None,
        ),
        (
            (
                &[],
                pair(SERVICE, "hidden-x"),
                "service_token_mismatch",
                "the header `SMAC-Token` is not the token in the secret",
                "ROTATION_GRACE_SECONDS",
            ),
            None,
        ),
        (
            (
                &[],
                pair(SERVICE, SERVICE_TOKEN),
                "secrets_unavailable",
                "gave no usable answer about smac/dev/<value of SMAC-Principal>",
                "secretsmanager:GetSecretValue",
            ),
            down(Upstream::Secret),
        ),
        (
            (
                &[],
                pair("broken", "hidden-x"),
                "secret_malformed",
                "the secret smac/dev/<value of SMAC-Principal> is not a service's",
                "JSON",
            ),
            None,
        ),
    ]
}

#[test]
fn each_reason_that_can_be_told_offline_has_its_sentence() {
    for case in offline_cases() {
        let path = env_file(&with(deployment::environment(UNUSED), case.0));
        check(&explain(&["--env-file", &path], &case.1), &case);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_reason_of_an_upstream_has_its_sentence_live() {
    for (case, fault) in live_cases() {
        let stand_ins = StandIns::start(0).await.unwrap();
        stand_ins.set_secret(&format!("{SECRETS_PREFIX}/broken"), Some("no JSON"), now());
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
    let mut codes: BTreeSet<_> = offline_cases().iter().map(|case| case.2).collect();
    codes.extend(live_cases().iter().map(|(case, _)| case.2));
    let unauthorized = Unauthorized::ALL.iter().map(|reason| reason.code());
    let forbidden = Forbidden::ALL.iter().map(|reason| reason.code());
    // A panic can't be asked for.
    let faults = Faults::ALL.iter().filter(|fault| **fault != Faults::Internal).map(|reason| reason.code());
    assert_eq!(codes, unauthorized.chain(forbidden).chain(faults).collect());
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
        (Token::access().sign(), vec!["key", "signature", "userInfo", "user id", "e-mail"]),
        (format!("Bearer {}", Token::of(Pool::Secondary, smac_local::token::Use::Id).sign()), vec!["key", "signature"]),
        (pair("some-service", "hidden-token"), vec!["secret", "service token"]),
    ] {
        let output = explain(&["--env-file", &path], &input);
        assert_eq!((output.code, assumed(&output)), (0, expected.into_iter().map(str::to_owned).collect()));
        assert!(output.line("decision").starts_with("allowed"), "{}", output.stdout);
        assert!(output.line("decision").ends_with("if what is assumed holds"), "{}", output.stdout);
        assert!(output.stdout.contains("not checked offline: use --live"));
    }
    assert_eq!(real_hosts.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    assert_eq!(
        explain(&["--live", "--env-file", &path, "--setting", "UPSTREAM_TIMEOUT_MS=100"], &Token::id().sign()).code,
        2
    );
    assert!(real_hosts.accept().is_ok(), "this is how it would be seen");
}

#[test]
fn a_key_in_the_settings_is_checked_offline() {
    let key_set = Key::Primary.key_set().to_string();
    let jwks = ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__JWKS", key_set.as_str());
    for ttl in ["3600", "0"] {
        let changes = [jwks, ("PROVIDER_COGNITO__JWKS_TTL_SECONDS", ttl)];
        let path = env_file(&with(deployment::environment(UNUSED), &changes));
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
fn the_development_deployment_and_its_stand_ins_without_a_file() {
    for (event, decision) in [
        ("events/rest-request-access-token.json", "allowed (user)"),
        ("events/http-v2-automation.json", "allowed (service)"),
        ("events/refused-forged-signature.json", "unauthorized: signature_invalid"),
        ("events/refused-wrong-service-token.json", "unauthorized: service_token_mismatch"),
    ] {
        assert_eq!(run(&["explain", event], "").line("decision"), decision);
    }
    let other =
        run(&["explain", "--setting", "PROVIDER_COGNITO__TOKEN_USE=ID", "events/rest-request-access-token.json"], "");
    assert_eq!((other.code, other.line("decision")), (1, "unauthorized: token_use_not_allowed"));
}

#[test]
fn tokens_as_an_argument_in_a_file_and_on_standard_input() {
    let environment = env_file(&deployment::environment(UNUSED));
    let token = Token::id().sign();
    let in_file = file("token.txt", &format!("{token}\n"));
    for arguments in [vec![token.as_str()], vec!["Bearer", token.as_str()], vec![in_file.as_str()]] {
        let output = run(&[&["explain", "--env-file", &environment], arguments.as_slice()].concat(), "");
        assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
        assert!(!output.stdout.contains(&token));
    }
}

#[test]
fn a_token_goes_where_the_settings_want_it() {
    let changes = [("PROVIDER_COGNITO__JWT_HEADER_NAME", "X-Token"), ("PROVIDER_COGNITO__JWT_HEADER_PREFIX", "")];
    let path = env_file(&with(deployment::environment(UNUSED), &changes));
    assert_eq!(explain(&["--env-file", &path], &Token::id().sign()).code, 0);
}

#[test]
fn what_can_not_be_used_is_said_without_showing_it() {
    let good = env_file(&deployment::environment(UNUSED));
    let mistaken =
        env_file(&with(deployment::environment(UNUSED), &[("MODE", "hidden-a"), ("CACHE__CAPACITY", "hidden-b")]));
    let broken = file("broken.env", "A=1\nhidden-c\n");
    let no_json = file("event.json", "{ hidden-d");
    let damaged = format!("{}%hidden-e", Token::id().sign().replacen("eyJ", "x", 1));
    for (arguments, said) in [
        (vec!["--env-file", "none.env", "-"], "none.env: No such file"),
        (vec!["--env-file", &broken, "-"], "line 2: is not NAME=VALUE"),
        (vec!["--env-file", &mistaken, "-"], "SMAC__AUTH__CACHE__CAPACITY: must be a whole number"),
        (vec!["--env-file", &mistaken, "-"], "SMAC__AUTH__MODE: must be one of ENFORCE, OPTIONAL"),
        (vec!["--env-file", &good, "none.json"], "none.json: there is no such file"),
        (vec!["--env-file", &good, &no_json], "not JSON (line 1, column 3)"),
        (vec!["--env-file", &good, &damaged], "is neither a file nor a token"),
        (vec!["--env-file", &good, "a", "b"], "is one file, one token, or `-`"),
        (vec!["--env-file", &good, "--setting", "hidden", "-"], "must be NAME=VALUE"),
        (vec!["--env-file", &good, "--lively", "-"], "--live"),
        (vec!["--env-file", &good], "EVENT_OR_TOKEN"),
        (vec!["--function-config", "-", "-"], "--function-config and EVENT_OR_TOKEN: only one can be standard input"),
        (vec!["--env-file", &good, "--function-config", "x.json", "-"], "cannot be used with"),
    ] {
        let output = run(&[&["explain"], arguments.as_slice()].concat(), &Token::id().sign());
        assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{said}");
        assert!(output.stderr.contains(said), "{said}: {}", output.stderr);
        assert!(!output.stderr.contains("hidden-"), "{}", output.stderr);
    }
    assert!(run(&["explain", "--help"], "").stdout.contains("shell's history"));
}

/// The lines of a `console` block of the README that begins with this command.
fn shown(command: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(support::root().join("README.md")).unwrap();
    let (_, block) = readme.split_once(&format!("$ {command}\n")).unwrap();
    let (block, _) = block.split_once("```").unwrap();
    block.lines().filter(|line| *line != "...").map(str::to_owned).collect()
}

#[test]
fn the_readme_shows_what_is_printed() {
    let setting = "PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID=other";
    let output = run(&["explain", "--setting", setting, "-"], &run(&["token"], "").stdout);
    let lines = shown(&format!("cargo local token | cargo local explain --setting {setting} -"));
    assert!(!lines.is_empty() && output.stdout.ends_with(&format!("{}\n", lines.join("\n"))), "{}", output.stdout);

    let pool = "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__";
    let settings = [
        ("SMAC__AUTH__PROVIDER".to_owned(), "COGNITO"),
        (format!("{pool}USERPOOL_ID"), "eu-west-1_Example"),
        (format!("{pool}APP_CLIENT_ID"), "abc"),
        ("SMAC__AUTH__PROVIDER_COGNITO__CHECK_EXPIRY".to_owned(), "false"),
        ("SMAC__AUTH__LOG_PRINCIPAL".to_owned(), "true"),
    ];
    let path = env_file(&settings.map(|(name, value)| (name, value.to_owned())).to_vec());
    let output = run(&["check", "--env-file", &path], "");
    let lines: Vec<_> = output.stdout.lines().map(str::to_owned).collect();
    assert_eq!(lines, shown("cargo local check --env-file prod.env"));
}
