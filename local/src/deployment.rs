//! The development deployment: two pools, one service, and the environment that describes them.

use clap::ValueEnum;
use serde::Deserialize;

use crate::keys::Key;

const POOLS: &str = "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS";

/// The region of everything.
pub const REGION: &str = "eu-west-1";

/// What the names of the secrets begin with.
pub const SECRETS_PREFIX: &str = "smac/dev";

/// The service's id, as it shows it.
pub const SERVICE: &str = "billing-service";

/// The service's token.
pub const SERVICE_TOKEN: &str = "dev-token-of-the-billing-service";

/// The service's id, as its secret names it.
pub const SERVICE_ID: &str = "service:billing";

/// A user's `sub`.
pub const SUBJECT: &str = "7d8ca528-4931-4254-9273-ea5ee853f271";

/// A user's e-mail.
pub const EMAIL: &str = "jane@example.com";

/// What requests to the stand-in for Secrets Manager are signed with; it accepts any.
pub const CREDENTIALS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")];

/// A user pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Pool {
    /// The first.
    Primary,
    /// The second.
    Secondary,
}

impl Pool {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Primary, Self::Secondary];

    /// The name in the settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Primary => "PRIMARY",
            Self::Secondary => "SECONDARY",
        }
    }

    /// The pool of this name, in any case.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pool| pool.name().eq_ignore_ascii_case(name))
    }

    /// The pool's id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Primary => "eu-west-1_DevPrimary",
            Self::Secondary => "eu-west-1_DevSecond",
        }
    }

    /// The pool's app client.
    #[must_use]
    pub const fn client(self) -> &'static str {
        match self {
            Self::Primary => "1devprimaryclient",
            Self::Secondary => "2devsecondaryclient",
        }
    }

    /// The key that signs the pool's tokens.
    #[must_use]
    pub const fn key(self) -> Key {
        match self {
            Self::Primary => Key::Primary,
            Self::Secondary => Key::Secondary,
        }
    }

    /// The variable that configures the pool's keys, so that nobody is asked for them.
    #[must_use]
    pub fn key_set_variable(self) -> (String, String) {
        (format!("{POOLS}__{}__JWKS", self.name()), self.key().key_set().to_string())
    }

    /// The issuer of the pool's tokens.
    #[must_use]
    pub fn issuer(self) -> String {
        format!("https://cognito-idp.{REGION}.amazonaws.com/{}", self.id())
    }
}

/// The function's environment, its upstreams at this address.
#[must_use]
pub fn environment(base_url: &str) -> Vec<(String, String)> {
    let mut environment = vec![
        ("AWS_REGION".to_owned(), REGION.to_owned()),
        ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER".to_owned(), base_url.to_owned()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), base_url.to_owned()),
        ("SMAC__AUTH__PROVIDER".to_owned(), "COGNITO".to_owned()),
        ("SMAC__AUTH__JWT__QUERY_PARAMETER".to_owned(), "token".to_owned()),
        ("SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX".to_owned(), SECRETS_PREFIX.to_owned()),
    ];
    environment.extend(CREDENTIALS.map(|(name, value)| (name.to_owned(), value.to_owned())));
    for pool in Pool::ALL {
        let name = pool.name();
        environment.push((format!("{POOLS}__{name}__USERPOOL_ID"), pool.id().to_owned()));
        environment.push((format!("{POOLS}__{name}__APP_CLIENT_ID"), pool.client().to_owned()));
        environment.push((format!("{POOLS}__{name}__DOMAIN"), format!("{base_url}/{name}")));
    }
    environment
}
