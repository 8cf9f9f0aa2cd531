//! A Runtime API that times a function process: from when an event is handed to the system, until the last byte of its
//! answer is read.
//!
//! There is one blocking thread for each of its connections, and the times are taken right beside the system calls: what
//! this program does before and after is nobody's time. When the system has sent an event would be too late to begin:
//! the function may well run before this program is told.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// No call may take longer.
const LIMIT: Duration = Duration::from_secs(30);

/// What was measured.
#[derive(Clone, Copy, Default)]
pub(crate) struct Figures {
    /// From the first event to its answer.
    pub(crate) first: Duration,
    /// The same of the later ones: the median.
    pub(crate) p50: Duration,
    /// The slowest but one in a hundred.
    pub(crate) p99: Duration,
    /// Time on a processor, of all threads, for each call.
    pub(crate) cpu: Duration,
    /// Resident bytes when it first asks for work.
    pub(crate) memory_at_start: u64,
    /// Resident bytes at the most.
    pub(crate) memory_peak: u64,
}

impl Figures {
    /// The median of each figure.
    pub(crate) fn median(all: &[Self]) -> Self {
        fn median<T: Ord + Copy + Default>(values: impl Iterator<Item = T>) -> T {
            let mut values: Vec<T> = values.collect();
            values.sort();
            values.get(values.len() / 2).copied().unwrap_or_default()
        }
        Self {
            first: median(all.iter().map(|one| one.first)),
            p50: median(all.iter().map(|one| one.p50)),
            p99: median(all.iter().map(|one| one.p99)),
            cpu: median(all.iter().map(|one| one.cpu)),
            memory_at_start: median(all.iter().map(|one| one.memory_at_start)),
            memory_peak: median(all.iter().map(|one| one.memory_peak)),
        }
    }
}

/// A function process, and the Runtime API that it asks for work.
pub(crate) struct Function {
    child: Child,
    start: Duration,
    events: Sender<(u64, Arc<str>)>,
    answers: Receiver<Told>,
}

enum Told {
    /// It asks for work for the first time.
    Started(Instant),
    /// It has answered.
    Answered(Answered),
}

/// An answer.
#[derive(Clone, Copy)]
pub(crate) struct Answered {
    /// The number of the call.
    pub(crate) number: u64,
    /// How long it took.
    pub(crate) after: Duration,
    /// What it is.
    pub(crate) verdict: Verdict,
}

/// What API Gateway would make of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// An Allow.
    Allowed,
    /// A Deny.
    Forbidden,
    /// The error that is shown as a 401.
    Unauthorized,
    /// Any other error, or an answer that is none.
    Fault,
}

impl Verdict {
    fn of(is_response: bool, body: &[u8]) -> Self {
        // Whatever the writer puts between a name and its value.
        let body: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let holds = |text: &str| body.windows(text.len()).any(|window| window == text.as_bytes());
        match is_response {
            true if holds(r#""Effect":"Allow""#) || holds(r#""isAuthorized":true"#) => Self::Allowed,
            true if holds(r#""Effect":"Deny""#) || holds(r#""isAuthorized":false"#) => Self::Forbidden,
            false if holds(r#""errorMessage":"Unauthorized""#) => Self::Unauthorized,
            true | false => Self::Fault,
        }
    }
}

struct Work {
    events: Mutex<Receiver<(u64, Arc<str>)>>,
    sent: Mutex<HashMap<u64, Instant>>,
    told: Sender<Told>,
    has_started: AtomicBool,
}

impl Function {
    /// Starts it, and waits until it asks for work.
    pub(crate) fn start(command: &[String], environment: &[(String, String)]) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (events, queue) = channel();
        let (told, answers) = channel();
        let work = Arc::new(Work {
            events: Mutex::new(queue),
            sent: Mutex::default(),
            told,
            has_started: AtomicBool::new(false),
        });
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let work = Arc::clone(&work);
                std::thread::spawn(move || serve(stream, &work));
            }
        });
        let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let began = Instant::now();
        let child = Command::new(program)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_LEVEL", "ERROR")
            .env_remove("AWS_CA_BUNDLE")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut function = Self { child, start: Duration::ZERO, events, answers };
        match function.answers.recv_timeout(LIMIT) {
            Ok(Told::Started(at)) => function.start = at - began,
            _ => return Err(io::Error::other("it does not ask for work")),
        }
        Ok(function)
    }

    /// How long it took to ask for work.
    pub(crate) fn started_after(&self) -> Duration {
        self.start
    }

    /// Sends the events in turn, and times the answers.
    pub(crate) fn time(mut self, events: &[String], calls: usize) -> io::Result<Figures> {
        let memory_at_start = self.memory("VmRSS:")?;
        let events: Vec<Arc<str>> = events.iter().map(|event| Arc::from(event.as_str())).collect();
        let mut next = events.iter().cycle();
        let mut number = 0;
        let mut call = || -> io::Result<Duration> {
            number += 1;
            let event = next.next().ok_or(io::ErrorKind::InvalidInput)?;
            self.send(number, Arc::clone(event))?;
            match self.answer()? {
                Answered { after, verdict: Verdict::Allowed, .. } => Ok(after),
                _ => Err(io::Error::other("it refuses a good credential")),
            }
        };
        let first = call()?;
        for _ in 0..calls / 10 {
            call()?;
        }
        let cpu_before = processor_time(self.child.id())?;
        let mut times = (0..calls).map(|_| call()).collect::<io::Result<Vec<_>>>()?;
        let cpu = processor_time(self.child.id())?.saturating_sub(cpu_before);
        times.sort();
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
        let figures = Figures {
            first,
            p50: at(50),
            p99: at(99),
            cpu: cpu / u32::try_from(calls).unwrap_or(u32::MAX),
            memory_at_start,
            memory_peak: self.memory("VmHWM:")?,
        };
        self.child.kill()?;
        self.child.wait()?;
        Ok(figures)
    }

    /// Gives it an event, under this number.
    pub(crate) fn send(&self, number: u64, event: Arc<str>) -> io::Result<()> {
        self.events.send((number, event)).map_err(io::Error::other)
    }

    /// Waits for an answer.
    pub(crate) fn answer(&self) -> io::Result<Answered> {
        match self.answers.recv_timeout(LIMIT) {
            Ok(Told::Answered(answered)) => Ok(answered),
            Ok(Told::Started(_)) | Err(_) => Err(io::Error::other("it does not answer")),
        }
    }

    /// Its open file descriptors.
    pub(crate) fn descriptors(&self) -> io::Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count())
    }

    /// A number of bytes in `/proc/<pid>/status`.
    pub(crate) fn memory(&self, name: &str) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kilobytes =
            status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
        kilobytes.map(|kilobytes: u64| kilobytes * 1024).ok_or_else(|| io::Error::other("no memory in /proc"))
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // It may be over already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The time on a processor of all threads there are.
fn processor_time(process: u32) -> io::Result<Duration> {
    let mut total = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        total += text.split(' ').next().and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    }
    Ok(Duration::from_nanos(total))
}

/// Serves one connection until the function hangs up.
fn serve(stream: TcpStream, work: &Work) {
    let _ = stream.set_nodelay(true);
    let Ok(mut writer) = stream.try_clone() else { return };
    let mut reader = BufReader::with_capacity(1 << 16, Timed { stream, read_at: Instant::now() });
    while let Ok((path, body)) = read_request(&mut reader) {
        let at = reader.get_ref().read_at;
        if path.ends_with("/invocation/next") {
            if !work.has_started.swap(true, Ordering::Relaxed) {
                let _ = work.told.send(Told::Started(at));
            }
            let Ok((number, event)) = lock(&work.events).recv() else { return };
            let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + LIMIT;
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: {number}\r\n\
                 Lambda-Runtime-Deadline-Ms: {}\r\nLambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:\
                 123456789012:function:function\r\nContent-Length: {}\r\n\r\n{event}",
                deadline.as_millis(),
                event.len(),
            );
            lock(&work.sent).insert(number, Instant::now());
            if writer.write_all(head.as_bytes()).is_err() {
                return;
            }
        } else {
            let number = path.rsplit('/').nth(1).and_then(|text| text.parse().ok()).unwrap_or_default();
            if let Some(sent) = lock(&work.sent).remove(&number) {
                let verdict = Verdict::of(path.ends_with("/response"), &body);
                let _ = work.told.send(Told::Answered(Answered { number, after: at - sent, verdict }));
            }
            if writer.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").is_err() {
                return;
            }
        }
    }
}

/// A connection that knows when something was read from it last.
struct Timed {
    stream: TcpStream,
    read_at: Instant,
}

impl io::Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.read_at = Instant::now();
        Ok(count)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The path and the body of a request; bodies come whole or in chunks.
fn read_request(reader: &mut BufReader<Timed>) -> io::Result<(String, Vec<u8>)> {
    let first = read_line(reader)?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut length, mut is_chunked) = (0, false);
    loop {
        let line = read_line(reader)?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        match line.split_once(':').map(|(name, value)| (name, value.trim())) {
            Some(("content-length", value)) => length = value.parse().map_err(io::Error::other)?,
            Some(("transfer-encoding", value)) => is_chunked = value.contains("chunked"),
            _ => {}
        }
    }
    let mut body = Vec::new();
    if !is_chunked {
        reader.take(length).read_to_end(&mut body)?;
        return Ok((path, body));
    }
    loop {
        let size = u64::from_str_radix(&read_line(reader)?, 16).map_err(io::Error::other)?;
        reader.take(size).read_to_end(&mut body)?;
        read_line(reader)?;
        if size == 0 {
            return Ok((path, body));
        }
    }
}

fn read_line(reader: &mut BufReader<Timed>) -> io::Result<String> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}
