//! `local/sam.json` is the development deployment for `sam local invoke`, without a network.

use std::fs;

use serde_json::{Value, json};
use smac_lambda_authorizer::{Settings, tools};
use smac_local::deployment::Pool;

use crate::support::root;

#[test]
fn sams_variables_are_the_development_deployments() {
    let text = fs::read_to_string(root().join("local/sam.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let mut variables = json!({ "SMAC__AUTH__PROVIDER": "COGNITO" });
    for pool in Pool::ALL {
        let name = |variable: &str| format!("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__{}__{variable}", pool.name());
        variables[name("USERPOOL_ID")] = pool.id().into();
        variables[name("APP_CLIENT_ID")] = pool.client().into();
        // With the keys no network is needed.
        variables[name("JWKS")] = pool.key().key_set().to_string().into();
    }
    let expected = json!({ "AuthorizerFunction": variables });
    // The order of a key set's members is whatever the writer's was.
    let read = |file: &Value| -> Value {
        let variables = file["AuthorizerFunction"].as_object().unwrap().iter();
        let read = |value: &Value| serde_json::from_str(value.as_str().unwrap()).unwrap_or_else(|_| value.clone());
        variables.map(|(name, value)| (name.clone(), read(value))).collect()
    };
    assert_eq!(read(&file), read(&expected), "it should be\n{expected:#}");

    let variables = variables.as_object().unwrap().iter();
    let variables = variables.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
    let settings = Settings::from_variables(variables, |path| fs::read_to_string(path)).unwrap();
    let issuers = &tools::parts(&settings).tokens.unwrap().issuers;
    assert!(issuers.iter().all(|issuer| issuer.keys.configured().is_some()));
}
