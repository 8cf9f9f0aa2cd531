//! All issuers: the user pools and the OIDC issuers, and what must be true of them together.

use std::collections::HashMap;

use super::aws::Aws;
use super::common::{Common, Providers};
use super::declared::{
    JWT_KEY_SET_TTL_SECONDS, OIDC_ISSUER, OIDC_USER_ID_PREFIX, POOL_ID, REQUIRE_VERIFIED_USER_ID, USER_ID_CASE,
};
use super::variables::Variables;
use super::{oidc, pools};
use crate::issuer::user_id::{Case, UserIdRule};
use crate::issuer::{self, Rules};

/// Reads the settings of all issuers.
pub(super) fn read(variables: &mut Variables, aws: &Aws<'_>, providers: Providers) -> Vec<issuer::Config> {
    let common = Common {
        case: variables.either(&USER_ID_CASE, [("KEEP", Case::Keep), ("LOWER", Case::Lower)]),
        requires_verification: variables.boolean(&REQUIRE_VERIFIED_USER_ID),
        fresh: variables.seconds(&JWT_KEY_SET_TTL_SECONDS),
    };
    let mut issuers = pools::read(variables, aws, &common, providers.cognito);
    issuers.extend(oidc::read(variables, aws, &common, providers.oidc));
    check_identifiers(variables, &issuers);
    check_user_ids(variables, &issuers);
    issuers
}

/// An `iss` names one issuer.
fn check_identifiers(variables: &mut Variables, issuers: &[issuer::Config]) {
    let mut names: HashMap<&str, &issuer::Config> = HashMap::new();
    for issuer in issuers {
        for identifier in &issuer.identifiers {
            if let Some(other) = names.insert(identifier, issuer) {
                let key = match issuer.rules {
                    Rules::Pool(_) => POOL_ID.of(&issuer.name),
                    Rules::Oidc(_) => OIDC_ISSUER.of(&issuer.name),
                };
                variables.mistake(key, format!("has an issuer of the {}", described(other)));
            }
        }
    }
}

fn described(issuer: &issuer::Config) -> String {
    match issuer.rules {
        Rules::Pool(_) => format!("pool {}", issuer.name),
        Rules::Oidc(_) => format!("OIDC issuer {}", issuer.name),
    }
}

/// Two issuers must not be able to produce the same user id. The pools count as one, without a prefix.
fn check_user_ids(variables: &mut Variables, issuers: &[issuer::Config]) {
    let mut by_prefix: HashMap<&str, &issuer::Config> = HashMap::new();
    for issuer in issuers {
        let rule = rule_of(issuer);
        let Some(other) = by_prefix.get(rule.prefix.as_str()) else {
            by_prefix.insert(&rule.prefix, issuer);
            continue;
        };
        if let (Rules::Pool(_), Rules::Pool(_)) = (&issuer.rules, &other.rules) {
            continue;
        }
        let key = OIDC_USER_ID_PREFIX.of(&issuer.name);
        if identifies_by_email_alone(issuer) && identifies_by_email_alone(other) {
            variables.warn(key, "is that of another issuer: both name the owner of a verified email, as one user");
        } else {
            variables.mistake(key, format!("is that of the {} too: two users could have one id", described(other)));
        }
    }
}

fn rule_of(issuer: &issuer::Config) -> &UserIdRule {
    match &issuer.rules {
        Rules::Pool(rules) => &rules.user_id,
        Rules::Oidc(rules) => &rules.user_id,
    }
}

/// Whether an id is nothing but an email that the issuer has verified.
fn identifies_by_email_alone(issuer: &issuer::Config) -> bool {
    let has_machines = match &issuer.rules {
        Rules::Pool(rules) => rules.allow_machine_tokens,
        Rules::Oidc(rules) => rules.allow_machine_tokens,
    };
    let rule = rule_of(issuer);
    let is_email = matches!(rule.claims.as_slice(), [claim] if claim.top_level() == Some("email"));
    is_email && rule.requires_verification && !has_machines
}
