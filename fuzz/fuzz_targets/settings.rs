//! Any environment: settings, or mistakes that name variables and show no value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smac_lambda_authorizer::Settings;
use smac_lambda_authorizer::tools::PREFIX;

fuzz_target!(|text: &str| {
    let variables: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| {
            // A lone `_` is short for the prefix, so that the fuzzer need not find it.
            let name = name.strip_prefix('_').map_or_else(|| name.to_owned(), |rest| format!("{PREFIX}{rest}"));
            (name, value.to_owned())
        })
        .collect();
    let no_files = |_: &std::path::Path| Err(std::io::Error::from(std::io::ErrorKind::NotFound));
    match Settings::from_variables(variables.clone(), no_files) {
        Ok(settings) => assert!(!format!("{settings:?}").is_empty()),
        Err(mistakes) => {
            assert!(!mistakes.0.is_empty());
            for mistake in &mistakes.0 {
                assert!(!mistake.variable.is_empty() && !mistake.problem.is_empty());
            }
        }
    }
});
