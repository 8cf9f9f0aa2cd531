//! `cargo measure decisions`: nothing but decisions, for `.ci/instructions` to count the instructions of.

use std::process::ExitCode;

use smac_lambda_authorizer::http::HttpClient;
use smac_lambda_authorizer::lookup::Clock;
use smac_lambda_authorizer::{Authorizer, Settings};
use smac_local::command::{About as _, Problem};
use smac_local::deployment::{Pool, environment};
use smac_local::event::{Overrides, render};

/// The options of the command.
#[derive(clap::Args)]
pub(crate) struct Decisions {
    /// How many.
    count: u32,
}

impl Decisions {
    pub(crate) fn run(&self) -> Result<ExitCode, Problem> {
        // With configured keys, and so without any network.
        let mut variables = environment("http://127.0.0.1:1");
        variables.extend(Pool::ALL.map(Pool::key_set_variable));
        let settings = Settings::from_variables(variables, |path| std::fs::read_to_string(path)).about("settings")?;
        let http = HttpClient::new(settings.upstream_timeout, None);
        let authorizer = Authorizer::new(settings, http, Clock::system());
        let template = include_str!("../../events/rest-request-id-token.json");
        let event = render(template, &Overrides::default()).about("the event")?.to_string();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().about("a runtime")?;
        let is_allowed = |_| {
            let decided = runtime.block_on(authorizer.authorize(&event, None));
            !decided.record.line("8476a536-e9f4-11e8-9739-284dfe598760").is_empty()
                && decided.record.outcome.reason().is_none()
        };
        Ok(if (0..self.count).all(is_allowed) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
