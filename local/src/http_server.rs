//! The one HTTP server of the workspace: the stand-ins, the local API Gateway and the Runtime API answer through it.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::task::{JoinHandle, JoinSet};

/// A running server. It ends with all its connections when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Answers HTTP requests at this address. With an error instead of an answer the connection is closed.
    pub async fn start<F, B>(
        address: impl ToSocketAddrs,
        answer: impl Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = io::Result<Response<B>>> + Send + 'static,
        B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
    {
        Self::accept(address, move |stream| serve(stream, answer.clone())).await
    }

    /// Accepts connections at this address, each for `connection` to do with as it likes.
    pub async fn accept<F>(
        address: impl ToSocketAddrs,
        connection: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        connections.spawn(connection(stream));
                    }
                    // Too many open files, and the like, pass.
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                }
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, accepting })
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of its root, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it, and waits until its address is free.
    pub async fn stop(mut self) {
        self.accepting.abort();
        // That it was cancelled is not worth a line.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve<F, B>(stream: TcpStream, answer: impl Fn(Request<Incoming>) -> F)
where
    F: Future<Output = io::Result<Response<B>>>,
    B: Body<Data = Bytes, Error = Infallible> + 'static,
{
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
    // A connection that breaks is the other end's business.
    let _ = connection.with_upgrades().await;
}

pub type Answer = Response<Full<Bytes>>;

pub fn json(status: u16, body: &Value) -> Answer {
    answer(status, "application/json", body.to_string())
}

pub fn answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    with_header(answer, CONTENT_TYPE, content_type)
}

pub fn with_header<B>(mut answer: Response<B>, name: HeaderName, value: &str) -> Response<B> {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
    answer
}
