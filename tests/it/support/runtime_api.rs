//! The built function as a process.

use std::process::Stdio;
use std::time::{Duration, SystemTime};

use smac_local::runtime_api::Function;
pub use smac_local::runtime_api::Outcome;
use tokio::process::Command;

/// The function as a process.
pub struct Process(Function);

impl Process {
    /// Starts the function with exactly this environment, and Lambda's.
    pub async fn start(environment: &[(String, String)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_smac-lambda-authorizer"));
        command
            .env_clear()
            // Where what it runs is counted, if it is.
            .envs(std::env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)))
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self(Function::start(command).await.unwrap())
    }

    pub async fn invoke(&self, event: impl Into<Vec<u8>>) -> Outcome {
        self.0.invoke(event.into()).await.unwrap().0
    }

    /// What it makes of an event, where the invocation ends then; and how long that takes.
    pub async fn invoke_until(&self, event: impl Into<Vec<u8>>, end: SystemTime) -> (Outcome, Duration) {
        self.0.invoke_until(event.into(), end).await.unwrap()
    }

    /// Waits until it has asked for work so often. From its start to the first time it took this long.
    pub async fn wait_for_polls(&self, count: u64) -> Duration {
        self.0.wait_for_polls(count).await.unwrap()
    }

    /// Everything that it has written, after its end: the exit status and the lines.
    pub async fn end(self) -> (Option<i32>, String) {
        self.0.end().await.unwrap()
    }

    pub fn signal(&self, name: &str) {
        self.0.signal(name).unwrap();
    }

    /// Ends it as Lambda does.
    pub async fn terminate(self) -> (Option<i32>, String) {
        self.signal("TERM");
        self.end().await
    }
}
