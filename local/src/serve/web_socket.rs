//! The server's side of a WebSocket (RFC 6455), as far as it is needed: a handshake, one message, the end.

use std::time::Duration;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use hyper::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use smac_local::http_server::{self, with_header};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};

use super::call::Call;

/// Section 1.3.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// How long the client may take to close its side.
const CLOSING_TIME: Duration = Duration::from_secs(5);

/// The answer to something else than a valid handshake.
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) message: &'static str,
    pub(super) header: (HeaderName, &'static str),
    pub(super) why: &'static str,
}

/// The value that proves that the handshake was understood (section 4.2.2). What a WebSocket API answers to anything
/// else is not documented; this is HTTP's word for it.
pub(super) fn accept(call: &Call) -> Result<String, Refused> {
    let has = |name, wanted: &str| {
        call.header(name).flat_map(|value| value.split(',')).any(|token| token.trim().eq_ignore_ascii_case(wanted))
    };
    if call.method != "GET" || !has("upgrade", "websocket") || !has("connection", "upgrade") {
        let (message, header) = ("Upgrade Required", (UPGRADE, "websocket"));
        return Err(Refused { status: 426, message, header, why: "not a WebSocket handshake" });
    }
    let key = call.header("sec-websocket-key").next().unwrap_or_default();
    let is_nonce = STANDARD.decode(key).is_ok_and(|nonce| nonce.len() == 16);
    if !is_nonce || call.header("sec-websocket-version").next() != Some("13") {
        let (message, header) = ("Bad Request", (SEC_WEBSOCKET_VERSION, "13"));
        return Err(Refused { status: 400, message, header, why: "not a valid WebSocket handshake" });
    }
    Ok(STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes())))
}

/// The answer to a valid handshake, with the sub-protocol that is accepted, if one is (section 4.2.2).
pub(super) fn switch(accepted: &str, protocol: Option<&str>) -> http_server::Answer {
    let headers = [(CONNECTION, "Upgrade"), (UPGRADE, "websocket"), (SEC_WEBSOCKET_ACCEPT, accepted)];
    let headers = headers.into_iter().chain(protocol.map(|protocol| (SEC_WEBSOCKET_PROTOCOL, protocol)));
    let mut answer = http_server::Answer::default();
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    headers.fold(answer, |answer, (name, value)| with_header(answer, name, value))
}

/// Sends one message and the end, and waits for the client's.
pub(super) async fn tell(upgrade: OnUpgrade, text: String) {
    let Ok(upgraded) = upgrade.await else {
        return;
    };
    let mut stream = TokioIo::new(upgraded);
    let mut bytes = frame(0x1, text.as_bytes());
    // 1000: nothing went wrong, and that was all (section 7.4.1).
    bytes.extend(frame(0x8, &1000_u16.to_be_bytes()));
    // A client that goes away early has seen enough.
    if stream.write_all(&bytes).await.is_ok() && stream.flush().await.is_ok() {
        let _ = tokio::time::timeout(CLOSING_TIME, wait_for_end(&mut stream)).await;
    }
    let _ = stream.shutdown().await;
}

/// Reads the client's frames (section 5.2), and looks at none of them, until one that closes.
async fn wait_for_end(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<()> {
    loop {
        let (head, length) = (stream.read_u8().await?, stream.read_u8().await?);
        let length = match length & 0x7f {
            126 => u64::from(stream.read_u16().await?),
            127 => stream.read_u64().await?,
            length => u64::from(length),
        };
        let mask = 4;
        tokio::io::copy(&mut (&mut *stream).take(length.saturating_add(mask)), &mut tokio::io::sink()).await?;
        if head & 0x0f == 0x8 {
            return Ok(());
        }
    }
}

/// A whole message in one frame (section 5.2); a server does not mask.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let head = vec![0x80 | opcode];
    let length = match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..=125), _) => vec![length],
        (_, Ok(length)) => [&[126][..], &length.to_be_bytes()].concat(),
        _ => [&[127][..], &(payload.len() as u64).to_be_bytes()].concat(),
    };
    [&head, &length, payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_those_of_the_standard() {
        // Section 5.7.
        assert_eq!(frame(0x1, b"Hello"), [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
        assert_eq!(frame(0x2, &[0; 125])[..2], [0x82, 125]);
        assert_eq!(frame(0x2, &[0; 126])[..4], [0x82, 126, 0, 126]);
        assert_eq!(frame(0x2, &[0; 256])[..4], [0x82, 0x7e, 0x01, 0x00]);
        assert_eq!(frame(0x2, &vec![0; 65536])[..10], [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[tokio::test]
    async fn it_ends_with_the_clients_close_and_no_sooner() {
        let masked_hello: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let long = [&[0x82, 0xfe, 0x01, 0x00][..], &[0x88; 260]].concat();
        let close = [0x88, 0x80, 1, 2, 3, 4];
        let all = [masked_hello, &long, &close, b"rest"].concat();
        let mut stream = all.as_slice();
        wait_for_end(&mut stream).await.unwrap();
        assert_eq!(stream, b"rest");
        assert!(wait_for_end(&mut &masked_hello[..]).await.is_err());
    }
}
