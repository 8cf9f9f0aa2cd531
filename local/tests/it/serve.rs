//! `cargo local serve` as a process, asked over real sockets.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::{Value, json};
use smac_local::deployment::{EMAIL, Pool, SERVICE, SERVICE_ID, SERVICE_TOKEN};
use smac_local::token::Token;

const BINARY: &str = env!("CARGO_BIN_EXE_smac-local");
const PATIENCE: Duration = Duration::from_secs(30);

/// A running gateway, and the lines that it prints.
struct Gateway {
    process: Child,
    port: u16,
    lines: Receiver<String>,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Answer {
    status: u16,
    head: String,
    body: Value,
}

impl Gateway {
    fn start(options: &[&str]) -> Self {
        let mut process = Command::new(BINARY)
            .args(["serve", "--port", "0"])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        std::thread::spawn(move || stdout.lines().try_for_each(|line| sender.send(line.unwrap())));
        let first: String = lines.recv_timeout(PATIENCE).unwrap();
        let port = first.split("http://localhost:").nth(1).unwrap().split('/').next().unwrap().parse().unwrap();
        let gateway = Self { process, port, lines };
        if !first.contains("WebSocket") {
            assert!(gateway.line().contains("curl "));
        }
        gateway
    }

    /// The next line. None ever holds a credential.
    fn line(&self) -> String {
        let line = self.lines.recv_timeout(PATIENCE).unwrap();
        assert!(!line.contains("eyJ") && !line.contains(SERVICE_TOKEN), "{line}");
        line
    }

    /// What is printed about a request, behind its method and path.
    fn told(&self) -> String {
        let line = self.line();
        line.split_whitespace().skip(2).collect::<Vec<_>>().join(" ")
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn raw(&self, head: &str, body: &str) -> Answer {
        let mut stream = self.connect();
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_ascii_lowercase(), body: serde_json::from_str(body).unwrap_or(Value::Null) }
    }

    fn ask(&self, request: &str, headers: &[(&str, &str)]) -> Answer {
        let headers: String = headers.iter().map(|(name, value)| format!("\r\n{name}: {value}")).collect();
        let host = format!("localhost:{}", self.port);
        self.raw(&format!("{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close{headers}"), "")
    }

    fn with_token(&self, request: &str, token: &str) -> Answer {
        self.ask(request, &[("Authorization", &format!("Bearer {token}"))])
    }

    /// A request to the API behind the page.
    fn page(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers: String = headers.iter().map(|(name, value)| format!("\r\n{name}: {value}")).collect();
        let length = body.len();
        let head = format!("POST /_local/{path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}{headers}");
        self.raw(&head, body)
    }

    fn decide(&self, body: &Value) -> Value {
        let host = format!("localhost:{}", self.port);
        let origin = format!("http://{host}");
        let headers = [("Host", host.as_str()), ("Origin", &origin), ("Content-Type", "application/json")];
        let answer = self.page("decision", &headers, &body.to_string());
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }
}

fn unauthorized() -> Value {
    json!({ "message": "Unauthorized" })
}

fn forbidden() -> Value {
    json!({ "message": "Forbidden" })
}

fn explicit_deny() -> Value {
    json!({ "Message": "User is not authorized to access this resource with an explicit deny" })
}

fn implicit_deny() -> Value {
    json!({ "Message": "User is not authorized to access this resource" })
}

fn run(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn the_example_of_the_help_works() {
    let help = run(&["serve", "--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    let example = r#"curl -H "Authorization: Bearer $(cargo local token)" localhost:3000/pets"#;
    assert!(help.lines().any(|line| line.trim() == example), "{help}");
    let token = String::from_utf8(run(&["token"]).stdout).unwrap();

    let gateway = Gateway::start(&[]);
    let answer = gateway.with_token("GET /pets", token.trim());
    let authorizer = json!({ "principalId": EMAIL, "userId": EMAIL, "principalType": "user" });
    let seen = json!({ "method": "GET", "path": "/pets", "requestContext": { "authorizer": authorizer } });
    assert_eq!((answer.status, answer.body), (200, seen));
    let told = gateway.told();
    assert!(told.starts_with("200 allowed (user), ") && told.ends_with(" us, keySet fresh"), "{told}");
}

#[test]
fn a_rest_api() {
    let gateway = Gateway::start(&["--setting", "PROVIDER_COGNITO__REQUIRED_GROUPS=readers"]);
    let answer = gateway.with_token("DELETE /pets/1?q=1", &Token::access().sign());
    assert_eq!(
        (answer.status, &answer.body["method"], &answer.body["path"]),
        (200, &json!("DELETE"), &json!("/pets/1"))
    );
    let line = gateway.line();
    assert!(line.starts_with("DELETE  /pets/1 ") && line.ends_with("keySet fresh, userInfo fetched"), "{line}");

    let pair = [("SMAC-Principal", SERVICE), ("SMAC-Token", SERVICE_TOKEN)];
    assert_eq!(gateway.ask("GET /", &pair).body["requestContext"]["authorizer"]["principalId"], SERVICE_ID);
    assert!(gateway.told().ends_with("secret fetched"));
    let answer = gateway.ask("GET /", &[("SMAC-Principal", SERVICE), ("SMAC-Token", "another")]);
    assert_eq!((answer.status, answer.body), (401, unauthorized()));
    assert!(gateway.told().starts_with("401 unauthorized: service_token_mismatch, "));

    let answer = gateway.ask("GET /pets?token=", &[]);
    assert_eq!((answer.status, answer.body), (401, unauthorized()));
    assert!(answer.head.contains("x-amzn-errortype: unauthorizedexception"));
    assert!(gateway.told().starts_with("401 unauthorized: credentials_missing, "));

    let answer = gateway.with_token("GET /pets", &Token::id().claim("cognito:groups", json!(["others"])).sign());
    assert_eq!((answer.status, answer.body), (403, explicit_deny()));
    assert!(answer.head.contains("x-amzn-errortype: accessdeniedexception"));
    assert!(gateway.told().starts_with("403 forbidden: group_missing, "));
}

#[test]
fn a_fault_is_a_500_of_the_kind() {
    let options = ["--setting", "CONTEXT_CLAIMS=long"];
    let token = Token::id().claim("long", "x".repeat(9000)).sign();
    for (kind, body) in [("rest", json!({ "message": null })), ("http", json!({ "message": "Internal Server Error" }))]
    {
        let gateway = Gateway::start(&[&["--kind", kind], options.as_slice()].concat());
        let answer = gateway.with_token("GET /pets", &token);
        assert_eq!((answer.status, answer.body), (500, body));
        assert!(answer.head.contains("x-amzn-errortype: authorizerconfigurationexception"));
        assert!(gateway.told().starts_with("500 fault: context_too_large, "));
    }
}

#[test]
fn claims_are_passed_on_as_each_kind_passes_them() {
    let claims = ["--setting", "CONTEXT_CLAIMS=email_verified,cognito:groups"];
    let token = Token::id().sign();
    let seen = |options: &[&str]| {
        let gateway = Gateway::start(&[options, &claims].concat());
        gateway.with_token("GET /pets", &token).body["requestContext"]["authorizer"].clone()
    };
    let context = json!({
        "userId": EMAIL, "principalType": "user", "email_verified": true, "cognito:groups": "readers writers",
    });
    assert_eq!(seen(&["--kind", "http"]), json!({ "lambda": context }));
    assert_eq!(seen(&["--kind", "http", "--simple"]), json!({ "lambda": context }));
    let mut flat = context;
    flat["principalId"] = EMAIL.into();
    assert_eq!(seen(&["--kind", "http", "--payload", "1.0"]), flat);
    flat["email_verified"] = "true".into();
    assert_eq!(seen(&["--kind", "rest"]), flat);
}

#[test]
fn an_http_api_says_forbidden() {
    for options in [&["--payload", "1.0"][..], &["--payload", "2.0"], &["--simple"]] {
        let deny = ["--kind", "http", "--setting", "UNAUTHORIZED_AS=DENY"];
        let gateway = Gateway::start(&[&deny, options].concat());
        let answer = gateway.with_token("GET /pets", &Token::id().expired().sign());
        assert_eq!((answer.status, answer.body), (403, forbidden()), "{options:?}");
        assert!(gateway.told().starts_with("403 unauthorized: token_expired, "));
        let gateway = Gateway::start(&[&["--kind", "http"], options].concat());
        let answer = gateway.with_token("GET /pets", &Token::id().expired().sign());
        assert_eq!((answer.status, answer.body), (401, unauthorized()), "{options:?}");
    }
}

#[test]
fn simple_answers_that_the_api_does_not_expect_are_a_failure() {
    let gateway = Gateway::start(&["--kind", "http", "--setting", "HTTP_API_RESPONSE=SIMPLE"]);
    assert_eq!(gateway.with_token("GET /pets", &Token::id().sign()).status, 500);
    let told = gateway.told();
    assert!(told.contains("allowed (user), but the function's answer is an error, or of another form"), "{told}");
}

#[test]
fn one_policy_is_used_for_all_methods() {
    let caching = ["--identity-source", "Authorization", "--ttl", "300"];
    let token = Token::id().sign();

    let gateway = Gateway::start(&caching);
    assert_eq!(gateway.with_token("GET /pets", &token).status, 200);
    assert!(gateway.told().contains("keySet fresh"));
    assert_eq!(gateway.with_token("POST /orders", &token).status, 200);
    assert_eq!(gateway.told(), "200 allowed (from the gateway's cache)");
    // Another token is another key.
    assert_eq!(gateway.with_token("GET /pets", &Token::id().claim("jti", "another").sign()).status, 200);
    assert!(gateway.told().contains("keySet fresh"));

    // The trap: the policy of the first method is cached, and names no other.
    let method = ["--setting", "POLICY__SCOPE=METHOD"];
    let gateway = Gateway::start(&[&caching[..], &method].concat());
    assert_eq!(gateway.with_token("GET /pets", &token).status, 200);
    gateway.line();
    let answer = gateway.with_token("POST /pets", &token);
    assert_eq!((answer.status, answer.body), (403, implicit_deny()));
    assert_eq!(gateway.told(), "403 implicit deny: the policy does not cover this method (from the gateway's cache)");
    assert_eq!(gateway.with_token("GET /pets", &token).status, 200);

    // It needs the cache.
    let gateway = Gateway::start(&method);
    for request in ["GET /pets", "POST /pets"] {
        assert_eq!(gateway.with_token(request, &token).status, 200);
    }
}

#[test]
fn a_deny_is_cached_and_an_error_never() {
    let caching = ["--identity-source", "Authorization", "--ttl", "300"];
    let token = Token::id().expired().sign();
    let gateway = Gateway::start(&caching);
    for _ in 0..2 {
        assert_eq!(gateway.with_token("GET /pets", &token).status, 401);
        assert!(gateway.told().starts_with("401 unauthorized: token_expired, "));
    }
    let gateway = Gateway::start(&[&caching[..], &["--setting", "UNAUTHORIZED_AS=DENY"]].concat());
    for _ in 0..2 {
        assert_eq!(gateway.with_token("GET /pets", &token).body, explicit_deny());
    }
    assert!(gateway.told().starts_with("403 unauthorized: token_expired, "));
    assert_eq!(gateway.told(), "403 explicit deny (from the gateway's cache)");
}

#[test]
fn the_cache_ends() {
    let gateway = Gateway::start(&["--identity-source", "Authorization", "--ttl", "1"]);
    let token = Token::id().sign();
    gateway.with_token("GET /pets", &token);
    assert!(gateway.told().contains("keySet fresh"));
    std::thread::sleep(Duration::from_millis(1100));
    gateway.with_token("GET /pets", &token);
    assert!(gateway.told().contains("keySet fresh"));
}

#[test]
fn identity_sources_are_and_ed_and_a_missing_one_is_refused_unseen() {
    let gateway = Gateway::start(&["--identity-source", "Authorization", "--identity-source", "query:tenant"]);
    let token = Token::id().sign();
    let unseen = "401 an identity source is missing, so the function is not asked";
    for (request, is_enough) in [("GET /pets", false), ("GET /pets?tenant=", false), ("GET /pets?tenant=a", true)] {
        let answer = gateway.with_token(request, &token);
        assert_eq!(answer.status == 200, is_enough, "{request}");
        assert_eq!(gateway.told() == unseen, !is_enough, "{request}");
    }
    let answer = gateway.ask("GET /pets?tenant=a", &[("SMAC-Principal", SERVICE), ("SMAC-Token", SERVICE_TOKEN)]);
    assert_eq!((answer.status, answer.body), (401, unauthorized()));
    assert_eq!(gateway.told(), unseen);
}

#[test]
fn an_http_event_shows_the_cache_key() {
    for payload in ["1.0", "2.0"] {
        let kind = ["--kind", "http", "--payload", payload];
        let gateway = Gateway::start(&[&kind[..], &["--identity-source", "X-Tenant"]].concat());
        let token = format!("Bearer {}", Token::id().sign());
        let answer = gateway.ask("GET /pets", &[("Authorization", &token), ("X-Tenant", "a")]);
        assert_eq!(answer.status, 401);
        assert!(gateway.told().starts_with("401 unauthorized: cache_key_mismatch, "));
        let sources = ["--identity-source", "x-tenant", "--identity-source", "authorization"];
        let gateway = Gateway::start(&[&kind[..], &sources].concat());
        assert_eq!(gateway.ask("GET /pets", &[("Authorization", &token), ("X-Tenant", "a")]).status, 200);
    }
}

#[test]
fn an_allow_can_end_with_its_token() {
    let options =
        ["--setting", "POLICY__EXPIRE_WITH_TOKEN=true", "--setting", "PROVIDER_COGNITO__CHECK_EXPIRATION=false"];
    let gateway = Gateway::start(&options);
    assert_eq!(gateway.with_token("GET /pets", &Token::id().sign()).status, 200);
    assert_eq!(gateway.with_token("GET /pets", &Token::id().expired().sign()).body, implicit_deny());
    gateway.line();
    let told = gateway.told();
    assert!(
        told.starts_with("403 allowed (user), but implicit deny: the policy does not cover this method, "),
        "{told}"
    );
}

const HANDSHAKE: [(&str, &str); 3] =
    [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")];

fn handshake(gateway: &Gateway, query: &str) -> TcpStream {
    let headers: String = HANDSHAKE.iter().map(|(name, value)| format!("\r\n{name}: {value}")).collect();
    let mut stream = gateway.connect();
    let host = "Host: localhost\r\nConnection: keep-alive, Upgrade";
    stream.write_all(format!("GET /{query} HTTP/1.1\r\n{host}{headers}\r\n\r\n").as_bytes()).unwrap();
    stream
}

#[test]
fn a_web_socket_api() {
    let gateway = Gateway::start(&["--kind", "websocket", "--identity-source", "query:token"]);
    let mut stream = handshake(&gateway, &format!("?token={}", Token::access().sign()));
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    // The example of RFC 6455, section 1.3.
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    let mut frame = [0; 4];
    stream.read_exact(&mut frame).unwrap();
    assert_eq!(frame[..2], [0x81, 126]);
    let mut message = vec![0; usize::from(u16::from_be_bytes([frame[2], frame[3]]))];
    stream.read_exact(&mut message).unwrap();
    let message: Value = serde_json::from_slice(&message).unwrap();
    assert_eq!(message["requestContext"]["authorizer"]["userId"], EMAIL);
    let mut close = [0; 4];
    stream.read_exact(&mut close).unwrap();
    assert_eq!(close, [0x88, 2, 0x03, 0xe8]);
    stream.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the server closes first");
    assert!(gateway.told().starts_with("101 allowed (user), "));

    let mut refused = String::new();
    let query = format!("?token={}", Token::access().expired().sign());
    // It is answered as any request, so the connection stays open: the head and the body are enough.
    let mut stream = handshake(&gateway, &query);
    while !refused.ends_with('}') {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        refused.push(byte[0].into());
    }
    assert!(refused.starts_with("HTTP/1.1 401 ") && refused.ends_with(r#"{"message":"Unauthorized"}"#), "{refused}");
    assert!(gateway.told().starts_with("401 unauthorized: token_expired, "));

    assert_eq!(gateway.ask("GET /", &[]).status, 426);
    assert_eq!(gateway.told(), "426 not a WebSocket handshake");
    let broken = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "12")];
    assert_eq!(gateway.ask("GET /", &broken).status, 400);
}

#[test]
fn the_page_tells_the_checks_in_their_order() {
    let gateway = Gateway::start(&[]);
    let state = |told: &Value, name: &str| {
        let checks = told["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).unwrap()["state"].clone()
    };
    let request = json!({ "kind": "rest-request", "method": "GET", "path": "/pets" });
    let with = |name: &str, value: Value| {
        let mut request = request.clone();
        request[name] = value;
        request
    };
    for kind in ["rest-request", "http-v1", "http-v2", "websocket"] {
        let mut request = with("token", Token::access().sign().into());
        request["kind"] = kind.into();
        let told = gateway.decide(&request);
        assert_eq!((&told["outcome"], told["gateway"].is_null()), (&json!("allowed"), true), "{kind}");
        assert_eq!(told["status"], if kind == "websocket" { 101 } else { 200 });
        assert!(told["checks"].as_array().unwrap().iter().all(|check| check["state"] == "passed"));
    }
    let told = gateway.decide(&with("token", Token::id().forged().sign().into()));
    assert_eq!((&told["reason"], &told["status"]), (&json!("signature_invalid"), &json!(401)));
    assert_eq!(
        [state(&told, "key"), state(&told, "signature"), state(&told, "times")],
        ["passed", "failed", "not-reached"]
    );
    // Malformed as well, but behind the signature.
    let told = gateway.decide(&with("token", Token::id().claim("nbf", 1.5).sign().into()));
    assert_eq!((&told["reason"], state(&told, "times")), (&json!("token_malformed"), json!("failed")));
    let told = gateway.decide(&with("token", "x".into()));
    assert_eq!((&told["reason"], state(&told, "form")), (&json!("token_malformed"), json!("failed")));
    let told = gateway.decide(&with("pair", json!({ "id": "unknown", "token": "x" })));
    assert_eq!((&told["reason"], state(&told, "secret")), (&json!("service_unknown"), json!("failed")));
    let told = gateway.decide(&request);
    assert_eq!((&told["reason"], state(&told, "credential")), (&json!("credentials_missing"), json!("failed")));
}

#[test]
fn other_sites_get_nothing_of_the_page() {
    let gateway = Gateway::start(&[]);
    let here = format!("localhost:{}", gateway.port);
    let origin = format!("http://{here}");
    let body = json!({ "use": "id", "pool": Pool::Primary.name() }).to_string();
    let json_type = ("Content-Type", "application/json");
    let host = ("Host", here.as_str());
    for (headers, status) in [
        (&[host, json_type][..], 200),
        (&[host, ("Origin", &origin), json_type], 200),
        (&[("Host", "127.0.0.1"), ("Origin", "http://127.0.0.1"), json_type], 200),
        // A name that somebody else has resolve to loopback.
        (&[("Host", "rebound.example"), json_type], 403),
        (&[("Host", "rebound.example"), ("Origin", "http://rebound.example"), json_type], 403),
        (&[("Host", "localhost.rebound.example"), json_type], 403),
        (&[json_type], 403),
        // Another site's page.
        (&[host, ("Origin", "http://other.example"), json_type], 403),
        (&[host, ("Origin", "null"), json_type], 403),
        (&[host, ("Origin", "http://localhost:1"), json_type], 403),
        (&[host, ("Origin", &origin), ("Origin", "http://other.example"), json_type], 403),
        // Another site's form.
        (&[host, ("Content-Type", "text/plain")], 400),
        (&[host], 400),
    ] {
        let answer = gateway.page("token", headers, &body);
        assert_eq!(answer.status, status, "{headers:?}");
        assert_eq!(answer.body["token"].is_string(), status == 200, "{headers:?}");
        assert!(!answer.head.contains("access-control-"));
    }
    let html = [("Accept", "text/html,*/*;q=0.8")];
    let page = gateway.ask("GET /", &html);
    assert!(page.head.contains("content-security-policy: default-src 'none'; script-src 'self';"), "{}", page.head);
    assert!(page.head.contains("content-type: text/html"));
    let rebound = "GET / HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\nAccept: text/html";
    assert_eq!(gateway.raw(rebound, "").status, 403);
    let large = gateway.page("decision", &[host, json_type], &format!("\"{}\"", "x".repeat(70_000)));
    assert_eq!(large.status, 400);
    // What is not for browsers is the API's.
    assert_eq!(gateway.ask("GET /", &[("Accept", "*/*")]).body, unauthorized());
    assert_eq!(gateway.ask("GET /_local/other", &[]).status, 404);
}

#[test]
fn a_taken_port_and_options_that_contradict_each_other() {
    let gateway = Gateway::start(&[]);
    let port = gateway.port.to_string();
    for (options, problem) in [
        (&["--port", &port][..], "is taken: choose another with --port, or 0 for any"),
        (&["--ttl", "1"], "--ttl needs an --identity-source"),
        (&["--kind", "websocket", "--ttl", "1", "--identity-source", "A"], "caches nothing for WebSocket APIs"),
        (&["--ttl", "3601", "--identity-source", "A"], "3601 is not in 0..=3600"),
        (&["--payload", "1.0"], "--payload is for --kind http"),
        (&["--simple"], "--simple is for --kind http"),
        (&["--kind", "http", "--payload", "1.0", "--simple"], "--simple is for --kind http with payload format 2.0"),
        (&["--identity-source", "cookie:a"], "must be a header's name, or query:NAME"),
        (&["--port", "0", "--setting", "MODE=whatever"], "SMAC__AUTH__MODE"),
    ] {
        let output = run(&[&["serve"], options].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        assert!(said.contains(problem), "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn it_listens_on_loopback_alone_and_ends_with_ctrl_c() {
    let mut gateway = Gateway::start(&[]);
    let port = format!(":{:04X}", gateway.port);
    let sockets = |file| std::fs::read_to_string(file).unwrap_or_default();
    let tables = sockets("/proc/net/tcp") + &sockets("/proc/net/tcp6");
    // The local address is the second word; 0A is LISTEN.
    let listening: Vec<&str> = tables
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|words| words[1].ends_with(&port) && words[3] == "0A")
        .map(|words| words[1])
        .collect();
    assert_eq!(listening.len(), 1);
    assert!(listening[0].starts_with("0100007F:"), "{listening:?}");

    let interrupt = Command::new("kill").args(["-INT", &gateway.process.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    assert_eq!(gateway.process.wait().unwrap().code(), Some(0));
}
