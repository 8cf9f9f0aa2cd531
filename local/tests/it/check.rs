//! `cargo local check`: all mistakes and warnings, of an env file and of the template.

mod oidc;

use smac_local::deployment::{self, Issuer};
use smac_local::keys::{Algorithm, Key};
use smac_local::token::{Token, Use};

use crate::support::{Output, UNUSED, deployed_with, env_file, file, run, with};

const POOL: &str = "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__";

fn check(arguments: &[&str]) -> Output {
    run(&[&["check"], arguments].concat(), "")
}

/// The lines that begin with this word.
pub fn lines(output: &Output, word: &str) -> Vec<String> {
    output.stdout.lines().filter_map(|line| line.strip_prefix(word)).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn all_mistakes_and_all_warnings_in_one_go() {
    let changes = [
        ("MODE", "hidden-a"),
        ("PROVIDER_COGNITO__CHECK_EXPIRY", "hidden-b"),
        ("PROVIDER_COGNITO__CHECK_EXPIRATION", "false"),
        ("LOG_PRINCIPAL", "true"),
        ("JWT__QUERY_PARAMETER", ""),
    ];
    let output = check(&["--env-file", &deployed_with(&changes)]);
    assert_eq!(output.code, 1);
    let expected = "\
mistake  SMAC__AUTH__MODE: must be one of ENFORCE, OPTIONAL
mistake  SMAC__AUTH__PROVIDER_COGNITO__CHECK_EXPIRY: is unknown; did you mean SMAC__AUTH__PROVIDER_COGNITO__CHECK_EXPIRATION?
warning  SMAC__AUTH__LOG_PRINCIPAL: the log names people: its readers and its retention must fit that
warning  SMAC__AUTH__PROVIDER_COGNITO__CHECK_EXPIRATION: expired tokens are accepted
21 variables: 2 mistakes, 2 warnings
";
    assert_eq!(output.stdout, expected);
}

#[test]
fn warnings_are_fine_unless_strict() {
    let fine = deployed_with(&[("JWT__QUERY_PARAMETER", "")]);
    let warned = deployed_with(&[("MODE", "OPTIONAL")]);
    for (path, code, strict_code) in [(&fine, 0, 0), (&warned, 0, 1)] {
        assert_eq!(check(&["--env-file", path]).code, code);
        assert_eq!(check(&["--env-file", path, "--strict"]).code, strict_code);
    }
    assert_eq!(check(&["--env-file", &fine]).stdout, "17 variables: no mistakes, no warnings\n");
    assert_eq!(check(&["--env-file", &fine, "--setting", "MODE=x"]).code, 1);
}

/// A file in a folder of its own.
fn file_elsewhere(name: &str, content: &str) -> (String, String) {
    let folder = file("folder", "");
    std::fs::remove_file(&folder).unwrap();
    std::fs::create_dir(&folder).unwrap();
    let path = format!("{folder}/{name}");
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

#[test]
fn key_sets_in_files_are_read_as_the_function_reads_them() {
    let (folder, _) = file_elsewhere("keys.json", &Key::Primary.key_set().to_string());
    let jwks = [("PROVIDER_COGNITO__USERPOOLS__PRIMARY__JWKS", "keys.json")];
    let mut variables = with(deployment::environment(UNUSED), &jwks);
    assert_eq!(
        lines(&check(&["--env-file", &env_file(&variables)]), "mistake"),
        [format!("{POOL}JWKS: is neither JSON nor a file that can be read (entity not found)")]
    );
    variables.push(("LAMBDA_TASK_ROOT".to_owned(), folder.clone()));
    let with_root = env_file(&variables);
    assert_eq!(check(&["--env-file", &with_root]).code, 0);
    // Without it, beside the file that names it.
    variables.pop();
    let beside = format!("{folder}/prod.env");
    std::fs::copy(env_file(&variables), &beside).unwrap();
    assert_eq!(check(&["--env-file", &beside]).code, 0);
    std::fs::remove_file(format!("{folder}/keys.json")).unwrap();
    assert_eq!(check(&["--env-file", &beside]).code, 1);
}

#[test]
fn a_settings_file_is_looked_for_beside_the_env_file_or_in_the_package() {
    let settings = r#"{"PROVIDER": "OIDC", "PROVIDER_OIDC": {"ISSUERS": {"ONE": {
        "ISSUER": "https://one.example", "AUDIENCE": ["api"], "USER_ID_PREFIX": "one:"}}}}"#;
    let (folder, _) = file_elsewhere("settings.json", settings);
    let mut variables = with(Vec::new(), &[("SETTINGS_FILE", "settings.json")]);
    let (beside, elsewhere) = (format!("{folder}/prod.env"), env_file(&variables));
    std::fs::copy(&elsewhere, &beside).unwrap();
    let good = check(&["--env-file", &beside, "--strict"]);
    assert_eq!((good.code, good.stdout.as_str()), (0, "1 variable: no mistakes, no warnings\n"));
    let text = "SMAC__AUTH__SETTINGS_FILE: is not a file that can be read (entity not found)";
    assert_eq!(lines(&check(&["--env-file", &elsewhere]), "mistake"), [text]);
    variables.push(("LAMBDA_TASK_ROOT".to_owned(), folder.clone()));
    assert_eq!(check(&["--env-file", &env_file(&variables), "--strict"]).code, 0);
    let token = Token::of(Issuer::Dev, Use::Access).using(Key::DevRsa, Algorithm::RS256);
    let token = token.claim("iss", "https://one.example").claim("aud", "other");
    let output = run(&["explain", "--env-file", &beside, "-"], &token.sign());
    assert_eq!(output.line("settings"), format!("{beside}: OIDC issuer ONE, no service principals"));
    assert!(output.line("  FAILED").contains("OIDC issuer ONE requires one of: api"), "{}", output.stdout);
    // Mistakes in the file are reported with its name.
    std::fs::write(format!("{folder}/settings.json"), r#"{"MODE": "hidden-"}"#).unwrap();
    let bad = check(&["--env-file", &beside]);
    assert_eq!((bad.code, lines(&bad, "mistake").len()), (1, 1));
    assert!(bad.stdout.contains("settings.json") && !bad.stdout.contains("hidden-"), "{}", bad.stdout);
}

#[test]
fn the_region_is_lambdas_to_set() {
    let variables = deployment::environment(UNUSED).into_iter().filter(|(name, _)| name != "AWS_REGION").collect();
    assert_eq!(check(&["--env-file", &env_file(&variables)]).code, 0);
}

#[test]
fn the_template_with_its_defaults_and_with_parameters() {
    let template = ["--template", "template.yaml"];
    let defaults = check(&template);
    assert_eq!((defaults.code, lines(&defaults, "mistake"), lines(&defaults, "unknown")), (0, vec![], vec![]));
    let nobody = "SMAC__AUTH__PROVIDER: is NONE, and there are no service principals: every request is a 500";
    assert!(lines(&defaults, "warning").contains(&nobody.to_owned()), "{}", defaults.stdout);

    let users = ["--parameter", "UserPoolId=eu-west-1_Example", "--parameter", "AppClientIds=abc,def"];
    let others = |json: &str| format!("ExtraSettings={json}");
    let grace =
        |seconds: u32| others(&format!(r#"{{"AUTOMATION_PRINCIPALS":{{"ROTATION_GRACE_SECONDS":{seconds}}}}}"#));
    let hour = grace(3600);
    let services = ["--parameter", "SecretsPrefix=smac/prod", "--parameter", hour.as_str()];
    for parameters in [&users[..], &services, &[users, services].concat()] {
        let output = check(&[&template, parameters].concat());
        assert_eq!((output.code, lines(&output, "mistake").len()), (0, 0), "{}", output.stdout);
        assert_eq!(lines(&output, "unknown"), [""; 0]);
        assert!(!output.stdout.contains(nobody), "{}", output.stdout);
    }

    let incomplete = check(&[&template, &users[..2]].concat());
    let mistakes = lines(&incomplete, "mistake");
    assert_eq!((incomplete.code, mistakes), (1, vec![format!("{POOL}APP_CLIENT_ID: is required")]));

    // The settings that have no parameter are checked too.
    let rotation =
        "SMAC__AUTH__AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS: a replaced token works for more than a day";
    let long = check(&[&template[..], &services[..2], &["--parameter", &grace(90_000)]].concat());
    assert_eq!((long.code, lines(&long, "warning")), (0, vec![rotation.to_owned()]));
    let mistyped = check(&[&template[..], &users, &["--parameter", &others(r#"{"JWT":{"LEEWAY":30}}"#)]].concat());
    assert_eq!(
        (mistyped.code, lines(&mistyped, "mistake")),
        (
            1,
            vec![
                "SMAC__AUTH__JWT__LEEWAY: is unknown; did you mean SMAC__AUTH__JWT__LEEWAY_SECONDS? (in SETTINGS_FILE)"
                    .to_owned()
            ]
        )
    );
}

#[test]
fn what_a_template_does_not_tell_is_reported_and_can_be_given() {
    let template = template_of("", &format!("{POOL}USERPOOL_ID: !Ref Pool"));
    let arguments = ["--template", template.as_str()];
    let output = check(&arguments);
    assert_eq!((output.code, lines(&output, "mistake")), (0, vec![]));
    let unknown = lines(&output, "unknown");
    assert!(unknown.len() == 1 && unknown[0].starts_with(&format!("{POOL}USERPOOL_ID: !Ref Pool")), "{unknown:?}");
    assert_eq!(check(&[&arguments[..], &["--strict"]].concat()).code, 1);
    let setting = "PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID=eu-west-1_Example";
    let given = check(&[&arguments[..], &["--strict", "--setting", setting]].concat());
    assert_eq!((given.code, given.stdout.as_str()), (0, "3 variables: no mistakes, no warnings\n"));
    let parameter = check(&[&arguments[..], &["--strict", "--parameter", "Pool=eu-west-1_Example"]].concat());
    assert_eq!((parameter.code, parameter.stdout), (0, given.stdout));
}

/// A template of a function with these lines of variables.
fn template_of(more: &str, variables: &str) -> String {
    let lines: String = variables.lines().map(|line| format!("          {}\n", line.trim())).collect();
    let text = format!(
        "{more}
Resources:
  Pool: {{ Type: AWS::Cognito::UserPool }}
  Authorizer:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          SMAC__AUTH__PROVIDER: COGNITO
          SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID: abc
{lines}"
    );
    file("some.yaml", &text)
}

#[test]
fn dynamic_references_are_unknown_and_cause_no_mistakes() {
    let template = template_of(
        "",
        "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID: '{{resolve:ssm:/authorizer/pool}}'
         SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN: '{{resolve:ssm:/authorizer/domain}}'
         SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__JWKS: '{{resolve:ssm:/authorizer/keys}}'
         SMAC__AUTH__PROVIDER_COGNITO__CHECK_REVOCATION: true
         SMAC__AUTH__PROVIDER_COGNITO__TOKEN_USE: !Sub '{{resolve:ssm:/authorizer/use}}'
         SMAC__AUTH__JWT__LEEWAY_SECONDS: '{{resolve:ssm:/authorizer/leeway}}'
         SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX: '{{resolve:secretsmanager:x}}'
         SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__REGION: '{{resolve:ssm:/authorizer/region}}'
         SMAC__AUTH__MODE: '{{resolve:ssm:/authorizer/mode}}'",
    );
    let output = check(&["--template", &template]);
    assert_eq!((output.code, lines(&output, "mistake")), (0, vec![]), "{}", output.stdout);
    assert_eq!(lines(&output, "unknown").len(), 8);
    let why =
        ": a dynamic reference ({{resolve:...}}) is not known before the deployment; what depends on it is not checked";
    assert!(lines(&output, "unknown").iter().all(|line| line.ends_with(why)), "{}", output.stdout);
    assert!(output.stdout.ends_with("11 variables: no mistakes, no warnings, 8 unknown\n"), "{}", output.stdout);
    assert!(!output.stdout.contains("/authorizer/"), "{}", output.stdout);
    // What is known is checked all the same, beside what is not.
    let output = check(&["--template", &template, "--setting", "PROVIDER_COGNITO__TOKEN_USE=ID"]);
    assert_eq!((output.code, lines(&output, "mistake").len()), (1, 1), "{}", output.stdout);
    let output = check(&["--template", &template, "--setting", "MODE=x"]);
    assert_eq!(lines(&output, "mistake"), ["SMAC__AUTH__MODE: must be one of ENFORCE, OPTIONAL"]);
}

#[test]
fn what_is_unknown_does_not_switch_services_off() {
    let variable = "SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX: !ImportValue prefix";
    let template = template_of("", &format!("{variable}\nSMAC__AUTH__CACHE__TTL_SECONDS: 600"));
    let output = check(&["--template", &template, "--setting", "PROVIDER=NONE"]);
    let warnings = lines(&output, "warning");
    assert!(!warnings.iter().any(|warning| warning.contains("every request is a 500")), "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.starts_with("SMAC__AUTH__CACHE__TTL_SECONDS")), "{warnings:?}");
}

#[test]
fn mappings_by_parameter_and_by_region() {
    let mappings = "Mappings:
  Pools:
    dev: { Id: eu-west-1_Dev }
    bad: { Id: hidden- }
    eu-central-1: { Id: eu-central-1_Region }
Parameters: { Stage: { Type: String, Default: dev } }";
    let by_stage = template_of(mappings, &format!("{POOL}USERPOOL_ID: !FindInMap [Pools, !Ref Stage, Id]"));
    let good = check(&["--template", &by_stage, "--strict"]);
    assert_eq!((good.code, good.stdout.as_str()), (0, "3 variables: no mistakes, no warnings\n"));
    let bad = check(&["--template", &by_stage, "--parameter", "Stage=bad"]);
    let mistake = format!("{POOL}USERPOOL_ID: is not the id of a user pool, such as eu-west-1_Example");
    assert_eq!((bad.code, lines(&bad, "mistake")), (1, vec![mistake]));

    let by_region = template_of(mappings, &format!("{POOL}USERPOOL_ID: !FindInMap [Pools, !Ref AWS::Region, Id]"));
    assert_eq!(lines(&check(&["--template", &by_region]), "unknown").len(), 1);
    let region = ["--template", &by_region, "--strict", "--parameter", "AWS::Region=eu-central-1"];
    assert_eq!(check(&region).code, 0);
}

#[test]
fn a_template_in_json() {
    let text = r#"{"Parameters": {"Pool": {"Type": "String", "Default": "no pool"}}, "Resources": {"Authorizer": {
        "Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": {
        "SMAC__AUTH__PROVIDER": "COGNITO",
        "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID": {"Ref": "Pool"},
        "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID": "abc",
        "SMAC__AUTH__JWT__LEEWAY_SECONDS": 30}}}}}}"#;
    let template = file("template.json", text);
    assert_eq!(lines(&check(&["--template", &template]), "mistake").len(), 1);
    let given = check(&["--template", &template, "--strict", "--parameter", "Pool=eu-west-1_Example"]);
    assert_eq!((given.code, given.stdout.as_str()), (0, "4 variables: no mistakes, no warnings\n"));
}

#[test]
fn bad_usage() {
    let function = |text: &str| format!("--function-config {}", file("function.json", text));
    let with_arn = |environment: &str| {
        let arn = r#""FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:authorizer""#;
        function(&format!(r#"{{{arn}, "Environment": {environment}}}"#))
    };
    let denied = r#"{"Error": {"ErrorCode": "AccessDeniedException", "Message": "hidden-"}}"#;
    let encrypted = "the variables are encrypted, and could not be read (AccessDeniedException): ask with kms:Decrypt for their key";
    let not_allowed = "does not allow this value for the parameter Mode";
    let not_printed = "is not what `aws lambda get-function-configuration` prints";
    let no_yaml = format!("--template {}", file("bad.yaml", "a: [hidden-"));
    let good = format!("--env-file {}", deployed_with(&[]));
    for (arguments, said) in [
        ("", "no settings: name a file with --env-file"),
        ("--env-file none.env", "none.env: No such file"),
        ("--template none.yaml", "none.yaml: No such file"),
        (&no_yaml, "is not YAML (line 2, column 1)"),
        ("--template template.yaml --parameter Nobody=x", "has no parameter Nobody; there are UserPoolId"),
        ("--template template.yaml --parameter Mode=hidden-", not_allowed),
        ("--template template.yaml --function Api", "has no Api"),
        (&format!("--template template.yaml {good}"), "cannot be used with"),
        (&format!("{good} --parameter A=b"), "--parameter and --function: need --template"),
        (&format!("{good} --function-config -"), "cannot be used with"),
        ("--template template.yaml --function-config -", "cannot be used with"),
        ("--function-config none.json", "none.json: No such file"),
        (&function("{ hidden-"), "function.json: is not JSON (line 1, column 3)"),
        (&function("[]"), not_printed),
        (&function(r#"{"Environment": {"Variables": {"A": "hidden-"}}}"#), not_printed),
        (&with_arn(r#"{"Variables": {"A": 1}}"#), "A: is not a string"),
        (&with_arn(denied), encrypted),
    ] {
        let output = check(&arguments.split_whitespace().collect::<Vec<_>>());
        assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{said}: {}", output.stderr);
        assert!(output.stderr.contains(said), "{said}: {}", output.stderr);
        assert!(!output.stderr.contains("hidden-"));
    }
}
