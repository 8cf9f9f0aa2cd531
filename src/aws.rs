//! Secrets Manager: a version of a secret, or a definite "no", or "not now". Only this file knows the SDK.
//!
//! The SDK sends through our own HTTP client, so that there is one TLS stack, one set of roots, one deadline and
//! one retry for all upstreams. Its own retries and time-outs are off, and so is its own log: at TRACE it holds whole
//! answers, secrets and all.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Region;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use aws_smithy_runtime_api::client::http::{
    HttpClient as SmithyClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use tokio::sync::OnceCell;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber as _;
use zeroize::Zeroizing;

use crate::error::Fault;
use crate::http::{Budget, HttpClient, HttpError};
use crate::lookup::{Failed, Found};
use crate::settings::Automation;

/// Codes of AWS's errors that mean: too many requests.
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html>
const THROTTLED: [&str; 6] = [
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "LimitExceededException",
];

/// Codes of AWS's errors that mean: these credentials are over, newer ones will come.
const EXPIRED: [&str; 3] = ["ExpiredTokenException", "ExpiredToken", "RequestExpired"];

/// Which version of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// `AWSCURRENT`
    Current,
    /// `AWSPREVIOUS`
    Previous,
}

/// A version of a secret; its text is wiped when it is dropped.
pub struct SecretVersion {
    /// The text, as it is stored.
    pub text: Zeroizing<String>,
    /// When this version was made.
    pub created: Option<SystemTime>,
}

/// Secrets Manager in one region. The SDK's client is built when it is first used.
pub struct SecretsManager {
    settings: Automation,
    http: Arc<HttpClient>,
    client: OnceCell<Client>,
}

impl SecretsManager {
    /// Secrets Manager, with these settings, through this client.
    #[must_use]
    pub fn new(settings: Automation, http: Arc<HttpClient>) -> Self {
        Self { settings, http, client: OnceCell::new() }
    }

    /// A version of a secret; `None` if there is no such secret, or it is marked for deletion.
    ///
    /// # Errors
    /// [`Fault::SecretMalformed`] for a binary secret, else [`Fault::SecretsUnavailable`]; passing if there was no
    /// connection, no answer in time, throttling, a 5xx, or the function's credentials were over.
    pub async fn get(&self, name: &str, stage: Stage, budget: &Budget) -> Found<SecretVersion> {
        let asked = self.ask(name, stage, budget).with_subscriber(Dispatch::none());
        let asked = tokio::time::timeout_at(budget.deadline(), asked).await;
        let output = match asked {
            Ok(Ok(output)) => output,
            Ok(Err(error)) => return sort(&error),
            Err(_) => {
                tracing::warn!(error = "timed out", "secret look-up failed");
                return Err(Failed::passing(Fault::SecretsUnavailable));
            }
        };
        let created = output.created_date.and_then(|date| SystemTime::try_from(date).ok());
        match (output.secret_string, output.secret_binary) {
            (Some(text), _) => Ok(Some(SecretVersion { text: Zeroizing::new(text), created })),
            (None, Some(_)) => Err(Failed::lasting(Fault::SecretMalformed)),
            (None, None) => {
                tracing::warn!(error = "unreadable answer", "secret look-up failed");
                Err(Failed::lasting(Fault::SecretsUnavailable))
            }
        }
    }

    async fn ask(
        &self,
        name: &str,
        stage: Stage,
        budget: &Budget,
    ) -> Result<
        aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput,
        SdkError<GetSecretValueError, HttpResponse>,
    > {
        let budget = budget.clone();
        let request = self.client().await.get_secret_value().secret_id(name);
        let request = match stage {
            Stage::Current => request,
            Stage::Previous => request.version_stage("AWSPREVIOUS"),
        };
        request.customize().mutate_request(move |request| request.add_extension(budget.clone())).send().await
    }

    async fn client(&self) -> &Client {
        self.client.get_or_init(|| build(&self.settings, &self.http)).await
    }
}

impl fmt::Debug for SecretsManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretsManager")
    }
}

async fn build(settings: &Automation, http: &Arc<HttpClient>) -> Client {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(Connector { http: Arc::clone(http) })
        .region(Region::new(settings.region.clone()))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled());
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    let mut config = aws_sdk_secretsmanager::config::Builder::from(&loader.load().await);
    config.set_endpoint_url(settings.endpoint.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()));
    Client::from_conf(config.build())
}

/// Sorts an error of the SDK into "no" and "not now". Nothing but AWS's error code is logged.
fn sort(error: &SdkError<GetSecretValueError, HttpResponse>) -> Found<SecretVersion> {
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let code = error.code().unwrap_or_default();
    // The one state that this error's code does not tell apart: "marked for deletion", "marked deleted".
    let is_marked_for_deletion = error.message().is_some_and(|text| {
        let text = text.to_ascii_lowercase();
        text.contains("delet") && (text.contains("marked") || text.contains("scheduled"))
    });
    if code == "ResourceNotFoundException" || (code == "InvalidRequestException" && is_marked_for_deletion) {
        return Ok(None);
    }
    let (kind, is_passing) = match error {
        SdkError::ConstructionFailure(_) => ("request can't be made", false),
        SdkError::TimeoutError(_) => ("timed out", true),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => ("timed out", true),
        SdkError::DispatchFailure(failure) if failure.is_io() => ("connection failed", true),
        SdkError::DispatchFailure(_) => ("no credentials, or the answer is too large", false),
        SdkError::ResponseError(_) | SdkError::ServiceError(_) | _ => ("refused", is_passing_refusal(status, code)),
    };
    // The code comes from outside: no more of it than a name.
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    tracing::warn!(error = kind, code, status, "secret look-up failed");
    let fault = Fault::SecretsUnavailable;
    Err(if is_passing { Failed::passing(fault) } else { Failed::lasting(fault) })
}

fn is_passing_refusal(status: u16, code: &str) -> bool {
    status >= 500 || status == 429 || THROTTLED.contains(&code) || EXPIRED.contains(&code)
}

/// The SDK's way to our HTTP client.
#[derive(Clone, Debug)]
struct Connector {
    http: Arc<HttpClient>,
}

impl SmithyClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = Arc::clone(&self.http);
        HttpConnectorFuture::new(async move {
            // Requests for credentials have no budget of their own.
            let budget = request.extension::<Budget>().cloned().unwrap_or_else(|| http.budget(None));
            let body = Bytes::copy_from_slice(request.body().bytes().unwrap_or_default());
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let response = http.send(request.map(|_| body), &budget).await.map_err(|error| match error {
                HttpError::Connection => ConnectorError::io(error.into()),
                HttpError::TimedOut => ConnectorError::timeout(error.into()),
                HttpError::TooLarge | HttpError::Unsendable => ConnectorError::user(error.into()),
            })?;
            let mut answer = http::Response::new(SdkBody::from(response.body));
            *answer.status_mut() = response.status;
            *answer.headers_mut() = response.headers;
            HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
