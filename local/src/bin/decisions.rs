//! Makes so many decisions about ID tokens, with configured keys and so without any network: what
//! `.ci/instructions` counts the instructions of.

use std::process::ExitCode;

use smac_lambda_authorizer::http::HttpClient;
use smac_lambda_authorizer::lookup::Clock;
use smac_lambda_authorizer::{Authorizer, Settings};
use smac_local::deployment::{Pool, environment};
use smac_local::event::{Overrides, render};

fn main() -> ExitCode {
    let count: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or_default();
    let mut settings = environment("http://127.0.0.1:1");
    for pool in Pool::ALL {
        let name = format!("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__{}__JWKS", pool.name());
        settings.push((name, pool.key().key_set().to_string()));
    }
    let Ok(settings) = Settings::from_variables(settings, |path| std::fs::read_to_string(path)) else {
        return ExitCode::FAILURE;
    };
    let http = HttpClient::new(settings.upstream_timeout, None);
    let authorizer = Authorizer::new(settings, http, Clock::system());
    let template = include_str!("../../../events/rest-request-id-token.json");
    let Ok(event) = render(template, &Overrides::default()) else {
        return ExitCode::FAILURE;
    };
    let event = event.to_string();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() else {
        return ExitCode::FAILURE;
    };
    let is_allowed = |_| {
        let decided = runtime.block_on(authorizer.authorize(&event, None));
        !decided.record.line("8476a536-e9f4-11e8-9739-284dfe598760").is_empty()
            && decided.record.outcome.reason().is_none()
    };
    if (0..count).all(is_allowed) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
