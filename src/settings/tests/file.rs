//! The settings file: what it may hold, and what wins.

use std::path::Path;

use super::super::{Mistakes, Settings};
use super::{minimal, pools};

/// The settings of some variables, with a settings file of this content.
fn with_file(json: &str, variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let read_file = |path: &Path| match path.to_str() {
        Some("/var/task/conf/settings.json") => Ok(json.to_owned()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    };
    let ours = [("SETTINGS_FILE", "conf/settings.json")];
    let given = ours.iter().chain(variables).map(|(name, value)| (format!("SMAC__AUTH__{name}"), (*value).to_owned()));
    let root = ("LAMBDA_TASK_ROOT".to_owned(), "/var/task".to_owned());
    let settings = Settings::from_variables(given.chain([root]), read_file);
    settings.map_err(|Mistakes(mistakes)| mistakes.iter().map(ToString::to_string).collect())
}

const POOL: &str = r#""PROVIDER":"COGNITO","PROVIDER_COGNITO":{"USERPOOLS":{"PRIMARY":{
    "USERPOOL_ID":"eu-west-1_Abc123","APP_CLIENT_ID":["one","two,three"]}}}"#;

#[test]
fn a_file_holds_what_variables_hold() {
    let json = format!(
        r#"{{{POOL},"jwt__leeway_seconds":30,"Mode":"optional","LOG_CLIENT":true,"PROVIDER_COGNITO__GET_USER":false,
            "JWT":{{"COOKIE_NAME":null,"HEADER_PREFIX":""}}}}"#
    );
    for json in [json.clone(), format!("\u{feff}{json}")] {
        let settings = with_file(&json, &[]).unwrap();
        let tokens = settings.tokens.as_ref().unwrap();
        assert_eq!(tokens.leeway.as_secs(), 30);
        assert!(settings.record.names_client);
        let (_, rules) = pools(&settings)[0];
        assert_eq!(rules.clients, ["one", "two,three"]);
        assert_eq!(rules.get_user_url, None);
        assert_eq!(tokens.carriers.0.len(), 1);
    }
}

#[test]
fn the_environment_wins_name_by_name() {
    let json = format!(r#"{{{POOL},"JWT__LEEWAY_SECONDS":30,"PROVIDER_COGNITO__CHECK_EXPIRATION":false}}"#);
    let leeway = |variables: &[(&str, &str)]| {
        let tokens = with_file(&json, variables).unwrap().tokens.unwrap();
        (tokens.leeway.as_secs(), tokens.check_expiration)
    };
    assert_eq!(leeway(&[]), (30, false));
    assert_eq!(leeway(&[("JWT__LEEWAY_SECONDS", "5")]), (5, false));
    // An empty variable counts as unset.
    assert_eq!(leeway(&[("JWT__LEEWAY_SECONDS", " ")]), (30, false));
    // Another name for the same setting.
    assert_eq!(leeway(&[("JWT__CHECK_EXPIRATION", "true")]), (30, true));
    // The file's other name for what is empty in the environment.
    assert_eq!(leeway(&[("JWT__CHECK_EXPIRATION", "")]), (30, false));
    // An empty prefix is a value.
    let json = format!(r#"{{{POOL},"JWT__HEADER_PREFIX":"Token"}}"#);
    let prefix =
        |variables: &[(&str, &str)]| format!("{:?}", with_file(&json, variables).unwrap().tokens.unwrap().carriers);
    assert!(prefix(&[]).contains("\"Token\""));
    assert!(!prefix(&[("JWT__HEADER_PREFIX", "")]).contains("\"Token\""));
}

#[test]
fn an_object_is_the_value_where_the_value_is_json() {
    let json = r#"{"PROVIDER":"OIDC","PROVIDER_OIDC":{"ISSUERS":{"one":{"ISSUER":"https://example.com","AUDIENCE":"a",
        "REQUIRED_CLAIMS":{"a":{"b":1}}}}}}"#;
    let problem = "must hold a string, a number, a boolean or a list of them for each claim or JSON pointer";
    let name = "SMAC__AUTH__PROVIDER_OIDC__ISSUERS__ONE__REQUIRED_CLAIMS";
    assert_eq!(with_file(json, &[]).unwrap_err(), [format!("{name}: {problem} (in settings.json)")]);
    assert!(with_file(&json.replace(r#"{"b":1}"#, r#"["b",1,true]"#), &[]).is_ok());
}

#[test]
fn mistakes_name_the_file_and_no_value() {
    let of = |json: &str| with_file(json, &[]).unwrap_err().join("; ");
    let malformed = "SMAC__AUTH__SETTINGS_FILE: is not a JSON object in which no name occurs twice (in settings.json)";
    for json in ["", "[]", "secret", r#"{"MODE":"ENFORCE","MODE":"secret"}"#, r#"{"JWT":{"A":1,"A":2}}"#, r#"{"MODE":"#]
    {
        assert_eq!(of(json), malformed, "{json}");
    }
    for (json, mistake) in [
        (r#"{"MODE":"secret"}"#, "MODE: must be one of ENFORCE, OPTIONAL (in settings.json)"),
        (r#"{"MODE":1}"#, "MODE: must be one of ENFORCE, OPTIONAL (in settings.json)"),
        (r#"{"MODES":"x"}"#, "MODES: is unknown; did you mean SMAC__AUTH__MODE? (in settings.json)"),
        (r#"{"MODE":{"a":1}}"#, "MODE__A: is unknown (in settings.json)"),
        (r#"{"MODE":"ENFORCE","mode":"ENFORCE"}"#, "MODE: is set twice (in settings.json)"),
        (
            r#"{"JWT__LEEWAY_SECONDS":1,"JWT":{"LEEWAY_SECONDS":1}}"#,
            "JWT__LEEWAY_SECONDS: is set twice (in settings.json)",
        ),
        (r#"{"USER_ID":[1]}"#, "USER_ID: begins with `[` and is not a JSON array of strings (in settings.json)"),
        (
            r#"{"SETTINGS_FILE":"other"}"#,
            "SETTINGS_FILE: must not be among the settings of the file (in settings.json)",
        ),
    ] {
        assert_eq!(of(json), format!("SMAC__AUTH__{mistake}"), "{json}");
    }
}

/// The settings of some variables, with this as the value of `SETTINGS_FILE`.
fn with_value(json: &str, variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let ours = [("SETTINGS_FILE", json)];
    let given = ours.iter().chain(variables).map(|(name, value)| (format!("SMAC__AUTH__{name}"), (*value).to_owned()));
    let settings = Settings::from_variables(given, super::read_file);
    settings.map_err(|Mistakes(mistakes)| mistakes.iter().map(ToString::to_string).collect())
}

#[test]
fn the_variable_may_hold_the_json_itself() {
    let json = format!(r#"{{{POOL},"JWT":{{"LEEWAY_SECONDS":30}}}}"#);
    for json in [json.clone(), format!("  {json}\n"), format!("\u{feff}{json}")] {
        let leeway =
            |variables: &[(&str, &str)]| with_value(&json, variables).unwrap().tokens.unwrap().leeway.as_secs();
        assert_eq!((leeway(&[]), leeway(&[("JWT__LEEWAY_SECONDS", "5")])), (30, 5));
    }
    let of = |json: &str| with_value(json, &[]).unwrap_err().join("; ");
    for (json, mistake) in [
        (r#"{"MODE":"secret"}"#, "MODE: must be one of ENFORCE, OPTIONAL (in SETTINGS_FILE)"),
        (r#"{"MODE":"secret""#, "SETTINGS_FILE: is not a JSON object in which no name occurs twice (in SETTINGS_FILE)"),
        (
            r#"{"SETTINGS_FILE":"other.json"}"#,
            "SETTINGS_FILE: must not be among the settings of the file (in SETTINGS_FILE)",
        ),
        // What does not begin as an object is a path, and names no file.
        (r#"["secret"]"#, "SETTINGS_FILE: is not a file that can be read (entity not found)"),
    ] {
        assert_eq!(of(json), format!("SMAC__AUTH__{mistake}"), "{json}");
    }
}

#[test]
fn a_file_that_is_not_there() {
    let mut variables = minimal();
    variables.push(("SMAC__AUTH__SETTINGS_FILE".to_owned(), "secret".to_owned()));
    let mistakes = Settings::from_variables(variables, super::read_file).unwrap_err();
    let expected = "SMAC__AUTH__SETTINGS_FILE: is not a file that can be read (entity not found)";
    assert_eq!(mistakes.to_string(), expected);
}
