//! The command line as such: help that fits a screen, formats, colours, completions, one program.

use serde_json::{Value, json};
use smac_local::deployment;
use smac_local::token::Token;

use crate::support::{UNUSED, deployed_with, env_file, file, root, run, run_with, with};

const COMMANDS: [&str; 11] =
    ["serve", "invoke", "explain", "check", "settings", "routes", "token", "render", "aws", "completions", "man"];

/// As many lines as a terminal shows of usual size, and as many characters in each.
const SCREEN: (usize, usize) = (40, 100);

#[test]
fn every_help_fits_a_screen_and_follows_claps_conventions() {
    let listed = run(&["--help"], "").stdout;
    for command in COMMANDS {
        assert!(listed.lines().any(|line| line.split_whitespace().next() == Some(command)), "{command}: {listed}");
    }
    for command in [&[][..]].into_iter().chain(COMMANDS.iter().map(std::slice::from_ref)) {
        for option in ["-h", "--help"] {
            let output = run(&[command, &[option]].concat(), "");
            let help = &output.stdout;
            assert_eq!(output.code, 0);
            assert!(help.lines().count() <= SCREEN.0, "{command:?} has {} lines", help.lines().count());
            let widest = help.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= SCREEN.1, "{command:?} is {widest} wide");
            assert!(help.contains("\nUsage: smac-local") && help.contains("Print help"), "{help}");
            // Imperative, with a capital and without a full stop, as clap's own lines are.
            let about = help.lines().next().unwrap();
            assert!(about.starts_with(char::is_uppercase) && !about.ends_with('.'), "{about}");
            for line in help.lines().filter(|line| line.trim_start().starts_with("--") && !line.ends_with(']')) {
                assert!(!line.ends_with('.'), "{command:?}: {line}");
            }
        }
    }
}

#[test]
fn the_options_about_settings_are_the_same_everywhere() {
    let settings = |command: &str| {
        let help = run(&[command, "--help"], "").stdout;
        let (_, group) = help.split_once("\nSettings (").unwrap_or_else(|| panic!("{help}"));
        group.split("\n\n").next().unwrap().to_owned()
    };
    let expected = settings("check");
    for option in [
        "--env-file",
        "--settings-file",
        "--template",
        "--parameter",
        "--function-config",
        "--setting",
        "--rules",
        "--live",
    ] {
        assert!(expected.contains(option), "{expected}");
    }
    for command in ["invoke", "explain", "serve"] {
        assert_eq!(settings(command), expected, "{command}");
    }
}

#[test]
fn it_goes_by_the_name_by_which_it_was_called() {
    assert_eq!(run(&["--version"], "").stdout, concat!("smac-local ", env!("CARGO_PKG_VERSION"), "\n"));
    let in_a_clone = run_with(&[("CARGO_PKG_NAME", "smac-local")], &["check", "--help"], "").stdout;
    assert!(in_a_clone.contains("Usage: cargo local check") && in_a_clone.contains("  cargo local check --env-file"));
    let installed = run(&["check", "--help"], "").stdout;
    assert!(installed.contains("  smac-local check --env-file") && !installed.contains("cargo local"), "{installed}");
}

#[test]
fn one_program_is_installed() {
    let manifest = std::fs::read_to_string(root().join("local/Cargo.toml")).unwrap();
    assert!(!manifest.contains("[[bin]]") && !root().join("local/src/bin").exists());
}

#[test]
fn completions_and_manual_pages() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(&["completions", shell], "").stdout;
        assert!(script.contains("smac-local") && script.contains("function-config"), "{shell}");
    }
    let page = run(&["man"], "").stdout;
    assert!(page.contains(".TH smac-local 1") && page.contains("smac\\-local\\-explain(1)"), "{page}");
    let folder = file("man", "");
    std::fs::remove_file(&folder).unwrap();
    assert_eq!(run(&["man", "--directory", &folder], "").code, 0);
    for command in COMMANDS {
        let page = std::fs::read_to_string(format!("{folder}/smac-local-{command}.1")).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{command}");
    }
}

#[test]
fn colours_are_for_terminals_alone() {
    let explain = ["explain", "events/refused-expired.json"];
    let plain = run(&explain, "");
    assert!(!plain.stdout.contains('\u{1b}') && plain.stdout.contains("  FAILED  times"), "{}", plain.stdout);
    let coloured = run_with(&[("CLICOLOR_FORCE", "1")], &explain, "");
    assert!(coloured.stdout.contains("\u{1b}[1m\u{1b}[31mFAILED"), "{}", coloured.stdout);
    let bad = run_with(&[("CLICOLOR_FORCE", "1")], &["check"], "");
    assert!(bad.stderr.starts_with("\u{1b}["), "{}", bad.stderr);
    let forbidden = run_with(&[("CLICOLOR_FORCE", "0"), ("NO_COLOR", "1")], &explain, "");
    assert!(!forbidden.stdout.contains('\u{1b}'));
}

fn json_of(arguments: &[&str], stdin: &str) -> (i32, Value) {
    let output = run(&[arguments, &["--format", "json"]].concat(), stdin);
    (output.code, serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{}{}", output.stdout, output.stderr)))
}

#[test]
fn decisions_in_json() {
    let (code, allowed) = json_of(&["invoke", "events/rest-request-access-token.json"], "");
    assert_eq!((code, &allowed["outcome"], &allowed["reason"]), (0, &json!("allowed"), &Value::Null));
    assert_eq!(allowed["answer"]["context"]["userId"], "jane@example.com");
    assert_eq!(allowed["log"]["lookups"]["userInfo"], "fetched");
    let (code, refused) = json_of(&["invoke", "events/refused-expired.json"], "");
    assert_eq!((code, &refused["reason"], &refused["error"]), (1, &json!("token_expired"), &json!("Unauthorized")));

    let (code, explained) = json_of(&["explain", "events/refused-expired.json"], "");
    assert_eq!(
        (code, &explained["reason"], &explained["client"]),
        (1, &json!("token_expired"), &json!("401 Unauthorized"))
    );
    let states: Vec<_> =
        explained["checks"].as_array().unwrap().iter().map(|check| check["state"].as_str().unwrap()).collect();
    assert_eq!((states[6], states[7], states[8]), ("passed", "failed", "not-reached"));
    assert!(explained["why"].as_str().unwrap().contains("That was 60 minutes ago"), "{explained}");
    assert_eq!(explained["change"], "get a new token");
}

#[test]
fn findings_in_json_and_as_annotations() {
    let path = file("some.env", "SMAC__AUTH__PROVIDER=NONE\nSMAC__AUTH__MODE=x\nSMAC__AUTH__LOG_PRINCIPAL=1\n");
    let (code, found) = json_of(&["check", "--env-file", &path], "");
    let mistakes = json!([{ "about": "SMAC__AUTH__MODE", "text": "must be one of ENFORCE, OPTIONAL" }]);
    assert_eq!((code, &found["mistakes"], &found["variables"]), (1, &mistakes, &json!(3)));
    assert_eq!(found["warnings"].as_array().unwrap().len(), 2, "{found}");
    let output = run(&["check", "--env-file", &path, "--format", "github"], "");
    let first = format!("::error file={path},line=2,title=SMAC__AUTH__MODE::must be one of ENFORCE, OPTIONAL");
    assert_eq!((output.code, output.stdout.lines().next().unwrap()), (1, first.as_str()));
    assert!(output.stdout.contains(&format!("::warning file={path},line=3,title=SMAC__AUTH__LOG_PRINCIPAL::")));
}

#[test]
fn standard_input_is_a_file_wherever_one_is_read() {
    let event = std::fs::read_to_string(root().join("events/rest-request-id-token.json")).unwrap();
    assert_eq!(run(&["invoke", "-"], &event).code, 0);
    assert!(run(&["render", "-"], &event).stdout.contains("Bearer eyJ"));
    let variables = with(deployment::environment(UNUSED), &[("MODE", "x")]);
    let lines: String = variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    let said = "mistake  SMAC__AUTH__MODE: must be one of ENFORCE, OPTIONAL";
    assert!(run(&["check", "--env-file", "-"], &lines).stdout.starts_with(said));
    let settings = r#"{"MODE": "x", "PROVIDER": "NONE"}"#;
    let of_file = run(&["check", "--settings-file", "-"], settings);
    assert!(
        of_file.stdout.starts_with("mistake  SMAC__AUTH__MODE: must be one of ENFORCE, OPTIONAL (in standard input)"),
        "{}",
        of_file.stdout
    );
    let template = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    assert_eq!(run(&["check", "--template", "-"], &template).code, 0);
    let twice = run(&["invoke", "--env-file", "-", "-"], &event);
    assert_eq!((twice.code, twice.stderr.as_str()), (2, "error: `-`: only one file can be standard input\n"));
}

#[test]
fn every_command_decides_by_the_settings_of_every_kind_of_file() {
    let other = [("PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID", "other")];
    let settings = file(
        "settings.json",
        r#"{"PROVIDER": "COGNITO", "PROVIDER_COGNITO": {"USERPOOLS": {"PRIMARY": {
        "USERPOOL_ID": "eu-west-1_DevPrimary", "APP_CLIENT_ID": "other"}}}}"#,
    );
    let pool = ["--parameter", "UserPoolId=eu-west-1_DevPrimary", "--parameter", "AppClientIds=other"];
    let template = [&["--template", "template.yaml"], &pool[..]].concat();
    let token = file("token.txt", &Token::id().sign());
    for options in [&["--env-file", &deployed_with(&other)][..], &["--settings-file", &settings], &template] {
        let invoked = run(&[&["invoke", "events/rest-request-id-token.json"], options].concat(), "");
        assert_eq!(invoked.line("decision"), "unauthorized: client_not_allowed", "{options:?}: {}", invoked.stderr);
        assert!(invoked.line("assumed").contains("nobody was asked"));
        let explained = run(&[&["explain", &token], options].concat(), "");
        assert!(explained.line("decision").starts_with("unauthorized: client_not_allowed"), "{options:?}");
        assert_eq!(run(&[&["check"], options].concat(), "").code, 0, "{options:?}");
    }
    // A settings file beside other variables, which win.
    let path = env_file(&with(deployment::environment(UNUSED), &[]));
    let both = run(&["explain", "--env-file", &path, "--settings-file", &settings, &token], "");
    assert_eq!(both.code, 0, "{}{}", both.stdout, both.stderr);
    // What only a deployment knows is asked for, a line each.
    let unknown = file(
        "unknown.yaml",
        "Resources: { Function: { Type: AWS::Lambda::Function, Properties: { Environment: { Variables: {\n SMAC__AUTH__PROVIDER: !ImportValue a, SMAC__AUTH__MODE: !ImportValue b } } } } }",
    );
    let output = run(&["explain", "--template", &unknown, &token], "");
    assert_eq!((output.code, output.stderr.lines().count()), (2, 3), "{}", output.stderr);
    assert!(output.stderr.contains("\n  SMAC__AUTH__MODE: "), "{}", output.stderr);
}

#[test]
fn mistakes_are_a_line_each_with_what_is_allowed() {
    let output =
        run(&["invoke", "events/rest-request-id-token.json", "--setting", "MODE=x", "--setting", "METRICS=y"], "");
    let expected = "\
error: with these mistakes in the settings of the development deployment the function does not start
  SMAC__AUTH__METRICS: must be one of EMF, NONE
  SMAC__AUTH__MODE: must be one of ENFORCE, OPTIONAL
";
    assert_eq!((output.code, output.stderr.as_str()), (2, expected));
    let output = run(&["token", "--issuer", "nobody"], "");
    assert!(output.stderr.contains("[possible values: primary, secondary, dev]"), "{}", output.stderr);
}
