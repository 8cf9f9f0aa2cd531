//! Without the AWS SDK there is no Secrets Manager, and no configuration of one can be made.

use std::convert::Infallible;
use std::sync::Arc;

use super::secret::{Config, SecretVersion, Stage};
use crate::http::{Budget, HttpClient};
use crate::lookup::Found;

/// There is none.
#[derive(Debug)]
pub(crate) struct SecretsManager(Infallible);

impl SecretsManager {
    /// Never called, since no [`Config`] can be made.
    pub(crate) fn new(config: Config, _: Arc<HttpClient>) -> Self {
        Self(config.never)
    }

    /// Never called.
    #[expect(clippy::unused_async, reason = "it stands in for the SDK")]
    pub(crate) async fn get(&self, _: &str, _: Stage, _: &Budget) -> Found<SecretVersion> {
        match self.0 {}
    }

    /// Never called.
    #[expect(clippy::unused_async, reason = "it stands in for the SDK")]
    pub(crate) async fn prepare(&self, _: impl Fn() -> bool) {
        match self.0 {}
    }
}
