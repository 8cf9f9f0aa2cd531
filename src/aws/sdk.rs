//! The AWS SDK. Only this file knows it.
//!
//! The SDK sends through our own HTTP client, so that there is one TLS stack, one set of roots, one deadline and one
//! retry for all upstreams. Its own retries and time-outs are off, and so is its log: at TRACE it holds whole answers,
//! secrets included.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::config::{Credentials, Region};
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::{GetSecretValueError, GetSecretValueOutput};
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
use url::Url;
use zeroize::Zeroizing;

use super::region::dns_suffix;
use super::secret::{Config, SecretVersion, Stage};
use crate::error::Fault;
use crate::http::{Budget, HttpClient, HttpError, give_way};
use crate::lookup::{Found, LookupError};

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

/// Codes of AWS's errors that mean: these credentials have expired, newer ones will come.
const EXPIRED: [&str; 3] = ["ExpiredTokenException", "ExpiredToken", "RequestExpired"];

/// Secrets Manager in one region. The SDK's client is built when it is first used.
pub(crate) struct SecretsManager {
    config: Config,
    http: Arc<HttpClient>,
    client: OnceCell<Client>,
}

impl SecretsManager {
    /// Secrets Manager, called through this client.
    #[must_use]
    pub(crate) fn new(config: Config, http: Arc<HttpClient>) -> Self {
        Self { config, http, client: OnceCell::new() }
    }

    /// A version of a secret; `None` if there is no such secret, or it is marked for deletion.
    ///
    /// # Errors
    /// [`Fault::SecretMalformed`] for a binary secret, else [`Fault::SecretsUnavailable`]; transient if there was no
    /// connection, no answer in time, throttling, a 5xx, or the function's credentials had expired.
    pub(crate) async fn get(&self, name: &str, stage: Stage, budget: &Budget) -> Found<SecretVersion> {
        let asked = self.ask(name, stage, budget).with_subscriber(Dispatch::none());
        let asked = tokio::time::timeout_at(budget.deadline(), asked).await;
        let output = match asked {
            Ok(Ok(output)) => output,
            Ok(Err(error)) => return classify(&error, budget),
            Err(_) => return Err(out_of_time(budget)),
        };
        let created = output.created_date.and_then(|date| SystemTime::try_from(date).ok());
        match (output.secret_string, output.secret_binary) {
            (Some(text), _) => Ok(Some(SecretVersion { text: Zeroizing::new(text), created })),
            (None, Some(_)) => {
                tracing::warn!(secret = name, problem = "is binary", "malformed secret");
                Err(LookupError::Lasting(Fault::SecretMalformed))
            }
            (None, None) => {
                tracing::warn!(error = "unreadable answer", "secret lookup failed");
                Err(LookupError::Lasting(Fault::SecretsUnavailable))
            }
        }
    }

    /// Does all that the first lookup would have to do before its question can be sent: opens the connection, makes the
    /// client, finds credentials, signs. Nothing is asked. If that fails, nothing is lost. What keeps the processor busy
    /// begins only while there is time for it.
    pub(crate) async fn prepare(&self, has_time: impl Fn() -> bool) {
        let connect = async {
            if let Some(address) = address(&self.config) {
                self.http.open_ahead(&address).await;
            }
        };
        tokio::join!(connect, self.rehearse(has_time));
    }

    async fn rehearse(&self, has_time: impl Fn() -> bool) {
        if !has_time() {
            return;
        }
        // On the heap: the SDK's futures are large, and the start would move them from layer to layer.
        let client = Box::pin(self.client()).await;
        give_way().await;
        if has_time() {
            let request = client.get_secret_value().secret_id("rehearsal").customize();
            let rehearsed = request.mutate_request(|request| request.add_extension(Rehearsal)).send();
            let _is_answered = Box::pin(rehearsed.with_subscriber(Dispatch::none())).await.is_ok();
        }
    }

    async fn ask(
        &self,
        name: &str,
        stage: Stage,
        budget: &Budget,
    ) -> Result<GetSecretValueOutput, SdkError<GetSecretValueError, HttpResponse>> {
        let budget = budget.clone();
        let request = self.client().await.get_secret_value().secret_id(name);
        let request = match stage {
            Stage::Current => request,
            Stage::Previous => request.version_stage("AWSPREVIOUS"),
        };
        request.customize().mutate_request(move |request| request.add_extension(budget.clone())).send().await
    }

    async fn client(&self) -> &Client {
        self.client.get_or_init(|| build(&self.config, &self.http)).await
    }
}

impl fmt::Debug for SecretsManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretsManager")
    }
}

async fn build(config: &Config, http: &Arc<HttpClient>) -> Client {
    let connector = Connector { http: Arc::clone(http) };
    let region = Region::new(config.region.clone());
    let mut builder = match &config.credentials {
        // Lambda's own credentials: the SDK need not look for any, nor read any file.
        Some(credentials) if config.profile.is_none() => aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(connector)
            .region(region)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .credentials_provider(Credentials::new(
                credentials.access_key_id.clone(),
                credentials.secret_access_key.as_str(),
                credentials.session_token.as_deref().cloned(),
                None,
                "environment",
            )),
        Some(_) | None => {
            let mut loader = aws_config::defaults(BehaviorVersion::latest())
                .http_client(connector)
                .region(region)
                .retry_config(RetryConfig::disabled())
                .timeout_config(TimeoutConfig::disabled());
            if let Some(profile) = &config.profile {
                loader = loader.profile_name(profile);
            }
            aws_sdk_secretsmanager::config::Builder::from(&loader.load().await)
        }
    };
    builder.set_endpoint_url(config.endpoint.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()));
    Client::from_conf(builder.build())
}

/// Where the client will go, as far as that is certain without it. A profile may ask for other endpoints, and so may the
/// SDK's own variables, which count where it looks for credentials.
fn address(config: &Config) -> Option<Url> {
    let Config { region, endpoint, profile, credentials, .. } = config;
    let is_plain = profile.is_none() && credentials.is_some() && !region.contains("-iso");
    match endpoint {
        Some(endpoint) => Some(endpoint.clone()),
        None if is_plain => Url::parse(&format!("https://secretsmanager.{region}.{}", dns_suffix(region))).ok(),
        None => None,
    }
}

/// The time is used up: by the upstream, or by the invocation.
fn out_of_time(budget: &Budget) -> LookupError {
    let error = budget.used_up();
    tracing::warn!(%error, "secret lookup failed");
    match error {
        HttpError::CutShort => LookupError::CutShort(Fault::SecretsUnavailable),
        HttpError::Connection | HttpError::TimedOut | HttpError::TooLarge | HttpError::Unsendable => {
            LookupError::Transient(Fault::SecretsUnavailable)
        }
    }
}

/// Tells a negative answer of the SDK from a failure. Nothing but AWS's error code is logged.
fn classify(error: &SdkError<GetSecretValueError, HttpResponse>, budget: &Budget) -> Found<SecretVersion> {
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
    let (kind, is_transient) = match error {
        SdkError::ConstructionFailure(_) => ("the request cannot be made", false),
        SdkError::TimeoutError(_) => return Err(out_of_time(budget)),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => return Err(out_of_time(budget)),
        SdkError::DispatchFailure(failure) if failure.is_io() => ("connection failed", true),
        SdkError::DispatchFailure(_) => ("no credentials, or the answer is too large", false),
        SdkError::ResponseError(_) | SdkError::ServiceError(_) | _ => ("refused", is_transient_refusal(status, code)),
    };
    // The code comes from outside: no more of it than a name.
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    tracing::warn!(error = kind, code, status, "secret lookup failed");
    let fault = Fault::SecretsUnavailable;
    Err(if is_transient { LookupError::Transient(fault) } else { LookupError::Lasting(fault) })
}

fn is_transient_refusal(status: u16, code: &str) -> bool {
    status >= 500 || status == 429 || THROTTLED.contains(&code) || EXPIRED.contains(&code)
}

/// Marks a request that is not sent: a connection is opened to where it would have gone, and the answer is ours.
#[derive(Clone, Copy, Debug)]
struct Rehearsal;

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
        if request.extension::<Rehearsal>().is_some() {
            return HttpConnectorFuture::new(async move { rehearse(&request, &http).await });
        }
        HttpConnectorFuture::new(async move {
            // Requests for credentials have no budget of their own.
            let budget = request.extension::<Budget>().cloned().unwrap_or_else(|| http.budget(None));
            let body = Bytes::copy_from_slice(request.body().bytes().unwrap_or_default());
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let response = http.send(request.map(|_| body), &budget).await.map_err(|error| match error {
                HttpError::Connection => ConnectorError::io(error.into()),
                HttpError::TimedOut | HttpError::CutShort => ConnectorError::timeout(error.into()),
                HttpError::TooLarge | HttpError::Unsendable => ConnectorError::user(error.into()),
            })?;
            let mut answer = http::Response::new(SdkBody::from(response.body));
            *answer.status_mut() = response.status;
            *answer.headers_mut() = response.headers;
            HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// An answer like that of Secrets Manager, so that reading one has been rehearsed too.
async fn rehearse(request: &HttpRequest, http: &HttpClient) -> Result<HttpResponse, ConnectorError> {
    if let Ok(address) = Url::parse(request.uri()) {
        http.open_ahead(&address).await;
    }
    let answer = http::Response::new(SdkBody::from(r#"{"Name":"","SecretString":"","CreatedDate":0}"#));
    HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};

    use super::*;
    use crate::aws::Credentials as Given;

    fn config(region: &str) -> Config {
        let credentials = Given {
            access_key_id: "a".to_owned(),
            secret_access_key: Zeroizing::new("b".to_owned()),
            session_token: None,
        };
        Config { region: region.to_owned(), endpoint: None, profile: None, credentials: Some(credentials) }
    }

    #[tokio::test]
    async fn connections_are_opened_to_where_the_sdk_goes() {
        for region in [
            "eu-west-1",
            "us-east-1",
            "ap-southeast-7",
            "us-gov-west-1",
            "cn-north-1",
            "cn-northwest-1",
            "eusc-de-east-1",
            "xx-new-1",
        ] {
            let params = Params::builder().region(region).use_fips(false).use_dual_stack(false).build().unwrap();
            let endpoint = DefaultResolver::new().resolve_endpoint(&params).await.unwrap();
            assert_eq!(address(&config(region)), Url::parse(endpoint.url()).ok());
        }
    }

    #[test]
    fn where_it_goes_is_not_guessed() {
        let endpoint = Url::parse("https://vpce.example.com/").unwrap();
        let given = Config { endpoint: Some(endpoint.clone()), profile: Some("dev".to_owned()), ..config("eu-west-1") };
        assert_eq!(address(&given), Some(endpoint));
        for unknown in [
            Config { profile: Some("dev".to_owned()), ..config("eu-west-1") },
            Config { credentials: None, ..config("eu-west-1") },
            config("us-iso-east-1"),
            config("us-isob-east-1"),
            config("eu-isoe-west-1"),
            config("us-isof-south-1"),
        ] {
            assert_eq!(address(&unknown), None);
        }
    }
}
