//! An issuer that is not configured, and which configured one was probably meant.

use smac_lambda_authorizer::tools::{IssuerConfig, PREFIX};
use url::Url;

use super::super::case::{Case, described, listed, oidc_setting, pool_rules, pool_setting};
use super::super::token::shown;
use super::{Finding, change};

/// Entra ID's hosts: the API's registration decides whose tokens it gets.
const OF_ENTRA: [&str; 2] = ["sts.windows.net", "login.microsoftonline.com"];

/// What the two forms of a pool's issuer begin with.
const OF_COGNITO: [&str; 2] = ["https://cognito-idp.", "https://issuer-cognito-idp."];

impl Case<'_> {
    pub(super) fn issuer_unknown(&self) -> Finding {
        let Some(issuer) = self.token.and_then(|token| token.string("iss")) else {
            return change("The token names none", "send a token of a configured issuer");
        };
        let names = |issuer: &IssuerConfig| format!("{} ({})", issuer.identifiers.join(", "), described(issuer));
        let known = listed(self.issuers().iter().map(names));
        let found = format!("It is `{}`, and those that are configured are {known}", shown(&issuer));
        change(found, self.what_to_configure(&issuer))
    }

    fn what_to_configure(&self, issuer: &str) -> String {
        let (pools, others): (Vec<&IssuerConfig>, Vec<_>) =
            self.issuers().iter().partition(|issuer| pool_rules(issuer).is_some());
        let names = |others: &[&IssuerConfig], is_it: &dyn Fn(&str) -> bool| {
            others.iter().find(|other| other.identifiers.iter().any(|name| is_it(name))).map(|other| other.name.clone())
        };
        let plain = |name: &str| name.trim_end_matches('/').to_ascii_lowercase();
        if let Some(name) = names(&others, &|name| plain(name) == plain(issuer)) {
            let setting = oidc_setting(&name, "ISSUER");
            return format!("it differs by a slash at the end or by case: set {setting} to exactly what the token has");
        }
        if let Some(name) = names(&others, &|name| is_same_tenant(name, issuer)) {
            let setting = oidc_setting(&name, "ISSUER");
            return format!(
                "it is the same tenant, with the other version of tokens: set `requestedAccessTokenVersion` in the \
                 manifest of the API's registration, or correct {setting}"
            );
        }
        let id = issuer.rsplit('/').next().unwrap_or_default();
        let has_id = |name: &str| name.rsplit('/').next() == Some(id);
        if let Some(same) = pools.iter().find(|pool| pool.identifiers.iter().any(|name| has_id(name))) {
            return other_form(same, issuer);
        }
        if OF_COGNITO.iter().any(|start| issuer.starts_with(start)) {
            let setting = pool_setting("<NAME>", "USERPOOL_ID");
            let pool = format!("configure the pool `{}` ({setting} and __APP_CLIENT_ID)", shown(id));
            return format!("{pool}, or send a token of a configured issuer");
        }
        let setting = oidc_setting("<NAME>", "ISSUER");
        let provider = format!("{PREFIX}PROVIDER");
        format!(
            "configure it ({setting} and __AUDIENCE, and OIDC in {provider}), or send a token of a configured issuer"
        )
    }
}

/// The two forms of one pool's issuer.
fn other_form(pool: &IssuerConfig, issuer: &str) -> String {
    let issuers = pool_setting(&pool.name, "ISSUERS");
    let [original, updated] = OF_COGNITO;
    let in_updated_form = issuer.replacen(original, updated, 1);
    if issuer.starts_with(updated) {
        format!("add UPDATED to {issuers}")
    } else if in_updated_form != issuer && pool.identifiers.contains(&in_updated_form) {
        format!("add ORIGINAL to {issuers}")
    } else {
        let region = pool_setting(&pool.name, "REGION");
        format!("it is the same pool by another address: correct {region} or {issuers}")
    }
}

fn is_same_tenant(one: &str, other: &str) -> bool {
    let tenant = |issuer: &str| {
        let url = Url::parse(issuer).ok()?;
        let is_entra = OF_ENTRA.contains(&url.host_str()?);
        Some(url.path_segments()?.next()?.to_owned()).filter(|tenant| is_entra && !tenant.is_empty())
    };
    tenant(one).is_some_and(|tenant_of_one| tenant(other) == Some(tenant_of_one))
}
