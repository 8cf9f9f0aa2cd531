//! User pools: what is made of their variables, and what they need.

use smac_local::keys::Key;

use super::{POOL, is_mistake, mistakes, with};

#[test]
fn pools() {
    let key = |name: &str| format!("{POOL}{name}");
    let pool = |changes: &[(&str, &str)]| {
        let changes: Vec<_> = changes.iter().map(|(name, value)| (key(name), *value)).collect();
        let changes: Vec<_> = changes.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        with(&changes).map(|settings| settings.cognito.unwrap().pools[0].clone())
    };
    for (domain, expected) in [
        ("https://login.example.com", "https://login.example.com/oauth2/userInfo"),
        ("https://login.example.com/", "https://login.example.com/oauth2/userInfo"),
        ("login.example.com", "https://login.example.com/oauth2/userInfo"),
        ("my-prefix", "https://my-prefix.auth.eu-west-1.amazoncognito.com/oauth2/userInfo"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1/oauth2/userInfo"),
        ("http://localhost:1/x", "http://localhost:1/x/oauth2/userInfo"),
    ] {
        assert_eq!(pool(&[("DOMAIN", domain)]).unwrap().user_info_url.unwrap().as_str(), expected, "{domain}");
    }
    for domain in
        ["http://login.example.com", "ftp://x", "https://", "https://u:p@x.example", "https://x.example/?q", "a b"]
    {
        assert!(pool(&[("DOMAIN", domain)]).is_err(), "{domain}");
    }
    let china =
        pool(&[("USERPOOL_ID", "cn-north-1_Abc"), ("ISSUERS", "original,UPDATED,https://x.example/y")]).unwrap();
    assert_eq!(
        china.issuers,
        [
            "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Abc",
            "https://issuer-cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Abc",
            "https://x.example/y",
        ]
    );
    let government = pool(&[("USERPOOL_ID", "us-gov-west-1_Abc"), ("DOMAIN", "agency")]).unwrap();
    let url = "https://agency.auth-fips.us-gov-west-1.amazoncognito.com/oauth2/userInfo";
    assert_eq!(government.user_info_url.unwrap().as_str(), url);
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
    assert_eq!(overridden.issuers, ["https://cognito-idp.us-east-1.amazonaws.com/eu-west-1_Abc123"]);
    assert!(pool(&[("JWKS", &Key::Primary.key_set().to_string())]).unwrap().key_set.is_some());
    assert!(with(&[(&key("JWKS"), "keys.json"), ("LAMBDA_TASK_ROOT", "/var/task")]).is_ok());
    assert!(with(&[(&key("JWKS"), "/var/task/keys.json")]).is_ok());
}

#[test]
fn further_pools() {
    let second = "PROVIDER_COGNITO__USERPOOLS__MOBILE_APP__";
    let [id, client] = ["USERPOOL_ID", "APP_CLIENT_ID"].map(|name| format!("{second}{name}"));
    let settings = with(&[(&id, "eu-west-1_Other"), (&client, "a,b")]).unwrap().cognito.unwrap();
    let names: Vec<_> = settings.pools.iter().map(|pool| (pool.name.as_str(), pool.clients.len())).collect();
    assert_eq!(names, [("PRIMARY", 1), ("MOBILE_APP", 2)]);
    assert_eq!(mistakes(&[(&id, "eu-west-1_Other")]), [format!("{client}: is required")]);
    assert_eq!(with(&[(&id, ""), (&client, " ")]).unwrap().cognito.unwrap().pools.len(), 1);
    let same = mistakes(&[(&id, "eu-west-1_Abc123"), (&client, "a")]);
    assert_eq!(same, [format!("{id}: has an issuer of the pool PRIMARY")]);
}

#[test]
fn revocation_needs_access_tokens_and_domains() {
    let check = ("PROVIDER_COGNITO__CHECK_REVOCATION", "true");
    let only_access = ("PROVIDER_COGNITO__TOKEN_USE", "ACCESS");
    let domain = format!("{POOL}DOMAIN");
    assert!(with(&[check, only_access, (&domain, "x")]).is_ok());
    assert_eq!(mistakes(&[check, only_access]), [format!("{domain}: is required with CHECK_REVOCATION")]);
    let use_mistake = format!("{}: needs TOKEN_USE=ACCESS: an ID token can't be asked about", check.0);
    assert_eq!(mistakes(&[check, (&domain, "x")]), [use_mistake]);
}
