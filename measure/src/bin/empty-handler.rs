//! The yardstick of `cargo measure bench`: AWS's Rust runtime with a handler that does nothing.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handler = service_fn(async |_: LambdaEvent<Value>| Ok::<Value, Error>(json!({ "isAuthorized": true })));
    runtime.block_on(lambda_runtime::run(handler))
}
