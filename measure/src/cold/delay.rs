//! A network for one upstream: a relay that holds back what passes, and notes the round trips.
//!
//! A round trip is what the client waits for: the one that opens a TCP connection, and each time that it sends something
//! and is sent something then. The relay accepts at once, as it must, and holds the client's first bytes back for so much
//! longer. Threads, since the timers of an async runtime go by whole milliseconds.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

#[derive(Default)]
struct State {
    /// Of a round trip, in microseconds.
    delay: AtomicU64,
    connections: AtomicUsize,
    round_trips: Mutex<Vec<RoundTrip>>,
}

/// From when to when the client waited.
pub(super) type RoundTrip = (Instant, Instant);

/// The relay, for as long as this process lives.
pub(super) struct Network {
    port: u16,
    state: Arc<State>,
}

impl Network {
    /// A network in front of this address.
    pub(super) fn before(behind: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State::default());
        let noted = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                noted.connections.fetch_add(1, Ordering::SeqCst);
                // A connection that breaks is the other end's business.
                let _ = relay(&client, behind, &noted);
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

    /// The connections and the round trips since this was asked last.
    pub(super) fn take(&self) -> (usize, Vec<RoundTrip>) {
        let round_trips = std::mem::take(&mut *lock(&self.state.round_trips));
        (self.state.connections.swap(0, Ordering::SeqCst), round_trips)
    }
}

/// How many round trips there were one after the other: the most of which no two overlap.
pub(super) fn in_sequence(mut round_trips: Vec<RoundTrip>) -> usize {
    round_trips.sort_by_key(|(_, end)| *end);
    let mut last_end = None;
    let mut count = 0;
    for (begin, end) in round_trips {
        if last_end.is_none_or(|last_end| begin >= last_end) {
            (last_end, count) = (Some(end), count + 1);
        }
    }
    count
}

fn relay(client: &TcpStream, behind: SocketAddr, state: &Arc<State>) -> io::Result<()> {
    let began = Instant::now();
    let server = TcpStream::connect(behind)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let delay = Duration::from_micros(state.delay.load(Ordering::SeqCst));
    let open = began + delay;
    lock(&state.round_trips).push((began, open));
    // Since when the client waits for an answer.
    let asked: Arc<Mutex<Option<Instant>>> = Arc::default();
    let asks = Arc::clone(&asked);
    pass(client.try_clone()?, server.try_clone()?, delay / 2, open, move |at, _| {
        lock(&asks).get_or_insert(at);
    });
    let state = Arc::clone(state);
    pass(server, client.try_clone()?, delay / 2, began, move |_, due| {
        if let Some(at) = lock(&asked).take() {
            lock(&state.round_trips).push((at, due));
        }
    });
    Ok(())
}

/// Passes bytes on, each so much later, and none as if it was sent before `open`. Notes when something was sent, and when it
/// is there.
fn pass(
    mut from: TcpStream,
    mut to: TcpStream,
    delay: Duration,
    open: Instant,
    note: impl Fn(Instant, Instant) + Send + 'static,
) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let sent = Instant::now().max(open);
            let due = sent + delay;
            note(sent, due);
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

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
        let (connections, round_trips) = network.take();
        assert_eq!((connections, in_sequence(round_trips)), (1, 3));
        assert_eq!(network.take(), (0, vec![]));
    }

    #[test]
    fn round_trips_side_by_side_count_once() {
        let start = Instant::now();
        let at = |begin, end| (start + Duration::from_millis(begin), start + Duration::from_millis(end));
        assert_eq!(in_sequence(vec![]), 0);
        assert_eq!(in_sequence(vec![at(0, 2), at(2, 4), at(1, 3), at(3, 5)]), 2);
        assert_eq!(in_sequence(vec![at(4, 6), at(0, 2), at(5, 7), at(2, 4)]), 3);
    }
}
