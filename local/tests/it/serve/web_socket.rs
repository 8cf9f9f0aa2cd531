//! A WebSocket API.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;
use smac_local::deployment::EMAIL;
use smac_local::token::Token;

use super::Gateway;

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
