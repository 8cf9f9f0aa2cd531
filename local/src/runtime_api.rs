//! A stand-in for Lambda's Runtime API, and a function as a process that asks it for work.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::collections::HashMap;
use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::http_server::{self, Answer, Server};
use crate::lock;

/// What Lambda sends for X-Ray with each invocation.
const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

const LIMIT: Duration = Duration::from_secs(30);

/// A function as a process, and the Runtime API that it asks for work. It ends when this is dropped.
#[derive(Debug)]
pub struct Function {
    child: Child,
    began: Instant,
    /// Reads what it writes, all the time: a full pipe would stop it.
    output: [JoinHandle<io::Result<Vec<u8>>>; 2],
    events: mpsc::UnboundedSender<Event>,
    polls: watch::Receiver<Polls>,
    _server: Server,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Response(Value),
    Error(Value),
}

/// An event, when its invocation ends, and where the outcome goes.
type Event = (Bytes, SystemTime, Reply);

/// With the time that it took.
type Reply = oneshot::Sender<(Outcome, Duration)>;

#[derive(Debug)]
struct RuntimeApi {
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<Event>>,
    /// The events that the function works on, by their request ids, and since when.
    running: Mutex<HashMap<u64, (Instant, Reply)>>,
    polls: watch::Sender<Polls>,
}

/// How often the function has asked for work, and when for the first time.
type Polls = (u64, Option<Instant>);

impl Function {
    /// Starts it with the environment and the pipes of this command, and what Lambda adds to the environment.
    pub async fn start(mut command: Command) -> io::Result<Self> {
        let (events, queue) = mpsc::unbounded_channel();
        let (polls, polled) = watch::channel((0, None));
        let api = Arc::new(RuntimeApi { events: queue.into(), running: Mutex::default(), polls });
        let server = Server::start("127.0.0.1:0", move |request| answer(request, Arc::clone(&api))).await?;
        command
            .env("AWS_LAMBDA_RUNTIME_API", server.address().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let began = Instant::now();
        let mut child = command.spawn()?;
        let output = [read(child.stdout.take()), read(child.stderr.take())];
        Ok(Self { child, began, output, events, polls: polled, _server: server })
    }

    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until it has asked for work so often. From its start to the first time it took this long.
    pub async fn wait_for_polls(&self, count: u64) -> io::Result<Duration> {
        let mut polls = self.polls.clone();
        let (_, first) =
            *timeout(LIMIT, polls.wait_for(|(polls, _)| *polls >= count)).await?.map_err(io::Error::other)?;
        Ok(first.unwrap_or(self.began) - self.began)
    }

    /// What it makes of an event, and how long that takes.
    pub async fn invoke(&self, event: impl Into<Bytes>) -> io::Result<(Outcome, Duration)> {
        self.invoke_until(event, SystemTime::now() + LIMIT).await
    }

    /// The same, where the function sees that the invocation ends at this time.
    pub async fn invoke_until(&self, event: impl Into<Bytes>, end: SystemTime) -> io::Result<(Outcome, Duration)> {
        let (sender, outcome) = oneshot::channel();
        self.events.send((event.into(), end, sender)).map_err(io::Error::other)?;
        timeout(LIMIT, outcome).await?.map_err(io::Error::other)
    }

    pub fn signal(&self, name: &str) -> io::Result<()> {
        let id = self.id().unwrap_or_default().to_string();
        let status = std::process::Command::new("kill").args(["-s", name, &id]).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other("there is no such process")) }
    }

    pub async fn kill(mut self) -> io::Result<()> {
        self.child.kill().await
    }

    /// Its exit status, and all that it has written, once it has ended.
    pub async fn end(mut self) -> io::Result<(Option<i32>, String)> {
        let status = timeout(LIMIT, self.child.wait()).await??;
        let mut written = Vec::new();
        for output in self.output {
            written.extend(output.await??);
        }
        Ok((status.code(), String::from_utf8(written).map_err(io::Error::other)?))
    }
}

fn read(pipe: Option<impl AsyncRead + Unpin + Send + 'static>) -> JoinHandle<io::Result<Vec<u8>>> {
    tokio::spawn(async move {
        let mut written = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut written).await?;
        }
        Ok(written)
    })
}

async fn answer(request: Request<Incoming>, api: Arc<RuntimeApi>) -> io::Result<Answer> {
    let path = request.uri().path().to_owned();
    if path.ends_with("/invocation/next") {
        return api.next_event().await;
    }
    let body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
    let now = Instant::now();
    let id = path.rsplit('/').nth(1).and_then(|id| id.parse().ok()).unwrap_or_default();
    if let Some((sent, sender)) = lock(&api.running).remove(&id) {
        let body = serde_json::from_slice(&body).unwrap_or_default();
        let outcome = if path.ends_with("/response") { Outcome::Response(body) } else { Outcome::Error(body) };
        // Nobody may wait for it any longer.
        let _ = sender.send((outcome, now - sent));
    }
    Ok(http_server::answer(202, "application/json", ""))
}

impl RuntimeApi {
    async fn next_event(&self) -> io::Result<Answer> {
        let mut id = 0;
        self.polls.send_modify(|(polls, first)| {
            first.get_or_insert_with(Instant::now);
            *polls += 1;
            id = *polls;
        });
        let (event, end, sender) = self.events.lock().await.recv().await.ok_or(io::ErrorKind::BrokenPipe)?;
        let deadline = end.duration_since(UNIX_EPOCH).unwrap_or_default();
        let answer = Response::builder()
            .header("Content-Type", "application/json")
            .header("Lambda-Runtime-Aws-Request-Id", id)
            .header("Lambda-Runtime-Deadline-Ms", deadline.as_millis().to_string())
            .header("Lambda-Runtime-Trace-Id", TRACE)
            .header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:function")
            .body(Full::new(event));
        lock(&self.running).insert(id, (Instant::now(), sender));
        answer.map_err(io::Error::other)
    }
}
