//! What is between the authorizer and its upstreams: connections that go bad while nobody uses them, and a proxy.

use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use smac_local::http_server::Server;
use smac_local::stand_ins::StandIns;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// How a connection goes bad without a word to the client, as while a function is frozen.
#[derive(Clone, Copy, Debug)]
pub enum Spoiled {
    /// It ends with the next request.
    Dead,
    /// It accepts all that is sent, and nothing ever comes back.
    BlackHole,
}

/// A relay to the stand-ins, whose open connections can be spoiled. New ones are good.
pub struct Relay {
    server: Server,
    spoiled: Arc<watch::Sender<Spoiled>>,
    opened: Arc<AtomicUsize>,
}

impl Relay {
    pub async fn start(stand_ins: &StandIns) -> Self {
        Self::before(&stand_ins.base_url()).await
    }

    /// A relay to what is at this address. All of this machine's own addresses lead to it.
    pub async fn before(url: &str) -> Self {
        let behind = url.trim_start_matches("http://").to_owned();
        let spoiled = Arc::new(watch::Sender::new(Spoiled::Dead));
        let opened = Arc::new(AtomicUsize::new(0));
        let (changes, count) = (Arc::clone(&spoiled), Arc::clone(&opened));
        let relay = move |stream| {
            count.fetch_add(1, Ordering::SeqCst);
            pass_on(stream, behind.clone(), changes.subscribe())
        };
        Self { server: Server::accept("0.0.0.0:0", relay).await.unwrap(), spoiled, opened }
    }

    pub fn url(&self) -> String {
        self.url_at(1)
    }

    /// The same at another of this machine's addresses, of which there are 16 million.
    pub fn url_at(&self, number: u32) -> String {
        format!(
            "http://{}:{}",
            Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() - 1 + number),
            self.server.address().port()
        )
    }

    /// How many connections were opened so far.
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    /// Waits until so many were opened. The other end accepts a connection a little after it is open.
    pub async fn must_have_opened(&self, expected: usize) {
        let until = Instant::now() + Duration::from_secs(4);
        while self.opened() < expected && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(self.opened(), expected);
    }

    /// Spoils the connections that are open now.
    pub fn spoil(&self, how: Spoiled) {
        self.spoiled.send_replace(how);
    }
}

async fn pass_on(mut stream: TcpStream, behind: String, mut spoiled: watch::Receiver<Spoiled>) {
    let Ok(mut back) = TcpStream::connect(behind).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut stream, &mut back) => return,
        _ = spoiled.changed() => {}
    }
    let how = *spoiled.borrow();
    while stream.read(&mut [0; 4096]).await.is_ok_and(|count| count > 0) && matches!(how, Spoiled::BlackHole) {}
}

/// A proxy for https: it opens a connection to wherever `CONNECT` says (RFC 9110, section 9.3.6).
pub struct Proxy {
    server: Server,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub async fn start() -> Self {
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&heads);
        let tunnel = move |stream| {
            let seen = Arc::clone(&seen);
            async move {
                // A connection that breaks is the other end's business.
                let _ = tunnel(stream, &seen).await;
            }
        };
        Self { server: Server::accept("127.0.0.1:0", tunnel).await.unwrap(), heads }
    }

    /// Its address, behind the scheme.
    pub fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// The heads of the requests so far.
    pub fn take_heads(&self) -> Vec<String> {
        std::mem::take(&mut self.heads.lock().unwrap())
    }
}

async fn tunnel(mut stream: TcpStream, seen: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).map_err(io::Error::other)?;
    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).map(str::to_owned);
    seen.lock().unwrap().push(head);
    let mut back = TcpStream::connect(target.ok_or(io::ErrorKind::InvalidData)?).await?;
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    copy_bidirectional(&mut stream, &mut back).await.map(|_| ())
}
