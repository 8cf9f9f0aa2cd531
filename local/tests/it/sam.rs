//! `local/sam.json` is the development deployment for `sam local invoke`, without a network.

use std::fs;

use serde_json::{Value, json};
use smac_lambda_authorizer::{Settings, tools};
use smac_local::deployment::Pool;

use crate::support::root;

/// SAM passes only the variables that the template declares, and two pools with their keys are in none of the parameters.
const VARIABLE: &str = "SMAC__AUTH__SETTINGS_FILE";

#[test]
fn sams_settings_are_the_development_deployments() {
    let text = fs::read_to_string(root().join("local/sam.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let mut expected = json!({ "PROVIDER": "COGNITO" });
    for pool in Pool::ALL {
        expected["PROVIDER_COGNITO"]["USERPOOLS"][pool.name()] = json!({
            "USERPOOL_ID": pool.id(),
            "APP_CLIENT_ID": pool.client(),
            // With the keys no network is needed.
            "JWKS": pool.key().key_set(),
        });
    }
    let variables = file["AuthorizerFunction"].as_object().unwrap();
    let [(name, value)] = variables.iter().collect::<Vec<_>>()[..] else { panic!("{file:#}") };
    let settings: Value = serde_json::from_str(value.as_str().unwrap()).unwrap();
    assert_eq!((name.as_str(), &settings), (VARIABLE, &expected), "it should be\n{expected}");

    let variables = [(name.clone(), value.as_str().unwrap().to_owned())];
    let settings = Settings::from_variables(variables, |path| fs::read_to_string(path)).unwrap();
    let issuers = &tools::parts(&settings).tokens.unwrap().issuers;
    assert_eq!(issuers.len(), Pool::ALL.len());
    assert!(issuers.iter().all(|issuer| issuer.keys.configured().is_some()));
}
