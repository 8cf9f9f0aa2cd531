//! TLS 1.3 in front of a stand-in, with an authority of our own.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use smac_local::http_server::Server;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// An authority, whose certificate is in a file.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) pem: PathBuf,
}

impl Authority {
    pub(super) fn new() -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        // Apart from the name of what it vouches for: a certificate that names itself as its issuer is refused.
        params.distinguished_name.push(DnType::CommonName, "Authority of cargo measure");
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        let pem = std::env::temp_dir().join(format!("smac-measure-{}.pem", std::process::id()));
        std::fs::write(&pem, certificate.pem())?;
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }

    /// Vouches for `localhost`.
    fn acceptor(&self) -> io::Result<TlsAcceptor> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).map_err(io::Error::other)?;
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .map_err(io::Error::other)?;
        // A ticket is sent without being waited for, and would be counted as a round trip.
        config.send_tls13_tickets = 0;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// A server that speaks TLS, and passes what it is sent on to another one on this machine.
    pub(super) async fn front(&self, behind: &str) -> io::Result<Server> {
        let (acceptor, behind) = (self.acceptor()?, behind.to_owned());
        let pass_on = move |stream: TcpStream| {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            async move {
                // A connection that breaks is the other end's business.
                let _ = forward(&acceptor, stream, &behind).await;
            }
        };
        Server::accept("127.0.0.1:0", pass_on).await
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        // It is in the folder for what is temporary.
        let _ = std::fs::remove_file(&self.pem);
    }
}

async fn forward(acceptor: &TlsAcceptor, stream: TcpStream, behind: &str) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut back = TcpStream::connect(behind).await?;
    back.set_nodelay(true)?;
    let mut front = acceptor.accept(stream).await?;
    tokio::io::copy_bidirectional(&mut front, &mut back).await.map(|_| ())
}
