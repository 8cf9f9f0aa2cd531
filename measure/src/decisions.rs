//! `cargo measure decisions`: nothing but decisions, for `.ci/instructions` to count the instructions of.

use std::process::ExitCode;

use smac_lambda_authorizer::{Authorizer, Invocation, Settings};
use smac_local::command::{About as _, Problem};
use smac_local::deployment::{Pool, of_pools};
use smac_local::event::{Overrides, render};

#[derive(clap::Args)]
pub(crate) struct Decisions {
    /// How many.
    count: u32,
}

impl Decisions {
    pub(crate) fn run(&self) -> Result<ExitCode, Problem> {
        // With configured keys, and so without any network.
        let mut variables = of_pools("http://127.0.0.1:1");
        variables.extend(Pool::ALL.map(Pool::key_set_variable));
        let settings = Settings::from_variables(variables, |path| std::fs::read_to_string(path)).about("settings")?;
        let authorizer = Authorizer::new(settings);
        let template = include_str!("../../events/rest-request-id-token.json");
        let event = render(template, &Overrides::default()).about("the event")?.to_string();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().about("a runtime")?;
        let invocation = Invocation::new("8476a536-e9f4-11e8-9739-284dfe598760", None);
        let is_allowed = |_| {
            let decision = runtime.block_on(authorizer.authorize(&event, None));
            !decision.log_line(invocation).is_empty() && decision.outcome().reason().is_none()
        };
        Ok(if (0..self.count).all(is_allowed) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
