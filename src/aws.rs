//! Secrets Manager: a version of a secret, a negative answer, or a failure.

#[cfg(not(feature = "secrets-manager"))]
mod none;
mod region;
#[cfg(feature = "secrets-manager")]
mod sdk;
mod secret;

#[cfg(not(feature = "secrets-manager"))]
pub(crate) use none::SecretsManager;
pub(crate) use region::{dns_suffix, is_region};
#[cfg(feature = "secrets-manager")]
pub(crate) use sdk::SecretsManager;
pub(crate) use secret::{Config, Credentials};
pub(crate) use secret::{SecretVersion, Stage};
