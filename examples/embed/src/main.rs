//! Decides about one request of API Gateway, as a router or a test would that embeds the authorizer.

use std::error::Error;
use std::path::Path;

use smac_lambda_authorizer::{Answer, Authorizer, Invocation, Outcome, Settings};

/// The settings, under the names that the function's environment has. Any source will do: a file, a list like this one,
/// or `std::env::vars()`.
const SETTINGS: [(&str, &str); 5] = [
    ("SMAC__AUTH__PROVIDER", "COGNITO"),
    ("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID", "eu-west-1_DevPrimary"),
    ("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID", "1devprimaryclient"),
    // The pool's keys, as its `jwks.json` has them, in a file. Without this they are fetched.
    ("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__JWKS", "key-set.json"),
    // Without CloudWatch's part of the log line.
    ("SMAC__AUTH__METRICS", "NONE"),
];

/// A whole event, since which header counts, and what is ambiguous, is part of the decision.
const EVENT: &str = include_str!("../../../events/rest-request-id-token.json");

/// An ID token of the development pool, which expires in 2100:
/// `cargo local token --claim iat=1700000000 --claim auth_time=1700000000 --claim exp=4102444800`.
const ID_TOKEN: &str = include_str!("../id-token.jwt");

fn main() -> Result<(), Box<dyn Error>> {
    let variables = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // An error names every mistake at once, by its variable.
    let settings = Settings::from_variables(variables, |path| std::fs::read_to_string(here.join(path)))?;
    for warning in settings.warnings() {
        eprintln!("{}: {}", warning.variable, warning.text);
    }
    // One for all requests: it remembers what it looks up.
    let authorizer = Authorizer::new(settings);
    let event = EVENT.replace("{{id_token}}", ID_TOKEN.trim());

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let decision = runtime.block_on(authorizer.authorize(&event, None));

    match decision.outcome() {
        Outcome::Allowed(principal_type) => println!("allowed  {}", principal_type.name()),
        Outcome::Refused(refusal) => println!("refused  {refusal}: {}", refusal.meaning()),
    }
    match decision.answer() {
        Answer::Response(json) => println!("answer   {json}"),
        Answer::Error(error) => println!("error    {error}"),
    }
    print!("log      {}", String::from_utf8_lossy(&decision.log_line(Invocation::new("a-request-id", None))));
    Ok(())
}
