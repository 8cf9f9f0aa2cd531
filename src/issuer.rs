//! Who may issue tokens: each issuer with its names, its algorithms, its keys, and the rules for its tokens.

pub(crate) mod cognito;
pub(crate) mod oidc;
mod subject;
pub(crate) mod user_id;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::JoinSet;
use url::Url;

use crate::clock::Clock;
use crate::discovery::{self, Discovery};
use crate::error::{Refusal, Unauthorized};
use crate::http::HttpClient;
use crate::jws::{SignedClaims, Unverified};
use crate::keys::{self, Algorithm, IssuerKeys};
use crate::trace::Trace;
use crate::user_info::UserInfo;

pub(crate) use subject::{Identified, Subject};

/// Issuers that are asked while the function starts, at most: the first ones. The rest are asked when needed.
const MAX_ASKED_AT_START: usize = 8;

/// One issuer, as it is configured.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name in the settings.
    pub name: Arc<str>,
    /// What access rules call it: a pool's id, another issuer's name in upper case.
    pub realm: Arc<str>,
    /// The values of `iss` that name it; at least one, and none names another issuer.
    pub identifiers: Vec<String>,
    /// The algorithms that it may use; at least one.
    pub algorithms: Vec<Algorithm>,
    /// Its discovery document, if that is needed.
    pub discovery: Option<discovery::Config>,
    /// Its keys.
    pub keys: keys::Config,
    /// The rules for its tokens.
    pub rules: Rules,
}

/// The rules for the claims of an issuer's tokens.
#[derive(Clone, Debug)]
pub enum Rules {
    /// A Cognito user pool.
    Pool(cognito::Rules),
    /// Any OIDC issuer.
    Oidc(oidc::Rules),
}

/// One issuer.
#[derive(Debug)]
pub(crate) struct Issuer {
    pub(crate) name: Arc<str>,
    /// The first of the values of `iss` that name it.
    pub(crate) identifier: String,
    pub(crate) realm: Arc<str>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) keys: IssuerKeys,
    discovery: Option<Arc<Discovery>>,
    rules: Rules,
}

impl Issuer {
    /// Who the token identifies, by the rules of this issuer.
    ///
    /// # Errors
    /// The first rule that the token breaks, or the fault that keeps us from telling.
    pub(crate) async fn identify(
        &self,
        subject: &Subject<'_>,
        user_info: &UserInfo,
        trace: &mut Trace,
    ) -> Result<Identified, Refusal> {
        match &self.rules {
            Rules::Pool(rules) => rules.identify(subject, user_info, trace).await,
            Rules::Oidc(rules) => rules.identify(subject, self.discovery.as_deref(), user_info, trace).await,
        }
    }

    /// The groups of a token's user.
    pub(crate) fn groups(&self, claims: &SignedClaims) -> Vec<String> {
        match &self.rules {
            Rules::Pool(_) => cognito::groups(claims).into_iter().map(Cow::into_owned).collect(),
            Rules::Oidc(rules) => {
                rules.groups(claims).into_iter().map(Cow::into_owned).filter(|group| !group.is_empty()).collect()
            }
        }
    }

    /// Whether a token is an access token, or else an ID token.
    pub(crate) fn is_access_token(&self, claims: &SignedClaims) -> bool {
        match &self.rules {
            Rules::Pool(_) => cognito::is_access_token(claims),
            Rules::Oidc(rules) => rules.is_access_token(claims),
        }
    }

    /// Opens connections to those who may be asked about the users of tokens.
    async fn connect(&self, http: &HttpClient, trace: &mut Trace) {
        match &self.rules {
            Rules::Pool(rules) => {
                let [user_info, get_user] = rules.asked().map(|url| open_ahead(http, url));
                tokio::join!(user_info, get_user);
            }
            Rules::Oidc(rules) => {
                // Nobody is asked for a document that the keys don't need.
                if let Some(discovery) =
                    self.discovery.as_ref().filter(|_| rules.asks_user_info && self.keys.need_discovery())
                    && let Ok(document) = discovery.document(trace).await
                {
                    open_ahead(http, document.user_info.as_ref()).await;
                }
            }
        }
    }
}

async fn open_ahead(http: &HttpClient, url: Option<&Url>) {
    if let Some(url) = url {
        http.open_ahead(url).await;
    }
}

/// All issuers, by the values of `iss` that name them.
#[derive(Debug)]
pub(crate) struct Issuers {
    all: Vec<Arc<Issuer>>,
    by_identifier: HashMap<String, Arc<Issuer>>,
    http: Arc<HttpClient>,
    /// What any of them may use.
    algorithms: Vec<Algorithm>,
    clock: Clock,
}

impl Issuers {
    pub(crate) fn new(configs: Vec<Config>, clock: &Clock, http: &Arc<HttpClient>) -> Self {
        let mut all = Vec::with_capacity(configs.len());
        let mut by_identifier = HashMap::new();
        let mut allowed: Vec<Algorithm> = Vec::new();
        for Config { name, realm, identifiers, algorithms, discovery, keys, rules } in configs {
            let discovery = discovery.map(|config| Arc::new(Discovery::new(config, clock, http)));
            let keys = IssuerKeys::new(keys, &algorithms, discovery.as_ref(), clock, http);
            let identifier = identifiers.first().cloned().unwrap_or_default();
            allowed.extend(
                algorithms.iter().filter(|algorithm| !allowed.contains(algorithm)).copied().collect::<Vec<_>>(),
            );
            let issuer = Arc::new(Issuer { name, realm, identifier, algorithms, keys, discovery, rules });
            by_identifier.extend(identifiers.into_iter().map(|identifier| (identifier, Arc::clone(&issuer))));
            all.push(issuer);
        }
        Self { all, by_identifier, http: Arc::clone(http), algorithms: allowed, clock: clock.clone() }
    }

    /// Whether some issuer may use this algorithm.
    pub(crate) fn allow(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    /// The issuer that the token names. A token only chooses among those that are configured.
    ///
    /// # Errors
    /// [`Unauthorized::IssuerUnknown`]
    pub(crate) fn of(&self, token: &Unverified<'_>) -> Result<&Issuer, Unauthorized> {
        let identifier = token.issuer().ok_or(Unauthorized::IssuerUnknown)?;
        self.by_identifier.get(identifier.as_ref()).map(AsRef::as_ref).ok_or(Unauthorized::IssuerUnknown)
    }

    /// Whether some key set is not configured, and has to be fetched.
    pub(crate) fn need_keys(&self) -> bool {
        self.all.iter().any(|issuer| issuer.keys.needs_fetch())
    }

    /// Fetches the key sets of the first issuers, side by side, and counts that in `trace`. What fails or takes too long
    /// is tried again when it is needed.
    pub(crate) async fn fetch_keys(&self, trace: &mut Trace) {
        let mut fetches = JoinSet::new();
        for issuer in self.all.iter().filter(|issuer| issuer.keys.needs_fetch()).take(MAX_ASKED_AT_START) {
            let issuer = Arc::clone(issuer);
            let mut trace = Trace::new(self.clock.now(), None);
            fetches.spawn(async move {
                issuer.keys.warm_up(&mut trace).await;
                trace
            });
        }
        while let Some(fetched) = fetches.join_next().await {
            if let Ok(fetched) = fetched {
                trace.add_calls(&fetched);
            }
        }
    }

    /// Opens connections to whom the first issuers' tokens may need, side by side, and counts in `trace` what that takes.
    pub(crate) async fn connect(&self, trace: &mut Trace) {
        let mut connections = JoinSet::new();
        for issuer in self.all.iter().take(MAX_ASKED_AT_START) {
            let (issuer, http) = (Arc::clone(issuer), Arc::clone(&self.http));
            let mut trace = Trace::new(self.clock.now(), None);
            connections.spawn(async move {
                issuer.connect(&http, &mut trace).await;
                trace
            });
        }
        while let Some(connected) = connections.join_next().await {
            if let Ok(connected) = connected {
                trace.add_calls(&connected);
            }
        }
    }
}
