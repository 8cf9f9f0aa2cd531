//! The yardstick of `cargo local bench`: the arithmetic of RS256 with aws-lc-rs and nothing else. Prints the median of
//! 5,000 verifications, in nanoseconds.

use std::hint::black_box;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use smac_local::keys::Key;
use smac_local::token::Token;

fn main() -> ExitCode {
    let jwk = Key::Primary.jwk();
    let part = |name: &str| {
        URL_SAFE_NO_PAD.decode(jwk.get(name).and_then(Value::as_str).unwrap_or_default()).unwrap_or_default()
    };
    let key = RsaPublicKeyComponents { n: part("n"), e: part("e") };
    let token = Token::id().sign();
    let (message, signature) = token.rsplit_once('.').unwrap_or_default();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    let verify = |_| {
        let began = Instant::now();
        black_box(key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature)).ok()?;
        Some(began.elapsed())
    };
    // Nothing is printed for a signature that does not hold.
    let Some(mut times) = (0..5000).map(verify).collect::<Option<Vec<_>>>() else {
        return ExitCode::FAILURE;
    };
    times.sort();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    match writeln!(std::io::stdout(), "{}", median.as_nanos()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
