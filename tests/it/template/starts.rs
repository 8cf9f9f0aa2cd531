//! What the template's rules accept is what the function starts with.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use smac_lambda_authorizer::tools;

use super::parameters::samples;
use super::stack::{Stack, USERS, template, text};

/// The parameters with the settings that have no parameter: what they hold is for `cargo local check` to judge.
const OTHER_SETTINGS: &str = "ExtraSettings";

const WITH_OTHERS: &[(&str, &str)] = &[
    USERS[0],
    USERS[1],
    ("SecretsPrefix", "smac/prod"),
    ("UserPoolDomain", "one"),
    (
        OTHER_SETTINGS,
        r#"{"PROVIDER_COGNITO": {"TOKEN_USE": "ACCESS", "CHECK_REVOCATION": true}, "POLICY__SCOPE": "METHOD"}"#,
    ),
];

const OIDC: [(&str, &str); 2] = [("OidcIssuer", "https://login.example.com"), ("OidcAudience", "api")];

const USERS_AND_OIDC: &[(&str, &str)] = &[USERS[0], USERS[1], OIDC[0], OIDC[1], ("OidcUserIdPrefix", "oidc:")];

/// Stacks that work.
const BASES: [&[(&str, &str)]; 6] = [
    &USERS,
    &OIDC,
    USERS_AND_OIDC,
    &[("SecretsPrefix", "smac/prod")],
    WITH_OTHERS,
    &[("Mode", "OPTIONAL"), ("SecretsPrefix", "")],
];

/// Values that look like others, are empty in one way and not in another, or end what they are put into.
const ODD: &[&str] = &[
    " ",
    "  ",
    "\t",
    "\n",
    "a\n",
    "\r\n",
    ",",
    ",,",
    " , ",
    ",\t,",
    "a,",
    ",a",
    "a,,b",
    "a, b",
    "a ,b",
    " a",
    "a ",
    "a b",
    "[",
    "[]",
    "[\"\"]",
    "[\"a\"]",
    "[a",
    "]",
    "{",
    "{}",
    "{\"keys\":[]}",
    "null",
    "\"",
    "'",
    "\\",
    "`",
    "$",
    "${AWS::Region}",
    "\u{a0}",
    "\u{a0}a",
    "\u{85}",
    "\u{1680}",
    "\u{2003}",
    "\u{2028}",
    "\u{3000}",
    "\u{3000},a",
    "\u{feff}",
    "\u{0}",
    "a\u{0}",
    "\u{7f}",
    "é",
    "ü,é",
    "İ",
    "ﬀ",
    "日本",
    "👋",
    "%",
    "%20",
    "a=b",
    "a=",
    "a;b",
    "a:b",
    "a/b",
    "/",
    "//",
    "/a",
    "a/",
    "claims",
    "userId",
    "principalType",
    "reason",
    "webSocketProtocol",
    "a,userId",
    "userId,a",
    " claims",
    "claims ",
    "a, reason ,b",
    "a=userId",
    "userId=a",
    "a=b,c=b",
    "a=b, c = b",
    "a,b=a",
    "b=a,a",
    "a,a",
    "a=a",
    "a=b=c",
    "=a",
    "=",
    "a,=b",
    "a= b",
    "a=b,ab=bb",
    "CLAIMS",
    "Claims",
    "claims2",
    "https://",
    "https://a",
    "https://a.b",
    "https://a.b/",
    "https://a.b/c",
    "https://a.b/c?d=e",
    "https://a.b#c",
    "https://u:p@a.b",
    "https://a.b:99999",
    "https://a.b:443",
    "http://a.b",
    "HTTPS://a.b",
    "https://a..b",
    "https://xn--a.b",
    "https://1.2.3.4",
    "https://1.2.3.4.5",
    "https://a.1",
    "https://a.0x1",
    "https://[::1]",
    "https://a_b.c",
    "https://-a.b",
    "https://a.b,https://a.b",
    "ORIGINAL,ORIGINAL",
    "original",
    "ORIGINAL,",
    "UPDATED, ORIGINAL",
    "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Def456",
    "a.b",
    "A.B",
    "a.b/c",
    "-a",
    "a-",
    "xn--a",
    "localhost",
    "1.2.3",
    "1",
    "::",
    "[::1]",
    "-_x",
    "_x",
    "eu-west-1_",
    "eu-west-1_a b",
    "eu-west-1_a_b",
    "EU-WEST-1_a",
    "us-gov-west-1_a",
    "cn-north-1_a",
    "eusc-de-east-1_a",
    "smac-token",
    "SMAC-Token",
    "Smac-Principal",
    "smac-principal",
    "authorization",
    "X-Id",
    "a\u{300}",
    "true",
    "TRUE",
    "-1",
    "0",
    "00",
    "1e3",
    "1.5",
    "9999999999999999999",
    "{{resolve:ssm:/x}}",
    "*",
    "?",
    "a*",
];

fn parameters() -> Vec<(String, Value)> {
    template()["Parameters"].as_object().unwrap().clone().into_iter().collect()
}

/// Whether CloudFormation would deploy this; the function starts then, or the rules have a hole. Of two values of a
/// parameter the first counts.
fn is_accepted(given: &[(&str, &str)]) -> bool {
    let Ok(stack) = Stack::with(given) else { return false };
    if !stack.is_allowed() {
        return false;
    }
    let settings = stack.settings().unwrap_or_else(|mistakes| panic!("{given:?}: {mistakes}"));
    // And it is the deployment that was meant.
    let is_set =
        |name: &str| given.iter().find(|(other, _)| *other == name).is_some_and(|(_, value)| !value.is_empty());
    assert_eq!(tools::parts(&settings).services.is_some(), is_set("SecretsPrefix"), "{given:?}");
    let issuers = tools::parts(&settings).tokens.map_or(0, |tokens| tokens.issuers.len());
    assert_eq!(issuers, ["UserPoolId", "OidcIssuer"].into_iter().filter(|name| is_set(name)).count(), "{given:?}");
    true
}

#[test]
fn what_the_rules_accept_starts() {
    let parameters = parameters();
    let all: Vec<(&str, String)> = parameters
        .iter()
        .flat_map(|(name, parameter)| samples(name, parameter).into_iter().map(move |value| (name.as_str(), value)))
        .collect();
    let (mut accepted, mut refused) = (0, 0);
    for base in &BASES[..5] {
        for (index, (one, value)) in all.iter().enumerate() {
            for (other, other_value) in all.iter().skip(index) {
                let given = [&[(*other, other_value.as_str()), (*one, value)], *base].concat();
                *if is_accepted(&given) { &mut accepted } else { &mut refused } += 1;
            }
        }
    }
    assert!(accepted > 10_000 && refused > 100, "{accepted} {refused}");
}

#[test]
fn odd_values_are_refused_by_the_rules_or_start() {
    let (mut accepted, mut refused) = (0, 0);
    for (name, _) in parameters().into_iter().filter(|(name, _)| name != OTHER_SETTINGS) {
        for value in ODD {
            for base in BASES {
                let given = [&[(name.as_str(), *value)], base].concat();
                *if is_accepted(&given) { &mut accepted } else { &mut refused } += 1;
            }
        }
    }
    assert!(accepted > 500 && refused > 5_000, "{accepted} {refused}");
}

/// A pattern without its anchors and without what it looks ahead for: what it makes is checked against the whole.
fn generator(pattern: &str) -> String {
    let mut result = String::new();
    let mut rest = pattern.trim_start_matches('^').trim_end_matches('$');
    while let Some(start) = rest.find("(?=").or_else(|| rest.find("(?!")) {
        let mut depth = 0;
        let end = rest[start..].find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        result.push_str(&rest[..start]);
        rest = &rest[start + end.unwrap() + 1..];
    }
    result + rest
}

/// Values of a parameter: good ones, odd ones, and what its pattern makes.
fn values(name: &str, parameter: &Value) -> BoxedStrategy<String> {
    let good = prop_oneof![4 => Just(text(&parameter["Default"])), 1 => prop::sample::select(samples(name, parameter))];
    if parameter.get("AllowedValues").is_some() || parameter["Type"] == "Number" || name == OTHER_SETTINGS {
        return good.boxed();
    }
    let odd = prop::sample::select(ODD).prop_map(str::to_owned);
    let generated = match parameter["AllowedPattern"].as_str() {
        Some(pattern) => string_regex(&generator(pattern)).unwrap_or_else(|why| panic!("{name}: {why}")).boxed(),
        None => ".*".boxed(),
    };
    prop_oneof![6 => good, 3 => generated, 1 => odd].boxed()
}

#[test]
fn what_the_patterns_make_is_refused_by_the_rules_or_starts() {
    let parameters = parameters();
    let each: Vec<_> =
        parameters.iter().map(|(name, parameter)| (Just(name.clone()), values(name, parameter)).boxed()).collect();
    let some = prop::collection::vec(prop::sample::select(each).prop_flat_map(|one| one), 1..6);
    let accepted = AtomicUsize::new(0);
    let config = ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&(some, 0..BASES.len()), |(some, base)| {
        let some = some.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let given: Vec<_> = some.chain(BASES[base].iter().copied()).collect();
        accepted.fetch_add(usize::from(is_accepted(&given)), Ordering::Relaxed);
        Ok(())
    });
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    assert!(accepted.into_inner() > 500);
}

#[test]
fn each_pattern_means_the_same_to_java_and_here() {
    for (name, parameter) in parameters() {
        let is_free = parameter["Type"] == "String" && parameter.get("AllowedValues").is_none();
        let Some(pattern) = parameter["AllowedPattern"].as_str() else {
            assert!(!is_free, "{name} has no pattern");
            continue;
        };
        assert!(pattern.starts_with('^') && pattern.ends_with('$'), "{name}");
        // Java's classes are ASCII, and those of the regular expressions here are not.
        for class in [r"\s", r"\S", r"\d", r"\D", r"\w", r"\W", r"\b", "[:", "&&"] {
            assert!(!pattern.contains(class), "{name}: {class}");
        }
        assert!(parameter["ConstraintDescription"].as_str().is_some_and(|text| text.starts_with("must ")), "{name}");
    }
}

#[test]
fn each_key_of_the_context_is_there_once_and_is_not_one_that_the_context_has_already() {
    for (value, expected) in [
        ("name,custom:tenant=tenant", true),
        ("a=b,ab=bb,b=a", true),
        ("userId=id , claims=c", true),
        ("a=b,c=b", false),
        ("b,a=b", false),
        ("a=b , b", false),
        ("x,a,y,b=a,z", false),
        ("a=claims", false),
        ("a=b=c", false),
        ("a=", false),
        ("=a", false),
    ] {
        assert_eq!(Stack::with(&[("ContextClaims", value)]).is_ok(), expected, "{value}");
    }
}

#[test]
fn the_rules_refuse_what_would_not_start_or_allow_nobody() {
    let is_allowed = |given: &[(&str, &str)]| Stack::new(given).is_allowed();
    assert!(!is_allowed(&[]));
    assert!(is_allowed(&[("Mode", "OPTIONAL")]));
    assert!(is_allowed(&USERS));
    assert!(is_allowed(&OIDC) && !is_allowed(&OIDC[..1]));
    assert!(is_allowed(&[("SettingsFile", "settings.json")]));
    let both = [USERS.as_slice(), &OIDC].concat();
    assert!(!is_allowed(&both) && is_allowed(&[both.as_slice(), &[("OidcUserIdPrefix", "oidc:")]].concat()));
    for more in [
        ("AppClientIds", ""),
        ("ProvisionedConcurrency", "1"),
        ("DeploymentPreference", "Canary10Percent15Minutes"),
        ("SubnetIds", "subnet-01234567"),
        ("SecurityGroupIds", "sg-01234567"),
    ] {
        assert!(!is_allowed(&[more, USERS[0], USERS[1]]), "{more:?}");
    }
    let alarms = ("CreateAlarms", "true");
    assert!(!is_allowed(&[USERS[0], USERS[1], alarms, ("Metrics", "NONE")]));
    let steps =
        [USERS[0], USERS[1], ("DeploymentPreference", "Linear10PercentEvery3Minutes"), ("Release", "1"), alarms];
    assert!(is_allowed(&steps) && !is_allowed(&steps[..4]));
    let others = [(OTHER_SETTINGS, r#"{"MODE": "OPTIONAL"}"#), ("SettingsFile", "settings.json")];
    assert!(is_allowed(&others[..1]) && is_allowed(&others[1..]) && !is_allowed(&others));
    for value in ["JWT__LEEWAY_SECONDS=30", "[]", r#"{"a": "{{resolve:ssm:/x}}"}"#, "{\n}", "{} "] {
        assert!(Stack::with(&[(OTHER_SETTINGS, value)]).is_err(), "{value}");
    }
    let vpc = [("SubnetIds", "subnet-01234567,subnet-89abcdef"), ("SecurityGroupIds", "sg-01234567")];
    assert!(is_allowed(&[USERS.as_slice(), &vpc].concat()));
}
