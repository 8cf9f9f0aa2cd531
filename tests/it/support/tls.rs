//! A TLS server in front of the stand-ins, with an authority of our own, whose certificate can become another's.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use smac_local::http_server::Server;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsAcceptor;

/// An authority, whose certificate is in a file.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: PathBuf,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let id = key.serialize_der().iter().fold(0_u64, |hash, byte| hash.rotate_left(5) ^ u64::from(*byte));
        let pem = std::env::temp_dir().join(format!("smac-authority-{}-{id:x}.pem", std::process::id()));
        std::fs::write(&pem, certificate.pem()).unwrap();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Vouches for a server of this name.
    fn acceptor(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.pem);
    }
}

/// The server in front. What it is sent goes to the stand-ins, and their answers come back.
pub struct Front {
    address: SocketAddr,
    server: Mutex<Option<Server>>,
    /// With the right certificate and with the wrong one.
    acceptors: [TlsAcceptor; 2],
    behind: String,
}

impl Front {
    /// A front whose certificate is for `localhost`; the wrong one, by the same authority, is for another name.
    pub async fn start(authority: &Authority, behind: String) -> Self {
        let acceptors = ["localhost", "elsewhere.example"].map(|name| authority.acceptor(name));
        let behind = behind.trim_start_matches("http://").to_owned();
        let server = serve(([127, 0, 0, 1], 0).into(), &acceptors[0], &behind).await;
        Self { address: server.address(), server: Mutex::new(Some(server)), acceptors, behind }
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// Whether new connections are shown the wrong certificate; the old ones end.
    pub async fn set_wrong(&self, is_wrong: bool) {
        let mut server = self.server.lock().await;
        if let Some(server) = server.take() {
            server.stop().await;
        }
        *server = Some(serve(self.address, &self.acceptors[usize::from(is_wrong)], &self.behind).await);
    }
}

async fn serve(address: SocketAddr, acceptor: &TlsAcceptor, behind: &str) -> Server {
    let (acceptor, behind) = (acceptor.clone(), behind.to_owned());
    Server::accept(address, move |stream| forward(acceptor.clone(), stream, behind.clone())).await.unwrap()
}

async fn forward(acceptor: TlsAcceptor, stream: TcpStream, behind: String) {
    let (Ok(mut front), Ok(mut back)) = (acceptor.accept(stream).await, TcpStream::connect(behind).await) else {
        return;
    };
    let _ = tokio::io::copy_bidirectional(&mut front, &mut back).await;
}
