//! TLS over real sockets, with an authority of our own: trusted, not trusted, and with another name.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that panics has failed"
)]

mod support;

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use smac_local::deployment::{EMAIL, SUBJECT};
use smac_local::token::Token;
use support::{POOLS, world};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A userInfo endpoint on loopback, whose certificate is for this name.
struct Server {
    url: String,
    /// The authority's certificate, in a file.
    authority: PathBuf,
}

async fn serve(name: &str) -> Server {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();

    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let _ = stream.read(&mut [0; 16_384]).await;
                let body = json!({ "sub": SUBJECT, "email": EMAIL }).to_string();
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    let path = std::env::temp_dir().join(format!("smac-authority-{}-{port}.pem", std::process::id()));
    std::fs::write(&path, authority.pem()).unwrap();
    Server { url: format!("https://localhost:{port}"), authority: path }
}

async fn reason(url: &str, authority: &str) -> &'static str {
    let domain = format!("{POOLS}__PRIMARY__DOMAIN");
    let world = world(&[(domain.as_str(), url), ("AWS_CA_BUNDLE", authority)]).await;
    world.ask_with_token(&Token::access().sign()).await.reason()
}

#[tokio::test]
async fn only_whom_the_roots_vouch_for_by_name() {
    let server = serve("localhost").await;
    let authority = server.authority.to_str().unwrap().to_owned();
    assert_eq!(reason(&server.url, &authority).await, "allowed");
    // Beside a certificate that can't be a root, as a system's bundle may hold some.
    let pem = std::fs::read_to_string(&server.authority).unwrap();
    let odd = format!("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n{pem}");
    std::fs::write(&server.authority, odd).unwrap();
    assert_eq!(reason(&server.url, &authority).await, "allowed");
    // The compiled-in roots do not know this authority.
    assert_eq!(reason(&server.url, "").await, "user_info_unavailable");
    // Nor does another authority.
    let other = serve("localhost").await;
    assert_eq!(reason(&server.url, other.authority.to_str().unwrap()).await, "user_info_unavailable");
    // A certificate of the right authority for somebody else.
    let elsewhere = serve("elsewhere.example").await;
    assert_eq!(reason(&elsewhere.url, elsewhere.authority.to_str().unwrap()).await, "user_info_unavailable");
    for server in [server, other, elsewhere] {
        std::fs::remove_file(server.authority).unwrap();
    }
}

/// No upstream is believed, or even sent anything, whose certificate is nobody's; or whose name is.
#[tokio::test]
async fn nobody_else_answers_for_an_upstream() {
    let server = serve("localhost").await;
    for url in [server.url.as_str(), "https://nobody.invalid"] {
        let world =
            world(&[("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", url), ("AWS_ENDPOINT_URL_SECRETS_MANAGER", url)])
                .await;
        for (told, reason, metric) in [
            (world.ask_with_token(&Token::id().sign()).await, "jwks_unavailable", "KeySetFetches"),
            (world.ask_as_service().await, "secrets_unavailable", "SecretFetches"),
        ] {
            let line = told.line();
            assert_eq!((told.reason(), line[metric].clone()), (reason, json!(2)), "{url}");
            assert_eq!(line["FetchFailures"], 2, "{url}");
        }
    }
    std::fs::remove_file(server.authority).unwrap();
}
