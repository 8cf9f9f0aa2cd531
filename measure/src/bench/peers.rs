//! Authorizers as others write them, on AWS's own runtime clients: installed into `target/peers`, versions pinned.

use std::path::Path;
use std::process::{Command, Stdio};

use smac_local::command::{About as _, Problem};

const NODE_PACKAGES: [&str; 2] = ["aws-jwt-verify@5.2.1", "aws-lambda-ric@3.3.0"];
const PYTHON_PACKAGES: [&str; 3] = ["awslambdaric==4.2.2", "PyJWT==2.15.1", "cryptography==50.0.2"];

pub(crate) fn install() -> Result<Vec<(&'static str, Vec<String>)>, Problem> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers");
    std::fs::create_dir_all(&folder).about(folder.display())?;
    for name in ["authorizer.mjs", "authorizer.py"] {
        std::fs::copy(sources.join(name), folder.join(name)).about(name)?;
    }
    run(Command::new("npm").args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(&folder).args(NODE_PACKAGES))?;
    let venv = folder.join("venv");
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    run(Command::new(venv.join("bin/pip")).args(["install", "--quiet"]).args(PYTHON_PACKAGES))?;
    let in_folder = |script: &str| {
        // The clients look for the handler in the current directory.
        vec!["sh".to_owned(), "-c".to_owned(), format!("cd {} && exec {script}", quoted(&folder))]
    };
    Ok(vec![
        ("Node, aws-jwt-verify", in_folder("node node_modules/aws-lambda-ric/bin/index.mjs authorizer.handler")),
        ("Python, PyJWT", in_folder("venv/bin/python -m awslambdaric authorizer.handler")),
    ])
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

fn run(command: &mut Command) -> Result<(), Problem> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().about(&name)?;
    if status.success() { Ok(()) } else { Err(Problem::new(name, status)) }
}
