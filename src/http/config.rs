//! How upstreams are called: the time-out, whom to trust, and through which proxy.

use std::fmt;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::Url;

/// How upstreams are called.
#[derive(Clone, Debug)]
pub struct Config {
    /// The most that one call may take, its retry included.
    pub timeout: Duration,
    /// The certificates that are trusted instead of the compiled-in ones.
    pub roots: Option<Roots>,
    /// The proxy that https calls go through.
    pub proxy: Option<Proxy>,
}

/// A proxy for https calls, and the hosts that are called without it.
#[derive(Clone)]
pub struct Proxy {
    /// The proxy's address; it may hold a user name and a password.
    pub url: Url,
    /// The hosts, as `NO_PROXY` lists them.
    pub exceptions: String,
}

/// It may hold a password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxy(redacted)")
    }
}

/// The certificates that are trusted instead of the compiled-in ones.
#[derive(Clone, Debug)]
pub struct Roots(RootCertStore);

/// The file is not PEM, or holds no usable certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidRoots;

impl fmt::Display for InvalidRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("holds no usable certificate in PEM")
    }
}

impl std::error::Error for InvalidRoots {}

impl Roots {
    /// Reads certificates in PEM. Those that can't be roots are left out, since a system's bundle holds some: nothing
    /// is trusted through them.
    ///
    /// # Errors
    /// [`InvalidRoots`] if this is not PEM, or holds no usable certificate.
    pub fn parse(pem: &[u8]) -> Result<Self, InvalidRoots> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let _is_unusable = roots.add(certificate.map_err(|_| InvalidRoots)?).is_err();
        }
        if roots.is_empty() { Err(InvalidRoots) } else { Ok(Self(roots)) }
    }

    pub(super) fn into_store(self) -> RootCertStore {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_password_is_not_shown() {
        let proxy = Proxy { url: Url::parse("http://u:secret@proxy:3128").unwrap(), exceptions: String::new() };
        assert!(!format!("{proxy:?}").contains("secret"));
    }

    #[test]
    fn roots_are_certificates_in_pem() {
        for pem in ["", "no pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert_eq!(Roots::parse(pem.as_bytes()).err(), Some(InvalidRoots), "{pem}");
        }
    }
}
