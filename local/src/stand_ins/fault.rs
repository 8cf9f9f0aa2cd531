//! Answers as they should not be.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Channel};
use hyper::Response;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use serde_json::{Value, json};

use crate::http_server::{self, Answer, with_header};

const JSON: &str = "application/json";

#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Another status, with a JSON body.
    Status(u16, Value),
    /// The same with a header that asks for credentials.
    Challenge(u16),
    Redirect,
    Hang,
    /// The head comes, and half of the body.
    HangInBody,
    /// A byte now and then.
    Drip,
    Reset,
    /// The connection is closed within the body.
    Truncated,
    Garbage,
    /// The right answer, as another type of content.
    ContentType,
    /// A body of this many bytes, whose length is announced.
    Huge(usize),
    /// A body of this many bytes, in chunks.
    HugeInChunks(usize),
    Empty,
    Late(Duration),
}

pub type AnyAnswer = Response<BoxBody<Bytes, Infallible>>;

/// The right answer, or what a fault makes of it.
pub async fn answer(right: Answer, fault: Option<Fault>) -> io::Result<AnyAnswer> {
    match fault {
        None => Ok(right.map(BodyExt::boxed)),
        Some(fault) => fault.instead_of(right).await,
    }
}

impl Fault {
    /// What comes instead of the right answer.
    async fn instead_of(self, right: Answer) -> io::Result<AnyAnswer> {
        let whole = match self {
            Self::Status(status, body) => http_server::json(status, &body),
            Self::Challenge(status) => with_header(http_server::json(status, &json!({})), WWW_AUTHENTICATE, "Bearer"),
            Self::Redirect => with_header(http_server::json(302, &json!({})), LOCATION, "/elsewhere"),
            Self::Hang => std::future::pending().await,
            Self::Reset => return Err(io::ErrorKind::ConnectionReset.into()),
            Self::Late(delay) => {
                tokio::time::sleep(delay).await;
                right
            }
            Self::ContentType => with_header(right, CONTENT_TYPE, "text/html"),
            Self::Garbage => http_server::answer(200, "text/html", "<html>not what you expect</html>"),
            Self::Empty => http_server::answer(200, JSON, ""),
            Self::Huge(size) => http_server::answer(200, JSON, vec![b' '; size]),
            Self::HugeInChunks(size) => return Ok(in_pieces(&vec![b' '; size], 8192, Duration::ZERO, false)),
            Self::HangInBody => return Ok(in_pieces(&half(right).await, 4096, Duration::ZERO, true)),
            Self::Drip => return Ok(in_pieces(&half(right).await, 1, Duration::from_millis(50), false)),
            Self::Truncated => {
                let answer = in_pieces(&half(right).await, 4096, Duration::ZERO, false);
                return Ok(with_header(answer, CONTENT_LENGTH, "4096"));
            }
        };
        Ok(whole.map(BodyExt::boxed))
    }
}

/// A body in pieces of this size, with pauses; an endless one hangs after the last.
fn in_pieces(body: &[u8], size: usize, pause: Duration, is_endless: bool) -> AnyAnswer {
    let (mut sender, channel) = Channel::<Bytes, Infallible>::new(1);
    let pieces: Vec<_> = body.chunks(size).map(Bytes::copy_from_slice).collect();
    tokio::spawn(async move {
        for piece in pieces {
            if sender.send_data(piece).await.is_err() {
                return;
            }
            tokio::time::sleep(pause).await;
        }
        if is_endless {
            std::future::pending::<()>().await;
        }
    });
    with_header(Response::new(channel.boxed()), CONTENT_TYPE, JSON)
}

async fn half(answer: Answer) -> Bytes {
    let body = answer.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    body.slice(..body.len() / 2)
}
