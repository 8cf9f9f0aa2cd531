//! Runs the real command, as a user does.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use smac_local::deployment;

pub type Variables = Vec<(String, String)>;

pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// What is behind this word at the beginning of a line.
    pub fn line(&self, word: &str) -> &str {
        let line = self.stdout.lines().find_map(|line| line.strip_prefix(word));
        line.unwrap_or_else(|| panic!("no {word}: {}{}", self.stdout, self.stderr)).trim()
    }
}

/// The command in the repository's folder, with nothing of this process.
pub fn run(arguments: &[&str], stdin: &str) -> Output {
    run_with(&[], arguments, stdin)
}

/// The same with these variables.
pub fn run_with(environment: &[(&str, &str)], arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_smac-local"))
        .args(arguments)
        .current_dir(root())
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended before it read anything.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A file of its own for each.
pub fn file(name: &str, content: &str) -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{number}-{name}", std::process::id()));
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

pub fn env_file(variables: &Variables) -> String {
    let lines: String = variables.iter().map(|(name, value)| format!("{name}='{value}'\n")).collect();
    file("test.env", &lines)
}

/// Nobody answers here.
pub const UNUSED: &str = "http://127.0.0.1:1";

/// A file of the development deployment, without its stand-ins, with other settings.
pub fn deployed_with(changes: &[(&str, &str)]) -> String {
    env_file(&with(deployment::environment(UNUSED), changes))
}

/// The same with other settings, without the `SMAC__AUTH__` of their names.
pub fn with(mut variables: Variables, changes: &[(&str, &str)]) -> Variables {
    for (name, value) in changes {
        let name = if name.starts_with("AWS_") { (*name).to_owned() } else { format!("SMAC__AUTH__{name}") };
        variables.retain(|(other, _)| *other != name);
        variables.push((name, (*value).to_owned()));
    }
    variables
}
