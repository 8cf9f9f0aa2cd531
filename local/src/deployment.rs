//! The development deployment: two pools, one service, and the environment that describes them.

use clap::ValueEnum;
use serde::Deserialize;

use crate::keys::Key;

const POOLS: &str = "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS";

pub const REGION: &str = "eu-west-1";

/// What the names of the secrets begin with.
pub const SECRETS_PREFIX: &str = "smac/dev";

/// The service's id, as it shows it.
pub const SERVICE: &str = "billing-service";

pub const SERVICE_TOKEN: &str = "dev-token-of-the-billing-service";

/// The service's id, as its secret names it.
pub const SERVICE_ID: &str = "service:billing";

pub const SUBJECT: &str = "7d8ca528-4931-4254-9273-ea5ee853f271";

pub const EMAIL: &str = "jane@example.com";

/// What requests to the stand-in for Secrets Manager are signed with; it accepts any.
pub const CREDENTIALS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")];

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
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

    /// The pool of this name, in any case.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pool| pool.name().eq_ignore_ascii_case(name))
    }

    /// The variable that configures the pool's keys, so that nobody is asked for them.
    pub fn key_set_variable(self) -> (String, String) {
        (format!("{POOLS}__{}__JWKS", self.name()), self.key().key_set().to_string())
    }

    pub fn issuer(self) -> String {
        format!("https://cognito-idp.{REGION}.amazonaws.com/{}", self.id())
    }
}

/// The function's environment, its upstreams at this address.
pub fn environment(base_url: &str) -> Vec<(String, String)> {
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
