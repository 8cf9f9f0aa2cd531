//! `check --live`: what the issuers publish, fetched with the function's own client and read as it reads it.

use std::sync::Arc;

use smac_lambda_authorizer::Settings;
use smac_lambda_authorizer::tools::{
    self, Algorithm, DiscoveryConfig, Document, Get, HttpClient, IssuerConfig, KeySet, KeysConfig, Location, Object,
    Rules,
};
use smac_local::command::{About as _, Problem, shown};
use url::Url;

/// So many issuers are asked side by side.
const AT_ONCE: usize = 8;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What was found about one thing, or why it was not.
pub(super) type Line = Result<String, String>;

/// Asks all issuers. What was found, with the issuer's name.
pub(super) async fn look(settings: &Settings) -> Result<Vec<(String, Line)>, Problem> {
    let parts = tools::parts(settings);
    let issuers = parts.tokens.map(|tokens| tokens.issuers.as_slice()).unwrap_or_default();
    let http = Arc::new(HttpClient::new(parts.http.clone()));
    let mut found = Vec::new();
    for some in issuers.chunks(AT_ONCE) {
        let ask = |issuer: &IssuerConfig| tokio::spawn(about(issuer.clone(), Arc::clone(&http)));
        let asked: Vec<_> = some.iter().map(ask).collect();
        for (issuer, lines) in some.iter().zip(asked) {
            let lines = lines.await.about(&issuer.name)?;
            found.extend(lines.into_iter().map(|line| (issuer.name.to_string(), line)));
        }
    }
    Ok(found)
}

/// The lines about one issuer.
async fn about(issuer: IssuerConfig, http: Arc<HttpClient>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut document = None;
    if let Some(config) = &issuer.discovery {
        match discover(config, &issuer, &http).await {
            Ok((found, line)) => {
                document = Some(found);
                lines.push(Ok(line));
            }
            Err(line) => lines.push(Err(line)),
        }
    }
    if let Some(keys) = issuer.keys.configured() {
        let note = if let KeysConfig::Fixed(_) = issuer.keys { ", and is never refreshed" } else { "" };
        lines.push(Ok(format!("key set in the settings: has {}{note}", keys_of(keys, &issuer.algorithms))));
    }
    if let KeysConfig::LookedUp { at, .. } = &issuer.keys {
        let url = match at {
            Location::Url(url) => Some(url),
            // Without a document there is no key set to ask for.
            Location::Discovered => document.as_ref().map(|document| &document.jwks_uri),
        };
        if let Some(url) = url {
            lines.push(fetch_keys(url, &issuer.algorithms, &http).await);
        }
    }
    lines
}

async fn discover(
    config: &DiscoveryConfig,
    issuer: &IssuerConfig,
    http: &HttpClient,
) -> Result<(Document, String), String> {
    let at = format!("discovery document at {}", without_query(&config.url));
    let body = fetch(&config.url, http).await.map_err(|problem| format!("{at}: {problem}"))?;
    let Some(document) = Document::parse(&body, config) else {
        return Err(format!("{at}: {}", problem_of(&body, &config.issuer)));
    };
    let asks = matches!(&issuer.rules, Rules::Oidc(rules) if rules.asks_user_info);
    let user_info = match &document.user_info {
        Some(url) => format!("userinfo_endpoint is {}", without_query(url)),
        None if asks => {
            return Err(format!("{at}: has no `userinfo_endpoint` that may be asked, and USER_INFO is true"));
        }
        None => "there is no userinfo_endpoint".to_owned(),
    };
    let key_set = without_query(&document.jwks_uri);
    let line = format!("{at}: its issuer is ISSUER, jwks_uri is {key_set}, {user_info}");
    Ok((document, line))
}

/// Why a document is not this issuer's.
fn problem_of(body: &[u8], issuer: &str) -> String {
    let Some(document) = Object::parse(body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)) else {
        return "is not a JSON object in which no name occurs twice".to_owned();
    };
    match (document.string("issuer"), document.string("jwks_uri")) {
        (None, _) => "has no `issuer`".to_owned(),
        (Some(other), _) if other != issuer => {
            format!("its issuer is `{}`, and ISSUER is `{issuer}`: they must be equal, byte for byte", shown(&other))
        }
        (Some(_), None) => "has no `jwks_uri`".to_owned(),
        (Some(_), Some(address)) => format!("its jwks_uri, `{}`, is not a plain https address", shown(&address)),
    }
}

async fn fetch_keys(url: &Url, algorithms: &[Algorithm], http: &HttpClient) -> Line {
    let at = format!("key set at {}", without_query(url));
    let body = fetch(url, http).await.map_err(|problem| format!("{at}: {problem}"))?;
    match KeySet::parse(&body, algorithms) {
        Ok(keys) => Ok(format!("{at}: has {}", keys_of(&keys, algorithms))),
        Err(error) => Err(format!("{at}: {error} ({})", names(algorithms))),
    }
}

/// How many keys there are for each algorithm.
fn keys_of(keys: &KeySet, algorithms: &[Algorithm]) -> String {
    let count = |algorithm: &Algorithm| match keys.count(*algorithm) {
        0 => format!("no key for {}", algorithm.name()),
        1 => format!("1 key for {}", algorithm.name()),
        count => format!("{count} keys for {}", algorithm.name()),
    };
    algorithms.iter().map(count).collect::<Vec<_>>().join(", ")
}

fn names(algorithms: &[Algorithm]) -> String {
    algorithms.iter().copied().map(Algorithm::name).collect::<Vec<_>>().join(", ")
}

async fn fetch(url: &Url, http: &HttpClient) -> Result<Vec<u8>, String> {
    match http.get(Get { url, bearer: None }, &http.budget(None)).await {
        Ok(response) if response.status.is_success() => Ok(response.body.to_vec()),
        Ok(response) => Err(format!("status {}", response.status.as_u16())),
        Err(error) => Err(error.to_string()),
    }
}

/// A query may hold anything.
fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    shown(url.as_str())
}
