//! Commands that are not run here, by their beginnings, and where they are run.

use std::fs;

use crate::support::root;

/// Where a command is run that is not run here.
pub enum Place {
    /// A script or a test has these words in it, which run it.
    In(&'static str, &'static str),
    /// Nowhere: this is what it needs.
    Nowhere(&'static str),
}

use Place::{In, Nowhere};

const ELSEWHERE: &[(&str, Place)] = &[
    ("git clone", Nowhere("a public address, which the project does not have yet")),
    ("cargo test --workspace", In(".ci/tests", "cargo test --workspace")),
    ("cargo fmt --all", In(".ci/format", "cargo fmt --all")),
    ("cargo clippy", In(".ci/clippy", "cargo clippy")),
    ("cargo install --path local", In(".ci/first-command", "cargo install --path local")),
    ("cargo doc", In(".ci/rustdoc", "cargo doc")),
    ("cargo run", In(".ci/embed", "cargo run --manifest-path examples/embed/Cargo.toml")),
    ("cargo bench", In(".ci/measure", "cargo bench")),
    ("python3 benches/curves.py", Nowhere("what cargo bench has estimated")),
    ("cargo local aws", In("tests/reality/harness.py", r#"cargo_local("aws""#)),
    ("cargo measure load", In(".ci/measure", "cargo measure load")),
    ("cargo measure flood", In(".ci/measure", "cargo measure flood")),
    ("cargo measure bench", In(".ci/measure", "cargo measure bench")),
    ("cargo measure cold", In(".ci/cold", "cargo measure cold")),
    ("cargo lambda watch", In("tests/reality/cargo_lambda.py", r#"["cargo", "lambda", "watch", "--env-file"]"#)),
    ("cargo lambda invoke", In("tests/reality/cargo_lambda.py", r#"["cargo", "lambda", "invoke", "#)),
    ("cargo lambda build", In(".ci/sam", "sam build")),
    ("sam build", In(".ci/sam", "sam build")),
    ("sam deploy", Nowhere("an AWS account")),
    ("sam validate", In(".ci/release-steps", "python tests/reality/deploys.py")),
    ("sha256sum", In(".ci/release-steps", "python tests/reality/deploys.py")),
    ("terraform -chdir=terraform/examples/basic init", In(".ci/terraform", r#"terraform -chdir="$folder" init"#)),
    ("terraform -chdir=terraform/examples/basic plan", Nowhere("an AWS account")),
    ("terraform -chdir=terraform/examples/basic apply", Nowhere("an AWS account")),
    ("npm ci --prefix cdk", In(".ci/cdk", "npm ci --prefix cdk")),
    ("npm run --prefix cdk build", In(".ci/cdk", "npm run --prefix cdk build")),
    ("npm run --prefix cdk cdk deploy", Nowhere("an AWS account")),
    ("sam local invoke", In("tests/reality/sam_local.py", r#"ENV_VARS = "local/sam.json""#)),
    ("npm ci --prefix tests/reality/cedar", In(".ci/reality", "npm ci --prefix tests/reality/cedar")),
    ("python tests/reality/rules.py", In(".ci/reality", "python tests/reality/rules.py")),
    ("npm ci --prefix tests/reality/oidc", In(".ci/reality", "npm ci --prefix tests/reality/oidc")),
    ("python tests/reality/oidc_provider.py", In(".ci/reality", "python tests/reality/oidc_provider.py")),
    ("python tests/reality/oidc_users.py", In(".ci/reality", "python tests/reality/oidc_users.py")),
    ("python tests/reality/differential.py", In(".ci/reality", "python tests/reality/differential.py")),
    ("aws ", Nowhere("an AWS account")),
    (".ci/run", Nowhere("it is what runs everything")),
    (".ci/words", In(".ci/run", "step words")),
    (".ci/book", In(".ci/run", "step book")),
    (".ci/fuzz", In(".ci/run", "step fuzz")),
    (".ci/mutants", Nowhere("an hour or two")),
    (".ci/coverage", Nowhere("some minutes, for a build of its own")),
    (".ci/instructions", In(".ci/run", "step instructions")),
];

/// Where this command is run, if that is not here.
pub fn elsewhere(command: &str) -> Option<&'static str> {
    let starts = ELSEWHERE.iter().map(|(start, _)| *start);
    starts.into_iter().find(|start| {
        command.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ') || start.ends_with(' '))
    })
}

/// Those that are not among these.
pub fn all_but(used: &std::collections::BTreeSet<&str>) -> Vec<&'static str> {
    ELSEWHERE.iter().map(|(start, _)| *start).filter(|start| !used.contains(start)).collect()
}

#[test]
fn what_is_run_elsewhere_is_run_there() {
    for (command, place) in ELSEWHERE {
        match place {
            In(file, text) => {
                let there = fs::read_to_string(root().join(file)).unwrap_or_else(|_| panic!("there is no {file}"));
                assert!(there.contains(text), "{file} does not run {command}: it has no {text}");
            }
            Nowhere(reason) => assert!(!reason.is_empty(), "{command}"),
        }
    }
}

#[test]
fn a_command_is_found_by_its_beginning() {
    assert_eq!(elsewhere("sam build --x"), Some("sam build"));
    assert_eq!(elsewhere("sam buildings"), None);
    assert_eq!(elsewhere("aws apigateway x"), Some("aws "));
}
