//! A WebSocket API.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use smac_local::deployment::EMAIL;
use smac_local::token::Token;

use super::Gateway;

const HANDSHAKE: [(&str, &str); 3] =
    [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")];

fn handshake(gateway: &Gateway, query: &str, protocols: Option<&str>) -> TcpStream {
    let protocols = protocols.map(|protocols| ("Sec-WebSocket-Protocol", protocols));
    let headers = HANDSHAKE.into_iter().chain(protocols);
    let headers: String = headers.map(|(name, value)| format!("\r\n{name}: {value}")).collect();
    let mut stream = gateway.connect();
    let host = "Host: localhost\r\nConnection: keep-alive, Upgrade";
    stream.write_all(format!("GET /{query} HTTP/1.1\r\n{host}{headers}\r\n\r\n").as_bytes()).unwrap();
    stream
}

fn read_to(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        read.extend(byte);
    }
    String::from_utf8(read).unwrap()
}

fn read_head(stream: &mut TcpStream) -> String {
    read_to(stream, "\r\n\r\n").to_ascii_lowercase()
}

/// What a handshake is answered with.
pub(super) fn status(gateway: &Gateway, query: &str) -> u16 {
    let head = read_head(&mut handshake(gateway, query, None));
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// What the backend sees of the caller: a message of 126 bytes or more in one frame.
fn read_authorizer(stream: &mut TcpStream) -> Value {
    let mut frame = [0; 4];
    stream.read_exact(&mut frame).unwrap();
    assert_eq!(frame[..2], [0x81, 126]);
    let mut message = vec![0; usize::from(u16::from_be_bytes([frame[2], frame[3]]))];
    stream.read_exact(&mut message).unwrap();
    let message: Value = serde_json::from_slice(&message).unwrap();
    message["requestContext"]["authorizer"].clone()
}

#[test]
fn a_web_socket_api() {
    let gateway = Gateway::start(&["--kind", "websocket", "--identity-source", "query:token"]);
    let mut stream = handshake(&gateway, &format!("?token={}", Token::access().sign()), None);
    let head = read_head(&mut stream);
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    // The example of RFC 6455, section 1.3.
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    assert!(!head.contains("sec-websocket-protocol"), "{head}");
    assert_eq!(read_authorizer(&mut stream)["userId"], EMAIL);
    let mut close = [0; 4];
    stream.read_exact(&mut close).unwrap();
    assert_eq!(close, [0x88, 2, 0x03, 0xe8]);
    stream.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the server closes first");
    assert!(gateway.reported().starts_with("101 allowed (user), "));

    // It is answered as any request, so the connection stays open: the head and the body are enough.
    let mut stream = handshake(&gateway, &format!("?token={}", Token::access().expired().sign()), None);
    let refused = read_to(&mut stream, "}");
    assert!(refused.starts_with("HTTP/1.1 401 ") && refused.ends_with(r#"{"message":"Unauthorized"}"#), "{refused}");
    assert!(gateway.reported().starts_with("401 unauthorized: token_expired, "));

    assert_eq!(gateway.ask("GET /", &[]).status, 426);
    assert_eq!(gateway.reported(), "426 not a WebSocket handshake");
    let broken = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "12")];
    assert_eq!(gateway.ask("GET /", &broken).status, 400);
}

#[test]
fn a_token_as_a_sub_protocol() {
    let gateway = Gateway::start(&["--kind", "websocket", "--setting", "JWT__WEBSOCKET_PROTOCOL=bearer"]);
    let token = Token::id().sign();
    for (offered, accepted) in [
        (format!("bearer, {token}"), "bearer"),
        (format!("chat, bearer.{token}"), "chat"),
        (format!("bearer.{token}, chat.v2, chat"), "chat.v2"),
    ] {
        let mut stream = handshake(&gateway, "", Some(&offered));
        let head = read_head(&mut stream);
        assert!(head.contains(&format!("\r\nsec-websocket-protocol: {accepted}\r\n")), "{head}");
        let authorizer = read_authorizer(&mut stream);
        assert_eq!((&authorizer["webSocketProtocol"], &authorizer["userId"]), (&accepted.into(), &EMAIL.into()));
        assert!(gateway.reported().starts_with("101 allowed (user), "));
    }
    for offered in [format!("bearer.{token}"), "chat, bearer".to_owned()] {
        let refused = read_to(&mut handshake(&gateway, "", Some(&offered)), "}");
        assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
        assert!(gateway.reported().starts_with("401 unauthorized: token_malformed, "));
    }
    let decided = gateway.decide(&json!({ "kind": "websocket", "method": "GET", "path": "/", "token": token }));
    assert_eq!((&decided["status"], &decided["outcome"]), (&101.into(), &"allowed".into()));
    assert!(decided["answer"].as_str().unwrap().contains(r#""webSocketProtocol":"bearer""#));
}
