//! A process of its own for a test that changes what a whole process has once, such as its tracing subscriber.

use std::process::Command;

const VARIABLE: &str = "SMAC_TEST_IN_ITS_OWN_PROCESS";

/// Runs the body of this test, named as the test program lists it, in another process of the same program.
pub fn in_its_own_process(test: &str, body: impl FnOnce()) {
    if std::env::var_os(VARIABLE).is_some_and(|name| name == test) {
        body();
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args([test, "--exact"]).env(VARIABLE, test).output().unwrap();
    let shown = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    // A wrong name would find no test, and succeed.
    assert!(output.status.success() && shown.contains("1 passed"), "{shown}");
}
