//! What the settings of user pools and of OIDC issuers have in common.

use std::sync::Arc;
use std::time::Duration;

use super::aws::Aws;
use super::declared::PROVIDER;
use super::variables::{Key, Variables};
use crate::issuer::user_id::Case;
use crate::keys::{Algorithm, KeySet};

/// Whose tokens are accepted.
#[derive(Clone, Copy)]
pub(super) struct Providers {
    pub(super) cognito: bool,
    pub(super) oidc: bool,
}

impl Providers {
    pub(super) fn read(variables: &mut Variables) -> Self {
        let list = variables.words(&PROVIDER);
        let [cognito, oidc, none] = ["COGNITO", "OIDC", "NONE"].map(|name| list.contains(&name));
        if none && (cognito || oidc) {
            variables.mistake(&PROVIDER, "must be NONE, or a list of COGNITO, OIDC");
        }
        Self { cognito, oidc }
    }
}

/// What is the same for every issuer.
pub(super) struct Common {
    pub(super) case: Case,
    pub(super) requires_verification: bool,
    /// How long a key set is fresh.
    pub(super) fresh: Duration,
}

/// A key set as JSON, or in a file.
pub(super) fn read_key_set(
    variables: &mut Variables,
    aws: &Aws<'_>,
    key: Key<'_>,
    algorithms: &[Algorithm],
) -> Option<Arc<KeySet>> {
    let value = variables.optional(key)?;
    let json = if value.trim_start_matches('\u{feff}').starts_with('{') {
        value
    } else {
        match aws.read_file(&value) {
            Ok(json) => json,
            Err(error) => {
                variables.mistake(key, format!("is neither JSON nor a file that can be read ({})", error.kind()));
                return None;
            }
        }
    };
    match KeySet::parse(json.as_bytes(), algorithms) {
        Ok(key_set) => Some(Arc::new(key_set)),
        Err(error) => {
            variables.mistake(key, error.to_string());
            None
        }
    }
}
