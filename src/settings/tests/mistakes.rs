//! Mistakes: all are reported at once, without any value.

use super::super::Settings;
use super::{POOL, minimal, mistakes, read_file, with};

#[test]
fn every_mistake_in_one_go_and_no_value_in_any() {
    let found = mistakes(&[
        ("MODE", "secret-a"),
        ("CACHE__CAPACITY", "secret-b"),
        ("PROVIDER_COGNITO__REQUIRED_SCOPES", "[secret-c"),
        ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID", "secret-d"),
        ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN", "http://secret-e.example"),
        ("PROVIDER_COGNITO__CHECK_EXPIRY", "secret-f"),
        ("AWS_ENDPOINT_URL", "secret-g"),
        ("AWS_CA_BUNDLE", "/secret-h.pem"),
    ]);
    let names: Vec<_> = found.iter().map(|mistake| mistake.split(':').next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "AWS_CA_BUNDLE",
            "AWS_ENDPOINT_URL",
            "CACHE__CAPACITY",
            "MODE",
            "PROVIDER_COGNITO__CHECK_EXPIRY",
            "PROVIDER_COGNITO__REQUIRED_SCOPES",
            "PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID",
        ]
    );
    assert!(found.iter().all(|mistake| !mistake.contains("secret")), "{found:?}");
    // As an error of the library's, all in one line.
    let shown = with(&[("MODE", "x"), ("PROVIDER", "y")]).unwrap_err().to_string();
    let [mode, provider] = shown.split("; ").collect::<Vec<_>>().try_into().unwrap();
    assert!(mode.starts_with("SMAC__AUTH__MODE: must be "), "{shown}");
    assert!(provider.starts_with("SMAC__AUTH__PROVIDER: must be "), "{shown}");
    let domain = format!("{POOL}DOMAIN");
    assert_eq!(mistakes(&[(&domain, "http://secret.example")]), [format!("{domain}: must be https")]);
}

#[test]
fn unknown_names_are_refused_with_the_nearest_known() {
    for (name, nearest) in [
        ("PROVIDER_COGNITO__CHECK_REVOKATION", "PROVIDER_COGNITO__CHECK_REVOCATION"),
        ("MODUS", "MODE"),
        ("REQUIRED_GROUPS", "PROVIDER_COGNITO__REQUIRED_GROUPS"),
        ("PROVIDER_COGNITO__USERPOOLS__MAIN__USERPOOLID", "PROVIDER_COGNITO__USERPOOLS__MAIN__USERPOOL_ID"),
        ("PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAINS", "PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN"),
    ] {
        let expected = format!("{name}: is unknown; did you mean SMAC__AUTH__{nearest}?");
        let found = mistakes(&[(name, "true")]);
        if name != "REQUIRED_GROUPS" {
            assert_eq!(found, [expected]);
        }
        assert!(found[0].starts_with(&format!("{name}: is unknown")));
    }
    assert_eq!(mistakes(&[("XYZXYZXYZXYZXYZ", "")]), ["XYZXYZXYZXYZXYZ: is unknown"]);
}

#[test]
fn a_check_finds_mistakes_and_warnings_in_one_go() {
    let mut variables = minimal();
    for (name, value) in [
        ("SMAC__AUTH__MODE", "secret-a"),
        ("SMAC__AUTH__LOG_PRINCIPAL", "true"),
        ("SMAC__AUTH__PROVIDER_COGNITO__CHECK_EXPIRATION", "false"),
        ("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID", ""),
    ] {
        variables.retain(|(other, _)| other != name);
        variables.push((name.to_owned(), value.to_owned()));
    }
    let found = Settings::check(variables, read_file);
    let mistakes: Vec<_> = found.mistakes.iter().map(|mistake| mistake.variable.as_str()).collect();
    let warnings: Vec<_> = found.warnings.iter().map(|warning| warning.variable.as_str()).collect();
    let client = "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID";
    assert_eq!(mistakes, ["SMAC__AUTH__MODE", client]);
    assert_eq!(warnings, ["SMAC__AUTH__LOG_PRINCIPAL", "SMAC__AUTH__PROVIDER_COGNITO__CHECK_EXPIRATION"]);
}

#[test]
fn a_variable_with_a_mistake_is_not_warned_about() {
    let mut variables = minimal();
    variables.retain(|(name, _)| name != "SMAC__AUTH__PROVIDER");
    variables.push(("SMAC__AUTH__PROVIDER".to_owned(), "COGNITOO".to_owned()));
    let found = Settings::check(variables, read_file);
    assert_eq!((found.mistakes.len(), found.warnings.len()), (1, 0));
}
