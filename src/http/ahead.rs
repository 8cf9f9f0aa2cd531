//! Connections that are opened ahead of their first request: a layer of the HTTP client's connector.
//!
//! The library has no way to open a connection without a request. So one is opened for a request that is never sent: this
//! layer keeps the connection and fails the request. The next request that needs a connection to that origin gets it.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tower::{Layer, Service};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A connection, whose type is the library's secret, and since when it is open.
type Opened = (Box<dyn Any + Send>, Instant);

tokio::task_local! {
    /// What the connection is for that this task may have to open. Without it, it is for one request and no other.
    static PURPOSE: Purpose;
}

#[derive(Clone)]
enum Purpose {
    /// It is for a request that accepts one that was opened ahead.
    Request { origin: Arc<str>, opens_connection: Arc<AtomicBool> },
    /// It is to be kept.
    Later(Arc<Mutex<Option<oneshot::Sender<Opened>>>>),
}

/// The connections that are opened ahead, by where they lead to.
#[derive(Clone)]
pub(super) struct Ahead {
    origins: Arc<Mutex<HashMap<Arc<str>, Origin>>>,
    max_age: Duration,
}

#[derive(Default)]
struct Origin {
    /// The connection of a request is free after it, so none needs to be opened ahead.
    was_asked: bool,
    /// What is being opened, or is open and was not needed yet.
    connection: Option<oneshot::Receiver<Opened>>,
}

impl Ahead {
    /// Nothing is open. What is older than `max_age` is not used.
    pub(super) fn new(max_age: Duration) -> Self {
        Self { origins: Arc::default(), max_age }
    }

    /// Sends a request that accepts a connection that was opened ahead. `opens_connection` becomes true if there is none,
    /// and none in the library's own pool either.
    pub(super) async fn serve<F: Future>(
        &self,
        origin: &str,
        opens_connection: Arc<AtomicBool>,
        request: F,
    ) -> F::Output {
        let origin: Arc<str> = origin.into();
        self.origins().entry(Arc::clone(&origin)).or_default().was_asked = true;
        PURPOSE.scope(Purpose::Request { origin, opens_connection }, request).await
    }

    /// Has a request open a connection to this origin, unless one is or will be free. The request always fails.
    pub(super) async fn open<F: Future>(&self, origin: &str, request: F) {
        let (sender, receiver) = oneshot::channel();
        {
            let mut origins = self.origins();
            let origin = origins.entry(origin.into()).or_default();
            if origin.was_asked || origin.connection.is_some() {
                return;
            }
            origin.connection = Some(receiver);
        }
        PURPOSE.scope(Purpose::Later(Arc::new(Mutex::new(Some(sender)))), request).await;
    }

    /// A connection to this origin that was opened ahead; if it is just being opened, once it is open.
    async fn take<C: 'static>(&self, origin: &str) -> Option<C> {
        let connection = self.origins().get_mut(origin)?.connection.take()?;
        // An error: it could not be opened.
        let (connection, since) = connection.await.ok()?;
        let connection = connection.downcast().ok().filter(|_| since.elapsed() < self.max_age)?;
        Some(*connection)
    }

    fn origins(&self) -> MutexGuard<'_, HashMap<Arc<str>, Origin>> {
        lock(&self.origins)
    }
}

impl<S> Layer<S> for Ahead {
    type Service = Connector<S>;

    fn layer(&self, inner: S) -> Connector<S> {
        Connector { ahead: self.clone(), inner }
    }
}

/// The library's connector, which gives a request a connection that was opened ahead, and keeps what is opened for later.
#[derive(Clone)]
pub(super) struct Connector<S> {
    ahead: Ahead,
    inner: S,
}

impl<S, T> Service<T> for Connector<S>
where
    S: Service<T, Error = BoxError> + Clone + Send + 'static,
    S::Response: Send + 'static,
    S::Future: Send + 'static,
    T: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, destination: T) -> Self::Future {
        let purpose = PURPOSE.try_with(Purpose::clone).ok();
        let another = self.inner.clone();
        // The one that is ready.
        let mut inner = std::mem::replace(&mut self.inner, another);
        let ahead = self.ahead.clone();
        Box::pin(async move {
            match purpose {
                None => inner.call(destination).await,
                Some(Purpose::Request { origin, opens_connection }) => {
                    if let Some(connection) = ahead.take(&origin).await {
                        return Ok(connection);
                    }
                    opens_connection.store(true, Ordering::Relaxed);
                    inner.call(destination).await
                }
                Some(Purpose::Later(place)) => {
                    let connection = inner.call(destination).await?;
                    if let Some(place) = lock(&place).take() {
                        // Whoever waited for it may have gone.
                        let _ = place.send((Box::new(connection), Instant::now()));
                    }
                    Err(KeptError.into())
                }
            }
        })
    }
}

/// The connection is kept for another request.
#[derive(Debug)]
struct KeptError;

impl fmt::Display for KeptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is kept for another request")
    }
}

impl std::error::Error for KeptError {}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it holds a lock here; if something did, what is in it would still be whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::Ready;
    use std::sync::atomic::AtomicU32;

    use super::*;

    /// Opens numbers.
    #[derive(Clone, Default)]
    struct Numbers(Arc<AtomicU32>);

    impl Service<()> for Numbers {
        type Response = u32;
        type Error = BoxError;
        type Future = Ready<Result<u32, BoxError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, (): ()) -> Self::Future {
            std::future::ready(Ok(self.0.fetch_add(1, Ordering::Relaxed)))
        }
    }

    /// What a request to this origin gets, and whether that was opened for it.
    async fn served(ahead: &Ahead, connector: &mut Connector<Numbers>, origin: &str) -> (u32, bool) {
        let opens = Arc::new(AtomicBool::new(false));
        let connection = ahead.serve(origin, Arc::clone(&opens), async { connector.call(()).await }).await;
        (connection.unwrap(), opens.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn a_connection_is_for_one_request_to_its_origin() {
        let ahead = Ahead::new(Duration::from_secs(15));
        let mut connector = ahead.layer(Numbers::default());
        let mut opener = connector.clone();
        // The request that opens it fails, and one is enough.
        for _ in 0..2 {
            ahead.open("a", async { assert!(opener.call(()).await.is_err()) }).await;
        }
        assert_eq!(served(&ahead, &mut connector, "b").await, (1, true));
        // Not for a request that wants a new one.
        assert_eq!(connector.call(()).await.unwrap(), 2);
        assert_eq!(served(&ahead, &mut connector, "a").await, (0, false));
        assert_eq!(served(&ahead, &mut connector, "a").await, (3, true));
        // Whoever was asked has a connection that is free.
        ahead.open("a", async { panic!("it opens nothing") }).await;
    }

    #[tokio::test]
    async fn an_old_connection_is_not_used() {
        let ahead = Ahead::new(Duration::ZERO);
        let mut connector = ahead.layer(Numbers::default());
        let mut opener = connector.clone();
        ahead.open("a", async { drop(opener.call(()).await) }).await;
        assert_eq!(served(&ahead, &mut connector, "a").await, (1, true));
    }

    #[tokio::test]
    async fn a_request_waits_for_what_is_being_opened_or_given_up() {
        for succeeds in [true, false] {
            let ahead = Ahead::new(Duration::from_secs(15));
            let mut connector = ahead.layer(Numbers::default());
            let mut opener = connector.clone();
            let (go, gone) = oneshot::channel::<()>();
            let open = ahead.open("a", async {
                let _ = gone.await;
                if succeeds {
                    drop(opener.call(()).await);
                }
            });
            let ask = async {
                let served = served(&ahead, &mut connector, "a");
                tokio::pin!(served);
                assert!(std::future::poll_fn(|context| Poll::Ready(served.as_mut().poll(context).is_pending())).await);
                go.send(()).unwrap();
                served.await
            };
            let ((), answer) = tokio::join!(open, ask);
            assert_eq!(answer, (0, !succeeds));
        }
    }
}
