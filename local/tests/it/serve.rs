//! `cargo local serve` as a process, asked over real sockets.

mod answers;
mod backend;
mod caching;
mod page;
mod reload;
mod walk;
mod web_socket;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::Value;
use smac_local::deployment::SERVICE_TOKEN;

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
        let mut first: String = lines.recv_timeout(PATIENCE).unwrap();
        while first.starts_with("warning ") {
            first = lines.recv_timeout(PATIENCE).unwrap();
        }
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
    fn reported(&self) -> String {
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

    /// Has a body in it.
    fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers: String = headers.iter().map(|(name, value)| format!("\r\n{name}: {value}")).collect();
        let (port, length) = (self.port, body.len());
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\nContent-Length: {length}");
        self.raw(&format!("{head}{headers}"), body)
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

const UNAUTHORIZED: &str = r#"{"message":"Unauthorized"}"#;
const FORBIDDEN: &str = r#"{"message":"Forbidden"}"#;
const EXPLICIT_DENY: &str = r#"{"Message":"User is not authorized to access this resource with an explicit deny"}"#;
const IMPLICIT_DENY: &str = r#"{"Message":"User is not authorized to access this resource"}"#;

impl Answer {
    #[track_caller]
    fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.to_string().as_str()), (status, body));
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn a_port_in_use_and_options_that_contradict_each_other() {
    let gateway = Gateway::start(&[]);
    let port = gateway.port.to_string();
    for (options, problem) in [
        (&["--port", &port][..], "is in use: choose another with --port, or 0 for any"),
        (&["--ttl", "1"], "--ttl needs an --identity-source"),
        (&["--kind", "websocket", "--ttl", "1", "--identity-source", "A"], "caches nothing for WebSocket APIs"),
        (&["--ttl", "3601", "--identity-source", "A"], "3601 is not in 0..=3600"),
        (&["--payload", "1.0"], "--payload is for --kind http"),
        (&["--simple"], "--simple is for --kind http"),
        (&["--live"], "--live: needs a deployment"),
        (&["--kind", "http", "--payload", "1.0", "--simple"], "--simple is for --kind http with payload format 2.0"),
        (&["--identity-source", "cookie:a"], "must be a header's NAME, query:NAME, or one of"),
        (&["--identity-source", "method.request.body.x"], "$request.querystring.NAME, $context.NAME"),
        (
            &["--kind", "http", "--identity-source", "method.request.header.A"],
            "is not how a HTTP API, payload 2.0 spells it",
        ),
        (&["--kind", "token", "--identity-source", "A", "--identity-source", "B"], "a TOKEN authorizer has one"),
        (&["--kind", "token", "--identity-source", "query:a"], "a TOKEN authorizer's is one header"),
        (&["--kind", "websocket", "--backend", "http://localhost:1"], "--backend is for REST and HTTP APIs"),
        (&["--backend", "https://localhost"], "must be http://HOST[:PORT][/PATH]"),
        (
            &["--backend", "http://localhost", "--backend-header", "Host=userId"],
            "is not a header that a backend can get",
        ),
        (&["--backend-header", "a=userId"], "--backend <URL>"),
        (&["--ttl", "1", "--simple"], "no cache key\n  --simple is for --kind http"),
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
