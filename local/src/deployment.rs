//! The development deployment: two pools, an OIDC issuer, one service, and the environment that describes them.

use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::keys::Key;
use crate::token::Use;

const POOLS: &str = "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS";
const OIDC_ISSUERS: &str = "SMAC__AUTH__PROVIDER_OIDC__ISSUERS";

pub const REGION: &str = "eu-west-1";
pub const SECRETS_PREFIX: &str = "smac/dev";

/// The service's id, as it shows it.
pub const SERVICE: &str = "billing-service";

pub const SERVICE_TOKEN: &str = "dev-token-of-the-billing-service";

/// The service's id, as its secret names it.
pub const SERVICE_ID: &str = "service:billing";

pub const SUBJECT: &str = "7d8ca528-4931-4254-9273-ea5ee853f271";
pub const EMAIL: &str = "jane@example.com";

/// The API, as the tokens of the OIDC issuer name it.
pub const AUDIENCE: &str = "https://api.dev.example";

/// What is before the ids of the OIDC issuer's users.
pub const USER_ID_PREFIX: &str = "dev:";

/// What requests to the stand-in for Secrets Manager are signed with; it accepts any.
pub const CREDENTIALS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    Primary,
    Secondary,
}

impl Pool {
    pub const ALL: [Self; 2] = [Self::Primary, Self::Secondary];

    const fn row(self) -> (&'static str, &'static str, &'static str, Key) {
        match self {
            Self::Primary => ("PRIMARY", "eu-west-1_DevPrimary", "1devprimaryclient", Key::Primary),
            Self::Secondary => ("SECONDARY", "eu-west-1_DevSecond", "2devsecondaryclient", Key::Secondary),
        }
    }

    /// The name in the settings.
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    pub const fn id(self) -> &'static str {
        self.row().1
    }

    pub const fn client(self) -> &'static str {
        self.row().2
    }

    pub const fn key(self) -> Key {
        self.row().3
    }

    /// The variable that configures the pool's keys, so that nobody is asked for them.
    pub fn key_set_variable(self) -> (String, String) {
        (format!("{POOLS}__{}__JWKS", self.name()), self.key().key_set().to_string())
    }

    pub fn issuer(self) -> String {
        format!("https://cognito-idp.{REGION}.amazonaws.com/{}", self.id())
    }
}

/// Whose tokens are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Issuer {
    Primary,
    Secondary,
    // The OIDC issuer; as a doc comment it would make the help longer than a screen.
    Dev,
}

impl From<Pool> for Issuer {
    fn from(pool: Pool) -> Self {
        match pool {
            Pool::Primary => Self::Primary,
            Pool::Secondary => Self::Secondary,
        }
    }
}

impl Issuer {
    pub const ALL: [Self; 3] = [Self::Primary, Self::Secondary, Self::Dev];

    /// The user pool, if it is one.
    pub const fn pool(self) -> Option<Pool> {
        match self {
            Self::Primary => Some(Pool::Primary),
            Self::Secondary => Some(Pool::Secondary),
            Self::Dev => None,
        }
    }

    /// The name in the settings.
    pub const fn name(self) -> &'static str {
        match self.pool() {
            Some(pool) => pool.name(),
            None => "DEV",
        }
    }

    pub const fn client(self) -> &'static str {
        match self.pool() {
            Some(pool) => pool.client(),
            None => "3devissuerclient",
        }
    }

    /// The kind of its tokens that people usually try. The OIDC issuer's ID tokens are not for an API.
    pub const fn usual_use(self) -> Use {
        if self.pool().is_some() { Use::Id } else { Use::Access }
    }

    /// What it signs with.
    pub const fn key(self) -> Key {
        match self.pool() {
            Some(pool) => pool.key(),
            None => Key::Dev,
        }
    }

    /// All that are in its key set.
    pub const fn keys(self) -> &'static [Key] {
        match self {
            Self::Primary => &[Key::Primary],
            Self::Secondary => &[Key::Secondary],
            Self::Dev => &[Key::Dev, Key::DevRsa, Key::DevP384, Key::DevEd25519],
        }
    }

    /// Its key set. A pool's keys say which algorithm they are for, and those of the OIDC issuer don't.
    pub fn key_set(self) -> Value {
        let jwk = |key: &Key| if self.pool().is_some() { key.jwk() } else { key.jwk_of_any_algorithm() };
        json!({ "keys": self.keys().iter().map(jwk).collect::<Vec<_>>() })
    }

    /// The `iss` of its tokens. The OIDC issuer's is nobody's address (RFC 2606): its documents are at the stand-ins.
    pub fn identifier(self) -> String {
        self.pool().map_or_else(|| "https://login.dev.example".to_owned(), Pool::issuer)
    }

    /// The issuer of this name, in any case.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|issuer| issuer.name().eq_ignore_ascii_case(name))
    }
}

/// The function's environment, its upstreams at this address.
pub fn environment(base_url: &str) -> Vec<(String, String)> {
    let mut environment = of_pools(base_url);
    if let Some((_, provider)) = environment.iter_mut().find(|(name, _)| name == "SMAC__AUTH__PROVIDER") {
        *provider = "COGNITO,OIDC".to_owned();
    }
    let (issuer, discovery_url) = (Issuer::Dev.identifier(), discovery_url(base_url));
    let own = [
        ("ISSUER", issuer.as_str()),
        ("AUDIENCE", AUDIENCE),
        ("ALGORITHMS", "ES256"),
        ("CLIENT_ID", Issuer::Dev.client()),
        ("DISCOVERY_URL", &discovery_url),
        ("USER_ID", "email"),
        ("USER_ID_PREFIX", USER_ID_PREFIX),
        ("USER_INFO", "true"),
    ];
    let name = Issuer::Dev.name();
    environment.extend(own.map(|(setting, value)| (format!("{OIDC_ISSUERS}__{name}__{setting}"), value.to_owned())));
    environment
}

/// The same with the pools and the service alone.
pub fn of_pools(base_url: &str) -> Vec<(String, String)> {
    let fixed = [
        ("AWS_REGION", REGION),
        ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", base_url),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", base_url),
        ("SMAC__AUTH__PROVIDER", "COGNITO"),
        ("SMAC__AUTH__JWT__QUERY_PARAMETER", "token"),
        ("SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX", SECRETS_PREFIX),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut environment: Vec<_> = fixed.into_iter().chain(CREDENTIALS).map(owned).collect();
    for pool in Pool::ALL {
        let (name, domain) = (pool.name(), format!("{base_url}/{}", pool.name()));
        let own = [("USERPOOL_ID", pool.id()), ("APP_CLIENT_ID", pool.client()), ("DOMAIN", &domain)];
        environment.extend(own.map(|(setting, value)| (format!("{POOLS}__{name}__{setting}"), value.to_owned())));
    }
    environment
}

fn discovery_url(base_url: &str) -> String {
    format!("{base_url}/{}/.well-known/openid-configuration", Issuer::Dev.name())
}

/// The discovery document of the OIDC issuer, its addresses below this one.
pub fn discovery_document(base_url: &str) -> Value {
    let base = format!("{base_url}/{}", Issuer::Dev.name());
    json!({
        "issuer": Issuer::Dev.identifier(),
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "userinfo_endpoint": format!("{base}/oauth2/userInfo"),
        "authorization_endpoint": format!("{base}/oauth2/authorize"),
        "token_endpoint": format!("{base}/oauth2/token"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    })
}
