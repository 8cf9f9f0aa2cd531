//! Section 7 of the contract: the environment.

mod documents;
mod file;
mod mistakes;
mod oidc;
mod pools;
mod values;
mod warnings;

use std::io;
use std::path::Path;

use smac_local::deployment::REGION;
use smac_local::keys::Key;

use super::{Mistakes, Settings};
use crate::issuer::cognito::Rules as PoolRules;
use crate::issuer::{Config as Issuer, Rules};

const POOL: &str = "PROVIDER_COGNITO__USERPOOLS__PRIMARY__";

/// One pool and nothing else.
fn minimal() -> Vec<(String, String)> {
    [
        ("SMAC__AUTH__PROVIDER", "COGNITO"),
        ("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID", "eu-west-1_Abc123"),
        ("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID", "client"),
        ("AWS_REGION", REGION),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn read_file(path: &Path) -> io::Result<String> {
    match path.to_str().unwrap() {
        "/var/task/keys.json" => Ok(Key::Primary.key_set().to_string()),
        "/rules.cedar" => Ok("permit (principal, action, resource);".to_owned()),
        "/looks.cedar" => Ok("permit (principal, action, resource) when { context has request };".to_owned()),
        "/routes.json" => Ok(r#"{"openapi": "3.0.1", "paths": {"/pets": {"get": {}}}}"#.to_owned()),
        "/broken.pem" => Ok("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n".to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

/// The issuers, with the rules of their pools.
fn pools(settings: &Settings) -> Vec<(&Issuer, &PoolRules)> {
    let issuers = settings.tokens.as_ref().map(|tokens| tokens.issuers.as_slice()).unwrap_or_default();
    issuers
        .iter()
        .filter_map(|issuer| match &issuer.rules {
            Rules::Pool(rules) => Some((issuer, rules)),
            Rules::Oidc(_) => None,
        })
        .collect()
}

fn with(changes: &[(&str, &str)]) -> Result<Settings, Mistakes> {
    let mut variables = minimal();
    for (name, value) in changes {
        let is_of_aws = name.starts_with("AWS_") || name.starts_with("LAMBDA_");
        let name = if is_of_aws { (*name).to_owned() } else { format!("SMAC__AUTH__{name}") };
        variables.retain(|(other, _)| *other != name);
        variables.push((name, (*value).to_owned()));
    }
    Settings::from_variables(variables, read_file)
}

/// The mistakes, each as `NAME: problem`.
fn mistakes(changes: &[(&str, &str)]) -> Vec<String> {
    let Err(Mistakes(mistakes)) = with(changes) else {
        return Vec::new();
    };
    let name = |name: &str| name.strip_prefix("SMAC__AUTH__").unwrap_or(name).to_owned();
    mistakes.iter().map(|mistake| format!("{}: {}", name(&mistake.variable), mistake.problem)).collect()
}

fn is_mistake(name: &str, value: &str) -> bool {
    mistakes(&[(name, value)]).iter().any(|mistake| mistake.starts_with(name))
}
