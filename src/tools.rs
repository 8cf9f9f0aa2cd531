//! What this workspace's own tools, tests and fuzz targets use of the library. Not for others: it changes without notice.

pub use crate::answer::{FunctionError, HttpApiResponse, UnauthorizedAs};
pub use crate::arn::MethodArn;
pub use crate::check::{Check, Path};
pub use crate::context::{ContextClaim, RESERVED_KEYS};
pub use crate::credential::{Carrier, Carriers, Pair, PairHeaders, UnverifiedPair, UnverifiedToken};
pub use crate::event::{IdentitySource, Request};
pub use crate::http::{Config as HttpConfig, Get, HttpClient, HttpError, Roots};
pub use crate::issuer::cognito::{Rules as PoolRules, TokenUse, TokenUses};
pub use crate::issuer::oidc::{RequiredClaim, Rules as OidcRules};
pub use crate::issuer::user_id::{Case, UserIdRule};
pub use crate::issuer::{Config as IssuerConfig, Rules};
pub use crate::keys::{Algorithm, Config as KeysConfig, KeySet, KeySetError, Location, VerifyingKey};
pub use crate::lookup::{
    Allowance, Answer as LookupAnswer, Callers, Config as LookupConfig, Found, Limit, Limits, Lookup, LookupError,
    Periods, Rules as LookupRules, Slot, Source,
};
pub use crate::policy::Scope;
pub use crate::principal::Mode;
pub use crate::record::{DIMENSIONS, METRICS, NAMESPACE};
#[cfg(feature = "rules")]
pub use crate::rules::{
    Config as RulesConfig, Mode as RulesMode, Precedence, Rules as AccessRules, Supposed, Supposition, Who,
};
pub use crate::service::Config as ServiceConfig;
pub use crate::settings::{Accepts, Default, PREFIX, SETTINGS, Section, Setting};
pub use crate::token::Config as TokenConfig;
pub use crate::trace::{Applied, Calls, RulesTrace, Trace, Upstream};

use std::borrow::Cow;

use zeroize::Zeroizing;

pub use crate::kind::Kind;

use crate::aws::SecretVersion;
pub use crate::claims::ClaimPath;
use crate::claims::Claims;
pub use crate::discovery::{Config as DiscoveryConfig, Document};
use crate::issuer::{cognito, oidc, user_id};
use crate::jws::Decoded;
use crate::service::StoredPair;
use crate::settings::Settings;

/// What is configured, part by part.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// Whose tokens are accepted.
    pub tokens: Option<&'a TokenConfig>,
    /// Service principals.
    pub services: Option<&'a ServiceConfig>,
    /// What a request without any credential gets.
    pub mode: Mode,
    /// Access rules.
    pub rules: Option<&'a crate::rules::Config>,
    /// What an Allow covers.
    pub policy: crate::policy::Config,
    /// Which claims the backend sees.
    pub context: &'a crate::context::Config,
    /// How answers look.
    pub answer: crate::answer::Config,
    /// How long what was looked up is used.
    pub lookup: LookupConfig,
    /// How upstreams are called.
    pub http: &'a HttpConfig,
    /// What the log line holds.
    pub record: &'a crate::record::Config,
}

/// The parts of some settings.
#[must_use]
pub fn parts(settings: &Settings) -> Parts<'_> {
    Parts {
        tokens: settings.tokens.as_ref(),
        services: settings.services.as_ref(),
        mode: settings.mode,
        rules: settings.rules.as_ref(),
        policy: settings.policy,
        context: &settings.context,
        answer: settings.answer,
        lookup: settings.lookup,
        http: &settings.http,
        record: &settings.record,
    }
}

/// The same settings with other limits on lookups.
#[must_use]
pub fn with_limits(mut settings: Settings, misses: Limit, per_caller: Limit) -> Settings {
    settings.lookup.misses = misses;
    settings.lookup.per_caller = per_caller;
    settings
}

/// The same settings, with each policy of the rules in the trace of a decision.
#[cfg(feature = "rules")]
#[must_use]
pub fn with_each_policy(mut settings: Settings) -> Settings {
    settings.rules = settings.rules.map(crate::rules::Config::telling_each);
    settings
}

/// The names of the routes (`get /pets/{id}`) of an OpenAPI document or a Cedar schema in JSON, as the rules read it.
///
/// # Errors
/// What is wrong with it, in words.
#[cfg(feature = "rules")]
pub fn routes_of(json: &str, namespace: Option<&str>) -> Result<Vec<String>, String> {
    let (routes, _) = crate::rules::Routes::parse(json, namespace).map_err(|error| error.to_string())?;
    Ok(routes.names().map(str::to_owned).collect())
}

/// A JSON object from outside, as the authorizer reads it.
#[derive(Debug)]
pub struct Object(Claims);

impl Object {
    /// Reads an object; see the library's `claims.rs`.
    #[must_use]
    pub fn parse(json: &[u8]) -> Option<Self> {
        Claims::parse(json.to_vec()).map(Self)
    }

    /// A member's JSON.
    #[must_use]
    pub fn json(&self, name: &str) -> Option<&str> {
        self.0.json(name)
    }

    /// Whether there is a claim there.
    #[must_use]
    pub fn has(&self, claim: &ClaimPath) -> bool {
        self.0.at(claim).is_some()
    }

    /// A member, if it is a string.
    #[must_use]
    pub fn string(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.string(name)
    }

    /// A member, if it is an array of strings.
    #[must_use]
    pub fn strings(&self, name: &str) -> Option<Vec<Cow<'_, str>>> {
        self.0.strings(name)
    }

    /// A member, if it is a time in seconds since 1970.
    #[must_use]
    pub fn seconds(&self, name: &str) -> Option<u64> {
        self.0.seconds(name).ok().flatten()
    }

    /// The names and the JSON of all members.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.members()
    }
}

/// Whether a token has this scope.
#[must_use]
pub fn has_scope(claims: &Object, wanted: &str) -> bool {
    cognito::has_scope(&claims.0, wanted)
}

/// The client of an OIDC issuer's token, and the claim that names it; none if no claim does.
#[must_use]
pub fn oidc_client(claims: &Object) -> Option<(&'static str, Option<String>)> {
    Some((oidc::client_claim(&claims.0)?, oidc::client(&claims.0)))
}

/// Whether an OIDC issuer's token has this scope.
#[must_use]
pub fn oidc_has_scope(rules: &OidcRules, claims: &Object, wanted: &str) -> bool {
    rules.has_scope(&claims.0, wanted)
}

/// Whether an OIDC issuer's token has this group.
#[must_use]
pub fn oidc_has_group(rules: &OidcRules, claims: &Object, wanted: &str) -> bool {
    rules.has_group(&claims.0, wanted)
}

/// Whether an OIDC issuer's token is one of a client itself.
#[must_use]
pub fn is_oidc_machine(claims: &Object) -> bool {
    oidc::is_machine(&claims.0, oidc::client(&claims.0).as_deref())
}

/// Whether an OIDC issuer has left groups out, since there are too many.
#[must_use]
pub fn has_groups_overage(claims: &Object) -> bool {
    oidc::has_groups_overage(&claims.0)
}

/// Whether a claim has one of the values that it must have.
#[must_use]
pub fn has_required_value(claims: &Object, required: &RequiredClaim) -> bool {
    required.is_met_by(&claims.0)
}

/// The claim that holds the user id, if one does.
#[must_use]
pub fn user_id_claim<'a>(rule: &'a UserIdRule, claims: &'a Object) -> Option<&'a str> {
    rule.find(&claims.0).map(|found| found.claim.as_str())
}

/// The claim that says whether a user id from this claim is verified, if it is a claim that can be.
#[must_use]
pub fn verified_by(claim: &str) -> Option<&'static str> {
    user_id::verified_by(&ClaimPath::parse(claim).ok()?)
}

/// The three segments of a compact token, decoded.
#[must_use]
pub fn segments(token: &str) -> Option<[Vec<u8>; 3]> {
    Decoded::parse(token).ok().map(|decoded| [decoded.header, decoded.claims, decoded.signature])
}

/// What is in a stored secret: its id; none if it is somebody else's secret; or what is wrong with it.
///
/// # Errors
/// What is wrong with it, in words.
pub fn stored_id(text: &str) -> Result<Option<String>, String> {
    let version = SecretVersion { text: Zeroizing::new(text.to_owned()), created: None };
    match StoredPair::parse(&version, false) {
        Ok(pair) => Ok(pair.map(|pair| pair.id.as_str().to_owned())),
        Err(error) => Err(error.to_string()),
    }
}

/// What a response of userInfo, or of `GetUser`, says about a subject: its members by name; none if it refuses the token.
///
/// # Errors
/// What is wrong with it, in words.
pub fn attributes(status: u16, body: &[u8], subject: &str, is_get_user: bool) -> Result<Option<Object>, String> {
    let status = ::http::StatusCode::from_u16(status).map_err(|error| error.to_string())?;
    let body = bytes::Bytes::copy_from_slice(body);
    let response = crate::http::Response { status, headers: ::http::HeaderMap::new(), body };
    let found = crate::user_info::read(&response, subject, is_get_user);
    found.map(|claims| claims.map(Object)).map_err(|error| error.to_string())
}
