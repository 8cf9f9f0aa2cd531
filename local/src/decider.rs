//! The real library, with its real HTTP and SDK clients, and the settings of a deployment.
//!
//! The development deployment asks its stand-ins. Another one asks its real upstreams with `--live`; otherwise what they
//! would answer is assumed, and a decision says so.

use std::time::Duration;

use smac_lambda_authorizer::tools::{self, Request};
use smac_lambda_authorizer::{Authorizer, Decision, Settings};
use smac_local::command::Problem;
use smac_local::deployment::CREDENTIALS;
use smac_local::progress;
use smac_local::stand_ins::StandIns;
use tokio::time::Instant;

use crate::decisions::Presented;
use crate::environment;
use crate::explain::{Asked, Assumptions, Token, offline};
use crate::source::{Deployment, Source};

/// As long as the template lets an invocation take.
const INVOCATION_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Decider {
    pub(crate) deployment: Deployment,
    pub(crate) settings: Settings,
    /// Asks upstreams; absent where what they answer is assumed.
    authorizer: Option<Authorizer>,
    has_credentials: bool,
}

/// The stand-ins of the development deployment, if that is meant.
pub(crate) async fn stand_ins(source: &Source) -> Result<Option<StandIns>, Problem> {
    if source.is_development() { crate::start(0).await.map(Some) } else { Ok(None) }
}

impl Decider {
    /// Reads the settings, and has its key sets.
    pub(crate) async fn new(source: &Source, stand_ins: Option<&StandIns>) -> Result<Self, Problem> {
        let deployment = source.read(stand_ins)?;
        let settings = deployment.settings()?;
        let asks = stand_ins.is_some() || deployment.is_live;
        let authorizer = if asks { Some(warm(settings.clone()).await) } else { None };
        let id = CREDENTIALS[0].0;
        let has_credentials =
            environment::value_of(&deployment.variables, id).is_some() || std::env::var_os(id).is_some();
        Ok(Self { deployment, settings, authorizer, has_credentials })
    }

    /// The decision, and who was asked for it.
    pub(crate) async fn decide(&self, event: &str) -> Result<(Decision, Asked), Problem> {
        let Some(authorizer) = &self.authorizer else {
            return self.decide_offline(event).await;
        };
        let decision = progress::during("deciding", authorizer.authorize(event, deadline())).await;
        Ok((decision, Asked::Live { has_credentials: self.has_credentials }))
    }

    async fn decide_offline(&self, event: &str) -> Result<(Decision, Asked), Problem> {
        let parts = &tools::parts(&self.settings);
        let request = Request::parse(event).ok();
        let presented = request.as_ref().map_or(Ok(Presented::None), |request| Presented::find(request, parts));
        let presented = presented.unwrap_or(Presented::None);
        let compact = if let Presented::Token(compact) = presented { Some(compact) } else { None };
        let token = compact.map(Token::read);
        let token = token.as_ref();
        let has_key = parts.tokens.zip(token).is_some_and(|(tokens, token)| offline::has_key_of(tokens, token));
        let unverifiable = compact.zip(token).filter(|_| !has_key);
        let signed_again = unverifiable.and_then(|(compact, token)| offline::signed_again(event, compact, token));
        let stand_in = offline::start(Assumptions::about(presented, token, parts)).await?;
        let mut variables = self.deployment.variables.clone();
        offline::redirect(&mut variables, &stand_in.url(), parts, has_key);
        let authorizer = warm(self.deployment.with(variables)?).await;
        let decision = authorizer.authorize(signed_again.as_deref().unwrap_or(event), deadline()).await;
        Ok((decision, Asked::Nobody { has_key }))
    }
}

async fn warm(settings: Settings) -> Authorizer {
    let authorizer = Authorizer::new(settings);
    progress::during("fetching key sets", authorizer.warm_up()).await;
    authorizer
}

fn deadline() -> Option<Instant> {
    Instant::now().checked_add(INVOCATION_TIMEOUT)
}
