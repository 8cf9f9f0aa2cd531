//! What issuers serve, on loopback: documents by path, with faults, and a list of who asked for what.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::AUTHORIZATION;
use serde_json::Value;
use smac_local::http_server::{self, Server};
use smac_local::stand_ins::fault::{self, Fault};
use tokio::sync::Mutex as AsyncMutex;

/// A running server. It ends when this is dropped.
pub struct Site {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    server: AsyncMutex<Option<Server>>,
}

#[derive(Default)]
struct State {
    documents: HashMap<String, Value>,
    faults: HashMap<String, (u32, Fault)>,
    asked: Vec<Asked>,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub path: String,
    /// The token that was presented.
    pub bearer: Option<String>,
}

impl Site {
    pub async fn start() -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let server = serve(([127, 0, 0, 1], 0).into(), &state).await;
        Self { address: server.address(), state, server: AsyncMutex::new(Some(server)) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What is served at this path.
    pub fn document(&self, path: &str) -> Value {
        lock(&self.state).documents[path].clone()
    }

    /// Serves this document too, or instead.
    pub fn serve(&self, path: &str, document: Value) {
        lock(&self.state).documents.insert(path.to_owned(), document);
    }

    /// The next `times` requests for this path go wrong.
    pub fn fail(&self, path: &str, times: u32, fault: Fault) {
        lock(&self.state).faults.insert(path.to_owned(), (times, fault));
    }

    pub fn recover(&self, path: &str) {
        lock(&self.state).faults.remove(path);
    }

    /// What it was asked since the last time.
    pub fn requests(&self) -> Vec<Asked> {
        std::mem::take(&mut lock(&self.state).asked)
    }

    /// The paths that it was asked for since the last time.
    pub fn asked(&self) -> Vec<String> {
        self.requests().into_iter().map(|asked| asked.path).collect()
    }

    /// Ends every connection, and accepts no new one until [`Self::open`].
    pub async fn close(&self) {
        if let Some(server) = self.server.lock().await.take() {
            server.stop().await;
        }
    }

    pub async fn open(&self) {
        *self.server.lock().await = Some(serve(self.address, &self.state).await);
    }
}

async fn serve(address: SocketAddr, state: &Arc<Mutex<State>>) -> Server {
    let state = Arc::clone(state);
    let server = Server::start(address, move |request| {
        let path = request.uri().path().to_owned();
        let bearer =
            request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let bearer = bearer.map(str::to_owned);
        let mut state = lock(&state);
        let right = match state.documents.get(&path) {
            Some(document) => http_server::json(200, document),
            None => http_server::json(404, &Value::Null),
        };
        let fault = state.faults.get_mut(&path).filter(|(times, _)| *times > 0).map(|(times, fault)| {
            *times -= 1;
            fault.clone()
        });
        state.asked.push(Asked { path, bearer });
        fault::answer(right, fault)
    });
    server.await.unwrap()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
