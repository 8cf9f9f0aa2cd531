//! `cargo local token`: whose tokens it prints, and of which kind.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use smac_local::deployment::{AUDIENCE, Issuer};

use crate::support::run;

fn parts(arguments: &[&str]) -> [Value; 2] {
    let output = run(&[&["token"], arguments].concat(), "");
    assert_eq!(output.code, 0, "{}", output.stderr);
    let segments: Vec<_> = output.stdout.trim().split('.').collect();
    [0, 1].map(|index| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(segments[index]).unwrap()).unwrap())
}

#[test]
fn a_pools_is_an_id_token_and_the_oidc_issuers_an_access_token() {
    let [header, claims] = parts(&[]);
    assert_eq!((&header["alg"], &claims["token_use"]), (&json!("RS256"), &json!("id")));
    assert_eq!(claims["iss"], Issuer::Primary.identifier());
    let [_, claims] = parts(&["--pool", "secondary", "--use", "access"]);
    assert_eq!(
        (&claims["token_use"], claims["iss"].as_str().unwrap()),
        (&json!("access"), &*Issuer::Secondary.identifier())
    );

    for option in ["--issuer", "--pool"] {
        let [header, claims] = parts(&[option, "DEV"]);
        assert_eq!(header, json!({ "alg": "ES256", "kid": "dev-es256", "typ": "at+jwt" }));
        assert_eq!([&claims["iss"], &claims["aud"]], [&*Issuer::Dev.identifier(), AUDIENCE]);
        assert_eq!((&claims["client_id"], &claims["email"]), (&json!(Issuer::Dev.client()), &Value::Null));
    }
    let [header, claims] = parts(&["--issuer", "dev", "--use", "id", "--claim", "hd=\"example.com\""]);
    assert_eq!((&header["typ"], &claims["aud"]), (&json!("JWT"), &json!(Issuer::Dev.client())));
    assert_eq!((&claims["hd"], &claims["email_verified"]), (&json!("example.com"), &json!(true)));
}
