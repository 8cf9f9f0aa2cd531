//! What the template's rules accept is what the function starts with.

use super::parameters::samples;
use super::stack::{Stack, USERS, template};

#[test]
fn what_the_rules_accept_starts() {
    let template = template();
    let parameters = template["Parameters"].as_object().unwrap();
    let all: Vec<(&str, String)> = parameters
        .iter()
        .flat_map(|(name, parameter)| samples(name, parameter).into_iter().map(move |value| (name.as_str(), value)))
        .collect();
    let mut tried = 0;
    let mut refused = 0;
    let bases: [&[(&str, &str)]; 3] = [
        &USERS,
        &[("SecretsPrefix", "smac/prod")],
        &[
            USERS[0],
            USERS[1],
            ("SecretsPrefix", "smac/prod"),
            ("SecondUserPoolId", "eu-west-1_Def456"),
            ("SecondAppClientIds", "other"),
            ("UserPoolDomain", "one"),
            ("TokenUse", "ACCESS"),
        ],
    ];
    for base in bases {
        for (index, (one, value)) in all.iter().enumerate() {
            for (other, other_value) in all.iter().skip(index) {
                // The first of a name counts.
                let given = [&[(*other, other_value.as_str()), (*one, value)], base].concat();
                tried += 1;
                let stack = Stack::new(&given);
                if !stack.is_allowed() {
                    refused += 1;
                    continue;
                }
                let settings = stack.settings();
                assert!(settings.is_ok(), "{given:?}: {}", settings.unwrap_err());
                let settings = settings.unwrap();
                let is_set = |name: &str| {
                    given.iter().find(|(other, _)| *other == name).is_some_and(|(_, value)| !value.is_empty())
                };
                assert_eq!(settings.automation.is_some(), is_set("SecretsPrefix"));
                assert_eq!(settings.cognito.is_some(), is_set("UserPoolId"));
            }
        }
    }
    assert!(tried > 10_000 && refused > 100, "{tried} {refused}");
}

#[test]
fn the_rules_refuse_what_would_not_start_or_let_nobody_in() {
    let is_allowed = |given: &[(&str, &str)]| Stack::new(given).is_allowed();
    assert!(!is_allowed(&[]));
    assert!(is_allowed(&[("Mode", "OPTIONAL")]));
    assert!(is_allowed(&USERS));
    for more in [
        ("AppClientIds", ""),
        ("SecondUserPoolId", "eu-west-1_Def456"),
        ("CheckRevocation", "true"),
        ("ServiceIdHeaderName", "SMAC-Token"),
        ("ProvisionedConcurrency", "1"),
    ] {
        assert!(!is_allowed(&[more, USERS[0], USERS[1]]), "{more:?}");
    }
    assert!(!is_allowed(&[USERS[0], USERS[1], ("CreateAlarms", "true"), ("Metrics", "NONE")]));
    let revocation = [("CheckRevocation", "true"), ("TokenUse", "ACCESS"), ("UserPoolDomain", "x")];
    assert!(is_allowed(&[USERS.as_slice(), &revocation].concat()));
}
