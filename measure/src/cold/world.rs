//! The upstreams of the functions that are timed, each behind TLS and a network of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::json;
use smac_local::deployment::{EMAIL, Pool, SERVICE_TOKEN, SUBJECT, of_pools};
use smac_local::http_server::{self, Server};
use smac_local::stand_ins::StandIns;

use super::delay::{self, Network};
use super::front::Authority;
use crate::store;

const POOL: &str = "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY";
const ISSUER: &str = "SMAC__AUTH__PROVIDER_OIDC__ISSUERS__ONE";

/// The audience of the OIDC issuer's tokens.
pub(super) const AUDIENCE: &str = "api";

pub(super) struct World {
    /// Of Cognito, its domain, Secrets Manager, an OIDC issuer, and its userInfo.
    networks: [Network; 5],
    authority: Authority,
    stand_ins: StandIns,
    _servers: Vec<Server>,
}

/// What has passed through the networks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Passed {
    pub(super) connections: usize,
    /// One after the other: those side by side count once.
    pub(super) round_trips: usize,
}

impl World {
    pub(super) async fn start() -> io::Result<Self> {
        let stand_ins = StandIns::start(0).await?;
        let authority = Authority::new()?;
        let behind = stand_ins.base_url().trim_start_matches("http://").to_owned();
        let user_info: Arc<OnceLock<String>> = Arc::default();
        let issuer = issuer(Arc::clone(&user_info)).await?;
        let issuer_behind = issuer.address().to_string();
        let mut servers = vec![issuer];
        let mut networks = Vec::new();
        for behind in [&behind, &behind, &behind, &issuer_behind, &issuer_behind] {
            let front = authority.front(behind).await?;
            let address: SocketAddr = front.address();
            networks.push(Network::before(address)?);
            servers.push(front);
        }
        let networks = <[Network; 5]>::try_from(networks).map_err(|_| io::ErrorKind::InvalidData)?;
        let world = Self { networks, authority, stand_ins, _servers: servers };
        let [.., url] = world.urls();
        user_info.set(format!("{url}/me")).map_err(|_| io::ErrorKind::AlreadyExists)?;
        Ok(world)
    }

    fn urls(&self) -> [String; 5] {
        self.networks.each_ref().map(|network| format!("https://localhost:{}", network.port()))
    }

    /// The `iss` of the OIDC issuer.
    pub(super) fn issuer(&self) -> String {
        let [_, _, _, issuer, _] = self.urls();
        issuer
    }

    /// Stores a service of this id, with the token that all services here have.
    pub(super) fn add_service(&self, id: &str) {
        store(&self.stand_ins, id, SERVICE_TOKEN);
    }

    /// One pool, which is what the peers have; services are on.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let [cognito, domain, secrets, ..] = self.urls();
        let mut environment = of_pools(&cognito);
        environment.retain(|(name, _)| !name.contains(Pool::Secondary.name()) && !name.ends_with("QUERY_PARAMETER"));
        let pem = self.authority.pem.display().to_string();
        let ours = [
            ("AWS_CA_BUNDLE".to_owned(), pem.clone()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), secrets),
            (format!("{POOL}__DOMAIN"), format!("{domain}/PRIMARY")),
            // The same for the peers.
            ("NODE_EXTRA_CA_CERTS".to_owned(), pem.clone()),
            ("SSL_CERT_FILE".to_owned(), pem),
        ];
        environment.retain(|(name, _)| ours.iter().all(|(own, _)| own != name));
        environment.extend(ours);
        environment
    }

    /// An OIDC issuer and no pool.
    pub(super) fn environment_of_issuer(&self) -> Vec<(String, String)> {
        let mut environment = self.environment();
        environment.retain(|(name, _)| !name.starts_with("SMAC__AUTH__PROVIDER"));
        let ours = [
            ("SMAC__AUTH__PROVIDER".to_owned(), "OIDC".to_owned()),
            (format!("{ISSUER}__ISSUER"), self.issuer()),
            (format!("{ISSUER}__AUDIENCE"), AUDIENCE.to_owned()),
            (format!("{ISSUER}__USER_ID"), "email".to_owned()),
            (format!("{ISSUER}__USER_INFO"), "true".to_owned()),
        ];
        environment.extend(ours);
        environment
    }

    /// How long a round trip takes from now on.
    pub(super) fn set_delay(&self, round_trip: Duration) {
        for network in &self.networks {
            network.set_delay(round_trip);
        }
    }

    /// What has passed since this was asked last.
    pub(super) fn passed(&self) -> Passed {
        let (connections, round_trips): (Vec<_>, Vec<_>) = self.networks.iter().map(Network::take).unzip();
        Passed { connections: connections.iter().sum(), round_trips: delay::in_sequence(round_trips.concat()) }
    }
}

/// An OIDC issuer: only who calls it knows its address, which must be in the document.
async fn issuer(user_info: Arc<OnceLock<String>>) -> io::Result<Server> {
    Server::start("127.0.0.1:0", move |request: hyper::Request<hyper::body::Incoming>| {
        let host = request.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
        let issuer = format!("https://{host}");
        let document = match request.uri().path() {
            "/keys" => Pool::Primary.key().key_set(),
            "/me" => json!({ "sub": SUBJECT, "email": EMAIL, "email_verified": true }),
            _ => {
                json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/keys"), "userinfo_endpoint": user_info.get() })
            }
        };
        async move { Ok(http_server::json(200, &document)) }
    })
    .await
}
