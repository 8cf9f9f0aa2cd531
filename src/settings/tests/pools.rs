//! User pools: what is made of their variables, and what they need.

use smac_local::keys::Key;

use super::{POOL, is_mistake, mistakes, pools, with};

#[test]
fn addresses() {
    let key = |name: &str| format!("{POOL}{name}");
    let pool = |changes: &[(&str, &str)]| {
        let changes: Vec<_> = changes.iter().map(|(name, value)| (key(name), *value)).collect();
        let changes: Vec<_> = changes.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        with(&changes).map(|settings| {
            let (issuer, rules) = pools(&settings)[0];
            (issuer.clone(), rules.clone())
        })
    };
    for (domain, expected) in [
        ("https://login.example.com", "https://login.example.com/oauth2/userInfo"),
        ("https://login.example.com/", "https://login.example.com/oauth2/userInfo"),
        ("login.example.com", "https://login.example.com/oauth2/userInfo"),
        ("my-prefix", "https://my-prefix.auth.eu-west-1.amazoncognito.com/oauth2/userInfo"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1/oauth2/userInfo"),
        ("http://localhost:1/x", "http://localhost:1/x/oauth2/userInfo"),
    ] {
        assert_eq!(pool(&[("DOMAIN", domain)]).unwrap().1.user_info_url.unwrap().as_str(), expected, "{domain}");
    }
    for domain in
        ["http://login.example.com", "ftp://x", "https://", "https://u:p@x.example", "https://x.example/?q", "a b"]
    {
        assert!(pool(&[("DOMAIN", domain)]).is_err(), "{domain}");
    }
    let china =
        pool(&[("USERPOOL_ID", "cn-north-1_Abc"), ("ISSUERS", "original,UPDATED,https://x.example/y")]).unwrap().0;
    assert_eq!(
        china.identifiers,
        [
            "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Abc",
            "https://issuer-cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Abc",
            "https://x.example/y",
        ]
    );
    for (id, issuer, user_info, get_user) in [
        (
            "us-gov-west-1_Abc",
            "https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_Abc",
            "https://agency.auth-fips.us-gov-west-1.amazoncognito.com/oauth2/userInfo",
            "https://cognito-idp.us-gov-west-1.amazonaws.com/",
        ),
        (
            "eusc-de-east-1_Abc",
            "https://cognito-idp.eusc-de-east-1.amazonaws.eu/eusc-de-east-1_Abc",
            "https://agency.auth.cognito-idp.eusc-de-east-1.on.amazonwebservices.eu/oauth2/userInfo",
            "https://cognito-idp.eusc-de-east-1.amazonaws.eu/",
        ),
    ] {
        let (config, rules) = pool(&[("USERPOOL_ID", id), ("DOMAIN", "agency")]).unwrap();
        assert_eq!(config.identifiers, [issuer]);
        assert_eq!(rules.user_info_url.unwrap().as_str(), user_info);
        assert_eq!(rules.get_user_url.unwrap().as_str(), get_user);
    }
    for (name, value) in [
        ("USERPOOL_ID", ""),
        ("USERPOOL_ID", "Abc"),
        ("USERPOOL_ID", "eu-west-1_"),
        ("USERPOOL_ID", "eu-west-1_a/b"),
        ("USERPOOL_ID", "eu west_a"),
        ("APP_CLIENT_ID", ""),
        ("APP_CLIENT_ID", ","),
        ("REGION", "Ireland!"),
        ("ISSUERS", "http://x.example"),
        ("ISSUERS", "OLD"),
        ("JWKS", "{}"),
        ("JWKS", r#"{"keys":[]}"#),
        ("JWKS", "nowhere.json"),
    ] {
        assert!(is_mistake(&key(name), value), "{name}={value}");
    }
    let overridden = pool(&[("REGION", "us-east-1")]).unwrap();
    assert_eq!(overridden.0.identifiers, ["https://cognito-idp.us-east-1.amazonaws.com/eu-west-1_Abc123"]);
    assert!(pool(&[("JWKS", &Key::Primary.key_set().to_string())]).unwrap().0.keys.configured().is_some());
    // A byte-order mark is what editors put before a file.
    assert!(pool(&[("JWKS", &format!("\u{feff}{}", Key::Primary.key_set()))]).is_ok());
    assert!(with(&[(&key("JWKS"), "keys.json"), ("LAMBDA_TASK_ROOT", "/var/task")]).is_ok());
    assert!(with(&[(&key("JWKS"), "/var/task/keys.json")]).is_ok());
}

#[test]
fn further_pools() {
    let second = "PROVIDER_COGNITO__USERPOOLS__MOBILE_APP__";
    let [id, client] = ["USERPOOL_ID", "APP_CLIENT_ID"].map(|name| format!("{second}{name}"));
    let settings = with(&[(&id, "eu-west-1_Other"), (&client, "a,b")]).unwrap();
    let names: Vec<_> =
        pools(&settings).iter().map(|(issuer, rules)| (issuer.name.as_ref(), rules.clients.len())).collect();
    assert_eq!(names, [("PRIMARY", 1), ("MOBILE_APP", 2)]);
    assert_eq!(mistakes(&[(&id, "eu-west-1_Other")]), [format!("{client}: is required")]);
    assert_eq!(pools(&with(&[(&id, ""), (&client, " ")]).unwrap()).len(), 1);
    let named_like_a_setting = "PROVIDER_COGNITO__USERPOOLS__OLD_USERPOOL_ID__";
    let [old_id, old_client] = ["USERPOOL_ID", "APP_CLIENT_ID"].map(|name| format!("{named_like_a_setting}{name}"));
    assert_eq!(pools(&with(&[(&old_id, "eu-west-1_Old"), (&old_client, "a")]).unwrap()).len(), 2);
    let same = mistakes(&[(&id, "eu-west-1_Abc123"), (&client, "a")]);
    assert_eq!(same, [format!("{id}: has an issuer of the pool PRIMARY")]);
}

#[test]
fn revocation_needs_access_tokens_and_somebody_to_ask() {
    let check = ("PROVIDER_COGNITO__CHECK_REVOCATION", "true");
    let only_access = ("PROVIDER_COGNITO__TOKEN_USE", "ACCESS");
    let domain = format!("{POOL}DOMAIN");
    assert!(with(&[check, only_access, (&domain, "x")]).is_ok());
    assert!(with(&[check, only_access]).is_ok(), "GetUser can be asked");
    let nobody = mistakes(&[check, only_access, ("PROVIDER_COGNITO__GET_USER", "false")]);
    assert_eq!(nobody, [format!("{domain}: or GET_USER is required with CHECK_REVOCATION")]);
    let use_mistake = format!("{}: requires TOKEN_USE=ACCESS: nobody can be asked about an ID token", check.0);
    assert_eq!(mistakes(&[check, (&domain, "x")]), [use_mistake]);
}

#[test]
fn an_issuer_may_be_http_where_it_is_only_compared() {
    let issuers = format!("{POOL}ISSUERS");
    let local = "http://localhost.localstack.cloud:4566/eu-west-1_Abc123";
    assert!(is_mistake(&issuers, local));
    let endpoint = ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://localhost.localstack.cloud:4566");
    let settings = with(&[endpoint, (&issuers, local)]).unwrap();
    let (issuer, rules) = pools(&settings)[0];
    assert_eq!(issuer.identifiers, [local]);
    assert_eq!(issuer.keys.url().unwrap().as_str(), format!("{}/eu-west-1_Abc123/.well-known/jwks.json", endpoint.1));
    assert_eq!(rules.get_user_url.as_ref().unwrap().as_str(), format!("{}/", endpoint.1));
    assert!(with(&[(&issuers, "http://localhost:4566/eu-west-1_Abc123")]).is_ok());
}
