//! What the tests have in common: an authorizer against the stand-ins, events, and short ways to ask it.

pub mod attacks;
pub mod between;
pub mod files;
pub mod issuer;
pub mod log;
pub mod oidc;
pub mod own_process;
pub mod runtime_api;
pub mod signer;
pub mod site;
pub mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use smac_lambda_authorizer::tools::{self, Limit};
use smac_lambda_authorizer::{Answer, Authorizer, Clock, Decision, Invocation, Mistakes, Settings};
use smac_local::deployment::{self, SECRETS_PREFIX, SERVICE, SERVICE_TOKEN};
use smac_local::stand_ins::{StandIns, Upstream};
use smac_local::token::{Token, Use};
use tokio::time::Instant;

pub const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/pets/42";
pub const STAGE: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/*";
pub const POOLS: &str = "PROVIDER_COGNITO__USERPOOLS";
pub const UNAUTHORIZED: &str = "Unauthorized";

/// For tests that are not async.
pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The stored secret of the service.
pub fn secret_name() -> String {
    format!("{SECRETS_PREFIX}/{SERVICE}")
}

/// An authorizer, its stand-ins, and its clock, which can be set forward.
pub struct World {
    pub stand_ins: StandIns,
    authorizer: Authorizer,
    ahead: Arc<AtomicU64>,
}

/// The pools and the service of the development deployment with other settings; an empty value removes one.
pub async fn world(settings: &[(&str, &str)]) -> World {
    world_with(settings, SystemTime::now).await
}

/// The whole development deployment, which has an OIDC issuer too.
pub async fn world_with_oidc(settings: &[(&str, &str)]) -> World {
    world_within(deployment::environment, settings, SystemTime::now, |settings| settings).await
}

/// The same, whose clock stands still until it is set forward: a slow machine changes nothing.
pub async fn still_world(settings: &[(&str, &str)]) -> World {
    let start = SystemTime::now();
    world_with(settings, move || start).await
}

/// The same, with other limits on lookups: of those that miss, and of those for one user.
pub async fn still_world_with_limits(misses: Limit, per_user: Limit) -> World {
    let start = SystemTime::now();
    world_within(deployment::of_pools, &[], move || start, |settings| tools::with_limits(settings, misses, per_user))
        .await
}

async fn world_with(settings: &[(&str, &str)], now: impl Fn() -> SystemTime + Send + Sync + 'static) -> World {
    world_within(deployment::of_pools, settings, now, |settings| settings).await
}

async fn world_within(
    deployment: impl Fn(&str) -> Vec<(String, String)>,
    settings: &[(&str, &str)],
    now: impl Fn() -> SystemTime + Send + Sync + 'static,
    change: impl Fn(Settings) -> Settings,
) -> World {
    let stand_ins = StandIns::start(0).await.unwrap();
    let ahead = Arc::new(AtomicU64::new(0));
    let millis = Arc::clone(&ahead);
    let clock = Clock::new(move || now() + Duration::from_millis(millis.load(Ordering::SeqCst)));
    let mut environment = deployment(&stand_ins.base_url());
    for (name, value) in settings {
        let is_others = name.starts_with("AWS_") || name.to_lowercase().ends_with("_proxy");
        let name = if is_others { (*name).to_owned() } else { format!("SMAC__AUTH__{name}") };
        environment.retain(|(other, _)| *other != name);
        environment.push((name, value.replace("{base}", &stand_ins.base_url())));
    }
    let settings = change(parse(environment).unwrap());
    World { stand_ins, authorizer: Authorizer::with_clock(settings, clock), ahead }
}

pub fn parse(variables: impl IntoIterator<Item = (String, String)>) -> Result<Settings, Mistakes> {
    Settings::from_variables(variables, |path| std::fs::read_to_string(path))
}

impl World {
    pub fn pass(&self, seconds: u64) {
        self.ahead.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// What happens while Lambda starts the function.
    pub async fn warm_up(&self) {
        self.authorizer.warm_up().await;
    }

    /// The same, where what saves time later may take this long.
    pub async fn warm_up_within(&self, ahead: Duration) {
        self.authorizer.warm_up_within(ahead).await;
    }

    pub async fn ask(&self, event: &Value) -> Told {
        self.ask_with_string(&event.to_string()).await
    }

    /// With what may be no JSON.
    pub async fn ask_with_string(&self, event: &str) -> Told {
        Told(self.authorizer.authorize(event, None).await)
    }

    pub async fn ask_until(&self, event: &Value, limit: Duration) -> Told {
        Told(self.authorizer.authorize(&event.to_string(), Some(Instant::now() + limit)).await)
    }

    pub async fn ask_with_token(&self, token: &str) -> Told {
        self.ask(&bearer(token)).await
    }

    pub async fn ask_with_pair(&self, id: &str, token: &str) -> Told {
        self.ask(&pair(id, token)).await
    }

    pub async fn ask_as_service(&self) -> Told {
        self.ask_with_pair(SERVICE, SERVICE_TOKEN).await
    }

    /// How often key sets, userInfo and secrets were asked for.
    pub fn calls(&self) -> [usize; 3] {
        [Upstream::KeySet, Upstream::UserInfo, Upstream::Secret].map(|upstream| self.stand_ins.calls(upstream))
    }
}

/// A decision, easy to compare.
pub struct Told(Decision);

impl Told {
    pub const fn of(decision: Decision) -> Self {
        Self(decision)
    }

    /// `allowed`, or the reason.
    pub fn reason(&self) -> &'static str {
        self.0.outcome().reason().unwrap_or("allowed")
    }

    /// The response, or the error's message.
    pub fn answer(&self) -> Value {
        match self.0.answer() {
            Answer::Response(json) => serde_json::from_str(json.get()).unwrap(),
            Answer::Error(error) => error.to_string().into(),
        }
    }

    pub fn user_id(&self) -> String {
        self.answer()["context"]["userId"].as_str().unwrap_or_default().to_owned()
    }

    /// The log line, as it is written.
    pub fn raw_line(&self) -> Vec<u8> {
        self.0.log_line(Invocation::new("test-request", None))
    }

    /// The log line, as JSON.
    pub fn line(&self) -> Value {
        serde_json::from_slice(&self.raw_line()).unwrap()
    }

    /// What a program would write that prints the decision with `{:?}`.
    pub fn debug(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// An access token of the OIDC issuer, whose user nobody needs to be asked about.
pub fn token_of_dev() -> Token {
    let token = Token::of(deployment::Issuer::Dev, Use::Access);
    token.claim("email", deployment::EMAIL).claim("email_verified", true)
}

/// A REST API's REQUEST event with these headers.
pub fn request(headers: &Value) -> Value {
    json!({ "type": "REQUEST", "methodArn": ARN, "headers": headers, "requestContext": { "stage": "prod" } })
}

pub fn bearer(token: &str) -> Value {
    request(&json!({ "Authorization": format!("Bearer {token}") }))
}

pub fn pair(id: &str, token: &str) -> Value {
    request(&json!({ "SMAC-Principal": id, "SMAC-Token": token }))
}

/// The Allow of the whole stage.
pub fn allow(id: &str, principal_type: &str) -> Value {
    json!({
        "principalId": id,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": ["execute-api:Invoke"], "Resource": [STAGE] }],
        },
        "context": { "userId": id, "principalType": principal_type },
    })
}

/// The Deny of the whole stage.
pub fn deny(reason: &str) -> Value {
    json!({
        "principalId": "denied",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Deny", "Action": ["execute-api:Invoke"], "Resource": [STAGE] }],
        },
        "context": { "reason": reason },
    })
}

pub fn fault(reason: &str) -> Value {
    format!("Internal server error (Code: {reason})").into()
}
