//! `cargo local check` of OIDC issuers, and what it finds out with `--live`.

use std::net::TcpListener;

use serde_json::{Value, json};
use smac_local::deployment::{self, Issuer, Pool};
use smac_local::keys::Key;
use smac_local::stand_ins::{Fault, StandIns, Upstream};

use super::{check, lines, template_of};
use crate::support::{Output, Variables, deployed_with, env_file, with};

const DEV: &str = "PROVIDER_OIDC__ISSUERS__DEV__";

fn live(variables: &Variables) -> Output {
    check(&["--live", "--env-file", &env_file(variables)])
}

/// Other settings of the OIDC issuer.
fn of_dev(variables: Variables, changes: &[(&str, &str)]) -> Variables {
    let changes: Vec<_> = changes.iter().map(|(name, value)| (format!("{DEV}{name}"), *value)).collect();
    with(variables, &changes.iter().map(|(name, value)| (name.as_str(), *value)).collect::<Vec<_>>())
}

#[test]
fn mistakes_and_warnings_name_the_settings_of_the_issuer() {
    let changes = [("ISSUER", "http://hidden-.example"), ("AUDIENCE", ""), ("ALGORITHMS", "HS256"), ("JWKS_URL", "x")];
    let output = check(&["--env-file", &env_file(&of_dev(deployment::environment("http://127.0.0.1:1"), &changes))]);
    let mistakes = lines(&output, "mistake");
    for (name, problem) in [
        ("ALGORITHMS", "must be a list of"),
        ("AUDIENCE", "is required"),
        ("ISSUER", "must be an https URL"),
        ("JWKS_URL", "is unknown; did you mean"),
    ] {
        let start = format!("SMAC__AUTH__{DEV}{name}: {problem}");
        assert!(mistakes.iter().any(|mistake| mistake.starts_with(&start)), "{start}: {}", output.stdout);
    }
    assert_eq!((output.code, mistakes.len()), (1, 4), "{}", output.stdout);
    assert!(!output.stdout.contains("hidden-"));
    let same_ids = check(&["--env-file", &deployed_with(&[(&format!("{DEV}USER_ID_PREFIX"), "")])]);
    assert!(
        lines(&same_ids, "warning")[1].starts_with(&format!("SMAC__AUTH__{DEV}USER_ID_PREFIX")),
        "{}",
        same_ids.stdout
    );
}

#[test]
fn what_a_template_does_not_tell_of_an_issuer_causes_no_mistakes() {
    let issuers = "SMAC__AUTH__PROVIDER_OIDC__ISSUERS";
    let variables = format!(
        "{issuers}__ONE__ISSUER: !ImportValue one
         {issuers}__ONE__AUDIENCE: !ImportValue audience
         {issuers}__ONE__ALGORITHMS: !ImportValue algorithms
         {issuers}__ONE__JWKS: '{}'
         {issuers}__ONE__USER_ID_PREFIX: 'one:'
         {issuers}__TWO__ISSUER: !ImportValue two
         {issuers}__TWO__AUDIENCE: api
         {issuers}__TWO__DISCOVERY_URL: !ImportValue document
         {issuers}__TWO__USER_ID_PREFIX: !ImportValue prefix
         {issuers}__TWO__REQUIRED_CLAIMS: !ImportValue claims",
        Key::Dev.key_set()
    );
    let template = template_of("", &variables);
    let arguments = ["--template", template.as_str(), "--setting", "PROVIDER=OIDC"];
    let output = check(&arguments);
    assert_eq!((output.code, lines(&output, "mistake")), (0, vec![]), "{}", output.stdout);
    assert_eq!(lines(&output, "unknown").len(), 7);
    // What is known is checked all the same.
    let output = check(&[&arguments[..], &["--setting", &format!("{DEV}AUDIENCE=a")]].concat());
    assert_eq!(lines(&output, "mistake"), [format!("SMAC__AUTH__{DEV}ISSUER: is required")]);
    let output = check(&[&arguments[..], &["--live"]].concat());
    assert_eq!(
        (output.code, output.stdout.contains(", 7 unknown, and nobody was asked\n")),
        (1, true),
        "{}",
        output.stdout
    );
}

#[test]
fn without_live_nobody_is_asked() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    upstream.set_nonblocking(true).unwrap();
    let variables = deployment::environment(&format!("http://{}", upstream.local_addr().unwrap()));
    assert_eq!(check(&["--env-file", &env_file(&variables)]).code, 0);
    assert_eq!(upstream.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    // With mistakes it is not known whom to ask.
    let output = live(&with(variables.clone(), &[("MODE", "x")]));
    assert!(output.stdout.ends_with(", and nobody was asked\n") && output.code == 1, "{}", output.stdout);
    assert_eq!(upstream.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    let output = live(&with(variables, &[("UPSTREAM_TIMEOUT_MS", "100")]));
    assert_eq!((output.code, lines(&output, "failed").len()), (1, 3), "{}", output.stdout);
    assert!(upstream.accept().is_ok(), "this is how it would be seen");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_says_what_each_issuer_publishes() {
    let stand_ins = StandIns::start(0).await.unwrap();
    let base = stand_ins.base_url();
    let output = live(&stand_ins.environment());
    let document =
        format!("DEV: discovery document at {base}/DEV/.well-known/openid-configuration: its issuer is ISSUER");
    let key_set = format!("{base}/DEV/.well-known/jwks.json");
    let expected = [
        format!("PRIMARY: key set at {base}/eu-west-1_DevPrimary/.well-known/jwks.json: has 1 key for RS256"),
        format!("SECONDARY: key set at {base}/eu-west-1_DevSecond/.well-known/jwks.json: has 1 key for RS256"),
        format!("{document}, jwks_uri is {key_set}, userinfo_endpoint is {base}/DEV/oauth2/userInfo"),
        format!("DEV: key set at {key_set}: has 1 key for ES256"),
    ];
    assert_eq!((output.code, lines(&output, "found")), (0, expected.into()), "{}", output.stdout);
    assert!(output.stdout.ends_with("17 variables: no mistakes, 1 warning, no failed lookups\n"), "{}", output.stdout);

    let all = of_dev(stand_ins.environment(), &[("ALGORITHMS", "ES256,ES384,PS512,EdDSA")]);
    let counts = "1 key for ES256, 1 key for ES384, 1 key for PS512, 1 key for EdDSA";
    assert!(live(&all).stdout.contains(counts));
    stand_ins.set_key_set(Issuer::Dev, json!({ "keys": [Key::Dev.jwk(), Key::ForgerP256.jwk()] }));
    assert!(live(&all).stdout.contains("2 keys for ES256, no key for ES384"));
    // A key set in the settings is all that there is, unless an address of another is there.
    let key_set_in_settings = Key::Dev.key_set().to_string();
    let jwks = ("JWKS", key_set_in_settings.as_str());
    let own = of_dev(stand_ins.environment(), &[jwks, ("DISCOVERY_URL", ""), ("USER_INFO", "")]);
    let output = live(&own);
    let of_dev_alone: Vec<_> = lines(&output, "found").into_iter().filter(|line| line.starts_with("DEV: ")).collect();
    assert_eq!(of_dev_alone, ["DEV: key set in the settings: has 1 key for ES256, and is never refreshed"]);
    let jwks_uri = ("JWKS_URI", key_set.as_str());
    let output = live(&of_dev(own, &[jwks_uri]));
    let of_dev_alone: Vec<_> = lines(&output, "found").into_iter().filter(|line| line.starts_with("DEV: ")).collect();
    let expected = [
        "DEV: key set in the settings: has 1 key for ES256",
        &format!("DEV: key set at {key_set}: has 2 keys for ES256"),
    ];
    assert_eq!(of_dev_alone, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_says_what_is_wrong_with_what_an_issuer_publishes() {
    let stand_ins = StandIns::start(0).await.unwrap();
    let base = stand_ins.base_url();
    let document = deployment::discovery_document(&base);
    let with = |name: &str, value: Value| {
        let mut document = document.clone();
        document[name] = value;
        Fault::Status(200, document)
    };
    let discovery = format!("DEV: discovery document at {base}/DEV/.well-known/openid-configuration: ");
    for (fault, problem) in [
        (
            with("issuer", json!("https://login.dev.example/")),
            "its issuer is `https://login.dev.example/`, and ISSUER is `https://login.dev.example`: they must be equal, byte for byte",
        ),
        (with("issuer", json!("a\u{1b}[31m")), "its issuer is `a?[31m`"),
        (with("issuer", Value::Null), "has no `issuer`"),
        (with("jwks_uri", Value::Null), "has no `jwks_uri`"),
        (
            with("jwks_uri", json!("http://keys.example/x")),
            "its jwks_uri, `http://keys.example/x`, is not a plain https address",
        ),
        (
            with("userinfo_endpoint", json!("http://id.example/x")),
            "has no `userinfo_endpoint` that may be asked, and USER_INFO is true",
        ),
        (Fault::Garbage, "is not a JSON object in which no name occurs twice"),
        (Fault::Status(404, json!({})), "status 404"),
        (Fault::Redirect, "status 302"),
        (Fault::Huge(150_001), "answer too large"),
    ] {
        stand_ins.fail(Upstream::Discovery, 99, fault);
        let output = live(&stand_ins.environment());
        let failed = lines(&output, "failed");
        // Without a document nobody is asked for the keys.
        assert_eq!((output.code, failed.len()), (1, 1), "{problem}: {}", output.stdout);
        assert!(failed[0].starts_with(&format!("{discovery}{problem}")), "{problem}: {}", output.stdout);
        assert!(output.stdout.ends_with(", 1 failed lookup\n"), "{}", output.stdout);
    }
    stand_ins.recover(Upstream::Discovery);
    stand_ins.set_key_set(Issuer::Dev, json!({ "keys": [Key::DevRsa.jwk()] }));
    stand_ins.set_key_set(Pool::Primary, json!({ "keys": "none" }));
    let failed = lines(&live(&stand_ins.environment()), "failed");
    assert!(
        failed[0].ends_with("/eu-west-1_DevPrimary/.well-known/jwks.json: is not a JSON key set (RS256)"),
        "{failed:?}"
    );
    assert!(failed[1].ends_with("holds no key that can be used with the issuer's algorithms (ES256)"), "{failed:?}");
}
