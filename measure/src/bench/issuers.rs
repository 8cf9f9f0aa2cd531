//! Many OIDC issuers: their documents on loopback, and a settings file that has all of them.

use std::io;
use std::path::Path;

use bytes::Bytes;
use serde_json::{Map, json};
use smac_local::command::{About as _, Problem};
use smac_local::deployment::{AUDIENCE, Issuer};
use smac_local::http_server::{self, Server};
use smac_local::keys::{Algorithm, Key};
use smac_local::token::{Token, Use};

use crate::bearer;

const DISCOVERY: &str = "/.well-known/openid-configuration";

/// The running server of the issuers' documents.
pub(super) struct Issuers {
    server: Server,
    /// The environment with the first of them alone, and with all of them in a file.
    pub(super) one: Vec<(String, String)>,
    pub(super) all: Vec<(String, String)>,
}

impl Issuers {
    /// So many issuers with one key set, as tenants of one provider have it.
    pub(super) async fn start(count: usize) -> Result<Self, Problem> {
        let server = Server::start(("127.0.0.1", 0), |request| {
            let host = request.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
            let (path, host) = (request.uri().path(), format!("http://{host}"));
            let document = match path.strip_suffix(DISCOVERY) {
                Some(tenant) => json!({ "issuer": format!("{host}{tenant}"), "jwks_uri": format!("{host}/keys") }),
                None => Issuer::Dev.key_set(),
            };
            async move { io::Result::Ok(http_server::json(200, &document)) }
        });
        let server = server.await.about("the issuers")?;
        let issuer = |number: usize| format!("{}/tenants/{number}", server.url());
        let mut sections = Map::new();
        for number in 1..=count {
            let prefix = format!("tenant-{number}:");
            let section = json!({ "ISSUER": issuer(number), "AUDIENCE": AUDIENCE, "USER_ID_PREFIX": prefix });
            sections.insert(format!("TENANT{number}"), section);
        }
        let file = json!({ "PROVIDER": "OIDC", "PROVIDER_OIDC": { "ISSUERS": sections } }).to_string();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/issuers.json");
        std::fs::write(&path, file).about(path.display())?;
        let section = "SMAC__AUTH__PROVIDER_OIDC__ISSUERS__TENANT1";
        let one = [
            ("SMAC__AUTH__PROVIDER".to_owned(), "OIDC".to_owned()),
            (format!("{section}__ISSUER"), issuer(1)),
            (format!("{section}__AUDIENCE"), AUDIENCE.to_owned()),
        ];
        let all = vec![("SMAC__AUTH__SETTINGS_FILE".to_owned(), path.display().to_string())];
        Ok(Self { one: one.into(), all, server })
    }

    /// What is asked for to wake it.
    pub(super) fn url(&self) -> String {
        format!("{}/tenants/1{DISCOVERY}", self.server.url())
    }

    /// Events with tokens of the first issuer, which differ.
    pub(super) fn tokens(&self, count: usize) -> Vec<Bytes> {
        let issuer = format!("{}/tenants/1", self.server.url());
        let token = Token::of(Issuer::Dev, Use::Access).using(Key::DevRsa, Algorithm::RS256).claim("iss", issuer);
        (0..count).map(|number| bearer(&token.clone().claim("jti", format!("{number:08}")).sign())).collect()
    }
}
