//! A stand-in for Lambda's Runtime API, and the built function as a process that asks it for work.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

/// What the function made of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Response(Value),
    Error(Value),
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<VecDeque<(u64, Vec<u8>)>>,
    filled: Notify,
    results: Mutex<HashMap<u64, oneshot::Sender<Outcome>>>,
    polls: Mutex<u64>,
    next: Mutex<u64>,
}

/// The function as a process.
pub struct Process {
    child: Child,
    /// Reads what it writes, all the time: a full pipe would stop it.
    output: [JoinHandle<Vec<u8>>; 2],
    queue: Arc<Queue>,
}

impl Process {
    /// Starts the function with exactly this environment, and Lambda's.
    pub async fn start(environment: &[(String, String)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let queue = Arc::new(Queue::default());
        tokio::spawn(serve(listener, Arc::clone(&queue)));
        let mut child = Command::new(env!("CARGO_BIN_EXE_smac-lambda-authorizer"))
            .env_clear()
            // Where what it runs is counted, if it is.
            .envs(std::env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)))
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let output = [read(child.stdout.take().unwrap()), read(child.stderr.take().unwrap())];
        Self { child, output, queue }
    }

    pub async fn invoke(&self, event: impl Into<Vec<u8>>) -> Outcome {
        let (sender, receiver) = oneshot::channel();
        let id = {
            let mut next = self.queue.next.lock().unwrap();
            *next += 1;
            *next
        };
        self.queue.results.lock().unwrap().insert(id, sender);
        self.queue.waiting.lock().unwrap().push_back((id, event.into()));
        self.queue.filled.notify_one();
        tokio::time::timeout(Duration::from_secs(30), receiver).await.unwrap().unwrap()
    }

    /// How often it has asked for work.
    pub fn polls(&self) -> u64 {
        *self.queue.polls.lock().unwrap()
    }

    pub async fn wait_for_polls(&self, count: u64) {
        for _ in 0..600 {
            if self.polls() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it has asked for work {} times", self.polls());
    }

    /// Everything that it has written, after its end: the exit status and the lines.
    pub async fn end(mut self) -> (Option<i32>, String) {
        let status = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await.unwrap().unwrap();
        let mut text = Vec::new();
        for output in self.output {
            text.extend(output.await.unwrap());
        }
        (status.code(), String::from_utf8(text).unwrap())
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Ends it as Lambda does.
    pub async fn terminate(self) -> (Option<i32>, String) {
        self.signal("TERM");
        self.end().await
    }
}

fn read(mut pipe: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<Vec<u8>> {
    tokio::spawn(async move {
        let mut text = Vec::new();
        pipe.read_to_end(&mut text).await.unwrap();
        text
    })
}

async fn serve(listener: TcpListener, queue: Arc<Queue>) {
    while let Ok((stream, _)) = listener.accept().await {
        let queue = Arc::clone(&queue);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&queue)));
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(request: Request<Incoming>, queue: Arc<Queue>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    if path.ends_with("/invocation/next") {
        *queue.polls.lock().unwrap() += 1;
        let (id, event) = loop {
            let next = queue.waiting.lock().unwrap().pop_front();
            match next {
                Some(next) => break next,
                None => queue.filled.notified().await,
            }
        };
        if !queue.waiting.lock().unwrap().is_empty() {
            queue.filled.notify_one();
        }
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() + 10_000;
        let response = Response::builder()
            .header("Lambda-Runtime-Aws-Request-Id", id.to_string())
            .header("Lambda-Runtime-Deadline-Ms", deadline.to_string())
            .header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:function")
            .body(Full::from(event))
            .unwrap();
        return Ok(response);
    }
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut parts = path.rsplit('/');
    let (kind, id) = (parts.next().unwrap(), parts.next().unwrap());
    if let Some(result) = queue.results.lock().unwrap().remove(&id.parse().unwrap_or_default()) {
        let _ = result.send(if kind == "response" { Outcome::Response(body) } else { Outcome::Error(body) });
    }
    Ok(Response::builder().status(202).body(Full::default()).unwrap())
}
