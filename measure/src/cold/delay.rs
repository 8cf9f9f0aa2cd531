//! A network for one upstream: a relay that holds back what passes, and counts.
//!
//! A round trip is what the client waits for: the one that opens a TCP connection, and each time that it sends something
//! and is sent something then. The relay accepts at once, as it must, and holds the client's first bytes back for so much
//! longer. Threads, since the timers of an async runtime go by whole milliseconds.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

#[derive(Default)]
struct State {
    /// Of a round trip, in microseconds.
    delay: AtomicU64,
    connections: AtomicU64,
    round_trips: AtomicU64,
}

/// The relay, for as long as this process lives.
pub(super) struct Network {
    port: u16,
    state: Arc<State>,
}

/// What has passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Passed {
    pub(super) connections: u64,
    pub(super) round_trips: u64,
}

impl Network {
    /// A network in front of this address.
    pub(super) fn before(behind: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State::default());
        let counted = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                counted.connections.fetch_add(1, Ordering::SeqCst);
                counted.round_trips.fetch_add(1, Ordering::SeqCst);
                // A connection that breaks is the other end's business.
                let _ = relay(&client, behind, &counted);
            }
        });
        Ok(Self { port, state })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// How long a round trip takes from now on.
    pub(super) fn set_delay(&self, round_trip: Duration) {
        let micros = u64::try_from(round_trip.as_micros()).unwrap_or(u64::MAX);
        self.state.delay.store(micros, Ordering::SeqCst);
    }

    /// What has passed since this was asked last.
    pub(super) fn take(&self) -> Passed {
        let take = |count: &AtomicU64| count.swap(0, Ordering::SeqCst);
        Passed { connections: take(&self.state.connections), round_trips: take(&self.state.round_trips) }
    }
}

fn relay(client: &TcpStream, behind: SocketAddr, state: &Arc<State>) -> io::Result<()> {
    let server = TcpStream::connect(behind)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let delay = Duration::from_micros(state.delay.load(Ordering::SeqCst));
    let has_asked = Arc::new(AtomicBool::new(false));
    let asks = Arc::clone(&has_asked);
    pass(client.try_clone()?, server.try_clone()?, delay / 2, delay, move || asks.store(true, Ordering::SeqCst));
    let state = Arc::clone(state);
    pass(server, client.try_clone()?, delay / 2, Duration::ZERO, move || {
        if has_asked.swap(false, Ordering::SeqCst) {
            state.round_trips.fetch_add(1, Ordering::SeqCst);
        }
    });
    Ok(())
}

/// Passes bytes on, each so much later, and the first ones by so much more.
fn pass(mut from: TcpStream, mut to: TcpStream, delay: Duration, more: Duration, note: impl Fn() + Send + 'static) {
    let began = Instant::now();
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            note();
            let due = Instant::now().max(began + more) + delay;
            let bytes = buffer.get(..count).unwrap_or_default().to_vec();
            if sender.send((due, bytes)).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (due, bytes) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        // It may be closed already.
        let _ = to.shutdown(Shutdown::Write);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_is_what_a_client_waits_for() {
        let server = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let network = Network::before(server.local_addr().unwrap()).unwrap();
        let delay = Duration::from_millis(20);
        network.set_delay(delay);
        thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut byte = [0];
            while stream.read_exact(&mut byte).is_ok() {
                stream.write_all(&byte).unwrap();
            }
        });
        let began = Instant::now();
        let mut client = TcpStream::connect(("127.0.0.1", network.port())).unwrap();
        for times in 1..=2 {
            client.write_all(b"a").unwrap();
            client.read_exact(&mut [0]).unwrap();
            // One more for the connection.
            assert!(began.elapsed() >= delay * (times + 1), "{:?}", began.elapsed());
        }
        assert_eq!(network.take(), Passed { connections: 1, round_trips: 3 });
        assert_eq!(network.take(), Passed::default());
    }
}
