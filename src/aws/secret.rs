//! Which secret is asked for, where, and what comes back.

use std::fmt;
use std::time::SystemTime;

use url::Url;
use zeroize::Zeroizing;

/// Which Secrets Manager is asked, and with whose credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The region.
    pub region: String,
    /// Another address of Secrets Manager.
    pub endpoint: Option<Url>,
    /// The profile in the AWS configuration files that gives the credentials; for local runs.
    pub profile: Option<String>,
    /// The credentials that Lambda gives the function. Without them, and with a profile, the SDK looks for some.
    pub credentials: Option<Credentials>,
    /// Without the SDK nobody can be asked, so no configuration can be made.
    #[cfg(not(feature = "secrets-manager"))]
    pub never: std::convert::Infallible,
}

/// Credentials of an AWS principal; wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret_access_key: Zeroizing<String>,
    /// `AWS_SESSION_TOKEN`
    pub session_token: Option<Zeroizing<String>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(redacted)")
    }
}

/// Which version of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// `AWSCURRENT`
    Current,
    /// `AWSPREVIOUS`
    Previous,
}

/// A version of a secret; its text is wiped when it is dropped.
pub(crate) struct SecretVersion {
    /// The text, as it is stored.
    pub text: Zeroizing<String>,
    /// When this version was made.
    pub created: Option<SystemTime>,
}

/// It holds a secret, so it is not shown.
impl fmt::Debug for SecretVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretVersion(redacted)")
    }
}
